"""From a manifest and a tree to facts: what cannot be recomputed is missing with a reason, never small."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_world import TRAIN_YAML, evidence_of, facts_of, missing_of, only, phase_of, privacy_of, without

from policy_gate.area import Trusted
from policy_gate.areas.privacy import AREA, training_files
from policy_gate.areas.privacy.checks_bound import claim_confirmed
from policy_gate.areas.privacy.facts import (
    DeltaClaim,
    Neighbours,
    PhaseAccounting,
    PhaseEvidence,
    PhaseParameters,
    PrivacyBound,
    ProtectedUnit,
    TuningRuns,
)
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.errors import Reason
from policy_gate.model import Basis, Missing, Outcome

ABOUT_PRIVACY = (DeltaClaim, Neighbours, PhaseAccounting, PhaseEvidence, PhaseParameters, PrivacyBound, ProtectedUnit)


def every_pointer(content, pointer=""):
    if isinstance(content, dict):
        members = content.items()
    else:
        members = enumerate(content) if isinstance(content, list) else ()
    for key, inner in members:
        yield f"{pointer}/{key}"
        yield from every_pointer(inner, f"{pointer}/{key}")


def test_an_absent_section_leaves_every_fact_missing(tmp_path):
    book = facts_of(tmp_path, None)
    for kind in (*ABOUT_PRIVACY, TuningRuns):
        assert only(book, kind).reason is Reason.NOT_DECLARED


def test_claiming_none_leaves_every_fact_about_a_claim_missing(tmp_path):
    book = facts_of(tmp_path, {"claim_type": "none"})
    for kind in (*ABOUT_PRIVACY, TuningRuns):
        assert isinstance(only(book, kind), Missing)


def test_an_empty_claim_proves_nothing(tmp_path):
    book = facts_of(tmp_path, {"claim_type": "central-dp"})
    for kind in (*ABOUT_PRIVACY, TuningRuns):
        assert only(book, kind).reason is Reason.NOT_DECLARED


@pytest.mark.parametrize(
    ("changes", "reason", "pointer"),
    [
        ({"claim": None}, Reason.NOT_DECLARED, "/privacy/claim"),
        ({"adjacency": None}, Reason.NOT_DECLARED, "/privacy/adjacency"),
        ({"unit": None}, Reason.NOT_DECLARED, "/privacy/unit"),
        ({"unit": {"kind": "user"}}, Reason.NOT_DECLARED, "/privacy/unit/max_records_per_unit"),
        ({"phases": []}, Reason.NOT_DECLARED, "/privacy/phases"),
        ({"tuning": None}, Reason.NOT_DECLARED, "/privacy/tuning"),
        ({"tuning": {"data": "private", "trials": 20}}, Reason.NOT_DECLARED, "/privacy/tuning/scored_on"),
        ({"tuning": {"data": "private"}}, Reason.NOT_DECLARED, "/privacy/tuning"),
        ({"tuning": {"data": "private", "scored_on": "public"}}, Reason.NOT_DECLARED, "/privacy/tuning"),
        (
            {"tuning": {"data": "private", "mean_trials": 20.0, "selection": "geometric"}},
            Reason.NOT_DECLARED,
            "/privacy/tuning/scored_on",
        ),
        (
            {"phases": [phase_of(), {"id": "b", "mechanism": "declared", "epsilon": 0.1}]},
            Reason.NOT_PROVEN,
            "/privacy/phases/1/mechanism",
        ),
        ({"phases": [phase_of(microbatch=None)]}, Reason.NOT_DECLARED, "/privacy/phases/0/microbatch"),
        ({"phases": [phase_of(clip_norm=None)]}, Reason.NOT_DECLARED, "/privacy/phases/0/clip_norm"),
    ],
    ids=str,
)
def test_what_decides_the_bound_and_is_not_known_leaves_it_missing_at_its_place(tmp_path, changes, reason, pointer):
    content = {key: one for key, one in privacy_of(**changes).items() if one is not None}
    missing = only(facts_of(tmp_path, content), PrivacyBound)
    assert (missing.reason, missing.pointer) == (reason, pointer)


def lies():
    return [
        privacy_of(claim={"epsilon": 2.0, "delta": 1e-6}),
        privacy_of(adjacency="replace-one"),
        privacy_of(unit={"kind": "user", "max_records_per_unit": 4}),
        privacy_of(tuning={"data": "private", "trials": 20}),
        privacy_of(tuning={"data": "private", "trials": 2, "scored_on": "public"}),
        privacy_of(tuning={"data": "private", "selection": "poisson", "mean_trials": 2.0, "scored_on": "public"}),
        privacy_of(tuning={"data": "private", "selection": "geometric", "mean_trials": 20.0}),
        privacy_of(phases=[phase_of(microbatch=4)]),
        privacy_of(phases=[phase_of(sampling={"scheme": "shuffled", "batch_size": 512, "dataset_size": 85000})]),
        privacy_of(phases=[phase_of(), {"id": "b", "mechanism": "declared", "epsilon": 0.1, "delta": 0.0}]),
    ]


@pytest.mark.parametrize("lie", lies(), ids=range(10))
def test_deleting_any_key_never_turns_an_unproven_claim_into_a_proven_one(tmp_path, lie):
    from policy_gate.errors import GateError

    assert not proven(tmp_path, lie)
    for pointer in every_pointer(lie):
        if pointer.startswith("/phases/") and pointer.count("/") == 2:
            continue  # a phase left out altogether is what the lineage has to show
        try:
            assert not proven(tmp_path, without(lie, pointer)), pointer
        except GateError as error:
            assert error.exit_code == 2  # noqa: PT017  # the refusal is as good an answer


def proven(folder, content) -> bool:
    entry = only(facts_of(folder, content), PrivacyBound)
    return isinstance(entry, PrivacyBound) and claim_confirmed(entry).outcome is Outcome.PASS


def test_an_honest_claim_is_recomputed_and_holds(tmp_path):
    bound = only(facts_of(tmp_path, privacy_of()), PrivacyBound)
    assert bound.epsilon_upper == 4.22711
    assert bound.epsilon_lower == 0.0
    assert bound.noise_advice == ()
    assert bound.rests_on == ("train: Gaussian noise 0.9, Poisson rate 0.00602353, 6640 steps",)
    assert proven(tmp_path, privacy_of())


def test_a_claim_too_low_comes_with_the_epsilon_and_the_noise_that_prove(tmp_path):
    low = privacy_of(claim={"epsilon": 3.0, "delta": 1e-6})
    bound = only(facts_of(tmp_path, low), PrivacyBound)
    assert bound.epsilon_to_claim == 3.89
    (advice,) = bound.noise_advice
    assert 0.9 < advice.noise_multiplier < 1.2
    mended = privacy_of(claim=low["claim"], phases=[phase_of(noise_multiplier=advice.noise_multiplier)])
    assert proven(tmp_path, mended)
    assert proven(tmp_path, privacy_of(claim={"epsilon": bound.epsilon_to_claim, "delta": 1e-6}))


def test_without_sampling_the_bound_is_exact_and_a_lower_claim_is_refuted(tmp_path):
    phase = {"id": "train", "mechanism": "gaussian", "noise_multiplier": 2.0, "clip_norm": 1.0, "steps": 10}
    bound = only(facts_of(tmp_path, privacy_of(phases=[phase], claim={"epsilon": 5.0, "delta": 1e-6})), PrivacyBound)
    assert 0 < bound.epsilon_upper - bound.epsilon_lower < 1e-4
    assert claim_confirmed(bound).outcome is Outcome.FAIL


def test_shuffled_batches_show_the_figure_that_does_not_hold_beside_the_one_that_does(tmp_path):
    phase = phase_of(sampling={"scheme": "shuffled", "batch_size": 512, "dataset_size": 85000})
    found = only(facts_of(tmp_path, privacy_of(phases=[phase])), PhaseAccounting)
    assert found.epsilon_upper == pytest.approx(57.33, abs=0.005)
    assert found.poisson_epsilon == 4.22711


def test_several_phases_are_composed_together_and_cheaper_than_their_sum(tmp_path):
    phases = [phase_of(), phase_of(id="finetune")]
    book = facts_of(tmp_path, privacy_of(phases=phases))
    alone = [entry.epsilon_upper for entry in book.entries(PhaseAccounting)]
    assert alone[0] < only(book, PrivacyBound).epsilon_upper < sum(alone)


def test_a_small_stated_population_does_not_make_a_large_delta_look_fine(tmp_path):
    claimed = only(facts_of(tmp_path, privacy_of(population={"id": "x", "size": 10})), DeltaClaim)
    assert claimed.population == 85000
    assert claimed.inverse <= 1 / 85000
    many = {"kind": "user", "max_records_per_unit": 5}
    claimed = only(facts_of(tmp_path, privacy_of(population={"id": "x", "size": 10}, unit=many)), DeltaClaim)
    assert claimed.population == 17000


def test_files_that_agree_leave_a_parameter_declared_until_somebody_attests_them(tmp_path):
    book = facts_of(tmp_path, privacy_of())
    assert [(one.agrees, one.basis) for one in book.entries(PhaseEvidence)] == [(True, Basis.DECLARED)] * 6
    assert only(book, PrivacyBound).basis is Basis.DECLARED


@pytest.mark.parametrize(
    ("written", "found"),
    [("1024", "1024"), ("'512'", "'512'"), ("true", "True"), ("null", "None"), ("[512]", "a list"), ("512.5", "512.5")],
)
def test_a_configuration_that_says_otherwise_disagrees_at_its_line(tmp_path, written, found):
    (tmp_path / "configs").mkdir()
    text = TRAIN_YAML.replace("batch_size: 512", f"batch_size: {written}")
    (tmp_path / "configs" / "train.yaml").write_text(text, encoding="utf-8")
    (wrong,) = [one for one in facts_of(tmp_path, privacy_of()).known(PhaseEvidence) if not one.agrees]
    assert (wrong.pointer, wrong.found) == ("/privacy/phases/0/sampling/batch_size", found)
    assert (wrong.file, wrong.line) == ("configs/train.yaml", 5)


@pytest.mark.parametrize("which", ["itself", "listed", "copy"])
def test_a_manifest_is_no_evidence_for_itself(tmp_path, which):
    name = {"itself": "RELEASE.json", "listed": "other/release.yaml", "copy": "configs/train.json"}[which]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    kind = "ReleaseManifest" if which == "copy" else "unread"
    (tmp_path / name).write_text(f'{{"kind": "{kind}", "steps": 6640}}\n', encoding="utf-8")
    phase = phase_of(evidence=[{"file": name, "map": {"steps": "/steps"}}])
    evidence = evidence_of(tmp_path, privacy_of(phases=[phase]))
    trusted = Trusted(source="base", manifests=("**/Release.yaml",))
    book = collect(AREA.collectors, replace(evidence, trusted=trusted))
    assert not book.known(PhaseEvidence)
    refused = missing_of(book, PhaseEvidence)[0]
    assert (refused.reason, refused.pointer) == (Reason.NOT_PROVEN, "/privacy/phases/0/evidence/0/file")
    assert "a manifest is no evidence for itself" in refused.detail


def test_a_parameter_that_the_configuration_has_otherwise_is_not_hidden_by_leaving_it_out_of_the_map(tmp_path):
    names = phase_of()["evidence"][0]["map"]
    for left_out in names:
        less = {key: one for key, one in names.items() if key != left_out}
        phase = phase_of(evidence=[{"file": "configs/train.yaml", "map": less}])
        (missing,) = missing_of(facts_of(tmp_path, privacy_of(phases=[phase])), PhaseEvidence)
        assert missing.pointer == f"/privacy/phases/0/{left_out.replace('.', '/')}"


def named(*files: str) -> list[dict]:
    return [{"file": file, "map": {"steps": "/steps"}} for file in files]


def test_a_file_that_many_phases_name_is_parsed_once_also_when_it_cannot_be(tmp_path, monkeypatch):
    parsed = []

    def counting(content, path):
        parsed.append(path)
        return load(content, path)

    monkeypatch.setattr("policy_gate.document.load", counting)
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    phases = [phase_of(id=f"p{n}", evidence=named(*["configs/train.yaml", "bad.yaml"] * 8)) for n in range(3)]
    facts_of(tmp_path, privacy_of(phases=phases))
    assert sorted(parsed) == ["bad.yaml", "configs/train.yaml"]


def test_files_beyond_the_limit_of_their_number_are_not_read(tmp_path):
    files = [f"{n}.yaml" for n in range(training_files.MAX_FILES + 1)]
    for file in files:
        (tmp_path / file).write_text("steps: 6640\n", encoding="utf-8")
    book = facts_of(tmp_path, privacy_of(phases=[phase_of(evidence=named(*files, files[0]))]))
    assert len(book.known(PhaseEvidence)) == training_files.MAX_FILES + 1
    refused = missing_of(book, PhaseEvidence)[0]
    assert (refused.reason, refused.pointer) == (Reason.TOO_LARGE, "/privacy/phases/0/evidence/16/file")


@pytest.mark.parametrize("ending", ["", "]"], ids=["read", "cannot be parsed"])
def test_files_beyond_the_limit_of_their_bytes_are_not_read(tmp_path, ending):
    half = f"steps: 6640{ending}\n#{'x' * (training_files.MAX_BYTES // 2)}\n"
    for file in ("0.yaml", "1.yaml", "2.yaml"):
        (tmp_path / file).write_text(half, encoding="utf-8")
    book = facts_of(tmp_path, privacy_of(phases=[phase_of(evidence=named("0.yaml", "1.yaml", "2.yaml"))]))
    refused = [one.pointer for one in missing_of(book, PhaseEvidence) if one.reason is Reason.TOO_LARGE]
    assert refused == ["/privacy/phases/0/evidence/2/file"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a: [", b"a: &x 1\nb: *x", b"[" * 5000, b"x" * (2 << 20)])
def test_a_configuration_that_cannot_be_read_is_missing_with_a_reason(tmp_path, content):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "train.yaml").write_bytes(content)
    book = facts_of(tmp_path, privacy_of())
    assert not book.known(PhaseEvidence)
    assert all(
        one.reason in (Reason.UNREADABLE, Reason.TOO_LARGE, Reason.NOT_DECLARED)
        for one in missing_of(book, PhaseEvidence)
    )


@pytest.mark.parametrize("path", ["../outside.yaml", "/etc/passwd", "configs/none.yaml", "configs", "C:\\x.yaml"])
def test_a_configuration_outside_the_tree_or_absent_is_missing(tmp_path, path):
    phase = phase_of()
    phase["evidence"][0]["file"] = path
    (missing,) = facts_of(tmp_path, privacy_of(phases=[phase])).entries(PhaseEvidence)
    assert missing.reason in (Reason.PATH_REFUSED, Reason.NOT_IN_TREE, Reason.UNREADABLE)
    assert missing.pointer == "/privacy/phases/0/evidence/0/file"


def test_a_phase_without_evidence_is_only_declared(tmp_path):
    missing = missing_of(facts_of(tmp_path, privacy_of(phases=[phase_of(evidence=[])])), PhaseEvidence)
    assert [one.pointer.removeprefix("/privacy/phases/0/") for one in missing] == [
        "noise_multiplier",
        "clip_norm",
        "microbatch",
        "steps",
        "sampling/scheme",
        "sampling/batch_size",
    ]
    assert {one.reason for one in missing} == {Reason.NOT_DECLARED}


def test_evidence_for_a_value_that_the_phase_does_not_state_is_missing(tmp_path):
    phase = phase_of()
    phase["evidence"][0]["map"]["epochs"] = "/steps"
    (missing,) = missing_of(facts_of(tmp_path, privacy_of(phases=[phase])), PhaseEvidence)
    assert missing.reason is Reason.NOT_DECLARED


def test_every_fact_type_is_given_once():
    given_types = [kind.name for collector in AREA.collectors for kind in collector.gives]
    assert len(given_types) == len(set(given_types))
    assert all(name.startswith("privacy.") for name in given_types)
    assert {check.judges for check in AREA.checks.values()} <= set(AREA.fact_types)


@settings(max_examples=40, deadline=None)
@given(
    noise=st.floats(1e-12, 1e6, exclude_min=True),
    steps=st.integers(1, 10**9),
    delta=st.floats(1e-300, 1, exclude_max=True),
    batch=st.integers(1, 10**12),
    more=st.integers(0, 2**52),
    scheme=st.sampled_from(["poisson", "shuffled", "fixed-order", "full-batch", "other"]),
)
def test_no_numbers_in_range_crash_a_collector(tmp_path_factory, *, noise, steps, delta, batch, more, scheme):
    sampling = {"scheme": scheme, "batch_size": batch, "dataset_size": batch + more}
    phase = phase_of(noise_multiplier=noise, steps=steps, sampling=sampling, evidence=[])
    folder = tmp_path_factory.mktemp("any")
    book = facts_of(folder, privacy_of(claim={"epsilon": 1.0, "delta": delta}, phases=[phase]))
    assert all(one.reason is not Reason.CRASHED for one in book.everything() if isinstance(one, Missing))
    for one in book.known(PrivacyBound):
        assert one.epsilon_upper > 0


def test_facts_survive_the_record_unchanged(tmp_path):
    import json

    from policy_gate.record import _decode_fact, as_tree, canonical

    stream = {
        "id": "metrics",
        "purpose": "latency",
        "signals": ["metrics"],
        "fields": [{"name": "email", "class": "category"}, {"name": "id", "class": "stable-id", "rotation_days": 7}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 30,
        "on_demand": {"enabled": False},
    }
    whole = phase_of(sampling={"scheme": "full-batch"})  # a phase that uses all its data needs no lineage
    low = privacy_of(claim={"epsilon": 3.0, "delta": 1e-6}, phases=[whole])
    facts = [one for one in facts_of(tmp_path, low, [stream]).everything() if not isinstance(one, Missing)]
    # Those of documents, evidence, ledger and reports survive in tests of their own.
    assert {kind for kind in AREA.fact_types if kind.__module__.endswith(".privacy.facts")} <= {
        type(one) for one in facts
    }
    for one in facts:
        again = json.loads(canonical(as_tree(one)))
        assert _decode_fact(again, {kind.name: kind for kind in AREA.fact_types}) == one
