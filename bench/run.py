"""`make bench`: speed and memory beside other tools in one run; prints ratios and fails where a promise is broken."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inputs import make_fleet, make_one, make_policies_of_checkov
from measure import Command, in_turn, median_ms, peak_mib, ratio

PROJECT = Path(__file__).resolve().parents[1]
PEERS = {"checkov": "checkov==3.3.30", "check-jsonschema": "check-jsonschema==0.39.0", "onnx-tool": "onnx-tool==1.0.1"}
BIN = "Scripts" if os.name == "nt" else "bin"
OURS = [sys.executable, "-I", "-m", "policy_gate.cli"]
SCHEMA = PROJECT / "schemas" / "manifest.schema.json"


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


def made(kind: str, folder: Path) -> Path:
    """A model file, made in a process of its own."""
    path = folder / f"{kind}.onnx"
    subprocess.run([sys.executable, str(PROJECT / "bench" / "inputs.py"), kind, str(path)], check=True)
    return path


def one_manifest(folder: Path) -> Iterator[Row]:
    make_one(folder)
    checks = make_policies_of_checkov(folder / "checkov")
    commands = [
        Command("pass", [sys.executable, "-I", "-c", "pass"]),
        Command("ours", [*OURS, "check", "--no-base"], folder),
        Command("version", [*OURS, "--version"]),
        Command("help", [*OURS, "--help"]),
        Command("check-jsonschema", _check_jsonschema(folder, ["release.yaml"]), folder),
        Command("checkov", _checkov(checks, folder / "release.yaml"), folder),
    ]
    samples = in_turn(commands, rounds=9)
    for other, limit in (("check-jsonschema", 1.0), ("checkov", 0.1)):
        found = ratio(samples, "ours", other)
        ours, theirs = median_ms(samples["ours"]), median_ms(samples[other])
        yield Row(
            f"one manifest / {other}", f"{found:.2f} ({ours:.0f} / {theirs:.0f} ms)", f"<= {limit}", found <= limit
        )
    for name in ("version", "help"):
        found = ratio(samples, name, "pass")
        yield Row(f"--{name} / python -c pass", f"{found:.2f}", "<= 6", found <= 6)


def fleet(folder: Path) -> Iterator[Row]:
    names = make_fleet(folder, 1000)
    checks = make_policies_of_checkov(folder.parent / "checkov-checks")
    commands = [
        Command("ours", [*OURS, "check", "--no-base"], folder),
        Command("check-jsonschema", _check_jsonschema(folder, names), folder),
        Command("checkov", _checkov(checks, folder), folder),
    ]
    samples = in_turn(commands, rounds=3)
    for other in ("check-jsonschema", "checkov"):
        faster = 1 / ratio(samples, "ours", other, wall=True)
        ours, theirs = median_ms(samples["ours"], wall=True), median_ms(samples[other], wall=True)
        figure = f"{faster:.1f} x faster ({ours:.0f} / {theirs:.0f} ms)"
        yield Row(f"1,000 manifests / {other}", figure, ">= 7 x", faster >= 7)


def big_model(folder: Path) -> Iterator[Row]:
    path = made("big", folder)
    code = "import onnx_tool, sys; onnx_tool.model_profile(sys.argv[1])"
    commands = [
        Command("ours", [*OURS, "inspect", str(path)], folder),
        Command("onnx-tool", [str(peer("onnx-tool") / "python"), "-c", code, str(path)], folder),
    ]
    samples = in_turn(commands, rounds=3)
    found, peak = ratio(samples, "ours", "onnx-tool", wall=True), peak_mib(samples["ours"])
    ours, theirs = median_ms(samples["ours"], wall=True), median_ms(samples["onnx-tool"], wall=True)
    yield Row("1 GB model / onnx-tool", f"{found:.3f} ({ours:.0f} / {theirs:.0f} ms)", "<= 0.1", found <= 0.1)
    yield Row("1 GB model, peak memory", f"{peak:.0f} MiB", "<= 64 MiB", peak <= 64)


def deep_model(folder: Path) -> Iterator[Row]:
    path = made("deep", folder)
    samples = in_turn([Command("ours", [*OURS, "inspect", "--top", "5", str(path)], folder)], rounds=3)
    seconds = median_ms(samples["ours"], wall=True) / 1000
    yield Row("50,000 nodes, whole process", f"{seconds:.2f} s", "< 2 s", seconds < 2)


def hashing(folder: Path) -> Iterator[Row]:
    from hashing import measure_hashing

    bound, one, two = measure_hashing(folder)
    yield Row(
        "SHA-256, one thread / serial bound", f"{one / bound:.2f} ({one:.2f} GB/s)", ">= 0.95", one >= 0.95 * bound
    )
    yield Row("SHA-256, two threads / one", f"{two / one:.2f} ({two:.2f} GB/s)", ">= 1.8", two >= 1.8 * one)


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "one": one_manifest,
    "fleet": fleet,
    "big": big_model,
    "deep": deep_model,
    "hashing": hashing,
}


def main() -> int:
    """Measure the parts that are asked for (default: all) and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    chosen = parser.parse_args().parts or list(PARTS)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}; medians of pair-wise ratios\n")
    kept = True
    for part in chosen:
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[part](Path(folder)):
                kept &= row.kept
                print(f"{row.what:<40} {row.figure:<36} {row.promise:<10} {'ok' if row.kept else 'BROKEN'}", flush=True)
    return 0 if kept else 1


def _check_jsonschema(folder: Path, names: list[str]) -> list[str]:
    del folder
    return [str(peer("check-jsonschema") / "check-jsonschema"), "--schemafile", str(SCHEMA), *names]


def _checkov(checks: Path, target: Path) -> list[str]:
    where = ["-f", str(target)] if target.is_file() else ["-d", str(target)]
    flags = [
        "--framework",
        "kubernetes",
        "--external-checks-dir",
        str(checks),
        "--skip-download",
        "--quiet",
        "--soft-fail",
    ]
    return [str(peer("checkov") / "checkov"), *where, *flags]


if __name__ == "__main__":
    sys.exit(main())
