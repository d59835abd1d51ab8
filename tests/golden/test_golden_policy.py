"""The report of what a change does to its judge, as people see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.catalogue import bind_rules
from policy_gate.errors import PolicyError, Problem
from policy_gate.gate.change_review import review_changes
from policy_gate.gate.changes import Changes
from policy_gate.model import Flip, Mode, Outcome, Place, Preview, Subject, Verdict
from policy_gate.policy.difference import Difference
from policy_gate.policy.direction import Change
from policy_gate.policy.exceptions import NotProven, Proven
from policy_gate.policy.loading import Setup, load_policy
from policy_gate.replayed import Said
from policy_gate.report.policy_text import MAX_ROWS, render_policy_text
from policy_gate.report.text import Style
from policy_gate.review import PastFlip, PolicyReview

KWS = Subject("artifact", ("kws",))
LINES = {7: "    max_macs: {node-v2: 5000000}", 31: "      assert: manifest.metadata.sequence > -1"}


def row(kind: str, name: str, texts: tuple[str, str], change: str, line: int = 0, *, path: str = "policy-gate.yaml"):
    place = Place(source="head", path=path, line=line, column=5 if line else 0, end_line=line, end_column=9)
    return Difference(kind=kind, name=name, before=texts[0], after=texts[1], change=Change(change), place=place)


LOOSER = row("parameter", "max_macs[node-v2]", ("3000000", "5000000"), "looser", 7)
CHECK = row(
    "check",
    "ACME-001",
    ("manifest.metadata.sequence > 0", "manifest.metadata.sequence > -1"),
    "different",
    31,
    path="packs/acme.yaml",
)
STRICTER = row(
    "rule", "ACME-009", ("absent", "enforce: Every data set has an owner"), "stricter", 40, path="packs/acme.yaml"
)


def own_rules(mode: Mode = Mode.WARN):
    def read(name: str) -> bytes:
        raise PolicyError(name)

    policy = load_policy(read, Setup(names=("builtin:policy",), source="head"))
    rules = [replace(one, mode=mode) if one.rule.id == "POL-001" else one for one in policy.own_rules]
    return bind_rules(rules, policy.values)


def reviewed(*rows: Difference, mode: Mode = Mode.WARN, problems: tuple[Problem, ...] = (), **more) -> PolicyReview:
    changes = Changes(rows=rows, head="head", problems=problems)
    more = {"base": f"main (base:{'8c1f0de2' * 5})", "head": "work (head)", "today": "2026-11-23", **more}
    return replace(review_changes(changes, own_rules(mode), **more), tool_version="0.3.0")


def text(review: PolicyReview) -> str:
    return render_policy_text(review, lambda place: LINES.get(place.line, ""), Style())


def blocked() -> str:
    flip = Flip(
        rule="COST-005",
        subject=KWS,
        pointer="/targets/0",
        before=Outcome.PASS,
        after=Outcome.FAIL,
        message="4,100,000 multiply-accumulates of a budget of 3,000,000",
        blocks=True,
    )
    quiet = replace(flip, rule="PRIV-001", before=Outcome.FAIL, after=Outcome.PASS, blocks=False)
    previews = {
        "kws-en": Preview(source="head", verdict=Verdict.BLOCKED, flips=(flip, quiet)),
        "wake-word": Preview(source="head", verdict=Verdict.ALLOWED),
        "vad": Preview(source="head", verdict=None, detail="policy-gate.yaml:4:3: unknown field 'waiver'"),
    }
    past = PastFlip(
        release="kws-en", version="1.3.2", sequence=38, before=Said.ALLOWED, after=Said.BLOCKED, flips=(flip,)
    )
    return text(
        reviewed(
            LOOSER,
            CHECK,
            STRICTER,
            mode=Mode.ENFORCE,
            previews=previews,
            flips=(past,),
            records_replayed=40,
            notes=("the base permits to loosen rule COST-001: in force, until 2027-02-28, by security",),
        )
    )


def approved() -> str:
    return text(reviewed(LOOSER, STRICTER, mode=Mode.ENFORCE, proof=Proven(by=("security-2026",))))


def not_proven() -> str:
    return text(
        reviewed(LOOSER, mode=Mode.ENFORCE, proof=NotProven(reason="no key of role approver signed this digest"))
    )


def cannot_load() -> str:
    problem = Problem("unknown field 'waiver'", "policy-gate.yaml", 7, 5, "did you mean 'waivers'?")
    states = "can be loaded", "cannot be read: unknown field 'waiver'"
    proposal = row("proposal", "as a whole", states, "looser", 7)
    return text(reviewed(proposal, problems=(problem, problem)))


def hostile() -> str:
    evil = "\x1b[2J\u202ereversed\n::error::fake"
    long = row("parameter", "n" * 300, ("o" * 300, "p" * 300), "looser", 7, path="q" * 300)
    wide = row("parameter", "検査" * 30, ("名" * 40, "限" * 40), "different")
    return text(reviewed(row(evil, evil, (evil, evil), "looser", path=evil), long, wide, head=evil))


def nothing() -> str:
    return text(reviewed())


CASES = {
    "policy-blocked": blocked,
    "policy-approved": approved,
    "policy-not-proven": not_proven,
    "policy-cannot-load": cannot_load,
    "policy-hostile": hostile,
    "policy-nothing": nothing,
}


@pytest.mark.parametrize("name", CASES)
def test_the_report_of_a_policy_change_is_as_accepted(name, golden) -> None:
    golden(name, CASES[name]())


def test_no_control_character_of_a_name_reaches_the_terminal() -> None:
    assert not any(ord(char) < 32 and char != "\n" for char in hostile())
    assert "\u202e" not in hostile()
    assert "\n::error" not in hostile()


def test_a_table_of_very_many_changes_says_how_many_it_leaves_out() -> None:
    rows = [row("parameter", f"p{number}", ("1", "2"), "looser") for number in range(MAX_ROWS + 7)]
    assert "7 more in --format json" in text(reviewed(*rows))


def test_a_loosening_blocks_where_it_is_enforced_and_not_where_a_key_approved_it() -> None:
    assert reviewed(LOOSER).verdict is Verdict.ALLOWED
    assert reviewed(LOOSER, mode=Mode.ENFORCE).verdict is Verdict.BLOCKED
    assert reviewed(LOOSER, mode=Mode.ENFORCE, proof=Proven(by=("bob",))).verdict is Verdict.ALLOWED
    refused = reviewed(LOOSER, mode=Mode.ENFORCE, proof=NotProven(reason="unknown key"))
    assert refused.verdict is Verdict.BLOCKED
    assert reviewed(STRICTER, CHECK, mode=Mode.ENFORCE).verdict is Verdict.ALLOWED


def test_a_proposal_that_cannot_be_loaded_blocks_also_where_everything_else_warns() -> None:
    problem = Problem("unknown field 'waiver'", "policy-gate.yaml", 7, 5)
    assert reviewed(problems=(problem,)).verdict is Verdict.BLOCKED
    assert reviewed().verdict is Verdict.ALLOWED


def test_without_rules_about_changes_nothing_is_allowed() -> None:
    changes = Changes(rows=(LOOSER,), head="head")
    assert review_changes(changes, (), base="a", head="b", today="2026-11-23").verdict is Verdict.BLOCKED
