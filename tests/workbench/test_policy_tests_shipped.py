"""Shipped policies are completely tested: a rule without cases, or an outcome that no case shows, fails here."""

from __future__ import annotations

from functools import cache

import pytest

from policy_gate.catalogue import bind_rules
from policy_gate.errors import PolicyError
from policy_gate.model import Outcome
from policy_gate.policy.loading import Setup, load_policy
from policy_gate.policy.packs import builtin_folder, builtin_names
from policy_gate.source import open_working_tree
from policy_gate.tested import FileResult, RuleCoverage
from policy_gate.workbench.testing import find_tests, run_tests

ROOT = builtin_folder().parent
MOST_FIXTURE_BYTES = 300_000


@cache
def results() -> tuple[FileResult, ...]:
    with open_working_tree(ROOT) as tree:
        return tuple(run_tests(tree, path) for path in find_tests(tree, ["policies/tests"]))


def best(rule: str) -> RuleCoverage | None:
    """What the file that covers a rule best shows of it."""
    found = [one for result in results() for one in result.rules if one.rule == rule]
    return max(found, key=lambda one: len(one.reached), default=None)


def shipped() -> dict[str, bool]:
    """Every shipped rule by id, and whether it compares with the base."""

    def nothing(path: str) -> bytes:
        raise PolicyError(f"a shipped pack reads no file, not {path}")

    found: dict[str, bool] = {}
    for name in builtin_names():
        policy = load_policy(nothing, Setup(names=(f"builtin:{name}",), source="builtin", complete=False))
        for rule in bind_rules((*policy.rules, *policy.own_rules), policy.values):
            against_base = rule.check.against_base if rule.check is not None else bool(rule.base_needs)
            found[rule.policy_rule.rule.id] = against_base
    return found


def test_every_case_holds_and_nothing_is_lacking() -> None:
    said = [
        *(str(problem) for result in results() for problem in (*result.problems, *result.findings)),
        *(f"{result.path}: {case.name}: {case.misses}" for result in results() for case in result.cases if case.misses),
    ]
    assert said == []
    assert all(result.exit_code == 0 for result in results())


def test_no_known_gap_is_left() -> None:
    assert not [case.name for result in results() for case in result.cases if case.state != "held"]


@pytest.mark.parametrize("rule", sorted(shipped()))
def test_every_shipped_rule_is_seen_to_pass_to_fail_and_not_to_know(rule) -> None:
    coverage = best(rule)
    assert coverage is not None, f"{rule} has no case in policies/tests"
    for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN):
        assert outcome in (*coverage.reached, *coverage.cannot), f"no case shows that {rule} can be {outcome}"


@pytest.mark.parametrize("rule", sorted(rule for rule, against_base in shipped().items() if against_base))
def test_a_rule_against_the_base_is_seen_without_one(rule) -> None:
    coverage = best(rule)
    assert coverage is not None
    assert Outcome.NOT_APPLICABLE in coverage.reached


def test_every_failure_that_a_case_expects_has_its_place_in_some_case() -> None:
    """A finding without a place is no help: of each rule one case at least says where it stands."""
    from policy_gate.gate import read_document
    from policy_gate.workbench.testing_file import expectations, load_tests

    placed: set[str] = set()
    with open_working_tree(ROOT) as tree:
        for result in results():
            for case in load_tests(read_document(tree, result.path)).cases:
                for rule, expected in case.expect.items():
                    placed |= {rule for one in expectations(expected) if one.at is not None}
    missing = {rule for rule in shipped() if rule not in placed}
    # A change of policy and the number of waivers are about no line of the manifest.
    assert missing == {"POL-001", "POL-002", "POL-003", "POL-014"}


def test_the_record_they_start_from_is_small() -> None:
    assert (builtin_folder() / "tests" / "fixtures" / "keyword-spotting.json").stat().st_size < MOST_FIXTURE_BYTES


def test_tests_of_packs_are_no_packs() -> None:
    assert "tests" not in builtin_names()
    assert not [name for name in builtin_names() if "/" in name]
