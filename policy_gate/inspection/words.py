"""Text from a model at a bounded length, and reasons why a figure is not known, as the data of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from policy_gate.inspected import Unknown, Why
from policy_gate.model_graph.figures import Unestablished
from policy_gate.model_graph.values import UnknownCost
from policy_gate.source.paths import shown

MAX_NAME = 100
MAX_REASONS = 8
MAX_NOTES = 50


def cut(name: str, most: int = MAX_NAME) -> str:
    """A name that stays on one line, at most so long: converters join names, and both ends tell one apart."""
    if len(name) > most:
        tail = most // 3
        name = f"{name[: most - tail - 1]}…{name[-tail:]}"
    return shown(name)


def why(cause: UnknownCost) -> Why:
    """One reason."""
    return Why(
        reason=cause.reason,
        call=cut(cause.node),
        operator=cut(cause.op),
        detail=shown(cause.detail),
        fix=shown(cause.fix),
    )


def whys(causes: Iterable[UnknownCost], most: int = MAX_REASONS) -> tuple[Why, ...]:
    """The first reasons, each once."""
    return tuple(map(why, islice(dict.fromkeys(causes), most)))


def unknown(figure: Unestablished) -> Unknown:
    """A figure that is not established, with the first of its reasons."""
    causes = tuple(dict.fromkeys(figure.causes))
    return Unknown(unknown=whys(causes), more=max(0, len(causes) - MAX_REASONS))


def unknown_cost(cause: UnknownCost) -> Unknown:
    """A figure that is not known for one reason."""
    return Unknown(unknown=(why(cause),))


def notes_of(notes: Sequence[str]) -> tuple[str, ...]:
    """Notes at a bounded number and length."""
    more = len(notes) - MAX_NOTES
    kept = tuple(map(shown, notes[:MAX_NOTES]))
    return (*kept, f"and {more} more notes") if more > 0 else kept
