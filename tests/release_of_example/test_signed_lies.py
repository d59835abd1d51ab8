"""Signed lies: the example falsified in one area, signed again with its valid key, and found by that area's rule."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from example_world import CONFIG, FOLDER, MANIFEST, TODAY, Checkout, place_after
from lie import Lie
from lies import LIES
from proofs import prove_everything

AREAS = {"fingerprint", "signature", "cost", "privacy", "lineage", "release"}
PREFIXES = {
    "FPR": "fingerprint",
    "SIG": "signature",
    "COST": "cost",
    "PRIV": "privacy",
    "TEL": "privacy",
    "LIN": "lineage",
    "REL": "release",
}
SIGNATURE_RULES = {"SIG-001", "SIG-002", "SIG-003", "SIG-004"}
EVERYWHERE = {
    "PRIV-009": "who the people are is known by the lineage",
    "PRIV-010": "a line of the ledger repeats the whole manifest and what is known of its data",
    "PRIV-019": "which data holds people is known by the lineage",
}
"""Rules about privacy that rest on other areas' claims: a lie about those may be found by them too."""
OTHER_PROOFS = {"SIG-005", "SIG-006"}
"""About what the honest example does not name."""

pytestmark = pytest.mark.slow


@pytest.fixture
def check(gate):
    """Runs the real command on a checkout; gives its exit code and its judgements."""

    def run(checkout: Checkout) -> tuple[int, list[dict]]:
        asked = ["--base", "HEAD", "--stage", "release", "--config", CONFIG, "--now", TODAY.isoformat()]
        done = gate("check", *asked, "--format", "json", cwd=checkout.root)
        assert done.stderr == ""
        answer = json.loads(done.stdout)
        assert answer["problems"] == []
        (record,) = answer["records"]
        return done.returncode, record["judgements"]

    return run


def blocking(judgements: list[dict]) -> list[dict]:
    return [one for one in judgements if one["mode"] == "enforce" and one["outcome"] in ("fail", "unknown", "error")]


def area_of(rule: str) -> str:
    return PREFIXES[rule.partition("-")[0]]


def test_the_honest_release_is_allowed_as_it_is(checkout, check) -> None:
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, [])


def test_the_honest_next_release_is_allowed_once_it_is_signed(checkout, check) -> None:
    checkout.bump()
    checkout.sign()
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, [])


def test_an_honest_release_that_names_proofs_and_has_them_is_allowed(checkout, check) -> None:
    prove_everything(checkout)
    checkout.sign()
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, [])
    passed = {one["rule"] for one in judgements if one["outcome"] == "pass"}
    assert {"SIG-005", "REL-015", "REL-016"} <= passed


def test_proofs_that_a_release_named_are_missed_when_the_next_names_none(checkout, check) -> None:
    before = checkout.text
    prove_everything(checkout)
    checkout.sign()
    checkout.commit()
    checkout.write(MANIFEST, before.replace('"1.4.0"', '"1.6.0"').replace("sequence: 41", "sequence: 43"))
    checkout.sign()
    code, judgements = check(checkout)
    assert code == 1
    assert {one["rule"] for one in blocking(judgements)} == {"REL-014"}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie.area}: {lie.words}")
def test_a_signed_lie_is_blocked_by_its_own_rule_at_its_line_while_the_signature_holds(
    lie: Lie, checkout, check
) -> None:
    code, judgements = check(lie.told(checkout))
    blocked = blocking(judgements)
    found = sorted((one["place"]["line"], one["place"]["column"]) for one in blocked if one["rule"] == lie.rule)
    assert code == 1
    assert found == sorted(place_after(checkout.text, anchor) for anchor in lie.at)
    assert {one["place"]["path"] for one in blocked} == {f"{FOLDER}/{MANIFEST}"}
    assert {one["rule"] for one in blocked} == {lie.rule, *lie.also}
    if lie.area != "signature":
        outcomes = {one["rule"]: one["outcome"] for one in judgements if one["area"] == "signature"}
        assert outcomes == {**dict.fromkeys(SIGNATURE_RULES, "pass"), **dict.fromkeys(OTHER_PROOFS, "not_applicable")}


def test_no_lie_is_found_outside_its_area() -> None:
    outside = [
        (lie.words, rule)
        for lie in LIES
        for rule in (lie.rule, *(one for one in lie.also if one not in EVERYWHERE))
        if area_of(rule) != lie.area
    ]
    assert outside == []


def test_every_area_is_lied_about_in_at_least_three_ways() -> None:
    told = Counter(lie.area for lie in LIES)
    assert set(told) == AREAS
    assert min(told.values()) >= 3
