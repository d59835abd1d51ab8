"""A small world for the tests of the privacy area: an honest claim, its training configuration, and ways to lie."""

from __future__ import annotations

import copy
import json
from datetime import date

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.privacy import AREA
from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, SubsampledGaussian
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.manifest import decode_manifest
from policy_gate.model import Missing, Stage
from policy_gate.source import open_working_tree

TRAIN_YAML = """\
dp:
  noise_multiplier: 0.9
  microbatch: 1
steps: 6640
batch_size: 512
dataset_size: 85000
clip: 1
scheme: poisson
"""


def privacy_of(**changes) -> dict:
    """Poisson, noise 0.9, 512 of 85,000, 6,640 steps: 4.22711 by Renyi composition at delta 1e-6."""
    return {
        "claim_type": "central-dp",
        "claim": {"epsilon": 4.23, "delta": 1e-6},
        "unit": {"kind": "user", "max_records_per_unit": 1},
        "adjacency": "add-or-remove-one",
        "population": {"id": "kws-users-eu", "size": 85000, "window_days": 365},
        "phases": [phase_of()],
        "tuning": {"data": "public", "trials": 0},
        **changes,
    }


def phase_of(**changes) -> dict:
    phase = {
        "id": "train",
        "mechanism": "dp-sgd",
        "noise_multiplier": 0.9,
        "clip_norm": 1.0,
        "microbatch": 1,
        "steps": 6640,
        "sampling": {"scheme": "poisson", "batch_size": 512, "dataset_size": 85000},
        "evidence": [
            {
                "file": "configs/train.yaml",
                "map": {
                    "noise_multiplier": "/dp/noise_multiplier",
                    "clip_norm": "/clip",
                    "microbatch": "/dp/microbatch",
                    "steps": "/steps",
                    "sampling.scheme": "/scheme",
                    "sampling.batch_size": "/batch_size",
                },
            }
        ],
    }
    phase.update(changes)
    return {key: one for key, one in phase.items() if one is not None}


def without(content: dict, pointer: str) -> dict:
    """The same content without the value at a pointer."""
    changed = copy.deepcopy(content)
    *above, last = pointer.strip("/").split("/")
    inner = changed
    for part in above:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    del inner[int(last) if isinstance(inner, list) else last]
    return changed


def decoded(privacy: dict | None, telemetry: list | None = None):
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        **({"privacy": privacy} if privacy is not None else {}),
        **({"telemetry": telemetry} if telemetry is not None else {}),
    }
    return decode_manifest(load(json.dumps(content, indent=1).encode(), "release.json"), AREA.sections)


def evidence_of(folder, privacy: dict | None, telemetry: list | None = None) -> Evidence:
    config = folder / "configs" / "train.yaml"
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(TRAIN_YAML, encoding="utf-8")
    return Evidence(
        manifest=decoded(privacy, telemetry),
        tree=open_working_tree(folder),
        trusted=Trusted(source="head"),
        facts=FactBook(),
        today=date(2026, 11, 23),
        stage=Stage.CANDIDATE,
        history=History(base_known=False),
    )


def facts_of(folder, privacy: dict | None, telemetry: list | None = None) -> FactBook:
    """Everything the area's collectors find, in the order the engine runs them."""
    return collect(AREA.collectors, evidence_of(folder, privacy, telemetry))


def only(book: FactBook, kind):
    (entry,) = book.entries(kind)
    return entry


def missing_of(book: FactBook, kind) -> list[Missing]:
    return [entry for entry in book.entries(kind) if isinstance(entry, Missing)]


def epsilon(rate: float, noise: float, steps: int, delta: float) -> float:
    mechanism = Gaussian(noise, steps) if rate == 1 else SubsampledGaussian(rate, noise, steps)
    return account([mechanism], delta).upper
