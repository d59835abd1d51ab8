"""How often a loop runs is a claim of the target, and fewer trips than before do not make a model cheaper."""

from __future__ import annotations

import pytest
from cost_world import collected, manifest_of, write

from policy_gate.areas.cost.checks import macs_growth
from policy_gate.areas.cost.facts import ModelInput, TargetMacs
from policy_gate.areas.cost.limits import GrowthLimits
from policy_gate.model import Outcome

helper = pytest.importorskip("onnx.helper")
FLOAT, INT64, BOOL = 1, 7, 9


def looping_model(width: int) -> bytes:
    """A loop over one row whose body is one matrix product; its trips enter the model."""
    row = [1, width]
    body = helper.make_graph(
        [helper.make_node("MatMul", ["v", "w"], ["v2"], name="product"), helper.make_node("Identity", ["c"], ["kept"])],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("c", BOOL, []),
            helper.make_tensor_value_info("v", FLOAT, row),
        ],
        [helper.make_tensor_value_info("kept", BOOL, []), helper.make_tensor_value_info("v2", FLOAT, row)],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["n", "yes", "x"], ["y"], name="loop", body=body)],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, row), helper.make_tensor_value_info("n", INT64, [])],
        [helper.make_tensor_value_info("y", FLOAT, row)],
        [
            helper.make_tensor("w", FLOAT, [width, width], [0.0] * width**2),
            helper.make_tensor("yes", BOOL, [], [True]),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def total_of(folder, width: int, trips: int) -> TargetMacs:
    write(folder, "model/kws.onnx", looping_model(width))
    target = {"id": "node", "runs": ["kws"], "dimensions": {"loop[trips]": trips}}
    (total,) = collected(folder, manifest_of(targets=[target])).known(TargetMacs)
    return total


def test_bound_trips_count_and_stand_among_what_the_target_binds(tmp_path):
    total = total_of(tmp_path, 8, 9)
    assert total.total == 9 * 8 * 8
    assert ModelInput(name="loop[trips]", extents=(9,), bound_axes=(0,)) in total.models[0].inputs


def test_a_larger_body_with_fewer_trips_does_not_pass_as_no_growth(tmp_path):
    base, now = total_of(tmp_path / "base", 8, 16), total_of(tmp_path / "now", 16, 4)
    assert now.total <= base.total
    answer = macs_growth(now, base=base, limits=GrowthLimits(max_growth=0.05))
    assert answer.outcome is Outcome.FAIL
    assert answer.message.startswith("'loop[trips]' is bound to 4, and was 16 in the base release")


def test_the_same_trips_compare(tmp_path):
    base, now = total_of(tmp_path / "base", 8, 9), total_of(tmp_path / "now", 8, 9)
    assert macs_growth(now, base=base, limits=GrowthLimits(max_growth=0.05)).outcome is Outcome.PASS
