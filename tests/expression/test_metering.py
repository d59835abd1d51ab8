from __future__ import annotations

import pytest

from policy_gate.errors import TooMuchWorkError
from policy_gate.expression import OPEN, Meter, Unknown, parse

ROOTS = {"manifest": OPEN}
CLAIMS = {"manifest": {"list": list(range(200)), "n": 3}}
ALL = "manifest.list.all(a, manifest.list.all(b, a + b >= 0))"


@pytest.mark.parametrize("text", ["manifest.n > 2", "manifest.n > 3", "manifest.m > 3", ALL])
def test_a_metered_expression_answers_as_it_would_without(text) -> None:
    expression, meter = parse(text, ROOTS), Meter(10_000_000)
    plain, metered = expression.decide(CLAIMS), meter.decide(expression, CLAIMS)
    assert isinstance(metered, Unknown) if isinstance(plain, Unknown) else metered is plain
    assert meter.explain(expression, CLAIMS) == expression.explain(CLAIMS)


def test_many_evaluations_share_one_meter_and_none_is_free() -> None:
    meter, expression = Meter(1_000), parse("manifest.n > 2", ROOTS)
    with pytest.raises(TooMuchWorkError, match="more than 1000 steps"):
        list(meter.decide(expression, CLAIMS) for _ in range(2_000))  # noqa: C400  # each is asked, until one is too much


def test_an_empty_meter_stays_empty() -> None:
    meter, expression = Meter(10), parse(ALL, ROOTS)
    for ask in (meter.decide, meter.explain, meter.decide):
        with pytest.raises(TooMuchWorkError):
            ask(expression, CLAIMS)


def test_explaining_is_paid_for_before_it_starts() -> None:
    steps = 200 * 200 * 10
    meter, expression = Meter(steps), parse(ALL, ROOTS)
    meter.decide(expression, CLAIMS)
    with pytest.raises(TooMuchWorkError):
        meter.explain(expression, CLAIMS)
