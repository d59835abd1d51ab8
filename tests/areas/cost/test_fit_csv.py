"""Tables of measurements: every hostile or broken cell is named with its line and column."""

from __future__ import annotations

import contextlib

import pytest
from fit_world import board_rows, row, table
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.fitting.csv_table import MAX_BYTES, MAX_CELL_CHARS, MAX_ROWS, read_table
from policy_gate.areas.cost.fitting.rows import MAX_FAMILIES, read_rows
from policy_gate.errors import DocumentError


def refused(content: bytes) -> str:
    with pytest.raises(DocumentError) as error:
        read_rows(content, "rows.csv")
    return str(error.value)


def with_cell(name: str, text: str) -> bytes:
    """A table whose second line holds this text in one column."""
    lines = table(board_rows()).decode().splitlines()
    header = lines[0].split(",")
    cells = lines[1].split(",")
    cells[header.index(name)] = text
    return "\n".join([lines[0], ",".join(cells), *lines[2:]]).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "rows.csv:1: a byte that is no UTF-8 text"),
        (b"family,\x00", "rows.csv:1:8: the character U+0000"),
        (b"family,\x1b[2J", "rows.csv:1:8: the character U+001B"),
        ("family,\u202e".encode(), "rows.csv:1:8: the character U+202E"),
        (b"family,family", "rows.csv:1:8: the column 'family' is named twice"),
        (b"family", "the header lacks the columns model, device"),
        (b'fam"ily', "rows.csv:1:4: a quote inside a cell"),
        (b'"family', "rows.csv:1:1: a quoted cell that does not end"),
        (b'"family"x', "rows.csv:1:9: text after a quoted cell"),
        (b",".join([b"c"] * 65), "65 columns, at most 64"),
        (b"f" * (MAX_CELL_CHARS + 1), "more than 4,096 characters"),
        (b"f" * (MAX_BYTES + 1), "at most 4,194,304 are read"),
    ],
)
def test_a_table_that_is_none_is_refused_where_it_breaks(content, said) -> None:
    assert said in refused(content)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("latency_ms", "nan", "latency_ms is 'nan', it should be a number above 0"),
        ("latency_ms", "inf", "latency_ms is 'inf'"),
        ("latency_ms", "-1", "latency_ms is '-1'"),
        ("latency_ms", "0", "latency_ms is '0'"),
        ("latency_ms", "1e999", "latency_ms is '1e999'"),
        ("latency_ms", "1e13", "latency_ms is '1e13'"),
        ("latency_ms", "1_000", "latency_ms is '1_000'"),
        ("latency_ms", "=1+1", "latency_ms is '=1+1'"),
        ("latency_ms", "٣", "latency_ms is '٣'"),
        ("macs_excl_dw", "1.5", "macs_excl_dw is '1.5', it should be a whole number from 0"),
        ("macs_excl_dw", "", "macs_excl_dw is empty"),
        ("n_ops", "9" * 400, "n_ops is '9999"),
        ("n_ops", str(2**62 + 1), "n_ops is"),
        ("family", "", "family is empty"),
        ("runtime", "", "runtime is empty"),
        ("device", "d" * 201, "device has more than 200 characters"),
    ],
)
def test_a_cell_that_is_no_figure_is_named_with_line_and_column(name, text, said) -> None:
    content = with_cell(name, text)
    column = content.decode().splitlines()[1].split(",")
    at = content.decode().splitlines()[0].split(",").index(name)
    place = f"rows.csv:2:{len(','.join(column[:at])) + (2 if at else 1)}"
    assert f"{place}: {said}" in refused(content)


def test_a_line_with_a_cell_too_many_is_refused() -> None:
    lines = table(board_rows()).decode().splitlines()
    assert "rows.csv:3: the line has 13 cells, and the header 12" in refused(
        "\n".join([*lines[:2], lines[2] + ",", *lines[3:]]).encode()
    )


def test_more_rows_than_are_read_are_refused() -> None:
    lines = table(board_rows()).decode().splitlines()
    assert "more than 20,000 rows" in refused("\n".join([lines[0], *[lines[1]] * (MAX_ROWS + 1)]).encode())


def test_more_families_than_are_read_are_refused() -> None:
    lines = table(board_rows()).decode().splitlines()
    rows = [lines[1].replace("plain", f"family{at}", 1) for at in range(MAX_FAMILIES + 1)]
    assert "41 families, at most 40" in refused("\n".join([lines[0], *rows]).encode())


def test_families_that_differ_in_case_only_are_refused() -> None:
    rows = [row("dense", (1, 0, 1, 1, 1), 1.0), row("Dense", (2, 0, 2, 2, 2), 2.0)]
    with pytest.raises(DocumentError, match="the family 'Dense' is written 'dense' in line 2"):
        read_rows(table(rows), "rows.csv")


def test_only_so_many_problems_are_listed() -> None:
    content = table(board_rows()).replace(b"BOARD-1", b"") * 1
    many = b"\n".join([content.splitlines()[0], *content.splitlines()[1:] * 10])
    with pytest.raises(DocumentError) as error:
        read_rows(many, "rows.csv")
    assert len(error.value.problems) == 20


def test_suspect_rows_are_left_out_and_counted_unless_asked_for() -> None:
    content = table(board_rows(), suspect="throttled")
    assert (len(read_rows(content, "r").rows), read_rows(content, "r").suspect) == (0, 8)
    assert len(read_rows(content, "r", keep_suspect=True).rows) == 8


def test_rows_without_features_or_latency_are_counted_and_not_kept() -> None:
    lines = table(board_rows()).decode().splitlines()
    bare = "plain,m,BOARD-1,1 CPU,int8,Runtime 1.0.0,4.5,,,,,"
    waiting = "plain,m,BOARD-1,1 CPU,int8,Runtime 1.0.0,,1,2,3,4,5"
    found = read_rows("\n".join([*lines, bare, waiting]).encode(), "rows.csv")
    assert (len(found.rows), found.without_features, found.without_latency) == (8, 1, 1)


def test_quotes_bom_crlf_and_empty_lines_are_read_as_spreadsheets_write_them() -> None:
    text = table(board_rows()).decode().replace("BOARD-1", '"BOARD, ""one"""').replace("\n", "\r\n\r\n")
    found = read_rows(b"\xef\xbb\xbf" + text.encode(), "rows.csv")
    assert {one.labels.device for one in found.rows} == {'BOARD, "one"'}


def test_spaces_that_people_paste_into_notes_are_no_fault() -> None:
    content = table(board_rows(), note="32-bit\u00a0core,\tcool\u2003one".replace(",", ";"))
    assert len(read_rows(content, "rows.csv").rows) == 8


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content) -> None:
    with contextlib.suppress(DocumentError):
        assert isinstance(read_table(content, "rows.csv", ()), list)


@given(
    st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=8), min_size=1, max_size=6)
)
def test_cells_survive_quoting(cells) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    header = ",".join(f"c{at}" for at in range(len(cells)))
    (found,) = read_table(f"{header}\n{line}\n".encode(), "rows.csv", ())
    assert [cell.text for cell in found.cells.values()] == cells
