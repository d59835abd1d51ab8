"""Known findings block only when they get worse, and everything that is worse."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiver_world import FINDING, RELEASE, finding

from policy_gate.document import load_json
from policy_gate.errors import PolicyError, Reason, UsageError
from policy_gate.model import BaseState, Judgement, Outcome, Record, Stage, Subject, Verdict
from policy_gate.policy.baseline import (
    LIMITS,
    Baseline,
    KnownStatus,
    apply_baseline,
    load_baseline,
    make_baseline,
)

OPAQUE = finding(
    rule="FPR-001",
    measured="sha256:aa",
    limit="sha256:bb",
    unit="",
    message="the digest is sha256:aa",
    area="fingerprint",
)
UNKNOWN = finding(
    rule="COST-009", outcome=Outcome.UNKNOWN, reason=Reason.UNSUPPORTED_OPERATOR, measured=None, limit=None, unit="",
    message="the operator Foo is not supported",
)  # fmt: skip


def record(*judgements: Judgement, **changes: object) -> Record:
    known = Record(
        schema="policy-gate/record/v1alpha1",
        tool_version="0.3.0",
        release=RELEASE,
        base=None,
        base_state=BaseState.NO_BASE,
        base_note=BaseState.NO_BASE.value,
        stage=Stage.CANDIDATE,
        today="2026-11-23",
        policy=("builtin:edge-baseline",),
        policy_source="builtin",
        bootstrap=False,
        claims={},
        facts=(),
        missing=(),
        judgements=judgements,
        verdict=Verdict.BLOCKED,
    )
    return replace(known, **changes)


def read(text: str) -> Baseline:
    return load_baseline(load_json(text.encode(), "policy-gate.baseline.json", LIMITS))


def known(*judgements: Judgement) -> Baseline:
    return read(make_baseline([record(*judgements)]))


def now(*judgements: Judgement, baseline: Baseline, protected=frozenset(), release=RELEASE):
    return apply_baseline(judgements, release, baseline, protected)


def becomes(before: Judgement, after: Judgement, protected=frozenset()) -> tuple[Outcome, KnownStatus]:
    result = now(after, baseline=known(before), protected=protected)
    return result.judgements[0].outcome, result.states[0].status


# What is covered


@pytest.mark.parametrize("one", [FINDING, OPAQUE, UNKNOWN], ids=["a number", "a digest", "an unknown"])
def test_a_finding_that_was_there_is_known_and_does_not_block(one) -> None:
    (judgement,) = now(one, baseline=known(one)).judgements
    assert judgement.outcome is Outcome.WAIVED
    assert not judgement.blocks
    assert judgement.waiver == "baseline"
    assert judgement.note.startswith("known since 2026-11-23: ")
    assert judgement.note.endswith("; blocks when it gets worse")


def test_a_new_finding_blocks_beside_a_known_one() -> None:
    new = finding(subject=Subject("target", ("node-v3", "kws")))
    judgements = now(FINDING, new, baseline=known(FINDING)).judgements
    assert [one.blocks for one in judgements] == [False, True]


def test_the_same_finding_of_another_release_is_not_known() -> None:
    other = replace(RELEASE, name="kws-de")
    result = now(FINDING, baseline=known(FINDING), release=other)
    assert result.judgements[0].blocks
    assert result.states == ()


# What is worse


@pytest.mark.parametrize(
    ("measured", "limit", "status"),
    [
        *((58, 50, KnownStatus.SAME), (58.0, 50, KnownStatus.SAME), (57.9, 50, KnownStatus.BETTER)),
        *((58.001, 50, KnownStatus.WORSE), (math.nan, 50, KnownStatus.WORSE), (math.inf, 50, KnownStatus.WORSE)),
        *((58, math.nan, KnownStatus.WORSE), (None, None, KnownStatus.WORSE), (None, 50, KnownStatus.WORSE)),
        *((58, None, KnownStatus.WORSE), ("58", 50, KnownStatus.WORSE), (True, 50, KnownStatus.WORSE)),
        # A looser limit makes no room for a worse number; a stricter one makes the same number worse.
        *((66, 60, KnownStatus.WORSE), (58, 52, KnownStatus.SAME), (58, 49, KnownStatus.WORSE)),
        *((57, 49.5, KnownStatus.BETTER), (40, 50, KnownStatus.WORSE), (50, 50, KnownStatus.WORSE)),
        *((10**400, 50, KnownStatus.WORSE), (58, -(10**400), KnownStatus.WORSE)),
    ],
)
def test_a_number_may_get_no_worse_and_no_farther_from_its_limit(measured, limit, status) -> None:
    covered = status in (KnownStatus.SAME, KnownStatus.BETTER)
    outcome = Outcome.WAIVED if covered else Outcome.FAIL
    assert becomes(FINDING, finding(measured=measured, limit=limit)) == (outcome, status)


def test_under_a_least_value_going_down_is_worse() -> None:
    low = finding(measured=0.90, limit=0.95)
    assert becomes(low, finding(measured=0.91, limit=0.95))[1] is KnownStatus.BETTER
    assert becomes(low, finding(measured=0.89, limit=0.95))[1] is KnownStatus.WORSE


@pytest.mark.parametrize(
    "after",
    [
        finding(outcome=Outcome.UNKNOWN, reason=Reason.UNREADABLE),
        finding(outcome=Outcome.UNKNOWN),
        finding(reason=Reason.NOT_PROVEN),
        finding(unit="s"),
    ],
    ids=["unknown with a reason", "unknown", "another reason", "another unit"],
)
def test_a_failure_that_can_no_longer_be_compared_is_worse(after) -> None:
    result = now(after, baseline=known(FINDING))
    assert result.states[0].status is KnownStatus.WORSE
    assert result.judgements[0].outcome is after.outcome
    assert result.judgements[0].note.startswith("known since 2026-11-23, and worse: ")


@pytest.mark.parametrize(
    "after",
    [
        replace(OPAQUE, measured="sha256:cc"),
        replace(OPAQUE, limit="sha256:cc"),
        replace(OPAQUE, message="the digest is sha256:cc"),
        replace(OPAQUE, measured=None),
        replace(UNKNOWN, message="the operators Foo and Bar are not supported"),
        replace(UNKNOWN, reason=Reason.UNREADABLE),
        replace(UNKNOWN, outcome=Outcome.FAIL, reason=None),
        replace(UNKNOWN, measured=1, limit=0),
    ],
)
def test_without_a_number_anything_that_changes_is_worse(after) -> None:
    before = OPAQUE if after.rule == OPAQUE.rule else UNKNOWN
    assert becomes(before, after)[1] is KnownStatus.WORSE


def test_an_error_is_never_known() -> None:
    crash = finding(outcome=Outcome.ERROR, reason=Reason.CRASHED)
    assert json.loads(make_baseline([record(crash)]))["findings"] == []
    result = now(crash, baseline=known(FINDING))
    assert result.judgements[0].blocks


@pytest.mark.parametrize(
    "change", [{"rule": "SIG-001"}, {"rule": "POL-001"}, {"area": "signature"}, {"area": "policy"}]
)
def test_findings_about_trust_and_policy_are_never_known(change) -> None:
    one = finding(**change)
    assert json.loads(make_baseline([record(one)]))["findings"] == []
    by_hand = json.loads(make_baseline([record(FINDING)]))
    by_hand["findings"][0] |= {"rule": one.rule, "id": one.finding_id}
    assert now(one, baseline=read(json.dumps(by_hand))).judgements[0].blocks


def test_a_protected_rule_is_never_known() -> None:
    assert becomes(FINDING, FINDING, protected={"COST-005"}) == (Outcome.FAIL, KnownStatus.NEVER_KNOWN)
    assert json.loads(make_baseline([record(FINDING)], {"COST-005"}))["findings"] == []


def test_findings_that_share_an_id_are_known_only_exactly_as_recorded() -> None:
    small, large = finding(measured=40, limit=30), finding(measured=58, limit=30)
    baseline = known(small, large)
    assert not any(one.blocks for one in now(large, small, baseline=baseline).judgements)
    assert not any(one.blocks for one in now(large, baseline=baseline).judgements)
    # One of them grew from 40 to 58: hidden, if each were held against the largest.
    assert all(one.blocks for one in now(large, large, baseline=baseline).judgements)
    assert all(one.blocks for one in now(large, small, small, baseline=baseline).judgements)
    assert all(one.blocks for one in now(FINDING, FINDING, baseline=known(FINDING)).judgements)


def test_a_finding_that_is_gone_is_reported_and_one_that_is_not_judged_is_not() -> None:
    gone = now(finding(outcome=Outcome.PASS), baseline=known(FINDING)).states[0]
    assert gone.status is KnownStatus.GONE
    assert "make the baseline again" in gone.message
    assert now(OPAQUE, baseline=known(FINDING)).states[0].status is KnownStatus.NOT_JUDGED


def test_what_a_waiver_covers_already_stays_with_the_waiver() -> None:
    waived = finding(outcome=Outcome.WAIVED, waiver="W-1", note="why")
    assert now(waived, baseline=known(FINDING)).judgements == (waived,)


# The file


def test_a_baseline_has_the_same_bytes_in_whatever_order_findings_come() -> None:
    judgements = [FINDING, OPAQUE, UNKNOWN, finding(measured=59), finding(outcome=Outcome.PASS)]
    expected = make_baseline([record(*judgements), record(FINDING, release=replace(RELEASE, name="a"))])
    for seed in range(8):
        random.Random(seed).shuffle(judgements)
        assert make_baseline([record(FINDING, release=replace(RELEASE, name="a")), record(*judgements)]) == expected
    assert expected.endswith("}\n")
    assert len(read(expected).findings) == 5


def test_a_baseline_says_when_and_by_what_it_was_made() -> None:
    made = read(make_baseline([record(FINDING, today="2026-11-22"), record(today="2026-11-23", tool_version="0.3.1")]))
    assert (made.made, made.tool_version) == ("2026-11-23", "0.3.1")


def test_a_baseline_is_not_made_of_nothing_nor_of_records_that_had_one() -> None:
    with pytest.raises(UsageError, match="at least one record"):
        make_baseline([])
    covered = now(FINDING, baseline=known(FINDING)).judgements
    with pytest.raises(UsageError, match="without one"):
        make_baseline([record(*covered)])


@pytest.mark.parametrize("number", [math.nan, math.inf, 2**63, 10**5000], ids=["nan", "inf", "65 bits", "huge"])
def test_a_finding_whose_number_no_file_can_hold_is_left_out_and_goes_on_blocking(number) -> None:
    for one in (finding(measured=number), finding(limit=number)):
        baseline = known(one)
        assert baseline.findings == ()
        assert now(one, baseline=baseline).judgements[0].blocks


def tree(**changes: object) -> dict:
    return {**json.loads(make_baseline([record(FINDING)])), **changes}


def changed(**changes: object) -> dict:
    return tree(findings=[{**tree()["findings"][0], **changes}])


@pytest.mark.parametrize(
    "content",
    [
        *({}, [], tree(kind="WaiverList"), tree(apiVersion="v2"), tree(more=1), tree(findings=None), tree(findings={})),
        *(tree(made="2026-02-30"), tree(made="2026-1-1"), tree(made=""), tree(made=5), tree(tool_version="")),
        *(changed(outcome="error"), changed(outcome="pass"), changed(outcome="waived"), changed(reason="because")),
        *(changed(id="COST-006:target:x:"), changed(id=""), changed(release=""), changed(rule=""), changed(rule="*")),
        *(changed(message_digest="sha256:aa"), changed(measured=[1]), changed(measured={}), changed(unit=None)),
        *(changed(waived=True), tree(findings=[{}])),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_its_places(content) -> None:
    with pytest.raises(PolicyError) as caught:
        read(json.dumps(content))
    assert all(one.path == "policy-gate.baseline.json" for one in caught.value.problems)


# Properties


scalars = st.one_of(st.none(), st.booleans(), st.integers(-60, 60), st.floats(-60, 60), st.text(max_size=3))
judgements = st.builds(
    replace,
    st.just(FINDING),
    rule=st.sampled_from(["COST-005", "COST-006", "SIG-001"]),
    outcome=st.sampled_from(Outcome),
    reason=st.sampled_from([None, Reason.UNREADABLE, Reason.NOT_PROVEN]),
    measured=scalars,
    limit=scalars,
    unit=st.sampled_from(["", "ms"]),
    message=st.sampled_from(["a", "b"]),
)
hostile = st.builds(
    replace,
    judgements,
    measured=st.floats() | st.integers() | st.text() | st.just(10**5000),
    limit=st.floats() | st.integers() | st.text() | st.just(-(10**5000)),
    message=st.text(),
    subject=st.builds(Subject, st.text(max_size=4), st.lists(st.text(max_size=4)).map(tuple)),
)


@given(st.lists(judgements, max_size=6))
def test_what_is_recorded_is_known_and_nothing_else_changes(recorded) -> None:
    after = now(*recorded, baseline=known(*recorded)).judgements
    for was, is_now in zip(recorded, after, strict=True):
        may_be_known = was.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and was.rule != "SIG-001"
        assert is_now.outcome is (Outcome.WAIVED if may_be_known else was.outcome)
        assert replace(is_now, outcome=was.outcome, waiver="", note="") == was


@given(st.lists(judgements, max_size=4), st.lists(judgements | hostile, max_size=6))
def test_a_baseline_never_covers_an_error_nor_more_findings_than_it_holds(recorded, present) -> None:
    after = now(*present, baseline=known(*recorded)).judgements
    covered = [was for was, is_now in zip(present, after, strict=True) if is_now != was and not is_now.blocks]
    assert all(one.outcome in (Outcome.FAIL, Outcome.UNKNOWN) for one in covered)
    assert sum(one.waiver == "baseline" for one in after) <= len(recorded)


@given(hostile)
def test_whatever_a_finding_says_a_baseline_of_it_can_be_made_and_read(one) -> None:
    assert len(now(one, baseline=known(one)).judgements) == 1
