"""Lays the stated number of records of a node beside the number of digests in its list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.lineage.facts import DatasetRecords
from policy_gate.areas.lineage.section import SECTION, lineage_claims, no_section, nodes
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import Node
    from policy_gate.source import BinaryFile

MAX_LIST_BYTES = 256 * 1024 * 1024
"""About four million records; the list is read once, block by block."""

_BLOCK_BYTES = 1024 * 1024
_MAX_LINE_BYTES = 4096
_DIGEST_LINE = re.compile(rb"(?:sha256:)?([0-9a-f]{64})(?:[ \t].*)?\r?", re.DOTALL)
"""As `sha256sum` prints it: a digest, then perhaps a name."""


def dataset_records(evidence: Evidence) -> Iterator[Fact | Missing]:
    """How many records each node has, where it says so; one statement about the release where no node does."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(DatasetRecords)
        return
    counted = [node for node, _, _ in nodes(claims) if node.records is not None or node.record_digests is not None]
    if not counted:
        yield DatasetRecords(subject=RELEASE, pointer=f"/{SECTION}", basis=Basis.DECLARED, node="", records=0)
    for node, subject, pointer in nodes(claims):
        if node.record_digests is not None:
            yield _beside_list(evidence, node, node.record_digests, subject, pointer)
        elif node.records is not None:
            at = f"{pointer}/records"
            yield DatasetRecords(subject=subject, pointer=at, basis=Basis.DECLARED, node=node.id, records=node.records)


def _beside_list(evidence: Evidence, node: Node, path: str, subject: Subject, pointer: str) -> Fact | Missing:
    try:
        with evidence.open(path) as file:
            listed = count_digests(file, path)
    except EvidenceError as error:
        return not_established(DatasetRecords, subject, f"{pointer}/record_digests", error)
    if node.records is None:
        what = f"{node.id} does not say how many records it has; {path} lists {listed}"
        fix = Fix(text=f"add `records: {listed}`", pointer=f"{pointer}/records", replacement=listed)
        return Missing(
            fact=DatasetRecords.name,
            subject=subject,
            pointer=f"{pointer}/records",
            reason=Reason.NOT_DECLARED,
            detail=what,
            fixes=(fix,),
        )
    return DatasetRecords(
        subject=subject,
        pointer=f"{pointer}/records",
        node=node.id,
        records=node.records,
        list_file=path,
        listed=listed,
    )


def count_digests(file: BinaryFile, path: str) -> int:
    """Number of different SHA-256 digests in a list of them, one a line, each above the one before it.

    In that order a record that is listed twice is seen without keeping the others in memory.
    Raises EvidenceError: TOO_LARGE beyond `MAX_LIST_BYTES`, UNREADABLE for any other list.
    """
    listed, last, rest, left = 0, b"", b"", MAX_LIST_BYTES
    while block := file.read(_BLOCK_BYTES):
        left -= len(block)
        if left < 0:
            raise EvidenceError(Reason.TOO_LARGE, f"{path} has more than {MAX_LIST_BYTES} bytes; no more are read")
        *lines, rest = (rest + block).split(b"\n")
        last = _last_of_rising(lines, last, listed, path)
        listed += len(lines)
        if len(rest) > _MAX_LINE_BYTES:
            raise _no_digest(listed + 1, path)
    ending = [rest] if rest else []  # the last line may lack its end
    _last_of_rising(ending, last, listed, path)
    return listed + len(ending)


def _last_of_rising(lines: list[bytes], last: bytes, before: int, path: str) -> bytes:
    """The digest of the last line, after `last`; `before` is how many lines come before these."""
    for number, line in enumerate(lines, before + 1):
        found = _DIGEST_LINE.fullmatch(line)
        if found is None:
            raise _no_digest(number, path)
        digest = found[1]
        if digest <= last:
            raise _not_rising(number, path, repeats=digest == last)
        last = digest
    return last


def _no_digest(line: int, path: str) -> EvidenceError:
    return EvidenceError(Reason.UNREADABLE, f"line {line} of {path} is no SHA-256 digest, so its records are not known")


def _not_rising(line: int, path: str, *, repeats: bool) -> EvidenceError:
    what = "repeats the digest before it" if repeats else "is not in the order of the digests"
    return EvidenceError(
        Reason.UNREADABLE,
        f"line {line} of {path} {what}, so its different records cannot be counted",
        fix="list the digest of every record once, in rising order, as `sort -u` does",
    )
