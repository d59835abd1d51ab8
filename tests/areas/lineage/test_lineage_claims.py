from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lineage_world import decoded, lineage, manifest_of

from policy_gate.areas.lineage.placeholder import placeholder
from policy_gate.errors import ManifestError


def refused(section: dict) -> str:
    with pytest.raises(ManifestError) as error:
        decoded(manifest_of(section))
    return str(error.value)


def test_the_whole_section_is_decoded() -> None:
    section = decoded(manifest_of(lineage())).sections["lineage"]
    assert section.nodes[0].legal_basis.kind == "consent"
    assert section.activities[0].params.pointer == "/prepare"
    assert section.release.markets == ("EU", "US")


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ({"sha256": "a" * 64}, "put 'sha256:' before the 64 digits"),
        ({"sha256": "sha256:" + "A" * 64}, "64 lower-case hex digits"),
        ({"sha256": "main"}, "64 lower-case hex digits"),
        ({"sha256": "sha256:" + "a" * 63}, "64 lower-case hex digits"),
        ({"sha256": "sha256:" + "a" * 64 + "\n"}, "64 lower-case hex digits"),
        ({"sha256": "sha256:" + "٣" * 64}, "64 lower-case hex digits"),
        ({"sha256": 7}, "sha256"),
        ({}, "exactly one of"),
        ({"sha256": "sha256:" + "a1" * 32, "dvc": "x.dvc"}, "exactly one of"),
    ],
)
def test_a_digest_in_any_other_form_is_refused(digest, said) -> None:
    section = lineage()
    section["nodes"][0]["digest"] = digest
    assert said in refused(section)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-1", "20260201", "2026-W01-1", "tomorrow", "2026-02-01\n", 2026])
def test_a_day_that_is_in_no_calendar_is_refused(day) -> None:
    section = lineage()
    section["nodes"][0]["retrieved"] = day
    assert "retrieved" in refused(section)


def test_an_id_used_twice_is_refused_where_it_is_used_again() -> None:
    section = lineage()
    section["nodes"].append(dict(section["nodes"][0]))
    section["activities"].append({"id": "prep"})
    said = refused(section)
    assert "lineage.nodes[4].id" in said
    assert "lineage.activities[2].id" in said
    assert "already used by item 0" in said


def test_a_node_and_an_activity_may_have_the_same_id() -> None:
    section = lineage()
    section["activities"][0]["id"] = "dataset:speech"
    assert decoded(manifest_of(section)).sections["lineage"].activities[0].id == "dataset:speech"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "é"},
        {"id": "a b"},
        {"type": "sauce"},
        {"records": -1},
        {"records": True},
        {"personal_data": "some"},
        {"jurisdictions": ["Europe"]},
        {"licence": {"expression": "MIT"}},
        {"legal_basis": {"kind": "because"}},
        {"opt_out": {"checked": "2026-01-01", "method": []}},
    ],
)
def test_a_claim_outside_the_vocabulary_is_refused(change) -> None:
    section = lineage()
    section["nodes"][0].update(change)
    assert refused(section)


def test_a_section_without_nodes_is_refused() -> None:
    assert "nodes" in refused({"nodes": []})


@settings(deadline=None)
@given(st.binary(min_size=1))
def test_a_real_digest_is_no_placeholder(content) -> None:
    assert placeholder(f"sha256:{hashlib.sha256(content).hexdigest()}") == ""


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("0" * 64, "repeats"),
        ("deadbeef" * 8, "repeats"),
        ("0123456789abcdef" * 4, "repeats"),
        (hashlib.sha256(b"").hexdigest(), "empty file"),
        ("0" * 60 + "1234", "different digits"),
        ("f" * 63 + "0", "different digits"),
    ],
)
def test_a_digest_that_no_file_has_is_a_placeholder(digits, said) -> None:
    assert said in placeholder(f"sha256:{digits}")
