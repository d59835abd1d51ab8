"""What is said of an expression without a document: constant answers, and lists that may be empty."""

from __future__ import annotations

from random import Random

import pytest
from asking import ROOTS
from hypothesis import given
from hypothesis import strategies as st
from random_pairs import Writer, document

from policy_gate.expression import Constant, ExpressionError, Unknown, parse

CONSTANT = {
    Constant.NEVER_FALSE: [
        "true",
        "1 < 2",
        "m.a == 1 || true",
        "m.a == m.a",
        "m.a.b <= m.a['b']",
        "m.l.all(x, true)",
        "m.a || !m.a",
        "m.a < 1 || m.a >= 1",
        "m.a < m.b || m.b <= m.a",
        "!(m.a != m.a)",
        "true && !false",
        "!m.l.exists(x, false)",
    ],
    Constant.NEVER_TRUE: [
        "false",
        "2 in [1]",
        "m.a == 1 && false",
        "m.a != m.a",
        "m.a < m.a",
        "m.a && !m.a",
        "m.l.exists(x, x != x)",
        "m.a == 1 && m.a != 1",
        "m.a == 'x' && m.b == 2 && m.a == 'y'",
        "has(m.a) && !has(m.a)",
        "!(m.a || true)",
    ],
    Constant.ALWAYS_UNKNOWN: ["[1][2] == 1", "9223372036854775807 + 1 > 0"],
    Constant.DEPENDS: [
        "m.a == 1",
        "m.a == m.b",
        "m.a || m.b",
        "m.l.all(x, x > 0)",
        "m.a == 1 || m.a == 2",
        "m.a < 1 || m.a > 1",
        "m.a != 1 && m.a != 2",
        "has(m.a) || has(m.b)",
        "m.a == 1 && m.b == 2",
    ],
}


@pytest.mark.parametrize(("wanted", "text"), [(wanted, text) for wanted, texts in CONSTANT.items() for text in texts])
def test_an_answer_that_is_known_before_reading_is_found(wanted, text) -> None:
    assert parse(text, ROOTS).constant is wanted


@given(st.integers(0, 10**9))
def test_an_answer_that_is_ruled_out_is_never_given(seed) -> None:
    source = Random(seed)
    text = Writer(source).condition(3)
    try:
        expression = parse(text, ROOTS)
    except ExpressionError:
        return
    answers = [expression.decide({"m": document(source)}) for _ in range(5)]
    if expression.constant is Constant.NEVER_FALSE:
        assert not any(one is False for one in answers)
    if expression.constant is Constant.NEVER_TRUE:
        assert not any(one is True for one in answers)
    if expression.constant is Constant.ALWAYS_UNKNOWN:
        assert all(isinstance(one, Unknown) for one in answers)


@pytest.mark.parametrize(
    "text",
    [
        "size(m.l) > 0 && m.l.all(x, x > 0)",
        "m.l.all(x, x > 0) && size(m.l) >= 1",
        "size(m.l) != 0 && m.l.all(x, x > 0)",
        "0 < size(m.l) && m.l.all(x, x > 0)",
        "size(m.l) == 3 && m.l.all(x, x > 0)",
        "!(size(m.l) == 0) && m.l.all(x, x > 0)",
        "m.l.exists(x, x == 1) && m.l.all(x, x > 0)",
        "size(m['l']) > 0 && (m.ok == true && m.l.all(x, x > 0))",
        "size(m.l) > 0 && (m.ok == true || m.l.all(x, x > 0))",
        "m.l.exists(x, x > 0)",
        "!m.l.all(x, x > 0)",
        "[1, 2].all(x, x in m.l)",
        "size(m.l) > 0 && m.l.all(t, size(t.k) > 0 && t.k.all(y, y > 0))",
        "size(m.l) > 0 && !m.l.exists(x, x == 0)",
        "!(size(m.l) == 0 || m.l.exists(x, x == 0))",
    ],
)
def test_all_beside_a_demand_for_an_element_is_guarded(text) -> None:
    assert parse(text, ROOTS).unguarded_all == ()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("m.l.all(x, x > 0)", (5,)),
        ("has(m.l) && m.l.all(x, x > 0)", (17,)),
        ("size(m.l) >= 0 && m.l.all(x, x > 0)", (23,)),
        ("size(m.l) < 5 && m.l.all(x, x > 0)", (22,)),
        ("size(m.k) > 0 && m.l.all(x, x > 0)", (22,)),
        ("size(m.l) > 0 || m.l.all(x, x > 0)", (22,)),
        ("size(m.l) == 0 || m.l.all(x, x > 0)", (23,)),
        ("m.ok == true && (size(m.l) > 0 || true) && m.l.all(x, x > 0)", (48,)),
        ("!(size(m.l) > 0) && m.l.all(x, x > 0)", (25,)),
        ("!m.l.exists(x, x == 0)", (6,)),
        ("!(m.a == 1 || m.l.exists(x, x == 0))", (19,)),
        ("size(m.l) > 0 && m.l.all(t, t.k.all(y, y > 0))", (33,)),
        ("m.l.exists(t, t.k.all(y, y > 0))", (19,)),
        ("m.l.all(x, x > 0) && m.k.all(x, x > 0)", (5, 26)),
        ("m.l.all(x, x > 0) == true", (5,)),
        ("(m.l + m.k).all(x, x > 0)", (13,)),
    ],
)
def test_all_that_an_empty_list_would_pass_is_found_by_column(text, columns) -> None:
    assert parse(text, ROOTS).unguarded_all == columns


@given(
    st.sampled_from(["size(m.l) {} {}", "{1} {0} size(m.l)"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.integers(-1, 2),
)
def test_a_guard_is_exactly_a_size_that_leaves_zero_out(form, sign, number) -> None:
    guard = form.format(sign, number)
    expression = parse(f"{guard} && m.l.all(x, x > 0)", ROOTS)
    holds_for_none = parse(guard, ROOTS).decide({"m": {"l": []}})
    assert (expression.unguarded_all == ()) is (holds_for_none is False)
