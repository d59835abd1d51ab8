"""What two configurations say differently of what is judged, by which files, and how much of it blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.model import Stage
from policy_gate.policy.difference_row import (
    ABSENT,
    Difference,
    Sources,
    bounded,
    distinct_words,
    folded,
    mirrored,
    ordered,
    set_parts,
    words,
)
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.policy.config import ConfigSpec, Loosens

FAIL_ON = ("never", "blocked", "warned")
"""What makes a run fail, the loosest first."""
_STAGES = (Stage.CANDIDATE, Stage.RELEASE)
_PATHS = ("trust", "waivers", "baseline", "ledger")


def config_difference(
    before: ConfigSpec,
    after: ConfigSpec,
    *,
    sources: Sources = Sources(),  # noqa: B008  # frozen
    documents: tuple[Document | None, Document | None] = (None, None),
) -> tuple[Difference, ...]:
    """Say what became looser, stricter or different, beside what the policies show that are made of both.

    `documents` are those of before and after; None stands for a tree without configuration. Never raises.
    """
    compared = _Compared(before, after, sources, documents)
    return ordered(
        [
            *compared.patterns(),
            *compared.choices(),
            *compared.release_events(),
            *compared.named_files(),
            *compared.ledgers(),
            *compared.numbers(),
            *compared.loosenings(),
        ]
    )


class _Compared:
    def __init__(
        self,
        before: ConfigSpec,
        after: ConfigSpec,
        sources: Sources,
        documents: tuple[Document | None, Document | None],
    ) -> None:
        self._before, self._after = before, after
        self._sources, self._documents = sources, documents

    def patterns(self) -> Iterator[Difference]:
        """What must be judged, and what must be listed: each pattern for itself."""
        for key in ("manifests", "models"):
            was, now = getattr(self._before, key), getattr(self._after, key)
            for pattern, change in set_parts(was, now, more=Change.STRICTER):
                texts = (ABSENT, "looked for") if pattern in now else ("looked for", ABSENT)
                yield self._row(f"{key} {pattern}", texts, change, key)

    def choices(self) -> Iterator[Difference]:
        """Words that have an order: what blocks, at which stage, and whether nothing may be there."""
        orders: tuple[tuple[str, tuple[object, ...]], ...] = (
            ("fail_on", FAIL_ON),
            ("stage", _STAGES),
            ("allow_none", (True, False)),
        )
        for key, order in orders:
            was, now = getattr(self._before, key), getattr(self._after, key)
            if was != now:
                change = Change.STRICTER if order.index(now) > order.index(was) else Change.LOOSER
                yield self._row(key, (words(was), words(now)), change, key)

    def release_events(self) -> Iterator[Difference]:
        """Events that are judged as a release: each for itself, since one that goes takes the rules of that stage."""
        was, now = self._before.release_events, self._after.release_events
        for event, change in set_parts(was, now, more=Change.STRICTER):
            texts = (ABSENT, "judged as a release") if event in now else ("judged as a release", ABSENT)
            yield self._row(f"stages.release.when {event}", texts, change, "stages/release/when")

    def named_files(self) -> Iterator[Difference]:
        """Packs, device profiles, trust, exceptions, past records: what another file says is shown by itself."""
        for key in ("policy", "profiles", "records"):
            was, now = sorted(getattr(self._before, key)), sorted(getattr(self._after, key))
            if was != now:
                yield self._row(key, distinct_words(was, now), Change.DIFFERENT, key)
        for key in _PATHS:
            was, now = getattr(self._before, key), getattr(self._after, key)
            if was != now:
                yield self._row(key, (was or ABSENT, now or ABSENT), Change.DIFFERENT, key)

    def ledgers(self) -> Iterator[Difference]:
        """Ledgers of other repositories: what is counted no more is looser; which lines changed shows elsewhere."""
        old, new = ({one.path: one.digest for one in side.ledgers} for side in (self._before, self._after))
        for path in sorted({*old, *new}):
            was, now = old.get(path, ABSENT), new.get(path, ABSENT)
            if was == now:
                continue
            change = Change.LOOSER if now == ABSENT else Change.STRICTER if was == ABSENT else Change.DIFFERENT
            yield self._row(f"ledgers {path}", (was, now), change, "ledgers")

    def numbers(self) -> Iterator[Difference]:
        """How many rules there are at least; limits on exceptions show where the policies are compared."""
        was, now = self._before.limits.rules_min, self._after.limits.rules_min
        if was != now:
            change = Change.STRICTER if now > was else Change.LOOSER
            yield self._row("rules_min", (str(was), str(now)), change, "limits/rules_min")

    def loosenings(self) -> Iterator[Difference]:
        """Permissions to be looser than a pack, by what they are about."""
        old, new = ({one.what: one for one in side.loosens} for side in (self._before, self._after))
        for what in sorted({*old, *new}):
            was, now = old.get(what), new.get(what)
            if was == now:
                continue
            side = self._after if now is not None else self._before
            position = next(number for number, one in enumerate(side.loosens) if one.what == what)
            texts = distinct_words(_loosens_words(was), _loosens_words(now))
            gone = now is None
            yield self._row(what, texts, _loosens_change(was, now), f"loosens/{position}", kind="loosens", gone=gone)

    def _row(
        self,
        name: str,
        texts: tuple[str, str],
        change: Change,
        at: str,
        *,
        kind: str = "configuration",
        gone: bool = False,
    ) -> Difference:
        old, new = ((one, f"/spec/{at}") if one is not None else None for one in self._documents)
        place = self._sources.place(None if gone and old is not None else new, old)
        return Difference(
            kind=kind, name=bounded(name), before=bounded(texts[0]), after=bounded(texts[1]), change=change, place=place
        )


def _loosens_words(entry: Loosens | None) -> str:
    if entry is None:
        return ABSENT
    proof = f", proof {entry.approval}" if entry.approval else ""
    more = f", {entry.reference}" if entry.reference else ""
    by = words(entry.approved_by)
    return bounded(f"until {entry.expires}, owner {entry.owner}, approved by {by}{proof}: {entry.reason}{more}")


def _loosens_change(was: Loosens | None, now: Loosens | None) -> Change:
    if was is None or now is None:
        return Change.LOOSER if was is None else Change.STRICTER
    old, new = last_day(was.expires), last_day(now.expires)
    rest = Change.SAME if was == now.model_copy(update={"expires": was.expires}) else Change.DIFFERENT
    later = Change.LOOSER if new > old else mirrored(Change.LOOSER) if new < old else Change.SAME
    found = folded((later, rest))
    return Change.DIFFERENT if found is Change.SAME else found


def last_day(expires: object) -> str:
    """A day as text that sorts; what is no day has expired, and comes before every day."""
    from datetime import date  # only a change of an exception pays

    try:
        day = date.fromisoformat(expires) if isinstance(expires, str) else None
    except ValueError:
        return ""
    return expires if isinstance(expires, str) and day is not None and day.isoformat() == expires else ""
