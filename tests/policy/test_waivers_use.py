"""Waivers applied to all judgements of a release: what is covered, and what each waiver was worth."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiver_world import FINDING, RELEASE, circumstances, document, entry, finding, limits

from policy_gate.model import Basis, Outcome, Subject
from policy_gate.policy.exceptions import Approval, NotProven, Proven
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.policy.waiver_use import Waived, apply_waivers
from policy_gate.policy.waivers import Status

RULES = frozenset({"COST-005", "COST-006", "REL-001"})


def applied(*entries: dict, judgements=(FINDING,), proofs=None, known_rules=RULES, **changes: object) -> Waived:
    waivers = load_waivers(document(*entries))
    return apply_waivers(judgements, waivers, proofs or {}, circumstances(**changes), known_rules)


def status(result: Waived) -> dict[str, Status]:
    return {state.waiver.id: state.status for state in result.states}


def test_a_covered_failure_is_waived_and_says_by_what_until_when_and_by_whom() -> None:
    result = applied(entry())
    (judgement,) = result.judgements
    assert judgement.outcome is Outcome.WAIVED
    assert not judgement.blocks
    assert judgement.waiver == "W-2026-014"
    assert judgement.note == (
        "waiver W-2026-014 until 2027-01-31: it accepts 58 ms; owner jane@example.invalid, approved by security "
        "(declared); Firmware 3.2 lowers the clock; a fix is tracked."
    )
    assert judgement.message == FINDING.message
    (state,) = result.states
    assert (state.status, state.covers) == (Status.COVERS, (FINDING.finding_id,))
    assert (state.days.left, state.basis, state.approvers) == (61, Basis.DECLARED, ("security",))


def test_a_failure_that_is_not_covered_still_blocks_and_says_why_the_waiver_does_not_help() -> None:
    (judgement,) = applied(entry(), judgements=(finding(measured=58.1),)).judgements
    assert judgement.blocks
    assert judgement.waiver == ""
    assert judgement.note == "waiver W-2026-014 does not cover this: it accepts 58 ms, and 58.1 ms was measured"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ERROR])
def test_what_is_not_known_stays_as_it_is(outcome) -> None:
    (judgement,) = applied(entry(), judgements=(finding(outcome=outcome),)).judgements
    assert judgement.outcome is outcome
    assert judgement.blocks


def test_judgements_without_a_waiver_are_untouched_and_keep_their_order() -> None:
    others = (finding(rule="COST-006"), FINDING, finding(subject=Subject("release")), finding(outcome=Outcome.PASS))
    judgements = applied(entry(), judgements=others).judgements
    assert [one.outcome for one in judgements] == [Outcome.FAIL, Outcome.WAIVED, Outcome.FAIL, Outcome.PASS]
    assert (judgements[0], judgements[2], judgements[3]) == (others[0], others[2], others[3])


def test_two_waivers_for_one_finding_both_count_as_used_and_the_first_id_is_named() -> None:
    result = applied(entry(id="W-2"), entry(id="W-1"))
    assert status(result) == {"W-1": Status.COVERS, "W-2": Status.COVERS}
    assert result.judgements[0].waiver == "W-1"


def test_one_waiver_that_covers_is_enough_beside_one_that_does_not() -> None:
    result = applied(entry(id="W-1", accept=57), entry(id="W-2"))
    assert result.judgements[0].waiver == "W-2"
    assert status(result) == {"W-1": Status.PAST_ACCEPT, "W-2": Status.COVERS}


def test_with_one_too_many_running_none_covers_anything() -> None:
    entries = [entry(id=f"W-{number}", subject=f"target other-{number}") for number in range(3)]
    result = applied(*entries, entry())
    assert result.running == 4
    assert result.judgements[0].blocks
    assert "4 waivers run for this release and the policy allows 3: none counts" in result.judgements[0].note
    assert status(result)["W-2026-014"] is Status.TOO_MANY


@pytest.mark.parametrize(
    "change", [{"expires": "2026-11-30"}, {"expires": "2027-02-30"}, {"release": "other"},
               {"versions": ">=2"}, {"granted": "2026-12-02"}, {"artifact": "sha256:" + "00" * 32}]
)  # fmt: skip
def test_a_waiver_that_is_not_running_does_not_count_as_one_of_too_many(change) -> None:
    result = applied(*(entry(id=f"W-{number}", **change) for number in range(9)), entry())
    assert result.running == 1
    assert result.judgements[0].outcome is Outcome.WAIVED


@pytest.mark.parametrize("change", [{"expires": "9999-12-31"}, {"approval": "a.json"}])
def test_a_waiver_that_the_policy_does_not_accept_is_still_counted_so_that_strictness_lets_no_other_cover(
    change,
) -> None:
    result = applied(*(entry(id=f"W-{number}", **change) for number in range(3)), entry())
    assert result.running == 4
    assert result.judgements[0].blocks


def test_a_waiver_that_nothing_needs_is_reported_with_the_reason() -> None:
    gone = applied(entry(), judgements=(finding(outcome=Outcome.PASS),)).states[0]
    assert (gone.status, gone.message) == (Status.NOT_NEEDED, "COST-005 does not fail for target node-v2 x kws")
    elsewhere = applied(entry(subject="target node-V2 x kws")).states[0]
    assert elsewhere.message == "COST-005 judges no subject 'target node-V2 x kws'"
    no_rule = applied(entry(rule="COST-999")).states[0]
    assert no_rule.message == "the policy has no rule COST-999"


def test_a_waiver_for_a_rule_of_another_stage_is_not_called_unused() -> None:
    assert status(applied(entry(rule="COST-006"))) == {"W-2026-014": Status.NOT_JUDGED}


def test_a_proof_belongs_to_one_waiver() -> None:
    proven = limits(approval=Approval.PROVEN)
    result = applied(entry(id="W-1"), entry(id="W-2"), proofs={"W-2": Proven(by=("security-key",))}, limits=proven)
    assert status(result) == {"W-1": Status.NOT_APPROVED, "W-2": Status.COVERS}
    assert result.states[0].objection
    assert (result.states[1].basis, result.states[1].approvers) == (Basis.ATTESTED, ("security-key",))
    assert "(signed by security-key)" in result.judgements[0].note


def test_a_proof_under_another_id_proves_nothing() -> None:
    result = applied(entry(approval="a.json"), proofs={"w-2026-014": Proven(by=("security",))})
    assert status(result) == {"W-2026-014": Status.NOT_APPROVED}


def test_expired_and_impossible_waivers_are_reported() -> None:
    result = applied(entry(id="W-1", expires="2026-11-30"), entry(id="W-2", expires="2027-02-30"))
    assert status(result) == {"W-1": Status.EXPIRED, "W-2": Status.NO_SUCH_DAY}
    assert result.judgements[0].note.startswith("waiver W-1 does not cover this: it expired on 2026-11-30")


judgement_lists = st.lists(
    st.builds(
        replace,
        st.just(FINDING),
        rule=st.sampled_from(["COST-005", "COST-006"]),
        outcome=st.sampled_from(Outcome),
        measured=st.sampled_from([40, 57, 58, 58.1, None]),
        area=st.sampled_from(["cost", "signature"]),
    ),
    max_size=5,
)
entries = st.lists(
    st.builds(
        entry,
        id=st.integers(0, 8).map("W-{}".format),
        rule=st.sampled_from(["COST-005", "COST-006"]),
        accept=st.sampled_from([57, 58, ...]),
        expires=st.sampled_from(["2026-11-30", "2026-12-01", "2027-01-31", "2027-02-30", "9999-12-31"]),
        versions=st.sampled_from([..., ">=1.4.0", ">=2"]),
        approval=st.sampled_from([..., "a.json"]),
    ),
    max_size=6,
    unique_by=lambda one: one["id"],
)
proofs = st.dictionaries(
    st.integers(0, 8).map("W-{}".format),
    st.sampled_from([Proven(by=("security",)), NotProven(reason="no")]),
    max_size=6,
)


@given(entries, judgement_lists, proofs, st.integers(0, 4), st.randoms(use_true_random=False))
def test_the_order_of_waivers_never_matters(listed, judgements, known, waivers_max, shuffler: random.Random) -> None:
    shuffled = list(listed)
    shuffler.shuffle(shuffled)
    one, other = (
        applied(*order, judgements=judgements, proofs=known, limits=limits(waivers_max=waivers_max))
        for order in (listed, shuffled)
    )
    assert one.judgements == other.judgements
    assert one.running == other.running
    assert [(s.waiver.id, s.status, s.message, s.covers) for s in one.states] == [
        (s.waiver.id, s.status, s.message, s.covers) for s in other.states
    ]


@given(entries, judgement_lists, proofs, st.integers(0, 4))
def test_waivers_change_nothing_but_failures_and_leave_every_judgement_in_place(
    listed, judgements, known, most
) -> None:
    result = applied(*listed, judgements=judgements, proofs=known, limits=limits(waivers_max=most))
    assert len(result.judgements) == len(judgements)
    for before, after in zip(judgements, result.judgements, strict=True):
        assert replace(after, outcome=before.outcome, waiver="", note="") == before
        if after.outcome is not before.outcome:
            assert (before.outcome, after.outcome) == (Outcome.FAIL, Outcome.WAIVED)
            assert after.waiver in {one["id"] for one in listed}
            assert result.running <= most


tighter_limits = st.fixed_dictionaries(
    {},
    optional={
        "waivers_max": st.integers(0, 3),
        "waiver_days_max": st.sampled_from([0, 5, 61]),
        "approval": st.just(Approval.PROVEN),
        "protected": st.just(frozenset({"COST-006"})),
        "waivable": st.just(frozenset({"COST-005"})),
    },
)


@given(entries, judgement_lists, proofs, tighter_limits)
def test_a_stricter_policy_never_waives_what_a_looser_one_blocks(listed, judgements, known, tighter) -> None:
    def blocking(allowed):
        result = applied(*listed, judgements=judgements, proofs=known, limits=allowed)
        return {number for number, one in enumerate(result.judgements) if one.blocks}

    loose = limits(waivers_max=4)
    assert blocking(loose) <= blocking(replace(loose, **tighter))


def test_a_day_later_the_same_release_blocks() -> None:
    assert applied(entry(), today=date(2027, 1, 31)).judgements[0].outcome is Outcome.WAIVED
    assert applied(entry(), today=date(2027, 2, 1)).judgements[0].blocks


def test_a_waiver_of_one_release_does_nothing_to_another_with_the_same_subject() -> None:
    other = replace(RELEASE, name="kws-de")
    result = applied(entry(), release=other)
    assert result.judgements[0].blocks
    assert status(result) == {"W-2026-014": Status.OTHER_RELEASE}
