"""The same inputs give the same bytes, whatever the process is started with, and the bytes can be read back."""

from __future__ import annotations

import json

import pytest
from checkout import good_model, manifest

from policy_gate.catalogue import fact_types
from policy_gate.record import decode_record, encode_record

NOW = ("--now", "2030-01-02", "--format", "json")


@pytest.fixture
def releases(checkout, git):
    """Three releases, one of them broken in two ways, so that the report has something to order."""
    for name in ("b", "a"):
        checkout.write(f"products/{name}/model.onnx", good_model())
        text = manifest(good_model(), path="model.onnx").replace("name: kws", f"name: product-{name}")
        checkout.write(f"products/{name}/release.yaml", text)
    git(checkout.root, "add", "-A")
    git(checkout.root, "commit", "-q", "-m", "releases")
    checkout.write("products/a/model.onnx", good_model() + b"\x1a\x011")
    checkout.write("products/a/second.bin", good_model())
    checkout.write("products/b/release.yaml", "kind: ReleaseManifest\nkind: twice\n")
    return checkout


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "4294967295"},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "Pacific/Pago_Pago"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "tr_TR.UTF-8"},
        {"COLUMNS": "20", "TERM": "dumb"},
        {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
    ],
    ids="-".join,
)
def test_the_report_is_the_same_bytes_in_every_environment(environment, releases, gate) -> None:
    expected = gate("check", *NOW, cwd=releases.root, own_process=True)
    again = gate("check", *NOW, cwd=releases.root, env=environment, own_process=True)
    assert expected.returncode == again.returncode == 2
    assert again.stdout == expected.stdout


def test_the_report_is_the_same_bytes_from_every_folder(releases, gate) -> None:
    expected = gate("check", *NOW, cwd=releases.root).stdout
    for folder in ("products", "products/a", "model"):
        assert gate("check", *NOW, cwd=releases.root / folder).stdout == expected
    (releases.root.parent / "link").symlink_to(releases.root)
    assert gate("check", *NOW, cwd=releases.root.parent / "link" / "products").stdout == expected


def test_the_report_of_a_copy_elsewhere_is_the_same_bytes(releases, gate, git, tmp_path) -> None:
    git(releases.root, "add", "-A")
    git(releases.root, "commit", "-q", "-m", "all")
    git(tmp_path, "clone", "-q", str(releases.root), "a copy with a longer name")
    here = gate("check", *NOW, cwd=releases.root)
    there = gate("check", *NOW, cwd=tmp_path / "a copy with a longer name")
    assert there.stdout == here.stdout
    assert str(tmp_path) not in here.stdout


def test_the_day_is_an_argument_and_part_of_the_record(releases, gate) -> None:
    (record, *_) = json.loads(gate("check", *NOW, cwd=releases.root).stdout)["records"]
    assert record["today"] == "2030-01-02"


def test_every_record_reads_back_and_writes_the_same_bytes(releases, gate) -> None:
    records = json.loads(gate("check", *NOW, cwd=releases.root).stdout)["records"]
    assert len(records) == 2
    for tree in records:
        text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        decoded = decode_record(text, fact_types())
        assert encode_record(decoded) == text
        assert {type(fact).name for fact in decoded.facts} == {fact["fact"] for fact in tree["facts"]}


def test_a_real_record_with_every_area_reads_back(shared, gate, tmp_path) -> None:
    (tmp_path / "kws.onnx").write_bytes((shared / "models/mlperf-tiny/kws_ref_model.onnx").read_bytes())
    assert gate("init").returncode == 0
    (tree,) = json.loads(gate("check", *NOW, "--policy", "builtin:edge-release", "--stage", "release").stdout)[
        "records"
    ]
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert encode_record(decode_record(text, fact_types())) == text
