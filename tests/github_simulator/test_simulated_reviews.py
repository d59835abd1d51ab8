from __future__ import annotations

import pytest
from simulator_client import HEAD, PULL, REPO, ask, lay_world

REVIEWS = f"{PULL}/reviews"


@pytest.fixture
def pull(hub):
    lay_world(hub)
    return hub.world.repositories["acme/models"].pulls[1]


def review(*comments: dict, **more: object) -> dict:
    return {"event": "COMMENT", "body": "words", "comments": list(comments), **more}


def at(line: int, **more: object) -> dict:
    return {"path": "release.yaml", "line": line, "side": "RIGHT", "body": "words", **more}


def test_comments_stand_on_lines_of_the_diff(hub, pull) -> None:
    done = ask(
        hub, "POST", REVIEWS, review(at(20), at(23), at(20, start_line=17, start_side="RIGHT"), commit_id=pull.head_sha)
    )
    assert (done.status, done.body["state"], done.body["commit_id"]) == (200, "COMMENTED", pull.head_sha)
    listed = ask(hub, "GET", f"{PULL}/comments").body
    assert [(one["start_line"], one["line"]) for one in listed] == [(None, 20), (None, 23), (17, 20)]
    assert {one["pull_request_review_id"] for one in listed} == {done.body["id"]}
    assert listed[0]["diff_hunk"].startswith("@@ -17,7 +17,7 @@")
    assert [one["id"] for one in ask(hub, "GET", REVIEWS).body] == [done.body["id"]]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (at(1), "Line could not be resolved"),
        (at(24), "Line could not be resolved"),
        (at(99), "Line could not be resolved"),
        ({**at(20), "path": "other.yaml"}, "Path could not be resolved"),
        (at(20, start_line=20), "Start line must precede the end line"),
        (at(20, start_line=23), "Start line must precede the end line"),
        (at(20, start_line=2), "Start line must be part of the same hunk"),
        (at(20, side="MIDDLE"), "Side could not be resolved"),
        (at(20, start_line=19, start_side="LEFT"), "Side could not be resolved"),
        (at(20, body=" "), "Body can't be blank"),
        (at(20, body="x" * 65_537), "Body is too long"),
    ],
)
def test_one_comment_that_stands_nowhere_refuses_the_whole_review(place, message, hub, pull) -> None:
    done = ask(hub, "POST", REVIEWS, review(at(20), place, at(21)))
    assert (done.status, message in done.says) == (422, True)
    assert pull.line_comments == []
    assert pull.reviews == []


def test_two_hunks_are_two_places(hub, pull) -> None:
    text = HEAD["release.yaml"].replace(b"line 2\n", b"line two\n")
    hub.world.push(hub.world.repositories["acme/models"], pull, {"release.yaml": text})
    assert ask(hub, "POST", REVIEWS, review(at(2), at(20))).status == 200
    refused = ask(hub, "POST", REVIEWS, review(at(20, start_line=2)))
    assert "Start line must be part of the same hunk" in refused.says


def test_the_sign_of_a_missing_last_line_end_is_no_line(hub) -> None:
    hub.world.add_repository("acme/models")
    hub.world.add_token("writer", pull_requests="write")
    hub.world.open_pull("acme/models", {"release.yaml": b"1\n2"}, {"release.yaml": b"1\nzwei"})
    assert ask(hub, "POST", REVIEWS, review(at(3))).status == 422
    assert ask(hub, "POST", REVIEWS, review(at(2))).status == 200


def test_a_file_whose_patch_is_left_out_takes_no_comment(hub, pull) -> None:
    pull.without_patch.add("release.yaml")
    assert ask(hub, "POST", REVIEWS, review(at(20))).status == 422


def test_a_comment_follows_its_line_until_the_line_changes(hub, pull) -> None:
    home = hub.world.repositories["acme/models"]
    first = pull.head_sha
    ask(hub, "POST", REVIEWS, review(at(20)))
    hub.world.push(home, pull, {"release.yaml": b"line 0\n" + HEAD["release.yaml"]})
    (moved,) = ask(hub, "GET", f"{PULL}/comments").body
    assert (moved["line"], moved["original_line"], moved["commit_id"]) == (21, 20, pull.head_sha)
    hub.world.push(home, pull, {"release.yaml": HEAD["release.yaml"].replace(b"twenty", b"20 and more")})
    (outdated,) = ask(hub, "GET", f"{PULL}/comments").body
    assert (outdated["line"], outdated["position"], outdated["original_line"]) == (None, None, 20)
    assert (outdated["commit_id"], outdated["original_commit_id"]) == (first, first)


def test_a_comment_that_is_out_of_date_is_still_edited(hub, pull) -> None:
    ask(hub, "POST", REVIEWS, review(at(20)))
    hub.world.push(hub.world.repositories["acme/models"], pull, {"release.yaml": b"all else\n"})
    place = f"{REPO}/pulls/comments/{pull.line_comments[0].id}"
    edited = ask(hub, "PATCH", place, {"body": "no longer reported"})
    assert (edited.status, edited.body["line"], edited.body["body"]) == (200, None, "no longer reported")
    assert ask(hub, "PATCH", place, {"body": "other"}, token="bob").status == 403


def test_a_single_comment_outside_the_diff_is_refused_with_its_field(hub, pull) -> None:
    sent = {"body": "words", "commit_id": pull.head_sha, "path": "release.yaml", "side": "RIGHT"}
    refused = ask(hub, "POST", f"{PULL}/comments", {**sent, "line": 1})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "pull_request_review_thread.line")
    assert ask(hub, "POST", f"{PULL}/comments", {**sent, "line": 20}).status == 201


def test_a_review_of_a_commit_of_another_pull_request_is_refused(hub, pull) -> None:
    assert ask(hub, "POST", REVIEWS, review(at(20), commit_id="0" * 40)).status == 422


def test_nobody_approves_what_is_their_own(hub, pull) -> None:
    pull.author = "bob"
    refused = ask(hub, "POST", REVIEWS, {"event": "APPROVE"}, token="bob")
    assert (refused.status, "your own pull request" in refused.says) == (422, True)


def test_reviews_of_people_are_listed_with_the_commit_they_saw(hub, pull) -> None:
    hub.world.add_review(pull, "bob")
    hub.world.push(hub.world.repositories["acme/models"], pull, {"release.yaml": b"1\n"})
    (seen,) = ask(hub, "GET", REVIEWS).body
    assert (seen["user"]["login"], seen["state"]) == ("bob", "APPROVED")
    assert seen["commit_id"] != pull.head_sha
