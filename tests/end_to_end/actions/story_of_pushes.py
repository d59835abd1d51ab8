"""A pull request that fails, fails differently, passes, and is run once more: what is written each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from checkout import good_model
from github_simulator import Simulator
from pull_request_world import PullRequestWorld, Ran, named
from release_texts import OTHER_MODEL, Release, good_release, with_base_files

MODEL = good_model() + OTHER_MODEL
NEXT = replace(good_release(), version="1.1", sequence=2)


def wrong_digest() -> Release:
    """The model is another one, and its entry, which the change touches, has the digest and the size of the old one."""
    return NEXT.with_entry(0, content=MODEL, remark="built again")


def same_sequence() -> Release:
    """Digest and size are right now, and the sequence number is that of the base."""
    return replace(right(), sequence=1)


def right() -> Release:
    """Nothing is wrong."""
    return NEXT.with_entry(0, content=MODEL, claimed=MODEL, remark="built again")


@dataclass(frozen=True)
class Chapter:
    """One run: what was pushed before it ("" is nothing: the run is repeated), and its verdict's exit code."""

    words: str
    files: Mapping[str, bytes] | None
    code: int


CHAPTERS = (
    Chapter("push 1: the model is not the one that is named", with_base_files(wrong_digest()), 1),
    Chapter("push 2: mended, and the sequence number stays", with_base_files(same_sequence()), 1),
    Chapter("push 3: nothing is wrong", with_base_files(right()), 0),
    Chapter("run 3 once more", None, 0),
)


@dataclass(frozen=True)
class Told:
    """What one chapter came to: the run, and what stands on the pull request after it."""

    chapter: Chapter
    ran: Ran
    comments: int
    line_comments: int
    reviews: int
    check_runs: int

    @property
    def writes(self) -> str:
        counted = Counter(map(named, self.ran.writes))
        return (
            ", ".join(f"{words}{f' ({count} times)' if count > 1 else ''}" for words, count in counted.items())
            or "none"
        )


def tell(folder: Path, hub: Simulator, **inputs: str) -> Iterator[Told]:
    """Run every chapter, one after the other."""
    world = PullRequestWorld.make(folder, hub)
    trigger = None
    for chapter in CHAPTERS:
        trigger = world.push(chapter.files) if chapter.files is not None else trigger
        assert trigger is not None
        ran = world.run(trigger, **inputs)
        checks = hub.world.repositories["acme/models"].checks
        yield Told(chapter, ran, len(world.ours), len(world.pull.line_comments), len(world.pull.reviews), len(checks))
