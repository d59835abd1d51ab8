"""The Action and every workflow that is offered pass the linters for them, and pin what they use."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
ACTIONS = [PROJECT / "action.yml", PROJECT / "action" / "post" / "action.yml"]
WORKFLOWS = sorted((PROJECT / "examples" / "workflows").glob("*.yml"))


def lint(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("schema", "files"), [("actions", ACTIONS), ("workflows", WORKFLOWS)])
def test_the_files_are_of_githubs_form(schema, files, tool) -> None:
    lint(tool("check-jsonschema"), "--builtin-schema", f"vendor.github-{schema}", *map(str, files))


def test_zizmor_finds_nothing_in_the_actions_with_every_rule(tool) -> None:
    lint(tool("zizmor"), "--offline", "--no-config", "--persona", "auditor", *map(str, ACTIONS))


def test_zizmor_finds_nothing_in_the_workflows(tool) -> None:
    lint(tool("zizmor"), "--offline", "--no-config", *map(str, WORKFLOWS))


def test_actionlint_finds_nothing_in_the_workflows(tool) -> None:
    lint(tool("actionlint"), "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_a_commit_and_says_which_version_that_is(path) -> None:
    uses = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert uses
    for name, comment in uses:
        assert re.fullmatch(r"(actions/[a-z-]+|policy-gate/policy-gate(/action/post)?)@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # (v[0-9.]+|the commit of the release you reviewed)", comment)


def test_one_action_is_pinned_by_one_commit_everywhere() -> None:
    pages = [*WORKFLOWS, PROJECT / "docs" / "github.md", PROJECT / "README.md"]
    found = {one for path in pages for one in re.findall(r"(\S+?)@([0-9a-f]{40})", path.read_text(encoding="utf-8"))}
    assert len({name.removesuffix("/action/post") for name, _ in found}) == len({commit for _, commit in found})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_starts_with_no_permission_and_keeps_no_credentials(path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert "permissions" in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_first_workflow_has_eleven_lines() -> None:
    text = (PROJECT / "examples" / "workflows" / "pull-request.yml").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if not line.startswith("#")]) == 11


@pytest.mark.parametrize("page", ["docs/github.md", "README.md"])
def test_the_first_workflow_stands_on_the_page_as_it_is_in_its_file(page) -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", (PROJECT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    workflow = (PROJECT / "examples" / "workflows" / "pull-request.yml").read_text(encoding="utf-8")
    whole = [one for one in shown if one.startswith("on: {pull_request:")]
    assert whole == [workflow.partition("\n")[2]] * (1 if page == "docs/github.md" else len(whole))
