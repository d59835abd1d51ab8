"""`make bench`: speed and memory beside other tools in one run; prints ratios and fails where a promise is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import tables
from inputs import make_fleet, make_one, make_policies_of_checkov
from measure import Command, in_turn, median_ms, ratio
from tables import OURS, PROJECT, Row, peer

SCHEMA = PROJECT / "schemas" / "manifest.schema.json"


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
    "hashing": hashing,
}


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
    sys.exit(tables.main(PARTS))
