"""Ours, asked in a process of its own so that its time is what a user waits for; and the oracles that are installed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from promise import Promise

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "areas" / "privacy"))

from privacy_oracles import Bracket, pld_epsilon, prv_bracket, rdp_epsilon

from policy_gate.areas.privacy.accounting.mechanisms import Mechanism

MAX_SECONDS = 2.0
FINE, COARSE = 1e-4, 5e-3
"""Width of dp-accounting's cells of loss."""
CONFIRMED, REFUTED, UNRESOLVED, REFUSED = "confirmed", "refuted", "not resolved", "refused"
PROVE = """\
import json, sys
from policy_gate.areas.privacy.accounting import mechanisms
from policy_gate.areas.privacy.accounting.proving import prove
from policy_gate.errors import EvidenceError
parts, delta, claim = json.loads(sys.argv[1])
try:
    found = prove([getattr(mechanisms, kind)(**fields) for kind, fields in parts], delta, claim)
    answer = {"lower": found.lower, "upper": found.upper, "method": found.method}
except EvidenceError as error:
    answer = {"refused": error.detail}
print(json.dumps({**answer, "numpy": "numpy" in sys.modules}))
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What ours answered: an interval, or why there is none; the seconds are those of the whole process."""

    lower: float
    upper: float
    words: str
    seconds: float
    used_numpy: bool

    def verdict(self, claim: float) -> str:
        """What the interval says of a claimed epsilon."""
        if not math.isfinite(self.upper):
            return REFUSED
        return CONFIRMED if claim >= self.upper else REFUTED if claim < self.lower else UNRESOLVED

    @property
    def interval(self) -> str:
        """For the table."""
        return f"{figure(self.lower)} - {figure(self.upper)}" if math.isfinite(self.upper) else self.words[:60]

    @property
    def width_percent(self) -> float:
        """How far the ends are apart, of the upper one."""
        return 100 * (1 - self.lower / self.upper)


def account(mechanisms: Sequence[Mechanism], delta: float, claim: float = 0.0) -> Account:
    """Ask ours; a claim of nothing asks for the tightest interval there is."""
    asked = json.dumps([[(type(one).__name__, asdict(one)) for one in mechanisms], delta, claim])
    started = perf_counter()
    done = subprocess.run([sys.executable, "-I", "-c", PROVE, asked], capture_output=True, text=True)
    seconds = perf_counter() - started
    if done.returncode:
        return Account(0.0, math.inf, f"crashed: {done.stderr.splitlines()[-1]}", seconds, used_numpy=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if "refused" in found:
        return Account(0.0, math.inf, found["refused"], seconds, found["numpy"])
    return Account(found["lower"], found["upper"], found["method"], seconds, found["numpy"])


@dataclass(frozen=True, slots=True)
class Oracles:
    """What public accountants answer: infinite where one refuses, None where one is not installed."""

    rdp: float | None
    pld: float | None
    prv: Bracket | None

    @property
    def cells(self) -> str:
        """For the table: RDP, PLD and the estimate of PRV."""
        prv = None if self.prv is None else self.prv.estimate
        return " ".join(f"{'-' if one is None else figure(one):>9}" for one in (self.rdp, self.pld, prv))


ORACLES_HEAD = f"{'RDP':>9} {'PLD':>9} {'PRV':>9}"


def oracles(mechanisms: Sequence[Mechanism], delta: float, *, tight: bool = True) -> Oracles:
    """Ask what is installed; without `tight`, Renyi alone, as for settings on which the others take minutes."""
    rdp = pld = prv = None
    if find_spec("dp_accounting"):
        rdp = _answer(lambda: rdp_epsilon(mechanisms, delta))
        pld = _answer(lambda: pld_epsilon(mechanisms, delta, _grid(mechanisms))) if tight else math.inf
    if find_spec("prv_accountant"):
        nothing = Bracket(0.0, math.inf, math.inf)
        prv = (_answer_of_prv(mechanisms, delta) if tight else None) or nothing
    return Oracles(rdp, pld, prv)


def _grid(mechanisms: Sequence[Mechanism]) -> float:
    """Its own choice; for several records of one unit a coarser one, since it takes a minute with its own."""
    several = any(getattr(one, "records", 1) > 1 for one in mechanisms)
    return COARSE if several else FINE


def _answer(ask: Callable[[], float]) -> float:
    try:
        return ask()
    except (ArithmeticError, IndexError, MemoryError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return math.inf  # what an oracle cannot do is no figure to hold ours against


def _answer_of_prv(mechanisms: Sequence[Mechanism], delta: float) -> Bracket | None:
    try:
        return prv_bracket(mechanisms, delta)
    except (ArithmeticError, IndexError, MemoryError, RuntimeError, TypeError, ValueError):
        return None


def enclose_one_truth(ours: Account, theirs: Oracles) -> bool:
    """Whether no oracle proves an upper bound below our lower end, and PRV's bracket meets our interval."""
    proven = [one for one in (theirs.rdp, theirs.pld) if one is not None]
    if any(one < ours.lower * (1 - 1e-9) for one in proven):
        return False
    return theirs.prv is None or (ours.lower <= theirs.prv.upper and theirs.prv.lower <= ours.upper)


def quick(accounts: Sequence[Account]) -> Promise:
    """The promise about time that every table makes."""
    slowest = max(one.seconds for one in accounts)
    found = f"at most {slowest:.2f} s"
    return Promise(f"every answer within {MAX_SECONDS:.0f} s, Python's start included", found, slowest <= MAX_SECONDS)


def figure(number: float) -> str:
    """Five digits, or fewer."""
    return f"{number:.5g}"
