"""Every way an expression can be wrong is found when the policy is loaded, with its column and what would be right."""

from __future__ import annotations

import pytest
from asking import ROOTS

from policy_gate.errors import PolicyError
from policy_gate.expression import LEAF, OPEN, ExpressionError, closed, parse

TABLE = [
    # text, column, part of the message, part of the hint
    ("", 1, "no expression", ""),
    ("   ", 4, "no expression", ""),
    ("m.a ==", 7, "a value is expected, not the end", ""),
    ("m.a == 1 m.b", 10, "an operator is expected, not 'm'", ""),
    ("(m.a == 1", 10, "')' to close the parenthesis", ""),
    ("m.a == 1)", 9, "an operator is expected, not ')'", ""),
    ("[1, 2 == m.a", 13, "']' to close the list", ""),
    ("m.a[1 == 2", 11, "']' after the index", ""),
    ("m. == 1", 4, "a name is expected after '.'", "['name']"),
    ("m.true == 1", 3, "a name is expected after '.'", "['name']"),
    ("m.in == 1", 3, "a name is expected after '.'", "['name']"),
    ("in == 1", 1, "a value is expected, not 'in'", ""),
    ("m.a == 'x", 8, "the text is not closed", "close it with '"),
    ('m.a == "x', 8, "the text is not closed", 'close it with "'),
    ("m.a == 'a\nb'", 10, "invisible character (U+000A)", "\\n"),
    ("m.a == 'a\u202eb'", 10, "invisible character (U+202E)", ""),
    ("m.a == '\\x41'", 9, "begins no escape", "\\uXXXX"),
    ("m.a == '\\ud800'", 9, "begins no escape", ""),
    ("m.a == '\\u12'", 9, "begins no escape", ""),
    ("m.a == '''x'''", 8, "triple-quoted", "one quote"),
    ("m.a == r'x'", 8, "the prefix r", ""),
    ("m.a == b'x'", 8, "the prefix b", ""),
    ("m.a == 0x10", 8, "'0x' does not begin a number", "decimals"),
    ("m.a == 1u", 8, "'1u' does not begin a number", ""),
    ("m.a == 1.", 8, "'1.' does not begin a number", ""),
    ("m.a == .5", 8, "a value is expected, not '.'", ""),
    ("m.a == 1.2.3", 8, "'1.2.' does not begin a number", ""),
    ("m.a == 007", 8, "begins with a zero", ""),
    ("m.a == 1e400", 8, "too large", ""),
    ("m.a == 1e-400", 8, "too small", ""),
    ("m.a == 9223372036854775808", 8, "beyond 64 bits", ""),
    ("m.a == -9223372036854775809", 9, "beyond 64 bits", ""),
    ("m.a == " + "9" * 400, 8, "beyond 64 bits", ""),
    ("m.a / 2 == 1", 5, "division is not part", "multiply"),
    ("m.a % 2 == 1", 5, "the remainder is not part", ""),
    ("m.a == 1 // why", 10, "a comment is not part", "YAML"),
    ("m.a ? m.b : m.c", 5, "a ? b : c is not part", "&&"),
    ("m.a == {'k': 1}", 8, "a map literal is not part", ""),
    ("m.`a-b` == 1", 3, "a quoted name is not part", "['name']"),
    ("m.a = 1", 5, "'=' (U+003D)", "=="),
    ("m.a & m.b", 5, "'&' (U+0026)", "&&"),
    ("m.a | m.b", 5, "'|' (U+007C)", "||"),
    ("m.a == $max", 8, "'$' (U+0024)", "params.name"),
    ("m.a == \u201cx\u201d", 8, "(U+201C)", "plain quote"),
    ("m.a \u2264 4", 5, "(U+2264)", "<="),
    ("m.a\u00a0== 1", 4, "a character (U+00A0)", ""),
    ("m.\u0430 == 1", 3, "(U+0430)", ""),  # a Cyrillic letter
    ("m.a == 1 and m.b == 2", 10, "'and' is no word", "&&"),
    ("m.a == 1 or m.b == 2", 10, "'or' is no word", "||"),
    ("not m.a", 1, "'not' is no word", "write !"),
    ("not(m.a)", 1, "'not' is no word", "write !"),
    ("m.a == None", 8, "'None' is no word", "null"),
    ("m.a == True", 8, "'True' is no word", "true"),
    ("1 < m.a < 3", 9, "comparisons do not chain", "&&"),
    ("m.a == m.b == m.c", 12, "comparisons do not chain", ""),
    ("!!m.a", 1, "'!!' is not part", "leave both out"),
    ("!(!m.a)", 1, "'!' twice", "leave both out"),
    ("--m.a == 1", 1, "'--' is not part", ""),
    ("!-m.a", 1, "'!-' is not part", "parentheses"),
    ("for == 1", 1, "'for' is a reserved word", ""),
    ("n.a == 1", 1, "'n' is not known", "known are"),
    ("parms.max_epsilon > 1", 1, "'parms' is not known", "did you mean 'params'?"),
    ("params.max_epsilom > 1", 8, "params has no 'max_epsilom'", "did you mean 'max_epsilon'?"),
    ("params['max_epsilom'] > 1", 8, "params has no 'max_epsilom'", "did you mean 'max_epsilon'?"),
    ("params[m.name] > 1", 8, "params is followed by a name", "allowed, max_epsilon"),
    ("params[0] > 1", 8, "params is followed by a name", ""),
    ("size(params) > 1", 6, "params is followed by a name", "allowed, max_epsilon"),
    ("facts.cost.target_costs > 1", 12, "facts.cost has no 'target_costs'", "did you mean 'target_cost'?"),
    ("facts.privcy.accounting.x > 1", 7, "facts has no 'privcy'", "did you mean 'privacy'?"),
    ("has(facts.cost)", 11, "facts.cost is followed by a name", "target_cost"),
    ("today.year > 1", 7, "today is a single value", ""),
    ("m.targets.node-v2 == 1", 11, "read as a subtraction", "m.targets['node-v2']"),
    ("m.a.matches('x')", 5, "matches() is not part", "is_sha256"),
    ("matches(m.a, 'x')", 1, "matches() is not part", "glob"),
    ("m.a.map(x, x)", 5, "map() is not part", "all()"),
    ("m.a.filter(x, x)", 5, "filter() is not part", "all()"),
    ("m.a.exists_one(x, x)", 5, "exists_one() is not part", "exists()"),
    ("int(m.a) == 1", 1, "int() is not part", "type"),
    ("timestamp(m.a) == 1", 1, "timestamp() is not part", "days_between"),
    ("size(m.a.split('x')) == 1", 10, "split() is not part", ""),
    ("m.a.size() == 1", 5, "size() is a function", "size(m.a)"),
    ("startsWith(m.a, 'x')", 1, "startsWith() is a method", "text.startsWith"),
    ("all(m.a, x)", 1, "all() is a method", "list.all"),
    ("is_sha265(m.a)", 1, "is_sha265() is not known", "did you mean 'is_sha256'?"),
    ("m.a.startWith('x')", 5, "startWith() is not known", "did you mean 'startsWith'?"),
    ("qqq(m.a)", 1, "qqq() is not known", "known are"),
    ("m.a.qqq()", 5, "qqq() is not known", "known are"),
    ("is_sha256()", 1, "takes 1 argument, not 0", ""),
    ("glob(m.a)", 1, "takes 2 arguments, not 1", ""),
    ("m.a.contains('x', 'y')", 5, "takes 1 argument, not 2", ""),
    ("size(m.a, m.b) > 1", 1, "takes 1 argument, not 2", ""),
    ("has(m)", 5, "has() asks for one name", "'node-v2' in"),
    ("has(m['a'])", 5, "has() asks for one name", ""),
    ("has(size(m.a))", 5, "has() asks for one name", ""),
    ("m.l.all(x.y, true)", 10, "',' after the variable", ""),
    ("m.l.all(1, true)", 9, "takes a variable", "all(x"),
    ("m.l.all(if, true)", 9, "takes a variable", ""),
    ("m.l.all(m, true)", 9, "the name 'm' is taken", ""),
    ("m.l.all(x, m.k.all(x, true))", 20, "the name 'x' is taken", ""),
    ("m.l.all(__x, true)", 9, "the name '__x' is taken", ""),
    ("m.l.all(x, x > 0) && x > 0", 22, "'x' is not known", ""),
    ("m.l.all(x, y > 0)", 12, "'y' is not known", ""),
    ("1 < 'a'", 1, "never compare", ""),
    ("m.a == 1 && 1 == null", 13, "never compare", ""),
    ("size(m.a) == 'x'", 1, "never compare", ""),
    ("'a' in 'abc'", 8, "not text", "contains"),
    ("1 in ['a', 'b']", 1, "the list holds nothing like a number", ""),
    ("'a' + 1 == m.a", 1, "does not join text and a number", ""),
    ("m.a - 'x' == 1", 7, "'-' takes numbers, not text", ""),
    ("true + m.a == 1", 1, "'+' takes numbers, texts or lists", ""),
    ("-'x' == m.a", 2, "'-' takes numbers, not text", ""),
    ("[1] < m.a", 1, "'<' does not order a list", ""),
    ("m.a <= null", 8, "'<=' does not order null", ""),
    ("!'x'", 2, "gives text, not true or false", ""),
    ("m.a && 1", 8, "gives a number, not true or false", ""),
    ("size(m.a)", 1, "the expression gives a number", ""),
    ("'x'", 1, "the expression gives text", ""),
    ("days_between(m.a, today)", 1, "the expression gives a number", ""),
    ("m.l.all(x, 1)", 12, "the condition of all() gives a number", ""),
    ("'x'.all(c, true)", 1, "not text", ""),
    ("'x'.a == 1", 1, "nothing stands below it", ""),
    ("m.l[true] == 1", 5, "an index is a number or text", ""),
    ("size(1) == 1", 1, "size() takes a list, a map or text", ""),
    ("is_date(1)", 9, "is_date() takes text, not a number", ""),
    (f"glob(m.a, '{'x' * 257}')", 11, "the pattern has more than 256", ""),
]


@pytest.mark.parametrize(("text", "column", "message", "hint"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_every_error_names_its_column_and_what_would_be_right(text, column, message, hint) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, ROOTS)
    assert message in caught.value.message
    assert caught.value.column == column, caught.value.message
    assert hint in caught.value.hint


def test_an_error_of_an_expression_is_an_error_of_a_policy() -> None:
    with pytest.raises(PolicyError) as caught:
        parse("params.max_epsilom > 1", ROOTS)
    assert caught.value.exit_code == 2
    assert caught.value.problems[0].column == 8
    assert caught.value.problems[0].hint == "did you mean 'max_epsilon'?"


def test_an_expression_is_at_most_2048_characters_long() -> None:
    parse("m.a" + " " * 2042 + "==1", ROOTS)
    with pytest.raises(ExpressionError, match="2049 characters, at most 2048"):
        parse("m.a" + " " * 2043 + "==1", ROOTS)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 33 + "true" + ")" * 33,
        "[" * 33 + "]" * 33 + " == m.a",
        "m" + ".a" * 32 + " == 1",
        "m" + "[0]" * 32 + " == 1",
        "1" + "+1" * 32 + " == m.a",
        "m.a[" * 33 + "0" + "]" * 33 + " == 1",
        "size(" * 33 + "m.a" + ")" * 33 + " == 1",
        "!(" * 33 + "m.a == 1" + ")" * 33,
        "(" * 2000,
        "[" * 2000,
        "m.a(" * 500,
        "!" * 2000,
        "-" * 2000,
        "m" + ".a" * 1000,
        "m" + "[0]" * 600,
        "1" + "+1" * 1000,
        "m.l.all(x, " * 180,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_nested_too_deep_is_refused_before_it_recurses(text) -> None:
    with pytest.raises(ExpressionError):
        parse(text, ROOTS)


def test_32_deep_is_deep_enough() -> None:
    assert parse("(" * 32 + "true" + ")" * 32, ROOTS).decide({}) is True
    assert parse("m" + ".a" * 29 + " == 1 || true", ROOTS).decide({}) is True


def test_long_chains_of_conditions_are_not_deep() -> None:
    text = " && ".join(["m.a == 1"] * 170)
    assert parse(text, ROOTS).decide({"m": {"a": 1}}) is True


def test_an_open_root_may_still_know_names_below_which_it_is_closed() -> None:
    roots = {"base": closed({"manifest": OPEN, "params": closed({"limit": LEAF})})}
    assert parse("base.manifest.x.y == 1", roots).paths == (("base", "manifest", "x", "y"),)
    with pytest.raises(ExpressionError) as caught:
        parse("base.params.limit.x == 1", roots)
    assert (caught.value.column, caught.value.message) == (
        19,
        "base.params.limit is a single value: nothing stands below it",
    )


def test_paths_are_the_static_beginnings_of_what_is_read() -> None:
    text = (
        "facts.cost.target_cost.rows[0].ms < 5 && m.targets.all(t, t.id == m.ids[t.n] && t.x in params.allowed)"
        " && has(m['node-v2'].x) && facts.cost.target_cost.rows[0].ms > 1 && days_between('2026-01-01', today) > 1"
    )
    assert parse(text, ROOTS).paths == (
        ("facts", "cost", "target_cost", "rows"),
        ("m", "targets"),
        ("m", "ids"),
        ("params", "allowed"),
        ("m", "node-v2", "x"),
        ("today",),
    )
