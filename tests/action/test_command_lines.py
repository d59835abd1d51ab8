"""Every command line that the Action, a page, a workflow or a template shows is one the real command takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from policy_gate.cli import policy_gate

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
SCRIPTS = [
    PROJECT / "action.yml",
    PROJECT / "action" / "post" / "action.yml",
    *sorted((PROJECT / "examples").rglob("*.y*ml")),
]
HOOKS = PROJECT / ".pre-commit-hooks.yaml"
SHELL = re.compile(r"(?:^|[|;&]) *(?:\$ +)?(?:policy-gate|\"\$\w+\" -I -m policy_gate\.cli) +([^|;&\n]*)", re.MULTILINE)
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]+|…|\.\.\.")


def in_code(page: str) -> str:
    """The lines of fenced shell blocks, with continued lines joined."""
    blocks = re.findall(r"^```(?:console|sh|bash|shell)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return re.sub(r"\\\n\s*(?:> )?", " ", "\n".join(blocks))


def command_lines() -> list[object]:
    found: set[tuple[str, str]] = set()
    for path in PAGES:
        found |= {(path.name, line.strip()) for line in SHELL.findall(in_code(path.read_text(encoding="utf-8")))}
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        lines = SHELL.findall(text) + re.findall(r"^\s*run: policy-gate (.*)$", text, re.MULTILINE)
        found |= {(path.name, line.strip()) for line in lines}
    for hook in yaml.safe_load(HOOKS.read_text(encoding="utf-8")):
        files = ["policy-gate.yaml"] if hook.get("pass_filenames", True) else []
        words = [*shlex.split(hook["entry"])[1:], *hook.get("args", ()), *files]
        found.add((HOOKS.name, shlex.join(words)))
    return as_cases(found)


def mentions() -> list[object]:
    """Commands in the middle of a sentence, which may leave out what the sentence is not about."""
    found: set[tuple[str, str]] = set()
    for path in PAGES:
        page = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        found |= {(path.name, line.strip()) for line in re.findall(r"`policy-gate ([^`\n]+)`", page)}
    return as_cases(found)


def as_cases(found: set[tuple[str, str]]) -> list[object]:
    return [pytest.param(line, id=f"{name}: {line}") for name, line in sorted(found)]


def parse(words: list[str]) -> None:
    """Take a command line apart as a run does, to the last option, and run nothing of it."""
    command: click.Command = policy_gate
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        chosen = command.get_command(click.Context(command), name)
        assert chosen is not None, f"there is no command {name}"
        command = chosen
    if words and words[0] not in ("--help", "--version", "-h"):
        command.make_context(command.name, words, resilient_parsing=False)


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_that_is_shown_is_one_the_command_takes(line, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line.split(">")[0], comments=True)
    for word in words:
        if "/" in word or "." in word:  # what must exist does, so that only the form of the line is judged
            place = tmp_path / word.lstrip("/")
            if place.is_relative_to(tmp_path) and ".." not in word and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
    try:
        parse(words)
    except click.BadParameter as error:
        if not PLACEHOLDER.search(line):
            pytest.fail(error.format_message())


@pytest.mark.parametrize("line", mentions())
def test_a_command_that_is_mentioned_is_one_there_is_with_options_it_has(line) -> None:
    try:
        parse(shlex.split(line))
    except click.NoSuchOption as error:
        pytest.fail(error.format_message())
    except click.UsageError:
        return


def test_lines_are_found_in_the_action_the_readme_and_the_pages() -> None:
    pages = {str(one.id).split(":")[0] for one in command_lines()}
    assert {"action.yml", "README.md", "sharing-policies.md", ".pre-commit-hooks.yaml"} <= pages
