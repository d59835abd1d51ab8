"""What the parts of `make show-cost` share: a promise with what was found, and the folder of models and data."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GATE = [sys.executable, "-I", "-m", "policy_gate.cli"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, what was found, and whether it is kept."""

    words: str
    found: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """The folder with models and measurements; nothing of it is in the repository."""

    folder: Path

    def find(self, path: str) -> Path | None:
        """A file or folder below; None, and a line that says so, where it is not there."""
        found = self.folder / path
        if found.exists():
            return found
        print(f"left out: {path} is not in {self.folder}", flush=True)
        return None


def gate_json(*arguments: str) -> dict[str, Any]:
    """Run the real command, which must end with 0, and read the JSON it prints."""
    done = subprocess.run([*GATE, *arguments], capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"policy-gate {' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def percent(part: float, whole: float) -> str:
    """A share; a whole of nothing has none."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
