"""A folder with a record, a pack of two asserted rules and a test file, which each test writes as it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from policy_gate.source import open_working_tree
from policy_gate.tested import FileResult
from policy_gate.workbench.testing import run_tests

FIXTURE = Path(__file__).resolve().parents[2] / "policies" / "tests" / "fixtures" / "keyword-spotting.json"

PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: Our own rules.}
spec:
  parameters: {most: {type: integer, stricter: lower, default: 3000000, words: Most of it.}}
  rules:
    - id: OWN-001
      title: Ours
      severity: low
      assert: "has(manifest.metadata.license) && size(manifest.targets) > 0"
      rationale: Reason
      remediation: Way
    - id: OWN-002
      title: Ours by target
      severity: low
      each: cost.target_macs
      when: "has(manifest.rollback)"
      assert: "fact.total <= params.most"
      message: "{fact.subject} takes {fact.total}"
      rationale: Reason
      remediation: Way
"""

HEAD = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyTest
"""
OWN = HEAD + "policy: [../pack.yaml]\ndefaults: {record: record.json}\n"


@dataclass(frozen=True)
class Lab:
    """The folder: `tests/own.yaml` is what runs."""

    root: Path
    path: str = field(default="tests/own.yaml")

    def write(self, path: str, content: str | bytes) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def run(self, text: str) -> FileResult:
        self.write(self.path, text)
        with open_working_tree(self.root) as tree:
            return run_tests(tree, self.path)

    def cases(self, *cases: str, head: str = OWN) -> FileResult:
        """Run cases, each a mapping in one line of YAML, from line 6 on where the head has four lines."""
        return self.run(head + "cases:\n" + "".join(f"  - {case}\n" for case in cases))

    def refused(self, *cases: str, head: str = OWN) -> str:
        """Why the file could not be run: place and message of its first problem."""
        result = self.cases(*cases, head=head)
        assert result.exit_code == 2, result
        assert not result.cases
        return str(result.problems[0])


def make_lab(root: Path) -> Lab:
    lab = Lab(root)
    lab.write("pack.yaml", PACK)
    lab.write("tests/record.json", FIXTURE.read_bytes())
    return lab
