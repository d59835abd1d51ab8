"""One rule against the base: which fact of the base a fact of this release is compared with, if any."""

from __future__ import annotations

from policy_gate.area import FactBook
from policy_gate.engine.base import Base
from policy_gate.errors import Reason
from policy_gate.model import Answer, BaseState, Fact, Fix, Missing, Outcome, Subject

SHOWN_SUBJECTS = 5


class Comparison:
    """A fact type of this release beside the base: which subjects the base has that this release lost, found once."""

    def __init__(self, kind: type[Fact], facts: FactBook, base: Base) -> None:
        """Take the facts of this release and of the base."""
        self._base = base
        self._before = {entry.subject for entry in base.facts.entries(kind)} if base.facts is not None else set()
        now = {entry.subject for entry in facts.entries(kind)}
        self._gone = sorted(self._before - now)

    def find(self, fact: Fact) -> Fact | Answer:
        """The base fact to compare with, else what having none means; never by losing the old subject."""
        base = self._base
        if base.state is BaseState.BROKEN:
            return Answer(outcome=Outcome.UNKNOWN, reason=Reason.BASE_UNKNOWN, message=base.detail)
        if base.facts is None:
            return _no_baseline(base.state.value)
        if not self._before:  # a collector gives at least one entry of each type: it did not run for this record
            message = f"no {type(fact).name} of the base was collected"
            return Answer(outcome=Outcome.UNKNOWN, reason=Reason.NOT_IN_RECORD, message=message)
        found: Fact | Missing = base.facts.get(type(fact), fact.subject)
        if isinstance(found, Fact):
            return found
        if fact.subject in self._before:
            message = f"the base has no comparable value: {found.detail}"
            return Answer(outcome=Outcome.UNKNOWN, reason=Reason.BASE_UNKNOWN, message=message)
        if self._gone:
            return self._renamed(fact.subject)
        return _no_baseline(f"no baseline: {fact.subject} is new in this release")

    def _renamed(self, subject: Subject) -> Answer:
        more = len(self._gone) - SHOWN_SUBJECTS
        gone = ", ".join(map(str, self._gone[:SHOWN_SUBJECTS])) + (f" and {more} more" if more > 0 else "")
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.BASE_UNKNOWN,
            message=f"{subject} is new while {gone} is gone: what replaces what is unknown",
            fixes=(Fix(text="keep the id of what this replaces, or add and remove in two releases"),),
        )


def _no_baseline(message: str) -> Answer:
    return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.NO_BASELINE, message=message)
