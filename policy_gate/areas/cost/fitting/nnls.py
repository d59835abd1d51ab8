"""Non-negative least squares for a handful of unknowns, solved exactly by trying every set of positive ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

MAX_UNKNOWNS = 6
LEAST_PIVOT = 1e-10
"""Below this share of its column's length a column is a sum of others, and stands for nothing of its own."""
CLEARLY_BETTER = 1 + 1e-9
"""A larger set of unknowns has to fit better by more than rounding."""

Matrix = Sequence[Sequence[float]]
Vector = Sequence[float]


def solve_non_negative(gram: Matrix, moment: Vector) -> tuple[float, ...]:
    """Minimise |A z - y| over z >= 0, given gram = A'A and moment = A'y.

    Where the best z is positive it solves the normal equations of those columns alone (Karush-Kuhn-Tucker), so with
    at most six unknowns the at most 63 sets of columns are all tried; among those without a negative value the one
    that explains most, moment . z, is the best. No iteration, hence no tolerance that could differ by platform.
    Columns are scaled to length one first. All zero when no column is of use.
    """
    size = len(moment)
    if size > MAX_UNKNOWNS:
        raise ValueError(f"{size} unknowns, at most {MAX_UNKNOWNS} are solved")
    lengths = [math.sqrt(gram[at][at]) for at in range(size)]
    useful = [at for at in range(size) if lengths[at] > 0]
    best, explained = (0.0,) * size, 0.0
    for count in range(1, len(useful) + 1):
        for chosen in combinations(useful, count):
            found = _solve(gram, moment, lengths, chosen)
            if not found or min(found) < 0:
                continue
            here = math.fsum(value * moment[at] / lengths[at] for value, at in zip(found, chosen, strict=True))
            if here > explained * CLEARLY_BETTER:
                explained = here
                values = dict(zip(chosen, found, strict=True))
                best = tuple(values[at] / lengths[at] if at in values else 0.0 for at in range(size))
    return best


def _solve(gram: Matrix, moment: Vector, lengths: Vector, chosen: Sequence[int]) -> tuple[float, ...]:
    """Solve the scaled normal equations of some columns by elimination with pivots; () when they are dependent."""
    rows = [
        [*(gram[row][column] / (lengths[row] * lengths[column]) for column in chosen), moment[row] / lengths[row]]
        for row in chosen
    ]
    size = len(chosen)
    for step in range(size):
        pivot = max(range(step, size), key=lambda row: (abs(rows[row][step]), -row))
        if abs(rows[pivot][step]) < LEAST_PIVOT:
            return ()
        rows[step], rows[pivot] = rows[pivot], rows[step]
        for row in range(step + 1, size):
            factor = rows[row][step] / rows[step][step]
            rows[row] = [left - factor * right for left, right in zip(rows[row], rows[step], strict=True)]
    values = [0.0] * size
    for row in reversed(range(size)):
        known = math.fsum(rows[row][column] * values[column] for column in range(row + 1, size))
        values[row] = (rows[row][size] - known) / rows[row][row]
    return tuple(values)
