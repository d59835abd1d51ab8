"""What enters a graph: the extents of its inputs, as the file gives them or as the caller binds them."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.dtypes import BITS
from policy_gate.model_graph.graph import ValueInfo
from policy_gate.model_graph.values import MAX_EXTENT, MAX_RANK, Dim, Dims, Hole, UnknownCost, Value, broken, count


class Binding:
    """The keys of `dimensions`: symbols, `input[axis]`, and what operators ask for.

    `unbound` are the keys that are missing, `asked` those that were looked up; contradictions go to `faults`.
    """

    def __init__(self, model_format: str, dimensions: Mapping[str, int], faults: list[UnknownCost]) -> None:
        self.unbound: dict[str, Hole] = {}
        self.asked: set[str] = set()
        self._resizes = model_format == "tflite"
        self._dimensions = dimensions
        self._faults = faults

    def of(self, key: str) -> int | None:
        """Return what a key is bound to, None when it is not; notes that it was asked for."""
        self.asked.add(key)
        return self._dimensions.get(key)

    def value(self, claim: ValueInfo) -> Value:
        """Make the value of an input; its shape has holes, or is one, where the extents are not known."""
        if claim.shape is None or (claim.dtype not in BITS and claim.dtype != "string"):
            tensor = claim.dtype in BITS
            detail = "the input has no shape" if tensor else f"the input is {claim.dtype or 'of no type'}, not a tensor"
            reason = Reason.UNBOUND_DIMENSION if tensor else Reason.UNSUPPORTED_FORMAT
            cause = UnknownCost(reason, claim.name, "", detail, "export the model with tensors of known rank as inputs")
            return Value(claim.dtype, Hole(cause))
        shape = tuple(self._extent(claim.name, axis, dim) for axis, dim in enumerate(claim.shape))
        try:
            checked_count(shape)
        except EvidenceError as error:
            cause = UnknownCost(error.reason, claim.name, "", error.detail)
            self._faults.append(cause)
            return Value(claim.dtype, Hole(cause))
        return Value(claim.dtype, shape)

    def _extent(self, name: str, axis: int, dim: int | str | None) -> Dim:
        place = f"{name}[{axis}]"
        bound = self.of(place)
        if isinstance(dim, int) and dim > 0:
            return dim if bound is None else self._rebound(name, axis, dim, bound)
        if bound is None and isinstance(dim, str):
            bound = self.of(dim)
        if bound is not None:
            return bound
        key = dim if isinstance(dim, str) else place
        return self.unbound.setdefault(key, Hole(_unbound(name, axis, dim)))

    def _rebound(self, name: str, axis: int, dim: int, bound: int) -> int:
        """Return a larger extent for a TFLite input, which a runtime may resize; no binding makes a model smaller."""
        if bound != dim and (not self._resizes or bound < dim):
            detail = f"axis {axis} of the input is bound to {bound}, the file fixes it at {dim}"
            fix = f"bind {name}[{axis}] to {dim}, or leave it out"
            self._faults.append(UnknownCost(Reason.UNBOUND_DIMENSION, name, "", detail, fix))
        return bound


def checked_count(shape: Dims) -> Dim:
    """Count the elements of a shape; EvidenceError for extents no runtime could hold."""
    if len(shape) > MAX_RANK:
        raise EvidenceError(Reason.TOO_LARGE, f"a shape of {len(shape)} dimensions")
    total = count(shape)
    numbers = [dim for dim in shape if not isinstance(dim, Hole)]
    if numbers and (min(numbers) < 0 or max(numbers) > MAX_EXTENT):
        raise broken(f"an extent of {min(numbers)}")
    return total


def _unbound(name: str, axis: int, dim: int | str | None) -> UnknownCost:
    said = f"dimension {dim!r} (axis {axis} of the input)"
    if not isinstance(dim, str):
        said = f"axis {axis} of the input has {'no extent' if dim is None else f'extent {dim}'}"
    key = dim if isinstance(dim, str) else f"{name}[{axis}]"
    quoted = key if isinstance(dim, str) else f'"{key}"'
    fix = f"bind it: `dimensions: {{{quoted}: 1}}` in the target, or --dimension {quoted}=1"
    return UnknownCost(Reason.UNBOUND_DIMENSION, name, "", said, fix)
