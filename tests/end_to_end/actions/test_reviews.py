"""A looser policy and the reviews of its pull request: who approves it, when, and who does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pull_request_world import MAY_WRITE, PullRequestWorld
from release_texts import CONFIG, CONFIGURATION, good_release, with_base_files

sys.path.append(str(Path(__file__).resolve().parents[2] / "cli"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "model_graph"))

from board_world import trust

NAMED = {"teams": ["acme/edge"], "users": [], "count": 1}
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: acme, version: "1", words: Whoever loosens what judges needs an approval.}
spec:
  include: [{pack: "builtin:policy", rules: [POL-001], modes: {POL-001: enforce}}]
"""
STRICT = CONFIG.replace('baseline"]', 'baseline", acme.yaml]\n  trust: trust.json\n  fail_on: warned')
LOOSE = STRICT.replace("fail_on: warned", "fail_on: blocked")


@pytest.fixture
def world(hub, calm_git, tmp_path) -> PullRequestWorld:
    """Alice's pull request makes the configuration looser; Lee and Kim are of the team that may approve that."""
    base = with_base_files(good_release())
    base |= {CONFIGURATION: STRICT.encode(), "trust.json": trust(reviewers=NAMED).encode(), "acme.yaml": PACK.encode()}
    hub.world.teams["acme", "edge"] = {"lee": "active", "kim": "active"}
    made = PullRequestWorld.make(tmp_path, hub, base, permissions={**MAY_WRITE, "members": "read"})
    made.push({**base, CONFIGURATION: LOOSE.encode()})
    return made


def judged(world: PullRequestWorld, **inputs: str):
    merge = world.origin.pull(world.head)
    done = world.job(world.trigger(merge)).judge(**{"reviews": "true", "token": "ghs_of_the_tests", **inputs})
    assert "Traceback" not in done.said
    assert done.outputs["verdict"] == {0: "allowed", 1: "blocked"}[done.code], done.said
    return done


def test_the_review_of_the_head_by_a_member_of_the_named_team_approves_and_only_where_it_is_asked_for(world) -> None:
    assert judged(world).code == 1
    world.hub.world.add_review(world.pull, "lee")
    assert judged(world).code == 0
    assert judged(world, reviews="false").code == 1
    assert judged(world, token="").code == 1


def test_neither_an_outsider_nor_the_author_nor_a_review_of_an_older_head_approves(world) -> None:
    for login in ("mallory", "alice", "helper[bot]"):
        world.hub.world.add_review(world.pull, login)
    assert judged(world).code == 1
    world.hub.world.add_review(world.pull, "lee")
    files = dict(world.pull.head_files)
    world.push({**files, "NOTES.md": b"Pushed after the review.\n"})
    assert judged(world).code == 1


def test_who_pushed_a_commit_of_it_does_not_approve_it_alone(world) -> None:
    world.pull.writers[world.head] = "lee"
    world.hub.world.add_review(world.pull, "lee")
    done = judged(world)
    assert done.code == 1
    assert "lee wrote a commit of the pull request and does not approve it" in done.out
    world.hub.world.add_review(world.pull, "kim")
    assert judged(world).code == 0


def test_what_was_approved_for_another_base_does_not_loosen_this_one(world) -> None:
    world.hub.world.add_review(world.pull, "lee")
    world.pull.base_changes.append(("base_ref_changed", world.hub.world.clock.now()))
    assert judged(world).code == 1
    world.hub.world.add_review(world.pull, "lee")
    assert judged(world).code == 0
