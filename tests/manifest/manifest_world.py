"""Manifests for the tests: the smallest one, the full one of the format's page, and what is refused of one."""

from __future__ import annotations

import hashlib

from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.errors import ManifestError, Problem
from policy_gate.manifest import Manifest, decode_manifest


def digest(of: str) -> str:
    return f"sha256:{hashlib.sha256(of.encode()).hexdigest()}"


SMALLEST = f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: kws-en, version: "1.4.0", sequence: 41}}
artifacts:
  - {{id: kws, path: model/kws.onnx, digest: "{digest("kws")}"}}
targets:
  - {{id: node-v2, runs: [kws]}}
"""

FULL = f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata:
  name: kws-en
  version: "1.4.0"
  sequence: 41                       # monotonic
  created: "2026-11-20T09:14:03Z"
  source: {{repository: "https://github.com/acme/kws", commit: {"a1" * 20}}}
  license: Apache-2.0
  published_at: [{{registry: "oci://registry.example/kws", digest: "{digest("published")}"}}]
bundle: {{root: model}}
artifacts:
  - {{id: kws, path: model/kws.onnx, role: model, format: onnx, size: 100351, digest: "{digest("kws")}"}}
  - {{id: kws-int8, path: model/kws-int8.tflite, role: model, format: tflite, size: 38200, digest: "{digest("int8")}",
     derived_from: {{artifact: kws, by: int8-ptq, tool: "acme-quant@2.3.1"}}}}
fingerprints:
  kws: {{scheme: pgfp-1, weights: "{digest("w")}", structure: "{digest("s")}", bound: "{digest("b")}",
        interface: "{digest("i")}", operators: "{digest("o")}"}}
targets:
  - id: node-v2
    runs: [kws-int8]
    device: {{vendor: acme, class: kws-node-v2, profile: stm32h747-cortex-m7-int8@cubeai-8.1}}
    runtime: {{name: stm32cube-ai, version: "8.1.0", compiler: {{name: gcc, flags: ["-O3"]}}}}
    dimensions: {{N: 1}}
    fallback: {{when: [load-failure, low-memory], to: previous-release}}
cost:
  - {{target: node-v2, artifact: kws-int8, latency_ms: 9.8, ram_kib: 61, flash_kib: 52, energy_uj: 410,
     evidence: evidence/bench-node-v2.dsse.json}}
quality:
  - {{artifact: kws-int8, target: node-v2, metric: top1, value: 0.912, evidence: evidence/eval-node-v2.dsse.json}}
privacy:
  claim_type: central-dp
  claim: {{epsilon: 4.0, delta: 1.0e-6}}
  unit: {{kind: user, max_records_per_unit: 1}}
  adjacency: add-or-remove-one
  trust_model: central-curator
  released: final-model
  population: {{id: kws-users-eu, size: 85000, window_days: 365}}
  phases:
    - id: train
      dataset: dataset:kws-train
      mechanism: dp-sgd
      noise_multiplier: 0.9
      clip_norm: 1.0
      steps: 6640
      sampling: {{scheme: poisson, batch_size: 512, dataset_size: 85000}}
  tuning: {{data: public, trials: 0}}
lineage:
  asof: "2026-11-20"
  nodes:
    - id: dataset:kws-train
      type: source
      role: train
      license: {{expression: CC-BY-4.0}}
    - {{id: kws, type: release}}
  activities:
    - {{id: train, kind: train, uses: [dataset:kws-train], generates: [kws]}}
  release: {{artifact: kws, license: Apache-2.0, use: commercial, markets: [EU]}}
telemetry:
  - id: health
    purpose: fleet health
    signals: [metrics]
    fields: [{{name: uptime_s, class: measure}}]
    sampling: {{rate: 0.1, decision: device}}
    retention_days: 30
compatibility:
  - {{target: node-v2, artifact: kws-int8, suite: "{digest("suite")}", evidence: evidence/test-node-v2.dsse.json,
     required: [boots, io-shape, top1-parity]}}
rollback: {{to: {{version: "1.3.2", sequence: 38, manifest: "{digest("old")}"}}, min_sequence: 35}}
signing: {{release: signatures/release.dsse.json, model: signatures/model.oms.sigstore.json}}
attestations: [{{type: "https://slsa.dev/provenance/v1", path: evidence/build.slsa.json, subjects: [kws, kws-int8]}}]
documents: [{{path: docs/model-card.md, digest: "{digest("card")}", sections: [intended-use, limitations],
  approval: evidence/card-approval.dsse.json}}]
certification: [{{scheme: eu-ai-act, class: limited-risk, document: "{digest("act")}", valid_until: "2027-11-20"}}]
"""


def decoded(text: str, path: str = "release.yaml") -> Manifest:
    return decode_manifest(load(text.encode(), path), sections())


def problems(text: str, path: str = "release.yaml") -> tuple[Problem, ...]:
    """Every problem of a manifest that is refused."""
    try:
        decoded(text, path)
    except ManifestError as refused:
        return refused.problems
    raise AssertionError("the manifest was taken")


def place_of(text: str, words: str, start: int = 0) -> tuple[int, int]:
    """Line and column, 1-based, where some words stand in a text."""
    at = text.index(words, start)
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
