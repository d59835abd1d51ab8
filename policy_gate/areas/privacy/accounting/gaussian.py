"""The Gaussian mechanism without sampling: its exact privacy curve, solved for epsilon with both ends certified.

Method: Balle & Wang, "Improving the Gaussian Mechanism for Differential Privacy" (2018), theorem 8, written in
a = epsilon/mu - mu/2, so that nothing cancels however large mu is.
"""

from __future__ import annotations

from policy_gate.areas.privacy.accounting.tails import mills_ratio, normal_density, upper_tail

_HIGHEST_A = 38.0
"""The upper tail at 38 is below 1e-314: no delta that a double holds needs more."""
_HALVINGS = 100
_ULPS = 2.0**-48


def gaussian_epsilon(mu: float, delta: float) -> tuple[float, float]:
    """Enclose epsilon of a Gaussian mechanism with sensitivity over noise `mu`; both ends agree to about 1e-12."""
    low = high = -0.5 * mu
    if _delta_bounds(low, mu)[1] > delta:
        high = _solve(mu, delta, certified_above=True)
    if _delta_bounds(low, mu)[0] > delta:
        low = _solve(mu, delta, certified_above=False)
    lower, upper = (mu * (a + 0.5 * mu) for a in (low, high))
    return max(0.0, lower * (1.0 - _ULPS)), max(0.0, upper * (1.0 + _ULPS))


def _solve(mu: float, delta: float, *, certified_above: bool) -> float:
    """Find a with delta(a) certainly at most delta (from above), or certainly more than it (from below)."""
    low, high = -0.5 * mu, _HIGHEST_A
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        smallest, largest = _delta_bounds(middle, mu)
        exceeds = largest > delta if certified_above else smallest > delta
        low, high = (middle, high) if exceeds else (low, middle)
    return high if certified_above else low


def _delta_bounds(a: float, mu: float) -> tuple[float, float]:
    """Enclose delta at a = epsilon/mu - mu/2: Q(a) - density(a) * Mills(a + mu)."""
    tail = upper_tail(a)
    exact = tail - normal_density(a) * mills_ratio(a + mu)
    room = tail * (max(a, 0.0) ** 2 + 4.0) * _ULPS
    return exact - room, exact + room
