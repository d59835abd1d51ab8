"""Every way in which a pull request could weaken its own judge: the base still judges, and the change is named."""

from __future__ import annotations

import json

import pytest
from checkout import Checkout, commit, good_model
from side_doors import DOORS, TWO_PULL_REQUESTS, Door, Work, lay_base


@pytest.fixture
def tried(committed, tmp_path, git):
    """A repository in which the steps of a door were taken on a branch."""

    def take(door: Door) -> Checkout:
        here = Checkout.of(committed, tmp_path / "checkout")
        lay_base(here.root, good_model())
        commit(git, here)
        git(here.root, "checkout", "-q", "-b", "work")
        for step in door.steps:
            step(Work(here.root))
            commit(git, here)
        return here

    return take


def findings(printed: str) -> list[str]:
    report = json.loads(printed)
    judgements = [one for record in report["records"] for one in record["judgements"]]
    blocking = [one["rule"] for one in judgements if one["mode"] == "enforce" and one["outcome"] in ("fail", "unknown")]
    return [*blocking, *(one["message"] for one in report["problems"])]


@pytest.mark.parametrize("door", [*DOORS, TWO_PULL_REQUESTS], ids=lambda door: door.name)
def test_the_base_judges_and_names_what_the_change_does_to_its_judge(door, tried, gate, check) -> None:
    here = tried(door)
    judged = check(here, "--base", "main", "--format", "json")
    assert judged.returncode in (1, 2)
    assert any(door.found in one for one in findings(judged.stdout))
    said = gate("policy", "diff", "main", "work", "--format", "json", cwd=here.root)
    review = json.loads(said.stdout)
    changes = {(one["kind"], one["what"], one["direction"]) for one in review["changes"]}
    assert set(door.named) <= changes
    # The result about the policy that the run itself gives says the same.
    own = json.loads(judged.stdout)["policy"]
    assert (own is None) is (not changes)
    if own is not None:
        assert {(one["kind"], one["what"], one["direction"]) for one in own["changes"]} == changes
        assert (own["digest"], own["verdict"]) == (review["digest"], review["verdict"])
    is_looser = any(one[2] == "looser" for one in changes)
    # The base enforces the rule about loosening, so that its verdict on the change itself follows.
    assert (said.returncode, review["verdict"]) == ((1, "blocked") if is_looser else (0, "allowed"))
