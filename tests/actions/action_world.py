"""Repositories, events and environments of jobs, as small as a test needs them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from policy_gate.actions.event import Event, read_event
from policy_gate.actions.runner import read_runner

CALM = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
REPOSITORY = "acme/kws"
LABELS = b"yes no"
POLICY = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [digests.yaml]
"""
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: digests, version: '1', words: Digests and sizes alone.}
spec:
  include: [{pack: 'builtin:fingerprint', rules: [FPR-001, FPR-002]}]
"""


def manifest(content: bytes = LABELS, *, name: str = "kws", version: str = "1.0", sequence: int = 1) -> str:
    """A release of one asset, one value a line; its digest and size are those of `content`."""
    return f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata:
  name: {name}
  version: "{version}"
  sequence: {sequence}
artifacts:
  - id: labels
    path: labels.txt
    role: asset
    size: {len(content)}
    digest: "sha256:{hashlib.sha256(content).hexdigest()}"
"""


@dataclass(frozen=True)
class Repository:
    """A repository in which commits are made."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Repository:
        """A repository whose branch `main` has a good release and its configuration."""
        root.mkdir(parents=True)
        made = cls(root)
        made.git("init", "-q", "-b", "main")
        made.commit(
            {"labels.txt": LABELS, "release.yaml": manifest(), "policy-gate.yaml": POLICY, "digests.yaml": PACK}
        )
        return made

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *CALM, *words], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, files: dict[str, str | bytes], words: str = "change") -> str:
        """Write files, commit them all, give the commit."""
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", words)
        return self.oid("HEAD")

    def oid(self, revision: str) -> str:
        return self.git("rev-parse", revision)

    def pull(self, files: dict[str, str | bytes]) -> Pull:
        """A pull request with these files; afterwards GitHub's trial merge of it is checked out."""
        base = self.oid("main")
        self.git("checkout", "-q", "-B", "work", "main")
        head = self.commit(files)
        self.git("checkout", "-q", "--detach", "main")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {head} into {base}", "work")
        return Pull(base=base, head=head, merge=self.oid("HEAD"))

    def clone(self, place: Path, revision: str, depth: int) -> Repository:
        """What actions/checkout does: one revision, so many commits deep, detached, no branches."""
        place.mkdir(parents=True)
        made = Repository(place)
        made.git("init", "-q", "-b", "main")
        made.git("remote", "add", "origin", self.root.as_uri())
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        made.git("fetch", "-q", "--no-tags", f"--depth={depth}", "origin", self.oid(revision))
        made.git("checkout", "-q", "--detach", "FETCH_HEAD")
        return made


@dataclass(frozen=True)
class Pull:
    """The commits of a pull request."""

    base: str
    head: str
    merge: str


def repository_tree(name: str = REPOSITORY) -> dict[str, object]:
    return {"full_name": name, "default_branch": "main"}


def pull_event(pull: Pull, **changes: object) -> dict[str, object]:
    """The payload of a pull request's event; `changes` are keys of `pull_request`."""
    described: dict[str, object] = {
        "number": 7,
        "user": {"login": "lee"},
        "head": {"sha": pull.head, "ref": "work", "repo": repository_tree()},
        "base": {"sha": pull.base, "ref": "main", "repo": repository_tree()},
        **changes,
    }
    return {"action": "synchronize", "number": 7, "pull_request": described, "repository": repository_tree()}


def environment(folder: Path, kind: str, payload: object, sha: str = "", **more: str) -> dict[str, str]:
    """What a runner gives a step; every file it names lies in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "temp").mkdir(exist_ok=True)
    event = folder / "event.json"
    event.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": "lee",
        "GITHUB_EVENT_NAME": kind,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REF_NAME": "7/merge",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "42",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_SHA": sha or "a" * 40,
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "RUNNER_TEMP": str(folder / "temp"),
        **more,
    }


def event_of(folder: Path, kind: str, payload: object, **more: str) -> Event:
    """The event as the gate reads it."""
    return read_event(read_runner(environment(folder, kind, payload, **more)))
