"""The page about device profiles: every command on it runs, and prints what is printed there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from policy_gate.areas.cost.device_file import profile_folder
from policy_gate.areas.cost.fitting.rows import OPTIONAL, REQUIRED

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "device-profiles.md").read_text(encoding="utf-8")
SHOWN = [
    (line, tuple(printed.splitlines()))
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line, printed in re.findall(r"^\$ (policy-gate .*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=[command for command, _ in SHOWN])
def test_every_command_prints_what_the_page_shows(run, tmp_path, command, printed) -> None:
    shutil.copy(profile_folder() / "stm32h747-cortex-m7-int8@cubeai-8.1.csv", tmp_path / "rows.csv")
    done = run(*command.split()[1:])
    assert (done.code, done.err) == (0, "")
    whole = [line for line in printed if line != "…"]
    lines = done.out.splitlines()
    start = lines.index(whole[0])
    assert lines[start : start + len(whole)] == whole
    if printed[-1] != "…":
        assert lines[start + len(whole) :] == []


def test_the_page_names_the_columns_that_are_read() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE[PAGE.index("| column |") : PAGE.index("Nobody counts")]))
    assert set(REQUIRED) <= named <= {*REQUIRED, *OPTIONAL}
