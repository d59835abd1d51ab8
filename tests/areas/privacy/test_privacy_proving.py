"""Which stage answers, which end it may give, and what is said where none can."""

from __future__ import annotations

import subprocess
import sys

import pytest

from policy_gate.areas.privacy.accounting import proving
from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval, account
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Pure,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.proving import certainly_spent, prove
from policy_gate.areas.privacy.accounting.tuning import Selected
from policy_gate.areas.privacy.accounting.without_replacement import SubsetGaussian
from policy_gate.errors import EvidenceError, Reason

RUN = SubsampledGaussian(512 / 85000, 0.9, 6640)


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    proving._prove.cache_clear()
    yield
    proving._prove.cache_clear()


@pytest.fixture
def stage_two(monkeypatch):
    """Stands in for the tight accountant: what it was asked, and what it shall answer."""
    asked: list[tuple[list[object], float, float]] = []
    answers: list[EpsilonInterval | EvidenceError] = []

    def enclose(mechanisms, delta, claim):
        asked.append((list(mechanisms), delta, claim))
        answer = answers.pop(0)
        if isinstance(answer, EvidenceError):
            raise answer
        return answer

    module = type(sys)("policy_gate.areas.privacy.accounting.tight")
    module.enclose = enclose
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return asked, answers


def tight(lower: float, upper: float) -> EpsilonInterval:
    return EpsilonInterval(lower, upper, "composed privacy loss")


def test_a_claim_that_stage_one_proves_asks_nobody_else(stage_two):
    assert prove([RUN], 1e-6, 4.23) == account([RUN], 1e-6)
    assert stage_two[0] == []


def test_a_claim_within_the_last_digit_shown_of_stage_ones_bound_gets_the_tighter_one(stage_two):
    """A verdict compares with the bound rounded up: such a claim would be turned down by stage 1 alone."""
    stage_two[1].append(tight(3.87, 3.89))
    upper = account([RUN], 1e-6).upper
    assert prove([RUN], 1e-6, upper * (1.0 + 1e-7)).upper == 3.89


@pytest.mark.parametrize(("claim", "looks"), [(3.88, 2), (1.0, 1), (0.0, 1)])
def test_a_claim_far_from_both_ends_gets_no_second_look(stage_two, claim, looks):
    """What the first look left open between distant ends has had all the work there is."""
    asked, answers = stage_two
    answers += [tight(0.0, 3.89), tight(0.0, 3.89)]
    assert prove([RUN], 1e-6, claim).upper == 3.89
    assert len(asked) == looks


def test_an_exact_closed_form_asks_nobody_else_however_low_the_claim(stage_two):
    for mechanism in (Gaussian(1.0, 10), Gaussian(1.0, 10, attained=False)):
        assert prove([mechanism], 1e-6, 0.01).stage == 1
    assert stage_two[0] == []


def test_a_claim_that_stage_one_does_not_prove_gets_the_better_ends_of_both(stage_two):
    asked, answers = stage_two
    answers.append(tight(3.87, 3.89))
    found = prove([RUN], 1e-6, 3.0)
    assert (found.lower, found.upper, found.method, found.stage) == (3.87, 3.89, "composed privacy loss", 2)
    assert [(mechanisms, delta) for mechanisms, delta, _ in asked] == [([RUN], 1e-6)]


def test_a_claim_between_close_ends_is_looked_at_more_closely(stage_two):
    asked, answers = stage_two
    answers += [tight(3.87, 3.89), tight(3.8801, 3.8803)]
    found = prove([RUN], 1e-6, 3.88)
    assert (found.lower, found.upper) == (3.8801, 3.8803)
    assert asked[1][2] == 3.88


def test_a_closer_look_that_fails_keeps_what_the_first_one_saw(stage_two):
    stage_two[1].extend([tight(3.87, 3.89), EvidenceError(Reason.NOT_PROVEN, "float noise exceeds delta")])
    found = prove([RUN], 1e-6, 3.88)
    assert (found.lower, found.upper, found.stage) == (3.87, 3.89, 2)
    assert found.unresolved == "float noise exceeds delta"


def test_a_looser_stage_two_never_loosens_the_bound(stage_two):
    stage_two[1].extend([tight(0.0, 5.0)] * 2)
    found = prove([RUN], 1e-6, 3.0)
    assert found.upper == account([RUN], 1e-6).upper
    assert found.method.startswith("Renyi")


def test_a_stage_two_that_refuses_leaves_the_bound_refutes_nothing_and_is_heard(stage_two):
    stage_two[1].append(EvidenceError(Reason.NOT_PROVEN, "float noise exceeds delta"))
    found = prove([RUN], 1e-6, 3.0)
    assert (found.lower, found.upper) == (0.0, account([RUN], 1e-6).upper)
    assert (found.stage, found.unresolved) == (1, "float noise exceeds delta")


def test_two_proofs_that_contradict_each_other_prove_nothing_new(stage_two):
    stage_two[1].append(tight(6.0, 6.1))
    found = prove([RUN], 1e-6, 3.0)
    assert (found.lower, found.upper) == (0.0, account([RUN], 1e-6).upper)
    assert "at least" in found.unresolved


def test_without_numpy_the_first_bound_stands(monkeypatch):
    monkeypatch.setitem(sys.modules, "policy_gate.areas.privacy.accounting.tight", None)
    found = prove([RUN], 1e-6, 3.0)
    assert found.upper == account([RUN], 1e-6).upper
    assert "numpy" in found.unresolved


def test_mere_upper_bounds_are_left_out_of_what_refutes():
    shuffled = Gaussian(0.9, 4, attained=False)
    found = prove([RUN, shuffled], 1e-6, 3.0)
    alone, whole = prove([RUN], 1e-6, 3.0), prove([RUN, Gaussian(0.9, 4)], 1e-6, 3.0)
    assert found.lower == pytest.approx(alone.lower, rel=5e-3)
    assert found.upper == pytest.approx(whole.upper, rel=5e-3)
    assert found.lower < alone.upper < whole.lower < found.upper


def test_shuffled_batches_alone_refute_no_claim():
    found = prove([Gaussian(0.9, 40, attained=False)], 1e-6, 3.88)
    assert found.lower == 0.0
    assert found.upper == pytest.approx(57.33, abs=0.005)


def test_what_stage_two_knows_no_distribution_for_is_bounded_by_stage_one(stage_two):
    asked, answers = stage_two
    answers.append(tight(3.87, 3.89))
    chosen = Selected((RUN,), "geometric", 20.0)
    found = prove([chosen], 1e-6, 3.0)
    assert (found.lower, found.upper) == (3.87, account([chosen], 1e-6).upper)
    assert [(mechanisms, delta) for mechanisms, delta, _ in asked] == [([RUN], 1e-6)]
    subset = SubsetGaussian(0.01, 5.0, 100)
    assert prove([subset], 1e-6, 0.01) == account([subset], 1e-6)


def test_only_what_some_unit_can_lose_is_certainly_spent():
    parts = [ZeroConcentrated(0.1), Pure(1.0), Laplace(1.0, 1), RUN, SubsetGaussian(0.01, 5.0, 100)]
    assert certainly_spent(parts) == [Laplace(1.0, 1), RUN]


def test_gaussian_phases_beside_others_are_a_lower_end_without_stage_two():
    alone = account([Gaussian(1.0, 3)], 1e-6)
    assert account([Gaussian(1.0, 3), RUN], 1e-6).lower == pytest.approx(alone.lower)
    assert account([Gaussian(1.0, 3, attained=False), RUN], 1e-6).lower == 0.0


@pytest.mark.parametrize("claim", [float("nan"), float("-inf"), -1.0])
def test_no_claim_is_as_low_as_these_and_none_is_confirmed(stage_two, claim):
    stage_two[1].append(tight(3.87, 3.89))
    assert not claim >= prove([RUN], 1e-6, claim).upper


@pytest.mark.parametrize("delta", [0.0, 1.0, -1e-6, float("nan"), 2.0, 1e-300, True, "1e-6"])
def test_a_delta_that_is_none_is_refused_and_never_answered_with_zero(delta):
    with pytest.raises(EvidenceError):
        prove([RUN], delta, 1.0)


def test_a_claim_that_stage_one_proves_loads_no_numpy():
    program = (
        "import sys\n"
        "from policy_gate.areas.privacy.accounting.proving import prove\n"
        "from policy_gate.areas.privacy.accounting.readable import readable\n"
        "from policy_gate.areas.privacy.accounting.mechanisms import SubsampledGaussian\n"
        "run = [SubsampledGaussian(512 / 85000, 0.9, 6640)]\n"
        "readable(run, 1e-6, prove(run, 1e-6, 4.23))\n"
        "print({'numpy', 'dp_accounting', 'scipy', 'subprocess', 'tempfile'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
