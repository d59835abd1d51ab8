"""What action.yml says is what the commands take and give, and nothing in it runs an input as a script."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from policy_gate.actions import sinks
from policy_gate.actions.inputs import Inputs, read_inputs

PROJECT = Path(__file__).resolve().parents[2]
FILES = ("action.yml", "action/post/action.yml")
OWN = {"token", "wheels"}
"""Inputs that steps use and the judging command does not."""


def action(name: str = "action.yml") -> dict:
    return yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))


def step(identity: str) -> dict:
    return next(one for one in action()["runs"]["steps"] if one["id"] == identity)


@pytest.mark.parametrize("name", FILES)
def test_no_expression_stands_in_a_script(name) -> None:
    assert [one["run"] for one in action(name)["runs"]["steps"] if "${{" in one["run"]] == []


@pytest.mark.parametrize("name", FILES)
def test_no_action_of_anybody_else_is_used(name) -> None:
    assert {frozenset(one) & {"uses", "with"} for one in action(name)["runs"]["steps"]} == {frozenset()}


@pytest.mark.parametrize("name", FILES)
def test_python_is_isolated_in_every_step_and_no_program_of_the_working_directory_is_found(name) -> None:
    for one in action(name)["runs"]["steps"]:
        calls = re.findall(r'^\s*"\$\w+" .*$', one["run"], re.MULTILINE)
        assert calls
        assert [line for line in calls if not re.match(r'\s*"\$\w+" -I ', line)] == []
        assert one["env"]["NoDefaultCurrentDirectoryInExePath"] == "1"


def test_every_input_is_one_the_command_reads_and_every_one_it_reads_is_an_input() -> None:
    asked = {one.name.replace("_", "-") for one in fields(Inputs)}
    assert set(action()["inputs"]) - OWN == asked


@pytest.mark.parametrize("name", FILES)
def test_every_input_reaches_the_step_under_its_own_name(name) -> None:
    for one in action(name)["runs"]["steps"]:
        for variable, text in one["env"].items():
            if variable.startswith("INPUT_") and variable != "INPUT_TOKEN":
                assert text == f"${{{{ inputs.{variable.removeprefix('INPUT_').lower().replace('_', '-')} }}}}"
    given = {one.removeprefix("INPUT_").lower().replace("_", "-") for one in step("judge")["env"] if "INPUT_" in one}
    assert given | {"wheels"} == set(action()["inputs"])


def test_the_defaults_of_the_file_are_those_of_the_command() -> None:
    said = {name: one.get("default", "") for name, one in action()["inputs"].items() if name not in OWN}
    assert read_inputs({f"INPUT_{name.upper().replace('-', '_')}": text for name, text in said.items()}) == Inputs()


def test_the_judging_step_has_a_token_only_where_reviews_are_read() -> None:
    assert step("judge")["env"]["INPUT_TOKEN"] == "${{ inputs.reviews == 'true' && inputs.token || '' }}"


def test_every_output_is_one_that_a_step_writes() -> None:
    written = set(re.findall(r'"([a-z-]+)":', inspect.getsource(sinks.counts))) | set(sinks.FILES)
    named = {name: one["value"] for name, one in action()["outputs"].items()}
    assert named.pop("posted") == "${{ steps.post.outputs.posted }}"
    assert set(named) == written | {"overview"}
    assert all(text == f"${{{{ steps.judge.outputs.{name} }}}}" for name, text in named.items())


def table(heading: str) -> dict[str, str]:
    page = (PROJECT / "docs" / "github.md").read_text(encoding="utf-8")
    part = page.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", part, re.MULTILINE)
    return {name: " ".join(rest.split()) for name, rest in rows}


def test_the_page_names_every_input_with_its_default() -> None:
    said = {}
    for name, one in action()["inputs"].items():
        default = one.get("default", "")
        said[name] = f"{f'`{default}`' if default else ''} | {one['description'].strip()}".strip()
    assert table("Inputs") == said


def test_the_page_names_every_output() -> None:
    assert table("Outputs") == {name: one["description"] for name, one in action()["outputs"].items()}


def test_every_message_that_the_page_explains_is_one_that_is_printed() -> None:
    page = (PROJECT / "docs" / "github.md").read_text(encoding="utf-8")
    rows = page.partition("\n## When something goes wrong\n")[2]
    messages = [two or one for two, one in re.findall(r"^\| (?:``(.+?)``|`(.+?)`) \|", rows, re.MULTILINE)]
    assert len(messages) > 10
    files = [*(PROJECT / "policy_gate").rglob("*.py"), *(PROJECT / "action").glob("install.*")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [one for one in messages if one not in source] == []
