"""Files of a tree that run the gate or feed it, beside its policy: hooks, workflows, scripts, profiles, packs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.gate.watched_lines import line_changes, mentions_gate
from policy_gate.gate.watched_scripts import called_scripts, is_runner
from policy_gate.gate.watched_side import CALLERS, Content, Kind, Side
from policy_gate.model import Place
from policy_gate.policy.difference_row import Difference, Sources, bounded, place_of_other
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.gate.watched_scripts import Called
    from policy_gate.source import Tree

MAX_WATCHED_FILES = 2000


def watched_differences(base: Tree, head: Tree) -> Iterator[Difference]:
    """Every difference of the watched files of two trees; none of them is ever parsed or followed."""
    old, new = Side(base), Side(head)
    called = called_scripts(old, new)
    kinds = {**dict.fromkeys(called.scripts, Kind.SCRIPT), **old.kinds, **new.kinds}
    paths = sorted(kinds)
    if len(paths) > MAX_WATCHED_FILES:
        number, most = f"{len(paths)} files", f"{MAX_WATCHED_FILES} files are compared"
        yield Difference(kind="watched files", name="number", before=most, after=number, change=Change.LOOSER)
    compared = _Compared(called, Sources(before=base.source, after=head.source))
    for path in paths[:MAX_WATCHED_FILES]:
        yield from compared.rows(kinds[path], path, old.content(path), new.content(path))


class _Compared:
    """Compares files pair by pair."""

    def __init__(self, called: Called, sources: Sources) -> None:
        self._called, self._sources = called, sources

    def rows(self, kind: Kind, path: str, old: Content, new: Content) -> Iterator[Difference]:
        """The differences of one file."""
        if old == new or not self._is_ours(kind, old, new):
            return
        whole = _whole_change(kind, old, new)
        if whole is not None:
            source = self._sources.after if new.is_there else self._sources.before
            yield _row(kind, path, (old.state, new.state), whole, Place(source=source, path=path))
            return
        yield from self._by_line(kind, path, old, new)

    def _is_ours(self, kind: Kind, old: Content, new: Content) -> bool:
        """Files that only run things are watched where they speak of the gate, before or after, or nobody can tell."""
        mention = self._called.mention
        return kind not in CALLERS or any(mentions_gate(one.text, mention) or one.fault for one in (old, new))

    def _by_line(self, kind: Kind, path: str, old: Content, new: Content) -> Iterator[Difference]:
        in_blocks = kind is Kind.SCRIPT and is_runner(path)
        found = False
        changes = line_changes(
            old.text, new.text, in_entries=kind is Kind.HOOK, in_blocks=in_blocks, mention=self._called.mention
        )
        for one in changes:
            found = True
            source = self._sources.before if one.is_gone else self._sources.after
            place = Place(source=source, path=path, line=one.line, column=1, end_line=one.line, end_column=2)
            change = Change.DIFFERENT if kind is Kind.PROFILE else one.change
            yield _row(kind, f"{path} {one.name}", (one.before, one.after), change, place)
        # Of hooks, and of entries for many purposes, what does not speak of the gate was left out on purpose.
        if not found and kind is not Kind.HOOK and not in_blocks:
            texts = old.state, f"{new.state} (words or layout)"
            place = place_of_other(old.content, new.content, path, self._sources.after)
            yield _row(kind, path, texts, Change.DIFFERENT, place)


def _whole_change(kind: Kind, old: Content, new: Content) -> Change | None:
    """What a file means that is not compared line by line; None for one that is.

    One that is gone or cannot be read any more is looser; one that is new has to be read by somebody.
    """
    if new.fault or (old.fault and new.is_there):
        return Change.LOOSER
    if not new.is_there:
        return Change.DIFFERENT if kind is Kind.STORED else Change.LOOSER
    if not old.is_there or kind is Kind.STORED:
        return Change.DIFFERENT
    # A zero byte is no text in UTF-8, so that no line of it can be read.
    return Change.LOOSER if b"\0" in new.content else None


def _row(kind: Kind, name: str, texts: tuple[str, str], change: Change, place: Place) -> Difference:
    return Difference(kind=kind.value, name=bounded(name), before=texts[0], after=texts[1], change=change, place=place)
