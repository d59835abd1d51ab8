from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.fingerprint import checks
from policy_gate.areas.fingerprint.facts import (
    ClaimedDigest,
    ClaimedSize,
    ExternalFiles,
    FileList,
    IdentitySide,
    ModelIdentity,
    Side,
)
from policy_gate.model import RELEASE, Outcome, Subject

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
KWS = Subject("artifact", ("kws",))


def digest(computed: str) -> ClaimedDigest:
    return ClaimedDigest(
        subject=KWS, pointer="/artifacts/0/digest", path="model/kws.onnx", claimed=A, computed=computed
    )


def size(computed: int) -> ClaimedSize:
    return ClaimedSize(
        subject=KWS, pointer="/artifacts/0/size", path="model/kws.onnx", claimed_bytes=10, computed_bytes=computed
    )


def listing(*unlisted: str, outside: tuple[str, ...] = ()) -> FileList:
    return FileList(subject=RELEASE, pointer="/bundle/root", root="model", files=9, unlisted=unlisted, outside=outside)


def identity(**computed: str) -> ModelIdentity:
    sides = tuple(IdentitySide(side=side, claimed=A, computed=computed.get(side.value, A)) for side in Side)
    return ModelIdentity(subject=KWS, pointer="/fingerprints/kws", path="model/kws.onnx", scheme="pgfp-1", sides=sides)


def external(*unlisted: str, files: tuple[str, ...] = ()) -> ExternalFiles:
    return ExternalFiles(
        subject=KWS,
        pointer="/artifacts/0/path",
        path="model/kws.onnx",
        files=(*files, *unlisted),
        unlisted=unlisted,
    )


def test_a_file_with_another_digest_fails_and_the_fix_writes_the_computed_one_where_it_is_claimed():
    answer = checks.digest_matches(digest(B))
    assert answer.outcome is Outcome.FAIL
    assert (answer.measured, answer.limit) == (B, A)
    assert [(fix.pointer, fix.replacement) for fix in answer.fixes if fix.replacement] == [("/artifacts/0/digest", B)]


def test_a_file_with_the_stated_digest_passes():
    assert checks.digest_matches(digest(A)).outcome is Outcome.PASS


@given(st.integers(0, 2**53))
def test_a_size_passes_exactly_when_it_is_the_stated_one(computed):
    answer = checks.size_matches(size(computed))
    assert (answer.outcome is Outcome.PASS) == (computed == 10)
    assert [fix.replacement for fix in answer.fixes] == ([] if computed == 10 else [computed])


def test_what_ships_from_outside_the_folder_that_ships_fails_and_is_named():
    answer = checks.closed_list(listing(outside=("train/kws.onnx",)))
    assert (answer.outcome, answer.measured) == (Outcome.FAIL, 1)
    assert answer.causes == ("outside: train/kws.onnx",)
    both = checks.closed_list(listing("model/extra", outside=("train/kws.onnx",)))
    assert (both.measured, len(both.causes), len(both.fixes)) == (2, 2, 2)


def test_an_unlisted_file_fails_and_is_named():
    answer = checks.closed_list(listing("model/.hidden"))
    assert answer.outcome is Outcome.FAIL
    assert "model/.hidden" in answer.causes[0]


def test_many_unlisted_files_are_counted_and_a_few_are_named():
    answer = checks.closed_list(listing(*(f"model/{number}" for number in range(9))))
    assert answer.measured == 9
    assert answer.causes == ("unlisted: model/0, model/1, model/2, model/3, model/4 and 4 more",)


def test_a_folder_whose_every_file_is_listed_passes():
    assert checks.closed_list(listing()).outcome is Outcome.PASS


def test_a_fingerprint_that_differs_names_each_side_and_points_at_the_first():
    answer = checks.identity_matches(identity(structure=B, bound=B))
    assert answer.outcome is Outcome.FAIL
    assert answer.pointer == "/fingerprints/kws/structure"
    assert [cause.partition(" ")[0] for cause in answer.causes] == ["structure", "bound"]
    assert [fix.pointer for fix in answer.fixes if fix.replacement == B] == [
        "/fingerprints/kws/structure",
        "/fingerprints/kws/bound",
    ]


def test_changed_numbers_are_said_in_words():
    assert "weights differs: the numbers changed" in checks.identity_matches(identity(weights=B)).causes


def test_a_fingerprint_with_every_stated_side_equal_passes():
    answer = checks.identity_matches(identity())
    assert answer.outcome is Outcome.PASS
    assert answer.fixes == ()


def test_every_side_has_words_for_its_difference():
    assert set(checks.MEANING) == set(Side)


@given(st.sets(st.sampled_from(list(Side))))
def test_a_fingerprint_passes_exactly_when_no_side_differs(changed):
    answer = checks.identity_matches(identity(**{side.value: B for side in changed}))
    assert (answer.outcome is Outcome.PASS) == (not changed)
    assert len(answer.causes) == len(changed)


def test_a_file_of_weights_that_no_artifact_names_fails():
    answer = checks.external_listed(external("model/kws.data", files=("model/listed.data",)))
    assert answer.outcome is Outcome.FAIL
    assert answer.measured == 1
    assert "model/kws.data" in answer.causes[0]
    assert "model/listed.data" not in answer.causes[0]


def test_a_model_in_one_file_and_one_whose_files_are_listed_pass():
    assert checks.external_listed(external()).outcome is Outcome.PASS
    assert checks.external_listed(external(files=("model/kws.data",))).outcome is Outcome.PASS


def test_a_fingerprint_of_one_side_is_judged_by_that_side_alone():
    one = replace(identity(weights=B), sides=(IdentitySide(side=Side.BOUND, claimed=A, computed=A),))
    assert checks.identity_matches(one).outcome is Outcome.PASS
