"""A git checkout that a test fills, and a command run in it with its peak memory."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from onnx_bytes import block, graph, model, node, tensor

MODEL = "model/kws.onnx"
TIMEOUT_SECONDS = 20

# A process of its own forks, so that the peak is the command's and not that of the tests.
LAUNCHER = """\
import os, signal, sys
report, seconds, *command = sys.argv[1:]
child = os.fork()
if not child:
    signal.alarm(int(seconds))
    os.execv(command[0], command)
_, status, used = os.wait4(child, 0)
with open(report, "w") as file:
    file.write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
"""


def good_model() -> bytes:
    """One matrix product of two by three: six multiply-accumulates."""
    weights = tensor("w", (2, 3), 1, block(9, b"\0" * 24))
    return model(graph(block(5, weights), nodes=(node("MatMul", ("x", "w")),), gives=3))


@dataclass(frozen=True)
class Finished:
    """What a command did; `peak_mib` is 0 where the platform does not tell."""

    code: int
    out: str
    err: str
    peak_mib: float

    @property
    def said(self) -> str:
        return f"{self.err}\n{self.out}"


@dataclass(frozen=True)
class Checkout:
    """A folder with a git repository and a release in it."""

    root: Path

    @classmethod
    def of(cls, template: Path, root: Path) -> Checkout:
        shutil.copytree(template, root)
        made = cls(root)
        made.ship(good_model())
        return made

    def write(self, path: str, content: bytes | str) -> Path:
        """Put a file in the checkout; its folders are made."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def ship(self, content: bytes, *, path: str = MODEL, more: str = "", dimensions: str = "") -> None:
        """Make the release one of this model, with the digest and the size it has."""
        self.write(path, content)
        self.write("release.yaml", manifest(content, path=path, more=more, dimensions=dimensions))

    def replace(self, old: str, new: str) -> None:
        """Change the text of the manifest, in one place."""
        text = (self.root / "release.yaml").read_text()
        assert text.count(old) == 1
        self.write("release.yaml", text.replace(old, new))


def manifest(content: bytes, *, path: str = MODEL, more: str = "", dimensions: str = "") -> str:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: kws, version: "1.0", sequence: 1, license: Apache-2.0}}
artifacts:
  - {{id: kws, path: {path}, size: {len(content)}, digest: "{digest}"{more}}}
targets:
  - {{id: node, runs: [kws]{f", dimensions: {dimensions}" if dimensions else ""}}}
"""


def run_measured(command: list[str], cwd: Path, env: dict[str, str], report: Path) -> Finished:
    """Run a command to its end; one that hangs is killed and counts as failed."""
    posix = sys.platform != "win32"
    around = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(report), str(TIMEOUT_SECONDS)] if posix else []
    done = subprocess.run([*around, *command], cwd=cwd, env=env, capture_output=True, timeout=2 * TIMEOUT_SECONDS)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = int(report.read_text()) * unit / 2**20 if posix else 0.0
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode(), peak)


def commit(git, here: Checkout, words: str = "change") -> None:
    """Commit everything in a checkout, with the git of the tests."""
    git(here.root, "add", "-A")
    git(here.root, "commit", "-q", "--allow-empty", "-m", words)
