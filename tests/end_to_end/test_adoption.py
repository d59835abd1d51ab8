"""The first minutes with the gate: two commands to a verdict, then a bigger model, then `fix`."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from checkout import good_model
from onnx_bytes import block, graph, model, node, number, tensor, value

TINY = "mlperf-tiny"


@pytest.fixture
def models(shared) -> Path:
    return shared / "models" / TINY


@pytest.fixture
def empty(tmp_path, git) -> Path:
    """An empty repository: no commit, no file."""
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


@pytest.fixture
def adopted(empty, gate, git) -> Path:
    """A repository with one small model, adopted and committed."""
    (empty / "kws.onnx").write_bytes(good_model())
    assert gate("init").returncode == 0
    git(empty, "add", "-A")
    git(empty, "commit", "-q", "-m", "first")
    return empty


def wider_model() -> bytes:
    """Three times the product of `good_model`, and a layer more."""
    first = block(5, tensor("w", (2, 9), 1, block(9, bytes(72))))
    second = block(5, tensor("v", (9, 4), 1, block(9, bytes(144))))
    nodes = (
        node("MatMul", ("x", "w"), ("h",), block(3, "widened")),
        node("MatMul", ("h", "v"), ("y",), block(3, "added")),
    )
    return model(graph(first, second, nodes=nodes))


def test_in_a_folder_of_the_repository_every_file_is_named_from_there(empty, gate) -> None:
    (empty / "model").mkdir()
    (empty / "model" / "kws.onnx").write_bytes(good_model())
    said = gate("init", cwd=empty / "model").stdout
    assert said.startswith(f"wrote release.yaml\nwrote {Path('..', 'policy-gate.yaml')}\n")


def test_a_real_model_is_allowed_after_two_commands(models, empty, gate) -> None:
    shutil.copy(models / "kws_ref_model_float32.onnx", empty)
    drafted = gate("init")
    assert drafted.returncode == 0, drafted.stderr
    assert "wrote release.yaml" in drafted.stdout
    assert "confirm it" in drafted.stdout
    verdict = gate("check")
    assert verdict.returncode == 0, verdict.stdout
    assert "ALLOWED" in verdict.stdout


def test_a_bigger_real_model_in_its_place_is_blocked_by_the_layer_that_grew(models, empty, gate, git) -> None:
    model_file = empty / "kws.onnx"
    shutil.copy(models / "kws_ref_model_float32.onnx", model_file)
    assert gate("init").returncode == 0
    git(empty, "add", "-A")
    git(empty, "commit", "-q", "-m", "first")
    shutil.copy(models / "vww_96_float.onnx", model_file)
    blocked = gate("check")
    assert blocked.returncode == 1
    assert "FAIL FPR-001" in blocked.stdout
    assert re.search(r"FAIL COST-003 (?:.*\n)*?.*cause: .*Conv.* of the increase", blocked.stdout)
    assert gate("fix").returncode == 0
    manifest = (empty / "release.yaml").read_text()
    (empty / "release.yaml").write_text(manifest.replace("{unk__123: 1}", "{unk__336: 1}"))
    honest = gate("check")
    assert honest.returncode == 1, honest.stdout
    assert "FPR-001" not in honest.stdout
    assert re.search(r"FAIL COST-002 (?:.*\n)*?.*value: 7,489,664 .*was 2,656,768", honest.stdout)
    assert re.search(r"FAIL COST-002 (?:.*\n)*?.*cause: .*Conv.* of the increase", honest.stdout)


def test_the_layers_that_grew_are_named(adopted, gate) -> None:
    (adopted / "kws.onnx").write_bytes(wider_model())
    assert gate("fix").returncode == 0
    blocked = gate("check")
    assert blocked.returncode == 1, blocked.stdout
    causes = [line for line in blocked.stdout.splitlines() if "cause" in line]
    assert any("widened" in line for line in causes)
    assert any("added" in line for line in causes)


def test_a_dimension_that_only_the_person_knows_is_marked(models, empty, gate) -> None:
    shutil.copy(models / "kws_ref_model_float32.onnx", empty)
    gate("init")
    assert "  # bound by `init`: confirm" in (empty / "release.yaml").read_text()


def test_init_never_replaces_what_is_there(adopted, gate) -> None:
    (adopted / "release.yaml").write_text("mine\n")
    refused = gate("init")
    assert refused.returncode == 2
    assert "release.yaml: already exists" in refused.stderr
    assert (adopted / "release.yaml").read_text() == "mine\n"
    assert gate("init", "--force").returncode == 0
    assert gate("check", "--no-base").returncode in (0, 1)


def test_init_without_a_model_says_what_it_looked_for(empty, gate) -> None:
    done = gate("init")
    assert done.returncode == 2
    assert "no model file" in done.stderr
    assert "**/*.onnx" in done.stderr
    assert not (empty / "release.yaml").exists()


def test_init_in_a_folder_of_a_repository_writes_paths_of_that_folder(adopted, gate) -> None:
    inner = adopted / "products" / "second"
    inner.mkdir(parents=True)
    (inner / "wake.onnx").write_bytes(good_model())
    done = gate("init", cwd=inner)
    assert done.returncode == 0, done.stderr
    assert "path: wake.onnx" in (inner / "release.yaml").read_text()
    assert not (inner / "policy-gate.yaml").exists()
    assert gate("check", cwd=inner).returncode == 0


@pytest.mark.parametrize("name", ["two words", "../up", "naïve", "-dash", "x" * 200])
def test_init_refuses_a_name_that_check_would_refuse(name, empty, gate) -> None:
    (empty / "kws.onnx").write_bytes(good_model())
    done = gate("init", f"--name={name}")
    assert done.returncode == 2
    assert "name" in done.stderr
    assert not (empty / "release.yaml").exists()


@pytest.mark.parametrize(
    "name",
    ["null.onnx", "true.onnx", "1e5.onnx", "a: b.onnx", "it's.onnx", "- x.onnx", "ünï.onnx", "&a.onnx", "#.onnx"],
)
def test_whatever_a_model_is_called_check_reads_what_init_wrote(name, empty, gate) -> None:
    (empty / name).write_bytes(good_model())
    drafted = gate("init")
    if ":" in name:  # not a name that every platform can hold
        assert drafted.returncode == 2
        return
    assert drafted.returncode == 0, drafted.stderr
    done = gate("check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_many_models_of_one_name_get_ids_of_their_own(empty, gate) -> None:
    for variant in range(60):
        folder = empty / f"variant{variant}"
        folder.mkdir()
        (folder / f"{'long' * 16}.onnx").write_bytes(good_model())
    assert gate("init").returncode == 0
    assert gate("check").returncode == 0


def test_a_symbol_that_no_key_can_spell_is_left_to_the_person(empty, gate) -> None:
    shape = block(1, block(2, "批")) + block(1, number(1, 2))
    opened = block(1, "x") + block(2, block(1, number(1, 1) + block(2, shape)))
    body = block(1, node("Relu")) + block(2, "g") + block(11, opened) + block(12, value("y"))
    (empty / "kws.onnx").write_bytes(model(body))
    drafted = gate("init")
    assert (drafted.returncode, drafted.stderr) == (0, "")
    assert "name it in ASCII" in drafted.stdout
    checked = gate("check")
    assert checked.returncode == 1, checked.stderr
    assert "unbound dimension" in checked.stdout


def test_the_files_that_hold_the_weights_are_drafted_too(empty, gate) -> None:
    place = block(13, block(1, "location") + block(2, "kws.weights")) + number(14, 1)
    weights = block(5, tensor("w", (2, 3), 1, place))
    (empty / "sub").mkdir()
    (empty / "sub/kws.onnx").write_bytes(model(graph(weights, nodes=(node("MatMul", ("x", "w")),))))
    (empty / "sub/kws.weights").write_bytes(bytes(24))
    assert gate("init").returncode == 0
    assert "path: sub/kws.weights" in (empty / "release.yaml").read_text()
    done = gate("check")
    assert done.returncode == 0, done.stdout
    (empty / "sub/kws.weights").write_bytes(bytes(23) + b"!")
    assert gate("check").returncode == 1


def test_a_damaged_model_is_drafted_with_a_note_and_never_allowed(empty, gate) -> None:
    (empty / "kws.onnx").write_bytes(good_model()[:-3])
    drafted = gate("init")
    assert drafted.returncode == 0
    assert "cannot be judged yet" in drafted.stdout
    assert gate("check").returncode == 1


def test_fix_writes_every_computed_value_at_once_and_then_nothing_more(adopted, gate) -> None:
    (adopted / "kws.onnx").write_bytes(good_model() + b"\x1a\x011")
    first = gate("fix")
    assert first.returncode == 0
    assert "/artifacts/0/digest" in first.stdout
    assert "/metadata/sequence" in first.stdout
    written = (adopted / "release.yaml").read_bytes()
    second = gate("fix")
    assert "nothing to fix" in second.stdout
    assert (adopted / "release.yaml").read_bytes() == written
    assert gate("check").returncode == 0


def test_fix_shows_as_a_diff_exactly_what_it_then_writes(adopted, gate, git) -> None:
    (adopted / "kws.onnx").write_bytes(good_model() + b"\x1a\x011")
    before = (adopted / "release.yaml").read_bytes()
    shown = gate("fix", "--diff")
    assert shown.returncode == 0
    assert (adopted / "release.yaml").read_bytes() == before
    (adopted / "shown.diff").write_text(shown.stdout)
    git(adopted, "apply", "shown.diff")
    patched = (adopted / "release.yaml").read_bytes()
    (adopted / "release.yaml").write_bytes(before)
    assert gate("fix").returncode == 0
    assert (adopted / "release.yaml").read_bytes() == patched != before


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_fix_keeps_comments_order_quotes_and_line_ends(line_end, adopted, gate) -> None:
    manifest = adopted / "release.yaml"
    digest = f"sha256:{hashlib.sha256(good_model()).hexdigest()}"
    text = f"""\
# The keyword spotter.
kind: ReleaseManifest   # before apiVersion, on purpose
apiVersion: 'policy-gate/v1alpha1'
metadata:
    version: "0.1.0"  # the first
    sequence:   2
    name: '{adopted.name.replace("_", "-")}'
artifacts:
    # shipped
    - digest: '{"sha256:" + "0" * 64}'   # written by fix
      path: kws.onnx
      id: kws
targets: [{{runs: [kws], id: default}}]
"""
    manifest.write_bytes(text.replace("\n", line_end).encode())
    assert gate("fix").returncode == 0
    expected = text.replace("sha256:" + "0" * 64, digest)
    expected = expected.replace("      id: kws\n", f"      id: kws\n      size: {len(good_model())}\n")
    assert manifest.read_bytes().decode() == expected.replace("\n", line_end)


def test_fix_leaves_a_manifest_it_cannot_read_as_it_is(adopted, gate) -> None:
    (adopted / "release.yaml").write_text("kind: [\n")
    done = gate("fix")
    assert done.returncode == 2
    assert done.stderr.startswith("release.yaml:")
    assert (adopted / "release.yaml").read_text() == "kind: [\n"


def test_fix_never_writes_through_a_link(adopted, gate) -> None:
    outside = adopted.parent / f"{adopted.name}-outside.yaml"
    (adopted / "release.yaml").rename(outside)
    (adopted / "release.yaml").symlink_to(outside)
    (adopted / "kws.onnx").write_bytes(good_model() + b"\x1a\x011")
    before = outside.read_bytes()
    assert gate("fix").returncode == 2
    assert outside.read_bytes() == before
