"""Operators of TFLite that work element by element: the output has the (broadcast) shape of the inputs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import BINARY, UNARY, Number, modulo
from policy_gate.model_graph.operators.elementwise import pick, same
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.tflite_inputs import FOLDABLE, folded
from policy_gate.model_graph.values import Dim, Value, broadcast, broken

Rule = Callable[..., Number | None]


def _quotient(left: Number, right: Number) -> Number | None:
    return None if right == 0 else left // right


ONE: dict[str, Rule] = {
    "ABS": UNARY["Abs"],
    "NEG": UNARY["Neg"],
    "FLOOR": UNARY["Floor"],
    "CEIL": UNARY["Ceil"],
    "ROUND": UNARY["Round"],
    "SQRT": UNARY["Sqrt"],
    "SIGN": UNARY["Sign"],
    "RELU": UNARY["Relu"],
    "SQUARE": lambda number: number * number,
    "LOGICAL_NOT": UNARY["Not"],
    "ZEROS_LIKE": lambda number: number * 0,
}
"""What operators of one input do to a number that decides a shape; the others are not folded."""

TWO: dict[str, Rule] = {
    "ADD": BINARY["Add"],
    "SUB": BINARY["Sub"],
    "MUL": BINARY["Mul"],
    "DIV": BINARY["Div"],
    "FLOOR_DIV": _quotient,
    "FLOOR_MOD": modulo(as_c=False),
    "POW": BINARY["Pow"],
    "MAXIMUM": BINARY["Max"],
    "MINIMUM": BINARY["Min"],
    "SQUARED_DIFFERENCE": lambda left, right: (left - right) * (left - right),
    "BITWISE_XOR": lambda left, right: left ^ right if isinstance(left, int) and isinstance(right, int) else None,
    "EQUAL": BINARY["Equal"],
    "NOT_EQUAL": operator.ne,
    "GREATER": BINARY["Greater"],
    "GREATER_EQUAL": BINARY["GreaterOrEqual"],
    "LESS": BINARY["Less"],
    "LESS_EQUAL": BINARY["LessOrEqual"],
    "LOGICAL_AND": BINARY["And"],
    "LOGICAL_OR": BINARY["Or"],
}
"""The same of operators of two inputs."""


def unary(call: Call) -> Sequence[Value]:
    """One output like the first input, folded where its numbers are known."""
    first = call.value(0)
    return (Value(first.dtype, first.shape, folded(call, ONE.get(call.node.op), (first,), first.shape, first.dtype)),)


def _joined(call: Call, dtype: str) -> Sequence[Value]:
    left, right = call.value(0), call.value(1)
    shape = broadcast([call.shape(0), call.shape(1)])
    return (Value(dtype, shape, folded(call, TWO.get(call.node.op), (left, right), shape, dtype)),)


def binary(call: Call) -> Sequence[Value]:
    """Two operands, broadcast; the output has the first one's type."""
    return _joined(call, call.value(0).dtype)


def compare(call: Call) -> Sequence[Value]:
    """Two operands, broadcast; the output is boolean."""
    return _joined(call, "bool")


def alike(call: Call) -> Sequence[Value]:
    """ADD_N, ATAN2: operands of one shape, never broadcast."""
    shapes = [call.shape(index) for index in range(len(call.values()))]
    if any(len(shape) != len(shapes[0]) for shape in shapes) or any(map(_differ, zip(*shapes, strict=True))):
        raise broken("operands of different shape are joined")
    return same(call)


def _differ(extents: tuple[Dim, ...]) -> bool:
    return len({extent for extent in extents if isinstance(extent, int)}) > 1


def select(call: Call) -> Sequence[Value]:
    """SELECT: a condition like the operands, a scalar, or one entry for each of their first axis."""
    chosen, then, otherwise = call.shape(0), call.shape(1), call.shape(2)
    a_row_each = len(chosen) == 1 and bool(then) and not _differ((chosen[0], then[0]))
    if len(then) != len(otherwise) or not (not chosen or len(chosen) == len(then) or a_row_each):
        raise broken("the condition or the operands of a selection differ in shape")
    return (Value(call.value(1).dtype, broadcast([then, otherwise])),)


def select_v2(call: Call) -> Sequence[Value]:
    """SELECT_V2: condition, then, otherwise, all broadcast."""
    condition, then, otherwise = call.value(0), call.value(1), call.value(2)
    shape = broadcast([call.shape(0), call.shape(1), call.shape(2)])
    plain = then.dtype in FOLDABLE and call.may_fold(condition, then, otherwise)
    return (Value(then.dtype, shape, pick(condition, then, otherwise, shape) if plain else None),)


TABLE: Table = (
    operators(
        unary,
        "ABS CEIL COS ELU EXP FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG "
        "LOG_SOFTMAX LOGICAL_NOT LOGISTIC NEG RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIGN SIN SOFTMAX SQRT "
        "SQUARE TANH ZEROS_LIKE",
    )
    | operators(
        binary,
        "ADD BITWISE_XOR DIV FLOOR_DIV FLOOR_MOD MAXIMUM MINIMUM MUL POW PRELU RIGHT_SHIFT SQUARED_DIFFERENCE "
        "SUB LOGICAL_AND LOGICAL_OR",
    )
    | operators(compare, "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL")
    | operators(alike, "ADD_N ATAN2")
    | operators(same, "CUMSUM REVERSE_V2 REVERSE_SEQUENCE", 1)
    | {
        "SELECT": Operator(select, structural=frozenset({0})),
        "SELECT_V2": Operator(select_v2, structural=frozenset({0})),
    }
)
