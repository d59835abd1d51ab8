"""Two configurations are told apart in what is judged, by which files, and what blocks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from policy_gate.document import load
from policy_gate.errors import PolicyError
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.difference_of_config import config_difference
from policy_gate.policy.loading import load_config

HEAD = {"apiVersion": "policy-gate/v1alpha1", "kind": "PolicyConfig"}
PATTERNS = st.lists(st.sampled_from(["**/a.yaml", "**/b.yaml", "**/c.yaml"]), min_size=1, max_size=3, unique=True)
LOOSENS = {
    "what": "parameter max_epsilon",
    "owner": "jane",
    "approved_by": ["bob"],
    "reason": "no bench yet",
    "expires": "2027-01-31",
}
SPECS = st.fixed_dictionaries(
    {"policy": st.just(["builtin:edge-baseline"])},
    optional={
        "manifests": PATTERNS.map(sorted),
        "models": PATTERNS.map(sorted),
        "trust": st.sampled_from(["trust.yaml", "other.yaml"]),
        "waivers": st.sampled_from(["waivers.yaml", "other.yaml"]),
        "baseline": st.sampled_from(["baseline.json", "other.json"]),
        "records": st.sampled_from([[], ["records/*.json"]]),
        "profiles": st.sampled_from([[], ["board.yaml"], ["board.yaml", "fast.yaml"]]),
        "fail_on": st.sampled_from(["never", "blocked", "warned"]),
        "stage": st.sampled_from(["candidate", "release"]),
        "allow_none": st.booleans(),
        "limits": st.integers(1, 3).map(lambda least: {"rules_min": least}),
        "loosens": st.sampled_from(["2027-01-31", "2027-02-28", "2027-02-30"]).map(
            lambda day: [{**LOOSENS, "expires": day}]
        ),
    },
)


def spec_of(spec: dict[str, Any]) -> ConfigSpec:
    """A configuration as a file would say it."""
    loaded = load_config(json.dumps({**HEAD, "spec": {"policy": ["builtin:cost"], **spec}}).encode(), "c.json")[0]
    return ConfigSpec.model_validate(loaded.model_dump())


def rows(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.name, one.change.value) for one in config_difference(spec_of(before), spec_of(after))]


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"manifests": ["a", "b"]}, {"manifests": ["a"]}, "manifests b"),
        ({"models": ["**/*.onnx"]}, {"models": []}, "models **/*.onnx"),
        ({}, {"allow_none": True}, "allow_none"),
        ({"stage": "release"}, {"stage": "candidate"}, "stage"),
        ({}, {"fail_on": "never"}, "fail_on"),
        ({"fail_on": "warned"}, {"fail_on": "blocked"}, "fail_on"),
        ({"limits": {"rules_min": 5}}, {"limits": {"rules_min": 4}}, "rules_min"),
    ],
)
def test_what_is_looked_for_and_what_blocks_can_get_looser_and_stricter(before, after, name) -> None:
    assert rows(before, after) == [(name, "looser")]
    assert rows(after, before) == [(name, "stricter")]


def test_another_pattern_is_one_less_and_one_more() -> None:
    assert rows({"manifests": ["a"]}, {"manifests": ["b"]}) == [("manifests a", "looser"), ("manifests b", "stricter")]


@pytest.mark.parametrize("key", ["trust", "waivers", "baseline"])
def test_another_file_is_different_and_so_is_none(key) -> None:
    assert rows({key: "a.yaml"}, {key: "b.yaml"}) == [(key, "different")]
    assert rows({key: "a.yaml"}, {}) == [(key, "different")]


def test_other_device_profiles_are_different_in_whatever_direction_and_their_order_says_nothing() -> None:
    assert rows({}, {"profiles": ["a.yaml"]}) == [("profiles", "different")]
    assert rows({"profiles": ["a.yaml"]}, {}) == [("profiles", "different")]
    assert rows({"profiles": ["a.yaml", "b.yaml"]}, {"profiles": ["b.yaml", "a.yaml"]}) == []


def test_more_profiles_than_anybody_has_boards_are_refused() -> None:
    with pytest.raises(PolicyError, match="profiles"):
        spec_of({"profiles": [f"{number}.yaml" for number in range(65)]})


def test_other_packs_are_different_and_their_order_says_nothing() -> None:
    assert rows({"policy": ["a.yaml"]}, {"policy": ["other.yaml"]}) == [("policy", "different")]
    assert rows({"policy": ["a.yaml", "b.yaml"]}, {"policy": ["b.yaml", "a.yaml"]}) == []


def loosens(**keys: Any) -> dict[str, Any]:
    return {"loosens": [{**LOOSENS, **keys}]}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({}, loosens(), "looser"),
        (loosens(), {}, "stricter"),
        (loosens(), loosens(expires="2027-02-01"), "looser"),
        (loosens(), loosens(expires="2027-01-30"), "stricter"),
        (loosens(expires="2027-02-30"), loosens(), "looser"),
        (loosens(), loosens(expires="2027-02-30"), "stricter"),
        (loosens(), loosens(expires="2027-02-01", reason="another reason"), "looser"),
        (loosens(), loosens(expires="2027-01-30", reason="another reason"), "different"),
        (loosens(), loosens(approved_by=["mallory"]), "different"),
        (loosens(), loosens(approval="proof.json"), "different"),
    ],
)
def test_a_permission_to_loosen_goes_by_its_end(before, after, change) -> None:
    assert rows(before, after) == [("parameter max_epsilon", change)]


def test_a_row_stands_where_the_new_value_is_and_a_gone_entry_where_it_was() -> None:
    def document(spec: dict[str, Any]) -> Any:
        return load(json.dumps({**HEAD, "spec": {"policy": ["x"], **spec}}, indent=1).encode(), "policy-gate.json")

    before, after = loosens(), {"fail_on": "never"}
    found = config_difference(spec_of(before), spec_of(after), documents=(document(before), document(after)))
    places = {one.name: one.place for one in found}
    assert (places["fail_on"].source, places["fail_on"].pointer) == ("after", "/spec/fail_on")
    gone = places["parameter max_epsilon"]
    assert (gone.source, gone.pointer) == ("before", "/spec/loosens/0")
