"""What a runner of GitHub makes of the lines that a command prints in a job."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "runner"))

from command_parser import read_log


@pytest.mark.parametrize("start", ["::error::x", "##[error]x", " ::stop-commands::x"])
def test_in_a_job_of_github_no_line_is_a_command_of_the_runner(start, run, release, git, monkeypatch) -> None:
    folder = release.parent
    git(folder, "init", "-q")
    (folder / start).mkdir()
    (folder / start / "release.yaml").write_text(release.read_text())
    (folder / "labels.txt").write_text(start)
    release.write_text(release.read_text().replace("path: labels.txt", f'path: "{start}"'))
    argv = [
        ("check", "--no-base"),
        ("check",),
        ("check", "--no-base", "--bundle", f"{start}\n{start}"),
        (f"a\n{start}",),
    ]
    before = [run(*one) for one in argv]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    done = [run(*one) for one in argv]
    assert [one for each in before for one in read_log(each.out + each.err).commands]
    assert [read_log(f"{one.out}\n{one.err}").commands for one in done] == [[], [], [], []]
    assert [one.code for one in done] == [2, 2, 2, 2]
    assert f"{start}/release.yaml" in done[0].err.replace("\\", "")


def test_in_a_job_of_github_what_machines_read_stays_as_it_is(run, release, monkeypatch) -> None:
    release.write_text(release.read_text().replace("kws", '"##[error]x"'))
    before = run("check", "--no-base", "--format", "json")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    after = run("check", "--no-base", "--format", "json")
    assert (after.code, after.out) == (before.code, before.out)
    assert json.loads(after.out)
