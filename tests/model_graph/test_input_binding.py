"""Extents of inputs: what the file leaves open is bound by name or by place, and nothing it fixes is made smaller."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphs import FLOAT, build, read, take, zeros
from onnx import helper
from tflite_graphs import Take, model, node, walked, weight

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import MacCounts, Unestablished
from policy_gate.model_graph.graph import Model, ValueInfo
from policy_gate.model_graph.profile import profile

DENSE = [node("FULLY_CONNECTED", "x w -", keep_num_dims=True)]


def tflite(*dims) -> Model:
    return model(DENSE, [("x", Take(dims))], constants=[weight(4, 3, name="w")])


def onnx(*dims) -> Model:
    made = read(
        build(
            [helper.make_node("MatMul", ["x", "w"], ["y"])], [take("x", ["n", 3], FLOAT)], constants=[zeros("w", 3, 4)]
        )
    )
    return replace(made, graph=replace(made.graph, inputs=(ValueInfo("x", "float32", dims),)))


def macs(made: Model, **dimensions) -> int | list[str]:
    found = profile(
        made, {key.replace("_at_", "[") + ("]" if "_at_" in key else ""): size for key, size in dimensions.items()}
    )
    return [str(cause) for cause in found.macs.causes] if isinstance(found.macs, Unestablished) else found.macs.total


@pytest.mark.parametrize("made", [tflite(None, 3), onnx(None, 3)], ids=["tflite", "onnx"])
def test_an_extent_without_a_name_is_bound_by_its_place(made) -> None:
    assert macs(made, x_at_0=5) == 60
    unbound = profile(made)
    assert unbound.unbound_dimensions == ("x[0]",)
    assert isinstance(unbound.macs, Unestablished)
    assert unbound.macs.causes[0].reason is Reason.UNBOUND_DIMENSION
    assert '"x[0]": 1' in unbound.macs.causes[0].fix


def test_a_place_wins_over_a_name() -> None:
    assert macs(onnx("n", 3), n=2) == 24
    assert macs(onnx("n", 3), n=2, x_at_0=5) == 60


def test_a_tflite_input_may_grow_as_a_runtime_would_resize_it() -> None:
    assert macs(tflite(1, 3)) == 12
    assert macs(tflite(1, 3), x_at_0=8) == 96


@pytest.mark.parametrize("made", [tflite(7, 3), onnx(7, 3)], ids=["tflite", "onnx"])
def test_no_binding_makes_a_model_smaller_than_its_file(made) -> None:
    assert "the file fixes it at 7" in str(macs(made, x_at_0=2))
    assert macs(made, x_at_0=7) == 84


def test_a_fixed_extent_of_onnx_is_not_bound_to_another() -> None:
    assert "the file fixes it at 7" in str(macs(onnx(7, 3), x_at_0=8))


def test_an_extent_no_runtime_could_hold_is_refused() -> None:
    assert "2^62" in str(macs(tflite(1, 3), x_at_0=2**62))


def test_a_binding_shows_in_every_shape_behind_it() -> None:
    assert walked(tflite(None, 3), {"x[0]": 9}).shape == (9, 4)
    found = profile(tflite(None, 3), {"x[0]": 9})
    assert isinstance(found.macs, MacCounts)
    assert found.rows[0].output == "9x4"
