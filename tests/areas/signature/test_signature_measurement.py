"""A measurement is read as strictly as it is signed: what is missing or no number is refused, and nothing crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signature_world import ALICE, BOB

from policy_gate.areas.signature.collect_measurements import measurements
from policy_gate.areas.signature.facts import Measurement
from policy_gate.areas.signature.measurement import MEASUREMENT, Measured, read_measurement
from policy_gate.areas.signature.steps import RefusedEnvelopeError
from policy_gate.errors import Reason
from policy_gate.model import Basis, Missing, Subject

GOOD = {
    "device": "board",
    "runtime": {"name": "engine", "version": "1.0"},
    "dimensions": {"N": 1},
    "runs": 100,
    "latency_ms": {"mid": 7, "upper": 9.5},
    "power_mw": 40,
    "energy_uj": {"mid": 280, "upper": 380},
    "ram_kib": 61.5,
    "flash_kib": 152,
    "note": "what nobody knows is passed over",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_every_figure_is_read_with_its_bounds():
    found = read_measurement(GOOD)
    assert {one.key: (one.mid, one.upper) for one in found.figures} == {
        "latency_ms": (7.0, 9.5),
        "energy_uj": (280.0, 380.0),
        "power_mw": (40.0, 40.0),
        "ram_kib": (61.5, 61.5),
        "flash_kib": (152.0, 152.0),
    }
    assert (found.device, found.runtime_name, found.runtime_version, found.runs) == ("board", "engine", "1.0", 100)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_whatever_stands_in_a_field_is_a_measurement_or_is_refused(changes):
    try:
        found = read_measurement({**GOOD, **changes})
    except RefusedEnvelopeError:
        return
    assert isinstance(found, Measured)
    assert all(0 < one.mid <= one.upper for one in found.figures)


@pytest.mark.parametrize("key", ["device", "runtime", "runs", "latency_ms"])
def test_what_a_measurement_is_about_cannot_be_left_out(key):
    with pytest.raises(RefusedEnvelopeError, match=key):
        read_measurement({name: one for name, one in GOOD.items() if name != key})


@pytest.mark.parametrize("text", ["1e400", "NaN", "-1", "0", "1e16"])
def test_a_figure_that_is_no_amount_is_refused(text):
    predicate = {**GOOD, "ram_kib": json.loads(text)}
    with pytest.raises(RefusedEnvelopeError, match="ram_kib"):
        read_measurement(predicate)


# The collector, over a real tree


@pytest.fixture
def world(tmp_path):
    from test_signature_evidence import MEASURED, World

    return World(tmp_path, {"cost": MEASURED["cost"]})


def only(world):
    (found,) = measurements(world.evidence())
    return found


def test_a_measurement_by_a_tester_is_attested_and_about_the_artifact(world):
    found = only(world.attest("evidence/bench.json", BOB, kind=MEASUREMENT, predicate=GOOD))
    assert isinstance(found, Measurement)
    assert (found.basis, found.is_about_artifact, found.path) == (Basis.ATTESTED, True, "evidence/bench.json")
    assert (found.subject, found.pointer) == (Subject("target", ("node", "kws")), "/cost/1/evidence")


def test_a_measurement_of_other_bytes_says_that_it_is_not_about_the_artifact(world):
    found = only(world.attest("evidence/bench.json", BOB, about=(b"other",), kind=MEASUREMENT, predicate=GOOD))
    assert found.is_about_artifact is False


def test_evidence_of_another_kind_shape_or_signer_is_no_measurement(world):
    reasons = []
    for key, kind, predicate in (
        (ALICE, MEASUREMENT, GOOD),
        (BOB, "https://slsa.dev/provenance/v1", GOOD),
        (BOB, MEASUREMENT, {**GOOD, "runs": "many"}),
    ):
        found = only(world.attest("evidence/bench.json", key, kind=kind, predicate=predicate))
        assert isinstance(found, Missing)
        assert "evidence/bench.json" in found.detail
        reasons.append(found.reason)
    assert reasons == [Reason.NOT_PROVEN, Reason.UNSUPPORTED_FORMAT, Reason.UNREADABLE]


def test_entries_without_evidence_say_nothing(world):
    world.claims = {"cost": [{"target": "node", "artifact": "kws", "latency_ms": 3}]}
    assert list(measurements(world.evidence())) == []
