from __future__ import annotations

import pytest
from simulator_client import BASE, HEAD, lay_world

from policy_gate.github import GithubError, Pull, find_pulls, head_is_current, read_seen
from policy_gate.publication import Seen, write_marker

ACTIONS = "github-actions[bot]"
MARK = write_marker({"key": "policy-gate", "head": "a" * 40, "verdict": "blocked"})
OTHER = write_marker({"key": "other", "head": "a" * 40})


@pytest.fixture
def work(hub):
    lay_world(hub)
    return hub.world.repositories["acme/models"].pulls[1]


def add_line_comment(hub, work, author: str, body: str, line: int = 20) -> None:
    from github_state import LineComment

    clock = hub.world.clock
    review = hub.world.add_review(work, author, "COMMENTED")
    hunk = work.patch("release.yaml", work.head_files)
    made = LineComment(
        clock.new_id(),
        review.id,
        author,
        body,
        "release.yaml",
        work.head_sha,
        line,
        None,
        "RIGHT",
        hunk,
        clock.now(),
        "",
    )
    made.updated_at = made.created_at
    work.line_comments.append(made)


def test_a_comment_is_ours_by_marker_and_by_author_and_by_key(hub, work, opened, pull) -> None:
    add = hub.world.add_comment
    for author, body in [
        ("alice", f"{MARK}\nforged"),
        ("github-actions", f"{MARK}\na person of that name"),
        ("other-app[bot]", f"{MARK}\nanother app"),
        (ACTIONS, "no marker"),
        (ACTIONS, f"> {MARK}\nquoted"),
        (ACTIONS, f"{OTHER}\nanother job"),
    ]:
        add(work, author, body)
    assert read_seen(opened(hub.url), pull, "policy-gate").sticky == ()
    ours = [add(work, ACTIONS, f"{MARK}\n{words}") for words in ("first", "second")]
    seen = read_seen(opened(hub.url), pull, "policy-gate")
    assert [one.id for one in seen.sticky] == [one.id for one in ours]
    assert [one.body for one in seen.sticky] == [f"{MARK}\nfirst", f"{MARK}\nsecond"]


@pytest.mark.parametrize("viewer", [ACTIONS, "github-actions", "GitHub-Actions[bot]"])
def test_an_app_is_itself_with_and_without_its_suffix(viewer, hub, work, opened, pull) -> None:
    hub.world.tokens["writer"].viewer = viewer
    hub.world.add_comment(work, ACTIONS, f"{MARK}\nours")
    assert len(read_seen(opened(hub.url), pull, "policy-gate").sticky) == 1


def test_a_person_is_no_app_of_their_name(hub, work, opened, pull) -> None:
    hub.world.add_comment(work, "bob", f"{MARK}\nours")
    hub.world.add_comment(work, "alice", f"{MARK}\nnot ours")
    client = opened(hub.url, token="bob")
    assert [one.body for one in read_seen(client, pull, "policy-gate").sticky] == [f"{MARK}\nours"]


def test_a_comment_is_found_behind_a_thousand_others(hub, work, opened, pull) -> None:
    for number in range(1000):
        hub.world.add_comment(work, "alice", f"word {number}")
    ours = hub.world.add_comment(work, ACTIONS, f"{MARK}\nours")
    assert [one.id for one in read_seen(opened(hub.url), pull, "policy-gate").sticky] == [ours.id]
    assert len([one for one in hub.log if one.path.endswith("/issues/1/comments")]) == 11


def test_a_line_comment_is_found_when_its_line_is_gone(hub, work, opened, pull) -> None:
    add_line_comment(hub, work, ACTIONS, f"{MARK}\non a line")
    add_line_comment(hub, work, "alice", f"{MARK}\nforged")
    gone = HEAD["release.yaml"].replace(b"line twenty\n", b"line zwanzig\n")
    hub.world.push(hub.world.repositories["acme/models"], work, {"release.yaml": gone})
    seen = read_seen(opened(hub.url), pull, "policy-gate")
    assert [one.body for one in seen.line_comments] == [f"{MARK}\non a line"]


def test_the_diff_is_what_github_shows_of_it(hub, opened, pull) -> None:
    world = hub.world
    world.add_repository("acme/models")
    world.add_token("writer", contents="read", pull_requests="write")
    lines = BASE["release.yaml"]
    base = {"release.yaml": lines, "gone.yaml": lines, "large.yaml": lines, "crlf.yaml": b"a\r\nb\r\n", "bin": b"\0a"}
    head = {
        "release.yaml": HEAD["release.yaml"],
        "new.yaml": b"1\n2",
        "large.yaml": b"other\n",
        "crlf.yaml": b"a\r\nc\r\n",
        "bin": b"\0b",
    }
    work = world.open_pull("acme/models", base, head)
    work.without_patch.add("large.yaml")
    seen = read_seen(opened(hub.url), pull, "policy-gate")
    assert dict(seen.hunks) == {"release.yaml": ((17, 23),), "new.yaml": ((1, 2),), "crlf.yaml": ((1, 2),)}
    assert seen.unread == {}


def test_the_diff_of_many_files_is_read_over_all_pages(hub, opened, pull) -> None:
    hub.world.add_repository("acme/models")
    hub.world.add_token("writer", contents="read", pull_requests="write")
    work = hub.world.open_pull("acme/models", {}, {f"{number:04}.yaml": b"1\n" for number in range(120)})
    assert len(work.head_files) == 120
    assert len(read_seen(opened(hub.url), pull, "policy-gate").hunks) == 120


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/graphql", {"comments", "line comments"}),
        ("/repos/acme/models/issues/1/comments", {"comments"}),
        ("/repos/acme/models/pulls/1/comments", {"line comments"}),
        ("/repos/acme/models/pulls/1/files", {"diff"}),
    ],
)
def test_what_cannot_be_read_is_said_and_never_raised(path, parts, work, hub, opened) -> None:
    pull = Pull(repository="acme/models", number=1)
    hub.world.add_comment(work, ACTIONS, f"{MARK}\nours")
    hub.fail("*", path, "403-permission", times=None)
    seen = read_seen(opened(hub.url), pull, "policy-gate")
    assert set(seen.unread) == parts
    assert dict(seen.hunks) == {}  # else a comment could be posted twice
    assert all("pull-requests: write" in why for why in seen.unread.values())


def test_without_a_pull_request_nothing_is_asked(hub, opened) -> None:
    lay_world(hub)
    assert read_seen(opened(hub.url), Pull(repository="acme/models"), "policy-gate") == Seen()
    assert hub.log == []


def test_a_pull_request_is_found_by_its_head_and_only_by_the_very_commit(hub, work, opened) -> None:
    client = opened(hub.url)

    def found(sha: str, owner: str = "acme", branch: str = "work") -> list[int]:
        pulls = find_pulls(client, "acme/models", head_owner=owner, head_branch=branch, head_sha=sha)
        return [one.number for one in pulls]

    second = hub.world.open_pull("acme/models", BASE, HEAD, head_sha=work.head_sha)
    assert found(work.head_sha) == [1, 2]
    assert found("b" * 40) == []
    assert found(work.head_sha, owner="eve") == []
    assert found(work.head_sha, branch="other&state=all") == []
    second.state = "closed"
    assert found(work.head_sha) == [1]


def test_a_head_is_current_until_somebody_pushes(hub, work, opened, pull) -> None:
    client, before = opened(hub.url), work.head_sha
    assert head_is_current(client, pull, before)
    hub.world.push(hub.world.repositories["acme/models"], work, BASE)
    assert not head_is_current(client, pull, before)
    with pytest.raises(GithubError):
        head_is_current(client, Pull(repository="acme/models", number=7), before)


@pytest.mark.parametrize("name", ["", "acme", "acme/../x", "acme/..", "a/b/c", "acme/mod els", "acme/x?y", "acme/x\n"])
def test_a_repository_that_is_not_named_so_is_asked_for_nothing(name, hub, opened) -> None:
    from policy_gate.errors import UsageError

    with pytest.raises(UsageError, match="owner/name"):
        head_is_current(opened(hub.url), Pull(repository=name, number=1), "a" * 40)
    assert hub.log == []
