"""Finds for every artifact the node that stands for it in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.fingerprint.facts import FileDigest
from policy_gate.areas.lineage.facts import ReleasedArtifact, ReleaseProblem
from policy_gate.areas.lineage.section import SECTION, lineage_claims, no_section, nodes
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import LineageClaims, Node
    from policy_gate.manifest import Artifact


def released_artifacts(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact for every model artifact, and for every release node that stands for none."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(ReleasedArtifact)
        return
    computed = {fact.subject.names[0]: fact.sha256 for fact in evidence.facts.known(FileDigest)}
    artifacts = evidence.manifest.artifacts
    ids = frozenset(artifact.id for artifact in artifacts)
    by_digest = {sha256: artifact for artifact, sha256 in reversed(computed.items())}
    unread = {entry.subject: entry for entry in evidence.facts.entries(FileDigest) if isinstance(entry, Missing)}
    standing: dict[str, str] = {}
    for node, _, pointer in nodes(claims):
        if node.type == "release":
            artifact_id = _artifact_of(node, ids, by_digest)
            standing.setdefault(artifact_id, node.id)
            yield _release_node(node, pointer, artifact_id, computed, unread)
    origins = _standing_origins(artifacts, standing)
    for position, artifact in enumerate(artifacts):
        if artifact.role == "model" and artifact.id not in standing:
            yield _through_another(artifact.id, position, origins[artifact.id], standing)
    yield from _named_release(claims)


def _artifact_of(node: Node, ids: frozenset[str], by_digest: dict[str, str]) -> str:
    """The artifact a release node means: the one its id names (`artifact:ID`), else the first with its digest."""
    named = node.id.removeprefix("artifact:")
    return named if named in ids else by_digest.get(_stated_digest(node), "")


def _stated_digest(node: Node) -> str:
    return (node.digest.sha256 or "") if node.digest is not None else ""


def _release_node(
    node: Node, pointer: str, artifact: str, computed: dict[str, str], unread: dict[Subject, Missing]
) -> ReleasedArtifact | Missing:
    claimed = _stated_digest(node)
    at = f"{pointer}/digest/sha256" if claimed else f"{pointer}/id"
    if not artifact:
        return ReleasedArtifact(
            subject=Subject("artifact", (node.id,)),
            pointer=at,
            node=node.id,
            problem=ReleaseProblem.NOT_IN_MANIFEST,
            claimed=claimed,
        )
    subject = Subject("artifact", (artifact,))
    if node.digest is not None and not claimed:
        detail = f"{node.id} states its digest in a form that is not read yet; state sha256"
        at = f"{pointer}/digest"
        return Missing(
            fact=ReleasedArtifact.name, subject=subject, pointer=at, reason=Reason.UNSUPPORTED_FORMAT, detail=detail
        )
    if artifact not in computed:
        why = unread.get(subject)
        detail = why.detail if why is not None else "its file was not read"
        reason = why.reason if why is not None else Reason.UNREADABLE
        return Missing(fact=ReleasedArtifact.name, subject=subject, pointer=at, reason=reason, detail=detail)
    return ReleasedArtifact(
        subject=subject,
        pointer=at,
        node=node.id,
        problem=ReleaseProblem.NONE,
        claimed=claimed,
        computed=computed[artifact],
    )


def _standing_origins(artifacts: tuple[Artifact, ...], standing: dict[str, str]) -> dict[str, str]:
    """For every artifact the nearest one behind it that a node stands for, or ""; each derivation is walked once."""
    derived = {one.id: one.derived_from.artifact for one in artifacts if one.derived_from is not None}
    origins = {"": "", **{name: name for name in standing}}
    for artifact in artifacts:
        at, walked = artifact.id, []
        while at not in origins:
            origins[at] = ""  # a walk that comes back here runs in a circle, and ends at no node
            walked.append(at)
            at = derived.get(at, "")
        origins.update(dict.fromkeys(walked, origins[at]))
    return origins


def _through_another(artifact: str, position: int, origin: str, standing: dict[str, str]) -> ReleasedArtifact:
    """An artifact that no node stands for is in the graph when what it was derived from is."""
    return ReleasedArtifact(
        subject=Subject("artifact", (artifact,)),
        pointer=f"/artifacts/{position}/{'derived_from' if origin else 'id'}",
        basis=Basis.DECLARED,
        node=standing[origin] if origin else "",
        problem=ReleaseProblem.NONE if origin else ReleaseProblem.NOT_IN_GRAPH,
        derived_from=origin,
    )


def _named_release(claims: LineageClaims) -> Iterator[ReleasedArtifact]:
    types = {node.id: node.type for node in claims.nodes}
    if claims.release is not None and types.get(claims.release.artifact, "release") != "release":
        yield ReleasedArtifact(
            subject=RELEASE,
            pointer=f"/{SECTION}/release/artifact",
            basis=Basis.DECLARED,
            node=claims.release.artifact,
            problem=ReleaseProblem.NOT_A_RELEASE,
        )
