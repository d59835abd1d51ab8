"""Plans a composition: the tilt, the window and the width of a cell.

Nothing here is certified and nothing needs to be: a bad plan makes wide ends, never wrong ones.
"""

from __future__ import annotations

import math

from policy_gate.areas.privacy.accounting.cells import Window
from policy_gate.areas.privacy.accounting.convolve import Plan
from policy_gate.areas.privacy.accounting.sketch import Moments, Sketch, log_delta
from policy_gate.frozen import dataclass

_TINIEST = 1e-300
_IGNORED = 1e-10
"""Share of the tilted law whose lowest losses need no cells."""
_TILTS = (0.85, 0.7, 0.55, 0.4, 0.25)
_NOISE_OF_A_STEP = 4e-14


@dataclass(frozen=True, slots=True)
class Care:
    """What may be lost: of delta outside the window (`strays`), to infinite losses (`cut`) and to rounding (`noise`).

    A loss `far` beyond epsilon is as good as infinite: exp(-far) of its share of delta is lost.
    """

    strays: float
    cut: float
    noise: float
    far: float


USUAL = Care(1e-6, 1e-7, 1e-4, 10.0)
UTMOST = Care(1e-10, 1e-10, 1e-8, 22.0)


@dataclass(frozen=True, slots=True)
class Scheme:
    """Tilt and window about one epsilon in one direction; the width of a cell is still open.

    `usual` and `lowest` hold, for each part, its median loss and one below which nothing counts; `extent` is the
    largest range of losses that one part cuts into cells.
    """

    theta: float
    epsilon: float
    low: float
    high: float
    t_below: float
    t_above: float
    tail: float
    steps: int
    usual: tuple[float, ...]
    lowest: tuple[float, ...]
    extent: float
    far: float

    def width(self, goal: float, smallest: int, largest: int) -> float:
        """Width of a cell so that the two ends of epsilon differ by about `goal`, on `smallest` to `largest` knots.

        Rounding up and rounding down differ by about width^2 / 2 in each step's variance, hence by
        steps theta (theta + 1) width^2 / 4 in the log moment.
        """
        span = self.high - self.low
        width = math.sqrt(4.0 * goal / (self.steps * (1.0 + self.theta)))
        return max(min(width, span / smallest), self.least_width(largest))

    def least_width(self, largest: int) -> float:
        """The width below which the window, or the loss of one step, takes more than `largest` knots."""
        return max(self.high - self.low, 1.5 * self.extent) / (largest - 8)

    def apart(self, width: float) -> float:
        """By how much, relative to epsilon, the two ends may differ in cells of this width."""
        return 0.25 * self.steps * (1.0 + self.theta) * width * width / max(self.epsilon, _TINIEST)

    def plan(self, width: float) -> Plan:
        """The transform that holds the window in cells of this width."""
        return Plan(
            self.theta,
            width,
            _transform_size((self.high - self.low) / width + 4.0),
            0.5 * (self.low + self.high),
            self.epsilon,
            self.t_above,
            self.t_below,
        )

    def cells(self, width: float, part: int, *, has_atoms: bool) -> Window:
        """What of one part's loss is worth cutting into cells; the usual loss, or that of no atom's, is on a knot."""
        offset = 0.0 if has_atoms else math.remainder(self.usual[part], width)
        last = math.ceil((self.epsilon + self.far) / width)
        return Window(width, offset, math.floor(self.lowest[part] / width) - 1, last, self.tail)


def _transform_size(least: float) -> int:
    """A size with fast transforms: a power of two, or three quarters of one."""
    size = 1 << math.ceil(math.log2(least))
    return size if size < 8 or 0.75 * size < least else 3 * (size >> 2)


def scheme_for_delta(sketch: Sketch, delta: float) -> Scheme:
    """A first scheme, from the saddle-point estimate of epsilon."""
    seen = sketch.without(tail=_tail(sketch, delta, USUAL))
    theta = seen.tilt_for_delta(delta)
    return _scheme(seen, theta, max(seen.moments(theta).mean, 0.0), delta)


def scheme_about(sketch: Sketch, delta: float, epsilon: float, care: Care = USUAL) -> Scheme:
    """A scheme for a known epsilon, at which delta is about the one given; the tilt with the smallest window.

    A lower tilt than that of the saddle point has fewer of the largest losses, hence a smaller window. It costs the
    rounding errors a factor exp(K(theta) - theta epsilon) over the saddle point's.
    """
    seen = sketch.without(tail=_tail(sketch, delta, care), beyond=epsilon + care.far)
    best = seen.tilt_for_epsilon(epsilon)
    found = _scheme(seen, best, epsilon, delta, care)
    for theta in [best * factor for factor in _TILTS]:
        noise = seen.steps * _NOISE_OF_A_STEP * math.exp(min(_log_excess(seen, theta, epsilon, delta), 50.0))
        if noise > care.noise:
            break
        found = min(found, _scheme(seen, theta, epsilon, delta, care), key=lambda one: one.high - one.low)
    return found


def delta_about(sketch: Sketch, epsilon: float) -> float:
    """About delta at an epsilon."""
    theta = sketch.tilt_for_epsilon(epsilon)
    at = sketch.moments(theta)
    return math.exp(min(max(log_delta(theta, Moments(at.log, epsilon, at.variance)), -600.0), 0.0))


def _tail(sketch: Sketch, delta: float, care: Care) -> float:
    return max(delta * care.cut / sketch.steps, _TINIEST)


def _log_excess(sketch: Sketch, theta: float, epsilon: float, delta: float) -> float:
    """By how much the weight of one outcome at epsilon in the tilted law is above delta, in logarithms."""
    return sketch.moments(theta).log - theta * epsilon - math.log1p(theta) - math.log(delta)


def _scheme(sketch: Sketch, theta: float, epsilon: float, delta: float, care: Care = USUAL) -> Scheme:
    """Lay the window so that Chernoff's bounds leave out no more than a share of delta on either side."""
    here = sketch.moments(theta)
    spread = math.sqrt(max(here.variance, _TINIEST))
    tolerance = max(_log_excess(sketch, theta, epsilon, delta), 0.0) - math.log(care.strays)
    base = math.sqrt(2.0 * tolerance) / spread
    tries = [base * 2.0 ** (0.5 * power) for power in range(-8, 5)]
    above = min(((sketch.moments(theta + t).log - here.log + tolerance) / t, t) for t in tries)
    below = max(((here.log - sketch.moments(theta - t).log - tolerance) / t, t) for t in tries)
    lowest = sketch.lowest(theta, _IGNORED)
    # One outcome alone still needs a window.
    room = 1e-9 * (abs(above[0]) + abs(below[0]) + 1e-9)
    return Scheme(
        theta,
        epsilon,
        below[0] - room,
        above[0] + room,
        below[1],
        above[1],
        _tail(sketch, delta, care),
        sketch.steps,
        tuple(sketch.medians(theta)),
        tuple(lowest),
        max(high - low for high, low in zip(sketch.highest(), lowest, strict=True)),
        care.far,
    )
