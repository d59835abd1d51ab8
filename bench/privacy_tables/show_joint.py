"""Releases about one population, composed jointly, beside the plain sum of what each one claims."""

from __future__ import annotations

from collections.abc import Iterator

from accounts import CONFIRMED, Account, account, figure, oracles, quick
from promise import Promise, Shared

from policy_gate.areas.privacy.accounting.mechanisms import SubsampledGaussian

RETRAIN = SubsampledGaussian(512 / 85_000, 0.9, 6640)
DELTA, WINDOW_MAX, MOST = 1e-6, 8.0, 5
KNOWN = {3: 7.002, 4: 8.233}
"""Epsilon of three and four such releases by an oracle, measured once."""
NEAR = 0.01


def show_joint(shared: Shared) -> Iterator[Promise]:
    """One run, released up to five times within the window."""
    del shared
    print(f"{'releases':>8} {'joint':<22} {'s':>5} {'sum':>7} {'RDP':>9} {'PLD':>9} {'PRV':>9}  within {WINDOW_MAX:g}")
    alone = account([RETRAIN], DELTA)
    joint: dict[int, Account] = {}
    for count in range(1, MOST + 1):
        joint[count] = account([RETRAIN] * count, DELTA)
        theirs = oracles([RETRAIN] * count, DELTA)
        fits = "yes" if joint[count].verdict(WINDOW_MAX) == CONFIRMED else "no"
        interval, seconds, added = joint[count].interval, joint[count].seconds, figure(count * alone.upper)
        print(f"{count:>8} {interval:<22} {seconds:>5.2f} {added:>7} {theirs.cells}  {fits}", flush=True)
    three, four = joint[3], joint[4]
    words = f"{figure(three.upper)} joint, {figure(3 * alone.upper)} summed"
    held = three.upper <= WINDOW_MAX < 3 * alone.upper
    yield Promise(f"three releases fit in {WINDOW_MAX:g} where their sum would not", words, held)
    refused = four.lower > WINDOW_MAX
    yield Promise(f"a fourth certainly exceeds {WINDOW_MAX:g}", f"at least {figure(four.lower)}", refused)
    far = [f"{count}: {figure(joint[count].upper)}" for count in KNOWN if _is_far(joint[count], KNOWN[count])]
    yield Promise(f"within {NEAR:.0%} of the known figures", ", ".join(far) or "both", not far)
    ordered = all(joint[count].lower > joint[count - 1].upper for count in range(2, MOST + 1))
    yield Promise("every release more costs more", "certified" if ordered else "not certified", ordered)
    yield quick([*joint.values(), alone])


def _is_far(found: Account, known: float) -> bool:
    return abs(found.upper - known) > NEAR * known
