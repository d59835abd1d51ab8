"""A small repository whose releases spend on one population: manifests, data and configuration, as files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PATH = "privacy/ledger.jsonl"
MODEL = b"weights"
PEOPLE = b"one line for each clip\n"
CONFIGURATION = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:privacy"]
"""


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Trained:
    """What differs between the releases of a test."""

    name: str = "kws"
    sequence: int = 1
    epsilon: float = 4.0
    noise: float = 1.0
    steps: int = 90
    population: str = "kws-users-eu"
    model: bytes = MODEL
    people: bytes = PEOPLE
    scheme: str = "poisson"

    def manifest(self) -> str:
        return f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: {self.name}, version: "1.{self.sequence}", sequence: {self.sequence}}}
artifacts:
  - {{id: kws, path: {self.name}.bin, size: {len(self.model)}, digest: "{digest(self.model)}"}}
privacy:
  claim_type: central-dp
  claim: {{epsilon: {self.epsilon}, delta: 1.0e-6}}
  unit: {{kind: user, max_records_per_unit: 1}}
  adjacency: add-or-remove-one
  population: {{id: {self.population}, size: 10000, window_days: 365}}
  phases:
    - id: train
      dataset: dataset:clips
      mechanism: dp-sgd
      noise_multiplier: {self.noise}
      clip_norm: 1.0
      microbatch: 1
      steps: {self.steps}
      sampling: {{scheme: {self.scheme}, batch_size: 64, dataset_size: 10000}}
  tuning: {{data: public, trials: 0}}
lineage:
  asof: "2026-01-01"
  nodes:
    - id: dataset:clips
      type: source
      role: train
      version: "1"
      records: 10000
      personal_data: pseudonymous
      path: {self.name}.clips
      digest: {{sha256: "{digest(self.people)}"}}
    - {{id: kws, type: release}}
  activities:
    - {{id: train, kind: train, uses: [dataset:clips], generates: [kws]}}
  release: {{artifact: kws, license: Apache-2.0, use: commercial, markets: [EU]}}
"""

    def write(self, root: Path) -> str:
        """Write the release into a folder; returns the name of its manifest."""
        (root / "policy-gate.yaml").write_text(CONFIGURATION)
        (root / f"{self.name}.bin").write_bytes(self.model)
        (root / f"{self.name}.clips").write_bytes(self.people)
        (root / f"{self.name}.yaml").write_text(self.manifest())
        return f"{self.name}.yaml"
