from __future__ import annotations

import pytest
from simulator_client import COMMENTS, PULL, REPO, ask, lay_world

VIEWER = {"query": "query { viewer { login } }"}
COMMENT = {"body": "words"}
REVIEW = {"event": "COMMENT", "body": "words"}
RUN = {"name": "gate", "head_sha": "0" * 40}


@pytest.fixture(autouse=True)
def world(hub) -> None:
    lay_world(hub)


@pytest.mark.parametrize(
    ("path", "sent", "needs"),
    [
        (COMMENTS, COMMENT, "issues=write; pull_requests=write"),
        (f"{PULL}/reviews", REVIEW, "pull_requests=write"),
        (f"{PULL}/comments", {**COMMENT, "commit_id": "0" * 40, "path": "a"}, "pull_requests=write"),
        (f"{REPO}/check-runs", RUN, "checks=write"),
    ],
)
@pytest.mark.parametrize("token", ["reader", "nobody"])
def test_a_write_without_its_permission_is_refused_by_name(path, sent, needs, token, hub) -> None:
    refused = ask(hub, "POST", path, sent, token=token)
    assert (refused.status, refused.body["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == needs
    assert hub.writes == []


@pytest.mark.parametrize("path", [PULL, f"{PULL}/files", f"{PULL}/reviews", COMMENTS, f"{REPO}/pulls"])
def test_what_is_private_is_read_by_permission(path, hub) -> None:
    assert ask(hub, "GET", path, token="reader").status == 200
    assert ask(hub, "GET", path, token="nobody").status == 403
    assert ask(hub, "GET", path, token="").status == 404


def test_what_is_public_is_read_by_anybody_and_written_by_nobody(hub) -> None:
    hub.world.repositories["acme/models"].private = False
    assert ask(hub, "GET", f"{PULL}/files", token="").status == 200
    assert ask(hub, "GET", f"{PULL}/files", token="nobody").status == 200
    assert ask(hub, "POST", COMMENTS, COMMENT, token="").status == 401


def test_a_token_of_other_repositories_does_not_find_this_one(hub) -> None:
    hub.world.tokens["writer"].repositories = frozenset({"acme/other"})
    assert ask(hub, "GET", PULL).status == 404


def test_a_wrong_token_is_no_token(hub) -> None:
    refused = ask(hub, "GET", PULL, token="wrong")
    assert (refused.status, refused.body["message"]) == (401, "Bad credentials")


def test_members_of_a_team_are_read_by_permission(hub) -> None:
    hub.world.teams["acme", "approvers"] = {"bob": "active", "carol": "pending"}
    team = "/orgs/acme/teams/approvers"
    assert ask(hub, "GET", f"{team}/memberships/bob", token="bob").body["state"] == "active"
    assert ask(hub, "GET", f"{team}/memberships/carol", token="bob").body["state"] == "pending"
    assert ask(hub, "GET", f"{team}/memberships/mallory", token="bob").status == 404
    assert [one["login"] for one in ask(hub, "GET", f"{team}/members", token="bob").body] == ["bob"]
    assert ask(hub, "GET", f"{team}/memberships/bob").status == 403


def test_the_viewer_is_who_the_token_speaks_for(hub) -> None:
    assert ask(hub, "POST", "/graphql", VIEWER).body["data"]["viewer"]["login"] == "github-actions[bot]"
    hub.world.tokens["writer"].viewer = "github-actions"
    assert ask(hub, "POST", "/graphql", VIEWER).body["data"]["viewer"]["login"] == "github-actions"
    assert ask(hub, "POST", "/graphql", VIEWER, token="").status == 401
    assert ask(hub, "GET", "/user").status == 403
    assert hub.writes == []


def test_an_enterprise_server_answers_under_its_own_paths(enterprise_hub) -> None:
    lay_world(enterprise_hub)
    assert enterprise_hub.url.endswith("/api/v3")
    assert enterprise_hub.graphql == "/api/graphql"
    found = ask(enterprise_hub, "GET", f"{PULL}/files")
    assert found.status == 200
    assert ask(enterprise_hub, "GET", PULL).body["url"] == f"{enterprise_hub.url}{PULL}"
    assert ask(enterprise_hub, "POST", "/graphql", VIEWER).body["data"]["viewer"]["login"] == "github-actions[bot]"


def test_every_answer_says_how_much_is_left(hub) -> None:
    first, second = (int(ask(hub, "GET", PULL).headers["x-ratelimit-remaining"]) for _ in range(2))
    assert first - second == 1
    assert ask(hub, "GET", "/rate_limit").body["rate"]["limit"] == 1000
