from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendered_page import ALIVE, page

from policy_gate.errors import InternalError
from policy_gate.report.escaping import (
    clip,
    code_cell,
    code_span,
    command_data,
    command_property,
    fence,
    html_attribute,
    html_code,
    html_text,
    is_plain,
    markdown_prose,
    markdown_text,
    neutral_log_line,
    output_value,
    safe,
    safe_line,
    utf8_bytes,
    utf16_units,
)

PIECES = [
    *"\\`*_{}[]()<>#+-.!|~&$:@=^\"'/ \n\t",
    *(
        "``",
        "```",
        "~~~",
        "---",
        "===",
        "||",
        "\\|",
        "**",
        "<!--",
        "-->",
        "![x](",
        "](http://x.example)",
        "[^1]",
        "[x]: /y",
    ),
    *("@team", "@acme/edge", "#123", "GH-1", "acme/kws#1", "http://x.example/a", "www.x.example", "a@b.example"),
    *("deadbeefdeadbeefdeadbeefdeadbeefdeadbeef", "1234567", ":tada:", "$x$", "1. ", "1) ", "- [ ] ", "> [!NOTE]"),
    *("<img src=x onerror=1>", "</details>", "<script>", "&lt;", "&#64;team", "mailto:a@b.example", "CVE-2026-1"),
    *("\u202e", "\u200b", "\x1b[2J", "\r", "\x00", "\u2028", "\udcff", "音声", "🧪", "é", "\u3000", "\xa0", "kws"),
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=8).map("".join)
BIDI = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")


def words(text: str) -> str:
    """A text as a reader sees it in one line of HTML: spaces are one, at the ends they are none."""
    return re.sub(" +", " ", text.replace("\n", " ")).strip(" ")


def seen(text: str) -> str:
    return words(safe(text))


def harmless(shown, *allowed: str) -> None:
    assert set(shown.tags) <= set(allowed)
    assert not [name for _, name, _ in shown.attributes if name not in ("align", "lang")]
    assert not shown.unclosed
    assert not [text for text in shown.bare if ALIVE.search(text)]
    assert not BIDI.search(shown.text.replace("\n", ""))


@given(HOSTILE)
@example("`a``b` @c")
@example("1. one")
@example("\\|@x")
@example("\\")
@example("`@x\\|y`")
@settings(max_examples=400, deadline=None)
def test_text_in_markdown_is_one_paragraph_with_the_same_words_and_nothing_alive(text):
    shown = page(markdown_text(text, 10_000))
    harmless(shown, "p", "code")
    assert shown.count("p") <= 1
    assert words(shown.text) == seen(text)


@given(HOSTILE)
@example("`a``b`")
@example("`a`@b `c`")
@example("` `")
@example("`|`")
@settings(max_examples=400, deadline=None)
def test_prose_keeps_its_code_and_brings_nothing_to_life(text):
    shown = page(markdown_prose(text, 10_000))
    harmless(shown, "p", "code")
    assert words(shown.text.replace("`", "")) == words(safe(text).replace("`", ""))


@given(HOSTILE, HOSTILE, HOSTILE)
@example("\\", "\\|", "|")
@settings(max_examples=400, deadline=None)
def test_a_table_with_hostile_cells_has_exactly_its_cells(one, two, three):
    row = f"| {markdown_text(one, 10_000)} | {code_cell(two, 10_000)} | {markdown_prose(three, 10_000)} |"
    shown = page(f"| a | b | c |\n|---|---|--:|\n{row}\n| x | y | z |")
    harmless(shown, "table", "thead", "tbody", "tr", "th", "td", "code")
    assert (shown.count("th"), shown.count("td"), shown.count("tr")) == (3, 6, 3)
    assert [words(one) for one in shown.cells[3:5]] == [seen(one), seen(two)]
    assert len(shown.cells) == 9


@given(HOSTILE)
@example("`")
@example(" a ")
@example(" ")
@example("")
@settings(max_examples=300, deadline=None)
def test_a_code_span_is_one_element_with_the_text_as_it_is(text):
    shown = page(f"x {code_span(text, 10_000)} y")
    harmless(shown, "p", "code")
    assert shown.count("code") == 1
    inside = "".join(one for where, one in shown.texts if "code" in where)
    assert inside.strip(" ") == safe(text).strip(" ")


@given(HOSTILE, HOSTILE)
@settings(max_examples=300, deadline=None)
def test_text_inside_a_summary_adds_no_element_and_pings_nobody(one, two):
    shown = page(
        f"<details><summary><b>{html_text(one, 10_000)}</b> {html_code(two)}</summary>\n\nbody\n\n</details>\n\nend"
    )
    harmless(shown, "details", "summary", "b", "code", "p")
    assert (shown.count("details"), shown.count("p")) == (1, 2)
    inside = "".join(text for where, text in shown.texts if "b" in where)
    assert words(inside) == seen(one)


@given(HOSTILE)
@settings(max_examples=200, deadline=None)
def test_an_attribute_holds_its_text_and_nothing_else(text):
    shown = page(f'<div title="{html_attribute(text)}"></div>')
    assert shown.tags == ["div"]
    assert shown.attributes == [("div", "title", safe(text))]


@given(st.lists(HOSTILE, max_size=5).map("\n".join))
@example("```suggestion\n````\n`````")
@settings(max_examples=300, deadline=None)
def test_a_fence_holds_its_lines_and_ends_where_it_should(text):
    shown = page(f"{fence(text, 'diff')}\n\nafter")
    harmless(shown, "pre", "code", "p")
    assert shown.tags == ["pre", "code", "p"]
    inside = "".join(one for where, one in shown.texts if "pre" in where)
    assert inside == "\n".join(safe_escapes(line) for line in text.split("\n")) + "\n" or not text.strip("\n")


def safe_escapes(line: str) -> str:
    """A line with its harmful characters shown; tabs stay."""
    return "\t".join(safe(part) for part in line.split("\t"))


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_where_html_is_refused_the_words_are_still_there(text):
    shown = page(markdown_text(text, 10_000), html=False)
    assert "a" not in shown.tags
    assert words(shown.text) == seen(text)


@given(HOSTILE)
def test_a_runner_reads_back_the_text_of_a_command_and_sees_no_second_one(text):
    written = command_data(text)
    assert not set(written) & set("\r\n")
    assert "##[" not in written
    # The runner's own order: CR, LF, and the percent sign last.
    read = written.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert read == "\n".join(safe_escapes(line) for line in text.split("\n")).replace("##[", "##\\[")


@given(HOSTILE)
def test_a_property_of_a_command_ends_nowhere_but_at_its_end(text):
    assert not set(command_property(text)) & set("\r\n:,")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::gone", "\\::error::gone"),
        ("  \t::set-output name=x::1", "   \\::set-output name=x::1"),
        ("\u3000::stop-commands::x", "\u3000\\::stop-commands::x"),
        ("a ##[error]b", "a ##\\[error]b"),
        ("###[command]", "###\\[command]"),
        ("a :: b", "a :: b"),
        ("one\r::error::two", "one\\u000d::error::two"),
        ("\x1b[31m", "\\u001b[31m"),
    ],
)
def test_a_line_of_the_log_is_no_command(line, shown):
    assert neutral_log_line(line) == shown


@given(HOSTILE)
def test_no_line_of_the_log_begins_a_command(text):
    line = neutral_log_line(text)
    assert not line.lstrip().startswith("::")
    assert "##[" not in line
    assert len(line.splitlines()) <= 1


def test_an_output_ends_where_its_delimiter_stands():
    assert output_value("verdict", "a\nb", "EOF_1") == "verdict<<EOF_1\na\nb\nEOF_1\n"


@pytest.mark.parametrize(
    ("name", "value", "delimiter"),
    [("x", "a\nEOF\nPATH=/evil", "EOF"), ("x\ny", "a", "E"), ("", "a", "E"), ("x", "a", ""), ("x", "a", "a b")],
)
def test_an_output_that_could_hold_a_second_one_is_refused(name, value, delimiter):
    with pytest.raises(InternalError):
        output_value(name, value, delimiter)


def test_a_long_value_is_cut_between_characters_and_says_so():
    assert clip("🧪" * 300) == "🧪" * 199 + "…"
    assert clip("short") == "short"
    assert len(page(markdown_text("@" * 999)).text.strip()) == 200
    assert len(page(html_text("x" * 999)).text) <= 210


def test_lengths_are_those_that_github_counts():
    assert utf16_units("a🧪é") == 4
    assert utf8_bytes("a🧪é") == 7
    assert utf16_units("\udcff") == 1


def test_a_line_is_plain_when_nothing_in_it_hides():
    assert is_plain("\tsize: 1  # 音声")
    assert not any(map(is_plain, ("a\u202eb", "a\rb", "a\nb", "\x00", "\udcff", "a\u2028b")))


def test_a_source_line_keeps_its_columns():
    assert safe_line("a\tb\u202ec\n") == "a b\N{REPLACEMENT CHARACTER}c "
    assert json.loads(json.dumps(safe("\U000e0041"))) == "\\U000e0041"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("node-v2 takes 98 ms", "node-v2 takes 98 ms"),
        ("ask @acme/edge", "ask `@acme/edge`"),
        ("see #12 and GH-3", "see `#12` and `GH-3`"),
        ("a|b *c* _d_", "a&#124;b \\*c\\* \\_d\\_"),
        ("1. first", "1\\. first"),
        ("- x", "\\- x"),
        ("x@y|z", "`x@y`<code>&#124;</code>`z`"),
    ],
)
def test_text_reads_well_in_its_source_too(text, written):
    assert markdown_text(text) == written
