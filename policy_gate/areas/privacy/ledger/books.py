"""The ledgers of one run: what the base has of the repository's own, what the head adds, and those of others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.ledger.chain import MAX_LEDGER_BYTES, Line, edited_line, read_ledger
from policy_gate.areas.privacy.ledger.entry import digest_of
from policy_gate.errors import DocumentError, EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.area import Evidence, LedgerFile


@dataclass(frozen=True, slots=True)
class Books:
    """Lines of the trusted ledger, lines the head adds to it, and lines of other repositories."""

    base: tuple[Line, ...]
    new: tuple[Line, ...]
    others: tuple[Line, ...]

    @property
    def everything(self) -> tuple[Line, ...]:
        """All of them, the repository's own first."""
        return (*self.base, *self.new, *self.others)


def read_books(evidence: Evidence) -> Books:
    """Read all ledgers; raises EvidenceError where a trusted one cannot be read.

    A head that is not the base and well-formed lines adds nothing here: that is another fact, and blocks.
    """
    trusted = evidence.trusted.ledger
    base = lines_of(evidence, trusted)
    head = head_content(evidence)
    try:
        is_extended = edited_line(trusted.content, head) is None
        new = lines_in(evidence, trusted.path, head)[len(base) :] if is_extended else ()
    except DocumentError:
        new = ()
    others = tuple(line for one in evidence.trusted.ledgers for line in lines_of(evidence, one))
    return Books(base, new, others)


def lines_of(evidence: Evidence, ledger: LedgerFile) -> tuple[Line, ...]:
    """The lines of a trusted ledger; raises EvidenceError where it cannot be read."""
    if ledger.fault:
        raise EvidenceError(Reason.UNREADABLE, f"the ledger {ledger.path}: {ledger.fault}")
    try:
        return lines_in(evidence, ledger.path, ledger.content)
    except DocumentError as error:
        raise EvidenceError(Reason.UNREADABLE, f"the ledger that is trusted: {error.problems[0]}") from error


def lines_in(evidence: Evidence, path: str, content: bytes) -> tuple[Line, ...]:
    """The lines of some bytes, read once for all manifests of a run; raises DocumentError."""
    found = evidence.tree.memo(f"ledger:{path}:{digest_of(content)}", partial(_read, content, path))
    if isinstance(found, DocumentError):
        raise found
    return found


def _read(content: bytes, path: str) -> tuple[Line, ...] | DocumentError:
    try:
        return read_ledger(content, path)
    except DocumentError as error:
        return error


def head_content(evidence: Evidence) -> bytes:
    """The bytes of the ledger under judgement, none where there is no such file; raises EvidenceError."""
    try:
        return evidence.tree.read(evidence.trusted.ledger.path, MAX_LEDGER_BYTES)
    except EvidenceError as error:
        if error.reason is Reason.NOT_IN_TREE and not evidence.tree.exists(evidence.trusted.ledger.path):
            return b""
        raise
