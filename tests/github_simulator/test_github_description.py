from __future__ import annotations

import github_description
import pytest
from github_calls import ROUTES
from github_description import ABSENT
from github_server import running
from simulator_client import COMMENTS, PULL, REPO, ask, lay_world


@pytest.fixture
def described(hub, description):
    if description is None:
        pytest.skip(ABSENT)
    lay_world(hub)
    yield hub
    hub.violations.clear()


def test_every_operation_of_the_simulator_is_one_of_githubs(description) -> None:
    if description is None:
        pytest.skip(ABSENT)
    unknown = [one.template for one in ROUTES if one.method.lower() not in description.paths.get(one.template, {})]
    assert unknown == []


@pytest.mark.parametrize(
    ("method", "path", "sent", "fault"),
    [
        ("POST", COMMENTS, {"text": "words"}, "'body' is a required property"),
        ("POST", COMMENTS, {"body": "words", "colour": "red"}, "'colour' was unexpected"),
        ("POST", COMMENTS, {"body": 1}, "1 is not of type 'string'"),
        ("POST", COMMENTS, None, "the body is missing"),
        ("POST", f"{PULL}/reviews", {"event": "SHOUT"}, "'SHOUT' is not one of"),
        ("POST", f"{PULL}/reviews", {"event": "COMMENT", "comments": [{"path": "a"}]}, "'body' is a required property"),
        ("POST", f"{PULL}/reviews", {"comments": [{"path": "a", "body": "b", "lines": 1}]}, "'lines' was unexpected"),
        ("POST", f"{REPO}/check-runs", {"name": "gate"}, "'head_sha' is a required property"),
        (
            "POST",
            f"{REPO}/check-runs",
            {"name": "g", "head_sha": "0", "output": {"title": "t"}},
            "'summary' is a required",
        ),
        ("POST", f"{REPO}/check-runs", {"name": "g", "head_sha": "0", "conclusion": "fine"}, "'fine' is not one of"),
        ("GET", f"{PULL}/files?page=two", None, "'two' is not of type 'integer'"),
        ("GET", f"{PULL}/files?per-page=100", None, "no query parameter 'per-page'"),
        ("GET", PULL, {}, "takes no body"),
    ],
)
def test_a_request_that_the_description_forbids_is_refused_and_remembered(method, path, sent, fault, described) -> None:
    assert ask(described, method, path, sent).status == 422
    assert any(fault in one for one in described.violations), described.violations
    assert described.writes == []


def test_more_annotations_than_the_description_allows_are_refused(described) -> None:
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    sent = {"name": "g", "head_sha": "0" * 40, "output": {"title": "t", "summary": "s", "annotations": [note] * 51}}
    assert ask(described, "POST", f"{REPO}/check-runs", sent).status == 422
    assert "is too long" in described.violations[0]


def test_an_answer_that_is_not_githubs_is_remembered(described, monkeypatch) -> None:
    from github_shapes import Shapes

    monkeypatch.setattr(Shapes, "file", lambda *_: {"filename": 1})
    ask(described, "GET", f"{PULL}/files")
    assert any("1 is not of type 'string'" in one for one in described.violations)


def test_an_operation_nobody_knows_is_remembered(described) -> None:
    assert ask(described, "GET", f"{REPO}/issues/1/reactions").status == 404
    assert ask(described, "PUT", PULL).status == 404
    assert len(described.violations) == 2


def test_what_is_no_json_is_refused(described) -> None:
    assert ask(described, "POST", COMMENTS, b"{").status == 400


def test_a_simulator_that_breaks_says_so(described, monkeypatch) -> None:
    from github_shapes import Shapes

    monkeypatch.setattr(Shapes, "file", lambda *_: 1 // 0)
    with pytest.raises(ConnectionError):
        ask(described, "GET", f"{PULL}/files")
    assert any("ZeroDivisionError" in one for one in described.violations)


def test_without_the_description_its_own_rules_still_hold() -> None:
    with running(None) as alone:
        lay_world(alone)
        assert ask(alone, "POST", COMMENTS, {"body": "words"}).status == 201
        assert ask(alone, "POST", COMMENTS, {"body": "x" * 65_537}).status == 422
        assert ask(alone, "POST", COMMENTS, {"body": "words"}, token="reader").status == 403
        assert alone.violations == []


def test_a_description_that_is_named_has_to_be_there(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(github_description, "INSTALLED", tmp_path / "none.json")
    monkeypatch.delenv(github_description.VARIABLE, raising=False)
    assert github_description.find_description() is None
    monkeypatch.setenv(github_description.VARIABLE, str(tmp_path / "other.json"))
    with pytest.raises(FileNotFoundError, match="which is no file"):
        github_description.find_description()
