"""What two trust files say differently: whose signatures and reviews count, for how long, how many are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.policy.difference_of_files import Entries, Entry, Sides, entry_words
from policy_gate.policy.difference_row import (
    ABSENT,
    Difference,
    Sources,
    bounded,
    distinct_words,
    mirrored,
    ordered,
    set_parts,
    words,
)
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.document import Document, Value
    from policy_gate.model import Place

DEFAULT_ALGORITHMS = ("ed25519", "ecdsa-p256")
DEFAULT_SKEW_SECONDS = 300
_LISTED = ("keys", "thresholds", "algorithms", "clock_skew_seconds", "reviewers")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_FIRST, _LAST = "T00:00:00Z", "T23:59:59Z"
_WINDOWS = (
    # Which end of a day a moment stands for, and what a later moment means.
    ("sign", "not_before", _FIRST, Change.STRICTER),
    ("sign", "not_after", _LAST, Change.LOOSER),
    ("verify", "not_after", _LAST, Change.LOOSER),
    ("revoked", "at", _FIRST, Change.LOOSER),
)


def trust_difference(sides: Sides, sources: Sources) -> tuple[Difference, ...]:
    """Say what became looser, stricter or different; a file that is not there trusts nobody. Never raises."""
    compared = _Compared(sides, sources)
    return ordered(
        [
            *compared.keys(),
            *compared.thresholds(),
            *compared.algorithms(),
            *compared.skew(),
            *compared.reviewers(),
            *compared.rest(),
        ]
    )


class _Compared:
    def __init__(self, sides: Sides, sources: Sources) -> None:
        self._sides, self._sources = sides, sources
        self._old, self._new = (Entries(side, "keys", "spki") for side in sides)

    def keys(self) -> Iterator[Difference]:
        """Keys by the digest of their public half, whatever they are called and in whatever order."""
        for name in sorted({*self._old.by_name, *self._new.by_name}):
            was, now = self._old.by_name.get(name), self._new.by_name.get(name)
            if was is None or now is None:
                change = Change.LOOSER if was is None else Change.STRICTER
                yield self._key(name, "", (entry_words(was, None), entry_words(now, None)), change)
                continue
            yield from self._roles(name, was, now)
            for part, field, end, later in _WINDOWS:
                yield from self._window(name, (part, field), end, later)
            yield from self._other_words(name, was, now)

    def _roles(self, name: str, was: Entry, now: Entry) -> Iterator[Difference]:
        old, new = _texts(was.get("roles")), _texts(now.get("roles"))
        for role, change in set_parts(old, new, more=Change.LOOSER):
            texts = (ABSENT, role) if role in new else (role, ABSENT)
            yield self._key(name, f" role {role}", texts, change, "/roles")

    def _window(self, name: str, path: tuple[str, str], end: str, later: Change) -> Iterator[Difference]:
        was, now = (_inner(side.by_name[name], *path) for side in (self._old, self._new))
        if was == now:
            return
        texts = words(was if was is not None else ABSENT), words(now if now is not None else ABSENT)
        change = _window_change(_moment(was, end), _moment(now, end), later)
        if path[0] == "revoked" and (was is None or now is None):
            change = Change.STRICTER if was is None else Change.LOOSER
        if change is not Change.SAME:
            yield self._key(name, f" {' '.join(path)}", texts, change, f"/{'/'.join(path)}")

    def _other_words(self, name: str, was: Entry, now: Entry) -> Iterator[Difference]:
        judged = {"roles", "sign", "verify", "revoked"}
        old, new = ({key: one for key, one in side.items() if key not in judged} for side in (was, now))
        if old != new:
            yield self._key(name, " entry", (entry_words(old, new), entry_words(new, old)), Change.DIFFERENT)
        reasons = [_inner(side, "revoked", "reason") for side in (was, now)]
        if None not in reasons and reasons[0] != reasons[1]:
            texts = distinct_words(reasons[0], reasons[1])
            yield self._key(name, " revocation", texts, Change.DIFFERENT, "/revoked")

    def thresholds(self) -> Iterator[Difference]:
        """How many distinct keys of a role must sign; a role without a number needs one."""
        old, new = (_numbers(side, "/thresholds") for side in self._sides)
        for role in sorted({*old, *new}):
            was, now = old.get(role, 1), new.get(role, 1)
            if was != now and all(self._sides):
                change = Change.STRICTER if now > was else Change.LOOSER
                yield self._row(f"threshold {role}", (str(was), str(now)), change, f"/thresholds/{role}")

    def algorithms(self) -> Iterator[Difference]:
        """Which algorithms count."""
        old, new = (_texts(_of(side, "/algorithms", list(DEFAULT_ALGORITHMS))) for side in self._sides)
        for name, change in set_parts(old, new, more=Change.LOOSER):
            texts = (ABSENT, name) if name in new else (name, ABSENT)
            yield self._row(f"algorithm {name}", texts, change, "/algorithms")

    def skew(self) -> Iterator[Difference]:
        """How many seconds a clock may be wrong."""
        was, now = (_of(side, "/clock_skew_seconds", DEFAULT_SKEW_SECONDS) for side in self._sides)
        if was != now:
            numbers = isinstance(was, int) and isinstance(now, int) and now < was
            change = Change.STRICTER if numbers else Change.LOOSER
            yield self._row("clock_skew_seconds", distinct_words(was, now), change, "/clock_skew_seconds")

    def reviewers(self) -> Iterator[Difference]:
        """Whose reviews on GitHub approve, and of how many people."""
        for key, word in (("teams", "team"), ("users", "user")):
            old, new = (_texts(_of(side, f"/reviewers/{key}", [])) for side in self._sides)
            for name, change in set_parts(old, new, more=Change.LOOSER):
                texts = (ABSENT, name) if name in new else (name, ABSENT)
                yield self._row(f"reviewer {word} {name}", texts, change, f"/reviewers/{key}")
        sections = [_of(side, "/reviewers", None) for side in self._sides]
        was, now = (_of(side, "/reviewers/count", 1) for side in self._sides)
        if None not in sections and was != now:
            is_stricter = type(was) is int and type(now) is int and now > was
            change = Change.STRICTER if is_stricter else Change.LOOSER
            yield self._row("reviewers count", distinct_words(was, now), change, "/reviewers/count")

    def rest(self) -> Iterator[Difference]:
        """Keys of the file that are not compared above."""
        old, new = ({key: one for key, one in _root(side).items() if key not in _LISTED} for side in self._sides)
        for key in sorted({*old, *new}) if all(self._sides) else ():
            if old.get(key) != new.get(key):
                texts = distinct_words(old.get(key), new.get(key))
                yield self._row(key, texts, Change.DIFFERENT, f"/{key}")

    def _key(self, spki: str, suffix: str, texts: tuple[str, str], change: Change, at: str = "") -> Difference:
        entry = self._new.by_name.get(spki) or self._old.by_name.get(spki) or {}
        label = entry.get("id")
        named = f"{label} ({spki})" if isinstance(label, str) and label else spki
        place = self._sources.place(self._new.at(spki, at), self._old.at(spki, at))
        return _difference("key", f"{bounded(named)}{suffix}", texts, change, place)

    def _row(self, name: str, texts: tuple[str, str], change: Change, at: str) -> Difference:
        old, new = ((side, at) if side is not None else None for side in self._sides)
        return _difference("trust", name, texts, change, self._sources.place(new, old))


def _difference(kind: str, name: str, texts: tuple[str, str], change: Change, place: Place | None) -> Difference:
    return Difference(kind=kind, name=bounded(name), before=texts[0], after=texts[1], change=change, place=place)


def _window_change(was: str, now: str, later: Change) -> Change:
    """Compare two moments; one that is no moment cannot be held against another, which counts as looser."""
    if not was or not now:
        return Change.LOOSER
    if was == now:
        return Change.SAME
    return later if now > was else mirrored(later)


def _moment(written: object, end_of_day: str) -> str:
    """A moment as text that sorts: a day is its first or last second; "" for everything else."""
    if not isinstance(written, str):
        return ""
    if _DAY.fullmatch(written):
        return written + end_of_day
    return written if _MOMENT.fullmatch(written) else ""


def _inner(entry: Entry, part: str, field: str) -> object:
    inner = entry.get(part)
    return inner.get(field) if isinstance(inner, dict) else None


def _texts(given: object) -> list[str]:
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _numbers(document: Document | None, pointer: str) -> dict[str, int]:
    given = _of(document, pointer, {})
    return {str(key): one for key, one in given.items() if isinstance(one, int)} if isinstance(given, dict) else {}


def _of(document: Document | None, pointer: str, default: Value) -> Value:
    return document.get(pointer, default) if document is not None else default


def _root(document: Document | None) -> Mapping[str, Value]:
    return document.root if document is not None and isinstance(document.root, dict) else {}
