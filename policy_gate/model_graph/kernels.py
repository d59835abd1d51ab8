"""The walked graph as the kernels a runtime runs, and the features that latency is predicted from.

Folding. What is known or made before a run is no kernel, nor is a rename (Reshape), a question for a shape (Shape),
or a Transpose of an ONNX model that only moves channels from first to last or back: a runtime keeps one layout.
Q/DQ pairs are widths, not kernels (see `memory`). Into the kernel of a convolution or product goes what follows it
alone: biases, scales, batch norm, then an activation that TFLite would keep as an attribute (Relu, Clip); into that of
arithmetic, pooling or concatenation only the activation. In a TFLite file all of that has happened: each operator
that is no rename is a kernel, QUANTIZE, DEQUANTIZE and shape arithmetic too. Padding of its own stays a kernel.

The features are those that device profiles are fitted on (columns of the published measurements):
`macs_excl_dw` and `macs_dw` are `conv_macs` and `depthwise_macs`; `act_bytes` are the bytes that kernels read and
write, an input once each time it is an operand; `weight_bytes` all constants that calls read, shapes too, but not the
scales and zero points, which TFLite keeps outside of its tensors; `n_ops` counts kernels.

If takes the larger branch of each figure, loops their bodies times the trips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.figures import Features
from policy_gate.model_graph.memory import Stored, value_bytes
from policy_gate.model_graph.operators.table import NO_WORK
from policy_gate.model_graph.traits import Traits, moves_channels
from policy_gate.model_graph.values import MAX_EXTENT, Value
from policy_gate.model_graph.walked import Body, Step, distinct
from policy_gate.model_graph.weights import Weights

_HEAVY, _LIGHT = 2, 1


@dataclass(slots=True, eq=False)
class Kernel:
    """One kernel: its calls in stored order, the type it works in, its work, bytes of activations read and written.

    Not frozen: one is made for nearly every call.
    """

    steps: list[Step]
    dtype: str
    macs: int = 0
    read_bytes: int = 0
    written_bytes: int = 0


def epilogues(stored: Stored) -> dict[Value, Value]:
    """Map each float that never leaves a kernel to what its bias, batch norm or activation makes of it."""
    found: dict[Value, Value] = {}
    hosts: dict[Value, int] = {}
    for step, traits in zip(stored.body.steps, stored.traits, strict=True):
        if not (traits.heavy or traits.light or traits.activation) or not step.outputs or step.operator is None:
            continue
        made = step.outputs[0]
        if traits.scale or traits.activation:
            wanted = _HEAVY if traits.scale else _LIGHT
            source = _hosted(stored, step, hosts, wanted)
            if source is not None:
                found[source] = made
                hosts[made] = _HEAVY if traits.scale else 0
                continue
        if traits.heavy or traits.light:
            hosts[made] = _HEAVY if traits.heavy else _LIGHT
    return found


def _hosted(stored: Stored, step: Step, hosts: Mapping[Value, int], wanted: int) -> Value | None:
    """Return the one input of a call that the kernel which makes it can go on with, None when there is none."""
    for value in step.inputs:
        if value is not None and hosts.get(value, 0) >= wanted:
            break
    else:
        return None
    alone = stored.uses[value] == 1 and value not in stored.absorbed and len(stored.live(step)) == 1
    return value if alone and value.shape == step.outputs[0].shape else None


def find_kernels(stored: Stored, fused: Mapping[Value, Value]) -> list[Kernel]:
    """Fold one graph, without the bodies of its control flow; `fused` is what `epilogues` gives.

    Raises:
        CostUnknown: a value that a kernel reads or writes has an unknown size.
    """
    found: list[Kernel] = []
    making: dict[Value, Kernel] = {}
    absorbed = {**stored.absorbed, **fused} if fused else stored.absorbed
    sizes, captures = stored.sizes(), stored.body.captures
    for step, traits in zip(stored.body.steps, stored.traits, strict=True):
        first = _first_stored(stored, step, traits)
        if traits.asks or traits.runs_bodies or first in stored.passes or (first is None and step.outputs):
            continue
        if traits.transposes and moves_channels(step.node):
            continue
        source = _absorbed_into(first, step, absorbed) if absorbed else None
        kernel = making.get(stored.root(source)) if source is not None else None
        if source is not None and traits.quantises and (kernel is None or source in stored.passes):
            continue  # another name for bytes that are quantised already
        if kernel is None:
            kernel = Kernel([], working_dtype(stored, step))
            found.append(kernel)
        kernel.steps.append(step)
        if step.work is not NO_WORK:
            kernel.macs += step.work.macs
        for value in step.inputs:
            if value is None or value.constant:
                continue
            if value in sizes:
                kernel.read_bytes += 0 if value is source else sizes[value]
            elif value in captures and value.known is None:
                kernel.read_bytes += value_bytes(value)
        for value in step.outputs:
            making[value] = kernel
            if value in sizes and value not in absorbed:
                kernel.written_bytes += sizes[value]
    return found


def _first_stored(stored: Stored, step: Step, traits: Traits) -> Value | None:
    """Return the first output that each run makes anew: a TFLite interpreter only widens constants beforehand."""
    again = step.node.domain == "tflite" and not traits.widens
    for value in step.outputs:
        if value in stored.born and (again or not value.constant):
            return value
    return None


def _absorbed_into(made: Value | None, step: Step, absorbed: Mapping[Value, Value]) -> Value | None:
    """Return the input of a call that only its kernel sees."""
    if made is None:
        return None
    return next((value for value in step.inputs if value is not None and absorbed.get(value) is made), None)


def working_dtype(stored: Stored, step: Step) -> str:
    """Return the element type a call works in: as its first operand is stored, else that of what it makes."""
    for value in step.inputs:
        if value is not None and not value.constant:
            return stored.dtype(value)
    return step.outputs[0].dtype if step.outputs else ""


@dataclass(slots=True)
class _Tally:
    """Sums over kernels: bytes, how many, multiply-accumulates and bytes by element type."""

    activation_bytes: int = 0
    operators: int = 0
    conv_macs: int = 0
    depthwise_macs: int = 0
    macs: dict[str, int] = field(default_factory=dict)
    by_dtype: dict[str, int] = field(default_factory=dict)
    bounded: bool = False

    def add(self, more: _Tally, runs: int) -> None:
        self.activation_bytes += more.activation_bytes * runs
        self.operators += more.operators * runs
        self.conv_macs += more.conv_macs * runs
        self.depthwise_macs += more.depthwise_macs * runs
        self.bounded = self.bounded or more.bounded
        for mine, its in ((self.macs, more.macs), (self.by_dtype, more.by_dtype)):
            for dtype, number in its.items():
                mine[dtype] = mine.get(dtype, 0) + number * runs


def _tally(stored: Stored, fused: Mapping[Value, Value]) -> _Tally:
    total = _Tally()
    for kernel in find_kernels(stored, fused):
        moved = kernel.read_bytes + kernel.written_bytes
        total.activation_bytes += moved
        total.operators += 1
        total.by_dtype[kernel.dtype] = total.by_dtype.get(kernel.dtype, 0) + moved
        if kernel.macs:
            total.macs[kernel.dtype] = total.macs.get(kernel.dtype, 0) + kernel.macs
    for step, traits in zip(stored.body.steps, stored.traits, strict=True):
        if traits.runs_bodies and step.bodies:
            total.add(_of_bodies(step, traits), 1)
        elif step.work is not NO_WORK:
            total.conv_macs += step.work.macs - step.work.depthwise
            total.depthwise_macs += step.work.depthwise
    if max(total.activation_bytes, total.operators) > MAX_EXTENT:
        raise EvidenceError(Reason.TOO_LARGE, "kernels that move more than 2^62 bytes, or more than 2^62 of them")
    return total


def _of_body(body: Body) -> _Tally:
    stored = Stored(body)
    return _tally(stored, epilogues(stored))


def _of_bodies(step: Step, traits: Traits) -> _Tally:
    """Add up what control flow runs: the worse branch of an If, each body of anything else as often as it runs."""
    inner = {id(body): _of_body(body) for body in distinct(step.bodies)}
    if traits.branches:
        return _worst(list(inner.values()))
    total = _Tally()
    for place, body in enumerate(step.bodies):
        again = 1 if place and step.node.op.endswith("WHILE") else 0  # its second body is the condition
        total.add(inner[id(body)], step.runs + again)
    return total


def _worst(tallies: list[_Tally]) -> _Tally:
    """Take the most of each figure over the branches of an If; types are those of the branch with the most work."""
    worst = max(tallies, key=lambda one: sum(one.macs.values()))
    sizes = [(one.activation_bytes, one.operators, one.conv_macs, one.depthwise_macs) for one in tallies]
    moved, operators, conv, depthwise = (max(column) for column in zip(*sizes, strict=True))
    differ = any(size != sizes[0] for size in sizes) or any(one.bounded for one in tallies)
    return _Tally(moved, operators, conv, depthwise, worst.macs, worst.by_dtype, differ)


def find_features(stored: Stored, fused: Mapping[Value, Value], weights: Weights) -> Features:
    """Add up one inference of a main graph.

    Raises:
        CostUnknown: the work of a call or the size of an activation is not known.
        EvidenceError: TOO_LARGE.
    """
    work = stored.body.work()
    total = _tally(stored, fused)
    dtype, share = _main_dtype(total)
    return Features(
        conv_macs=total.conv_macs,
        depthwise_macs=total.depthwise_macs,
        activation_bytes=total.activation_bytes,
        weight_bytes=sum(weights.by_dtype.values()) + weights.shape_bytes,
        operators=total.operators,
        dtype=dtype,
        dtype_share=share,
        bounded=work.bounded or total.bounded,
    )


def _main_dtype(total: _Tally) -> tuple[str, float]:
    """Return the type with the most multiply-accumulates (bytes moved, where there are none), and its share."""
    weighed = total.macs or total.by_dtype
    everything = sum(weighed.values())
    if not everything:
        return "", 0.0
    most = min(weighed, key=lambda dtype: (-weighed[dtype], dtype))
    return most, weighed[most] / everything
