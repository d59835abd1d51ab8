"""Lints rules: conditions and assertions that are constant, `all` over nothing, messages without a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate.assertion import expression_problem
from policy_gate.model import Mode
from policy_gate.policy.packs import Condition
from policy_gate.workbench.linting_finding import Finding, Level, is_own, note, warning

if TYPE_CHECKING:
    from policy_gate.assertion import Assertion, Formula
    from policy_gate.catalogue import BoundRule
    from policy_gate.policy.loading import PolicyRule

CLAIMS = frozenset(("manifest", "params", "today"))
"""What a condition may read that comes from the release's own manifest, or from no release at all."""


def rule_findings(rules: Iterable[BoundRule]) -> Iterator[Finding]:
    """What is odd about bound rules of the tree, each at its place."""
    for rule in rules:
        if is_own(rule.policy_rule.document) and rule.assertion is not None:
            yield from _assertion(rule.policy_rule, rule.assertion)
        yield from when_findings(rule.policy_rule, rule.ways)


def when_findings(rule: PolicyRule, ways: Iterable[tuple[Formula, ...]]) -> Iterator[Finding]:
    """What is odd about the conditions of a rule; one that a pack adds to a shipped rule stands in that pack."""
    formulas = [formula for way in ways for formula in way]
    for formula in formulas:
        if is_own(formula.document):
            yield from _condition(rule, formula)
            yield from unguarded(formula)
    if rule.mode_after is Mode.ENFORCE and formulas and all(_is_chosen_by_claims(one) for one in formulas):
        where = formulas[0]
        if is_own(where.document):
            message = (
                f"claims alone decide whether {rule.rule.id} applies: a first release that leaves them out escapes it"
            )
            hint = "read a fact as well, or demand the claim by a rule of its own"
            yield note(where.document, where.pointer, message, hint)


def _is_chosen_by_claims(formula: Formula) -> bool:
    roots = {path[0] for path in formula.expression.paths}
    return "manifest" in roots and roots <= CLAIMS


def _condition(rule: PolicyRule, formula: Formula) -> Iterator[Finding]:
    from policy_gate.expression import Constant

    said = {
        Constant.NEVER_TRUE: f"{rule.rule.id} is never reached: its condition is never true",
        Constant.NEVER_FALSE: f"the condition of {rule.rule.id} is never false",
        Constant.ALWAYS_UNKNOWN: f"whether {rule.rule.id} applies is never known",
    }
    message = said.get(formula.expression.constant)
    if message is not None:
        yield warning(formula.document, formula.pointer, message, "correct the condition, or take it away")


def _assertion(rule: PolicyRule, assertion: Assertion) -> Iterator[Finding]:
    from policy_gate.expression import Constant

    formula = assertion.formula
    said = {
        Constant.NEVER_TRUE: f"{rule.rule.id} never passes, whatever the release is",
        Constant.NEVER_FALSE: f"{rule.rule.id} never fails, whatever the release is",
        Constant.ALWAYS_UNKNOWN: f"{rule.rule.id} is never known, whatever the release is",
    }
    message = said.get(formula.expression.constant)
    if message is not None:
        yield warning(formula.document, formula.pointer, message, "let it read what it is about")
    yield from unguarded(formula)
    if assertion.message is not None and not assertion.message.paths:
        message = f"the message of {rule.rule.id} shows no value"
        hint = "name what was found in braces, such as {manifest.metadata.version}"
        yield note(rule.document, f"{rule.pointer}/message", message, hint)


def unguarded(formula: Formula) -> Iterator[Finding]:
    """Every `all` of an expression that an empty list would pass."""
    from policy_gate.expression import ExpressionError

    for column in formula.expression.unguarded_all:
        message = "`all` is true of an empty list, which nothing here rules out"
        error = ExpressionError(message, column, "write `size(…) > 0 &&` before it")
        written = Condition(text=formula.expression.text, document=formula.document, pointer=formula.pointer)
        yield Finding(Level.ERROR, expression_problem(written, error))
