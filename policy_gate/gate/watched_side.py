"""The files of one tree that run the gate or feed it, by what they do; read once, never parsed and never followed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.policy.difference_row import ABSENT, bounded, digest_words
from policy_gate.policy.globs import matches

if TYPE_CHECKING:
    from policy_gate.source import Tree

MAX_WATCHED_BYTES = 1024 * 1024
MAX_SIDE_BYTES = 32 * 1024 * 1024
"""Watched files are read up to this in all; those that come later in order of path cannot be read."""


class Kind(StrEnum):
    """What a watched file does."""

    HOOK = "hook"
    WORKFLOW = "workflow"
    ACTION = "action"
    SCRIPT = "script"
    PROFILE = "profile"
    STORED = "stored file"


_PATTERNS = {
    Kind.HOOK: (".pre-commit-config.yaml", ".pre-commit-config.yml"),
    Kind.WORKFLOW: (
        ".github/workflows/*.yml",
        ".github/workflows/*.yaml",
        ".forgejo/workflows/*.y*ml",
        ".gitea/workflows/*.y*ml",
        ".gitlab-ci.y*ml",
        ".gitlab/**/*.y*ml",
        ".circleci/*.y*ml",
        ".buildkite/*.y*ml",
        ".woodpecker.y*ml",
        ".woodpecker/*.y*ml",
        ".drone.y*ml",
        ".travis.yml",
        "appveyor.yml",
        "azure-pipelines.y*ml",
        ".azure/**/*.y*ml",
        "bitbucket-pipelines.yml",
        "cloudbuild.yaml",
        "lefthook.y*ml",
        ".husky/*",
        "Jenkinsfile",
    ),
    Kind.ACTION: (".github/actions/**", "action.yml", "action.yaml"),
    Kind.PROFILE: ("profiles/*.yml", "profiles/*.yaml", "**/profiles/*.yml", "**/profiles/*.yaml"),
    Kind.STORED: (".policy-gate/**", "**/.policy-gate/**"),
}
CALLERS = (Kind.HOOK, Kind.WORKFLOW, Kind.ACTION)
"""Kinds that are watched where they speak of the gate, or of a script that runs it."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file of one side: its bytes, or why they cannot be read; `is_there` tells a file that is absent."""

    is_there: bool
    content: bytes = b""
    fault: str = ""

    @property
    def text(self) -> str:
        """The file as text; bytes that are no UTF-8 stand as escapes, so that two of them never look the same."""
        return self.content.decode("utf-8", "backslashreplace")

    @property
    def state(self) -> str:
        """What is there, in words."""
        if not self.is_there:
            return ABSENT
        return bounded(self.fault) or digest_words(self.content)


def kind_of(path: str) -> Kind | None:
    """What a file does by where it stands; None for one that is not watched."""
    return next((kind for kind, patterns in _PATTERNS.items() if matches(path, patterns)), None)


class Side:
    """One tree: the paths of all its files, which of them are watched, and their contents."""

    def __init__(self, tree: Tree) -> None:
        """List the tree; its names are those that git has, also such as no file on disk may be opened by."""
        self.tree = tree
        self.paths = dict.fromkeys(sorted(entry.path for entry in tree.list()))
        kinds = ((path, kind_of(path)) for path in self.paths)
        self.kinds = {path: kind for path, kind in kinds if kind is not None}
        self._read: dict[str, Content] = {}
        self._left_bytes = MAX_SIDE_BYTES

    def content(self, path: str) -> Content:
        """Read a file, once."""
        if path not in self._read:
            self._read[path] = self._content(path)
        return self._read[path]

    def text(self, path: str) -> str:
        """The text of a file, "" where there is none or nobody can read it."""
        return self.content(path).text

    def _content(self, path: str) -> Content:
        if path not in self.paths:
            return Content(is_there=False)
        if self._left_bytes < 0:
            return Content(is_there=True, fault=f"more than {MAX_SIDE_BYTES} bytes of watched files")
        try:
            content = self.tree.read(path, MAX_WATCHED_BYTES)
            self._left_bytes -= len(content)
            return Content(is_there=True, content=content)
        except EvidenceError as error:
            return Content(is_there=True, fault=f"{error.reason.value}: {error.detail}")
