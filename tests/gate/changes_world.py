"""Two folders that stand for base and head: the same files, one of them changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from policy_gate.gate.change_review import review_changes
from policy_gate.gate.changes import Changes, changes_of
from policy_gate.source import open_working_tree

TODAY = "2026-11-23"
CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:edge-baseline", packs/acme.yaml]
  parameters:
    max_macs_growth: 0.02
  manifests: ["**/release.yaml"]
  waivers: waivers.yaml
  baseline: baseline.json
  trust: trust.yaml
"""
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: acme, version: "1", words: How we release.}
spec:
  rules:
    - id: ACME-001
      title: The sequence is a number
      severity: high
      assert: manifest.metadata.sequence > 0
      rationale: a reason
      remediation: a way
"""
WAIVERS = "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers: []\n"
WAIVER = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - {id: W-1, rule: COST-002, release: kws, subject: artifact kws, accept: 9, owner: jane, approved_by: [bob],
     reason: no bench yet, expires: "2027-01-31"}
"""
BASELINE = (
    '{"apiVersion": "policy-gate/v1alpha1", "kind": "Baseline", "made": "2026-11-01", "tool_version": "0.1.0",'
    ' "findings": []}\n'
)
WORKFLOW = "on: [pull_request]\njobs:\n  gate:\n    steps:\n      - run: policy-gate check --base main\n"
KEY = "MCowBQYDK2VwAyEA"


def trust_file(*seeds: int) -> str:
    """A trust file with one releaser for each seed; the keys are real, and thrown away."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from policy_gate.areas.signature.keys import read_public_key

    entries = []
    for seed in seeds:
        public = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        lines = "".join(f"      {line}\n" for line in pem.splitlines())
        entries.append(
            f'  - id: key-{seed}\n    spki: "{read_public_key(pem).digest}"\n    public_key: |\n{lines}'
            "    algorithm: ed25519\n    roles: [releaser]\n"
            '    sign: {not_before: "2026-01-01", not_after: "2026-12-31"}\n    verify: {not_after: "2027-06-30"}\n'
        )
    return (
        "apiVersion: policy-gate/v1alpha1\nkind: TrustFile\nkeys:\n" + "".join(entries) + "thresholds: {releaser: 1}\n"
    )


class Two:
    """Base and head as folders; the head starts as the base's copy."""

    def __init__(self, root: Path) -> None:
        self.base, self.head = root / "base", root / "head"
        for path, text in (
            ("policy-gate.yaml", CONFIG),
            ("packs/acme.yaml", PACK),
            ("waivers.yaml", WAIVERS),
            ("baseline.json", BASELINE),
            ("trust.yaml", trust_file(1)),
            (".github/workflows/gate.yml", WORKFLOW),
        ):
            self.write(path, text, at=self.base)
        shutil.copytree(self.base, self.head)

    def write(self, path: str, text: str | bytes, *, at: Path | None = None) -> None:
        place = (at or self.head) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.head / path).read_text()
        assert text.count(old) == 1
        self.write(path, text.replace(old, new))

    def everywhere(self, path: str, text: str) -> None:
        self.write(path, text, at=self.base)
        self.write(path, text)

    def link(self, path: str, target: Path) -> None:
        (self.head / path).unlink()
        (self.head / path).symlink_to(target)

    def changes(self, config: str = "") -> Changes:
        with open_working_tree(self.base) as base, open_working_tree(self.head) as head:
            return changes_of(base, head, config, TODAY)

    def rows(self) -> list[tuple[str, str, str]]:
        return [(one.kind, one.name, one.change.value) for one in self.changes().rows]

    def names(self) -> list[tuple[str, str]]:
        return [(f"{one.kind} {one.name}", one.change.value) for one in self.changes().rows]

    def review(self, *rules, **more):
        return review_changes(self.changes(), rules, base="base", head="head", today=TODAY, **more)
