"""Whatever GitHub does: the exit code is the verdict's, nothing stands twice, nothing is lost, nothing crashes."""

from __future__ import annotations

import pytest
from faults_of_github import FAULTS, PLACES, TELLING, Place, Stage, set_stage, strike
from github_server import running

CASES = [(place, kind) for place in PLACES for kind in (FAULTS if place.words == "comment made" else TELLING)]


@pytest.fixture(scope="module")
def stages(description, calm_git, tmp_path_factory):
    """Each is set once: what is judged, and what a first run has posted."""
    found: dict[bool, Stage] = {}

    def find(place: Place) -> Stage:
        if place.is_second not in found:
            with running(description) as hub:
                found[place.is_second] = set_stage(tmp_path_factory.mktemp("stage"), hub, place)
        return found[place.is_second]

    return find


@pytest.mark.slow
@pytest.mark.parametrize(("place", "kind"), CASES, ids=lambda one: getattr(one, "words", one))
def test_a_fault_costs_nothing_but_time(kind, place, stages, hub, tmp_path) -> None:
    outcome = strike(stages(place).copied(tmp_path, hub), kind, place)
    assert outcome.struck
    assert (outcome.judged.code, outcome.posted.code, outcome.repeated.code) == (1, 0, 0), outcome.posted.said
    assert (outcome.twice, outcome.lost) == ((), ()), outcome.posted.said
    assert not outcome.silent, outcome.posted.said
    assert outcome.is_kept
    assert hub.visited == []
