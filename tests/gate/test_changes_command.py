"""`policy diff` compares revisions and packs, and its exit code says whether something is looser."""

from __future__ import annotations

import json
import shutil

import pytest
from changes_world import PACK, WAIVER, Two

from policy_gate.cli.policy_diff import diff
from policy_gate.errors import GateError


@pytest.fixture
def repo(tmp_path, git, monkeypatch):
    """A repository that holds the files of a base, committed as `main`."""
    two = Two(tmp_path)
    shutil.rmtree(two.base)
    git(two.head, "init", "-q", "-b", "main")
    git(two.head, "add", "-A")
    git(two.head, "commit", "-q", "-m", "first")
    monkeypatch.chdir(two.head)
    return two


def run(*args: str) -> int:
    return diff.main(args=list(args), standalone_mode=False)


def printed(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_a_working_tree_that_is_its_revision_exits_0(repo, capsys) -> None:
    assert run("main", "working") == 0
    assert "nothing that judges is changed" in capsys.readouterr().out


def test_a_loosening_exits_1_and_is_shown_with_its_line(repo, capsys) -> None:
    repo.write("waivers.yaml", WAIVER)
    assert run("main", "working") == 1
    said = capsys.readouterr().out
    assert "looser  waiver W-1" in said
    assert "waivers.yaml:4" in said
    assert "- {id: W-1, rule: COST-002" in said


def test_going_back_is_stricter_and_exits_0(repo, git, capsys) -> None:
    repo.write("waivers.yaml", WAIVER)
    git(repo.head, "commit", "-q", "-a", "-m", "second")
    assert run("HEAD", "HEAD~1", "--format", "json") == 0
    review = printed(capsys)
    assert [(one["kind"], one["what"], one["direction"]) for one in review["changes"]] == [
        ("waiver", "W-1", "stricter")
    ]
    assert review["verdict"] == "allowed"
    assert review["schema"] == "policy-gate/policy-review/v1alpha1"


def test_the_same_comparison_gives_the_same_bytes(repo, capsys) -> None:
    repo.write("waivers.yaml", WAIVER)
    run("main", "working", "--format", "json", "--now", "2026-11-23")
    first = capsys.readouterr().out
    run("main", "working", "--format", "json", "--now", "2026-11-23")
    assert capsys.readouterr().out == first


def test_two_packs_are_compared_without_any_configuration(repo, capsys) -> None:
    repo.write("mild.yaml", PACK.replace("severity: high", "severity: high\n      mode: warn"))
    assert run("packs/acme.yaml", "mild.yaml", "--format", "json") == 1
    review = printed(capsys)
    assert [(one["kind"], one["what"], one["direction"]) for one in review["changes"]] == [
        ("mode", "ACME-001", "looser")
    ]


def test_shipped_packs_are_compared_by_name(repo, capsys) -> None:
    assert run("builtin:edge-baseline", "builtin:edge-baseline", "--format", "json") == 0
    assert run("builtin:edge-release", "builtin:edge-baseline") == 1
    assert "rule" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (("main", "packs/acme.yaml"), "compare two revisions, or two packs"),
        (("no-such-branch", "main"), "no-such-branch"),
        (("packs/acme.yaml", "no-such.yaml"), "no-such.yaml"),
        (("packs/acme.yaml", "../outside.yaml"), "outside"),
        (("builtin:edge-baseline", "builtin:nothing"), "builtin:nothing"),
    ],
)
def test_what_cannot_be_compared_is_an_error(repo, names, match) -> None:
    with pytest.raises(GateError, match=match):
        run(*names)


def test_a_name_in_the_head_cannot_write_to_the_terminal(repo, capsys) -> None:
    repo.write("waivers.yaml", WAIVER.replace("no bench yet", '"\\e]0;owned\\a"'))
    assert run("main", "working") == 1
    assert run("main", "working", "--format", "json") == 1
    said = capsys.readouterr().out
    assert "owned" in said
    assert not any(ord(char) < 32 and char != "\n" for char in said)


def test_a_pack_that_only_lies_on_this_disk_is_gone(repo, git, capsys) -> None:
    """Git ignores it, so that the merged change would not have it, and nothing could be judged any more."""
    repo.write(".gitignore", "packs/\n")
    git(repo.head, "rm", "-q", "-r", "--cached", "packs")
    assert (repo.head / "packs" / "acme.yaml").is_file()
    assert run("main", "working", "--format", "json") == 1
    named = {(one["kind"], one["what"], one["direction"]) for one in printed(capsys)["changes"]}
    assert ("pack", "packs/acme.yaml", "looser") in named
    assert ("proposal", "as a whole", "looser") in named


def test_a_pack_in_a_repository_of_its_own_is_gone(repo, git, capsys, tmp_path) -> None:
    git(repo.head, "rm", "-q", "-r", "--cached", "packs")
    git(repo.head / "packs", "init", "-q", "-b", "main")
    git(repo.head / "packs", "add", "-A")
    git(repo.head / "packs", "commit", "-q", "-m", "theirs")
    git(repo.head, "add", "packs")
    git(repo.head, "commit", "-q", "-a", "-m", "a submodule")
    for names in (("main~1", "working"), ("main~1", "main")):
        assert run(*names, "--format", "json") == 1
        named = {(one["kind"], one["what"], one["direction"]) for one in printed(capsys)["changes"]}
        assert ("pack", "packs/acme.yaml", "looser") in named
