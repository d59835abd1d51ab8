"""Makes the record that the tests of shipped policies patch: the example's next release, judged against the example."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from policy_gate.record import canonical
from policy_gate.report.escaping import safe_json

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = "examples/keyword-spotting"
"""The folder is kept below the temporary repository: the example's key is trusted nowhere else."""
KEY_SEED = b"policy-gate example key: never trust it outside examples/"
NOW = "2026-12-01"
PROFILE = "policies/tests/fixtures/node-v2.yaml"
"""An invented device profile: the example's device has none, and the strict pack asks for one."""
DEVICE = """\
    device: {class: node-v2, profile: node-v2-float32@onnxruntime-1.22}
    runtime:
      name: onnxruntime
      version: "1.22.0"
      operators:
        [ai.onnx::Conv, ai.onnx::Flatten, ai.onnx::Gemm, ai.onnx::GlobalAveragePool, ai.onnx::Relu, ai.onnx::Softmax]
"""
BUDGETS = """\
    device_profiles: {node-v2: node-v2-float32@onnxruntime-1.22}
    max_latency_ms: {node-v2: 20}
    max_energy_uj: {node-v2: 900}
    max_ram_kib: {node-v2: 128}
    max_flash_kib: {node-v2: 256}
  profiles: [node-v2.yaml]
"""
CARD = "# Keyword spotting\n\nTwelve words for a battery-powered node. It says nothing about who speaks.\n"
# A fixed author and time, so that the base has the same object id each time.
IDENTITY = {
    "GIT_AUTHOR_NAME": "Example",
    "GIT_AUTHOR_EMAIL": "example@example.invalid",
    "GIT_AUTHOR_DATE": "2026-11-20T10:00:00Z",
    "GIT_COMMITTER_NAME": "Example",
    "GIT_COMMITTER_EMAIL": "example@example.invalid",
    "GIT_COMMITTER_DATE": "2026-11-20T10:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
SECTIONS = """
rollback: {{to: {{version: "1.4.0", sequence: 41, manifest: "{manifest}"}}, min_sequence: 35}}
documents: [{{path: docs/model-card.md, digest: "{card}"}}]
certification: [{{scheme: eu-ai-act, class: limited-risk, valid_until: "2027-11-20"}}]
"""


def policy_fixture() -> str:
    """The record as canonical JSON, with every area's facts of release and base; the same bytes each time."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        _copy_example(root)
        _give_device(root / EXAMPLE)
        git = {"check": True, "cwd": root, "env": {**_quiet_environment(), **IDENTITY}, "capture_output": True}
        subprocess.run(["git", "init", "--quiet", "--template=", "--object-format=sha1"], **git)
        subprocess.run(["git", "-c", "core.fileMode=false", "add", "--all"], **git)
        subprocess.run(["git", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Release 1.4.0"], **git)
        _make_next_release(root / EXAMPLE)
        gate = [sys.executable, "-I", "-m", "policy_gate.cli"]
        files = [f"{EXAMPLE}/release.yaml", "--config", f"{EXAMPLE}/policy-gate.yaml", "--now", NOW]
        run = {"cwd": root, "env": _quiet_environment(), "capture_output": True}
        subprocess.run([*gate, "privacy", "ledger", "append", *files], check=True, **run)
        # The strict pack asks for every fact that some shipped rule judges.
        options = ["--policy", "builtin:edge-strict", "--base", "HEAD", "--stage", "release", "--format", "json"]
        done = subprocess.run([*gate, "check", *files, *options], **run)
    report = json.loads(done.stdout)
    if done.returncode != 0:
        raise SystemExit(f"the release that policy tests start from is not allowed: {_blocking(report)}")
    return safe_json(canonical(report["records"][0])) + "\n"


def _blocking(report: dict[str, list[dict[str, object]]]) -> list[object]:
    judgements = [one for record in report["records"] for one in record["judgements"]]  # type: ignore[attr-defined]  # JSON
    return [*report["problems"], *(one for one in judgements if one["outcome"] not in ("pass", "not_applicable"))]


def _quiet_environment() -> dict[str, str]:
    """Without the variables of a CI service: there a day that is over is refused, and this day is fixed."""
    ci = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
    return {key: one for key, one in os.environ.items() if key not in ci and not key.startswith("GIT_")}


def _copy_example(root: Path) -> None:
    for path in sorted((PROJECT / EXAMPLE).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = root / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def _give_device(folder: Path) -> None:
    """Let the example's target say what it is, and its policy what that may take."""
    (folder / "node-v2.yaml").write_bytes((PROJECT / PROFILE).read_bytes())
    manifest, config = folder / "release.yaml", folder / "policy-gate.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = _replaced(text, '    runtime: {name: onnxruntime, version: "1.22.0"}\n', DEVICE)
    text = _replaced(text, "macs: 2656768}", "macs: 2656768, latency_ms: 12}")
    manifest.write_bytes(text.encode())
    config.write_bytes((config.read_text(encoding="utf-8") + BUDGETS).encode())


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise SystemExit(f"the example's manifest has {text.count(old)} of {old!r}, not one")
    return text.replace(old, new)


def _make_next_release(folder: Path) -> None:
    """Version 1.5.0, which can be rolled back, is certified and has a document; signed as the example is."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from policy_gate.signing import sign_folder

    manifest = folder / "release.yaml"
    before = manifest.read_bytes()
    text = before.decode("utf-8")
    for old, new in (
        ('version: "1.4.0"', 'version: "1.5.0"'),
        ("sequence: 41", "sequence: 42"),
        ("2026-11-20T09:14:03Z", "2026-11-30T08:00:00Z"),
    ):
        text = _replaced(text, old, new)
    text += SECTIONS.format(manifest=_digest(before), card=_digest(CARD.encode()))
    manifest.write_bytes(text.encode())
    (folder / "docs").mkdir()
    (folder / "docs" / "model-card.md").write_bytes(CARD.encode())
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(KEY_SEED).digest())
    (folder / "signatures" / "release.dsse.json").write_bytes(sign_folder(manifest, [key]))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
