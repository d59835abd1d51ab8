"""Operators that work element by element: the output has the (broadcast) shape of the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.folding import BINARY, UNARY, Number, as_dtype, elements_of, fold, modulo, spread
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.values import MAX_KNOWN, Dim, Dims, Elements, Hole, Value, broadcast, broken


def same(call: Call) -> Sequence[Value]:
    """One output like the first input."""
    first = call.value(0)
    return (Value(first.dtype, first.shape),)


def identity(call: Call) -> Sequence[Value]:
    """One output that is the first input, elements and all."""
    first = call.value(0)
    return (Value(first.dtype, first.shape, elements_of(first), items=first.items),)


def unary(call: Call) -> Sequence[Value]:
    """One output like the first input, folded where its elements are known."""
    first = call.value(0)
    known = fold(UNARY[call.node.op], (first,), first.shape, first.dtype) if call.may_fold(first) else None
    return (Value(first.dtype, first.shape, known),)


def truth(call: Call) -> Sequence[Value]:
    """One boolean output of the first input's shape."""
    return (Value("bool", call.value(0).shape),)


def _joined(call: Call, inputs: Sequence[Value]) -> Dims:
    if call.version < 7 and len(inputs) == 2:
        return _joined_before_7(call)
    return broadcast([call.shape(index) for index in range(len(inputs))])


def _joined_before_7(call: Call) -> Dims:
    """Apply the rule before opset 7: the second operand fits into the first from `axis`, or exactly."""
    left, right = call.shape(0), call.shape(1)
    if not call.int_attribute("broadcast", 0):
        if len(left) != len(right):
            raise broken(f"operands of rank {len(left)} and {len(right)} without `broadcast`")
        return broadcast([left, right])
    axis = call.int_attribute("axis", len(left) - len(right))
    axis = axis + len(left) if axis < 0 else axis
    if axis < 0 or axis + len(right) > len(left):
        raise broken("the second operand does not fit into the first")
    fitted = right + (1,) * (len(left) - axis - len(right))
    shape = broadcast([left, fitted])
    if len(shape) != len(left) or any(new != old for new, old in zip(shape, left, strict=True) if old is not new):
        raise broken("the second operand does not fit into the first")
    return shape


def binary(call: Call) -> Sequence[Value]:
    """Two operands, broadcast; the output has the first one's type."""
    left, right = call.value(0), call.value(1)
    shape = (
        left.shape if left.shape == right.shape and not isinstance(left.shape, Hole) else _joined(call, (left, right))
    )
    known = None
    if call.may_fold(left, right) and call.node.op in BINARY:
        known = fold(BINARY[call.node.op], (left, right), shape, left.dtype)
    return (Value(left.dtype, shape, known),)


def _grows(old: Dim, new: Dim) -> bool:
    return isinstance(old, int) and isinstance(new, int) and old != new


def slope(call: Call) -> Sequence[Value]:
    """PRelu: like the data, into which the slope fits; before opset 7 one slope for all or one a channel."""
    shape = call.shape(0)
    if call.version >= 7:
        joined = broadcast([shape, call.shape(1)])
        if len(joined) != len(shape) or any(map(_grows, shape, joined)):
            raise broken("the slope does not fit into the data")
    return same(call)


def compare(call: Call) -> Sequence[Value]:
    """Two operands, broadcast; the output is boolean."""
    left, right = call.value(0), call.value(1)
    shape = _joined(call, (left, right))
    known = None
    if call.may_fold(left, right):
        known = fold(BINARY[call.node.op], (left, right), shape, "bool")
    return (Value("bool", shape, known),)


def remainder(call: Call) -> Sequence[Value]:
    """Mod: the remainder, with the sign of the divisor unless `fmod` is set."""
    left, right = call.value(0), call.value(1)
    shape = _joined(call, (left, right))
    rule = modulo(as_c=bool(call.int_attribute("fmod", 0)))
    known = fold(rule, (left, right), shape, left.dtype) if call.may_fold(left, right) else None
    return (Value(left.dtype, shape, known),)


def variadic(call: Call) -> Sequence[Value]:
    """One or more operands, broadcast."""
    inputs = call.values()
    shape = broadcast([call.shape(index) for index in range(len(inputs))])
    function = BINARY.get(call.node.op)
    known = None
    if function is not None and call.may_fold(*inputs):
        known = fold(partial(_reduced, function), inputs, shape, inputs[0].dtype)
    return (Value(inputs[0].dtype, shape, known),)


def _reduced(function: Callable[[Number, Number], Number | None], *row: Number) -> Number | None:
    result: Number | None = row[0]
    for number in row[1:]:
        result = None if result is None else function(result, number)
    return result


def where(call: Call) -> Sequence[Value]:
    """Where: condition, then, otherwise, all broadcast."""
    condition, then, otherwise = call.value(0), call.value(1), call.value(2)
    shape = broadcast([call.shape(0), call.shape(1), call.shape(2)])
    picked = pick(condition, then, otherwise, shape) if call.may_fold(condition, then, otherwise) else None
    return (Value(then.dtype, shape, picked),)


def pick(condition: Value, then: Value, otherwise: Value, shape: Dims) -> Elements | None:
    """Choose each element by a condition; None unless all are known and few."""
    target = [dim for dim in shape if isinstance(dim, int)]
    if len(target) != len(shape) or math.prod(target) > MAX_KNOWN:
        return None
    columns = []
    for value in (condition, then, otherwise):
        known = elements_of(value)
        if known is None or isinstance(value.shape, Hole):
            return None
        columns.append(spread(known, value.shape, target))
    chosen = []
    for flag, yes, no in zip(*columns, strict=True):
        chosen.append(flag if isinstance(flag, Hole) else yes if flag else no)
    return tuple(chosen)


def cast(call: Call) -> Sequence[Value]:
    """Cast: the type of attribute `to` (a code, a name before opset 6)."""
    first = call.value(0)
    if isinstance(call.node.attributes.get("to"), int):
        dtype = NAMES.get(call.int_attribute("to"))
    else:
        name = call.text_attribute("to", "").lower()
        dtype = {"float": "float32", "double": "float64"}.get(name, name)
    if not dtype or (dtype not in NAMES.values()):
        raise broken("attribute 'to' names no element type")
    return (Value(dtype, first.shape, _converted(call, first, dtype)),)


def cast_like(call: Call) -> Sequence[Value]:
    """CastLike: the type of the second input."""
    first, dtype = call.value(0), call.value(1).dtype
    return (Value(dtype, first.shape, _converted(call, first, dtype)),)


def _converted(call: Call, value: Value, dtype: str) -> Elements | None:
    def convert(number: Number) -> Number | None:
        return as_dtype(number, dtype)

    return fold(convert, (value,), value.shape, dtype) if call.may_fold(value) else None


def dropout(call: Call) -> Sequence[Value]:
    """Dropout: the input, and a mask of its shape."""
    first = call.value(0)
    mask = "bool" if call.version >= 10 else first.dtype
    training = call.optional(2)
    trains = not call.int_attribute("is_test", 0) if call.version < 7 else training is not None
    if trains and training is not None:
        trains = elements_of(training) != (False,)
    return (Value(first.dtype, first.shape, None if trains else elements_of(first)), Value(mask, first.shape))


def gated(call: Call) -> Sequence[Value]:
    """SwiGLU: two operands of one shape, never broadcast."""
    if call.shape(0) != call.shape(1):
        raise broken("the gate and the linear operand differ in shape")
    return same(call)


def retyped(call: Call) -> Sequence[Value]:
    """BitCast (of the same width), DequantizeWithOrder: the shape of the input, of the type `to`."""
    dtype = NAMES.get(call.int_attribute("to"))
    if dtype is None:
        raise broken("attribute 'to' names no element type")
    return (Value(dtype, call.value(0).shape),)


TABLE: Table = (
    operators(
        same,
        "Acos Acosh Asin Asinh Atan Atanh Celu Cos Cosh CumProd CumSum Elu Erf Exp Gelu HardSigmoid HardSwish "
        "Hardmax LeakyRelu Log LogSoftmax LRN MeanVarianceNormalization Mish Selu Shrink "
        "Sigmoid Sin Sinh Softmax Softplus Softsign Swish Tan Tanh ThresholdedRelu BitwiseNot LpNormalization",
        1,
    )
    | operators(same, "Clip Trilu ReverseSequence", 1, 2)
    | operators(unary, "Abs Ceil Floor Neg Not Reciprocal Relu Round Sign Sqrt")
    | operators(binary, "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Mul Or Pow Sub Xor")
    | operators(compare, "Equal Greater GreaterOrEqual Less LessOrEqual")
    | operators(truth, "IsInf IsNaN")
    | operators(variadic, "Max Mean Min Sum")
    | operators(remainder, "Mod")
    | operators(slope, "PRelu")
    | operators(gated, "SwiGLU")
    | operators(retyped, "BitCast")
    | {
        "Identity": Operator(identity),
        "Where": Operator(where),
        "Cast": Operator(cast),
        "CastLike": Operator(cast_like, structural=frozenset({1})),
        "Dropout": Operator(dropout, structural=frozenset({1, 2})),
    }
)
