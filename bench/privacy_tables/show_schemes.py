"""What decides besides the noise: sampling, neighbours, records per unit and microbatches of one and the same run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accounts import Account, Oracles, account, enclose_one_truth, figure, oracles, quick
from promise import Promise, Shared

from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, Mechanism, SubsampledGaussian

MNIST_RATE, MNIST_DELTA, EPOCHS = 256 / 60_000, 1e-5, 60
USERS_DELTA = 1e-6
SAMPLED = SubsampledGaussian(512 / 85_000, 0.9, 6640)


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to run, and the figure that the facts give for it: of an oracle, measured once."""

    words: str
    run: Mechanism
    delta: float
    known: float | None = None


SETTINGS = (
    Setting("60 epochs, noise 1.1: Poisson", SubsampledGaussian(MNIST_RATE, 1.1, 14062), MNIST_DELTA, 2.38),
    Setting(
        "the same, one record replaced", SubsampledGaussian(MNIST_RATE, 1.1, 14062, replaced=True), MNIST_DELTA, 4.22
    ),
    Setting("the same, batches in any order", Gaussian(1.1, EPOCHS), MNIST_DELTA, 54.05),
    Setting("any order, one record replaced", Gaussian(1.1 / 2, EPOCHS), MNIST_DELTA),
    Setting("512 of 85,000, noise 0.9: one record", SAMPLED, USERS_DELTA, 3.88),
    Setting("two records of one user", SubsampledGaussian(512 / 85_000, 0.9, 6640, 2), USERS_DELTA, 8.54),
    Setting("three records of one user", SubsampledGaussian(512 / 85_000, 0.9, 6640, 3), USERS_DELTA, 13.83),
    Setting("five records of one user", SubsampledGaussian(512 / 85_000, 0.9, 6640, 5), USERS_DELTA, 26.14),
    Setting("ten records of one user", SubsampledGaussian(512 / 85_000, 0.9, 6640, 10), USERS_DELTA, 66.42),
    Setting("microbatches of two or more", SubsampledGaussian(512 / 85_000, 0.45, 6640), USERS_DELTA, 33.5),
    Setting("delta 1.1e-5 instead of 1e-6", SAMPLED, 1.1e-5, 3.40),
)
NEAR = 0.005


def show_schemes(shared: Shared) -> Iterator[Promise]:
    """One run in every setting, beside the figure that is known of it."""
    del shared
    print(f"{'setting':<40} {'interval':<22} {'s':>5} {'known':>7} {'RDP':>9} {'PLD':>9} {'PRV':>9}")
    rows: list[tuple[Setting, Account, Oracles]] = []
    for one in SETTINGS:
        rows.append((one, account([one.run], one.delta), oracles([one.run], one.delta)))
        _, ours, theirs = rows[-1]
        known = "" if one.known is None else figure(one.known)
        print(f"{one.words:<40} {ours.interval:<22} {ours.seconds:>5.2f} {known:>7} {theirs.cells}", flush=True)
    far = [one.words for one, ours, _ in rows if one.known and abs(ours.upper - one.known) > NEAR * one.known]
    yield Promise(f"the upper end is within {NEAR:.1%} of the known figure", _named(far), not far)
    apart = [one.words for one, ours, theirs in rows if not enclose_one_truth(ours, theirs)]
    yield Promise("our interval and the oracles' meet", _named(apart), not apart)
    poisson, replaced, any_order = (ours for _, ours, _ in rows[:3])
    words = f"{figure(poisson.upper)} < {figure(replaced.lower)} < {figure(any_order.lower)}"
    ordered = poisson.upper < replaced.lower and replaced.upper < any_order.lower
    yield Promise("the intervals of Poisson, replaced and any order stand apart", words, ordered)
    yield quick([ours for _, ours, _ in rows])


def _named(wrong: list[str]) -> str:
    return f"not: {', '.join(wrong)}" if wrong else f"{len(SETTINGS)} settings"
