"""What shape inference knows of a value: its type, its shape, and its elements when they are few."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model_graph.graph import Tensor

MAX_EXTENT = 1 << 62
"""No extent, element count or MAC count above this is computed with; it would not fit any runtime's int64."""

MAX_RANK = 64

MAX_KNOWN = 1024
"""Most elements a value may have for constant propagation."""


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """Why a part of the cost is not established: the node that causes it, what was seen and how to mend it."""

    reason: Reason
    node: str
    op: str
    detail: str
    fix: str = ""

    def __str__(self) -> str:
        """Render as words for a reader."""
        place = f"{self.op} {self.node!r}: " if self.op else f"{self.node!r}: " if self.node else ""
        return f"{self.reason}: {place}{self.detail}"


class CostUnknown(EvidenceError):  # noqa: N818 - it is no fault of the model
    """A shape or a cost that cannot be established for a reason found earlier or elsewhere."""

    def __init__(self, cause: UnknownCost) -> None:
        """Carry the root cause, so that it is reported once and where it stands."""
        self.cause = cause
        super().__init__(cause.reason, cause.detail, fix=cause.fix)


class Hole:
    """An extent, element or shape that is not known, with the reason; equal to itself only."""

    __slots__ = ("cause",)

    def __init__(self, cause: UnknownCost) -> None:
        self.cause = cause

    def __repr__(self) -> str:
        return "?"


Dim = int | Hole
Dims = tuple[Dim, ...]
Element = int | float | bool | Hole
Elements = tuple[Element, ...]


@dataclass(slots=True, eq=False)
class Value:
    """One value of a graph; compared by identity.

    `shape` is a Hole when not even the rank is known. `known` holds the elements in row-major order, when there are
    at most MAX_KNOWN and they follow from constants and shapes alone. `constant`: derived from constants only.
    `elements` is their number once a walk has checked the shape, -1 when it is not known.
    Not frozen: one is made per node output, and freezing doubles the time of a 50,000-node graph.
    """

    dtype: str
    shape: Dims | Hole
    known: Elements | None = None
    constant: bool = False
    tensor: Tensor | None = None
    items: tuple[Value, ...] | None = None
    elements: int = -1

    @property
    def dims(self) -> Dims:
        """The dimensions; CostUnknown when the rank is not known."""
        if isinstance(self.shape, Hole):
            raise CostUnknown(self.shape.cause)
        return self.shape


def broken(detail: str, fix: str = "") -> EvidenceError:
    """Make the error for a model that contradicts itself or the operator's definition."""
    return EvidenceError(Reason.UNREADABLE, detail, fix=fix)


def first_hole(elements: Iterable[object]) -> Hole | None:
    """Return the first hole among dimensions or elements, or None when all are known."""
    for element in elements:
        if isinstance(element, Hole):
            return element
    return None


def count(dims: Sequence[Dim]) -> Dim:
    """Multiply dimensions; zero wins over a hole, a hole over numbers; EvidenceError above MAX_EXTENT."""
    hole: Hole | None = None
    try:
        total = math.prod(dims)  # type: ignore[arg-type]  # a hole raises; asking first takes six times as long
    except TypeError:
        hole = first_hole(dims)
        total = math.prod(dim for dim in dims if not isinstance(dim, Hole))
    if total > MAX_EXTENT:
        raise EvidenceError(Reason.TOO_LARGE, "a shape holds more than 2^62 elements")
    return Hole(hole.cause) if hole is not None and total else total


def size_of(value: Value) -> int:
    """Return how many elements a value has; CostUnknown with the root cause when that is not known."""
    return value.elements if value.elements >= 0 else known_count(value.dims)


def known_count(dims: Sequence[Dim]) -> int:
    """Multiply dimensions; CostUnknown with the root cause when one of them is a hole."""
    total = count(dims)
    if isinstance(total, Hole):
        raise CostUnknown(total.cause)
    return total


def known_dims(dims: Sequence[Dim]) -> tuple[int, ...]:
    """Return all dimensions as numbers; CostUnknown with the root cause when one of them is a hole."""
    hole = first_hole(dims)
    if hole is not None:
        raise CostUnknown(hole.cause)
    return tuple(dim for dim in dims if not isinstance(dim, Hole))


def broadcast(shapes: Sequence[Dims]) -> Dims:
    """Combine shapes by the multidirectional rule of onnx/docs/Broadcasting.md; EvidenceError when they cannot."""
    first = shapes[0]
    if shapes.count(first) == len(shapes):
        return first
    if len(shapes) == 2:  # most often a bias or a scale, which adds nothing to the other shape
        second = shapes[1]
        if len(second) <= len(first) and second.count(1) == len(second):
            return first
        if len(first) <= len(second) and first.count(1) == len(first):
            return second
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_broadcast_axis(extents) for extents in zip(*aligned, strict=True))


def _broadcast_axis(extents: tuple[Dim, ...]) -> Dim:
    result: Dim = 1
    for extent in extents:
        if extent == 1 or extent is result:
            continue
        if isinstance(result, Hole):
            # A known extent above one decides, whatever the hole turns out to be in a valid run.
            result = Hole(result.cause) if isinstance(extent, Hole) else extent
        elif isinstance(extent, Hole):
            result = extent if result == 1 else result
        elif result not in (1, extent):
            raise broken(f"extents {result} and {extent} do not broadcast")
        else:
            result = extent
    return result


def axis_of(axis: int, rank: int) -> int:
    """Turn a possibly negative axis into one in [0, rank); EvidenceError when outside."""
    if not -rank <= axis < rank:
        raise broken(f"axis {axis} is outside a shape of rank {rank}")
    return axis + rank if axis < 0 else axis


def text(shape: Dims | Hole) -> str:
    """Render a shape for a reader: `1x3x224x224`, `?` for what is not known, `scalar` for rank 0."""
    if isinstance(shape, Hole):
        return "unknown rank"
    return "x".join(str(dim) for dim in shape) or "scalar"
