"""Overviews for the tests of formats, hostile text for their every value, and a runner's parser of commands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st
from record_world import record_of

from policy_gate.errors import Problem, Reason
from policy_gate.model import (
    Fix,
    Judgement,
    Mode,
    Outcome,
    Place,
    Preview,
    ReleaseIdentity,
    Severity,
    Subject,
    Verdict,
)
from policy_gate.overview import Links, Overview, Suggestion
from policy_gate.review import SCHEMA, Direction, PolicyChange, PolicyReview

HERE = Place(source="head", path="release.yaml", pointer="/a", line=3, column=5, end_line=3, end_column=9)
LINKS = Links(server="https://github.example", repository="acme/kws", head="a1" * 20, base="b2" * 20)
PIECES = [
    *"\\`*_{}[]()<>#+-.!|~&$:@=^\"'/%,; \n\t\r",
    *("::error::x", "\n::error file=a::b", "##[error]x", "\r##[warning]y", "%0A::error::z", "%25", "::", "]]>", "{0}"),
    *(
        "```",
        "~~~",
        "| a | b |",
        "\n| x |",
        "</details>",
        "<!--",
        "-->",
        "<img src=x onerror=1>",
        "</summary>",
        "\n# h",
    ),
    *("@team", "#123", "http://x.example/a", "[x](http://y.example)", ":tada:", "deadbeef" * 5, "&lt;", "- [ ] "),
    *(
        "\u202e",
        "\u200b",
        "\x1b[2J",
        "\x00",
        "\x0b",
        "\u2028",
        "\udcff",
        "\ufffe",
        "\uffff",
        "\ufdd0",
        "🧪",
        "音",
        "kws",
    ),
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=5).map("".join)


def judgement(rule: str = "COST-002", **changes) -> Judgement:
    parts = {
        "rule": rule,
        "title": "Memory fits the arena",
        "area": "cost",
        "severity": Severity.HIGH,
        "mode": Mode.ENFORCE,
        "subject": Subject("target", ("node-v2", "kws")),
        "outcome": Outcome.FAIL,
        "reason": None,
        "message": "kws takes more than the target has",
        "place": HERE,
        "measured": 70_000,
        "limit": 65_536,
        "base": 60_000,
        "unit": "B",
        "causes": ("the tensor /stem/out takes 51,200 B",),
        "fixes": (Fix(text="make the layer narrower"),),
    }
    return Judgement(**{**parts, **changes})


def warning(**changes) -> Judgement:
    return judgement("LIN-020", mode=Mode.WARN, severity=Severity.LOW, area="lineage", **changes)


def note(**changes) -> Judgement:
    return judgement("LIN-021", mode=Mode.AUDIT, severity=Severity.LOW, area="lineage", **changes)


def record(*judgements: Judgement, name: str = "kws-en", path: str = "release.yaml", **changes):
    identity = ReleaseIdentity(
        name=name, version="1.4.0", sequence=41, manifest_digest="sha256:0", path=path, source="head"
    )
    blocked = any(one.blocks for one in judgements)
    verdict = Verdict.BLOCKED if blocked else Verdict.ALLOWED
    return record_of(release=identity, judgements=judgements, **{"verdict": verdict, **changes})


def overview(*records, **changes) -> Overview:
    blocked = any(one.verdict is Verdict.BLOCKED for one in records)
    parts = {"tool_version": "0.4.0", "records": records, "problems": (), "exit_code": int(blocked), "links": LINKS}
    return Overview(**{**parts, **changes})


def of(*judgements: Judgement, **changes) -> Overview:
    """One release with these judgements."""
    return overview(record(*judgements), **changes)


def many(number: int, words: str = "") -> Overview:
    """One release with so many findings, each with a subject, a message, a cause and a fix of its own."""
    made = [
        judgement(
            f"COST-{at % 40:03}",
            subject=Subject("target", (f"node-{at}", "kws")),
            message=f"target {at} takes more than it has {words}",
            causes=(f"cause {at} {words}",),
            place=replace(HERE, pointer=f"/targets/{at}", line=at + 1, end_line=at + 1),
        )
        for at in range(number)
    ]
    return of(*made)


def review(*judgements: Judgement, text: str = "max_macs", **changes) -> PolicyReview:
    change = PolicyChange(
        subject=Subject("policy", (text,)),
        pointer="",
        kind="parameter",
        what=text,
        before=text,
        after=text,
        direction=Direction.LOOSER,
        source="head",
        path="policy-gate.yaml",
        line=7,
    )
    parts = {
        "schema": SCHEMA,
        "tool_version": "0.4.0",
        "base": text,
        "head": text,
        "today": "2026-11-23",
        "changes": (change,),
        "judgements": judgements,
        "verdict": Verdict.BLOCKED if any(one.blocks for one in judgements) else Verdict.ALLOWED,
        "digest": "sha256:" + "7b" * 32,
        "notes": (text,),
    }
    return PolicyReview(**{**parts, **changes})


def filled_with(text: str, links: Links = LINKS) -> Overview:
    """An overview whose every value from a repository is this text."""
    place = Place(source="head", path=text, pointer=text, line=2, column=3, end_line=2, end_column=6, locator=text)
    one = judgement(
        text,
        title=text,
        area=text,
        subject=Subject(text, (text, text)),
        message=text,
        place=place,
        limit_place=place,
        measured=text,
        limit=text,
        base=text,
        unit=text,
        causes=(text, text),
        fixes=(Fix(text=text), Fix(text=text)),
        note=text,
    )
    outcomes = [
        one,
        replace(one, mode=Mode.WARN),
        replace(one, mode=Mode.AUDIT, measured=3, base=2),
        replace(one, outcome=Outcome.UNKNOWN, reason=Reason.NOT_IN_TREE, measured=None),
        replace(one, outcome=Outcome.WAIVED, waiver=text or "W"),
        replace(one, outcome=Outcome.PASS),
        replace(one, outcome=Outcome.NOT_APPLICABLE),
        replace(one, place=replace(place, source="base:" + text)),
    ]
    identity = ReleaseIdentity(name=text, version=text, sequence=1, manifest_digest=text, path=text, source=text)
    made = record_of(
        release=identity,
        base=identity,
        base_note=text,
        judgements=tuple(outcomes),
        policy=(text,),
        policy_source=text,
        limits=(text,),
        today=text,
        preview=Preview(source=text, verdict=None, detail=text),
    )
    return Overview(
        tool_version=text,
        records=(made, record(judgement())),
        problems=(Problem(text, text, 2, 3, text),),
        exit_code=2,
        review=review(one, text=text),
        notes=(text,),
        name=text or "x",
        links=links,
        suggestions=(
            Suggestion(
                findings=(one.finding_id,),
                path=text,
                start_line=1,
                end_line=1,
                before=(text,),
                after=(text,),
                words=text,
            ),
        ),
        reproduce=text,
    )


class Command(NamedTuple):
    """One command as the runner reads it."""

    name: str
    properties: dict[str, str]
    message: str


def commands(log: str) -> list[Command]:
    """Every command a runner finds in a log (actions/runner, ActionCommand: the new form, else the old one)."""
    return [found for line in re.split("\r\n|\r|\n", log) if (found := _new(line) or _old(line)) is not None]


def _new(line: str) -> Command | None:
    text = line.lstrip()
    end = text.find("::", 2)
    if not text.startswith("::") or end < 0:
        return None
    name, _, properties = text[2:end].partition(" ")
    return Command(name, _properties(properties, ",", ":,"), _plain(text[end + 2 :], ""))


def _old(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, properties = line[start + 3 : end].partition(" ")
    return Command(name, _properties(properties, ";", ";]"), line[end + 1 :])


def _properties(text: str, separator: str, marks: str) -> dict[str, str]:
    pairs = [one.split("=", 1) for one in text.split(separator) if "=" in one]
    return {key.strip(): _plain(value, marks) for key, value in pairs}


def _plain(text: str, marks: str) -> str:
    for mark in (*marks, "\r", "\n"):
        text = text.replace(f"%{ord(mark):02X}", mark)
    return text.replace("%25", "%")
