from __future__ import annotations

import re
from dataclasses import replace

import pytest
from formats_world import HERE, HOSTILE, filled_with, judgement, many, of, overview, record, review, warning
from hypothesis import given, settings
from rendered_page import ALIVE, page

from policy_gate.errors import Problem, Reason
from policy_gate.model import Mode, Outcome, Place, Verdict
from policy_gate.overview import Links
from policy_gate.report import summary
from policy_gate.report.escaping import utf8_bytes
from policy_gate.report.markdown_report import render_markdown
from policy_gate.report.summary import render_summary

LEFT_OUT = re.compile(r"\*\*([\d,]+) of ([\d,]+) ([a-z ]+) shown, ([\d,]+) left out;")


def left_out(text: str) -> dict[str, tuple[int, int, int]]:
    """By the word for an entry: how many are shown, of how many, and how many are left out."""
    return {found[3]: _numbers(found) for found in LEFT_OUT.finditer(text)}


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    shown, total, rest = (int(found[at].replace(",", "")) for at in (1, 2, 4))
    return shown, total, rest


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_hostile_text_makes_no_cell_no_element_and_no_mention(text) -> None:
    shown, plain = page(render_summary(filled_with(text))), page(render_summary(filled_with("kws")))
    for tag in ("table", "tr", "td", "th", "details", "summary", "h1", "h2", "h3", "pre", "img", "ul", "hr"):
        assert shown.count(tag) == plain.count(tag), tag
    assert not {"script", "iframe", "style", "blockquote", "input"} & set(shown.tags)
    assert not shown.unclosed
    assert not [one for one in shown.bare if ALIVE.search(one)]
    assert {name for _, name, _ in shown.attributes} <= {"href", "align", "open", "lang", "start"}
    assert all(value.startswith("https://github.example/") for _, name, value in shown.attributes if name == "href")


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_links_that_nobody_could_have_are_no_links(text) -> None:
    links = Links(server=f"https://x{text}", repository=f"a/b{text}", head=f"{'a1' * 20}{text}")
    shown = page(render_summary(filled_with("kws", links)))
    assert text == "" or "a" not in shown.tags or text in ("kws", "_", ".", "-")


def test_the_first_line_says_the_verdict_and_by_what() -> None:
    first = render_summary(of(judgement(), judgement("SIG-001"), warning())).splitlines()[0]
    assert first == "### ❌ `kws-en 1.4.0` is blocked by `COST-002` and `SIG-001`"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (of(judgement(outcome=Outcome.PASS)), "✅ `kws-en 1.4.0` is allowed"),
        (of(warning()), "✅ `kws-en 1.4.0` is allowed with 1 warning"),
        (of(warning(), exit_code=1), "❌ `kws-en 1.4.0` fails on `LIN-020`: the run was asked to fail on warnings"),
        (overview(record(warning()), record(), exit_code=1), "❌ All 2 releases fail on `LIN-020`: the run"),
        (
            of(judgement(), exit_code=0),
            "⚠️ `kws-en 1.4.0` is blocked by `COST-002`, but the run was asked never to fail",
        ),
        (
            of(judgement(outcome=Outcome.ERROR), exit_code=3),
            "⛔ The gate itself failed, so nothing is allowed; `kws-en",
        ),
        (overview(record(judgement()), record(), record()), "❌ 1 of 3 releases is blocked by `COST-002`"),
        (overview(record(), record()), "✅ All 2 releases are allowed"),
        (overview(problems=(Problem("x"), Problem("y")), exit_code=2), "⛔ Could not be judged: x; 1 more problem"),
        (overview(exit_code=0), "✅ There is no release to judge"),
        (overview(exit_code=1), "❌ This run is blocked"),
        (overview(review=review(judgement("POL-001")), exit_code=1), "❌ The change of policy is blocked by `POL-001`"),
        (
            of(judgement(), review=review(judgement("POL-001")), exit_code=1),
            "❌ `kws-en 1.4.0` and the change of policy are blocked by `COST-002` and `POL-001`",
        ),
        (
            overview(record(verdict=Verdict.BLOCKED)),
            "❌ `kws-en 1.4.0` is blocked: no rule of the policy applies, so nothing was judged",
        ),
        (of(review=review()), "✅ `kws-en 1.4.0` is allowed; this change loosens what judges"),
        (overview(problems=(Problem("no `@x`\n# y"),), exit_code=2), "⛔ Could not be judged: no `@x` \\# y"),
    ],
)
def test_the_verdict_is_told_in_words(made, words) -> None:
    assert render_summary(made).splitlines()[0].startswith(f"### {words}")


def test_what_could_not_be_judged_never_reads_as_allowed() -> None:
    text = render_summary(overview(record(), problems=(Problem("unknown field", "other.yaml", 4, 1),), exit_code=2))
    assert text.startswith("### ⛔")
    assert "✅&nbsp;allowed" not in text
    assert "`other.yaml:4:1`: unknown field" in text


def test_a_report_of_a_fork_says_that_nobody_else_judged_it() -> None:
    assert "Nobody else has judged it." in render_summary(of(judgement(), reported_by_fork=True))


def test_a_release_without_a_base_says_no_baseline_and_no_growth() -> None:
    text = render_summary(of(judgement(base=None)))
    assert "| no baseline |" in text
    assert "%" not in text.partition("<details")[0]


def test_what_could_not_be_established_says_why_in_the_table() -> None:
    text = render_summary(of(judgement(outcome=Outcome.UNKNOWN, reason=Reason.LFS_POINTER, measured=None)))
    assert "| **LFS pointer** |" in text


def test_the_lines_of_a_finding_are_linked_where_the_commit_is_known() -> None:
    place = replace(HERE, path="a b#c/release.yaml", line=3, end_line=5)
    text = render_summary(of(judgement(place=place)))
    assert f'<a href="https://github.example/acme/kws/blob/{"a1" * 20}/a%20b%23c/release.yaml#L3-L5">' in text


def test_a_place_in_the_base_is_linked_to_the_manifest_and_said_in_words() -> None:
    place = Place(source="base:" + "ab" * 20, path="gone.yaml", line=7)
    text = render_summary(of(judgement(place=place)))
    assert "blob" in text
    assert "gone.yaml#L7" not in text
    assert "gone.yaml:7" in text


def test_5000_findings_fit_and_what_is_left_out_is_counted() -> None:
    text = render_summary(many(5000, "w" * 150))
    assert utf8_bytes(text) <= summary.MAX_BYTES
    shown, total, rest = left_out(text)["explanations"]
    assert (total, shown + rest) == (5000, 5000)
    assert shown == text.count("<details") > 0
    assert page(text).unclosed == []


def test_emoji_are_counted_in_bytes() -> None:
    text = render_summary(many(3000, "🧪" * 80))
    assert utf8_bytes(text) <= summary.MAX_BYTES
    assert len(text) < summary.MAX_BYTES * 0.8
    assert left_out(text)


def test_what_passed_is_left_out_before_what_fails() -> None:
    passing = [judgement(outcome=Outcome.PASS, message="m" * 190) for _ in range(6000)]
    text = render_summary(of(*passing, *[judgement() for _ in range(50)]))
    numbers = left_out(text)
    assert set(numbers) == {"judgements"}
    assert numbers["judgements"][1] == 6000
    assert text.count("| ❌&nbsp;fail&nbsp;`") == 50


def test_20000_findings_still_fit() -> None:
    text = render_summary(many(20_000, "🧪" * 50))
    assert utf8_bytes(text) <= summary.MAX_BYTES
    shown, total, rest = left_out(text)["findings"]
    assert shown == text.count("&nbsp;fail&nbsp;`")
    assert (total, shown + rest) == (20_000, 20_000)
    assert left_out(text)["explanations"] == (0, 20_000, 20_000)


def test_many_problems_fit_and_are_counted() -> None:
    problems = tuple(Problem("🧪" * 1000, f"{at}.yaml") for at in range(5000))
    text = render_summary(overview(problems=problems, exit_code=2))
    assert utf8_bytes(text) <= summary.MAX_BYTES
    shown, total, rest = left_out(text)["problems"]
    assert (total, shown + rest) == (5000, 5000)
    assert shown == len(re.findall(r"^- `\d+\.yaml`", text, re.MULTILINE))


def test_the_document_of_the_command_line_says_the_same_with_a_title() -> None:
    made = of(judgement(), warning())
    assert render_markdown(made) == "#" + render_summary(made).removeprefix("###")


def test_the_document_leaves_nothing_of_5000_findings_out() -> None:
    assert not left_out(render_markdown(many(5000, "w" * 150)))


def test_findings_that_are_only_recorded_come_last() -> None:
    text = render_summary(of(judgement("AAA-001", mode=Mode.AUDIT), warning(), judgement("ZZZ-001")))
    assert text.index("`ZZZ-001`<br>") < text.index("`LIN-020`<br>") < text.index("`AAA-001`<br>")


@pytest.mark.parametrize(
    ("given_by", "words"),
    [
        ({}, "An approver signs this table: `policy-gate waive --approve sha256:7b"),
        ({"approved_by": ("security-2026",)}, "approved by the signature of `security-2026`: `sha256:7b"),
        ({"reviewed_by": ("@lee",)}, "approved by the GitHub review of `@lee`: `sha256:7b"),
    ],
)
def test_a_change_of_policy_says_who_approves_it(given_by, words) -> None:
    made = review()
    changes = tuple(replace(one, **given_by) for one in made.changes)
    assert words in render_summary(overview(review=replace(made, changes=changes), exit_code=0))
