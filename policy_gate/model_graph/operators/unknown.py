"""Operators that are known by name and whose cost is not: each with the reason, so that none is forgotten."""

from __future__ import annotations

_SEARCH = "it runs a decoder once a token that it makes, over states that grow"
_BINARY = "it holds a compiled model that only its own runtime reads"
_SELECTS = "it attends to entries that the data selects"
_MIXES = "its products depend on optional inputs and layouts that are not followed"
_STATE = "its recurrence depends on layouts that are not followed"

MICROSOFT: dict[str, str] = {
    "AttnLSTM": "attention inside its recurrence is not followed",
    "BeamSearch": _SEARCH,
    "DecoderAttention": "what it projects follows from boolean inputs",
    "DequantizeBFP": "its shape stands in an input that a run makes",
    "DynamicSparseAttention": _SELECTS,
    "EPContext": _BINARY,
    "EngramGate": _MIXES,
    "GatedDeltaNet": _STATE,
    "GreedySearch": _SEARCH,
    "HyperConnectionLowRankMix": _MIXES,
    "HyperConnectionPostMix": _MIXES,
    "HyperConnectionPreMix": _MIXES,
    "Mamba2Verify": _STATE,
    "MoEGroupRouter": _MIXES,
    "PackedSparseAttentionIndexer": _SELECTS,
    "PackedSparseAttentionIndexerMerge": _SELECTS,
    "RMSNormRotary": _MIXES,
    "Sampling": _SEARCH,
    "Snpe": _BINARY,
    "SparseAttentionIndexer": _SELECTS,
    "SparsePagedAttention": _SELECTS,
    "SpeculativePrefixCommit": _MIXES,
    "WhisperBeamSearch": _SEARCH,
}

RETIRED: dict[str, str] = {
    "DynamicSlice": "it left ai.onnx before its opset 9",
    "GRUUnit": "it left ai.onnx before its opset 9",
    "GivenTensorFill": "it left ai.onnx before its opset 9",
    "MemcpyFromHost": "a runtime puts it in, no model holds it",
    "MemcpyToHost": "a runtime puts it in, no model holds it",
    "DisentangledAttention_TRT": "a plugin of another runtime",
    "EfficientNMS_TRT": "a plugin of another runtime",
    "MultilevelCropAndResize_TRT": "a plugin of another runtime",
    "PyramidROIAlign_TRT": "a plugin of another runtime",
}

TFLITE: dict[str, str] = {
    "CONCAT_EMBEDDINGS": "no runtime has an implementation of it",
    "CUSTOM": "a custom operator means what its own implementation says",
    "DELEGATE": "what a delegate runs does not stand in the file",
    "PLACEHOLDER_FOR_GREATER_OP_CODES": "it stands for an operator code that the file gives elsewhere",
    "STABLEHLO_CUSTOM_CALL": "it calls a function that does not stand in the file",
}

UNKNOWN: dict[str, dict[str, str]] = {
    "": RETIRED,
    "ai.onnx.preview.training": {"Gradient": "it differentiates the graph before it, which is training"},
    "com.microsoft": MICROSOFT,
    "tflite": TFLITE,
}
"""Reasons by domain ("" is ai.onnx) and operator."""
