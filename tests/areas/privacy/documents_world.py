"""A release without a guarantee, with the lineage of its data and an assessment: as facts, as files, as a manifest."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import date
from pathlib import Path

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.lineage import AREA as LINEAGE
from policy_gate.areas.privacy import AREA as PRIVACY
from policy_gate.areas.signature import AREA as SIGNATURE
from policy_gate.document import Document, load
from policy_gate.engine import collect
from policy_gate.engine.collecting import wanted_collectors
from policy_gate.manifest import decode_manifest
from policy_gate.model import Fact, Missing, Stage
from policy_gate.source import open_working_tree

TODAY = date(2026, 11, 23)
DAY = "2026-11-02"
PATH = "docs/dpia.md"
WORDS = " ".join(f"{one}{other}word" for one in "abcdefgh" for other in "abcdefghij")
TEXT = f"# Assessment\n\nReviewed {DAY}. It is about dataset:speech.\n\n{WORDS}\n"
BASIS = {"kind": "consent", "expires": "2027-06-30"}


def source(name: str = "dataset:speech", **changes) -> dict:
    node = {"id": name, "type": "source", "personal_data": "pseudonymous", "legal_basis": BASIS, **changes}
    return {key: one for key, one in node.items() if one is not None}


def lineage(*nodes: dict, uses: list[str] | None = None) -> dict:
    """Sources from which one training set is prepared, and a model trained from that."""
    used = [node["id"] for node in nodes] if uses is None else uses
    return {
        "nodes": [*nodes, {"id": "dataset:train", "type": "derived"}, {"id": "kws", "type": "release"}],
        "activities": [
            {"id": "prepare", "kind": "prepare", "uses": used, "generates": ["dataset:train"]},
            {"id": "train", "kind": "train", "uses": ["dataset:train"], "generates": ["kws"]},
        ],
    }


def privacy(**changes) -> dict:
    section = {"claim_type": "none", "purpose": "recognise twelve spoken words", "assessment": assessment(), **changes}
    return {key: one for key, one in section.items() if one is not None}


def assessment(**changes) -> dict:
    entry = {"path": PATH, "digest": digest_of(TEXT), "date": DAY, "covers": ["dataset:speech"], **changes}
    return {key: one for key, one in entry.items() if one is not None}


def digest_of(text: str | bytes) -> str:
    return f"sha256:{hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()}"


def evidence_of(
    folder: Path,
    section: dict | None,
    data: dict | None,
    files: dict[str, bytes] | None = None,
    trust: Document | None = None,
) -> Evidence:
    for name, content in ({PATH: TEXT.encode()} if files is None else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        **({"privacy": copy.deepcopy(section)} if section is not None else {}),
        **({"lineage": copy.deepcopy(data)} if data is not None else {}),
    }
    sections = {**PRIVACY.sections, **LINEAGE.sections}
    return Evidence(
        manifest=decode_manifest(load(json.dumps(content, indent=1).encode(), "release.json"), sections),
        tree=open_working_tree(folder),
        trusted=Trusted(source="head", trust=trust),
        facts=FactBook(),
        today=TODAY,
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )


def found(kind: type[Fact], evidence: Evidence) -> list[Fact | Missing]:
    """What the collectors say of one kind, after all those that they wait for."""
    collectors = (*PRIVACY.collectors, *LINEAGE.collectors, *SIGNATURE.collectors)
    return list(collect(wanted_collectors([kind], collectors), evidence).entries(kind))


def only(kind: type[Fact], evidence: Evidence) -> Fact | Missing:
    (entry,) = found(kind, evidence)
    return entry
