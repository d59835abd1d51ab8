"""Each operator by a table: the expression, and the answer over one small document."""

from __future__ import annotations

import pytest
from asking import ask

BIG = 2**63 - 1
DOCUMENT = {
    "i": 2,
    "f": 2.5,
    "two": 2.0,
    "s": "żółć",
    "e": "",
    "yes": True,
    "no": False,
    "none": None,
    "l": [1, 2, 3],
    "words": ["a", "b"],
    "empty": [],
    "d": {"k": 1, "x-y": {"z": [10, 20]}},
    "big": BIG,
    "exact": 2**53 + 1,
    "rounded": float(2**53),
    "huge": 2**70,
}
UNKNOWN = "unknown"
TABLE = {
    "equality": [
        ("m.i == 2", True),
        ("m.i == 2.0", True),
        ("m.i != 3", True),
        ("m.f == m.f", True),
        ("m.none == null", True),
        ("m.none != null", False),
        ("null == null", True),
        ("m.l == [1, 2, 3]", True),
        ("m.l == [1.0, 2.0, 3.0]", True),
        ("m.l == [1, 2]", False),
        ("m.l != m.words", True),
        ("m.d == m.d", True),
        ("m.yes == !m.no", True),
        ("m.exact == m.rounded", UNKNOWN),
        ("m.rounded == 9007199254740993", UNKNOWN),
        ("m.rounded != 9007199254740992", False),
        ("m.exact == 9007199254740992.0", UNKNOWN),
        ("m.exact == 9007199254740993", True),
        ("m.huge == m.huge", True),
        ("(m.i == 2) == m.yes", True),
    ],
    "order": [
        ("m.i < 3 && m.i <= 2 && m.i > 1.5 && m.i >= 2.0", True),
        ("m.i < 2 || m.f > 3", False),
        ("'Z' < 'a' && 'a' < 'ab' && 'z' < 'é' && '\\uffff' < '😀'", True),
        ("m.no < m.yes", True),
        ("m.none < 1", UNKNOWN),
        ("m.none < m.none", UNKNOWN),
        ("m.l < m.l", UNKNOWN),
        ("m.s > 1", UNKNOWN),
        ("m.exact > m.rounded", UNKNOWN),
        ("m.exact > 1.5 && m.huge > 1.5 && m.huge > m.big", True),
        ("1.5 < m.exact", True),
    ],
    "in": [
        ("2 in m.l && 2.0 in m.l && !(5 in m.l)", True),
        ("'a' in m.words && m.words[0] in ['a', 'c']", True),
        ("'k' in m.d && 'x-y' in m.d && !('q' in m.d)", True),
        ("1 in m.empty", False),
        ("m.l in [m.l]", True),
        ("1 in m.s", UNKNOWN),
        ("'1' in m.l", UNKNOWN),
        ("m.none in [null]", True),
    ],
    "logic": [
        ("true && true && true", True),
        ("true && false && true", False),
        ("false || false || true", True),
        ("m.yes || m.no && m.no", True),
        ("!m.no", True),
        ("!(m.i > 1 && m.i < 3)", False),
        ("m.i || true", True),
        ("m.i && true", UNKNOWN),
    ],
    "arithmetic": [
        ("m.i + 1 == 3 && m.i - 5 == -3 && m.i * 4 == 8", True),
        ("1 + 2 * 3 - 4 == 3", True),
        ("m.i + m.f == 4.5 && m.i * 0.5 == 1", True),
        ("-m.i == -2 && -m.f == -2.5 && 1 - -1 == 2", True),
        ("-9223372036854775808 < 0", True),
        ("m.big + 1 > 0", UNKNOWN),
        ("m.big * 2 > 0", UNKNOWN),
        ("-m.big - 2 < 0", UNKNOWN),
        ("m.huge + 1 > 0", UNKNOWN),
        ("m.exact + 0.5 > 0", UNKNOWN),
        ("m.f * 1e308 * 1e10 > 0", UNKNOWN),
        ("m.s + '!' == 'żółć!' && m.e + m.e == ''", True),
        ("m.l + [4] == [1, 2, 3, 4] && m.empty + [] == []", True),
        ("m.l + m.s == m.l", UNKNOWN),
        ("m.none + 1 == 1", UNKNOWN),
    ],
    "paths": [
        ("m.d['x-y'].z[1] == 20 && m['d'].k == 1 && m.l[m.i] == 3", True),
        ("m.l[m.two] == 3 && m.l[0] == 1 && [5, 6][1] == 6", True),
        ("m.d.k.z == 1", UNKNOWN),
        ("m.l.k == 1", UNKNOWN),
        ("m.d[0] == 1", UNKNOWN),
        ("m.none.k == 1", UNKNOWN),
        ("m.l['0'] == 1", UNKNOWN),
    ],
    "has and size": [
        ("has(m.d.k) && !has(m.d.q) && has(m.none) && !has(m.q.r.s.t)", True),
        ("size(m.s) == 4 && size(m.l) == 3 && size(m.d) == 2 && size(m.e) == 0 && size([]) == 0", True),
        ("size(m.i) == 1", UNKNOWN),
        ("size(m.none) == 0", UNKNOWN),
    ],
    "macros": [
        ("m.l.all(x, x > 0) && m.l.exists(x, x == 3) && !m.l.exists(x, x > 3)", True),
        ("m.empty.all(x, false)", True),
        ("m.empty.exists(x, true)", False),
        ("m.d.all(k, size(k) > 0) && m.d.exists(k, k == 'x-y')", True),
        ("m.l.all(x, m.l.exists(y, y == x))", True),
        ("m.l.all(x, m.words.all(x2, size(x2) < x + 1))", True),
        ("m.l.all(x, x > 1 || m.q)", UNKNOWN),
        ("m.l.all(x, m.q == 1 || x > 0)", True),
        ("[1, 'a', null].exists(x, x == null)", True),
        ("[m.i, m.f].all(x, x >= 2)", True),
    ],
    "methods": [
        ("m.s.startsWith('żó') && m.s.endsWith('ć') && m.s.contains('ół') && m.s.contains('')", True),
        ("m.s.startsWith('x') || m.s.contains('x') || m.s.endsWith('x')", False),
        ("(m.s + 'x').endsWith('ćx')", True),
        ("m.s.contains(m.words[0])", False),
    ],
}
ROWS = [(name, text, wanted) for name, rows in TABLE.items() for text, wanted in rows]


@pytest.mark.parametrize(("name", "text", "wanted"), ROWS, ids=[f"{name}: {text}" for name, text, _ in ROWS])
def test_every_operator_answers_as_its_table_says(name, text, wanted) -> None:
    answer = ask(text, DOCUMENT)
    if wanted == UNKNOWN:
        assert isinstance(answer, str)
    else:
        assert answer is wanted


def test_the_order_of_evaluation_is_that_of_cel() -> None:
    for first in ("true", "false"):
        for second in ("true", "false"):
            for third in ("true", "false"):
                plain = ask(f"{first} || {second} && {third}")
                assert plain is ask(f"{first} || ({second} && {third})")
    assert ask("!m.no == m.yes", DOCUMENT) is True
    assert ask("2 - 1 - 1 == 0 && 2 * 3 - 1 == 5") is True
