from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policy_gate.errors import GateError
from policy_gate.gate import Request, judge
from policy_gate.gate.fleet import Alone

TODAY = date(2026, 11, 23)
CONFIGURATION = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec: {policy: ["builtin:fingerprint", "builtin:release"], allow_none: true}
"""


def manifest(name: str, path: str = "labels.txt", sequence: int = 1) -> str:
    return (
        f"apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n"
        f'metadata: {{name: {name}, version: "1", sequence: {sequence}}}\n'
        f"artifacts: [{{id: labels, path: {path}, role: asset, size: 6}}]\n"
    )


@pytest.fixture
def repository(tmp_path, git):
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "policy-gate.yaml").write_text(CONFIGURATION)
    release = tmp_path / "a"
    release.mkdir()
    (release / "labels.txt").write_text("labels")
    (release / "release.yaml").write_text(manifest("kws"))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "base")
    return tmp_path


def judged(root: Path, *manifests: str):
    return judge(Request(root=root, base="main", manifests=manifests, today=TODAY))


def commit(root: Path, git) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "change")


def move(root: Path, name: str, folder: str = "b") -> None:
    (root / folder).mkdir()
    (root / "a" / "labels.txt").rename(root / folder / "labels.txt")
    (root / "a" / "release.yaml").unlink()
    (root / folder / "release.yaml").write_text(manifest(name, sequence=2))


def test_a_release_that_moves_and_changes_its_name_at_once_is_missed_also_by_an_explicit_path(repository) -> None:
    move(repository, "other")
    for manifests in ((), ("b/release.yaml",)):
        report = judged(repository, *manifests)
        assert report.exit_code == 2
        assert "release 'kws' of the base has no manifest any more" in str(report.problems[0])


def test_a_release_that_moves_and_keeps_its_name_is_compared(repository) -> None:
    move(repository, "kws")
    report = judged(repository)
    assert report.problems == ()
    assert report.presented[0].base is not None


def test_a_release_that_git_now_ignores_is_missed_though_it_lies_on_disk(repository, git) -> None:
    (repository / "b").mkdir()
    (repository / "b" / "release.yaml").write_text(manifest("other", "../a/labels.txt"))
    commit(repository, git)
    git(repository, "rm", "-q", "--cached", "b/release.yaml")
    (repository / ".gitignore").write_text("b/\n")
    commit(repository, git)
    report = judge(Request(root=repository, base="HEAD~1", today=TODAY))
    assert report.exit_code == 2
    assert "release 'other' of the base has no manifest any more" in str(report.problems[0])
    named = judge(Request(root=repository, base="HEAD~1", manifests=("b/release.yaml",), today=TODAY))
    assert not named.problems


def test_a_release_that_a_submodule_now_holds_is_missed(repository, git) -> None:
    (repository / "b").mkdir()
    (repository / "b" / "release.yaml").write_text(manifest("other", "../a/labels.txt"))
    commit(repository, git)
    git(repository, "rm", "-q", "--cached", "b/release.yaml")
    git(repository / "b", "init", "-q")
    commit(repository / "b", git)
    commit(repository, git)
    report = judge(Request(root=repository, base="HEAD~1", today=TODAY))
    assert report.exit_code == 2
    assert "release 'other' of the base has no manifest any more" in str(report.problems[0])


def test_a_base_manifest_that_cannot_be_read_is_no_first_release(repository, git) -> None:
    (repository / "a" / "release.yaml").write_text(manifest("kws") + "unknown: true\n")
    commit(repository, git)
    move(repository, "kws")
    report = judged(repository)
    assert report.exit_code == 2
    assert "cannot be read, and is gone" in str(report.problems[0])
    assert "could not be read" in report.presented[0].base_note


def test_deleting_everything_is_no_release_less_repository_even_where_none_is_allowed(repository, git) -> None:
    (repository / "a" / "release.yaml").unlink()
    assert judged(repository).exit_code == 2
    git(repository, "checkout", "-q", "--", ".")
    (repository / "a" / "release.yaml").write_text("broken: [")
    commit(repository, git)
    (repository / "a" / "release.yaml").unlink()
    assert judged(repository).exit_code == 2


def test_a_manifest_that_nobody_judges_hides_no_model(repository) -> None:
    decoy = repository / "z"
    decoy.mkdir()
    (decoy / "evil.onnx").write_bytes(b"")
    (decoy / "release.yaml").write_text(manifest("decoy", "evil.onnx"))
    report = judged(repository, "a/release.yaml")
    blamed = [one for one in report.presented[0].judgements if one.rule == "REL-004"]
    assert blamed[0].blocks
    assert "evil.onnx" in str(blamed[0])


@pytest.mark.parametrize("name", ["policy-gate.yml", "policy-gate.json"])
def test_a_configuration_under_another_name_is_an_error_and_not_the_baseline(repository, git, name) -> None:
    (repository / "policy-gate.yaml").rename(repository / name)
    commit(repository, git)
    with pytest.raises(GateError, match=r"must be named policy-gate\.yaml"):
        judged(repository)


def test_a_configuration_that_is_a_folder_is_an_error(repository, git) -> None:
    (repository / "policy-gate.yaml").unlink()
    (repository / "policy-gate.yaml").mkdir()
    (repository / "policy-gate.yaml" / "x").write_text("")
    commit(repository, git)
    with pytest.raises(GateError, match="not a plain file"):
        judged(repository)


def test_one_process_alone_judges_everything() -> None:
    assert list(Alone().mine(["a", "b"])) == [(0, "a"), (1, "b")]
