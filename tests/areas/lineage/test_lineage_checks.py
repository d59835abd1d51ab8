from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policy_gate.areas.lineage import AREA, checks, checks_terms
from policy_gate.areas.lineage.checks_terms import LicenseLists, TermLimits
from policy_gate.areas.lineage.facts import (
    Cycle,
    LineageGraph,
    NodeDigest,
    NodeLicense,
    NodeOrigin,
    NodeTerm,
    OriginProblem,
    Orphan,
    ReleasedArtifact,
    ReleaseLicense,
    ReleaseProblem,
    StatedDay,
    TermKind,
)
from policy_gate.areas.lineage.licence_names import read_licence
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome, Subject
from policy_gate.policy.limits import bind_limits

SUBJECT = Subject("dataset", ("dataset:speech",))
A, B = "sha256:" + "a1" * 32, "sha256:" + "b2" * 32
PACK = yaml.safe_load((Path(__file__).resolve().parents[3] / "policies/lineage.yaml").read_text(encoding="utf-8"))
DEFAULTS = {name: tuple(one["default"]) for name, one in PACK["spec"]["parameters"].items() if "licenses" in name}
LISTS = LicenseLists(
    allowed=DEFAULTS["allowed_licenses"], review=DEFAULTS["review_licenses"], denied=DEFAULTS["denied_licenses"]
)


def graph(**changes) -> LineageGraph:
    whole = {"nodes": 3, "activities": 2, "cycles": (), "orphans": (), "sources": ("dataset:speech",), **changes}
    return LineageGraph(subject=RELEASE, pointer="/lineage", **whole)


def digest(**changes) -> NodeDigest:
    return NodeDigest(subject=SUBJECT, pointer="/d", **{"path": "data/x", "claimed": A, "computed": A, **changes})


def origin(problem=OriginProblem.NONE, **changes) -> NodeOrigin:
    return NodeOrigin(subject=SUBJECT, pointer="/o", node="dataset:speech", problem=problem, **changes)


def licence(expression: str, **changes) -> NodeLicense:
    read = read_licence(expression)
    return NodeLicense(
        subject=SUBJECT,
        pointer="/l",
        claimed=expression,
        spdx=read.spdx,
        problem=read.problem,
        suggestion=read.suggestion,
        own_terms=read.own_terms,
        **changes,
    )


def term(days_left: int, kind=TermKind.CONSENT) -> NodeTerm:
    return NodeTerm(
        subject=SUBJECT, pointer="/t", term=kind, personal_data="identifiable", until="2026-12-01", days_left=days_left
    )


def test_a_stated_digest_holds_only_for_the_same_bytes() -> None:
    assert checks.digest_holds(digest()).outcome is Outcome.PASS
    failed = checks.digest_holds(digest(computed=B))
    assert failed.outcome is Outcome.FAIL
    assert (failed.measured, failed.limit, failed.fixes[1].replacement) == (B, A, B)


def test_a_placeholder_fails_even_beside_itself() -> None:
    assert checks.digest_holds(digest(placeholder="it repeats")).outcome is Outcome.FAIL


def test_a_digest_that_was_not_computed_does_not_hold() -> None:
    assert checks.digest_holds(digest(computed="")).outcome is Outcome.FAIL


def test_a_circle_fails_and_is_printed_at_a_readable_length() -> None:
    assert checks.acyclic(graph()).outcome is Outcome.PASS
    long = Cycle(path=(*(f"n{i}" for i in range(5000)), "n0"), pointer="/lineage/activities/7/uses/0")
    failed = checks.acyclic(graph(cycles=(long, Cycle(path=("a", "a"), pointer="/x"))))
    assert failed.outcome is Outcome.FAIL
    assert failed.pointer == "/lineage/activities/7/uses/0"
    assert failed.message.endswith("n6 → … 4993 more … → n0")
    assert failed.causes == ("another circle: a → a",)


@pytest.mark.parametrize("problem", [one for one in OriginProblem if one is not OriginProblem.NONE])
@pytest.mark.parametrize("dead_end", ["", "dataset:x"])
def test_every_problem_of_an_origin_fails_with_words_and_a_fix(problem, dead_end) -> None:
    failed = checks.reaches_source(origin(problem, dead_end=dead_end, suggestion="dataset:speech"))
    assert failed.outcome is Outcome.FAIL
    assert "'dataset:speech'" in failed.message
    assert failed.fixes


def test_a_node_that_goes_back_to_a_source_passes() -> None:
    assert checks.reaches_source(origin()).outcome is Outcome.PASS


@pytest.mark.parametrize("problem", list(ReleaseProblem))
def test_an_artifact_passes_only_without_any_problem(problem) -> None:
    fact = ReleasedArtifact(
        subject=Subject("artifact", ("kws",)), pointer="/a", node="artifact:kws", problem=problem, computed=A
    )
    expected = Outcome.PASS if problem is ReleaseProblem.NONE else Outcome.FAIL
    assert checks.artifact_in_graph(fact).outcome is expected


def test_orphans_are_counted_and_the_first_is_placed() -> None:
    assert checks.no_orphans(graph()).outcome is Outcome.PASS
    failed = checks.no_orphans(graph(orphans=tuple(Orphan(node=f"n{i}", pointer=f"/{i}") for i in range(9))))
    assert (failed.outcome, failed.measured, failed.pointer) == (Outcome.FAIL, 9, "/0")
    assert "n4 and 4 more" in failed.message


def test_a_licence_that_is_read_passes_and_says_as_what() -> None:
    passed = checks_terms.license_is_spdx(licence("https://creativecommons.org/licenses/by/4.0/"))
    assert passed.outcome is Outcome.PASS
    assert passed.message.endswith("read as CC-BY-4.0")


@pytest.mark.parametrize("expression", ["", "other", "MIT/Apache-2.0", "cc-by", "a" * 4000, "MIT\x1b[31m"])
def test_what_is_no_expression_fails_with_a_fix_and_cannot_be_allowed(expression) -> None:
    failed = checks_terms.license_is_spdx(licence(expression))
    assert failed.outcome is Outcome.FAIL
    assert failed.fixes
    assert failed.message.isprintable()
    assert len(failed.message) < 300
    unknown = checks_terms.license_allowed(licence(expression), LISTS)
    assert (unknown.outcome, unknown.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)


@pytest.mark.parametrize(
    ("expression", "outcome", "words"),
    [
        ("CC0-1.0", Outcome.PASS, "allowed"),
        ("CC-BY-4.0", Outcome.PASS, "allowed"),
        ("CC-BY-3.0-US", Outcome.PASS, "allowed"),
        ("CC-BY-2.5-AU", Outcome.PASS, "allowed"),
        ("CDLA-Permissive-2.0", Outcome.PASS, "allowed"),
        ("CC-BY-NC-4.0 OR MIT", Outcome.PASS, "allowed"),
        ("CC-BY-SA-4.0", Outcome.FAIL, "reviewed"),
        ("ODbL-1.0", Outcome.FAIL, "reviewed"),
        ("CDLA-Sharing-1.0", Outcome.FAIL, "reviewed"),
        ("CC-BY-NC-4.0", Outcome.FAIL, "denied"),
        ("CC-BY-NC-SA-2.0-FR", Outcome.FAIL, "denied"),
        ("CC-BY-ND-4.0", Outcome.FAIL, "denied"),
        ("CC-BY-NC-ND-3.0-IGO", Outcome.FAIL, "denied"),
        ("CC-BY-NC-4.0 AND MIT", Outcome.FAIL, "denied"),
        ("GPL-3.0-only", Outcome.FAIL, "none of the policy's lists"),
        ("BSD-Protection", Outcome.FAIL, "none of the policy's lists"),
        ("LicenseRef-Own", Outcome.FAIL, "no file gives its text"),
    ],
)
def test_the_shipped_lists_judge_a_licence(expression, outcome, words) -> None:
    answer = checks_terms.license_allowed(licence(expression), LISTS)
    assert answer.outcome is outcome
    assert words in answer.message
    assert "not legal advice" in answer.message


def test_an_own_licence_needs_its_text_and_an_entry_in_the_policy() -> None:
    lists = LicenseLists(allowed=("LicenseRef-Own",))
    assert checks_terms.license_allowed(licence("LicenseRef-Own"), lists).outcome is Outcome.FAIL
    with_text = licence("LicenseRef-Own", text="data/own.txt")
    assert checks_terms.license_allowed(with_text, lists).outcome is Outcome.PASS
    assert checks_terms.license_allowed(with_text, LISTS).outcome is Outcome.FAIL


def test_a_text_that_cannot_be_read_is_unknown_for_every_licence() -> None:
    fact = licence("CC-BY-4.0", text="data/absent.txt", text_problem="there is no 'data/absent.txt'")
    answer = checks_terms.license_allowed(fact, LISTS)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_IN_TREE)


def test_an_allowed_licence_inside_a_denied_whole_is_named_as_not_deciding() -> None:
    answer = checks_terms.license_allowed(licence("MIT AND CC-BY-NC-4.0"), LISTS)
    assert answer.causes == ("decided by CC-BY-NC-4.0 in MIT AND CC-BY-NC-4.0",)
    assert answer.limit == "*-NC-*"


@pytest.mark.parametrize(
    ("days_left", "minimum", "outcome"),
    [
        (0, 0, Outcome.PASS),
        (-1, 0, Outcome.FAIL),
        (29, 30, Outcome.FAIL),
        (30, 30, Outcome.PASS),
        (-999999, 0, Outcome.FAIL),
    ],
)
def test_a_term_counts_its_last_day(days_left, minimum, outcome) -> None:
    answer = checks_terms.term_not_over(term(days_left), TermLimits(min_days_left=minimum))
    assert answer.outcome is outcome


def test_data_of_no_person_has_no_term_to_judge() -> None:
    answer = checks_terms.term_not_over(term(0, TermKind.NONE), TermLimits())
    assert answer.outcome is Outcome.NOT_APPLICABLE


def test_today_is_not_the_future_and_tomorrow_is() -> None:
    for ahead, outcome in ((-1, Outcome.PASS), (0, Outcome.PASS), (1, Outcome.FAIL)):
        fact = StatedDay(subject=RELEASE, pointer="/asof", what="asof", day="2026-11-23", days_ahead=ahead)
        assert checks_terms.not_in_future(fact).outcome is outcome


def test_the_licence_of_the_release_is_an_expression_and_the_same_everywhere() -> None:
    def stated(spdx: str, **changes) -> ReleaseLicense:
        return ReleaseLicense(subject=RELEASE, pointer="/metadata/license", claimed="MIT", spdx=spdx, **changes)

    assert checks_terms.release_license_is_spdx(stated("MIT")).outcome is Outcome.PASS
    assert checks_terms.release_license_is_spdx(stated("", problem="it is empty")).outcome is Outcome.FAIL
    assert checks_terms.release_license_is_spdx(stated("MIT", contradicts="ISC")).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "entry", ["", "MIT OR ISC", "[a-z]*", "MIT?", "-MIT", "MIT WITH ", "MIT\n", "a" * 300, 7, "МIT"]
)
def test_a_list_of_licences_holds_ids_and_nothing_else(entry) -> None:
    limits, problems = bind_limits(LicenseLists, {"allowed": [entry]})
    assert limits is None
    assert problems


def test_a_policy_must_say_which_licences_it_allows() -> None:
    assert bind_limits(LicenseLists, {})[1]


def test_every_rule_of_the_pack_names_a_check_of_the_area_and_every_check_has_a_rule() -> None:
    used = [
        rule["check"] if isinstance(rule["check"], str) else next(iter(rule["check"])) for rule in PACK["spec"]["rules"]
    ]
    assert sorted(used) == sorted(AREA.checks)


def test_the_shipped_lists_are_valid_limits_without_overlap() -> None:
    limits, problems = bind_limits(
        LicenseLists, {key.removesuffix("_licenses"): list(value) for key, value in DEFAULTS.items()}
    )
    assert problems == []
    assert not set(limits.allowed) & {*limits.review, *limits.denied}
