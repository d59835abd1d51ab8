"""Control flow of TFLite: branches, counted and uncounted loops, calls, and subgraphs that see nothing around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_graphs import Take, call, graph, model, node, number, take, walked, weight

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import Unestablished
from policy_gate.model_graph.graph import Graph
from policy_gate.model_graph.operators.table import Work
from policy_gate.model_graph.profile import profile

ROW = Take((2, 3))


def dense(units, name="branch") -> Graph:
    """x times weights of 3."""
    return graph([node("FULLY_CONNECTED", "x w -")], [("x", ROW)], constants=[weight(units, 3, name="w")], name=name)


def test_branches_cost_the_worst_one() -> None:
    found = call("IF", take(dtype="bool"), take(2, 3), then_branch=dense(4), else_branch=dense(5))
    assert (found.shape, found.work) == ((2, None), Work(dense=30, bounded=True))
    even = call("IF", take(dtype="bool"), take(2, 3), then_branch=dense(4), else_branch=dense(4))
    assert (even.shape, even.work) == ((2, 4), Work(dense=24))
    known = call("IF", number(1, dtype="bool"), take(2, 3), then_branch=dense(4), else_branch=dense(5))
    assert (known.shape, known.work) == ((2, 4), Work(dense=24))


def test_a_case_costs_its_worst_branch() -> None:
    found = call("STABLEHLO_CASE", take(dtype="int32"), take(2, 3), branches=(dense(4), dense(5), dense(2)))
    assert (found.shape, found.work) == ((2, None), Work(dense=30, bounded=True))


COUNT = ("i", Take((), "int32"))


def counting(limit, step=1, compare="LESS", change="ADD", body=()) -> dict[str, object]:
    """While i is below the limit: i plus step, and x times weights."""
    cond = graph(
        [node(compare, "i limit", "go")], [COUNT, ("x", ROW)], [("go", "bool")], constants=[number(limit, name="limit")]
    )
    nodes = [node(change, "i step", "more"), *(body or [node("FULLY_CONNECTED", "x w -", "y")])]
    constants = [number(step, name="step"), weight(3, 3, name="w")]
    return {"cond": cond, "body": graph(nodes, [COUNT, ("x", ROW)], [("more", "int32"), "y"], constants=constants)}


def while_(start, **attributes):
    given = start if isinstance(start, Take) else number(start, name="start")
    inputs = [("x", ROW), *([("start", given)] if isinstance(given, Take) else [])]
    constants = [] if isinstance(given, Take) else [given]
    return model([node("WHILE", "start x", "n y", **attributes)], inputs, ["y"], constants=constants)


SMALL = st.integers(-20, 20)


@given(SMALL, SMALL, st.integers(1, 5), st.sampled_from(["LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]))
def test_a_loop_that_counts_has_exactly_its_trips(start, limit, step, compare) -> None:
    going_up = compare.startswith("LESS")
    counter, trips = start, 0
    while (
        (counter < limit or (counter == limit and "EQUAL" in compare))
        if going_up
        else (counter > limit or (counter == limit and "EQUAL" in compare))
    ):
        counter, trips = counter + (step if going_up else -step), trips + 1
    found = walked(while_(start, **counting(limit, step, compare, "ADD" if going_up else "SUB")))
    assert found.work == Work(dense=18 * trips)


def both(left, right) -> Graph:
    nodes = [node("LESS", "i limit", "l"), node(right, "i limit", "r"), node("LOGICAL_AND", "l r", "go")]
    return graph(nodes, [COUNT, ("x", ROW)], [("go", "bool")], constants=[number(left, name="limit")])


def test_two_conditions_end_a_loop_at_the_first_that_fails() -> None:
    exact = counting(10) | {"cond": both(10, "LESS_EQUAL")}
    assert walked(while_(0, **exact)).work == Work(dense=180)
    half = counting(10) | {"cond": both(10, "NOT_EQUAL")}
    assert walked(while_(0, **half)).work == Work(dense=180, bounded=True)


@pytest.mark.parametrize(
    "attributes",
    [
        counting(10, step=0),
        counting(10, step=-1),
        counting(10, compare="NOT_EQUAL"),
        counting(10, change="MUL"),
        counting(2**31 - 1, step=2**20),
        counting(10) | {"cond": dense(1)},
    ],
    ids=["stands", "runs away", "not equal", "multiplies", "overflows", "no comparison"],
)
def test_a_loop_that_does_not_count_is_unknown_and_names_its_key(attributes) -> None:
    if len(attributes["cond"].inputs) == 1:
        attributes["cond"] = graph([node("LOGISTIC", "x", "go")], [COUNT, ("x", ROW)], [("go", "bool")])
    found = walked(while_(0, **attributes))
    assert found.cause is not None
    assert found.cause.reason is Reason.UNBOUND_DIMENSION
    assert "n[trips]" in found.cause.fix
    bound = walked(while_(0, **attributes), {"n[trips]": 7})
    assert bound.work == Work(dense=7 * 18, bounded=True)


def test_no_binding_lowers_a_loop_that_counts() -> None:
    assert walked(while_(0, **counting(10)), {"n[trips]": 1}).work == Work(dense=180)


def test_a_counter_that_is_an_input_is_not_followed() -> None:
    assert walked(while_(Take((), "int32"), **counting(10))).cause is not None


def test_a_limit_that_is_also_an_input_is_no_constant() -> None:
    attributes = counting(10)
    cond = attributes["cond"]
    assert isinstance(cond, Graph)
    inputs = [COUNT, ("limit", ROW)]
    attributes["cond"] = graph(cond.nodes, inputs, [("go", "bool")], constants=cond.constants.values())
    assert walked(while_(0, **attributes)).work != Work(dense=180)


def test_an_activation_on_the_counter_is_no_plain_step() -> None:
    attributes = counting(10)
    body = attributes["body"]
    assert isinstance(body, Graph)
    relu = node("ADD", "i step", "more", fused_activation_function="RELU6")
    attributes["body"] = graph(
        [relu, body.nodes[1]], [COUNT, ("x", ROW)], [("more", "int32"), "y"], constants=body.constants.values()
    )
    assert walked(while_(0, **attributes)).cause is not None


def test_a_shape_that_grows_in_a_loop_is_open() -> None:
    growing = counting(3, body=[node("CONCATENATION", "x x", "y", axis=0)])
    found = walked(while_(0, **growing))
    assert found.shapes == [(), (None, 3)]
    fed = counting(3, body=[node("CONCATENATION", "x x", "z", axis=0), node("FULLY_CONNECTED", "z w -", "y")])
    assert isinstance(profile(while_(0, **fed)).macs, Unestablished)


def test_a_loop_body_that_forgets_a_value_is_a_contradiction() -> None:
    attributes = counting(3) | {"body": graph([node("ADD", "i i", "more")], [COUNT, ("x", ROW)], [("more", "int32")])}
    assert walked(while_(0, **attributes)).faults


def test_a_subgraph_sees_only_what_it_is_given() -> None:
    peeking = graph([node("RELU", "secret")], [("x", ROW)])
    nodes = [node("IF", "c x", "y", then_branch=peeking, else_branch=peeking)]
    found = walked(model(nodes, [("c", Take((), "bool")), ("x", ROW), ("secret", ROW)]))
    assert "'secret', which nothing before it makes" in found.faults[0].detail


def test_a_call_costs_what_it_calls() -> None:
    assert call("CALL", take(2, 3), body=dense(4)).work == Work(dense=24)
    assert call("STABLEHLO_COMPOSITE", take(2, 3), decomposition=dense(4)).work == Work(dense=24)


def test_a_call_made_once_is_an_upper_bound() -> None:
    once = graph([node("FULLY_CONNECTED", "a w -")], constants=[weight(2, 3, name="a"), weight(4, 3, name="w")])
    found = call("CALL_ONCE", makes=(), init=once)
    assert found.work == Work(dense=24, bounded=True)
    assert call("CALL_ONCE", makes=(), init=graph([])).work == Work()


def test_loops_inside_loops_multiply() -> None:
    body = graph([node("ADD", "i step", "more"), node("WHILE", "zero x", "k y", **counting(5))], [COUNT, ("x", ROW)],
                 [("more", "int32"), "y"], constants=[number(1, name="step"), number(0, name="zero")])  # fmt: skip
    assert walked(while_(0, **(counting(4) | {"body": body}))).work == Work(dense=4 * 5 * 18)


def test_nesting_ends_at_a_depth() -> None:
    deepest = dense(3)
    for _ in range(50):
        deepest = graph([node("CALL", "x", "y", body=deepest)], [("x", ROW)])
    found = walked(model([node("CALL", "x", "y", body=deepest)], [("x", ROW)]))
    assert found.cause is not None
    assert found.cause.reason is Reason.TOO_LARGE


def test_calls_that_double_each_time_end_at_a_number_of_calls() -> None:
    deepest = dense(3)
    for _ in range(25):
        deepest = graph([node("CALL", "x", "z", body=deepest), node("CALL", "z", "y", body=deepest)], [("x", ROW)])
    found = walked(model([node("CALL", "x", "y", body=deepest)], [("x", ROW)]))
    assert found.cause is not None
    assert found.cause.reason is Reason.TOO_LARGE
