"""A small world for the tests of the release area: a folder with files, its manifest, and the evidence over both."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.cost import AREA as COST
from policy_gate.areas.release import AREA
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.model import Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import open_working_tree

TODAY = date(2026, 11, 23)
SECTIONS = {**AREA.sections, **COST.sections}


def manifest_of(**changes) -> dict:
    return {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        "targets": [{"id": "node-v2", "runs": ["kws"]}],
        **changes,
    }


def decoded(content: dict, path: str = "release.json"):
    return decode_manifest(load(json.dumps(content).encode(), path), SECTIONS)


def evidence_of(folder, content: dict | None = None, path: str = "release.json", **changes) -> Evidence:
    manifest = decoded(content or manifest_of(), path)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(manifest.document.content)
    evidence = Evidence(
        manifest=manifest,
        tree=open_working_tree(folder),
        trusted=Trusted(source="head", models=ConfigSpec().models),
        facts=FactBook(),
        today=TODAY,
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )
    return replace(evidence, **changes)


def write(folder, path: str, content: bytes = b"") -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


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


def onnx_model() -> bytes:
    """The smallest model: one Relu of two floats (onnx.proto)."""
    shape = field(2, field(1, field(1, 2)))
    value = field(2, field(1, field(1, 1) + shape))
    node = field(1, "x") + field(2, "y") + field(4, "Relu")
    graph = field(1, node) + field(2, "g") + field(11, field(1, "x") + value) + field(12, field(1, "y") + value)
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))
