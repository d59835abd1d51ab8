"""Non-negative least squares: the exact optimum, by hand cases and by its own conditions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.fitting.nnls import solve_non_negative

NUMBERS = st.floats(min_value=0, max_value=100, allow_nan=False).map(lambda number: round(number, 3))


def normal(rows: list[list[float]], wanted: list[float]) -> tuple[list[list[float]], list[float]]:
    size = len(rows[0])
    gram = [[math.fsum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    return gram, [math.fsum(row[i] * want for row, want in zip(rows, wanted, strict=True)) for i in range(size)]


@pytest.mark.parametrize(
    ("rows", "wanted", "solution"),
    [
        ([[1, 0], [0, 1]], [3, 4], (3, 4)),
        ([[1, 0], [0, 1]], [3, -4], (3, 0)),
        ([[1, 0], [0, 1]], [-3, -4], (0, 0)),
        ([[1, 1], [1, 2], [1, 3]], [1, 2, 3], (0, 1)),
        ([[1, 1], [1, 2], [1, 3]], [3, 2, 1], (2, 0)),
        ([[1, 2], [2, 4]], [1, 2], (1, 0)),
        ([[0, 1], [0, 2]], [2, 4], (0, 2)),
        ([[0.0]], [1.0], (0,)),
    ],
    ids=["plain", "one negative", "both negative", "slope", "mean", "dependent", "empty column", "nothing"],
)
def test_the_optimum_by_hand(rows, wanted, solution) -> None:
    assert solve_non_negative(*normal(rows, wanted)) == pytest.approx(solution, abs=1e-9)


def test_more_unknowns_than_are_tried_exactly_are_refused() -> None:
    with pytest.raises(ValueError, match="7 unknowns"):
        solve_non_negative([[1.0] * 7] * 7, [1.0] * 7)


def test_columns_of_very_different_size_are_both_solved() -> None:
    rows = [[1e9, 1e-3], [2e9, 5e-3], [5e8, 9e-3]]
    wanted = [2e-9 * a + 7e3 * b for a, b in rows]
    assert solve_non_negative(*normal(rows, wanted)) == pytest.approx((2e-9, 7e3), rel=1e-6)


@given(
    st.integers(1, 5).flatmap(
        lambda size: st.lists(st.lists(NUMBERS, min_size=size + 1, max_size=size + 1), min_size=1, max_size=8)
    )
)
def test_it_meets_the_conditions_of_an_optimum(lines) -> None:
    """Karush-Kuhn-Tucker: z >= 0, no way to gain where z is 0, and no slope where it is not."""
    gram, moment = normal([line[:-1] for line in lines], [line[-1] for line in lines])
    found = solve_non_negative(gram, moment)
    size = math.fsum(moment) + 1
    for at, value in enumerate(found):
        slope = moment[at] - math.fsum(g * z for g, z in zip(gram[at], found, strict=True))
        assert math.isfinite(value)
        assert value >= 0
        assert slope <= 1e-4 * size
        assert abs(slope * value) <= 1e-3 * size * max(1.0, *found)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=2, max_size=6), st.sampled_from([2.0, 4.0, 0.5]))
def test_twice_the_answer_is_twice_the_solution(lines, scale) -> None:
    gram, moment = normal([line[:-1] for line in lines], [line[-1] for line in lines])
    doubled = solve_non_negative(gram, [scale * one for one in moment])
    assert doubled == tuple(scale * one for one in solve_non_negative(gram, moment))


def test_it_agrees_with_scipy_where_that_is_installed() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    numpy = pytest.importorskip("numpy")
    made = numpy.random.default_rng(5)
    for size in range(1, 7):
        matrix = made.uniform(-1, 3, (12, size))
        wanted = made.uniform(-1, 3, 12)
        expected, _ = optimize.nnls(matrix, wanted)
        found = solve_non_negative((matrix.T @ matrix).tolist(), (matrix.T @ wanted).tolist())
        assert found == pytest.approx(expected.tolist(), rel=1e-6, abs=1e-9)
