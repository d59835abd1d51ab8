"""What runs the gate at one remove is watched too: scripts, entries of a Makefile, workflows and actions that call it."""

from __future__ import annotations

import pytest
from changes_world import Two

from policy_gate.gate import watched_side

GATE = ".github/workflows/gate.yml"
BY_SCRIPT = "on: [pull_request]\njobs:\n  gate:\n    steps:\n      - run: ./ci/judge.sh main\n"
SCRIPT = "#!/bin/sh\nset -e\npolicy-gate check --base origin/main\n"
MAKEFILE = "docs:\n\tbuild docs\n\njudge:\n\tpolicy-gate check --base origin/main\n"


@pytest.fixture
def two(tmp_path) -> Two:
    made = Two(tmp_path)
    made.everywhere(GATE, BY_SCRIPT)
    made.everywhere("ci/judge.sh", SCRIPT)
    return made


def rows(two: Two) -> list[tuple[str, str]]:
    return [(one.place.path, one.change.value) for one in two.changes().rows]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("policy-gate check", "echo policy-gate check"),
        ("--base origin/main", "--base origin/main || true"),
        ("--base origin/main", "--base origin/main | cat"),
        ("--base origin/main", "--base weak"),
        ("set -e\n", ""),
        ("set -e\n", "exit 0\n"),
        ("set -e\n", "set -e\ntrap 'exit 0' EXIT\n"),
    ],
)
def test_a_script_that_a_workflow_calls_is_compared_line_by_line(two, old, new) -> None:
    two.replace("ci/judge.sh", old, new)
    assert rows(two) == [("ci/judge.sh", "looser")]


def test_a_script_that_is_gone_or_becomes_a_link_is_looser(two, tmp_path) -> None:
    (tmp_path / "other.sh").write_text("true\n")
    two.link("ci/judge.sh", tmp_path / "other.sh")
    assert rows(two) == [("ci/judge.sh", "looser")]
    (two.head / "ci/judge.sh").unlink()
    assert rows(two) == [("ci/judge.sh", "looser")]


def test_a_workflow_that_names_the_gate_by_its_script_alone_is_watched(two) -> None:
    two.replace(GATE, "main\n", "main\n        continue-on-error: true\n")
    assert rows(two) == [(GATE, "looser")]


def test_a_workflow_that_calls_another_script_is_looser(two) -> None:
    two.write("ci/other.sh", "true\n")
    two.replace(GATE, "./ci/judge.sh", "./ci/other.sh")
    assert (GATE, "looser") in rows(two)


def test_a_script_that_nobody_calls_is_not_ours(two) -> None:
    two.everywhere("ci/mine.sh", SCRIPT)
    two.replace("ci/mine.sh", "set -e\n", "")
    assert rows(two) == []


def test_a_script_that_a_hook_calls_is_watched(two) -> None:
    hooks = "repos:\n  - repo: local\n    hooks:\n      - {id: judge, entry: tools/judge.py, language: script}\n"
    two.everywhere(".pre-commit-config.yaml", hooks)
    two.everywhere("tools/judge.py", 'run(["policy-gate", "check"], check=True)\n')
    two.replace("tools/judge.py", "check=True", "check=False")
    assert rows(two) == [("tools/judge.py", "looser")]
    two.write(".pre-commit-config.yaml", hooks.replace("language: script", "language: script, files: ^$"))
    assert (".pre-commit-config.yaml", "looser") in rows(two)


def test_of_a_makefile_only_what_speaks_of_the_gate_is_compared(two) -> None:
    two.everywhere(GATE, BY_SCRIPT.replace("./ci/judge.sh main", "make -s judge"))
    two.everywhere("Makefile", MAKEFILE)
    two.replace("Makefile", "build docs", "build docs || true")
    assert rows(two) == []
    two.write("Makefile", MAKEFILE.replace("check --base", "check --no-base --base"))
    assert rows(two) == [("Makefile", "looser")]
    two.write("Makefile", MAKEFILE)
    two.replace(GATE, "      - run", "      - if: false\n        run")
    assert rows(two) == [(GATE, "looser")]


def test_an_entry_of_a_package_file_is_watched(two) -> None:
    two.everywhere(GATE, BY_SCRIPT.replace("./ci/judge.sh main", "npm run judge"))
    two.everywhere("package.json", '{"scripts": {\n"judge": "policy-gate check --base main"\n}}\n')
    two.replace("package.json", "check --base main", "check --base main || true")
    assert rows(two) == [("package.json", "looser")]


def test_a_workflow_that_calls_the_workflow_of_the_gate_is_watched(two) -> None:
    caller = ".github/workflows/all.yml"
    two.everywhere(caller, "on: [pull_request]\njobs:\n  gate:\n    uses: ./.github/workflows/gate.yml\n")
    two.write(caller, "on: [pull_request]\njobs:\n  gate:\n    if: false\n    uses: ./.github/workflows/gate.yml\n")
    assert rows(two) == [(caller, "looser")]


def test_a_workflow_that_calls_the_action_of_the_gate_is_watched(two) -> None:
    caller = ".github/workflows/all.yml"
    two.everywhere(".github/actions/judge/action.yml", "runs:\n  steps:\n    - run: policy-gate check --base main\n")
    two.everywhere(caller, "jobs:\n  gate:\n    steps:\n      - uses: ./.github/actions/judge\n")
    two.replace(caller, "judge\n", "judge\n        continue-on-error: true\n")
    assert rows(two) == [(caller, "looser")]


def test_a_release_that_stands_in_a_workflow_is_no_script(two) -> None:
    two.everywhere("release.yaml", "apiVersion: policy-gate/v1alpha1\n")
    two.everywhere(GATE, BY_SCRIPT + "      - run: cat release.yaml\n")
    two.write("release.yaml", "apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n")
    assert rows(two) == []


def test_other_line_ends_are_named(two) -> None:
    two.write(GATE, BY_SCRIPT.replace("\n", "\r\n"))
    (row,) = two.changes().rows
    assert (row.place.path, row.place.line, row.change.value) == (GATE, 1, "different")
    assert row.after.endswith("(words or layout)")


def test_more_bytes_than_are_read_are_looser_and_not_left_out(two, monkeypatch) -> None:
    monkeypatch.setattr(watched_side, "MAX_SIDE_BYTES", 1000)
    for number in range(3):
        two.write(f".github/workflows/a{number}.yml", b"#" * 500)
    assert (GATE, "looser") in rows(two)


@pytest.mark.parametrize("name", ["a\x1b[2J\u202e.yml", "a|b.yml", "a\\b.yml"])
def test_a_file_by_a_name_that_is_refused_is_looser_also_in_a_working_tree(two, name) -> None:
    two.write(f".github/workflows/{name}", "on: [push]\n")
    assert [one[1] for one in rows(two)] == ["looser"]
