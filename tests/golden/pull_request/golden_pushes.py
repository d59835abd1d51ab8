"""The example release in a pull request of its own: two rules fail, one warns, one is waived, the rest passes."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

from policy_gate.actions.suggesting import suggestions
from policy_gate.gate import Request, judge, open_tree
from policy_gate.overview import Links, Overview

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "keyword-spotting"
TODAY = date(2026, 11, 23)
CONFIGURATION = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:edge-baseline", packs/budgets.yaml]
  manifests: [release.yaml]
  parameters:
    max_macs: {node-v2: 6000000}
    max_weight_kib: {node-v2: 128}
    max_activation_kib: {node-v2: 128}
  waivers: waivers.yaml
"""
BUDGETS = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: budgets, version: "1", words: What a model takes by itself.}
spec:
  include:
    - pack: builtin:cost
      rules: [COST-001, COST-002, COST-003, COST-004, COST-005, COST-006, COST-007, COST-008]
"""
WAIVERS = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - id: W-2026-014
    rule: COST-002
    release: keyword-spotting
    subject: target node-v2
    accept: 6000000
    owner: lee@example.invalid
    approved_by: [security]
    reason: Two windows are judged together until the firmware batches on its own.
    granted: "2026-11-01"
    expires: "2026-12-31"
"""
NEXT = (('version: "1.4.0"', 'version: "1.5.0"'), ("sequence: 41", "sequence: 42"))
BROKEN = (*NEXT, ("license: Apache-2.0\n", "license: GPL-3.0-only\n"), ("dimensions: {N: 1}", "dimensions: {N: 2}"))
OTHERWISE = (
    *NEXT,
    ("dimensions: {N: 1}", "dimensions: {N: 2}"),
    ("macs: 2656768", "macs: 5313536"),
    ("size: 57", "size: 58"),
)
MENDED = NEXT


class PullRequest:
    """A repository whose branch is judged against the commit before it, push after push."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("model", "data", "evidence"):
            shutil.copytree(EXAMPLE / name, root / name)
        self._git("init", "-q", "-b", "main")
        self._write("release.yaml", self._manifest(()))
        self._write("policy-gate.yaml", CONFIGURATION)
        self._write("waivers.yaml", WAIVERS)
        (root / "packs").mkdir()
        self._write("packs/budgets.yaml", BUDGETS)
        self.base = self._commit("base")

    def push(self, *changes: tuple[str, str]) -> Overview:
        """Commit the manifest with these changes, and judge it."""
        self._write("release.yaml", self._manifest(changes))
        return self.judged(self._commit("change"))

    def judged(self, head: str) -> Overview:
        request = Request(root=self.root, base=self.base, today=TODAY)
        report = judge(request)
        with open_tree(request) as tree:
            computed = suggestions(report.presented, tree, self.root, head)
        return Overview(
            tool_version="0.4.0",
            records=report.presented,
            problems=report.problems,
            exit_code=report.exit_code,
            review=report.review,
            notes=report.notes,
            links=Links(
                server="https://github.example",
                repository="acme/kws",
                head=head,
                base=self.base,
                run="https://github.example/acme/kws/actions/runs/77",
            ),
            suggestions=computed,
            reproduce=f"git fetch origin {head} {self.base} && git checkout --detach {head} && policy-gate check --base {self.base}",
        )

    def _manifest(self, changes: tuple[tuple[str, str], ...]) -> str:
        text = (EXAMPLE / "release.yaml").read_text(encoding="utf-8").partition("\nsigning:")[0] + "\n"
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    def _write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8", newline="\n")

    def _commit(self, words: str) -> str:
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", words)
        return self._git("rev-parse", "HEAD")

    def _git(self, *words: str) -> str:
        """Git with a fixed clock and nobody's settings, so that every machine makes the same commits."""
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "core.autocrlf=false", "-c", "core.fileMode=false", *words]
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **who, **settings}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


IDENTITY = {"NAME": "Lee", "EMAIL": "lee@example.invalid", "DATE": "2026-11-23T12:00:00+00:00"}
