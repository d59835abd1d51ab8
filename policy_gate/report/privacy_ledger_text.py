"""A privacy ledger for a terminal: its lines, what each population has spent, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.report.columns import columns
from policy_gate.report.escaping import safe
from policy_gate.report.privacy_text import spend_lines
from policy_gate.spent import LedgerFault, LedgerSheet, LedgerVerified


def render_sheet(sheet: LedgerSheet) -> str:
    """A table of all lines, then the spend of every population in the window."""
    own = sum(one.source == sheet.path for one in sheet.lines)
    others = len(sheet.lines) - own
    beside = f", and {_counted(others, 'line')} of other repositories" if others else ""
    lines = [f"{safe(sheet.path)}: {_counted(own, 'line')}{beside}"]
    if sheet.lines:
        lines += ["", *columns([("line", "date", "release", "population", "claim", "in window"), *_rows(sheet)], (0,))]
    for spend in sheet.spends:
        first, *more = spend_lines(spend)
        lines += ["", first, *(f"  {one}" for one in more)]
    return "".join(f"{line}\n" for line in lines)


def render_verified(found: LedgerVerified) -> str:
    """One line where everything holds, else one for each thing that does not."""
    if found.faults:
        return "".join(f"{line}\n" for fault in found.faults for line in _fault(fault))
    held = f"{safe(found.path)}: {_counted(found.lines, 'line')}, the chain holds"
    if not found.base:
        return f"{held}\n"
    more = found.lines - found.base_lines
    return f"{held}; {_counted(found.base_lines, 'line')} of {safe(found.base)} unchanged, {more} new\n"


def _rows(sheet: LedgerSheet) -> Iterator[tuple[str, ...]]:
    for one in sheet.lines:
        place = str(one.line) if one.source == sheet.path else f"{safe(one.source)}:{one.line}"
        claim = f"{one.claimed_epsilon:g} at {one.delta:g}"
        inside = "yes" if one.in_window else "no"
        yield place, safe(one.date), f"{safe(one.release)} {one.sequence}", safe(one.population), claim, inside


def _fault(fault: LedgerFault) -> Iterator[str]:
    place = f"{safe(fault.path)}:{fault.line}" if fault.line else safe(fault.path)
    yield f"{place}: {safe(fault.message)}"
    if fault.fix:
        yield f"  {safe(fault.fix)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
