"""PyGithub holds every URL it is given against the host it asked: it goes through the simulator as through GitHub."""

from __future__ import annotations

import pytest
from simulator_client import lay_world

github = pytest.importorskip("github")


@pytest.fixture
def client(request):
    hub = request.getfixturevalue(request.param)
    lay_world(hub)
    with github.Github(
        auth=github.Auth.Token("writer"),
        base_url=hub.url,
        retry=None,
        seconds_between_writes=0,
        seconds_between_requests=0,
    ) as made:
        yield made


@pytest.mark.parametrize("client", ["hub", "enterprise_hub"], indirect=True)
def test_a_real_client_reads_and_writes_everything(client) -> None:
    repository = client.get_repo("acme/models")
    pull = repository.get_pull(1)
    (changed,) = pull.get_files()
    assert changed.patch.startswith("@@ -17,7 +17,7 @@")
    comment = pull.create_issue_comment("one")
    comment.edit("two")
    comment.minimize()
    assert [one.body for one in pull.get_issue_comments()] == ["two"]
    line = {"path": "release.yaml", "line": 20, "side": "RIGHT", "body": "words"}
    review = pull.create_review(github.GithubObject.NotSet, "words", "COMMENT", [line])
    assert [one.id for one in pull.get_reviews()] == [review.id]
    (made,) = pull.get_review_comments()
    made.edit("other words")
    output = {"title": "t", "summary": "s"}
    run = repository.create_check_run("gate", pull.head.sha, status="completed", conclusion="failure", output=output)
    run.edit(output=output)
    _, viewer = client.requester.graphql_query("query { viewer { login } }", {})
    assert viewer["data"]["viewer"]["login"] == "github-actions[bot]"
    assert [one.number for one in repository.get_pulls(head="acme:work")] == [1]
    assert client.get_rate_limit().rate.limit == 1000
