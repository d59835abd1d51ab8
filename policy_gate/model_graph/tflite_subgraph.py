"""Reads one subgraph of a TFLite file: operators between numbered tensors, which get names here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass as mutable
from dataclasses import field
from itertools import islice
from math import prod

from policy_gate.frozen import dataclass
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.flatbuffer import UINT32, FlatBuffer, Table
from policy_gate.model_graph.graph import Graph, Node, Payload, Scaling, Tensor, ValueInfo
from policy_gate.model_graph.tflite_options import UNREAD, OptionsReader
from policy_gate.model_graph.tflite_quantisation import scaling_of
from policy_gate.model_graph.tflite_schema import CUSTOM_DOMAIN
from policy_gate.model_graph.tflite_tensor import Claimed, TensorReader

MAX_NOTES = 16
MAX_INSIDE = 16
"""More values that stay inside an operator than any has; bytes of a list beyond it are needed by nothing."""

_NODE_MEMORY = 800
_GRAPH_MEMORY = 2000
_VALUE_MEMORY = 200
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS, _NAME = range(5)  # fields of SubGraph


@dataclass(frozen=True, slots=True)
class Code:
    """What operators of one code are called; `known` ones have options by the schema."""

    domain: str
    op: str
    known: bool
    version: int


@mutable(slots=True)
class Reading:
    """What all subgraphs of a file share while they are read; `count` accounts for one more operator."""

    file: FlatBuffer
    tensors: TensorReader
    options: OptionsReader
    codes: list[Code]
    count: Callable[[int], None]
    counts_as_used: bool = True  # off for subgraphs that the main one does not run
    quantisation_bytes: int = 0
    names: dict[int, list[str]] = field(default_factory=dict)  # of the tensors of a subgraph, by its number
    open_inputs: list[str] = field(default_factory=list)  # extents of the main inputs left open, in words


class Subgraph:
    """One subgraph being read; tensors are numbers until all is checked."""

    def __init__(self, reading: Reading, table: Table, index: int) -> None:
        self._reading = reading
        table.note_later("SubGraph", 6)
        self._table = table
        self._index = index
        self._where = f"subgraph {index}"
        self._claimed = [reading.tensors.read(tensor) for tensor in table.tables(_TENSORS)]
        self._names = reading.names[index] = self._named()
        self._made = bytearray(len(self._claimed))  # whether a value is there when the next operator runs
        self._used = bytearray(len(self._claimed))
        self._inside: set[int] = set()  # values that stay inside an operator

    def read(self) -> Graph:
        """Decode it.

        Raises:
            EvidenceError: it is malformed, a value is made twice or used before it is made, or bytes do not fit.
        """
        self._reading.file.spend(_GRAPH_MEMORY)
        inputs, outputs = self._indices(_INPUTS), self._indices(_OUTPUTS)
        self._begin(inputs)
        nodes = tuple(self._node(table) for table in self._table.tables(_OPERATORS))
        for index in outputs:
            self._require(index, "an output")
        self._leave(self._reading.file.passed(self._table, _OUTPUTS, 4), 4 * len(set(outputs)))
        self._leave_scales()
        constants = self._constants()
        shown = {*inputs, *outputs}
        others = [index for index in range(len(self._claimed)) if index not in shown and self._is_allocated(index)]
        if self._index == 0:
            self._reading.open_inputs.extend(islice(self._open(inputs), MAX_NOTES))
        return Graph(
            name=self._table.text(_NAME),
            nodes=nodes,
            constants=constants,
            inputs=self._inputs(inputs),
            outputs=self._values(outputs),
            value_info=tuple(value for value in self._values(others) if value.name not in constants),
        )

    def _is_allocated(self, index: int) -> bool:
        """Whether an interpreter gives a value room: one that a call makes or reads, or a variable."""
        return bool(self._made[index] or self._used[index] or self._claimed[index].variable)

    def _leave(self, place: Payload, needed: int) -> None:
        """Note what a list holds beyond what anything reads."""
        if place.length > needed:
            self._reading.tensors.unread[place.offset] = place.length - needed

    def _leave_scales(self) -> None:
        """Note the scales of values that nothing makes and nothing reads; one of each is left by converters."""
        for index, tensor in enumerate(self._claimed):
            if not self._used[index] and index not in self._inside and (tensor.place[1] or not self._made[index]):
                for place in tensor.quantised.places:
                    self._leave(place, 8)

    def _named(self) -> list[str]:
        """Give every tensor a name of its own."""
        times = Counter(tensor.name for tensor in self._claimed)
        names = [
            tensor.name if tensor.name and times[tensor.name] == 1 else self._numbered(tensor.name, index)
            for index, tensor in enumerate(self._claimed)
        ]
        if len(times) < len(names) and len(set(names)) < len(names):
            raise unreadable(f"{self._where} has tensors whose names cannot be told apart", self._table.at)
        return names

    def _numbered(self, name: str, index: int) -> str:
        self._reading.file.spend(_VALUE_MEMORY + 4 * len(name))
        return f"{name}#{index}"

    def _indices(self, slot: int) -> tuple[int, ...]:
        """Decode the numbers of tensors, which must be there."""
        indices = self._table.integers(slot)
        self._check(indices, 0, self._table.at)
        return indices

    def _check(self, indices: Sequence[int], lowest: int, at: int) -> None:
        if indices and not lowest <= min(indices) <= max(indices) < len(self._claimed):
            index = next(each for each in indices if not lowest <= each < len(self._claimed))
            raise unreadable(f"{self._where} has no tensor {index}, only {len(self._claimed)}", at)

    def _begin(self, inputs: Sequence[int]) -> None:
        """Mark what is there before the first operator: inputs, constants and variables."""
        for index, tensor in enumerate(self._claimed):
            if tensor.place[1] and tensor.variable:
                raise unreadable(f"variable tensor {tensor.name!r} holds bytes", tensor.at)
            self._made[index] = tensor.variable or tensor.place[1] > 0
            self._reading.quantisation_bytes += tensor.quantised.excess_bytes
        for index in inputs:
            if self._made[index]:
                what = f"{self._where} declares input {self._names[index]!r} twice, or it is a constant or a variable"
                raise unreadable(what, self._table.at)
            self._made[index] = True

    def _require(self, index: int, who: str) -> None:
        """Check that a value is there for who reads it."""
        self._used[index] = True
        if self._made[index]:
            return
        tensor = self._claimed[index]
        if tensor.is_empty:
            return  # no bytes are needed for no elements: a constant
        name = self._names[index]
        raise unreadable(f"{who} of {self._where} reads {name!r}, which nothing before it makes", tensor.at)

    def _node(self, table: Table) -> Node:
        """Decode an operator."""
        self._reading.file.spend(_NODE_MEMORY)
        self._reading.count(1)
        table.note_later("Operator", 14)
        number = table.integer(0, UINT32)
        if number >= len(self._reading.codes):
            raise unreadable(f"an operator has code number {number} of {len(self._reading.codes)}", table.at)
        code = self._reading.codes[number]
        inputs, outputs, inside = table.integers(1), table.integers(2), table.integers(8)
        for indices in (inputs, outputs, inside):
            self._check(indices, -1, table.at)
        for slot, width, listed in ((7, 1, len(inputs)), (8, 4, MAX_INSIDE)):
            if table.has(slot):
                self._leave(self._reading.file.passed(table, slot, width), width * listed)
        attributes = self._attributes(table, code, inside)
        for index in inputs:
            if index >= 0:
                self._require(index, code.op)
        for index in outputs:
            self._make(index, code, table)
        names = self._names
        return Node(
            code.op,
            code.domain,
            "",
            tuple([names[index] if index >= 0 else "" for index in inputs]),
            tuple([names[index] if index >= 0 else "" for index in outputs]),
            attributes,
        )

    def _attributes(self, table: Table, code: Code, inside: Sequence[int]) -> Mapping[str, object]:
        """Decode an operator's options; how it scales what stays inside it is one of them."""
        options = self._reading.options
        if code.known:
            attributes = options.builtin(table, code.op)
        else:
            attributes = options.custom(table, code.version) if code.domain == CUSTOM_DOMAIN else UNREAD
        if inside:
            self._inside.update(inside)
            self._reading.file.spend(_VALUE_MEMORY * len(inside))
            attributes = {**attributes, "intermediates": tuple(map(self._intermediate, inside))}
        return attributes

    def _intermediate(self, index: int) -> Tensor:
        """Describe a value inside an operator, which has a type and scales only."""
        if index < 0:
            return Tensor("", "", (), 0)
        tensor = self._claimed[index]
        scaling = self._scaling(tensor)
        return Tensor("", tensor.dtype, (), 0, None, b"", None, self._scales(tensor), scaling)

    def _make(self, index: int, code: Code, table: Table) -> None:
        """Mark the output of an operator as there; nothing may be made twice."""
        if index < 0:
            return
        if self._made[index] or self._used[index]:
            raise unreadable(f"{self._where} makes {self._names[index]!r} twice or after its use ({code.op})", table.at)
        self._made[index] = True

    def _constants(self) -> dict[str, Tensor]:
        """Make constants of the tensors that have bytes, or no elements and no maker."""
        held_by = {held for tensor in self._claimed for held in tensor.quantised.held_by}
        constants: dict[str, Tensor] = {}
        for index, tensor in enumerate(self._claimed):
            if tensor.place[1] or (self._used[index] and not self._made[index]):
                used = self._reading.counts_as_used and (self._used[index] > 0 or index in held_by)
                name, scaling = self._names[index], self._scaling(tensor)
                constants[name] = self._reading.tensors.constant(tensor, name, self._scales(tensor), scaling, used=used)
        return constants

    def _scales(self, tensor: Claimed) -> int:
        """How many scales a tensor has, also when another tensor holds them."""
        if not tensor.quantised.held_by:
            return tensor.quantised.scales
        return prod(max(extent, 0) for extent in self._claimed[tensor.quantised.held_by[0]].dims)

    def _scaling(self, tensor: Claimed) -> Scaling | None:
        """Where the scales of a tensor stand, which may be other tensors."""
        held_by = tensor.quantised.held_by
        self._check(held_by, 0, tensor.at)
        if not all(self._claimed[index].place[1] for index in held_by):
            raise unreadable(f"the scales of tensor {tensor.name!r} are no constants", tensor.at)
        return scaling_of(tensor.quantised, [self._claimed[index].place for index in held_by])

    def _inputs(self, indices: Iterable[int]) -> tuple[ValueInfo, ...]:
        """Describe inputs by what an interpreter allocates."""
        found = [(self._names[index], self._claimed[index]) for index in indices]
        return tuple(ValueInfo(name, tensor.dtype, tensor.shape, self._scaling(tensor)) for name, tensor in found)

    def _values(self, indices: Sequence[int]) -> tuple[ValueInfo, ...]:
        """Describe values by what the file claims of them, and variables by what an interpreter allocates."""
        self._reading.file.spend(_VALUE_MEMORY * len(indices))
        described = []
        for index in indices:
            tensor = self._claimed[index]
            shape = tensor.shape if tensor.variable else tensor.claim
            described.append(ValueInfo(self._names[index], tensor.dtype, shape, self._scaling(tensor)))
        return tuple(described)

    def _open(self, inputs: Iterable[int]) -> Iterator[str]:
        """Say which extents of inputs the file leaves open, whatever number stands in."""
        for index in inputs:
            tensor, name = self._claimed[index], self._names[index]
            if tensor.signature and len(tensor.signature) != len(tensor.dims):
                yield f"input {name!r} has {len(tensor.dims)} dimensions, its signature {len(tensor.signature)}"
                continue
            for axis, (given, extent) in enumerate(zip(tensor.signature, tensor.dims, strict=False)):
                if given < 0:
                    yield f"input {name!r} has any extent along axis {axis}, counted as {extent}: bind '{name}[{axis}]'"
                elif given != extent:
                    yield f"input {name!r} has extent {extent} along axis {axis}, its signature {given}"
