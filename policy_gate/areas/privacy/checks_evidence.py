"""Judges what a privacy claim rests on: files of the training, the data that phases cover, the accountant it is by."""

from __future__ import annotations

from policy_gate.areas.privacy.facts import PhaseEvidence
from policy_gate.areas.privacy.facts_evidence import PersonalCoverage, UnderReporting
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import flag, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLimits:
    """Whether somebody has to have signed for the files that training read."""

    require_attested: bool = limit(flag(), "a builder has to have signed the file", stricter="true", default=False)


def evidence_agrees(evidence: PhaseEvidence, limits: EvidenceLimits) -> Answer:
    """Training parameters in the manifest are those in the files of the training, which a builder may attest.

    Correct whichever is wrong; if it is the manifest, the claimed epsilon changes with it.
    """
    place = f"{evidence.file}:{evidence.line}"
    if not evidence.agrees:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{evidence.parameter} is {evidence.claimed} here, {evidence.found} in {place}",
            measured=evidence.found,
            limit=evidence.claimed,
            causes=(f"{place} has {evidence.found} at {evidence.locator}",),
            fixes=(Fix(text=f"state the {evidence.parameter} that was trained with, in both files"),),
        )
    message = f"{evidence.parameter} is {evidence.claimed} here and in {place}"
    if evidence.attested_by:
        message = f"{message}, which a builder attests"
    elif limits.require_attested:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_PROVEN,
            message=f"{message}, which no builder attests: both are only declared",
            measured=evidence.found,
            fixes=(
                Fix(text="name an attestation by a builder's key under `attestations`, with this file in its `files`"),
                Fix(text="and with the digests of this file and of every model among the subjects it signs"),
            ),
        )
    return Answer(outcome=Outcome.PASS, message=message, measured=evidence.found, limit=evidence.claimed)


def personal_data_covered(coverage: PersonalCoverage) -> Answer:
    """Every data set with personal data goes into the model through a phase that is accounted for, and only so.

    Add the phase that used it, with its `dataset`; calibration and distillation use data too.
    """
    if coverage.kind == "none":
        message = f"{coverage.dataset} holds no personal data"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    if not coverage.uncovered:
        message = f"{coverage.dataset} holds personal data, which {', '.join(coverage.phases)} accounts for"
        return Answer(outcome=Outcome.PASS, message=message, measured=coverage.kind)
    itself = coverage.uncovered == (coverage.dataset,)
    way = "" if itself else f" that goes into the model as {', '.join(coverage.uncovered)}"
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{coverage.dataset} holds personal data{way}, no phase covers it",
        measured=coverage.kind,
        causes=tuple(f"phase {phase} covers only what goes another way" for phase in coverage.phases),
        fixes=(
            Fix(text=f"add the phase that used {coverage.uncovered[0]}, with `dataset: {coverage.uncovered[0]}`"),
            Fix(text="or take it out of the training"),
        ),
    )


def accountant_reports_enough(found: UnderReporting) -> Answer:
    """The claim does not rest on an accountant that is known to report less than was spent.

    The central limit theorem of Gaussian differential privacy is a limit, not a bound; claim the certified epsilon.
    """
    if not found.accountant:
        message = "the claim names no accountant that is known to report too little"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    figure = f" gives {found.reported_epsilon:g}" if found.reported_epsilon else " may report too little"
    certified = f"between {found.epsilon_lower:g} and {found.epsilon_upper:g}"
    compared = f"{found.accountant}{figure}; what is certified lies {certified}"
    causes = (f"{found.accountant} is named in {found.source}",)
    if found.claimed_epsilon >= found.epsilon_upper:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{compared}; the claimed {found.claimed_epsilon:g} holds all the same",
            measured=found.epsilon_upper,
            limit=found.claimed_epsilon,
            causes=causes,
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{compared}; the claimed {found.claimed_epsilon:g} is not proven",
        measured=found.epsilon_upper,
        limit=found.claimed_epsilon,
        causes=causes,
        fixes=(
            Fix(
                text="claim the certified epsilon, and account by Renyi divergence or by the privacy loss distribution"
            ),
        ),
    )
