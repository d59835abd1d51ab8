"""Explaining one rule: what it promises, where its values come from, and what decided about a release."""

from policy_gate.explaining.rules import explain_rule

__all__ = ["explain_rule"]
