"""The totals of an inspection, of its targets and changes, as lines of words that every format shows."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.inspected import (
    CallChange,
    Change,
    Inspected,
    MacFigures,
    Moved,
    Placement,
    PlanFigures,
    TargetFigures,
    TrafficFigures,
    Unknown,
    WeightFigures,
)
from policy_gate.report.inspection_words import NOT_KNOWN, between, brief, named, number, operator, percent, reason

MAX_UNNEEDED = 4


def total_rows(inspected: Inspected) -> Iterator[tuple[str, str]]:
    """What each total is called, and the total in words."""
    macs, weights, peaks, traffic = inspected.macs, inspected.weights, inspected.activations, inspected.traffic
    yield "MACs", NOT_KNOWN if isinstance(macs, Unknown) else _macs(macs)
    yield "parameters", NOT_KNOWN if isinstance(weights, Unknown) else _weights(weights)
    yield from _file(inspected)
    yield from _peaks(peaks)
    yield "traffic", NOT_KNOWN if isinstance(traffic, Unknown) else _traffic(traffic)
    yield "quantisation", _quantisation(inspected)
    yield "calls", _calls(inspected)


def certainties(exact: int, bounded: int, unknown: int) -> str:
    """How many are exact, bounded and unknown; one word where all are alike."""
    present = [(word, count) for word, count in (("exact", exact), ("bounded", bounded), ("unknown", unknown)) if count]
    return present[0][0] if len(present) == 1 else ", ".join(f"{count:,} {word}" for word, count in present)


def target_rows(target: TargetFigures) -> Iterator[tuple[str, str]]:
    """What each figure of a target is called, and the figure in words."""
    figures = (
        ("latency", target.latency_ms, "ms"),
        ("energy", target.energy_uj, "uJ"),
        ("RAM", target.ram_bytes, "bytes"),
        ("flash", target.flash_bytes, "bytes"),
    )
    for name, figure, unit in figures:
        if isinstance(figure, Unknown):
            yield name, f"{NOT_KNOWN}: {reason(figure.unknown[0])}"
        else:
            low, mid, high = between(figure, unit)
            yield name, f"{mid}, between {low} and {high} ({figure.basis})"
    yield "placement", placement_words(target.placement)
    known = [figure for _, figure, _ in figures if not isinstance(figure, Unknown)]
    for note in dict.fromkeys(note for figure in known for note in figure.notes):
        yield "note", note


def placement_words(placement: Placement | Unknown) -> str:
    """What lies outside the operators that a runtime runs."""
    if isinstance(placement, Unknown):
        return f"{NOT_KNOWN}: {reason(placement.unknown[0])}"
    if not placement.outside_calls:
        return f"all {placement.calls:,} calls are of operators that the runtime runs"
    some = ", ".join(f"{operator(one.operator)} ({one.calls:,})" for one in placement.outside)
    more = placement.outside_operators - len(placement.outside)
    count = f"{placement.outside_calls:,} of {placement.calls:,} calls lie outside what the runtime runs"
    share = f"with {percent(placement.mac_share_percent)} of the MACs"
    return f"{count}, {share}: {some}{f', and {more} more operators' if more else ''}"


def moved_words(change: Change) -> str:
    """How much more the calls that grew take, and how much less those that shrank."""
    grew, shrank = number(change.increase, change.unit), number(change.decrease, change.unit)
    return ", ".join([*([f"{grew} more"] if change.increase else []), *([f"{shrank} less"] if change.decrease else [])])


def peak_words(change: Change) -> str:
    """Which call sets a peak now, and which did in the base; "" where that is not known or nothing changed."""
    if not change.sets_now or change.now == change.before:
        return ""
    before = f"; '{change.sets_before}' set it in the base" if change.sets_before not in ("", change.sets_now) else ""
    return f"'{change.sets_now}' sets the peak{before}"


def became_words(one: CallChange, unit: str) -> str:
    """What became of a call, as the end of a sentence that begins with its name."""
    now, before = number(one.now, unit), number(one.before, unit)
    if one.moved is Moved.NEW:
        return f"is new and takes {now}: {one.share_percent}% of the increase"
    if one.moved is Moved.GONE:
        return f"is gone and took {before}: {one.share_percent}% of the decrease"
    of = "increase" if one.moved is Moved.GREW else "decrease"
    return f"{one.moved.value} from {before} to {now}: {one.share_percent}% of the {of}"


def _macs(macs: MacFigures) -> str:
    kinds = (("conv", macs.conv), ("depthwise", macs.depthwise), ("dense", macs.dense), ("other", macs.other))
    classes = ", ".join(f"{name} {count:,}" for name, count in kinds if count)
    bounded = "at most " if macs.bounded else ""
    return f"{bounded}{macs.total:,}" + (f" ({classes}; {named(macs.by_dtype)})" if classes else "")


def _weights(weights: WeightFigures) -> str:
    made = f", {weights.generated:,} of them made by calls" if weights.generated else ""
    dtypes = f" ({named(weights.bytes_by_dtype)})" if weights.bytes_by_dtype else ""
    return f"{weights.parameters:,} in {weights.total_bytes:,} bytes{dtypes}{made}"


def _file(inspected: Inspected) -> Iterator[tuple[str, str]]:
    file = inspected.file
    unneeded = sum(one.count for one in file.unneeded_bytes)
    largest, more = named(file.unneeded_bytes[:MAX_UNNEEDED]), len(file.unneeded_bytes) - MAX_UNNEEDED
    shown = f" ({largest}{f', and {more} more' if more > 0 else ''})" if largest else ""
    constants = f"{file.constant_bytes:,} bytes of constants"
    spare = f"no call needs {unneeded:,} bytes of it{shown}" if unneeded else "its calls need all of it"
    yield "file", f"{file.file_bytes:,} bytes, {constants}; {spare}"
    if file.external_bytes:
        yield "beside it", named(file.external_bytes[:MAX_UNNEEDED])


def _peaks(peaks: PlanFigures | Unknown) -> Iterator[tuple[str, str]]:
    if isinstance(peaks, Unknown):
        yield "activations", NOT_KNOWN
        return
    most = f", most at '{brief(peaks.peak_call)}'" if peaks.peak_call else ""
    yield "activations", f"{peaks.low_bytes:,} to {peaks.high_bytes:,} bytes alive at once{most}"
    shared = f"overlay {peaks.overlay_bytes:,}, in place {peaks.in_place_bytes:,}"
    yield "planners", f"{shared}, pad fused {peaks.pad_fused_bytes:,}, no fusion {peaks.no_fusion_bytes:,}"


def _traffic(traffic: TrafficFigures) -> str:
    most = "at most " if traffic.bounded else ""
    moved = f"{traffic.activation_bytes:,} bytes of activations and {traffic.weight_bytes:,} of constants"
    return f"{most}{moved} in {traffic.kernels:,} kernels; {traffic.macs_per_byte:,} MAC a byte"


def _quantisation(inspected: Inspected) -> str:
    words = f"weights {inspected.quantisation.replace('_', ' ')}"
    traffic = inspected.traffic
    if isinstance(traffic, Unknown) or not traffic.dtype:
        return words
    return f"{words}; {percent(traffic.dtype_share_percent)} of the MACs in {traffic.dtype}"


def _calls(inspected: Inspected) -> str:
    found = inspected.coverage
    counts = found.exact_calls, found.bounded_calls, found.unknown_calls
    known = certainties(*counts)
    if not found.unknown_calls and not found.unsized_calls:
        return f"{inspected.call_count:,}" + (f", all of {known} cost" if sum(map(bool, counts)) == 1 else f": {known}")
    weights = _covered(found.known_weight_bytes, found.weight_bytes, "the weights")
    outputs = _covered(found.known_output_bytes, found.output_bytes, "what calls make")
    unsized = f"; the outputs of {found.unsized_calls:,} calls have no known size" if found.unsized_calls else ""
    by_bytes = f"{weights}, {outputs}" if found.output_bytes else weights
    return f"{inspected.call_count:,}: {known}; of known cost by bytes: {by_bytes}{unsized}"


def _covered(known: int | Unknown, total: int | Unknown, what: str) -> str:
    if isinstance(known, Unknown) or isinstance(total, Unknown):
        return f"{what} {NOT_KNOWN}"
    return f"{known:,} of {total:,} of {what}"
