"""A first release is a state, and a base that cannot be read is exit 2: neither is ever taken for the other."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from checkout import MODEL, Checkout, commit, good_model, manifest

OTHER = manifest(good_model()).replace("name: kws", "name: vad")


def lay_other(here: Checkout) -> None:
    """A second release that the base does not have."""
    here.write("vad/model/kws.onnx", good_model())
    here.write("vad/release.yaml", OTHER)


def test_a_base_that_is_readable_and_has_no_such_release_is_a_state_of_its_own(repo, check) -> None:
    lay_other(repo)
    done = check(repo, "--base", "main", "vad/release.yaml")
    assert done.returncode == 0, done.stdout
    assert "no baseline: the base holds no release of this name" in done.stdout
    record = json.loads(check(repo, "--base", "main", "--format", "json", "vad/release.yaml").stdout)["records"][0]
    assert (record["base"], record["base_state"]) == (None, "no baseline: the base holds no release of this name")
    compared = [one for one in record["judgements"] if one["reason"] == "no baseline"]
    assert compared
    assert {one["outcome"] for one in compared} == {"not_applicable"}


def test_a_release_beside_a_base_manifest_that_cannot_be_read_is_blocked_and_no_first_release(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    text = (repo.root / "release.yaml").read_text()
    repo.write("release.yaml", text + "unknown: true\n")
    commit(git, repo)
    git(repo.root, "checkout", "-q", "-B", "work")
    repo.write("release.yaml", text)
    lay_other(repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 1
    assert done.stdout.count("the base release could not be read") >= 2
    assert "no baseline" not in done.stdout
    assert "UNKNOWN REL-001" in done.stdout


def clone(git, repo: Checkout, folder: Path, *options: str) -> Checkout:
    git(folder, "clone", "-q", *options, repo.root.as_uri(), "clone")
    return Checkout(folder / "clone")


def test_a_shallow_clone_without_the_base_commit_names_the_command_that_works(repo, git, check, tmp_path) -> None:
    base = git(repo.root, "rev-parse", "main")
    repo.write("note.txt", "a change")
    commit(git, repo)
    shallow = clone(git, repo, tmp_path, "--depth=1", "--branch=work")
    done = check(shallow, "--base", base)
    assert (done.returncode, done.stdout) == (2, "")
    command = next(line for line in done.stderr.splitlines() if "git fetch" in line).partition("fetch it: ")[2]
    assert command == f"git fetch --depth=1 origin {base}"
    git(repo.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(shallow.root, *command.split()[1:])
    assert check(shallow, "--base", base).returncode == 0


@pytest.fixture
def partial(repo, git, tmp_path):
    """A clone that left out objects, with the work checked out: what git fetched for that is all it has."""
    git(repo.root, "config", "uploadpack.allowFilter", "true")
    git(repo.root, "config", "uploadpack.allowAnySHA1InWant", "true")

    def make(kind: str) -> Checkout:
        return clone(git, repo, tmp_path, f"--filter={kind}", "--branch=work")

    return make


def absent(here: Checkout) -> list[str]:
    """Objects that the clone knows of and has not got."""
    listing = ["git", "rev-list", "--objects", "--all", "--missing=print"]
    found = subprocess.run(listing, cwd=here.root, capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if line.startswith("?")]


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_base_whose_manifest_a_partial_clone_left_out_is_exit_2_and_fetched_by_nobody(
    repo, git, check, partial, kind
) -> None:
    repo.replace("sequence: 1", "sequence: 2")
    commit(git, repo)
    here = partial(kind)
    before = absent(here)
    assert before
    done = check(here, "--base", "origin/main")
    assert (done.returncode, done.stdout) == (2, "")
    assert "git fetch --refetch --no-filter origin" in done.stderr
    assert absent(here) == before
    git(here.root, "fetch", "-q", "--refetch", "--no-filter", "origin")
    assert check(here, "--base", "origin/main").returncode == 0


def test_a_base_whose_model_a_partial_clone_left_out_is_exit_2_too(repo, git, check, partial) -> None:
    repo.ship(good_model() + b"\x72\x00")
    repo.replace("sequence: 1", "sequence: 2")
    commit(git, repo)
    here = partial("blob:none")
    # The manifest of the base is asked for and comes; its model does not.
    git(here.root, "cat-file", "-p", "origin/main:release.yaml")
    done = check(here, "--base", "origin/main")
    assert done.returncode == 2
    assert f"{MODEL}: the base is not whole: its content is not in this clone" in done.stderr


def test_what_a_base_leaves_out_beside_releases_does_not_matter(repo, git, check, partial) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("notes.txt", "of the base")
    commit(git, repo)
    git(repo.root, "checkout", "-q", "-B", "work")
    repo.write("notes.txt", "of the work")
    commit(git, repo)
    here = partial("blob:none")
    assert absent(here)
    assert check(here, "--base", "origin/main").returncode == 0


def test_an_annotated_tag_is_the_commit_it_stands_for(repo, git, check) -> None:
    git(repo.root, "tag", "-a", "-m", "a release", "v1", "main")
    repo.replace('version: "1.0", sequence: 1', 'version: "1.1", sequence: 1')
    for name in ("v1", git(repo.root, "rev-parse", "v1"), "v1^{commit}", "refs/tags/v1"):
        done = check(repo, "--base", name)
        assert (done.returncode, "FAIL REL-001" in done.stdout) == (1, True), name
    record = json.loads(check(repo, "--base", "v1", "--format", "json").stdout)["records"][0]
    assert record["policy_source"] == f"base:{git(repo.root, 'rev-parse', 'main')}"


def test_what_is_no_commit_is_exit_2(repo, git, check) -> None:
    tree = git(repo.root, "rev-parse", "main^{tree}")
    blob = git(repo.root, "rev-parse", "main:release.yaml")
    git(repo.root, "tag", "-a", "-m", "a tree", "treetag", tree)
    for name in (tree, blob, "main^{tree}", "main:release.yaml", "treetag", "0" * 40, "f" * 64):
        done = check(repo, "--base", name)
        assert (done.returncode, done.stdout) == (2, ""), name
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "revision",
    [
        "--upload-pack=touch sprung",
        "--upload-pack=sprung",
        "-x",
        "--all",
        "--help",
        "main..work",
        "main...work",
        "..main",
        "main..",
        "^main",
        "main^@",
        "main^!",
        "@{-9}",
        "refs/heads/*",
        "record",
        "$(touch sprung)",
    ],
)
def test_options_ranges_and_patterns_are_no_base(revision, repo, git, check) -> None:
    before = sorted(repo.root.iterdir())
    done = check(repo, f"--base={revision}")
    assert (done.returncode, done.stdout) == (2, ""), revision
    assert "Traceback" not in done.stderr
    assert sorted(repo.root.iterdir()) == before


@pytest.mark.parametrize("revision", ["HEAD~0", "HEAD^0", "@", "HEAD"])
def test_the_judged_commit_by_another_name_is_still_the_judged_commit(revision, repo, check) -> None:
    assert check(repo, "--base", revision).returncode == 0
    done = check(repo, "--base", revision, env={"CI": "true"})
    assert done.returncode == 2
    assert "the very commit that is judged" in done.stderr


def test_a_short_id_that_two_commits_share_is_exit_2_and_one_that_is_unique_is_right(repo, git, check) -> None:
    stream = []
    for number in range(700):  # 16 bits of four digits: two of so many share them, all but surely
        words = f"commit {number}"
        stream.append(
            f"commit refs/heads/many{number}\ncommitter T <t@example.invalid> {1700000000 + number} +0000\n"
            f"data {len(words)}\n{words}\n"
        )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.root, input="\n".join(stream), text=True, check=True)
    oids = git(repo.root, "for-each-ref", "--format=%(objectname)", "refs/heads/many*").split()
    assert len(oids) == 700
    shared = sorted(one[:4] for one in oids)
    ambiguous = next(one for one, other in pairwise(shared) if one == other)
    done = check(repo, "--base", ambiguous)
    assert (done.returncode, done.stdout) == (2, "")
    short = git(repo.root, "rev-parse", "--short=12", "main")
    assert check(repo, "--base", short).returncode == 0


def test_a_base_of_an_unrelated_history_is_compared_with_all_the_same(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "--orphan", "unrelated")
    commit(git, repo)
    repo.replace('version: "1.0", sequence: 1', 'version: "1.1", sequence: 1')
    done = check(repo, "--base", "main")
    assert (done.returncode, "FAIL REL-001" in done.stdout) == (1, True)
