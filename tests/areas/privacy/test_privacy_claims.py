"""The privacy and telemetry sections: wrong types and ranges are refused at their place, all in one run."""

from __future__ import annotations

import json

import pytest
from privacy_world import decoded, phase_of, privacy_of

from policy_gate.areas.privacy import AREA
from policy_gate.document import load
from policy_gate.errors import DocumentError, ManifestError
from policy_gate.manifest import decode_manifest


def refused(privacy=None, telemetry=None):
    with pytest.raises(ManifestError) as caught:
        decoded(privacy, telemetry)
    assert all(one.line > 1 and one.column > 0 for one in caught.value.problems)
    return "\n".join(str(one) for one in caught.value.problems)


def test_the_honest_claim_is_read():
    assert decoded(privacy_of()).sections["privacy"].claim.epsilon == 4.23


@pytest.mark.parametrize("spelling", [".nan", ".inf", "-.inf", "1e999", ".NaN"])
def test_a_number_that_is_not_finite_is_refused_by_the_loader(spelling):
    text = json.dumps({"privacy": privacy_of()}).replace('"noise_multiplier": 0.9', f'"noise_multiplier": {spelling}')
    with pytest.raises(DocumentError):
        load(text.encode(), "release.yaml")


@pytest.mark.parametrize("number", [0, -1, -0.5, 1e7, True, "0.9", None, [0.9], "NaN"], ids=repr)
def test_a_noise_multiplier_that_is_no_number_in_range_is_refused_with_its_place(number):
    phase = phase_of()
    phase["noise_multiplier"] = number
    assert "noise_multiplier" in refused(privacy_of(phases=[phase]))


@pytest.mark.parametrize("delta", [0, 1, 1.0, 2, -1e-6, True, "1e-6", None], ids=repr)
def test_a_delta_outside_zero_and_one_is_refused(delta):
    assert "delta" in refused(privacy_of(claim={"epsilon": 4.23, "delta": delta}))


@pytest.mark.parametrize("epsilon", [0, -1, 1e10, True, "3", None], ids=repr)
def test_an_epsilon_that_is_no_number_above_zero_is_refused(epsilon):
    assert "epsilon" in refused(privacy_of(claim={"epsilon": epsilon, "delta": 1e-6}))


@pytest.mark.parametrize("steps", [0, -5, 10.5, 10.0, True, "6640", 10**10], ids=repr)
def test_steps_that_are_no_whole_number_in_range_are_refused(steps):
    assert "steps" in refused(privacy_of(phases=[phase_of(steps=steps)]))


@pytest.mark.parametrize(
    "sampling",
    [
        {"scheme": "poisson", "rate": 0},
        {"scheme": "poisson", "rate": 1.2},
        {"scheme": "poisson", "rate": True},
        {"scheme": "poisson"},
        {"scheme": "poisson", "batch_size": 512},
        {"scheme": "poisson", "batch_size": 600, "dataset_size": 512},
        {"scheme": "poisson", "batch_size": 0, "dataset_size": 512},
        {"scheme": "poisson", "rate": 0.1, "batch_size": 10, "dataset_size": 100},
        {"scheme": "shuffled"},
        {"scheme": "made-up", "rate": 0.1},
        {"rate": 0.1},
    ],
    ids=str,
)
def test_a_sampling_that_does_not_say_how_often_a_record_was_used_is_refused(sampling):
    assert "sampling" in refused(privacy_of(phases=[phase_of(sampling=sampling)]))


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": None},
        {"epochs": 3},
        {"sampling": None},
        {"noise_multiplier": None},
        {"mechanism": "magic"},
        {"mechanism": None},
        {"rho": 0.1},
        {"noise_multipler": 1.0},
        {"evidence": [{"file": "a.yaml", "map": {}}]},
        {"evidence": [{"file": "a.yaml", "map": {"steps": "steps"}}]},
        {"evidence": [{"file": "a.yaml", "map": {"claim.epsilon": "/epsilon"}}]},
    ],
    ids=str,
)
def test_a_phase_with_a_key_too_few_or_too_many_is_refused(changes):
    assert refused(privacy_of(phases=[phase_of(**changes)]))


@pytest.mark.parametrize(
    "changes",
    [
        {"claim_type": "dp"},
        {"claim_type": "none"},
        {"claim": {"epsilon": 3.0}},
        {"adjacency": "nearby"},
        {"unit": {"kind": "example", "max_records_per_unit": 5}},
        {"unit": {"kind": "user", "max_records_per_unit": 0}},
        {"population": {"id": "x", "size": 0}},
        {"phases": [phase_of(), phase_of()]},
        {"phases": [phase_of(id=f"p{i}") for i in range(17)]},
        {"tuning": {"data": "secret"}},
        {"tuning": {"data": "private", "trials": 0, "mean_trials": 20.0}},
        {"guarantee": 1},
    ],
    ids=str,
)
def test_a_section_that_contradicts_itself_is_refused(changes):
    refused(privacy_of(**changes))


def test_all_problems_are_reported_in_one_run():
    wrong = privacy_of(claim={"epsilon": -1, "delta": 2}, phases=[phase_of(noise_multiplier=-1, steps=0.5)])
    said = refused(wrong)
    assert all(key in said for key in ("epsilon", "delta", "noise_multiplier", "steps"))


@pytest.mark.parametrize(
    "changes",
    [
        {"retention_days": None},
        {"sampling": {"rate": 0, "decision": "device"}},
        {"sampling": {"rate": 1.5, "decision": "device"}},
        {"fields": []},
        {"fields": [{"name": "x", "class": "secret"}]},
        {"fields": [{"name": "a b", "class": "measure"}]},
        {"fields": [{"name": "t", "class": "time", "resolution": "1 hour"}]},
        {"signals": []},
        {"retention_days": True},
    ],
    ids=str,
)
def test_a_telemetry_stream_that_is_not_complete_is_refused(changes):
    stream = {
        "id": "metrics",
        "purpose": "latency",
        "signals": ["metrics"],
        "fields": [{"name": "latency_ms", "class": "measure"}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 30,
    }
    decoded(None, [stream])
    stream.update(changes)
    refused(None, [{key: one for key, one in stream.items() if one is not None}])


def test_two_streams_of_one_name_are_refused():
    stream = {
        "id": "metrics",
        "purpose": "latency",
        "signals": ["metrics"],
        "fields": [{"name": "latency_ms", "class": "measure"}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 30,
    }
    assert "same id" in refused(None, [stream, stream])


def test_a_section_that_is_no_mapping_is_refused():
    for wrong in ([], "dp", 3, True):
        with pytest.raises(ManifestError):
            decode_manifest(
                load(json.dumps({"privacy": wrong, "kind": "ReleaseManifest"}).encode(), "release.json"), AREA.sections
            )
