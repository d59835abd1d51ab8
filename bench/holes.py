"""`make show-holes`: holes seen in nearby tools, what those did, and what the gate answers; fails where it passes."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from itertools import zip_longest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent / "cases"))

from gate_cases import Answer, Case, ask, make_released
from hole import Hole
from holes_cases import HOLES

TOOL, CASE, ANSWER = 48, 40, 44


def main() -> int:
    """Print a block for each hole; 1 where an answer of ours is not what its case asks for."""
    kept = True
    _print("seen in", "case", "policy-gate")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        released = make_released(folder / "released")
        for number, hole in enumerate(HOLES):
            answers = [ask(case, released, folder / f"{number}-{n}") for n, case in enumerate(hole.cases)]
            kept &= all(answer.is_as_expected(case) for case, answer in zip(hole.cases, answers, strict=True))
            print(f"\n{hole.words.upper()}")
            _print_hole(hole, answers)
    print("\nWhat other tools did was run, or read in their code, at the versions named; ours was run now.")
    return 0 if kept else 1


def _print_hole(hole: Hole, answers: list[Answer]) -> None:
    right: list[tuple[str, str]] = []
    for case, answer in zip(hole.cases, answers, strict=True):
        cells = textwrap.wrap(case.words, CASE - 2), textwrap.wrap(_ours(case, answer), ANSWER)
        right += list(zip_longest(*cells, fillvalue=""))
    left = textwrap.wrap(f"{hole.tool}: {hole.did}", TOOL - 2)
    for tool, (what, ours) in zip_longest(left, right, fillvalue=("", "")):
        _print(tool if isinstance(tool, str) else "", what, ours)


def _ours(case: Case, answer: Answer) -> str:
    broken = "" if answer.is_as_expected(case) else " (BROKEN)"
    return f"{answer.word}{broken}: {_short(answer)}" if answer.why else f"{answer.word}{broken}"


def _short(answer: Answer) -> str:
    """Rules of one area as a range; problems without the folder that all of them would repeat."""
    if answer.problems:
        return answer.why.replace("examples/keyword-spotting/", "")
    areas: dict[str, list[int]] = {}
    for rule in sorted(answer.rules):
        area, _, number = rule.partition("-")
        areas.setdefault(area, []).append(int(number))
    return ", ".join(f"{area}-{'/'.join(_ranges(numbers))}" for area, numbers in areas.items())


def _ranges(numbers: list[int]) -> list[str]:
    """001 to 008 as one range; two in a row stay two."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        text
        for run in runs
        for text in ([f"{run[0]:03}…{run[-1]:03}"] if len(run) > 2 else [f"{one:03}" for one in run])
    ]


def _print(tool: str, case: str, ours: str) -> None:
    print(f"{tool:<{TOOL}}{case:<{CASE}}{ours}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
