"""The inputs of the Action, out of `INPUT_*` variables: an empty one is its default, an unknown word is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

from policy_gate.errors import Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.model import FailOn, Stage
from policy_gate.overview import NAME
from policy_gate.publication import CommentMode

FileFormat = Literal["json", "sarif", "junit"]
MAX_LIST = 1000
MAX_TEXT = 4096
MAX_NAME = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a workflow asks of the Action; "" and () leave the choice to the configuration or to the event."""

    manifests: tuple[str, ...] = ()
    config: str = ""
    policies: tuple[str, ...] = ()
    stage: Stage | None = None
    fail_on: FailOn | None = None
    formats: tuple[FileFormat, ...] = ("json", "sarif", "junit")
    name: str = NAME
    base: str = ""
    tree: str = ""
    bundle: str = ""
    summary: bool = True
    annotations: bool = True
    reviews: bool = False
    comment: CommentMode = "on-failure"
    check_run: bool = False
    require_posting: bool = False


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Read every input; UsageError names each that is wrong, with the words it takes."""
    reading = _Reading(environment)
    inputs = Inputs(
        manifests=reading.lines("manifests"),
        config=reading.line("config"),
        policies=reading.lines("policies"),
        stage=_stage(reading),
        fail_on=_fail_on(reading),
        formats=_formats(reading),
        name=reading.name(),
        base=reading.line("base"),
        tree=reading.line("tree"),
        bundle=reading.line("bundle"),
        summary=reading.flag("summary", default=True),
        annotations=reading.flag("annotations", default=True),
        reviews=reading.flag("reviews", default=False),
        comment=_comment(reading),
        check_run=reading.flag("check-run", default=False),
        require_posting=reading.flag("require-posting", default=False),
    )
    if inputs.tree and inputs.bundle:
        reading.refuse("bundle", "is given beside `tree`; one thing is judged")
    if inputs.tree.startswith("bundle:"):
        reading.refuse("tree", "names a bundle, which is what the input `bundle` is for")
    if reading.problems:
        raise UsageError(reading.problems)
    return inputs


class _Reading:
    """Takes inputs by name and remembers what is wrong with each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[Problem] = []

    def refuse(self, name: str, fault: str, hint: str = "") -> None:
        self.problems.append(Problem(f"the input `{name}` {fault}", hint=hint))

    def line(self, name: str) -> str:
        text = self._environment.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()
        if len(text) > MAX_TEXT or not text.isprintable():
            self.refuse(name, "is too long, has more than one line, or holds invisible characters")
            return ""
        return text

    def lines(self, name: str) -> tuple[str, ...]:
        text = self._environment.get(f"INPUT_{name.upper().replace('-', '_')}", "")
        found = tuple(one.strip() for one in text.splitlines() if one.strip())
        if len(found) > MAX_LIST or any(len(one) > MAX_TEXT or not one.isprintable() for one in found):
            self.refuse(name, f"has more than {MAX_LIST} lines, one too long, or one with invisible characters")
            return ()
        return found

    def name(self) -> str:
        name = self.line("name")
        if len(name) > MAX_NAME:
            self.refuse("name", f"has more than {MAX_NAME} characters")
        return name[:MAX_NAME] or NAME

    def flag(self, name: str, *, default: bool) -> bool:
        return self.choice(name, {"true": True, "false": False}, default)

    def choice(self, name: str, choices: Mapping[str, T], default: T) -> T:
        word = self.line(name)
        if word and word not in choices:
            self.refuse(name, f"is `{word[:40]}`", hint=f"it takes {', '.join(choices)}")
        return choices.get(word, default)


def _stage(reading: _Reading) -> Stage | None:
    choices: dict[str, Stage | None] = {one.value: one for one in Stage}
    return reading.choice("stage", choices, None)


def _fail_on(reading: _Reading) -> FailOn | None:
    choices: dict[str, FailOn | None] = {one: one for one in get_args(FailOn)}
    return reading.choice("fail-on", choices, None)


def _comment(reading: _Reading) -> CommentMode:
    choices: dict[str, CommentMode] = {one: one for one in get_args(CommentMode)}
    return reading.choice("comment", choices, "on-failure")


def _formats(reading: _Reading) -> tuple[FileFormat, ...]:
    """Which files are written beside the overview; words stand on lines of their own or beside each other."""
    words = " ".join(reading.lines("formats")).split()
    unknown = [one for one in words if one not in get_args(FileFormat)]
    if unknown:
        reading.refuse("formats", f"has `{unknown[0][:40]}`", hint=f"it takes {', '.join(get_args(FileFormat))}")
    known: tuple[FileFormat, ...] = get_args(FileFormat)
    return tuple(one for one in known if one in words) if words else known
