"""Judges the data-protection impact assessment: the stated file, finished, of a recent day, about known data sets."""

from __future__ import annotations

from policy_gate.areas.privacy.checks_documents import counted, shown
from policy_gate.areas.privacy.facts_documents import AssessmentDocument
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import flag, limit, whole_number

_AT = "/privacy/assessment"
MIN_FILE_BYTES = 1024
"""A file that is no text, such as a PDF, is larger than this before it says anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentLimits:
    """How old an assessment may be, how much it has to say, and whether somebody has to have approved it."""

    max_age_days: int = limit(
        whole_number(minimum=1, maximum=3650), "oldest assessment in days", stricter="lower", default=365
    )
    min_words: int = limit(
        whole_number(minimum=1, maximum=100_000), "fewest different words of a text", stricter="higher", default=60
    )
    require_approval: bool = limit(flag(), "an approver has to have signed it", stricter="true", default=False)


def assessment_in_order(document: AssessmentDocument, limits: AssessmentLimits) -> Answer:
    """The assessment is the stated file, says something, is not old, and names its day and its data sets.

    Review it at least once a year, write the day into it as in 2026-09-01, and state its digest and `date`.
    """
    if not document.path:
        message = "no data set behind the release holds personal data, so that no assessment is needed"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    for judged in (_other_file(document), _empty(document, limits), _day(document, limits), _names(document)):
        if judged is not None:
            return judged
    if document.refusal or (limits.require_approval and not document.approved_by):
        return _not_approved(document)
    approved = f", approved by {shown(document.approved_by)}" if document.approved_by else ""
    return Answer(
        outcome=Outcome.PASS,
        message=f"{document.path} is the stated file, of {document.date}{approved}",
        measured=document.age_days,
        limit=limits.max_age_days,
        unit="days old",
        pointer=f"{_AT}/date",
    )


def _other_file(document: AssessmentDocument) -> Answer | None:
    if document.claimed == document.computed:
        return None
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{document.path} is not the file that the manifest states",
        measured=document.computed,
        limit=document.claimed,
        pointer=f"{_AT}/digest",
        fixes=(
            Fix(text=f"restore {document.path} if it was changed by mistake"),
            Fix(
                text="let `policy-gate fix` write its digest if it was reviewed, and state the day of the review",
                pointer=f"{_AT}/digest",
                replacement=document.computed,
            ),
        ),
    )


def _empty(document: AssessmentDocument, limits: AssessmentLimits) -> Answer | None:
    """A file that says nothing assesses nothing."""
    if document.marker:
        message = f"{document.path} is not finished: {document.marker}"
        return _failed(f"{_AT}/path", message, "finish the assessment, and take out what is left of the template")
    if document.is_text and document.words < limits.min_words:
        message = f"{document.path} has {counted(document.words, 'different word')}; policy asks for"
        return _failed(f"{_AT}/path", f"{message} {limits.min_words}", "write down what was assessed, and the outcome")
    if not document.is_text and not document.file_format:
        # One byte that is none of a text would else make it one that nobody reads.
        message = (
            f"{document.path} cannot be read: it is no text in UTF-8 of a size that is read, and of no known format"
        )
        return _failed(
            f"{_AT}/path", message, "save it as a text in UTF-8, or as a PDF, or encrypt it with age or OpenPGP"
        )
    if not document.is_text and document.size_bytes < MIN_FILE_BYTES:
        message = f"{document.path} has {document.size_bytes} bytes, too few for an assessment that is no plain text"
        return _failed(f"{_AT}/path", message, "name the file of the assessment itself")
    return None


def _day(document: AssessmentDocument, limits: AssessmentLimits) -> Answer | None:
    fits = 0 <= document.age_days <= limits.max_age_days
    if fits and document.is_text and not document.states_date:
        message = f"the assessment is said to be of {document.date}, a day that {document.path} does not name"
        fix = f"write {document.date} into the assessment if it was reviewed then, else state the day that it names"
        return _failed(f"{_AT}/date", message, fix)
    if fits:
        return None
    old = f"the assessment is {document.age_days} days old; policy allows {limits.max_age_days}"
    return Answer(
        outcome=Outcome.FAIL,
        message=old if document.age_days > 0 else f"the assessment is of {document.date}, which is after today",
        measured=document.age_days,
        limit=limits.max_age_days,
        unit="days old",
        pointer=f"{_AT}/date",
        fixes=(Fix(text="review the assessment, write the day into it, and state it as `date`"),),
    )


def _names(document: AssessmentDocument) -> Answer | None:
    if not document.strangers:
        return None
    message = f"{shown(document.strangers)} under `covers` is no node of the lineage"
    return _failed(f"{_AT}/covers", message, "write the ids as the lineage has them")


def _not_approved(document: AssessmentDocument) -> Answer:
    message = f"the approval of {document.path} does not count: {document.refusal}"
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_PROVEN,
        message=message if document.refusal else f"nobody of role approver has signed {document.path}",
        pointer=f"{_AT}/approval" if document.refusal else _AT,
        fixes=(
            Fix(text=f"let an approver run `policy-gate waive --approve {document.computed} --key KEY --output FILE`"),
            Fix(text="name that file under `approval` of the assessment"),
        ),
    )


def _failed(pointer: str, message: str, fix: str) -> Answer:
    return Answer(outcome=Outcome.FAIL, message=message, pointer=pointer, fixes=(Fix(text=fix),))
