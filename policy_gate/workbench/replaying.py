"""What-if: judges records of past releases by another policy, shared among processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from policy_gate.catalogue import fact_types
from policy_gate.engine.past import Compared, PastRelease, compare
from policy_gate.engine.record_reading import RecordReader, bundle_of, canonical_bytes, parse_document
from policy_gate.errors import DocumentError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.gate.trusted import read_configuration
from policy_gate.record import ENVELOPE
from policy_gate.replayed import Replayed
from policy_gate.source import open_working_tree
from policy_gate.workbench.policies import NamedPolicy, PolicyName, PolicyPlace
from policy_gate.workbench.record_files import Reading, RecordFile, Text
from policy_gate.workbench.sharing import Part, in_parts, useful_jobs
from policy_gate.workbench.summing import Heading, summed_up

T = TypeVar("T")

LAST_DAY = "9999-12-31"
"""When every rollout is over, every rule of a policy holds."""

_MARK = ENVELOPE.encode()
_ALGORITHM = "sha256:"
_SHARD_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of all records, about equal, by what their bytes are; `number` counts from 1."""

    number: int = 1
    of: int = 1

    def has(self, digest: str) -> bool:
        """Whether a record belongs to it, by its `sha256:` digest."""
        return int(digest.removeprefix(_ALGORITHM)[:_SHARD_DIGITS], 16) % self.of == self.number - 1

    def __str__(self) -> str:
        """Such as `2/5`; nothing for the whole."""
        return f"{self.number}/{self.of}" if self.of > 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What to replay: another policy, and what it is compared with (None: what the records hold).

    `jobs` is how many processes share the work; 0 leaves it to how much there is.
    """

    policy: PolicyName
    against: PolicyName | None
    place: PolicyPlace
    shard: Shard = Shard()
    jobs: int = 0

    @property
    def names(self) -> tuple[PolicyName, ...]:
        """The policies to load."""
        return (self.policy,) if self.against is None else (self.policy, self.against)

    @property
    def heading(self) -> Heading:
        """What is replayed, in words."""
        against = self.against.words if self.against is not None else ""
        return Heading(policy=self.policy.words, against=against, shard=str(self.shard))


class Position(NamedTuple):
    """Where a record stood among all: the number of its document, and its own number in that."""

    document: int
    record: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What one process found, by position, so that all can be put into the order of the input again."""

    compared: tuple[tuple[Position, Compared], ...]
    problems: tuple[tuple[Position, Problem], ...]
    seen: int
    unjudged: int


def replay_files(what: WhatIf, files: Sequence[RecordFile]) -> Replayed:
    """Judge the records of these files again; raises GateError where nothing at all can be replayed.

    The result is the same for every number of jobs, and the shards of any number hold each record once.
    """
    check_policies(what)
    jobs = useful_jobs(what.jobs, sum(file.size_bytes for file in files))
    parts = in_parts(lambda part: _Replayer(what, part).run(files), jobs)
    if not any(part.seen or part.problems for part in parts):
        raise UsageError("there is no record to replay: the files hold none")
    unjudged = sum(part.unjudged for part in parts)
    compared = sorted((one for part in parts for one in part.compared), key=_position)
    problems = sorted((one for part in parts for one in part.problems), key=_position)
    notes = [f"{unjudged} problems kept manifests from being judged when the records were written"] if unjudged else []
    return summed_up(what.heading, _seconds(compared), _seconds(problems), notes)


def _position(placed: tuple[Position, object]) -> Position:
    return placed[0]


def _seconds(pairs: Iterable[tuple[Position, T]]) -> list[T]:
    return [one for _, one in pairs]


def check_policies(what: WhatIf) -> None:
    """Refuse a policy that cannot be loaded before any record is read; raises GateError."""
    for name in what.names:
        with NamedPolicy(name, what.place) as policy:
            day = what.place.now or LAST_DAY
            policy.judges(policy.configuration.spec.stage, day)
            policy.exceptions(day)


def recorded_names(place: PolicyPlace) -> tuple[str, ...]:
    """The records that the configuration names, as names below the top of the tree; UsageError where it names none."""
    with open_working_tree(place.root) as tree:
        configuration = read_configuration(place.config, tree, from_base=False)
        path = configuration.document.path if configuration.document is not None else ""
        folder = "".join(path.rpartition("/")[:2])
        names = tuple(f"{folder}{one}" for one in configuration.spec.records)
    if not names:
        hint = "name RECORDS, or `records:` in the configuration, or --history N"
        raise UsageError(Problem("there is no record to replay: none was named", hint=hint))
    return names


class Judging:
    """The policies of a replay, opened for one process."""

    def __init__(self, what: WhatIf) -> None:
        """Open them; raises GateError."""
        self._policies = [NamedPolicy(name, what.place) for name in what.names]

    def compare(self, past: PastRelease) -> Compared:
        """One release under both policies; raises GateError where one of them cannot judge it."""
        new, *old = (policy.judge_of for policy in self._policies)
        return compare(past, new, old[0] if old else None)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the policies."""
        for policy in self._policies:
            policy.close()


class _Replayer:
    """One process's part of a replay."""

    def __init__(self, what: WhatIf, part: Part) -> None:
        self._what, self._part = what, part
        self._reader = RecordReader(fact_types())
        self._compared: list[tuple[Position, Compared]] = []
        self._problems: list[tuple[Position, Problem]] = []
        self._seen = self._unjudged = 0

    def run(self, files: Sequence[RecordFile]) -> Found:
        reading = Reading()
        texts = (text for file in files for text in reading.texts(file))
        with Judging(self._what) as judging:
            for number, text in enumerate(texts):
                for position, past in self._pasts(number, text):
                    try:
                        self._compared.append((position, judging.compare(past)))
                    except GateError as error:
                        self._problems.extend((position, problem) for problem in error.problems)
        return Found(tuple(self._compared), tuple(self._problems), self._seen, self._unjudged)

    def _pasts(self, number: int, text: Text) -> Iterator[tuple[Position, PastRelease]]:
        """The records of one document that are this part's; what cannot be read is named by exactly one part."""
        mine, at = self._part.has(number), Position(number)
        if _MARK in text.content:
            # Only a report has records for several parts, and it says in its schema that it is one.
            yield from self._of_report(number, text)
        elif mine and text.problem is not None:
            self._problems.append((at, text.problem))
        elif mine:
            self._seen += 1
            digest = _digest(text.content)
            if self._what.shard.has(digest):
                yield from self._read(at, text, digest)

    def _of_report(self, number: int, text: Text) -> Iterator[tuple[Position, PastRelease]]:
        mine = self._part.has(number)
        try:
            bundle = bundle_of(parse_document(text.content))
        except DocumentError as error:
            if mine:
                self._refuse(Position(number), text, error)
            return
        if mine:
            self._seen += len(bundle.records)
            self._unjudged += bundle.unjudged
        for place, tree in enumerate(bundle.records):
            if self._part.has(number + place):
                digest = _digest(canonical_bytes(tree) if bundle.is_report else text.content)
                if self._what.shard.has(digest):
                    yield from self._read(Position(number, place), text, digest, tree)

    def _read(
        self, position: Position, text: Text, digest: str, tree: object = None
    ) -> Iterator[tuple[Position, PastRelease]]:
        origin = f"{text.file}:{text.line}" + (f" record {position.record + 1}" if position.record else "")
        try:
            record = self._reader.read(parse_document(text.content) if tree is None else tree)
        except DocumentError as error:
            self._refuse(position, text, error)
        else:
            yield position, PastRelease(record=record, origin=origin, digest=digest)

    def _refuse(self, position: Position, text: Text, error: DocumentError) -> None:
        which = f"record {position.record + 1}: " if position.record else ""
        self._problems.extend(
            (position, Problem(f"{which}{problem.message}", text.file, text.line)) for problem in error.problems
        )


def _digest(content: bytes) -> str:
    return f"{_ALGORITHM}{hashlib.sha256(content).hexdigest()}"
