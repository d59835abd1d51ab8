"""What proving epsilon takes: stage 1 as a share of `check`, stage 2 beside dp-accounting, whole processes in turn.

python bench/privacy.py [stage-1] [imports] [stage-2]
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import tables
from inputs import make_private
from measure import Command, in_turn, median_ms, peak_mib, ratio
from tables import OURS, Row

MAX_SHARE, MAX_SECONDS, MAX_BESIDE = 1.2, 2.0, 1.0
MODULES = """\
import sys
from policy_gate.cli import main
try:
    main(["check", "--no-base", *sys.argv[1:]])
except SystemExit:
    print("\\n" + " ".join(sorted(sys.modules)))
"""
THEIRS = """\
import sys, warnings
warnings.simplefilter("ignore")
import dp_accounting
from dp_accounting import pld
rate, noise, steps, delta = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
accountant = pld.PLDAccountant()
accountant.compose(dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise)), steps)
print(accountant.get_epsilon(delta))
"""
RUNS = {
    "60 epochs of MNIST": ("0.0042666667", "1.1", "14062", "1e-5", "2.39"),
    "a published figure": ("0.04", "1.5", "2249", "1e-5", "6.7774"),
    "VaultGemma": ("4.0801595e-05", "0.614", "100000", "1.1e-10", "2.0"),
}
"""Sampling rate, noise, steps, delta and a claim that stage 1 does not prove."""


def stage_1(folder: Path) -> Iterator[Row]:
    """The example under all its rules, beside the same rules without those of privacy: none of its area is imported."""
    make_private(folder)
    commands = [Command(name, [*OURS, "check", "--no-base", *_example(name)], folder) for name in ("with", "without")]
    samples = in_turn(commands, rounds=15)
    found = ratio(samples, "with", "without")
    ours, plain = (median_ms(samples[name]) for name in ("with", "without"))
    kept = found <= MAX_SHARE
    yield Row(
        "check with / without privacy rules", f"{found:.2f} ({ours:.0f} / {plain:.0f} ms)", f"<= {MAX_SHARE}", kept
    )


def imports(folder: Path) -> Iterator[Row]:
    """What a claim that stage 1 proves makes the command import."""
    make_private(folder)
    command = [sys.executable, "-I", "-c", MODULES, *_example("with")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split())
    heavy = sorted(modules & {"numpy", "scipy", "onnx", "dp_accounting"})
    is_judged = "policy_gate.areas.privacy.accounting.accountant" in modules
    said = ", ".join(heavy) or ("none" if is_judged else "not judged")
    yield Row("heavy modules for a claim of stage 1", said, "none", is_judged and not heavy)


def stage_2(folder: Path) -> Iterator[Row]:
    """Published runs that only a tight accountant confirms."""
    for name, (rate, noise, steps, delta, claim) in RUNS.items():
        given = ["--rate", rate, "--noise-multiplier", noise, "--steps", steps, "--delta", delta, "--epsilon", claim]
        commands = [
            Command("ours", [*OURS, "privacy", "account", *given], folder),
            Command("theirs", [sys.executable, "-c", THEIRS, rate, noise, steps, delta], folder),
        ]
        samples = in_turn(commands, rounds=5)
        found = ratio(samples, "ours", "theirs")
        ours, theirs = (median_ms(samples[one]) for one in ("ours", "theirs"))
        kept = found <= MAX_BESIDE and ours <= 1000 * MAX_SECONDS
        figure = f"{found:.2f} ({ours:.0f} / {theirs:.0f} ms)"
        yield Row(f"{name} / dp-accounting, time", figure, f"<= {MAX_BESIDE}", kept)
        peaks = [peak_mib(samples[one]) for one in ("ours", "theirs")]
        share = peaks[0] / peaks[1]
        yield Row(
            f"{name} / dp-accounting, memory",
            f"{share:.2f} ({peaks[0]:.0f} / {peaks[1]:.0f} MiB)",
            "<= 1.0",
            share <= 1,
        )


def _example(configuration: str) -> list[str]:
    return ["--config", f"examples/kws/{configuration}.yaml", "examples/kws/release.yaml"]


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {"stage-1": stage_1, "imports": imports, "stage-2": stage_2}

if __name__ == "__main__":
    sys.exit(tables.main(PARTS))
