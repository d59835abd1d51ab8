"""What an Opacus accountant counted, against the phases that name its history."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privacy_world import evidence_of, phase_of, privacy_of

from policy_gate.areas.privacy.accountant_history import MAX_ENTRIES, read_history
from policy_gate.areas.privacy.checks_evidence import EvidenceLimits, evidence_agrees
from policy_gate.areas.privacy.evidence_files import evidence_files
from policy_gate.areas.privacy.facts import PhaseEvidence
from policy_gate.document import load
from policy_gate.errors import EvidenceError, GateError, Reason
from policy_gate.model import Basis, Missing, Outcome

RATE = 512 / 85000
FILE = "runs/accountant.json"
WHOLE = {"history": [[0.9, RATE, 6640]], "mechanism": "rdp"}


def counted(**changes) -> dict:
    """A phase whose noise, rate and steps an accountant counted; clipping and sampling stand in the configuration."""
    names = {"clip_norm": "/clip", "microbatch": "/dp/microbatch", "sampling.scheme": "/scheme"}
    evidence = [{"file": FILE, "history": "/history"}, {"file": "configs/train.yaml", "map": names}]
    return phase_of(**{"evidence": evidence, **changes})


def found(folder, history: object, *phases: dict) -> list[PhaseEvidence | Missing]:
    (folder / "runs").mkdir(exist_ok=True)
    (folder / FILE).write_text(history if isinstance(history, str) else json.dumps(history), encoding="utf-8")
    evidence = evidence_of(folder, privacy_of(phases=list(phases or [counted()])))
    return list(evidence_files(evidence))


def disagreeing(folder, history: object, *phases: dict) -> list[str]:
    entries = found(folder, history, *phases)
    assert all(isinstance(entry, PhaseEvidence) for entry in entries), entries
    return [entry.parameter for entry in entries if not entry.agrees]


@pytest.mark.parametrize(
    "history",
    [
        WHOLE,
        {"history": [{"noise_multiplier": 0.9, "sample_rate": RATE, "num_steps": 6640}]},
        {"history": [[0.9, RATE, 6640.0]]},
        {"history": [[0.9, RATE * (1 + 9e-7), 6640]]},
        {"history": [[0.9, RATE, 40], [0.9, RATE, 6600]]},
    ],
)
def test_a_history_confirms_noise_rate_and_steps_and_nothing_else(tmp_path, history) -> None:
    entries = found(tmp_path, history)
    assert [entry.parameter for entry in entries] == [
        "noise_multiplier",
        "steps",
        "sampling.batch_size",
        "clip_norm",
        "microbatch",
        "sampling.scheme",
    ]
    assert all(entry.agrees and entry.basis is Basis.DECLARED for entry in entries)


@pytest.mark.parametrize(("pointer", "history"), [("", WHOLE), ("", WHOLE["history"]), ("/run/0", {"run": [WHOLE]})])
def test_a_history_may_be_the_file_the_accountants_state_or_a_list_in_it(tmp_path, pointer, history) -> None:
    phase = counted()
    phase["evidence"][0]["history"] = pointer
    assert disagreeing(tmp_path, history, phase) == []


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ([0.3, RATE, 6640], "noise_multiplier"),
        ([0.9, RATE, 6641], "steps"),
        ([0.9, RATE, 1], "steps"),
        ([0.9, RATE * 1.00001, 6640], "sampling.batch_size"),
        ([0.9, 1.0, 6640], "sampling.batch_size"),
        ([0.9, 1 / 167, 6640], "sampling.batch_size"),
    ],
)
def test_what_was_counted_otherwise_is_a_finding_with_both_places(tmp_path, entry, wrong) -> None:
    assert disagreeing(tmp_path, {"history": [entry]}) == [wrong]
    (fact,) = (one for one in found(tmp_path, {"history": [entry]}) if not one.agrees)
    answer = evidence_agrees(fact, limits=EvidenceLimits())
    assert answer.outcome is Outcome.FAIL
    assert f"in {FILE}:1" in answer.message
    assert fact.pointer == f"/privacy/phases/0/{wrong.replace('.', '/')}"


def test_what_an_accountant_counted_and_no_phase_states_is_a_finding(tmp_path) -> None:
    entries = found(tmp_path, {"history": [[0.9, RATE, 6640], [0.4, 0.1, 900]]})
    (fact,) = (one for one in entries if not one.agrees)
    assert fact.pointer == "/privacy/phases/0/evidence/0/history"
    answer = evidence_agrees(fact, limits=EvidenceLimits())
    assert answer.message.startswith("what was counted is stated by no phase here, 900 steps at noise 0.4")


def test_two_phases_of_one_history_are_told_apart_and_each_run_is_stated_once(tmp_path) -> None:
    other = counted(id="tune", noise_multiplier=1.5, steps=100)
    history = {"history": [[0.9, RATE, 6640], [1.5, RATE, 100]]}
    assert disagreeing(tmp_path, history, counted(), other) == []
    assert disagreeing(tmp_path, history, counted()) == ["what was counted"]
    assert disagreeing(tmp_path, WHOLE, counted(), other) == ["steps", "noise_multiplier", "steps"]


def test_phases_of_equal_noise_and_rate_share_the_steps_that_were_counted(tmp_path) -> None:
    half, rest = counted(steps=6000), counted(id="more", steps=640)
    assert disagreeing(tmp_path, WHOLE, half, rest) == []
    assert disagreeing(tmp_path, WHOLE, counted(), rest) == ["steps", "steps"]


def test_naming_a_history_twice_does_not_count_a_phase_twice(tmp_path) -> None:
    phase = counted()
    phase["evidence"].append(phase["evidence"][0])
    assert disagreeing(tmp_path, WHOLE, phase) == []


def test_epochs_are_compared_as_the_steps_they_take(tmp_path) -> None:
    phase = counted(steps=None, epochs=40)
    assert disagreeing(tmp_path, {"history": [[0.9, RATE, 6641]]}, phase) == []
    assert disagreeing(tmp_path, {"history": [[0.9, RATE, 6640]]}, phase) == ["epochs"]


def test_a_full_batch_is_a_rate_of_one(tmp_path) -> None:
    phase = counted(sampling={"scheme": "full-batch"})
    in_configuration = ["sampling.scheme"]
    assert disagreeing(tmp_path, {"history": [[0.9, 1.0, 6640]]}, phase) == in_configuration
    assert disagreeing(tmp_path, WHOLE, phase) == ["sampling", *in_configuration]


def test_a_history_says_nothing_of_other_mechanisms(tmp_path) -> None:
    phase = {"id": "z", "mechanism": "zcdp", "rho": 0.5, "evidence": [{"file": FILE, "history": "/history"}]}
    told, unconfirmed = found(tmp_path, WHOLE, phase)
    assert (told.reason, told.pointer) == (Reason.NOT_DECLARED, "/privacy/phases/0/evidence/0/history")
    assert unconfirmed.pointer == "/privacy/phases/0/rho"


def test_clipping_and_sampling_still_need_a_file_that_has_them(tmp_path) -> None:
    only_history = counted(evidence=[{"file": FILE, "history": "/history"}])
    missing = [one.pointer for one in found(tmp_path, WHOLE, only_history) if isinstance(one, Missing)]
    assert missing == [f"/privacy/phases/0/{one}" for one in ("clip_norm", "microbatch", "sampling/scheme")]


BAD_ENTRIES = [
    [],
    [0.9, RATE],
    [0.9, RATE, 6640, 1],
    [True, RATE, 6640],
    ["0.9", RATE, 6640],
    [0, RATE, 6640],
    [-0.9, RATE, 6640],
    [1e7, RATE, 6640],
    [0.9, 0, 6640],
    [0.9, 1.1, 6640],
    [0.9, RATE, 0],
    [0.9, RATE, 6640.5],
    [0.9, RATE, True],
    [0.9, RATE, None],
    [0.9, RATE, 10**400],
    [10**400, RATE, 1],
    [[0.9], RATE, 6640],
    {"noise_multiplier": 0.9, "sample_rate": RATE},
    {"noise_multiplier": 0.9, "sample_rate": RATE, "num_steps": 1, "hidden": 1},
    0.9,
    None,
]


@pytest.mark.parametrize("entry", BAD_ENTRIES, ids=repr)
def test_an_entry_that_is_no_count_makes_the_history_unreadable(tmp_path, entry) -> None:
    told = found(tmp_path, {"history": [[0.9, RATE, 6640], entry]})[0]
    assert isinstance(told, Missing)
    assert told.reason in (Reason.UNREADABLE, Reason.TOO_LARGE)
    assert told.pointer == "/privacy/phases/0/evidence/0/history"


@pytest.mark.parametrize(
    "text",
    [
        '{"history": [[NaN, 0.006, 6640]]}',
        '{"history": [[0.9, Infinity, 6640]]}',
        '{"history": [[0.9, 1e999, 6640]]}',
        '{"history": [[0.9, 0.006, 6640]], "history": [[9.9, 0.006, 6640]]}',
        '{"history": []}',
        '{"history": "0.9"}',
        '{"other": 1}',
        "[" * 3000,
        "",
    ],
)
def test_a_file_without_a_history_proves_nothing(tmp_path, text) -> None:
    told = found(tmp_path, text)[0]
    assert isinstance(told, Missing)


def test_more_entries_than_a_set_of_phases_has_are_not_read() -> None:
    many = json.dumps([[0.9, RATE, 1]] * (MAX_ENTRIES + 1)).encode()
    with pytest.raises(EvidenceError) as caught:
        read_history(load(many, FILE), "")
    assert caught.value.reason is Reason.TOO_LARGE
    assert (
        read_history(load(json.dumps([[0.9, RATE, 1]] * MAX_ENTRIES).encode(), FILE), "").runs[0].steps == MAX_ENTRIES
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYTHING | st.lists(st.lists(ANYTHING, min_size=3, max_size=3), min_size=1, max_size=3))
def test_whatever_a_file_holds_it_is_a_history_in_range_or_refused(content) -> None:
    try:
        history = read_history(load(json.dumps({"history": content}).encode(), FILE), "")
    except GateError:
        return
    assert history.runs
    for run in history.runs:
        assert 0 < run.noise_multiplier <= 1e6
        assert 0 < run.rate <= 1
        assert run.steps >= 1
