"""The forms of the latency model, and their mean: several small models fitted to the same rows, none of them chosen.

With each family left out in turn, their mean was off by 10.5 %, each form alone by 10.8 to 12.6 %, and the one chosen
by its error on the other families by 12.3 % (97 rows of six profiles). Since all are linear in the same features, their
mean is one set of coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from policy_gate.areas.cost.device import Coefficients
from policy_gate.areas.cost.fitting.nnls import solve_non_negative
from policy_gate.areas.cost.fitting.rows import Row, counts
from policy_gate.frozen import dataclass

NS_PER_MS = 1e6
COLUMNS = 6
"""Columns of a row: MACs without depthwise, depthwise MACs, activation bytes, weight bytes, operators, and 1."""

Term = tuple[int, ...]
MACS: Term = (1, 1, 0, 0, 0, 0)
MORE_FOR_DEPTHWISE: Term = (0, 1, 0, 0, 0, 0)
"""What a depthwise MAC takes beyond another: it is reused less, so it never takes less."""
BYTES: Term = (0, 0, 1, 1, 0, 0)
ACTIVATIONS: Term = (0, 0, 1, 0, 0, 0)
WEIGHTS: Term = (0, 0, 0, 1, 0, 0)
OPERATORS: Term = (0, 0, 0, 0, 1, 0)
FIXED: Term = (0, 0, 0, 0, 0, 1)
DEPTHWISE_RATIO = 4.0
"""How much longer a depthwise MAC is expected to take: the second form found 2.2, 3.5, 4.5 and 4.4 times on CPUs."""
RATIO_WEIGHT = 0.3
"""How much the expected ratio weighs beside what the rows say of depthwise MACs. In most tables these go hand in hand
with activation bytes, and rows alone cannot part the two. With two families left out the mean error is 11.6 % with it
and 12.1 % without; ratios of 3 to 5 and weights of 0.1 to 1 differ by 0.3 points."""
FORMS: tuple[tuple[Term, ...], ...] = (
    (MACS, BYTES),
    (MACS, MORE_FOR_DEPTHWISE, ACTIVATIONS, WEIGHTS),
    (MACS, MORE_FOR_DEPTHWISE, ACTIVATIONS, OPERATORS),
    (MACS, ACTIVATIONS, WEIGHTS, OPERATORS),
    (MACS, MORE_FOR_DEPTHWISE, ACTIVATIONS, WEIGHTS, OPERATORS),
    (MACS, MORE_FOR_DEPTHWISE, ACTIVATIONS, WEIGHTS, FIXED),
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a fit needs of some rows: how many, A'A and A'1 of their columns divided by the latency, weighted."""

    rows: int
    gram: tuple[tuple[float, ...], ...]
    moment: tuple[float, ...]


def columns(row: Row) -> tuple[float, ...]:
    """The columns of a row, in the order of `COLUMNS`."""
    return (*map(float, counts(row.features)), 1.0)


def sums_of(rows: Sequence[Row], *, weight: float = 1.0, scale: float = 1.0) -> Sums:
    """Sum up the rows of one family, whose weights together are `weight` and whose latencies are taken x `scale`.

    Divided by its latency a row asks for the answer 1, which makes squares of relative errors of them.
    """
    each = weight / len(rows)
    shares = [[one / (row.latency_ms * NS_PER_MS * scale) for one in columns(row)] for row in rows]
    # math.fsum is exact: neither the order of the rows nor the version of Python changes a digit.
    return Sums(
        len(rows),
        tuple(
            tuple(math.fsum(each * share[left] * share[right] for share in shares) for right in range(COLUMNS))
            for left in range(COLUMNS)
        ),
        tuple(math.fsum(each * share[column] for share in shares) for column in range(COLUMNS)),
    )


def added(parts: Iterable[Sums]) -> Sums:
    """Add up the sums of several families."""
    listed = list(parts)
    return Sums(
        sum(one.rows for one in listed),
        tuple(
            tuple(math.fsum(one.gram[left][right] for one in listed) for right in range(COLUMNS))
            for left in range(COLUMNS)
        ),
        tuple(math.fsum(one.moment[column] for one in listed) for column in range(COLUMNS)),
    )


def fit_forms(total: Sums) -> Coefficients:
    """Fit every form that has fewer coefficients than there are rows, the first one in any case; return their mean."""
    usable = [form for at, form in enumerate(FORMS) if at == 0 or len(form) < total.rows]
    fitted = [_fit(total, form) for form in usable]
    return coefficients([math.fsum(one[column] for one in fitted) / len(fitted) for column in range(COLUMNS)])


def fit_naive(total: Sums) -> float:
    """Nanoseconds a MAC when nothing else is looked at: MACs divided by a throughput."""
    return _fit(total, (MACS,))[0]


def coefficients(rates: Sequence[float]) -> Coefficients:
    """Name the rates of the columns, which are in nanoseconds."""
    conv, depthwise, activation, weight, operator, fixed = rates
    return Coefficients(
        ns_per_conv_mac=conv,
        ns_per_depthwise_mac=depthwise,
        ns_per_activation_byte=activation,
        ns_per_weight_byte=weight,
        ns_per_operator=operator,
        fixed_ns=fixed,
    )


def rates_of(rates: Coefficients) -> tuple[float, ...]:
    """The rates in the order of the columns."""
    return (
        rates.ns_per_conv_mac,
        rates.ns_per_depthwise_mac,
        rates.ns_per_activation_byte,
        rates.ns_per_weight_byte,
        rates.ns_per_operator,
        rates.fixed_ns,
    )


def predicted_ms(rates: Coefficients, row: Row) -> float:
    """Milliseconds of a row's model by these rates."""
    return math.fsum(rate * one for rate, one in zip(rates_of(rates), columns(row), strict=True)) / NS_PER_MS


def _fit(total: Sums, form: Sequence[Term]) -> list[float]:
    """Least squares of one form, as rates of the columns: each term spreads its value over its columns."""
    gram = [
        [
            math.fsum(a * b * total.gram[i][j] for i, a in enumerate(left) for j, b in enumerate(right) if a and b)
            for right in form
        ]
        for left in form
    ]
    _expect_ratio(gram, form, RATIO_WEIGHT * total.gram[1][1])
    moment = [math.fsum(a * total.moment[i] for i, a in enumerate(term) if a) for term in form]
    solved = solve_non_negative(gram, moment)
    return [
        math.fsum(value * term[column] for value, term in zip(solved, form, strict=True)) for column in range(COLUMNS)
    ]


def _expect_ratio(gram: list[list[float]], form: Sequence[Term], weight: float) -> None:
    """Add what stands for: weight x (more for a depthwise MAC - (ratio - 1) x what a MAC takes), squared."""
    if MORE_FOR_DEPTHWISE not in form:
        return
    mac, more = form.index(MACS), form.index(MORE_FOR_DEPTHWISE)
    expected = DEPTHWISE_RATIO - 1
    gram[mac][mac] += weight * expected**2
    gram[more][more] += weight
    gram[mac][more] -= weight * expected
    gram[more][mac] -= weight * expected
