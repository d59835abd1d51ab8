"""Makes suggestions of the derived values that records offer: whole changed lines, one for each stretch of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from policy_gate.document import Document, Edit, apply_edits, load
from policy_gate.errors import EvidenceError, GateError
from policy_gate.frozen import dataclass
from policy_gate.gate import MAX_DOCUMENT_BYTES
from policy_gate.manifest.mending import SEQUENCE, derived_edits, is_signed
from policy_gate.model import Record
from policy_gate.overview import Suggestion
from policy_gate.source import Tree, file_at

OTHERWISE = "write the computed values"
RISE = "the number has to rise with the bytes"
MAX_MENDED = 100
"""Releases whose manifests are opened for suggestions; no reader clicks through more."""
MAX_COMPARED_LINES = 1000
"""Lines between the first and the last change; comparing more takes time that the verdict has not."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `start` to `end` (1-based, inclusive) that give way to others, which start at line `new_start`."""

    start: int
    before: tuple[str, ...]
    new_start: int
    after: tuple[str, ...]

    @property
    def end(self) -> int:
        """The last line that gives way."""
        return self.start + len(self.before) - 1

    def holds_new(self, line: int) -> bool:
        """Whether a line of the new text is one of these."""
        return self.new_start <= line < self.new_start + len(self.after)


def suggestions(records: Iterable[Record], tree: Tree, root: Path, head: str) -> tuple[Suggestion, ...]:
    """Every suggestion for the manifests of these records, as they stand in the tree that was judged.

    `head` is the object id of the pull request's own commit, "" where nobody can click. Nothing is suggested for what
    can no longer be read or edited: the findings say everything already.
    """
    found: list[Suggestion] = []
    for record in list(records)[:MAX_MENDED]:
        try:
            found.extend(_of(record, tree, root, head))
        except GateError:
            continue
    return tuple(found)


def _of(record: Record, tree: Tree, root: Path, head: str) -> Iterator[Suggestion]:
    edits = derived_edits(record)
    if not edits:
        return
    content = tree.read(record.release.path, MAX_DOCUMENT_BYTES)
    document = load(content, record.release.path)
    edited = load(apply_edits(document, edits).encode("utf-8"), record.release.path)
    stands = _same_in_head(content, root, head, record.release.path)
    offered, words = _findings(record), _words(record)
    for block in changed_blocks(document.text, edited.text):
        pointers = [one.pointer for one in edits if block.holds_new(_line(edited, one))]
        yield Suggestion(
            findings=tuple(dict.fromkeys(each for pointer in pointers for each in offered.get(pointer, ()))),
            path=record.release.path,
            start_line=block.start,
            end_line=block.end,
            before=block.before,
            after=block.after,
            words="; ".join(dict.fromkeys(words.get(pointer, RISE) for pointer in pointers)) or OTHERWISE,
            changes_signed_bytes=is_signed(record),
            one_click=stands and _has_plain_ends(document.text, block),
        )


def _line(edited: Document, edit: Edit) -> int:
    return edited.span(edit.pointer).line


def _findings(record: Record) -> Mapping[str, tuple[str, ...]]:
    """Ids of the findings that a value at a pointer mends; the number of a changed release belongs to all of them."""
    found: dict[str, tuple[str, ...]] = {}
    every: tuple[str, ...] = ()
    for judgement in record.judgements:
        pointers = {fix.pointer for fix in judgement.fixes if fix.replacement is not None}
        every += (judgement.finding_id,) if pointers else ()
        for pointer in pointers:
            found[pointer] = (*found.get(pointer, ()), judgement.finding_id)
    return {SEQUENCE: every, **found}


def _words(record: Record) -> Mapping[str, str]:
    return {fix.pointer: fix.text for one in record.judgements for fix in one.fixes if fix.replacement is not None}


def changed_blocks(before: str, after: str) -> Iterator[Block]:
    """The stretches of lines in which two texts differ; one that only adds lines takes a neighbour along.

    A suggestion takes the place of lines, so that each block has at least one.
    """
    old, new = before.split("\n"), after.split("\n")
    same = _same_start(old, new)
    rest = _same_start(old[:same:-1], new[:same:-1])
    old_middle, new_middle = old[same : len(old) - rest], new[same : len(new) - rest]
    if max(len(old_middle), len(new_middle)) > MAX_COMPARED_LINES:
        return
    matcher = difflib.SequenceMatcher(a=old_middle, b=new_middle, autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        if kind != "equal":
            old_start, old_end, new_start, new_end = (end + same for end in ends)
            yield _block(old, new, slice(old_start, old_end), slice(new_start, new_end))


def _same_start(old: Sequence[str], new: Sequence[str]) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )


def _block(old: list[str], new: list[str], gone: slice, come: slice) -> Block:
    """A stretch with its neighbour above, or at the top below, where it has no line of its own in the old text."""
    above = 1 if gone.start == gone.stop and gone.start > 0 else 0
    below = 1 if gone.start == gone.stop == 0 else 0
    before = tuple(old[gone.start - above : gone.stop + below])
    after = tuple(new[come.start - above : come.stop + below])
    return Block(gone.start - above + 1, before, come.start - above + 1, after)


def _same_in_head(content: bytes, root: Path, head: str, path: str) -> bool:
    """Whether the pull request's own commit holds the very bytes that were judged, at the same path."""
    if not head:
        return False
    try:
        return file_at(root, head, path, MAX_DOCUMENT_BYTES) == content
    except (EvidenceError, GateError):
        return False


def _has_plain_ends(text: str, block: Block) -> bool:
    """Whether GitHub would write these lines as they are: no CR, and the last line of the file has its line end."""
    return "\r" not in text and (text.endswith("\n") or block.end < text.count("\n") + 1)
