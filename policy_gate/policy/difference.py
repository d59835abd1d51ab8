"""The difference of two policies as rows: what became looser, stricter or different; the same in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.policy.difference_of_rules import DefaultOf, DirectionOf, RuleDifferences, no_default
from policy_gate.policy.difference_of_values import (
    exception_differences,
    pack_differences,
    parameter_differences,
    preset_differences,
    selector_differences,
    tool_differences,
)
from policy_gate.policy.difference_row import Difference, Sources, ordered

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.policy.loading import Policy

__all__ = ["Difference", "Sources", "difference"]


def difference(
    before: Policy,
    after: Policy,
    direction_of: DirectionOf,
    *,
    default_of: DefaultOf = no_default,
    sources: Sources = Sources(),  # noqa: B008  # frozen
    overlays: Document | None = None,
) -> tuple[Difference, ...]:
    """Say in which ways `after` is looser, stricter or different, what loosens first.

    Both are policies of one stage, loaded as of one day. `overlays` is the new side's configuration, which is where a
    reader finds a rule that it removed. Never raises.
    """
    compared = RuleDifferences(direction_of, default_of, sources, overlays, after.packs)
    old = {one.rule.id: one for one in (*before.rules, *before.own_rules)}
    new = {one.rule.id: one for one in (*after.rules, *after.own_rules)}
    rows = [
        *compared.of(old, new),
        *parameter_differences(before, after, sources),
        *preset_differences(before, after, sources),
        *selector_differences(before, after, sources),
        *exception_differences(before, after, sources, overlays),
        *tool_differences(before, after, sources),
    ]
    return ordered([*rows, *pack_differences(before, after, sources, rows)])
