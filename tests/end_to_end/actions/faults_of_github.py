"""Every fault of GitHub at every kind of write: whether the verdict stands, and nothing is there twice or lost."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from github_faults import KINDS
from github_simulator import Simulator
from publication_marks import finding_marks
from pull_request_world import PullRequestWorld
from release_texts import with_base_files
from story_of_pushes import same_sequence, wrong_digest
from workflow_job import Done, Job

TIMES_OUT = frozenset({"slow"})
"""It would wait for the client's own limit of 20 s."""
TELLING = ("403-permission", "422", "502-applied", "cut-applied")
"""One of each kind of answer to a fault; `make show-faults` goes through all of them at every place."""
FAULTS = tuple(kind for kind in KINDS if kind not in TIMES_OUT)
MAX_WAIT_SECONDS = 120
PULL = "/repos/acme/models/pulls/7"
COMMENTS = "/repos/acme/models/issues/7/comments"


@dataclass(frozen=True)
class Place:
    """The requests that a fault strikes; `is_second` where it is the run after another push that meets it."""

    words: str
    method: str
    path: str
    is_second: bool = False


PLACES = (
    Place("comment made", "POST", COMMENTS),
    Place("comment edited", "PATCH", "/repos/acme/models/issues/comments/*", is_second=True),
    Place("review made", "POST", f"{PULL}/reviews"),
    Place("line comment edited", "PATCH", "/repos/acme/models/pulls/comments/*", is_second=True),
    Place("check run made", "POST", "/repos/acme/models/check-runs"),
    Place("comments read", "GET", COMMENTS),
)
INPUTS = {"check_run": "true"}


@dataclass
class Stage:
    """A pull request before the fault: what was judged of it, and the job that is about to post."""

    world: PullRequestWorld
    job: Job
    judged: Done

    def copied(self, folder: Path, hub: Simulator) -> Stage:
        """The same at another GitHub, in a temporary folder of its own; what was judged is judged once."""
        hub.world = copy.deepcopy(self.world.hub.world)
        return Stage(replace(self.world, hub=hub), replace(self.job, hub=hub, temp=folder), self.judged)

    def post(self) -> Done:
        return self.job.post(self.judged.outputs["overview"], **INPUTS)


def set_stage(folder: Path, hub: Simulator, place: Place) -> Stage:
    """One push that fails, or two of which the first is posted already."""
    world = PullRequestWorld.make(folder, hub)
    trigger = world.push(with_base_files(wrong_digest()))
    if place.is_second:
        world.run(trigger, **INPUTS)
        trigger = world.push(with_base_files(same_sequence()))
    job = world.job(trigger)
    return Stage(world, job, job.judge(**INPUTS))


@dataclass(frozen=True)
class Outcome:
    """What a fault led to. `twice` and `lost` are what stands there twice, or nowhere, after the run without a fault."""

    kind: str
    place: Place
    judged: Done
    posted: Done
    repeated: Done
    struck: bool
    twice: tuple[str, ...]
    lost: tuple[str, ...]
    silent: bool
    """Whether something was not posted, and the log does not say so."""

    @property
    def is_kept(self) -> bool:
        codes = (self.judged.code, self.posted.code, self.repeated.code)
        is_in_time = self.posted.waited_seconds <= MAX_WAIT_SECONDS
        is_calm = is_in_time and not any("Traceback" in one.said for one in (self.judged, self.posted, self.repeated))
        return codes == (1, 0, 0) and is_calm and self.struck and not (self.twice or self.lost or self.silent)


def strike(stage: Stage, kind: str, place: Place, times: int | None = 1) -> Outcome:
    """Post while GitHub fails, then once more when it is well again."""
    hub = stage.world.hub
    hub.fail(place.method, place.path, kind, times, retry_after=3)
    posted = stage.post()
    struck = any(one.fault == kind for one in hub.log)
    believed = kind == "404" and place.words == "line comment edited"  # what is not found was deleted, and is no loss
    silent = not believed and bool(tuple(lost_things(stage.world))) and posted.outputs.get("posted") == "full"
    hub.faults.clear()
    repeated = stage.post()
    twice, lost = tuple(double_things(stage.world)), tuple(lost_things(stage.world))
    return Outcome(kind, place, stage.judged, posted, repeated, struck, twice, lost, silent)


def double_things(world: PullRequestWorld) -> Iterator[str]:
    """What stands on the pull request more than once."""
    if len(world.ours) > 1:
        yield f"{len(world.ours)} comments"
    marks = Counter(mark for one in world.pull.line_comments for mark in finding_marks(one.body))
    yield from (f"line comment {mark}" for mark, count in marks.items() if count > 1)
    runs = Counter(one.head_sha for one in world.hub.world.repositories["acme/models"].checks)
    yield from (f"{count} check runs of {sha[:7]}" for sha, count in runs.items() if count > 1)


def lost_things(world: PullRequestWorld) -> Iterator[str]:
    """What should stand on the pull request after a run of its head, and does not."""
    if not any(world.head in one for one in world.ours):
        yield "the comment about the head"
    if not any(one.head_sha == world.head for one in world.hub.world.repositories["acme/models"].checks):
        yield "the check run of the head"
    for head in world.heads:
        standing = [one.body for one in world.pull.line_comments if one.commit == head]
        if not standing:
            yield f"the line comment of {head[:7]}"
        if any("state=fixed" in one for one in standing) is (head == world.head):
            yield f"the edit of the line comment of {head[:7]}"
