"""The first recipe as it is offered, run by another runner than ours: act, on this machine and without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pull_request_world import TOKEN, PullRequestWorld, named
from release_texts import with_base_files
from test_runs import BAD, GOOD, STORE, ActionWorld

PROJECT = Path(__file__).resolve().parents[2]
RECIPE = PROJECT / "examples" / "workflows" / "pull-request.yml"
PARTS = ("action.yml", "action", "policy_gate", "policies")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="act runs steps on the host on Linux only, here"),
]


@pytest.fixture
def act(tool, tmp_path):
    """Run the recipe in a checkout; the checkout step is left out by act, which takes the folder it stands in."""
    program = tool("act")

    def run(world: PullRequestWorld, trigger) -> subprocess.CompletedProcess[str]:
        job = world.job(trigger)
        told = job.environment()
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        source = tmp_path / "action-of-the-tests"
        source.mkdir(exist_ok=True)
        for part in PARTS:
            if (PROJECT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(PROJECT / part, source / part, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(PROJECT / part, source / part)
        workflows = job.workspace / ".github" / "workflows"
        workflows.mkdir(parents=True)
        shutil.copy(RECIPE, workflows)
        (pin,) = re.findall(r"policy-gate/policy-gate@[0-9a-f]{40}", RECIPE.read_text(encoding="utf-8"))
        # act has a tool cache of its own, which is empty: pip takes the wheels that another run of ours has kept.
        given = {
            "GITHUB_API_URL": told["GITHUB_API_URL"],
            "GITHUB_GRAPHQL_URL": told["GITHUB_GRAPHQL_URL"],
            "GITHUB_REPOSITORY": told["GITHUB_REPOSITORY"],
            "PIP_FIND_LINKS": " ".join(str(one) for one in STORE.iterdir()),
            "PIP_NO_INDEX": "1",
            "POLICY_GATE_SECONDS_BETWEEN_WRITES": "0",
        }
        command = [program, "pull_request", "--directory", str(job.workspace), "--eventpath", told["GITHUB_EVENT_PATH"]]
        command += ["--platform", "ubuntu-latest=-self-hosted", "--local-repository", f"{pin}={source}"]
        command += ["--action-offline-mode", "--no-cache-server", "--pull=false", "--secret", f"GITHUB_TOKEN={TOKEN}"]
        for name, text in given.items():
            command += ["--env", f"{name}={text}"]
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1"}
        return subprocess.run(command, cwd=job.workspace, env=env, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture
def world(hub, tmp_path) -> ActionWorld:
    """Its wheels are in the store by a run of ours."""
    return ActionWorld.make(tmp_path, hub)


def outputs(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return dict(re.findall(r"::set-output:: ([a-z-]+)=(.*)", done.stdout))


def test_the_recipe_runs_under_act_blocks_and_comments(world, act) -> None:
    trigger = world.push(with_base_files(BAD))
    world.act(trigger)
    world.hub.log.clear()
    world.pull.comments.clear()
    done = act(world, trigger)
    said = outputs(done)
    assert done.returncode == 1, done.stdout + done.stderr
    assert (said["verdict"], said["exit-code"], said["posted"]) == ("blocked", "1", "full"), done.stdout
    assert "comment made" in [named(one) for one in world.hub.writes]
    assert len(world.ours) == 1


def test_the_recipe_runs_under_act_and_allows(world, act) -> None:
    trigger = world.push(with_base_files(GOOD))
    world.act(trigger, comment="always")
    done = act(world, trigger)
    assert done.returncode == 0, done.stdout + done.stderr
    said = outputs(done)
    assert (said["verdict"], said["exit-code"]) == ("allowed", "0"), json.dumps(said)
