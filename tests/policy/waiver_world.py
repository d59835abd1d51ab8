"""A small world for the tests of waivers: one release, one finding, one waiver that covers it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from policy_gate.document import Document, load
from policy_gate.model import Judgement, Mode, Outcome, Place, ReleaseIdentity, Severity, Subject
from policy_gate.policy.exceptions import NO_PROOF, Approval, Proof, WaiverLimits
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.policy.waivers import Circumstances, Decision, Waiver, decide

TODAY = date(2026, 12, 1)
MODEL, OTHER_MODEL = f"sha256:{'a1' * 32}", f"sha256:{'b2' * 32}"
ARTIFACTS = {"kws": MODEL, "labels": OTHER_MODEL}

RELEASE = ReleaseIdentity(
    name="kws-en",
    version="1.4.2",
    sequence=41,
    manifest_digest=f"sha256:{'c3' * 32}",
    path="release.yaml",
    source="head",
)
LIMITS = WaiverLimits(waivers_max=3, waiver_days_max=90, approval=Approval.DECLARED)

ENTRY = {
    "id": "W-2026-014",
    "rule": "COST-005",
    "release": "kws-en",
    "subject": "target node-v2 x kws",
    "accept": 58,
    "owner": "jane@example.invalid",
    "approved_by": ["security"],
    "reason": "Firmware 3.2 lowers the clock; a fix is tracked.",
    "expires": "2027-01-31",
}

FINDING = Judgement(
    rule="COST-005",
    title="Latency is within budget",
    area="cost",
    severity=Severity.HIGH,
    mode=Mode.ENFORCE,
    subject=Subject("target", ("node-v2", "kws")),
    outcome=Outcome.FAIL,
    reason=None,
    message="58 ms, over the budget of 50 ms",
    place=Place(source="head", path="release.yaml", pointer="/targets/0"),
    measured=58,
    limit=50,
    unit="ms",
)


def document(*entries: dict, path: str = "waivers.json", **changes: object) -> Document:
    content = {"apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": list(entries), **changes}
    return load(json.dumps(content).encode(), path)


def entry(**changes: object) -> dict:
    """The waiver that covers the finding, changed; a key that is set to ... is left out."""
    return {key: one for key, one in {**ENTRY, **changes}.items() if one is not ...}


def waiver(**changes: object) -> Waiver:
    (loaded,) = load_waivers(document(entry(**changes)))
    return loaded


def finding(**changes: object) -> Judgement:
    return replace(FINDING, **changes)


def circumstances(**changes: object) -> Circumstances:
    known: dict = {"release": RELEASE, "artifacts": ARTIFACTS, "today": TODAY, "limits": LIMITS}
    return Circumstances(**{**known, **changes})


def limits(**changes: object) -> WaiverLimits:
    return replace(LIMITS, **changes)


def decided(
    by: Waiver, judgement: Judgement = FINDING, proof: Proof = NO_PROOF, running: int = 1, **changes: object
) -> Decision:
    return decide(by, judgement, proof, circumstances(**changes), running=running)
