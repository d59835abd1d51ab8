from __future__ import annotations

import os

import pytest
from fingerprint_world import (
    LFS_POINTER,
    artifact,
    collected,
    digest_of,
    evidence_of,
    manifest_of,
    only,
    only_missing,
    write,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_gate.areas.fingerprint import checks
from policy_gate.areas.fingerprint.facts import ClaimedDigest, ClaimedSize, FileDigest, FileList
from policy_gate.errors import Reason
from policy_gate.model import Outcome

KINDS = (FileDigest, ClaimedDigest, ClaimedSize)
FILE = b"the bytes of the model"
HONEST = artifact(digest=digest_of(FILE), size=len(FILE))


def test_a_file_that_is_absent_leaves_digest_and_size_missing_with_the_reason(tmp_path):
    book = collected(tmp_path, manifest_of(HONEST))
    for kind in KINDS:
        missing = only_missing(book, kind)
        assert missing.reason is Reason.NOT_IN_TREE
        assert missing.pointer == "/artifacts/0/path"


def test_an_lfs_pointer_is_never_hashed_as_the_model_even_when_the_manifest_states_its_digest(tmp_path):
    write(tmp_path, "model/kws.onnx", LFS_POINTER)
    book = collected(tmp_path, manifest_of(artifact(digest=digest_of(LFS_POINTER), size=len(LFS_POINTER))))
    for kind in KINDS:
        missing = only_missing(book, kind)
        assert missing.reason is Reason.LFS_POINTER
        assert missing.fixes


@pytest.mark.skipif(not hasattr(os, "link"), reason="this platform has no hard links")
def test_a_file_with_a_second_name_is_unknown_with_the_command_that_copies_it(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    os.link(tmp_path / "model/kws.onnx", tmp_path / "other-name")
    missing = only_missing(collected(tmp_path, manifest_of(HONEST)), ClaimedDigest)
    assert missing.reason is Reason.HARD_LINKED
    assert "cp " in missing.fixes[0].text


def test_a_symbolic_link_is_not_the_file_it_points_at(tmp_path):
    write(tmp_path, "elsewhere.onnx", FILE)
    (tmp_path / "model").mkdir()
    try:
        (tmp_path / "model/kws.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    except OSError:
        pytest.skip("this platform gives no symbolic links")
    missing = only_missing(collected(tmp_path, manifest_of(HONEST)), ClaimedDigest)
    assert missing.reason is Reason.PATH_REFUSED


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "model/../../secret", "C:/model", "model//kws", "a\\b"])
def test_a_path_that_leaves_the_tree_is_refused_with_its_place(tmp_path, path):
    missing = only_missing(collected(tmp_path, manifest_of(artifact(path=path))), ClaimedDigest)
    assert (missing.reason, missing.pointer) == (Reason.PATH_REFUSED, "/artifacts/0/path")


def test_an_empty_file_has_the_digest_of_nothing_and_the_size_zero(tmp_path):
    write(tmp_path, "model/kws.onnx", b"")
    book = collected(tmp_path, manifest_of(artifact(digest=digest_of(b""), size=0)))
    assert checks.digest_matches(only(book, ClaimedDigest)).outcome is Outcome.PASS
    assert checks.size_matches(only(book, ClaimedSize)).outcome is Outcome.PASS


def test_a_wrong_size_fails_beside_a_right_digest_and_the_real_size_is_offered(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    book = collected(tmp_path, manifest_of({**HONEST, "size": len(FILE) + 1}))
    assert checks.digest_matches(only(book, ClaimedDigest)).outcome is Outcome.PASS
    answer = checks.size_matches(only(book, ClaimedSize))
    assert answer.outcome is Outcome.FAIL
    assert [(fix.pointer, fix.replacement) for fix in answer.fixes] == [("/artifacts/0/size", len(FILE))]


def test_one_changed_byte_of_the_same_size_fails_the_digest_alone(tmp_path):
    write(tmp_path, "model/kws.onnx", b"T" + FILE[1:])
    book = collected(tmp_path, manifest_of(HONEST))
    assert checks.digest_matches(only(book, ClaimedDigest)).outcome is Outcome.FAIL
    assert checks.size_matches(only(book, ClaimedSize)).outcome is Outcome.PASS


def test_digest_and_size_that_are_not_stated_are_missing_and_the_computed_ones_are_offered(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    book = collected(tmp_path)
    for kind, pointer, computed in (
        (ClaimedDigest, "/artifacts/0/digest", digest_of(FILE)),
        (ClaimedSize, "/artifacts/0/size", len(FILE)),
    ):
        missing = only_missing(book, kind)
        assert missing.reason is Reason.NOT_DECLARED
        assert [(fix.pointer, fix.replacement) for fix in missing.fixes] == [(pointer, computed)]


def test_paths_are_relative_to_the_folder_of_the_manifest(tmp_path):
    write(tmp_path, "releases/en/model/kws.onnx", FILE)
    write(tmp_path, "model/kws.onnx", b"another file")
    book = collected(tmp_path, manifest_of(HONEST), "releases/en/release.json")
    assert only(book, ClaimedDigest).computed == digest_of(FILE)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300).map(lambda one: b"#" + one), min_size=1, max_size=40), st.integers(0, 39))
def test_of_many_files_exactly_the_changed_one_fails(tmp_path_factory, contents, which):
    # Each starts with a mark, since a file that looks like an LFS pointer is not hashed at all.
    folder = tmp_path_factory.mktemp("many")
    artifacts = []
    for number, content in enumerate(contents):
        write(folder, f"model/{number}.bin", content)
        artifacts.append(artifact(f"part-{number}", f"model/{number}.bin", digest=digest_of(content)))
    changed = which % len(contents)
    write(folder, f"model/{changed}.bin", contents[changed] + b"!")
    known = collected(folder, manifest_of(*artifacts)).known(ClaimedDigest)
    failed = [fact.subject.names for fact in known if checks.digest_matches(fact).outcome is Outcome.FAIL]
    assert len(known) == len(contents)
    assert failed == [(f"part-{changed}",)]


def test_one_unreadable_file_leaves_the_others_judged(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    book = collected(tmp_path, manifest_of(HONEST, artifact("gone", "model/gone.bin", digest=digest_of(b""))))
    assert [fact.subject.names for fact in book.known(ClaimedDigest)] == [("kws",)]
    assert len(book.entries(ClaimedDigest)) == 2


def test_a_hidden_file_in_the_folder_that_ships_is_found(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    write(tmp_path, "model/.cache/.secret", b"")
    listing = only(collected(tmp_path, manifest_of(HONEST, bundle={"root": "model"})), FileList)
    assert (listing.files, listing.unlisted) == (2, ("model/.cache/.secret",))


def test_a_file_that_git_ignores_ships_all_the_same_and_is_found(tmp_path, git):
    write(tmp_path, "model/kws.onnx", FILE)
    write(tmp_path, ".gitignore", b"*.bin\ncache/\n")
    write(tmp_path, "model/ignored.bin", b"")
    write(tmp_path, "model/cache/deep.txt", b"")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    listing = only(collected(tmp_path, manifest_of(HONEST, bundle={"root": "model"})), FileList)
    assert listing.unlisted == ("model/cache/deep.txt", "model/ignored.bin")


def test_a_file_outside_the_folder_that_ships_is_none_of_the_lists_business(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    write(tmp_path, "model-notes/draft.txt", b"")
    listing = only(collected(tmp_path, manifest_of(HONEST, bundle={"root": "model"})), FileList)
    assert checks.closed_list(listing).outcome is Outcome.PASS


def test_a_name_that_differs_in_case_is_not_the_listed_one(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    write(tmp_path, "model/KWS.txt", b"")
    manifest = manifest_of(HONEST, artifact("labels", "model/kws.txt", role="asset"), bundle={"root": "model"})
    assert only(collected(tmp_path, manifest), FileList).unlisted == ("model/KWS.txt",)


def test_without_a_folder_that_ships_the_closed_list_is_not_declared(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    missing = only_missing(collected(tmp_path), FileList)
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, "/bundle")


@pytest.mark.parametrize(
    ("root", "reason"), [("modell", Reason.NOT_IN_TREE), ("../model", Reason.PATH_REFUSED), ("/", Reason.PATH_REFUSED)]
)
def test_a_folder_that_ships_and_holds_nothing_or_lies_outside_is_unknown(tmp_path, root, reason):
    write(tmp_path, "model/kws.onnx", FILE)
    missing = only_missing(collected(tmp_path, manifest_of(HONEST, bundle={"root": root})), FileList)
    assert (missing.reason, missing.pointer) == (reason, "/bundle/root")


def test_a_digest_is_computed_once_however_often_it_is_asked_for(tmp_path):
    write(tmp_path, "model/kws.onnx", FILE)
    evidence = evidence_of(tmp_path)
    first = evidence.digest("model/kws.onnx")
    write(tmp_path, "model/kws.onnx", b"changed during the run")
    assert evidence.digest("model/kws.onnx") == first


def outside(folder, *artifacts: dict, runs: tuple[str, ...] = ()) -> tuple[str, ...]:
    write(folder, "pub/readme.txt", b"nothing else")
    readme = artifact("readme", "pub/readme.txt", role="asset")
    targets = [{"id": "node", "runs": list(runs)}] if runs else []
    content = manifest_of(readme, *artifacts, bundle={"root": "pub"}, targets=targets)
    return only(collected(folder, content), FileList).outside


def test_a_model_or_anything_that_runs_lies_outside_when_another_folder_is_said_to_ship(tmp_path):
    labels = artifact("labels", "model/labels.txt", role="asset")
    assert outside(tmp_path, artifact(), labels) == ("model/kws.onnx",)
    assert outside(tmp_path, artifact(), labels, runs=("kws", "labels")) == ("model/kws.onnx", "model/labels.txt")
    assert outside(tmp_path, artifact(path="public/kws.onnx")) == ("public/kws.onnx",)
    assert outside(tmp_path, artifact(path="pub/kws.onnx")) == ()


def test_what_another_artifact_was_derived_from_stays_outside_only_while_no_target_runs_it(tmp_path):
    teacher = artifact("teacher", "train/teacher.onnx")
    student = artifact("kws", "pub/kws.onnx", derived_from={"artifact": "teacher", "by": "distillation"})
    assert outside(tmp_path, teacher, student, runs=("kws",)) == ()
    assert outside(tmp_path, teacher, student, runs=("kws", "teacher")) == ("train/teacher.onnx",)
