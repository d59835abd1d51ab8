"""A small world for the tests of devices: a profile nobody measured, a target that names it, signed measurements."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

from cost_world import dense, evidence_of, manifest_of, write

from policy_gate.area import FactBook
from policy_gate.areas.cost import AREA
from policy_gate.areas.signature import AREA as SIGNATURE
from policy_gate.areas.signature.facts import Measurement
from policy_gate.areas.signature.keys import PrivateKey, private_key_from_seed, public_half
from policy_gate.areas.signature.measurement import MEASUREMENT
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.areas.signature.statement import STATEMENT_TYPE
from policy_gate.document import Document, load
from policy_gate.engine import collect, wanted_collectors

ID = "board-float32@engine-1.0"
RUNTIME = {"name": "engine", "version": "1.0"}


def key(name: str) -> PrivateKey:
    return private_key_from_seed(hashlib.sha256(name.encode()).digest())


TESTER, RELEASER, MALLORY = key("tester"), key("releaser"), key("mallory")


def profile(profile_id: str = ID, **spec: Any) -> dict[str, Any]:
    """A profile by which a multiply-accumulate takes a millisecond and nothing else takes any time."""
    ranges = [
        {"feature": name, "least": 0, "most": 10**9}
        for name in ("conv_macs", "depthwise_macs", "activation_bytes", "weight_bytes", "operators")
    ]
    errors = {
        "rows": 9,
        "mape_percent": 10.0,
        "within_20_percent": 80.0,
        "covered": 9,
        "median_upper_over_measured": 1.5,
        "naive_mape_percent": 40.0,
    }
    return {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "DeviceProfile",
        "metadata": {"id": profile_id, "words": "A board of the tests, which nobody built"},
        "spec": {
            "device": "board",
            "dtype": "float32",
            "runtime": RUNTIME,
            "screening": False,
            "rows": {"device": "board", "dtype": "float32", "runtime": "engine 1.0"},
            "operators": ["ai.onnx::MatMul"],
            "latency": {
                "ns_per_conv_mac": 1e6,
                "ns_per_depthwise_mac": 1e6,
                "ns_per_activation_byte": 0.0,
                "ns_per_weight_byte": 0.0,
                "ns_per_operator": 0.0,
                "fixed_ns": 0.0,
                "lower_factor": 0.5,
                "upper_factor": 2.0,
            },
            "power": {"low_mw": 8.0, "mid_mw": 10.0, "high_mw": 12.0, "models": 4},
            "memory": {
                "low_of_overlay": 1.0,
                "high_of_overlay": 2.0,
                "scratch_kib": 1.0,
                "runtime_ram_low_kib": 2.0,
                "runtime_ram_high_kib": 4.0,
                "code_flash_low_kib": 10.0,
                "code_flash_high_kib": 20.0,
                "rows": 9,
                "families": 3,
                "held": 9,
                "median_width": 0.5,
            },
            "fit": {
                "rows": 9,
                "families": ["a", "b", "c"],
                "naive_ns_per_mac": 1e6,
                "errors": errors,
                "ranges": ranges,
                "data_sha256": f"sha256:{'0' * 64}",
                "tool": "invented",
            },
            **spec,
        },
    }


def document(content: dict[str, Any], path: str = "profiles/board.json") -> Document:
    return load(json.dumps(content).encode(), path)


def target(**changes: Any) -> dict[str, Any]:
    return {"id": "node", "runs": ["kws"], "device": {"profile": ID}, "runtime": RUNTIME, **changes}


def trust_file() -> Document:
    """A trust file with a tester, and with a releaser whose key signs no measurement."""
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "TrustFile",
        "keys": [_entry(TESTER, "tester"), _entry(RELEASER, "releaser")],
        "thresholds": {"releaser": 1, "tester": 1},
    }
    return load(json.dumps(content).encode(), "trust.json")


def _entry(private: PrivateKey, role: str) -> dict[str, Any]:
    public = public_half(private)
    return {
        "id": role,
        "spki": public.digest,
        "public_key": base64.b64encode(public.spki).decode(),
        "algorithm": public.algorithm.value,
        "roles": [role],
        "sign": {"not_before": "2026-01-01", "not_after": "2027-12-31"},
        "verify": {"not_after": "2027-12-31"},
    }


def measurement(**changes: Any) -> dict[str, Any]:
    figures = {"latency_ms": {"mid": 7.0, "upper": 9.0}}
    return {"device": "board", "runtime": RUNTIME, "dimensions": {}, "runs": 100, **figures, **changes}


def signed(predicate: Any, about: bytes, *keys: PrivateKey, kind: str = MEASUREMENT) -> bytes:
    subject = {"name": "model/kws.onnx", "digest": {"sha256": hashlib.sha256(about).hexdigest()}}
    content = {"_type": STATEMENT_TYPE, "predicateType": kind, "subject": [subject], "predicate": predicate}
    return sign_payload(json.dumps(content).encode(), keys or (TESTER,))


class World:
    """A folder with one model of 8 x 4 multiply-accumulates, which the profile predicts to take 32 ms."""

    def __init__(self, folder, *, content: bytes | None = None) -> None:
        self.folder = folder
        self.content = dense(8, 4) if content is None else content
        self.profiles: tuple[Document, ...] = (document(profile()),)
        self.trust: Document | None = trust_file()
        self.targets = [target()]
        self.artifacts = [{"id": "kws", "path": "model/kws.onnx"}]
        self.cost: list[dict[str, Any]] = []
        write(folder, "model/kws.onnx", self.content)

    def measured(self, predicate: Any = None, *keys: PrivateKey, about: bytes | None = None, kind: str = MEASUREMENT):
        """Name a measurement of the model as evidence, signed by the tester unless other keys are given."""
        self.cost = [{"target": "node", "artifact": "kws", "latency_ms": 9, "evidence": "evidence/bench.json"}]
        statement = signed(measurement() if predicate is None else predicate, about or self.content, *keys, kind=kind)
        write(self.folder, "evidence/bench.json", statement)
        return self

    def facts(self) -> FactBook:
        """What both areas find, as the engine runs them."""
        manifest = manifest_of(artifacts=self.artifacts, targets=self.targets, cost=self.cost)
        evidence = evidence_of(self.folder, manifest)
        trusted = replace(evidence.trusted, profiles=self.profiles, trust=self.trust)
        kinds = [kind for collector in AREA.collectors for kind in collector.gives]
        collectors = wanted_collectors([*kinds, Measurement], (*AREA.collectors, *SIGNATURE.collectors))
        return collect(collectors, replace(evidence, trusted=trusted))

    def only(self, kind):
        (entry,) = self.facts().entries(kind)
        return entry
