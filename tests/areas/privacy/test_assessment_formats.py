"""An assessment that nobody can read: what is a PDF, a scan or encrypted, and what only looks so."""

from __future__ import annotations

import pytest
from documents_world import PATH, assessment, digest_of, evidence_of, lineage, only, privacy, source

from policy_gate.areas.privacy.checks_assessment import AssessmentLimits, assessment_in_order
from policy_gate.areas.privacy.document_words import format_of
from policy_gate.areas.privacy.facts_documents import AssessmentDocument
from policy_gate.model import Outcome


@pytest.mark.parametrize("flaw", [b"\0", b"\xff", b"\xe9t\xe9"])
def test_a_text_with_one_byte_that_is_none_is_no_scan(tmp_path, flaw) -> None:
    """A template full of open questions would else pass unread."""
    template = b"TODO: assess what this means for the people in the data.\n" * 40 + flaw
    section = privacy(assessment=assessment(digest=digest_of(template)))
    document = only(AssessmentDocument, evidence_of(tmp_path, section, lineage(source()), {PATH: template}))
    answer = assessment_in_order(document, AssessmentLimits())
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, "/privacy/assessment/path")


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04word", "office document"),
        (b"\x89PNG\r\n", "scan"),
        (b"age-encryption.org/v1\n", "encrypted file"),
        (b"\x85\x02\x0c\x03", "encrypted file"),
        (b"\xff\xfeT\0O\0", ""),
        (b"\0\0\0\0", ""),
        (b"TODO", ""),
        (b"", ""),
    ],
)
def test_a_file_is_known_by_how_it_begins(start, name) -> None:
    assert format_of(start) == name
