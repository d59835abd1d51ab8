"""What TFLite operators share: shapes and numbers given as inputs, fused activations, arithmetic on extents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import Number, elements_of, fold
from policy_gate.model_graph.values import (
    MAX_EXTENT,
    MAX_RANK,
    Dim,
    Dims,
    Elements,
    Hole,
    Value,
    axis_of,
    broken,
    count,
    known_dims,
)

FOLDABLE = frozenset({"bool", "int32", "int64", "float32"})
"""Types whose stored numbers are the numbers meant; smaller integers are quantised, with a scale beside."""

MAX_INT32 = (1 << 31) - 1
"""The schema stores strides, dilations and blocks in 32 bits."""


def asked_shape(call: Call, index: int) -> Dims:
    """Return a shape given as an input, with holes where its entries are known only when the model runs."""
    value = call.value(index)
    rank = known_dims(call.rank(index, 1))[0]
    if rank > MAX_RANK:
        raise broken(f"input {index} is a shape of {rank} dimensions")
    known = elements_of(value)
    if known is None:
        return tuple(Hole(call.run_time(index)) for _ in range(rank))
    dims = tuple(dim for dim in known if isinstance(dim, (int, Hole)) and not isinstance(dim, bool))
    if len(dims) != rank or any(isinstance(dim, int) and not 0 <= dim <= MAX_EXTENT for dim in dims):
        raise broken(f"input {index} asks for an extent that cannot be")
    return dims


def asked_extent(call: Call, index: int) -> Dim:
    """Return one extent given as an input, a hole when it is known only when the model runs."""
    known = elements_of(call.value(index))
    if known is None:
        return Hole(call.run_time(index))
    if len(known) != 1:
        raise broken(f"input {index} holds {len(known)} numbers instead of one")
    dim = known[0]
    if isinstance(dim, Hole):
        return dim
    if not isinstance(dim, int) or not 0 <= dim <= MAX_EXTENT:
        raise broken(f"input {index} asks for an extent of {dim}")
    return dim


def asked_axis(call: Call, index: int, rank: int) -> int:
    """Return an axis given as an input; CostUnknown when it is known only when the model runs."""
    return axis_of(call.scalar(index), rank)


def positive(call: Call, name: str, default: int | None = None) -> int:
    """Return an option that counts steps or elements: at least 1, and what 32 bits hold."""
    number = call.int_attribute(name, default)
    if not 1 <= number <= MAX_INT32:
        raise broken(f"option {name!r} is {number}, at least 1")
    return number


def times(dim: Dim, factor: Dim) -> Dim:
    """Multiply two extents; a hole stays the hole it is when the other is one."""
    if isinstance(dim, Hole):
        return dim if factor == 1 else Hole(dim.cause)
    return factor if isinstance(factor, Hole) and dim == 1 else count((dim, factor))


def plus(dim: Dim, more: Dim) -> Dim:
    """Add two extents; a hole stays the hole it is when the other is zero."""
    if isinstance(dim, Hole):
        return dim if more == 0 else Hole(dim.cause)
    return Hole(more.cause) if isinstance(more, Hole) else dim + more


def dilated(dim: Dim, dilation: int) -> Dim:
    """Put `dilation` - 1 places between the elements of an axis."""
    if isinstance(dim, Hole):
        return dim if dilation == 1 else Hole(dim.cause)
    return (dim - 1) * dilation + 1 if dim else 0


def share(dim: Dim, parts: int) -> Dim:
    """Divide an extent without a rest; EvidenceError when there is one."""
    if isinstance(dim, Hole):
        return dim if parts == 1 else Hole(dim.cause)
    if parts < 1 or dim % parts:
        raise broken(f"{dim} does not divide by {parts}")
    return dim // parts


def unfused(call: Call) -> bool:
    """Whether no activation is fused into the operator, which would change what is folded."""
    return call.text_attribute("fused_activation_function", "NONE") == "NONE"


def folded(
    call: Call, function: Callable[..., Number | None] | None, inputs: Sequence[Value], shape: Dims | Hole, dtype: str
) -> Elements | None:
    """Apply an element-wise function to known numbers; None unless all are known and plain."""
    if function is None or not call.may_fold(*inputs):
        return None
    plain = dtype in FOLDABLE and all(value.dtype in FOLDABLE for value in inputs)
    return fold(function, inputs, shape, dtype) if plain and unfused(call) else None
