"""Personal data behind a release goes into the model through a phase that is accounted for, and only so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from privacy_world import evidence_of, phase_of, privacy_of

from policy_gate.areas.lineage import AREA as LINEAGE
from policy_gate.areas.privacy import AREA
from policy_gate.areas.privacy.checks_evidence import personal_data_covered
from policy_gate.areas.privacy.facts_evidence import PersonalCoverage
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Missing, Outcome
from policy_gate.record import _decode_fact, as_tree, canonical

SPEECH = {"id": "speech", "type": "source", "personal_data": "pseudonymous"}
TRAIN_SET = {"id": "t", "type": "derived", "records": 85000}
PREPARE = {"id": "prepare", "kind": "prepare", "uses": ["speech"], "generates": ["t"]}
TRAIN = {"id": "train", "kind": "train", "uses": ["t"], "generates": ["kws"]}


def step(name: str, kind: str, uses: list[str], generates: list[str]) -> dict:
    return {"id": name, "kind": kind, "uses": uses, "generates": generates}


def covered(
    folder, nodes: list[dict], activities: list[dict], *datasets: str | None, claims: dict | None = None
) -> dict[str, PersonalCoverage | Missing]:
    phases = [phase_of(id=f"p{at}", dataset=name) for at, name in enumerate(datasets)]
    evidence = evidence_of(folder, claims or privacy_of(phases=phases))
    content = json.loads(evidence.manifest.document.text)
    content["lineage"] = {"nodes": [*nodes, {"id": "kws", "type": "release"}], "activities": activities}
    document = load(json.dumps(content, indent=1).encode(), "release.json")
    manifest = decode_manifest(document, {**AREA.sections, **LINEAGE.sections})
    collectors = [
        one for area in (LINEAGE, AREA) for one in area.collectors if one.run.__name__.startswith("personal_")
    ]
    book = collect(collectors, replace(evidence, manifest=manifest))
    for entry in book.known(PersonalCoverage):
        assert document.has(entry.pointer)
    return {entry.subject.names[0] if entry.subject.names else "": entry for entry in book.entries(PersonalCoverage)}


def outcomes(found: dict[str, PersonalCoverage | Missing]) -> dict[str, Outcome]:
    return {
        name: Outcome.UNKNOWN if isinstance(entry, Missing) else personal_data_covered(entry).outcome
        for name, entry in found.items()
    }


def test_a_source_is_covered_by_the_phase_about_what_was_prepared_from_it(tmp_path) -> None:
    found = covered(tmp_path, [SPEECH, TRAIN_SET], [PREPARE, TRAIN], "t")
    assert outcomes(found) == {"speech": Outcome.PASS, "t": Outcome.PASS}


@pytest.mark.parametrize("dataset", ["speech", "other", None])
def test_a_phase_about_other_data_than_goes_into_the_model_covers_nothing(tmp_path, dataset) -> None:
    found = covered(tmp_path, [SPEECH, TRAIN_SET], [PREPARE, TRAIN], dataset)
    assert outcomes(found) == {"speech": Outcome.FAIL, "t": Outcome.FAIL}
    assert personal_data_covered(found["t"]).message == "t holds personal data, no phase covers it"
    way = "speech holds personal data that goes into the model as t, no phase covers it"
    assert personal_data_covered(found["speech"]).message == way


def test_a_second_set_that_no_phase_names_is_found(tmp_path) -> None:
    extra = {"id": "extra", "type": "source", "personal_data": "identifiable"}
    train = step("train", "train", ["t", "extra"], ["kws"])
    found = covered(tmp_path, [SPEECH, TRAIN_SET, extra], [PREPARE, train], "t")
    assert outcomes(found)["extra"] is Outcome.FAIL
    assert found["extra"].pointer == "/lineage/nodes/2/id"


def test_raw_data_that_also_calibrates_the_model_is_found_though_its_training_is_covered(tmp_path) -> None:
    quantise = step("quantise", "convert", ["speech"], ["kws"])
    found = covered(tmp_path, [SPEECH, TRAIN_SET], [PREPARE, TRAIN, quantise], "t")
    assert outcomes(found) == {"speech": Outcome.FAIL, "t": Outcome.PASS}
    answer = personal_data_covered(found["speech"])
    assert answer.message == "speech holds personal data, no phase covers it"
    assert answer.causes == ("phase p0 covers only what goes another way",)


def test_data_of_a_teacher_is_not_covered_by_the_students_phase(tmp_path) -> None:
    teacher = {"id": "teacher", "type": "model"}
    made = {"id": "t", "type": "synthetic", "personal_data": "none", "generator": {"model": "teacher"}}
    fit = step("fit", "train", ["speech"], ["teacher"])
    found = covered(tmp_path, [SPEECH, teacher, made], [fit, TRAIN], "t")
    assert outcomes(found) == {"speech": Outcome.FAIL, "t": Outcome.NOT_APPLICABLE}


def test_data_declared_as_a_model_or_kept_out_of_the_steps_is_found(tmp_path) -> None:
    as_model = {"id": "m", "type": "model", "personal_data": "pseudonymous"}
    hidden = {"id": "h", "type": "source", "role": "train", "personal_data": "pseudonymous"}
    train = step("train", "train", ["t", "m"], ["kws"])
    found = covered(tmp_path, [SPEECH, TRAIN_SET, as_model, hidden], [PREPARE, train], "t")
    assert (outcomes(found)["m"], outcomes(found)["h"]) == (Outcome.FAIL, Outcome.FAIL)


def test_a_set_that_is_called_anonymous_does_not_cover_what_it_was_made_from(tmp_path) -> None:
    anonymous = {"id": "t", "type": "derived", "personal_data": "none"}
    strip = step("strip", "anonymise", ["speech"], ["t"])
    assert outcomes(covered(tmp_path, [SPEECH, anonymous], [strip, TRAIN])) == {
        "speech": Outcome.FAIL,
        "t": Outcome.NOT_APPLICABLE,
    }


def test_a_source_that_does_not_say_whether_it_holds_people_is_unknown(tmp_path) -> None:
    silent = {"id": "speech", "type": "source"}
    found = covered(tmp_path, [silent, TRAIN_SET], [PREPARE, TRAIN], "t")
    assert found["speech"].reason is Reason.NOT_DECLARED
    assert found["speech"].pointer == "/lineage/nodes/0/personal_data"
    assert isinstance(found["t"], Missing)


def test_an_undeclared_set_and_no_lineage_are_unknown(tmp_path) -> None:
    train = step("train", "train", ["t", "secret"], ["kws"])
    assert isinstance(covered(tmp_path, [SPEECH, TRAIN_SET], [PREPARE, train], "t")["secret"], Missing)
    assert isinstance(covered(tmp_path, [{"id": "m", "type": "model"}], [], "t")[""], Missing)


def test_without_a_claim_there_is_nothing_to_cover(tmp_path) -> None:
    found = covered(tmp_path, [SPEECH], [], claims={"claim_type": "none"})
    assert found[""].reason is Reason.NOT_DECLARED


def test_what_is_known_of_coverage_survives_the_record(tmp_path) -> None:
    kinds = {kind.name: kind for kind in AREA.fact_types}
    for fact in covered(tmp_path, [SPEECH, TRAIN_SET], [PREPARE, TRAIN], "speech").values():
        assert _decode_fact(json.loads(canonical(as_tree(fact))), kinds) == fact
