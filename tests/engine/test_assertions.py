from __future__ import annotations

from dataclasses import replace

import pytest
from policy_world import pack, policy, rule

from policy_gate.area import FactBook
from policy_gate.areas.fingerprint.facts import FileDigest
from policy_gate.catalogue import bind_rules
from policy_gate.document import load
from policy_gate.engine import Base, BaseState, Setting, evaluate
from policy_gate.errors import GateError, Reason, TooMuchWorkError
from policy_gate.expression import Meter
from policy_gate.model import Missing, Outcome, ReleaseIdentity, Stage, Subject, Verdict
from policy_gate.policy.loading import place_of

MANIFEST = """\
metadata: {name: kws, sequence: 4}
artifacts:
  - {id: a, path: a.onnx}
  - {id: b, path: b.onnx}
"""
NO_BASE = Base(state=BaseState.NO_BASE)


def digest(name: str, size: int) -> FileDigest:
    return FileDigest(
        subject=Subject("artifact", (name,)),
        pointer=f"/artifacts/{'ab'.index(name)}/path",
        path=name,
        sha256="",
        size_bytes=size,
    )


def missing(name: str, reason: Reason = Reason.UNREADABLE) -> Missing:
    subject = Subject("artifact", (name,))
    return Missing(fact=FileDigest.name, subject=subject, pointer="/artifacts/1/path", reason=reason, detail="torn")


def bound(*rules: str, more: str = ""):
    found = policy("", {"mine.yaml": pack(f"{more}rules:\n{''.join(rules)}")})
    return bind_rules(found.rules, found.values)


def judged(rules, *entries, base: Base = NO_BASE, manifest: str = MANIFEST, parameters=None):
    document = load(manifest.encode(), "release.yaml")
    setting = Setting(
        claims=document.root,
        locate=lambda pointer: place_of(document, pointer, "head"),
        release=ReleaseIdentity(
            name="kws", version="1", sequence=4, manifest_digest="", path="release.yaml", source="head"
        ),
        stage=Stage.CANDIDATE,
        today="2026-11-23",
        tool_version="0",
        policy_names=(),
        policy_source="head",
        bootstrap=False,
        inputs=(),
        parameters=parameters or {},
    )
    return evaluate(rules, FactBook(entries), base, setting)


def asserted(text: str, more: str = "") -> str:
    return rule(decides=f'assert: "{text}"', more=more)


def outcome(text: str, *entries, more: str = "", **setting) -> Outcome:
    record = judged(bound(asserted(text, more)), *entries, **setting)
    return record.judgements[0].outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("manifest.metadata.sequence >= 4", Outcome.PASS),
        ("manifest.metadata.sequence > 4", Outcome.FAIL),
        ("manifest.metadata.sequnce > 0", Outcome.UNKNOWN),
        ("manifest.metadata.name > 3", Outcome.UNKNOWN),
        ("size(manifest.artifacts) == 2 && manifest.artifacts.all(a, has(a.path))", Outcome.PASS),
        ("facts.fingerprint.file_digest.all(d, d.size_bytes < 10)", Outcome.PASS),
        ("facts.fingerprint.file_digest.all(d, d.size_bytes < 5)", Outcome.FAIL),
        ("today < '2027-01-01'", Outcome.PASS),
    ],
)
def test_an_assertion_is_true_false_or_unknown(text, expected) -> None:
    assert outcome(text, digest("a", 3), digest("b", 7)) is expected


def test_a_missing_fact_in_a_list_makes_all_unknown_unless_another_is_false() -> None:
    small = "facts.fingerprint.file_digest.all(d, d.size_bytes < 5)"
    assert outcome(small, digest("a", 3), missing("b")) is Outcome.UNKNOWN
    assert outcome(small, digest("a", 9), missing("b")) is Outcome.FAIL


def test_facts_that_nobody_collected_are_unknown_and_never_an_empty_list() -> None:
    assert outcome("facts.fingerprint.file_digest.all(d, d.size_bytes < 5)") is Outcome.UNKNOWN
    assert outcome("size(facts.fingerprint.file_digest) == 0") is Outcome.UNKNOWN


def test_a_rule_that_goes_through_facts_judges_each_and_a_missing_one_is_unknown() -> None:
    rules = bound(asserted("fact.size_bytes < 5", ", each: fingerprint.file_digest"))
    record = judged(rules, digest("a", 3), missing("b"))
    found = {str(one.subject): (one.outcome, one.reason) for one in record.judgements}
    assert found == {"artifact a": (Outcome.PASS, None), "artifact b": (Outcome.UNKNOWN, Reason.UNREADABLE)}
    assert record.verdict is Verdict.BLOCKED


def test_a_finding_shows_the_values_it_read_and_stands_where_the_wrong_one_is() -> None:
    rules = bound(
        asserted("has(manifest.metadata) && manifest.metadata.sequence > params.least"),
        more="parameters: {least: {type: integer, default: 9, stricter: higher, words: the least}}\n",
    )
    finding = judged(rules, parameters={"least": 9}).judgements[0]
    assert (finding.place.line, finding.place.column) == (1, 33)
    assert "manifest.metadata.sequence is 4" in finding.causes
    assert "params.least is 9" in finding.causes
    assert finding.fixes[0].text == "mend it"


def test_a_message_fills_in_what_it_names() -> None:
    more = ', message: "sequence {manifest.metadata.sequence} is too low"'
    finding = judged(bound(asserted("manifest.metadata.sequence > 9", more))).judgements[0]
    assert finding.message == "sequence 4 is too low"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("manifest.metadata.name == 'kws'", Outcome.FAIL),
        ("manifest.metadata.name == 'other'", Outcome.NOT_APPLICABLE),
        ("manifest.metadata.nme == 'other'", Outcome.UNKNOWN),
        ("manifest.metadata.name == 3", Outcome.UNKNOWN),
    ],
)
def test_a_condition_takes_a_rule_out_only_when_it_is_definitely_false(when, expected) -> None:
    assert outcome("manifest.metadata.sequence > 9", more=f', when: "{when}"') is expected


FOUND = Base(state=BaseState.FOUND, claims={"metadata": {"sequence": 3}}, facts=FactBook([digest("a", 9)]))
GROWS = "fact.size_bytes <= base.fact.size_bytes"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (FOUND, Outcome.PASS),
        (NO_BASE, Outcome.UNKNOWN),
        (Base(state=BaseState.FIRST_RELEASE), Outcome.UNKNOWN),
        (Base(state=BaseState.BROKEN, detail="torn"), Outcome.UNKNOWN),
    ],
)
def test_having_no_base_is_never_a_pass(base, expected) -> None:
    assert outcome("manifest.metadata.sequence > base.manifest.metadata.sequence", base=base) is expected
    each = ", each: fingerprint.file_digest"
    assert outcome(GROWS, digest("a", 9), more=each, base=base) is expected


def test_a_rule_may_say_that_it_needs_a_base_and_a_broken_one_is_still_unknown() -> None:
    text, when = "manifest.metadata.sequence > 9", ', when: "has(base.manifest)"'
    assert outcome(text, more=when, base=NO_BASE) is Outcome.NOT_APPLICABLE
    assert outcome(text, more=when, base=FOUND) is Outcome.FAIL
    assert outcome(text, more=when, base=Base(state=BaseState.BROKEN, detail="torn")) is Outcome.UNKNOWN


def test_losing_a_subject_is_no_way_to_have_no_base() -> None:
    each = ', each: fingerprint.file_digest, when: "has(base.manifest)"'
    lost = Base(state=BaseState.FOUND, claims={}, facts=FactBook([digest("b", 1)]))
    guarded = "!has(base.fact.size_bytes) || fact.size_bytes <= base.fact.size_bytes"
    assert (
        outcome(guarded, digest("a", 9), more=each.replace("has(base.manifest)", "true"), base=lost) is Outcome.UNKNOWN
    )


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("manifst.a == 1", 1, "manifest"),
        ("facts.fingerprint.file_dgest.all(d, true)", 19, "file_digest"),
        ("params.lest > 1", 8, "least"),
        ("manifest.a == ", 15, "a value is expected"),
        ("fact.size_bytes > 1", 1, "fact"),
        ("manifest.name.matches('a')", 15, "matches"),
    ],
)
def test_a_wrong_expression_is_an_error_with_its_line_and_column(text, column, why) -> None:
    known = "parameters: {least: {type: integer, words: the least}}\n"
    body = pack(known + "rules:\n" + rule(decides=f'assert: "{text}"'))
    found = policy("", {"mine.yaml": body})
    with pytest.raises(GateError) as caught:
        bind_rules(found.rules, found.values)
    problem = caught.value.problems[0]
    written = body.decode().splitlines()[6].index(text)
    assert (problem.path, problem.line, problem.column - written) == ("mine.yaml", 7, column), str(problem)
    assert why in str(problem)


@pytest.mark.parametrize(
    "decides",
    [
        "check: fingerprint.digest_matches, assert: 'true'",
        "severity_note: x",
        "each: fingerprint.nothing, assert: 'true'",
    ],
)
def test_a_rule_decides_in_one_clear_way(decides) -> None:
    with pytest.raises(GateError):
        bound(rule(decides=decides))


def test_what_reads_signatures_belongs_to_their_area_and_so_cannot_be_waived() -> None:
    rules = bound(asserted("facts.signature.release_signature.all(s, true)"))
    assert rules[0].area == "signature"


def crash(environment: object) -> bool:
    raise ZeroDivisionError("by a hostile number")


def test_a_condition_that_crashes_is_an_error_of_its_rule_and_blocks() -> None:
    (one,) = bound(asserted("true == true", ", when: 'manifest.metadata.sequence > 3'"))
    formula = one.ways[0][0]
    broken = replace(formula, expression=replace(formula.expression, decide=crash))
    record = judged([replace(one, ways=((broken,),))])
    assert (record.judgements[0].outcome, record.verdict) == (Outcome.ERROR, Verdict.BLOCKED)


def test_what_has_no_work_left_gives_no_record_at_all_and_no_error_that_looks_like_a_finding() -> None:
    (one,) = bound(asserted("manifest.metadata.sequence > 3"))
    formula = replace(one.assertion.formula, meter=Meter(0))
    with pytest.raises(TooMuchWorkError):
        judged([replace(one, assertion=replace(one.assertion, formula=formula))])


def test_a_condition_about_facts_is_asked_of_the_facts_of_the_base() -> None:
    small = asserted(
        "manifest.metadata.sequence > 9", ", when: 'facts.fingerprint.file_digest.exists(d, d.size_bytes > 5)'"
    )
    now, before = digest("a", 1), digest("a", 9)
    base = Base(state=BaseState.FOUND, claims={"metadata": {}}, facts=FactBook([before]))
    assert judged(bound(small), now).judgements[0].outcome is Outcome.NOT_APPLICABLE
    assert judged(bound(small), now, base=base).judgements[0].outcome is Outcome.FAIL
    nothing = Base(state=BaseState.FOUND, claims={"metadata": {}}, facts=FactBook())
    assert judged(bound(small), now, base=nothing).judgements[0].outcome is Outcome.UNKNOWN


def test_a_condition_over_a_base_that_cannot_be_read_is_unknown() -> None:
    rules = bound(asserted("manifest.metadata.sequence > 9", ", when: 'manifest.metadata.sequence > 5'"))
    broken = Base(state=BaseState.BROKEN, detail="torn")
    record = judged(rules, base=broken)
    assert record.judgements[0].outcome is Outcome.UNKNOWN
    assert "torn" in record.judgements[0].message
