"""One direction of the joint release: its certified ends, in cells that get smaller round by round."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from policy_gate.areas.privacy.accounting.cells import Cells, Window
from policy_gate.areas.privacy.accounting.convolve import compose
from policy_gate.areas.privacy.accounting.discretise import Knots, centred, rounded_down, rounded_up
from policy_gate.areas.privacy.accounting.ends import Curve
from policy_gate.areas.privacy.accounting.pairs import Part
from policy_gate.areas.privacy.accounting.saddle import (
    USUAL,
    UTMOST,
    Scheme,
    delta_about,
    scheme_about,
    scheme_for_delta,
)
from policy_gate.areas.privacy.accounting.sketch import sketch_of
from policy_gate.errors import EvidenceError, Reason

_GOAL = 2e-4
"""Relative width of the interval that cells are chosen for."""
_LEAST = 1 << 12
_MOST = (1 << 15, 1 << 18, 1 << 20, 3 << 19)
"""Knots of a window: at least, and at most in each round."""
_HOPELESS = 0.05
"""Rounds in which the ends would be this far apart are left out."""
_CHEAP_ROUNDS = 2
_BESIDE = 1e-3
_FINER = 8.0
_WIDEST = 4.0
"""A cell wider than this resolves nothing."""
_MANY_PARTS = 2
_MOST_PARTS = 64
_CURVE_GOAL = 1e-4
_CURVE_MOST = 1 << 17
_SMALLEST_EPSILON = 1e-9


class Side:
    """Mechanisms in one direction. `lower` and `upper` enclose its epsilon; the release takes those that it `gives`.

    Either may be infinite; `refusal` says why.
    """

    def __init__(self, parts: Sequence[Part], *, gives_lower: bool, gives_upper: bool) -> None:
        if len(parts) > _MOST_PARTS:
            raise EvidenceError(Reason.NOT_PROVEN, f"{len(parts)} different mechanisms; stage 2 takes {_MOST_PARTS}")
        self.gives_lower, self.gives_upper = gives_lower, gives_upper
        self.lower = -math.inf
        self.upper = (1.0 + 1e-12) * math.fsum([part.steps * part.pair.largest_loss for part in parts])
        self.refusal = ""
        self._largest_loss = self.upper
        self._parts = tuple(parts)
        self._sketch = sketch_of(parts)
        self._round = 0
        self._width = math.inf

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was computed yet."""
        return self._round == 0

    @property
    def is_costly(self) -> bool:
        """Whether the next round takes a noticeable part of a second."""
        return self._round >= _CHEAP_ROUNDS

    def can_refine(self, work: int) -> bool:
        """Whether smaller cells are within reach, and within what work is left (in knots)."""
        return self._round < len(_MOST) and _MOST[self._round] <= work

    def refine(self, delta: float, claim: float) -> int:
        """Enclose epsilon at `delta` once more, in smaller cells about what is known of it; the knots it took.

        Next to a claim, as little as possible is lost besides.
        """
        care = UTMOST if abs(claim - self.upper) <= _BESIDE * self.upper else USUAL
        if self._round and self.upper < math.inf:
            scheme = scheme_about(self._sketch, delta, max(self.upper, 0.0), care)
        else:
            scheme = scheme_for_delta(self._sketch, delta)
        self._width = self._next_width(scheme, as_small_as_possible=care is UTMOST)
        self._round += 1
        try:
            lower, upper = self._curves(scheme, self._width)
        except EvidenceError as refusal:
            # What is known already stays true.
            self.refusal, self._round = refusal.detail, len(_MOST)
            return 0
        if lower is not None:
            self.lower = max(self.lower, lower.epsilon(delta))
        self.upper = min(self.upper, upper.epsilon(delta))
        return scheme.plan(self._width).size

    def _next_width(self, scheme: Scheme, *, as_small_as_possible: bool) -> float:
        """The formula's width; from the third round on also by what was missing, for losses rougher than a cell."""
        while True:
            most = _MOST[self._round] // max(1, -(-len(self._parts) // _MANY_PARTS))
            width = scheme.width(_GOAL * max(scheme.epsilon, _SMALLEST_EPSILON), _LEAST, most)
            if self._round > 1:
                width = max(min(width, self._width / self._missing()), scheme.least_width(most))
            if self._round + 1 == len(_MOST):
                return scheme.least_width(most) if as_small_as_possible else width
            if scheme.apart(width) < _HOPELESS:
                return width
            self._round += 1

    def deltas(self, epsilon: float) -> tuple[float, float]:
        """Enclose delta at one epsilon: 0 and 1 are the ends that say nothing."""
        if epsilon >= self._largest_loss:
            return 0.0, 0.0
        scheme = scheme_about(self._sketch, delta_about(self._sketch, epsilon), epsilon)
        width = scheme.width(_CURVE_GOAL / (1.0 + scheme.theta), _LEAST, _CURVE_MOST)
        try:
            lower, upper = self._curves(scheme, width)
        except EvidenceError:  # an end that cannot be given says nothing
            return 0.0, 1.0
        return lower.delta(epsilon) if lower is not None else 0.0, upper.delta(epsilon)

    def _missing(self) -> float:
        """By how much smaller cells would have to be, when the width of the interval falls with their square."""
        apart = (self.upper - self.lower) / (_GOAL * max(self.upper, _SMALLEST_EPSILON))
        return min(max(math.sqrt(apart), _FINER), 2.0 * _FINER) if math.isfinite(apart) else _FINER

    def _curves(self, scheme: Scheme, width: float) -> tuple[Curve | None, Curve]:
        """The composed loss rounded down (None where it cannot be) and rounded up, in cells of about one width."""
        atoms = [(part.steps, part.pair.largest_atom) for part in self._parts if part.pair.largest_atom > 0.0]
        if atoms:
            # A loss with a probability of its own falls on a knot, at least where it comes most often.
            _, loss = max(atoms)
            aligned = loss / math.ceil(loss / width)
            width = aligned if aligned >= scheme.least_width(_MOST[-1]) else width
        if width > _WIDEST:
            raise EvidenceError(Reason.NOT_PROVEN, f"the privacy loss is spread over {scheme.high - scheme.low:g}")
        plan = scheme.plan(width)
        cut = [
            centred(part.pair, scheme.cells(width, at, has_atoms=part.pair.largest_atom > 0.0))
            for at, part in enumerate(self._parts)
        ]
        upper = Curve(compose(self._rounded(cut, rounded_up), plan), is_upper=True)
        try:
            return Curve(compose(self._rounded(cut, rounded_down), plan), is_upper=False), upper
        except EvidenceError as refusal:
            self.refusal = refusal.detail
            return None, upper

    def _rounded(
        self, cut: Sequence[tuple[Cells, Window]], rounded: Callable[[Cells, Window], Knots]
    ) -> list[tuple[Knots, int]]:
        return [(rounded(*cells), part.steps) for cells, part in zip(cut, self._parts, strict=True)]
