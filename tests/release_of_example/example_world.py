"""The example release in a git repository of the test: edited, completed, signed again and judged."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starting import start_gate

from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.ledger.chain import append, previous_of, read_ledger
from policy_gate.areas.privacy.ledger.own import own_entry
from policy_gate.errors import GateError
from policy_gate.gate import Request
from policy_gate.model import Stage
from policy_gate.signing import sign_folder
from policy_gate.spending.looking import open_evidence

if TYPE_CHECKING:
    from onnx import ModelProto

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXAMPLE = EXAMPLES / "keyword-spotting"
FOLDER = "examples/keyword-spotting"
CONFIG = f"{FOLDER}/policy-gate.yaml"
MANIFEST = "release.yaml"
MODEL = "model/kws.onnx"
SIGNATURE = "signatures/release.dsse.json"
LEDGER = "privacy/ledger.jsonl"
TODAY = date(2026, 11, 23)
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]


def load_build() -> ModuleType:
    """The example's own build script, under a name that no installed package has."""
    spec = importlib.util.spec_from_file_location("example_build", EXAMPLE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = load_build()
EXAMPLE_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(BUILD.KEY_SEED).digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another key").digest())


def copy_example(root: Path) -> Path:
    """Copy the example below `root`, keeping the folder name in which its key may be trusted."""
    folder = root / FOLDER
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=root, check=True, capture_output=True)


@dataclass(frozen=True)
class Checkout:
    """A repository whose first commit is the good release, and what is on disk after it."""

    root: Path

    @classmethod
    def of(cls, template: Path, root: Path) -> Checkout:
        shutil.copytree(template, root)
        return cls(root)

    @property
    def folder(self) -> Path:
        return self.root / FOLDER

    @property
    def text(self) -> str:
        return (self.folder / MANIFEST).read_text(encoding="utf-8")

    @property
    def landed(self) -> bytes:
        """The ledger as the last commit has it."""
        words = ["git", "show", f"HEAD:{FOLDER}/{LEDGER}"]
        return subprocess.run(words, cwd=self.root, capture_output=True).stdout

    def write(self, name: str, content: bytes | str) -> None:
        """Put a file below the example's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def edit(self, before: str, after: str, name: str = MANIFEST) -> None:
        """Change the one place of a file that reads so."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has {text.count(before)} of {before!r}"
        self.write(name, text.replace(before, after))

    def add(self, after: str, text: str) -> None:
        """Put text behind the one place of the manifest that reads so."""
        self.edit(after, after + text)

    def bump(self) -> None:
        """Make it the next release, as an honest producer would."""
        self.edit('version: "1.4.0"', 'version: "1.5.0"')
        self.edit("sequence: 41", "sequence: 42")

    def ship(self, model: ModelProto) -> None:
        """Put another model in place, and let `policy-gate fix` write all that follows from it."""
        self.write(MODEL, model.SerializeToString(deterministic=True))
        self.fix()

    def fix(self) -> None:
        done = start_gate("fix", MANIFEST, "--config", "policy-gate.yaml", cwd=self.folder, env=os.environ)
        done.check_returncode()

    def sign(self, *keys: Ed25519PrivateKey) -> None:
        """Sign what is on disk, with the example's valid key unless another is given."""
        self.write(SIGNATURE, sign_folder(self.folder / MANIFEST, keys or (EXAMPLE_KEY,)))
        self.enter()

    def enter(self) -> None:
        """Write the ledger's line for what is on disk after the line that landed; none where nothing can be said."""
        landed = self.landed
        request = Request(root=self.root, config=CONFIG, manifests=(f"{FOLDER}/{MANIFEST}",), today=TODAY)
        try:
            with open_evidence(request, PersonalDataset) as (evidence, _):
                entry = own_entry(evidence, TODAY.isoformat(), previous_of(landed))
        except GateError:
            self.write(LEDGER, landed)
            return
        known = {line.entry.identity for line in read_ledger(landed, LEDGER)}
        self.write(LEDGER, landed if entry.identity in known else append(landed, entry))

    def commit(self) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", "change")

    def request(self, stage: Stage = Stage.RELEASE) -> Request:
        """What the command asks of the gate, for tests that judge in this process."""
        return Request(root=self.root, base="HEAD", config=CONFIG, stage=stage, today=TODAY)


def place_after(text: str, anchor: str) -> tuple[int, int]:
    """Line and column, from 1, of what stands right behind the one place that reads so."""
    assert text.count(anchor) == 1, f"the manifest has {text.count(anchor)} of {anchor!r}"
    before = text[: text.index(anchor) + len(anchor)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
