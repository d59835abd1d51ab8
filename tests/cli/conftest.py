"""The command line in this process, for what a process of its own would not show better."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from policy_gate.cli import main

ASSET = b"yes no up down"


@dataclass(frozen=True)
class Finished:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfdbinary, monkeypatch, tmp_path):
    """Runs the command line in the test's own folder."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def command(*args: str, cwd: Path | None = None) -> Finished:
        monkeypatch.chdir(cwd or tmp_path)
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = capfdbinary.readouterr()
        return Finished(int(ended.value.code or 0), out.decode(), err.decode())

    return command


@pytest.fixture
def release(tmp_path) -> Path:
    """A release of one asset, judged by digests alone; gives the path of its manifest."""
    (tmp_path / "labels.txt").write_bytes(ASSET)
    (tmp_path / "policy-gate.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n  policy: [digests.yaml]\n"
    )
    (tmp_path / "digests.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\n"
        "kind: PolicyPack\n"
        "metadata: {name: digests, version: '1', words: Digests alone.}\n"
        "spec:\n"
        "  include: [{pack: 'builtin:fingerprint', rules: [FPR-001, FPR-002]}]\n"
    )
    manifest = tmp_path / "release.yaml"
    manifest.write_text(
        "apiVersion: policy-gate/v1alpha1\n"
        "kind: ReleaseManifest\n"
        'metadata: {name: kws, version: "1.0", sequence: 1}\n'
        "artifacts:\n"
        f"  - {{id: labels, path: labels.txt, role: asset, size: {len(ASSET)}, "
        f'digest: "sha256:{hashlib.sha256(ASSET).hexdigest()}"}}\n'
    )
    return manifest
