"""What holds of any two policies: tightening is stricter, going back mirrors, order says nothing, nothing is hidden."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

from difference_world import PARAMETERS, compared, pack, policy, rule
from hypothesis import given, settings
from hypothesis import strategies as st
from test_difference_config import SPECS, spec_of

from policy_gate.policy.difference_of_config import config_difference
from policy_gate.policy.difference_row import mirrored, parts_of
from policy_gate.policy.direction import Change

DAYS = st.dates().map(lambda day: day.isoformat())
MEMBERS = st.sets(st.sampled_from("abcdef"), max_size=4).map(sorted)
BUDGETS = st.dictionaries(st.sampled_from(["*", "a", "b", "c"]), st.integers(0, 5), max_size=4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "lower": st.integers(0, 9) | st.floats(0, 9),
    "higher": st.integers(0, 9),
    "allowed": MEMBERS,
    "denied": MEMBERS,
    "budget": BUDGETS,
    "must": st.booleans(),
    "since": DAYS,
    "label": st.sampled_from(["x", "y", "3"]),
}
STAGES = st.sampled_from([["candidate"], ["release"], ["candidate", "release"]])
RULES = st.fixed_dictionaries(
    {},
    optional={
        "stages": STAGES,
        "severity": st.sampled_from(["low", "high"]),
        "when": st.sampled_from(["1 < 2", "2 < 3"]),
        "check": st.sampled_from(
            ["fingerprint.digest_matches", "cost.macs_growth", {"cost.macs_growth": {"max_growth": 0.5}}]
        ),
    },
)
MODES = st.one_of(
    st.sampled_from(["enforce", "warn", "audit"]).map(lambda mode: {"mode": mode}),
    st.sampled_from(["2026-01-01", "2027-01-01", "2028-01-01"]).map(
        lambda day: {"rollout": {"mode": "warn", "effective_on": day}}
    ),
)
IDS = ("MINE-001", "MINE-002", "MINE-003")


@st.composite
def packs(draw: Any) -> dict[str, Any]:
    """A pack with all parameters and some rules, each of any mode, stage, condition and check."""
    chosen = draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True))
    parameters = {key: {**PARAMETERS[key], "default": draw(values)} for key, values in VALUES.items()}
    return pack(*(rule(one, **draw(RULES), **draw(MODES)) for one in chosen), parameters=parameters)


def turned(name: str) -> str:
    """The name of a row when going back: what was added is removed."""
    for word, other in ((", added", ", removed"), (", removed", ", added")):
        if name.endswith(word):
            return name.removesuffix(word) + other
    return name


@settings(max_examples=100, deadline=None)
@given(packs(), packs())
def test_going_back_mirrors_every_row(one, other) -> None:
    before, after = policy(one), policy(other)
    there, back = compared(before, after), compared(after, before)
    assert Counter((row.kind, row.name, row.change) for row in there if row.kind != "pack") == Counter(
        (row.kind, turned(row.name), mirrored(row.change)) for row in back if row.kind != "pack"
    )


@settings(max_examples=100, deadline=None)
@given(packs(), packs())
def test_a_policy_that_changed_has_a_difference(one, other) -> None:
    # To the byte: 0 and 0.0 are one number, and two layouts.
    assert bool(compared(policy(one), policy(other))) is (json.dumps(one) != json.dumps(other))


@settings(max_examples=50, deadline=None)
@given(packs(), st.randoms())
def test_the_order_of_rules_and_keys_is_layout_and_nothing_else(one, random) -> None:
    other = copy.deepcopy(one)
    random.shuffle(other["spec"]["rules"])
    names = list(other["spec"]["parameters"])
    random.shuffle(names)
    other["spec"]["parameters"] = {name: other["spec"]["parameters"][name] for name in names}
    assert {(row.kind, row.change) for row in compared(policy(one), policy(other))} <= {("pack", Change.DIFFERENT)}


@settings(max_examples=50, deadline=None)
@given(packs(), st.permutations(["a.json", "b.json", "c.json"]))
def test_the_order_of_packs_says_nothing(one, order) -> None:
    first, second, third = (copy.deepcopy(one) for _ in range(3))
    for number, (each, name) in enumerate(((first, "a"), (second, "b"), (third, "c"))):
        each["metadata"]["name"] = name
        each["spec"]["parameters"] = {}
        each["spec"]["rules"] = [rule(f"{name.upper()}X-{number:03}")]
    assert compared(policy(first, second, third), policy(first, second, third, names=tuple(order))) == ()


def tightened(draw: Any, name: str, value: Any) -> Any:
    """Another value of a parameter, at least as strict by its own direction."""
    if name in ("lower", "higher"):
        step = draw(st.integers(1, 5))
        return value - step if name == "lower" else value + step
    if name in ("allowed", "denied"):
        kept = draw(st.sets(st.sampled_from(value))) if value else set()
        return sorted(kept) if name == "allowed" else sorted({*value, draw(st.sampled_from("uvw"))})
    if name == "budget":
        return {key: number - draw(st.integers(0, 5)) for key, number in value.items()}
    return True if name == "must" else max(value, draw(DAYS))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([name for name in VALUES if name != "label"]))
def test_tightening_a_value_is_stricter_and_never_anything_else(data, name) -> None:
    value = data.draw(VALUES[name])
    stricter = tightened(data.draw, name, value)
    changes = {part.change for part in parts_of(PARAMETERS[name]["stricter"], value, stricter)}
    assert changes == ({Change.STRICTER} if value != stricter else set())
    back = {part.change for part in parts_of(PARAMETERS[name]["stricter"], stricter, value)}
    assert back == ({Change.LOOSER} if value != stricter else set())


@settings(max_examples=200, deadline=None)
@given(SPECS, SPECS)
def test_going_back_mirrors_every_row_of_a_configuration(one, other) -> None:
    there = config_difference(spec_of(one), spec_of(other))
    back = config_difference(spec_of(other), spec_of(one))
    assert Counter((row.kind, row.name, row.change) for row in there) == Counter(
        (row.kind, row.name, mirrored(row.change)) for row in back
    )
    assert bool(there) is (spec_of(one) != spec_of(other))
