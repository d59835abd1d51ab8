"""The lock file: which bytes each pack of a policy has, so that nobody changes a judge from afar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from policy_gate.document import Document, bind, problem
from policy_gate.errors import EvidenceError, PolicyError, Problem, Reason, SourceError
from policy_gate.frozen import dataclass
from policy_gate.policy.pack import Items, PolicyModel
from policy_gate.policy.sources import OID, Source, SourceKind, parse_source
from policy_gate.policy.store import MAX_PACK_BYTES, stored_path, user_cache_folder, vendored_path
from policy_gate.source import open_working_tree

LOCK_NAME = "policy-gate.lock"
MAX_LOCKED_PACKS = 1000
FETCH = "run `policy-gate policy fetch`"
VENDOR = "run `policy-gate policy fetch --vendor`"
LOCK = "run `policy-gate policy lock`"

ReadVendored = Callable[[str], bytes]
"""Reads a file beside the configuration in the trusted tree; EvidenceError(NOT_IN_TREE) where there is none."""


class LockedPack(PolicyModel):
    """One pack as it was when somebody reviewed it."""

    source: Annotated[str, Field(min_length=1, max_length=512)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="such as sha256:… with 64 digits")]
    revision: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$", description="a full commit id")] | None = (
        None
    )
    floor: bool = False


class LockDocument(PolicyModel):
    """A lock file, `policy-gate.lock` beside the configuration."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyLock"]
    packs: Annotated[Items[LockedPack], Field(max_length=MAX_LOCKED_PACKS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry:
    """One pin: `revision` is the commit the bytes came from (git), `floor` says that nobody here may loosen it."""

    source: str
    digest: str
    revision: str = ""
    floor: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """All pins of a repository, in the order of the file; `document` is None where there is no lock file."""

    entries: tuple[LockEntry, ...] = ()
    document: Document | None = None

    def find(self, source: str) -> LockEntry | None:
        """The pin of a pack, if it has one."""
        return next((entry for entry in self.entries if entry.source == source), None)

    def floors(self) -> tuple[LockEntry, ...]:
        """Packs that are part of the policy whatever the configuration says, and that it cannot loosen."""
        return tuple(entry for entry in self.entries if entry.floor)

    def unused(self, names: Collection[str]) -> tuple[LockEntry, ...]:
        """Pins of packs that are not among `names`, the packs of the policy; a floor is always used."""
        return tuple(entry for entry in self.entries if not entry.floor and entry.source not in names)

    def problem(self, source: str, message: str, hint: str = "") -> Problem:
        """A problem at the pin of a pack, else at the lock file, if there is one."""
        if self.document is None:
            return Problem(message, hint=hint)
        places = [f"/packs/{place}" for place, entry in enumerate(self.entries) if entry.source == source]
        return problem(self.document, places[0] if places else "/packs", message, hint)


def decode_lock(document: Document) -> Lock:
    """Decode a lock file; raises PolicyError with every problem: unknown keys, a source given twice or unclear."""
    bound = bind(document, LockDocument, error=PolicyError)
    problems: list[Problem] = []
    seen: set[str] = set()
    for place, pack in enumerate(bound.packs):
        fault = "it is given twice" if pack.source in seen else _fault(pack)
        if fault:
            problems.append(problem(document, f"/packs/{place}/source", fault))
        seen.add(pack.source)
    if problems:
        raise PolicyError(problems)
    entries = tuple(
        LockEntry(source=pack.source, digest=pack.digest, revision=pack.revision or "", floor=pack.floor)
        for pack in bound.packs
    )
    return Lock(entries, document)


def _fault(pack: LockedPack) -> str:
    try:
        source = parse_source(pack.source)
    except PolicyError as error:
        return error.problems[0].message
    if source.name != pack.source:
        return f"it is written {source.name}"
    if pack.revision and source.kind is not SourceKind.GIT:
        return "only a pack out of git has a revision"
    if pack.revision and OID.fullmatch(source.revision) and source.revision != pack.revision:
        return "its revision is another commit than the one it names"
    return ""


def encode_lock(entries: Iterable[LockEntry]) -> str:
    """The text of a lock file: the same pins give the same bytes, whatever their order."""
    lines = [
        "# Written by `policy-gate policy lock` and `policy-gate policy fetch`; not edited by hand.",
        "# It says which bytes judge this repository: review a change of it like a change of the rules.",
        "apiVersion: policy-gate/v1alpha1",
        "kind: PolicyLock",
    ]
    ordered = sorted(entries, key=lambda entry: entry.source)
    lines.append("packs:" if ordered else "packs: []")
    for entry in ordered:
        lines.append(f"  - source: {json.dumps(entry.source, ensure_ascii=False)}")
        lines.append(f'    digest: "{entry.digest}"')
        # Quoted: a commit id may hold digits only.
        lines += [f'    revision: "{entry.revision}"'] if entry.revision else []
        lines += ["    floor: true"] if entry.floor else []
    return "\n".join(lines) + "\n"


def digest_of(content: bytes) -> str:
    """What a lock says of bytes: `sha256:` and 64 lower-case hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check_pin(source: Source, content: bytes, lock: Lock) -> None:
    """Compare the bytes of a shipped or local pack with its pin, if it has one; a pack of another place needs one.

    Raises PolicyError that names both digests and what to do.
    """
    entry = _required(source, lock) if source.is_remote else lock.find(source.name)
    if entry is None or digest_of(content) == entry.digest:
        return
    why, hint = {
        SourceKind.BUILTIN: ("this version of policy-gate ships it differently", f"{LOCK} in a change of its own"),
        SourceKind.PATH: ("it was changed, its pin was not", f"{LOCK} and have both changes reviewed"),
    }.get(source.kind, ("it is not what was pinned", FETCH))
    message = f"{source.name} is {digest_of(content)}, the lock says {entry.digest}: {why}"
    raise PolicyError(lock.problem(source.name, message, hint))


def read_pinned(
    name: str, lock: Lock, read_vendored: ReadVendored, cache_folder: Callable[[], Path] = user_cache_folder
) -> bytes:
    """The bytes of a pack that was fetched before, never from the network.

    They come from the vendored folder of the trusted tree, else from the user's cache, and are compared with the
    lock each time, so that neither place need be trusted. Raises PolicyError: not in the lock, not fetched, other
    bytes, a file that may not be read (a link, more than 1 MiB).
    """
    source = parse_source(name)
    entry = _required(source, lock)
    try:
        stored = _stored(entry, read_vendored, cache_folder)
    except EvidenceError as error:
        message = f"{source.name}: {error.reason.value}: {error.detail}"
        raise PolicyError(lock.problem(source.name, message, error.fix)) from error
    if stored is None:
        message = f"{source.name} was not fetched: {entry.digest} is neither vendored nor in the cache"
        raise PolicyError(lock.problem(source.name, message, FETCH))
    found = digest_of(stored.content)
    if found != entry.digest:
        message = f"the {stored.where} copy of {source.name} is {found}, the lock says {entry.digest}"
        raise PolicyError(lock.problem(source.name, message, f"replace it: {stored.fetch}"))
    return stored.content


@dataclass(frozen=True, slots=True)
class _Stored:
    content: bytes
    where: str
    fetch: str


def _stored(entry: LockEntry, read_vendored: ReadVendored, cache_folder: Callable[[], Path]) -> _Stored | None:
    """The file in the first place that has one, whatever its bytes; None where neither has."""
    try:
        return _Stored(read_vendored(vendored_path(entry.digest)), "vendored", VENDOR)
    except EvidenceError as error:
        if error.reason is not Reason.NOT_IN_TREE:
            raise
    try:
        with open_working_tree(cache_folder()) as cache:
            return _Stored(cache.read(stored_path(entry.digest), MAX_PACK_BYTES), "cached", FETCH)
    except SourceError:
        return None  # there is no cache yet
    except EvidenceError as error:
        if error.reason is not Reason.NOT_IN_TREE:
            raise
        return None


def _required(source: Source, lock: Lock) -> LockEntry:
    entry = lock.find(source.name)
    if entry is None:
        where = f"is not in {LOCK_NAME}" if lock.document else f"needs a pin, and there is no {LOCK_NAME}"
        raise PolicyError(lock.problem(source.name, f"{source.name} {where}", f"{FETCH} and commit {LOCK_NAME}"))
    return entry
