"""Waivers as an organisation meets them: what is written, on which day it is judged, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

LAST_DAY = "2026-12-31"


@dataclass(frozen=True)
class WaiverCase:
    """One waiver in the base, judged on a day: the exit code, and what the gate says of it."""

    name: str
    changes: dict[str, object] = field(default_factory=dict)
    now: str = "2026-11-23"
    proven: bool = False
    code: int = 1
    said: str = ""


CASES = (
    WaiverCase("for this finding, approved by somebody else", code=0, said="WAIVED COST-005"),
    WaiverCase("a wildcard", {"subject": "*"}, code=2, said="'*' is no subject: a waiver names one subject"),
    WaiverCase("a wildcard until 9999", {"rule": "*", "expires": "9999-12-31"}, code=2, said="a waiver names one rule"),
    WaiverCase("on its last day", {"expires": LAST_DAY}, now=LAST_DAY, code=0, said="WAIVED COST-005"),
    WaiverCase("a day later", {"expires": LAST_DAY}, now="2027-01-01", said="it expired on 2026-12-31"),
    WaiverCase("for another subject", {"subject": "target node-2"}, said="FAIL COST-005"),
    WaiverCase("above what it accepts", {"accept": 5.5}, said="it accepts 5.5 MAC, and 6 MAC was measured"),
    WaiverCase("approved by its owner", {"approved_by": ["jane@example.invalid"]}, code=2, said="approved_by"),
    WaiverCase("until an impossible date", {"expires": "2027-02-30"}, said="is no day: counts as expired"),
    WaiverCase("for longer than the policy allows", {"expires": "2027-11-23"}, said="and the policy allows 60"),
    WaiverCase("approved in type only, where proof is demanded", proven=True, said="its approval is typed"),
    WaiverCase("with a signature that is not there", {"approval": "nowhere.json"}, said="is not proven"),
)
