"""Operator codes and options of TFLite read as the tflite package reads them, and never as another operator's."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from tflite_bytes import (
    CODES,
    Raw,
    Table,
    Vector,
    f32,
    graph_of,
    i8,
    i32,
    i64,
    ints,
    model,
    opcode,
    operator,
    read,
    subgraph,
    u8,
    write,
)

from policy_gate.model_graph.graph import Graph, Tensor
from policy_gate.model_graph.tflite_schema import ENUMS, GRAPHS, TYPES, WIDE_ENUMS, Field, options_by_builtin


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    return pytest.importorskip("tflite", reason="the tflite package, which reads the same files, is not installed")


def listed(vector: object, count: int) -> tuple[int, ...]:
    return tuple(vector(index) for index in range(count))


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def test_operator_and_type_names_are_those_of_the_tflite_package(oracle: ModuleType) -> None:
    theirs = {name: code for name, code in vars(oracle.BuiltinOperator).items() if not name.startswith("_")}
    assert {name: code for name, code in CODES.items() if name != "STABLEHLO_CASE"} == theirs
    spelled = {"opaque(resource)": "RESOURCE", "opaque(variant)": "VARIANT"}
    for code, name in enumerate(TYPES[: TYPES.index("bfloat16") + 1]):
        assert getattr(oracle.TensorType, spelled.get(name, name.upper())) == code


ENUM_CLASSES = {
    "padding": "Padding",
    "activation": "ActivationFunctionType",
    "combiner": "CombinerType",
    "lsh": "LSHProjectionType",
    "lstm": "LSTMKernelType",
    "mirror": "MirrorPadMode",
    "weights": "FullyConnectedOptionsWeightsFormat",
    "rng": "RngAlgorithm",
    "bytes": "CustomOptionsFormat",
    "direction": "StablehloComparisonDirection",
    "compare": "StablehloComparisonType",
    "reduce": "ReduceWindowFunction",
}


@pytest.mark.parametrize("kind", sorted(ENUM_CLASSES))
def test_enumerations_of_options_are_those_of_the_tflite_package(kind: str, oracle: ModuleType) -> None:
    theirs = {name: code for name, code in vars(getattr(oracle, ENUM_CLASSES[kind])).items() if name[0] != "_"}
    ours = {name: code for code, name in enumerate(ENUMS[kind])}
    assert ours == {re.sub(r"^STABLEHLO_COMPARISON_(DIRECTION|TYPE)_", "", name): code for name, code in theirs.items()}


NUMBERS = {"int": i32(3), "long": i64(-5), "float": f32(0.75)}
VECTORS = {"ints": "i", "uints": "I", "longs": "q", "floats": "f", "bools": "?"}


def written(field: Field) -> object:
    """A value for an option that is not its default."""
    if field.kind in ENUMS:
        return i32(1) if field.kind in WIDE_ENUMS else i8(0 if field.default or field.kind == "bytes" else 1)
    if field.kind in VECTORS:
        return Vector(VECTORS[field.kind], (1, 0, 1))
    standing = {
        "bool": u8(0 if field.default else 1),
        "graph": i32(1),
        "graphs": ints(1, 2),
        "text": f"a {field.name}",
        "blob": Raw(b"blob"),
    }
    return NUMBERS.get(field.kind) or standing[field.kind]


def call_of(op: str, table: Table | None) -> Table:
    options = options_by_builtin()[op]
    more: dict[int, object] = {}
    if table is not None:
        slot = 11 if options.second else 3
        more = {slot: u8(options.code), slot + 1: table}
    return model(subgraph(operators=(operator(more=more),)), leaf(), leaf(), codes=(opcode(op), opcode()))


def leaf(name: str = "leaf") -> Table:
    """A subgraph that calls operator code 1."""
    return subgraph(operators=(operator(1),), name=name)


@pytest.mark.parametrize("op", sorted(options_by_builtin()))
def test_options_are_read_as_the_tflite_package_reads_them(op: str, oracle: ModuleType) -> None:
    options = options_by_builtin()[op]
    union = oracle.BuiltinOptions2 if options.second else oracle.BuiltinOptions
    name = {code: name for name, code in vars(union).items() if name[0] != "_"}.get(options.code)
    if name is None:
        pytest.skip("newer than the tflite package")
    has_graphs = any(field.kind.startswith("graph") for field in options.fields)
    full = Table({field.slot: written(field) for field in options.fields})
    for table in (full,) if has_graphs else (full, Table()):
        content = write(call_of(op, table)).bytes()
        node = read(content).graph.nodes[0]
        operator_ = oracle.Model.GetRootAsModel(content, 0).Subgraphs(0).Operators(0)
        theirs = getattr(oracle, name)()
        held = operator_.BuiltinOptions2() if options.second else operator_.BuiltinOptions()
        theirs.Init(held.Bytes, held.Pos)
        assert node.op == op
        assert len(node.attributes) == len(options.fields)
        for field in options.fields:
            assert_option(node.attributes[GRAPHS.get(field.name, field.name)], field, theirs)


def assert_option(value: object, field: Field, theirs: object) -> None:
    accessor = getattr(theirs, camel(field.name))
    if field.kind in VECTORS:
        assert value == listed(accessor, getattr(theirs, camel(field.name) + "Length")())
    elif field.kind == "blob":
        length = getattr(theirs, camel(field.name) + "Length")()
        assert value == bytes(listed(accessor, length))
    elif field.kind == "graphs":
        assert isinstance(value, tuple)
        assert len(value) == getattr(theirs, camel(field.name) + "Length")()
    elif field.kind in ENUMS:
        assert value == ENUMS[field.kind][accessor()]
    elif field.kind == "graph":
        assert isinstance(value, Graph)
        assert accessor() == 1
    elif field.kind == "text":
        assert value == (accessor() or b"").decode()
    else:
        assert (value, type(value)) == (accessor(), type(accessor()))


def test_absent_options_have_their_defaults_and_those_of_another_operator_are_unread() -> None:
    absent = graph_of(call_of("CONV_2D", None)).nodes[0].attributes
    assert (absent["padding"], absent["stride_w"], absent["dilation_w_factor"]) == ("SAME", 0, 1)
    wrong = operator(options=(5, Table({1: i32(2)})))
    assert graph_of(model(subgraph(operators=(wrong,)), codes=(opcode("CONV_2D"),))).nodes[0].attributes == {
        "unread_options": True
    }


def test_an_enumerated_option_of_a_later_schema_leaves_the_options_unread() -> None:
    later = operator(options=(1, Table({0: i8(7)})))
    found = graph_of(model(subgraph(operators=(later,)), codes=(opcode("CONV_2D"),))).nodes[0]
    assert found.attributes == {"unread_options": True}


def test_a_custom_operator_keeps_its_name_in_a_domain_of_its_own_and_its_options_as_bytes() -> None:
    call = operator(more={5: Raw(b"\x01\x02")})
    found = graph_of(model(subgraph(operators=(call,)), codes=(opcode("CUSTOM", "CONV_2D", version=2),))).nodes[0]
    assert (found.domain, found.op) == ("tflite.custom", "CONV_2D")
    assert found.attributes == {"custom_options": b"\x01\x02", "version": 2}


def test_an_operator_code_of_a_later_schema_gets_a_name_that_no_table_knows() -> None:
    for code in (127, 210, 9999):
        found = graph_of(model(codes=(opcode(code),))).nodes[0]
        assert (found.domain, found.op, found.attributes) == ("tflite", f"BUILTIN_{code}", {"unread_options": True})


@pytest.mark.parametrize(
    ("code", "op"),
    [
        (Table({0: i8(19)}), "RELU"),
        (Table({3: i32(19)}), "RELU"),
        (Table({0: i8(127), 3: i32(150)}), "GELU"),
        (Table({3: i32(150)}), "GELU"),
        (Table(), "ADD"),
    ],
    ids=["old field only", "wide field only", "placeholder", "wide and large", "neither"],
)
def test_an_operator_code_is_the_larger_of_its_two_fields(code: Table, op: str) -> None:
    assert graph_of(model(codes=(code,))).nodes[0].op == op


def test_a_long_list_among_options_is_noted_with_its_bytes() -> None:
    long = operator(options=(115, Table({0: Vector("f", (0.5,) * 5000)})))
    value = graph_of(model(subgraph(operators=(long,)), codes=(opcode("BUCKETIZE"),))).nodes[0].attributes["boundaries"]
    assert isinstance(value, Tensor)
    assert (value.dims, value.dtype, value.stored_bytes) == ((5000,), "float32", 20_000)
