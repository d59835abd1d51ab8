"""What would pass when it must not: every trap of other engines, and what a hostile manifest can put into a value."""

from __future__ import annotations

from collections import OrderedDict, UserList, defaultdict
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from asking import ROOTS, ask

from policy_gate.errors import InternalError
from policy_gate.expression import OPEN, Absent, Unknown, parse

MISSING = "not declared"
WRONG = "wrong type"
TYPES = "different types compared"
NAN, INFINITE = float("nan"), float("inf")


def test_an_unknown_answer_cannot_be_used_as_a_condition() -> None:
    answer = parse("m.epsilon <= 4.0", ROOTS).decide({"m": {}})
    with pytest.raises(InternalError, match="compare with `is True`"):
        bool(answer)
    with pytest.raises(InternalError):
        assert not answer


@pytest.mark.parametrize("sign", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("number", [NAN, INFINITE, -INFINITE])
def test_a_number_that_is_none_never_compares(sign, number) -> None:
    assert ask(f"m.epsilon {sign} 4.0", {"epsilon": number}) == "not a finite number"
    assert ask(f"m.epsilon {sign} m.limit", {"epsilon": number, "limit": 4.0}) == "not a finite number"
    assert ask(f"!(m.epsilon {sign} 4)", {"epsilon": number}) == "not a finite number"
    assert ask(f"m.epsilon {sign} m.epsilon", {"epsilon": number}) == "not a finite number"


def test_a_number_that_is_none_is_in_no_list() -> None:
    assert ask("m.x in [1.0, 2.0]", {"x": NAN}) == "not a finite number"
    assert ask("m.x in m.all", {"x": 1.0, "all": [NAN]}) == "not a finite number"


@pytest.mark.parametrize("value", ["high", None, True, [], {}, [1], {"a": 1}, b"1"])
def test_a_budget_of_the_wrong_type_is_neither_kept_nor_broken(value) -> None:
    for text in ("m.epsilon <= 4", "m.epsilon > 4", "!(m.epsilon > 4)", "4 >= m.epsilon"):
        assert ask(text, {"epsilon": value}) in {WRONG, TYPES}


def test_true_is_no_number() -> None:
    assert ask("m.t > 0", {"t": True}) == WRONG
    assert ask("m.t == 1", {"t": True}) == TYPES
    assert ask("m.t in [1, 2]", {"t": True}) == TYPES
    assert ask("m.l[m.t] == 2", {"t": True, "l": [1, 2]}) == WRONG
    assert ask("m.t + 1 == 2", {"t": True}) == WRONG
    assert ask("-m.t < 0", {"t": True}) == WRONG
    assert ask("m.one", {"one": 1}) == WRONG


@pytest.mark.parametrize(
    "text",
    ["m.a != 'x'", "m.a == 'x'", "!(m.a == 'x')", "m.a.b.c < 1", "m.a in ['x']", "'x' in m.a", "size(m.a) == 0"],
)
def test_what_is_missing_is_unknown_however_it_is_asked(text) -> None:
    assert ask(text, {}) == MISSING
    assert ask(text.replace("m.", "m.gone."), {}) == MISSING


def test_an_empty_environment_knows_nothing() -> None:
    assert ask("m.a == 1 || m.b == 2") == MISSING
    assert ask("!has(m.a)") == MISSING
    assert ask("today != '2026-01-01'") == MISSING


def test_a_comparison_across_types_is_unknown_where_cel_says_they_differ() -> None:
    assert ask("m.a != 'proprietary'", {"a": 5}) == TYPES
    assert ask("m.a != null", {"a": 5}) == TYPES
    assert ask("!(m.a in ['MIT'])", {"a": 5}) == TYPES
    assert ask("!(5 in m.a)", {"a": {"k": 1}}) == TYPES
    assert ask("m.a != m.b", {"a": [1, "x"], "b": [1, 2]}) == TYPES


def test_a_known_difference_decides_beside_an_unknown_one() -> None:
    assert ask("m.a == m.b", {"a": [1, "x"], "b": [2, 2]}) is False
    assert ask("m.a == m.b", {"a": {"k": "x", "l": 1}, "b": {"k": 1, "l": 2}}) is False
    assert ask("'MIT' in m.a", {"a": [5, "MIT"]}) is True
    assert ask("m.a == m.b", {"a": [1], "b": ["x", "y"]}) is False


def test_one_bad_element_is_not_outvoted() -> None:
    document = {"signatures": [{"alg": "ed25519"}, {"alg": "md5"}]}
    assert ask("m.signatures.all(s, s.alg == 'ed25519')", document) is False
    document["signatures"][1] = {}
    assert ask("m.signatures.all(s, s.alg == 'ed25519')", document) == MISSING
    document["signatures"].append({"alg": "md5"})
    assert ask("m.signatures.all(s, s.alg == 'ed25519')", document) is False


def test_an_unknown_element_does_not_hide_that_none_exists() -> None:
    assert ask("!m.l.exists(x, x.bad == true)", {"l": [{"bad": False}, {}]}) == MISSING
    assert ask("m.l.exists(x, x.bad == true)", {"l": [{}, {"bad": True}]}) is True


def test_a_list_that_is_no_list_is_unknown() -> None:
    for value in ("abc", 3, None, True):
        assert ask("m.l.all(x, x > 0)", {"l": value}) == WRONG
        assert ask("!m.l.exists(x, x > 0)", {"l": value}) == WRONG
    assert ask("size(m.l) > 0", {"l": 3}) == WRONG
    assert ask("m.l[0] == 'a'", {"l": "abc"}) == WRONG


def test_no_element_counts_from_the_end() -> None:
    assert ask("m.l[-1] == 3", {"l": [1, 2, 3]}) == "no such element"
    assert ask("m.l[3] == 3", {"l": [1, 2, 3]}) == "no such element"
    assert ask("m.l[0.5] == 3", {"l": [1, 2, 3]}) == WRONG


def test_has_is_false_only_where_something_is_certainly_absent() -> None:
    assert ask("has(m.a.b)", {}) is False
    assert ask("has(m.a.b)", {"a": {}}) is False
    assert ask("has(m.l[1].b)", {"l": [{}]}) is False
    assert ask("has(m.a.b)", {"a": {"b": None}}) is True
    for value in (5, "text", None, [1], True):
        assert ask("!has(m.a.b)", {"a": value}) == WRONG
    assert ask("!has(m.l[m.gone].b)", {"l": [{}]}) == MISSING
    assert ask("!has(m.l['x'].b)", {"l": [{}]}) == WRONG


def test_has_of_a_fact_nobody_knows_is_unknown() -> None:
    facts = {"cost": {"target_cost": Absent("no baseline", "no earlier release")}}
    for text in (
        "has(facts.cost.target_cost.low_ms)",
        "!has(facts.cost.target_cost)",
        "!has(facts.cost.target_cost.a.b)",
        "!('low_ms' in facts.cost.target_cost)",
        "facts.cost.target_cost.low_ms < 3",
        "facts.cost.target_cost == facts.cost.target_cost",
        "size(facts.cost.target_cost) == 0",
        "facts.cost.target_cost.all(x, x > 0)",
    ):
        assert ask(text, facts=facts) == "no baseline"


def test_a_value_nobody_knows_is_unknown_deep_inside_another() -> None:
    hidden = Absent("unreadable", "a file")
    assert ask("m.a == m.b", {"a": [1, hidden], "b": [1, 2]}) == "unreadable"
    assert ask("m.a == m.b", {"a": {"k": hidden}, "b": {}}) == "unreadable"
    assert ask("m.a == m.b", {"a": {}, "b": {"k": hidden}}) == "unreadable"
    assert ask("!('x' in m.a)", {"a": ["y", hidden]}) == "unreadable"
    assert ask("!('k' in m.a)", {"a": {"k": hidden}}) == "unreadable"
    assert ask("m.a.all(x, x == 1)", {"a": [1, hidden]}) == "unreadable"
    assert ask("m.a.all(k, k == 'k')", {"a": {"k": hidden}}) == "unreadable"
    assert ask("size(m.a) == 1", {"a": {"k": hidden}}) == "unreadable"
    assert ask("m.a", {"a": hidden}) == "unreadable"
    assert ask("m.a.b.c == 1", {"a": {"b": hidden}}) == "unreadable"
    assert ask("is_sha256(m.a)", {"a": hidden}) == "unreadable"


def test_unknown_is_kept_by_every_connective() -> None:
    assert ask("m.gone == 1 && true", {}) == MISSING
    assert ask("true && m.gone == 1", {}) == MISSING
    assert ask("m.gone == 1 && false", {}) is False
    assert ask("m.gone == 1 || true", {}) is True
    assert ask("m.gone == 1 || false", {}) == MISSING
    assert ask("m.a == 1 || m.gone == 1 || m.b == 'x'", {"a": 2, "b": 3}) == MISSING
    assert ask("(m.gone == 1) == (m.gone == 1)", {}) == MISSING


def test_a_format_is_not_met_by_what_is_no_text() -> None:
    assert ask("!is_sha256(m.d)", {"d": 5}) == WRONG
    assert ask("m.d.startsWith('a')", {"d": ["a"]}) == WRONG
    assert ask("glob(m.d, '*')", {"d": None}) == WRONG


def test_bytes_sets_and_objects_are_no_values() -> None:
    for value in (b"a", bytearray(b"a"), {1, 2}, object(), range(3), 1j):
        assert ask("m.x == m.x", {"x": value}) == WRONG
        assert ask("m.x == 'a'", {"x": value}) in {WRONG, TYPES}
        assert ask("m.x.all(y, true)", {"x": value}) == WRONG
        assert ask("1 in m.x", {"x": value}) == WRONG


def test_a_mapping_that_invents_values_declares_none_of_them() -> None:
    assert ask("has(m.a.b)", {"a": defaultdict(int)}) is False
    assert ask("'b' in m.a", {"a": defaultdict(int)}) is False


def test_what_stands_for_a_plain_value_counts_as_it() -> None:
    class Stage(StrEnum):
        RELEASE = "release"

    class Level(IntEnum):
        HIGH = 3

    document = MappingProxyType(
        {"s": Stage.RELEASE, "n": Level.HIGH, "l": ("a", "b"), "o": OrderedDict(k=1), "u": UserList([1, 2])}
    )
    assert ask("m.s == 'release' && m.s in ['release'] && m.s.startsWith('rel') && size(m.s) == 7", document) is True
    assert ask("m.n == 3 && m.n + 1 == 4 && m.n < 3.5 && -m.n == -3", document) is True
    assert ask("m.l == ['a', 'b'] && m.l[1] == 'b' && 'a' in m.l && m.l.all(x, size(x) == 1)", document) is True
    assert ask("m.o.k == 1 && has(m.o.k) && m.o.all(k, m.o[k] == 1) && m.u[1] == 2 && size(m.u) == 2", document) is True


def test_keys_that_are_no_text_are_not_read() -> None:
    assert ask("m.a.all(k, k == 'x')", {"a": {1: 2}}) == WRONG
    assert ask("m.a[0].b == 2", {"a": {0: {"b": 2}}}) == WRONG
    assert ask("m.a == m.b", {"a": {1: 2}, "b": {True: 2}}) == WRONG


def test_deciding_never_changes_what_it_reads() -> None:
    document = {"l": [1, 2], "d": {"a": [3]}}
    expression = parse("m.l + m.d.a == [1, 2, 3] && m.l.all(x, x > 0) && !has(m.d.zz)", ROOTS)
    assert expression.decide({"m": document}) is True
    assert document == {"l": [1, 2], "d": {"a": [3]}}


def test_an_unknown_answer_says_what_it_saw() -> None:
    answer = parse("manifest.targets[0].ram <= 64", {"manifest": OPEN}).decide(
        {"manifest": {"targets": [{"ram": "x"}]}}
    )
    assert isinstance(answer, Unknown)
    assert answer.detail == "`manifest.targets[0].ram <= 64` compares text with an integer"


def test_of_two_unknown_reasons_the_first_is_told() -> None:
    first, second = Absent("first", ""), Absent("second", "")
    assert ask("m.a == m.b", {"a": [first, second], "b": [1, 1]}) == "first"
    assert ask("1 in m.a", {"a": [first, second]}) == "first"
    assert ask("m.a.all(x, x == 1)", {"a": [first, second]}) == "first"
    assert ask("m.a == 1 && m.b == 1", {"a": first, "b": second}) == "first"
