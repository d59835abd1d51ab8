"""Each check of a release without a guarantee: what passes, what fails, what stays unknown, and what a reader is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.areas.privacy import checks_assessment, checks_documents
from policy_gate.areas.privacy.checks_assessment import AssessmentLimits, assessment_in_order
from policy_gate.areas.privacy.checks_documents import (
    BasisLimits,
    PurposeLimits,
    lawful_basis,
    no_claim_justified,
    purpose_stated,
    special_categories_conditioned,
)
from policy_gate.areas.privacy.facts_documents import (
    AssessmentDocument,
    LawfulBasis,
    Purpose,
    SpecialCategoryUse,
    UnclaimedData,
)
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome, Subject

DATA = UnclaimedData(
    subject=RELEASE,
    pointer="/privacy/claim_type",
    claim_type="none",
    personal=("dataset:speech", "dataset:train"),
    without=1,
    assessment="docs/dpia.md",
)
DOCUMENT = AssessmentDocument(
    subject=Subject("document", ("docs/dpia.md",)),
    pointer="/privacy/assessment",
    path="docs/dpia.md",
    claimed="sha256:1",
    computed="sha256:1",
    date="2026-11-02",
    age_days=21,
    size_bytes=4000,
    is_text=True,
    words=200,
    states_date=True,
    covers=("dataset:speech",),
)
BASIS = LawfulBasis(
    subject=Subject("dataset", ("a",)), pointer="/lineage/nodes/0/legal_basis", node="a", kind="identifiable"
)
USE = SpecialCategoryUse(subject=RELEASE, pointer="/privacy/special_categories", nodes=(), stated=False, present=False)


def test_a_guarantee_needs_no_assessment() -> None:
    assert no_claim_justified(replace(DATA, claim_type="central-dp")).outcome is Outcome.NOT_APPLICABLE


def test_an_assessment_that_covers_all_people_is_enough_without_a_guarantee() -> None:
    answer = no_claim_justified(DATA)
    assert (answer.outcome, answer.message) == (Outcome.PASS, "docs/dpia.md covers 2 personal data sets")


def test_nobody_in_the_data_is_enough_too_and_says_on_what_it_rests() -> None:
    answer = no_claim_justified(replace(DATA, personal=(), assessment=""))
    assert (answer.outcome, "as 1 node of its lineage state" in answer.message) == (Outcome.PASS, True)


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"assessment": "", "uncovered": ("dataset:speech",)}, None, "no assessment is named"),
        ({"uncovered": ("dataset:speech",)}, "/privacy/assessment/covers", "does not cover dataset:speech"),
        ({"unmentioned": ("dataset:speech",)}, "/privacy/assessment/covers", "does not name it"),
        ({"uncovered": ("a",), "doubt": "it is another file"}, "/privacy/assessment/covers", "does not cover a"),
    ],
)
def test_people_whom_no_assessment_covers_are_a_finding(changes, pointer, words) -> None:
    answer = no_claim_justified(replace(DATA, **changes))
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, pointer)
    assert words in answer.message
    assert answer.fixes


def test_an_assessment_that_is_not_relied_on_proves_nothing() -> None:
    answer = no_claim_justified(replace(DATA, doubt="there is no such file"))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)


def test_of_many_sets_a_few_are_named_and_the_others_counted() -> None:
    many = tuple(f"dataset:{number}" for number in range(1000))
    answer = no_claim_justified(replace(DATA, personal=many, uncovered=many))
    assert answer.measured == 1000
    assert answer.message.endswith("dataset:4 and 995 more")


@pytest.mark.parametrize(("words", "placeholder", "outcome"), [(4, "", "pass"), (3, "", "fail"), (40, "tbd", "fail")])
def test_a_purpose_is_a_sentence(words, placeholder, outcome) -> None:
    purpose = Purpose(subject=RELEASE, pointer="", purpose="…", words=words, placeholder=placeholder)
    assert purpose_stated(purpose, PurposeLimits()).outcome.value == outcome
    assert purpose_stated(replace(purpose, needed=False), PurposeLimits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("left", "least", "outcome"), [(0, 0, "pass"), (-1, 0, "fail"), (29, 30, "fail"), (30, 30, "pass")]
)
def test_a_basis_runs_to_the_end_of_its_last_day(left, least, outcome) -> None:
    known = replace(BASIS, legal_basis="consent", until="2026-11-23", days_left=left)
    assert lawful_basis(known, BasisLimits(min_days_left=least)).outcome.value == outcome


def test_a_basis_without_an_end_passes_and_is_no_legal_advice() -> None:
    answer = lawful_basis(replace(BASIS, legal_basis="contract"), BasisLimits())
    assert (answer.outcome, "not legal advice" in answer.message) == (Outcome.PASS, True)
    assert lawful_basis(replace(BASIS, node=""), BasisLimits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "pass"),
        ({"nodes": ("a",)}, "fail"),
        ({"nodes": ("a",), "stated": True}, "fail"),
        ({"nodes": ("a",), "stated": True, "present": True}, "fail"),
        ({"stated": True, "present": True}, "fail"),
        ({"nodes": ("a",), "stated": True, "present": True, "condition": "explicit-consent"}, "pass"),
        ({"nodes": ("a",), "stated": True, "present": True, "condition": "health-care"}, "fail"),
        ({"nodes": ("a",), "stated": True, "present": True, "condition": "health-care", "safeguards": True}, "pass"),
    ],
)
def test_special_categories_need_a_condition_and_some_conditions_safeguards(changes, outcome) -> None:
    assert special_categories_conditioned(replace(USE, **changes)).outcome.value == outcome


def test_the_conditions_that_need_safeguards_are_those_the_manifest_may_name() -> None:
    from typing import get_args

    from policy_gate.areas.privacy.claims_documents import Condition

    assert len(get_args(Condition)) == 10
    assert set(get_args(Condition)) > checks_documents._NEED_SAFEGUARDS


def judged(**changes):
    limits = {key: changes.pop(key) for key in ("max_age_days", "min_words", "require_approval") if key in changes}
    return assessment_in_order(replace(DOCUMENT, **changes), AssessmentLimits(**limits))


def test_an_assessment_in_order_passes_with_its_day_and_who_approved_it() -> None:
    assert judged().message == "docs/dpia.md is the stated file, of 2026-11-02"
    assert judged(approved_by=("officer",), require_approval=True).message.endswith("approved by officer")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"computed": "sha256:2"}, "digest"),
        ({"computed": "sha256:2", "approved_by": ("officer",)}, "digest"),
        ({"words": 59}, "path"),
        ({"marker": "line 3 still says 'TODO'"}, "path"),
        ({"is_text": False, "words": 0, "size_bytes": 1023, "file_format": "PDF"}, "path"),
        ({"is_text": False, "words": 0, "size_bytes": 4096}, "path"),
        ({"size_bytes": 0, "words": 0}, "path"),
        ({"age_days": 366}, "date"),
        ({"age_days": 31, "max_age_days": 30}, "date"),
        ({"age_days": -1}, "date"),
        ({"states_date": False}, "date"),
        ({"strangers": ("dataset:old",)}, "covers"),
    ],
)
def test_an_assessment_that_is_changed_empty_old_or_of_other_data_fails_at_its_place(changes, pointer) -> None:
    answer = judged(**changes)
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, f"/privacy/assessment/{pointer}")
    assert answer.fixes


def test_only_the_digest_can_be_written_by_a_machine() -> None:
    assert judged(computed="sha256:2").fixes[1].replacement == "sha256:2"
    for changes in ({"age_days": 366}, {"states_date": False}, {"words": 1}):
        assert [fix.replacement for fix in judged(**changes).fixes] == [None]


def test_a_scan_is_not_asked_for_words_or_for_its_day() -> None:
    scan = judged(is_text=False, file_format="PDF", words=0, states_date=False, size_bytes=1024)
    assert scan.outcome is Outcome.PASS


def test_an_approval_that_does_not_count_is_not_proven_even_where_none_is_asked_for() -> None:
    answer = judged(refusal="key k is releaser only")
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    assert answer.pointer == "/privacy/assessment/approval"


def test_an_approval_that_is_asked_for_and_missing_names_the_command_that_makes_it() -> None:
    answer = judged(require_approval=True)
    assert answer.outcome is Outcome.UNKNOWN
    assert "waive --approve sha256:1 --key KEY --output FILE" in answer.fixes[0].text


def test_where_nobody_is_in_the_data_no_assessment_is_asked_for() -> None:
    assert judged(path="").outcome is Outcome.NOT_APPLICABLE
    assert checks_assessment.MIN_FILE_BYTES == 1024
