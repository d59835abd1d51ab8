"""From cells of loss to masses on the knots alone: once so that delta can only rise, once so that it can only fall.

One step's curve is D(z) = E_P[(1 - z exp(-L))_+] with z = exp(epsilon). Composition only ever averages it: with another
step's outcomes (R, loss l), D_both(z) = sum over R of r D(z exp(-l)). So a curve that lies above (below) D for every
z >= 0 can replace it in any composition, step after step, and the result stays above (below). It need not be
normalised.

Above: *connect the dots* (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, "Connect the Dots: Tighter Discrete
Approximations of Privacy Loss Distributions" (2022)). D is convex, so its chords between knots lie above it: each
cell's mass is split between its two knots so that the masses under P and under Q are both kept.

Below: every cell becomes one outcome (a post-processing), whose curve touches D at each knot z_i = exp(x_i) and has its
corners at each cell's zeta_i = p_i / q_i. The chords lie above that curve by at most
G_i = q_i lambda_i (1 - lambda_i) (z_{i+1} - z_i), at zeta_i = (1 - lambda_i) z_i + lambda_i z_{i+1}. Lower the curve by
c_i >= 0 at each knot so that (1 - lambda_i) c_i + lambda_i c_{i+1} >= G_i, and its chords pass below. Cell i asks for
c_i and c_{i+1} in the proportion p_{i-1} : p_{i+1}, for where the density falls steeply the heavier side can bear it;
each knot takes the larger of its two demands. Lowering takes the second difference of c from the masses under Q. A knot
whose mass it makes negative is taken out, its mass (under P and Q) given to its two neighbours: the chord over a
concave corner lies below it. At the top the curve must end at 0: the last cell is lowered at its lower knot alone, by
G_{n-1} / (1 - lambda_{n-1}). Below the first knot the curve becomes the line to its value at z = 0, which lies below
D's tangent in z_0. All this costs width^2 times a share of the density, never width.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np

from policy_gate.areas.privacy.accounting.cells import MOST_CELLS, UNIT, Cells, Reals, Window
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

_MOST_CORNERS = 50_000
_TOP = 1e-12
_CROWD = 0.5
_MOVES = 3
_ROUNDING = 32.0 * UNIT
"""Of the sum of all that a mass was computed from: taken off, so that what is left is below the exact one."""


class CanCut(Protocol):
    """A pair that can cut its loss into cells."""

    def cells(self, window: Window) -> Cells:
        """Cut the loss of one step at the window's knots."""


@dataclass(frozen=True, slots=True)
class Knots:
    """Masses under P at the losses offset + (first + i) * width, and `certain` at infinite loss.

    What bounds one step is delta of these masses, times 1 +- mass_error, at epsilon -+ loss_error.
    """

    offset: float
    first: int
    mass: Reals
    certain: float
    mass_error: float
    loss_error: float


def centred(pair: CanCut, window: Window) -> tuple[Cells, Window]:
    """The cells of a step, moved so that a crowd of outcomes narrower than a cell has its mean on a knot.

    Losses of most steps that sample few of the records lie close together. On a knot they are one outcome; beside it,
    lowering the curve there would cost more than the tail can bear.
    """
    cells = pair.cells(window)
    for _ in range(_MOVES):
        if len(cells.mass) < 2:
            break
        both = cells.mass[:-1] + cells.mass[1:]
        at = int(np.argmax(both))
        if both[at] < _CROWD:
            break
        above = cells.mass[at + 1] * cells.rise[at + 1] * -math.expm1(-window.width)
        below = cells.mass[at] * (1.0 - cells.rise[at]) * math.expm1(window.width)
        moved = window.offset - math.log1p(-float(above - below) / float(both[at]))
        window = replace(window, offset=math.remainder(moved, window.width))
        cells = pair.cells(window)
    return cells, window


def rounded_up(cells: Cells, window: Window) -> Knots:
    """Masses whose curve lies above the step's own, with every cell's two masses split between its knots."""
    first, mass = _room_for(cells, window)
    count, shift = len(cells.mass), cells.first - first
    risen = cells.mass * cells.rise
    if count:
        mass[shift + 1 : shift + count + 1] += risen
        mass[shift : shift + count] += cells.mass - risen
        mass[shift] += cells.below
    for at, probability in cells.atoms:
        mass[at - first] += probability
    return Knots(
        window.offset,
        first,
        mass,
        cells.above + cells.certain,
        cells.mass_error + 8 * UNIT,
        cells.loss_error + 4 * UNIT * window.width,
    )


def rounded_down(cells: Cells, window: Window) -> Knots:
    """Masses whose curve lies below the step's own. Raises EvidenceError where the cells are too coarse for one."""
    first, mass = _room_for(cells, window)
    if len(cells.mass):
        shift = cells.first - first
        lowered = _lowered(cells.mass, cells.rise, cells.above, window.width)
        mass[shift : shift + len(lowered)] += lowered
    for at, probability in cells.atoms:
        mass[at - first] += probability
    return Knots(
        window.offset, first, mass, 0.0, cells.mass_error + 8 * UNIT, cells.loss_error + 4 * UNIT * window.width
    )


def _room_for(cells: Cells, window: Window) -> tuple[int, Reals]:
    """The lowest knot, and a zero for every knot that the cells and the atoms need."""
    places = [at for at, _ in cells.atoms]
    first = min([cells.first, *places] if len(cells.mass) else places)
    last = max([cells.first + len(cells.mass), *places] if len(cells.mass) else places)
    if last - first > MOST_CELLS:
        raise EvidenceError(Reason.NOT_PROVEN, f"one step's loss needs {last - first} cells of {window.width:g}")
    return first, np.zeros(last - first + 3)


def _lowered(mass: Reals, rise: Reals, above: float, width: float) -> Reals:
    """Masses below the curve of the cells; `above` counts as the loss of the last knot that is kept."""
    kept, top = _without_steep_top(mass, rise, above)
    p, f = mass[:kept], rise[:kept]
    growth, decay = math.expm1(width), math.exp(-width)
    # z_i q lambda and z_i q (1 - lambda), from z_i q = p (1 - f (1 - decay)): G_i is in units of probability under P.
    lifted = p * f * decay
    resting = np.maximum(p * (1.0 + math.expm1(-width) * f) - lifted, 0.0)
    lowering = _lowering(p, lifted, resting) * (growth * (1.0 + _ROUNDING))
    chords = np.zeros(kept + 1)
    chords[1:] = p * f
    chords[:-1] += p * (1.0 - f)
    chords[-1] += top
    taken = np.zeros(kept + 1)
    slopes = np.diff(lowering) / growth
    taken[:-1] = slopes
    taken[1:] -= slopes / decay
    taken[0] -= lowering[0]
    parts = chords + np.abs(taken) + 2.0 * lowering / growth
    return _without_concave_corners(chords - taken - _ROUNDING * parts, width)


def _lowering(p: Reals, lifted: Reals, resting: Reals) -> Reals:
    """The demands c of all cells at their knots, in units of exp(width) - 1; see the module."""
    before, after = np.append(0.0, p[:-1]), np.append(p[1:], 0.0)
    heavier = np.maximum(before, after)
    # In proportions, so that no product of two tiny masses vanishes.
    left = np.divide(before, heavier, out=np.ones_like(p), where=heavier > 0.0)
    right = np.divide(after, heavier, out=np.zeros_like(p), where=heavier > 0.0)
    sides = left * resting + right * lifted
    share = np.divide(resting, sides, out=np.zeros_like(p), where=sides > 0.0)
    demands = np.append(lifted * (left * share), 0.0)
    demands[len(p) - 1] = lifted[-1]
    demands[1:-1] = np.maximum(demands[1:-1], (lifted * (right * share))[:-1])
    return demands


def _without_steep_top(mass: Reals, rise: Reals, above: float) -> tuple[int, float]:
    """How many cells to keep so that the last knot's mass stays positive, and the mass that is moved down to it.

    There, c takes at most the last cell's own rise, or a quarter of the cell before it, and rounding a little.
    """
    beyond = above + np.concatenate([np.cumsum(mass[::-1])[::-1][1:], [0.0]])
    before = np.concatenate([[0.0], mass[:-1]])
    good = np.flatnonzero((beyond + mass * rise >= 0.25 * before) & (beyond > 0.0) & (beyond >= _TOP * (mass + before)))
    if not len(good):
        raise EvidenceError(Reason.NOT_PROVEN, "the cells of one step's loss are too coarse for a lower end")
    kept = int(good[-1]) + 1
    return kept, float(beyond[kept - 1])


def _without_concave_corners(mass: Reals, width: float) -> Reals:
    """Take out the knots of negative mass, each into its two neighbours."""
    count = len(mass)
    waiting = [int(at) for at in np.flatnonzero(mass < 0.0)]
    left = np.arange(-1, count - 1)
    right = np.arange(1, count + 1)
    done = 0
    while waiting:
        at = waiting.pop()
        if mass[at] >= 0.0:
            continue
        done += 1
        before, after = int(left[at]), int(right[at])
        if after >= count or done > _MOST_CORNERS:
            raise EvidenceError(Reason.NOT_PROVEN, "the cells of one step's loss are too coarse for a lower end")
        value = float(mass[at]) * (1.0 + _ROUNDING)
        # Without a left neighbour the line from z = 0 is the chord: the mass under P goes up as a whole.
        share = 1.0 if before < 0 else math.expm1(-(at - before) * width) / math.expm1(-(after - before) * width)
        mass[at] = 0.0
        mass[after] += value * share
        left[after] = before
        if before >= 0:
            mass[before] += value * (1.0 - share)
            right[before] = after
        waiting.extend(one for one in (before, after) if one >= 0 and mass[one] < 0.0)
    return mass
