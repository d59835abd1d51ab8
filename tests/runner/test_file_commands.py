from __future__ import annotations

import pytest
from file_commands import MAX_SUMMARY_BYTES, FileCommandError, read_pairs, read_summary, read_variables


def test_both_forms_are_read_and_the_last_one_counts() -> None:
    text = "verdict=allowed\nempty=\nequal=a=b<<c\n\nlong<<end\none\n\ntwo=2\nend\nverdict=blocked\n"
    assert read_pairs(text) == {"verdict": "blocked", "empty": "", "equal": "a=b<<c", "long": "one\n\ntwo=2"}


def test_an_end_without_a_line_end_is_an_end() -> None:
    assert read_pairs("a<<end\nend") == {"a": ""}
    assert read_pairs("") == {}


@pytest.mark.parametrize("text", ["words\n", "a<<end\none\n", "a<<\n", "=a\n", "<<end\nend\n", "a<<end\nx end\n"])
def test_a_file_the_runner_does_not_understand(text) -> None:
    with pytest.raises(FileCommandError):
        read_pairs(text)


def test_a_text_that_holds_its_own_end_sets_another_output() -> None:
    assert read_pairs("words<<end\na\nend\nverdict=allowed\nend=\n") == {"words": "a", "verdict": "allowed", "end": ""}


def test_some_variables_are_not_for_a_step_to_set() -> None:
    assert read_variables("A=1\n") == {"A": "1"}
    with pytest.raises(FileCommandError, match="NODE_OPTIONS"):
        read_variables("NODE_OPTIONS=--require x\n")


def test_a_summary_of_a_byte_too_many_is_not_shown(tmp_path) -> None:
    place = tmp_path / "summary.md"
    place.write_bytes("é".encode() * (MAX_SUMMARY_BYTES // 2))
    assert len(read_summary(place)) == MAX_SUMMARY_BYTES // 2
    place.write_bytes(place.read_bytes() + b"x")
    with pytest.raises(FileCommandError, match="1024k"):
        read_summary(place)
