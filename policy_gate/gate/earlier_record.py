"""Reads the record of an earlier run to compare with: strict, bounded, and only as far as it agrees with itself."""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate import __version__
from policy_gate.area import FactBook
from policy_gate.catalogue import fact_types
from policy_gate.engine.record_reading import RecordReader, bundle_of, parse_document
from policy_gate.errors import DocumentError, EvidenceError, SourceError
from policy_gate.gate.earlier import Comparison, Earlier, by_name, unusable
from policy_gate.gate.exempting import artifact_digests
from policy_gate.model import Fact, Input, Verdict
from policy_gate.source import open_working_tree

if TYPE_CHECKING:
    from policy_gate.model import Record

MAX_RECORD_BYTES = 128 * 1024**2
"""A report of some 1,500 releases."""
JUDGED_CODES = (0, 1)
STATE = "release.state"
"""The fact that says which sequence and which manifest a release has."""


def open_record(path: Path, source: str) -> Comparison:
    """The releases of a report of `check --format json`, or of one record; SourceError when it is neither."""
    content = _read(path, source)
    try:
        document = parse_document(content)
        bundle = bundle_of(document)
        if bundle.is_report and (bundle.unjudged or not _was_judged(document)):
            raise unusable(source, "its run could not judge everything", "give the report of a run that could")
        reader = RecordReader(fact_types())
        records = [reader.read(one) for one in bundle.records]
    except DocumentError as error:
        raise unusable(source, str(error)) from error
    if not records:
        raise unusable(source, "it holds no record at all")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    given = Input(role="base", source=source, path=path.name, digest=digest)
    releases = by_name(source, (_earlier(one, given) for one in records))
    return Comparison(source=source, releases=releases, knows_paths=True)


def _read(path: Path, source: str) -> bytes:
    folder, name = os.path.split(path)
    try:
        with open_working_tree(Path(folder)) as tree:
            content = tree.read(name, MAX_RECORD_BYTES)
    except EvidenceError as error:
        raise unusable(source, f"{error.reason.value}: {error.detail}", error.fix) from error
    except SourceError as error:
        raise unusable(source, error.problems[0].message) from error
    if not content.strip():
        raise unusable(source, "it is empty")
    return content


def _was_judged(document: object) -> bool:
    """Whether a report says that everything was judged; a run that failed otherwise says nothing of a release."""
    code = document.get("exit_code") if isinstance(document, dict) else None
    return type(code) is int and code in JUDGED_CODES


def _earlier(record: Record, given: Input) -> Earlier:
    facts = FactBook((*record.facts, *record.missing))
    by_other = record.tool_version != __version__
    note = f"the facts of the base are those that policy-gate {record.tool_version} found, in {given.source}"
    return Earlier(
        identity=replace(record.release, source=given.source),
        claims=record.claims,
        given=given,
        facts=facts,
        objection=_objection(record, facts),
        notes=(note,) if by_other else (),
    )


def _objection(record: Record, facts: FactBook) -> str:
    if record.verdict is not Verdict.ALLOWED:
        return "was blocked there, and only an allowed release is a baseline"
    return next(_contradictions(record, facts), "")


def _contradictions(record: Record, facts: FactBook) -> Iterator[str]:
    """Where a record does not agree with itself: what its facts are about would be another release than it names."""
    release = record.release
    metadata = record.claims.get("metadata")
    claimed = metadata if isinstance(metadata, Mapping) else {}
    for key in ("name", "version", "sequence"):
        if claimed.get(key) != getattr(release, key):
            yield f"has another {key} in its claims there"
    for state in facts.named(STATE):
        said = (getattr(state, "sequence", None), getattr(state, "manifest_digest", None))
        if isinstance(state, Fact) and said != (release.sequence, release.manifest_digest):
            yield "has another sequence or manifest in its facts there"
    digests = dict(_claimed_digests(record.claims))
    for artifact, digest in artifact_digests(facts):
        if digests.get(artifact, digest) != digest:
            yield f"was judged there with other bytes of artifact '{artifact}' than its manifest names"


def _claimed_digests(claims: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    artifacts = claims.get("artifacts")
    for one in artifacts if isinstance(artifacts, list | tuple) else ():
        if isinstance(one, Mapping) and isinstance(one.get("id"), str) and isinstance(one.get("digest"), str):
            yield one["id"], one["digest"]
