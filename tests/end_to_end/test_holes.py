"""Holes that were seen in nearby tools are none here: every case of the table that `make show-holes` prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench" / "cases"))

from gate_cases import Case, ask, make_released
from holes_cases import CASES, HOLES

SEEN = {
    "a zero-byte model",
    "a wildcard waiver until 9999",
    "an unreadable base",
    "a removed metric",
    "NaN",
    "values averaged over devices",
    "a budget that is loaded but never evaluated",
    "asked to sign and not able to",
    "an unsigned statement",
    "a shallow clone",
    "an unknown format",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the good release as its history; it is copied, never changed."""
    return make_released(tmp_path_factory.mktemp("holes") / "released")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.words,
            marks=[pytest.mark.xfail(reason=case.still_open, raises=AssertionError)] if case.still_open else [],
        )
        for case in CASES
    ],
)
def test_a_hole_of_a_nearby_tool_is_blocked_by_the_rules_or_the_message_of_its_case(
    case: Case, released: Path, tmp_path: Path
) -> None:
    answer = ask(case, released, tmp_path / "checkout")
    assert answer.is_as_expected(case), answer


def test_every_hole_that_was_seen_has_cases_and_says_where() -> None:
    assert {hole.words for hole in HOLES} == SEEN
    assert all(hole.cases and hole.tool and hole.did for hole in HOLES)


def test_no_case_of_a_hole_is_allowed_to_pass() -> None:
    assert [case.words for case in CASES if not (case.rules or case.said or case.still_open)] == []
    assert len({case.words for case in CASES}) == len(CASES)
