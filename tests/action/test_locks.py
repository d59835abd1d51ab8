"""What the Action imports is pinned by hash, in the versions that were tested, and closed under what it needs."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
NEVER = {"onnx", "tflite", "jsonschema"}
"""Packages that `inspect`, `schema` and the tests import, and judging never does."""
GITHUB_ROOM = "policy_gate/github/"


def pinned(name: str) -> dict[str, str]:
    text = (PROJECT / "action" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> dict[str, set[str]]:
    """Every top-level module that the package imports somewhere, and the files that do."""
    found: dict[str, set[str]] = {}
    for path in (PROJECT / "policy_gate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {one.partition(".")[0] for one in names} - {"policy_gate", ""} - sys.stdlib_module_names:
                found.setdefault(name, set()).add(path.relative_to(PROJECT).as_posix())
    return found


def test_every_package_that_is_imported_is_pinned_where_it_is_needed() -> None:
    homes = metadata.packages_distributions()
    for module, files in imported().items():
        if module in NEVER:
            continue
        names = {normal(one) for one in homes[module]}
        posting_only = all(path.startswith(GITHUB_ROOM) for path in files)
        known = set(pinned("core")) | (set(pinned("posting")) if posting_only else set())
        assert names & known, f"{module}, imported by {sorted(files)}"


def test_what_a_pinned_package_requires_is_pinned_too() -> None:
    core, both = set(pinned("core")), {**pinned("core"), **pinned("posting")}
    for name in both:
        if name == "colorama":  # needed on Windows alone, and needs nothing
            continue
        for requirement in metadata.requires(name) or []:
            wanted, _, condition = requirement.partition(";")
            if "extra" in condition and not (name == "pygithub" or "crypto" in condition):
                continue
            if re.search(r"python_version|python_full_version|platform_python_implementation == .PyPy", condition):
                continue
            required = normal(re.match(r"[A-Za-z0-9._-]+", wanted)[0])
            assert required in (core if name in core else both), f"{name} requires {requirement}"


def test_the_versions_are_those_that_were_tested() -> None:
    text = (PROJECT / "requirements" / "constraints.txt").read_text(encoding="utf-8")
    tested = {normal(name): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)}
    ours = {**pinned("core"), **pinned("posting")}
    assert {name: tested.get(name, version) for name, version in ours.items()} == ours


@pytest.mark.parametrize("name", ["core", "posting"])
def test_a_lock_is_one_the_installer_reads_and_names_no_address(name, installer) -> None:
    path = PROJECT / "action" / f"{name}.txt"
    locked = installer.read_lock(path)
    assert {one.name for one in locked} == set(pinned(name))
    assert all(one.hashes for one in locked)
    assert "://" not in path.read_text(encoding="utf-8")


def test_what_is_compiled_has_a_wheel_for_each_python_and_platform(installer) -> None:
    pythons, platforms = 4, 6
    counts = {one.name: len(one.hashes) for one in installer.read_lock(PROJECT / "action" / "core.txt")}
    assert min(counts[name] for name in ("cffi", "numpy", "pydantic-core", "pyyaml")) >= pythons * platforms
    assert counts["cryptography"] >= platforms  # one wheel fits every later Python


def test_nothing_is_pinned_twice() -> None:
    assert not set(pinned("core")) & set(pinned("posting"))
