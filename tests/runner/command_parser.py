"""What the runner takes for a command in a step's log, read as it reads it (actions/runner, ActionCommand.cs).

A line ends at a line feed, at a carriage return or at both. `::name properties::text` counts at the start of a line,
after white space; the older `##[name properties]text` counts anywhere in it. Only registered names are commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LEVELS = ("error", "warning", "notice")
PER_LEVEL = 10
"""Annotations of one level that GitHub shows of one step."""
MAX_MESSAGE = 4096
"""Characters of an annotation's message that the runner keeps (ExecutionContext.cs)."""
FORBIDDEN = frozenset({"set-env", "add-path"})
"""Commands that fail the step, since a log must not set what later steps run with."""
QUIET = frozenset({"add-mask", "debug", "group", "endgroup", "echo", "add-matcher", "remove-matcher"})
REGISTERED = FORBIDDEN | QUIET | {*LEVELS, "set-output", "save-state", "stop-commands"}

WHITE = "".join(
    map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
LEGACY = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}


@dataclass(frozen=True)
class Command:
    """A command as it was understood; names of properties are in lower case."""

    name: str
    properties: Mapping[str, str]
    text: str
    line: str


@dataclass(frozen=True)
class Annotation:
    """What GitHub shows of an error, a warning or a notice."""

    level: str
    message: str
    file: str = ""
    line: str = ""
    end_line: str = ""
    title: str = ""


@dataclass
class Log:
    """Everything the runner makes of one step's log."""

    commands: list[Command] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """The lines that are no commands, as a reader sees them: what is masked is stars."""
    masks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What fails the step."""

    def named(self, name: str) -> list[Command]:
        return [one for one in self.commands if one.name == name]

    @property
    def annotations(self) -> list[Annotation]:
        """The annotations that are shown: of each level the first ten, in the order of the log."""
        shown: list[Annotation] = []
        for one in self.commands:
            if one.name in LEVELS and sum(other.level == one.name for other in shown) < PER_LEVEL:
                shown.append(_annotation(one))
        return shown

    @property
    def unseen(self) -> dict[str, int]:
        """How many annotations of each level nobody sees."""
        return {level: max(0, len(self.named(level)) - PER_LEVEL) for level in LEVELS}


def read_log(text: str) -> Log:
    """Read a step's log from its beginning; commands stop and go on as it says."""
    log = Log()
    token = ""
    registered = set(REGISTERED)
    for line in re.split(r"\r\n|\n|\r", text):
        found = parse_line(line, registered)
        if token:
            if found is not None and found.name == token.lower():
                registered.discard(token.lower())
                token = ""
            else:
                log.words.append(_masked(line, log.masks))
            continue
        if found is None:
            log.words.append(_masked(line, log.masks))
            continue
        log.commands.append(found)
        if found.name == "stop-commands":
            token = found.text
            registered.add(token.lower())
        _take(log, found)
    return log


def _take(log: Log, found: Command) -> None:
    if found.name in FORBIDDEN:
        log.faults.append(f"the `{found.name}` command is disabled")
    elif found.name == "add-mask" and found.text.strip():
        log.masks.append(found.text)
    elif found.name == "stop-commands" and (not found.text or found.text.lower() in REGISTERED):
        log.faults.append(f"commands cannot be stopped by '{found.text}'")
    elif found.name in ("set-output", "save-state") and not found.properties.get("name"):
        log.faults.append(f"{found.name} has no name")


def parse_line(line: str, registered: set[str] | frozenset[str] = REGISTERED) -> Command | None:
    """The command of one line, the newer form first; None where it is only words."""
    return _newer(line, registered) or _older(line, registered)


def _newer(line: str, registered: set[str] | frozenset[str]) -> Command | None:
    trimmed = line.lstrip(WHITE)
    end = trimmed.find("::", 2)
    if not trimmed.startswith("::") or end < 0:
        return None
    name, _, rest = trimmed[2:end].partition(" ")
    if name.lower() not in registered:
        return None
    properties = dict(_pairs(rest.strip(WHITE), ",", PROPERTY))
    return Command(name.lower(), properties, _unescaped(trimmed[end + 2 :], DATA), line)


def _older(line: str, registered: set[str] | frozenset[str]) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, rest = line[start + 3 : end].partition(" ")
    if name.lower() not in registered:
        return None
    return Command(name.lower(), dict(_pairs(rest, ";", LEGACY)), _unescaped(line[end + 1 :], LEGACY), line)


def _pairs(text: str, separator: str, escapes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in text.split(separator):
        name, _, worth = one.partition("=")
        if name and worth:
            yield name.lower(), _unescaped(worth, escapes)


def _unescaped(text: str, escapes: Mapping[str, str]) -> str:
    for written, meant in escapes.items():  # the percent sign is last, so that nothing is read twice
        text = text.replace(written, meant)
    return text


def _masked(line: str, masks: list[str]) -> str:
    for one in masks:
        line = line.replace(one, "***")
    return line


def _annotation(command: Command) -> Annotation:
    given = command.properties
    line = given.get("line", "")
    places = (given.get("file", ""), line, given.get("endline", line), given.get("title", ""))
    return Annotation(command.name, command.text[:MAX_MESSAGE], *places)
