"""Published runs: the interval and the verdict on the figure that was published, beside public accountants."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from accounts import (
    CONFIRMED,
    ORACLES_HEAD,
    REFUTED,
    UNRESOLVED,
    Account,
    Oracles,
    account,
    enclose_one_truth,
    figure,
    oracles,
    quick,
)
from promise import Promise, Shared

from policy_gate.areas.privacy.accounting.mechanisms import SubsampledGaussian

ROWS = "data/privacy_dev.csv"
MAX_WIDTH_PERCENT = 0.5
HOPELESS_NOISE = 0.2
"""Below it a step costs hundreds: oracles that lay a grid over losses take minutes, or refuse."""
KNOWN = {CONFIRMED: CONFIRMED, REFUTED: REFUTED}
"""By what the file says of a published figure; the others are known to be a little under the tight estimate."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One published row, what ours says of it, and what the oracles say."""

    name: str
    claim: float
    known: str
    ours: Account
    tightest: Account
    theirs: Oracles

    @property
    def verdict(self) -> str:
        """Ours on the figure as it was published."""
        return self.ours.verdict(self.claim)


def show_published(shared: Shared) -> Iterator[Promise]:
    """Every row that is known: published figure, interval as the verdict needs it, and the tightest one."""
    path = shared.find(ROWS)
    if path is None:
        return
    head = f"{'published run':<24} {'claim':>9}  {'verdict':<12} {'interval for the verdict':<22} {'s':>5}"
    print(f"{head}  {'tightest interval':<22} {'s':>5} {ORACLES_HEAD}")
    judged = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            judged.append(_judge(row))
            print(_line(judged[-1]), flush=True)
    yield from _promises(judged)


def _judge(row: dict[str, str]) -> Judged:
    noise, delta, claim = float(row["noise_multiplier"]), float(row["delta"]), float(row["published_eps"])
    # A rate as the program that published it has it: its file gives eight digits.
    run = SubsampledGaussian(float(row["sampling_rate"]), noise, int(row["steps"]))
    theirs = oracles([run], delta, tight=noise > HOPELESS_NOISE)
    verdict = row["verdict_of_published_claim"]
    return Judged(row["id"], claim, verdict, account([run], delta, claim), account([run], delta), theirs)


def _line(one: Judged) -> str:
    plain = f"{one.name:<24} {figure(one.claim):>9}  {one.verdict:<12} {one.ours.interval:<22} {one.ours.seconds:>5.2f}"
    return f"{plain}  {one.tightest.interval:<22} {one.tightest.seconds:>5.2f} {one.theirs.cells}"


def _promises(judged: list[Judged]) -> Iterator[Promise]:
    valid = [one for one in judged if one.known == CONFIRMED]
    wrong = [one.name for one in valid if one.verdict != CONFIRMED]
    yield Promise("every valid figure is confirmed", _of(wrong, valid), not wrong)
    under = [one for one in judged if one.known == REFUTED]
    wrong = [one.name for one in under if one.verdict != REFUTED]
    yield Promise("every figure known to be under-reported is refuted", _of(wrong, under), not wrong)
    short = [one for one in judged if one.known not in KNOWN]
    wrong = [one.name for one in short if one.verdict not in (REFUTED, UNRESOLVED)]
    said = ", ".join(f"{one.name} {one.verdict}" for one in short)
    yield Promise("no figure a little under the tight estimate is confirmed", said, not wrong)
    apart = [one.name for one in judged if not enclose_one_truth(one.tightest, one.theirs)]
    yield Promise("our interval and the oracles' meet", _of(apart, judged), not apart)
    wide = [one.name for one in judged if one.tightest.lower and one.tightest.width_percent > MAX_WIDTH_PERCENT]
    open_ends = [one.name for one in judged if not one.tightest.lower]
    widest = max((one.tightest.width_percent for one in judged if one.tightest.lower), default=0.0)
    found = f"at most {widest:.3f} %; no lower end: {', '.join(open_ends) or 'none'}"
    yield Promise(f"both ends within {MAX_WIDTH_PERCENT} % where both are certified", found, not wide)
    yield quick([answer for one in judged for answer in (one.ours, one.tightest)])


def _of(wrong: list[str], judged: list[Judged]) -> str:
    named = f", not {', '.join(wrong)}" if wrong else ""
    return f"{len(judged) - len(wrong)} of {len(judged)}{named}"
