"""Prints how large each report gets for thousands of findings, in the unit GitHub counts, and what it leaves out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

for room in ("engine", "report"):
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / room))

from formats_world import many  # noqa: E402  # the overviews of the tests

from policy_gate.overview import Overview  # noqa: E402
from policy_gate.publication import Seen  # noqa: E402
from policy_gate.report.annotations import render_annotations  # noqa: E402
from policy_gate.report.check_run import render_check_run  # noqa: E402
from policy_gate.report.pull_request import compose  # noqa: E402
from policy_gate.report.summary import render_summary  # noqa: E402

FINDINGS = 5000
TEXTS = {"plain text": "w" * 150, "emoji alone": "🧪" * 150, "Chinese": "音声" * 75, "hostile": "| ` @team <img> " * 10}
Size = Callable[[str], int]


def utf16(text: str) -> int:
    """Units of UTF-16, the stricter reading of GitHub's "characters"."""
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


def sticky(overview: Overview) -> str:
    """The comment of a pull request on which nothing stands yet."""
    return compose(overview, Seen(), comment_mode="on-failure", check_run=False).sticky


def reports(overview: Overview) -> Iterator[tuple[str, Callable[[], str], Size, int]]:
    """Each report with how its size is counted, and GitHub's limit."""
    yield "comment", lambda: sticky(overview), utf16, 65_536
    yield "check run, summary", lambda: render_check_run(overview).summary, utf8, 65_535
    yield "check run, text", lambda: render_check_run(overview).text, utf8, 65_535
    yield "job summary", lambda: render_summary(overview), utf8, 1024 * 1024


def main() -> int:
    """One line a report; 0 when each is within its limit and says what it leaves out."""
    print(f"{FINDINGS} findings\n{'report':<20} {'written in':<12} {'size':>9} {'limit':>9} {'seconds':>8}  says\n")
    kept = True
    for words, text in TEXTS.items():
        overview = many(FINDINGS, text)
        for name, render, size, limit in reports(overview):
            started = perf_counter()
            made = render()
            spent = perf_counter() - started
            told = re.search(r"[\d,]+ of 5,000 [a-z]+ shown, [\d,]+ left out", made)
            kept &= size(made) <= limit and told is not None
            said = told[0] if told else "NOTHING"
            print(f"{name:<20} {words:<12} {size(made):>9,} {limit:>9,} {spent:>8.2f}  {said}", flush=True)
        commands = render_annotations(overview).splitlines()
        kept &= len(commands) == 11 and f"{FINDINGS - 10:,} errors are not shown here" in commands[-1]
        print(f"{'annotations':<20} {words:<12} {len(commands):>9,} {'10 + 10':>9} {'':>8}  {FINDINGS - 10:,} counted")
    print("\nEach fits, and says what it leaves out." if kept else "\nBROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
