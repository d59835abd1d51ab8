"""The activation peak: most bytes alive at once when a graph runs in stored order.

What counts, at each call: the graph inputs and outputs, and every value between the call that makes it and the last
one that reads it; what a call reads and what it makes are alive together. What does not:

- weights, what weights are recoded into without growing, and shape arithmetic: folded when a runtime loads a model;
- the second name of the same bytes: outputs of Reshape, Flatten, Squeeze, Unsqueeze, Identity and Dropout;
- floats of a quantised graph that a runtime never stores: the input of QuantizeLinear and the activation, bias or
  batch norm before it belong to the kernel that writes the quantised value; transposes, pools and pads before it work
  on quantised values; the output of DequantizeLinear is read in place where all its readers write quantised values.

Not modelled: padding fused into convolutions, operators that overwrite their input, scratch buffers, alignment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.dtypes import BITS, QUANTISED, byte_count
from policy_gate.model_graph.values import MAX_EXTENT, CostUnknown, Hole, UnknownCost, Value, first_hole, size_of
from policy_gate.model_graph.walked import Body, Step, reads

ALIASES = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"})
FUSED = frozenset(
    {"Relu", "Clip", "LeakyRelu", "PRelu", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "Add", "Sub", "Mul", "Div"}
    | {"BatchNormalization", "Elu", "Gelu", "Swish"}
)
KEEPS_WIDTH = ALIASES | {"Transpose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Pad", "Concat"}


def value_bytes(value: Value) -> int:
    """Bytes of one value; CostUnknown when its shape or the width of its type is not known."""
    if value.items is not None:
        return sum(map(value_bytes, value.items))
    elements = size_of(value)
    if value.dtype not in BITS:
        detail = f"elements of type {value.dtype or 'unknown'} have no fixed width"
        raise CostUnknown(UnknownCost(Reason.UNSUPPORTED_FORMAT, "", "", detail))
    return byte_count(elements, value.dtype)


def activation_peak_bytes(body: Body) -> int:
    """Return the peak of one graph.

    Raises:
        CostUnknown: a value that counts has an unknown size.
    """
    return _Plan(body).peak()


class _Plan:
    """Who shares storage with whom, and from when to when it is needed."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._steps = body.steps
        self._born: dict[Value, int] = dict.fromkeys(body.inputs, 0)
        self._made_by_step: set[Value] = set()
        self._readers: dict[Value, list[int]] = {}
        self._outputs = set(body.outputs)
        self._parent: dict[Value, Value] = {}
        self._quantised: dict[Value, str] = {}
        self._bytes: dict[Value, int] = {}
        for index, step in enumerate(self._steps):
            for value in step.outputs:
                if value in self._outputs or not _is_folded(step, value):
                    self._born[value] = index
                    self._made_by_step.add(value)
            for value in reads(step):
                self._readers.setdefault(value, []).append(index)

    def peak(self) -> int:
        for index in range(len(self._steps) - 1, -1, -1):
            self._fold(self._steps[index])
        change = [0] * (len(self._steps) + 2)
        for size, first, last in self._groups():
            change[first] += size
            change[last + 1] -= size
        alive, most = 0, 0
        for index, difference in enumerate(change):
            alive += difference
            inner = self._steps[index].bodies if index < len(self._steps) else ()
            most = max(most, alive + max(map(activation_peak_bytes, inner), default=0))
        if most > MAX_EXTENT:
            raise EvidenceError(Reason.TOO_LARGE, "activations of more than 2^62 bytes")
        return most

    def _groups(self) -> Iterator[tuple[int, int, int]]:
        """Return bytes, first and last index of everything that shares storage."""
        groups: dict[Value, tuple[int, int, int]] = {}
        end = len(self._steps)
        for value, born in self._born.items():
            last = end if value in self._outputs else self._readers.get(value, (born,))[-1]
            size = self._size(value)
            root = self._root(value)
            held = groups.get(root)
            groups[root] = (size, born, last) if held is None else _around(held, (size, born, last))
        return iter(groups.values())

    def _size(self, value: Value) -> int:
        override = self._bytes.get(value)
        if override is not None:
            return override
        dtype = self._quantised.get(value)
        return value_bytes(value) if dtype is None else byte_count(size_of(value), dtype)

    def _root(self, value: Value) -> Value:
        root = value
        while root in self._parent:
            root = self._parent[root]
        while value is not root:  # later look-ups go straight to the root
            self._parent[value], value = root, self._parent[value]
        return root

    def _share(self, left: Value, right: Value) -> None:
        left, right = self._root(left), self._root(right)
        if left is not right:
            self._parent[left] = right

    def _private(self, value: Value | None) -> bool:
        """Whether one call makes a value and only one other reads it."""
        return (
            value is not None
            and value in self._made_by_step
            and value not in self._outputs
            and len(self._readers[value]) == 1
        )

    def _fold(self, step: Step) -> None:
        """Decide who shares storage around one call; calls are visited last to first."""
        op, source = step.node.op, step.inputs[0] if step.inputs else None
        if step.operator is None or source is None or not step.outputs:
            return
        made = step.outputs[0]
        if made not in self._born:
            return
        if op == "QuantizeLinear":
            if self._private(source):
                self._absorb(source, made, made.dtype)
        elif op == "DequantizeLinear":
            if source in self._born and made not in self._outputs and self._all_readers_quantised(made):
                self._share(made, source)
                self._bytes[made] = 0
        elif made in self._quantised:
            self._carry_back(step, made, self._quantised[made])
        if op in ALIASES and source in self._born:
            self._share(made, source)

    def _carry_back(self, step: Step, made: Value, dtype: str) -> None:
        live = [value for value in step.inputs if value is not None and value in self._born]
        if step.node.op in FUSED and len(live) == 1 and self._private(live[0]) and live[0].shape == made.shape:
            self._absorb(live[0], made, dtype)
        elif step.node.op in KEEPS_WIDTH:
            self._quantised.update((value, dtype) for value in live if self._private(value))

    def _absorb(self, value: Value, into: Value, dtype: str) -> None:
        """Let a float be written directly as the quantised value it becomes."""
        self._share(value, into)
        self._quantised[value] = dtype
        self._bytes[value] = 0

    def _all_readers_quantised(self, value: Value) -> bool:
        readers = self._readers.get(value, ())
        return bool(readers) and all(self._writes_quantised(self._steps[index]) for index in readers)

    def _writes_quantised(self, step: Step) -> bool:
        return bool(step.outputs) and (step.outputs[0] in self._quantised or step.outputs[0].dtype in QUANTISED)


def _around(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return max(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2])


def _is_folded(step: Step, value: Value) -> bool:
    """Whether a value is known before a run: shapes, and constants that do not outgrow what they are made of."""
    if value.known is not None and first_hole(value.known) is None:
        return True
    if not value.constant or isinstance(value.shape, Hole):
        return False
    if step.node.op in {"Constant", "ConstantOfShape"}:
        return True
    inputs = [source for source in step.inputs if source is not None]
    return size_of(value) <= _elements(inputs)


def _elements(values: Sequence[Value]) -> int:
    return sum(size_of(value) for value in values if not isinstance(value.shape, Hole))
