"""Looks whether the ledger is that of the base and new lines, and whether this release's own is what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.facts_ledger import LedgerFault, LedgerKept
from policy_gate.errors import DocumentError, EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.ledger.chain import Line

POINTER = "/privacy/ledger"


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong, in which line of the head's ledger (0: the whole file), in words."""

    kind: LedgerFault
    line: int = 0
    detail: str = ""


_SOUND = _Fault(LedgerFault.NONE)


def ledger_kept(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry: the ledger holds, or the first thing that is wrong with it."""
    claims = claims_of(evidence, LedgerKept)
    if isinstance(claims, tuple):
        yield from claims
        return
    try:
        yield _kept(evidence, claims)
    except EvidenceError as error:
        yield not_established(LedgerKept, RELEASE, POINTER, error)


def _kept(evidence: Evidence, claims: PrivacyClaims) -> LedgerKept:
    from policy_gate.areas.privacy.ledger.books import head_content, lines_of  # only a manifest with a claim pays

    trusted = evidence.trusted.ledger
    base = lines_of(evidence, trusted)
    if claims.ledger is not None and evidence.tree_path(claims.ledger) != trusted.path:
        detail = f"the manifest names {claims.ledger}, and the configuration {trusted.path}"
        return _fact(evidence, base, (), _Fault(LedgerFault.OTHER_PATH, detail=detail))
    head = head_content(evidence)
    if not head:
        detail = f"its {len(base)} lines are gone" if base else "no release has been written into it yet"
        return _fact(evidence, base, (), _Fault(LedgerFault.GONE, detail=detail))
    lines, fault = _lines(evidence, head)
    new = lines[len(base) :]
    fault = fault or _own_fault(evidence, base, lines) or _day_fault(evidence, lines, new)
    return _fact(evidence, lines, new, fault or _SOUND)


def _fact(evidence: Evidence, lines: Sequence[Line], new: Sequence[Line], fault: _Fault) -> LedgerKept:
    return LedgerKept(
        subject=RELEASE,
        pointer=POINTER,
        basis=Basis.RECOMPUTED,
        path=evidence.trusted.ledger.path,
        lines=len(lines),
        new_lines=len(new),
        fault=fault.kind,
        line=fault.line,
        detail=fault.detail,
        oldest_new_days=max(((evidence.today - line.entry.day).days for line in new), default=0),
    )


def _lines(evidence: Evidence, head: bytes) -> tuple[tuple[Line, ...], _Fault | None]:
    """The head's lines; none where the base's are not all there, or one cannot be read."""
    from policy_gate.areas.privacy.ledger.books import lines_in
    from policy_gate.areas.privacy.ledger.chain import edited_line

    trusted = evidence.trusted.ledger
    edited = edited_line(trusted.content, head)
    if edited is not None:
        return (), _Fault(LedgerFault.CHANGED, edited.number, edited.message)
    try:
        return lines_in(evidence, trusted.path, head), None
    except DocumentError as error:
        first = error.problems[0]
        return (), _Fault(LedgerFault.BROKEN, first.line, f"column {first.column}: {first.message}")


def _own_fault(evidence: Evidence, base: Sequence[Line], lines: Sequence[Line]) -> _Fault | None:
    """What is wrong with the release's own line."""
    from policy_gate.areas.privacy.ledger.entry import differing_key
    from policy_gate.areas.privacy.ledger.own import own_entry

    metadata, digest = evidence.manifest.metadata, evidence.manifest.digest
    named = [line for line in lines if line.entry.release.name == metadata.name]
    own = next((line for line in named if line.entry.release.sequence == metadata.sequence), None)
    if own is None:
        return _Fault(LedgerFault.NO_LINE, detail=f"no line is of {metadata.name} {metadata.sequence}")
    if own.entry.release.manifest != digest:
        has = "landed with" if own.number <= len(base) and has_base(evidence) else "has"
        detail = f"line {own.number} {has} the manifest {own.entry.release.manifest}, and this one is {digest}"
        return _Fault(LedgerFault.OTHER_MANIFEST, own.number, detail)
    if own is not named[-1]:
        detail = f"line {named[-1].number} is of {named[-1].entry.words}, and the manifest is of {own.entry.words}"
        return _Fault(LedgerFault.NOT_NEWEST, named[-1].number, detail)
    if own.number <= len(base) and has_landed(evidence):
        return None  # it was held against this very manifest when it landed
    wanted = own_entry(evidence, own.entry.date, own.entry.previous)
    key = differing_key(wanted, own.entry)
    if key:
        return _Fault(LedgerFault.DIFFERS, own.number, f"{key} is not what the manifest and its files say")
    return None


def has_base(evidence: Evidence) -> bool:
    """Whether the trusted ledger is another tree's than the one judged."""
    return evidence.trusted.source != evidence.tree.source


def has_landed(evidence: Evidence) -> bool:
    """Whether the base has this very manifest: a line alone may land before the release that it is about."""
    return has_base(evidence) and evidence.history.manifest == evidence.manifest.digest


def _day_fault(evidence: Evidence, lines: Sequence[Line], new: Sequence[Line]) -> _Fault | None:
    """Days rise along new lines and are not to come: the window slides over them."""
    for line in new:
        if line.entry.day > evidence.today:
            detail = f"line {line.number} is of {line.entry.date}, after {evidence.today.isoformat()}"
            return _Fault(LedgerFault.DATED, line.number, detail)
        if line.number > 1 and line.entry.day < lines[line.number - 2].entry.day:
            before = lines[line.number - 2]
            detail = f"line {line.number} is of {line.entry.date}, and line {before.number} of {before.entry.date}"
            return _Fault(LedgerFault.DATED, line.number, detail)
    return None
