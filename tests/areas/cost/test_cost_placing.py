"""What a device does not run is counted once, by one rule, for the gate and for `inspect`."""

from __future__ import annotations

from dataclasses import replace

from cost_world import dense, read

from policy_gate.areas.cost.placing import place
from policy_gate.errors import Reason
from policy_gate.model_graph.figures import Certainty, NodeCost
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.values import UnknownCost


def test_calls_outside_the_list_are_counted_with_their_macs() -> None:
    found = place(profile(read(dense(8, 4, 2))), frozenset({"ai.onnx::Relu"}))
    assert (found.calls, found.outside, found.outside_calls) == (2, (("ai.onnx::MatMul", 2),), 2)
    assert found.macs == found.outside_macs == 8 * 4 + 4 * 2


def test_a_constant_runs_nothing_and_is_never_outside() -> None:
    known = profile(read(dense(8, 4)))
    held = replace(known, operators=(("ai.onnx::Constant", 3), *known.operators))
    found = place(held, frozenset({"ai.onnx::MatMul"}))
    assert (found.calls, found.outside, found.outside_macs) == (1, (), 0)


def test_of_a_call_outside_that_stands_inside_control_flow_all_of_the_model_counts() -> None:
    known = profile(read(dense(8, 4)))
    nested = replace(known, operators=(*known.operators, ("ai.onnx::Gru", 1)))
    found = place(nested, frozenset({"ai.onnx::MatMul"}))
    assert found.outside_macs == found.macs == 32


def test_where_macs_are_not_known_the_share_outside_is_not_either() -> None:
    known = profile(read(dense(8, 4)))
    lost = UnknownCost(Reason.UNSUPPORTED_OPERATOR, "m", "Magic", "not known")
    row = NodeCost("m", "com.acme::Magic", lost, Certainty.UNKNOWN, lost, 0, "?")
    strange = replace(known, operators=(*known.operators, ("com.acme::Magic", 1)), rows=(*known.rows, row))
    found = place(strange, frozenset({"ai.onnx::MatMul"}))
    assert (found.macs, found.outside_macs, found.outside_calls) == (None, None, 1)
