from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.release import checks, content_checks
from policy_gate.areas.release.facts import (
    CertificationTerm,
    CreationTime,
    DanglingReference,
    DocumentDigest,
    FoundModel,
    ModelSurvey,
    ModelUse,
    References,
    ReleaseName,
    ReleaseState,
    RollbackPlan,
    SequenceFloor,
    TargetUse,
)
from policy_gate.errors import Reason
from policy_gate.manifest.claims import MAX_SEQUENCE
from policy_gate.model import RELEASE, Outcome, Subject

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
KWS = Subject("artifact", ("kws",))


def state(sequence: int, digest: str = A) -> ReleaseState:
    return ReleaseState(subject=RELEASE, pointer="/metadata/sequence", sequence=sequence, manifest_digest=digest)


def name(**changes) -> ReleaseName:
    fact = ReleaseName(
        subject=RELEASE,
        pointer="/metadata/name",
        release="kws-en",
        base_known=True,
        name_at_path="kws-en",
        known_in_base=True,
        nearest_in_base="",
    )
    return replace(fact, **changes)


def time(created_ms: int = 5, *, well_formed: bool = True) -> CreationTime:
    return CreationTime(
        subject=RELEASE,
        pointer="/metadata/created",
        created="2026-11-20T09:14:03Z",
        well_formed=well_formed,
        created_ms=created_ms,
        end_of_today_ms=10,
        today="2026-11-20",
    )


def test_changed_bytes_under_the_same_sequence_fail_and_the_fix_is_the_next_number():
    answer = checks.same_release_same_bytes(state(41, B), base=state(41, A))
    assert answer.outcome is Outcome.FAIL
    assert answer.fixes[0].pointer == "/metadata/sequence"
    assert answer.fixes[0].replacement == 42


def test_a_sequence_that_went_back_fails():
    answer = checks.same_release_same_bytes(state(40, B), base=state(41, A))
    assert answer.outcome is Outcome.FAIL
    assert "from 41 to 40" in answer.message


def test_the_last_possible_sequence_has_no_number_after_it_to_propose():
    answer = checks.same_release_same_bytes(state(MAX_SEQUENCE, B), base=state(MAX_SEQUENCE, A))
    assert answer.outcome is Outcome.FAIL
    assert answer.fixes[0].replacement is None


def test_an_untouched_manifest_passes():
    assert checks.same_release_same_bytes(state(41), base=state(41)).outcome is Outcome.PASS


@given(st.integers(0, MAX_SEQUENCE), st.integers(0, MAX_SEQUENCE))
def test_changed_bytes_pass_exactly_when_the_sequence_rose(before, now):
    outcome = checks.same_release_same_bytes(state(now, B), base=state(before, A)).outcome
    assert (outcome is Outcome.PASS) == (now > before)


def test_a_renamed_release_fails_even_when_the_new_name_is_known_in_the_base():
    answer = checks.name_is_stable(name(release="kws-de", name_at_path="kws-en", known_in_base=True))
    assert answer.outcome is Outcome.FAIL
    assert answer.base == "kws-en"


def test_without_a_base_the_name_cannot_be_compared_and_no_pass_is_claimed():
    answer = checks.name_is_stable(name(base_known=False, name_at_path=""))
    assert (answer.outcome, answer.reason) == (Outcome.NOT_APPLICABLE, Reason.NO_BASELINE)


def test_a_new_release_passes_and_the_nearest_known_name_is_shown():
    answer = checks.name_is_stable(name(name_at_path="", known_in_base=False, nearest_in_base="kws-eu"))
    assert answer.outcome is Outcome.PASS
    assert "kws-eu" in answer.message


def test_a_moved_manifest_keeps_its_release():
    assert checks.name_is_stable(name(name_at_path="")).outcome is Outcome.PASS


def test_a_time_of_creation_that_is_no_time_fails():
    assert checks.created_in_the_past(time(0, well_formed=False)).outcome is Outcome.FAIL


def test_the_first_instant_after_today_is_too_late_and_the_last_of_today_is_not():
    assert checks.created_in_the_past(time(10)).outcome is Outcome.FAIL
    assert checks.created_in_the_past(time(9)).outcome is Outcome.PASS


def test_a_release_made_before_its_base_fails_and_one_of_the_same_instant_passes():
    assert checks.created_after_base(time(4), base=time(5)).outcome is Outcome.FAIL
    assert checks.created_after_base(time(5), base=time(5)).outcome is Outcome.PASS


def test_two_times_cannot_be_ordered_when_one_is_malformed():
    answer = checks.created_after_base(time(5), base=time(0, well_formed=False))
    assert answer.outcome is Outcome.UNKNOWN


def plan(to_sequence: int, min_sequence: int = -1) -> RollbackPlan:
    return RollbackPlan(
        subject=RELEASE,
        pointer="/rollback",
        sequence=41,
        to_version="1.3.2",
        to_sequence=to_sequence,
        min_sequence=min_sequence,
    )


def test_a_rollback_to_itself_or_to_the_future_fails():
    assert checks.rollback_is_possible(plan(41)).outcome is Outcome.FAIL
    assert checks.rollback_is_possible(plan(42)).outcome is Outcome.FAIL


def test_a_rollback_under_the_floor_fails():
    answer = checks.rollback_is_possible(plan(38, 39))
    assert answer.outcome is Outcome.FAIL
    assert answer.pointer == "/rollback/to/sequence"


def test_a_rollback_to_the_floor_itself_passes():
    assert checks.rollback_is_possible(plan(38, 38)).outcome is Outcome.PASS


def floor(number: int) -> SequenceFloor:
    return SequenceFloor(subject=RELEASE, pointer="/rollback/min_sequence", min_sequence=number)


def test_a_floor_that_is_lowered_or_removed_fails():
    assert checks.floor_never_falls(floor(34), base=floor(35)).outcome is Outcome.FAIL
    removed = checks.floor_never_falls(floor(-1), base=floor(0))
    assert removed.outcome is Outcome.FAIL
    assert "absent" in removed.message


def test_a_floor_that_is_kept_raised_or_new_passes():
    assert checks.floor_never_falls(floor(35), base=floor(35)).outcome is Outcome.PASS
    assert checks.floor_never_falls(floor(36), base=floor(35)).outcome is Outcome.PASS
    assert checks.floor_never_falls(floor(1), base=floor(-1)).outcome is Outcome.PASS
    assert checks.floor_never_falls(floor(-1), base=floor(-1)).outcome is Outcome.PASS


def term(days_left: int) -> CertificationTerm:
    return CertificationTerm(
        subject=RELEASE,
        pointer="/certification/0/valid_until",
        scheme="eu-ai-act",
        valid_until="2026-11-20",
        days_left=days_left,
    )


def test_a_certification_fails_the_day_after_its_last_and_not_on_it():
    assert checks.certification_is_valid(term(-1)).outcome is Outcome.FAIL
    assert checks.certification_is_valid(term(0)).outcome is Outcome.PASS


def use(*, targets: tuple[str, ...] = (), derivative: str = "", stays_behind: bool = False) -> ModelUse:
    return ModelUse(
        subject=KWS, pointer="/artifacts/0/id", targets=targets, derivative=derivative, stays_behind=stays_behind
    )


def test_a_model_that_nothing_runs_fails():
    assert content_checks.model_is_run(use()).outcome is Outcome.FAIL
    assert content_checks.model_is_run(use(stays_behind=True)).outcome is Outcome.FAIL


def test_what_a_model_that_runs_was_derived_from_fails_when_it_ships_beside_it():
    answer = content_checks.model_is_run(use(derivative="kws-int8"))
    assert answer.outcome is Outcome.FAIL
    assert "bundle" in answer.fixes[0].text


def test_a_model_that_runs_or_stays_behind_while_its_derivative_runs_passes():
    assert content_checks.model_is_run(use(targets=("node-v2",))).outcome is Outcome.PASS
    assert content_checks.model_is_run(use(derivative="kws-int8", stays_behind=True)).outcome is Outcome.PASS


def test_a_target_that_runs_only_assets_fails():
    fact = TargetUse(subject=RELEASE, pointer="/targets/0/runs", models=(), assets=("labels",))
    assert content_checks.target_runs_a_model(fact).outcome is Outcome.FAIL
    assert content_checks.target_runs_a_model(replace(fact, models=("kws",))).outcome is Outcome.PASS


def survey(*unlisted: FoundModel, unread: tuple[str, ...] = ()) -> ModelSurvey:
    return ModelSurvey(subject=RELEASE, pointer="/artifacts", files=9, opened=3, unlisted=unlisted, unread=unread)


def test_an_unlisted_model_fails_by_its_path_and_format():
    answer = content_checks.every_model_is_listed(survey(FoundModel(path="docs/readme.md", format="onnx")))
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("docs/readme.md (onnx by content)",)


def test_a_file_that_could_not_be_looked_into_is_unknown_and_a_found_model_still_fails():
    assert content_checks.every_model_is_listed(survey(unread=("x",))).outcome is Outcome.UNKNOWN
    both = survey(FoundModel(path="a.onnx", format=""), unread=("x",))
    assert content_checks.every_model_is_listed(both).outcome is Outcome.FAIL


def test_a_survey_that_found_nothing_passes():
    assert content_checks.every_model_is_listed(survey()).outcome is Outcome.PASS


def test_many_unlisted_models_are_counted_beyond_those_shown():
    found = tuple(FoundModel(path=f"{number}.onnx", format="") for number in range(8))
    assert content_checks.every_model_is_listed(survey(*found)).causes[-1] == "and 3 more"


def model_file(**changes) -> ModelFile:
    fact = ModelFile(
        subject=KWS, pointer="/artifacts/0", path="kws.onnx", role="model", claimed_format="onnx", found_format="onnx"
    )
    return replace(fact, **changes)


def test_a_model_declared_as_an_asset_fails_at_its_role():
    answer = content_checks.model_is_readable(model_file(role="asset"))
    assert answer.outcome is Outcome.FAIL
    assert (answer.pointer, answer.fixes[0].replacement) == ("/artifacts/0/role", "model")


def test_a_format_that_is_not_the_file_s_fails_with_the_real_one_as_fix():
    answer = content_checks.model_is_readable(model_file(claimed_format="tflite"))
    assert answer.outcome is Outcome.FAIL
    assert (answer.pointer, answer.fixes[0].replacement) == ("/artifacts/0/format", "onnx")


def test_a_readable_model_of_the_claimed_format_or_of_none_claimed_passes():
    assert content_checks.model_is_readable(model_file(claimed_format="ONNX")).outcome is Outcome.PASS
    assert content_checks.model_is_readable(model_file(claimed_format="")).outcome is Outcome.PASS


def test_a_document_with_other_bytes_fails():
    fact = DocumentDigest(subject=RELEASE, pointer="/documents/0/digest", path="card.md", claimed=A, computed=B)
    answer = content_checks.document_matches(fact)
    assert answer.outcome is Outcome.FAIL
    assert answer.fixes[1].replacement == B
    assert content_checks.document_matches(replace(fact, computed=A)).outcome is Outcome.PASS


def test_a_claim_about_nobody_fails_at_that_name():
    wrong = DanglingReference(pointer="/cost/0/target", kind="target", name="node-v3", nearest="node-v2")
    answer = content_checks.references_resolve(References(subject=RELEASE, pointer="", checked=4, dangling=(wrong,)))
    assert answer.outcome is Outcome.FAIL
    assert answer.pointer == "/cost/0/target"
    assert "did you mean 'node-v2'" in answer.message
    nothing_wrong = References(subject=RELEASE, pointer="", checked=4, dangling=())
    assert content_checks.references_resolve(nothing_wrong).outcome is Outcome.PASS
