"""The size of a data set is that of a node in the lineage, counted or confirmed, or it proves nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from privacy_world import evidence_of, missing_of, only, phase_of, privacy_of

from policy_gate.area import FactBook
from policy_gate.areas.lineage import AREA as LINEAGE
from policy_gate.areas.privacy import AREA
from policy_gate.areas.privacy.checks import dataset_size_agrees
from policy_gate.areas.privacy.facts import DeltaClaim, PhaseDataset
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Basis, Missing, Outcome

AT_SIZE = "/privacy/phases/0/sampling/dataset_size"
AT_DATASET = "/privacy/phases/0/dataset"


def node(**changes) -> dict:
    stated = {"id": "dataset:train", "type": "source", "records": 600, "record_digests": "records.sha256", **changes}
    return {key: one for key, one in stated.items() if one is not None}


def judged(folder, *nodes: dict, lines: int = 600, population: dict | None = None, **changes) -> FactBook:
    """What both areas find of a phase that is accounted for with 600 records of `dataset:train`."""
    (folder / "records.sha256").write_bytes(b"".join(b"%064x\n" % number for number in range(1, lines + 1)))
    sampling = {"scheme": "poisson", "batch_size": 32, "dataset_size": 600}
    phase = phase_of(**{"dataset": "dataset:train", "sampling": sampling, **changes})
    people = {"population": population} if population else {}
    evidence = evidence_of(folder, privacy_of(phases=[phase], **people))
    content = json.loads(evidence.manifest.document.text)
    if nodes:
        content["lineage"] = {"nodes": list(nodes)}
    document = load(json.dumps(content, indent=1).encode(), "release.json")
    manifest = decode_manifest(document, {**AREA.sections, **LINEAGE.sections})
    return collect((*LINEAGE.collectors, *AREA.collectors), replace(evidence, manifest=manifest))


def test_a_size_that_is_counted_in_the_lineage_agrees(tmp_path):
    fact = only(judged(tmp_path, node()), PhaseDataset)
    assert (fact.claimed, fact.records, fact.pointer, fact.basis) == (600, 600, AT_SIZE, Basis.RECOMPUTED)
    assert dataset_size_agrees(fact).outcome is Outcome.PASS


@pytest.mark.parametrize("records", [60, 599, 601, 6000])
def test_another_size_fails_there_and_says_both_and_where_the_other_stands(tmp_path, records):
    fact = only(judged(tmp_path, node(records=records), lines=records), PhaseDataset)
    answer = dataset_size_agrees(fact)
    assert answer.outcome is Outcome.FAIL
    assert (fact.pointer, answer.measured, answer.limit) == (AT_SIZE, 600, records)
    line = next(
        number
        for number, text in enumerate(json.dumps(document_of(tmp_path, records), indent=1).splitlines(), 1)
        if '"records"' in text
    )
    assert f"release.json:{line}" in answer.message


def document_of(folder, records: int) -> dict:
    sampling = {"scheme": "poisson", "batch_size": 32, "dataset_size": 600}
    phase = phase_of(dataset="dataset:train", sampling=sampling)
    content = json.loads(evidence_of(folder, privacy_of(phases=[phase])).manifest.document.text)
    return {**content, "lineage": {"nodes": [node(records=records)]}}


@pytest.mark.parametrize(
    ("nodes", "changes", "words"),
    [
        ((), {}, "the manifest has no lineage"),
        ((node(),), {"dataset": None}, "does not say which data set"),
        ((node(),), {"dataset": "dataset:trian"}, "'dataset:trian' is no node of the lineage"),
        ((node(records=None, record_digests=None),), {}, "does not say how many records it has"),
        ((node(records=None, record_digests=None), node(id="other")), {}, "does not say how many records it has"),
        ((node(records=None),), {}, "records.sha256 lists 600"),
    ],
    ids=["no lineage", "no dataset", "misspelt", "no records", "only another's", "only a list"],
)
def test_a_size_that_no_node_states_is_unknown_at_the_name_of_the_data(tmp_path, nodes, changes, words):
    missing = only(judged(tmp_path, *nodes, **changes), PhaseDataset)
    assert isinstance(missing, Missing)
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, AT_DATASET)
    assert words in missing.detail
    assert missing.fixes


def test_a_misspelt_data_set_is_answered_with_the_nearest_name(tmp_path):
    missing = only(judged(tmp_path, node(), dataset="dataset:trian"), PhaseDataset)
    assert missing.fixes[0].text == "did you mean 'dataset:train'?"


def test_a_list_that_cannot_be_read_leaves_the_size_unknown(tmp_path):
    missing = only(judged(tmp_path, node(record_digests="gone.sha256")), PhaseDataset)
    assert missing.reason is Reason.NOT_IN_TREE


def test_a_number_that_is_only_declared_twice_proves_nothing(tmp_path):
    missing = only(judged(tmp_path, node(record_digests=None)), PhaseDataset)
    assert (missing.reason, missing.pointer) == (Reason.NOT_PROVEN, AT_SIZE)


@pytest.mark.parametrize(("written", "outcome"), [(600, Outcome.PASS), (60, None)])
def test_without_a_list_the_training_configuration_may_confirm_the_size(tmp_path, written, outcome):
    (tmp_path / "size.yaml").write_text(f"dataset_size: {written}\n", encoding="utf-8")
    mapped = [{"file": "size.yaml", "map": {"sampling.dataset_size": "/dataset_size"}}]
    found = only(judged(tmp_path, node(record_digests=None), evidence=mapped), PhaseDataset)
    if outcome is None:
        assert found.reason is Reason.NOT_PROVEN
    else:
        assert dataset_size_agrees(found).outcome is outcome
        assert found.basis is Basis.DECLARED


def test_a_list_of_another_length_is_the_finding_of_the_lineage_and_recomputes_nothing_here(tmp_path):
    fact = only(judged(tmp_path, node(), lines=60), PhaseDataset)
    assert (dataset_size_agrees(fact).outcome, fact.basis) == (Outcome.PASS, Basis.DECLARED)


def test_a_phase_that_uses_all_data_in_every_step_has_no_size_to_compare(tmp_path):
    fact = only(judged(tmp_path, sampling={"scheme": "full-batch"}), PhaseDataset)
    assert dataset_size_agrees(fact).outcome is Outcome.NOT_APPLICABLE


RATE = {"scheme": "poisson", "rate": 0.01}


@pytest.mark.parametrize(
    ("nodes", "changes", "pointer"),
    [
        ((), {}, AT_DATASET),
        ((node(),), {"dataset": None}, AT_SIZE),
        ((node(),), {"dataset": "dataset:trian"}, AT_DATASET),
        ((node(records=None, record_digests=None),), {}, AT_DATASET),
        ((node(record_digests=None),), {}, "/privacy/phases/0/sampling/rate"),
    ],
    ids=["no lineage", "no dataset", "misspelt", "no records", "records only declared"],
)
def test_a_rate_without_a_size_is_unknown_where_the_lineage_does_not_count_the_records(
    tmp_path, nodes, changes, pointer
):
    missing = only(judged(tmp_path, *nodes, sampling=RATE, **changes), PhaseDataset)
    assert isinstance(missing, Missing)
    assert missing.pointer == pointer
    assert missing.fixes


def test_a_rate_rests_on_the_records_of_its_data_and_leaves_no_size_to_compare(tmp_path):
    fact = only(judged(tmp_path, node(), sampling=RATE), PhaseDataset)
    answer = dataset_size_agrees(fact)
    assert (fact.claimed, fact.records, answer.outcome) == (0, 600, Outcome.NOT_APPLICABLE)
    assert "'dataset:train' has 600 records" in answer.message


@pytest.mark.parametrize(("records", "lines"), [(600, 600), (6, 600), (600, 6)])
@pytest.mark.parametrize("sampling", [RATE, {"scheme": "full-batch"}], ids=str)
def test_delta_is_judged_by_the_records_of_the_data_where_the_phase_states_no_size(tmp_path, sampling, records, lines):
    one = {"id": "nobody", "size": 1}
    book = judged(tmp_path, node(records=records), lines=lines, sampling=sampling, population=one)
    assert only(book, DeltaClaim).population == 600


def test_without_a_claim_or_phases_there_is_no_size(tmp_path):
    for privacy in (None, {"claim_type": "none"}, privacy_of(phases=[])):
        (missing,) = missing_of(collect(AREA.collectors, evidence_of(tmp_path, privacy)), PhaseDataset)
        assert missing.reason is Reason.NOT_DECLARED
