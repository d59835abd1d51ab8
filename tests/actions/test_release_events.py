from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.errors import PolicyError
from policy_gate.gate import Request
from policy_gate.gate.asked import raised_from, stage_of
from policy_gate.model import Stage
from policy_gate.policy.config import RELEASE_EVENTS, ConfigSpec, StageSettings
from policy_gate.policy.difference_of_config import config_difference
from policy_gate.policy.direction import Change
from policy_gate.policy.loading import load_config

WHEN = st.none() | st.lists(st.sampled_from(RELEASE_EVENTS), unique=True).map(tuple)


def spec(when=None, *, stage: Stage = Stage.CANDIDATE) -> ConfigSpec:
    return ConfigSpec(stage=stage, stages={Stage.RELEASE: StageSettings(preset="default", when=when)})


def asked(event=None, stage=None, base: str = "main") -> Request:
    return Request(root=Path(), base=base, stage=stage, event=event, today=date(2026, 11, 23))


@pytest.mark.parametrize(
    ("when", "event", "stage"),
    [
        (None, None, Stage.CANDIDATE),
        (None, "tag", Stage.RELEASE),
        (None, "publish", Stage.RELEASE),
        (("tag", "publish"), "tag", Stage.RELEASE),
        (("publish",), "publish", Stage.RELEASE),
        (("publish",), "tag", Stage.CANDIDATE),
        ((), "publish", Stage.CANDIDATE),
    ],
)
def test_an_event_is_judged_as_a_release_unless_the_configuration_leaves_it_out(when, event, stage) -> None:
    assert stage_of(asked(event), spec(when)) is stage


def test_an_input_cannot_make_less_of_a_tag_than_the_configuration_does() -> None:
    assert stage_of(asked("tag", Stage.CANDIDATE), spec()) is Stage.RELEASE
    assert stage_of(asked("tag", Stage.RELEASE), spec(())) is Stage.RELEASE


def test_a_tag_is_judged_by_the_rules_of_the_usual_stage_too() -> None:
    assert raised_from(asked("tag"), spec(), Stage.RELEASE) == (Stage.CANDIDATE,)


@given(WHEN, WHEN)
def test_taking_an_event_away_loosens_and_adding_one_tightens(before, after) -> None:
    was = set(RELEASE_EVENTS if before is None else before)
    now = set(RELEASE_EVENTS if after is None else after)
    found = {row.name: row.change for row in config_difference(spec(before), spec(after))}
    assert found == {
        **{f"stages.release.when {one}": Change.LOOSER for one in was - now},
        **{f"stages.release.when {one}": Change.STRICTER for one in now - was},
    }


def config(stages: str) -> bytes:
    return (
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\n"
        f"spec: {{policy: ['builtin:edge-baseline'], stages: {stages}}}\n"
    ).encode()


def test_a_configuration_names_the_events_of_a_release() -> None:
    loaded, _ = load_config(config("{release: {preset: default, when: [publish]}}"), "policy-gate.yaml")
    assert loaded.release_events == ("publish",)


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ("{candidate: {preset: default, when: [tag]}}", "`when` belongs to the stage `release`"),
        ("{release: {preset: default, when: [merge]}}", "merge"),
        ("{release: {preset: default, when: tag}}", "when"),
    ],
)
def test_events_that_would_change_nothing_are_refused(stages, words) -> None:
    with pytest.raises(PolicyError, match=words):
        load_config(config(stages), "policy-gate.yaml")
