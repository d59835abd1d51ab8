"""The reviewers of a trust file: plain names of teams and people, how many it takes, and no default for that."""

from __future__ import annotations

import json

import pytest
from signature_world import ed25519, entry

from policy_gate.areas.signature.trust import Reviewers, Trust, decode_trust
from policy_gate.document import load
from policy_gate.errors import PolicyError

ALICE = entry(ed25519("alice"), id="alice")
LEE = {"teams": ["acme/edge-approvers"], "users": ["lee"], "count": 1}


def decoded(**content: object) -> Trust:
    whole = {"apiVersion": "policy-gate/v1alpha1", "kind": "TrustFile", **content}
    return decode_trust(load(json.dumps(whole).encode(), "trust.json"))


@pytest.mark.parametrize(
    "reviewers",
    [
        {},
        {"count": 1},
        {"teams": [], "users": [], "count": 1},
        {"users": ["lee"]},
        {"users": ["lee"], "count": 0},
        {"users": ["lee"], "count": True},
        {"users": ["lee"], "count": "1"},
        {"users": ["lee"], "count": 2},
        {"users": ["lee", "Lee"], "count": 1},
        {"teams": ["acme/edge", "ACME/edge"], "count": 1},
        {"users": "lee", "count": 1},
        {"users": ["lee "], "count": 1},
        {"users": ["@lee"], "count": 1},
        {"users": ["lee\n"], "count": 1},
        {"users": ["lеe"], "count": 1},  # the first e is Cyrillic
        {"users": ["github-actions[bot]"], "count": 1},
        {"users": [""], "count": 1},
        {"teams": ["edge"], "count": 1},
        {"teams": ["acme/"], "count": 1},
        {"teams": ["acme/edge/more"], "count": 1},
        {"teams": ["acme/Edge Approvers"], "count": 1},
        {"teams": ["acme/../x"], "count": 1},
        {"users": ["lee"], "count": 1, "bots": ["ci"]},
        {"users": [f"user{number}" for number in range(51)], "count": 1},
        ["lee"],
        "lee",
    ],
)
def test_reviewers_that_are_nobody_too_few_or_no_plain_names_are_refused(reviewers) -> None:
    with pytest.raises(PolicyError):
        decoded(keys=[ALICE], thresholds={"releaser": 1}, reviewers=reviewers)


def test_reviewers_stand_beside_keys_or_alone() -> None:
    expected = Reviewers(teams=("acme/edge-approvers",), users=("lee",), count=1)
    assert decoded(keys=[ALICE], thresholds={"releaser": 1}, reviewers=LEE).reviewers == expected
    alone = decoded(reviewers=LEE)
    assert (alone.reviewers, alone.keys) == (expected, ())
    assert not decoded(keys=[ALICE], thresholds={"releaser": 1}).reviewers


def test_a_file_that_names_neither_keys_nor_reviewers_is_refused() -> None:
    for content in ({}, {"keys": []}, {"keys": [], "thresholds": {}}):
        with pytest.raises(PolicyError, match="nobody is trusted"):
            decoded(**content)


def test_a_threshold_without_a_key_that_could_meet_it_is_refused_beside_reviewers_too() -> None:
    with pytest.raises(PolicyError, match="it can never be met"):
        decoded(thresholds={"releaser": 1}, reviewers=LEE)
    with pytest.raises(PolicyError, match="how many keys of the role releaser"):
        decoded(keys=[ALICE], reviewers=LEE)


def test_a_reviewer_is_named_in_whatever_case_and_never_by_half_a_name() -> None:
    named = Reviewers(teams=("acme/edge",), users=("lee",), count=1)
    assert all(named.names(via) for via in ("team acme/edge", "team Acme/Edge", "user LEE"))
    assert not any(
        named.names(via)
        for via in (
            "",
            "lee",
            "user",
            "user ",
            "team",
            "team lee",
            "user acme/edge",
            "team acme",
            "group lee",
            "user le",
        )
    )
