from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy_gate.catalogue import AREAS, SECTION_OWNERS, area, fact_types

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = {
    "asyncio",
    "cryptography",
    "github",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "numpy",
    "onnx",
    "pkg_resources",
    "requests",
    "rich",
    "ssl",
    "urllib.request",
}

MANIFEST = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws, version: "1", sequence: 1}
artifacts: [{id: kws, path: kws.bin, role: asset}]
"""


def imported(code: str, cwd: Path) -> set[str]:
    """The modules a fresh interpreter has imported after running some code."""
    script = f"import sys, json\ntry:\n{code}\nexcept SystemExit: pass\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*argv: str) -> str:
    return f"    from policy_gate.cli import main; main({list(argv)!r})"


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("check", "--help")])
def test_help_imports_nothing_but_click(argv, tmp_path) -> None:
    modules = imported(command(*argv), tmp_path)
    assert not modules & (HEAVY | {"pydantic", "yaml", "subprocess", "hashlib", "policy_gate.gate"})


def test_a_check_imports_nothing_heavy(tmp_path) -> None:
    (tmp_path / "release.yaml").write_text(MANIFEST)
    (tmp_path / "kws.bin").write_bytes(b"labels")
    modules = imported(command("check", "--policy", "builtin:edge-baseline", "--no-base"), tmp_path)
    assert "policy_gate.engine" in modules
    assert not modules & HEAVY


def test_a_check_imports_no_area_that_no_rule_and_no_section_needs(tmp_path) -> None:
    (tmp_path / "release.yaml").write_text(MANIFEST)
    (tmp_path / "kws.bin").write_bytes(b"labels")
    modules = imported(command("check", "--policy", "builtin:fingerprint", "--no-base"), tmp_path)
    assert "policy_gate.areas.fingerprint" in modules
    assert not {f"policy_gate.areas.{name}" for name in ("privacy", "lineage", "cost", "signature")} & modules


def test_every_section_has_the_owner_the_areas_say() -> None:
    assert {key: name for name in AREAS for key in area(name).sections} == dict(SECTION_OWNERS)


def test_every_fact_type_has_a_name_of_its_own_that_starts_with_its_area() -> None:
    names = [(kind.name, name) for name in AREAS for kind in area(name).fact_types]
    assert len({name for name, _ in names}) == len(names)
    assert all(fact.startswith(f"{owner}.") for fact, owner in names)
    assert len(fact_types()) == len(names)


def test_every_check_is_named_after_its_area_and_judges_a_fact_some_collector_gives() -> None:
    for owner in AREAS:
        for name, check in area(owner).checks.items():
            assert name.startswith(f"{owner}.")
            assert check.judges.name in fact_types() or check.judges in area(owner).own_facts


def test_every_check_says_its_promise_in_one_line_and_then_how_to_keep_it() -> None:
    for owner in AREAS:
        for name, check in area(owner).checks.items():
            lines = (check.function.__doc__ or "").strip().splitlines()
            assert lines, name
            assert lines[0].endswith("."), name
            assert len(lines) > 2, name


def test_every_check_is_used_by_a_shipped_rule() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "policies").glob("*.yaml"))
    unused = [name for owner in AREAS for name in area(owner).checks if name not in text]
    assert unused == []


def test_no_file_of_the_package_is_longer_than_a_reader_can_hold() -> None:
    long = {
        path.relative_to(PROJECT).as_posix(): lines
        for path in (PROJECT / "policy_gate").rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long == {}
