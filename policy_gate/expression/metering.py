"""Bounds the work of many evaluations together, where somebody who is not trusted wrote the expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy_gate.errors import TooMuchWorkError
from policy_gate.expression.compiling import measurer
from policy_gate.expression.evidence import Explanation
from policy_gate.expression.expressions import Environment, Expression
from policy_gate.expression.values import Unknown

TEXT_PER_STEP = 4  # characters of an expression whose evaluation takes as long as a step
EXPLAINING = 20  # how many times as long explaining takes as deciding; measured at 10 to 80

Measure = Callable[[Environment], tuple["bool | Unknown", int]]


class Meter:
    """Decides and explains until all steps are taken; then it raises `TooMuchWorkError`, again and again."""

    def __init__(self, steps: int) -> None:
        """Start with these steps left for everything that is asked of this meter."""
        self._most = self._left = steps
        self._measures: dict[int, tuple[Expression, Measure]] = {}

    def spend(self, steps: int) -> None:
        """Take steps away for work that is no evaluation; raises `TooMuchWorkError`."""
        self._left -= steps
        if self._left < 0:
            raise TooMuchWorkError(f"it takes more than {self._most} steps of work, and is not looked at further")

    def decide(self, expression: Expression, environment: Mapping[str, object]) -> bool | Unknown:
        """As `expression.decide`."""
        return self._measured(expression, environment, 1)

    def explain(self, expression: Expression, environment: Mapping[str, object]) -> Explanation:
        """As `expression.explain`."""
        self._measured(expression, environment, EXPLAINING)
        return expression.explain(environment)

    def _measured(self, expression: Expression, environment: Mapping[str, object], times: int) -> bool | Unknown:
        self.spend(0)
        known = self._measures.get(id(expression))
        if known is None:
            # The expression is kept, so that no other one gets its id.
            known = self._measures[id(expression)] = expression, measurer(expression.node)
        answer, steps = known[1](environment)
        self.spend(times * (1 + steps + len(expression.text) // TEXT_PER_STEP))
        return answer
