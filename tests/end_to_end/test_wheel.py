"""The built wheel alone in a fresh environment: what a user installs is all that is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from checkout import good_model
from made_once import made_once

PROJECT = Path(__file__).resolve().parents[2]
BINARIES = "Scripts" if sys.platform == "win32" else "bin"
NEEDED = ("policy_gate", "policies", "pyproject.toml", "README.md", "LICENSE")
COMMANDS = ("init", "check", "inspect", "fix", "explain", "policy", "policy lint", "schema")
EXTRAS = ("github", "sigstore", "jinja2", "matplotlib", "weasyprint", "dp_accounting", "tflite")

pytestmark = pytest.mark.slow


def build(out: Path) -> None:
    """The wheel of this project, built from a copy so that nothing of it is left in the checkout."""
    source = out / "source"
    source.mkdir()
    for name in NEEDED:
        place = PROJECT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    (built,) = made_once(tmp_path_factory, "wheel-of-this-project", build).glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of commands of a fresh environment that holds the wheel and what it requires; no test changes it."""

    def install(root: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(root)], check=True, timeout=300)
        constraints = str(PROJECT / "requirements" / "constraints.txt")
        pip = [str(root / BINARIES / "python"), "-m", "pip", "install", "--quiet", "--no-compile"]
        command = [*pip, "--constraint", constraints, str(wheel)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(tmp_path_factory, "fresh-environment", install) / BINARIES


@pytest.fixture
def command(installed, tmp_path):
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        kept = {name: one for name, one in os.environ.items() if name not in ("CI", "PYTHONPATH")}
        return subprocess.run(
            [str(installed / "policy-gate"), *args], cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=120
        )

    return run


def test_the_wheel_holds_every_policy_and_nothing_of_the_tests(wheel) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for policy in (PROJECT / "policies").glob("*.yaml"):
        assert f"policy_gate/builtin/{policy.name}" in names
    assert "policy_gate/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"policy_gate"}
    assert not [name for name in names if "tests/" in name or "/test_" in name or name.endswith(".pyc")]


def test_no_extra_was_installed(installed) -> None:
    script = f"import importlib.util as u; print([n for n in {EXTRAS!r} if u.find_spec(n)])"
    done = subprocess.run([str(installed / "python"), "-I", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_explains_itself(name, command) -> None:
    done = command(*name.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: policy-gate" in done.stdout


def test_the_version_is_that_of_the_wheel(wheel, command) -> None:
    assert command("--version").stdout == f"policy-gate {wheel.name.split('-')[1]}\n"


def test_a_model_is_adopted_judged_and_inspected(shared, command, tmp_path) -> None:
    shutil.copy(shared / "models/mlperf-tiny/kws_ref_model_float32.onnx", tmp_path / "kws.onnx")
    assert command("init").returncode == 0
    allowed = command("check")
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert command("inspect", "kws.onnx", "--fingerprint").returncode == 0
    (tmp_path / "kws.onnx").write_bytes(good_model())
    blocked = command("check")
    assert (blocked.returncode, "FAIL FPR-001" in blocked.stdout) == (1, True)
    assert command("fix").returncode == 0


def test_the_shipped_policies_are_found_and_explained(command) -> None:
    for rule in ("FPR-001", "SIG-001", "COST-001", "PRIV-001", "LIN-001", "REL-001"):
        done = command("explain", rule)
        assert done.returncode == 0, done.stderr
        assert "builtin:" in done.stdout


def test_every_area_judges_without_an_extra(command, tmp_path) -> None:
    (tmp_path / "kws.onnx").write_bytes(good_model())
    assert command("init").returncode == 0
    done = command("check", "--policy", "builtin:edge-release", "--stage", "release")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "SIG-001" in done.stdout
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("kind", ["manifest", "policy", "config", "trust"])
def test_every_schema_is_printed(kind, command) -> None:
    done = command("schema", kind)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"$schema": "http://json-schema.org/draft-07/schema#"' in done.stdout
