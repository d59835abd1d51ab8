"""Reads the Collector configurations that streams name, and lays them beside what those streams declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.privacy.facts_telemetry import CollectorPipelines, CollectorProblem, CollectorUse
from policy_gate.areas.privacy.telemetry import no_telemetry, streams_of
from policy_gate.errors import DocumentError, EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.collector_config import Fault, Reading
    from policy_gate.areas.privacy.collector_processors import Declared
    from policy_gate.areas.privacy.telemetry_claims import StreamClaims
    from policy_gate.document import Document

MAX_FILES = 8
"""Distinct configurations of one manifest."""
MAX_FILE_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_PROBLEMS = 20
"""Kept of one file for one stream; all are counted."""

_CARRIED_AS = {"metrics": "metrics", "logs": "logs", "traces": "traces", "events": "logs"}
"""The pipelines that carry a stream's signals; events are log records with a name (OpenTelemetry, logs data model)."""
_SAMPLED_HERE = frozenset({"traces"})
"""Signals that a Collector has to sample; logs as well where the manifest says that the server decides."""


def collector_pipelines(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry per stream: what the configuration it names does with it."""
    claims = streams_of(evidence)
    if claims is None:
        yield no_telemetry(CollectorPipelines)
        return
    if not claims:
        yield CollectorPipelines(subject=RELEASE, pointer="/telemetry", basis=Basis.DECLARED, streams=0)
    read: dict[str, _Collector | EvidenceError] = {}
    for position, stream in enumerate(claims):
        subject, path = Subject("stream", (stream.id,)), stream.collector_config
        if path is None:
            yield CollectorPipelines(
                subject=subject, pointer=f"/telemetry/{position}", basis=Basis.DECLARED, streams=len(claims)
            )
            continue
        if path not in read:
            together = tuple(one for one in claims if one.collector_config == path)
            read[path] = _read(evidence, path, together, before=len(read))
        found, pointer = read[path], f"/telemetry/{position}/collector_config"
        if isinstance(found, EvidenceError):
            yield not_established(CollectorPipelines, subject, pointer, found)
        else:
            yield _of_stream(found, stream, subject, pointer)


def collector_use(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One statement about the release, which the next one is compared with."""
    claims = streams_of(evidence)
    if claims is None:
        yield no_telemetry(CollectorUse)
        return
    yield CollectorUse(
        subject=RELEASE,
        pointer="/telemetry",
        basis=Basis.DECLARED,
        naming=tuple(one.id for one in claims if one.collector_config is not None),
        without=tuple(one.id for one in claims if one.collector_config is None),
    )


@dataclass(frozen=True, slots=True)
class _Collector:
    """One configuration as it was read, for the streams that name it and what they declare together."""

    document: Document
    reading: Reading
    streams: tuple[StreamClaims, ...]
    declared: Mapping[str, Declared]


def _read(evidence: Evidence, path: str, streams: tuple[StreamClaims, ...], before: int) -> _Collector | EvidenceError:
    from policy_gate.areas.privacy.collector_config import read_collector  # only a stream with a Collector pays
    from policy_gate.document import Limits, load

    if before >= MAX_FILES:
        return EvidenceError(Reason.TOO_LARGE, f"'{path}' is not read: at most {MAX_FILES} configurations are")
    try:
        content = evidence.read(path, MAX_FILE_BYTES)
        document = load(content, path, Limits(max_bytes=MAX_FILE_BYTES, max_nodes=MAX_NODES))
    except DocumentError as error:
        return EvidenceError(Reason.UNREADABLE, str(error.problems[0]))
    except EvidenceError as error:
        return error
    declared = _declared(streams)
    return _Collector(document, read_collector(document, declared), streams, declared)


def _declared(together: Sequence[StreamClaims]) -> dict[str, Declared]:
    """What streams that share a Collector declare, by the signal of the pipelines that carry them."""
    from policy_gate.areas.privacy.collector_processors import Declared

    found: dict[str, Declared] = {}
    for stream in together:
        for signal in _carried(stream):
            before = found.get(signal)
            fields = frozenset(field.name for field in stream.fields)
            percentage = stream.sampling.rate * 100
            sampled = signal in _SAMPLED_HERE or (signal == "logs" and stream.sampling.decision == "server")
            found[signal] = Declared(
                fields if before is None else before.fields | fields,
                percentage if before is None else min(before.percentage, percentage),
                sampled or (before is not None and before.sampled),
            )
    return found


def _carried(stream: StreamClaims) -> frozenset[str]:
    return frozenset(_CARRIED_AS[signal] for signal in stream.signals)


def _of_stream(found: _Collector, stream: StreamClaims, subject: Subject, pointer: str) -> CollectorPipelines:
    """Faults of the stream's own signals; those that are nobody's own stand at the first stream of the file."""
    signals, first = _carried(stream), stream is found.streams[0]
    faults = [
        one for one in found.reading.faults if one.signal in signals or (first and one.signal not in found.declared)
    ]
    faults.sort(key=lambda one: not one.proven)  # what is told of many is proven first
    return CollectorPipelines(
        subject=subject,
        pointer=pointer,
        streams=len(found.streams),
        file=found.document.path,
        exporting=tuple(name for name, signal in found.reading.exporting if signal in signals)[:MAX_PROBLEMS],
        problems=tuple(_problem(one, found.document) for one in faults[:MAX_PROBLEMS]),
        found=len(faults),
        unsampled=tuple(sorted(signal for signal in signals if not found.declared[signal].sampled)),
    )


def _problem(fault: Fault, document: Document) -> CollectorProblem:
    try:
        line = document.key_span(fault.pointer).line
    except DocumentError:  # an entry of a list, or something that is not there
        line = document.nearest(fault.pointer)[1].line
    return CollectorProblem(words=fault.words, line=line, proven=fault.proven, fix=fault.fix)
