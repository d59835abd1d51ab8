from __future__ import annotations

import pytest
from simulator_client import lay_world

from policy_gate.approval_reviews import Review, Reviews
from policy_gate.github import approving_reviews

EDGE = "team acme/edge"


@pytest.fixture
def work(hub):
    lay_world(hub)
    hub.world.tokens["writer"].permissions["members"] = "read"
    hub.world.teams["acme", "edge"] = {"lee": "active", "kim": "active", "new": "pending", "alice": "active"}
    return hub.world.repositories["acme/models"].pulls[1]


@pytest.fixture
def asked(hub, work, opened, pull):
    def run(*reviewers: str, token: str = "writer") -> Reviews:
        return approving_reviews(opened(hub.url, token=token), pull, work.head_sha, reviewers)

    return run


def by(found: Reviews) -> list[tuple[str, str]]:
    assert all(one.head == found.head for one in found.approving)
    return [(one.login, one.via) for one in found.approving]


def test_an_approval_of_the_head_by_a_member_of_a_named_team_or_a_named_user_counts(hub, work, asked) -> None:
    for login in ("lee", "Pat", "nobody"):
        hub.world.add_review(work, login)
    found = asked(EDGE, "user pat", "user lee")
    assert by(found) == [("Pat", "user pat"), ("lee", EDGE), ("lee", "user lee")]
    assert found.unread == ()
    assert found.approving[0] == Review(login="Pat", via="user pat", head=work.head_sha)


def test_without_reviewers_nobody_approves(hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    assert asked() == Reviews(head=work.head_sha)


def test_an_approval_of_an_earlier_commit_is_none(hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    before = work.head_sha
    hub.world.push(hub.world.repositories["acme/models"], work, {"release.yaml": b"other\n"})
    assert by(asked("user lee")) == []
    hub.world.add_review(work, "lee", commit=before)
    assert by(asked("user lee")) == []
    hub.world.add_review(work, "lee")
    assert by(asked("user lee")) == [("lee", "user lee")]


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        (["APPROVED"], True),
        (["APPROVED", "COMMENTED"], True),
        (["APPROVED", "CHANGES_REQUESTED"], False),
        (["APPROVED", "DISMISSED"], False),
        (["CHANGES_REQUESTED", "APPROVED"], True),
        (["APPROVED", "CHANGES_REQUESTED", "COMMENTED"], False),
        (["DISMISSED"], False),
        (["COMMENTED"], False),
        (["CHANGES_REQUESTED", "APPROVED", "DISMISSED", "COMMENTED", "APPROVED"], True),
    ],
)
def test_the_last_word_of_a_person_counts_and_a_comment_is_none(states, counts, hub, work, asked) -> None:
    for state in states:
        hub.world.add_review(work, "lee", state)
    assert bool(by(asked("user lee"))) is counts


def test_one_persons_refusal_does_not_take_anothers_approval_back(hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    hub.world.add_review(work, "kim", "CHANGES_REQUESTED")
    assert by(asked(EDGE)) == [("lee", EDGE)]


def test_a_request_for_changes_of_an_earlier_commit_that_came_later_counts_too(hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    hub.world.add_review(work, "lee", "CHANGES_REQUESTED", commit="b" * 40)
    assert by(asked("user lee")) == []


def test_neither_the_author_nor_an_app_approves(hub, work, asked) -> None:
    for login in ("alice", "helper[bot]"):
        hub.world.add_review(work, login)
    assert by(asked(EDGE, "user alice", "user Alice", "user helper[bot]", "user helper")) == []


def test_who_is_no_active_member_does_not_count_and_that_is_known(hub, work, asked) -> None:
    for login in ("new", "stranger", "lee"):
        hub.world.add_review(work, login)
    found = asked(EDGE)
    assert by(found) == [("lee", EDGE)]
    assert found.unread == ()


@pytest.mark.parametrize("team", [EDGE, "team acme/secret", "team other/edge"])
def test_a_team_that_cannot_be_read_is_said_once_with_the_permission(team, hub, work, asked) -> None:
    if team == EDGE:
        hub.world.tokens["writer"].permissions["members"] = "none"
    for login in ("lee", "kim", "pat"):
        hub.world.add_review(work, login)
    found = asked(team, "user pat")
    assert by(found) == [("pat", "user pat")]
    assert found.unread == (f"members of {team} cannot be read: members: read",)


@pytest.mark.parametrize(
    "name", ["lee", "", "team", "team acme", "team acme/../x", "team a/b/c", "team acme/x?y", "Team a/b"]
)
def test_a_reviewer_that_is_neither_team_nor_user_is_said_and_asked_for_nowhere(name, hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    found = asked(name)
    assert by(found) == []
    assert "neither" in found.unread[0]
    assert not [one for one in hub.log if one.path.startswith("/orgs")]


def test_reviews_that_cannot_be_read_are_said(hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    hub.fail("GET", "/repos/acme/models/pulls/1/reviews", "403-permission", times=None)
    found = asked("user lee")
    assert found.approving == ()
    assert "the reviews cannot be read" in found.unread[0]


def test_reviews_are_read_over_all_pages(hub, work, asked) -> None:
    for number in range(130):
        hub.world.add_review(work, f"somebody{number}", "COMMENTED")
    hub.world.add_review(work, "lee")
    assert by(asked("user lee")) == [("lee", "user lee")]


def test_the_questions_about_members_have_an_end(hub, work, asked) -> None:
    for number in range(60):
        hub.world.add_review(work, f"person{number:02}")
    found = asked(EDGE)
    assert found.approving == ()
    assert "more than 50 questions" in found.unread[0]


def test_who_wrote_a_commit_of_the_pull_request_does_not_approve_it(hub, work, asked) -> None:
    """Else one named person could push a looser policy on somebody else's pull request, and approve it alone."""
    work.writers[work.head_sha] = "Lee"
    for login in ("lee", "kim"):
        hub.world.add_review(work, login)
    found = asked(EDGE, "user lee")
    assert by(found) == [("kim", EDGE)]
    assert found.unread == ("lee wrote a commit of the pull request and does not approve it",)
    hub.world.push(hub.world.repositories["acme/models"], work, {"release.yaml": b"other\n"})
    hub.world.add_review(work, "lee")
    assert by(asked("user lee")) == []


@pytest.mark.parametrize("what", ["base_ref_changed", "base_ref_force_pushed", "automatic_base_change_succeeded"])
def test_what_was_approved_for_another_base_is_not_approved_for_this_one(what, hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    work.base_changes += [("base_ref_changed", "2020-01-01T00:00:00Z"), ("renamed", "2999-01-01T00:00:00Z")]
    assert by(asked("user lee")) == [("lee", "user lee")]
    work.base_changes.append((what, hub.world.clock.now()))
    assert by(asked("user lee")) == []
    hub.world.add_review(work, "lee")
    assert by(asked("user lee")) == [("lee", "user lee")]


@pytest.mark.parametrize("unread", ["pulls/1/commits", "issues/1/events"])
def test_without_its_commits_and_its_past_nothing_is_approved(unread, hub, work, asked) -> None:
    hub.world.add_review(work, "lee")
    hub.fail("GET", f"/repos/acme/models/{unread}", "403-permission", times=None)
    found = asked("user lee")
    assert found.approving == ()
    assert "the reviews cannot be read" in found.unread[0]


def test_more_commits_than_github_lists_leave_open_who_wrote_them(hub, work, asked) -> None:
    for number in range(250):
        hub.world.push(hub.world.repositories["acme/models"], work, {"release.yaml": str(number).encode()})
    hub.world.add_review(work, "lee")
    found = asked("user lee")
    assert found.approving == ()
    assert "does not list every commit" in found.unread[0]
