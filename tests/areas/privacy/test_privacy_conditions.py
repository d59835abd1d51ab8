"""Mechanisms and sampling schemes beyond plain DP-SGD, against the oracle, published figures and made-up gains."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_world import decoded, phase_of, privacy_of

from policy_gate.areas.privacy.accounting import extra
from policy_gate.areas.privacy.accounting.accountant import FLOOR, account
from policy_gate.areas.privacy.accounting.calibrate import noise_factor
from policy_gate.areas.privacy.accounting.extra import TruncatedPoisson, upper_by_extra
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, RandomizedResponse, SubsampledGaussian
from policy_gate.areas.privacy.accounting.proving import prove
from policy_gate.areas.privacy.accounting.schemes import Accounted, Refusal, account_for, setting_of
from policy_gate.areas.privacy.accounting.without_replacement import SubsetGaussian
from policy_gate.errors import EvidenceError, GateError, Reason

RATE = 512 / 85000
THREE = {"kind": "user", "max_records_per_unit": 3}
TREE = {
    "id": "t",
    "mechanism": "tree-aggregation",
    "noise_multiplier": 7.0,
    "clip_norm": 1.0,
    "steps": 1024,
    "trees": 6,
}
RAPPOR = {"id": "r", "mechanism": "rappor", "hashes": 2, "flip_probability": 0.5, "steps": 1}


def outcome(phase: dict, **changes):
    claims = decoded(privacy_of(phases=[phase], **changes)).sections["privacy"]
    setting = setting_of(claims)
    return setting if isinstance(setting, Refusal) else account_for(claims.phases[0], "/privacy/phases/0", setting)


def mechanism(phase: dict, **changes):
    found = outcome(phase, **changes)
    assert isinstance(found, Accounted), found
    return found.mechanism


def drawn(scheme: str, **more) -> dict:
    return phase_of(sampling={"scheme": scheme, "batch_size": 512, "dataset_size": 85000, **more})


@pytest.fixture(scope="module")
def oracle():
    base = pytest.importorskip("dp_accounting")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return base, importlib.import_module("dp_accounting.rdp"), importlib.import_module("dp_accounting.pld")


# Poisson samples, units of several records, replaced records


def test_each_record_of_a_unit_is_drawn_by_its_own_coin():
    found = mechanism(phase_of(), unit=THREE)
    assert (found.records, found.replaced, found.attained) == (3, False, True)
    assert found.noise_multiplier == 0.9


def test_a_replaced_record_is_drawn_in_both_worlds():
    found = mechanism(phase_of(), adjacency="replace-one")
    assert (found.records, found.replaced, found.attained) == (1, True, True)
    assert mechanism(phase_of(), adjacency="replace-special") == mechanism(phase_of())


@pytest.mark.parametrize("adjacency", ["replace-one", "add-or-remove-one"])
def test_microbatches_of_poisson_samples_bound_and_refute_nothing(adjacency):
    """A record that is drawn alone moves the sum by one norm only, and nobody draws its company for certain."""
    assert not mechanism(phase_of(microbatch=4), adjacency=adjacency).attained


def test_a_unit_of_more_records_than_there_are_refutes_nothing():
    tiny = phase_of(sampling={"scheme": "poisson", "batch_size": 1, "dataset_size": 2})
    assert not mechanism(tiny, unit=THREE).attained
    assert mechanism(phase_of(sampling={"scheme": "poisson", "rate": 0.5}), unit=THREE).attained


@pytest.mark.parametrize(
    ("batch_size", "microbatch", "is_attained"), [(2, 1, False), (3, 1, True), (3, 2, False), (6, 2, True)]
)
def test_a_fixed_order_refutes_only_where_a_batch_has_room_for_the_whole_unit(batch_size, microbatch, is_attained):
    sampling = {"scheme": "fixed-order", "batch_size": batch_size, "dataset_size": 600}
    phase = phase_of(steps=600 // batch_size, microbatch=microbatch, sampling=sampling)
    assert mechanism(phase, unit=THREE).attained is is_attained
    assert mechanism(phase).attained


# group privacy of the facts: 8.54, 13.83, 26.14 and 66.42 for 2, 3, 5 and 10 records; replaced: 6.15
@pytest.mark.parametrize(
    ("records", "replaced", "tight"), [(2, False, 8.54), (3, False, 13.83), (5, False, 26.14), (1, True, 6.15)]
)
def test_stage_one_is_above_the_tight_figures_for_groups_and_replaced_records(records, replaced, tight):
    run = SubsampledGaussian(RATE, 0.9, 6640, records, replaced)
    assert account([run], 1e-6).upper >= tight
    assert prove([run], 1e-6, 0.1).upper == pytest.approx(tight, abs=0.01)


def test_many_records_of_a_unit_in_most_batches_are_a_plain_gaussian_and_no_crash():
    run = SubsampledGaussian(0.5, 9.0, 10, 1000)
    assert account([run], 1e-6).upper == pytest.approx(account([Gaussian(9.0 / 1000, 10)], 1e-6).upper, rel=0.05)


@settings(max_examples=30, deadline=None)
@given(rate=st.floats(1e-6, 0.99), noise=st.floats(0.3, 50), steps=st.integers(1, 10**5), records=st.integers(1, 99))
def test_more_records_and_replacing_them_never_cost_less(rate, noise, steps, records):
    def upper(count: int, *, replaced: bool) -> float:
        return account([SubsampledGaussian(rate, noise, steps, count, replaced)], 1e-6).upper

    assert upper(records, replaced=False) <= upper(records + 1, replaced=False) * (1 + 1e-6)
    assert upper(records, replaced=False) <= upper(records, replaced=True) * (1 + 1e-6)
    assert upper(records, replaced=True) <= account([Gaussian(noise / records / 2, steps)], 1e-6).upper * 1.2 + 1e-6


# without replacement


@pytest.mark.parametrize(("rate", "noise", "steps"), [(RATE, 4.0, 6640), (0.01, 2.0, 500), (0.1, 10.0, 300)])
def test_without_replacement_lies_between_the_poisson_figure_and_that_of_the_oracle(oracle, rate, noise, steps):
    base, rdp, _ = oracle
    event = base.dp_event.SampledWithoutReplacementDpEvent(10**6, round(rate * 10**6), base.GaussianDpEvent(noise / 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rdp.RdpAccountant(neighboring_relation=base.NeighboringRelation.REPLACE_ONE).compose(event, steps)
        expected = float(theirs.get_epsilon(1e-6))
    ours = account([SubsetGaussian(rate, noise, steps)], 1e-6).upper
    assert prove([SubsampledGaussian(rate, noise, steps, 1, replaced=True)], 1e-6, 0.0).lower <= ours <= expected * 1.01


@pytest.mark.parametrize("order", [2.0, 5.0, 17.0])
def test_the_moment_without_replacement_is_above_the_integral_over_its_curve(order):
    integrate = pytest.importorskip("scipy.integrate")
    rate, noise = 0.2, 3.0
    shift = 2.0 / noise

    def curve(a: float) -> float:
        """A(a) of the worst pair: (1-q) N(0) + q N(shift) against N(0), at the threshold where their ratio is a."""
        cut = (math.log((a - 1 + rate) / rate) + shift * shift / 2) / shift
        tail = 0.5 * math.erfc(cut / math.sqrt(2))
        return (1 - rate - a) * tail + rate * 0.5 * math.erfc((cut - shift) / math.sqrt(2))

    def integrand(log_a: float) -> float:
        a = math.exp(log_a)
        return order * (order - 1) * (a ** (order - 1) + a**-order) * curve(a)

    exact = 1 + math.fsum(integrate.quad(integrand, one, one + 1, epsrel=1e-10)[0] for one in range(12))
    ours = (order - 1) * SubsetGaussian(rate, noise, 1).rdp(order)
    assert math.log(exact) <= ours * (1 + 1e-9) <= math.log(2 * exact - 1) * 1.01


def test_without_replacement_needs_replace_one_neighbours_and_single_records():
    assert outcome(drawn("without-replacement")).pointer == "/privacy/adjacency"
    assert outcome(drawn("without-replacement"), adjacency="replace-one", unit=THREE).reason is Reason.NOT_PROVEN
    several = phase_of(microbatch=2, sampling=drawn("without-replacement")["sampling"])
    assert outcome(several, adjacency="replace-one").reason is Reason.NOT_PROVEN
    found = mechanism(drawn("without-replacement"), adjacency="replace-one")
    assert (found.noise_multiplier, found.steps, found.attained) == (0.9, 6640, False)


def test_a_batch_of_everybody_without_replacement_is_a_plain_gaussian():
    everyone = phase_of(sampling={"scheme": "without-replacement", "batch_size": 100, "dataset_size": 100})
    assert mechanism(everyone, adjacency="replace-one") == Gaussian(0.45, 6640)


# truncated Poisson: by the extra alone


def test_truncated_batches_need_the_extra_and_say_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refusal = outcome(drawn("truncated-poisson", max_batch_size=600))
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_PROVEN, "/privacy/phases/0/sampling/scheme")
    assert refusal.fix == 'pip install "policy-gate[dp]"'


def test_truncated_batches_without_the_place_of_the_cut_are_not_declared():
    refusal = outcome(drawn("truncated-poisson"))
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_DECLARED, "/privacy/phases/0/sampling/max_batch_size")
    with pytest.raises(GateError):
        decoded(privacy_of(phases=[drawn("poisson", max_batch_size=600)]))


def test_truncated_batches_cost_more_than_whole_ones_and_refute_nothing(oracle):
    found = prove([mechanism(drawn("truncated-poisson", max_batch_size=600))], 1e-6, 1.0)
    assert (found.lower, found.stage) == (0.0, 2)
    assert found.upper > prove([mechanism(phase_of())], 1e-6, 1.0).lower
    assert found.upper == pytest.approx(5.083, abs=0.01)


def test_the_extra_is_not_asked_what_it_cannot_answer_in_time(oracle):
    for changes in ({"adjacency": "replace-one"}, {"unit": THREE}):
        assert outcome(drawn("truncated-poisson", max_batch_size=600), **changes).reason is Reason.NOT_PROVEN
    long = phase_of(steps=10**9, sampling=drawn("truncated-poisson", max_batch_size=600)["sampling"])
    assert outcome(long).reason is Reason.NOT_PROVEN
    run = TruncatedPoisson(RATE, 600, 85000, 0.9, 100)
    for delta in (1e-12, float("nan"), 0.0, 2.0):
        with pytest.raises(EvidenceError):
            upper_by_extra([run], delta)
    with pytest.raises(EvidenceError):
        upper_by_extra([run, SubsampledGaussian(RATE, 0.9, 10, 2)], 1e-6)
    with pytest.raises(EvidenceError):
        upper_by_extra([run] * 5, 1e-6)


def test_an_extra_that_answers_zero_proves_no_epsilon_of_zero(monkeypatch):
    monkeypatch.setattr(extra, "_pessimistic", lambda mechanisms, delta: 0.0)
    assert prove([TruncatedPoisson(RATE, 601, 85000, 0.9, 1)], 0.5, 1e-12).upper == FLOOR


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), -1.0])
def test_an_extra_that_answers_nonsense_is_not_believed(monkeypatch, answer):
    monkeypatch.setattr(extra, "_pessimistic", lambda mechanisms, delta: answer)
    with pytest.raises(EvidenceError):
        upper_by_extra([TruncatedPoisson(RATE, 600, 85000, 0.9, 100)], 1e-6)


def test_an_absent_extra_is_named_and_no_crash(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dp_accounting", None)
    with pytest.raises(EvidenceError, match="not installed"):
        upper_by_extra([TruncatedPoisson(RATE, 600, 85000, 0.9, 100)], 1e-6)


# tree aggregation


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 8, 1000, 1024])
def test_a_tree_costs_what_the_oracle_says_or_one_level_more(oracle, steps):
    base, rdp, _ = oracle
    event = base.SelfComposedDpEvent(base.SingleEpochTreeAggregationDpEvent(7.0, steps), 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rdp.RdpAccountant([3.0], neighboring_relation=base.NeighboringRelation.REPLACE_SPECIAL)
        expected = float(theirs.compose(event)._rdp[0])
    found = mechanism({**TREE, "steps": steps}, adjacency="replace-special")
    level = 6 * 3.0 / (2 * 7.0**2)
    is_full = steps & (steps - 1) == 0
    assert found.rdp(3.0) == pytest.approx(expected + (0 if is_full else level))
    assert found.attained is is_full


def test_a_tree_needs_clipping_and_doubles_for_replaced_records():
    assert outcome({key: one for key, one in TREE.items() if key != "clip_norm"}).reason is Reason.NOT_DECLARED
    assert mechanism(TREE) == Gaussian(7.0, 66)
    assert mechanism(TREE, adjacency="replace-one", unit=THREE) == Gaussian(7.0 / 6, 66)


@pytest.mark.parametrize("key", ["steps", "trees", "noise_multiplier"])
def test_a_tree_of_unknown_size_is_no_manifest(key):
    with pytest.raises(GateError):
        decoded(privacy_of(phases=[{name: one for name, one in TREE.items() if name != key}]))


@pytest.mark.parametrize(("noise", "published", "proven"), [(1.13, 19.74, 18.71), (8.83, 2.04, 1.773)])
def test_the_published_figures_of_tree_aggregation_hold(noise, published, proven):
    # the StackOverflow setting of Kairouz et al. 2021: one tree of 1600 steps, delta 1e-6
    found = account([mechanism({**TREE, "noise_multiplier": noise, "steps": 1600, "trees": 1})], 1e-6).upper
    assert found <= published
    assert found == pytest.approx(proven, rel=0.08)


# local mechanisms


def test_the_permanent_response_of_rappor_costs_what_its_theorem_says():
    # Erlingsson, Pihur, Korolova 2014, theorem 1 with h = 2, f = 1/2: 4 ln 3, printed there as 4.39
    assert mechanism(RAPPOR).pure_epsilon == pytest.approx(4 * math.log(3))
    assert mechanism({**RAPPOR, "steps": 5}, unit=THREE).pure_epsilon == pytest.approx(15 * 4 * math.log(3))


def test_a_response_that_says_nothing_or_everything_is_refused():
    assert isinstance(outcome({**RAPPOR, "flip_probability": 1.0}), Refusal)
    assert isinstance(outcome({**RAPPOR, "flip_probability": 1e-300}), Refusal)
    assert isinstance(outcome({**RAPPOR, "hashes": 1000, "steps": 10**9}), Refusal)


def test_many_reports_cost_less_than_their_pure_losses_together():
    run = [RandomizedResponse(0.6, 2, 300)]
    assert account(run, 1e-6).upper < 0.6 * run[0].pure_epsilon


@pytest.mark.parametrize("keep", [0.0, 1.0, -0.1, 2.0, float("nan"), True, "0.7"])
def test_a_probability_that_is_none_is_refused(keep):
    with pytest.raises(EvidenceError):
        RandomizedResponse(keep, 2, 1)


# noise that would have been enough


def test_the_noise_of_the_last_run_alone_is_raised_where_the_others_are_history():
    past, now = SubsampledGaussian(RATE, 1.1, 6640), SubsampledGaussian(RATE, 0.9, 6640)
    factor = noise_factor([now], 1e-6, 4.0, fixed=[past])
    assert factor > 1.0
    assert prove([past, now.quieter(factor)], 1e-6, 4.0).upper <= 4.0
    assert prove([past, now.quieter(factor / 1.02)], 1e-6, 4.0).upper > 4.0


def test_no_noise_makes_up_for_a_history_that_is_above_the_budget():
    past = Gaussian(0.5, 10)
    assert noise_factor([SubsampledGaussian(RATE, 0.9, 6640)], 1e-6, 4.0, fixed=[past]) == math.inf


def test_a_claim_that_holds_needs_no_more_noise():
    assert noise_factor([SubsampledGaussian(RATE, 0.9, 6640)], 1e-6, 5.0) == 1.0
