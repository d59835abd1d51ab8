"""The steps of the verification that can refuse an envelope, by the numbers of `dsse`."""

from __future__ import annotations

from enum import IntEnum

from policy_gate.errors import GateError


class Step(IntEnum):
    """Steps 2 to 8; where step 1 does not hold there is no envelope to refuse."""

    PAYLOAD_TYPE = 2
    BASE64 = 3
    SIGNATURES = 4
    PAYLOAD = 5
    STATEMENT = 6
    SUBJECTS = 7
    TIME = 8


class RefusedEnvelopeError(GateError):
    """A step of the verification does not hold."""

    def __init__(self, step: Step, what: str) -> None:
        """Name the step and what was seen."""
        super().__init__(f"step {step}: {what}")
