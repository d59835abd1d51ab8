"""What the tables of `make show-…` share: promises with what was found, the folder of data, and the real command."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
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


def show(parts: Mapping[str, Callable[[Shared], Iterator[Promise]]]) -> int:
    """Print the parts that are asked for (default: all); 1 where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: all")
    parser.add_argument("--shared", type=Path, default=PROJECT.parent / "shared", help="models/ and data/")
    asked = parser.parse_args()
    broken = 0
    for part in asked.parts or list(parts):
        print(f"\n{part.upper()}\n", flush=True)
        for promise in parts[part](Shared(asked.shared)):
            broken += not promise.kept
            print(f"{'kept' if promise.kept else 'BROKEN'}: {promise.words}: {promise.found}", flush=True)
    print(f"\n{broken} broken." if broken else "\nEvery promise is kept.")
    return 1 if broken else 0


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
