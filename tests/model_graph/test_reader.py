"""The reader agrees with the onnx package on everything but the weights, which it does not load."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_bytes import block, graph, model, node, read, tensor

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.graph import AttributeReference, Graph, Model, Tensor, ValueInfo

SHIPPED = sorted(Path(onnx.__file__).parent.rglob("*.onnx"))
CODES = {name: code for code, name in NAMES.items()}


def from_path(path: Path) -> Model:
    with path.open("rb") as file:
        return read_model(file, path.name, lambda name: (path.parent / name).stat().st_size)


def described(value: onnx.ValueInfoProto) -> tuple[str, object]:
    if value.type.WhichOneof("value") != "tensor_type":
        return value.name, None
    held = value.type.tensor_type
    if not held.HasField("shape"):
        return value.name, None
    named = {
        "dim_value": lambda dim: dim.dim_value,
        "dim_param": lambda dim: dim.dim_param or None,
        None: lambda _dim: None,
    }
    return value.name, tuple(named[dim.WhichOneof("value")](dim) for dim in held.shape.dim)


def plain(attribute: onnx.AttributeProto) -> object:
    held = helper.get_attribute_value(attribute)
    if isinstance(held, bytes):
        return held.decode()
    if isinstance(held, (onnx.TensorProto, onnx.GraphProto, onnx.TypeProto, onnx.SparseTensorProto)):
        return type(held).__name__
    if isinstance(held, (int, float)):
        return held
    return tuple(each.decode() if isinstance(each, bytes) else each for each in held)


def kept(value: object) -> object:
    kinds = {Tensor: "TensorProto", Graph: "GraphProto"}
    return kinds.get(type(value), value)


def assert_agrees(found: Graph, expected: onnx.GraphProto) -> None:
    assert [node.op for node in found.nodes] == [node.op_type for node in expected.node]
    assert [node.inputs for node in found.nodes] == [tuple(node.input) for node in expected.node]
    assert [node.outputs for node in found.nodes] == [tuple(node.output) for node in expected.node]
    assert [(each.name, each.shape) for each in found.inputs] == [described(each) for each in expected.input]
    assert [(each.name, each.shape) for each in found.outputs] == [described(each) for each in expected.output]
    assert len(found.value_info) == len(expected.value_info)
    stored = {each.name: (tuple(each.dims), each.data_type) for each in expected.initializer}
    assert {name: (each.dims, CODES[each.dtype]) for name, each in found.constants.items()} == stored
    for tensor_proto in expected.initializer:
        if small := found.constants[tensor_proto.name].small:
            assert small == numpy_helper.to_array(tensor_proto).tobytes()
    for ours, theirs in zip(found.nodes, expected.node, strict=True):
        assert ours.attributes.keys() == {each.name for each in theirs.attribute}
        for attribute in theirs.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                assert_agrees(ours.attributes[attribute.name], attribute.g)
            else:
                assert kept(ours.attributes[attribute.name]) == plain(attribute)


@pytest.mark.parametrize("folder", sorted({path.parent.parent.name for path in SHIPPED}))
def test_every_model_shipped_with_onnx_reads_as_onnx_reads_it(folder: str) -> None:
    for path in SHIPPED:
        if path.parent.parent.name == folder:
            expected = onnx.load(path)
            found = from_path(path)
            assert_agrees(found.graph, expected.graph)
            assert found.ir_version == expected.ir_version
            assert [each.name for each in found.functions] == [each.name for each in expected.functions]
            assert found.notes == ()


def test_the_mlperf_tiny_models_read_as_onnx_reads_them(shared: Path) -> None:
    paths = sorted(shared.glob("models/*/*.onnx"))
    assert len(paths) >= 8
    for path in paths:
        assert_agrees(from_path(path).graph, onnx.load(path).graph)


ARRAYS = {
    name: np.arange(5).astype(helper.tensor_dtype_to_np_dtype(code)) for code, name in NAMES.items() if name != "string"
}


@pytest.mark.parametrize("dtype", sorted(ARRAYS))
def test_every_element_type_reads_the_same_from_typed_and_raw_data(dtype: str) -> None:
    values = [1, 0, 1, 1, 0]
    code = CODES[dtype]
    typed = helper.make_tensor("w", code, [5], values)
    packed = numpy_helper.from_array(helper_array(typed), "w")
    raw = onnx.TensorProto(name="w", data_type=code, dims=[5], raw_data=packed.raw_data)
    from_typed = read(model(graph(block(5, typed.SerializeToString())))).graph.constants["w"]
    from_raw = read(model(graph(block(5, raw.SerializeToString())))).graph.constants["w"]
    assert from_typed.small == from_raw.small == packed.raw_data
    assert (from_typed.dtype, from_typed.dims) == (from_raw.dtype, from_raw.dims) == (dtype, (5,))


def helper_array(typed: onnx.TensorProto) -> np.ndarray:
    return numpy_helper.to_array(typed)


def test_padding_bits_behind_the_last_element_are_not_content() -> None:
    for held in (b"\x21\x03", b"\x21\xf3"):
        found = read(model(graph(block(5, tensor("w", (3,), CODES["int4"], block(9, held))))))
        assert found.graph.constants["w"].small == b"\x21\x03"


def test_strings_and_their_size_are_counted_not_kept() -> None:
    strings = helper.make_tensor("w", TensorProto.STRING, [2], [b"abc", b""])
    found = read(model(graph(block(5, strings.SerializeToString())))).graph.constants["w"]
    assert (found.dtype, found.dims, found.stored_bytes, found.small) == ("string", (2,), 3, b"")


def test_a_sparse_initialiser_has_dense_dimensions_and_the_bytes_of_both_parts() -> None:
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("", TensorProto.INT64, [2], [1, 5])
    sparse = helper.make_sparse_tensor(values, indices, [3, 3])
    found = read(model(graph(block(15, sparse.SerializeToString())))).graph.constants["w"]
    assert (found.dims, found.elements, found.stored_bytes) == ((3, 3), 9, 8 + 2)
    assert found.indices is not None


def test_a_long_attribute_list_is_noted_with_its_bytes_and_a_short_one_is_kept() -> None:
    made = [helper.make_attribute("long", [0.5] * 19_000), helper.make_attribute("short", [0.5] * 4096)]
    made += [helper.make_attribute("numbers", [1] * 5000), helper.make_attribute("text", "x" * 70_000)]
    fields = [block(5, each.SerializeToString()) for each in made]
    attributes = read(model(graph(nodes=(node("SVM", ("x",), ("y",), *fields),)))).graph.nodes[0].attributes
    assert attributes["short"] == (0.5,) * 4096
    long, numbers, text = attributes["long"], attributes["numbers"], attributes["text"]
    assert isinstance(long, Tensor)
    assert (long.dims, long.stored_bytes, long.dtype) == ((19_000,), 76_000, "float32")
    assert isinstance(numbers, Tensor)
    assert (numbers.dims, numbers.stored_bytes, numbers.dtype) == ((5000,), 40_000, "int64")
    assert isinstance(text, Tensor)


def test_values_that_are_no_tensors_keep_their_type_by_name() -> None:
    sequence = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2, "N"]))
    declared = [
        helper.make_value_info("s", sequence),
        helper.make_value_info("o", helper.make_optional_type_proto(sequence)),
        helper.make_value_info("m", helper.make_map_type_proto(TensorProto.STRING, sequence)),
        helper.make_sparse_tensor_value_info("p", TensorProto.INT8, [4]),
    ]
    inputs = b"".join(block(11, each.SerializeToString()) for each in declared)
    assert read(model(graph(inputs))).graph.inputs[1:] == (
        ValueInfo("s", "sequence(float32)", None),
        ValueInfo("o", "optional(sequence(float32))", None),
        ValueInfo("m", "map(string,sequence(float32))", None),
        ValueInfo("p", "sparse(int8)", (4,)),
    )


def test_functions_keep_their_attributes_references_and_opsets() -> None:
    inner = helper.make_node("LeakyRelu", ["a"], ["b"])
    reference = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    inner.attribute.append(reference)
    function = helper.make_function(
        "my.domain", "Leak", ["a"], ["b"], [inner], [helper.make_opsetid("", 17)], ["slope"]
    )
    found = read(model(None, block(25, function.SerializeToString()))).functions[0]
    assert (found.domain, found.name, found.inputs, found.attributes) == ("my.domain", "Leak", ("a",), ("slope",))
    assert found.nodes[0].attributes["alpha"] == AttributeReference("slope")
    assert found.opsets == {"": 17}


def test_both_spellings_of_the_default_domain_are_one() -> None:
    found = read(model(graph(nodes=(node("Relu", ("x",), ("y",), block(7, "ai.onnx")),))))
    assert (found.graph.nodes[0].domain, found.notes) == ("", ())


def test_reading_a_model_imports_neither_onnx_nor_numpy_nor_hashlib() -> None:
    script = (
        "import sys, policy_gate.model_graph as m\n"
        "file = open(sys.argv[1], 'rb')\n"
        "m.read_model(file, sys.argv[1])\n"
        "print([name for name in ('onnx', 'numpy', 'tempfile', 'subprocess', 'json') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(SHIPPED[0])], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a model", b"....CIR0....", b"GGUF\x03\0\0\0"])
def test_what_no_reader_knows_is_an_unsupported_format(content: bytes) -> None:
    with pytest.raises(EvidenceError) as refused:
        read_model(io.BytesIO(content), "kws.onnx")
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT
