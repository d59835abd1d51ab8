"""Brings a lock file in line with the packs a repository is judged by: which there are, and what each has become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from policy_gate.document import problem
from policy_gate.errors import EvidenceError, GateError, PolicyError, Problem, SourceError, UsageError
from policy_gate.fetching import Fetcher
from policy_gate.frozen import dataclass
from policy_gate.gate import beside, read_document
from policy_gate.policy.loading import load_config
from policy_gate.policy.lock import LOCK_NAME, Lock, LockEntry, decode_lock, digest_of, read_pinned
from policy_gate.policy.packs import ALWAYS, BUILTIN, MAX_PACK_DEPTH, Pack, builtin_content, builtin_names, decode_pack
from policy_gate.policy.sources import Source, SourceKind, included_source, parse_source
from policy_gate.policy.store import MAX_PACK_BYTES, user_cache_folder
from policy_gate.source import Tree

MAX_PACKS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One repository as its tree says: the packs its configuration names, and its lock; paths are the tree's."""

    tree: Tree
    names: tuple[str, ...]
    lock: Lock
    lock_path: str
    cache_folder: Callable[[], Path] = user_cache_folder

    def beside(self, path: str) -> str:
        """A path relative to the configuration, as a path of the tree."""
        folder = self.lock_path.rpartition("/")[0]
        return f"{folder}/{path}" if folder else path

    def read(self, source: Source) -> bytes:
        """The bytes of a shipped or local pack as they are now, or of a fetched one as they are pinned."""
        if source.kind is SourceKind.BUILTIN:
            return builtin_content(source.name)
        if source.is_remote:
            return read_pinned(source.name, self.lock, self._read_beside, self.cache_folder)
        try:
            return self._read_beside(source.path)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", source.path, hint=error.fix)) from error

    def roots(self) -> tuple[str, ...]:
        """Packs the policy starts from: the configured ones, floors, and the one that is part of every policy."""
        always = (ALWAYS,) if ALWAYS.removeprefix(BUILTIN) in builtin_names() else ()
        return (*self.names, *always, *(entry.source for entry in self.lock.floors()))

    def _read_beside(self, path: str) -> bytes:
        return self.tree.read(self.beside(path), MAX_PACK_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One pin that is added, changed or removed; `words` are the pack's name and version."""

    source: str
    old: LockEntry | None
    new: LockEntry | None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a lock should say, how that differs from what it says, and the bytes of fetched packs by digest."""

    entries: tuple[LockEntry, ...]
    changes: tuple[Change, ...]
    contents: Mapping[str, bytes]


def read_pinned_policy(tree: Tree, config_path: str) -> Pinned:
    """Read configuration and lock of a tree; raises GateError."""
    if not tree.exists(config_path):
        raise UsageError(Problem("there is no configuration to pin the packs of", config_path))
    spec, config = load_config(read_document(tree, config_path).content, config_path)
    path = beside(config, LOCK_NAME)
    lock = decode_lock(read_document(tree, path)) if tree.exists(path) else Lock()
    return Pinned(tree=tree, names=tuple(spec.policy), lock=lock, lock_path=path)


def plan_lock(pinned: Pinned, floor: Iterable[str] = (), no_floor: Iterable[str] = ()) -> Plan:
    """Pin every shipped and local pack as it is now, and keep the pins of fetched ones; opens no socket.

    Raises PolicyError when a fetched pack is not at hand, since what it includes is then not known.
    """
    raised = {parse_source(name).name for name in floor}
    lowered = {parse_source(name).name for name in no_floor}
    _check_floors(pinned.lock, raised, lowered)
    lock = replace(
        pinned.lock,
        entries=tuple(replace(one, floor=one.floor and one.source not in lowered) for one in pinned.lock.entries),
    )
    packs = follow((*replace(pinned, lock=lock).roots(), *sorted(raised)), pinned.read)
    entries = {entry.source: entry for entry in lock.entries if parse_source(entry.source).is_remote}
    for name, pack in packs.items():
        old = lock.find(name)
        is_floor = name in raised or (old is not None and old.floor)
        digest = digest_of(pack.document.content)
        entries[name] = LockEntry(source=name, digest=digest, revision=old.revision if old else "", floor=is_floor)
    return _plan(pinned.lock, entries, packs, {})


def plan_fetch(pinned: Pinned, fetcher: Fetcher, *, update: bool = False) -> Plan:
    """Fetch what the lock pins and is not at hand, and what it does not pin yet; with `update`, everything anew.

    Every pack is loaded as a policy pack, and what it includes is fetched too. Raises GateError with every problem,
    so that nothing is written when one pack fails; bytes other than the pinned ones are a PolicyError.
    """
    entries = {entry.source: entry for entry in pinned.lock.entries}
    contents: dict[str, bytes] = {}

    def read(source: Source) -> bytes:
        if not source.is_remote:
            return pinned.read(source)
        old = entries.get(source.name)
        entry, content = (
            _fetched_anew(source, old, fetcher)
            if update or old is None
            else (old, _as_pinned(pinned, source, old, fetcher))
        )
        entries[source.name] = entry
        contents[entry.digest] = content
        return content

    packs = follow(pinned.roots(), read)
    if update:
        for gone in pinned.lock.unused(packs):
            if parse_source(gone.source).is_remote:
                del entries[gone.source]
    return _plan(pinned.lock, entries, packs, contents)


def follow(roots: Iterable[str], read: Callable[[Source], bytes]) -> dict[str, Pack]:
    """Every pack a policy is made of, by its full name: the roots, and in turn what they include.

    Raises PolicyError with the problems of every pack that could be reached.
    """
    packs: dict[str, Pack] = {}
    problems: list[Problem] = []
    level = {name: parse_source(name) for name in roots}
    seen: set[str] = set()
    for _ in range(MAX_PACK_DEPTH):
        below: dict[str, Source] = {}
        for source in level.values():
            try:
                packs[source.name] = decode_pack(read(source), source.name)
                below |= _inclusions(packs[source.name])
            except GateError as error:
                problems.extend(_of_its_place(one, source) for one in error.problems)
        seen |= set(level)
        level = {name: source for name, source in below.items() if name not in seen}
        if len(seen) + len(level) > MAX_PACKS:
            problems.append(Problem(f"the policy is made of more than {MAX_PACKS} packs"))
            break
    if level and not problems:
        problems.append(Problem(f"packs include each other more than {MAX_PACK_DEPTH} deep: {next(iter(level))}"))
    if problems:
        raise PolicyError(problems)
    return packs


def _of_its_place(one: Problem, source: Source) -> Problem:
    """A path in another repository looks like one of this tree: the name of the source tells them apart."""
    is_there = source.is_remote and source.path and one.path == source.path
    return replace(one, path=source.name) if is_there else one


def _inclusions(pack: Pack) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for position, inclusion in enumerate(pack.content.spec.include):
        try:
            name = included_source(pack.name, inclusion.pack)
        except PolicyError as error:
            fault = error.problems[0]
            raise PolicyError(
                problem(pack.document, f"/spec/include/{position}/pack", fault.message, fault.hint)
            ) from error
        found[name] = parse_source(name)
    return found


def _as_pinned(pinned: Pinned, source: Source, entry: LockEntry, fetcher: Fetcher) -> bytes:
    """The pinned bytes of a pack: from where they are stored, else fetched; a damaged copy is as good as none."""
    try:
        return pinned.read(source)
    except PolicyError:
        content = _fetched_again(source, entry, fetcher)
    found = digest_of(content)
    if found != entry.digest:
        message = f"{source.name} is now {found}, the lock says {entry.digest}"
        hint = "if the change is wanted: `policy-gate policy fetch --update`, and review what it brings"
        raise PolicyError(pinned.lock.problem(source.name, message, hint))
    return content


def _fetched_again(source: Source, entry: LockEntry, fetcher: Fetcher) -> bytes:
    """Ask for the pinned commit, since a branch may have moved on; a server may refuse that, but serve the name."""
    if entry.revision:
        try:
            return fetcher.fetch(source, entry.revision).content
        except SourceError:
            pass
    return fetcher.fetch(source).content


def _fetched_anew(source: Source, old: LockEntry | None, fetcher: Fetcher) -> tuple[LockEntry, bytes]:
    fetched = fetcher.fetch(source)
    entry = LockEntry(
        source=source.name,
        digest=digest_of(fetched.content),
        revision=fetched.revision,
        floor=old is not None and old.floor,
    )
    return entry, fetched.content


def _check_floors(lock: Lock, raised: set[str], lowered: set[str]) -> None:
    if both := raised & lowered:
        raise UsageError(Problem("cannot be made a floor and none at once", min(both)))
    floors = {entry.source for entry in lock.floors()}
    for name in sorted(lowered - floors):
        raise UsageError(
            Problem("is no floor of this repository", name, hint=f"floors: {', '.join(sorted(floors)) or 'none'}")
        )


def _plan(
    lock: Lock, entries: Mapping[str, LockEntry], packs: Mapping[str, Pack], contents: Mapping[str, bytes]
) -> Plan:
    names = sorted({*entries, *(entry.source for entry in lock.entries)})
    changes = tuple(
        Change(source=name, old=lock.find(name), new=entries.get(name), words=_words(packs.get(name)))
        for name in names
        if lock.find(name) != entries.get(name)
    )
    return Plan(entries=tuple(entries[name] for name in sorted(entries)), changes=changes, contents=contents)


def _words(pack: Pack | None) -> str:
    return f"{pack.content.metadata.name} {pack.content.metadata.version}" if pack else ""
