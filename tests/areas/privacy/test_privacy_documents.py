"""What is collected of a release without a guarantee: attacks first, then what honest teams write."""

from __future__ import annotations

import json

import pytest
from documents_world import (
    DAY,
    PATH,
    TEXT,
    WORDS,
    assessment,
    digest_of,
    evidence_of,
    found,
    lineage,
    only,
    privacy,
    source,
)
from pydantic import ValidationError

from policy_gate.areas.privacy.claims_documents import Assessment, SpecialCategories
from policy_gate.areas.privacy.facts_documents import (
    AssessmentDocument,
    LawfulBasis,
    Purpose,
    SpecialCategoryUse,
    UnclaimedData,
)
from policy_gate.errors import ManifestError, Reason
from policy_gate.manifest.named import named_files
from policy_gate.model import RELEASE, Basis, Fact, Missing

KINDS = (Purpose, LawfulBasis, SpecialCategoryUse, AssessmentDocument, UnclaimedData)


def test_everything_in_order_is_known_of_each_kind(tmp_path) -> None:
    evidence = evidence_of(tmp_path, privacy(), lineage(source()))
    assert not [one for kind in KINDS for one in found(kind, evidence) if isinstance(one, Missing)]
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(), lineage(source())))
    assert data.personal == ("dataset:speech", "dataset:train")
    assert (data.uncovered, data.unmentioned, data.doubt) == ((), (), "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_that_says_nothing_leaves_everything_missing(kind, tmp_path) -> None:
    entries = found(kind, evidence_of(tmp_path, None, None))
    assert [(one.reason, one.subject) for one in entries] == [(Reason.NOT_DECLARED, RELEASE)]


@pytest.mark.parametrize("kind", [LawfulBasis, SpecialCategoryUse, UnclaimedData])
def test_without_a_lineage_nobody_knows_whether_people_are_in_the_data(kind, tmp_path) -> None:
    (entry,) = found(kind, evidence_of(tmp_path, privacy(), None))
    assert isinstance(entry, Missing)
    assert entry.pointer == "/lineage"


@pytest.mark.parametrize("kind", [LawfulBasis, SpecialCategoryUse, UnclaimedData])
def test_a_source_that_is_silent_about_people_is_not_taken_to_hold_none(kind, tmp_path) -> None:
    silent = source("dataset:quiet", personal_data=None)
    entries = found(kind, evidence_of(tmp_path, privacy(), lineage(source(personal_data="none"), silent)))
    assert any(isinstance(one, Missing) and "dataset:quiet" in one.detail for one in entries)


def test_data_of_nobody_prepared_from_data_of_people_is_still_data_of_people(tmp_path) -> None:
    graph = lineage(source())
    graph["nodes"][1]["personal_data"] = "none"
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(assessment=None), graph))
    assert (data.personal, data.uncovered) == (("dataset:speech",), ("dataset:speech",))


def test_a_graph_that_ends_before_any_data_proves_no_absence(tmp_path) -> None:
    graph = {"nodes": [{"id": "kws", "type": "release"}], "activities": []}
    entry = only(UnclaimedData, evidence_of(tmp_path, privacy(), graph))
    assert isinstance(entry, Missing)


def test_a_training_set_whose_edge_is_left_out_is_still_behind_the_release(tmp_path) -> None:
    graph = lineage(source(personal_data="none"))
    graph["nodes"].append(source("dataset:calls", role="train"))
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(), graph))
    assert "dataset:calls" in data.uncovered


def test_a_model_from_elsewhere_that_is_silent_about_people_leaves_it_unknown(tmp_path) -> None:
    graph = lineage(source(personal_data="none"))
    graph["nodes"].append({"id": "model:base", "type": "model", "digest": {"sha256": digest_of("base")}})
    graph["activities"][1]["uses"].append("model:base")
    for kind in (UnclaimedData, SpecialCategoryUse):
        entry = only(kind, evidence_of(tmp_path, privacy(), graph))
        assert isinstance(entry, Missing)
        assert "model:base" in entry.detail


def test_a_model_with_people_in_it_has_to_be_covered_like_data(tmp_path) -> None:
    graph = lineage(source(personal_data="none"))
    base = {"id": "model:base", "type": "model", "personal_data": "identifiable", "legal_basis": {"kind": "contract"}}
    graph["nodes"].append(base)
    graph["activities"][1]["uses"].append("model:base")
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(), graph))
    assert data.uncovered == ("model:base",)


def test_a_release_made_of_a_model_with_nobody_in_it_holds_no_personal_data(tmp_path) -> None:
    base = {"id": "model:base", "type": "model", "personal_data": "none", "digest": {"sha256": digest_of("base")}}
    graph = {
        "nodes": [base, {"id": "kws", "type": "release"}],
        "activities": [{"id": "convert", "kind": "convert", "uses": ["model:base"], "generates": ["kws"]}],
    }
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(assessment=None), graph))
    assert (data.personal, data.without) == ((), 1)


def test_a_circle_of_personal_sets_covers_none_of_them(tmp_path) -> None:
    nodes = [
        {"id": name, "type": "derived", "personal_data": "identifiable", "legal_basis": {"kind": "contract"}}
        for name in ("a", "b")
    ]
    graph = {
        "nodes": [source(personal_data="none"), *nodes, {"id": "kws", "type": "release"}],
        "activities": [
            {"id": "one", "uses": ["a"], "generates": ["b"]},
            {"id": "two", "uses": ["b"], "generates": ["a"]},
            {"id": "train", "kind": "train", "uses": ["a"], "generates": ["kws"]},
        ],
    }
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(assessment=assessment(covers=[])), graph))
    assert data.uncovered == ("a", "b")


def test_a_prepared_set_of_a_graver_kind_is_not_covered_by_what_it_was_made_from(tmp_path) -> None:
    graph = lineage(source())
    graph["nodes"][1].update(personal_data="special-category", legal_basis={"kind": "contract"})
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(), graph))
    assert data.uncovered == ("dataset:train",)


def test_what_the_manifest_lists_and_the_text_does_not_name_is_not_covered(tmp_path) -> None:
    section = privacy(assessment=assessment(covers=["dataset:speech", "dataset:calls"]))
    graph = lineage(source(), source("dataset:calls"))
    document = only(AssessmentDocument, evidence_of(tmp_path, section, graph))
    assert document.unmentioned == ("dataset:calls",)
    data = only(UnclaimedData, evidence_of(tmp_path, section, graph))
    assert (data.uncovered, data.unmentioned) == ((), ("dataset:calls",))


def test_an_assessment_of_a_set_that_no_node_is_names_a_stranger(tmp_path) -> None:
    section = privacy(assessment=assessment(covers=["dataset:speech", "dataset:sprech"]))
    document = only(AssessmentDocument, evidence_of(tmp_path, section, lineage(source())))
    assert document.strangers == ("dataset:sprech",)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, Reason.NOT_IN_TREE),
        (
            {PATH: b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 9\n"},
            Reason.LFS_POINTER,
        ),
    ],
)
def test_an_assessment_that_is_not_there_is_missing_and_covers_nothing(files, reason, tmp_path) -> None:
    entry = only(AssessmentDocument, evidence_of(tmp_path, privacy(), lineage(source()), files))
    assert isinstance(entry, Missing)
    assert entry.reason is reason
    assert entry.pointer == "/privacy/assessment/path"
    data = only(UnclaimedData, evidence_of(tmp_path, privacy(), lineage(source()), files))
    assert data.doubt == entry.detail


@pytest.mark.parametrize("path", ["../dpia.md", "/etc/passwd", "docs/../../dpia.md", "C:/dpia.md", "docs\\dpia.md"])
def test_an_assessment_outside_the_tree_is_refused(path, tmp_path) -> None:
    (tmp_path.parent / "dpia.md").write_text(TEXT)
    entry = only(
        AssessmentDocument, evidence_of(tmp_path, privacy(assessment=assessment(path=path)), lineage(source()))
    )
    assert isinstance(entry, Missing)
    assert entry.reason is Reason.PATH_REFUSED


def test_an_assessment_behind_a_link_is_refused(tmp_path) -> None:
    (tmp_path / "real.md").write_text(TEXT)
    (tmp_path / "docs").mkdir()
    (tmp_path / PATH).symlink_to(tmp_path / "real.md")
    entry = only(AssessmentDocument, evidence_of(tmp_path, privacy(), lineage(source()), {}))
    assert isinstance(entry, Missing)


def test_an_assessment_without_a_digest_is_offered_the_computed_one(tmp_path) -> None:
    entry = only(
        AssessmentDocument, evidence_of(tmp_path, privacy(assessment=assessment(digest=None)), lineage(source()))
    )
    assert isinstance(entry, Missing)
    assert (entry.fixes[0].pointer, entry.fixes[0].replacement) == ("/privacy/assessment/digest", digest_of(TEXT))


def test_an_assessment_without_a_day_is_missing_one(tmp_path) -> None:
    entry = only(
        AssessmentDocument, evidence_of(tmp_path, privacy(assessment=assessment(date=None)), lineage(source()))
    )
    assert isinstance(entry, Missing)
    assert entry.pointer == "/privacy/assessment/date"


def test_a_day_that_only_the_manifest_knows_is_not_named(tmp_path) -> None:
    later = only(
        AssessmentDocument, evidence_of(tmp_path, privacy(assessment=assessment(date="2026-11-20")), lineage(source()))
    )
    assert (later.states_date, later.age_days) == (False, 3)
    assert only(AssessmentDocument, evidence_of(tmp_path, privacy(), lineage(source()))).states_date


def test_a_text_that_was_read_is_recomputed_and_a_scan_is_declared(tmp_path) -> None:
    scan = b"%PDF-1.7\n" + bytes(2000)
    text = only(AssessmentDocument, evidence_of(tmp_path, privacy(), lineage(source())))
    assert (text.basis, text.is_text, text.words > 60) == (Basis.RECOMPUTED, True, True)
    section = privacy(assessment=assessment(digest=digest_of(scan)))
    other = only(AssessmentDocument, evidence_of(tmp_path, section, lineage(source()), {PATH: scan}))
    assert (other.basis, other.is_text, other.unmentioned) == (Basis.DECLARED, False, ())
    assert other.file_format == "PDF"


def test_a_text_of_more_than_a_megabyte_is_bound_by_its_digest_and_not_read(tmp_path) -> None:
    large = (TEXT + "x" * (1024 * 1024)).encode()
    section = privacy(assessment=assessment(digest=digest_of(large)))
    document = only(AssessmentDocument, evidence_of(tmp_path, section, lineage(source()), {PATH: large}))
    assert (document.is_text, document.basis, document.file_format) == (False, Basis.DECLARED, "")


def test_no_assessment_is_needed_where_nobody_is_in_the_data(tmp_path) -> None:
    document = only(
        AssessmentDocument, evidence_of(tmp_path, privacy(assessment=None), lineage(source(personal_data="none")))
    )
    assert document.path == ""


def test_an_assessment_that_is_not_named_is_missing_where_people_are_in_the_data(tmp_path) -> None:
    entry = only(AssessmentDocument, evidence_of(tmp_path, privacy(assessment=None), lineage(source())))
    assert isinstance(entry, Missing)
    assert entry.pointer == "/privacy/assessment"


def test_an_approval_without_a_trust_file_is_refused_and_says_so(tmp_path) -> None:
    section = privacy(assessment=assessment(approval="evidence/a.json"))
    files = {PATH: TEXT.encode(), "evidence/a.json": b"{}"}
    document = only(AssessmentDocument, evidence_of(tmp_path, section, lineage(source()), files))
    assert document.approved_by == ()
    assert "no key is trusted" in document.refusal


def basis_of(tmp_path, **changes) -> Fact | Missing:
    entries = found(LawfulBasis, evidence_of(tmp_path, privacy(), lineage(source(**changes))))
    return next(one for one in entries if one.subject.names == ("dataset:speech",))


def test_a_basis_counts_the_days_that_are_left(tmp_path) -> None:
    known = basis_of(tmp_path, legal_basis={"kind": "consent", "expires": "2026-11-22"})
    assert (known.days_left, known.until, known.basis) == (-1, "2026-11-22", Basis.DECLARED)
    assert basis_of(tmp_path, legal_basis={"kind": "contract"}).until == ""


def test_a_set_without_a_basis_and_a_consent_without_an_end_are_missing(tmp_path) -> None:
    assert basis_of(tmp_path, legal_basis=None).pointer == "/lineage/nodes/0/legal_basis"
    assert basis_of(tmp_path, legal_basis={"kind": "consent"}).pointer == "/lineage/nodes/0/legal_basis/expires"


def test_where_nobody_is_in_the_data_no_basis_is_needed(tmp_path) -> None:
    entry = only(LawfulBasis, evidence_of(tmp_path, privacy(), lineage(source(personal_data="none"))))
    assert (entry.subject, entry.node) == (RELEASE, "")


def test_special_data_is_known_by_the_lineage_and_not_by_the_section_alone(tmp_path) -> None:
    section = privacy(special_categories={"present": False})
    use = only(SpecialCategoryUse, evidence_of(tmp_path, section, lineage(source(personal_data="special-category"))))
    assert (use.nodes, use.stated, use.present) == (("dataset:speech", "dataset:train"), True, False)


@pytest.mark.parametrize(("words", "counts"), [("...", False), (" \u200b ", False), ("encrypted at rest", True)])
def test_safeguards_are_words(words, counts, tmp_path) -> None:
    section = privacy(special_categories={"present": True, "condition": "health-care", "safeguards": words})
    assert only(SpecialCategoryUse, evidence_of(tmp_path, section, lineage(source()))).safeguards is counts


def test_the_purpose_is_read_with_its_words(tmp_path) -> None:
    known = only(Purpose, evidence_of(tmp_path, privacy(purpose="TBD, TBD and tbd"), lineage(source())))
    assert (known.words, known.placeholder) == (2, "TBD")


def test_a_purpose_is_needed_unless_it_is_known_that_nobody_is_in_the_data(tmp_path) -> None:
    section = privacy(purpose=None, assessment=None)
    assert not only(Purpose, evidence_of(tmp_path, section, lineage(source(personal_data="none")))).needed
    for graph in (lineage(source()), lineage(source(personal_data=None)), None):
        assert isinstance(only(Purpose, evidence_of(tmp_path, section, graph)), Missing)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": PATH, "date": "2026-02-30"},
        {"path": PATH, "date": "2026-2-3"},
        {"path": PATH, "date": 20261102},
        {"path": PATH, "digest": "md5:1"},
        {"path": ""},
        {"path": PATH, "covers": "dataset:speech"},
        {"path": PATH, "covers": ["two words"]},
        {"path": PATH, "covers": ["a"] * 1001},
        {"path": PATH, "ignored": True},
        {"digest": digest_of("")},
    ],
)
def test_an_assessment_that_is_not_well_formed_is_refused(wrong, tmp_path) -> None:
    with pytest.raises(ManifestError):
        evidence_of(tmp_path, privacy(assessment=wrong), None)


@pytest.mark.parametrize(
    "wrong", [{"present": "no"}, {"present": False, "condition": "legal-claims"}, {"condition": "health-care"}]
)
def test_special_categories_that_contradict_themselves_are_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        SpecialCategories.model_validate_json(json.dumps(wrong))


def test_the_signature_of_a_release_covers_the_assessment_and_its_approval(tmp_path) -> None:
    section = privacy(assessment=assessment(approval="evidence/a.json"))
    assert {PATH, "evidence/a.json"} <= set(named_files(evidence_of(tmp_path, section, None).manifest))


def test_what_is_in_the_document_is_in_no_fact(tmp_path) -> None:
    secret = "Margarethe Musterfrau"
    text = f"{TEXT}\nA complaint by {secret}.\nTODO\n{WORDS}"
    section = privacy(assessment=assessment(digest=digest_of(text)))
    evidence = evidence_of(tmp_path, section, lineage(source()), {PATH: text.encode()})
    assert not [one for kind in KINDS for one in found(kind, evidence) if "Musterfrau" in repr(one)]


def test_the_claims_have_the_defaults_of_a_team_that_writes_little() -> None:
    assert Assessment(path=PATH) == Assessment(path=PATH, digest=None, date=None, covers=(), approval=None)
    assert DAY in TEXT
