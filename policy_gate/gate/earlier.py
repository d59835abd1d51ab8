"""Earlier releases to compare with that git does not hold, by name: what a record or a bundle says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Self

from policy_gate.errors import Problem, SourceError
from policy_gate.frozen import dataclass
from policy_gate.model import Input, ReleaseIdentity

if TYPE_CHECKING:
    from policy_gate.area import FactBook
    from policy_gate.manifest import Manifest
    from policy_gate.source import Tree

MAX_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One earlier release: with the facts of a record, or with manifest and tree of a bundle, to collect them from.

    `objection` says why it is no baseline, "" where it is one; `notes` are for whoever reads the result.
    """

    identity: ReleaseIdentity
    claims: Mapping[str, object]
    given: Input
    facts: FactBook | None = None
    manifest: Manifest | None = None
    tree: Tree | None = None
    objection: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything one record file or bundle holds; `source` is "" where a run was given neither.

    `knows_paths` says whether the paths in it are those of the repository.
    """

    source: str = ""
    releases: Mapping[str, Earlier] = field(default_factory=dict)
    knows_paths: bool = False
    tree: Tree | None = None
    reopen: Callable[[], Comparison] | None = None

    def find(self, name: str) -> Earlier | None:
        """The earlier release of a name; raises SourceError where it is there and no baseline."""
        found = self.releases.get(name)
        if found is not None and found.objection:
            hint = "give the record of the last run that allowed it" if found.facts is not None else ""
            raise unusable(self.source, f"release '{name}' {found.objection}", hint)
        return found

    def at(self, path: str) -> Earlier | None:
        """The earlier release whose manifest stood at a path of the repository, where paths are known."""
        return next((one for one in self.releases.values() if self.knows_paths and one.identity.path == path), None)

    @property
    def held(self) -> str:
        """What it holds, for a reader."""
        names = sorted(self.releases)
        more = len(names) - MAX_NAMED
        return f"{self.source} holds {', '.join(names[:MAX_NAMED])}" + (f" and {more} more" if more > 0 else "")

    def reopened(self) -> Comparison:
        """The same for another process: an open archive serves the one that opened it."""
        return self.reopen() if self.reopen is not None else self

    def close(self) -> None:
        """Release what it reads from."""
        if self.tree is not None:
            self.tree.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


NO_COMPARISON = Comparison()


def by_name(source: str, found: Iterable[Earlier]) -> dict[str, Earlier]:
    """Earlier releases by name; SourceError where two have the same, since nobody could say which one counts."""
    releases: dict[str, Earlier] = {}
    for one in found:
        if one.identity.name in releases:
            raise unusable(source, f"it holds the release '{one.identity.name}' more than once")
        releases[one.identity.name] = one
    return releases


def unusable(source: str, why: str, hint: str = "") -> SourceError:
    """Say that a base cannot be compared with: never taken for a first release."""
    return SourceError(Problem(f"the base {source} cannot be compared with: {why}", hint=hint))
