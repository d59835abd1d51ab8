"""What a machine reads in a document: words, names, days, and what is left of a template."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.privacy.document_words import different_words, placeholder_in, read_text


def test_a_repeated_word_says_nothing_new() -> None:
    assert different_words("speech Speech SPEECH, speech! 42 __ --") == 1
    assert different_words("recognise twelve spoken words") == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [("识别离线唤醒词", 7), ("識別識別", 2), ("", 0), ("1234 !?", 0), ("größe Größe", 1), ("\u200b\u202e", 0)],
)
def test_scripts_without_spaces_are_counted_by_their_characters(text, words) -> None:
    assert different_words(text) == words


@pytest.mark.parametrize("text", ["TODO", "todo: say what for", "the purpose is tbd.", "Lorem ipsum", "a placeholder"])
def test_a_word_that_stands_for_no_answer_is_found(text) -> None:
    assert placeholder_in(text)


@pytest.mark.parametrize("text", ["recognise spoken words", "keep a list of todos", "find food", "tuba lessons"])
def test_an_answer_is_no_placeholder(text) -> None:
    assert placeholder_in(text) == ""


def names_in(text: str) -> frozenset[str]:
    found = read_text(text.encode())
    assert found is not None
    return found.names


@pytest.mark.parametrize(
    "text",
    [
        "dataset:speech",
        "see dataset:speech.",
        "(dataset:speech)",
        "`dataset:speech`:",
        "a\n- dataset:speech\n",
        "dataset:speech, b",
    ],
)
def test_an_id_is_found_however_a_sentence_goes_on(text) -> None:
    assert "dataset:speech" in names_in(text)


@pytest.mark.parametrize(
    "text", ["dataset:speech-2", "dataset:speech.old", "mydataset:speech", "Dataset:speech", "speech"]
)
def test_an_id_within_another_is_not_that_id(text) -> None:
    assert "dataset:speech" not in names_in(text)


def test_a_day_is_found_as_it_is_written() -> None:
    assert "2026-11-02" in names_in("Reviewed on 2026-11-02.")
    assert "2026-11-02" not in names_in("Reviewed on 2026-11-021, 12026-11-02 and 2026-11-2")


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("a\nb\nRisk: TODO\n", "line 3 still says 'TODO'"),
        ("Outcome: TBD.", "line 1 still says 'TBD'"),
        ("[Insert the name here]", "line 1 still says '[Insert'"),
        ("<fill in>", "line 1 still says '<fill in'"),
        ("lorem ipsum dolor", "line 1 still says 'lorem ipsum'"),
        ("see [Your rights](rights.md) and our todo app", ""),
        ("AUTODOC and inserts", ""),
    ],
)
def test_what_is_left_of_a_template_is_named_with_its_line(text, marker) -> None:
    found = read_text(text.encode())
    assert found is not None
    assert found.marker == marker


@pytest.mark.parametrize("content", [b"%PDF-1.7 text", b"\xff\xfeT\x00", b"words\0more", b"\x89PNG"])
def test_what_is_no_text_is_not_read_as_one(content) -> None:
    assert read_text(content) is None


def test_a_byte_order_mark_is_no_part_of_the_first_word() -> None:
    found = read_text("\ufeffdataset:speech".encode())
    assert found is not None
    assert found.names == {"dataset:speech"}


def test_a_megabyte_of_anything_is_read_in_one_pass() -> None:
    for unit in ("a.", "[", "-:", "\u6f22", "TOD", "<fill i "):
        assert read_text((unit * 300_000).encode()) is not None


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(content) -> None:
    found = read_text(content)
    assert found is None or found.words >= 0
