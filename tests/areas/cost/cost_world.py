"""A small world for the tests of cost: models written field by field (onnx.proto), a folder, and evidence over it."""

from __future__ import annotations

import io
import json
from datetime import date
from itertools import pairwise

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.cost import AREA
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.manifest import decode_manifest
from policy_gate.model import Stage
from policy_gate.model_graph import Model, read_model
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import open_working_tree

FLOAT = 1


def varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def field(number: int, content: bytes | str | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def value(name: str, *extents: int | str | None) -> bytes:
    axes = b"".join(
        field(1, b"" if one is None else field(1, one) if isinstance(one, int) else field(2, one)) for one in extents
    )
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, axes)))


def node(op: str, inputs: list[str], output: str, name: str = "", domain: str = "") -> bytes:
    named = b"".join(field(1, one) for one in inputs) + field(2, output)
    return named + (field(3, name) if name else b"") + field(4, op) + (field(7, domain) if domain else b"")


def weight(name: str, rows: int, columns: int, external: str = "") -> bytes:
    head = field(1, rows) + field(1, columns) + field(2, FLOAT) + field(8, name)
    if not external:
        return head + field(9, bytes(4 * rows * columns))
    place = field(13, field(1, "location") + field(2, external))
    return head + place + field(14, 1)


def model(nodes: list[bytes], constants: list[bytes], inputs: list[bytes], outputs: list[bytes]) -> bytes:
    graph = b"".join(field(1, one) for one in nodes) + field(2, "g")
    graph += b"".join(field(5, one) for one in constants)
    graph += b"".join(field(11, one) for one in inputs) + b"".join(field(12, one) for one in outputs)
    domains = field(8, field(1, "") + field(2, 17)) + field(8, field(1, "com.acme") + field(2, 1))
    return field(1, 8) + field(7, graph) + domains


def dense(*widths: int, batch: int | str | None = 1, name: str = "fc", external: str = "") -> bytes:
    """A chain of matrix products: (batch, widths[0]) x (widths[0], widths[1]) x …, one layer a pair."""
    pairs = list(pairwise(widths))
    nodes = [node("MatMul", [f"v{at}", f"w{at}"], f"v{at + 1}", f"/{name}{at}") for at in range(len(pairs))]
    constants = [weight(f"w{at}", *pair, external) for at, pair in enumerate(pairs)]
    return model(nodes, constants, [value("v0", batch, widths[0])], [value(f"v{len(pairs)}", batch, widths[-1])])


def unknown_operator() -> bytes:
    return model([node("Magic", ["x"], "y", "/magic", "com.acme")], [], [value("x", 1, 4)], [value("y", 1, 4)])


def read(content: bytes) -> Model:
    return read_model(io.BytesIO(content), "model.onnx")


def manifest_of(**changes) -> dict:
    return {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        "targets": [{"id": "node", "runs": ["kws"]}],
        **changes,
    }


def write(folder, path: str, content: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def evidence_of(folder, content: dict | None = None) -> Evidence:
    document = load(json.dumps(content or manifest_of()).encode(), "release.json")
    return Evidence(
        manifest=decode_manifest(document, AREA.sections),
        tree=open_working_tree(folder),
        trusted=Trusted(source="head", models=ConfigSpec().models),
        facts=FactBook(),
        today=date(2026, 11, 23),
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )


def collected(folder, content: dict | None = None) -> FactBook:
    """What all collectors of the area find, as the engine runs them."""
    return collect(AREA.collectors, evidence_of(folder, content))
