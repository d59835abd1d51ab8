"""The computed values that a record offers for its manifest: what `fix` writes and what a suggestion holds."""

from __future__ import annotations

from policy_gate.document import Edit
from policy_gate.manifest.claims import MAX_SEQUENCE
from policy_gate.model import Record

SEQUENCE = "/metadata/sequence"


def derived_edits(record: Record) -> tuple[Edit, ...]:
    """Every computed value some judgement of a record offers, once per pointer, and the sequence this change needs."""
    offered = {
        fix.pointer: Edit(pointer=fix.pointer, value=fix.replacement)
        for judgement in record.judgements
        for fix in judgement.fixes
        if fix.replacement is not None
    }
    if offered and record.base is not None and record.release.sequence <= record.base.sequence < MAX_SEQUENCE:
        # Writing makes another manifest, which its number has to say; the judgement could not know yet.
        offered.setdefault(SEQUENCE, Edit(pointer=SEQUENCE, value=record.base.sequence + 1))
    return tuple(offered[pointer] for pointer in sorted(offered))


def is_signed(record: Record) -> bool:
    """Whether the manifest names signatures, which cover its bytes: a change of them has to be signed again."""
    return "signing" in record.claims
