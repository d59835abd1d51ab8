"""Judges licences against the policy's lists, and stated days against today."""

from __future__ import annotations

from policy_gate.areas.lineage.facts import NodeLicense, NodeTerm, ReleaseLicense, StatedDay, TermKind
from policy_gate.areas.lineage.licence import Standing, parse, rule_on
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, text_set, whole_number

NOT_LEGAL_ADVICE = "this compares names with lists; it is not legal advice"
_MADE_HERE = "it was made here; what it was made from is judged"
_SHOWN_CHARACTERS = 80

_ENTRY = r"[A-Za-z0-9*][A-Za-z0-9.+:*-]{0,127}( WITH [A-Za-z0-9*][A-Za-z0-9.:*-]{0,127})?"
_LICENSES = text_set(_ENTRY, "SPDX licence ids (* stands for any characters)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseLists:
    """Which licences data and base models may have."""

    allowed: tuple[str, ...] = limit(_LICENSES, "licences that need no further look", stricter="subset")
    review: tuple[str, ...] = limit(
        _LICENSES, "licences that a person must look at first", stricter="superset", default=()
    )
    denied: tuple[str, ...] = limit(
        _LICENSES, "licences that may not be used; they win over the other lists", stricter="superset", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLimits:
    """How long before its end a dataset may still be released."""

    min_days_left: int = limit(
        whole_number(0, 3650), "days a legal basis or a retention period must still run", stricter="higher", default=0
    )


def license_is_spdx(licence: NodeLicense) -> Answer:
    """The licence of every dataset and base model is an SPDX expression.

    Use an id of the SPDX list, or LicenseRef-NAME with the file of the licence's text. Words such as "other" say
    nothing that can be kept.
    """
    return _spdx_answer(licence.claimed, licence.spdx, licence.problem, licence.suggestion)


def release_license_is_spdx(licence: ReleaseLicense) -> Answer:
    """The release states a licence that is an SPDX expression.

    Write the licence under `metadata.license`, for example Apache-2.0.
    """
    if licence.contradicts and not licence.problem:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the lineage section states {licence.claimed}, `metadata.license` states {licence.contradicts}",
            measured=licence.claimed,
            limit=licence.contradicts,
            fixes=(Fix(text="state the same licence in both places"),),
        )
    return _spdx_answer(licence.claimed, licence.spdx, licence.problem, licence.suggestion)


def _spdx_answer(claimed: str, spdx: str, problem: str, suggestion: str) -> Answer:
    if spdx and not problem:
        read_as = "" if claimed == spdx else f", read as {spdx}"
        return Answer(outcome=Outcome.PASS, message=f"{_shown(claimed)} is an SPDX expression{read_as}", measured=spdx)
    fixes = (Fix(text=f"state {suggestion}" if " " in suggestion else f"did you mean {suggestion}?"),)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{_shown(claimed)} is not an SPDX expression: {problem}",
        measured=claimed,
        fixes=fixes if suggestion else (Fix(text="use an id of the SPDX licence list"),),
    )


def _shown(claimed: str) -> str:
    text = claimed if len(claimed) <= _SHOWN_CHARACTERS else f"{claimed[:_SHOWN_CHARACTERS]}…"
    return f"'{text}'" if text.isprintable() else ascii(text)


def license_allowed(licence: NodeLicense, limits: LicenseLists) -> Answer:
    """The licence of every dataset and base model is one the policy allows.

    Of licences joined by OR one allowed is enough, of those joined by AND all must be. A licence of one's own
    (LicenseRef) also needs the file with its text. This compares names with lists; it is not legal advice.
    """
    if licence.problem or not licence.spdx:
        return _not_judged(Reason.NOT_PROVEN, f"{_shown(licence.claimed)} cannot be compared: {licence.problem}")
    if licence.text_problem:
        return _not_judged(Reason.NOT_IN_TREE, f"the licence's text was not read: {licence.text_problem}")
    if licence.own_terms and not licence.text:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{licence.own_terms[0]} is on no list, and no file gives its text; {NOT_LEGAL_ADVICE}",
            measured=licence.spdx,
            fixes=(Fix(text="add `text:` beside the expression, with the file of the licence's text"),),
        )
    ruling = rule_on(parse(licence.spdx), limits.allowed, limits.review, limits.denied)
    if ruling.standing is Standing.ALLOWED:
        message = f"{ruling.term} is allowed; {NOT_LEGAL_ADVICE}"
        return Answer(outcome=Outcome.PASS, message=message, measured=licence.spdx, limit=ruling.entry)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{_STANDING_WORDS[ruling.standing].format(term=ruling.term)}; {NOT_LEGAL_ADVICE}",
        measured=licence.spdx,
        limit=ruling.entry or None,
        causes=(f"decided by {ruling.term} in {licence.spdx}",) if ruling.term != licence.spdx else (),
        fixes=(
            Fix(text="use data under an allowed licence"),
            Fix(text="let the owner of the policy review the licence and allow it"),
        ),
    )


_STANDING_WORDS = {
    Standing.REVIEW: "{term} must be reviewed by a person",
    Standing.UNLISTED: "{term} is on none of the policy's lists",
    Standing.DENIED: "{term} is denied",
}


def _not_judged(reason: Reason, message: str) -> Answer:
    return Answer(outcome=Outcome.UNKNOWN, message=f"{message}; {NOT_LEGAL_ADVICE}", reason=reason)


def term_not_over(term: NodeTerm, limits: TermLimits) -> Answer:
    """The legal basis and the retention period of every dataset still run.

    Whatever no step of the graph made states whether it holds personal data, a base model too. Renew the consent, or
    retrain without the data and remove the node.
    """
    if term.term is TermKind.NONE:
        words = "no personal data is stated, and no end" if term.personal_data == "none" else _MADE_HERE
        return Answer(outcome=Outcome.NOT_APPLICABLE, message=words, reason=Reason.OUT_OF_SCOPE)
    if term.days_left >= limits.min_days_left:
        outcome, words = Outcome.PASS, f"{term.term} runs until {term.until}"
    elif term.days_left >= 0:
        outcome, words = Outcome.FAIL, f"{term.term} ends on {term.until}, sooner than the policy allows"
    else:
        outcome, words = Outcome.FAIL, f"{term.term} ended on {term.until}"
    failed = outcome is Outcome.FAIL
    return Answer(
        outcome=outcome,
        message=words,
        measured=term.days_left,
        limit=limits.min_days_left,
        unit="days left",
        fixes=(Fix(text="renew it, or retrain without this dataset"),) if failed else (),
    )


def not_in_future(stated: StatedDay) -> Answer:
    """Days stated as past are not after today.

    Correct the day; a day in the future is a typing error or a claim made ahead of the fact.
    """
    if not stated.day:
        return Answer(outcome=Outcome.NOT_APPLICABLE, message=_MADE_HERE, reason=Reason.OUT_OF_SCOPE)
    if stated.days_ahead <= 0:
        return Answer(outcome=Outcome.PASS, message=f"{stated.what} is {stated.day}", measured=stated.day)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{stated.what} is {stated.day}, {stated.days_ahead} days after today",
        measured=stated.days_ahead,
        limit=0,
        unit="days",
        fixes=(Fix(text="state the day on which it was done"),),
    )
