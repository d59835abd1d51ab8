"""Policy tests for a terminal: what did not hold with expected and actual, then what the cases reached of each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from policy_gate.model import Outcome, Place
from policy_gate.report.escaping import safe
from policy_gate.report.problems import render_problems
from policy_gate.tested import CaseResult, CaseState, FileResult, Miss, RuleCoverage

COLUMNS = (Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.NOT_APPLICABLE)
HEADINGS = {Outcome.NOT_APPLICABLE: "n/a"}
CELL = 9
MANY_RULES = 20
"""With more rules than this, those of which nothing is lacking are counted and not listed, unless asked for."""


def render_policy_tests(files: Sequence[FileResult], *, verbose: bool = False) -> str:
    """Render the files that could be run; what could not is told by their problems, elsewhere."""
    lines = [line for one in files if not one.problems for line in _file(one, verbose=verbose)]
    return "".join(f"{line}\n" for line in (*lines, _summary(files)))


def _file(one: FileResult, *, verbose: bool) -> Iterator[str]:
    yield safe(one.path)
    for case in one.cases:
        if case.state is not CaseState.HELD or verbose:
            yield from _case(case)
    yield ""
    yield from _table(one.rules, verbose=verbose)
    if one.findings:
        yield ""
        yield from render_problems(one.findings).splitlines()
    yield ""


def _case(case: CaseResult) -> Iterator[str]:
    yield f"  {case.state.value.upper()}  {safe(case.name)}  ({_at(case.place)})"
    if case.state is CaseState.GAP_CLOSED:
        yield "    every expectation holds: take `todo` away, so that it stays so"
    for miss in case.misses:
        yield from _miss(miss)


def _miss(miss: Miss) -> Iterator[str]:
    yield f"    {safe(miss.rule)}  expected {safe(miss.expected)}  ({_at(miss.written)})"
    yield f"    {' ' * len(safe(miss.rule))}  got      {safe(miss.actual)}"
    if miss.message:
        yield f"    {' ' * len(safe(miss.rule))}           {safe(miss.message)}"
    if miss.place.path:
        yield f"    {' ' * len(safe(miss.rule))}      --> {_at(miss.place)}"


def _at(place: Place) -> str:
    if place.line:
        return f"{safe(place.path)}:{place.line}:{place.column}"
    return f"{safe(place.path)} {safe(place.pointer)}".rstrip()


def _table(rules: Sequence[RuleCoverage], *, verbose: bool) -> Iterator[str]:
    """A line for each rule: `yes` where a case expects and gets the outcome, `NO` where one is wanted and lacking."""
    shown = [one for one in rules if verbose or len(rules) <= MANY_RULES or _is_lacking(one)]
    width = max((len(safe(one.rule)) for one in shown), default=0)
    if shown:
        headings = "".join(f"{HEADINGS.get(one, one.value):>{CELL}}" for one in COLUMNS)
        yield f"  {'':{width}}{headings}{'branches':>{CELL + 2}}"
    for one in shown:
        cells = "".join(f"{_cell(one, outcome):>{CELL}}" for outcome in COLUMNS)
        yield f"  {safe(one.rule):{width}}{cells}{_branches(one):>{CELL + 2}}"
    if len(shown) < len(rules):
        yield f"  {len(rules) - len(shown)} rules are covered; --verbose lists them"


def _is_lacking(one: RuleCoverage) -> bool:
    return bool(one.lacking) or any(branch.lacking for branch in one.branches)


def _cell(one: RuleCoverage, outcome: Outcome) -> str:
    if outcome in one.reached:
        return "yes"
    if outcome in one.lacking:
        return "NO"
    return "never" if outcome in one.cannot else "-"


def _branches(one: RuleCoverage) -> str:
    if not one.branches:
        return "-"
    lacking = sum(len(branch.lacking) for branch in one.branches)
    ways = sum(2 - len(branch.cannot) for branch in one.branches)
    return f"{ways - lacking} of {ways}"


def _summary(files: Iterable[FileResult]) -> str:
    listed = list(files)
    counts = Counter(case.state for one in listed for case in one.cases)
    lacking = sum(len(one.findings) for one in listed)
    unreadable = sum(bool(one.problems) for one in listed)
    parts = [f"{_counted(sum(counts.values()), 'case')} in {_counted(len(listed), 'file')}"]
    parts += [f"{counts[state]} {state.value}" for state in CaseState if counts[state]]
    parts += [f"{lacking} lacking in coverage"] if lacking else []
    parts += [f"{unreadable} could not be run"] if unreadable else []
    word = "PASSED" if all(one.exit_code == 0 for one in listed) else "FAILED"
    return f"{word} {', '.join(parts)}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
