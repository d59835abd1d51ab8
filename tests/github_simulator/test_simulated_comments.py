from __future__ import annotations

import pytest
from simulator_client import COMMENTS, PULL, REPO, ask, lay_world


@pytest.fixture
def pull(hub):
    lay_world(hub)
    return hub.world.repositories["acme/models"].pulls[1]


def test_a_comment_is_made_listed_edited_and_deleted(hub, pull) -> None:
    made = ask(hub, "POST", COMMENTS, {"body": "one"})
    assert (made.status, made.body["user"]["login"]) == (201, "github-actions[bot]")
    place = f"{REPO}/issues/comments/{made.body['id']}"
    assert ask(hub, "PATCH", place, {"body": "two"}).status == 200
    assert [one["body"] for one in ask(hub, "GET", COMMENTS).body] == ["two"]
    gone = ask(hub, "DELETE", place)
    assert (gone.status, gone.body) == (204, "")
    assert ask(hub, "GET", place).status == 404
    assert [(one.method, one.path) for one in hub.writes] == [("POST", COMMENTS), ("PATCH", place), ("DELETE", place)]


def test_only_who_wrote_a_comment_changes_it(hub, pull) -> None:
    other = hub.world.add_comment(pull, "mallory", "<!-- a marker of ours -->")
    place = f"{REPO}/issues/comments/{other.id}"
    for method, body in (("PATCH", {"body": "ours"}), ("DELETE", None)):
        refused = ask(hub, method, place, body)
        assert (refused.status, refused.body["message"]) == (403, "Resource not accessible by integration")
    assert pull.comments[0].body == "<!-- a marker of ours -->"
    assert hub.writes == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "Body can't be blank"),
        (" \n", "Body can't be blank"),
        ("x" * 65_537, "maximum is 65536"),
        ("🦄" * 32_769, "Body is too long"),
    ],
)
def test_a_body_that_is_blank_or_too_long_is_refused(body, message, hub, pull) -> None:
    refused = ask(hub, "POST", COMMENTS, {"body": body})
    assert (refused.status, message in refused.says) == (422, True)
    assert pull.comments == []


def test_the_longest_body_is_taken(hub, pull) -> None:
    assert ask(hub, "POST", COMMENTS, {"body": "🦄" * 32_768}).status == 201


def test_a_long_list_comes_in_pages_that_name_each_other(hub, pull) -> None:
    for number in range(250):
        hub.world.add_comment(pull, "bob", f"{number}")
    first = ask(hub, "GET", f"{COMMENTS}?per_page=100")
    assert 'page=2>; rel="next"' in first.headers["link"]
    assert 'page=3>; rel="last"' in first.headers["link"]
    assert "per_page=100" in first.headers["link"]
    third = ask(hub, "GET", f"{COMMENTS}?per_page=100&page=3")
    assert [one["body"] for one in third.body] == [f"{number}" for number in range(200, 250)]
    assert 'rel="next"' not in third.headers["link"]
    assert len(ask(hub, "GET", f"{COMMENTS}?per_page=1000").body) == 100
    assert len(ask(hub, "GET", COMMENTS).body) == 30
    assert ask(hub, "GET", f"{COMMENTS}?page=99").body == []


def test_nobody_comments_on_what_is_locked(hub, pull) -> None:
    pull.locked = True
    review = {"event": "COMMENT", "body": "one"}
    for path, body in ((COMMENTS, {"body": "one"}), (f"{PULL}/reviews", review)):
        refused = ask(hub, "POST", path, body)
        assert (refused.status, "issue is locked" in refused.says) == (403, True)
    assert hub.writes == []


@pytest.mark.parametrize(
    "path", ["/repos/acme/none", f"{REPO}/pulls/2", f"{REPO}/issues/comments/1", f"{REPO}/issues/x/comments"]
)
def test_what_is_not_there_is_not_found(path, hub, pull) -> None:
    assert ask(hub, "GET", path).status == 404


def test_the_files_of_a_pull_request_have_gits_own_patches(hub) -> None:
    hub.world.add_repository("acme/models")
    hub.world.add_token("writer", pull_requests="read")
    base = {
        "a.yaml": b"1\n2\n",
        "crlf.yaml": b"1\r\n2\r\n",
        "end.yaml": b"1\n2",
        "gone": b"1\n",
        "same": b"1\n",
        "m.onnx": b"\0",
    }
    head = {
        "a.yaml": b"1\nzwei\n",
        "crlf.yaml": b"1\r\nzwei\r\n",
        "end.yaml": b"1\nzwei",
        "new": b"1\n",
        "same": b"1\n",
        "m.onnx": b"\0\1",
    }
    pull = hub.world.open_pull("acme/models", base, head)
    files = {one["filename"]: one for one in ask(hub, "GET", f"{PULL}/files").body}
    assert sorted(files) == ["a.yaml", "crlf.yaml", "end.yaml", "gone", "m.onnx", "new"]
    assert files["a.yaml"]["patch"] == "@@ -1,2 +1,2 @@\n 1\n-2\n+zwei"
    assert files["crlf.yaml"]["patch"] == "@@ -1,2 +1,2 @@\n 1\r\n-2\r\n+zwei\r"
    no_end = "\\ No newline at end of file"
    assert files["end.yaml"]["patch"] == f"@@ -1,2 +1,2 @@\n 1\n-2\n{no_end}\n+zwei\n{no_end}"
    assert "patch" not in files["m.onnx"]
    assert (files["new"]["status"], files["gone"]["status"]) == ("added", "removed")
    assert (files["a.yaml"]["additions"], files["a.yaml"]["deletions"]) == (1, 1)
    pull.without_patch.add("a.yaml")
    assert "patch" not in ask(hub, "GET", f"{PULL}/files").body[0]


def test_pull_requests_are_found_by_their_head_and_by_a_commit_of_theirs(hub, pull) -> None:
    hub.world.add_repository("mallory/models", fork=True)
    fork = hub.world.open_pull("acme/models", {}, {"a": b"1"}, author="mallory", head_repository="mallory/models")
    found = ask(hub, "GET", f"{REPO}/pulls?head=mallory:work")
    assert [one["number"] for one in found.body] == [fork.number]
    assert [one["number"] for one in ask(hub, "GET", f"{REPO}/commits/{fork.head_sha}/pulls").body] == [fork.number]
    assert ask(hub, "GET", f"{REPO}/commits/{'0' * 40}/pulls").status == 422
    assert [one["number"] for one in ask(hub, "GET", f"{REPO}/pulls").body] == [2, 1]


def test_a_fork_that_was_deleted_has_no_repository(hub, pull) -> None:
    hub.world.open_pull("acme/models", {}, {"a": b"1"}, head_repository=None)
    found = ask(hub, "GET", f"{REPO}/pulls/2")
    assert (found.status, found.body["head"]["repo"], found.body["head"]["user"]) == (200, None, None)


def test_a_comment_can_be_hidden_by_its_node(hub, pull) -> None:
    made = ask(hub, "POST", COMMENTS, {"body": "one"}).body
    words = "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { clientMutationId } }"
    sent = {"query": words, "variables": {"subjectId": made["node_id"], "classifier": "OUTDATED"}}
    assert "errors" not in ask(hub, "POST", "/graphql", sent).body
    assert pull.comments[0].minimized == "OUTDATED"
    assert "FORBIDDEN" in ask(hub, "POST", "/graphql", sent, token="reader").says
    sent["variables"]["subjectId"] = "nonsense"
    assert "NOT_FOUND" in ask(hub, "POST", "/graphql", sent).says
