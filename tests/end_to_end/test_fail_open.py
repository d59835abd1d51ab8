"""What cannot be judged is never passed: every row of the table that `make show-fail-open` prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench" / "cases"))

from fail_open_cases import CONTROLS, ROWS
from gate_cases import Case, ask, make_released

CASES = [row.ours for row in ROWS]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the good release as its history; it is copied, never changed."""
    return make_released(tmp_path_factory.mktemp("fail-open") / "released")


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
def test_what_cannot_be_judged_is_blocked_by_the_rule_or_the_message_of_its_row(
    case: Case, released: Path, tmp_path: Path
) -> None:
    answer = ask(case, released, tmp_path / "checkout")
    assert answer.is_as_expected(case), answer


def test_only_the_release_that_nothing_is_wrong_with_is_allowed() -> None:
    allowed = [case.words for case in CASES if not (case.rules or case.said or case.unjudged or case.still_open)]
    assert allowed == [CONTROLS[0].ours.words]


def test_no_two_rows_have_the_same_words() -> None:
    assert len({case.words for case in CASES}) == len(CASES)
