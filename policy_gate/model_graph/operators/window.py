"""The sliding window that convolutions and poolings share: attributes and output extents."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.values import Dim, Dims, Hole, broken


@dataclass(frozen=True, slots=True)
class Window:
    """A window over `rank` spatial axes; `pads` are all begins, then all ends, as in ONNX."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    auto_pad: str
    ceil: bool = False


def read_window(call: Call, kernel: tuple[int, ...]) -> Window:
    """Read the window attributes; EvidenceError for lists of wrong length or numbers that make no window."""
    rank = len(kernel)
    auto_pad = call.text_attribute("auto_pad", "NOTSET") or "NOTSET"
    if auto_pad not in {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}:
        raise broken(f"auto_pad {auto_pad!r} is none of ONNX's")
    pads = _per_axis(call, "pads", 2 * rank, 0, least=0)
    return Window(
        kernel,
        _per_axis(call, "strides", rank, 1),
        _per_axis(call, "dilations", rank, 1),
        pads if auto_pad == "NOTSET" else (0,) * (2 * rank),
        auto_pad,
        ceil=bool(call.int_attribute("ceil_mode", 0)),
    )


def _per_axis(call: Call, name: str, length: int, default: int, least: int = 1) -> tuple[int, ...]:
    found = call.ints_attribute(name)
    if not found:
        return (default,) * length
    if len(found) != length or min(found) < least:
        raise broken(f"attribute {name!r} must hold {length} integers of at least {least}")
    return found


def kernel_attribute(call: Call, rank: int) -> tuple[int, ...]:
    """Return the required `kernel_shape` of a pooling over `rank` spatial axes."""
    kernel = call.ints_attribute("kernel_shape")
    if kernel is None or len(kernel) != rank or min(kernel, default=1) < 1:
        raise broken(f"attribute 'kernel_shape' must hold {rank} integers of at least 1")
    return kernel


def slide(extents: Dims, window: Window) -> Dims:
    """Return how often the window fits each spatial axis (formulas in onnx/docs/Operators.md)."""
    return tuple(_slide_axis(extent, window, axis) for axis, extent in enumerate(extents))


def _slide_axis(extent: Dim, window: Window, axis: int) -> Dim:
    kernel, stride = window.kernel[axis], window.strides[axis]
    if isinstance(extent, Hole):
        return extent if kernel == stride == 1 and not any(window.pads) else Hole(extent.cause)
    if window.auto_pad.startswith("SAME"):
        return -(-extent // stride)
    begin, end = window.pads[axis], window.pads[axis + len(window.kernel)]
    spare = extent + begin + end - ((kernel - 1) * window.dilations[axis] + 1)
    if spare < 0:
        raise broken(f"a window of {kernel} does not fit an axis of {extent} padded by {begin} and {end}")
    if not window.ceil:
        return spare // stride + 1
    fitted = -(-spare // stride) + 1
    # A last window that would start in the end padding is not taken.
    return fitted - 1 if (fitted - 1) * stride >= extent + begin else fitted
