"""How figures of an inspection read in every format: grouped digits, units, shares, and words for what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.inspected import Change, Estimated, Inspected, NamedCount, TargetFigures, Unknown, Why
from policy_gate.report.escaping import CUT

NOT_KNOWN = "not established"
UNKNOWN = "unknown"
"""The same in a table's cell."""
MAX_CELL = 44
ASCII_UNITS = {"uJ": "µJ"}
_BINARY = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_STANDARD_DOMAINS = ("ai.onnx::", "tflite::")


def whole(figure: int | Unknown) -> str:
    """A count with grouped digits, or the words for one that is not known."""
    return UNKNOWN if isinstance(figure, Unknown) else f"{figure:,}"


def size(figure: int | Unknown) -> str:
    """Bytes as a reader sees them, such as 52.3 KiB."""
    if isinstance(figure, Unknown):
        return UNKNOWN
    for step, unit in _BINARY:
        if figure >= step:
            tenths = (figure * 10 + step // 2) // step
            return f"{tenths // 10:,}.{tenths % 10} {unit}"
    return f"{figure} B"


def percent(figure: float | Unknown) -> str:
    """A share in percent."""
    return UNKNOWN if isinstance(figure, Unknown) else f"{figure:.1f}%"


def number(figure: float | Unknown, unit: str) -> str:
    """A figure of a change or of a target with its unit; bytes in words."""
    if isinstance(figure, Unknown):
        return UNKNOWN
    if unit == "bytes":
        return size(int(figure))
    shown = f"{figure:,}" if isinstance(figure, int) else f"{figure:,.4g}" if figure < 1e4 else f"{figure:,.0f}"
    return shown if unit in ("parameters", "calls") else f"{shown} {ASCII_UNITS.get(unit, unit)}"


def between(figure: Estimated | Unknown, unit: str) -> tuple[str, str, str]:
    """The lower bound, the likeliest figure and the upper bound."""
    if isinstance(figure, Unknown):
        return (UNKNOWN,) * 3
    return number(figure.low, unit), number(figure.mid, unit), number(figure.high, unit)


def growth(change: Change) -> str:
    """How much more or less than in the base, in percent with its sign; words where there is no number for it."""
    now, before = change.now, change.before
    if isinstance(now, Unknown) or isinstance(before, Unknown):
        return UNKNOWN
    if now == before:
        return "the same"
    if not before:
        return "new"
    return f"{(now - before) / before:+.1%}"


def operator(name: str) -> str:
    """An operator as readers know it: the standard domains go without saying."""
    for domain in _STANDARD_DOMAINS:
        if name.startswith(domain):
            return name.removeprefix(domain)
    return name


def brief(name: str, most: int = MAX_CELL) -> str:
    """A name for a table's cell: both ends of a long one."""
    return name if len(name) <= most else f"{name[: most - most // 3 - 1]}{CUT}{name[-(most // 3) :]}"


def named(counts: Sequence[NamedCount], show: str = "number") -> str:
    """Counts by name on one line: `float32 2,656,768, int8 12`."""
    return ", ".join(f"{one.name} {size(one.count) if show == 'size' else f'{one.count:,}'}" for one in counts)


def reason(why: Why) -> str:
    """Why a figure is not known, the call it is due to, and how to mend it."""
    place = " ".join(part for part in (operator(why.operator), f"'{why.call}'" if why.call else "") if part)
    words = f"{why.reason.value}: {place}: {why.detail}" if place else f"{why.reason.value}: {why.detail}"
    return f"{words}; {why.fix}" if why.fix else words


def device(target: TargetFigures) -> str:
    """What a target is: device, engine, element type and runtime, and whether it is for screening only."""
    parts = (target.device, target.engine, target.dtype, target.runtime)
    return ", ".join(part for part in (*parts, "for screening only" if target.screening else "") if part)


def opsets(inspected: Inspected) -> str:
    """The operator sets: `opset ai.onnx 17`; of TFLite, the version of its schema."""
    if inspected.format == "tflite":
        return f"schema version {inspected.opsets[0].count}" if inspected.opsets else "no schema version"
    return "opset " + (", ".join(f"{one.name} {one.count}" for one in inspected.opsets) or "none")


def reasons(inspected: Inspected) -> tuple[str, ...]:
    """Every reason why some figure of the model itself is not known, once."""
    found = [*inspected.unknown]
    for figure in (inspected.macs, inspected.weights, inspected.activations, inspected.traffic):
        if isinstance(figure, Unknown):
            found += figure.unknown
    return tuple(dict.fromkeys(map(reason, found)))
