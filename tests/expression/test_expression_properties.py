"""What holds for every expression: its three ways to evaluate agree, it ends, and more knowledge never turns it round."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import OrderedDict
from random import Random
from types import MappingProxyType

import pytest
from asking import ROOTS, ask
from hypothesis import given, settings
from hypothesis import strategies as st
from random_pairs import Writer, document

from policy_gate.expression import Absent, ExpressionError, Unknown, parse

SEEDS = st.integers(0, 10**9)


def made(seed: int):
    """A random expression that is valid, and a document for it."""
    source = Random(seed)
    while True:
        try:
            return parse(Writer(source).condition(source.randint(0, 4)), ROOTS), document(source), source
        except ExpressionError:
            continue


@settings(max_examples=400)
@given(SEEDS)
def test_deciding_explaining_and_tracing_agree(seed) -> None:
    expression, found, _ = made(seed)
    answer = ask(expression.text, found)
    assert answer is True or answer is False or isinstance(answer, str)


@given(SEEDS)
def test_any_mapping_and_sequence_is_read_as_a_plain_one(seed) -> None:
    def other(value, depth=0):
        if isinstance(value, dict):
            kind = MappingProxyType if depth % 2 else OrderedDict
            return kind({key: other(one, depth + 1) for key, one in value.items()})
        return tuple(other(one, depth + 1) for one in value) if isinstance(value, list) else value

    expression, found, _ = made(seed)
    assert ask(expression.text, found) == ask(expression.text, other(found))


def hidden(value, source: Random):
    """The same document with some values that nobody knows; what stands there may be anything."""
    if source.random() < 0.15:
        return Absent("hidden", "")
    if isinstance(value, dict):
        return {key: hidden(one, source) for key, one in value.items()}
    return [hidden(one, source) for one in value] if isinstance(value, list) else value


@settings(max_examples=400)
@given(SEEDS)
def test_what_is_decided_without_knowing_a_value_stays_when_it_is_known(seed) -> None:
    """Monotone: a value that nobody knows makes an answer unknown, or changes nothing."""
    expression, found, source = made(seed)
    before = expression.decide({"m": {key: hidden(one, source) for key, one in found.items()}})
    if isinstance(before, bool):
        assert expression.decide({"m": found}) is before, expression.text


@given(SEEDS)
def test_every_reading_is_what_stands_at_its_place(seed) -> None:
    expression, found, _ = made(seed)
    for reading in expression.explain({"m": found}).readings:
        value, is_there = found, True
        for key in reading.keys:
            is_there = (isinstance(value, dict) and key in value) or (
                isinstance(value, list) and key in range(len(value))
            )
            if not is_there:
                break
            value = value[key]
        if is_there and isinstance(value, (str, int, float, bool, type(None))):
            assert reading.found == value
        assert is_there or isinstance(reading.found, Unknown)


@given(SEEDS)
def test_what_decided_was_read(seed) -> None:
    expression, found, _ = made(seed)
    explanation = expression.explain({"m": found})
    assert set(explanation.deciding) <= set(explanation.readings)
    assert len(set(explanation.readings)) == len(explanation.readings)
    assert not explanation.readings or explanation.deciding


@given(SEEDS)
def test_spaces_mean_nothing_and_a_copy_answers_the_same(seed) -> None:
    expression, found, _ = made(seed)
    environment = {"m": found}
    spaced = parse(f"  ( {expression.text}\n) ", ROOTS)
    copied = pickle.loads(pickle.dumps(expression))
    assert str(spaced.decide(environment)) == str(expression.decide(environment)) == str(copied.decide(environment))
    assert spaced.paths == copied.paths == expression.paths


def parsed(text: str):
    """An expression, or the error of a text that is none."""
    try:
        return parse(text, ROOTS)
    except ExpressionError as error:
        return error


@settings(max_examples=300)
@given(st.text("ml.[]()'\"!&|=<>+-*,0123456789 axhstrue\\", max_size=40) | st.text(max_size=30))
def test_any_text_is_an_expression_or_an_error_with_a_column(text) -> None:
    found = parsed(text)
    if isinstance(found, ExpressionError):
        assert 1 <= found.column <= len(text) + 1
    else:
        assert isinstance(found.decide({"m": {"a": 1}}), (bool, Unknown))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_no_two_values_make_an_operator_fail(left, right) -> None:
    found = {"a": left, "b": right}
    for sign in ("==", "!=", "<", "<=", ">", ">=", "in"):
        ask(f"m.a {sign} m.b", found)
    for text in ("m.a + m.b == m.a", "m.a - m.b < 1", "m.a * m.b > 0", "-m.a < 0", "m.a[m.b] == 1", "size(m.a) > 0"):
        ask(text, found)
    for text in ("m.a.all(x, x == m.b)", "m.a.exists(x, x < m.b)", "has(m.a.k)", "m.a.contains(m.b)", "glob(m.a, m.b)"):
        ask(text, found)


@given(VALUES, VALUES)
def test_equality_is_symmetric_and_orders_mirror_each_other(left, right) -> None:
    found = {"a": left, "b": right}
    assert ask("m.a == m.b", found) == ask("m.b == m.a", found)
    assert ask("m.a < m.b", found) == ask("m.b > m.a", found)
    assert ask("m.a <= m.b", found) == ask("m.b >= m.a", found)


@given(
    st.lists(st.integers(-3, 3) | st.none(), max_size=6).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_the_order_of_elements_never_matters(lists) -> None:
    for text in ("m.l.all(x, x > 0)", "m.l.exists(x, x > 2)", "3 in m.l", "m.l.all(x, x in [1, 2, 3])"):
        assert ask(text, {"l": lists[0]}) == ask(text, {"l": list(lists[1])})


def test_an_evaluation_takes_a_bounded_number_of_steps() -> None:
    hundred = {"l": list(range(100))}
    spent = "too many steps"
    assert ask("m.l.all(a, m.l.all(b, m.l.all(c, a + b + c >= 0)))", hundred) == spent
    assert ask("m.l.all(a, m.l.all(b, a + b >= 0))", hundred) is True
    assert (
        ask("false || m.l.exists(a, m.l.exists(b, m.l.exists(c, m.l.exists(d, a + b + c + d < 0))))", hundred) == spent
    )
    assert ask("m.l.all(a, a in m.m)", {"l": ["x"] * 400, "m": ["y"] * 400 + ["x"]}) == spent
    assert ask("m.l == m.m", {"l": list(range(100_001)), "m": list(range(100_001))}) == spent
    assert ask("m.l.all(a, m.big.contains(a))", {"l": ["x"] * 100, "big": "y" * 100_000}) is False
    assert ask("m.l.all(a, m.big.contains(a))", {"l": ["x"] * 100, "big": "y" * 99_999 + "x"}) == spent


def test_whether_the_steps_suffice_does_not_hang_on_the_order_of_elements() -> None:
    long = [1, *[0] * 40_000]
    assert (
        ask("m.l.exists(x, x == 1)", {"l": long}) == ask("m.l.exists(x, x == 1)", {"l": long[::-1]}) == "too many steps"
    )
    assert ask("m.l.exists(x, x == 1)", {"l": long[:30_000]}) is True


def test_what_an_expression_makes_is_bounded() -> None:
    limit = "over the limits of expressions"
    assert ask("size(m.s + m.s) > 0", {"s": "x" * 32_768}) is True
    assert ask("size(m.s + m.s) > 0", {"s": "x" * 32_769}) == limit
    assert ask("size(m.l + m.l) > 0", {"l": [0] * 5_000}) is True
    assert ask("size(m.l + m.l) > 0", {"l": [0] * 5_001}) == limit


def test_values_nested_deeper_than_any_document_are_not_compared() -> None:
    left = right = []
    for _ in range(100):
        left, right = [left], [right]
    assert ask("m.a == m.b", {"a": left, "b": right}) == "over the limits of expressions"
    left.append(left)
    assert ask("m.a == m.a", {"a": left}) in {"over the limits of expressions", "too many steps"}


def test_integers_of_any_size_are_compared_and_never_calculated_with() -> None:
    huge = 7**9_000
    assert ask("m.n > 5 && m.n > 5.5 && m.n == m.n && m.n != 3", {"n": huge}) is True
    assert ask("m.n * m.n > 0", {"n": huge}) == "beyond 64-bit integers"
    assert ask("m.n + 0.5 > 0", {"n": huge}) == "not exact as a floating-point number"


def test_the_room_imports_little_until_something_is_parsed() -> None:
    code = "import sys, policy_gate.expression as e; e.Unknown; print([m for m in sys.modules if 'expression.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "parser" not in done.stdout
    code = (
        "import sys, json; from policy_gate.expression import OPEN, parse; parse('m.a == 1', {'m': OPEN}).decide({})\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "difflib",
        "datetime",
        "policy_gate.expression.explaining",
        "policy_gate.expression.lint",
        "yaml",
        "pydantic",
    }
    assert not heavy & set(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["parse", "Explanation", "Constant", "Trace", "parse_template"])
def test_every_name_of_the_room_can_be_imported(name) -> None:
    import policy_gate.expression

    assert getattr(policy_gate.expression, name).__name__ == name
    assert set(policy_gate.expression.__all__) >= {name}
    with pytest.raises(AttributeError):
        _ = policy_gate.expression.nothing
