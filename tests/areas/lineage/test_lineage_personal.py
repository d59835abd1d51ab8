from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lineage_world import FILES, evidence_of, lineage, sha256

from policy_gate.areas.lineage import collect_personal
from policy_gate.areas.lineage.collect_personal import MAX_FED, personal_datasets
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.errors import Reason
from policy_gate.model import Missing


def found(folder, section) -> dict[str, PersonalDataset | Missing]:
    entries = list(personal_datasets(evidence_of(folder, section)))
    named = {entry.subject.names[0] if entry.subject.names else "release": entry for entry in entries}
    assert len(named) == len(entries)
    return named


def graph(nodes: list[dict], activities: list[dict], *, released: str = "artifact:kws") -> dict:
    return {"nodes": [*nodes, {"id": released, "type": "release"}], "activities": activities}


def source(name: str, **stated) -> dict:
    return {"id": name, "type": "source", "personal_data": "pseudonymous", **stated}


def step(name: str, uses: list[str], generates: list[str], kind: str | None = "prepare") -> dict:
    return {"id": name, "uses": uses, "generates": generates, **({"kind": kind} if kind else {})}


TRAIN = step("train", ["t"], ["artifact:kws"], "train")


def test_a_source_and_what_was_prepared_from_it_are_both_told_with_their_files_digests(tmp_path) -> None:
    entries = found(tmp_path, lineage())
    assert set(entries) == {"dataset:speech", "dataset:train"}
    speech, train = entries["dataset:speech"], entries["dataset:train"]
    assert (speech.kind, speech.legal_basis, speech.legal_basis_until) == ("pseudonymous", "consent", "2027-06-30")
    assert speech.feeds == ("dataset:speech", "dataset:train")
    assert speech.enters == train.feeds == train.enters == ("dataset:train",)
    assert speech.digest == sha256(FILES["data/speech.sha256"])
    assert speech.pointer == "/lineage/nodes/0"


def test_a_set_that_says_nothing_has_the_gravest_kind_and_the_weakest_basis_of_what_it_was_made_from(tmp_path) -> None:
    until = {"kind": "consent", "expires": "2030-01-01"}
    nodes = [
        source("a", personal_data="special-category", legal_basis=until),
        source("b", legal_basis={"kind": "contract"}),
        source("c", personal_data="none"),
        {"id": "t", "type": "derived"},
    ]
    section = graph(nodes, [step("prep", ["a", "b", "c"], ["t"]), TRAIN])
    made = found(tmp_path, section)["t"]
    assert (made.kind, made.legal_basis, made.legal_basis_until) == ("special-category", "consent", "2030-01-01")
    del section["nodes"][1]["legal_basis"]
    assert found(tmp_path, section)["t"].legal_basis == ""


def test_one_silent_source_makes_what_was_prepared_from_it_unstated(tmp_path) -> None:
    nodes = [source("a", personal_data="none"), {"id": "b", "type": "source"}, {"id": "t", "type": "derived"}]
    entries = found(tmp_path, graph(nodes, [step("prep", ["a", "b"], ["t"]), TRAIN]))
    assert [entries[name].kind for name in ("a", "b", "t")] == ["none", "", ""]


def test_an_id_that_no_node_declares_is_not_taken_to_hold_nobody(tmp_path) -> None:
    nodes = [source("a", personal_data="none"), {"id": "t", "type": "derived"}]
    entries = found(tmp_path, graph(nodes, [step("prep", ["a", "secret"], ["t"]), TRAIN]))
    assert entries["secret"].reason is Reason.NOT_DECLARED
    assert entries["secret"].pointer == "/lineage/activities/0/uses/1"
    assert entries["t"].kind == ""


def test_a_set_made_from_a_model_alone_says_nothing_of_people(tmp_path) -> None:
    nodes = [{"id": "m", "type": "model"}, {"id": "t", "type": "derived"}]
    assert found(tmp_path, graph(nodes, [step("gen", ["m"], ["t"], "generate"), TRAIN]))["t"].kind == ""


@pytest.mark.parametrize("disguise", [{"records": 9}, {"record_digests": "data/train.sha256"}, {}])
def test_data_under_the_name_of_a_model_is_data(tmp_path, disguise) -> None:
    nodes = [{**source("t"), "type": "model", **disguise}]
    assert found(tmp_path, graph(nodes, [TRAIN]))["t"].enters == ("t",)


def test_a_set_said_to_train_is_behind_the_release_though_no_step_uses_it(tmp_path) -> None:
    nodes = [source("t", personal_data="none"), source("hidden", role="calibration")]
    assert found(tmp_path, graph(nodes, [TRAIN]))["hidden"].enters == ("hidden",)


def test_without_a_released_node_every_set_is_behind_the_release(tmp_path) -> None:
    assert set(found(tmp_path, {"nodes": [source("a")], "activities": []})) == {"a"}


def test_a_set_for_tests_alone_is_not_behind_the_release(tmp_path) -> None:
    nodes = [source("t"), source("test", role="test")]
    evaluate = step("eval", ["test", "artifact:kws"], [], "evaluate")
    assert set(found(tmp_path, graph(nodes, [TRAIN, evaluate]))) == {"t"}


def test_every_place_where_a_set_goes_into_a_model_is_named(tmp_path) -> None:
    nodes = [source("a"), {"id": "t", "type": "derived"}, {"id": "test", "type": "derived", "role": "test"}]
    prep = step("prep", ["a"], ["t", "test"])
    quantise = step("quantise", ["a"], ["artifact:kws"], "convert")
    assert found(tmp_path, graph(nodes, [prep, TRAIN]))["a"].enters == ("t",)
    assert found(tmp_path, graph(nodes, [prep, TRAIN, quantise]))["a"].enters == ("a", "t")


def test_data_made_by_a_model_of_people_is_not_merely_prepared(tmp_path) -> None:
    nodes = [
        source("a"),
        {"id": "m", "type": "model"},
        {"id": "t", "type": "synthetic", "personal_data": "none", "generator": {"model": "m"}},
    ]
    entries = found(tmp_path, graph(nodes, [step("fit", ["a"], ["m"], "train"), TRAIN]))
    assert entries["a"].feeds == entries["a"].enters == ("a",)
    nodes = [source("a"), {"id": "t", "type": "synthetic", "personal_data": "none", "generator": {"model": "a"}}]
    assert found(tmp_path, graph(nodes, [TRAIN]))["a"].enters == ("a",)


def test_a_step_of_unnamed_kind_prepares_data(tmp_path) -> None:
    nodes = [source("a"), {"id": "t", "type": "derived"}]
    assert found(tmp_path, graph(nodes, [step("prep", ["a"], ["t"], None), TRAIN]))["a"].enters == ("t",)


def test_a_circle_of_sets_ends(tmp_path) -> None:
    nodes = [source("a"), {"id": "b", "type": "derived"}, {"id": "t", "type": "derived"}]
    around = [step("1", ["a", "b"], ["t"]), step("2", ["t"], ["b"]), TRAIN]
    entries = found(tmp_path, graph(nodes, around))
    assert {entry.kind for entry in entries.values()} == {"pseudonymous"}
    assert entries["b"].feeds == ("b", "t")


def test_a_chain_too_long_to_follow_is_unknown_and_soon_over(tmp_path) -> None:
    names = [f"s{number}" for number in range(3000)]
    nodes = [source(names[0]), *({"id": name, "type": "derived"} for name in names[1:])]
    chain = [step(f"c{at}", [names[at]], [names[at + 1]]) for at in range(len(names) - 1)]
    entries = found(tmp_path, graph(nodes, [*chain, step("train", [names[-1]], ["artifact:kws"], "train")]))
    told = [entry for entry in entries.values() if isinstance(entry, PersonalDataset)]
    assert sum(len(entry.feeds) for entry in told) <= MAX_FED
    assert {entry.reason for entry in entries.values() if isinstance(entry, Missing)} == {Reason.TOO_LARGE}


def test_many_sets_in_one_step_of_many_products_are_soon_over(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(collect_personal, "MAX_WALKED", 1000)
    names = [f"s{number}" for number in range(100)]
    nodes = [source(name) for name in names] + [{"id": f"p{at}", "type": "derived"} for at in range(100)]
    wide = step("wide", names, [f"p{at}" for at in range(100)])
    entries = found(tmp_path, graph(nodes, [wide, step("train", ["p0"], ["artifact:kws"], "train")]))
    assert sum(isinstance(entry, Missing) for entry in entries.values()) > 90


def test_a_lineage_without_data_or_no_lineage_is_missing(tmp_path) -> None:
    nodes = [{"id": "m", "type": "model"}]
    entries = found(tmp_path, graph(nodes, [step("train", ["m"], ["artifact:kws"], "train")]))
    assert entries["release"].reason is Reason.NOT_DECLARED
    assert found(tmp_path, None)["release"].pointer == "/lineage"


def test_a_file_that_cannot_be_read_gives_no_digest(tmp_path) -> None:
    entries = found(tmp_path, graph([source("t", path="data/absent")], [TRAIN]))
    assert entries["t"].digest == ""


KINDS = st.sampled_from(["prepare", "train", "generate", "convert", "aggregate", None])
NAMES = [*(f"d{at}" for at in range(5)), "m0", "m1", "artifact:kws"]
STEPS = st.lists(
    st.tuples(st.lists(st.sampled_from(NAMES), max_size=3), st.lists(st.sampled_from(NAMES), max_size=2), KINDS),
    max_size=7,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_way_from_a_set_to_the_release_leads_through_one_of_those_named_as_entering(tmp_path, steps) -> None:
    nodes = [source(name) if name < "d3" else {"id": name, "type": "derived"} for name in NAMES[:5]]
    nodes += [{"id": name, "type": "model"} for name in NAMES[5:7]]
    activities = [step(f"s{at}", uses, made, kind) for at, (uses, made, kind) in enumerate(steps)]
    for name, entry in found(tmp_path, graph(nodes, activities)).items():
        if isinstance(entry, PersonalDataset):
            assert "artifact:kws" not in reached(steps, name, frozenset(entry.enters))
            assert set(entry.enters) <= set(entry.feeds)


def reached(steps: list[tuple], start: str, closed: frozenset[str]) -> set[str]:
    """Everything made from a set, directly or not, where some sets are not used at all."""
    seen, fresh = set(), {start} - closed
    while fresh:
        seen |= fresh
        fresh = {one for uses, made, _ in steps if seen & set(uses) for one in made} - seen - closed
    return seen
