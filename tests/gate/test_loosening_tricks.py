"""What a change could do to be judged by less: each trick leaves the verdict of the base's policy as it was."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from policy_gate.errors import GateError
from policy_gate.gate import Report, Request, judge
from policy_gate.model import Outcome, Record, Stage, Verdict

TODAY = date(2026, 11, 23)
HEAD = "apiVersion: policy-gate/v1alpha1\nkind: {kind}\n"
PACK = HEAD.format(kind="PolicyPack") + 'metadata: {{name: {name}, version: "1", words: rules of a test}}\nspec:\n{spec}'
LABELS = b"labels"
NONE_ALLOWED = "assert: 'size(manifest.targets) <= 0'"
FEW_ALLOWED = "assert: 'size(manifest.targets) <= 5'"


def rule(rule_id: str = "OWN-001", decides: str = NONE_ALLOWED, more: str = "") -> str:
    words = "title: A rule, severity: high, rationale: because, remediation: mend it"
    return f"    - {{id: {rule_id}, {words}, {decides}{more}}}\n"


def pack(rules: str, more: str = "", name: str = "own") -> str:
    return PACK.format(name=name, spec=f"{more}  rules:\n{rules}")


def config(more: str = "", packs: str = "own.yaml") -> str:
    return f"{HEAD.format(kind='PolicyConfig')}spec:\n  policy: [{packs}]\n{more}"


def manifest(name: str = "kws", license: str = "Apache-2.0", target: str = "node", more: str = "") -> str:
    return (
        f"{HEAD.format(kind='ReleaseManifest')}"
        f'metadata: {{name: {name}, version: "1", sequence: 1, license: {license}}}\n'
        f"artifacts: [{{id: labels, path: labels.txt, role: asset, size: {len(LABELS)}}}]\n"
        f"targets: [{{id: {target}, runs: [labels]}}]\n{more}"
    )


class Repository:
    """A repository whose base has these files, and a branch of work."""

    def __init__(self, root: Path, git, **files: str) -> None:
        self.root, self._git = root, git
        git(root, "init", "-q", "-b", "main")
        (root / "labels.txt").write_bytes(LABELS)
        self.write({"release.yaml": manifest(), **files})
        self.commit()
        git(root, "checkout", "-q", "-b", "work")

    def write(self, files: dict[str, str]) -> None:
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)

    def commit(self) -> None:
        self._git(self.root, "add", "-A")
        self._git(self.root, "commit", "-qm", "change", "--allow-empty")

    def judged(self, **asked: object) -> Report[Record]:
        return judge(Request(root=self.root, today=TODAY, **{"base": "main", **asked}))

    def record(self, **asked: object) -> Record:
        (record,) = self.judged(**asked).presented
        return record


@pytest.fixture
def repository(tmp_path, git):
    def made(**files: str) -> Repository:
        return Repository(tmp_path, git, **{path.replace("__", "."): content for path, content in files.items()})

    return made


def outcome(record: Record, rule_id: str = "OWN-001") -> Outcome:
    return next(one.outcome for one in record.judgements if one.rule == rule_id)


TIGHT = (
    "  parameters: {top: {type: integer, stricter: lower, default: 9, words: most targets}}\n"
    "  presets: {tight: {words: for some, parameters: {top: 0}}}\n"
)
TOP = "assert: 'size(manifest.targets) <= params.top'"


def selecting(when: str) -> str:
    return config(f'  select: [{{when: "{when}", preset: tight}}]\n')


# Selectors and conditions.


def test_a_change_of_a_claim_does_not_change_the_preset_that_the_base_selects(repository) -> None:
    here = repository(own__yaml=pack(rule(decides=TOP), TIGHT), policy_gate__yaml="")
    here.write({"policy-gate.yaml": selecting("manifest.metadata.license == 'Apache-2.0'")})
    (here.root / "policy_gate.yaml").unlink()
    here.commit()
    here._git(here.root, "checkout", "-q", "-B", "main")
    here._git(here.root, "checkout", "-q", "-B", "work")
    assert outcome(here.record()) is Outcome.FAIL
    here.write({"release.yaml": manifest(license="MIT")})
    assert outcome(here.record()) is Outcome.FAIL
