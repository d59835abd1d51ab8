"""One inspection that has everything a report can show, and the same with other text for every text in it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum

from policy_gate.errors import Reason
from policy_gate.inspected import (
    SCHEMA,
    CallChange,
    CallRow,
    Change,
    Compared,
    CoverageFigures,
    Estimated,
    FileFigures,
    Fingerprint,
    Inspected,
    Listed,
    MacFigures,
    Moved,
    NamedCount,
    OperatorChange,
    OperatorRow,
    Outside,
    Placement,
    PlanFigures,
    TargetChange,
    TargetFigures,
    TrafficFigures,
    Unknown,
    UnknownOperator,
    WeightFigures,
    Why,
)

LOST = Unknown(
    unknown=(
        Why(
            reason=Reason.UNSUPPORTED_OPERATOR,
            call="magic",
            operator="com.acme::Magic",
            detail="nothing is known of it",
            fix="name it in the policy",
        ),
    ),
    more=2,
)
CALL = CallRow(
    position=3,
    name="block1/conv",
    operator="ai.onnx::Conv",
    certainty="exact",
    macs=512_000,
    weight_bytes=4352,
    output_bytes=8000,
    output="1x64x25x5",
    dtype="int8",
)
OPERATOR = OperatorRow(
    operator="ai.onnx::Conv",
    calls=2,
    exact=2,
    bounded=0,
    unknown=0,
    macs=512_000,
    mac_share_percent=66.7,
    weight_bytes=4352,
    output_bytes=8000,
)
CHANGE = Change(
    quantity="MACs",
    unit="MAC",
    now=768_000,
    before=640_000,
    adds_up=True,
    increase=256_000,
    decrease=128_000,
    grown=(
        CallChange(
            name="block1/conv",
            operator="ai.onnx::Conv",
            moved=Moved.GREW,
            now=512_000,
            before=320_000,
            share_percent=75,
        ),
        CallChange(name="added", operator="ai.onnx::MatMul", moved=Moved.NEW, now=64_000, before=0, share_percent=25),
    ),
    grown_left_out=1,
    operators=(
        OperatorChange(operator="ai.onnx::Conv", calls=1, increase=192_000, share_percent=75),
        OperatorChange(operator="ai.onnx::MatMul", calls=2, increase=64_000, share_percent=25),
    ),
    shrunk=(
        CallChange(name="gone", operator="ai.onnx::Gemm", moved=Moved.GONE, now=0, before=127_000, share_percent=99),
        CallChange(name="less", operator="ai.onnx::Gemm", moved=Moved.SHRANK, now=1000, before=2000, share_percent=1),
    ),
    shrunk_left_out=4,
)
PEAK = Change(
    quantity="activations, most", unit="bytes", now=2048, before=1024, sets_now="block1/conv", sets_before="stem"
)
TARGET = TargetFigures(
    profile="board@engine-1.0",
    words="a board",
    device="Board",
    engine="",
    dtype="int8",
    runtime="engine 1.0",
    screening=True,
    source="board.yaml",
    digest="sha256:" + "ab" * 32,
    mismatch="",
    latency_ms=Estimated(low=1.25, mid=2.5, high=5.0, basis="screening", notes=("far outside the fitted range",)),
    energy_uj=LOST,
    ram_bytes=Estimated(low=1024.0, mid=2048.0, high=4096.0, basis="estimated"),
    flash_bytes=LOST,
    placement=Placement(
        outside=(Outside(operator="tflite::SOFTMAX", calls=1, macs=0),),
        outside_operators=3,
        outside_calls=4,
        calls=22,
        outside_macs=LOST,
        mac_share_percent=LOST,
    ),
)
EVERYTHING = Inspected(
    schema=SCHEMA,
    tool_version="1.0",
    path="model/kws.onnx",
    format="onnx",
    opsets=(NamedCount(name="ai.onnx", count=17), NamedCount(name="com.acme", count=1)),
    dimensions=(NamedCount(name="N", count=1),),
    macs=MacFigures(
        total=768_000,
        conv=512_000,
        depthwise=0,
        dense=256_000,
        other=0,
        bounded=True,
        by_dtype=(NamedCount(name="int8", count=768_000),),
    ),
    weights=WeightFigures(
        parameters=22_604,
        generated=12,
        total_bytes=24_368,
        bytes_by_dtype=(NamedCount(name="int8", count=22_016), NamedCount(name="int32", count=2352)),
    ),
    file=FileFigures(
        file_bytes=53_936,
        constant_bytes=24_376,
        unneeded_bytes=(NamedCount(name="metadata", count=16), NamedCount(name="description", count=15)),
        external_bytes=(NamedCount(name="kws.weights", count=4096),),
    ),
    activations=PlanFigures(
        low_bytes=8000,
        high_bytes=16_000,
        overlay_bytes=8000,
        in_place_bytes=12_000,
        pad_fused_bytes=14_000,
        no_fusion_bytes=16_000,
        peak_call="block1/conv",
    ),
    traffic=TrafficFigures(
        activation_bytes=144_654,
        weight_bytes=24_376,
        kernels=12,
        macs_per_byte=4.5,
        dtype="int8",
        dtype_share_percent=99.5,
        bounded=True,
    ),
    quantisation="per_channel",
    call_count=22,
    coverage=CoverageFigures(
        exact_calls=19,
        bounded_calls=2,
        unknown_calls=1,
        known_output_bytes=900,
        output_bytes=1000,
        unsized_calls=1,
        known_weight_bytes=24_000,
        weight_bytes=24_368,
    ),
    unknown_operators=(UnknownOperator(operator="com.acme::Magic", calls=1, some=("magic",)),),
    unknown=LOST.unknown,
    unbound_dimensions=("M",),
    operators=(OPERATOR, replace(OPERATOR, macs=LOST, mac_share_percent=LOST, exact=1, unknown=1)),
    operators_left_out=2,
    costliest=Listed(calls=(CALL, replace(CALL, macs=LOST, name="", certainty="unknown")), left_out=20),
    targets=(TARGET, replace(TARGET, latency_ms=LOST, ram_bytes=LOST, placement=LOST)),
    base=Compared(
        path="model/old.onnx",
        format="onnx",
        file_bytes=50_000,
        changes=(CHANGE, PEAK, replace(CHANGE, now=LOST, increase=0, decrease=0)),
        targets=(TargetChange(profile="board@engine-1.0", changes=(replace(CHANGE, unit="ms", now=2.5, before=0.0),)),),
        notes=("the base has a note",),
    ),
    fingerprint=Fingerprint(scheme="pgfp-1", weights="a", structure="b", bound="c", interface="d", operators="e"),
    notes=("a note of the model",),
)


def respelled(thing: object, text: str) -> object:
    """The same frozen data with one text for all its texts; words of the gate's own stay."""
    if isinstance(thing, Enum):
        return thing
    if isinstance(thing, str):
        return text
    if isinstance(thing, tuple):
        return tuple(respelled(one, text) for one in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(thing, **{one.name: respelled(getattr(thing, one.name), text) for one in fields(thing)})
    return thing
