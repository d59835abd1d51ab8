"""Judges claims as such: none of the base release is withdrawn, and none is stated without the proof it names."""

from __future__ import annotations

from collections import Counter

from policy_gate.areas.release.facts import StatedClaim, StatedClaims
from policy_gate.areas.signature.facts import CompatibilityEvidence, FigureEvidence
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN = 5
MAX_SHOWN_CHARS = 120


def no_claim_withdrawn(stated: StatedClaims, *, base: StatedClaims) -> Answer:
    """Everything the base release claimed is still claimed, whatever its value is now.

    State it again. If the release is meant to claim less, the owner of the policy can waive this rule for it,
    with the number of claims that may go.
    """
    gone = _withdrawn(stated, base)
    if not gone:
        return Answer(
            outcome=Outcome.PASS,
            message=f"all {len(base.claims)} claims of the base release are still made",
            measured=0,
            limit=0,
            unit="claims",
        )
    kinds = {(one.about, one.what): one.kind for one in stated.claims}
    more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
    names = ", ".join(_shown(one, kinds.get((one.about, one.what), "")) for one in gone[:SHOWN])
    return Answer(
        outcome=Outcome.FAIL,
        message=f"the base release claimed what this one does not: {names}{more}",
        measured=len(gone),
        limit=0,
        unit="claims",
        pointer=_nearest(gone[0], stated),
        fixes=(
            Fix(text="state it again, with its value for this release"),
            Fix(text="if it is withdrawn on purpose, have it waived for this release by the owner of the policy"),
        ),
    )


def compatibility_is_proven(evidence: CompatibilityEvidence) -> Answer:
    """Every entry about compatibility has a passed test result of this artifact on this target that a tester signed.

    The evidence is an in-toto test-result in a DSSE envelope: its subject is the artifact by digest, its configuration
    names the target (`name`) and the suite (`digest`), and every required test is among those that passed.
    """
    if not evidence.path:
        return _not_named("test of compatibility")
    what = f"{evidence.artifact} on {evidence.target}"
    if not evidence.is_about_artifact:
        return _not_about(evidence.path, evidence.artifact)
    if evidence.result != "PASSED":
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the tests of {what} did not pass: {evidence.path} says {evidence.result}",
            measured=evidence.result,
            limit="PASSED",
        )
    if evidence.not_passed:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"required tests of {what} are not among those that passed: {_some(evidence.not_passed)}",
            measured=len(evidence.not_passed),
            limit=0,
            unit="tests",
        )
    unnamed = "target" if not evidence.names_target else "" if evidence.names_suite else "suite"
    if unnamed:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_PROVEN,
            message=f"{evidence.path} does not name the {unnamed} in its configuration, so it may be about another",
        )
    return Answer(
        outcome=Outcome.PASS,
        message=f"{what} passed its tests: {_some(evidence.required) or evidence.path}",
        measured=0,
        limit=0,
        unit="tests",
    )


def figure_has_evidence(evidence: FigureEvidence) -> Answer:
    """Evidence that is named for a figure of cost or quality is a statement about that artifact which a tester signed.

    Have it made again for this file, in a DSSE envelope, and signed by a key of role tester; or take `evidence` out,
    and the figure is declared only. The figures inside are not compared yet.
    """
    if not evidence.path:
        return _not_named("evidence for figures")
    if not evidence.is_about_artifact:
        return _not_about(evidence.path, evidence.artifact)
    return Answer(
        outcome=Outcome.PASS, message=f"{evidence.path} is signed by a tester, and is about {evidence.artifact}"
    )


def _not_named(what: str) -> Answer:
    return Answer(
        outcome=Outcome.NOT_APPLICABLE, reason=Reason.NOTHING_TO_JUDGE, message=f"the manifest names no {what}"
    )


def _not_about(path: str, artifact: str) -> Answer:
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{path} is not about this {artifact}: no subject of it has the digest of the file",
        fixes=(Fix(text=f"test this {artifact} again, and have the result signed"),),
    )


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(name[:MAX_SHOWN_CHARS] for name in names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _withdrawn(stated: StatedClaims, base: StatedClaims) -> tuple[StatedClaim, ...]:
    """The base's claims that are gone, in its order; of one it made twice and this release once, the second is gone."""
    left = Counter((one.about, one.what, one.kind) for one in stated.claims)
    gone = []
    for one in base.claims:
        key = (one.about, one.what, one.kind)
        if left[key]:
            left[key] -= 1
        else:
            gone.append(one)
    return tuple(gone)


def _shown(claim: StatedClaim, kind_now: str) -> str:
    name = f"{claim.about}: {claim.what}" if claim.what else claim.about
    changed = f" (it was a {claim.kind} and is a {kind_now})" if kind_now not in ("", claim.kind) else ""
    return f"{name[:MAX_SHOWN_CHARS]}{changed}"


def _nearest(claim: StatedClaim, stated: StatedClaims) -> str:
    """Where the claim would stand in this release: in the entry about the same, else in its section."""
    section = "/".join(claim.entry.split("/")[:2])
    entry = next((one.entry for one in stated.claims if one.about == claim.about), section)
    key = claim.what.partition(" ")[0]
    return f"{entry}/{key.replace('.', '/')}" if key else entry
