"""The TFLite reader agrees with the tflite package on everything but the weights, which it does not load."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tflite_bytes import (
    CODES,
    Raw,
    Table,
    Tables,
    buffer,
    graph_of,
    i8,
    i32,
    ints,
    model,
    operator,
    quantisation,
    read,
    subgraph,
    tensor,
    u8,
    u32,
    with_constant,
    write,
)

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.dtypes import byte_count
from policy_gate.model_graph.graph import Graph, Model, Tensor, ValueInfo
from policy_gate.model_graph.tflite_schema import BUILTINS, TYPES


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    return pytest.importorskip("tflite", reason="the tflite package, which reads the same files, is not installed")


def models(shared: Path) -> list[Path]:
    found = sorted(shared.glob("models/*/*.tflite"))
    assert len(found) >= 8
    return found


def from_path(path: Path) -> Model:
    with path.open("rb") as file:
        return read_model(file, path.name)


def listed(vector: object, count: int) -> tuple[int, ...]:
    return tuple(vector(index) for index in range(count))


def test_the_mlperf_tiny_models_read_as_the_tflite_package_reads_them(shared: Path, oracle: ModuleType) -> None:
    for path in models(shared):
        whole = path.read_bytes()
        theirs = oracle.Model.GetRootAsModel(whole, 0)
        found = from_path(path)
        assert (found.format, found.opsets, found.file_bytes) == ("tflite", {"tflite": 3}, len(whole))
        assert_agrees(found.graph, theirs, theirs.Subgraphs(0), whole)


def assert_agrees(found: Graph, whole_model: object, theirs: object, content: bytes) -> None:
    tensors = [theirs.Tensors(index) for index in range(theirs.TensorsLength())]
    names = [each.Name().decode() for each in tensors]
    assert [each.name for each in found.inputs] == [
        names[each] for each in listed(theirs.Inputs, theirs.InputsLength())
    ]
    assert [each.name for each in found.outputs] == [
        names[each] for each in listed(theirs.Outputs, theirs.OutputsLength())
    ]
    values = {each.name: each for each in (*found.inputs, *found.outputs, *found.value_info)}
    for name, each in zip(names, tensors, strict=True):
        shape = listed(each.Shape, each.ShapeLength())
        stored = whole_model.Buffers(each.Buffer())
        if not stored.DataLength():
            signature = listed(each.ShapeSignature, each.ShapeSignatureLength()) or shape
            is_input = name in {value.name for value in found.inputs}
            expected = [dim if is_input or open_ >= 0 else None for dim, open_ in zip(shape, signature, strict=True)]
            assert values.pop(name).shape == tuple(expected)
            continue
        constant = found.constants[name]
        assert (constant.dims, constant.dtype) == (shape, TYPES[each.Type()])
        assert constant.payload is not None
        held = content[constant.payload.offset :][: constant.payload.length]
        assert held == stored.DataAsNumpy().tobytes()
        assert constant.small == (held if len(held) <= 1024 else b"")
        quantised = each.Quantization()
        assert constant.scales == (quantised.ScaleLength() if quantised is not None else 0)
    assert not values
    assert sum(each.stored_bytes for each in found.constants.values()) == sum(
        whole_model.Buffers(index).DataLength() for index in {each.Buffer() for each in tensors}
    )
    for index, node in enumerate(found.nodes):
        operator_ = theirs.Operators(index)
        code = whole_model.OperatorCodes(operator_.OpcodeIndex())
        assert CODES[node.op] == max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        assert node.domain == "tflite"
        assert node.inputs == tuple(names[at] for at in listed(operator_.Inputs, operator_.InputsLength()))
        assert node.outputs == tuple(names[at] for at in listed(operator_.Outputs, operator_.OutputsLength()))


def test_omitted_inputs_have_no_name() -> None:
    found = graph_of(model(subgraph(operators=(operator(inputs=(0, -1, 0)),))))
    assert found.nodes[0].inputs == ("x", "", "x")


def test_tensors_without_a_name_of_their_own_are_told_apart_by_their_number() -> None:
    tensors = (tensor("a"), tensor("a"), tensor(""), tensor("b"))
    calls = (operator(), operator(inputs=(1,), outputs=(2,)), operator(inputs=(2,), outputs=(3,)))
    found = graph_of(model(subgraph(tensors, (0,), (3,), calls)))
    assert [node.outputs for node in found.nodes] == [("a#1",), ("#2",), ("b",)]
    assert found.inputs[0].name == "a#0"


def test_names_keep_control_characters_as_data() -> None:
    found = graph_of(model(subgraph((tensor("x\x1b[2J\n"), tensor("y")))))
    assert found.inputs[0].name == "x\x1b[2J\n"


@pytest.mark.parametrize(
    ("dtype", "elements"),
    [(dtype, count) for dtype in TYPES if dtype != "string" and "(" not in dtype for count in (1, 3, 8)],
)
def test_every_element_type_has_its_width(dtype: str, elements: int) -> None:
    size = byte_count(elements, dtype)
    found = graph_of(with_constant(tensor("w", (elements,), dtype, 1), b"\x11" * size)).constants["w"]
    assert (found.dtype, found.dims, found.stored_bytes) == (dtype, (elements,), size)
    assert len(found.small) == size


def test_padding_bits_behind_the_last_element_are_not_content() -> None:
    for held in (b"\x21\x03", b"\x21\xf3"):
        assert graph_of(with_constant(tensor("w", (3,), "int4", 1), held)).constants["w"].small == b"\x21\x03"


def test_strings_are_counted_against_the_shape_and_not_kept() -> None:
    packed = struct.pack("<4i", 2, 16, 19, 19) + b"abc"
    found = graph_of(with_constant(tensor("w", (2,), "string", 1), packed)).constants["w"]
    assert (found.dtype, found.dims, found.stored_bytes, found.small) == ("string", (2,), 19, b"")


def test_a_sparse_constant_has_dense_dimensions_and_the_bytes_that_are_stored() -> None:
    rows = Table({0: i8(1), 2: u8(3), 3: Table({0: Raw(b"\0\1\2")}), 4: u8(1), 5: Table({0: ints(0, 2)})})
    sparsity = Table({0: ints(0, 1), 2: Tables((Table({1: i32(3)}), rows))})
    found = read(with_constant(tensor("w", (3, 3), "float32", 1, {6: sparsity}), b"\0" * 8))
    constant = found.graph.constants["w"]
    assert (constant.dims, constant.stored_bytes, constant.small) == ((3, 3), 8 + (8 + 3 + 8), b"")
    assert constant.payload is not None
    assert constant.payload.encoding == "sparse"
    assert found.other_bytes == ()


def test_per_channel_quantisation_is_counted_in_scales() -> None:
    many = quantisation((0.5, 0.25, 0.125), dimension=0)
    found = graph_of(with_constant(tensor("w", (3, 2), "int8", 1, {4: many}), b"\0" * 6)).constants["w"]
    assert found.scales == 3
    assert found.scaling is not None
    assert found.scaling.layout == "one for each of dimension 0"


def test_scales_that_another_tensor_holds_are_counted_there_and_its_bytes_are_in_use() -> None:
    blocks = Table({0: i32(3), 1: i32(-1), 2: i32(2)})
    held = tensor("w", (2, 4), "int8", 1, {4: Table({4: i8(2), 5: blocks})})
    tensors = (tensor("x"), tensor("y"), held, tensor("s", (2, 2), "float16", 2))
    made = model(subgraph(tensors, operators=(operator(inputs=(0, 2)),)), buffers=(b"", b"\0" * 8, b"\0" * 8))
    found = read(made)
    assert found.graph.constants["w"].scales == 4
    assert found.graph.constants["s"].stored_bytes == 8
    assert found.other_bytes == ()


def test_shapes_of_values_are_claims_and_those_of_inputs_are_what_an_interpreter_allocates() -> None:
    open_ = {7: ints(-1, 2)}
    tensors = (tensor("x", (1, 2), more=open_), tensor("m", (1, 2), more=open_), tensor("y", (1, 2)))
    calls = (operator(), operator(inputs=(1,), outputs=(2,)))
    found = read(model(subgraph(tensors, outputs=(2,), operators=calls)))
    assert found.graph.inputs == (ValueInfo("x", "float32", (1, 2)),)
    assert found.graph.value_info == (ValueInfo("m", "float32", (None, 2)),)
    assert found.graph.outputs == (ValueInfo("y", "float32", (1, 2)),)
    assert found.notes == ("input 'x' has any extent along axis 0, counted as 1: bind 'x[0]'",)


def test_an_input_without_a_number_for_an_extent_has_none() -> None:
    assert graph_of(model(subgraph((tensor("x", (-1, 2)), tensor("y"))))).inputs[0].shape == (None, 2)


def test_a_value_without_dimensions_has_a_rank_only_where_the_file_says_so() -> None:
    ranked = {8: u8(1)}
    assert graph_of(model(subgraph((tensor("x"), tensor("y", ()))))).outputs[0].shape is None
    assert graph_of(model(subgraph((tensor("x"), tensor("y", (), more=ranked))))).outputs[0].shape == ()
    assert graph_of(model(subgraph((tensor("x", ()), tensor("y"))))).inputs[0].shape == ()


def test_a_variable_tensor_is_a_value_that_nothing_makes() -> None:
    tensors = (tensor("x"), tensor("y"), tensor("state", more={5: u8(1), 7: ints(-1, 2)}))
    found = graph_of(model(subgraph(tensors, operators=(operator(inputs=(0, 2)),))))
    assert found.nodes[0].inputs == ("x", "state")
    assert "state" not in found.constants
    assert ValueInfo("state", "float32", (1, 2)) in found.value_info


def test_a_tensor_of_no_elements_is_a_constant_without_bytes() -> None:
    tensors = (tensor("x"), tensor("y"), tensor("shape", (0,), "int32"))
    found = graph_of(model(subgraph(tensors, operators=(operator(inputs=(0, 2)),))))
    assert found.constants["shape"] == Tensor("shape", "int32", (0,), 0)


def test_reading_a_model_imports_neither_numpy_nor_hashlib(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(write(model()).bytes())
    script = (
        "import sys, policy_gate.model_graph as m\n"
        "m.read_model(open(sys.argv[1], 'rb'), sys.argv[1])\n"
        "print([name for name in ('onnx', 'numpy', 'hashlib', 'tempfile', 'json') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "m.tflite")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("version", [0, 1, 2, 4])
def test_another_version_of_the_schema_is_an_unsupported_format(version: int) -> None:
    with pytest.raises(EvidenceError) as refused:
        read(model(version=version))
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT


def test_weights_in_another_file_are_an_unsupported_format() -> None:
    with pytest.raises(EvidenceError) as refused:
        read(model(subgraph((tensor("x"), tensor("y", more={10: u32(1)})))))
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT


def test_tables_before_and_after_their_vtables_are_read_alike() -> None:
    assert buffer().fields == {}
    assert read(model()).graph.nodes[0].op == BUILTINS[19]
