from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.area import Check, Collector, FactBook
from policy_gate.catalogue import BoundRule
from policy_gate.document import load
from policy_gate.engine import Base, BaseState, Setting, collect, evaluate, exit_code, wanted_collectors
from policy_gate.errors import EvidenceError, InternalError, PolicyError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import (
    RELEASE,
    Answer,
    Fact,
    Missing,
    Mode,
    Outcome,
    ReleaseIdentity,
    Severity,
    Stage,
    Subject,
    Verdict,
)
from policy_gate.policy.loading import PolicyRule, place_of
from policy_gate.policy.pack import Rule

MANIFEST = load(b"metadata:\n  name: kws\nartifacts:\n  - id: kws\n", "release.yaml")
PACK = load(b"spec:\n  rules:\n    - id: TEST-001\n", "pack.yaml")
KWS = Subject("artifact", ("kws",))
OTHER = Subject("artifact", ("other",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Height(Fact):
    name: ClassVar[str] = "test.height"
    metres: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow(Fact):
    name: ClassVar[str] = "test.shadow"
    metres: int


def low_enough(height: Height) -> Answer:
    if height.metres <= 10:
        return Answer(outcome=Outcome.PASS, message="low")
    return Answer(outcome=Outcome.FAIL, message="high", measured=height.metres, limit=10)


def not_higher_than_base(height: Height, base: Height) -> Answer:
    outcome = Outcome.PASS if height.metres <= base.metres else Outcome.FAIL
    return Answer(outcome=outcome, message="compared", measured=height.metres, base=base.metres)


def crashes(height: Height) -> Answer:
    raise KeyError(height.metres)


def rule(function=low_enough, *, against_base=False, mode=Mode.ENFORCE, rule_id="TEST-001", severity=Severity.HIGH):
    written = Rule(
        id=rule_id,
        title="A rule of the test",
        severity=severity,
        mode=mode,
        check="test.height",
        rationale="because",
        remediation="mend it",
    )
    chosen = PolicyRule(rule=written, mode=mode, limits={}, document=PACK, pointer="/spec/rules/0")
    return BoundRule(
        policy_rule=chosen,
        check=Check(function=function, judges=Height, against_base=against_base),
        limits=None,
        limit_place=None,
    )


def identity(sequence=1):
    return ReleaseIdentity(
        name="kws", version="1", sequence=sequence, manifest_digest="sha256:0", path="release.yaml", source="head"
    )


SETTING = Setting(
    claims=MANIFEST.root,
    locate=lambda pointer: place_of(MANIFEST, pointer, "head"),
    release=identity(),
    stage=Stage.CANDIDATE,
    today="2026-11-23",
    tool_version="0",
    policy_names=("test",),
    policy_source="head",
    bootstrap=False,
    inputs=(),
)
NO_BASE = Base(state=BaseState.NO_BASE)


def judge(entries, *rules, base=NO_BASE):
    return evaluate(rules or (rule(),), FactBook(entries), base, SETTING)


def height(metres, subject=KWS):
    return Height(subject=subject, pointer="/artifacts/0", metres=metres)


def missing(subject=KWS, reason=Reason.UNREADABLE):
    return Missing(fact=Height.name, subject=subject, pointer="/artifacts/0/path", reason=reason, detail="cannot look")


def test_a_gate_that_cannot_look_does_not_pass() -> None:
    record = judge([missing()])
    assert record.verdict is Verdict.BLOCKED
    assert record.judgements[0].outcome is Outcome.UNKNOWN
    assert record.judgements[0].reason is Reason.UNREADABLE


def test_a_missing_fact_of_one_subject_leaves_the_others_judged() -> None:
    record = judge([height(3), missing(OTHER)])
    assert {str(one.subject): one.outcome for one in record.judgements} == {
        "artifact kws": Outcome.PASS,
        "artifact other": Outcome.UNKNOWN,
    }
    assert record.verdict is Verdict.BLOCKED


def test_no_fact_at_all_is_unknown_and_never_a_pass() -> None:
    record = judge([])
    assert [one.reason for one in record.judgements] == [Reason.NOTHING_TO_JUDGE]
    assert record.verdict is Verdict.BLOCKED


def test_a_policy_without_rules_is_an_error() -> None:
    with pytest.raises(PolicyError, match="no rule"):
        evaluate((), FactBook([height(1)]), NO_BASE, SETTING)


def test_what_passes_is_judged_too() -> None:
    record = judge([height(3)])
    assert [one.outcome for one in record.judgements] == [Outcome.PASS]
    assert record.verdict is Verdict.ALLOWED
    assert exit_code(record) == 0


def test_a_crashed_check_is_an_error_that_blocks_even_in_audit_mode_and_exits_three() -> None:
    record = judge([height(3)], rule(crashes, mode=Mode.AUDIT))
    assert record.judgements[0].outcome is Outcome.ERROR
    assert record.verdict is Verdict.BLOCKED
    assert exit_code(record) == 3


@pytest.mark.parametrize("mode", [Mode.WARN, Mode.AUDIT])
def test_only_an_enforced_rule_blocks(mode) -> None:
    record = judge([height(30)], rule(mode=mode))
    assert record.judgements[0].outcome is Outcome.FAIL
    assert record.verdict is Verdict.ALLOWED


def test_a_finding_stands_on_the_line_of_its_claim_or_of_the_nearest_parent() -> None:
    record = judge([height(30), missing(OTHER)])
    places = {str(one.subject): (one.place.line, one.place.column) for one in record.judgements}
    assert places["artifact kws"][0] == 4
    assert places["artifact other"][0] == 4


def test_without_a_base_a_comparison_is_not_applicable_and_says_why() -> None:
    for state in (BaseState.NO_BASE, BaseState.FIRST_RELEASE):
        record = judge([height(3)], rule(not_higher_than_base, against_base=True), base=Base(state=state))
        assert record.judgements[0].outcome is Outcome.NOT_APPLICABLE
        assert record.judgements[0].reason is Reason.NO_BASELINE


def base_with(*entries):
    return Base(state=BaseState.FOUND, identity=identity(0), facts=FactBook(entries))


def test_growth_over_the_base_is_a_finding_with_both_values() -> None:
    record = judge([height(5)], rule(not_higher_than_base, against_base=True), base=base_with(height(4)))
    assert (record.judgements[0].outcome, record.judgements[0].measured, record.judgements[0].base) == (
        Outcome.FAIL,
        5,
        4,
    )


def test_a_broken_base_is_unknown_and_not_a_first_release() -> None:
    base = Base(state=BaseState.BROKEN, detail="release.yaml:1:1: broken")
    record = judge([height(5)], rule(not_higher_than_base, against_base=True), base=base)
    assert record.judgements[0].outcome is Outcome.UNKNOWN
    assert record.verdict is Verdict.BLOCKED


def test_a_base_value_that_cannot_be_read_is_unknown() -> None:
    record = judge([height(5)], rule(not_higher_than_base, against_base=True), base=base_with(missing()))
    assert record.judgements[0].reason is Reason.BASE_UNKNOWN


def test_a_renamed_subject_does_not_escape_its_baseline() -> None:
    record = judge([height(500)], rule(not_higher_than_base, against_base=True), base=base_with(height(4, OTHER)))
    assert record.judgements[0].outcome is Outcome.UNKNOWN
    assert "artifact other is gone" in record.judgements[0].message


def test_a_subject_added_beside_the_old_ones_has_no_baseline() -> None:
    entries = [height(4, OTHER), height(500)]
    record = judge(entries, rule(not_higher_than_base, against_base=True), base=base_with(height(4, OTHER)))
    outcomes = {str(one.subject): one.outcome for one in record.judgements}
    assert outcomes == {"artifact other": Outcome.PASS, "artifact kws": Outcome.NOT_APPLICABLE}


def evidence_of(run, gives=(Height,)):
    class Bare:
        facts = FactBook()

    return collect([Collector(run=run, gives=gives)], Bare())


def test_a_collector_that_cannot_read_its_evidence_leaves_all_its_facts_missing() -> None:
    def run(_):
        yield height(3)
        raise EvidenceError(Reason.LFS_POINTER, "model.onnx is a pointer")

    book = evidence_of(run, (Height, Shadow))
    assert [entry.reason for entry in book.everything()] == [Reason.LFS_POINTER, Reason.LFS_POINTER]


def test_a_collector_that_crashes_leaves_an_error_and_no_traceback() -> None:
    def run(_):
        raise ZeroDivisionError("by nothing")
        yield

    record = evaluate((rule(),), evidence_of(run), NO_BASE, SETTING)
    assert record.judgements[0].outcome is Outcome.ERROR
    assert exit_code(record) == 3


def test_a_collector_that_forgets_a_fact_type_leaves_it_missing() -> None:
    book = evidence_of(lambda _: [height(3)], (Height, Shadow))
    assert [entry.reason for entry in book.entries(Shadow)] == [Reason.NOTHING_TO_JUDGE]


def test_collectors_run_after_those_they_take_from() -> None:
    shadow = Collector(run=lambda _: [], gives=(Shadow,))
    tall = Collector(run=lambda _: [], gives=(Height,), takes=(Shadow,))
    assert wanted_collectors(rule().needs, [tall, shadow]) == (shadow, tall)


def test_collectors_that_nobody_needs_do_not_run() -> None:
    shadow = Collector(run=lambda _: [], gives=(Shadow,))
    tall = Collector(run=lambda _: [], gives=(Height,))
    assert wanted_collectors(rule().needs, [tall, shadow]) == (tall,)


def test_collectors_that_wait_for_each_other_are_refused() -> None:
    one = Collector(run=lambda _: [], gives=(Height,), takes=(Shadow,))
    other = Collector(run=lambda _: [], gives=(Shadow,), takes=(Height,))
    with pytest.raises(InternalError, match="wait for each other"):
        wanted_collectors(rule().needs, [one, other])


entries = st.lists(
    st.builds(
        lambda metres, number: (
            height(metres, Subject("artifact", (str(number),)))
            if metres is not None
            else missing(Subject("artifact", (str(number),)))
        ),
        st.one_of(st.none(), st.integers(0, 20)),
        st.integers(0, 5),
    ),
    max_size=6,
)


@given(entries, st.permutations(["TEST-001", "TEST-002", "TEST-003"]))
def test_the_order_of_rules_never_matters(found, order) -> None:
    rules = {rule_id: rule(rule_id=rule_id) for rule_id in order}
    one = evaluate([rules[rule_id] for rule_id in order], FactBook(found), NO_BASE, SETTING)
    two = evaluate([rules[rule_id] for rule_id in sorted(order)], FactBook(found), NO_BASE, SETTING)
    assert one == two


@given(entries, st.integers(0, 5))
def test_taking_evidence_away_never_turns_blocked_into_allowed(found, position) -> None:
    before = judge(found)
    if before.verdict is Verdict.ALLOWED or not found:
        return
    position %= len(found)
    lost = missing(found[position].subject)
    assert judge([*found[:position], lost, *found[position + 1 :]]).verdict is Verdict.BLOCKED
    assert judge([]).verdict is Verdict.BLOCKED


def test_today_is_an_argument_and_stands_in_the_record() -> None:
    record = evaluate((rule(),), FactBook([height(1)]), NO_BASE, replace(SETTING, today=date(2030, 1, 2).isoformat()))
    assert record.today == "2030-01-02"


def test_a_fact_about_nothing_in_particular_is_about_the_release() -> None:
    book = FactBook()
    assert isinstance(book.get(Height, RELEASE), Missing)
