"""One row of a policy's difference: what changed, its old and new value in words, and which way the change goes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from policy_gate.frozen import dataclass
from policy_gate.policy.direction import ANY_OTHER, Change, compare, map_key

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.model import Place
    from policy_gate.policy.limits import Stricter

ABSENT = "absent"
MAX_WORDS = 300
"""Longer values are cut, and end with their digest, so that two of them never look the same."""

_PLAIN = re.compile(r"[A-Za-z_./$*][A-Za-z0-9_./:@+*$-]*")
_ORDER = (Change.LOOSER, Change.DIFFERENT, Change.STRICTER)


class Absent:
    """Marks a value that one side does not have; null is a value."""


ABSENT_VALUE: Final = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two policies disagree on; `place` is that of the new value, or of the old one when it is gone."""

    kind: str
    name: str
    before: str
    after: str
    change: Change
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a value that changed: a name of a map, the members a set gained or lost, else all of it."""

    suffix: str
    before: str
    after: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the two sides were read from, in the words of a place."""

    before: str = "before"
    after: str = "after"

    def place(self, new: tuple[Document, str] | None, old: tuple[Document, str] | None) -> Place | None:
        """The place of a pointer in the new document, else in the old one, else none."""
        if new is not None:
            return place_in(*new, self.after)
        return place_in(*old, self.before) if old is not None else None


def place_in(document: Document, pointer: str, source: str) -> Place:
    """The place of a pointer; what ships with the tool is no part of the tree."""
    from policy_gate.policy.loading import place_of

    return place_of(document, pointer, "builtin" if document.path.startswith("builtin:") else source)


def place_of_other(old: bytes, new: bytes, path: str, source: str) -> Place:
    """The first line of a file that is not the one it was, be it in line ends only."""
    from policy_gate.model import Place

    lines = zip(old.split(b"\n"), new.split(b"\n"), strict=False)
    line = next((number for number, (was, now) in enumerate(lines, 1) if was != now), new.count(b"\n") + 1)
    return Place(source=source, path=path, line=line, column=1, end_line=line, end_column=2)


def ordered(rows: Iterable[Difference]) -> tuple[Difference, ...]:
    """Rows once each, what loosens first."""
    return tuple(sorted(dict.fromkeys(rows), key=_key))


def _key(row: Difference) -> tuple[object, ...]:
    place = (row.place.path, row.place.line) if row.place is not None else ("", 0)
    return _ORDER.index(row.change), row.kind, row.name, row.before, row.after, *place


def parts_of(stricter: Stricter, before: object, after: object) -> Iterator[Part]:
    """Compare two values as a policy file writes them, part by part.

    A map is compared by name, so that tightening one name does not hide that another is loosened, and members of a set
    that come and that go are two parts. Equal values have no part; the order of a list never matters.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({ANY_OTHER, *map(str, before), *map(str, after)}):
            old, new = _named(before, name), _named(after, name)
            yield from _compared(f"[{name}]", stricter, old, new)
        return
    if isinstance(before, list) and isinstance(after, list):
        yield from _members(stricter, before, after)
        return
    yield from _compared("", stricter, before, after)


def _named(table: Mapping[object, object], name: str) -> object:
    return table.get(name, table.get(ANY_OTHER, ABSENT_VALUE))


def _compared(suffix: str, stricter: Stricter, before: object, after: object) -> Iterator[Part]:
    # Through a map of one name, since there a missing value stands for no limit at all.
    change = compare(stricter, _one(before), _one(after))
    if change is not Change.SAME:
        old, new = distinct_words(before, after)
        yield Part(suffix=suffix, before=old, after=new, change=change)


def _one(value: object) -> dict[str, object]:
    return {} if isinstance(value, Absent) else {"value": value}


def _members(stricter: Stricter, before: list[object], after: list[object]) -> Iterator[Part]:
    old, new = {map_key(one): one for one in before}, {map_key(one): one for one in after}
    gone = [old[key] for key in sorted(old.keys() - new.keys(), key=repr)]
    come = [new[key] for key in sorted(new.keys() - old.keys(), key=repr)]
    direction = {"subset": Change.LOOSER, "superset": Change.STRICTER}.get(stricter, Change.DIFFERENT)
    if come:
        yield Part(suffix=", added", before=ABSENT, after=words(come), change=direction)
    if gone:
        yield Part(suffix=", removed", before=words(gone), after=ABSENT, change=mirrored(direction))
    if not come and not gone and len(before) != len(after):
        yield Part(suffix="", before=words(before), after=words(after), change=Change.DIFFERENT)


def mirrored(change: Change) -> Change:
    """The change of going back."""
    if change is Change.LOOSER:
        return Change.STRICTER
    return Change.LOOSER if change is Change.STRICTER else change


def folded(changes: Iterable[Change]) -> Change:
    """What several changes are together: one that loosens is not made good by others."""
    found = set(changes) - {Change.SAME}
    return next((change for change in _ORDER if change in found), Change.SAME)


def set_parts(before: Collection[str], after: Collection[str], *, more: Change) -> Iterator[tuple[str, Change]]:
    """Each name that only one side has, with what having `more` names means."""
    for name in sorted({*before} ^ {*after}):
        yield name, more if name in after else mirrored(more)


def distinct_words(before: object, after: object) -> tuple[str, str]:
    """Two unequal values in words that differ, such as the text "3" and the number 3."""
    old, new = words(before), words(after)
    return (old, new) if old != new else (_typed(before), _typed(after))


def words(value: object) -> str:
    """A value in words, as a policy file could write it."""
    if isinstance(value, Absent):
        return ABSENT
    if isinstance(value, list | tuple):
        return bounded(", ".join(_item(one) for one in sorted(value, key=lambda one: repr(map_key(one)))) or "none")
    return bounded(value if isinstance(value, str) and value else _typed(value))


def _item(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else _typed(value)


def _typed(value: object) -> str:
    return ABSENT if isinstance(value, Absent) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)


def bounded(text: str) -> str:
    """Text of bounded length: what is cut ends with the digest of all of it."""
    if len(text) <= MAX_WORDS:
        return text
    return f"{text[:MAX_WORDS]}… ({digest_words(text.encode('utf-8', 'surrogatepass'))})"


def digest_words(content: bytes) -> str:
    """The digest of some bytes: `sha256:` and 64 hex digits."""
    import hashlib  # a policy that did not change pays nothing

    return f"sha256:{hashlib.sha256(content).hexdigest()}"
