from __future__ import annotations

import os

import pytest
from action_world import Pull, environment, event_of, pull_event, repository_tree

from policy_gate.actions.event import MAX_EVENT_BYTES, read_event
from policy_gate.actions.runner import read_runner
from policy_gate.errors import GateError

PULL = Pull(base="b" * 40, head="c" * 40, merge="d" * 40)
BY_FORK = {"sha": PULL.head, "repo": repository_tree("lee/kws")}
GONE = {"sha": PULL.head, "repo": None}


@pytest.mark.parametrize(
    ("head", "repository", "is_fork"),
    [
        ({"sha": PULL.head, "repo": repository_tree()}, "acme/kws", False),
        ({"sha": PULL.head, "repo": repository_tree("ACME/KWS")}, "ACME/KWS", False),
        (BY_FORK, "lee/kws", True),
        (GONE, "", True),
    ],
)
def test_a_pull_request_comes_from_here_from_a_fork_or_from_a_fork_that_is_gone(
    tmp_path, head, repository, is_fork
) -> None:
    pull = event_of(tmp_path, "pull_request", pull_event(PULL, head=head)).pull
    assert pull is not None
    assert (pull.head_repository, pull.is_fork, pull.number, pull.author) == (repository, is_fork, 7, "lee")


@pytest.mark.parametrize(
    ("kind", "head", "actor", "may_lack"),
    [
        ("pull_request", {"sha": PULL.head, "repo": repository_tree()}, "lee", False),
        ("pull_request", BY_FORK, "lee", True),
        ("pull_request", GONE, "lee", True),
        ("pull_request_target", BY_FORK, "lee", False),
        ("pull_request", {"sha": PULL.head, "repo": repository_tree()}, "dependabot[bot]", True),
    ],
)
def test_it_is_known_whose_token_only_reads(tmp_path, kind, head, actor, may_lack) -> None:
    event = event_of(tmp_path, kind, pull_event(PULL, head=head), GITHUB_ACTOR=actor)
    assert event.may_lack_write is may_lack


@pytest.mark.parametrize(
    ("kind", "payload", "more", "said"),
    [
        ("push", {"before": "0" * 40, "repository": repository_tree()}, {}, ("main", "0" * 40, "")),
        (
            "push",
            {"before": "e" * 40, "repository": repository_tree()},
            {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"},
            ("main", "e" * 40, "v1"),
        ),
        ("release", {"release": {"tag_name": "v2"}, "repository": repository_tree()}, {}, ("main", "", "v2")),
        ("schedule", {"schedule": "0 4 * * *"}, {"GITHUB_REF_NAME": "trunk"}, ("trunk", "", "")),
        ("workflow_dispatch", {"inputs": None, "repository": repository_tree()}, {}, ("main", "", "")),
    ],
)
def test_default_branch_before_and_tag_are_read_of_every_other_event(tmp_path, kind, payload, more, said) -> None:
    event = event_of(tmp_path, kind, payload, **more)
    assert (event.default_branch, event.before, event.tag) == said
    assert not event.in_pull_request


def test_a_merge_group_is_a_pull_request_too(tmp_path) -> None:
    group = {"head_sha": "e" * 40, "base_sha": "f" * 40}
    event = event_of(tmp_path, "merge_group", {"merge_group": group, "repository": repository_tree()})
    assert event.in_pull_request
    assert event.merge_group is not None
    assert (event.merge_group.head, event.merge_group.base) == ("e" * 40, "f" * 40)


def test_a_run_of_a_deleted_fork_has_no_owner(tmp_path) -> None:
    run = {"id": 5, "event": "pull_request", "head_sha": "e" * 40, "head_branch": "work", "head_repository": None}
    event = event_of(tmp_path, "workflow_run", {"workflow_run": run, "repository": repository_tree()})
    assert event.workflow_run is not None
    assert (event.workflow_run.owner, event.workflow_run.branch) == ("", "work")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "all of it is not an object"),
        ({"pull_request": []}, "pull_request is not an object"),
        (pull_event(PULL, number="7"), "pull_request.number is not a number"),
        (pull_event(PULL, number=True), "pull_request.number is not a number"),
        (pull_event(PULL, number=-1), "pull_request.number is not a number"),
        (pull_event(PULL, head={"sha": "--upload-pack=x", "repo": None}), "pull_request.head.sha is not the id"),
        (pull_event(PULL, base={"sha": PULL.base[:7]}), "pull_request.base.sha is not the id"),
        (pull_event(PULL, head={"sha": PULL.head, "repo": {"full_name": "a/b/../c"}}), "full_name is not an owner"),
        (pull_event(PULL, user={"login": "lee\n::error::x"}), "login is not a name"),
        (pull_event(PULL, user={"login": "x" * 300}), "login is not a name"),
    ],
)
def test_an_event_that_github_does_not_write_is_refused(tmp_path, payload, words) -> None:
    with pytest.raises(GateError, match=words):
        event_of(tmp_path, "pull_request", payload)


def test_an_event_file_without_end_is_refused(tmp_path) -> None:
    with pytest.raises(GateError, match="has more than"):
        event_of(tmp_path, "push", '{"x": "' + "y" * MAX_EVENT_BYTES + '"}')


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_an_event_file_that_is_a_pipe_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    given = environment(tmp_path / "run", "push", {}, GITHUB_EVENT_PATH=str(tmp_path / "pipe"))
    with pytest.raises(GateError, match="no plain file"):
        read_event(read_runner(given))


@pytest.mark.parametrize("name", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"])
def test_outside_a_runner_the_other_command_is_named(tmp_path, name) -> None:
    with pytest.raises(GateError, match="policy-gate check --base REV"):
        event_of(tmp_path, "push", {}, **{name: ""})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GITHUB_SHA", "main"),
        ("GITHUB_REPOSITORY", "acme"),
        ("GITHUB_SERVER_URL", "https://github.example/)[x](https://evil.example"),
        ("GITHUB_SERVER_URL", "javascript:alert(1)"),
        ("GITHUB_RUN_ID", "1)"),
        ("GITHUB_REF_NAME", "a\nb"),
    ],
)
def test_a_variable_that_becomes_part_of_a_link_has_its_form(tmp_path, name, text) -> None:
    with pytest.raises(GateError, match=name):
        event_of(tmp_path, "push", {}, **{name: text})
