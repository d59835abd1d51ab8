from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_world import RECORDS, record_of

from policy_gate.errors import Problem
from policy_gate.model import (
    RELEASE,
    Fix,
    Judgement,
    Mode,
    Outcome,
    Place,
    Severity,
    Verdict,
)
from policy_gate.report.cells import fitting, fitting_end, width
from policy_gate.report.escaping import safe, safe_line
from policy_gate.report.problems import render_problems
from policy_gate.report.text import WIDTH, Style, render_text

HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
ANY_TEXT = st.text(max_size=80)
FINDING = Judgement(
    rule="FPR-001",
    title="Every artifact has its digest",
    area="fingerprint",
    severity=Severity.HIGH,
    mode=Mode.ENFORCE,
    subject=RELEASE,
    outcome=Outcome.FAIL,
    reason=None,
    message="it differs",
    place=Place(source="head", path="release.yaml", pointer="/a", line=1, column=1, end_line=1, end_column=2),
)


def lines_of(*judgements: Judgement, line: str = "", **style) -> list[str]:
    record = record_of(judgements=judgements, verdict=Verdict.BLOCKED)
    return render_text(record, lambda _: line, Style(**style)).splitlines()


def excerpt(line: str, column: int, end_column: int) -> tuple[str, str]:
    """The source line and the carets of a finding, as rendered, without the gutter."""
    place = replace(FINDING.place, column=column, end_column=end_column)
    text = lines_of(replace(FINDING, place=place), line=line)
    at = text.index("   |")
    return text[at + 1][5:], text[at + 2][5:]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS, ANY_TEXT)
def test_any_record_renders_as_harmless_text_of_one_verdict(record, line):
    text = render_text(record, lambda _: line, Style(), show_passed=True)
    assert HARMFUL.search(text) is None
    text.encode("utf-8")
    shown = sum(one.outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR) for one in record.judgements)
    assert sum(part.startswith("  --> ") for part in text.splitlines()) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=300), st.data())
def test_carets_stand_under_the_text_that_is_meant(line, data):
    line = safe_line(line)
    if not line:
        return
    column = data.draw(st.integers(1, len(line)))
    end_column = data.draw(st.integers(column + 1, len(line) + 1))
    source, below = excerpt(line, column, end_column)
    carets = below.split(" it differs")[0]
    indent = len(carets) - len(carets.lstrip(" "))
    meant = line[column - 1 : end_column - 1]
    assert width(source) <= WIDTH
    under = fitting(source, indent)
    assert width(under) == indent or width(meant) == 0
    if width(line) <= WIDTH:
        assert source == line
        assert indent == width(line[: column - 1])
        assert carets.count("^") == max(1, min(width(meant), 40))


@given(ANY_TEXT, st.integers(0, 90))
def test_a_text_is_cut_to_cells_at_either_end_and_never_inside_what_fits(text, cells):
    start, end = fitting(text, cells), fitting_end(text, cells)
    assert text.startswith(start)
    assert text.endswith(end)
    assert max(width(start), width(end)) <= cells
    if width(text) <= cells:
        assert start == end == text
    else:
        assert width(text[: len(start) + 1]) > cells or not start


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("kws", 3), ("音声", 4), ("é", 1), ("e\u0301", 1), ("👩", 2), ("ｗ", 2), ("�", 1)]
)
def test_cells_of_a_terminal(text, cells):
    assert width(text) == cells


@given(ANY_TEXT)
def test_safe_text_is_one_line_without_control_direction_or_half_characters(text):
    assert HARMFUL.search(safe(text)) is None
    assert "\n" not in safe(text)
    assert HARMFUL.search(safe_line(text)) is None
    assert len(safe_line(text)) == len(text)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"])))
def test_plain_text_is_shown_as_it_is(text):
    assert safe(text) == text


def test_every_invisible_format_character_of_unicode_is_made_visible_but_those_that_shape_scripts():
    formats = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
    shown = {f"U+{ord(char):04X}" for char in formats if safe(char) == char}
    # Arabic, Syriac, Kaithi and Egyptian signs: each is seen itself, or does nothing outside its script.
    kept = re.compile(r"U\+(060[0-5]|06DD|070F|089[01]|08E2|110BD|110CD|134[34].)")
    assert {one for one in shown if not kept.fullmatch(one)} == set()


def test_colour_stands_only_where_it_was_asked_for_and_only_around_words():
    assert "\x1b" not in "".join(lines_of(FINDING))
    painted = "".join(lines_of(FINDING, colour=True))
    assert re.findall("\x1b\\[[0-9;]*m([^\x1b]*)\x1b\\[0m", painted) == ["FAIL", "BLOCKED"]
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == "".join(lines_of(FINDING))


def test_a_colour_in_a_message_is_text_even_in_a_coloured_report():
    painted = "\n".join(lines_of(replace(FINDING, message="\x1b[32mALLOWED\x1b[0m"), colour=True))
    assert "\x1b[32m" not in painted
    assert "\\u001b[32mALLOWED" in painted


def test_what_blocks_comes_first_then_by_severity_and_rule():
    warn = replace(FINDING, rule="AAA-001", mode=Mode.WARN, severity=Severity.CRITICAL)
    grave = replace(FINDING, rule="ZZZ-001", severity=Severity.CRITICAL)
    heads = [line for line in lines_of(warn, FINDING, grave) if line.startswith(("FAIL", "WARN"))]
    assert [head.split()[1] for head in heads] == ["ZZZ-001", "FPR-001", "AAA-001"]


def test_a_record_without_judgements_renders_as_blocked():
    assert lines_of()[-1].startswith("BLOCKED kws 1: 0 blocking, 0 passed")


def test_a_place_whose_line_is_gone_shows_the_message_alone():
    text = lines_of(FINDING, line="")
    assert "   = it differs" in text
    assert not any(line.endswith("^") for line in text)


def test_a_column_beyond_its_line_does_not_crash():
    _, below = excerpt("kws", 900, 950)
    assert below.startswith("   ^")


def test_the_end_of_a_windows_line_is_not_shown():
    source, _ = excerpt("metadata: kws\r", 1, 9)
    assert source == "metadata: kws"


def test_one_pointer_offered_by_two_rules_is_one_fix_since_fix_writes_it_once():
    fix = Fix(text="write it", pointer="/a", replacement=3)
    twice = (replace(FINDING, fixes=(fix,)), replace(FINDING, rule="FPR-002", fixes=(fix,)))
    assert lines_of(*twice)[-2].endswith("1 fix with [*]: policy-gate fix")


@pytest.mark.parametrize(
    ("measured", "base", "shown"),
    [
        (110, 100, "110 B, was 100 (+10.0%)"),
        (90, -100, "90 B, was -100 (+190.0%)"),
        (1, 0, "1 B, was 0"),
        (True, 1, "true B, was 1"),
        (10**400, 10, f"{10**400:,} B, was 10"),
        (1.5, 3, "1.5 B, was 3 (-50.0%)"),
        ("a", 2, "a B, was 2"),
        (1e308, 1e-308, "1e+308 B, was 1e-308"),
    ],
)
def test_a_value_is_shown_beside_its_base_with_growth_where_there_is_one(measured, base, shown):
    text = "\n".join(lines_of(replace(FINDING, measured=measured, base=base, unit="B")))
    assert f"   = value: {shown}\n" in text


def test_a_number_that_measures_nothing_has_no_growth():
    text = "\n".join(lines_of(replace(FINDING, measured=42, base=41, unit="")))
    assert "   = value: 42, was 41\n" in text


def test_problems_are_a_line_each_with_place_and_hint():
    problems = [Problem("unknown field 'bundel'", "release.yaml", 4, 1, "did you mean 'bundle'?"), Problem("no base")]
    assert render_problems(problems) == (
        "release.yaml:4:1: unknown field 'bundel'\n  did you mean 'bundle'?\npolicy-gate: no base\n"
    )


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_problems_of_hostile_text_stay_one_line_each(message, path, hint):
    text = render_problems([Problem(message, path, 1, 1, hint)])
    assert HARMFUL.search(text) is None
    assert text.count("\n") == (2 if hint else 1)
