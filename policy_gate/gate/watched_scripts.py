"""Scripts that run the gate for a workflow, a hook or an action: found by the names these write, and never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate.frozen import dataclass
from policy_gate.gate.watched_lines import MENTION
from policy_gate.gate.watched_side import CALLERS, Kind

if TYPE_CHECKING:
    from policy_gate.gate.watched_side import Side

MAX_SCRIPTS = 100
"""Files that a caller names and that are looked into, of each tree."""
MAX_WORDS = 60
"""Names that count as speaking of the gate, beside its own."""
MAX_TARGETS = 20
"""Entries of a Makefile, or of what is like it, that may speak of the gate."""
_ROUNDS = 3
"""A workflow may call a workflow that calls an action that calls a script."""

_NAMED = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*")
_ABOVE = re.compile(r"^(?:\.{1,2}/)+")
_SUFFIXES = (".sh", ".bash", ".zsh", ".ps1", ".cmd", ".bat", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".mk")
_RUNNERS = {
    # The word that starts it, and the heads of its entries.
    "Makefile": ("make", re.compile(r"^([\w.-]+)\s*:(?!=)", re.MULTILINE)),
    "makefile": ("make", re.compile(r"^([\w.-]+)\s*:(?!=)", re.MULTILINE)),
    "GNUmakefile": ("make", re.compile(r"^([\w.-]+)\s*:(?!=)", re.MULTILINE)),
    "justfile": ("just", re.compile(r"^@?([\w-]+)[^:=\n]*:(?!=)", re.MULTILINE)),
    "package.json": ("(?:npm|yarn|pnpm|bun)", re.compile(r'"([\w:.-]+)"\s*:\s*"[^"\n]*policy[-_]gate')),
    "tox.ini": ("tox", re.compile(r"^\[testenv:([\w.-]+)\]", re.MULTILINE)),
    "noxfile.py": ("nox", re.compile(r"^def (\w+)\(", re.MULTILINE)),
}
_BLANK = re.compile(r"\n[ \t\r]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The scripts of two trees that run the gate, and what finds a line that speaks of it or of one of them."""

    scripts: frozenset[str]
    mention: re.Pattern[str]


def called_scripts(*sides: Side) -> Called:
    """Look for scripts that run the gate in both trees: what one of them calls counts for both."""
    scripts: set[str] = set()
    words: set[str] = set()
    for side in sides:
        callers = [path for path, kind in side.kinds.items() if kind in CALLERS]
        found = dict(_runner_words(side, callers))
        found |= dict(_named_scripts(side, callers))
        scripts |= found.keys()
        words |= {word for those in found.values() for word in those}
    for _ in range(_ROUNDS):
        mention = _mention(words)
        more = {word for side in sides for word in _callers_words(side, mention)} - words
        if not more:
            break
        words |= more
    return Called(scripts=frozenset(scripts), mention=_mention(words))


def is_runner(path: str) -> bool:
    """Whether a file holds entries for many purposes, of which those about the gate are compared."""
    return path.rpartition("/")[2] in _RUNNERS


def _mention(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join((MENTION.pattern, *sorted(words)[:MAX_WORDS])), re.IGNORECASE)


def _named_scripts(side: Side, callers: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Scripts that a caller names by path, or by the end of it, and that speak of the gate."""
    wanted = {
        _ABOVE.sub("", name)
        for path in callers
        for name in _NAMED.findall(side.text(path))
        if name.lower().endswith(_SUFFIXES)
    }
    ends = {name.rpartition("/")[2] for name in wanted}
    named = (path for path in side.paths if path.rpartition("/")[2] in ends and _is_named(path, wanted))
    for _, path in zip(range(MAX_SCRIPTS), named, strict=False):
        if MENTION.search(side.text(path)):
            yield path, [_alone(path.rpartition("/")[2])]


def _is_named(path: str, wanted: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[start:]) in wanted for start in range(len(parts)))


def _runner_words(side: Side, callers: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Files such as a Makefile, with the words that start those of their entries which speak of the gate."""
    texts = [side.text(path) for path in callers]
    for path, (starter, heads) in _RUNNERS.items():
        starts = re.compile(rf"\b{starter}\b")
        if path not in side.paths or not any(starts.search(text) for text in texts):
            continue
        blocks = [block for block in _BLANK.split(side.text(path)) if MENTION.search(block)]
        if blocks:
            targets = dict.fromkeys(head for block in blocks for head in heads.findall(block))
            names = "|".join(map(re.escape, list(targets)[:MAX_TARGETS]))
            yield path, [rf"\b{starter}\s+(?:[\w./=@:-]+\s+){{0,3}}(?:{names})(?![\w-])"] if names else []


def _callers_words(side: Side, mention: re.Pattern[str]) -> Iterator[str]:
    """What others write to call a workflow or an action of the same repository that speaks of the gate."""
    for path, kind in side.kinds.items():
        if kind in (Kind.WORKFLOW, Kind.ACTION) and mention.search(side.text(path)):
            folder, _, name = path.rpartition("/")
            if kind is Kind.WORKFLOW:
                yield rf"{re.escape(path)}\b"
            elif folder and name in ("action.yml", "action.yaml"):
                yield rf"\./{_alone(folder)}"


def _alone(name: str) -> str:
    return rf"(?<![\w-]){re.escape(name)}(?![\w-])"
