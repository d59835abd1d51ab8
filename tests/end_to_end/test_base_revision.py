"""What a change is compared with: a base that is there, and the releases it had."""

from __future__ import annotations

import shutil

import pytest
from checkout import Checkout, commit
from hostile_documents import STRICT


def test_an_absent_base_names_the_command_that_fetches_it(repo, check) -> None:
    done = check(repo, "--base", "origin/main")
    assert (done.returncode, done.stdout) == (2, "")
    assert "git fetch --depth=1 origin main:refs/remotes/origin/main" in done.stderr


@pytest.mark.parametrize(
    "revision", ["--output=sprung", "-", "^main", "main extra", "main\n", ":/first", "main:README.md", "x" * 300]
)
def test_a_base_that_is_no_revision_is_refused_and_does_nothing(revision, repo, check) -> None:
    before = sorted(repo.root.iterdir())
    done = check(repo, f"--base={revision}")
    assert done.returncode in ((0, 2) if revision == ":/first" else (2,))
    assert "Traceback" not in done.stderr
    assert sorted(repo.root.iterdir()) == before


def test_a_base_outside_any_repository_is_refused(tmp_path, gate) -> None:
    done = gate("check", "--base", "main", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not inside a git repository" in done.stderr


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_in_ci_a_base_other_than_itself_is_demanded_or_waived_aloud(value, repo, git, check) -> None:
    refused = check(repo, env={"CI": value})
    assert refused.returncode == 2
    assert "--base REV, or --no-base" in refused.stderr
    allowed = check(repo, "--no-base", env={"CI": value})
    assert allowed.returncode == 0
    assert "this is advice, not a boundary" in allowed.stdout
    own = check(repo, "--base", "main", env={"CI": value})
    assert own.returncode == 2
    assert "the very commit that is judged" in own.stderr
    repo.write("note.txt", "a change")
    commit(git, repo)
    assert check(repo, "--base", "main", env={"CI": value}).returncode == 0


def test_a_shallow_clone_says_how_to_deepen_it(repo, git, check, tmp_path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=work", repo.root.as_uri(), "shallow")
    done = check(Checkout(tmp_path / "shallow"), "--base", "HEAD~1")
    assert done.returncode == 2
    assert "git fetch --unshallow origin" in done.stderr
    assert check(Checkout(tmp_path / "shallow"), "--base", "HEAD").returncode == 0


def test_a_clone_that_left_out_blobs_is_unknown_and_fetches_nothing(repo, git, check, tmp_path) -> None:
    git(repo.root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", repo.root.as_uri(), "partial")
    done = check(Checkout(tmp_path / "partial"), "--tree", "HEAD", "--base", "HEAD")
    assert done.returncode == 2
    assert "git fetch --refetch --no-filter origin" in done.stderr


def test_a_manifest_that_moved_is_still_compared_with_its_base(repo, git, check) -> None:
    (repo.root / "kws").mkdir()
    git(repo.root, "mv", "release.yaml", "kws/release.yaml")
    git(repo.root, "mv", "model", "kws/model")
    text = (repo.root / "kws/release.yaml").read_text()
    repo.write("kws/release.yaml", text.replace('"1.0"', '"1.1"'))
    commit(git, repo)
    same_number = check(repo, "--base", "main")
    assert (same_number.returncode, "FAIL REL-001" in same_number.stdout) == (1, True)
    repo.write("kws/release.yaml", text.replace('"1.0"', '"1.1"').replace("sequence: 1", "sequence: 2"))
    assert check(repo, "--base", "main").returncode == 0


def test_a_manifest_under_a_name_that_nothing_matches_is_named(repo, git, check) -> None:
    git(repo.root, "mv", "release.yaml", "notes.yaml")
    shutil.copytree(repo.root / "model", repo.root / "other/model")
    other = (repo.root / "notes.yaml").read_text().replace("name: kws", "name: other")
    repo.write("other/release.yaml", other)
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release.yaml: release 'kws' of the base has no manifest any more" in done.stderr


def test_a_release_that_takes_another_name_is_a_finding(repo, check) -> None:
    repo.replace("name: kws", "name: fresh")
    done = check(repo, "--base", "main")
    assert done.returncode != 0
    assert "FAIL REL-002" in done.stdout


def test_the_only_manifest_cannot_be_deleted(repo, git, check) -> None:
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release.yaml: release 'kws' of the base has no manifest any more" in done.stderr


def test_no_manifest_is_fine_only_where_the_base_says_so(repo, git, check) -> None:
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    repo.write("policy-gate.yaml", STRICT + "  allow_none: true\n")
    commit(git, repo)
    assert check(repo, "--base", "main").returncode == 2
    allowed = check(repo, "--base", "work")
    assert allowed.returncode == 0
    assert "no manifest, as the configuration allows" in allowed.stdout


def test_a_base_that_allows_no_manifest_still_misses_the_one_it_had(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("policy-gate.yaml", STRICT + "  allow_none: true\n")
    commit(git, repo)
    git(repo.root, "checkout", "-q", "-B", "work")
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release 'kws' of the base has no manifest any more" in done.stderr
