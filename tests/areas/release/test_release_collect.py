from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_world import decoded, evidence_of, manifest_of, onnx_model, write

from policy_gate.area import History
from policy_gate.areas.release import AREA, collect, survey
from policy_gate.areas.release.facts import (
    CertificationTerm,
    CreationTime,
    FoundModel,
    ModelSurvey,
    ModelUse,
    RollbackPlan,
    SequenceFloor,
    TargetUse,
)
from policy_gate.areas.release.instants import end_of_day, read_instant
from policy_gate.errors import EvidenceError, ManifestError, Reason
from policy_gate.model import Missing

DIGEST = "sha256:" + "a" * 64
POINTER_FILE = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n"


def surveyed(evidence) -> ModelSurvey:
    (found,) = collect.survey(evidence)
    assert isinstance(found, ModelSurvey)
    return found


def unlisted(evidence) -> list[str]:
    return [found.path for found in surveyed(evidence).unlisted]


def test_a_model_under_another_ending_is_found_by_its_content(tmp_path):
    write(tmp_path, "docs/notes.md", onnx_model())
    assert surveyed(evidence_of(tmp_path)).unlisted == (FoundModel(path="docs/notes.md", format="onnx"),)


def test_a_model_without_an_ending_in_a_hidden_folder_is_found(tmp_path):
    write(tmp_path, ".cache/blob", onnx_model())
    assert unlisted(evidence_of(tmp_path)) == [".cache/blob"]


def test_only_the_folder_of_the_manifest_is_searched_by_content_and_its_siblings_by_name(tmp_path):
    for path in ("a/kws/deep/x", "a/kws-old/x", "a/kws0", "a/kwa/x", "x"):
        write(tmp_path, path, onnx_model())
    assert unlisted(evidence_of(tmp_path, path="a/kws/release.json")) == ["a/kws/deep/x"]


def test_a_model_by_name_outside_the_folder_of_the_manifest_is_found(tmp_path):
    write(tmp_path, "elsewhere/Old.ONNX")
    assert unlisted(evidence_of(tmp_path, path="releases/kws/release.json")) == ["elsewhere/Old.ONNX"]


def test_a_pointer_with_the_name_of_a_model_is_reported_and_one_of_a_data_set_is_not(tmp_path):
    write(tmp_path, "big.onnx", POINTER_FILE)
    write(tmp_path, "speech.wav", POINTER_FILE)
    found = surveyed(evidence_of(tmp_path))
    assert found.unlisted == (FoundModel(path="big.onnx", format=""),)
    assert found.unread == ()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_with_the_name_of_a_model_is_reported(tmp_path):
    write(tmp_path, "notes.txt", b"text")
    (tmp_path / "old.onnx").symlink_to("notes.txt")
    assert unlisted(evidence_of(tmp_path)) == ["old.onnx"]


@pytest.mark.skipif(not hasattr(os, "link"), reason="no hard links there")
def test_a_file_that_may_not_be_opened_is_counted_as_unread_and_not_as_clean(tmp_path):
    write(tmp_path, "weights.bin", onnx_model())
    os.link(tmp_path / "weights.bin", tmp_path / "copy.bin")
    assert surveyed(evidence_of(tmp_path)).unread == ("copy.bin", "weights.bin")


def test_a_listed_model_is_no_finding_whichever_manifest_lists_it(tmp_path):
    write(tmp_path, "model/kws.onnx", onnx_model())
    write(tmp_path, "model/other.onnx", onnx_model())
    evidence = evidence_of(tmp_path)
    assert unlisted(evidence) == ["model/other.onnx"]
    assert unlisted(replace(evidence, listed_files=frozenset({"model/other.onnx"}))) == []


def test_a_model_that_git_ignores_is_found_in_the_folder_that_ships(tmp_path, git):
    git(tmp_path, "init", "-q")
    write(tmp_path, ".gitignore", b"*.bin\n")
    write(tmp_path, "model/extra.bin", onnx_model())
    assert unlisted(evidence_of(tmp_path)) == []
    evidence = evidence_of(tmp_path, manifest_of(bundle={"root": "model"}))
    assert unlisted(evidence) == ["model/extra.bin"]


def test_a_survey_over_its_limits_is_missing_and_not_empty(tmp_path, monkeypatch):
    write(tmp_path, "a.txt", b"a")
    write(tmp_path, "b.txt", b"b")
    for limit in ("MAX_NAMES", "MAX_OPENED"):
        with monkeypatch.context() as patched:
            patched.setattr(survey, limit, 1)
            (found,) = collect.survey(evidence_of(tmp_path))
            assert isinstance(found, Missing)
            assert found.reason is Reason.TOO_LARGE


def test_a_bundle_root_outside_the_tree_leaves_the_survey_missing(tmp_path):
    (found,) = collect.survey(evidence_of(tmp_path, manifest_of(bundle={"root": "../secret"})))
    assert isinstance(found, Missing)
    assert found.reason is Reason.PATH_REFUSED


def test_without_targets_nothing_says_where_a_model_runs(tmp_path):
    content = manifest_of()
    del content["targets"]
    found = list(collect.use(evidence_of(tmp_path, content)))
    assert [(one.fact, one.reason) for one in found] == [
        (ModelUse.name, Reason.NOT_DECLARED),
        (TargetUse.name, Reason.NOT_DECLARED),
    ]


def test_what_an_artifact_that_runs_was_derived_from_is_found_over_any_number_of_steps(tmp_path):
    artifacts = [
        {"id": "float", "path": "a.onnx"},
        {"id": "pruned", "path": "b.onnx", "derived_from": {"artifact": "float", "by": "pruning"}},
        {"id": "int8", "path": "c.onnx", "derived_from": {"artifact": "pruned", "by": "ptq"}},
        {"id": "idle", "path": "d.onnx"},
    ]
    content = manifest_of(artifacts=artifacts, targets=[{"id": "node", "runs": ["int8"]}])
    uses = {
        str(one.subject): (one.targets, one.derivative)
        for one in collect.use(evidence_of(tmp_path, content))
        if isinstance(one, ModelUse)
    }
    assert uses == {
        "artifact float": ((), "int8"),
        "artifact pruned": ((), "int8"),
        "artifact int8": (("node",), ""),
        "artifact idle": ((), ""),
    }


def test_a_chain_of_thousands_that_all_run_is_walked_once(tmp_path):
    count = 4000
    artifacts = [{"id": "a0", "path": "a.onnx"}]
    artifacts += [
        {"id": f"a{number}", "path": "a.onnx", "derived_from": {"artifact": f"a{number - 1}", "by": "x"}}
        for number in range(1, count)
    ]
    runs = [artifact["id"] for artifact in artifacts]
    manifest = decoded(manifest_of(artifacts=artifacts, targets=[{"id": "node", "runs": runs}]))
    for running in (runs, runs[::-1], runs[-1:]):
        found = collect._running_derivatives(manifest, running)
        assert set(found) == set(runs[:-1])
        assert all(int(derivative[1:]) > int(origin[1:]) for origin, derivative in found.items())


@pytest.mark.parametrize(
    ("bundle", "path", "stays_behind"),
    [
        ({"root": "model"}, "train/teacher.onnx", True),
        ({"root": "model"}, "model2/teacher.onnx", True),
        ({"root": "model"}, "model/teacher.onnx", False),
        ({"root": "model"}, "model/deep/teacher.onnx", False),
        ({"root": "model"}, "../teacher.onnx", False),
        ({"root": "../model"}, "train/teacher.onnx", False),
        (None, "train/teacher.onnx", False),
    ],
)
def test_a_file_stays_behind_only_when_it_surely_lies_outside_the_folder_that_ships(
    tmp_path, bundle, path, stays_behind
):
    content = manifest_of(artifacts=[{"id": "teacher", "path": path}], targets=[{"id": "node", "runs": ["teacher"]}])
    if bundle is not None:
        content["bundle"] = bundle
    (use,) = (one for one in collect.use(evidence_of(tmp_path, content)) if isinstance(one, ModelUse))
    assert use.stays_behind is stays_behind


def test_artifacts_that_derive_from_each_other_end_the_walk(tmp_path):
    artifacts = [
        {"id": "a", "path": "a.onnx", "derived_from": {"artifact": "b", "by": "x"}},
        {"id": "b", "path": "b.onnx", "derived_from": {"artifact": "a", "by": "x"}},
        {"id": "self", "path": "c.onnx", "derived_from": {"artifact": "self", "by": "x"}},
    ]
    content = manifest_of(artifacts=artifacts, targets=[{"id": "node", "runs": ["a"]}])
    uses = [one for one in collect.use(evidence_of(tmp_path, content)) if isinstance(one, ModelUse)]
    assert [one.derivative for one in uses] == ["", "a", ""]


def test_a_release_of_assets_alone_has_no_model_to_judge(tmp_path):
    content = manifest_of(artifacts=[{"id": "kws", "path": "labels.txt", "role": "asset"}])
    found = list(collect.use(evidence_of(tmp_path, content)))
    assert isinstance(found[-1], Missing)
    assert found[0].assets == ("kws",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-20",
        "2026-11-20T09:14:03",
        "2026-11-20T09:14:03+01:00",
        "2026-11-20T09:14:03z",
        "2026-11-20 09:14:03Z",
        "2026-02-30T00:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "2026-11-20T09:14:03.Z",
        "2026-11-20T09:14:03Z\n",
        "٢٠٢٦-11-20T09:14:03Z",
        "2026-W47-5T09:14:03Z",
    ],
)
def test_only_utc_times_of_rfc_3339_are_read(text):
    assert read_instant(text) is None


@given(st.datetimes())
def test_times_keep_their_order(moment):
    text = moment.isoformat(timespec="milliseconds") + "Z"
    day = end_of_day(moment.date())
    assert day - 86_400_000 <= read_instant(text) < day


def test_a_malformed_time_of_creation_is_a_fact_and_an_absent_one_is_missing(tmp_path):
    metadata = {"name": "kws", "version": "1", "sequence": 1, "created": "yesterday"}
    (found,) = collect.creation_time(evidence_of(tmp_path, manifest_of(metadata=metadata)))
    assert isinstance(found, CreationTime)
    assert not found.well_formed
    (found,) = collect.creation_time(evidence_of(tmp_path))
    assert isinstance(found, Missing)
    assert found.pointer == "/metadata/created"


def test_a_missing_rollback_section_leaves_the_plan_missing_and_the_floor_absent(tmp_path):
    floor, plan = collect.rollback(evidence_of(tmp_path))
    assert isinstance(plan, Missing)
    assert isinstance(floor, SequenceFloor)
    assert floor.min_sequence == -1


def test_a_rollback_section_gives_plan_and_floor(tmp_path):
    rollback = {"to": {"version": "1.3.2", "sequence": 38, "manifest": DIGEST}, "min_sequence": 35}
    floor, plan = collect.rollback(evidence_of(tmp_path, manifest_of(rollback=rollback)))
    assert isinstance(plan, RollbackPlan)
    assert (plan.to_sequence, plan.sequence, floor.min_sequence) == (38, 41, 35)


def test_the_days_left_of_a_certification_are_counted_from_today(tmp_path):
    entry = {"scheme": "eu-ai-act", "class": "limited-risk", "valid_until": "2026-11-22"}
    (found,) = collect.certification(evidence_of(tmp_path, manifest_of(certification=[entry])))
    assert isinstance(found, CertificationTerm)
    assert found.days_left == -1
    (absent,) = collect.certification(evidence_of(tmp_path, manifest_of(certification=[])))
    assert isinstance(absent, Missing)


def test_documents_are_hashed_and_each_absent_file_or_digest_is_missing(tmp_path):
    write(tmp_path, "card.md", b"a card")
    entries = [
        {"path": "card.md", "digest": DIGEST},
        {"path": "card.md"},
        {"path": "gone.md", "digest": DIGEST},
        {"path": "../card.md", "digest": DIGEST},
    ]
    wrong, bare, gone, outside = collect.documents(evidence_of(tmp_path, manifest_of(documents=entries)))
    assert wrong.claimed != wrong.computed
    assert bare.fixes[0].replacement == wrong.computed
    assert (gone.reason, outside.reason) == (Reason.NOT_IN_TREE, Reason.PATH_REFUSED)


def test_names_in_sections_that_nothing_has_are_found_with_their_place(tmp_path):
    quality = [{"artifact": "kws", "target": "node-v3", "metric": "top1", "value": 0.9}]
    compatibility = [{"target": "node-v2", "artifact": "kvs"}]
    (found,) = collect.references(evidence_of(tmp_path, manifest_of(quality=quality, compatibility=compatibility)))
    assert found.checked == 4
    assert [(one.pointer, one.name, one.nearest) for one in found.dangling] == [
        ("/quality/0/target", "node-v3", "node-v2"),
        ("/compatibility/0/artifact", "kvs", "kws"),
    ]


def test_a_new_name_is_shown_beside_the_nearest_of_the_base(tmp_path):
    history = History(base_known=True, names=("kws-eu", "vision"))
    (found,) = collect.name(evidence_of(tmp_path, history=history))
    assert (found.known_in_base, found.nearest_in_base) == (False, "kws-eu")


@pytest.mark.parametrize(
    ("section", "content"),
    [
        ("rollback", {"to": {"version": "1", "sequence": -1, "manifest": DIGEST}}),
        ("rollback", {"to": {"version": "1", "sequence": 1, "manifest": "sha256:A"}}),
        ("rollback", {"to": {"version": "1", "sequence": True, "manifest": DIGEST}}),
        ("rollback", {}),
        ("documents", {"path": "card.md"}),
        ("documents", [{"path": ""}]),
        ("certification", [{"scheme": "x", "class": "y", "valid_until": "2027-02-30"}]),
        ("certification", [{"scheme": "x", "class": "y", "valid_until": "soon"}]),
        ("quality", [{"artifact": "kws", "metric": "top1", "value": "0.9"}]),
        ("quality", [{"artifact": "kws", "metric": "top1", "value": True}]),
        ("compatibility", [{"target": "node-v2", "artifact": "kws", "suit": DIGEST}]),
    ],
)
def test_a_malformed_section_is_refused_when_the_manifest_is_decoded(section, content):
    with pytest.raises(ManifestError):
        decoded(manifest_of(**{section: content}))


def test_the_example_of_the_format_is_decoded():
    manifest = decoded(
        manifest_of(
            quality=[{"artifact": "kws", "target": "node-v2", "metric": "top1", "value": 0.912, "evidence": "e.json"}],
            compatibility=[
                {"target": "node-v2", "artifact": "kws", "suite": DIGEST, "evidence": "t.json", "required": ["boots"]}
            ],
            rollback={"to": {"version": "1.3.2", "sequence": 38, "manifest": DIGEST}, "min_sequence": 35},
            documents=[{"path": "docs/card.md", "digest": DIGEST, "sections": ["intended-use"], "approval": "a.json"}],
            certification=[
                {"scheme": "eu-ai-act", "class": "limited-risk", "document": DIGEST, "valid_until": "2027-11-20"}
            ],
        )
    )
    assert set(manifest.sections) == {"quality", "compatibility", "rollback", "documents", "certification"}


def test_every_collector_speaks_of_each_fact_it_gives_for_the_smallest_manifest(tmp_path):
    for collector in AREA.collectors:
        given_names = {
            one.fact if isinstance(one, Missing) else one.name for one in collector.run(evidence_of(tmp_path))
        }
        assert given_names == {kind.name for kind in collector.gives}


def test_the_end_of_a_day_is_the_start_of_the_next():
    assert end_of_day(date(1970, 1, 1)) == 86_400_000


def test_an_unreadable_tree_is_an_evidence_error_and_no_crash(tmp_path, monkeypatch):
    evidence = evidence_of(tmp_path)

    def refuse(under: str = ""):
        raise EvidenceError(Reason.UNREADABLE, "the disk is gone")

    monkeypatch.setattr(evidence.tree, "list", refuse)
    (found,) = collect.survey(evidence)
    assert isinstance(found, Missing)
    assert found.detail == "the disk is gone"
