"""Says what the facts about signatures mean: enough signers, exact coverage, keys in their time, proofs that hold."""

from __future__ import annotations

from policy_gate.areas.signature.facts import (
    Attestation,
    EvidencePlacement,
    ModelSignature,
    ReleaseSignature,
    SignedSubjects,
    SigningKey,
    Standing,
)
from policy_gate.areas.signature.steps import Step
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN_FILES = 5


def signed_by_releasers(signature: ReleaseSignature) -> Answer:
    """The release is signed by enough distinct keys that your trust file gives the role releaser.

    Sign the final bytes with a key of that role, once per key where more than one is needed. A key that is
    out of its windows or revoked does not count.
    """
    needed = f"{signature.threshold} distinct key{'' if signature.threshold == 1 else 's'} of role {signature.role}"
    if not signature.refusals and len(signature.signers) >= signature.threshold:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{signature.path} verifies (signing time: {signature.time_source}, {signature.signing_time})",
            measured=len(signature.signers),
            limit=signature.threshold,
            unit="keys",
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{signature.path} does not verify; it should be signed by {needed}",
        measured=len(signature.signers),
        limit=signature.threshold,
        unit="keys",
        causes=signature.refusals,
        fixes=(
            Fix(text=f"sign the release again with a key that {signature.trust_path} gives the role {signature.role}"),
        ),
    )


def covers_release(subjects: SignedSubjects) -> Answer:
    """The signature covers the manifest and every file the manifest names, byte for byte, and nothing else.

    Sign after the last change: whoever edits a covered file afterwards has to have it signed again.
    """
    faults = {
        "not covered": subjects.missing,
        "covered, but not named by the manifest": subjects.extra,
        "changed since it was signed": subjects.changed,
        "without one strict SHA-256 digest": subjects.malformed,
    }
    count = sum(len(names) for names in faults.values())
    if count == 0:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{subjects.path} covers the manifest and all it names, {subjects.files} files",
            measured=0,
            limit=0,
            unit="differences",
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{subjects.path} does not cover exactly the manifest and the files it names (step {Step.SUBJECTS})",
        measured=count,
        limit=0,
        unit="differences",
        causes=tuple(f"{words}: {_listed(names)}" for words, names in faults.items() if names),
        fixes=(Fix(text="restore what was changed by mistake, or sign the release again"),),
    )


def key_in_good_standing(key: SigningKey) -> Answer:
    """Every key that signed the release is inside its windows and not revoked.

    Sign with a current key. Where a window is too short, change it in the trust file, by review.
    """
    if key.standing is Standing.GOOD:
        return Answer(
            outcome=Outcome.PASS,
            message=f"the key may sign until {key.sign_not_after}",
            measured=key.signing_time,
            limit=key.sign_not_after,
        )
    limits = {
        Standing.NOT_YET_VALID: key.sign_not_before,
        Standing.SIGNING_ENDED: key.sign_not_after,
        Standing.VERIFICATION_ENDED: key.verify_not_after,
        Standing.REVOKED: key.revocation.partition("Z: ")[0] + "Z",
    }
    return Answer(
        outcome=Outcome.FAIL,
        message=f"the key is {key.standing} (step {Step.TIME}; signing time: {key.time_source}, {key.signing_time})",
        measured=key.signing_time,
        limit=limits[key.standing],
        causes=(f"revoked at {key.revocation}",) if key.standing is Standing.REVOKED else (),
        fixes=(Fix(text="sign the release again with a key that is in good standing"),),
    )


def evidence_outside_bundle(placement: EvidencePlacement) -> Answer:
    """Signatures and evidence lie outside the folder that ships.

    Move them beside that folder, such as to `signatures/` and `evidence/`, and name their new paths.
    """
    if not placement.inside:
        return Answer(
            outcome=Outcome.PASS,
            message=f"all {placement.files} signature and evidence files lie outside {placement.root}",
            measured=0,
            limit=0,
            unit="files",
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{len(placement.inside)} of {placement.files} signature and evidence files lie in {placement.root}",
        measured=len(placement.inside),
        limit=0,
        unit="files",
        pointer=placement.inside[0].pointer,
        causes=(f"inside: {_listed(tuple(file.path for file in placement.inside))}",),
        fixes=(Fix(text=f"move them out of {placement.root} and name their new paths"),),
    )


def attestation_verifies(attestation: Attestation) -> Answer:
    """Every attestation is signed by a builder or tester, of the stated type, and about exactly the named artifacts.

    Have it made again for the files of this release, and signed by a key that your trust file gives one of these
    roles; or take it out of the manifest. What it says beyond that is not read yet.
    """
    if not attestation.path:
        return _not_named("attestation")
    faults = (
        *attestation.refusals,
        *((f"step {Step.SUBJECTS}: not about {_listed(attestation.missing)}",) if attestation.missing else ()),
        *((f"step {Step.SUBJECTS}: also about {_listed(attestation.extra)}",) if attestation.extra else ()),
    )
    about = _listed(attestation.artifacts)
    if not faults and attestation.signers:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{attestation.path} verifies, and is about {about}",
            measured=len(attestation.signers),
            unit="keys",
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{attestation.path} does not verify as {attestation.predicate_type[:80]} about {about}",
        measured=len(attestation.signers),
        unit="keys",
        causes=faults,
        fixes=(
            Fix(text=f"have it signed by a key that {attestation.trust_path} gives the role builder or tester"),
            Fix(text="or take it out of the manifest: what is named has to hold"),
        ),
    )


def model_signature_verifies(signature: ModelSignature) -> Answer:
    """A signature of the model that the manifest names verifies; this version cannot tell, so that it never passes.

    Leave `signing.model` out until OpenSSF Model Signing bundles are verified: `signing.release` covers every file
    of the model.
    """
    if not signature.path:
        return _not_named("signature of the model")
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.UNSUPPORTED_FORMAT,
        message=f"{signature.path} was not verified: this version does not read OpenSSF Model Signing bundles",
        fixes=(Fix(text="leave `signing.model` out: `signing.release` covers every file of the model"),),
    )


def _not_named(what: str) -> Answer:
    return Answer(
        outcome=Outcome.NOT_APPLICABLE, reason=Reason.NOTHING_TO_JUDGE, message=f"the manifest names no {what}"
    )


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN_FILES
    # A subject's name is text from the envelope: it may hold anything a terminal would obey.
    return f"{', '.join(name for name in names[:SHOWN_FILES])}{f' and {more} more' if more > 0 else ''}"
