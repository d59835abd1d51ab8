"""The format `sarif`: findings as SARIF 2.1.0 (OASIS), as code scanning and editors read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from policy_gate.errors import Problem
from policy_gate.model import Judgement
from policy_gate.overview import Overview
from policy_gate.publication import finding_key, short_digest
from policy_gate.record import canonical
from policy_gate.report.escaping import clip, markdown_prose, safe, sarif_message
from policy_gate.report.findings import (
    MAX_WORDS,
    Finding,
    Level,
    Spot,
    annotated_message,
    counted,
    findings,
    is_file_path,
    problem_message,
    problem_spot,
    waived,
)
from policy_gate.report.markdown import object_id, repository_url

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
"""Results of one run that GitHub takes; of those it keeps the 5,000 gravest (SARIF support, limits of an upload)."""
MAX_RULE_FIXES = 5
LEVELS = {Level.FAILURE: "error", Level.WARNING: "warning", Level.NOTICE: "note"}
GRAVEST = ("error", "warning", "note")
UNJUDGED = "policy-gate/unjudged"
UNJUDGED_TITLE = "What could not be judged is not allowed"
FINGERPRINT = "policyGateFinding/v1"
GITHUB_FINGERPRINT = "primaryLocationLineHash"
"""The only fingerprint GitHub reads; where it is absent, the uploader hashes lines, and findings change with them."""

Tree = dict[str, object]


def render_sarif(overview: Overview) -> str:
    """One run as one line of JSON: the gravest first, then what is waived, as suppressed results.

    What could not be judged is a result too: an upload without it would look as if every earlier finding was fixed.
    """
    found = [*findings(overview), *waived(overview)]
    problems = overview.problems[:MAX_RESULTS]
    listed = found[: MAX_RESULTS - len(problems)]
    left_out = len(found) + len(overview.problems) - len(listed) - len(problems)
    rules = _Rules(listed, bool(problems))
    results = [*(_problem(overview, one) for one in problems), *(_result(one, rules) for one in listed)]
    run: Tree = {
        "tool": {"driver": {"name": "policy-gate", "version": safe(overview.tool_version), "rules": rules.described()}},
        "automationDetails": {"id": f"{_path(overview.name)}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(overview, left_out)],
        "results": _told_apart(results),
        "properties": {"findings": len(found) + len(overview.problems), "leftOut": left_out},
    }
    repository, commit = repository_url(overview.links), object_id(overview.links.head)
    if repository and commit:
        run["versionControlProvenance"] = [{"repositoryUri": repository, "revisionId": commit}]
    return canonical({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


class _Rules:
    """The rules that results refer to, in the order in which they come up."""

    def __init__(self, found: Sequence[Finding], unjudged: bool) -> None:
        self._found: dict[str, list[Finding]] = {}
        for one in found:
            self._found.setdefault(_id(one.judgement), []).append(one)
        self._start = [_unjudged_rule()] if unjudged else []
        self._index = {rule: at for at, rule in enumerate(self._found, start=len(self._start))}

    def index(self, judgement: Judgement) -> int:
        """Where a rule stands in the list."""
        return self._index[_id(judgement)]

    def described(self) -> list[Tree]:
        """All rules with their words."""
        return [*self._start, *(_rule(found) for found in self._found.values())]


def _id(judgement: Judgement) -> str:
    return safe(clip(judgement.rule))


def _rule(found: Sequence[Finding]) -> Tree:
    first = found[0].judgement
    fixes = list(dict.fromkeys(clip(fix.text, MAX_WORDS) for one in found[:50] for fix in one.judgement.fixes))
    fixes = fixes[:MAX_RULE_FIXES]
    explain = f"policy-gate explain {first.rule}"
    text = [f"{first.title}.", *(f"Fix: {one}" for one in fixes), f"Why, and what else mends it: {explain}"]
    steps = "".join(f"{at}. {markdown_prose(one, MAX_WORDS)}\n" for at, one in enumerate(fixes, start=1))
    words = (
        f"**{markdown_prose(first.title)}**\n\n{steps}\nWhy, and what else mends it: {markdown_prose(f'`{explain}`')}\n"
    )
    return {
        "id": _id(first),
        "shortDescription": {"text": safe(clip(first.title))},
        "fullDescription": {"text": safe(clip(first.title))},
        "help": {"text": "\n".join(safe(one) for one in text), "markdown": words},
        "defaultConfiguration": {"level": min((_level(one) for one in found), key=GRAVEST.index)},
        "properties": {"tags": [safe(clip(first.area))], "severity": first.severity.value},
    }


def _unjudged_rule() -> Tree:
    words = "Mend what the message names, then judge again: until then nobody knows what the releases are."
    return {
        "id": UNJUDGED,
        "shortDescription": {"text": UNJUDGED_TITLE},
        "fullDescription": {"text": UNJUDGED_TITLE},
        "help": {"text": words, "markdown": words},
        "defaultConfiguration": {"level": "error"},
    }


def _result(finding: Finding, rules: _Rules) -> Tree:
    judgement = finding.judgement
    result: Tree = {
        "ruleId": _id(judgement),
        "ruleIndex": rules.index(judgement),
        "level": _level(finding),
        "message": {"text": _message(annotated_message(finding))},
        "locations": [_location(finding.spot, judgement)],
        "partialFingerprints": {FINGERPRINT: _fingerprint(finding)},
        "properties": {"outcome": judgement.outcome.value, "mode": judgement.mode.value, "release": _named(finding)},
    }
    if judgement.waiver:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": safe(clip(judgement.note, MAX_WORDS))}
        ]
    return result


def _level(finding: Finding) -> str:
    """What is waived is a note, since not every reader of SARIF looks at suppressions."""
    return "note" if finding.judgement.waiver else LEVELS[finding.level]


def _problem(overview: Overview, problem: Problem) -> Tree:
    spot = problem_spot(problem)
    first = next((one.release.path for one in overview.records if is_file_path(one.release.path)), "")
    shown = spot if spot.path else Spot(path=first)
    return {
        "ruleId": UNJUDGED,
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": _message(problem_message(problem, spot))},
        "locations": [_location(shown)],
        "partialFingerprints": {FINGERPRINT: short_digest(f"{problem.path}\n{problem.message}")},
    }


def _location(spot: Spot, judgement: Judgement | None = None) -> Tree:
    """Lines of a file; GitHub wants a file with every result."""
    region: Tree = {"startLine": max(1, spot.line), "endLine": max(1, spot.line, spot.end_line)}
    if spot.column:
        region |= {"startColumn": spot.column}
        region |= {"endColumn": spot.end_column} if spot.end_column else {}
    file = {"uri": _path(spot.path or "policy-gate.yaml"), "uriBaseId": "%SRCROOT%"}
    location: Tree = {"physicalLocation": {"artifactLocation": file, "region": region}}
    if judgement is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": safe(clip(str(judgement.subject)))}]
    return location


def _invocation(overview: Overview, left_out: int) -> Tree:
    failed = bool(overview.problems) or overview.exit_code not in (0, 1)
    notifications = [_notification(one) for one in overview.problems[:MAX_RESULTS]]
    if left_out:
        words = f"{counted(left_out, 'finding')} left out: one run holds {MAX_RESULTS:,}. The JSON report has all."
        notifications.append({"level": "warning", "message": {"text": words}})
    return {
        "executionSuccessful": not failed,
        "exitCode": overview.exit_code,
        "toolExecutionNotifications": notifications,
    }


def _notification(problem: Problem) -> Tree:
    spot = problem_spot(problem)
    where = {"locations": [_location(spot)]} if spot.path else {}
    return {"level": "error", "message": {"text": _message(problem_message(problem, spot))}, **where}


def _told_apart(results: Iterable[Tree]) -> list[Tree]:
    """Results with the fingerprint GitHub reads: of equal ones the second says 2, as its own uploader does."""
    seen: Counter[str] = Counter()
    told = []
    for result in results:
        prints = result["partialFingerprints"]
        own = prints[FINGERPRINT] if isinstance(prints, dict) else ""
        seen[own] += 1
        told.append({**result, "partialFingerprints": {FINGERPRINT: own, GITHUB_FINGERPRINT: f"{own}:{seen[own]}"}})
    return told


def _fingerprint(finding: Finding) -> str:
    """Release, rule, subject and pointer: no line and no text, so that it stays when the file around it changes."""
    return finding_key(finding.release, finding.judgement.finding_id)


def _named(finding: Finding) -> str:
    if finding.record is None:
        return ""
    return safe(f"{clip(finding.record.release.name)} {clip(finding.record.release.version)}")


def _message(lines: str) -> str:
    return "\n".join(sarif_message(one) for one in lines.split("\n"))


def _path(path: str) -> str:
    """A path as a relative URI reference (RFC 3986): a colon in its first part would be a scheme."""
    return quote(path, safe="/", errors="backslashreplace")
