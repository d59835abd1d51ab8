from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from formats_world import HOSTILE, filled_with, judgement, many, note, of, overview, record, review, warning
from hypothesis import example, given, settings

from policy_gate.errors import Problem, Reason
from policy_gate.model import Outcome
from policy_gate.report.junit import render_junit

COUNTS = ("tests", "failures", "errors", "skipped")


def parsed(run):
    return ET.fromstring(render_junit(run).encode("utf-8"))


def counts(element) -> tuple[int, ...]:
    return tuple(int(element.get(name)) for name in COUNTS)


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
@example("\ufffe\uffff\x00\x0b\udcff\x1b]]>&<")
def test_every_text_gives_xml_that_a_parser_takes(text) -> None:
    top = parsed(filled_with(text))
    assert {one.tag for one in top.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped")
    }
    assert counts(top) == counts(parsed(filled_with("kws")))


@pytest.mark.parametrize(
    ("made", "tag", "words"),
    [
        (judgement(), "failure", "kws takes more than the target has"),
        (judgement(outcome=Outcome.UNKNOWN, reason=Reason.LFS_POINTER), "error", "LFS pointer: kws takes"),
        (judgement(outcome=Outcome.ERROR, reason=Reason.CRASHED), "error", "kws takes more"),
        (warning(outcome=Outcome.ERROR), "error", "kws takes more"),
        (warning(), "skipped", "warn: kws takes more"),
        (note(), "skipped", "audit: kws takes more"),
        (judgement(outcome=Outcome.WAIVED, waiver="W-1", note="until 2027-01-31"), "skipped", "waived: until 2027"),
        (judgement(outcome=Outcome.NOT_APPLICABLE, message="no model"), "skipped", "does not apply: no model"),
    ],
)
def test_a_judgement_that_does_not_pass_says_why(made, tag, words) -> None:
    (found,) = parsed(of(made)).iter(tag)
    assert words in found.get("message")


def test_what_passes_has_nothing_in_it() -> None:
    (case,) = parsed(of(judgement(outcome=Outcome.PASS))).iter("testcase")
    assert list(case) == []
    assert (case.get("file"), case.get("line")) == ("release.yaml", "3")


def test_a_warning_is_a_failure_where_the_run_fails_on_warnings() -> None:
    assert counts(parsed(of(warning(), exit_code=1))) == (1, 1, 0, 0)


def test_there_is_a_suite_for_each_release_and_they_add_up() -> None:
    top = parsed(overview(record(judgement(), warning(), name="a"), record(judgement(outcome=Outcome.PASS), name="b")))
    assert [(one.get("name"), counts(one)) for one in top] == [("a 1.4.0", (2, 1, 0, 1)), ("b 1.4.0", (1, 0, 0, 0))]
    assert counts(top) == (3, 1, 0, 1)


def test_what_could_not_be_judged_is_a_suite_of_errors() -> None:
    top = parsed(overview(problems=(Problem("unknown field", "other.yaml", 4),), exit_code=2))
    (suite,) = top
    assert (suite.get("name"), counts(suite)) == ("could not be judged", (1, 0, 1, 0))
    (case,) = suite.iter("testcase")
    assert (case.get("file"), case.get("line")) == ("other.yaml", "4")


def test_what_is_said_of_the_policy_is_a_suite() -> None:
    top = parsed(of(judgement("FPR-001"), review=review(judgement("POL-001"))))
    assert [one.get("name") for one in top] == ["kws-en 1.4.0", "policy change"]
    assert counts(top) == (2, 2, 0, 0)


def test_two_releases_of_equal_judgements_keep_their_own() -> None:
    top = parsed(overview(record(judgement()), record(judgement()), record()))
    assert [counts(one)[0] for one in top] == [1, 1, 0]


def test_5000_findings_are_5000_cases() -> None:
    assert counts(parsed(many(5000))) == (5000, 5000, 0, 0)
