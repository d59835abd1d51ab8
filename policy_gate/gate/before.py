"""What came before one release: the manifest of the base revision, and what an earlier record or bundle says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import History
from policy_gate.engine import Base, BaseState
from policy_gate.errors import GateError, Problem, Reason, SourceError
from policy_gate.frozen import dataclass
from policy_gate.gate.bases import Bases
from policy_gate.gate.earlier import Comparison, unusable
from policy_gate.gate.reading import claims_of, identity_of
from policy_gate.manifest import Manifest
from policy_gate.model import Input
from policy_gate.record import as_tree, canonical

if TYPE_CHECKING:
    from policy_gate.gate.earlier import Earlier
    from policy_gate.source import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The base of one release; facts are still to be collected from `manifest` and `tree`, where they are given."""

    history: History
    base: Base
    manifest: Manifest | None = None
    tree: Tree | None = None
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()


def before(bases: Bases, comparison: Comparison, manifest: Manifest) -> Before:
    """What a release is compared with; raises GateError where that cannot be established, which is no first release.

    A record or a bundle stands in for the facts of the base revision. It cannot stand for another release than the one
    the revision holds: then whoever proposes the change would choose the baseline.
    """
    history, found = bases.history(manifest)
    if not comparison.source:
        return _of_git(bases, history, found, manifest.path)
    history = _known_to(history, comparison, manifest)
    if isinstance(found, GateError):
        return _of_git(bases, history, found, manifest.path)
    earlier = comparison.find(manifest.metadata.name)
    if earlier is None:
        return _without_earlier(bases, comparison, history, found, manifest.path)
    if found is not None:
        _hold_same(found, earlier)
    else:
        _hold_no_other(bases, manifest, earlier)
    return _of_earlier(history, earlier)


def _of_git(bases: Bases, history: History, found: Manifest | GateError | None, path: str) -> Before:
    if not history.base_known:
        return Before(history=history, base=Base(state=BaseState.NO_BASE))
    if isinstance(found, GateError):
        return Before(history=history, base=Base(state=BaseState.BROKEN, detail=str(found)))
    if found is None or bases.tree is None:
        # A new name for what stands at this path does not change what its conditions and selectors ask for.
        other = bases.at(path)
        claims = claims_of(other) if isinstance(other, Manifest) else {}
        return Before(history=history, base=Base(state=BaseState.FIRST_RELEASE, claims=claims))
    bases.refuse_left_out(found)
    base = Base(state=BaseState.FOUND, identity=identity_of(found, bases.tree), claims=claims_of(found))
    return Before(history=history, base=base, manifest=found, tree=bases.tree)


def _known_to(history: History, comparison: Comparison, manifest: Manifest) -> History:
    """The names of both; without a revision a record tells which name stood at a path."""
    at_path = comparison.at(manifest.path) if not history.base_known else None
    return replace(
        history,
        base_known=True,
        name_at_path=at_path.identity.name if at_path is not None else history.name_at_path,
        names=tuple(sorted({*history.names, *comparison.releases})),
    )


def _without_earlier(
    bases: Bases, comparison: Comparison, history: History, found: Manifest | None, path: str
) -> Before:
    """A name that only git knows is compared with git's manifest; one that neither knows is new."""
    usual = _of_git(bases, history, found, path)
    if found is not None:
        name = found.metadata.name
        note = f"{comparison.held}, and not '{name}', which was compared with the base revision"
        return replace(usual, notes=(note,))
    other = comparison.at(path)
    claims: Mapping[str, object] = usual.base.claims or (other.claims if other is not None else {})
    return replace(usual, base=replace(usual.base, claims=claims, detail=comparison.held))


def _hold_same(found: Manifest, earlier: Earlier) -> None:
    """Hold a record or a bundle to the manifest that the trusted revision has of the same release."""
    identity, source = earlier.identity, earlier.given.source
    if identity.manifest_digest != found.digest:
        raise unusable(
            source,
            f"its release '{identity.name}' (sequence {identity.sequence}, manifest {_short(identity.manifest_digest)})"
            f" is not the one of the base (sequence {found.metadata.sequence}, manifest {_short(found.digest)})",
            "give the record or the bundle that was made from the commit the base is",
        )
    if canonical(as_tree(claims_of(found))) != canonical(as_tree(earlier.claims)):
        raise unusable(source, f"its release '{identity.name}' has other claims than the manifest of the base")


def _hold_no_other(bases: Bases, manifest: Manifest, earlier: Earlier) -> None:
    other = bases.at(manifest.path)
    if isinstance(other, Manifest):
        message = (
            f"in the base this manifest is the release '{other.metadata.name}', and {earlier.given.source} holds"
            f" '{earlier.identity.name}': a release that takes another name is not compared with a third one"
        )
        raise SourceError(Problem(message, manifest.path, hint=f"name it '{other.metadata.name}' again"))


def _of_earlier(history: History, earlier: Earlier) -> Before:
    if earlier.manifest is not None:
        from policy_gate.gate.earlier_bundle import hold_bytes

        hold_bytes(earlier)
    base = Base(
        state=BaseState.FOUND,
        identity=earlier.identity,
        claims=earlier.claims,
        facts=earlier.facts,
        uncollected=Reason.NOTHING_TO_JUDGE if earlier.facts is None else Reason.NOT_IN_RECORD,
    )
    return Before(
        history=history,
        base=base,
        manifest=earlier.manifest,
        tree=earlier.tree,
        inputs=(earlier.given,),
        notes=earlier.notes,
    )


def _short(digest: str) -> str:
    return f"{digest[:19]}…"
