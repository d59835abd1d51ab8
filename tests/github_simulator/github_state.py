"""What the simulated GitHub holds: people, tokens, repositories, pull requests and what stands on them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from github_patches import make_patch

ACTIONS = "github-actions[bot]"
START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MAX_FILES = 3000


class Clock:
    """Numbers and times that are the same in every run: each time asked, a second has passed."""

    def __init__(self) -> None:
        self._id = 3_000_000_000  # real ids have long passed 31 bits
        self._seconds = 0

    def new_id(self) -> int:
        self._id += 1
        return self._id

    def now(self) -> str:
        self._seconds += 1
        return (START + timedelta(seconds=self._seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Token:
    """Whom a token speaks for, and what it may: `permissions` are none, read or write by name."""

    login: str = ACTIONS
    permissions: dict[str, str] = field(default_factory=dict)
    viewer: str = ""
    """What GraphQL calls its owner; the login where empty."""
    repositories: frozenset[str] | None = None
    """The repositories it sees at all; None for every one."""

    def may(self, permission: str) -> bool:
        name, _, level = permission.partition("=")
        order = ("none", "read", "write")
        return order.index(self.permissions.get(name, "none")) >= order.index(level)


@dataclass
class Comment:
    """A comment on the whole pull request."""

    id: int
    author: str
    body: str
    created_at: str
    updated_at: str
    minimized: str = ""


@dataclass
class Review:
    """A review and the commit it was given for; state as GitHub's: COMMENTED, APPROVED, CHANGES_REQUESTED, DISMISSED."""

    id: int
    author: str
    body: str
    state: str
    commit: str
    submitted_at: str


@dataclass
class LineComment:
    """A review comment as it was made; where it stands now is worked out from the pushes since."""

    id: int
    review: int
    author: str
    body: str
    path: str
    commit: str
    line: int
    start_line: int | None
    side: str
    hunk: str
    created_at: str
    updated_at: str
    minimized: str = ""


@dataclass
class CheckRun:
    """A check run; `annotations` grow by every update."""

    id: int
    author: str
    name: str
    head_sha: str
    external_id: str
    details_url: str
    status: str
    conclusion: str | None
    started_at: str
    completed_at: str | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, object]] = field(default_factory=list)


@dataclass
class PullRequest:
    """A pull request as the list of its pushes: a commit id and all files of the head, by path."""

    id: int
    number: int
    author: str
    base_ref: str
    base_sha: str
    base_files: Mapping[str, bytes]
    head_ref: str
    head_repository: str | None
    created_at: str
    pushes: list[tuple[str, Mapping[str, bytes]]] = field(default_factory=list)
    state: str = "open"
    locked: bool = False
    draft: bool = False
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    line_comments: list[LineComment] = field(default_factory=list)
    writers: dict[str, str] = field(default_factory=dict)
    """Who wrote a commit, by its id, where that is not the author of the pull request."""
    base_changes: list[tuple[str, str]] = field(default_factory=list)
    """What happened to its base and when, such as `base_ref_changed`."""
    without_patch: set[str] = field(default_factory=set)
    """Files whose patch GitHub leaves out since it is too large."""

    @property
    def head_sha(self) -> str:
        return self.pushes[-1][0]

    @property
    def head_files(self) -> Mapping[str, bytes]:
        return self.pushes[-1][1]

    def files_at(self, commit: str) -> Mapping[str, bytes] | None:
        return next((files for sha, files in reversed(self.pushes) if sha == commit), None)

    def changed(self, files: Mapping[str, bytes]) -> list[str]:
        """The paths that differ from the base, in git's order; GitHub lists no more than 3000."""
        paths = sorted({*self.base_files, *files}, key=str.encode)
        return [path for path in paths if self.base_files.get(path) != files.get(path)][:MAX_FILES]

    def patch(self, path: str, files: Mapping[str, bytes]) -> str | None:
        return None if path in self.without_patch else make_patch(self.base_files.get(path), files.get(path))


@dataclass
class Repository:
    """A repository; of its commits only the ids are known."""

    id: int
    owner: str
    name: str
    private: bool = True
    default_branch: str = "main"
    fork: bool = False
    commits: set[str] = field(default_factory=set)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    checks: list[CheckRun] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class World:
    """Everything there is, and what a test does to it by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self.teams: dict[tuple[str, str], dict[str, str]] = {}
        """Members by organisation and slug of a team, each active or pending."""
        self.server = "https://github.example"

    def add_token(self, secret: str, login: str = ACTIONS, *, viewer: str = "", **permissions: str) -> Token:
        """A token that may what is said, such as pull_requests="write"."""
        self.tokens[secret] = Token(login, permissions, viewer)
        return self.tokens[secret]

    def add_repository(self, full_name: str, **more: object) -> Repository:
        owner, name = full_name.split("/")
        made = Repository(self.clock.new_id(), owner, name, **more)
        self.repositories[full_name] = made
        return made

    def open_pull(
        self,
        repository: str,
        base: Mapping[str, bytes],
        head: Mapping[str, bytes],
        *,
        author: str = "alice",
        head_repository: str | None = "",
        base_sha: str = "",
        head_sha: str = "",
        number: int = 0,
        head_ref: str = "work",
    ) -> PullRequest:
        """Open a pull request; from a fork where another repository is named, from a deleted one where None is."""
        home = self.repositories[repository]
        made = PullRequest(
            self.clock.new_id(),
            number or len(home.pulls) + 1,
            author,
            home.default_branch,
            base_sha or commit_id(repository, base),
            dict(base),
            head_ref,
            repository if head_repository == "" else head_repository,
            self.clock.now(),
        )
        home.pulls[made.number] = made
        home.commits.add(made.base_sha)
        self.push(home, made, head, head_sha)
        return made

    def push(self, home: Repository, pull: PullRequest, files: Mapping[str, bytes], sha: str = "") -> str:
        """Another commit on the head; comments on lines that changed go out of date by it."""
        sha = sha or commit_id(f"{home.full_name} {pull.number} {len(pull.pushes)}", files)
        pull.pushes.append((sha, dict(files)))
        home.commits.add(sha)
        return sha

    def add_comment(self, pull: PullRequest, author: str, body: str) -> Comment:
        """A comment somebody makes."""
        now = self.clock.now()
        made = Comment(self.clock.new_id(), author, body, now, now)
        pull.comments.append(made)
        return made

    def add_review(self, pull: PullRequest, author: str, state: str = "APPROVED", commit: str = "") -> Review:
        """A review somebody gives, for the head where no commit is said."""
        made = Review(self.clock.new_id(), author, "", state, commit or pull.head_sha, self.clock.now())
        pull.reviews.append(made)
        return made


def commit_id(salt: str, files: Mapping[str, bytes]) -> str:
    """A commit id for a test that has no repository: it depends on the files."""
    return hashlib.sha1(repr((salt, sorted(files.items()))).encode()).hexdigest()
