"""Computes the fingerprint of a model: what it holds and computes, however it is stored (scheme pgfp-1)."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.model_graph.graph import Entry, Model, ValueInfo
from policy_gate.model_graph.merkle import GraphHasher, Symbols, digest
from policy_gate.model_graph.tensor_content import OpenPayload, TensorContent
from policy_gate.model_graph.tflite_merkle import TfliteHasher
from policy_gate.model_graph.well_formed import functions_by_key, functions_in_order

SCHEME = "pgfp-1"


@dataclass(frozen=True, slots=True)
class Identity:
    """The digests of one model, each "sha256:<hex>"; `scheme` names how they are computed."""

    scheme: str
    weights: str
    structure: str
    bound: str
    interface: str
    operators: str


def identify(model: Model, open_payload: OpenPayload) -> Identity:
    """Compute a model's identity from its graph and the bytes of its tensors, in one pass over them.

    - tensor: SHA-256 of element type, dimensions and canonical little-endian bytes.
    - weights: the sorted digests (with repetition) of every tensor of more than one element, also unused ones,
      but those of int64 and bool, which hold shapes, axes, indices and flags. Tensors in attributes and lists
      of more than 4,096 entries count; int8 to int32 count, because quantised weights are stored in them.
    - structure: a Merkle hash from the ordered outputs over operators (domain, name, the version that last
      changed them), arity, attributes that differ from the schema's defaults, and inputs. Constants count by
      type and dimensions; int64 and bool ones of at most 1 KiB, and all attributes, by value. Constant nodes are
      constants. Subgraphs are hashed among outer values, function calls by the hash of their body.
    - bound: the same with the contents of all constants.
    - interface: names, types and shapes of inputs (without those that have an initial value) and outputs;
      symbolic dimensions by order of appearance.
    - operators: how often each operator or function body is used anywhere, also where no output depends on it.

    TFLite: `TfliteHasher` says what differs. Sparse tensors and operators with options that are not understood are
    refused. The interface holds signatures too, with their aliases.

    No name inside the graph matters. Inlining a function, or an opset in which a used operator was revised,
    changes the structure. `open_payload` gives the model file for "" and external files by their path.

    Raises:
        EvidenceError: a tensor's bytes are not there, do not fit its type, or a Constant holds no value;
            UNSUPPORTED_FORMAT where a part of a TFLite model cannot be read.
    """
    content = TensorContent(open_payload)
    hasher = TfliteHasher(content) if model.format == "tflite" else GraphHasher(content)
    by_key = functions_by_key(model.functions)
    for key in functions_in_order(by_key):
        function = by_key[key]
        hasher.functions[key] = (hasher.function(function), function.attribute_defaults)
    whole = hasher.model(model)
    histogram = sorted(hasher.operators.items())
    return Identity(
        scheme=SCHEME,
        weights=_named(b"weights", *sorted(hasher.tensors)),
        structure=_named(b"structure", whole.structure),
        bound=_named(b"bound", whole.bound),
        interface=_interface(model),
        operators=_named(b"operators", *[part for key, count in histogram for part in (key, str(count).encode())]),
    )


def _named(kind: bytes, *parts: bytes) -> str:
    """Spell the digest of one side of the identity."""
    return f"sha256:{digest(SCHEME.encode(), kind, *parts).hex()}"


def _interface(model: Model) -> str:
    """Hash how the model is called."""
    symbols = Symbols()
    graph = model.graph
    inputs = [value for value in graph.inputs if value.name not in graph.constants]
    parts = [str(len(inputs)).encode()]
    parts += [part for value in (*inputs, *graph.outputs) for part in _declared(value, symbols)]
    parts += [part for entry in model.entries if entry.name for part in _signature(entry, model)]
    return _named(b"interface", *parts)


def _signature(entry: Entry, model: Model) -> list[bytes]:
    """Spell a way to call a model by name."""
    what = b"main" if entry.graph is model.graph else b"other"
    sides = [*entry.inputs, ("", ""), *entry.outputs]
    return [b"signature", what, entry.name.encode(), *(text.encode() for pair in sides for text in pair)]


def _declared(value: ValueInfo, symbols: Symbols) -> tuple[bytes, bytes]:
    """Spell one input or output."""
    return value.name.encode(), symbols.type_of(value)
