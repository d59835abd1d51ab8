"""Operators that make tensors: constants, shapes, ranges, random numbers, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.folding import as_dtype, decode, elements_of
from policy_gate.model_graph.graph import Tensor
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.values import (
    MAX_EXTENT,
    MAX_KNOWN,
    MAX_RANK,
    CostUnknown,
    Dim,
    Dims,
    Elements,
    Hole,
    Value,
    broken,
    count,
    first_hole,
    known_dims,
)


def constant(call: Call) -> Sequence[Value]:
    """Constant: the tensor, number or list in its one attribute."""
    given = [found for name, found in call.node.attributes.items() if name.startswith(("value", "sparse_value"))]
    if len(given) != 1:
        raise broken("a constant has exactly one value")
    found = given[0]
    if isinstance(found, Tensor):
        return (Value(found.dtype, found.dims, constant=True, tensor=found),)
    return (_listed(found if isinstance(found, tuple) else (found,), scalar=not isinstance(found, tuple)),)


def _listed(entries: tuple[object, ...], *, scalar: bool) -> Value:
    kinds = {type(entry) for entry in entries}
    dtype = "int64" if kinds <= {int} else "float32" if kinds <= {float} else "string"
    if len(kinds) > 1 or not kinds <= {int, float, str, bytes}:
        raise broken("a constant holds entries of no known type")
    dims = () if scalar else (len(entries),)
    size = sum(len(entry) for entry in entries if isinstance(entry, (str, bytes)))
    width = {"int64": 8, "float32": 4}.get(dtype, 0)
    known: Elements | None = None
    if width and len(entries) <= MAX_KNOWN:
        known = tuple(entry for entry in entries if isinstance(entry, (int, float)))
    stored = Tensor("", dtype, dims, size + width * len(entries))
    return Value(dtype, dims, known, constant=True, tensor=stored)


def _asked(call: Call, index: int) -> Dims:
    """Return a shape given as an input, with holes where its entries are not known."""
    known = elements_of(call.value(index))
    if known is None:
        rank = known_dims(call.rank(index, 1))[0]
        if rank > MAX_RANK:
            raise broken(f"a shape of {rank} dimensions")
        return tuple(Hole(call.run_time(index)) for _ in range(rank))
    if len(known) > MAX_RANK:
        raise broken(f"a shape of {len(known)} dimensions")
    dims = tuple(dim for dim in known if isinstance(dim, (int, Hole)))
    if len(dims) != len(known) or any(isinstance(dim, int) and not 0 <= dim <= MAX_EXTENT for dim in dims):
        raise broken("a shape asks for an extent that cannot be")
    return dims


def constant_of_shape(call: Call) -> Sequence[Value]:
    """ConstantOfShape: one value, float32 0 by default, repeated."""
    shape, tensor = _asked(call, 0), call.tensor_attribute("value")
    elements: Elements | None = (0.0,) if tensor is None else decode(tensor)
    total = count(shape)
    small = elements is not None and len(elements) == 1 and isinstance(total, int) and total <= MAX_KNOWN
    known = elements * total if small and elements is not None and isinstance(total, int) else None
    return (Value("float32" if tensor is None else tensor.dtype, shape, known),)


def shape_of(call: Call) -> Sequence[Value]:
    """Shape: the extents as int64, from `start` to `end` since opset 15."""
    shape = call.shape(0)
    start, end = call.int_attribute("start", 0), call.int_attribute("end", len(shape))
    cut = shape[slice(start, end)]
    return (Value("int64", (len(cut),), cut),)


def size_of(call: Call) -> Sequence[Value]:
    """Size: the number of elements as an int64 scalar."""
    return (Value("int64", (), (count(call.shape(0)),)),)


def range_(call: Call) -> Sequence[Value]:
    """Range: from start to limit by delta (1 where com.microsoft leaves it out), computed as the specification does."""
    dtype = call.value(0).dtype
    known = [call.elements(index) if index < 2 or call.optional(index) is not None else (1,) for index in range(3)]
    if any(len(part) != 1 for part in known):
        raise broken("start, limit and delta are scalars")
    hole = first_hole(part[0] for part in known)
    if hole is not None:
        return (Value(dtype, (Hole(hole.cause),)),)
    start, limit, delta = (part[0] for part in known if not isinstance(part[0], Hole))
    if delta == 0 or not all(map(math.isfinite, (start, limit, delta))):
        raise broken("a range needs a delta and finite ends")
    total = max(0, _steps(start, limit, delta))
    if total > MAX_KNOWN or not call.inference.spend(0):
        return (Value(dtype, (total,)),)
    elements = [as_dtype(start + index * delta, dtype) for index in range(total)]
    exact = tuple(element for element in elements if element is not None)
    return (Value(dtype, (total,), exact if len(exact) == total else None),)


def _steps(start: float, limit: float, delta: float) -> int:
    if isinstance(start, int) and isinstance(limit, int) and isinstance(delta, int):
        return -((start - limit) // delta)
    quotient = (limit - start) / delta
    if abs(quotient) > 1 << 53:
        raise broken("a range of more than 2^53 elements")
    return math.ceil(quotient)


def _attribute_dtype(call: Call, name: str, default: str) -> str:
    code = call.int_attribute(name, 0)
    if code and code not in NAMES:
        raise broken(f"element type {code} does not exist")
    return NAMES[code] if code else default


def like(call: Call) -> Sequence[Value]:
    """*Like, Bernoulli: the shape of the input, the type of attribute `dtype`."""
    first = call.value(0)
    return (Value(_attribute_dtype(call, "dtype", first.dtype), first.shape),)


def eye(call: Call) -> Sequence[Value]:
    """EyeLike: the shape of the input, which is a matrix."""
    return (Value(_attribute_dtype(call, "dtype", call.value(0).dtype), call.rank(0, 2)),)


def random(call: Call) -> Sequence[Value]:
    """RandomNormal, RandomUniform: the shape is an attribute."""
    shape = call.ints_attribute("shape")
    if shape is None:
        raise broken("attribute 'shape' is missing")
    return (Value(_attribute_dtype(call, "dtype", "float32"), shape),)


def multinomial(call: Call) -> Sequence[Value]:
    """Multinomial: batch x sample_size class numbers."""
    samples = call.int_attribute("sample_size", 1)
    return (Value(_attribute_dtype(call, "dtype", "int32"), (call.rank(0, 2)[0], samples)),)


def window(call: Call) -> Sequence[Value]:
    """BlackmanWindow, HammingWindow, HannWindow: `size` samples."""
    size: Dim
    try:
        size = call.scalar(0)
    except CostUnknown as lost:
        size = Hole(lost.cause)
    return (Value(_attribute_dtype(call, "output_datatype", "float32"), (size,)),)


def mel_weights(call: Call) -> Sequence[Value]:
    """MelWeightMatrix: dft_length // 2 + 1 rows, num_mel_bins columns."""
    bins, length = call.scalar(0), call.scalar(1)
    return (Value(_attribute_dtype(call, "output_datatype", "float32"), (length // 2 + 1, bins)),)


TABLE: Table = (
    operators(window, "BlackmanWindow HammingWindow HannWindow", 0)
    | {
        "Constant": Operator(constant),
        "ConstantOfShape": Operator(constant_of_shape, structural=frozenset({0})),
        "Shape": Operator(shape_of),
        "Size": Operator(size_of),
        "Range": Operator(range_, structural=frozenset({0, 1, 2})),
        "EyeLike": Operator(eye),
        "MelWeightMatrix": Operator(mel_weights, structural=frozenset({0, 1, 2, 3, 4})),
    }
    | dict.fromkeys(("RandomNormalLike", "RandomUniformLike", "Bernoulli"), Operator(like, derived=False))
    | dict.fromkeys(("RandomNormal", "RandomUniform"), Operator(random, derived=False))
    | {"Multinomial": Operator(multinomial, derived=False)}
)
