from __future__ import annotations

from dataclasses import replace

from formats_world import HERE, HOSTILE, commands, filled_with, judgement, note, of, overview, record, review, warning
from hypothesis import given, settings

from policy_gate.errors import Problem
from policy_gate.model import Place
from policy_gate.report.annotations import render_annotations


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_no_text_of_a_repository_is_a_command_of_its_own(text) -> None:
    log = render_annotations(filled_with(text))
    found = commands(log)
    assert len(found) == log.count("\n") == len(log.splitlines())
    assert {one.name for one in found} <= {"error", "warning", "notice"}
    allowed = {"file", "line", "endLine", "col", "endColumn", "title"}
    assert all(set(one.properties) <= allowed for one in found)


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
def test_hostile_text_changes_neither_the_number_nor_the_kind_of_commands(text) -> None:
    kinds = [one.name for one in commands(render_annotations(filled_with(text)))]
    assert kinds == [one.name for one in commands(render_annotations(filled_with("kws")))]


def test_a_path_with_every_mark_of_a_command_is_read_back_as_it_was() -> None:
    place = replace(HERE, path="models/a:b,c%25=d%.yaml")
    (command,) = commands(render_annotations(of(judgement(place=place))))
    assert command.properties["file"] == "models/a:b,c%25=d%.yaml"
    assert command.properties["line"] == "3"


def test_what_fails_comes_first_then_warnings_and_the_rest_is_counted_exactly() -> None:
    found = [note() for _ in range(12)] + [warning() for _ in range(15)] + [judgement() for _ in range(23)]
    shown = commands(render_annotations(of(*found)))
    assert [one.name for one in shown] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert shown[-1].properties["title"] == "21 more findings"
    assert shown[-1].message.startswith("13 errors, 5 warnings and 3 notices are not shown here")


def test_nothing_is_counted_where_everything_is_shown() -> None:
    found = [note() for _ in range(10)] + [warning() for _ in range(10)] + [judgement() for _ in range(10)]
    shown = commands(render_annotations(of(*found)))
    assert len(shown) == 30
    assert "more finding" not in shown[-1].properties["title"]


def test_one_left_out_is_counted_as_one() -> None:
    shown = commands(render_annotations(of(*[judgement() for _ in range(11)])))
    assert shown[-1].properties["title"] == "1 more finding"
    assert shown[-1].message.startswith("1 error is not shown here")


def test_5000_findings_make_ten_errors_and_one_count() -> None:
    shown = commands(render_annotations(of(*[judgement() for _ in range(5000)])))
    assert [one.name for one in shown] == ["error"] * 10 + ["notice"]
    assert shown[-1].properties["title"] == "4,990 more findings"


def test_a_place_without_a_line_is_shown_at_line_1() -> None:
    (command,) = commands(render_annotations(of(judgement(place=Place(source="head", path="model/kws.onnx")))))
    assert command.properties | {"title": ""} == {"file": "model/kws.onnx", "line": "1", "endLine": "1", "title": ""}


def test_a_place_in_the_base_is_shown_at_the_manifest_and_said_in_words() -> None:
    place = Place(source="base:" + "ab" * 20, path="old.yaml", line=7, column=2, end_line=7, end_column=9)
    (command,) = commands(render_annotations(of(judgement(place=place))))
    assert (command.properties["file"], command.properties["line"]) == ("release.yaml", "1")
    assert "At: old.yaml:7:2 (base:" in command.message


def test_a_place_in_a_policy_is_no_file_of_the_pull_request() -> None:
    place = Place(source="policy", path="builtin:cost.yaml", line=7, column=2)
    (command,) = commands(render_annotations(of(judgement(place=place))))
    assert command.properties["file"] == "release.yaml"


def test_a_path_that_leads_out_of_the_repository_is_no_file() -> None:
    for path in ("/etc/passwd", "../x", "a/../../x", "C:\\x", "a\\b", "builtin:x"):
        (command,) = commands(render_annotations(of(judgement(place=replace(HERE, path=path)))))
        assert command.properties["file"] == "release.yaml"


def test_a_node_that_spans_lines_has_no_columns_and_ends_on_its_last_line() -> None:
    place = replace(HERE, end_line=6, end_column=1)
    (command,) = commands(render_annotations(of(judgement(place=place))))
    assert (command.properties["line"], command.properties["endLine"]) == ("3", "5")
    assert "col" not in command.properties


def test_a_whole_manifest_is_shown_at_its_first_line() -> None:
    (command,) = commands(render_annotations(of(judgement(place=replace(HERE, line=1, end_line=400)))))
    assert (command.properties["line"], command.properties["endLine"]) == ("1", "1")


def test_what_could_not_be_judged_is_an_error_before_all_others() -> None:
    problem = Problem("unknown field 'artefacts'", "other.yaml", 4, 2, "did you mean 'artifacts'?")
    shown = commands(render_annotations(of(judgement(), problems=(problem,), exit_code=2)))
    assert shown[0].name == "error"
    assert shown[0].properties["file"] == "other.yaml"
    assert (shown[0].properties["line"], shown[0].properties["col"]) == ("4", "2")
    assert shown[0].message == "unknown field 'artefacts'\ndid you mean 'artifacts'?"


def test_a_problem_of_no_file_says_so_in_its_words() -> None:
    (shown,) = commands(render_annotations(overview(problems=(Problem("no such bundle", "/tmp/x"),), exit_code=2)))
    assert "file" not in shown.properties
    assert shown.message == "/tmp/x: no such bundle"


def test_a_finding_about_the_policy_is_shown_in_the_file_that_changes() -> None:
    place = Place(source="head", path="policy-gate.yaml", line=7, column=1, end_line=7, end_column=2)
    run = of(judgement("FPR-001"), review=review(judgement("POL-001", place=place)))
    shown = commands(render_annotations(run))
    assert [one.properties["file"] for one in shown] == ["release.yaml", "policy-gate.yaml"]


def test_warnings_are_errors_where_the_run_fails_on_warnings() -> None:
    shown = commands(render_annotations(of(warning(), exit_code=1)))
    assert [one.name for one in shown] == ["error"]


def test_warnings_stay_warnings_beside_what_blocks() -> None:
    shown = commands(render_annotations(overview(record(warning()), record(judgement()))))
    assert [one.name for one in shown] == ["error", "warning"]


def test_a_message_is_cut_before_the_runner_cuts_it() -> None:
    (command,) = commands(render_annotations(of(judgement(message="m" * 10_000, causes=("c" * 5000,) * 9))))
    assert len(command.message) <= 4096


def test_a_run_that_allows_everything_says_nothing() -> None:
    assert render_annotations(overview(record())) == ""
