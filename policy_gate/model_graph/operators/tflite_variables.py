"""Variables and hash tables of TFLite: what stands behind a handle from one inference to the next."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import CostUnknown, Dims, Hole, Value, text

HANDLE = "opaque(resource)"


def var_handle(call: Call) -> Sequence[Value]:
    """VAR_HANDLE: the variable of a container and a name; its number stands for it, whatever shape files give it."""
    names = (call.text_attribute("container", ""), call.text_attribute("shared_name", ""))
    numbers = call.inference.handles
    claim = call.scope.claims.get(call.node.outputs[0]) if call.node.outputs else None
    dims: Dims = (1,) if claim is not None and claim.shape == (1,) else ()
    return (Value(HANDLE, dims, (numbers.setdefault(names, len(numbers)),), items=()),)


def _number(call: Call) -> int:
    known = elements_of(call.value(0))
    if call.value(0).dtype != HANDLE or known is None or len(known) != 1 or not isinstance(known[0], int):
        raise call.unsupported("which variable it means is not followed")
    return known[0]


def assign_variable(call: Call) -> Sequence[Value]:
    """ASSIGN_VARIABLE: every assignment gives a variable the same type and shape, or its size is not known."""
    given = call.value(1)
    try:
        number = _number(call)
    except CostUnknown as lost:
        call.inference.variables.append(Value(given.dtype, Hole(lost.cause)))
        raise
    held = call.inference.resources.get(number)
    if held is None:
        held = call.inference.resources[number] = Value(given.dtype, given.shape)
        call.inference.variables.append(held)
    elif held.dtype != given.dtype or (held.shape != given.shape and not isinstance(held.shape, Hole)):
        detail = f"a variable of {text(held.shape)} {held.dtype} becomes {text(given.shape)} {given.dtype}"
        raise EvidenceError(Reason.UNSUPPORTED_OPERATOR, detail, fix="keep the shape of the variable")
    return ()


def read_variable(call: Call) -> Sequence[Value]:
    """READ_VARIABLE: what was assigned."""
    held = call.inference.resources.get(_number(call))
    if held is None:
        raise call.unsupported("a variable that nothing before it assigns")
    return (Value(held.dtype, held.shape),)


def hashtable(call: Call) -> Sequence[Value]:
    """HASHTABLE: the handle of a table."""
    call.int_attribute("table_id", 0)
    return (Value(HANDLE, (1,), items=()),)


def hashtable_find(call: Call) -> Sequence[Value]:
    """HASHTABLE_FIND: a value of the default's type for each key."""
    return (Value(call.value(2).dtype, call.value(1).shape),)


def hashtable_import(call: Call) -> Sequence[Value]:
    """HASHTABLE_IMPORT: nothing; the table keeps copies of keys and values for as long as the interpreter lives."""
    copies = [Value(given.dtype, given.shape) for given in (call.value(1), call.value(2))]
    call.inference.variables.extend(copies)
    return ()


def hashtable_size(call: Call) -> Sequence[Value]:
    """HASHTABLE_SIZE: one int64."""
    call.value(0)
    return (Value("int64", (1,)),)


TABLE: Table = {
    "VAR_HANDLE": Operator(var_handle, derived=False),
    "ASSIGN_VARIABLE": Operator(assign_variable, derived=False),
    "READ_VARIABLE": Operator(read_variable, derived=False),
    "HASHTABLE": Operator(hashtable, derived=False),
    "HASHTABLE_FIND": Operator(hashtable_find, derived=False),
    "HASHTABLE_IMPORT": Operator(hashtable_import, derived=False),
    "HASHTABLE_SIZE": Operator(hashtable_size, derived=False),
}
