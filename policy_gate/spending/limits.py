"""What a policy allows one population in its window, and how long that window is."""

from __future__ import annotations

from datetime import date

from policy_gate.areas.privacy.ledger.window import USUAL_DAYS, Window
from policy_gate.catalogue import bind_rules
from policy_gate.frozen import dataclass
from policy_gate.gate.ledgers import WINDOW
from policy_gate.gate.trusted import Configuration, PolicyFiles

USUAL_EPSILON = 8.0
"""What the shipped rule allows; shown where no rule of the policy limits a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The window that ends today, and the most that one population may spend in it; `rule` is "" where none says so."""

    window: Window
    max_epsilon: float
    rule: str


def budget_of(configuration: Configuration, today: date) -> Budget:
    """The tightest budget of the rules that the configuration selects; raises GateError for a policy that is wrong."""
    spec = configuration.spec
    policy = PolicyFiles(configuration, today.isoformat()).policy(spec.policy, spec.stage)
    named = [one for one in policy.rules if one.rule.check_name == WINDOW]
    found = [
        (float(getattr(one.limits, "max_epsilon", USUAL_EPSILON)), _days(one.limits), one.policy_rule.rule.id)
        for one in bind_rules(named, policy.values)
    ]
    epsilon, days, rule = min(found, default=(USUAL_EPSILON, USUAL_DAYS, ""))
    return Budget(window=Window(today, days), max_epsilon=epsilon, rule=rule)


def _days(limits: object) -> int:
    return int(getattr(limits, "min_window_days", USUAL_DAYS))
