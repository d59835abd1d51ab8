"""Verifies a repository's ledger: its lines, its chain, its days, and that it is the base's with more lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from policy_gate.area import LedgerFile
from policy_gate.areas.privacy.ledger.chain import MEND, Line, edited_line, read_ledger
from policy_gate.errors import DocumentError, Problem, SourceError, UsageError
from policy_gate.gate import Request
from policy_gate.gate.ledgers import own_ledger
from policy_gate.gate.trusted import read_configuration
from policy_gate.source import head_commit, open_revision, open_working_tree
from policy_gate.spent import LedgerFault, LedgerVerified


def verified(request: Request) -> LedgerVerified:
    """Verify the ledger of the working tree; raises GateError where there is none, here or in the base."""
    with open_working_tree(request.root) as tree:
        head = own_ledger(read_configuration(request.config, tree, from_base=False))
    if head.fault:
        raise UsageError(Problem(head.fault, head.path))
    base = base_ledger(request)[0] if request.base else None
    if not head.content and (base is None or not base.content):
        hint = "`policy-gate privacy ledger append MANIFEST` writes the first line"
        raise UsageError(Problem("there is no ledger, or it has no line", head.path, hint=hint))
    lines, faults = _lines(head, request.today)
    if base is not None:
        faults = [*_against(base, head), *faults]
    return LedgerVerified(
        path=head.path,
        lines=len(lines),
        base=request.base,
        base_lines=base.content.count(b"\n") if base is not None else 0,
        faults=tuple(faults),
    )


def base_ledger(request: Request) -> tuple[LedgerFile, str]:
    """The ledger of a request's base, by the base's own configuration, and the revision that is.

    Without a named base it is that of HEAD; where nothing is committed, one without lines. Raises GateError.
    """
    revision = request.base or ("HEAD" if head_commit(request.root) else "")
    if not revision:
        return LedgerFile(path=""), ""
    with open_revision(request.root, revision, as_base=True) as tree:
        found = own_ledger(read_configuration(request.config, tree, from_base=True))
    if found.fault:
        raise SourceError(Problem(f"in {revision}: {found.fault}", found.path))
    return found, revision


def _lines(head: LedgerFile, today: date) -> tuple[tuple[Line, ...], list[LedgerFault]]:
    try:
        lines = read_ledger(head.content, head.path)
    except DocumentError as error:
        return (), [_fault(one) for one in error.problems]
    return lines, list(_days(lines, today))


def _fault(problem: Problem) -> LedgerFault:
    return LedgerFault(path=problem.path, line=problem.line, message=problem.message, fix=problem.hint)


def _days(lines: Iterable[Line], today: date) -> Iterator[LedgerFault]:
    before = date.min
    for one in lines:
        day = one.entry.day
        if day > today:
            message = f"the line is dated {day}, which is after {today}"
            yield LedgerFault(path=one.path, line=one.number, message=message)
        if day < before:
            message = f"the line is dated {day}, which is before the line above it ({before})"
            yield LedgerFault(path=one.path, line=one.number, message=message)
        before = max(before, day)


def _against(base: LedgerFile, head: LedgerFile) -> Iterator[LedgerFault]:
    if base.path != head.path and base.content:
        message = f"the base keeps its ledger at {base.path}, and its lines have to stay in that file"
        yield LedgerFault(path=head.path, line=0, message=message, fix="set `spec.ledger` back")
    edited = edited_line(base.content, head.content)
    if edited is not None:
        yield LedgerFault(path=head.path, line=edited.number, message=edited.message, fix=MEND)
