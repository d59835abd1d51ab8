"""Pairs whose loss takes few values, or a simple law between two of them: randomized response and Laplace noise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from policy_gate.areas.privacy.accounting.cells import MOST_CELLS, UNIT, Cells, Reals, Window
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

_SKETCH = 4000


@dataclass(frozen=True, slots=True)
class AtomPair:
    """Outcomes given by loss and probability under P."""

    atoms: tuple[tuple[float, float], ...]

    @property
    def largest_atom(self) -> float:
        """The loss that a grid had best have as a knot."""
        return max(abs(loss) for loss, _ in self.atoms)

    @property
    def largest_loss(self) -> float:
        """What no outcome exceeds."""
        return self.largest_atom * (1.0 + 16.0 * UNIT)

    def sketch(self) -> tuple[Reals, Reals]:
        """Losses and log probabilities, to plan with."""
        shown = [(loss, mass) for loss, mass in self.atoms if mass > 0.0]
        return np.array([loss for loss, _ in shown]), np.log([mass for _, mass in shown])

    def cells(self, window: Window) -> Cells:
        """Every outcome is an atom, on a knot or within a cell."""
        error = 16 * UNIT
        empty = Cells(window.first, np.zeros(0), np.zeros(0), 0.0, 0.0, (), 0.0, error, self.largest_atom * error)
        return _with_atoms(empty, self.atoms, window)


@dataclass(frozen=True, slots=True)
class LaplacePair:
    """Laplace noise of scale 1 / `reach` times the sensitivity: the loss lies within +- reach, both ends are atoms.

    With noise y (in units of its scale) the loss is reach for y <= 0, reach - 2 y up to y = reach, then -reach; the
    density of y is exp(-|y|) / 2.
    """

    reach: float

    @property
    def largest_atom(self) -> float:
        """The loss that a grid had best have as a knot."""
        return self.reach

    @property
    def largest_loss(self) -> float:
        """What no outcome exceeds."""
        return self.reach * (1.0 + 16.0 * UNIT)

    def sketch(self) -> tuple[Reals, Reals]:
        """Losses and log probabilities, to plan with."""
        noise = (np.arange(_SKETCH) + 0.5) * (self.reach / _SKETCH)
        losses = np.concatenate([self.reach - 2.0 * noise, [self.reach, -self.reach]])
        log_masses = math.log(0.5 * self.reach / _SKETCH) - noise
        return losses, np.concatenate([log_masses, [math.log(0.5), math.log(0.5) - self.reach]])

    def cells(self, window: Window) -> Cells:
        """Exact masses: exp(-y) is integrated in closed form, and q / p = exp(-(low + high) / 2) in each cell."""
        width, reach = window.width, self.reach
        first = max(window.first, math.floor(window.place(-reach)))
        last = min(window.last, math.ceil(window.place(reach)))
        if last - first > MOST_CELLS:
            raise EvidenceError(Reason.NOT_PROVEN, f"a Laplace loss of {reach:g} in cells of {width:g} is too large")
        knots = window.knots(first, last)
        ends = np.clip(knots, -reach, reach)
        low, high = ends[:-1], ends[1:]
        mass = 0.5 * np.exp(-0.5 * (reach - high)) * -np.expm1(-0.5 * (high - low))
        rise = np.clip(np.expm1(knots[:-1] - 0.5 * (low + high)) / math.expm1(-width), 0.0, 1.0)
        atoms = ((reach, 0.5), (-reach, 0.5 * math.exp(-reach)))
        below = 0.5 * (math.exp(-0.5 * (reach - float(ends[0]))) - math.exp(-reach))
        above = -0.5 * math.expm1(-0.5 * (reach - float(ends[-1])))
        error = (16.0 + 4.0 * reach) * UNIT
        # A difference of knots is right to one unit of a knot, not of the cell.
        narrow = 2.0 * reach * UNIT / min(width, 1.0)
        between = Cells(first, mass, rise, below, above, (), 0.0, error + narrow, error)
        return _with_atoms(between, atoms, window)


def _with_atoms(cells: Cells, atoms: tuple[tuple[float, float], ...], window: Window) -> Cells:
    """Add outcomes with a probability of their own: apart where they are on a knot, else to their cells."""
    places = [(_place(loss, window), (loss, mass)) for loss, mass in atoms if mass > 0.0]
    within = [(math.floor(place), outcome) for place, outcome in places if place != math.floor(place)]
    on_knots = tuple((int(place), mass) for place, (_, mass) in places if place == math.floor(place))
    if not within:
        return replace(cells, atoms=on_knots)
    first = min(at for at, _ in within)
    last = max(at for at, _ in within) + 1
    if len(cells.mass):
        first, last = min(first, cells.first), max(last, cells.first + len(cells.mass))
    if last - first > MOST_CELLS:
        raise EvidenceError(Reason.NOT_PROVEN, f"one step's loss needs {last - first} cells of {window.width:g}")
    mass, risen = np.zeros(last - first), np.zeros(last - first)
    shift = cells.first - first
    if len(cells.mass):
        mass[shift : shift + len(cells.mass)] = cells.mass
        risen[shift : shift + len(cells.mass)] = cells.mass * cells.rise
    for at, outcome in within:
        beyond = outcome[0] - (window.offset + at * window.width)
        mass[at - first] += outcome[1]
        risen[at - first] += outcome[1] * math.expm1(-beyond) / math.expm1(-window.width)
    rise = np.divide(risen, mass, out=np.zeros_like(mass), where=mass > 0.0)
    return replace(cells, first=first, mass=mass, rise=np.clip(rise, 0.0, 1.0), atoms=on_knots)


def _place(loss: float, window: Window) -> float:
    """Where a loss stands, counted in knots: a whole number where its own rounding cannot tell it from a knot."""
    place = window.place(loss)
    nearest = round(place)
    room = 8 * UNIT * (abs(loss) + abs(window.offset))
    return float(nearest) if abs(loss - window.offset - nearest * window.width) <= room else place
