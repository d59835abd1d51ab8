"""Privacy ledgers of two trees, side by side: a line that is gone gives budget back that was spent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, GateError, Problem, Reason
from policy_gate.frozen import dataclass
from policy_gate.gate.changed_files import UNREADABLE, FileChanges
from policy_gate.gate.ledgers import MAX_LEDGER_BYTES, other_ledgers
from policy_gate.model import Place
from policy_gate.policy.difference_row import ABSENT, Difference, bounded
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.gate.trusted import Configuration

KIND = "privacy ledger"


@dataclass(frozen=True, slots=True)
class _File:
    """A ledger of one side: its path in the tree and its bytes, none where there is no such file; or why none."""

    path: str
    content: bytes = b""
    fault: str = ""

    @property
    def state(self) -> str:
        if self.fault:
            return bounded(f"{UNREADABLE}{self.fault}")
        count = self.content.count(b"\n")
        return f"{count} line{'' if count == 1 else 's'}" if self.content else ABSENT


def compare_ledgers(before: Configuration, after: Configuration) -> FileChanges:
    """What a change does to the ledger, and to those of other repositories that both sides name; never raises.

    More lines are no change of what judges. A ledger that is not the base's and more well-formed lines is looser, also
    under another path; that the path changed is told where configurations are compared.
    """
    rows: list[Difference] = []
    pairs = [(before.spec.ledger, after.spec.ledger)]
    kept = {one.path for one in after.spec.ledgers}
    pairs += [(one.path, one.path) for one in before.spec.ledgers if one.path in kept]
    for old, new in pairs:
        rows.extend(_compared(_file(before, old), _file(after, new), after))
    problems = _unusable(before, after)
    return FileChanges(rows=tuple(rows), problems=problems)


def _file(side: Configuration, stated: str) -> _File:
    try:
        path = side.beside(stated)
    except EvidenceError as error:
        return _File(stated, fault=f"{error.reason.value}: {error.detail}")
    try:
        return _File(path, side.tree.read(path, MAX_LEDGER_BYTES))
    except EvidenceError as error:
        is_absent = error.reason is Reason.NOT_IN_TREE and not side.tree.exists(path)
        return _File(path, fault="" if is_absent else f"{error.reason.value}: {error.detail}")


def _compared(old: _File, new: _File, after: Configuration) -> Iterator[Difference]:
    if (old.content, old.fault) == (new.content, new.fault) and not new.fault:
        return
    if old.fault or new.fault:
        yield _row(new, (old.state, new.state), after)
        return
    from policy_gate.areas.privacy.ledger.chain import edited_line, read_ledger  # only a change of a ledger pays

    edited = edited_line(old.content, new.content)
    if edited is not None:
        yield _row(new, (old.state, f"{new.state}: {edited.message}"), after, line=edited.number)
        return
    try:
        read_ledger(new.content, new.path)
    except GateError as error:
        first = error.problems[0]
        # Merged, it would leave unknown what was spent.
        yield _row(new, (old.state, f"{UNREADABLE}{first.message}"), after, line=first.line)


def _row(new: _File, texts: tuple[str, str], after: Configuration, line: int = 0) -> Difference:
    column = 1 if line else 0
    return Difference(
        kind=KIND,
        name=bounded(new.path),
        before=texts[0],
        after=bounded(texts[1]),
        change=Change.LOOSER,
        place=Place(
            source=after.tree.source,
            path=new.path,
            line=line,
            column=column,
            end_line=line,
            end_column=2 * column,
        ),
    )


def _unusable(before: Configuration, after: Configuration) -> tuple[Problem, ...]:
    """Why a run could not use the ledgers that the head pins; what is wrong in the base already is said there."""
    if before.spec.ledgers == after.spec.ledgers and not after.spec.ledgers:
        return ()
    try:
        other_ledgers(after)
    except GateError as error:
        return error.problems
    return ()
