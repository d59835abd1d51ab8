"""Coverage of policy tests: what counts, what is lacking, and what a file may say of a rule that is never so."""

from __future__ import annotations

from pathlib import Path

import pytest
from testing_world import HEAD, OWN, PACK, Lab, make_lab

from policy_gate.model import Outcome
from policy_gate.tested import FileResult

ALL_OF_IT = OWN + "coverage: {each_rule: [pass, fail, unknown], branches: 100}\n"
AS_IT_IS = "{name: as it is, expect: {all: pass}}"
MACS = "{fact: cost.target_macs, subject: target node-v2"
TOO_MANY = f"{{name: too many, facts: [{MACS}, set: {{total: 9000000}}}}], expect: {{OWN-002: fail}}}}"
LOST = f"{{name: lost, missing: [{MACS}, reason: unreadable}}], expect: {{OWN-002: unknown}}}}"
NO_LICENCE = "{name: no licence, claims: {/metadata/license: ~delete}, expect: {OWN-001: fail}}"
NO_TARGET = "{name: no target, claims: {/targets: []}, expect: {OWN-001: fail}}"
ODD_TARGET = "{name: odd targets, claims: {/targets: 5}, expect: {OWN-001: unknown}}"
ENOUGH = (AS_IT_IS, TOO_MANY, LOST, NO_LICENCE, NO_TARGET, ODD_TARGET)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


def lacking(result: FileResult) -> list[str]:
    assert result.exit_code == (1 if result.findings else 0), result.problems
    return [one.message for one in result.findings]


def reached(result: FileResult, rule: str) -> set[str]:
    return {outcome.value for one in result.rules if one.rule == rule for outcome in one.reached}


def test_cases_that_show_everything_lack_nothing(lab) -> None:
    assert lacking(lab.cases(*ENOUGH, head=ALL_OF_IT)) == []


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (TOO_MANY, ["OWN-002 has no fail", "OWN-002: 'fact.total <= params.most' was never false"]),
        (LOST, ["OWN-002 has no unknown"]),
        (NO_LICENCE, ["OWN-001: 'has(manifest.metadata.license)' was never false"]),
        (NO_TARGET, ["OWN-001: 'size(manifest.targets) > 0' was never false"]),
        (ODD_TARGET, ["OWN-001 has no unknown"]),
    ],
)
def test_what_no_case_shows_is_named(lab, left_out, said) -> None:
    assert lacking(lab.cases(*(one for one in ENOUGH if one != left_out), head=ALL_OF_IT)) == said


def test_a_finding_stands_at_what_the_file_demands(lab) -> None:
    result = lab.cases(*(one for one in ENOUGH if one != LOST), head=ALL_OF_IT)
    assert (result.findings[0].path, result.findings[0].line, result.findings[0].column) == ("tests/own.yaml", 5, 23)


def test_an_outcome_that_no_case_expects_is_tested_by_nobody(lab) -> None:
    unasked = TOO_MANY.replace("OWN-002: fail", "OWN-001: pass")
    assert reached(lab.cases(unasked), "OWN-002") == set()
    assert reached(lab.cases(TOO_MANY), "OWN-002") == {"fail"}


def test_a_case_that_fails_shows_nothing(lab) -> None:
    result = lab.cases(TOO_MANY.replace("{OWN-002: fail}", "{OWN-002: fail, OWN-001: fail}"))
    assert result.exit_code == 1
    assert all(not one.reached for one in result.rules)
    assert not any(branch.was_true or branch.was_false for one in result.rules for branch in one.branches)


def test_a_known_gap_shows_nothing(lab) -> None:
    gap = "{name: a gap, todo: true, expect: {OWN-001: pass, OWN-002: fail}}"
    assert all(not one.reached for one in lab.cases(gap).rules)


def test_the_sum_of_all_passes_counts_for_every_rule(lab) -> None:
    result = lab.cases(AS_IT_IS)
    assert {one.rule: one.reached for one in result.rules} == {"OWN-001": (Outcome.PASS,), "OWN-002": (Outcome.PASS,)}


def test_rules_about_policies_are_covered_only_where_they_are_named(lab) -> None:
    demand = "coverage: {each_rule: [pass]}\n"
    assert lacking(lab.cases(AS_IT_IS, head=OWN + demand)) == []
    named = OWN.replace("[../pack.yaml]", "[../pack.yaml, 'builtin:policy']") + demand
    assert any(one.startswith("POL-010 has no pass") for one in lacking(lab.cases(AS_IT_IS, head=named)))


@pytest.mark.parametrize(
    ("rules", "covered"),
    [("[OWN-001]", ["OWN-001"]), ("['OWN-*']", ["OWN-001", "OWN-002"]), ("[OWN-002, OWN-001]", ["OWN-001", "OWN-002"])],
)
def test_a_file_may_choose_the_rules_it_covers(lab, rules, covered) -> None:
    assert [one.rule for one in lab.cases(AS_IT_IS, head=OWN + f"coverage: {{rules: {rules}}}\n").rules] == covered


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ("{rules: ['COST-*']}", "the policy has no rule COST-*"),
        ("{rules: ['*']}", "rules"),
        ("{rules: []}", "rules"),
        ("{each_rule: [error]}", "each_rule"),
        ("{branches: 101}", "branches"),
        ("{cannot: [{rule: COST-001, outcome: fail, reason: it never does}]}", "none of the rules that are covered"),
        ("{cannot: [{rule: OWN-001, outcome: fail}]}", "reason"),
        ("{cannot: [{rule: OWN-001, reason: it never does}]}", "either an `outcome`, or a `branch`"),
        ("{cannot: [{rule: OWN-001, branch: size, reason: it never does}]}", "either an `outcome`, or a `branch`"),
        ("{cannot: [{rule: OWN-001, branch: size, never: true, reason: it never does}]}", "has no branch 'size'"),
    ],
)
def test_a_demand_that_is_not_clear_is_refused(lab, coverage, said) -> None:
    assert said in lab.refused(AS_IT_IS, head=OWN + f"coverage: {coverage}\n")


def test_what_a_rule_never_is_need_not_be_shown(lab) -> None:
    never = "cannot: [{rule: OWN-001, outcome: unknown, reason: a list is always read}]"
    head = OWN + f"coverage: {{each_rule: [unknown], {never}}}\n"
    assert lacking(lab.cases(AS_IT_IS, LOST, head=head)) == []


def test_what_is_called_impossible_and_happens_is_a_finding(lab) -> None:
    never = "cannot: [{rule: OWN-002, outcome: fail, reason: it never fails}]"
    found = lacking(lab.cases(AS_IT_IS, TOO_MANY, head=OWN + f"coverage: {{{never}}}\n"))
    assert found == ["OWN-002 can be fail: a case expects it and gets it"]


def test_a_branch_that_never_goes_one_way_need_not_be_shown(lab) -> None:
    branch = "branch: 'size(manifest.targets) > 0', never: false, reason: the loader refuses it"
    head = OWN + f"coverage: {{branches: 100, cannot: [{{rule: OWN-001, {branch}}}]}}\n"
    assert lacking(lab.cases(AS_IT_IS, TOO_MANY, NO_LICENCE, head=head)) == []
    found = lacking(lab.cases(AS_IT_IS, TOO_MANY, NO_LICENCE, NO_TARGET, head=head))
    assert found == ["'size(manifest.targets) > 0' of OWN-001 can be false: it was in a case"]


@pytest.mark.parametrize(("percent", "count"), [(100, 3), (51, 3), (50, 0), (0, 0)])
def test_branches_are_demanded_by_percent(lab, percent, count) -> None:
    found = lacking(lab.cases(AS_IT_IS, head=OWN + f"coverage: {{branches: {percent}}}\n"))
    assert len(found) == count


def test_conditions_inside_a_list_are_branches_and_one_not_reached_was_neither(lab) -> None:
    every = "size(manifest.targets) > 0 && manifest.targets.all(one, one.id == 'node-v2' || has(one.runtime))"
    lab.write("pack.yaml", PACK.replace("has(manifest.metadata.license) && size(manifest.targets) > 0", every))
    result = lab.cases(AS_IT_IS, head=OWN + "coverage: {rules: [OWN-001]}\n")
    assert [(one.text, one.was_true, one.was_false) for one in result.rules[0].branches] == [
        ("size(manifest.targets) > 0", True, False),
        ("one.id == 'node-v2'", True, False),
        ("has(one.runtime)", False, False),
    ]


def test_a_rule_of_a_stage_that_no_case_has_is_lacking(lab) -> None:
    lab.write("pack.yaml", PACK.replace("      each:", "      stages: [candidate]\n      each:"))
    head = OWN + "coverage: {each_rule: [pass]}\n"
    assert lacking(lab.cases(AS_IT_IS, head=head)) == ["OWN-002 has no pass"]


def test_a_rule_without_an_assertion_has_no_branches(lab) -> None:
    head = HEAD + "policy: ['builtin:fingerprint']\ndefaults: {record: record.json}\ncoverage: {branches: 100}\n"
    result = lab.cases(AS_IT_IS, head=head)
    assert result.exit_code == 0
    assert all(not one.branches for one in result.rules)
