"""Whatever numbers a privacy section holds: a verdict or a clear refusal, never a crash, and never an epsilon of 0."""

from __future__ import annotations

import re
import sys

import pytest
from checkout import run_measured
from hostile_privacy import BEYOND, NO_NUMBERS, OUT_OF_RANGE, RELEASE, Extreme, Heard

MAX_PEAK_MIB = 400


def named(extremes: tuple[Extreme, ...]) -> list[object]:
    return [pytest.param(one, id=one.name.replace(" ", "-")) for one in extremes]


@pytest.mark.parametrize("extreme", named((*NO_NUMBERS, *OUT_OF_RANGE, *BEYOND)))
def test_no_number_of_a_claim_crashes_the_gate_or_costs_nothing(extreme: Extreme, gate, checkout) -> None:
    extreme.ship(checkout)
    done = gate("check", "--no-base", "--format", "json", cwd=checkout.root)
    heard = Heard.of(done.stdout)
    assert extreme.fits(heard), heard
    assert done.returncode == (2 if heard.state == "REFUSED" else 1)
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stdout + done.stderr
    assert all(bound > 0 for bound in heard.bounds)
    if heard.state != "REFUSED":
        assert not re.search(r"(epsilon|provable is|at most) 0(?![.\d])|\b(nan|inf)\b", heard.words, re.IGNORECASE)


@pytest.mark.parametrize("extreme", named((*NO_NUMBERS[::12], *OUT_OF_RANGE, *BEYOND)))
def test_the_command_for_one_claim_answers_as_the_gate_does(extreme: Extreme, gate, checkout) -> None:
    extreme.ship(checkout)
    done = gate("privacy", "account", "release.yaml", cwd=checkout.root)
    expected = {"REFUSED": {2}, "PASS": {0}, "FAIL": {1}, "UNKNOWN": {1}, "FAIL|UNKNOWN": {1}}
    assert done.returncode in expected[extreme.state], done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stdout + done.stderr


def test_sixteen_phases_that_nobody_can_account_for_get_a_verdict(gate, checkout) -> None:
    head, phases = RELEASE.split("    - id: train\n")
    body, tail = phases.split("  tuning:")
    body = body.replace("steps: 6640", "steps: 1000000000").replace("noise_multiplier: 0.9", "noise_multiplier: NOISE")
    many = "".join(f"    - id: p{n}\n{body.replace('NOISE', str(0.3 + n / 7))}" for n in range(16))
    Extreme("", (), "", "").ship(checkout)
    checkout.write("release.yaml", f"{head}{many}  tuning:{tail}")
    heard = Heard.of(gate("check", "--no-base", "--format", "json", cwd=checkout.root).stdout)
    assert heard.state in ("FAIL", "UNKNOWN")
    assert all(bound > 0 for bound in heard.bounds)


def test_the_honest_claim_that_all_of_these_change_is_proven(gate, checkout) -> None:
    Extreme("", (), "", "").ship(checkout)
    heard = Heard.of(gate("check", "--no-base", "--format", "json", cwd=checkout.root).stdout)
    assert heard.state == "PASS", heard
    assert heard.bounds


@pytest.mark.skipif(sys.platform == "win32", reason="the peak is told on POSIX alone")
@pytest.mark.parametrize("extreme", named(BEYOND[::4]))
def test_no_claim_takes_more_memory_than_a_small_runner_has(extreme: Extreme, checkout, tmp_path) -> None:
    extreme.ship(checkout)
    command = [sys.executable, "-I", "-m", "policy_gate.cli", "check", "--no-base"]
    done = run_measured(command, checkout.root, {}, tmp_path / "peak")
    assert done.code == 1, done.said
    assert done.peak_mib < MAX_PEAK_MIB
