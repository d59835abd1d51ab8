"""Files that a configuration names, side by side: trust, exceptions, lock and packs, read as a run reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate.document import load, load_json
from policy_gate.errors import EvidenceError, GateError, Problem, Reason
from policy_gate.frozen import dataclass
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
from policy_gate.gate.trusted import LOCK_NAME, Configuration
from policy_gate.model import Place
from policy_gate.policy.difference_row import ABSENT, Difference, Sources, bounded, digest_words, place_of_other
from policy_gate.policy.direction import Change
from policy_gate.policy.packs import BUILTIN, decode_pack
from policy_gate.policy.sources import SourceKind, parse_source

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.policy.difference_of_files import Sides
    from policy_gate.policy.loading import Policy

LOCK = "lock"
UNREADABLE = "cannot be read: "
Differ = Callable[["Sides", Sources], tuple[Difference, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """One kind of file that a configuration names, and how a run reads it."""

    kind: str
    path_of: Callable[[Configuration], str | None]
    decode: Callable[[bytes, str], Document]
    differ: Callable[[], Differ]
    limit_bytes: int = MAX_DOCUMENT_BYTES


def state_words(content: bytes | None, fault: str) -> str:
    """What is there of a file: its digest, why it cannot be read, or that there is none."""
    if fault:
        return bounded(fault)
    return ABSENT if content is None else digest_words(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The file of one side: absent (the configuration names none, and there is no need of one), read, or a fault."""

    path: str = ""
    content: bytes | None = None
    document: Document | None = None
    fault: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""

    @property
    def state(self) -> str:
        """What is there, in words."""
        return state_words(self.content, self.fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """What files say differently, and why a run could not read those of the head that changed."""

    rows: tuple[Difference, ...]
    problems: tuple[Problem, ...]


def compare_files(before: Configuration, after: Configuration) -> FileChanges:
    """Compare trust file, waivers, baseline and lock of two configurations; never raises."""
    sources = Sources(before=before.tree.source, after=after.tree.source)
    rows: list[Difference] = []
    problems: list[Problem] = []
    for named in _NAMED:
        old, new = _raw(named, before), _raw(named, after)
        if old == new:
            continue
        old, new = _decoded(named, old), _decoded(named, new)
        rows.extend(_compared(named, old, new, sources))
        if new.fault and named.kind != LOCK:  # what is wrong with a lock is said where the policy is loaded
            message = f"the {named.kind}: {new.fault.removeprefix(UNREADABLE)}"
            problems.append(Problem(message, new.path, new.line, new.column, new.hint))
    return FileChanges(rows=tuple(rows), problems=tuple(problems))


def _compared(named: _Named, old: _Side, new: _Side, sources: Sources) -> Iterator[Difference]:
    if old.fault or new.fault:
        source = sources.after if new.path else sources.before
        path = new.path or old.path
        place = Place(source=source, path=path, line=new.line, column=new.column)
        # What cannot be read on one side cannot be compared: nothing shows that it is not looser.
        yield _row(named.kind, path, (old.state, new.state), Change.LOOSER, place)
        return
    rows = named.differ()((old.document, new.document), sources)
    yield from rows
    if not rows and old.content is not None and new.content is not None and old.content != new.content:
        texts = old.state, f"{new.state} (words or layout)"
        place = place_of_other(old.content, new.content, new.path, sources.after)
        yield _row(named.kind, new.path, texts, Change.DIFFERENT, place)
    elif not rows and old.content != new.content:
        # A file without an entry came or went.
        place = Place(source=sources.after if new.path else sources.before, path=new.path or old.path)
        yield _row(named.kind, new.path or old.path, (old.state, new.state), Change.DIFFERENT, place)


def _row(kind: str, name: str, texts: tuple[str, str], change: Change, place: Place) -> Difference:
    return Difference(kind=kind, name=bounded(name), before=texts[0], after=texts[1], change=change, place=place)


def _raw(named: _Named, side: Configuration) -> _Side:
    """The bytes of a file, or why there are none; a file that the configuration names has to be there."""
    given = named.path_of(side)
    if given is None:
        return _Side()
    try:
        path = side.beside(given)
    except EvidenceError as error:
        return _Side(path=given, fault=f"{error.reason.value}: {error.detail}", hint=error.fix)
    if named.kind == LOCK and not _is_there(side, path):
        return _Side()
    try:
        return _Side(path=path, content=side.tree.read(path, named.limit_bytes))
    except EvidenceError as error:
        return _Side(path=path, fault=f"{error.reason.value}: {error.detail}", hint=error.fix)


def _is_there(side: Configuration, path: str) -> bool:
    """Whether anything is at a path, also what may not be opened, or a folder."""
    return side.tree.exists(path) or any(
        entry.path == path or entry.path.startswith(f"{path}/") for entry in side.tree.list()
    )


def _decoded(named: _Named, side: _Side) -> _Side:
    if side.content is None:
        return side
    try:
        return _Side(path=side.path, content=side.content, document=named.decode(side.content, side.path))
    except GateError as error:
        first = error.problems[0]
        return _Side(
            path=side.path,
            content=side.content,
            fault=f"{UNREADABLE}{first.message}",
            line=first.line,
            column=first.column,
            hint=first.hint,
        )


def pack_file_differences(
    before: Configuration, after: Configuration, policies: Iterable[Policy]
) -> Iterator[Difference]:
    """Packs of the base's tree that are gone from the head, or cannot be read there, whoever still names them."""
    names = {pack.name for policy in policies for pack in policy.packs if not pack.name.startswith(BUILTIN)}
    for name in sorted(names):
        source = parse_source(name)
        if source.kind is not SourceKind.PATH:
            continue
        path = before.beside(source.path)
        try:
            decode_pack(after.tree.read(path, MAX_DOCUMENT_BYTES), name)
        except EvidenceError as error:
            fault = ABSENT if error.reason is Reason.NOT_IN_TREE else f"{error.reason.value}: {error.detail}"
            side = before if fault == ABSENT else after
            place = Place(source=side.tree.source, path=path)
            yield _row("pack", path, ("a pack", bounded(fault)), Change.LOOSER, place)
        except GateError as error:
            first = error.problems[0]
            place = Place(source=after.tree.source, path=path, line=first.line, column=first.column)
            yield _row("pack", path, ("a pack", bounded(f"cannot be read: {first.message}")), Change.LOOSER, place)


def _trust(content: bytes, path: str) -> Document:
    from policy_gate.areas.signature.trust import decode_trust  # reading keys costs; only a change of them pays

    document = load(content, path)
    decode_trust(document)
    return document


def _waivers(content: bytes, path: str) -> Document:
    from policy_gate.policy.waiver_file import load_waivers

    document = load(content, path)
    load_waivers(document)
    return document


def _baseline(content: bytes, path: str) -> Document:
    from policy_gate.policy.baseline import LIMITS, load_baseline

    document = load_json(content, path, LIMITS)
    load_baseline(document)
    return document


def _lock(content: bytes, path: str) -> Document:
    from policy_gate.policy.lock import decode_lock

    document = load(content, path)
    decode_lock(document)
    return document


def _trust_differ() -> Differ:
    from policy_gate.policy.difference_of_trust import trust_difference

    return trust_difference


def _waiver_differ() -> Differ:
    from policy_gate.policy.difference_of_files import waiver_difference

    return waiver_difference


def _baseline_differ() -> Differ:
    from policy_gate.policy.difference_of_files import baseline_difference

    return baseline_difference


def _lock_differ() -> Differ:
    from policy_gate.policy.difference_of_files import lock_difference

    return lock_difference


_NAMED = (
    _Named(kind="trust file", path_of=lambda side: side.spec.trust, decode=_trust, differ=_trust_differ),
    _Named(kind="waivers", path_of=lambda side: side.spec.waivers, decode=_waivers, differ=_waiver_differ),
    _Named(
        kind="baseline",
        path_of=lambda side: side.spec.baseline,
        decode=_baseline,
        differ=_baseline_differ,
        limit_bytes=16 * 1024 * 1024,
    ),
    _Named(
        kind=LOCK,
        path_of=lambda side: LOCK_NAME if side.document is not None else None,
        decode=_lock,
        differ=_lock_differ,
    ),
)
