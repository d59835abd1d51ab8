"""A repository whose models are built in CI and never committed: git has the manifest, a record or a bundle the rest."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from checkout import MODEL, Checkout, Finished, commit, manifest
from onnx_bytes import block, graph, model, node, tensor

CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:edge-baseline"]
"""
NOW = ("--now", datetime.now(UTC).date().isoformat())
"""In CI only the day that it is may be given."""


def wide_model(columns: int) -> bytes:
    """One matrix product of two by `columns`: twice as many multiply-accumulates."""
    weights = tensor("w", (2, columns), 1, block(9, b"\0" * (8 * columns)))
    return model(graph(block(5, weights), nodes=(node("MatMul", ("x", "w")),), gives=columns))


class BuiltInCi:
    """The base holds release 1 without its model; an earlier run's report and the last bundle lie elsewhere."""

    def __init__(self, checkout: Checkout, git, gate, elsewhere: Path) -> None:
        self.root, self.here, self._git, self._gate = checkout.root, checkout, git, gate
        self.elsewhere = elsewhere
        elsewhere.mkdir()
        checkout.write(".gitignore", "/model/\n")
        checkout.write("policy-gate.yaml", CONFIG)
        self.build(3)
        commit(git, checkout)
        self.report = self.judge_alone(elsewhere / "last.json")
        self.bundle = self.pack(elsewhere / "last")
        git(self.root, "checkout", "-q", "-b", "work")

    def build(self, columns: int, *, sequence: int = 1, name: str = "kws") -> None:
        """What CI builds: a model, and the manifest that names it."""
        content = wide_model(columns)
        self.here.write(MODEL, content)
        text = manifest(content).replace("sequence: 1", f"sequence: {sequence}").replace("name: kws", f"name: {name}")
        self.here.write("release.yaml", text)

    def commit(self) -> None:
        commit(self._git, self.here)

    def judge_alone(self, path: Path) -> Path:
        """The report of a run on what is here now, as of a first release: where no git is."""
        alone = self.pack(path.with_suffix(".alone"))
        shutil.copy(self.root / "policy-gate.yaml", alone)
        done = self._gate("check", "--format", "json", "--output", str(path), *NOW, cwd=alone)
        assert done.returncode in (0, 1), done.stderr
        return path

    def pack(self, folder: Path) -> Path:
        """What is here now as a bundle."""
        folder.mkdir()
        shutil.copy(self.root / "release.yaml", folder)
        shutil.copytree(self.root / "model", folder / "model")
        return folder

    def check(self, *bases: object, env: dict[str, str] | None = None, more: tuple[str, ...] = ()) -> Finished:
        """The real command against these bases; no traceback, whatever they are."""
        named = [word for base in bases for word in ("--base", str(base))]
        done = self._gate("check", *named, *NOW, *more, cwd=self.root, env=env)
        assert "Traceback" not in done.stderr
        return Finished(done.returncode, done.stdout, done.stderr, 0.0)

    def record(self, *bases: object) -> dict:
        """The one record of a run."""
        done = self.check(*bases, more=("--format", "json"))
        found = json.loads(done.out)
        assert not found["problems"], found["problems"]
        return found["records"][0]

    def outcomes(self, *bases: object) -> dict[str, str]:
        """The outcome of each rule."""
        return {one["rule"]: one["outcome"] for one in self.record(*bases)["judgements"]}

    def edited(self, change, path: str = "edited.json") -> Path:
        """The report of the earlier run, changed by hand."""
        tree = json.loads(self.report.read_text())
        change(tree)
        target = self.elsewhere / path
        target.write_text(json.dumps(tree))
        return target
