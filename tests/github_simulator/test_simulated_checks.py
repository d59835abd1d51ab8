from __future__ import annotations

import pytest
from simulator_client import REPO, ask, lay_world

RUNS = f"{REPO}/check-runs"


@pytest.fixture
def head(hub) -> str:
    lay_world(hub)
    return hub.world.repositories["acme/models"].pulls[1].head_sha


def run(head: str, **more: object) -> dict:
    output = {"title": "t", "summary": "s", **more.pop("output", {})}
    return {"name": "gate", "head_sha": head, "status": "completed", "conclusion": "failure", "output": output, **more}


def note(line: int = 1, **more: object) -> dict:
    return {"path": "a", "start_line": line, "end_line": line, "annotation_level": "failure", "message": "m", **more}


def test_a_run_is_made_with_annotations_and_takes_more(hub, head) -> None:
    made = ask(hub, "POST", RUNS, run(head, output={"annotations": [note(one) for one in range(1, 51)]}))
    assert (made.status, made.body["conclusion"], made.body["output"]["annotations_count"]) == (201, "failure", 50)
    more = {"output": {"title": "t", "summary": "s", "annotations": [note()]}}
    changed = ask(hub, "PATCH", f"{RUNS}/{made.body['id']}", more)
    assert (changed.status, changed.body["output"]["annotations_count"]) == (200, 51)
    listed = ask(hub, "GET", f"{REPO}/commits/{head}/check-runs?check_name=gate").body
    assert (listed["total_count"], listed["check_runs"][0]["id"]) == (1, made.body["id"])


def test_of_runs_with_one_name_the_list_shows_the_newest(hub, head) -> None:
    ids = [ask(hub, "POST", RUNS, run(head)).body["id"] for _ in range(2)]
    listed = ask(hub, "GET", f"{REPO}/commits/{head}/check-runs").body["check_runs"]
    assert [one["id"] for one in listed] == [ids[1]]
    listed = ask(hub, "GET", f"{REPO}/commits/{head}/check-runs?filter=all").body["check_runs"]
    assert [one["id"] for one in listed] == ids[::-1]


@pytest.mark.parametrize(
    "annotation",
    [
        {**note(2), "end_line": 1},
        {**note(0)},
        {**note(1), "end_line": 2, "start_column": 1, "end_column": 2},
        note(start_column=3, end_column=2),
        note(start_column=0),
        note(title="x" * 256),
        note(message="é" * 32_769),
        note(message=" "),
    ],
)
def test_an_annotation_that_github_does_not_take_refuses_the_run(annotation, hub, head) -> None:
    assert ask(hub, "POST", RUNS, run(head, output={"annotations": [note(), annotation]})).status == 422
    assert hub.world.repositories["acme/models"].checks == []


@pytest.mark.parametrize("name", ["summary", "text"])
def test_texts_are_counted_in_bytes(name, hub, head) -> None:
    refused = ask(hub, "POST", RUNS, run(head, output={name: "é" * 32_768}))
    assert (refused.status, "bytesize of 65535" in refused.says) == (422, True)
    assert ask(hub, "POST", RUNS, run(head, output={name: "é" * 32_767})).status == 201


def test_the_longest_annotation_is_taken(hub, head) -> None:
    longest = note(title="x" * 255, message="m" * 65_536, start_column=1, end_column=1)
    assert ask(hub, "POST", RUNS, run(head, output={"annotations": [longest]})).status == 201


@pytest.mark.parametrize("sha", ["0" * 40, "main", "f" * 39, "F" * 40])
def test_a_run_needs_a_commit_that_is_there(sha, hub, head) -> None:
    assert ask(hub, "POST", RUNS, run(sha)).status == 422


def test_a_finished_run_needs_a_conclusion(hub, head) -> None:
    sent = run(head)
    del sent["conclusion"]
    assert ask(hub, "POST", RUNS, sent).status == 422


def test_another_app_cannot_change_a_run(hub, head) -> None:
    made = ask(hub, "POST", RUNS, run(head)).body
    hub.world.add_token("other", "other-app[bot]", checks="write")
    assert ask(hub, "PATCH", f"{RUNS}/{made['id']}", {"conclusion": "success"}, token="other").status == 403
