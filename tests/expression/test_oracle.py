"""Google's C++ CEL as an oracle: wherever it answers true or false, we answer the same, with one listed exception."""

from __future__ import annotations

from random import Random

import pytest
from random_pairs import Writer, document

from policy_gate.expression import OPEN, ExpressionError, Unknown, comparing, parse

cel = pytest.importorskip(
    "cel_expr_python.cel", reason="the oracle has no wheel for this platform or Python", exc_type=ImportError
)
ROOTS = {"m": OPEN}
PAIRS = 100_000
DOCUMENTS_PER_EXPRESSION = 20
MANY = 1_000


@pytest.fixture(scope="module")
def oracle():
    environment = cel.NewEnv(variables={"m": cel.Type.DYN})

    def ask(text: str):
        """A function from an activation to true, false or None; None from the start where the oracle refuses."""
        try:
            program = environment.compile(text)
        except RuntimeError:
            return None

        def answer(activation):
            found = program.eval(activation)
            # An error is a text, and a text is true to Python: only the type of the answer tells.
            return found.value() if found.type() == cel.Type.BOOL else None

        return answer

    return environment, ask


def activations(environment, seed: int):
    source = Random(seed)
    documents = [document(source) for _ in range(MANY)]
    return [(one, environment.Activation({"m": one})) for one in documents]


def pairs(oracle, seed: int, count: int):
    """Random expressions beside the oracle's, each over some of the documents."""
    environment, ask = oracle
    source = Random(seed)
    known = activations(environment, seed)
    made = 0
    while made < count:
        text = Writer(source).condition(source.randint(0, 3))
        program = ask(text)
        try:
            expression = parse(text, ROOTS)
        except ExpressionError:
            expression = None
        if program is None or expression is None:
            yield text, program, expression, {}, None
            continue
        for found, activation in source.sample(known, DOCUMENTS_PER_EXPRESSION):
            made += 1
            yield text, program, expression, found, program(activation)


@pytest.mark.slow
def test_a_hundred_thousand_random_pairs_never_contradict_the_oracle(oracle) -> None:
    decided = ours_too = seen = 0
    for text, program, expression, found, theirs in pairs(oracle, seed=2026, count=PAIRS):
        if program is None or expression is None:
            continue
        seen += 1
        ours = expression.decide({"m": found})
        assert ours is True or ours is False or isinstance(ours, Unknown), text
        if theirs is None:
            continue
        decided += 1
        if not isinstance(ours, Unknown):
            ours_too += 1
            assert ours is theirs, (text, found, ours, theirs)
    assert seen >= PAIRS
    assert decided > 0.3 * seen
    assert ours_too > 0.75 * decided


@pytest.mark.slow
def test_with_the_listed_exception_switched_off_we_answer_wherever_the_oracle_does(oracle, monkeypatch) -> None:
    """Cross-type `==`, `!=` and `in` are the only reason why we say unknown where CEL knows."""
    monkeypatch.setattr(comparing, "across_types", lambda *_: False)
    for text, program, expression, found, theirs in pairs(oracle, seed=7, count=PAIRS // 4):
        if program is not None and expression is not None and theirs is not None:
            assert expression.decide({"m": found}) is theirs, (text, found)


def test_what_we_read_the_oracle_reads_too(oracle) -> None:
    """A subset: whatever we accept, CEL accepts, or refuses for the types its checker infers."""
    _, ask = oracle
    source = Random(11)
    for _ in range(2_000):
        text = Writer(source).condition(source.randint(0, 3))
        try:
            parse(text, ROOTS)
        except ExpressionError:
            continue
        if ask(text) is None:
            with pytest.raises(RuntimeError, match=r"no matching overload|cannot be the range"):
                cel.NewEnv(variables={"m": cel.Type.DYN}).compile(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("m.big * 1e308 * 1e10 > 1.0", "not a finite number"),
        ("m.nan == m.nan", "not a finite number"),
        ("!(m.nan > 4.0)", "not a finite number"),
        ("m.exact == m.rounded", "not exact as a floating-point number"),
        ("m.exact > m.rounded", "not exact as a floating-point number"),
        ("size(m.text + m.text) > 0", "over the limits of expressions"),
        ("size(m.long + m.long) > 0", "over the limits of expressions"),
        (f"m.sixty.all(a, m.sixty.all(b, {' + '.join(['a + b'] * 8)} == 0))", "too many steps"),
    ],
)
def test_beside_the_exception_only_a_limit_makes_us_say_unknown_where_cel_answers(oracle, text, reason) -> None:
    environment, ask = oracle
    found = {
        "big": 1.5,
        "nan": float("nan"),
        "exact": 2**53 + 1,
        "rounded": float(2**53),
        "text": "x" * 40_000,
        "long": [0] * 6_000,
        "sixty": [0] * 60,
    }
    answer = parse(text, ROOTS).decide({"m": found})
    assert isinstance(answer, Unknown)
    assert answer.reason == reason
    assert ask(text)(environment.Activation({"m": found})) in {True, False}
