"""Judges what a release without a guarantee needs: a purpose, lawful bases, conditions, data that is assessed."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.areas.privacy.facts_documents import (
    LawfulBasis,
    Purpose,
    SpecialCategoryUse,
    UnclaimedData,
)
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, whole_number

SHOWN_NAMES = 5
_AT = "/privacy/assessment"
_NEED_SAFEGUARDS = frozenset(
    {
        "employment-and-social-law",
        "non-profit-body",
        "substantial-public-interest",
        "health-care",
        "public-health",
        "archiving-research-statistics",
    }
)
"""GDPR Article 9(2) (b), (d), (g), (h), (i) and (j) hold only with safeguards or measures; the other four do not."""
_LEGAL = "this compares what is stated; it is not legal advice"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeLimits:
    """How much a purpose has to say."""

    min_words: int = limit(
        whole_number(minimum=1, maximum=100), "fewest different words of a purpose", stricter="higher", default=4
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisLimits:
    """How long a lawful basis must still run."""

    min_days_left: int = limit(
        whole_number(0, 3650), "days that a lawful basis must still run", stricter="higher", default=0
    )


def no_claim_justified(data: UnclaimedData) -> Answer:
    """A release without a guarantee holds no personal data, or an assessment covers all that it holds.

    State `personal_data` of every node in the lineage. For data about people, name the assessment in the privacy
    section and list the data sets under `covers`; its text names them too. Or claim a guarantee.
    """
    if data.claim_type != "none":
        message = f"the release claims {data.claim_type}"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    count = len(data.personal)
    if not count:
        message = f"no personal data is behind the release, as {counted(data.without, 'node')} of its lineage state"
        return Answer(outcome=Outcome.PASS, message=message, measured=0)
    if data.assessment and not data.uncovered and not data.unmentioned:
        if not data.doubt:
            message = f"{data.assessment} covers {counted(count, 'personal data set')}"
            return Answer(outcome=Outcome.PASS, message=message, measured=count)
        message = f"{data.assessment} is not relied on: {data.doubt}"
        return Answer(outcome=Outcome.UNKNOWN, reason=Reason.NOT_PROVEN, message=message, pointer=_AT)
    return _not_covered(data)


def _not_covered(data: UnclaimedData) -> Answer:
    count, missed = len(data.personal), (*data.uncovered, *data.unmentioned)
    if not data.assessment:
        message = f"people are in {counted(count, 'data set')} behind the release, and no assessment is named"
    elif data.uncovered:
        message = f"{data.assessment} does not cover {shown(data.uncovered)}"
    else:
        message = f"`covers` lists {shown(data.unmentioned)}, and {data.assessment} does not name it"
    return Answer(
        outcome=Outcome.FAIL,
        message=message,
        measured=len(missed),
        limit=0,
        unit="not covered",
        pointer=f"{_AT}/covers" if data.assessment else None,
        causes=(f"personal data: {shown(data.personal)}",),
        fixes=(
            Fix(text="assess what the use of this data means for the people in it, and list it under `covers`"),
            Fix(text="or claim a guarantee, with the phases that used the data"),
        ),
    )


def purpose_stated(purpose: Purpose, limits: PurposeLimits) -> Answer:
    """The manifest says in a sentence what personal data is used for.

    Write the one use that people were told of. A use that is not stated is not covered by their consent.
    """
    if not purpose.needed:
        message = "no data set behind the release holds personal data"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    if purpose.placeholder:
        message = f"the purpose says '{purpose.placeholder}', which is no purpose"
    else:
        message = f"the purpose has {counted(purpose.words, 'different word')}; policy asks for {limits.min_words}"
    fits = not purpose.placeholder and purpose.words >= limits.min_words
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=message,
        measured=purpose.words,
        limit=limits.min_words,
        unit="words",
        fixes=() if fits else (Fix(text="say in one sentence what the data is used for, and what it is not"),),
    )


def lawful_basis(basis: LawfulBasis, limits: BasisLimits) -> Answer:
    """Every personal data set has a lawful basis that still runs.

    State `legal_basis.kind` of its node, and `expires` where it ends. Renew it in time, or train without the data.
    """
    if not basis.node:
        message = "no data set behind the release holds personal data"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    named = f"{basis.node} rests on {basis.legal_basis}"
    if not basis.until:
        return Answer(outcome=Outcome.PASS, message=f"{named}, without an end; {_LEGAL}", measured=basis.legal_basis)
    fits = basis.days_left >= limits.min_days_left
    ended = "which ended on" if basis.days_left < 0 else "until"
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{named}, {ended} {basis.until}; {_LEGAL}",
        measured=basis.days_left,
        limit=limits.min_days_left,
        unit="days left",
        fixes=() if fits else (Fix(text="renew it, or train again without this data set"),),
    )


def special_categories_conditioned(use: SpecialCategoryUse) -> Answer:
    """Data of a special category is used only under a condition of GDPR Article 9(2).

    State `special_categories: {present: true, condition}` in the privacy section, with `safeguards` where the
    condition asks for them. Health, beliefs, origin, sex life, genes, and biometrics that identify are special.
    """
    if use.nodes and not use.present:
        said = "denied" if use.stated else "not stated"
        message = f"data of a special category is in {shown(use.nodes)}, which the privacy section has {said}"
        return _without_condition(use, message)
    if not use.present:
        message = "no data set behind the release is of a special category"
        return Answer(outcome=Outcome.PASS, message=message, measured=0)
    if not use.condition:
        return _without_condition(use, "data of a special category is used, and no condition is stated for it")
    if use.condition in _NEED_SAFEGUARDS and not use.safeguards:
        message = f"{use.condition} holds only with safeguards, and none are stated"
        return _without_condition(use, message)
    message = f"data of a special category is used under {use.condition}; {_LEGAL}"
    return Answer(outcome=Outcome.PASS, message=message, measured=use.condition)


def _without_condition(use: SpecialCategoryUse, message: str) -> Answer:
    return Answer(
        outcome=Outcome.FAIL,
        message=message,
        measured=use.condition or "no condition",
        causes=(f"of a special category by the lineage: {shown(use.nodes)}",) if use.nodes else (),
        fixes=(Fix(text="state the condition of GDPR Article 9(2), and the safeguards that it asks for"),),
    )


def counted(count: int, what: str) -> str:
    """A number of things in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def shown(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
