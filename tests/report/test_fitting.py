from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from policy_gate.report.escaping import utf8_bytes
from policy_gate.report.fitting import Part, Written, fitted

ENTRIES = st.lists(st.sampled_from(["a\n", "🧪" * 9 + "\n", "word " * 20 + "\n"]), max_size=30).map(tuple)
PARTS = st.lists(
    st.builds(
        Part,
        rank=st.integers(1, 4),
        entries=ENTRIES,
        opening=st.sampled_from(["", "<details>\n"]),
        closing=st.sampled_from(["", "</details>\n"]),
    ),
    max_size=5,
)
COUNT = re.compile(r"\*\*([\d,]+) of ([\d,]+) findings? shown, ([\d,]+) left out;")
HEAD = Part(rank=0, entries=("head\n",))


@given(PARTS, st.integers(600, 3000))
def test_the_whole_is_never_larger_than_the_budget(parts, budget) -> None:
    assert utf8_bytes(fitted([HEAD, *parts], budget, utf8_bytes)) <= budget


@given(PARTS, st.integers(600, 3000))
def test_what_is_left_out_is_counted_and_nothing_else_is_missing(parts, budget) -> None:
    text = fitted([HEAD, *parts], budget, utf8_bytes)
    shown = len(re.findall("^(?:a|🧪+|(?:word )+)$", text, re.MULTILINE))
    left_out = sum(int(found[3]) for found in COUNT.finditer(text))
    assert shown + left_out == sum(len(one.entries) for one in parts)
    assert all(int(found[1]) + int(found[3]) == int(found[2]) for found in COUNT.finditer(text))


@given(PARTS, st.integers(600, 3000))
def test_what_is_opened_is_closed(parts, budget) -> None:
    text = fitted([HEAD, *parts], budget, utf8_bytes)
    whole = [one for one in parts if one.opening and one.closing]
    if len(whole) == len([one for one in parts if one.opening or one.closing]):
        assert text.count("<details>") == text.count("</details>")


def test_the_part_of_the_lowest_rank_gets_room_first_wherever_it_stands() -> None:
    least, most = Part(rank=2, entries=("least\n",) * 50), Part(rank=1, entries=("most\n",) * 50)
    text = fitted([least, most], 420, utf8_bytes)
    assert text.count("most\n") == 50
    assert text.count("least\n") < 50


def test_a_part_that_fits_exactly_is_shown_whole() -> None:
    assert fitted([Part(rank=1, entries=("1234\n",) * 4)], 20, utf8_bytes) == "1234\n" * 4


def test_a_part_without_entries_shows_nothing() -> None:
    assert fitted([Part(rank=1, entries=(), opening="table\n", closing="end\n")], 100, utf8_bytes) == ""


def test_what_is_not_shown_is_not_even_written() -> None:
    made = []

    def write(number: int) -> str:
        made.append(number)
        return f"{number}\n"

    text = fitted([Part(rank=1, entries=Written(range(10_000), write))], 200, utf8_bytes)
    assert len(made) < 200
    shown = [int(line) for line in text.partition("**")[0].split()]
    assert shown == list(range(len(shown)))
    assert shown
    assert len(made) == len(set(made))
