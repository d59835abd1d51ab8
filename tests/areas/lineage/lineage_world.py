"""A small world for the tests of the lineage area: real files, a manifest about them, and the evidence over both."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from datetime import date

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.fingerprint import collect as fingerprint
from policy_gate.areas.lineage import AREA
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.model import Missing, Stage
from policy_gate.source import open_working_tree

TODAY = date(2026, 11, 23)
MODEL = b"the model's bytes"
SPEECH = b"digest of record 1\ndigest of record 2\n"
BASE_MANIFEST = b"""apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: speech-base, version: "2.0.0", sequence: 7}
artifacts: [{id: base, path: base.onnx}]
privacy: a section that is judged with that release
"""


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


FILES = {
    "model/kws.onnx": MODEL,
    "data/speech.sha256": SPEECH,
    "data/train.sha256": b"digest of record 1\n",
    "data/licence.txt": b"You may use this.",
    "vendor/base.release.yaml": BASE_MANIFEST,
}

LINEAGE: dict = {
    "asof": "2026-11-01",
    "nodes": [
        {
            "id": "dataset:speech",
            "type": "source",
            "role": "train",
            "version": "0.0.2",
            "records": 105829,
            "license": {"expression": "CC-BY-4.0", "text": "data/licence.txt"},
            "path": "data/speech.sha256",
            "digest": {"sha256": sha256(SPEECH)},
            "collection": {"method": "contributed"},
            "personal_data": "pseudonymous",
            "legal_basis": {"kind": "consent", "expires": "2027-06-30"},
            "retention_until": "2028-01-01",
            "jurisdictions": ["EU"],
            "retrieved": "2026-02-01",
            "opt_out": {"checked": "2026-02-01", "method": ["tdmrep"]},
        },
        {
            "id": "dataset:train",
            "type": "derived",
            "role": "train",
            "path": "data/train.sha256",
            "digest": {"sha256": sha256(FILES["data/train.sha256"])},
        },
        {
            "id": "model:base",
            "type": "model",
            "license": {"expression": "Apache-2.0"},
            "manifest": {"path": "vendor/base.release.yaml", "sha256": sha256(BASE_MANIFEST)},
            "personal_data": "none",
            "retrieved": "2026-03-01",
        },
        {"id": "artifact:kws", "type": "release", "digest": {"sha256": sha256(MODEL)}},
    ],
    "activities": [
        {
            "id": "prep",
            "kind": "prepare",
            "uses": ["dataset:speech"],
            "generates": ["dataset:train"],
            "code": {"commit": "a" * 40, "path": "src/prepare.py"},
            "params": {"file": "params.yaml", "pointer": "/prepare"},
            "dvc_stage": "prepare",
        },
        {"id": "train", "kind": "train", "uses": ["dataset:train", "model:base"], "generates": ["artifact:kws"]},
    ],
    "release": {"artifact": "artifact:kws", "license": "Apache-2.0", "use": "commercial", "markets": ["EU", "US"]},
}


def lineage() -> dict:
    """A copy that a test may change."""
    return copy.deepcopy(LINEAGE)


def manifest_of(section: dict | None, **changes) -> dict:
    whole = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41, "license": "Apache-2.0"},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        **changes,
    }
    return whole if section is None else {**whole, "lineage": section}


def decoded(content: dict):
    return decode_manifest(load(json.dumps(content).encode(), "release.json"), AREA.sections)


def evidence_of(folder, section: dict | None, **changes) -> Evidence:
    """The evidence over the files of this world, digests of artifacts already collected."""
    for path, content in FILES.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(content)
    evidence = Evidence(
        manifest=decoded(manifest_of(section, **changes)),
        tree=open_working_tree(folder),
        trusted=Trusted(source="head"),
        facts=FactBook(),
        today=TODAY,
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )
    return replace(evidence, facts=FactBook(fingerprint.file_digests(evidence)))


def one(found):
    """The only entry of a collector."""
    (entry,) = found
    return entry


def by_subject(found) -> dict:
    """Entries by the name of their subject; the last one of a name wins."""
    return {str(entry.subject): entry for entry in found}


def missing_reason(entry):
    assert isinstance(entry, Missing)
    return entry.reason
