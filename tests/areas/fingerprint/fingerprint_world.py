"""A small world for the tests of fingerprints: models written field by field (onnx.proto), a folder, evidence over it."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace
from datetime import date

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.fingerprint import AREA
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.manifest import decode_manifest
from policy_gate.model import Missing, Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import open_working_tree

FLOAT = 1
ONES, TWOS = (1.0, 1.0, 1.0, 1.0), (2.0, 2.0, 2.0, 2.0)
SIDES = ("weights", "structure", "bound", "interface", "operators")
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


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


def value(name: str) -> bytes:
    shape = field(1, field(1, 1)) + field(1, field(1, 2))
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, shape)))


def weight(name: str, content: tuple[float, ...], beside: str) -> bytes:
    head = field(1, 2) + field(1, 2) + field(2, FLOAT) + field(8, name)
    if not beside:
        return head + field(9, struct.pack("<4f", *content))
    return head + field(13, field(1, "location") + field(2, beside)) + field(14, 1)


def model(
    first=ONES, second=TWOS, *, op: str = "MatMul", output: str = "out", names=("a", "b"), beside: str = ""
) -> bytes:
    """A chain of two matrix products with weights of one shape; `beside` holds them in a file of that name."""
    nodes = [
        field(1, "in") + field(1, names[0]) + field(2, "mid") + field(4, "MatMul"),
        field(1, "mid") + field(1, names[1]) + field(2, output) + field(4, op),
    ]
    constants = [weight(names[0], first, beside), weight(names[1], second, beside)]
    graph = b"".join(field(1, one) for one in nodes) + field(2, "g") + b"".join(field(5, one) for one in constants)
    graph += field(11, value("in")) + field(12, value(output))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def artifact(name: str = "kws", path: str = "model/kws.onnx", **claims) -> dict:
    return {"id": name, "path": path, **claims}


def manifest_of(*artifacts: dict, **changes) -> dict:
    return {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": list(artifacts) or [artifact()],
        **changes,
    }


def write(folder, path: str, content: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def evidence_of(folder, content: dict | None = None, path: str = "release.json", **changes) -> Evidence:
    manifest = decode_manifest(load(json.dumps(content or manifest_of()).encode(), path), AREA.sections)
    evidence = Evidence(
        manifest=manifest,
        tree=open_working_tree(folder),
        trusted=Trusted(source="head", models=ConfigSpec().models),
        facts=FactBook(),
        today=date(2026, 11, 23),
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )
    return replace(evidence, **changes)


def collected(folder, content: dict | None = None, path: str = "release.json") -> FactBook:
    """What all collectors of the area find, as the engine runs them."""
    return collect(AREA.collectors, evidence_of(folder, content, path))


def only(book: FactBook, kind):
    """The one known fact of a type."""
    (found,) = book.entries(kind)
    assert isinstance(found, kind), found
    return found


def only_missing(book: FactBook, kind) -> Missing:
    (found,) = book.entries(kind)
    assert isinstance(found, Missing), found
    return found
