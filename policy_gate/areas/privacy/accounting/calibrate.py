"""How much more noise would have met a claim: the number a fix can name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import Mechanism
from policy_gate.errors import EvidenceError

_MOST = 64.0
_HALVINGS = 10


def noise_factor(mechanisms: Sequence[Mechanism], delta: float, epsilon: float) -> float:
    """Least factor (within 0.1 %) on the noise of every mechanism that proves `epsilon`; inf when 64 is too little."""

    def proves(factor: float) -> bool:
        try:
            return account([one.quieter(factor) for one in mechanisms], delta).upper <= epsilon
        except EvidenceError:
            return False

    high = 2.0
    while not proves(high):
        if high >= _MOST:
            return math.inf
        high *= 2.0
    low = high / 2.0
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if proves(middle) else (middle, high)
    return high
