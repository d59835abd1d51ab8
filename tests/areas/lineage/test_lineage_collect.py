from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lineage_world import (
    BASE_MANIFEST,
    FILES,
    MODEL,
    by_subject,
    decoded,
    evidence_of,
    lineage,
    manifest_of,
    missing_reason,
    one,
    sha256,
)

from policy_gate.areas.lineage import (
    AREA,
    checks,
    checks_terms,
    collect,
    collect_digests,
    collect_records,
    collect_release,
    collect_terms,
    digest_list,
)
from policy_gate.areas.lineage.checks_terms import TermLimits
from policy_gate.areas.lineage.facts import OriginProblem, ReleaseProblem, TermKind
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, Outcome
from policy_gate.record import _decode_fact, as_tree, canonical

POINTER_FILE = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n"


def origins(folder, section) -> dict[str, OriginProblem]:
    return {fact.node: fact.problem for fact in collect.graph(evidence_of(folder, section)) if hasattr(fact, "problem")}


def graph_fact(folder, section):
    return next(iter(collect.graph(evidence_of(folder, section))))


def test_every_fact_of_a_whole_lineage_is_known_and_survives_the_record(tmp_path) -> None:
    evidence = evidence_of(tmp_path, lineage())
    kinds = {kind.name: kind for kind in AREA.fact_types}
    for collector in AREA.collectors:
        found = list(collector.run(evidence))
        assert {entry.name for entry in found if isinstance(entry, Fact)} == {kind.name for kind in collector.gives}
        for entry in found:
            assert not isinstance(entry, Missing), entry
            assert _decode_fact(json.loads(canonical(as_tree(entry))), kinds) == entry
            assert evidence.manifest.document.has(entry.pointer), entry


def test_without_the_section_every_fact_but_the_licence_of_the_release_is_not_declared(tmp_path) -> None:
    evidence = evidence_of(tmp_path, None)
    for collector in AREA.collectors:
        for entry in collector.run(evidence):
            if entry.pointer == "/metadata/license":
                assert entry.spdx == "Apache-2.0"
            else:
                assert missing_reason(entry) is Reason.NOT_DECLARED


def test_a_circle_is_printed_from_a_node_on_and_placed_at_its_first_step(tmp_path) -> None:
    section = lineage()
    section["activities"][0]["uses"] = ["dataset:train"]
    (circle,) = graph_fact(tmp_path, section).cycles
    assert circle.path == ("dataset:train", "prep", "dataset:train")
    assert circle.pointer == "/lineage/activities/0/uses/0"


def test_a_model_that_generated_its_own_teacher_is_a_circle(tmp_path) -> None:
    section = lineage()
    section["nodes"][1]["generator"] = {"model": "dataset:train"}
    (circle,) = graph_fact(tmp_path, section).cycles
    assert circle.path == ("dataset:train", "dataset:train")
    assert circle.pointer == "/lineage/nodes/1/generator/model"


def test_an_id_that_no_node_has_is_found_wherever_it_is_named(tmp_path) -> None:
    section = lineage()
    section["activities"][0]["uses"] = ["dataset:speach"]
    section["activities"][1]["generates"].append("artifact:other")
    section["nodes"][1]["generator"] = {"model": "model:bass"}
    section["release"]["artifact"] = "artifact:kwz"
    unknown = {
        fact.node: (fact.pointer, fact.suggestion)
        for fact in collect.graph(evidence_of(tmp_path, section))
        if getattr(fact, "problem", None) is OriginProblem.NOT_A_NODE
    }
    assert unknown == {
        "dataset:speach": ("/lineage/activities/0/uses/0", "dataset:speech"),
        "artifact:other": ("/lineage/activities/1/generates/1", ""),
        "model:bass": ("/lineage/nodes/1/generator/model", "model:base"),
        "artifact:kwz": ("/lineage/release/artifact", "artifact:kws"),
    }


def test_a_derived_set_that_nothing_generates_is_a_dead_end_and_so_is_what_came_only_from_it(tmp_path) -> None:
    section = lineage()
    del section["activities"][0]
    section["activities"][0]["uses"] = ["dataset:train"]
    facts = {fact.node: fact for fact in list(collect.graph(evidence_of(tmp_path, section)))[1:]}
    assert facts["dataset:train"].problem is OriginProblem.NOT_GENERATED
    assert facts["artifact:kws"].problem is OriginProblem.NO_SOURCE
    assert facts["artifact:kws"].dead_end == "dataset:train"


def test_a_second_input_that_comes_from_nowhere_is_found_beside_a_good_one(tmp_path) -> None:
    section = lineage()
    section["nodes"].append({"id": "dataset:extra", "type": "derived"})
    section["activities"][0]["uses"].append("dataset:extra")
    found = origins(tmp_path, section)
    assert found["dataset:extra"] is OriginProblem.NOT_GENERATED
    assert found["dataset:train"] is OriginProblem.NONE


def test_an_activity_that_uses_nothing_makes_nothing_from_a_source(tmp_path) -> None:
    section = lineage()
    section["activities"][0]["uses"] = []
    assert origins(tmp_path, section)["dataset:train"] is OriginProblem.NO_SOURCE


def test_a_set_that_an_activity_generates_is_no_source(tmp_path) -> None:
    section = lineage()
    section["nodes"][1]["type"] = "source"
    assert origins(tmp_path, section)["dataset:train"] is OriginProblem.GENERATED_SOURCE


def test_a_circle_beside_a_source_does_not_reach_it(tmp_path) -> None:
    section = lineage()
    section["activities"][0]["uses"] = ["dataset:train"]
    section["activities"][1]["uses"] = ["dataset:train"]
    found = origins(tmp_path, section)
    assert found["dataset:train"] is OriginProblem.NO_SOURCE
    assert found["artifact:kws"] is OriginProblem.NO_SOURCE


def test_a_base_model_is_an_origin_only_when_its_bytes_or_its_manifest_are_named(tmp_path) -> None:
    section = lineage()
    del section["nodes"][2]["manifest"]
    assert origins(tmp_path, section)["model:base"] is OriginProblem.NOT_GENERATED


def test_sources_behind_the_release_and_nodes_nothing_touches_are_listed(tmp_path) -> None:
    section = lineage()
    section["nodes"].append({"id": "dataset:left-over", "type": "source"})
    graph = graph_fact(tmp_path, section)
    assert graph.sources == ("dataset:speech",)
    assert [(orphan.node, orphan.pointer) for orphan in graph.orphans] == [("dataset:left-over", "/lineage/nodes/4/id")]


def test_a_graph_of_ten_thousand_nodes_in_one_chain_is_judged(tmp_path) -> None:
    count = 10_000
    section = {
        "nodes": [{"id": "n0", "type": "source"}]
        + [{"id": f"n{i}", "type": "derived"} for i in range(1, count)]
        + [{"id": "artifact:kws", "type": "release"}],
        "activities": [{"id": f"a{i}", "uses": [f"n{i}"], "generates": [f"n{i + 1}"]} for i in range(count - 1)]
        + [{"id": "train", "uses": [f"n{count - 1}"], "generates": ["artifact:kws"]}],
    }
    facts = list(collect.graph(evidence_of(tmp_path, section)))
    assert len(facts) == count + 2
    assert all(fact.problem is OriginProblem.NONE for fact in facts[1:])
    assert facts[0].sources == ("n0",)


ids = st.sampled_from([f"n{i}" for i in range(6)])
sections = st.builds(
    lambda types, steps: {
        "nodes": [{"id": f"n{i}", "type": kind} for i, kind in enumerate(types)],
        "activities": [{"id": f"a{i}", "uses": uses, "generates": made} for i, (uses, made) in enumerate(steps)],
    },
    st.lists(st.sampled_from(["source", "derived", "synthetic", "release"]), min_size=6, max_size=6),
    st.lists(st.tuples(st.lists(ids, max_size=3), st.lists(ids, max_size=3)), max_size=6),
)


@settings(deadline=None)
@given(sections)
def test_a_node_passes_exactly_when_a_walk_back_finds_a_source(tmp_path_factory, section) -> None:
    """The oracle grows the set of good nodes one step at a time, until nothing changes."""
    good = {node["id"] for node in section["nodes"] if node["type"] == "source"}
    for _ in range(7):
        for activity in section["activities"]:
            if good.intersection(activity["uses"]):
                good.update(activity["generates"])
    made = {name for activity in section["activities"] for name in activity["generates"]}
    lying = {node["id"] for node in section["nodes"] if node["type"] == "source" and node["id"] in made}
    found = origins(tmp_path_factory.getbasetemp() / "walk", section)
    assert {name for name, problem in found.items() if problem is OriginProblem.NONE} == good - lying


# Released artifacts


def test_the_release_node_is_the_artifact_its_id_names(tmp_path) -> None:
    fact = one(collect_release.released_artifacts(evidence_of(tmp_path, lineage())))
    assert (fact.claimed, fact.computed, fact.problem) == (sha256(MODEL), sha256(MODEL), ReleaseProblem.NONE)


def test_a_release_node_of_any_other_id_is_found_by_its_digest(tmp_path) -> None:
    section = lineage()
    section["nodes"][3]["id"] = section["release"]["artifact"] = section["activities"][1]["generates"][0] = "kws.onnx"
    fact = one(collect_release.released_artifacts(evidence_of(tmp_path, section)))
    assert str(fact.subject) == "artifact kws"
    assert fact.problem is ReleaseProblem.NONE


def test_a_release_node_with_the_digest_of_other_bytes_fails(tmp_path) -> None:
    section = lineage()
    section["nodes"][3]["digest"]["sha256"] = sha256(b"another model")
    fact = one(collect_release.released_artifacts(evidence_of(tmp_path, section)))
    answer = checks.artifact_in_graph(fact)
    assert answer.outcome is Outcome.FAIL
    assert answer.fixes[0].replacement == sha256(MODEL)


def test_a_release_node_that_is_no_artifact_and_a_model_outside_the_graph_are_both_found(tmp_path) -> None:
    section = lineage()
    section["nodes"][3]["digest"]["sha256"] = sha256(b"another model")
    section["nodes"][3]["id"] = section["release"]["artifact"] = section["activities"][1]["generates"][0] = "other"
    found = by_subject(collect_release.released_artifacts(evidence_of(tmp_path, section)))
    assert found["artifact other"].problem is ReleaseProblem.NOT_IN_MANIFEST
    assert found["artifact kws"].problem is ReleaseProblem.NOT_IN_GRAPH


def test_a_model_converted_from_one_in_the_graph_is_in_it_and_a_loop_of_conversions_is_not(tmp_path) -> None:
    artifacts = [
        {"id": "kws", "path": "model/kws.onnx"},
        {"id": "int8", "path": "model/kws.onnx", "derived_from": {"artifact": "pruned", "by": "ptq"}},
        {"id": "pruned", "path": "model/kws.onnx", "derived_from": {"artifact": "kws", "by": "pruning"}},
        {"id": "a", "path": "model/kws.onnx", "derived_from": {"artifact": "b", "by": "x"}},
        {"id": "b", "path": "model/kws.onnx", "derived_from": {"artifact": "a", "by": "x"}},
        {"id": "labels", "path": "model/kws.onnx", "role": "asset"},
    ]
    found = by_subject(collect_release.released_artifacts(evidence_of(tmp_path, lineage(), artifacts=artifacts)))
    assert found["artifact int8"].derived_from == "kws"
    assert found["artifact a"].problem is ReleaseProblem.NOT_IN_GRAPH
    assert found["artifact b"].problem is ReleaseProblem.NOT_IN_GRAPH
    assert "artifact labels" not in found


@pytest.mark.parametrize("upwards", [True, False])
def test_a_chain_of_thousands_of_conversions_is_followed_to_the_one_in_the_graph(tmp_path, upwards) -> None:
    steps = [("kws", "a0"), *((f"a{number}", f"a{number + 1}") for number in range(4000))]
    chain = [{"id": made, "path": "x", "derived_from": {"artifact": of, "by": "x"}} for of, made in steps]
    artifacts = [{"id": "kws", "path": "model/kws.onnx"}, *(chain if upwards else reversed(chain))]
    found = by_subject(collect_release.released_artifacts(evidence_of(tmp_path, lineage(), artifacts=artifacts)))
    assert {fact.derived_from for name, fact in found.items() if name != "artifact kws"} == {"kws"}
    assert len(found) == len(artifacts)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 7), min_size=8, max_size=8), st.sets(st.integers(0, 7)))
def test_an_artifact_is_in_the_graph_exactly_when_its_own_walk_back_meets_one_that_is(origins, standing) -> None:
    claims = manifest_of(
        None,
        artifacts=[
            {"id": f"a{at}", "path": "x", "derived_from": {"artifact": f"a{of}", "by": "x"}}
            for at, of in enumerate(origins)
        ],
    )
    found = collect_release._standing_origins(decoded(claims).artifacts, {f"a{one}": "node" for one in standing})
    for start in range(8):
        walk = [start]
        while walk[-1] not in standing and len(walk) < 9:
            walk.append(origins[walk[-1]])
        assert found[f"a{start}"] == (f"a{walk[-1]}" if walk[-1] in standing else "")


def test_an_artifact_whose_file_is_absent_leaves_its_node_unknown(tmp_path) -> None:
    artifacts = [{"id": "kws", "path": "model/absent.onnx"}]
    fact = one(collect_release.released_artifacts(evidence_of(tmp_path, lineage(), artifacts=artifacts)))
    assert missing_reason(fact) is Reason.NOT_IN_TREE


def test_a_release_that_names_a_dataset_is_found(tmp_path) -> None:
    section = lineage()
    section["release"]["artifact"] = "dataset:train"
    found = by_subject(collect_release.released_artifacts(evidence_of(tmp_path, section)))
    assert found["release"].problem is ReleaseProblem.NOT_A_RELEASE


def test_a_release_node_with_a_digest_in_an_unread_form_is_unknown(tmp_path) -> None:
    section = lineage()
    section["nodes"][3]["digest"] = {"dvc": "kws.dvc"}
    fact = one(collect_release.released_artifacts(evidence_of(tmp_path, section)))
    assert missing_reason(fact) is Reason.UNSUPPORTED_FORMAT


# Digests


def digests(folder, section) -> dict:
    return by_subject(collect_digests.node_digests(evidence_of(folder, section)))


def test_digests_of_files_and_of_nested_manifests_are_computed(tmp_path) -> None:
    found = digests(tmp_path, lineage())
    assert found["dataset dataset:train"].computed == sha256(FILES["data/train.sha256"])
    assert found["dataset model:base"].computed == sha256(BASE_MANIFEST)
    assert found["dataset model:base"].pointer == "/lineage/nodes/2/manifest/sha256"


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("vendor/other.txt", FILES["data/licence.txt"], Reason.UNSUPPORTED_FORMAT),
        ("vendor/other.yaml", b"kind: ReleaseManifest\n", Reason.UNSUPPORTED_FORMAT),
        ("vendor/other.yaml", BASE_MANIFEST.replace(b"ReleaseManifest", b"PolicyPack"), Reason.UNSUPPORTED_FORMAT),
        ("vendor/other.json", BASE_MANIFEST, Reason.UNSUPPORTED_FORMAT),
        ("vendor/other.yaml", b"[" * 100_000, Reason.UNSUPPORTED_FORMAT),
        ("vendor/other.yaml", BASE_MANIFEST + b"#" * 2_000_000, Reason.TOO_LARGE),
    ],
    ids=["text", "no manifest", "pack", "no JSON", "deep", "large"],
)
def test_a_file_that_is_no_release_manifest_stands_for_no_model(tmp_path, path, content, reason) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / path).write_bytes(content)
    section = lineage()
    section["nodes"][2]["manifest"] = {"path": path, "sha256": sha256(content)}
    missing = digests(tmp_path, section)["dataset model:base"]
    assert (missing_reason(missing), missing.pointer) == (reason, "/lineage/nodes/2/manifest/path")


@pytest.mark.parametrize("kind", ["source", "derived", "synthetic"])
def test_only_a_model_may_have_a_manifest_instead_of_a_digest(tmp_path, kind) -> None:
    section = lineage()
    section["nodes"][2] |= {"type": kind, "path": "data/licence.txt"}
    missing = digests(tmp_path, section)["dataset model:base"]
    assert (missing_reason(missing), missing.pointer) == (Reason.NOT_DECLARED, "/lineage/nodes/2/digest")


def test_no_more_manifests_of_models_are_read_than_the_limit(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(collect_digests, "MAX_MANIFESTS", 0)
    assert missing_reason(digests(tmp_path, lineage())["dataset model:base"]) is Reason.TOO_LARGE


def test_a_changed_file_has_another_digest_than_the_stated_one(tmp_path) -> None:
    evidence = evidence_of(tmp_path, lineage())
    (tmp_path / "data/speech.sha256").write_bytes(b"digest of record 1\n")
    fact = by_subject(collect_digests.node_digests(evidence))["dataset dataset:speech"]
    assert checks.digest_holds(fact).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"path": "data/absent"}, Reason.NOT_IN_TREE),
        ({"path": "data"}, Reason.PATH_REFUSED),
        ({"path": "../secret"}, Reason.PATH_REFUSED),
        ({"path": "/etc/passwd"}, Reason.PATH_REFUSED),
        ({"path": "data/pointer"}, Reason.LFS_POINTER),
        ({"path": None}, Reason.NOT_IN_TREE),
        ({"digest": None}, Reason.NOT_DECLARED),
        ({"digest": None, "path": "data/absent"}, Reason.NOT_IN_TREE),
        ({"digest": {"dvc": "data/speech.dvc"}}, Reason.UNSUPPORTED_FORMAT),
        ({"digest": {"lfs": "data/speech.bin"}}, Reason.UNSUPPORTED_FORMAT),
        ({"digest": {"tree": "data"}}, Reason.UNSUPPORTED_FORMAT),
    ],
)
def test_a_digest_that_cannot_be_computed_is_missing_and_never_a_pass(tmp_path, change, reason) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/pointer").write_bytes(POINTER_FILE)
    section = lineage()
    section["nodes"][0] = {key: value for key, value in {**section["nodes"][0], **change}.items() if value is not None}
    assert missing_reason(digests(tmp_path, section)["dataset dataset:speech"]) is reason


def test_a_placeholder_is_found_also_where_no_file_is_named(tmp_path) -> None:
    section = lineage()
    del section["nodes"][0]["path"]
    section["nodes"][0]["digest"]["sha256"] = "sha256:" + "0" * 64
    fact = digests(tmp_path, section)["dataset dataset:speech"]
    assert checks.digest_holds(fact).outcome is Outcome.FAIL


def test_a_missing_digest_comes_with_the_one_that_was_computed(tmp_path) -> None:
    section = lineage()
    del section["nodes"][1]["digest"]
    missing = digests(tmp_path, section)["dataset dataset:train"]
    assert sha256(FILES["data/train.sha256"]) in missing.fixes[0].text


# Licences and days


def licences(folder, section) -> dict:
    return by_subject(collect_terms.node_licenses(evidence_of(folder, section)))


def test_a_licence_is_read_and_its_text_is_looked_for(tmp_path) -> None:
    section = lineage()
    section["nodes"][0]["license"] = {"expression": "cc-by-4.0 AND LicenseRef-Own", "text": "data/absent.txt"}
    fact = licences(tmp_path, section)["dataset dataset:speech"]
    assert fact.spdx == "CC-BY-4.0 AND LicenseRef-Own"
    assert fact.own_terms == ("LicenseRef-Own",)
    assert "absent.txt" in fact.text_problem


def test_an_empty_text_of_a_licence_is_no_text(tmp_path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/licence.txt").write_bytes(b"")
    assert "empty" in licences(tmp_path, lineage())["dataset dataset:speech"].text_problem


@pytest.mark.parametrize("position", [0, 2])
def test_what_comes_from_elsewhere_states_a_licence_or_is_unknown(tmp_path, position) -> None:
    section = lineage()
    del section["nodes"][position]["license"]
    found = licences(tmp_path, section)[f"dataset {section['nodes'][position]['id']}"]
    assert missing_reason(found) is Reason.NOT_DECLARED


def test_a_release_without_a_licence_is_unknown_and_each_stated_licence_is_judged(tmp_path) -> None:
    metadata = {"name": "kws-en", "version": "1", "sequence": 1}
    artifacts = [{"id": "kws", "path": "model/kws.onnx", "license": "other"}]
    evidence = evidence_of(tmp_path, None, metadata=metadata, artifacts=artifacts)
    release, artifact = collect_terms.release_licenses(evidence)
    assert missing_reason(release) is Reason.NOT_DECLARED
    assert artifact.problem
    assert artifact.pointer == "/artifacts/0/license"


def test_two_different_licences_of_one_release_contradict_each_other(tmp_path) -> None:
    section = lineage()
    section["release"]["license"] = "MIT"
    _, repeated = collect_terms.release_licenses(evidence_of(tmp_path, section))
    assert repeated.contradicts == "Apache-2.0"
    section["release"]["license"] = "apache-2.0"
    _, repeated = collect_terms.release_licenses(evidence_of(tmp_path, section))
    assert repeated.contradicts == ""


def test_only_some_of_many_misspelt_licences_get_a_suggestion_and_each_is_refused(tmp_path) -> None:
    section = lineage()
    node = section["nodes"][0]
    section["nodes"] = [
        {**node, "id": f"d{number}", "license": {"expression": f"Apachi-{number}.0"}} for number in range(30)
    ]
    artifacts = [{"id": f"a{number}", "path": "x", "license": f"Apachi-{number}.1"} for number in range(30)]
    evidence = evidence_of(tmp_path, section, artifacts=artifacts)
    for found in (list(licences(tmp_path, section).values()), list(collect_terms.release_licenses(evidence))[1:-1]):
        assert [bool(fact.suggestion) for fact in found] == [True] * 20 + [False] * 10
        assert all(fact.problem and not fact.spdx for fact in found)


def terms_of(folder, changes: dict, position: int = 0) -> list:
    """What is found of one node of the whole lineage, after changes to it."""
    section = lineage()
    node = {**section["nodes"][position], **changes}
    section["nodes"][position] = {key: value for key, value in node.items() if value is not None}
    found = collect_terms.node_terms(evidence_of(folder, section))
    return [entry for entry in found if entry.subject.names == (node["id"],)]


def test_days_left_are_counted_from_today(tmp_path) -> None:
    consent, retention = terms_of(tmp_path, {"retention_until": "2026-11-22"})
    assert (consent.term, consent.days_left) == (TermKind.CONSENT, 219)
    assert (retention.term, retention.days_left) == (TermKind.RETENTION, -1)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"retention_until": None}, "/lineage/nodes/0/retention_until"),
        ({"legal_basis": None}, "/lineage/nodes/0/legal_basis/expires"),
        ({"legal_basis": {"kind": "consent"}}, "/lineage/nodes/0/legal_basis/expires"),
        ({"personal_data": None}, "/lineage/nodes/0/personal_data"),
    ],
)
def test_taking_away_what_a_term_needs_makes_it_unknown(tmp_path, changes, pointer) -> None:
    missing = [entry for entry in terms_of(tmp_path, changes) if isinstance(entry, Missing)]
    assert [entry.pointer for entry in missing] == [pointer]


def test_data_of_no_person_needs_no_term_and_a_stated_one_still_counts(tmp_path) -> None:
    nothing = {"personal_data": "none", "legal_basis": None}
    assert one(terms_of(tmp_path, {**nothing, "retention_until": None})).term is TermKind.NONE
    assert one(terms_of(tmp_path, {**nothing, "retention_until": "2026-01-01"})).days_left < 0


@pytest.mark.parametrize("kind", ["source", "derived", "synthetic", "model"])
def test_nothing_that_no_step_made_escapes_its_terms_by_another_type(tmp_path, kind) -> None:
    silent = {"type": kind, "personal_data": None, "legal_basis": None, "retention_until": None}
    assert missing_reason(one(terms_of(tmp_path, silent))) is Reason.NOT_DECLARED
    personal = {**silent, "personal_data": "pseudonymous"}
    assert [missing_reason(entry) for entry in terms_of(tmp_path, personal)] == [Reason.NOT_DECLARED] * 2


@pytest.mark.parametrize("kind", ["source", "derived", "synthetic", "model"])
def test_nothing_that_no_step_made_escapes_its_day_by_another_type(tmp_path, kind) -> None:
    section = lineage()
    section["nodes"][0]["type"] = kind
    del section["nodes"][0]["retrieved"]
    found = [entry for entry in collect_terms.stated_days(evidence_of(tmp_path, section)) if isinstance(entry, Missing)]
    assert [entry.pointer for entry in found] == ["/lineage/nodes/0/retrieved"]


def test_every_node_is_spoken_of_and_what_was_made_here_is_judged_by_its_sources(tmp_path) -> None:
    evidence = evidence_of(tmp_path, lineage())
    named = {("dataset:speech",), ("dataset:train",), ("model:base",), ("artifact:kws",)}
    for collected in (collect_terms.node_terms(evidence), collect_terms.stated_days(evidence)):
        assert named <= {entry.subject.names for entry in collected}
    term = one(terms_of(tmp_path, {}, position=1))
    assert checks_terms.term_not_over(term, TermLimits(min_days_left=0)).outcome is Outcome.NOT_APPLICABLE
    day = next(entry for entry in collect_terms.stated_days(evidence) if entry.subject.names == ("dataset:train",))
    assert checks_terms.not_in_future(day).outcome is Outcome.NOT_APPLICABLE


def test_a_lineage_of_things_made_here_alone_is_unknown(tmp_path) -> None:
    section = lineage()
    section["nodes"] = [section["nodes"][1], section["nodes"][3]]
    entry = by_subject(collect_terms.node_terms(evidence_of(tmp_path, section)))["release"]
    assert missing_reason(entry) is Reason.NOT_DECLARED


def test_days_that_should_be_past_are_counted_and_demanded(tmp_path) -> None:
    section = lineage()
    del section["asof"]
    section["nodes"][0]["retrieved"] = "2026-11-24"
    undated, retrieved, checked, *_ = collect_terms.stated_days(evidence_of(tmp_path, section))
    assert missing_reason(undated) is Reason.NOT_DECLARED
    assert (retrieved.days_ahead, checked.days_ahead) == (1, -295)
    del section["nodes"][0]["retrieved"]
    assert missing_reason(list(collect_terms.stated_days(evidence_of(tmp_path, section)))[1]) is Reason.NOT_DECLARED


LINE = b"a" * 64 + b"\n"


def rising(count: int, first: int = 0) -> bytes:
    """A list of so many different records."""
    return b"".join(b"%064x\n" % number for number in range(first, first + count))


AT_RECORDS = "/lineage/nodes/1/records"


def listed(folder, content: bytes | None, **changes):
    """The fact about the records of `dataset:train`, whose list has this content."""
    section = lineage()
    section["nodes"][1] |= {"record_digests": "data/records.sha256", **changes}
    evidence = evidence_of(folder, section)
    if content is not None:
        (folder / "data/records.sha256").write_bytes(content)
    _, entry = collect_records.dataset_records(evidence)
    return entry


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"", 0),
        (rising(3), 3),
        (rising(2) + LINE.rstrip(), 3),
        (b"sha256:" + LINE, 1),
        (rising(2).replace(b"\n", b"\r\n"), 2),
        (rising(4).replace(b"\n", b"  audio/clip 1.wav\n"), 4),
        (rising(20_000), 20_000),
    ],
    ids=["empty", "three", "no end", "prefixed", "windows", "named", "several blocks"],
)
def test_the_digests_of_a_list_are_counted_however_they_are_written(tmp_path, content, count) -> None:
    fact = listed(tmp_path, content, records=7)
    assert (fact.listed, fact.records, fact.pointer) == (count, 7, AT_RECORDS)
    assert checks.records_listed(fact).outcome is Outcome.FAIL
    assert checks.records_listed(listed(tmp_path, content, records=count)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LINE + b"\n" + LINE, Reason.UNREADABLE),
        (LINE.upper(), Reason.UNREADABLE),
        (LINE[1:], Reason.UNREADABLE),
        (b"a" + LINE, Reason.UNREADABLE),
        (b"\n" * 400, Reason.UNREADABLE),
        (bytes(range(256)) * 100, Reason.UNREADABLE),
        (LINE + b"b" * 3_000_000, Reason.UNREADABLE),
        (LINE * 2, Reason.UNREADABLE),
        (LINE.replace(b"\n", b" one\n") + LINE.replace(b"\n", b" two\n"), Reason.UNREADABLE),
        (rising(20_000) + rising(20_000), Reason.UNREADABLE),
        (rising(1, first=7) + rising(1), Reason.UNREADABLE),
        (POINTER_FILE, Reason.LFS_POINTER),
        (None, Reason.NOT_IN_TREE),
    ],
    ids=[
        "blank",
        "upper",
        "short",
        "long",
        "blanks",
        "binary",
        "endless",
        "twice",
        "two names",
        "list twice",
        "falling",
        "pointer",
        "absent",
    ],
)
def test_a_list_with_anything_but_digests_counts_nothing(tmp_path, content, reason) -> None:
    missing = listed(tmp_path, content, records=400)
    assert missing_reason(missing) is reason
    assert missing.pointer == "/lineage/nodes/1/record_digests"


def test_a_list_beyond_the_limit_is_not_read_to_its_end(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(digest_list, "MAX_LIST_BYTES", len(LINE) * 2)
    assert listed(tmp_path, rising(2), records=2).listed == 2
    assert missing_reason(listed(tmp_path, rising(3), records=3)) is Reason.TOO_LARGE


def test_a_list_without_a_stated_number_is_unknown_with_the_counted_one_as_fix(tmp_path) -> None:
    missing = listed(tmp_path, rising(5))
    assert missing_reason(missing) is Reason.NOT_DECLARED
    assert (missing.fixes[0].pointer, missing.fixes[0].replacement) == (AT_RECORDS, 5)


def test_a_number_without_a_list_is_only_declared_and_nothing_to_compare(tmp_path) -> None:
    fact = one(collect_records.dataset_records(evidence_of(tmp_path, lineage())))
    assert (fact.records, fact.basis, fact.list_file) == (105829, Basis.DECLARED, "")
    assert checks.records_listed(fact).outcome is Outcome.NOT_APPLICABLE


def test_a_lineage_without_any_number_is_one_statement_that_has_nothing_to_compare(tmp_path) -> None:
    section = lineage()
    del section["nodes"][0]["records"]
    fact = one(collect_records.dataset_records(evidence_of(tmp_path, section)))
    assert fact.subject == RELEASE
    assert checks.records_listed(fact).outcome is Outcome.NOT_APPLICABLE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=40))
def test_a_list_is_counted_exactly_when_it_is_sorted_and_names_no_record_twice(records) -> None:
    content = b"".join(b"%064x\n" % record for record in records)
    try:
        count = digest_list.read_digests(io.BytesIO(content), "list").count
    except EvidenceError as error:
        count = -1 if "sort -u" in error.fix else -2
    assert count == (len(records) if sorted(set(records)) == records else -1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_counted_or_refused_and_never_more_than_there_are_lines(content) -> None:
    try:
        count = digest_list.read_digests(io.BytesIO(content), "list").count
    except EvidenceError:
        return
    assert count * 64 <= len(content)


def test_facts_do_not_depend_on_the_day_unless_they_count_days(tmp_path) -> None:
    evidence = evidence_of(tmp_path, lineage())
    later = replace(evidence, today=evidence.today.replace(year=2030))
    for collector in (collect.graph, collect_digests.node_digests, collect_terms.node_licenses):
        assert list(collector(evidence)) == list(collector(later))
