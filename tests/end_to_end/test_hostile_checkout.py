"""Every hostile document, tree and model is refused or blocked, and nothing of the checkout runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import run_measured
from hostile_costs import ONNX, Hostile
from hostile_documents import DOCUMENTS, Case
from hostile_models import MODELS
from hostile_tflite import TFLITE
from hostile_trees import TREES
from traps import hostile_environment, lay_traps

MAX_PEAK_MIB = 200
COSTS = tuple(one.case() for one in (*ONNX, *TFLITE))

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and traps are those of POSIX")


def named(cases: tuple[Case, ...]) -> list[object]:
    return [pytest.param(case, id=case.name.replace(" ", "-")) for case in cases]


@posix
@pytest.mark.parametrize("case", named((*DOCUMENTS, *TREES, *MODELS, *COSTS)))
def test_a_hostile_checkout_never_passes_and_never_crashes(case: Case, checkout, hostile) -> None:
    case.make(checkout)
    done = hostile(*case.args)
    assert re.search(case.said, done.said, re.MULTILINE), done.said
    assert done.code == case.code, done.said
    assert "Traceback" not in done.said
    assert "internal error" not in done.said
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.said)
    assert done.peak_mib < MAX_PEAK_MIB


@pytest.mark.parametrize("model", [pytest.param(one, id=one.name.replace(" ", "-")) for one in (*ONNX, *TFLITE)])
def test_a_model_whose_cost_lies_is_inspected_or_refused_without_a_traceback(model: Hostile, gate, tmp_path) -> None:
    place = tmp_path / Path(model.path).name
    place.write_bytes(model.content())
    done = gate("inspect", place.name, "--base", place.name)
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stderr


@posix
def test_the_same_checkout_with_a_good_release_passes(hostile) -> None:
    done = hostile()
    assert done.code == 0, done.said


@posix
def test_the_installed_command_runs_nothing_of_the_checkout_either(checkout, tmp_path) -> None:
    sprung = tmp_path / "sprung"
    sprung.mkdir()
    lay_traps(checkout.root, sprung)
    environment = hostile_environment(checkout.root, sprung)
    # What these two name, any Python program runs before its first line.
    environment = {name: one for name, one in environment.items() if name not in ("PYTHONPATH", "PYTHONUSERBASE")}
    command = [str(Path(sys.executable).with_name("policy-gate")), "check", "--no-base"]
    done = run_measured(command, checkout.root, environment, tmp_path / "peak")
    assert done.code == 0, done.said
    assert sorted(path.name for path in sprung.iterdir()) == []


@posix
def test_every_kind_of_trap_springs_for_those_who_step_into_it(checkout, tmp_path) -> None:
    sprung = tmp_path / "sprung"
    sprung.mkdir()
    lay_traps(checkout.root, sprung)
    environment = hostile_environment(checkout.root, sprung)
    calm = {name: one for name, one in environment.items() if not name.startswith(("GIT_", "PYTHON"))}
    calm["PATH"] = calm["PATH"].split(":bin:")[1]
    subprocess.run(["git", "status"], cwd=checkout.root, env=calm, capture_output=True)
    subprocess.run([sys.executable, "-c", "import yaml, onnx"], cwd=checkout.root, env=calm, capture_output=True)
    subprocess.run(["git", "add", "."], cwd=checkout.root, env=environment, capture_output=True)
    subprocess.run([sys.executable, "-c", ""], cwd=checkout.root, env=environment, capture_output=True)
    assert {"fsmonitor", "yaml.py", "onnx-__init__.py", "git", "sitecustomize.py"} <= {
        path.name for path in sprung.iterdir()
    }


def test_there_are_cases_enough_of_each_kind() -> None:
    assert len(DOCUMENTS) >= 40
    assert len(TREES) >= 30
    assert len(MODELS) >= 30
    assert len(COSTS) >= 50
