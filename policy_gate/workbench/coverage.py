"""Coverage of policy tests: which outcomes of each rule a case expected and got, which branches went both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.document import Document, join, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Outcome
from policy_gate.policy.packs import ALWAYS
from policy_gate.tested import BranchCoverage, RuleCoverage

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule
    from policy_gate.expression import Branch, Truth, Unknown
    from policy_gate.policy.loading import Policy
    from policy_gate.workbench.testing_file import Cannot, Coverage

Answers = dict[str, dict[int, set["Truth"]]]


class Ledger:
    """What cases reached so far; only what a case that holds reached counts, since the rest is tested by nobody."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.outcomes: dict[str, set[Outcome]] = {}
        self.answers: Answers = {}
        self._case: Answers = {}

    def observed(self, rules: Iterable[BoundRule]) -> tuple[BoundRule, ...]:
        """The same rules, whose assertions write down what each of their branches answers."""
        return tuple(self._observed(rule) for rule in rules)

    def start(self) -> None:
        """Forget what a case before left behind."""
        self._case = {}

    def keep(self, reached: Iterable[tuple[str, Outcome]]) -> None:
        """Count what the case reached: the outcomes it expected and got, and every branch on the way."""
        for rule, outcome in reached:
            self.outcomes.setdefault(rule, set()).add(outcome)
        for rule, branches in self._case.items():
            known = self.answers.setdefault(rule, {})
            for branch, truths in branches.items():
                known.setdefault(branch, set()).update(truths)

    def _observed(self, rule: BoundRule) -> BoundRule:
        assertion = rule.assertion
        if assertion is None:
            return rule
        rule_id, expression = rule.policy_rule.rule.id, assertion.formula.expression

        def decide(environment: Mapping[str, object]) -> bool | Unknown:
            for branch, truths in expression.trace(environment).outcomes.items():
                self._case.setdefault(rule_id, {}).setdefault(branch, set()).update(truths)
            return expression.decide(environment)

        watched = replace(assertion.formula, expression=replace(expression, decide=decide))
        return replace(rule, assertion=replace(assertion, formula=watched))


@dataclass(frozen=True, slots=True)
class Covered:
    """The coverage of one test file: a line for each rule, and what is lacking, each at its place."""

    rules: tuple[RuleCoverage, ...]
    findings: tuple[Problem, ...]


def covered(
    ledger: Ledger, policy: Policy, bound: Sequence[BoundRule], wanted: Coverage, document: Document
) -> Covered:
    """Hold what the cases reached against what the file wants.

    Raises PolicyError for a rule pattern, or an outcome called impossible, of a rule that is not among those covered.
    """
    rules = _rules_in_scope(policy, bound, wanted, document)
    _hold_cannot(wanted.cannot, rules, document)
    tested = tuple(_tested(rule, ledger, wanted) for rule in rules)
    findings = [
        *_outcome_findings(tested, document),
        *_impossible_findings(tested, wanted.cannot, document),
        *_branch_findings(tested, wanted.branches, document),
    ]
    return Covered(tested, tuple(findings))


def _rules_in_scope(
    policy: Policy, bound: Sequence[BoundRule], wanted: Coverage, document: Document
) -> tuple[BoundRule, ...]:
    if wanted.rules is None:
        own = () if ALWAYS in policy.names else {rule.rule.id for rule in policy.own_rules}
        return tuple(rule for rule in bound if rule.policy_rule.rule.id not in own)
    chosen: dict[str, BoundRule] = {}
    for position, pattern in enumerate(wanted.rules):
        found = [rule for rule in bound if _matches(pattern, rule.policy_rule.rule.id)]
        if not found:
            message = f"the policy has no rule {pattern}"
            raise PolicyError(problem(document, join("/coverage/rules", position), message))
        chosen |= {rule.policy_rule.rule.id: rule for rule in found}
    return tuple(chosen[name] for name in sorted(chosen))


def _matches(pattern: str, rule: str) -> bool:
    return rule == pattern or (pattern.endswith("*") and rule.startswith(pattern.removesuffix("*")))


def _hold_cannot(entries: Sequence[Cannot], rules: Sequence[BoundRule], document: Document) -> None:
    """Refuse an entry about a rule that is not covered, or a branch that its rule does not have."""
    texts = {rule.policy_rule.rule.id: [branch.text for branch in _branches_of(rule)] for rule in rules}
    for position, one in enumerate(entries):
        pointer = join("/coverage/cannot", position)
        if one.rule not in texts:
            message = f"{one.rule} is none of the rules that are covered"
            raise PolicyError(problem(document, join(pointer, "rule"), message))
        if one.branch is not None and one.branch not in texts[one.rule]:
            message, hint = (
                f"{one.rule} has no branch '{one.branch}'",
                f"branches: {'; '.join(texts[one.rule]) or 'none'}",
            )
            raise PolicyError(problem(document, join(pointer, "branch"), message, hint))


def _branches_of(rule: BoundRule) -> tuple[Branch, ...]:
    return rule.assertion.formula.expression.branches if rule.assertion is not None else ()


def _tested(rule: BoundRule, ledger: Ledger, wanted: Coverage) -> RuleCoverage:
    name = rule.policy_rule.rule.id
    reached = ledger.outcomes.get(name, set())
    impossible = {Outcome(one.outcome) for one in wanted.cannot if one.rule == name and one.outcome}
    lacking = [one for one in map(Outcome, wanted.each_rule) if one not in reached and one not in impossible]
    return RuleCoverage(
        rule=name,
        reached=tuple(one for one in Outcome if one in reached),
        lacking=tuple(dict.fromkeys(lacking)),
        cannot=tuple(one for one in Outcome if one in impossible),
        branches=tuple(_branches(rule, ledger, wanted)),
    )


def _branches(rule: BoundRule, ledger: Ledger, wanted: Coverage) -> Iterator[BranchCoverage]:
    from policy_gate.expression import Truth

    name = rule.policy_rule.rule.id
    answers = ledger.answers.get(name, {})
    for branch in _branches_of(rule):
        seen = answers.get(branch.id, set())
        yield BranchCoverage(
            text=branch.text,
            column=branch.column,
            was_true=Truth.TRUE in seen,
            was_false=Truth.FALSE in seen,
            cannot=tuple(
                one.never for one in wanted.cannot if _is_about(one, name, branch.text) and one.never is not None
            ),
        )


def _is_about(entry: Cannot, rule: str, branch: str) -> bool:
    return entry.rule == rule and entry.branch == branch


def _outcome_findings(tested: Sequence[RuleCoverage], document: Document) -> Iterator[Problem]:
    for one in tested:
        if one.lacking:
            lacking = " and no ".join(outcome.value for outcome in one.lacking)
            hint = "add a case that expects it, or say under `cannot` why the rule never has it"
            yield problem(document, "/coverage/each_rule", f"{one.rule} has no {lacking}", hint)


def _impossible_findings(
    tested: Sequence[RuleCoverage], entries: Sequence[Cannot], document: Document
) -> Iterator[Problem]:
    by_rule = {one.rule: one for one in tested}
    for position, entry in enumerate(entries):
        rule = by_rule[entry.rule]
        seen = {(one.text, True) for one in rule.branches if one.was_true}
        seen |= {(one.text, False) for one in rule.branches if one.was_false}
        if entry.outcome in rule.reached:
            message = f"{entry.rule} can be {entry.outcome}: a case expects it and gets it"
        elif (entry.branch, entry.never) in seen:
            message = f"'{entry.branch}' of {entry.rule} can be {str(entry.never).lower()}: it was in a case"
        else:
            continue
        yield problem(document, join("/coverage/cannot", position), message, "remove this entry")


def _branch_findings(tested: Sequence[RuleCoverage], wanted_percent: int, document: Document) -> Iterator[Problem]:
    branches = [(one.rule, branch) for one in tested for branch in one.branches]
    lacking = sum(len(branch.lacking) for _, branch in branches)
    if 100 * lacking <= (100 - wanted_percent) * 2 * len(branches):
        return
    for rule, branch in branches:
        if branch.lacking:
            never = " and never ".join(str(answer).lower() for answer in branch.lacking)
            hint = "add a case in which it is, or say under `cannot` why it never is"
            yield problem(document, "/coverage/branches", f"{rule}: '{branch.text}' was never {never}", hint)
