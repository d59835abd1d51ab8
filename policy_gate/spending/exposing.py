"""What an interval of epsilon means for one unit: how well an attacker can tell whether it took part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.readable import FALSE_ALARM_RATES, readable
from policy_gate.model import round_up
from policy_gate.spent import Detection, Exposure

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval
    from policy_gate.areas.privacy.accounting.tuning import Spending


def exposure_of(mechanisms: Sequence[Spending], delta: float, interval: EpsilonInterval) -> Exposure:
    """Bound what any attacker learns of one unit; `interval` is that of the mechanisms at `delta`."""
    found = readable(mechanisms, delta, interval)
    return Exposure(
        advantage_upper=round_up(found.advantage),
        detection=tuple(
            Detection(false_alarm_rate=alarms, found_rate_upper=round_up(rate))
            for alarms, rate in zip(FALSE_ALARM_RATES, found.found_rates, strict=True)
        ),
    )
