"""Policy: what judges is judged too: exceptions from it, and what a change does to it."""

from __future__ import annotations

from policy_gate.area import Area, Check
from policy_gate.areas.policy import change_checks, checks
from policy_gate.areas.policy.change_facts import PolicyChange, Proposal
from policy_gate.areas.policy.facts import KnownFindings, ListedWaiver, WaiverNumber

FACT_TYPES = (ListedWaiver, WaiverNumber, KnownFindings, PolicyChange, Proposal)
"""No collector gives these: they are known only after every other rule was judged, or about a change as a whole."""

AREA = Area(
    name="policy",
    sections={},
    collectors=(),
    own_facts=FACT_TYPES,
    checks={
        "policy.does_not_loosen": Check(function=change_checks.does_not_loosen, judges=PolicyChange),
        "policy.is_clear": Check(function=change_checks.is_clear, judges=PolicyChange),
        "policy.proposal_loads": Check(function=change_checks.proposal_loads, judges=Proposal),
        "policy.waiver_in_force": Check(function=checks.waiver_in_force, judges=ListedWaiver),
        "policy.waiver_is_needed": Check(function=checks.waiver_is_needed, judges=ListedWaiver),
        "policy.waiver_not_ending": Check(
            function=checks.waiver_not_ending, judges=ListedWaiver, limits=checks.EndLimits
        ),
        "policy.waiver_within_lifetime": Check(function=checks.waiver_within_lifetime, judges=ListedWaiver),
        "policy.waivers_within_number": Check(function=checks.waivers_within_number, judges=WaiverNumber),
        "policy.waiver_is_approved": Check(function=checks.waiver_is_approved, judges=ListedWaiver),
        "policy.baseline_is_current": Check(function=checks.baseline_is_current, judges=KnownFindings),
    },
)
