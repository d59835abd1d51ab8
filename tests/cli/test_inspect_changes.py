"""`inspect NEW --base OLD` and the gate, on real models made more expensive: the row names the layer it was done to."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import onnx
import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(PROJECT / "examples" / "regressions.py"))
EXAMPLES = list(SCRIPT["pairs"](None))
REAL = 2


def written(folder: Path, before: onnx.ModelProto, after: onnx.ModelProto) -> list[str]:
    """Both models as files, and the arguments that compare them."""
    onnx.save(before, folder / "before.onnx")
    onnx.save(after, folder / "after.onnx")
    axes = [axis.dim_param for axis in before.graph.input[0].type.tensor_type.shape.dim if axis.dim_param]
    return ["inspect", "after.onnx", "--base", "before.onnx", *(f"--dimension={axis}=1" for axis in axes)]


def explained(run, folder: Path, before: onnx.ModelProto, after: onnx.ModelProto) -> dict:
    done = run(*written(folder, before, after), "--format", "json")
    assert (done.code, done.err) == (0, "")
    changes = {one["quantity"]: one for one in json.loads(done.out)["base"]["changes"]}
    return changes["MACs"] if changes["MACs"]["increase"] else changes["weights"]


def holds(change: dict, layer: str) -> None:
    assert change["grown"][0]["name"] == layer
    assert change["grown"][0]["moved"] == "grew"
    assert {one["moved"] for one in change["grown"]} == {"grew"}, "everything was renamed, and nothing is new"
    assert change["shrunk"] == []
    assert change["increase"] == change["now"] - change["before"]
    assert sum(one["now"] - one["before"] for one in change["grown"]) == change["increase"]
    assert sum(one["share_percent"] for one in change["grown"]) == 100
    assert sum(one["share_percent"] for one in change["operators"]) == 100


@pytest.mark.parametrize("pair", EXAMPLES, ids=lambda pair: pair[0])
def test_the_layer_that_was_changed_is_named_though_all_are_renamed(pair, run, tmp_path) -> None:
    _, before, after, layer = pair
    holds(explained(run, tmp_path, before, after), layer)


@pytest.mark.parametrize("at", range(REAL))
def test_the_layer_of_a_real_model_that_was_changed_is_named(at, shared, run, tmp_path) -> None:
    _, before, after, layer = list(SCRIPT["pairs"](shared / "models" / "mlperf-tiny"))[len(EXAMPLES) + at]
    holds(explained(run, tmp_path, before, after), layer)


def test_an_int8_layer_that_fell_back_to_float32_explains_all_of_the_weights(shared, run, tmp_path) -> None:
    _, before, after, layer = list(SCRIPT["pairs"](shared / "models" / "mlperf-tiny"))[len(EXAMPLES)]
    done = run(*written(tmp_path, before, after))
    assert f"\n  '{layer}' (Conv) grew from 4.3 KiB to 16.3 KiB: 100% of the increase\n" in done.out
    assert "MACs                2,656,768 MAC  2,656,768 MAC  the same" in done.out


@pytest.mark.parametrize("pair", EXAMPLES, ids=lambda pair: pair[0])
def test_the_gate_names_the_layer_that_was_changed_with_its_share(pair, gate, git, tmp_path) -> None:
    _, before, after, layer = pair
    git(tmp_path, "init", "-q", "-b", "main")
    onnx.save(before, tmp_path / "kws.onnx")
    assert gate("init").returncode == 0
    manifest = tmp_path / "release.yaml"
    manifest.write_text(re.sub(r"\{N: .*?\}", "{N: 1}", manifest.read_text()))
    assert gate("fix").returncode == 0
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    onnx.save(after, tmp_path / "kws.onnx")
    assert gate("fix").returncode == 0
    blocked = gate("check", "--policy", "builtin:edge-baseline", "--policy", "builtin:cost")
    assert blocked.returncode == 1, blocked.stderr
    first = re.search(r"FAIL COST-002 (?:.*\n)*?.*cause: (.*)", blocked.stdout)
    assert first is not None, blocked.stdout
    assert re.fullmatch(rf"'{layer}' \(Conv\) grew from .* to .*: \d+% of the increase", first[1])


def test_a_model_beside_itself_under_other_names_did_not_change(run, tmp_path) -> None:
    _, before, _, _ = EXAMPLES[0]
    renamed = onnx.ModelProto()
    renamed.CopyFrom(before)
    done = run(*written(tmp_path, before, SCRIPT["with_other_names"](renamed)), "--format", "json")
    changes = json.loads(done.out)["base"]["changes"]
    assert [one["quantity"] for one in changes if one["now"] != one["before"]] == ["file"]
    assert all(one["grown"] == one["shrunk"] == [] for one in changes)


def test_the_call_that_sets_the_peak_is_named(run, tmp_path) -> None:
    _, before, after, _ = EXAMPLES[0]
    done = run(*written(tmp_path, before, after))
    assert "\nactivations, most: 'layer_9' sets the peak; 'stem/activation' set it in the base\n" in done.out


def test_what_is_unknown_in_either_model_is_unknown_in_the_comparison(run, tmp_path) -> None:
    _, before, after, _ = EXAMPLES[0]
    arguments = [one for one in written(tmp_path, before, after) if not one.startswith("--dimension")]
    done = run(*arguments)
    assert done.code == 0
    assert re.search(r"\nMACs +unknown +unknown +unknown\n", done.out)
    assert "MACs: " not in done.out
