"""What an area is: the claims it owns, the facts it knows, the collectors that find them, the checks that judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Answer, Fact, Fix, Missing, Stage, Subject
from policy_gate.source import check_path

if TYPE_CHECKING:
    from datetime import date

    from pydantic import BaseModel

    from policy_gate.document import Document
    from policy_gate.manifest import Manifest, SectionType
    from policy_gate.source import BinaryFile, Digest, Past, Tree

F = TypeVar("F", bound=Fact)


class FactBook:
    """The facts and missing facts collected so far, by type."""

    def __init__(self, collected: Iterable[Fact | Missing] = ()) -> None:
        """Start from what is already collected."""
        self._by_name: dict[str, list[Fact | Missing]] = {}
        self._first: dict[tuple[str, Subject], Fact | Missing] = {}
        self.add(collected)

    def add(self, collected: Iterable[Fact | Missing]) -> None:
        """Take in what a collector found."""
        for entry in collected:
            name = entry.fact if isinstance(entry, Missing) else entry.name
            self._by_name.setdefault(name, []).append(entry)
            self._first.setdefault((name, entry.subject), entry)

    def entries(self, kind: type[Fact]) -> tuple[Fact | Missing, ...]:
        """Everything of one type, known and missing, in the order it was collected."""
        return tuple(self._by_name.get(kind.name, ()))

    def named(self, name: str) -> tuple[Fact | Missing, ...]:
        """As `entries`, for the name of a type."""
        return tuple(self._by_name.get(name, ()))

    def known(self, kind: type[F]) -> tuple[F, ...]:
        """The known facts of one type."""
        return tuple(entry for entry in self._by_name.get(kind.name, ()) if isinstance(entry, kind))

    def get(self, kind: type[F], subject: Subject) -> F | Missing:
        """The fact of one type about one subject; missing, as not declared, where no collector spoke of it."""
        entry = self._first.get((kind.name, subject))
        if isinstance(entry, (kind, Missing)):
            return entry
        return Missing(
            fact=kind.name,
            subject=subject,
            pointer="",
            reason=Reason.NOT_DECLARED,
            detail=f"no {kind.name} about {subject}",
        )

    def everything(self) -> tuple[Fact | Missing, ...]:
        """All entries, sorted by type name, then as collected."""
        return tuple(entry for name in sorted(self._by_name) for entry in self._by_name[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFile:
    """A privacy ledger of the trusted tree, by its path in the tree; no bytes where there is no such file.

    `fault` says why one that is there could not be read.
    """

    path: str
    content: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Input that a pull request cannot change: read from the base tree.

    `trust` is the trust file's document; None when the configuration names none. `profiles` are those of the device
    profiles that the configuration names; the shipped ones count beside them.
    `source` says where it was read from, for the record.
    """

    source: str
    trust: Document | None = None
    profiles: tuple[Document, ...] = ()
    ledger: LedgerFile = LedgerFile(path="privacy/ledger.jsonl")
    ledgers: tuple[LedgerFile, ...] = ()
    """Those of other repositories, each checked against its pinned digest."""
    window_epsilon: float = math.inf
    """The least that a rule allows one population in its window: how tightly the spend has to be known."""
    models: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the base tree says of this release: the names its manifest path and other manifests had."""

    base_known: bool
    name_at_path: str = ""
    names: tuple[str, ...] = ()
    manifest: str = ""
    """The digest of the base's manifest of this release, "" where it has none or cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All a collector may look at: claims, the tree they are about, trusted input, facts found before."""

    manifest: Manifest
    tree: Tree
    trusted: Trusted
    facts: FactBook
    today: date
    stage: Stage
    history: History
    listed_files: frozenset[str] = frozenset()
    """The manifests of this run and the tree paths they name: a model file outside them is under no manifest."""

    def section(self, key: str) -> BaseModel | None:
        """The claims of one section, or None when the manifest does not have it."""
        return self.manifest.sections.get(key)

    def tree_path(self, claimed: str) -> str:
        """Turn a path claimed in the manifest into one of the tree; raises EvidenceError when it is refused."""
        relative = check_path(claimed)
        return f"{self.manifest.folder}/{relative}" if self.manifest.folder else relative

    def open(self, claimed: str) -> BinaryFile:
        """Open a file the manifest names; raises EvidenceError."""
        return self.tree.open(self.tree_path(claimed))

    def read(self, claimed: str, limit_bytes: int) -> bytes:
        """Read a small file the manifest names; raises EvidenceError."""
        return self.tree.read(self.tree_path(claimed), limit_bytes)

    def read_at(self, commit: str, claimed: str, limit_bytes: int) -> bytes:
        """Read what a small file the manifest names held at a commit that the tree comes from; raises EvidenceError."""
        path = self.tree_path(claimed)
        found = self.tree.memo(f"commit:{commit}", lambda: _past_of(self.tree, commit))
        if isinstance(found, EvidenceError):
            raise found
        return found.read(path, limit_bytes)

    def digest(self, claimed: str) -> Digest:
        """Digest of a file the manifest names; raises EvidenceError. Repeated calls cost nothing."""
        path = self.tree_path(claimed)
        found = self.tree.memo(f"digest:{path}", lambda: self.tree.digests([path])[path])
        if isinstance(found, EvidenceError):
            raise found
        return found


def _past_of(tree: Tree, commit: str) -> Past | EvidenceError:
    """Git is asked once for each commit, however many files of it are named."""
    try:
        return tree.at_commit(commit)
    except EvidenceError as error:
        return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Computes facts of the types it `gives`, after those it `takes`.

    It yields at least one entry of each given type, or the rules about that type become unknown.
    """

    run: Callable[[Evidence], Iterable[Fact | Missing]]
    gives: tuple[type[Fact], ...]
    takes: tuple[type[Fact], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A pure function over one fact of type `judges`; its docstring is the promise a user reads.

    Called as `function(fact)`, with `limits=` when it has a limits type, with `base=` (the fact of the same
    type and subject in the base release) when `against_base`.
    """

    function: Callable[..., Answer]
    judges: type[Fact]
    limits: type | None = None
    against_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One area of the gate: the manifest sections it owns and what it knows of them."""

    name: str
    sections: Mapping[str, SectionType]
    collectors: tuple[Collector, ...]
    checks: Mapping[str, Check]
    own_facts: tuple[type[Fact], ...] = ()
    """Fact types that no collector gives: the engine makes them of its own judgements, for rules about policies."""

    @property
    def fact_types(self) -> tuple[type[Fact], ...]:
        """Every fact type some collector of the area gives."""
        return tuple(dict.fromkeys(kind for collector in self.collectors for kind in collector.gives))


def not_established(kind: type[Fact], subject: Subject, pointer: str, error: EvidenceError, *fixes: Fix) -> Missing:
    """The missing fact that stands for evidence which could not be read."""
    named = (Fix(text=error.fix),) if error.fix else ()
    return Missing(
        fact=kind.name,
        subject=subject,
        pointer=pointer,
        reason=error.reason,
        detail=error.detail,
        fixes=(*named, *fixes),
    )


def not_declared(kind: type[Fact], pointer: str, what: str, subject: Subject = RELEASE, fix: str = "") -> Missing:
    """The missing fact that stands for a claim the manifest does not make."""
    fixes = (Fix(text=fix),) if fix else ()
    return Missing(
        fact=kind.name, subject=subject, pointer=pointer, reason=Reason.NOT_DECLARED, detail=what, fixes=fixes
    )
