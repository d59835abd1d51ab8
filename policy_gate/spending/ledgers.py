"""Lays out a repository's ledger with those of others that it names: every line, and what each population has spent."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.area import LedgerFile
from policy_gate.areas.privacy.ledger.chain import Line, read_ledger
from policy_gate.areas.privacy.ledger.window import Window
from policy_gate.errors import Problem, UsageError
from policy_gate.gate import Request
from policy_gate.gate.ledgers import other_ledgers, own_ledger
from policy_gate.gate.trusted import read_configuration
from policy_gate.source import open_working_tree
from policy_gate.spending.limits import budget_of
from policy_gate.spending.windows import spends
from policy_gate.spent import LedgerLine, LedgerSheet


def sheet(request: Request) -> LedgerSheet:
    """Lay out the ledgers of the working tree; raises GateError for one that is broken, or where there is none."""
    with open_working_tree(request.root) as tree:
        configuration = read_configuration(request.config, tree, from_base=False)
        own, others = own_ledger(configuration), other_ledgers(configuration)
        budget = budget_of(configuration, request.today)
    lines = _lines(own, others)
    return LedgerSheet(
        path=own.path,
        window_days=budget.window.days,
        lines=tuple(_shown(one, budget.window) for one in lines),
        spends=tuple(spends(lines, own.path, budget)),
    )


def _lines(own: LedgerFile, others: Iterable[LedgerFile]) -> list[Line]:
    if own.fault:
        raise UsageError(Problem(own.fault, own.path))
    lines = [line for one in (own, *others) for line in read_ledger(one.content, one.path)]
    if not lines:
        hint = "`policy-gate privacy ledger append MANIFEST` writes the first line"
        raise UsageError(Problem("there is no ledger, or it has no line", own.path, hint=hint))
    return lines


def _shown(line: Line, window: Window) -> LedgerLine:
    entry = line.entry
    return LedgerLine(
        source=line.path,
        line=line.number,
        release=entry.release.name,
        sequence=entry.release.sequence,
        date=entry.date,
        population=entry.population.id,
        claimed_epsilon=entry.claim.epsilon,
        delta=entry.claim.delta,
        phases=len(entry.phases),
        in_window=window.holds(entry.day),
    )
