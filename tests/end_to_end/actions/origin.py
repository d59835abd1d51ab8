"""A repository as GitHub keeps it, with the refs it makes for a pull request, and the clones that a job makes of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from event_files import NUMBER, Trigger

ALL = 0
"""The depth that means everything, as at actions/checkout."""
CALM = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
IDENTITY = (
    "-c",
    "user.name=Alice",
    "-c",
    "user.email=alice@example.invalid",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "core.autocrlf=false",
)


def git(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    """Run git with a person of the tests and nobody's settings."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, env={**env, **CALM}, input=given, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@dataclass
class Origin:
    """A repository that everybody clones; commits are made of whole trees."""

    root: Path
    _contents: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, files: Mapping[str, bytes]) -> Origin:
        """With one commit on main. A commit that no branch holds any more can still be fetched, as from GitHub."""
        root.mkdir(parents=True)
        git(root, "init", "--quiet", "--bare", "--initial-branch=main")
        git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
        made = cls(root)
        made.commit("main", files, "Release 1.0")
        return made

    def commit(self, branch: str, files: Mapping[str, bytes], words: str = "A change", parent: str = "") -> str:
        """A commit with these files and no others on a branch, above its tip or another parent; gives its id."""
        tip = parent or self.tip(branch)
        index = self.root / "index-of-tests"
        index.unlink(missing_ok=True)
        tree = self._tree(files)
        parents = ("-p", tip) if tip else ()
        made = git(self.root, "commit-tree", tree, *parents, "-m", words)
        git(self.root, "update-ref", f"refs/heads/{branch}", made)
        self._contents[made] = dict(files)
        return made

    def _tree(self, files: Mapping[str, bytes]) -> str:
        """Every file by `fast-import`, which is one process for all."""
        lines = [b"commit refs/tests/scratch\ncommitter A <a@example.invalid> 0 +0000\ndata 0\ndeleteall\n"]
        for path, content in files.items():
            lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        git(self.root, "fast-import", "--quiet", "--force", given=b"".join(lines))
        return git(self.root, "rev-parse", "refs/tests/scratch^{tree}")

    def tip(self, branch: str) -> str:
        """The commit of a branch, "" where there is none."""
        return git(self.root, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def files(self, commit: str) -> Mapping[str, bytes]:
        return self._contents[commit]

    def pull(self, head: str, *, base: str = "main", number: int = NUMBER) -> str:
        """Make the refs of a pull request, and GitHub's own merge of it, whose first parent is the base; gives the merge."""
        tip = self.tip(base)
        tree = git(self.root, "merge-tree", "--write-tree", tip, head).splitlines()[0]
        made = git(self.root, "commit-tree", tree, "-p", tip, "-p", head, "-m", f"Merge {head} into {tip}")
        git(self.root, "update-ref", f"refs/pull/{number}/head", head)
        git(self.root, "update-ref", f"refs/pull/{number}/merge", made)
        return made

    def check_out(self, place: Path, trigger: Trigger, depth: int = 1, *, ref: str = "") -> Path:
        """Fetch and check out what actions/checkout does of an event: one commit, `depth` deep, or everything.

        `ref` is what a workflow asks for in place of the event's own commit.
        """
        place.mkdir(parents=True)
        git(place, "init", "--quiet", "--initial-branch=main")
        git(place, "remote", "add", "origin", self.root.as_uri())
        wanted = ref or trigger.sha
        here = _local_name(ref or trigger.ref)
        own = [] if depth == ALL and here.startswith(("refs/remotes/origin/", "refs/tags/")) else [f"+{wanted}:{here}"]
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"] if depth == ALL else []
        how = ["--no-tags", "--quiet", *([] if depth == ALL else [f"--depth={depth}"])]
        git(place, "fetch", *how, "origin", *everything, *own)
        git(place, "checkout", "--quiet", "--force", "--detach", wanted if not ref else here)
        return place


def _local_name(ref: str) -> str:
    if ref.startswith("refs/pull/"):
        return ref.replace("refs/pull/", "refs/remotes/pull/")
    return ref.replace("refs/heads/", "refs/remotes/origin/") if ref.startswith("refs/") else "refs/remotes/asked"
