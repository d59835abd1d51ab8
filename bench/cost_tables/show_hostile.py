"""Hostile models of both formats: what the commands answer, in which time and memory, and that nothing crashes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from promise import GATE, Promise, Shared

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "end_to_end"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "model_graph"))

from checkout import Checkout, Finished, good_model, run_measured
from hostile_costs import ONNX, Hostile
from hostile_tflite import TFLITE

MAX_SECONDS, MAX_PEAK_MIB = 2.0, 200
ANSWERS = {"inspect": {0: "figures", 2: "refused"}, "check": {0: "allowed", 1: "blocked"}}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered to a model: in processor seconds, since other work only adds to those of a clock."""

    finished: Finished
    seconds: float
    words: str

    @property
    def is_calm(self) -> bool:
        """Whether it is an answer, and no crash."""
        return bool(self.words) and "Traceback" not in self.finished.said and "internal error" not in self.finished.said

    @property
    def cell(self) -> str:
        """For the table."""
        return f"{self.words or f'exit {self.finished.code}':<8} {self.seconds:>5.2f} {self.finished.peak_mib:>5.0f}"


def show_hostile(shared: Shared) -> Iterator[Promise]:
    """Each in a checkout of its own, shipped under its true digest."""
    del shared
    print(f"{'':<60} {'inspect':<8} {'s':>5} {'MiB':>5}   {'check':<8} {'s':>5} {'MiB':>5}")
    answers = []
    for case in (*ONNX, *TFLITE):
        both = _asked(case)
        answers += both
        print(f"{case.name:<60} {both[0].cell}   {both[1].cell}", flush=True)
    crashed = sum(not one.is_calm for one in answers)
    yield Promise("a judgement or an error, never a traceback", f"{crashed} of {len(answers)} are none", not crashed)
    slowest, largest = max(one.seconds for one in answers), max(one.finished.peak_mib for one in answers)
    yield Promise(f"within {MAX_SECONDS:.0f} s of the processor", f"at most {slowest:.2f} s", slowest <= MAX_SECONDS)
    yield Promise(f"within {MAX_PEAK_MIB} MiB", f"at most {largest:.0f} MiB", largest <= MAX_PEAK_MIB)


def _asked(case: Hostile) -> list[Answer]:
    with tempfile.TemporaryDirectory() as name:
        here = Checkout(Path(name) / "checkout")
        here.root.mkdir()
        here.ship(good_model())
        case.ship(here)
        inspected = _run(["inspect", case.path], here.root, "inspect")
        return [inspected, _run(["check", "--no-base"], here.root, "check")]


def _run(arguments: list[str], root: Path, command: str) -> Answer:
    before, started = os.times(), perf_counter()
    done = run_measured([*GATE, *arguments], root, dict(os.environ), root.parent / "peak")
    after, taken = os.times(), perf_counter() - started
    used = sum(after[2:4]) - sum(before[2:4])
    words = "warned" if done.code == 0 and "\nWARN " in done.out else ANSWERS[command].get(done.code, "")
    return Answer(done, used or taken, words)
