"""Operators of com.microsoft have the shapes that onnxruntime gives them, and the MACs that their definition sums."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import cost, ints, macs, read, shapes, take, zeros
from microsoft_calls import CALLS, feeds, model_of
from onnx import TensorProto, helper, numpy_helper

from policy_gate.model_graph.figures import Certainty
from policy_gate.model_graph.operators.classification import classify
from policy_gate.model_graph.values import Hole

WITHOUT_KERNEL = {
    "BiasAdd", "BiasDropout", "BiasSoftmax", "BiasSplitGelu", "BitmaskDropout", "ComplexMul", "GatedRelativePositionBias",
    "GroupNorm", "Irfft", "IsAllFinite", "LongformerAttention", "MulInteger", "NhwcFusedConv",
    "PackedMultiHeadAttention", "QLinearReduceMean", "QOrderedGelu", "RelativePositionBias", "RemovePadding",
    "RestorePadding", "Rfft", "SkipGroupNorm", "SwiGLU", "TorchEmbedding",
}  # fmt: skip
"""Operators that onnxruntime runs on a GPU only."""

NOT_HERE = {
    "DecoderMaskedMultiHeadAttention",  # its CPU kernel wants a shared cache
    "MatMulFpQ4",  # its weights are packed for one processor
    "MultiHeadAttention packed",  # its CPU kernel takes no packed queries
    "SparseToDenseMatMul",  # a sparse input cannot be fed
}

SHAPES = {
    "BiasSplitGelu": [(2, 5, 4)],
    "BitmaskDropout": [(2, 50), (4,)],
    "DecoderMaskedMultiHeadAttention": [(2, 1, 8), (2, 2, 4, 4), (2, 2, 4, 4)],
    "GatedRelativePositionBias": [(2, 2, 5, 5)],
    "Irfft": [(3, 8)],
    "IsAllFinite": [()],
    "LongformerAttention": [(1, 16, 8)],
    "MatMulFpQ4": [(2, 5)],
    "NhwcFusedConv": [(2, 7, 7, 6)],
    "PackedMultiHeadAttention": [(7, 8)],
    "QLinearReduceMean": [(2,)],
    "RelativePositionBias": [(1, 2, 5, 5)],
    "RestorePadding": [(2, 5, 8)],
    "Rfft": [(3, 5, 2)],
    "SkipGroupNorm": [(2, 4, 4, 8), (2, 4, 4, 8)],
    "SwiGLU": [(2, 4)],
    "TorchEmbedding": [(2, 4)],
}
"""Shapes by hand where no kernel runs here."""


@pytest.mark.parametrize("form", CALLS)
def test_a_call_takes_the_macs_its_definition_sums(form) -> None:
    walk = shapes(read(model_of(CALLS[form])))[1]
    step = walk.run()[0].steps[-1]
    assert not walk.faults, [str(fault) for fault in walk.faults]
    assert step.cause is None
    assert step.work.macs == CALLS[form].macs
    assert not step.work.bounded or classify("com.microsoft", CALLS[form].op) is Certainty.BOUNDED


@pytest.mark.parametrize("form", SHAPES)
def test_a_call_that_no_kernel_runs_here_has_the_shapes_of_its_definition(form) -> None:
    found = shapes(read(model_of(CALLS[form])))[0]
    assert [found[f"o{index}"] for index in range(CALLS[form].outputs)] == SHAPES[form]


@pytest.mark.parametrize("form", [form for form in CALLS if form not in NOT_HERE and form not in WITHOUT_KERNEL])
def test_a_call_gives_what_onnxruntime_gives(form) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    onnxruntime.set_default_logger_severity(4)
    model, call = model_of(CALLS[form]), CALLS[form]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    values = shapes(read(model))[1].run()[1].values
    for index, real in enumerate(map(np.asarray, session.run(None, feeds(call)))):
        found = values[f"o{index}"]
        assert not isinstance(found.shape, Hole)
        assert [type(dim) is int or isinstance(dim, Hole) for dim in found.shape] == [True] * real.ndim
        assert [dim for dim in found.shape if isinstance(dim, int)] == [
            extent for dim, extent in zip(found.shape, real.shape, strict=True) if isinstance(dim, int)
        ]
        assert found.dtype == real.dtype.name


def test_every_operator_that_onnxruntime_defines_is_classified() -> None:
    binding = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    from policy_gate.model_graph.operators.classification import UNHEARD_OF, classified

    schemas = {(each.domain, each.name) for each in binding.get_all_operator_schema()}
    mine = [classified(*each) for each in sorted(schemas) if each[0] in {"com.microsoft", "", "ai.onnx.ml"}]
    assert len(mine) > 350
    assert [each for each in mine if each.reason == UNHEARD_OF] == []
    known = [each for each in mine if each.certainty is not Certainty.UNKNOWN]
    assert len(known) >= 0.9 * len(mine)


def test_four_bit_weights_in_bytes_count_the_bytes_they_are_stored_in() -> None:
    rng = np.random.default_rng(1)
    packed = numpy_helper.from_array(rng.integers(0, 255, (64, 4, 16)).astype(np.uint8), "b")
    node = helper.make_node(
        "MatMulNBits", ["x", "b", "s"], ["y"], domain="com.microsoft", K=128, N=64, bits=4, block_size=32
    )
    found = cost([node], [take("x", [5, 128])], constants=[packed, zeros("s", 64, 4)], domains=("com.microsoft",))
    assert macs(found) == 5 * 128 * 64
    assert dict(found.weights.bytes_by_dtype) == {"uint8": 128 * 64 // 2, "float32": 64 * 4 * 4}


def test_a_product_over_other_extents_than_the_packed_weight_has_is_refused() -> None:
    node = helper.make_node("MatMulNBits", ["x", "b", "s"], ["y"], domain="com.microsoft", K=128, N=64, block_size=32)
    found = cost([node], [take("x", [5, 96]), take("b", [64, 4, 16]), take("s", [64, 4])], domains=("com.microsoft",))
    assert "96" in str(found.unknown[0])


def test_experts_of_older_exports_lie_the_other_way_round_and_take_the_same_macs() -> None:
    sizes = [take("x", [5, 8]), take("p", [5, 3]), take("w", [3, 8, 16]), take("v", [3, 16, 8])]
    node = helper.make_node("MoE", ["x", "p", "w", "", "v"], ["y"], domain="com.microsoft", k=2)
    assert macs(cost([node], sizes, domains=("com.microsoft",))) == 5 * 2 * (16 * 8 * 2)


def test_fused_gates_of_experts_are_two_rows_of_the_first_weight_and_one_sum_of_the_second() -> None:
    sizes = [take("x", [5, 8]), take("p", [5, 3]), take("w", [3, 32, 8]), take("v", [3, 8, 16])]
    node = helper.make_node(
        "MoE", ["x", "p", "w", "", "v"], ["y"], domain="com.microsoft", k=1, swiglu_fusion=1, activation_type="swiglu"
    )
    assert macs(cost([node], sizes, domains=("com.microsoft",))) == 5 * (32 * 8 + 16 * 8)


def test_attention_over_a_shared_cache_is_bounded_by_what_the_cache_holds() -> None:
    inputs = [take("x", [1, 1, 8]), take("w", [8, 24]), take("b", [24]), take("p", [2, 1, 2, 99, 4])]
    length = take("n", [1], TensorProto.INT32)
    node = helper.make_node(
        "Attention", ["x", "w", "b", "", "p", "", "n"], ["y", "z"], domain="com.microsoft", num_heads=2,
        past_present_share_buffer=1,
    )  # fmt: skip
    found = cost([node], [*inputs, length], ["y", "z"], domains=("com.microsoft",))
    assert macs(found) == 8 * 24 + 99 * 16
    assert found.macs.bounded


def test_pages_of_a_cache_bound_paged_attention() -> None:
    inputs = [
        take("q", [3, 8]),
        take("k", [3, 8]),
        take("v", [3, 8]),
        take("kc", [10, 16, 2, 4]),
        take("vc", [10, 16, 2, 4]),
    ]
    names = ["cu", "past", "table"]
    more = [take(name, shape, TensorProto.INT32) for name, shape in zip(names, ([2], [1], [1, 5]), strict=True)]
    node = helper.make_node(
        "PagedAttention",
        ["q", "k", "v", "kc", "vc", *names],
        ["y"],
        domain="com.microsoft",
        num_heads=2,
        kv_num_heads=2,
    )
    found = cost([node], [*inputs, *more], domains=("com.microsoft",))
    assert (macs(found), found.macs.bounded) == (3 * (5 * 16) * 16, True)


def test_pads_that_only_a_run_knows_leave_the_macs_of_a_transposed_convolution_exact() -> None:
    inputs = [take("x", [1, 4, 5, 5]), take("p", [4], TensorProto.INT64)]
    node = helper.make_node("ConvTransposeWithDynamicPads", ["x", "w", "p"], ["y"], domain="com.microsoft")
    found = cost([node], inputs, constants=[zeros("w", 4, 6, 3, 3)], domains=("com.microsoft",))
    assert macs(found) == 4 * 25 * 54


def test_a_range_without_a_step_counts_by_one() -> None:
    node = helper.make_node("Range", ["a", "b"], ["y"], domain="com.microsoft")
    model = read(model_with(node, [ints("a", 2), ints("b", 6)]))
    assert shapes(model)[0]["y"] == (4,)


def model_with(node, constants):
    graph = helper.make_graph([node], "g", [], [helper.make_empty_tensor_value_info("y")], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("com.microsoft", 1)], ir_version=8)
