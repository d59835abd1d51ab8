"""The hooks under the real pre-commit, which installs this project as a user's would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import MODEL, Checkout, good_model
from hostile_documents import CONFIG

PROJECT = Path(__file__).resolve().parents[2]
NEEDED = ("policy_gate", "policies", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")

RECORD = PROJECT / "policies" / "tests" / "fixtures" / "keyword-spotting.json"
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  rules:
    - {id: OWN-001, title: Few targets, severity: low, assert: size(manifest.targets) < 9, rationale: Time,
       remediation: Fewer}
"""
TEST = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyTest
policy: [../packs/own.yaml]
defaults: {record: ../good.json}
cases:
  - {name: as it is, expect: {OWN-001: pass}}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory) -> Path:
    """This project as a repository of its own, with the hooks as they are now."""
    root = tmp_path_factory.mktemp("hooks")
    for name in NEEDED:
        place = PROJECT / name
        if place.is_dir():
            shutil.copytree(place, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, root / name)
    calm_git(root, "init", "-q", "-b", "main")
    calm_git(root, "add", "-A")
    calm_git(root, "commit", "-q", "-m", "hooks")
    return root


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """A home for pre-commit's environments, shared by the tests so that it installs once."""
    kept = {name: one for name, one in os.environ.items() if not name.startswith("GIT_") and name != "CI"}
    return kept | {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "PIP_NO_COMPILE": "1",
        "PIP_CONSTRAINT": str(PROJECT / "requirements" / "constraints.txt"),
        "PRE_COMMIT_COLOR": "never",
    }


def calm_git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def adopter(checkout, hook_repository) -> Checkout:
    """A repository with a good release, a tested policy and all hooks configured, all of it staged."""
    revision = calm_git(hook_repository, "rev-parse", "HEAD")
    checkout.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {hook_repository.as_posix()}\n    rev: {revision}\n"
        "    hooks: [{id: policy-gate-check}, {id: policy-gate-policies}, {id: policy-gate-policy-test}]\n",
    )
    checkout.write("policy-gate.yaml", CONFIG + '  policy: ["builtin:edge-baseline"]\n')
    shutil.copy(RECORD, checkout.root / "good.json")
    checkout.write("packs/own.yaml", PACK)
    checkout.write("tests/own.yaml", TEST)
    calm_git(checkout.root, "add", "-A")
    return checkout


@pytest.fixture
def pre_commit(environment):
    def run(here: Checkout, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", *args]
        done = subprocess.run(command, cwd=here.root, env=environment, capture_output=True, text=True, timeout=900)
        assert "An unexpected error has occurred" not in done.stdout, done.stdout + done.stderr
        return done

    return run


def test_a_good_repository_passes_all_hooks_in_silence(adopter, pre_commit) -> None:
    done = pre_commit(adopter, "run", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("[INFO]")]
    assert len(lines) == 3
    assert all(line.endswith("Passed") for line in lines)


def test_a_changed_model_fails_the_check_and_shows_the_finding(adopter, pre_commit) -> None:
    adopter.write(MODEL, good_model() + b"\x1a\x011")
    calm_git(adopter.root, "add", "-A")
    done = pre_commit(adopter, "run", "--all-files")
    assert done.returncode == 1
    assert "- exit code: 1" in done.stdout
    assert "FAIL FPR-001" in done.stdout
    assert "release.yaml:5:" in done.stdout
    assert done.stdout.count("BLOCKED kws 1.0") == 1


def test_a_broken_policy_fails_at_its_line(adopter, pre_commit) -> None:
    adopter.write("policy-gate/own.yaml", "apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\nmetdata: {}\n")
    calm_git(adopter.root, "add", "-A")
    done = pre_commit(adopter, "run", "policy-gate-policies", "--all-files")
    assert done.returncode == 1
    assert "policy-gate/own.yaml:3:1: unknown field 'metdata'" in done.stdout
    assert "- exit code: 2" in done.stdout


def test_a_policy_that_does_not_keep_to_its_tests_fails(adopter, pre_commit) -> None:
    adopter.write("packs/own.yaml", PACK.replace("< 9", "< 1"))
    calm_git(adopter.root, "add", "-A")
    done = pre_commit(adopter, "run", "policy-gate-policy-test", "--all-files")
    assert done.returncode == 1
    assert "OWN-001" in done.stdout
    assert "- exit code: 1" in done.stdout


def test_a_commit_runs_the_hooks_and_is_refused(adopter, pre_commit, environment) -> None:
    assert pre_commit(adopter, "install").returncode == 0
    adopter.replace("size: ", "size: 1")
    calm_git(adopter.root, "add", "-A")
    words = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", "commit", "-m", "wrong"]
    done = subprocess.run(words, cwd=adopter.root, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 1
    assert "FAIL FPR-002" in done.stdout + done.stderr
    assert calm_git(adopter.root, "rev-list", "--count", "HEAD") == "1"


def test_a_hundred_files_are_judged_by_one_process(adopter, pre_commit) -> None:
    for number in range(100):
        adopter.write(f"products/{number}/release.yaml", "kind: [\n")
    calm_git(adopter.root, "add", "-A")
    done = pre_commit(adopter, "run", "policy-gate-check", "--all-files")
    assert done.returncode == 1
    assert done.stdout.count("BLOCKED") + done.stdout.count("ALLOWED") == 1
    assert done.stdout.count("/release.yaml:") >= 100


def test_a_change_elsewhere_starts_no_process_at_all(adopter, pre_commit) -> None:
    calm_git(adopter.root, "commit", "-q", "-m", "adopt")
    adopter.write("README.md", "Another line.\n")
    calm_git(adopter.root, "add", "-A")
    done = pre_commit(adopter, "run")
    assert done.returncode == 0
    assert done.stdout.count("Skipped") == 3
