"""What the benchmarks share: the environments of peers, and tables of promises that are kept or broken."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PEERS = {"checkov": "checkov==3.3.30", "check-jsonschema": "check-jsonschema==0.39.0", "onnx-tool": "onnx-tool==1.0.1"}
BIN = "Scripts" if os.name == "nt" else "bin"
OURS = [sys.executable, "-I", "-m", "policy_gate.cli"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, the figure, the promise and whether it holds."""

    what: str
    figure: str
    promise: str
    kept: bool


def peer(name: str) -> Path:
    """The folder of a peer's own environment; made once, below .bench/."""
    home = PROJECT / ".bench" / name
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / BIN / "python", "-m", "pip", "install", "--quiet", PEERS[name]], check=True)
        (home / "installed").touch()
    return home / BIN


def made(kind: str, path: Path) -> Path:
    """A model file, made in a process of its own: what starts a command lends it its own peak of memory."""
    subprocess.run([sys.executable, str(PROJECT / "bench" / "inputs.py"), kind, str(path)], check=True)
    return path


def main(parts: Mapping[str, Callable[[Path], Iterator[Row]]]) -> int:
    """Measure the parts that are asked for (default: all) and print a table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: all")
    chosen = parser.parse_args().parts or list(parts)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}; medians of pair-wise ratios\n")
    kept = True
    for part in chosen:
        with tempfile.TemporaryDirectory() as folder:
            for row in parts[part](Path(folder)):
                kept &= row.kept
                print(f"{row.what:<44} {row.figure:<36} {row.promise:<10} {'ok' if row.kept else 'BROKEN'}", flush=True)
    return 0 if kept else 1
