"""Which values of a graph a runtime stores, and at what width: what is known before a run and Q/DQ are folded.

Stored are the graph inputs and what calls make, but not:

- what is known before a run: weights, what weights are recoded into without growing, and shape arithmetic. A TFLite
  interpreter folds nothing: there it is all stored, and constants that calls make of constants, as DEQUANTIZE of
  weights does, are taken to be kept;
- a second name of the same bytes, as Reshape and Identity give;
- floats of a quantised graph that a runtime never holds: the input of QuantizeLinear and the activation, bias or
  batch norm before it belong to the kernel that writes the quantised value; transposes, pools and pads before it work
  on quantised values; the output of DequantizeLinear is read in place where all its readers write quantised values.
  That holds for kernels whose operands and weights are all dequantised, with one constant scale for an activation of
  8 or 16 bits: a convolution with float weights between them reads and writes floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from policy_gate.errors import Reason
from policy_gate.model_graph.dtypes import BITS, byte_count
from policy_gate.model_graph.traits import Traits, traits_of
from policy_gate.model_graph.values import CostUnknown, Hole, UnknownCost, Value, first_hole, size_of
from policy_gate.model_graph.walked import Body, Step

_WIDTHS = frozenset({"int8", "uint8", "int16", "uint16"})
"""Types that kernels for quantised activations work in."""


def value_bytes(value: Value) -> int:
    """Bytes of one value; CostUnknown when its shape or the width of its type is not known."""
    bits = BITS.get(value.dtype)
    if value.elements < 0 or bits is None or value.items is not None:
        return stored_bytes(value, value.dtype)
    return (value.elements * bits + 7) >> 3


def stored_bytes(value: Value, dtype: str) -> int:
    """Bytes of one value with its elements in another type, densely packed; errors as `value_bytes`."""
    if value.items is not None:
        return sum(map(value_bytes, value.items))
    elements = size_of(value)
    if dtype not in BITS:
        detail = f"elements of type {dtype or 'unknown'} have no fixed width"
        raise CostUnknown(UnknownCost(Reason.UNSUPPORTED_FORMAT, "", "", detail))
    return byte_count(elements, dtype)


class Stored:
    """What one graph stores.

    `born` gives each stored value the call that makes it (0 for inputs), `last` each value its last reader, both by
    position; `uses` is how often a value is read, where inputs and outputs of the graph count as more than once.
    `traits` are those of each call.
    `absorbed` maps a value that never leaves a kernel to the one that is stored in its place, `passes` a value that
    is only a name to the one that holds its bytes, `width` a value to the type it is stored in instead of its own.
    """

    __slots__ = ("_sizes", "absorbed", "body", "born", "last", "passes", "traits", "uses", "width")

    def __init__(self, body: Body) -> None:
        self.body = body
        self.born: dict[Value, int] = dict.fromkeys(body.inputs, 0)
        self.last: dict[Value, int] = {}
        self.uses: dict[Value, int] = dict.fromkeys(body.inputs, 2)
        self.absorbed: dict[Value, Value] = {}
        self.passes: dict[Value, Value] = {}
        self.width: dict[Value, str] = {}
        self._sizes: dict[Value, int] = {}
        self.traits = [traits_of(step.node) for step in body.steps]
        self._survey()
        if any(traits.folds for traits in self.traits):
            _Folding(self).run()

    def root(self, value: Value) -> Value:
        """Return the value whose bytes are read where this one is."""
        return self.passes.get(value, value)

    def dtype(self, value: Value) -> str:
        """Return the element type a value is stored in."""
        if not self.passes and not self.width:
            return value.dtype
        root = self.root(value)
        return self.width.get(root, root.dtype)

    def sizes(self) -> Mapping[Value, int]:
        """Bytes read where each stored value is read; CostUnknown when they are not known."""
        if not self._sizes:
            plain = not self.passes and not self.width
            self._sizes = {
                value: value_bytes(value) if plain else stored_bytes(value, self.dtype(value)) for value in self.born
            }
        return self._sizes

    def live(self, step: Step) -> list[Value]:
        """Return the stored values among the inputs of a call."""
        return [value for value in step.inputs if value is not None and value in self.born]

    def _survey(self) -> None:
        """Note who makes and who reads what."""
        born, last, uses, outputs = self.born, self.last, self.uses, frozenset(self.body.outputs)
        kept: list[Value] = []
        for index, step in enumerate(self.body.steps):
            for value in step.inputs:
                if value is not None and value.tensor is None:
                    last[value] = index
                    uses[value] = uses.get(value, 0) + 1
            for body in step.bodies:
                for value in body.captures:
                    last[value] = index
                    uses[value] = uses.get(value, 0) + 1
            for value in step.outputs:
                if (not value.constant and value.known is None) or value in outputs or not known_before(step, value):
                    born[value] = index
                    if value.constant and step.node.domain == "tflite":
                        born[value] = 0
                        kept.append(value)
        last.update(dict.fromkeys((*kept, *outputs), len(self.body.steps)))
        for value in outputs:
            uses[value] = uses.get(value, 0) + 2


class _Folding:
    """Decides who shares bytes around each call; last to first, since a width is carried back."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._floats: set[Value] = set(stored.body.outputs)  # some reader takes them as they are
        self._private: set[Value] = set()  # a kernel makes them and one call reads them, maybe under other names
        for step, traits in zip(stored.body.steps, stored.traits, strict=True):
            if not traits.renames or (step.inputs and step.inputs[0] in self._private):
                alone = [value for value in step.outputs if stored.uses.get(value) == 1 and value in stored.born]
                self._private.update(alone)
        self._coded: set[Value] = set()  # floats that stand for quantised numbers
        if not any(traits.dequantises for traits in stored.traits):
            return
        for step, traits in zip(stored.body.steps, stored.traits, strict=True):
            if _has_one_scale(step) if traits.dequantises else self._reads_coded(step, traits):
                self._coded.update(step.outputs)

    def _reads_coded(self, step: Step, traits: Traits) -> bool:
        """Whether a kernel for quantised numbers can run a call: none of its operands, weights included, is a float."""
        if step.operator is None or step.bodies:
            return False
        weights = step.inputs[:2] if traits.heavy else step.inputs[:1]
        return all(
            value in self._coded or value is None or "float" not in value.dtype
            for value in (*weights, *(value for value in step.inputs if value is not None and not value.constant))
        )

    def run(self) -> None:
        """Fill in `absorbed`, `passes` and `width`."""
        stored = self._stored
        for step, traits in zip(reversed(stored.body.steps), reversed(stored.traits), strict=True):
            made = step.outputs[0] if step.outputs else None
            source = step.inputs[0] if step.inputs else None
            if made is not None and source is not None and made in stored.born and step.operator is not None:
                self._fold(step, traits, source, made)
            if not (traits.quantises or all(value in stored.width for value in step.outputs)):
                self._floats.update([value for value in step.inputs if value is not None])
            for body in step.bodies:
                self._floats.update(body.captures)
        for made in reversed(list(stored.passes)):  # first to last, so that each name leads to the bytes at once
            source = stored.passes[made]
            stored.passes[made] = stored.passes.get(source, source)

    def _fold(self, step: Step, traits: Traits, source: Value, made: Value) -> None:
        stored = self._stored
        if traits.quantises:
            if source in self._private and source in self._coded and _has_one_scale(step) and made.dtype in _WIDTHS:
                self._absorb(source, made, made.dtype)
        elif traits.dequantises:
            read = made in stored.uses and made not in self._floats and made not in stored.absorbed
            if read and source in stored.born and made in self._coded and source.dtype in _WIDTHS:
                stored.passes[made] = source
        elif all(value in stored.width for value in step.outputs):
            self._carry_back(step, traits, made)
        if traits.renames and source in stored.born:
            stored.passes[made] = source

    def _carry_back(self, step: Step, traits: Traits, made: Value) -> None:
        width = self._stored.width
        live = self._stored.live(step)
        if traits.epilogue and len(live) == 1 and live[0].shape == made.shape and live[0] in self._private:
            self._absorb(live[0], made, width[made])
        elif traits.keeps_width:
            alike = [value for value in live if value.dtype == made.dtype and value in self._private]
            width.update(dict.fromkeys(alike, width[made]))

    def _absorb(self, value: Value, into: Value, dtype: str) -> None:
        """Let a float be written directly as the quantised value it becomes."""
        self._stored.absorbed[value] = into
        self._stored.width[value] = dtype


def _has_one_scale(step: Step) -> bool:
    """Whether a call quantises by one scale that is known, or weights: kernels take no other for activations."""
    scale = step.inputs[1] if len(step.inputs) > 1 else None
    of_weights = bool(step.inputs and step.inputs[0] is not None and step.inputs[0].constant)
    return scale is not None and scale.constant and (of_weights or _elements(scale) == 1)


def known_before(step: Step, value: Value) -> bool:
    """Whether a runtime knows a value when it loads the model: a shape, or a constant of no more elements."""
    if step.node.domain == "tflite":
        return False
    if value.constant and not isinstance(value.shape, Hole) and first_hole(value.shape) is None:
        if traits_of(step.node).generates:
            return True
        # An ONNX runtime leaves recoded weights as narrow as they are stored, so that only their number counts.
        if _elements(value) <= sum(_elements(source) for source in step.inputs if source is not None):
            return True
    return value.known is not None and first_hole(value.known) is None


def _elements(value: Value) -> int:
    """Count the known elements of a value; 0 when there is an extent that is not known."""
    if value.elements >= 0 or isinstance(value.shape, Hole) or first_hole(value.shape) is not None:
        return max(value.elements, 0)
    return prod(dim for dim in value.shape if isinstance(dim, int))
