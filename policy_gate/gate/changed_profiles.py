"""Files of device profiles that a configuration names, side by side: what predicts the cost of the next release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.document import load
from policy_gate.errors import EvidenceError, GateError, Problem
from policy_gate.frozen import dataclass
from policy_gate.gate.changed_files import UNREADABLE, FileChanges, state_words
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
from policy_gate.gate.trusted import Configuration
from policy_gate.gate.watched_side import Kind, kind_of
from policy_gate.model import Place
from policy_gate.policy.difference_row import Difference, bounded, place_of_other
from policy_gate.policy.direction import Change

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One file of one side: its bytes, or why there are none; neither where the configuration does not name it."""

    content: bytes | None = None
    fault: str = ""

    @property
    def state(self) -> str:
        return state_words(self.content, self.fault)


def compare_profiles(before: Configuration, after: Configuration) -> FileChanges:
    """Every named file that changed, and why a run could not use those of the head; never raises.

    A profile by which some model would look cheaper is looser, whatever else it changes; every other change is only
    different. That the list itself changed is told where configurations are compared.
    """
    rows: list[Difference] = []
    problems: list[Problem] = []
    documents: list[Document] = []
    changed = before.spec.profiles != after.spec.profiles
    for path in dict.fromkeys(after.spec.profiles):
        old, new = _file(before, path), _file(after, path)
        changed = changed or old != new
        rows.extend(_row(path, old, new, after))
        if new.content is not None:
            documents.extend(_loaded(new.content, after.beside(path), problems))
        else:
            problems.append(Problem(f"the device profile: {new.fault}", path))
    if not changed:  # what is wrong in the base already is said where it judges
        return FileChanges(rows=(), problems=())
    rows.extend(_looser(before, after))
    problems.extend(_unusable(documents, complete=not problems))
    rows.extend(_broken(one, after) for one in problems)
    return FileChanges(rows=tuple(rows), problems=tuple(problems))


def _file(side: Configuration, path: str) -> _File:
    if path not in side.spec.profiles:
        return _File()
    try:
        return _File(content=side.read(path, MAX_DOCUMENT_BYTES))
    except EvidenceError as error:
        return _File(fault=f"{error.reason.value}: {error.detail}")


def _row(path: str, old: _File, new: _File, after: Configuration) -> Iterator[Difference]:
    """A file that can be read and is another; of those in a folder `profiles` every line is shown already."""
    if new.content is None or new.content == old.content:
        return
    named = after.beside(path)
    if old.content is not None and kind_of(named) is Kind.PROFILE:
        return
    yield Difference(
        kind=Kind.PROFILE.value,
        name=bounded(named),
        before=old.state,
        after=new.state,
        change=Change.DIFFERENT,
        place=place_of_other(old.content or b"", new.content, named, after.tree.source),
    )


def _looser(before: Configuration, after: Configuration) -> Iterator[Difference]:
    """Profiles of one id, in whatever file, that would let a model pass which those of the base do not."""
    from policy_gate.areas.cost.cheaper import cheaper  # only a change of a profile pays

    old = {profile.id: (profile, content) for _, content, profile in _profiles(before)}
    for path, content, profile in _profiles(after):
        was, former = old.get(profile.id, (profile, content))
        named = after.beside(path)
        for one in cheaper(was, profile):
            yield Difference(
                kind=Kind.PROFILE.value,
                name=bounded(f"{named}: {one.what}"),
                before=bounded(one.before),
                after=bounded(one.after),
                change=Change.LOOSER,
                place=place_of_other(former, content, named, after.tree.source),
            )


def _profiles(side: Configuration) -> Iterator[tuple[str, bytes, DeviceProfile]]:
    """Path, bytes and profile of every named file that can be read; what cannot is said elsewhere."""
    from policy_gate.areas.cost.device_file import read_profile

    for path in dict.fromkeys(side.spec.profiles):
        content = _file(side, path).content
        if content is None:
            continue
        try:
            profile = read_profile(content, side.beside(path))
        except GateError:
            continue
        yield path, content, profile


def _loaded(content: bytes, path: str, problems: list[Problem]) -> Iterator[Document]:
    try:
        yield load(content, path)
    except GateError as error:
        problems.extend(error.problems)


def _unusable(documents: list[Document], *, complete: bool) -> tuple[Problem, ...]:
    """Why a run could not use the profiles together: one that is none, or an id that two have."""
    if not complete or not documents:
        return ()
    from policy_gate.areas.cost.trusted_profiles import configured_profiles  # only a change of a profile pays

    try:
        configured_profiles(documents)
    except GateError as error:
        return error.problems
    return ()


def _broken(problem: Problem, after: Configuration) -> Difference:
    # What cannot be used stops every run once it is merged, and nothing shows that it is not looser.
    place = Place(source=after.tree.source, path=problem.path, line=problem.line, column=problem.column)
    return Difference(
        kind=Kind.PROFILE.value,
        name=bounded(problem.path),
        before="a device profile",
        after=bounded(f"{UNREADABLE}{problem.message}"),
        change=Change.LOOSER,
        place=place,
    )
