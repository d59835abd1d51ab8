"""The page about privacy budgets: every command on it runs, in their order, and prints what is printed there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from policy_gate.document import load

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "privacy.md"
EXAMPLE = PROJECT / "examples" / "keyword-spotting"
BLOCKS = re.compile(r"```console\n\$ (policy-gate .*)\n((?:.*\n)*?)```")


@pytest.fixture
def example(tmp_path, git):
    """A copy of the example as a repository of its own."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "the example")
    return tmp_path


def trained_again(root: Path) -> None:
    """What the page says of release 42: another model, with more noise."""
    manifest = root / "release.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("sequence: 41", "sequence: 42").replace("noise_multiplier: 1.3", "noise_multiplier: 1.4")
    manifest.write_text(text, encoding="utf-8")
    with (root / "model" / "kws.onnx").open("ab") as model:
        model.write(b"\n")


def test_every_command_prints_what_the_page_shows(run, example, request) -> None:
    page = PAGE.read_text(encoding="utf-8")
    told = page
    for command, printed in BLOCKS.findall(page):
        if "ledger append" in command:
            trained_again(example)
        done = run(*command.split()[1:])
        assert (done.err, done.code in (0, 1)) == ("", True), command
        if request.config.getoption("--accept"):
            told = told.replace(f"$ {command}\n{printed}```", f"$ {command}\n{done.out}```")
        else:
            assert done.out.splitlines() == printed.splitlines(), command
    if told != page:
        PAGE.write_text(told, encoding="utf-8")
    assert len(BLOCKS.findall(page)) == 7


def test_the_page_shows_the_section_of_the_example() -> None:
    shown = next(one for one in re.findall(r"```yaml\n(privacy:\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    section = load(shown.encode(), "page.yaml").get("/privacy")
    whole = load((EXAMPLE / "release.yaml").read_bytes(), "release.yaml").get("/privacy")
    (phase,), (own,) = section.pop("phases"), whole.pop("phases")
    assert section.items() <= whole.items()
    del phase["evidence"]
    assert phase.items() <= own.items()
