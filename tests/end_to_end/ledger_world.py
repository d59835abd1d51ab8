"""A repository whose release claims differential privacy: trained again, entered into the ledger, judged and landed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))

from checkout import MODEL, Checkout, commit
from onnx_bytes import block, graph, model, node, tensor

from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.ledger.chain import append, previous_of
from policy_gate.areas.privacy.ledger.own import own_entry
from policy_gate.gate import Request
from policy_gate.spending.looking import open_evidence

LEDGER = "privacy/ledger.jsonl"
CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [own.yaml]
"""
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  include:
    - {pack: "builtin:fingerprint", rules: [FPR-001]}
    - {pack: "builtin:privacy", rules: [PRIV-002, PRIV-009, PRIV-010, PRIV-024]}
    - {pack: "builtin:policy", modes: {POL-001: enforce}}
"""
PEOPLE = b"the digests of four hundred records\n"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def trained(seed: int) -> bytes:
    """A model whose weights depend on a seed."""
    weights = tensor("w", (2, 3), 1, block(9, bytes([seed]) * 24))
    return model(graph(block(5, weights), nodes=(node("MatMul", ("x", "w")),), gives=3))


def manifest(content: bytes, people: bytes, sequence: int, *, name: str, population: str, noise: float) -> str:
    """Noise 1.2, 32 of 400, 90 steps: 4.89 at delta 1e-6; three of them 7.44 together, four 8.64."""
    return f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: {name}, version: "1.{sequence}", sequence: {sequence}, license: Apache-2.0}}
artifacts:
  - {{id: kws, path: {MODEL}, size: {len(content)}, digest: "{digest(content)}"}}
targets:
  - {{id: node, runs: [kws]}}
privacy:
  claim_type: central-dp
  claim: {{epsilon: 4.9, delta: 1.0e-6}}
  unit: {{kind: user, max_records_per_unit: 1}}
  adjacency: add-or-remove-one
  population: {{id: {population}, size: 400, window_days: 365}}
  phases:
    - id: train
      dataset: dataset:people
      mechanism: dp-sgd
      noise_multiplier: {noise}
      clip_norm: 1.0
      microbatch: 1
      steps: 90
      sampling: {{scheme: poisson, batch_size: 32, dataset_size: 400}}
  tuning: {{data: public, trials: 0}}
  ledger: {LEDGER}
lineage:
  nodes:
    - id: dataset:people
      type: source
      role: train
      path: data/people.sha256
      digest: {{sha256: "{digest(people)}"}}
      personal_data: pseudonymous
    - {{id: kws, type: release}}
  activities:
    - {{id: train, kind: train, uses: [dataset:people], generates: [kws]}}
"""


@dataclass(frozen=True)
class Releases:
    """A checkout with the commands of the test."""

    here: Checkout
    git: Callable
    gate: Callable

    @property
    def ledger(self) -> bytes:
        return (self.here.root / LEDGER).read_bytes()

    @property
    def lines(self) -> list[bytes]:
        return self.ledger.splitlines(keepends=True)

    def found(self) -> Releases:
        """A base that judges and has no release yet."""
        self.here.write("policy-gate.yaml", CONFIG)
        self.here.write("own.yaml", PACK)
        self.git(self.here.root, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "release.yaml")
        for path in ("release.yaml", MODEL):
            (self.here.root / path).unlink(missing_ok=True)
        commit(self.git, self.here)
        return self

    def branch(self, name: str, start: str = "main") -> None:
        self.git(self.here.root, "checkout", "-q", "-B", name, start)

    def train(
        self,
        sequence: int,
        *,
        seed: int = 0,
        people: bytes = PEOPLE,
        name: str = "kws",
        population: str = "kws-users",
        noise: float = 1.2,
    ) -> None:
        """Make the next release; its bytes are new unless a seed says which."""
        content = trained(seed or sequence)
        self.here.write(MODEL, content)
        self.here.write("data/people.sha256", people)
        self.here.write(
            "release.yaml", manifest(content, people, sequence, name=name, population=population, noise=noise)
        )

    def append(self, day: str, code: int = 0, path: str = "release.yaml"):
        done = self.gate("privacy", "ledger", "append", path, "--base", "main", "--now", day, cwd=self.here.root)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def write(self, *lines: bytes) -> None:
        self.here.write(LEDGER, b"".join(lines))

    def judged(self, day: str, base: str = "main", *, code: int):
        commit(self.git, self.here)
        done = self.gate("check", "--base", base, "--now", day, cwd=self.here.root)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def land(self, name: str = "work") -> None:
        """Make main what the branch is."""
        commit(self.git, self.here)
        self.git(self.here.root, "checkout", "-q", "main")
        self.git(self.here.root, "reset", "-q", "--hard", name)

    def landed(self, sequence: int, day: str) -> None:
        """As `release`, without asking the command: for tests that are about what comes after."""
        self.train(sequence)
        request = Request(root=self.here.root, manifests=("release.yaml",), today=date.fromisoformat(day))
        path = self.here.root / LEDGER
        before = path.read_bytes() if path.exists() else b""
        with open_evidence(request, PersonalDataset) as (evidence, _):
            self.write(append(before, own_entry(evidence, day, previous_of(before))))
        commit(self.git, self.here)

    def release(self, sequence: int, day: str, **changes: object):
        """Train, enter, judge and land one honest release."""
        self.branch("work")
        self.train(sequence, **changes)  # type: ignore[arg-type]  # the keywords of `train`
        self.append(day)
        done = self.judged(day, code=0)
        self.land()
        return done
