from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.engine.past import Compared
from policy_gate.errors import Problem
from policy_gate.model import Mode, Outcome, Place, Severity, Stage, Subject
from policy_gate.replayed import ReplayedFlip, ReplayedRelease, Said, Waivable
from policy_gate.report.replay_csv import COLUMNS, render_replay_csv
from policy_gate.report.replay_json import render_replay_json
from policy_gate.report.replay_text import render_replay
from policy_gate.report.text import Style
from policy_gate.workbench.summing import Heading, summed_up

HOSTILE = "kws\x1b[2J\n\u202e\u200b=cmd|' /C calc'!A0"
FLIP = ReplayedFlip(
    rule="COST-005",
    title="Within budget",
    severity=Severity.HIGH,
    mode=Mode.ENFORCE,
    subject=Subject("target", ("node-v2",)),
    before=Outcome.PASS,
    after=Outcome.FAIL,
    blocked_before=False,
    blocks=True,
    message="2.7 of 2.0",
    place=Place(source="head", path="release.yaml", line=14, column=11),
    measured=2656768,
    limit=2000000,
    base=-1.5,
    unit="MAC",
    limit_place=Place(source="policy", path="policy-gate.yaml", line=9),
    waivable=Waivable.YES,
)


def release(
    *flips: ReplayedFlip, name: str = "kws", unsaid: tuple[str, ...] = (), after=Said.BLOCKED
) -> ReplayedRelease:
    return ReplayedRelease(
        name=name,
        version="1.4.0",
        sequence=41,
        manifest_digest="sha256:0",
        stage=Stage.RELEASE,
        day="2026-11-23",
        origin="records/a.jsonl:3",
        digest=f"sha256:{name}{len(flips)}{unsaid}",
        before=Said.ALLOWED,
        after=after,
        flips=flips,
        unsaid=unsaid,
    )


def replayed(*releases: ReplayedRelease, problems: tuple[Problem, ...] = ()):
    compared = [Compared(release=one, rules_before=frozenset(), rules_after=frozenset()) for one in releases]
    return summed_up(Heading(policy="builtin:edge-strict", against="", shard="1/2"), compared, problems, ("a note",))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_text_says_which_release_flips_why_and_what_it_would_need() -> None:
    assert render_replay(replayed(release(FLIP)), Style()).splitlines()[2:7] == [
        "BLOCKED (was allowed) kws 1.4.0, sequence 41",
        "  --> records/a.jsonl:3  2026-11-23  stage release",
        "  COST-005 Within budget: target node-v2: pass -> fail, newly blocks",
        "    = 2.7 of 2.0 (release.yaml:14:11)",
        "    = value: 2,656,768 MAC, limit 2,000,000 (policy-gate.yaml:9), was -1.5",
    ]


def test_text_counts_what_cannot_be_said_apart() -> None:
    text = render_replay(replayed(release(unsaid=("REL-001", "REL-002"), after=Said.NOT_ESTABLISHED)), Style())
    assert "NOT ESTABLISHED (was allowed) kws" in text
    assert "cannot be said from this record: REL-001, REL-002" in text
    assert "cannot be said from these records        2" in text
    assert "NOTHING WOULD NEWLY BLOCK" not in text


def test_text_leaves_out_releases_that_nothing_changes_for_unless_all_are_asked_for() -> None:
    steady = release(after=Said.ALLOWED, name="steady")
    assert "steady" not in render_replay(replayed(steady), Style())
    assert "steady" in render_replay(replayed(steady), Style(), show_all=True)


def test_no_format_lets_a_name_of_a_release_act_on_a_terminal() -> None:
    flip = ReplayedFlip(
        **{name: getattr(FLIP, name) for name in ("severity", "mode", "before", "after", "blocked_before", "blocks")},
        rule=HOSTILE,
        title=HOSTILE,
        subject=Subject(HOSTILE, (HOSTILE,)),
        message=HOSTILE,
        place=Place(source="head", path=HOSTILE, line=1, column=1),
        unit=HOSTILE,
        measured=HOSTILE,
    )
    hostile = replayed(release(flip, name=HOSTILE, unsaid=(HOSTILE,)), problems=(Problem(HOSTILE, HOSTILE),))
    for text in (render_replay(hostile, Style()), render_replay_csv(hostile), render_replay_json(hostile)):
        assert not {"\x1b", "\u202e", "\u200b"} & set(text)


def test_csv_has_a_row_for_each_flip_for_what_cannot_be_said_and_for_a_release_that_stays() -> None:
    found = rows(render_replay_csv(replayed(release(FLIP, FLIP, name="a", unsaid=("REL-001",)), release(name="b"))))
    assert [(one["release"], one["rule"], one["before"], one["after"]) for one in found] == [
        ("a", "COST-005", "pass", "fail"),
        ("a", "COST-005", "pass", "fail"),
        ("a", "REL-001", "", "not in the record"),
        ("b", "", "", ""),
    ]
    assert [len(one) for one in found] == [len(COLUMNS)] * 4
    assert (found[0]["measured"], found[0]["base"], found[0]["newly_blocks"]) == ("2656768", "-1.5", "true")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r@", "＝", "|", "%"])
def test_csv_holds_no_text_that_a_spreadsheet_runs(start) -> None:
    name = f"{start}1+1"
    (row,) = rows(render_replay_csv(replayed(release(name=name))))
    assert row["release"].startswith("'") or row["release"].lstrip()[:1] not in set("=+-@|%＝")


@given(st.text())
def test_csv_keeps_one_row_whatever_a_release_is_called(name) -> None:
    text = render_replay_csv(replayed(release(name=name)))
    assert len(rows(text)) == 1
    assert text.count("\r\n") == 2


def test_json_holds_everything_and_reads_back() -> None:
    tree = json.loads(render_replay_json(replayed(release(FLIP), problems=(Problem("no record", "a.json", 3),))))
    assert tree["schema"] == "policy-gate/policy-replay/v1alpha1"
    assert tree["releases"][0]["flips"][0]["waivable"] == "yes"
    assert (tree["problems"][0]["line"], tree["exit_code"], tree["shard"]) == (3, 2, "1/2")


def test_colour_is_added_and_never_the_only_word() -> None:
    plain, painted = (render_replay(replayed(release(FLIP)), Style(colour=one)) for one in (False, True))
    assert "\x1b[31;1mBLOCKED\x1b[0m" in painted
    assert "BLOCKED" in plain
