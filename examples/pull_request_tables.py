"""Prints what each push writes on a pull request, or what each fault of GitHub leads to, on a GitHub on loopback."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
for room in (".", "model_graph", "end_to_end", "github_simulator", "runner", "end_to_end/actions"):
    sys.path.append(str(TESTS / room))

from faults_of_github import FAULTS, PLACES, Outcome, Place, Stage, set_stage, strike  # noqa: E402  # the tests hold them
from github_calls import templates  # noqa: E402
from github_description import ABSENT, Description, find_description  # noqa: E402
from github_server import running  # noqa: E402
from story_of_pushes import tell  # noqa: E402


def main() -> int:
    """Print one table; 0 when every line of it is as it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", choices=("pushes", "faults"))
    place = find_description()
    description = Description.load(place, templates()) if place is not None else None
    print("Every request and answer is held against GitHub's own description." if description else ABSENT, end="\n\n")
    return print_pushes(description) if parser.parse_args().table == "pushes" else print_faults(description)


def print_pushes(description: Description | None) -> int:
    """One line a run: what was pushed, the verdict, what was written, and what stands there now."""
    print(f"{'run':<48} {'exit':<5} {'comments':<9} {'reviews':<8} {'check runs':<11} written\n")
    kept = True
    with tempfile.TemporaryDirectory() as folder, running(description) as hub:
        for told in tell(Path(folder), hub, check_run="true"):
            print(
                f"{told.chapter.words:<48} {told.ran.judged.code:<5} {told.comments:<9} {told.reviews:<8}"
                f" {told.check_runs:<11} {told.writes}",
                flush=True,
            )
            kept &= told.ran.judged.code == told.chapter.code and told.comments == 1
        kept &= told.writes == "none" and not hub.violations
    print("\nOne comment, one review a head, and nothing written by the repeat." if kept else "\nBROKEN")
    return 0 if kept else 1


def print_faults(description: Description | None) -> int:
    """One line a fault and a place; the gate's own exit code is 1 in all, and posting never changes it."""
    print(f"{'fault':<28} {'at':<20} {'exit':<5} {'posted':<8} {'waited':<7} {'twice':<6} {'lost':<5} said of it\n")
    kept = []
    with tempfile.TemporaryDirectory() as folder, running(description) as hub, ThreadPoolExecutor(2) as pool:
        first, second = (next(one for one in PLACES if one.is_second is which) for which in (False, True))
        stages = {False: set_stage(Path(folder) / "first", hub, first)}
        with running(description) as other:
            stages[True] = set_stage(Path(folder) / "second", other, second)
        cases = [(description, stages[place.is_second], kind, place) for place in PLACES for kind in FAULTS]
        for outcome in pool.map(lambda case: _struck(*case), cases):
            kept.append(outcome.is_kept)
            print(_line(outcome), flush=True)
    print(f"\n{sum(kept)} of {len(kept)} faults cost nothing but time.")
    return 0 if all(kept) else 1


def _struck(description: Description | None, stage: Stage, kind: str, place: Place) -> Outcome:
    with tempfile.TemporaryDirectory() as folder, running(description) as hub:
        outcome = strike(stage.copied(Path(folder), hub), kind, place)
        if hub.violations:
            raise SystemExit("\n".join(hub.violations))
        return outcome


def _line(outcome: Outcome) -> str:
    cells = (
        f"{outcome.kind:<28} {outcome.place.words:<20} {outcome.judged.code:<5} {outcome.posted.outputs['posted']:<8}"
        f" {outcome.posted.waited_seconds:<7.0f} {len(outcome.twice):<6} {len(outcome.lost):<5}"
    )
    said = next(_reasons(outcome), "")
    return f"{cells} {said}" if outcome.is_kept else f"{cells} BROKEN {said}"


def _reasons(outcome: Outcome) -> Iterator[str]:
    """What the log says that could not be posted."""
    for line in outcome.posted.out.splitlines():
        if line.startswith("  not written"):
            yield line.strip()[:100]


if __name__ == "__main__":
    sys.exit(main())
