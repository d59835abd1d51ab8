from __future__ import annotations

import io
import json
import os
import zipfile

import pytest
from cost_world import collected, dense, evidence_of, field, manifest_of, model, node, unknown_operator, value, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_gate.areas.cost import AREA, checks, figures, reading, runs
from policy_gate.areas.cost.facts import (
    ActivationCost,
    ClaimedCost,
    MacCost,
    ModelFile,
    OperatorCoverage,
    TargetActivations,
    TargetFlash,
    TargetMacs,
    WeightCost,
)
from policy_gate.areas.cost.facts_device import ShapeClaims
from policy_gate.areas.cost.limits import GrowthLimits
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Fact, Missing, Outcome, Subject
from policy_gate.record import as_tree, canonical

COSTS = (MacCost, WeightCost, ActivationCost)
NODE_KWS = Subject("target", ("node", "kws"))
POINTER_FILE = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n"


def only(book, kind):
    (entry,) = book.entries(kind)
    return entry


def assert_all_missing(book, reason: Reason) -> None:
    for kind in COSTS:
        entry = only(book, kind)
        assert isinstance(entry, Missing), entry
        assert entry.reason is reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.UNSUPPORTED_FORMAT),
        (bytes(range(256)) * 64, Reason.UNSUPPORTED_FORMAT),
        (dense(64, 64)[:-200], Reason.UNREADABLE),
        (POINTER_FILE, Reason.LFS_POINTER),
        (b"\x1c\x00\x00\x00TFL3" + bytes(64), None),
    ],
    ids=["empty", "random", "cut", "pointer", "tflite"],
)
def test_a_model_that_cannot_be_read_leaves_everything_missing_also_beside_a_good_one(tmp_path, content, reason):
    write(tmp_path, "model/kws.onnx", content)
    write(tmp_path, "model/good.onnx", dense(8, 8))
    artifacts = [{"id": "kws", "path": "model/kws.onnx"}, {"id": "good", "path": "model/good.onnx"}]
    targets = [{"id": "node", "runs": ["kws", "good"]}]
    book = collected(tmp_path, manifest_of(artifacts=artifacts, targets=targets))
    for kind in (*COSTS, ModelFile, OperatorCoverage):
        bad, good = book.entries(kind)
        assert isinstance(bad, Missing)
        assert reason is None or bad.reason is reason
        assert not isinstance(good, Missing)


def test_a_file_that_is_not_there_is_missing_with_its_reason(tmp_path):
    book = collected(tmp_path)
    assert_all_missing(book, Reason.NOT_IN_TREE)
    assert only(book, ModelFile).pointer == "/artifacts/0/path"


def test_an_unknown_operator_is_counted_as_not_understood_and_its_cost_is_missing_never_zero(tmp_path):
    write(tmp_path, "model/kws.onnx", unknown_operator())
    book = collected(tmp_path)
    coverage = only(book, OperatorCoverage)
    assert (coverage.known, coverage.total, coverage.unknown) == (0, 1, ("com.acme::Magic",))
    macs = only(book, MacCost)
    assert isinstance(macs, Missing)
    assert macs.reason is Reason.UNSUPPORTED_OPERATOR
    assert "/magic" in macs.detail


def test_an_unbound_dimension_is_missing_at_the_place_where_the_target_binds_it(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch="N"))
    book = collected(tmp_path)
    assert isinstance(only(book, WeightCost), WeightCost)
    macs = only(book, MacCost)
    assert (macs.reason, macs.pointer) == (Reason.UNBOUND_DIMENSION, "/targets/0/dimensions")
    assert "dimensions: {N: 1}" in macs.fixes[0].text


def test_an_axis_without_a_name_is_bound_by_its_input_and_place_as_the_fix_says(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch=None))
    targets = [{"id": "n", "runs": ["kws"], "dimensions": {"N": 1}}]
    macs = only(collected(tmp_path, manifest_of(targets=targets)), MacCost)
    assert isinstance(macs, Missing)
    assert 'dimensions: {"v0[0]": 1}' in macs.fixes[0].text
    targets[0]["dimensions"] = {"v0[0]": 3}
    bound = only(collected(tmp_path, manifest_of(targets=targets)), MacCost)
    assert (bound.macs, bound.inputs[0].extents, bound.inputs[0].bound_axes) == (96, (3, 8), (0,))


def test_each_target_is_counted_with_its_own_dimensions(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch="N"))
    targets = [{"id": f"t{extent}", "runs": ["kws"], "dimensions": {"N": extent}} for extent in (1, 3)]
    small, large = collected(tmp_path, manifest_of(targets=targets)).entries(MacCost)
    assert (small.macs, large.macs) == (32, 96)
    assert (small.inputs[0].extents, large.inputs[0].bound_axes) == ((1, 8), (0,))


def test_a_model_is_read_once_however_many_targets_run_it(tmp_path, monkeypatch):
    import policy_gate.model_graph as graph

    write(tmp_path, "model/kws.onnx", dense(8, 4))
    reads = []
    real = graph.read_model
    monkeypatch.setattr(graph, "read_model", lambda *args, **named: reads.append(1) or real(*args, **named))
    targets = [{"id": f"t{number}", "runs": ["kws"]} for number in range(5)]
    assert len(collected(tmp_path, manifest_of(targets=targets)).known(MacCost)) == 5
    assert reads == [1]


def test_without_targets_each_model_is_counted_as_it_stands(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    content = manifest_of()
    del content["targets"]
    assert only(collected(tmp_path, content), MacCost).subject == Subject("artifact", ("kws",))


def test_an_asset_with_the_content_of_a_model_is_a_model_with_a_false_role(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    write(tmp_path, "labels.txt", dense(8, 4))
    artifacts = [{"id": "kws", "path": "model/kws.onnx"}, {"id": "labels", "path": "labels.txt", "role": "asset"}]
    book = collected(tmp_path, manifest_of(artifacts=artifacts, targets=[{"id": "n", "runs": ["kws", "labels"]}]))
    _, hidden = book.entries(ModelFile)
    assert (hidden.role, hidden.found_format) == ("asset", "onnx")
    assert len(book.known(MacCost)) == 2


def test_an_asset_named_as_a_model_whose_content_is_none_is_not_established(tmp_path):
    write(tmp_path, "labels.onnx", b"yes\nno\n")
    entry = only(
        collected(tmp_path, manifest_of(artifacts=[{"id": "kws", "path": "labels.onnx", "role": "asset"}])), ModelFile
    )
    assert isinstance(entry, Missing)
    assert entry.reason is Reason.UNSUPPORTED_FORMAT


ASSET = {"id": "voices", "path": "model/voices.bin", "role": "asset"}


def with_asset(folder, content: bytes, **changes) -> dict:
    write(folder, "model/kws.onnx", dense(8, 4))
    write(folder, "model/voices.bin", content)
    artifacts = [{"id": "kws", "path": "model/kws.onnx"}, ASSET]
    return manifest_of(**{"artifacts": artifacts, "targets": [{"id": "node", "runs": ["kws", "voices"]}], **changes})


def zipped(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, dense(8, 4))
    return made.getvalue()


@pytest.mark.parametrize("name", ["kws.onnx", "labels.txt"])
def test_an_archive_is_not_established_since_it_may_hold_a_model_under_any_name(tmp_path, name):
    entry = collected(tmp_path, with_asset(tmp_path, zipped(name))).entries(ModelFile)[1]
    assert isinstance(entry, Missing)
    assert (entry.reason, entry.pointer) == (Reason.UNSUPPORTED_FORMAT, "/artifacts/1/path")
    assert "an archive (zip)" in entry.detail


@pytest.mark.parametrize("size", [1, 100, 20_000])
def test_a_model_behind_a_field_that_nobody_knows_is_a_model(tmp_path, size):
    book = collected(tmp_path, with_asset(tmp_path, field(1000, bytes(size)) + dense(8, 8)))
    assert book.known(ModelFile)[1].found_format == "onnx"
    assert only(book, TargetMacs).total == 32 + 64


def test_a_file_that_is_no_model_takes_flash_of_the_target_that_runs_it(tmp_path):
    targets = [{"id": "node", "runs": ["kws", "voices"]}, {"id": "bare", "runs": ["kws"]}]
    node, bare = collected(tmp_path, with_asset(tmp_path, b"\xff" * 5000, targets=targets)).known(TargetFlash)
    assert (node.total, [one.size_bytes for one in node.assets]) == (5000 + 128, [5000])
    assert (bare.total, bare.assets) == (128, ())


def test_a_target_that_runs_no_model_has_flash_and_no_multiply_accumulates(tmp_path):
    targets = [{"id": "node", "runs": ["kws"]}, {"id": "bare", "runs": ["voices"]}]
    book = collected(tmp_path, with_asset(tmp_path, b"\xff" * 5000, targets=targets))
    assert [one.total for one in book.known(TargetFlash)] == [128, 5000]
    assert only(book, TargetMacs).total == 32


def test_weights_beside_a_model_that_are_listed_as_a_file_count_once(tmp_path):
    content = with_asset(tmp_path, bytes(128))
    write(tmp_path, "model/kws.onnx", dense(8, 4, external="voices.bin"))
    flash = only(collected(tmp_path, content), TargetFlash)
    assert (flash.total, [one.size_bytes for one in flash.assets]) == (128, [0])


def test_what_a_model_leaves_unused_of_the_file_beside_it_takes_flash_as_well(tmp_path):
    content = with_asset(tmp_path, bytes(5000))
    place = field(13, field(1, "location") + field(2, "voices.bin")) + field(13, field(1, "length") + field(2, "128"))
    constant = field(1, 8) + field(1, 4) + field(2, 1) + field(8, "w") + place + field(14, 1)
    product = [node("MatMul", ["x", "w"], "y")]
    write(tmp_path, "model/kws.onnx", model(product, [constant], [value("x", 1, 8)], [value("y", 1, 4)]))
    flash = only(collected(tmp_path, content), TargetFlash)
    assert (flash.total, [one.size_bytes for one in flash.assets]) == (5000, [4872])


def test_a_file_that_is_not_there_leaves_the_flash_missing(tmp_path):
    content = with_asset(tmp_path, b"x")
    (tmp_path / "model/voices.bin").unlink()
    assert isinstance(only(collected(tmp_path, content), TargetFlash), Missing)


def many_targets(count: int, **dimensions) -> list[dict]:
    return [
        {
            "id": f"t{number}",
            "runs": ["kws"],
            "dimensions": {name: extent(number) for name, extent in dimensions.items()},
        }
        for number in range(count)
    ]


def test_more_pairs_of_target_and_artifact_than_are_counted_are_missing_before_any_work(tmp_path, monkeypatch):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    monkeypatch.setattr(runs, "MAX_RUNS", 3)
    assert len(collected(tmp_path, manifest_of(targets=many_targets(3))).known(TargetMacs)) == 3
    claims = [{"target": "t0", "artifact": "kws", "macs": 32}]
    monkeypatch.setattr(reading, "profile_of", None)
    evidence = evidence_of(tmp_path, manifest_of(targets=many_targets(4), cost=claims))
    for collector in AREA.collectors:
        if not {OperatorCoverage, ShapeClaims} & {*collector.gives}:
            evidence.facts.add(tuple(collector.run(evidence)))
    for kind in (*COSTS, TargetMacs, TargetFlash, TargetActivations):
        assert only(evidence.facts, kind).reason is Reason.TOO_LARGE
    assert [one.reason for one in evidence.facts.entries(ClaimedCost)] == [Reason.NOT_DECLARED, Reason.TOO_LARGE]


def test_a_model_that_is_bound_in_too_many_ways_is_missing_for_those_beyond(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch="N"))
    targets = many_targets(runs.MAX_BINDINGS + 2, N=lambda number: number + 1)
    entries = collected(tmp_path, manifest_of(targets=targets)).entries(MacCost)
    assert [one.reason for one in entries if isinstance(one, Missing)] == [Reason.TOO_LARGE] * 2


def test_targets_that_bind_a_model_alike_are_never_too_many_ways(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch="N"))
    targets = many_targets(runs.MANY_RUNS + 1, N=lambda _: 1, unused=lambda number: number + 1)
    costs = collected(tmp_path, manifest_of(targets=targets)).known(MacCost)
    assert len({one.subject for one in costs}) == runs.MANY_RUNS + 1
    assert {one.macs for one in costs} == {32}


def test_the_figure_of_a_model_bound_in_many_ways_beside_others_is_bounded_over_the_manifest(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "MAX_MORE_BINDINGS", 2)
    content = two_models(tmp_path)
    for name in ("kws", "vad"):
        write(tmp_path, f"model/{name}.onnx", dense(8, 4, batch="N"))
    both = [{"id": f"t{n}", "runs": ["kws", "vad"], "dimensions": {"N": n}} for n in (1, 2, 3)]
    entries = collected(tmp_path, {**content, "targets": both}).entries(MacCost)
    assert [isinstance(one, Missing) for one in entries] == [False] * 4 + [True] * 2


def test_a_target_without_claims_is_not_silent_where_another_has_some(tmp_path):
    targets = [{"id": "one", "runs": ["kws", "vad"]}, {"id": "two", "runs": ["kws"]}]
    claims = [
        {"target": "one", "artifact": "kws", "macs": 32},
        {"target": "two", "artifact": "kws", "latency_ms": 9.8},
    ]
    entries = collected(tmp_path, two_models(tmp_path, targets=targets, cost=claims)).entries(ClaimedCost)
    silent = [one for one in entries if isinstance(one, Missing)]
    assert [one.subject.names for one in silent] == [("one", "vad"), ("two", "kws")]
    assert {one.reason for one in silent} == {Reason.NOT_DECLARED}


def test_a_release_of_assets_alone_has_no_model_and_no_cost(tmp_path):
    write(tmp_path, "labels.txt", b"yes\nno\n")
    book = collected(tmp_path, manifest_of(artifacts=[{"id": "kws", "path": "labels.txt", "role": "asset"}]))
    assert only(book, ModelFile).reason is Reason.NOT_DECLARED
    assert_all_missing(book, Reason.NOT_DECLARED)


def test_weights_beside_the_model_are_counted_and_named(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, external="kws.bin"))
    write(tmp_path, "model/kws.bin", bytes(128))
    book = collected(tmp_path)
    assert only(book, ModelFile).external_files == ("model/kws.bin",)
    assert only(book, WeightCost).weight_bytes == 128


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "gone.bin", "kws.onnx", "C:\\x", ""])
def test_weights_outside_the_tree_or_absent_leave_the_model_unread(tmp_path, location):
    write(tmp_path, "secret.bin", bytes(128))
    write(tmp_path, "model/kws.onnx", dense(8, 4, external=location or "./"))
    book = collected(tmp_path)
    assert isinstance(only(book, ModelFile), Missing)
    for kind in COSTS:
        assert isinstance(only(book, kind), Missing)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links there")
def test_weights_behind_a_link_leave_the_model_unread(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, external="kws.bin"))
    write(tmp_path, "secret.bin", bytes(128))
    (tmp_path / "model/kws.bin").symlink_to("../secret.bin")
    assert only(collected(tmp_path), ModelFile).reason is Reason.PATH_REFUSED


def test_a_deep_model_keeps_only_its_largest_layers_and_counts_all(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "MAX_LAYERS", 3)
    monkeypatch.setattr(figures, "LARGEST_LAYERS", 2)
    write(tmp_path, "model/kws.onnx", dense(2, 9, 2, 30, 2))
    macs = only(collected(tmp_path), MacCost)
    assert macs.layer_count == 4
    assert [layer.name for layer in macs.layers] == ["/fc2", "/fc3"]
    assert macs.macs == 18 + 18 + 60 + 60


def test_names_from_a_hostile_model_are_shown_on_one_bounded_line(tmp_path):
    name = "\x1b[31m\n" + "x" * 5000
    content = model([node("MatMul", ["x", "x"], "y", name)], [], [value("x", 4, 4)], [value("y", 4, 4)])
    write(tmp_path, "model/kws.onnx", content)
    (layer,) = only(collected(tmp_path), MacCost).layers
    assert layer.name.isprintable()
    assert len(layer.name) < 300


def test_a_larger_model_in_its_place_is_explained_by_the_layer_that_grew(tmp_path):
    write(tmp_path, "old/model/kws.onnx", dense(64, 64, 64))
    write(tmp_path, "new/model/kws.onnx", dense(64, 64, 128, name="renamed"))
    before, after = (only(collected(tmp_path / side), TargetMacs) for side in ("old", "new"))
    answer = checks.macs_growth(after, base=before, limits=GrowthLimits())
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("'/renamed1' (MatMul) grew from 4.1 kMAC to 8.2 kMAC: 100% of the increase",)


def test_outputs_that_are_never_stored_do_not_explain_the_peak(tmp_path, shared):
    source = shared / "models" / "mlperf-tiny" / "vww_96_int8.onnx"
    if not source.is_file():
        pytest.skip("the models are not present")
    write(tmp_path, "model/kws.onnx", source.read_bytes())
    targets = [{"id": "node", "runs": ["kws"], "dimensions": {"unk__618": 1}}]
    cost = only(collected(tmp_path, manifest_of(targets=targets)), ActivationCost)
    assert cost.peak_bytes == 55296
    assert all(layer.amount <= cost.peak_bytes for layer in cost.layers)
    assert not [layer for layer in cost.layers if "DequantizeLinear" in layer.op]


TOTALS = (TargetMacs, TargetFlash, TargetActivations)
TWO_ARTIFACTS = [{"id": "kws", "path": "model/kws.onnx"}, {"id": "vad", "path": "model/vad.onnx"}]


def two_models(folder, **changes) -> dict:
    write(folder, "model/kws.onnx", dense(8, 4))
    write(folder, "model/vad.onnx", dense(8, 8))
    targets = [{"id": "node", "runs": ["kws", "vad"]}]
    return manifest_of(**{"artifacts": TWO_ARTIFACTS, "targets": targets, **changes})


def test_the_total_of_a_target_is_the_sum_of_its_models_and_the_largest_peak(tmp_path):
    book = collected(tmp_path, two_models(tmp_path))
    macs, flash, peak = (only(book, kind) for kind in TOTALS)
    assert {one.subject for one in (macs, flash, peak)} == {Subject("target", ("node",))}
    assert {one.pointer for one in (macs, flash, peak)} == {"/targets/0/runs"}
    assert (macs.total, [one.amount for one in macs.models]) == (96, [32, 64])
    assert flash.total == sum(one.flash_bytes for one in book.known(WeightCost)) == 4 * 96
    assert peak.total == max(one.peak_bytes for one in book.known(ActivationCost))
    assert [one.pointer for one in flash.models] == ["/artifacts/0/path", "/artifacts/1/path"]


def test_each_target_counts_the_models_that_it_runs_and_no_others(tmp_path):
    targets = [{"id": "both", "runs": ["vad", "kws", "kws"]}, {"id": "one", "runs": ["vad"]}]
    both, one = collected(tmp_path, two_models(tmp_path, targets=targets)).known(TargetMacs)
    assert (both.total, one.total) == (96, 64)
    assert (both.pointer, one.pointer) == ("/targets/0/runs", "/artifacts/1/path")


def test_without_targets_all_models_of_the_release_are_counted_together(tmp_path):
    content = two_models(tmp_path)
    del content["targets"]
    macs = only(collected(tmp_path, content), TargetMacs)
    assert (macs.subject, macs.total) == (RELEASE, 96)


@pytest.mark.parametrize("bad", [unknown_operator(), b"no model", None], ids=["operator", "content", "absent"])
def test_one_model_that_is_not_established_leaves_the_total_of_its_target_missing(tmp_path, bad):
    content = two_models(tmp_path)
    (tmp_path / "model/vad.onnx").unlink()
    if bad is not None:
        write(tmp_path, "model/vad.onnx", bad)
    book = collected(tmp_path, content)
    macs, alone = only(book, TargetMacs), book.get(MacCost, Subject("target", ("node", "vad")))
    assert isinstance(macs, Missing)
    assert (macs.subject, macs.reason, macs.pointer) == (Subject("target", ("node",)), alone.reason, alone.pointer)
    assert macs.detail == f"vad: {alone.detail}"


def test_claims_are_compared_with_the_figures_of_their_own_target(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    entry = {"target": "node", "artifact": "kws", "macs": 33, "parameters": 32, "flash_kib": 52, "latency_ms": 9.8}
    macs, parameters, flash = collected(tmp_path, manifest_of(cost=[entry])).known(ClaimedCost)
    assert (macs.claimed, macs.computed, macs.pointer) == (33.0, 32.0, "/cost/0/macs")
    assert (parameters.claimed, parameters.computed) == (32.0, 32.0)
    assert (flash.computed, flash.exact) == (0.125, False)


@pytest.mark.parametrize(
    "section",
    [None, [], [{"target": "node", "artifact": "kws", "latency_ms": 9.8}]],
    ids=["absent", "empty", "latency"],
)
def test_claims_that_cannot_be_computed_again_leave_nothing_to_compare(tmp_path, section):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    content = manifest_of() if section is None else manifest_of(cost=section)
    assert only(collected(tmp_path, content), ClaimedCost).reason is Reason.NOT_DECLARED


def test_a_claim_about_another_target_or_an_unreadable_model_is_not_established(tmp_path):
    entries = [
        {"target": "node", "artifact": "kws", "macs": 1},
        {"target": "elsewhere", "artifact": "kws", "parameters": 1, "flash_kib": 1},
    ]
    found = collected(tmp_path, manifest_of(cost=entries)).entries(ClaimedCost)
    assert [one.reason for one in found] == [Reason.NOT_IN_TREE, Reason.NOT_DECLARED, Reason.NOT_DECLARED]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), flip=st.integers(0, 400), byte=st.integers(0, 255))
def test_no_damage_to_a_model_crashes_a_collector_and_each_speaks_of_every_fact(tmp_path, cut, flip, byte):
    whole = bytearray(dense(8, 4, 2, batch="N"))
    whole[flip % len(whole)] = byte
    write(tmp_path, "model/kws.onnx", bytes(whole[: len(whole) - cut % 50]))
    book = collected(tmp_path)
    for kind in AREA.fact_types:
        entries = book.entries(kind)
        assert entries
        assert all(not isinstance(one, Missing) or one.reason is not Reason.CRASHED for one in entries), entries


def test_facts_are_canonical_json(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4, batch="N"))
    targets = [{"id": "node", "runs": ["kws"], "dimensions": {"N": 1}}]
    facts = collected(tmp_path, manifest_of(targets=targets)).everything()
    assert len({fact.name for fact in facts if isinstance(fact, Fact)}) >= 5
    for fact in facts:
        tree = as_tree(fact)
        assert json.loads(canonical(tree)) == tree


def test_dimensions_that_the_model_does_not_have_change_nothing(tmp_path):
    write(tmp_path, "model/kws.onnx", dense(8, 4))
    evidence = evidence_of(tmp_path)
    (artifact,) = evidence.manifest.artifacts
    assert reading.profile_of(evidence, artifact, {"M": 7}) is reading.profile_of(evidence, artifact, {})


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("ad01_fp32", 264192),
        ("ad01_int8", 264192),
        ("ic_int8", 12501632),
        ("pretrainedResnet", 12501632),
        ("kws_ref_model", 2656768),
        ("kws_ref_model_float32", 2656768),
        ("vww_96_float", 7489664),
        ("vww_96_int8", 7489664),
    ],
)
def test_the_models_of_mlperf_tiny_take_their_known_multiply_accumulates(tmp_path, shared, name, macs):
    source = shared / "models" / "mlperf-tiny" / f"{name}.onnx"
    if not source.is_file():
        pytest.skip("the models are not present")
    write(tmp_path, "model/kws.onnx", source.read_bytes())
    evidence = evidence_of(tmp_path)
    symbols = reading.open_symbols(reading.model_of(evidence, evidence.manifest.artifacts[0]))
    targets = [{"id": "node", "runs": ["kws"], "dimensions": dict.fromkeys(symbols, 1)}]
    book = collected(tmp_path, manifest_of(targets=targets))
    cost = book.get(MacCost, NODE_KWS)
    assert cost.macs == macs
    assert sum(layer.amount for layer in cost.layers) == macs
    coverage = only(book, OperatorCoverage)
    assert coverage.known == coverage.total


def test_field_numbers_of_the_test_models_are_those_of_the_format():
    assert field(1, 8) == b"\x08\x08"
