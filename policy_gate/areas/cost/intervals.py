"""Judges a figure that is known between two bounds: only one that is wholly on one side of a limit decides."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts_device import (
    ModelEstimate,
    ModelRoom,
    TargetArena,
    TargetEstimate,
    TargetRam,
    TargetRoom,
)
from policy_gate.areas.cost.units import Spanned
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN_MODELS = 5
SHOWN_NOTES = 3
SHOWN_ROWS = 3

Span = TargetEstimate | TargetRoom
Model = ModelEstimate | ModelRoom


def span_within(what: Spanned, span: Span, limit: float | None, *, allow_screening: bool) -> Answer:
    """Judge by a target's budget: the upper bound has to be within, and the lower bound beyond is a failure.

    What is good for sorting only never passes, unless the policy says that it may.
    """
    if limit is None:
        return _no_budget(what, span)
    words = f"{_name(what, span)}: {_words(what, span)}, of a budget of {what.words(limit)}"
    if span.low > limit:
        return _answer(what, span, limit, Outcome.FAIL, words, fixes=_fixes_of_failure(span))
    if span.how is CostBasis.SCREENING and not allow_screening:
        message = f"{words}; that is good for sorting, and no promise"
        return _answer(
            what, span, limit, Outcome.UNKNOWN, message, reason=Reason.NOT_PROVEN, fixes=_measure(what, span)
        )
    if span.high <= limit:
        return _answer(what, span, limit, Outcome.PASS, words)
    return _answer(
        what, span, limit, Outcome.UNKNOWN, words, reason=Reason.INTERVAL_STRADDLES, fixes=_measure(what, span)
    )


def _answer(
    what: Spanned,
    span: Span,
    limit: float,
    outcome: Outcome,
    message: str,
    *,
    reason: Reason | None = None,
    fixes: tuple[Fix, ...] = (),
) -> Answer:
    return Answer(
        outcome=outcome,
        reason=reason,
        message=message,
        measured=span.high,
        limit=limit,
        unit=what.unit,
        causes=_causes(what, span.models),
        fixes=fixes,
    )


def _no_budget(what: Spanned, span: Span) -> Answer:
    target = span.subject.names[0] if span.subject.kind == "target" else "*"
    where = f"for target {target} in the policy" if target != "*" else "in the policy"
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_TRUSTED,
        message=f"no budget of {what.name} {where}: {_words(what, span)}",
        measured=span.high,
        unit=what.unit,
        fixes=(Fix(text='set a budget for the target, or for "*", in the parameters of the policy'),),
    )


def _name(what: Spanned, span: Span) -> str:
    count = len(span.models)
    if count == 1:
        return what.name
    if isinstance(span, (TargetArena, TargetRam)):
        return f"largest {what.name} of {count} models, which run one at a time"
    return f"{what.name} of {count} models together"


def _words(what: Spanned, span: Span) -> str:
    low, high = what.words(span.low), what.words(span.high)
    figure = low if low == high else f"{low} to {high}"
    return f"{figure} ({_how(span)})"


def _how(span: Span) -> str:
    if span.how is CostBasis.MEASURED:
        return "measured, and signed by a tester"
    by = f" by {span.profile}" if span.profile else ""
    return f"{span.how.value}{by}"


def _causes(what: Spanned, models: Sequence[Model]) -> tuple[str, ...]:
    """What each model takes, where there are several, and what is to be said of the largest."""
    largest = sorted(models, key=lambda one: (-one.high, one.artifact))
    notes = dict.fromkeys(note for one in largest for note in one.notes)
    said = tuple(notes)[:SHOWN_NOTES]
    if len(models) == 1:
        return said
    shares = [
        f"'{one.artifact}' takes {what.words(one.low)} to {what.words(one.high)} ({one.how.value})"
        for one in largest[:SHOWN_MODELS]
    ]
    more = len(models) - SHOWN_MODELS
    return (*shares, *([f"and {more} more models"] if more > 0 else []), *said)


def _fixes_of_failure(span: Span) -> tuple[Fix, ...]:
    smaller = Fix(text="make the models smaller, or have the budget raised where the policy is kept")
    if span.how is CostBasis.MEASURED:
        return (smaller,)
    return (smaller, Fix(text="if the prediction is wrong for this model, have a tester sign what was measured"))


def _measure(what: Spanned, span: Span) -> tuple[Fix, ...]:
    rows = [one.row for one in span.models if isinstance(one, ModelEstimate) and one.row]
    key = {"ms": "latency_ms", "uJ": "energy_uj"}.get(what.unit, "flash_kib" if what.name == "flash" else "ram_kib")
    measure = Fix(text=f"measure it on the device, and have a tester sign {key} (docs/inference-cost.md)")
    return (measure, *(Fix(text=f"the row to measure: {row}") for row in rows[:SHOWN_ROWS]))
