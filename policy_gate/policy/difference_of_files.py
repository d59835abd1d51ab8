"""What two files of exceptions or pins say differently: waivers, the baseline, the lock; both as plain documents."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.policy.difference_of_config import last_day
from policy_gate.policy.difference_row import (
    ABSENT,
    Difference,
    Sources,
    bounded,
    digest_words,
    mirrored,
    ordered,
    place_in,
    words,
)
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.document import Document, Value

Entry = Mapping[str, "Value"]
_Finding = tuple[str, str, str]
"""A known finding: its rule, its id, and all of it as canonical text."""
Sides = tuple["Document | None", "Document | None"]
"""The file as it was and as it is; None where there is none, which excepts and pins nothing."""


class Entries:
    """The entries of one list of a document, by what names them; later ones of a name win, which loaders refuse."""

    def __init__(self, document: Document | None, key: str, name: str) -> None:
        """Read what has the expected shape; the rest was refused when the file was loaded."""
        self.document = document
        self.by_name: dict[str, Entry] = {}
        self._pointers: dict[str, str] = {}
        listed = document.get(f"/{key}") if document is not None else None
        for position, entry in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(entry, dict):
                named = str(entry.get(name, position))
                self.by_name[named] = entry
                self._pointers[named] = f"/{key}/{position}"

    def at(self, name: str, suffix: str = "") -> tuple[Document, str] | None:
        """Where an entry stands, if it is there."""
        if self.document is None or name not in self._pointers:
            return None
        return self.document, self._pointers[name] + suffix


def waiver_difference(sides: Sides, sources: Sources) -> tuple[Difference, ...]:
    """Waivers by id: one more is looser, and any change but an earlier end is too."""
    old, new = (Entries(side, "waivers", "id") for side in sides)
    return ordered(_waivers(old, new, sources))


def _waivers(old: Entries, new: Entries, sources: Sources) -> Iterator[Difference]:
    for name in sorted({*old.by_name, *new.by_name}):
        was, now = old.by_name.get(name), new.by_name.get(name)
        if _same(was, now):
            continue
        yield Difference(
            kind="waiver",
            name=bounded(name),
            before=entry_words(was, now),
            after=entry_words(now, was),
            change=_waiver_change(was, now),
            place=sources.place(new.at(name), old.at(name)),
        )


def _waiver_change(was: Entry | None, now: Entry | None) -> Change:
    if was is None or now is None:
        return Change.LOOSER if was is None else Change.STRICTER
    is_only_the_end = _changed_keys(was, now) == ["expires"]
    is_earlier = last_day(now.get("expires")) < last_day(was.get("expires"))
    return Change.STRICTER if is_only_the_end and is_earlier else Change.LOOSER


def baseline_difference(sides: Sides, sources: Sources) -> tuple[Difference, ...]:
    """Known findings by rule: more of them is looser; one that is recorded otherwise is gone and come."""
    old, new = (_findings(side) for side in sides)
    added = _known(new - old, "added", sides[1], sources.after)
    return ordered([*added, *_known(old - new, "removed", sides[0], sources.before)])


def _known(more: Counter[_Finding], word: str, side: Document | None, source: str) -> Iterator[Difference]:
    """One row for each rule that has findings on one side only, at the first of them."""
    pointers = _finding_pointers(side)
    by_rule: dict[str, list[_Finding]] = {}
    for one in sorted(more.elements()):
        by_rule.setdefault(one[0], []).append(one)
    for rule, found in by_rule.items():
        texts = (ABSENT, _finding_words(found)) if word == "added" else (_finding_words(found), ABSENT)
        yield Difference(
            kind="baseline",
            name=bounded(f"{rule}, {word}"),
            before=texts[0],
            after=texts[1],
            change=Change.LOOSER if word == "added" else Change.STRICTER,
            place=place_in(side, pointers[found[0]], source) if side is not None else None,
        )


def _finding_pointers(document: Document | None) -> dict[_Finding, str]:
    listed = document.get("/findings") if document is not None else None
    entries = enumerate(listed) if isinstance(listed, list) else ()
    return {_finding(one): f"/findings/{position}" for position, one in entries if isinstance(one, dict)}


def _finding(entry: Entry) -> _Finding:
    return str(entry.get("rule")), str(entry.get("id")), _canonical(entry)


def _findings(document: Document | None) -> Counter[_Finding]:
    listed = document.get("/findings") if document is not None else None
    return Counter(_finding(one) for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict))


def _finding_words(found: list[_Finding]) -> str:
    digest = digest_words("\n".join(one[2] for one in found).encode("utf-8", "surrogatepass"))
    ids = bounded(", ".join(one[1] for one in found))
    return f"{len(found)} {'finding' if len(found) == 1 else 'findings'}: {ids} ({digest})"


def lock_difference(sides: Sides, sources: Sources) -> tuple[Difference, ...]:
    """Pins by the source of the pack; a mark of a floor is its own row, since nobody here may loosen a floor."""
    old, new = (Entries(side, "packs", "source") for side in sides)
    return ordered(_pins(old, new, sources))


def _pins(old: Entries, new: Entries, sources: Sources) -> Iterator[Difference]:
    for name in sorted({*old.by_name, *new.by_name}):
        was, now = old.by_name.get(name, {}), new.by_name.get(name, {})
        for key in ("digest", "revision"):
            before, after = was.get(key), now.get(key)
            if before != after:
                at = f"/{key}" if key in now else ""
                yield Difference(
                    kind="lock",
                    name=bounded(f"{name} {key}"),
                    before=words(before) if before is not None else ABSENT,
                    after=words(after) if after is not None else ABSENT,
                    change=Change.DIFFERENT,
                    place=sources.place(new.at(name, at), old.at(name)),
                )
        had, has = was.get("floor") is True, now.get("floor") is True
        if had is not has:
            states = {True: "floor", False: "no floor"}
            yield Difference(
                kind="lock",
                name=bounded(f"{name} floor"),
                before=states[had],
                after=states[has],
                change=mirrored(Change.STRICTER) if had else Change.STRICTER,
                place=sources.place(new.at(name), old.at(name)),
            )


def entry_words(entry: Entry | None, other: Entry | None) -> str:
    """An entry in words; beside another one only what they do not share."""
    if entry is None:
        return ABSENT
    keys = sorted(entry) if other is None else _changed_keys(entry, other)
    shown = (f"{key} {_canonical(entry[key])}" for key in keys if key in entry)
    return bounded(", ".join(shown) or ("empty" if other is None else ABSENT))


def _changed_keys(one: Entry, other: Entry) -> list[str]:
    missing = object()
    return [key for key in sorted({*one, *other}) if not _same(one.get(key, missing), other.get(key, missing))]


def _same(one: object, other: object) -> bool:
    """Whether two values are written alike: true is not 1."""
    return _canonical(one) == _canonical(other)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
