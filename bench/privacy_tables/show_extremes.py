"""Numbers that are none, and parameters that accountants fail on: what the gate answers, and how soon."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from promise import GATE, Promise, Shared

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "end_to_end"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "model_graph"))

from checkout import Checkout, good_model, run_measured
from hostile_privacy import BEYOND, NO_NUMBERS, NUMBERS, OUT_OF_RANGE, VALUES, Extreme, Heard

MAX_SECONDS, MAX_PEAK_MIB = 2.0, 400
WORDS = {"PASS": "confirmed", "FAIL": "refuted", "UNKNOWN": "not resolved", "REFUSED": "refused"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What `check` answered: in processor seconds of the whole process, since other work only adds to wall time."""

    extreme: Extreme
    heard: Heard
    err: str
    seconds: float
    peak_mib: float

    @property
    def cells(self) -> str:
        """For the table: the verdict, the largest bound that was told, time and memory."""
        bound = f"{max(self.heard.bounds):.5g}" if self.heard.bounds else "-"
        return f"{WORDS[self.heard.state]:<13} {bound:>10} {self.seconds:>5.2f} {self.peak_mib:>5.0f}"


def show_extremes(shared: Shared) -> Iterator[Promise]:
    """Values by key in one line each; every other case in its own, in a checkout of the real command."""
    del shared
    answers: list[Answer] = []
    print(f"{'manifest with':<42} {'epsilon is':<13} {'at most':>10} {'s':>5} {'MiB':>5}")
    for start, key in zip(range(0, len(NO_NUMBERS), len(VALUES)), NUMBERS, strict=True):
        found = [_ask(one) for one in NO_NUMBERS[start : start + len(VALUES)]]
        answers += found
        _print_sum(f"{key}: {len(VALUES)} values that are no number", found)
    for one in (*OUT_OF_RANGE, *BEYOND):
        answers.append(_ask(one))
        print(f"{one.name:<42} {answers[-1].cells}", flush=True)
    yield from _promises(answers)


def _promises(answers: Sequence[Answer]) -> Iterator[Promise]:
    wrong = [one.extreme.name for one in answers if not one.extreme.fits(one.heard)]
    found = f"{len(answers) - len(wrong)} of {len(answers)}{', not ' + ', '.join(wrong) if wrong else ''}"
    yield Promise("a right verdict, or a refusal that says why", found, not wrong)
    crashed = [one.extreme.name for one in answers if "Traceback" in one.err or "internal error" in one.err]
    yield Promise("no traceback", ", ".join(crashed) or "none", not crashed)
    bounds = [bound for one in answers for bound in one.heard.bounds]
    yield Promise("never an epsilon of 0", f"at least {min(bounds, default=0):.3g}", min(bounds, default=0) > 0)
    slowest, largest = max(one.seconds for one in answers), max(one.peak_mib for one in answers)
    yield Promise(f"within {MAX_SECONDS:.0f} s of the processor", f"at most {slowest:.2f} s", slowest <= MAX_SECONDS)
    yield Promise(f"within {MAX_PEAK_MIB} MiB", f"at most {largest:.0f} MiB", largest <= MAX_PEAK_MIB)


def _ask(extreme: Extreme) -> Answer:
    with tempfile.TemporaryDirectory() as name:
        here = Checkout(Path(name) / "checkout")
        here.write("model/kws.onnx", good_model())
        extreme.ship(here)
        before, started = os.times(), perf_counter()
        command = [*GATE, "check", "--no-base", "--format", "json"]
        try:
            done = run_measured(command, here.root, dict(os.environ), here.root.parent / "peak")
        except subprocess.TimeoutExpired:
            return Answer(extreme, Heard("REFUSED", "", ()), "internal error: no answer", 40.0, 0.0)
        after, taken = os.times(), perf_counter() - started
        used = sum(after[2:4]) - sum(before[2:4])
        return Answer(extreme, Heard.of(done.out), done.err, used or taken, done.peak_mib)


def _print_sum(words: str, found: Sequence[Answer]) -> None:
    states = " ".join(f"{WORDS[one]} {n}" for one in WORDS if (n := sum(a.heard.state == one for a in found)))
    slowest, largest = max(one.seconds for one in found), max(one.peak_mib for one in found)
    print(f"{words:<42} {states:<24} {slowest:>5.2f} {largest:>5.0f}", flush=True)
