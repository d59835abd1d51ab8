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
    standing: dict[str, str] = {}
    for node, _, pointer in nodes(claims):
        if node.type == "release":
            artifact_id = _artifact_of(node, artifacts, computed)
            standing.setdefault(artifact_id, node.id)
            yield _release_node(evidence, node, pointer, artifact_id, computed)
    for artifact in artifacts:
        if artifact.role == "model" and artifact.id not in standing:
            yield _through_another(artifact, artifacts, standing)
    yield from _named_release(claims)


def _artifact_of(node: Node, artifacts: tuple[Artifact, ...], computed: dict[str, str]) -> str:
    """The artifact a release node means: the one its id names (`artifact:ID`), else the one with its digest."""
    named = node.id.removeprefix("artifact:")
    if any(artifact.id == named for artifact in artifacts):
        return named
    stated = _stated_digest(node)
    return next((artifact for artifact, sha256 in computed.items() if stated and sha256 == stated), "")


def _stated_digest(node: Node) -> str:
    return (node.digest.sha256 or "") if node.digest is not None else ""


def _release_node(
    evidence: Evidence, node: Node, pointer: str, artifact: str, computed: dict[str, str]
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
        unread = evidence.facts.get(FileDigest, subject)
        detail = unread.detail if isinstance(unread, Missing) else "its file was not read"
        reason = unread.reason if isinstance(unread, Missing) else Reason.UNREADABLE
        return Missing(fact=ReleasedArtifact.name, subject=subject, pointer=at, reason=reason, detail=detail)
    return ReleasedArtifact(
        subject=subject,
        pointer=at,
        node=node.id,
        problem=ReleaseProblem.NONE,
        claimed=claimed,
        computed=computed[artifact],
    )


def _through_another(artifact: Artifact, artifacts: tuple[Artifact, ...], standing: dict[str, str]) -> ReleasedArtifact:
    """An artifact that no node stands for is in the graph when what it was derived from is."""
    by_id = {one.id: one for one in artifacts}
    seen: list[str] = []
    origin: Artifact | None = artifact
    while origin is not None and origin.id not in standing and origin.id not in seen:
        seen.append(origin.id)
        origin = by_id.get(origin.derived_from.artifact) if origin.derived_from is not None else None
    found = origin is not None and origin.id in standing
    position = artifacts.index(artifact)
    return ReleasedArtifact(
        subject=Subject("artifact", (artifact.id,)),
        pointer=f"/artifacts/{position}/{'derived_from' if found else 'id'}",
        basis=Basis.DECLARED,
        node=standing[origin.id] if origin is not None and found else "",
        problem=ReleaseProblem.NONE if found else ReleaseProblem.NOT_IN_GRAPH,
        derived_from=origin.id if origin is not None and found else "",
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
