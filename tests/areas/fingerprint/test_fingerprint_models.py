from __future__ import annotations

import json
import struct

import pytest
from fingerprint_world import (
    LFS_POINTER,
    ONES,
    SIDES,
    TWOS,
    artifact,
    collected,
    evidence_of,
    manifest_of,
    model,
    only,
    only_missing,
    write,
)

from policy_gate.areas.cost import reading as cost_reading
from policy_gate.areas.fingerprint import AREA, checks, reading
from policy_gate.areas.fingerprint.facts import ExternalFiles, ModelIdentity
from policy_gate.document import load
from policy_gate.errors import ManifestError, Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Outcome, Subject

ZERO = "sha256:" + "0" * 64
ASSET = artifact("data", "model/kws.data", role="asset")


def computed(folder, content: bytes) -> dict[str, str]:
    """All sides of a model's identity, as the gate computes them."""
    write(folder, "model/kws.onnx", content)
    evidence = evidence_of(folder)
    identity = reading.identity_of(evidence, evidence.manifest.artifacts[0])
    return {side: getattr(identity, side) for side in SIDES}


def with_fingerprint(sides: dict[str, str], *artifacts: dict) -> dict:
    return manifest_of(*artifacts, fingerprints={"kws": {"scheme": "pgfp-1", **sides}})


def changed_sides(folder, before: bytes, after: bytes) -> list[str]:
    """Which stated sides of one model fail for another, in words of the causes."""
    claimed = computed(folder, before)
    write(folder, "model/kws.onnx", after)
    answer = checks.identity_matches(only(collected(folder, with_fingerprint(claimed)), ModelIdentity))
    return [cause.partition(" ")[0] for cause in answer.causes]


def test_two_weights_of_one_shape_that_swapped_places_change_only_where_each_number_stands(tmp_path):
    assert changed_sides(tmp_path, model(ONES, TWOS), model(TWOS, ONES)) == ["bound"]


def test_a_changed_number_changes_the_weights_and_what_they_are_bound_to(tmp_path):
    assert changed_sides(tmp_path, model(ONES, TWOS), model(ONES, (2.0, 2.0, 2.0, 2.5))) == ["weights", "bound"]


def test_another_operator_changes_everything_but_the_numbers_and_the_interface(tmp_path):
    assert changed_sides(tmp_path, model(), model(op="Add")) == ["structure", "bound", "operators"]


def test_a_renamed_output_changes_the_interface_alone(tmp_path):
    assert changed_sides(tmp_path, model(), model(output="score")) == ["interface"]


def test_names_inside_the_graph_and_the_place_of_the_weights_change_nothing(tmp_path):
    assert changed_sides(tmp_path, model(), model(names=("w1", "w2"))) == []
    write(tmp_path, "model/kws.data", struct.pack("<4f", *ONES))
    assert changed_sides(tmp_path, model(ONES, ONES), model(beside="kws.data")) == []


def test_a_side_that_is_wrong_fails_there_and_the_fix_writes_the_computed_one(tmp_path):
    sides = computed(tmp_path, model())
    book = collected(tmp_path, with_fingerprint({**sides, "interface": ZERO}))
    answer = checks.identity_matches(only(book, ModelIdentity))
    assert answer.outcome is Outcome.FAIL
    assert answer.pointer == "/fingerprints/kws/interface"
    assert (answer.fixes[-1].pointer, answer.fixes[-1].replacement) == (
        "/fingerprints/kws/interface",
        sides["interface"],
    )


ENOUGH = [("bound",), ("weights", "structure"), ("bound", "operators"), ("weights", "structure", "interface")]
TOO_FEW = [("weights",), ("structure",), ("interface",), ("operators",), ("weights", "interface", "operators")]


@pytest.mark.parametrize("stated", TOO_FEW, ids="+".join)
def test_sides_that_other_models_share_are_not_enough_and_the_fix_adds_the_one_that_is(tmp_path, stated):
    sides = computed(tmp_path, model())
    book = collected(tmp_path, with_fingerprint({side: sides[side] for side in stated}))
    answer = checks.identity_matches(only(book, ModelIdentity))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_DECLARED)
    assert (answer.fixes[0].pointer, answer.fixes[0].replacement) == ("/fingerprints/kws/bound", sides["bound"])


@pytest.mark.parametrize("stated", TOO_FEW, ids="+".join)
def test_a_wrong_side_fails_also_where_too_few_are_stated(tmp_path, stated):
    write(tmp_path, "model/kws.onnx", model())
    book = collected(tmp_path, with_fingerprint(dict.fromkeys(stated, ZERO)))
    assert checks.identity_matches(only(book, ModelIdentity)).outcome is Outcome.FAIL


@pytest.mark.parametrize("stated", ENOUGH, ids="+".join)
def test_only_the_sides_that_are_stated_are_judged(tmp_path, stated):
    sides = computed(tmp_path, model())
    book = collected(tmp_path, with_fingerprint({side: sides[side] for side in stated}))
    assert {one.side.value for one in only(book, ModelIdentity).sides} == set(stated)
    assert checks.identity_matches(only(book, ModelIdentity)).outcome is Outcome.PASS


def test_a_manifest_without_fingerprints_is_unknown_and_says_which_command_prints_one(tmp_path):
    write(tmp_path, "model/kws.onnx", model())
    missing = only_missing(collected(tmp_path), ModelIdentity)
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, "/fingerprints")
    assert "policy-gate inspect model/kws.onnx --fingerprint" in missing.fixes[0].text
    assert only_missing(collected(tmp_path, manifest_of(fingerprints={})), ModelIdentity).reason is Reason.NOT_DECLARED


def test_without_a_claim_no_weight_is_read(tmp_path, monkeypatch):
    write(tmp_path, "model/kws.onnx", model())
    monkeypatch.setattr(reading, "identity_of", lambda *_: pytest.fail("the weights were read"))
    assert only_missing(collected(tmp_path), ModelIdentity).reason is Reason.NOT_DECLARED


def test_a_second_model_without_a_fingerprint_does_not_hide_behind_the_first(tmp_path):
    sides = computed(tmp_path, model())
    write(tmp_path, "model/other.onnx", model())
    labels = artifact("labels", "labels.txt", role="asset")
    manifest = with_fingerprint(sides, artifact(), artifact("other", "model/other.onnx"), labels)
    known, missing = collected(tmp_path, manifest).entries(ModelIdentity)
    assert known.subject == Subject("artifact", ("kws",))
    assert (missing.subject, missing.reason) == (Subject("artifact", ("other",)), Reason.NOT_DECLARED)


def test_a_fingerprint_of_no_artifact_is_missing_with_the_nearest_name(tmp_path):
    sides = computed(tmp_path, model())
    stated = {"scheme": "pgfp-1", **sides}
    book = collected(tmp_path, manifest_of(fingerprints={"kws": stated, "kwss": stated}))
    (missing,) = [one for one in book.entries(ModelIdentity) if one.subject == Subject("artifact", ("kwss",))]
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, "/fingerprints/kwss")
    assert missing.fixes[0].text == "did you mean 'kws'?"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.UNSUPPORTED_FORMAT),
        (b"CIR0CIR0CIR0CIR0", Reason.UNSUPPORTED_FORMAT),
        (b"TFL3TFL3TFL3TFL3", Reason.UNREADABLE),
        (LFS_POINTER, Reason.LFS_POINTER),
        (model()[:-20], Reason.UNREADABLE),
    ],
)
def test_a_model_that_cannot_be_read_has_no_identity_and_no_known_files(tmp_path, content, reason):
    write(tmp_path, "model/kws.onnx", content)
    book = collected(tmp_path, with_fingerprint({"weights": ZERO}))
    assert only_missing(book, ModelIdentity).reason is reason
    external = only_missing(book, ExternalFiles)
    assert (external.reason, external.pointer) == (reason, "/artifacts/0/path")


def test_a_file_of_weights_that_is_no_artifact_fails(tmp_path):
    write(tmp_path, "model/kws.data", struct.pack("<4f", *ONES))
    write(tmp_path, "model/kws.onnx", model(beside="kws.data"))
    external = only(collected(tmp_path), ExternalFiles)
    assert (external.files, external.unlisted) == (("model/kws.data",), ("model/kws.data",))
    assert checks.external_listed(external).outcome is Outcome.FAIL


def test_a_file_of_weights_that_is_an_artifact_passes_wherever_the_manifest_lies(tmp_path):
    write(tmp_path, "releases/model/kws.data", struct.pack("<4f", *ONES))
    write(tmp_path, "releases/model/kws.onnx", model(beside="kws.data"))
    external = only(collected(tmp_path, manifest_of(artifact(), ASSET), "releases/release.json"), ExternalFiles)
    assert (external.files, external.unlisted) == (("model/kws.data",), ())


def test_a_model_declared_as_an_asset_still_names_its_files(tmp_path):
    write(tmp_path, "model/kws.data", struct.pack("<4f", *ONES))
    write(tmp_path, "model/kws.onnx", model(beside="kws.data"))
    external = only(collected(tmp_path, manifest_of(artifact(role="asset"))), ExternalFiles)
    assert external.unlisted == ("model/kws.data",)


def test_an_asset_that_is_no_model_says_nothing_of_external_files(tmp_path):
    write(tmp_path, "model/kws.onnx", model())
    write(tmp_path, "labels.txt", b"yes\nno\n")
    book = collected(tmp_path, manifest_of(artifact(), artifact("labels", "labels.txt", role="asset")))
    assert only(book, ExternalFiles).subject == Subject("artifact", ("kws",))


def test_a_release_without_a_model_is_unknown_and_not_passed(tmp_path):
    write(tmp_path, "labels.txt", b"yes\nno\n")
    book = collected(tmp_path, manifest_of(artifact("labels", "labels.txt", role="asset")))
    assert only_missing(book, ExternalFiles).reason is Reason.NOT_DECLARED


def test_a_file_of_weights_that_is_absent_is_missing_and_no_pass(tmp_path):
    write(tmp_path, "model/kws.onnx", model(beside="kws.data"))
    book = collected(tmp_path, with_fingerprint({"weights": ZERO}))
    assert only_missing(book, ExternalFiles).reason is Reason.NOT_IN_TREE
    assert only_missing(book, ModelIdentity).reason is Reason.NOT_IN_TREE


@pytest.mark.parametrize("location", ["../secret.data", "/etc/hostname", "a/../../secret.data"])
def test_a_model_cannot_name_a_file_outside_its_folder(tmp_path, location):
    write(tmp_path, "model/kws.onnx", model(beside=location))
    write(tmp_path, "secret.data", bytes(16))
    book = collected(tmp_path, with_fingerprint({"weights": ZERO}))
    assert only_missing(book, ExternalFiles).reason is Reason.PATH_REFUSED
    assert only_missing(book, ModelIdentity).reason is Reason.PATH_REFUSED


def test_a_model_the_cost_area_has_read_is_not_read_again(tmp_path):
    write(tmp_path, "model/kws.onnx", model())
    evidence = evidence_of(tmp_path)
    (one,) = evidence.manifest.artifacts
    assert reading.model_of(evidence, one) is cost_reading.model_of(evidence, one)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"scheme": "pgfp-1"}, "states none of weights"),
        ({"scheme": "pgfp-2", "weights": ZERO}, "'pgfp-1'"),
        ({"weights": ZERO}, "has no 'scheme'"),
        ({"scheme": "pgfp-1", "weights": "sha256:ABC"}, "fingerprints.kws.weights is 'sha256:ABC'"),
        ({"scheme": "pgfp-1", "weights": None, "bound": 3}, "fingerprints.kws.bound is 3"),
        ({"scheme": "pgfp-1", "wieghts": ZERO}, "unknown field 'wieghts'"),
    ],
)
def test_a_fingerprint_that_is_none_is_refused_with_its_place(stated, words):
    start = (
        '{"apiVersion": "policy-gate/v1alpha1", "kind": "ReleaseManifest", "metadata": {"name": "kws", "version": "1",'
    )
    rest = f' "sequence": 1}}, "artifacts": [{{"id": "kws", "path": "kws.onnx"}}],\n"fingerprints": {{"kws": {json.dumps(stated)}}}}}'
    with pytest.raises(ManifestError) as refused:
        decode_manifest(load((start + rest).encode(), "release.json"), AREA.sections)
    (problem,) = refused.value.problems
    assert words in problem.message
    assert problem.line == 2


def test_an_id_that_is_no_identifier_is_refused():
    manifest = manifest_of(fingerprints={"../kws": {"scheme": "pgfp-1", "weights": ZERO}})
    with pytest.raises(ManifestError, match="a key of fingerprints is"):
        evidence_of(".", manifest)


def test_fix_writes_the_sides_that_differ_and_then_the_release_passes(tmp_path, gate):
    write(tmp_path, "model/kws.onnx", model())
    names = {"bundle": {"root": "model"}, "artifacts": [artifact(size=0, digest=ZERO)]}
    content = {**with_fingerprint({"weights": ZERO, "interface": ZERO}), **names}
    write(tmp_path, "release.json", json.dumps(content).encode())
    configuration = b'apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: ["builtin:fingerprint"]}\n'
    write(tmp_path, "policy-gate.yaml", configuration)
    judged = gate("check")
    assert judged.returncode == 1
    assert "weights differs: the numbers changed" in judged.stdout
    assert gate("fix").returncode == 0
    mended = gate("check")
    assert (mended.returncode, mended.stderr) == (0, "")


def test_real_models_are_themselves_and_not_each_other(tmp_path, shared):
    found = sorted((shared / "models" / "mlperf-tiny").glob("*.onnx"))
    if len(found) < 2:
        pytest.skip("the shared models are not present")
    small = sorted(found, key=lambda path: path.stat().st_size)[:3]
    sides = [computed(tmp_path, path.read_bytes()) for path in small]
    assert len({tuple(one.values()) for one in sides}) == len(small)
    write(tmp_path, "model/kws.onnx", small[0].read_bytes())
    passed = checks.identity_matches(only(collected(tmp_path, with_fingerprint(sides[0])), ModelIdentity))
    failed = checks.identity_matches(only(collected(tmp_path, with_fingerprint(sides[1])), ModelIdentity))
    assert (passed.outcome, failed.outcome) == (Outcome.PASS, Outcome.FAIL)
