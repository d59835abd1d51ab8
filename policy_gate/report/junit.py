"""The format `junit`: a test suite for each release and a test case for each judgement, as CI services read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from policy_gate.errors import Problem
from policy_gate.model import Outcome, Record
from policy_gate.overview import Overview
from policy_gate.report.escaping import clip, xml_text
from policy_gate.report.findings import (
    MAX_WORDS,
    SHOWN,
    Finding,
    Level,
    Spot,
    annotated_message,
    judged,
    message_of,
    problem_message,
    problem_spot,
    word_of,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

COUNTED = ("failure", "error", "skipped")
PLURALS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(overview: Overview) -> str:
    """The whole run as XML 1.0: what fails the run is a failure, what could not be established is an error.

    Findings that only warn or are recorded, what is waived and what does not apply are skipped, with their words.
    """
    from xml.etree.ElementTree import indent, tostring  # a run that writes no XML does not pay

    top = _element("testsuites", name=overview.name)
    by_record = groupby(judged(overview), key=lambda one: id(one.record) if one.record is not None else None)
    cases = {key: list(found) for key, found in by_record}
    top.extend(_release(record, cases.get(id(record), [])) for record in overview.records)
    if overview.review is not None:
        top.append(_suite("policy change", map(_case, cases.get(None, [])), {"verdict": overview.review.verdict.value}))
    if overview.problems:
        top.append(_suite("could not be judged", map(_problem, overview.problems), {}))
    _count(top, list(top))
    indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, encoding="unicode")}\n'


def _element(tag: str, text: str = "", /, **attributes: str) -> Element:
    """An element whose every text is one that XML can hold."""
    from xml.etree.ElementTree import Element

    made = Element(tag, {name: xml_text(one) for name, one in attributes.items()})
    made.text = xml_text(text) or None
    return made


def _release(record: Record, found: Sequence[Finding]) -> Element:
    release = record.release
    properties = {
        "release": release.name,
        "version": release.version,
        "sequence": str(release.sequence),
        "manifest": release.path,
        "manifest_digest": release.manifest_digest,
        "base": record.base.version if record.base is not None else record.base_note,
        "stage": record.stage.value,
        "policy": ", ".join(record.policy),
        "verdict": record.verdict.value,
    }
    return _suite(f"{clip(release.name)} {clip(release.version)}", map(_case, found), properties)


def _suite(name: str, cases: Iterable[Element], properties: dict[str, str]) -> Element:
    suite = _element("testsuite", name=name)
    listed = list(cases)
    _count(suite, listed)
    if properties:
        table = _element("properties")
        table.extend(_element("property", name=key, value=clip(one)) for key, one in properties.items())
        suite.append(table)
    suite.extend(listed)
    return suite


def _count(parent: Element, children: Sequence[Element]) -> None:
    """Count the cases of a suite, or add up the suites of the run; no time is known, and parsers want one."""
    are_cases = all(one.tag == "testcase" for one in children)
    tests = len(children) if are_cases else sum(int(one.get("tests", 0)) for one in children)
    parent.set("tests", str(tests))
    for tag in COUNTED:
        here = sum(one.find(tag) is not None if are_cases else int(one.get(PLURALS[tag], 0)) for one in children)
        parent.set(PLURALS[tag], str(here))
    parent.set("time", "0")


def _case(finding: Finding) -> Element:
    judgement = finding.judgement
    name = f"{clip(judgement.rule)} {clip(judgement.title)}: {clip(str(judgement.subject))}"
    group = f"{clip(finding.release) or 'policy'}.{clip(judgement.area)}"
    case = _element("testcase", classname=group, name=name, **_at(finding.spot), time="0")
    case.extend(_result(finding))
    return case


def _at(spot: Spot) -> dict[str, str]:
    line = {"line": str(spot.line)} if spot.line else {}
    return {"file": spot.path, **line} if spot.path else {}


def _result(finding: Finding) -> Iterator[Element]:
    """What became of a case: one element, or none where it passed."""
    judgement = finding.judgement
    word = word_of(judgement)
    message = clip(message_of(judgement), MAX_WORDS)
    if judgement.outcome is Outcome.WAIVED:
        yield _element("skipped", message=f"waived: {clip(judgement.note, MAX_WORDS)}")
    elif judgement.outcome is Outcome.NOT_APPLICABLE:
        yield _element("skipped", message=f"does not apply: {message}")
    elif judgement.outcome in SHOWN and finding.level is not Level.FAILURE:
        yield _element("skipped", annotated_message(finding), message=f"{word}: {message}")
    elif judgement.outcome in SHOWN:
        tag = "failure" if judgement.outcome is Outcome.FAIL else "error"
        yield _element(tag, annotated_message(finding), message=message, type=word)


def _problem(problem: Problem) -> Element:
    spot = problem_spot(problem)
    message = problem_message(problem, spot)
    case = _element("testcase", classname="policy-gate", name=clip(message), **_at(spot), time="0")
    case.append(_element("error", message, message=clip(problem.message, MAX_WORDS), type="unjudged"))
    return case
