from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from formats_world import (
    HERE,
    HOSTILE,
    LINKS,
    filled_with,
    judgement,
    many,
    note,
    of,
    overview,
    record,
    review,
    warning,
)
from hypothesis import example, given, settings

from policy_gate.errors import Problem
from policy_gate.model import Outcome, Place, Severity
from policy_gate.report import sarif as sarif_report
from policy_gate.report.sarif import UNJUDGED, render_sarif

SCHEMA = Path(__file__).resolve().parents[2] / ".bench" / "sarif" / "schema.json"


@functools.cache
def validator():
    """The schema of SARIF 2.1.0 itself, where scripts/test_tools.sh could fetch it."""
    if not SCHEMA.is_file():
        pytest.skip("the schema of SARIF is not here: scripts/test_tools.sh fetches it where cargo is present")
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def run_of(made) -> dict:
    (run,) = json.loads(render_sarif(made))["runs"]
    return run


def results(made) -> list[dict]:
    return run_of(made)["results"]


def region(result: dict) -> dict:
    return result["locations"][0]["physicalLocation"]["region"]


def uri(result: dict) -> str:
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def own_rules(log: dict) -> None:
    """What SARIF 2.1.0 and GitHub ask beyond types: checked also where the schema is not here."""
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({one["id"] for one in rules}) == len(rules)
    assert isinstance(run["invocations"][0]["executionSuccessful"], bool)
    prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
    assert len(set(prints)) == len(prints)
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["message"]["text"]
        assert one["level"] in ("error", "warning", "note")
        assert ":" not in uri(one).partition("/")[0]
        assert not uri(one).startswith("/")
        found = region(one)
        assert 1 <= found["startLine"] <= found["endLine"]
        assert all(found.get(name, 1) >= 1 for name in ("startColumn", "endColumn"))


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
@example("/")
@example("")
def test_every_text_gives_a_log_that_readers_take(text) -> None:
    log = json.loads(render_sarif(filled_with(text)))
    own_rules(log)
    assert len(log["runs"][0]["results"]) == len(results(filled_with("kws")))


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_every_text_gives_a_log_that_the_schema_allows(text) -> None:
    errors = [
        f"{one.json_path}: {one.message}"
        for one in validator().iter_errors(json.loads(render_sarif(filled_with(text))))
    ]
    assert errors == []


def test_the_log_of_a_run_that_allows_everything_is_one_the_schema_allows() -> None:
    assert list(validator().iter_errors(json.loads(render_sarif(overview(record()))))) == []


def test_levels_are_those_of_the_verdict_and_the_gravest_come_first() -> None:
    found = results(of(note(), warning(), judgement(), judgement("SIG-001", severity=Severity.CRITICAL)))
    assert [(one["ruleId"], one["level"]) for one in found] == [
        ("SIG-001", "error"),
        ("COST-002", "error"),
        ("LIN-020", "warning"),
        ("LIN-021", "note"),
    ]


def test_a_fingerprint_knows_no_line_and_no_text() -> None:
    moved = judgement(message="other words", measured=9, place=replace(HERE, line=90, end_line=90))
    first, second = (results(of(one))[0]["partialFingerprints"] for one in (judgement(), moved))
    assert first == second


def test_a_fingerprint_knows_release_rule_subject_and_pointer() -> None:
    others = [
        of(judgement()),
        overview(record(judgement(), name="other")),
        of(judgement("COST-003")),
        of(judgement(place=replace(HERE, pointer="/b"))),
        of(judgement(subject=replace(judgement().subject, names=("x",)))),
    ]
    assert len({results(one)[0]["partialFingerprints"]["policyGateFinding/v1"] for one in others}) == 5


def test_rules_that_read_the_same_are_one_rule() -> None:
    own_rules(json.loads(render_sarif(of(judgement("A\n1"), judgement("A\t1"), judgement("A 1")))))


def test_columns_are_code_points_and_the_end_is_after_the_last_character() -> None:
    made = of(judgement())
    assert run_of(made)["columnKind"] == "unicodeCodePoints"
    assert region(results(made)[0]) == {"startLine": 3, "endLine": 3, "startColumn": 5, "endColumn": 9}


def test_a_place_without_a_line_is_line_1_without_columns() -> None:
    (found,) = results(of(judgement(place=Place(source="head", path="model/kws.onnx"))))
    assert region(found) == {"startLine": 1, "endLine": 1}


@pytest.mark.parametrize("path", ["a b/ü%20.yaml", "ab:c/release.yaml", "a#b?c.yaml", "音/r.yaml", "x[1].yaml"])
def test_a_path_is_a_relative_uri_that_reads_back(path) -> None:
    (found,) = results(of(judgement(place=replace(HERE, path=path))))
    assert uri(found).isascii()
    assert unquote(uri(found)) == path
    assert not set(uri(found)) & set(" #?:[]")


def test_a_place_in_the_base_is_shown_at_the_manifest() -> None:
    (found,) = results(of(judgement(place=replace(HERE, source="base:" + "ab" * 20, path="gone.yaml"))))
    assert uri(found) == "release.yaml"
    assert "gone.yaml:3:5" in found["message"]["text"]


def test_what_is_waived_is_a_suppressed_note() -> None:
    (found,) = results(of(judgement(outcome=Outcome.WAIVED, waiver="W-1", note="by lee until 2027-01-31")))
    assert found["level"] == "note"
    assert found["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "by lee until 2027-01-31"}
    ]


def test_what_passes_is_no_result() -> None:
    assert results(of(judgement(outcome=Outcome.PASS), judgement(outcome=Outcome.NOT_APPLICABLE))) == []


def test_a_run_that_could_not_judge_was_not_successful_and_is_not_clean() -> None:
    run = run_of(overview(problems=(Problem("unknown field", "other.yaml", 4, 2),), exit_code=2))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == ["unknown field"]
    assert [(one["ruleId"], one["level"], uri(one)) for one in run["results"]] == [(UNJUDGED, "error", "other.yaml")]


def test_a_run_that_blocks_was_successful_as_a_run() -> None:
    (invocation,) = run_of(of(judgement()))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)


def test_a_crashed_check_is_no_successful_run() -> None:
    assert not run_of(of(judgement(outcome=Outcome.ERROR), exit_code=3))["invocations"][0]["executionSuccessful"]


def test_a_message_holds_no_placeholder_and_no_link() -> None:
    (found,) = results(of(judgement(message="take [this](http://x.example) or {0}")))
    assert "\\[this\\](http" in found["message"]["text"]
    assert "{{0}}" in found["message"]["text"]


def test_brackets_that_link_nowhere_stay_as_they_are() -> None:
    (found,) = results(of(judgement(message="a shape of [1, 3, 8] at C:\\x")))
    assert "[1, 3, 8] at C:\\x" in found["message"]["text"]


def test_a_rule_says_its_fixes_and_how_to_hear_more() -> None:
    (rule,) = run_of(of(judgement(), judgement()))["tool"]["driver"]["rules"]
    assert rule["help"]["text"].splitlines() == [
        "Memory fits the arena.",
        "Fix: make the layer narrower",
        "Why, and what else mends it: policy-gate explain COST-002",
    ]
    assert "1. make the layer narrower\n" in rule["help"]["markdown"]
    assert rule["properties"] == {"tags": ["cost"], "severity": "high"}


def test_a_finding_about_the_policy_is_a_result() -> None:
    found = results(of(review=review(judgement("POL-001", place=replace(HERE, path="policy-gate.yaml")))))
    assert [(one["ruleId"], uri(one)) for one in found] == [("POL-001", "policy-gate.yaml")]


def test_where_the_commit_is_known_it_is_named() -> None:
    (found,) = run_of(of(judgement()))["versionControlProvenance"]
    assert found == {"repositoryUri": "https://github.example/acme/kws", "revisionId": LINKS.head}


def test_where_the_commit_is_no_commit_nothing_is_named() -> None:
    made = of(judgement(), links=replace(LINKS, head="javascript:alert(1)"))
    assert "versionControlProvenance" not in run_of(made)


def test_5000_findings_are_5000_results() -> None:
    log = json.loads(render_sarif(many(5000)))
    own_rules(log)
    assert len(log["runs"][0]["results"]) == 5000
    assert log["runs"][0]["properties"] == {"findings": 5000, "leftOut": 0}


def test_results_beyond_the_limit_are_left_out_from_the_least_grave_and_counted(monkeypatch) -> None:
    monkeypatch.setattr(sarif_report, "MAX_RESULTS", 3)
    problem = Problem("unknown field", "other.yaml")
    made = of(warning(), note(), judgement(), warning(), judgement("SIG-001"), problems=(problem,), exit_code=2)
    run = run_of(made)
    assert [one["ruleId"] for one in run["results"]] == [UNJUDGED, "COST-002", "SIG-001"]
    assert run["properties"] == {"findings": 6, "leftOut": 3}
    assert run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"].startswith("3 findings left out")


def test_results_of_one_identity_are_told_apart_by_number() -> None:
    prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in results(of(judgement(), judgement()))]
    assert [one.partition(":")[2] for one in prints] == ["1", "2"]
