"""Messages with values in them: paths only, short, and never a way to write to the terminal."""

from __future__ import annotations

import pickle

import pytest
from asking import ROOTS

from policy_gate.expression import Absent, ExpressionError, parse_template

DOCUMENT = {
    "name": "kws",
    "n": 3,
    "f": 0.5,
    "t": True,
    "z": None,
    "l": [1, 2],
    "d": {"x-y": "in"},
    "long": "é" * 500,
    "bad": "a\x1b[2Jb\u202ec\nd",
    "gone": Absent("no baseline", ""),
    "huge": 10**9000,
    "bytes": b"x",
}


def render(text):
    return parse_template(text, ROOTS).render({"m": DOCUMENT, "today": "2026-11-23"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{m.name} has {m.n}, {m.f}, {m.t}, {m.z}", "kws has 3, 0.5, true, null"),
        ("{m.l[1]} {m.d['x-y']} { m.l[ 0 ] }", "2 in 1"),
        ("{m.l}, {m.d}", "a list of 2 elements, a map of 1 key"),
        ("{{m.name}} {{}} {{{m.name}}}", "{m.name} {} {kws}"),
        ("{m.nope} {m.name.x} {m.l[9]} {m.gone} {params.max_epsilon}", "not known " * 4 + "not known"),
        ("{m.bad}", "a\\x1b[2Jb\\u202ec\\nd"),
        ("{m.long}", "é" * 119 + "…"),
        ("{m.huge}", "an integer of 29898 bits"),
        ("{m.bytes}", "a value of an unknown type"),
        ("on {today}", "on 2026-11-23"),
    ],
)
def test_a_message_shows_values_in_short(text, wanted) -> None:
    assert render(text) == wanted


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a {m.name", 3, "'{' is not closed"),
        ("a } b", 3, "'}' closes nothing"),
        ("a {} b", 4, "no expression"),
        ("a {m.n + 1}", 4, "only a path"),
        ("a {size(m.l)}", 4, "only a path"),
        ("a {'x'}", 4, "only a path"),
        ("a {m.l[m.n]}", 8, "an index in a message"),
        ("a {params.max_epsilom}", 11, "has no 'max_epsilom'"),
        ("a {nope.x}", 4, "'nope' is not known"),
        ("a {m.name m.n}", 11, "an operator is expected"),
        ("a {facts.cost}", 10, "is followed by a name"),
    ],
)
def test_a_wrong_message_is_found_when_the_policy_is_loaded(text, column, message) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_template(text, ROOTS)
    assert message in caught.value.message
    assert caught.value.column == column


def test_a_message_has_a_limit() -> None:
    with pytest.raises(ExpressionError, match="at most 2048"):
        parse_template("x" * 2049, ROOTS)


def test_a_message_says_what_it_reads() -> None:
    template = parse_template("{m.a.b} {facts.cost.target_cost.ms} {m.a.b} {m.l[0].x}", ROOTS)
    assert template.paths == (("m", "a", "b"), ("facts", "cost", "target_cost", "ms"), ("m", "l"))


def test_a_message_travels_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(parse_template("{m.name}!", ROOTS)))
    assert again.render({"m": DOCUMENT}) == "kws!"
