"""Every format of an inspection: nothing of a model comes alive in it, nothing unknown becomes a number."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from formats_world import PIECES
from hypothesis import given, settings
from hypothesis import strategies as st
from inspection_world import CALL, CHANGE, EVERYTHING, LOST, OPERATOR, TARGET, respelled
from rendered_page import ALIVE, page

from policy_gate.report.escaping import is_plain, utf16_units
from policy_gate.report.inspection_json import render_inspection_json
from policy_gate.report.inspection_markdown import MAX_UNITS, render_inspection_markdown
from policy_gate.report.inspection_text import render_inspection_text

HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=12).map("".join)
NAMES = HOSTILE.filter(str.strip)  # what is empty is left out
PLAIN = page(render_inspection_markdown(respelled(EVERYTHING, "word")))


def own(text: str) -> str:
    """A page's text without the gate's own words that look alive, such as a long number."""
    return text.replace(",", "")


@settings(max_examples=80, deadline=None)
@given(NAMES)
def test_markdown_keeps_its_shape_whatever_the_names_are(text) -> None:
    made = page(render_inspection_markdown(respelled(EVERYTHING, text)))
    assert not made.unclosed
    for tag in ("table", "details", "h3", "ul"):
        assert made.count(tag) == PLAIN.count(tag)
    assert len(made.cells) == len(PLAIN.cells)
    assert not {"script", "img", "a", "h1", "h2", "hr", "blockquote"} & set(made.tags)
    assert [one for one in made.bare if ALIVE.search(own(one))] == []


@settings(max_examples=80, deadline=None)
@given(HOSTILE)
def test_text_keeps_its_lines_whatever_the_names_are(text) -> None:
    said = render_inspection_text(respelled(EVERYTHING, text))
    assert said.count("\n") == len(said.splitlines())
    assert all(is_plain(line) for line in said.split("\n"))


@settings(max_examples=80, deadline=None)
@given(HOSTILE)
def test_json_gives_every_name_back(text) -> None:
    said = render_inspection_json(respelled(EVERYTHING, text))
    assert said.count("\n") == 1
    carried = text.encode("utf-8", "backslashreplace").decode()
    assert json.loads(said)["costliest"]["calls"][0]["name"] == carried


def test_what_is_unknown_is_said_and_is_no_number() -> None:
    nothing = replace(
        EVERYTHING,
        macs=LOST,
        weights=LOST,
        activations=LOST,
        traffic=LOST,
        operators=(replace(OPERATOR, macs=LOST, mac_share_percent=LOST, weight_bytes=LOST, output_bytes=LOST),),
        costliest=replace(EVERYTHING.costliest, calls=(replace(CALL, macs=LOST, weight_bytes=LOST),)),
        targets=(replace(TARGET, latency_ms=LOST, ram_bytes=LOST, placement=LOST),),
    )
    text = render_inspection_text(nothing).split("\n")
    assert [line.split()[0] for line in text if line.endswith(" not established")] == [
        "MACs", "parameters", "activations", "traffic"
    ]  # fmt: skip
    operator = next(line for line in text if line.startswith("Conv "))
    assert operator.split() == ["Conv", "2", "unknown", "unknown", "unknown", "unknown", "exact"]
    assert "  latency     not established: unsupported operator: com.acme::Magic 'magic': nothing is known of it; " in (
        "\n".join(text)
    )
    assert page(render_inspection_markdown(nothing)).text.count("not established") == 4 + 5
    assert json.loads(render_inspection_json(nothing))["macs"]["more"] == 2


def test_each_kind_of_change_has_its_own_words() -> None:
    said = render_inspection_text(EVERYTHING)
    for line in (
        "MACs: 256,000 MAC more, 128,000 MAC less",
        "  'block1/conv' (Conv) grew from 320,000 MAC to 512,000 MAC: 75% of the increase",
        "  'added' (MatMul) is new and takes 64,000 MAC: 25% of the increase",
        "  and 1 more calls that grew (--top)",
        "  by operator: Conv 75% in 1 call, MatMul 25% in 2 calls",
        "  'gone' (Gemm) is gone and took 127,000 MAC: 99% of the decrease",
        "  'less' (Gemm) shrank from 2,000 MAC to 1,000 MAC: 1% of the decrease",
        "activations, most: 'block1/conv' sets the peak; 'stem' set it in the base",
    ):
        assert f"\n{line}\n" in said


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [(150, 100, "+50.0%"), (100, 150, "-33.3%"), (5, 5, "the same"), (5, 0, "new"), (0, 5, "-100.0%")],
)
def test_a_change_is_said_in_percent_of_the_base(now, before, words) -> None:
    base = replace(EVERYTHING.base, changes=(replace(CHANGE, now=now, before=before),))
    line = next(one for one in render_inspection_text(replace(EVERYTHING, base=base)).split("\n") if "MAC  " in one)
    assert line.endswith(words)


def test_a_huge_inspection_fits_a_comment_and_counts_what_is_left_out() -> None:
    calls = tuple(replace(CALL, name="n" * 100) for _ in range(5000))
    many = replace(EVERYTHING, costliest=replace(EVERYTHING.costliest, calls=calls), notes=("note " * 40,) * 500)
    said = render_inspection_markdown(many)
    assert utf16_units(said) <= MAX_UNITS
    assert "5,000 rows shown" in page(said).text
    assert not page(said).unclosed
