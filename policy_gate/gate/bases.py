"""The base tree's manifests: which release of the base one of the head is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from policy_gate.area import History
from policy_gate.errors import EvidenceError, GateError, ManifestError, Problem, SourceError
from policy_gate.gate.reading import find_manifests, read_manifest
from policy_gate.manifest import Manifest
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import Tree, check_path
from policy_gate.source.tree import NOT_FETCHED, refused

MAX_LEFT_OUT = 5


@dataclass(slots=True)
class Bases:
    """The manifests of the base tree, decoded on demand; `tree` is None where there is no base."""

    tree: Tree | None
    spec: ConfigSpec
    reopen: Callable[[], Tree | None]
    by_path: dict[str, Manifest | GateError] = field(default_factory=dict)

    def reopened(self) -> Bases:
        """The same base for another process: a git process serves the one that started it."""
        return Bases(self.reopen(), self.spec, self.reopen)

    def at(self, path: str) -> Manifest | GateError | None:
        """The base manifest at a path: decoded, unreadable, or none."""
        if self.tree is None or not self.tree.exists(path):
            return None
        if path not in self.by_path:
            try:
                self.by_path[path] = read_manifest(self.tree, path)
            except GateError as error:
                self.by_path[path] = error
        return self.by_path[path]

    def paths(self) -> tuple[str, ...]:
        """Paths of all manifests of the base."""
        return find_manifests(self.tree, self.spec.manifests) if self.tree is not None else ()

    def all(self) -> Iterator[Manifest]:
        """Every manifest of the base that can be read."""
        for path in self.paths():
            found = self.at(path)
            if isinstance(found, Manifest):
                yield found

    def history(self, manifest: Manifest) -> tuple[History, Manifest | GateError | None]:
        """What the base says of a release, and its base manifest: found, unreadable, or none."""
        if self.tree is None:
            return History(base_known=False), None
        at_path = self.at(manifest.path)
        if isinstance(at_path, GateError):
            return History(base_known=True), at_path
        if at_path is not None and at_path.metadata.name == manifest.metadata.name:
            return History(base_known=True, name_at_path=at_path.metadata.name, manifest=at_path.digest), at_path
        everything = tuple(self.all())
        same_name = [one for one in everything if one.metadata.name == manifest.metadata.name]
        history = History(
            base_known=True,
            name_at_path=at_path.metadata.name if at_path is not None else "",
            names=tuple(sorted(one.metadata.name for one in everything)),
            manifest=same_name[0].digest if len(same_name) == 1 else "",
        )
        if len(same_name) > 1:
            where = ", ".join(one.path for one in same_name)
            return history, ManifestError(
                f"the base has the release '{manifest.metadata.name}' more than once: {where}"
            )
        if not same_name:
            # A base manifest that cannot be read may be this release's: then there is a baseline, unknown to us.
            return history, next(self._unreadable(), None)
        return history, same_name[0]

    def vanished(self, still_there: Callable[[str], bool], names: Iterable[str]) -> Iterator[Problem]:
        """The base's manifests that are neither at their path nor under their name any more.

        `names` are those of the head's manifests; they are read only when a path is gone.
        """
        gone = [path for path in self.paths() if not still_there(path)]
        kept = set(names) if gone else set()
        hint = "a release is withdrawn by changing the configuration first, in a change of its own"
        for path in gone:
            found = self.at(path)
            if isinstance(found, GateError):
                yield Problem("the base's manifest cannot be read, and is gone: which release it held is unknown", path)
            elif found is not None and found.metadata.name not in kept:
                yield Problem(f"release '{found.metadata.name}' of the base has no manifest any more", path, hint=hint)

    def refuse_left_out(self, manifest: Manifest | None = None) -> None:
        """Refuse a base that this clone left out a part of: a manifest of it, or what a manifest lists. SourceError.

        Git would fetch that when it is read; the gate never does, and what it cannot read is not small or unchanged.
        """
        if self.tree is None:
            return
        absent = self.tree.memo("left out", self._left_out)
        wanted = self.paths() if manifest is None else tuple(_listed_by(manifest))
        missed = [path for path in wanted if path in absent] if absent else []
        if missed:
            raise SourceError(
                Problem(f"the base is not whole: {NOT_FETCHED}", path, hint=refused(path, NOT_FETCHED).fix)
                for path in missed[:MAX_LEFT_OUT]
            )

    def _left_out(self) -> frozenset[str]:
        entries = self.tree.list() if self.tree is not None else ()
        return frozenset(entry.path for entry in entries if entry.refusal == NOT_FETCHED)

    def _unreadable(self) -> Iterator[GateError]:
        return (found for path in self.paths() if isinstance(found := self.at(path), GateError))


def _listed_by(manifest: Manifest) -> Iterator[str]:
    for artifact in manifest.artifacts:
        try:
            relative = check_path(artifact.path)
        except EvidenceError:
            continue  # its collector says so, with its place
        yield f"{manifest.folder}/{relative}" if manifest.folder else relative
