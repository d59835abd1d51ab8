from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from golden_world import (
    CLOSED,
    DIGESTS,
    GROWTH,
    LICENCE,
    MACS,
    ON_NODE,
    crashed,
    judged,
    missing,
    passed,
    release,
    rendered,
    rule,
    spoken,
    too_many_macs,
    wrong_digest,
)

from policy_gate.area import Check, FactBook
from policy_gate.engine import Base, BaseState
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Answer, Fix, Mode, Outcome, Severity, Subject, Verdict

BASE = Base(
    state=BaseState.FOUND, identity=release(version="1.3.2", sequence=38, source="base:8c1f0de"), facts=FactBook()
)


def blocked() -> str:
    record = judged(
        (DIGESTS, [spoken(wrong_digest(), "/artifacts/0/digest")]),
        (MACS, [spoken(too_many_macs(), "/artifacts/0/path", ON_NODE)]),
        (CLOSED, [passed("all 2 files under model are listed", "/bundle/root", RELEASE)]),
        base=BASE,
    )
    assert record.verdict is Verdict.BLOCKED
    return rendered(record)


def unknown() -> str:
    fetch = Fix(text="fetch it: git lfs pull --include model/kws.onnx")
    return rendered(
        judged(
            (DIGESTS, [missing(Reason.LFS_POINTER, "'model/kws.onnx' stands for a file", "/artifacts/0/path", fetch)]),
            (CLOSED, [missing(Reason.NOT_DECLARED, "no folder ships", "/bundle/root", subject=RELEASE)]),
            (MACS, [missing(Reason.UNBOUND_DIMENSION, "N of input x is open", "/targets/0/dimensions/M")]),
        )
    )


def warn_only() -> str:
    fix = Fix(text="add `license: SPDX-ID` under metadata")
    record = judged(
        (DIGESTS, [passed()]),
        (
            LICENCE,
            [missing(Reason.NOT_DECLARED, "the release states no licence", "/metadata/license", fix, subject=RELEASE)],
        ),
    )
    assert record.verdict is Verdict.ALLOWED
    return rendered(record)


def crash() -> str:
    one = replace(
        DIGESTS,
        check=Check(function=crashed, judges=DIGESTS.check.judges),
        policy_rule=replace(DIGESTS.policy_rule, mode=Mode.AUDIT),
    )
    record = judged((one, [passed("never said")]), (CLOSED, [passed(pointer="/bundle", subject=RELEASE)]))
    assert record.verdict is Verdict.BLOCKED
    return rendered(record)


def allowed() -> str:
    record = judged(
        (DIGESTS, [passed("model/kws.onnx has the stated digest")]),
        (CLOSED, [passed("all 2 files under model are listed", "/bundle/root", RELEASE)]),
        base=BASE,
    )
    return rendered(record, show_passed=True)


def first_release() -> str:
    record = judged(
        (GROWTH, [passed("2,656,768 MAC", "/artifacts/0/path", ON_NODE)]),
        (DIGESTS, [passed()]),
        base=Base(state=BaseState.FIRST_RELEASE),
        bootstrap=True,
    )
    return rendered(record, show_passed=True)


def broken_base() -> str:
    base = Base(state=BaseState.BROKEN, detail="release.yaml:3:1: unknown field 'metdata'\n  did you mean 'metadata'?")
    return rendered(judged((GROWTH, [passed("2,656,768 MAC", "/artifacts/0/path", ON_NODE)]), base=base))


LONG = f"""\
metadata: {{name: kws-en, words: "{"w" * 120}", license: "{"L" * 90}", end: 1}}
"""


def long_lines() -> str:
    fact = spoken(
        Answer(outcome=Outcome.FAIL, message="the licence is not on the list " + " ".join(["of this policy"] * 8)),
        "/metadata/license",
        RELEASE,
    )
    first = spoken(Answer(outcome=Outcome.FAIL, message="too many words"), "/metadata/words", RELEASE)
    return rendered(judged((LICENCE, [fact, first]), manifest=LONG), LONG)


TABS = 'metadata: {words: "one\ttwo\tthree", name: kws, version: "1\t4"}\n'


def tabs() -> str:
    name = spoken(Answer(outcome=Outcome.FAIL, message="the name is taken"), "/metadata/name", RELEASE)
    version = spoken(Answer(outcome=Outcome.FAIL, message="a version holds no tab"), "/metadata/version", RELEASE)
    return rendered(judged((CLOSED, [name, version]), manifest=TABS), TABS)


WIDE = 'metadata: {words: "音声キーワード検出", owner: "Zoe\u0308 👩 Müller", name: kws, license: MIT}\n'


def wide_characters() -> str:
    facts = [
        spoken(Answer(outcome=Outcome.FAIL, message=f"look at {key}"), f"/metadata/{key}", RELEASE)
        for key in ("words", "owner", "name", "license")
    ]
    return rendered(judged((CLOSED, facts), manifest=WIDE), WIDE)


ESCAPE = "\x1b[2J\x1b[31mALLOWED\x1b[0m"
BIDI = "kws\u202eDEWOLLA\u2066\u200b"
NEWLINE = "one\nALLOWED kws-en 1.4.0: 0 blocking\r\x08\u2028\x9b31m\udcff\U000e0041"


def hostile_names() -> str:
    answer = Answer(
        outcome=Outcome.FAIL,
        message=f"{ESCAPE} {NEWLINE}",
        measured=BIDI,
        limit=ESCAPE,
        base=NEWLINE,
        unit=ESCAPE,
        locator=NEWLINE,
        causes=(ESCAPE, BIDI, NEWLINE),
        fixes=(Fix(text=NEWLINE), Fix(text=ESCAPE, pointer="/metadata/name", replacement=BIDI)),
    )
    record = judged(
        (
            rule("REL-001", f"A title {ESCAPE}"),
            [spoken(answer, "/metadata/name", Subject("artifact", (NEWLINE, BIDI)))],
        ),
        (DIGESTS, [passed(NEWLINE)]),
        identity=replace(release(name=BIDI, version=ESCAPE), path=f"{NEWLINE}/release.yaml"),
        base=Base(state=BaseState.BROKEN, detail=NEWLINE),
        limits=(NEWLINE,),
    )
    return rendered(record, show_passed=True)


def coloured() -> str:
    record = judged(
        (DIGESTS, [spoken(wrong_digest(), "/artifacts/0/digest")]),
        (LICENCE, [missing(Reason.NOT_DECLARED, "no licence", "/metadata/license", subject=RELEASE)]),
    )
    allowed_record = judged((DIGESTS, [passed()]))
    return "".join(rendered(one, colour=True).replace("\x1b", "ESC") for one in (record, allowed_record))


def many_causes() -> str:
    answer = Answer(
        outcome=Outcome.FAIL,
        message="11 files are not listed",
        measured=11,
        limit=0,
        base=True,
        unit="files",
        causes=tuple(f"unlisted: model/{number}.bin" for number in range(11)),
    )
    quiet = rule("REL-004", "Audited, and only recorded", mode=Mode.AUDIT, severity=Severity.MEDIUM)
    return rendered(judged((CLOSED, [spoken(answer, "/bundle/root", RELEASE)]), (quiet, [spoken(answer, "", RELEASE)])))


REPORTS = {
    "allowed": allowed,
    "blocked": blocked,
    "broken-base": broken_base,
    "coloured": coloured,
    "crash": crash,
    "first-release": first_release,
    "hostile-names": hostile_names,
    "long-lines": long_lines,
    "many-causes": many_causes,
    "tabs": tabs,
    "unknown": unknown,
    "warn-only": warn_only,
    "wide-characters": wide_characters,
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_its_golden_file(golden, name):
    golden(name, REPORTS[name]())


def test_every_golden_file_has_its_report():
    found = {path.stem for path in Path(__file__).parent.glob("*.txt")}
    assert {name for name in found if not name.startswith("policy-")} == set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_holds_a_character_that_moves_the_cursor_or_hides(name):
    harmful = re.compile(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
    )
    assert harmful.search(REPORTS[name]()) is None


def test_hostile_names_add_no_line_and_cannot_forge_a_verdict():
    verdicts = [line for line in hostile_names().splitlines() if line.startswith(("ALLOWED", "BLOCKED"))]
    assert len(verdicts) == 1
    assert verdicts[0].startswith("BLOCKED")
