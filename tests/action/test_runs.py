"""The steps of action.yml, run in order in real checkouts; pip asks the index of this machine, once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import event_files as events
import pytest
from composite import Job as ActionJob
from composite import Run, run_action
from origin import ALL
from pull_request_world import MAY_READ, PullRequestWorld, named
from release_texts import OTHER_MODEL, Release, good_release, with_base_files
from traps import lay_traps

PROJECT = Path(__file__).resolve().parents[2]
STORE = PROJECT / ".bench" / "action-wheels"
"""Wheels stay here from run to run; each run checks their hashes."""
GOOD = replace(good_release(), version="1.1", sequence=2)
BAD = GOOD.with_entry(0, content=OTHER_MODEL)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None, reason="the steps of an action are run by bash"),
]
Before = Callable[[Path], Mapping[str, str]]


class ActionWorld(PullRequestWorld):
    """A pull request whose jobs run the Action itself."""

    def act(
        self,
        trigger: events.Trigger,
        *,
        before: Before = lambda _: {},
        depth: int = 2,
        action: str = ".",
        **inputs: str,
    ) -> Run:
        """Check out what an event is about on a fresh machine, and run the Action there as a runner does."""
        job = self.job(trigger, depth=depth)
        pip = {name: text for name, text in os.environ.items() if name.startswith("PIP_")}
        pace = {"POLICY_GATE_SECONDS_BETWEEN_WRITES": "0", "POLICY_GATE_MAX_WAIT_SECONDS": "0"}
        env = {**job.environment(), **pip, **pace, **before(job.workspace)}
        github = {"event": trigger.payload, "token": job.token}
        given = {"wheels": str(STORE), **{name.replace("_", "-"): text for name, text in inputs.items()}}
        return run_action(PROJECT / action, ActionJob(job.workspace, job.temp, env, github), given)


@pytest.fixture
def world(hub, tmp_path) -> ActionWorld:
    return ActionWorld.make(tmp_path, hub)


@pytest.fixture
def good(world) -> events.Trigger:
    return world.push(with_base_files(GOOD))


def outcomes(run: Run) -> dict[str, str]:
    return {one.id: one.outcome for one in run.steps}


def test_a_good_change_is_allowed_without_a_token_and_nothing_is_posted(world, good) -> None:
    run = world.act(good, token="")
    assert outcomes(run) == {"install": "success", "judge": "success", "post": "skipped"}, run.text
    told = {name: run.outputs[name] for name in ("verdict", "exit-code", "posted")}
    assert told == {"verdict": "allowed", "exit-code": "0", "posted": ""}
    assert Path(run.outputs["sarif"]).is_file()
    assert json.loads(Path(run.outputs["overview"]).read_text(encoding="utf-8"))["exit_code"] == 0
    assert world.hub.log == []


def test_a_blocked_change_fails_the_job_and_gets_one_comment_however_often_it_runs(world) -> None:
    trigger = world.push(with_base_files(BAD))
    run = world.act(trigger)
    assert outcomes(run) == {"install": "success", "judge": "failure", "post": "success"}, run.text
    assert (run.step("judge").code, run.outputs["verdict"], run.outputs["posted"]) == (1, "blocked", "full")
    assert "comment made" in [named(one) for one in world.hub.writes]
    written = len(world.hub.writes)
    assert world.act(trigger).is_failed
    assert len(world.hub.writes) == written
    assert len(world.ours) == 1


def test_a_token_that_may_not_write_changes_no_verdict_and_the_log_names_the_permission(hub, tmp_path) -> None:
    world = ActionWorld.make(tmp_path, hub, permissions=MAY_READ)
    run = world.act(world.push(with_base_files(BAD)))
    assert (run.step("judge").code, run.step("post").code, run.outputs["posted"]) == (1, 0, "none"), run.text
    assert "pull-requests: write" in run.step("post").text


def test_a_connection_that_fails_changes_no_verdict_unless_posting_is_required(world) -> None:
    trigger = world.push(with_base_files(BAD))

    def nobody_listens(_: Path) -> Mapping[str, str]:
        return {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_GRAPHQL_URL": "http://127.0.0.1:9/graphql"}

    run = world.act(trigger, before=nobody_listens)
    assert (run.step("judge").code, run.step("post").code) == (1, 0), run.text
    assert run.outputs["posted"] != "full"
    required = world.act(trigger, before=nobody_listens, require_posting="true")
    assert (required.step("judge").code, required.step("post").code) == (1, 2), required.text


def test_a_second_stage_posts_what_a_fork_was_told(hub, tmp_path) -> None:
    fork = {"head_repository": "mallory/models", "author": "mallory"}
    world = ActionWorld.make(tmp_path, hub, permissions=MAY_READ, **fork)
    first = world.act(world.push(with_base_files(BAD)), token="")
    assert outcomes(first) == {"install": "success", "judge": "failure", "post": "skipped"}
    hub.world.add_token("ghs_of_the_tests", "github-actions[bot]", metadata="read", pull_requests="write")
    second = world.act(
        events.workflow_run(world.base, world.head), action="action/post", overview=first.outputs["overview"]
    )
    assert not second.is_failed, second.text
    assert len(world.ours) == 1


def test_nothing_of_a_hostile_checkout_runs(world, good, tmp_path) -> None:
    sprung = tmp_path / "sprung"
    sprung.mkdir()

    def lay(workspace: Path) -> Mapping[str, str]:
        lay_traps(workspace, sprung)
        for name in ("pip.py", "venv.py", "compileall.py", "github.py", "more/pip/__main__.py"):
            place = workspace / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"open({str(sprung / place.name)!r}, 'w').close()\n")
        (workspace / "pip.conf").write_text(f"[global]\npython = {workspace / 'bin' / 'trap'}\n")
        return {
            "PATH": f"{workspace / 'bin'}:bin:{os.environ['PATH']}",
            "PYTHONPATH": str(workspace),
            "PYTHONSTARTUP": str(workspace / "yaml.py"),
            "PIP_CONFIG_FILE": str(workspace / "pip.conf"),
            "PIP_TARGET": str(workspace / "there"),
        }

    run = world.act(good, before=lay, comment="always", wheels=str(tmp_path / "empty"))
    assert (run.outputs["verdict"], run.outputs["posted"]) == ("allowed", "full"), run.text
    assert sorted(path.name for path in sprung.iterdir()) == []


def test_an_environment_never_lies_in_the_checkout_and_every_job_has_its_own(world, good) -> None:
    found = [Path(world.act(good, token="").step("install").outputs["environment"]) for _ in range(2)]
    assert found[0] != found[1]
    for place in found:
        assert place.parent.name == "temp"
        assert not list(place.parent.parent.joinpath("work").rglob("__pycache__"))


def test_judging_installs_nothing_that_posts_and_nothing_that_only_inspecting_needs(world, good) -> None:
    run = world.act(good, token="")
    site = next(Path(run.step("install").outputs["environment"]).rglob("site-packages"))
    names = {path.name for path in site.iterdir()}
    assert {"policy_gate", "pydantic", "yaml", "numpy"} <= names
    assert not {"github", "requests", "onnx", "pip"} & names
    shipped = {path.name for path in (site / "policy_gate" / "builtin").glob("*.yaml")}
    assert shipped == {path.name for path in (PROJECT / "policies").glob("*.yaml")}
    assert not (site / "policy_gate" / "builtin" / "tests").exists()


def test_without_an_index_the_job_fails_and_says_why(world, good, tmp_path) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    run = world.act(good, before=lambda _: offline, wheels=str(tmp_path / "empty"))
    assert outcomes(run) == {"install": "failure", "judge": "skipped", "post": "skipped"}
    assert run.outputs["verdict"] == ""
    assert "pip could not fetch annotated-types" in run.step("install").log.annotations[0].message


def test_a_posting_part_that_cannot_be_fetched_changes_no_verdict(world, good, tmp_path) -> None:
    """The store has what judges and not what posts, and there is no index."""
    world.act(good, token="")
    shutil.copytree(STORE, tmp_path / "some", ignore=shutil.ignore_patterns("pygithub-*", "*.whl.*"))
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    run = world.act(good, before=lambda _: offline, wheels=str(tmp_path / "some"))
    assert outcomes(run) == {"install": "success", "judge": "success", "post": "success"}, run.text
    assert "what posts could not be installed" in run.text
    strict = world.act(good, before=lambda _: offline, wheels=str(tmp_path / "some"), require_posting="true")
    assert (strict.step("judge").code, strict.step("post").code) == (0, 2)


def test_a_tag_is_judged_by_the_default_branch(world) -> None:
    run = world.act(events.tag("v1.0", world.base), depth=ALL)
    assert outcomes(run)["post"] == "skipped"
    assert run.outputs["verdict"] == "allowed", run.text


def test_a_shallow_checkout_is_no_verdict_and_names_the_depth(world, good) -> None:
    run = world.act(good, depth=1, token="")
    assert (run.step("judge").code, run.outputs["verdict"]) == (2, "unjudged")
    assert "fetch-depth: 2" in run.text


def test_a_model_that_is_built_in_the_job_is_compared_with_the_record_of_the_last_release(hub, tmp_path) -> None:
    policy_alone = {path: text for path, text in with_base_files(GOOD).items() if path not in GOOD.files()}
    world = ActionWorld.make(tmp_path, hub, base=policy_alone)
    places = [built(tmp_path / "built" / name, release) for name, release in (("old", good_release()), ("new", GOOD))]
    released = world.act(events.tag("v1.0", world.base), depth=ALL, bundle=str(places[0]), formats="json")
    assert released.outputs["verdict"] == "allowed", released.text
    record = tmp_path / "last" / "policy-gate.json"
    record.parent.mkdir()
    shutil.copy(released.outputs["json"], record)
    trigger = world.push({**policy_alone, "train.py": b"# a change\n"})
    inputs = {"token": "", "bundle": str(places[1]), "base": f"record:{record}"}
    run = world.act(trigger, **inputs)
    assert run.outputs["verdict"] == "allowed", run.text
    record.write_text("{}")
    broken = world.act(trigger, **inputs)
    assert (broken.step("judge").code, broken.outputs["verdict"]) == (2, "unjudged"), broken.text


def built(place: Path, release: Release) -> Path:
    """A release as a job builds it, outside the checkout."""
    for path, content in release.files().items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return place
