"""A pull request on a simulated GitHub and in a real repository at once, and the jobs that run for its pushes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import event_files as events
from event_files import NUMBER, REPOSITORY, Trigger
from github_simulator import Entry, Simulator
from github_state import PullRequest
from origin import Origin
from release_texts import good_release, with_base_files
from workflow_job import Done, Job

BOT = "github-actions[bot]"
TOKEN = "ghs_of_the_tests"
MAY_WRITE = {"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write"}
MAY_READ = {"metadata": "read", "contents": "read", "pull_requests": "read", "checks": "read"}


@dataclass(frozen=True)
class Ran:
    """One run of the workflow: what its two steps did, and what was written to GitHub by them."""

    judged: Done
    posted: Done
    writes: tuple[Entry, ...]


@dataclass
class PullRequestWorld:
    """One pull request; every push replaces the tree of its head."""

    folder: Path
    hub: Simulator
    origin: Origin
    head_repository: str | None = REPOSITORY
    author: str = "alice"
    permissions: Mapping[str, str] = field(default_factory=lambda: MAY_WRITE)
    base: str = ""
    heads: list[str] = field(default_factory=list)
    runs: int = 0
    attempts: int = 0
    _last: Trigger | None = None

    @classmethod
    def make(
        cls,
        folder: Path,
        hub: Simulator,
        base: Mapping[str, bytes] | None = None,
        **more: object,
    ) -> PullRequestWorld:
        """Without a pull request yet: the first push opens it."""
        origin = Origin.make(folder / "origin.git", base or with_base_files(good_release()))
        made = cls(folder, hub, origin, **more)
        hub.world.add_token(TOKEN, BOT, **made.permissions)
        hub.world.add_repository(REPOSITORY)
        if made.head_repository not in (None, REPOSITORY):
            hub.world.add_repository(made.head_repository, fork=True)
        made.base = origin.tip("main")
        return made

    @property
    def pull(self) -> PullRequest:
        return self.hub.world.repositories[REPOSITORY].pulls[NUMBER]

    @property
    def head(self) -> str:
        return self.heads[-1]

    @property
    def ours(self) -> list[str]:
        """The bodies of our comments on the whole pull request."""
        return [one.body for one in self.pull.comments if one.author == BOT]

    def push(self, files: Mapping[str, bytes]) -> Trigger:
        """Push a commit with these files; GitHub makes its merge of it, and tells of it."""
        before = self.heads[-1] if self.heads else ""
        self.heads.append(self.origin.commit("work", files, parent=before or self.base))
        home = self.hub.world.repositories[REPOSITORY]
        if before:
            self.hub.world.push(home, self.pull, files, self.head)
        else:
            self.hub.world.open_pull(
                REPOSITORY,
                self.origin.files(self.base),
                files,
                author=self.author,
                head_repository=self.head_repository,
                base_sha=self.base,
                head_sha=self.head,
                number=NUMBER,
            )
        merge = self.origin.pull(self.head)
        home.commits.add(merge)
        return self.trigger(merge, before)

    def trigger(self, merge: str, before: str = "") -> Trigger:
        action = "synchronize" if before else "opened"
        whose = {"head_repository": self.head_repository, "actor": self.author}
        return events.pull_request(self.base, self.head, merge, action=action, before=before, **whose)

    def job(self, trigger: Trigger, *, depth: int = 2) -> Job:
        """A job on a fresh machine; for the same event once more it is another attempt of the same run."""
        self.runs += trigger is not self._last
        self.attempts = self.attempts + 1 if trigger is self._last else 1
        self._last = trigger
        here = self.folder / f"run-{self.runs}-{self.attempts}"
        place = self.origin.check_out(here / "work", trigger, depth)
        return Job(place, here / "temp", trigger, self.hub, TOKEN, 1000 + self.runs, self.attempts)

    def run(self, trigger: Trigger, **inputs: str) -> Ran:
        """Run both steps of the workflow."""
        job = self.job(trigger)
        judged = job.judge(**inputs)
        before = len(self.hub.writes)
        posted = job.post(judged.outputs["overview"], **inputs)
        return Ran(judged, posted, tuple(self.hub.writes[before:]))


def named(write: Entry) -> str:
    """What a write is, in words."""
    kind = (write.method, write.path.split("/")[4], write.path.rsplit("/", 1)[-1].isdecimal())
    if kind[1] == "pulls" and write.path.endswith("/reviews"):
        count = len(write.body.get("comments", ()))
        return f"review with {count} line comment{'' if count == 1 else 's'}"
    words = {
        ("POST", "issues", False): "comment made",
        ("PATCH", "issues", True): "comment edited",
        ("DELETE", "issues", True): "comment deleted",
        ("POST", "pulls", False): "line comment made",
        ("PATCH", "pulls", True): "line comment edited",
        ("POST", "check-runs", False): "check run made",
        ("PATCH", "check-runs", True): "check run added to",
    }
    return words.get(kind, f"{write.method} {write.path}")
