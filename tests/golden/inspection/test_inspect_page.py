"""The page about `inspect` shows what its commands print."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from pathlib import Path

import onnx
import pytest

from policy_gate.cli import main

PROJECT = Path(__file__).resolve().parents[3]
PAGE = PROJECT / "docs" / "inspect.md"
BLOCK = re.compile(r"```console\n\$ (policy-gate inspect .*)\n((?:.*\n)*?)```\n")
MODEL = "examples/keyword-spotting/model/kws.onnx"


def test_every_command_of_the_page_prints_what_stands_below_it(request, tmp_path, monkeypatch, capfdbinary) -> None:
    (tmp_path / MODEL).parent.mkdir(parents=True)
    shutil.copy(PROJECT / MODEL, tmp_path / MODEL)
    pairs = runpy.run_path(str(PROJECT / "examples" / "regressions.py"))["pairs"](None)
    onnx.save(next(pairs)[2], tmp_path / "new.onnx")
    monkeypatch.chdir(tmp_path)

    def printed(block: re.Match[str]) -> str:
        with pytest.raises(SystemExit):
            main(shlex.split(block[1])[1:])
        return f"```console\n$ {block[1]}\n{capfdbinary.readouterr().out.decode()}```\n"

    text = PAGE.read_text(encoding="utf-8")
    made = BLOCK.sub(printed, text)
    if request.config.getoption("--accept"):
        PAGE.write_text(made, encoding="utf-8", newline="\n")
    assert made.count("$ policy-gate inspect") == 4
    assert made == PAGE.read_text(encoding="utf-8")
