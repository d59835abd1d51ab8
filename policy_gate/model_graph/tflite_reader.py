"""Reads a TFLite model into the neutral graph without loading its weights (schema.fbs version 3d, LiteRT 2.3)."""

from __future__ import annotations

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import BinaryFile, unreadable
from policy_gate.model_graph.flatbuffer import UINT32, FlatBuffer, Table
from policy_gate.model_graph.graph import Entry, Model
from policy_gate.model_graph.tflite_buffers import Buffers
from policy_gate.model_graph.tflite_graph import GraphReader
from policy_gate.model_graph.tflite_schema import DOMAIN, SCHEMA_VERSION
from policy_gate.model_graph.tflite_subgraph import MAX_NOTES
from policy_gate.model_graph.tflite_tensor import TensorReader

_ENTRY_MEMORY = 300
_MAX_VALUE_BYTES = 256

# Fields of Model; 1 and 2 are the operator codes and subgraphs.
_VERSION, _DESCRIPTION, _BUFFERS, _OLD_METADATA, _METADATA, _SIGNATURES = 0, 3, 4, 5, 6, 7


def read_tflite(file: BinaryFile, name: str = "") -> Model:
    """Read a model: its main graph and what that calls, and what every constant claims; weights are passed over.

    `name` is the file's own name, for messages. A tensor's name is its own when it is not empty and unique in its
    subgraph, else the name, "#" and its number. Shapes of inputs are those an interpreter allocates; shapes of all
    other values are claims. A variable tensor is a value that no node produces, known from `value_info` only.
    Subgraphs see none of the names around them. Those that the main graph does not call stand in `entries`.
    Reads are bounded: a model of 1 GB costs what its structure costs.

    Raises:
        EvidenceError: UNREADABLE where the file is malformed or contradicts itself, TOO_LARGE over the reader's
            limits, UNSUPPORTED_FORMAT for another schema version or weights in other files; with the byte offset.
    """
    return _TfliteReader(FlatBuffer(file), name).read()


class _TfliteReader:
    """The model table: buffers, subgraphs, metadata, signatures."""

    def __init__(self, file: FlatBuffer, name: str) -> None:
        root = file.root(b"TFL3")
        root.note_later("Model", 10)
        version = root.integer(_VERSION, UINT32)
        if version != SCHEMA_VERSION:
            what = f"schema version {version}, this reads version {SCHEMA_VERSION}"
            raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"{name}: {what}" if name else what)
        self._file = file
        self._root = root
        self._buffers = Buffers(file, root, _BUFFERS)
        self._graphs = GraphReader(file, TensorReader(file, self._buffers), root)
        self._notes: list[str] = []

    def read(self) -> Model:
        """Decode the whole file."""
        if not self._graphs.tables:
            raise unreadable("the model has no subgraph", self._root.at)
        graph = self._graphs.read(0)
        reading = self._graphs.reading
        self._notes.extend(reading.open_inputs)
        reading.counts_as_used = False
        description = self._root.text(_DESCRIPTION)
        metadata = self._metadata()
        entries = self._entries()
        other = {
            "description": len(description.encode()),
            "custom options of builtin operators": reading.options.ignored_bytes,
            "quantisation parameters that nothing reads": reading.quantisation_bytes,
            "lists that nothing reads": sum(reading.tensors.unread.values()),
            "long names": self._file.long_text_bytes,
        } | self._buffers.other_bytes(reading.options.outside)
        return Model(
            format="tflite",
            file_bytes=self._file.size,
            ir_version=SCHEMA_VERSION,
            opsets={DOMAIN: SCHEMA_VERSION},
            graph=graph,
            producer=description[:_MAX_VALUE_BYTES],
            metadata=metadata,
            other_bytes=tuple(sorted((what, size) for what, size in other.items() if size)),
            entries=entries,
            notes=(*self._notes, *sorted(self._file.unknown)),
        )

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        """Decode the names and, where they are short texts, the values of metadata."""
        for index in self._root.integers(_OLD_METADATA):
            self._buffers.document(index)
        found = []
        for table in self._root.tables(_METADATA):
            self._file.spend(_ENTRY_MEMORY)
            offset, size = self._buffers.document(table.integer(1, UINT32))
            raw = self._file.raw(offset, size).rstrip(b"\0") if size <= _MAX_VALUE_BYTES else b"\0"
            value = raw.decode("ascii") if raw.isascii() and raw.decode("ascii").isprintable() else f"{size} bytes"
            found.append((table.text(0), value))
        return tuple(found)

    def _entries(self) -> tuple[Entry, ...]:
        """Decode signatures, and the subgraphs that neither the main one nor a signature runs."""
        spare = [index for index in range(len(self._graphs.tables)) if index not in self._graphs.graphs]
        for index in spare:
            self._graphs.read(index)
        found = [self._signature(table) for table in self._root.tables(_SIGNATURES)]
        named = {id(entry.graph) for entry in found}
        rest = [self._graphs.graphs[index] for index in spare]
        if spare:
            self._note(f"the file holds subgraphs that the main one does not run ({len(spare)})")
        return (*found, *(Entry("", graph) for graph in rest if id(graph) not in named))

    def _signature(self, table: Table) -> Entry:
        """Decode a signature; it names a subgraph and tensors that are there."""
        self._file.spend(_ENTRY_MEMORY)
        key, index = table.text(2), table.integer(4, UINT32)
        if index >= len(self._graphs.tables):
            raise unreadable(f"signature {key!r} names subgraph {index}, which is not there", table.at)
        if index:
            self._note(f"signature {key!r} runs subgraph {index}, not the main one")
        names = self._graphs.reading.names[index]
        return Entry(key, self._graphs.graphs[index], self._aliases(table, 0, names), self._aliases(table, 1, names))

    def _aliases(self, signature: Table, slot: int, names: list[str]) -> tuple[tuple[str, str], ...]:
        """Decode what a signature calls tensors."""
        found = []
        for table in signature.tables(slot):
            self._file.spend(_ENTRY_MEMORY)
            index = table.integer(1, UINT32)
            if index >= len(names):
                raise unreadable(f"a signature names tensor {index}, which is not there", table.at)
            found.append((table.text(0), names[index]))
        return tuple(found)

    def _note(self, note: str) -> None:
        """Keep a note for the reviewer, the first sixteen."""
        if len(self._notes) < MAX_NOTES:
            self._notes.append(note)
