"""The window of a population: who is in it, what counts, and what it cost together."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_lines import PATH, entry, lines, phase, sha

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, SubsampledGaussian
from policy_gate.areas.privacy.ledger.spend import joint, merged, with_more
from policy_gate.areas.privacy.ledger.window import MAX_COUNTED, Window, counted, same_people
from policy_gate.errors import EvidenceError, Reason

YEAR = Window(date(2026, 12, 31), 365)


def people(**changes: object) -> dict:
    return {"population": changes}


def related(own, *entries, path: str = PATH) -> list[int]:
    return [line.entry.release.sequence for line in same_people(own, lines(*entries, path=path), PATH)]


def choose(own, *entries, window: Window = YEAR, landed: bool = False):
    return counted(own, same_people(own, lines(*entries), PATH), window, landed=landed)


# Who the people are


def test_another_id_with_the_same_data_is_the_same_population() -> None:
    assert related(entry(9, name="b", **people(id="fresh")), entry(1)) == [1]


def test_other_data_with_the_same_id_is_the_same_population() -> None:
    assert related(entry(9, name="b", **people(datasets=[sha("b")])), entry(1)) == [1]


def test_one_shared_data_set_of_many_is_enough() -> None:
    own = entry(9, name="b", **people(id="fresh", datasets=[sha("b"), sha("c"), sha("a")]))
    assert related(own, entry(1, **people(datasets=[sha("d"), sha("c")]))) == [1]


def test_a_chain_of_renamings_leads_back_to_the_first_name() -> None:
    chain = [
        entry(1, name="w"),
        entry(2, name="x", **people(id="second", datasets=[sha("a"), sha("b")])),
        entry(3, name="y", **people(id="third", datasets=[sha("b")])),
        entry(4, name="z", **people(id="third", datasets=[sha("c")])),
    ]
    assert related(entry(9, name="own", **people(id="fourth", datasets=[sha("c")])), *chain) == [1, 2, 3, 4]


def test_the_same_name_is_the_same_population_whatever_else_changed() -> None:
    own = entry(9, **people(id="fresh", datasets=[sha("b")]))
    assert related(own, entry(1)) == [1]


def test_a_name_in_another_repository_is_another_release() -> None:
    own = entry(9, **people(id="fresh", datasets=[sha("b")]))
    assert related(own, entry(1), path="other.jsonl") == []


def test_other_people_are_left_out() -> None:
    others = entry(1, name="b", **people(id="others", datasets=[sha("b")]))
    assert related(entry(9), others) == []


def test_two_releases_without_any_data_digest_are_not_thereby_the_same() -> None:
    own = entry(9, name="b", **people(id="fresh", datasets=[]))
    assert related(own, entry(1, **people(datasets=[]))) == []


# What counts


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2025-12-31", False), ("2026-01-01", True), ("2026-12-31", True), ("2027-05-01", True), ("9999-12-31", True)],
)
def test_a_window_holds_its_days_and_those_to_come(day, counts) -> None:
    assert bool(choose(entry(9), entry(1, day)).lines) is counts


def test_the_day_on_which_a_line_leaves_is_the_first_that_does_not_count_it() -> None:
    day = date(2026, 1, 1)
    left = YEAR.leaves(day)
    assert (Window(left, 365).holds(day), Window(date.fromordinal(left.toordinal() - 1), 365).holds(day)) == (
        False,
        True,
    )
    assert YEAR.leaves(date.max) == date.max


def test_the_own_line_is_counted_once() -> None:
    own = entry(2, "2026-06-01")
    found = choose(own, entry(1), own)
    assert ([line.entry.release.sequence for line in found.lines], found.own_counts) == ([1], True)


def test_a_line_of_the_same_number_with_another_manifest_is_another_spend() -> None:
    other = entry(2).model_copy(update={"release": entry(3).release.model_copy(update={"sequence": 2})})
    assert len(choose(entry(2), other).lines) == 1


def test_old_bytes_with_the_same_spending_cost_nothing_more() -> None:
    rollback = entry(9, artifacts=entry(1).artifacts)
    found = choose(rollback, entry(1), entry(2))
    assert (len(found.lines), found.own_counts, found.repeats) == (2, False, "kws 1")


@pytest.mark.parametrize(
    "change",
    [
        {"artifacts": [f"sha256:{1:064x}", sha("f")]},
        {"artifacts": [sha("f")]},
        {"phases": [phase(steps=91)]},
        {"tuning": {"data": "private", "trials": 1}},
        {"adjacency": "replace-one"},
        {"unit": {"kind": "user", "max_records_per_unit": 2}},
    ],
)
def test_old_bytes_with_anything_new_cost_like_new_ones(change) -> None:
    own = entry(9, **{"artifacts": [f"sha256:{1:064x}"], **change})
    assert choose(own, entry(1)).own_counts


def test_a_line_of_many_files_is_not_the_training_of_each() -> None:
    """Nobody judges the line of a release that has no manifest: it could list the models of the next year."""
    decoy = entry(1, name="decoy", artifacts=[f"sha256:{2:064x}", f"sha256:{3:064x}"])
    found = choose(entry(3), decoy, entry(2))
    assert (len(found.lines), found.own_counts) == (2, True)


def test_old_bytes_of_other_people_are_new_to_these() -> None:
    others = entry(1, name="b", **people(id="others", datasets=[sha("b")]))
    assert choose(entry(9, artifacts=others.artifacts), others).own_counts


def test_bytes_repeated_by_an_earlier_line_count_on_their_first_day() -> None:
    old = entry(1, "2020-01-01")
    again = entry(2, "2026-06-01", artifacts=old.artifacts)
    found = choose(entry(9), old, again)
    assert (found.lines, found.own_counts) == ((), True)


def test_a_release_that_landed_before_the_window_counts_no_more_beside_others() -> None:
    own = entry(1, "2020-01-01")
    newer = entry(2, "2026-06-01", name="other")
    assert not choose(own, own, newer, landed=True).own_counts
    assert choose(own, own, newer, landed=False).own_counts
    assert choose(own, own, landed=True).own_counts  # something is always judged


def test_more_releases_than_are_composed_are_not_counted_in_part() -> None:
    with pytest.raises(EvidenceError) as refused:
        choose(entry(999), *(entry(one, "2026-06-01") for one in range(1, MAX_COUNTED + 2)))
    assert refused.value.reason is Reason.TOO_LARGE


# What it cost


def upper(own, *earlier) -> float:
    found = joint(own, earlier, own_counts=True)
    return account(found.everything, found.delta).upper


def test_one_release_costs_what_it_costs_alone() -> None:
    assert upper(entry()) == account([SubsampledGaussian(0.08000000000000002, 1.2, 90)], 1e-6).upper


@given(st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=16, deadline=None)
def test_more_releases_never_cost_less_and_never_more_than_their_sum(few, more) -> None:
    some, all_of_them = ([entry(one) for one in range(count)] for count in (few, few + more))
    assert upper(entry(99), *some) <= upper(entry(99), *all_of_them)
    assert upper(entry(99), *some) <= (few + 1) * upper(entry(99)) + 1e-9


def test_the_least_delta_and_the_most_records_of_all_count() -> None:
    alone = joint(entry(9), (), own_counts=True)
    careful = entry(1, claim={"epsilon": 1, "delta": 1e-9}, unit={"kind": "user", "max_records_per_unit": 3})
    both = joint(entry(9), (careful,), own_counts=True)
    assert (alone.delta, both.delta) == (1e-6, 1e-9)
    assert {getattr(one, "records", 1) for one in both.everything} == {3}


@pytest.mark.parametrize(
    ("judged", "earlier", "fits"),
    [
        ("user", "device", False),
        ("user", "user-day", False),
        ("user", "example", False),
        ("household", "user", False),
        ("device", "user", False),
        ("user", "household", True),
        ("device", "household", True),
        ("user-day", "user", True),
        ("example", "user", True),
    ],
)
def test_a_line_about_a_smaller_unit_says_nothing_of_a_larger_one(judged, earlier, fits) -> None:
    own, other = (
        entry(one, unit={"kind": kind, "max_records_per_unit": 1}) for one, kind in ((9, judged), (1, earlier))
    )
    if fits:
        assert upper(own, other) > upper(own)
        return
    with pytest.raises(EvidenceError, match=f"of one {earlier}, which says nothing of one {judged}"):
        upper(own, other)


def test_a_line_without_a_bound_on_records_is_not_composed() -> None:
    with pytest.raises(EvidenceError, match="does not say how many records"):
        upper(entry(9), entry(1, unit={"kind": "user"}))


def test_a_loss_stated_for_other_neighbours_is_not_composed() -> None:
    stated = entry(1, phases=[{"id": "train", "mechanism": "zcdp", "rho": 0.5}])
    assert upper(entry(9), stated) > upper(entry(9))
    for change in ({"adjacency": "replace-one"}, {"unit": {"kind": "user", "max_records_per_unit": 2}}):
        with pytest.raises(EvidenceError, match="states the loss of its phase"):
            upper(entry(9, **change), stated)


def test_a_phase_that_nothing_accounts_for_leaves_the_spend_unknown() -> None:
    unknown = entry(1, phases=[{"id": "train", "mechanism": "declared", "epsilon": 1.0}])
    with pytest.raises(EvidenceError, match="kws 1"):
        upper(entry(9), unknown)


@pytest.mark.parametrize(
    ("number", "tuning"),
    [
        (128, {"data": "public", "trials": 0}),
        (5, {"data": "private", "selection": "geometric", "mean_trials": 9.0, "scored_on": "public"}),
    ],
)
def test_more_different_mechanisms_than_the_accountant_has_time_for_are_not_composed(number, tuning) -> None:
    lines_before = [
        entry(one, tuning=tuning, phases=[phase(noise_multiplier=2.0 + one)]) for one in range(1, number + 1)
    ]
    with pytest.raises(EvidenceError) as refused:
        joint(entry(999), lines_before, own_counts=True)
    assert refused.value.reason is Reason.TOO_LARGE
    alike = [entry(one) for one in range(1, number + 1)]
    assert len(joint(entry(999), alike, own_counts=True).everything) == 1


def test_like_mechanisms_become_one_of_more_steps_and_cost_the_same() -> None:
    apart = [SubsampledGaussian(0.08, 1.2, 90), Gaussian(3.0, 2), SubsampledGaussian(0.08, 1.2, 30), Gaussian(3.0, 5)]
    together = merged(apart)
    assert set(together) == {SubsampledGaussian(0.08, 1.2, 120), Gaussian(3.0, 7)}
    assert account(together, 1e-6).upper == pytest.approx(account(apart, 1e-6).upper, rel=1e-9)
    too_many = merged([Gaussian(3.0, 10**9), Gaussian(3.0, 1)])
    assert sorted(one.steps for one in too_many) == [1, 10**9]


def test_the_forecast_rises_and_ends_with_the_first_that_does_not_fit() -> None:
    composed = joint(entry(9), (), own_counts=True)
    found = with_more(entry(9), composed, 9.0)
    assert found == sorted(found)
    assert found[-1] > 9.0 > found[-2]
    assert len(with_more(entry(9), composed, float("inf"))) == 4


def test_a_rollback_is_forecast_as_a_release_that_is_trained_again() -> None:
    composed = joint(entry(9), (entry(1),), own_counts=False)
    assert with_more(entry(9), composed, float("inf"))[0] > account(composed.everything, 1e-6).upper
