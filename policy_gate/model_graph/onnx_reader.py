"""Reads an ONNX model into the neutral graph without loading its weights (field numbers: onnx.proto, onnx 1.23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import BinaryFile, ExternalSize, unreadable
from policy_gate.model_graph.graph import Function, Graph, Model, Node, Tensor
from policy_gate.model_graph.onnx_attribute import AttributeReader
from policy_gate.model_graph.onnx_spare import other_bytes
from policy_gate.model_graph.onnx_tensor import TensorReader
from policy_gate.model_graph.onnx_types import TypeReader
from policy_gate.model_graph.spare import ANNOTATIONS, DOCUMENTATION, LONG_TEXT_BYTES, METADATA, TRAINING
from policy_gate.model_graph.well_formed import check_well_formed
from policy_gate.model_graph.wire import Message, Rule, Schema, Take, Wire, signed

MAX_SUBGRAPH_DEPTH = 32

_NODE_MEMORY = 800
_OPSET_MEMORY = 300
_ATTRIBUTE_MEMORY = 100
_NO_ATTRIBUTES: Mapping[str, object] = MappingProxyType({})


def read_onnx(file: BinaryFile, *, external: ExternalSize | None, name: str = "") -> Model:
    """Read a model: graph, functions, opsets and what every constant claims; weights are passed over.

    `external` gives the size of a file beside the model or raises EvidenceError; without it external data is
    refused. `name` is the model's own file name, which no tensor may point back to. Tensors stored outside have
    no `small` bytes. Reads are sequential and bounded: a model of 1 GB costs what its structure costs.

    Raises:
        EvidenceError: UNREADABLE where the file is malformed or contradicts itself, TOO_LARGE over the reader's
            limits, PATH_REFUSED for external data outside the model's directory; with the byte offset if known.
    """
    return _OnnxReader(file, external, name).read()


class _OnnxReader:
    """The messages above tensors and types: model, graph, node, function."""

    def __init__(self, file: BinaryFile, external: ExternalSize | None, name: str) -> None:
        wire = self._wire = Wire(file)
        self._depth = 0
        self._tensors = TensorReader(wire, external, name)
        types = self._types = TypeReader(wire)
        self._attributes = AttributeReader(wire, self._tensors, types, self._graph)
        text = wire.texts
        node = {
            0x0A: text("input", Take.EACH),
            0x12: text("output", Take.EACH),
            0x1A: text("name"),
            0x22: text("op_type"),
            0x2A: Rule("attribute", Take.EACH, self._attributes.read),
            0x3A: text("domain"),
            0x42: text("overload"),
        }
        self._node_schema = Schema.of("NodeProto", node, skip={0x32: DOCUMENTATION, 0x4A: METADATA, 0x52: ANNOTATIONS})
        opset = {0x0A: text("domain"), 0x10: Rule("version")}
        pair = {0x0A: text("key"), 0x12: Rule("value", decode=self._metadata_value)}
        self._metadata_schema = Schema.of("StringStringEntryProto", pair)
        self._opset_schema = Schema.of("OperatorSetIdProto", opset)
        self._graph_schema = self._schema_of_graph()
        self._function_schema = self._schema_of_function()

    def _schema_of_graph(self) -> Schema:
        """GraphProto."""
        graph = {
            0x0A: Rule("node", Take.EACH, self._node),
            0x12: self._wire.texts("name"),
            0x2A: Rule("initializer", Take.EACH, self._tensors.read),
            0x5A: Rule("input", Take.EACH, self._types.read_value),
            0x62: Rule("output", Take.EACH, self._types.read_value),
            0x6A: Rule("value_info", Take.EACH, self._types.read_value),
            0x7A: Rule("sparse_initializer", Take.EACH, self._tensors.read_sparse),
        }
        return Schema.of("GraphProto", graph, skip={0x52: DOCUMENTATION, 0x72: ANNOTATIONS, 0x82: METADATA})

    def _schema_of_function(self) -> Schema:
        """FunctionProto."""
        text = self._wire.texts
        function = {
            0x0A: text("name"),
            0x22: text("input", Take.EACH),
            0x2A: text("output", Take.EACH),
            0x32: text("attribute", Take.EACH),
            0x3A: Rule("node", Take.EACH, self._node),
            0x4A: Rule("opset_import", Take.EACH, self._opset),
            0x52: text("domain"),
            0x5A: Rule("attribute_proto", Take.EACH, self._attributes.read),
            0x6A: text("overload"),
        }
        return Schema.of("FunctionProto", function, skip={0x42: DOCUMENTATION, 0x62: ANNOTATIONS, 0x72: METADATA})

    def _schema_of_model(self) -> Schema:
        """ModelProto."""
        text = self._wire.texts
        model = {
            0x08: Rule("ir_version"),
            0x12: text("producer_name"),
            0x1A: text("producer_version"),
            0x28: Rule("model_version"),
            0x3A: Rule("graph", decode=self._graph),
            0x42: Rule("opset_import", Take.EACH, self._opset),
            0x72: Rule("metadata_props", Take.EACH, self._metadata),
            0xA2: Rule("training_info", Take.COUNT, self._training),
            0xCA: Rule("functions", Take.EACH, self._function),
        }
        return Schema.of("ModelProto", model, skip={0x22: DOCUMENTATION, 0x32: DOCUMENTATION, 0xD2: ANNOTATIONS})

    def read(self) -> Model:
        """Decode the whole file."""
        found = self._wire.message(0, self._wire.size, self._schema_of_model())
        graph, ir_version = found.get("graph"), found.get("ir_version", 0)
        if not isinstance(graph, Graph):
            raise unreadable("the model has no graph", self._wire.size)
        if not 1 <= ir_version <= 1 << 31:
            raise unreadable("the model has no valid ir_version", 0)
        self._tensors.refuse_overlaps()
        opsets = self._opsets(found)
        model = Model(
            format="onnx",
            file_bytes=self._wire.size,
            ir_version=ir_version,
            opsets=opsets if opsets or ir_version >= 3 else {"": 1},
            graph=graph,
            functions=tuple(found.get("functions", ())),
            producer=" ".join(filter(None, (found.get("producer_name", ""), found.get("producer_version", "")))),
            metadata=tuple(found.get("metadata_props", ())),
            external_files=self._tensors.files,
            external_bytes=self._tensors.bytes_taken,
        )
        checked = check_well_formed(model, self._notes(found))
        return replace(checked, other_bytes=other_bytes(checked, self._wire.spare))

    def _metadata(self, start: int, end: int) -> tuple[str, str]:
        """Decode an entry of the model's metadata; a value longer than a text may be is passed over."""
        self._wire.spend(_OPSET_MEMORY)
        self._wire.pass_over(METADATA, end - start)
        found = self._wire.message(start, end, self._metadata_schema)
        return found.get("key", ""), found.get("value", "")

    def _metadata_value(self, start: int, end: int) -> str:
        """Decode a value of the metadata, "" for a long one."""
        if end - start > LONG_TEXT_BYTES:
            return ""
        return self._wire.text(start, end)

    def _training(self, start: int, end: int) -> int:
        """Pass over training information."""
        self._wire.pass_over(TRAINING, end - start)
        return 1

    def _notes(self, found: Message) -> tuple[str, ...]:
        """What a reviewer should know beyond the graph."""
        training = found.get("training_info", 0)
        notes = [f"the model carries training information ({training})"] if training else []
        return (*notes, *self._wire.unknown)

    def _opset(self, start: int, end: int) -> tuple[str, int]:
        """Decode an OperatorSetIdProto."""
        self._wire.spend(_OPSET_MEMORY)
        found = self._wire.message(start, end, self._opset_schema)
        version = signed(found.get("version", 0))
        if not 0 <= version < 1 << 31:
            raise unreadable(f"opset version {version}", start)
        return _plain_domain(found.get("domain", "")), version

    def _opsets(self, found: Message) -> Mapping[str, int]:
        """Collect the imported opsets; one domain in two versions contradicts itself."""
        opsets: dict[str, int] = {}
        for domain, version in found.get("opset_import", ()):
            if opsets.setdefault(domain, version) != version:
                raise EvidenceError(Reason.UNREADABLE, f"domain {domain!r} is imported in two versions")
        return opsets

    def _graph(self, start: int, end: int) -> Graph:
        """Decode a GraphProto and, through attributes, its subgraphs."""
        self._depth += 1
        if self._depth > MAX_SUBGRAPH_DEPTH:
            raise EvidenceError(Reason.TOO_LARGE, f"subgraphs nest deeper than {MAX_SUBGRAPH_DEPTH} (byte {start})")
        self._wire.spend(_NODE_MEMORY)
        found = self._wire.message(start, end, self._graph_schema)
        self._depth -= 1
        constants: dict[str, Tensor] = {}
        for tensor in (*found.get("initializer", ()), *found.get("sparse_initializer", ())):
            if not tensor.name or tensor.name in constants:
                what = f"initialiser {tensor.name!r} occurs twice" if tensor.name else "an initialiser has no name"
                raise unreadable(what, start)
            constants[tensor.name] = tensor
        return Graph(
            name=found.get("name", ""),
            nodes=tuple(found.get("node", ())),
            constants=constants,
            inputs=tuple(found.get("input", ())),
            outputs=tuple(found.get("output", ())),
            value_info=tuple(found.get("value_info", ())),
        )

    def _node(self, start: int, end: int) -> Node:
        """Decode a NodeProto."""
        self._wire.spend(_NODE_MEMORY)
        found = self._wire.message(start, end, self._node_schema)
        get = found.get
        op: str = get("op_type", "")
        if not op:
            raise unreadable("a node has no operator", start)
        return Node(
            op,
            _plain_domain(found["domain"]) if "domain" in found else "",
            get("name", ""),
            tuple(get("input", ())),
            tuple(get("output", ())),
            self._named(found["attribute"], f"node {op}", start) if "attribute" in found else _NO_ATTRIBUTES,
            get("overload", ""),
        )

    def _named(self, pairs: list[tuple[str, object]], what: str, at: int) -> dict[str, object]:
        """Collect attributes by name; a name may occur once."""
        self._wire.spend(200 + _ATTRIBUTE_MEMORY * len(pairs))
        attributes = dict(pairs)
        if len(attributes) != len(pairs):
            raise unreadable(f"{what} repeats an attribute", at)
        return attributes

    def _function(self, start: int, end: int) -> Function:
        """Decode a FunctionProto."""
        self._wire.spend(_NODE_MEMORY)
        found = self._wire.message(start, end, self._function_schema)
        name: str = found.get("name", "")
        if not name:
            raise unreadable("a function has no name", start)
        return Function(
            domain=_plain_domain(found.get("domain", "")),
            name=name,
            inputs=tuple(found.get("input", ())),
            outputs=tuple(found.get("output", ())),
            attributes=tuple(found.get("attribute", ())),
            attribute_defaults=self._named(found.get("attribute_proto", []), f"function {name}", start),
            nodes=tuple(found.get("node", ())),
            opsets=self._opsets(found),
            overload=found.get("overload", ""),
        )


def _plain_domain(domain: str) -> str:
    """Spell the default domain one way (onnx: "" and "ai.onnx" are the same)."""
    return "" if domain == "ai.onnx" else domain
