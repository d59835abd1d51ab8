"""Short ways to ask an expression in tests."""

from __future__ import annotations

from typing import Any

from policy_gate.expression import LEAF, OPEN, Unknown, closed, parse

ROOTS = {
    "m": OPEN,
    "facts": closed({"cost": closed({"target_cost": OPEN}), "privacy": closed({"accounting": OPEN})}),
    "params": closed({"max_epsilon": OPEN, "allowed": OPEN}),
    "today": LEAF,
}


def ask(text: str, document: Any = None, **roots: Any) -> bool | str:
    """True, false, or the reason why not known; by the fast way, the slow way and the traced way, which must agree."""
    expression = parse(text, ROOTS)
    environment = {**roots} if document is None else {"m": document, **roots}
    fast = expression.decide(environment)
    slow = expression.explain(environment).result
    traced = expression.trace(environment).result
    answers = [one.reason if isinstance(one, Unknown) else one for one in (fast, slow, traced)]
    assert answers[0] is answers[1] is answers[2] or str(answers[0]) == str(answers[1]) == str(answers[2]), answers
    return answers[0] if isinstance(answers[0], bool) else str(answers[0])
