"""Computes the digests of files that nodes stand for, beside the stated ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.lineage.facts import NodeDigest
from policy_gate.areas.lineage.placeholder import placeholder
from policy_gate.areas.lineage.section import lineage_claims, no_section, nodes
from policy_gate.errors import DocumentError, EvidenceError, ManifestError, Reason
from policy_gate.model import Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import NestedManifest, Node

MAX_MANIFESTS = 32
"""Manifests of models that are read: one of the largest size takes seconds."""


def node_digests(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The digest of every node's file and of every nested manifest; release nodes are judged with their artifact.

    Only a model may have a manifest of its own instead of a digest.
    """
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(NodeDigest)
        return
    left = MAX_MANIFESTS
    for node, subject, pointer in nodes(claims):
        if node.manifest is not None:
            yield _manifest_digest(evidence, node.manifest, subject, f"{pointer}/manifest", is_read=left > 0)
            left -= 1
        described = node.type == "model" and node.manifest is not None
        if node.type != "release" and (node.digest is not None or not described):
            yield _node_digest(evidence, node, subject, pointer)


def _manifest_digest(
    evidence: Evidence, stated: NestedManifest, subject: Subject, pointer: str, *, is_read: bool
) -> Fact | Missing:
    """The digest of a model's own manifest, which stands for the model only when it is one."""
    found = _file_digest(evidence, subject, f"{pointer}/sha256", stated.path, stated.sha256)
    if isinstance(found, NodeDigest) and found.claimed == found.computed:
        try:
            _refuse_other_documents(evidence, stated.path, is_read=is_read)
        except EvidenceError as error:
            return not_established(NodeDigest, subject, f"{pointer}/path", error)
    return found


def _refuse_other_documents(evidence: Evidence, path: str, *, is_read: bool) -> None:
    """Raise EvidenceError unless a file holds what every release manifest has; its sections are not judged here."""
    from policy_gate.document import DEFAULT_LIMITS, bind, load
    from policy_gate.manifest.claims import CoreClaims

    if not is_read:
        raise EvidenceError(Reason.TOO_LARGE, f"{path} is not read: at most {MAX_MANIFESTS} manifests of models are")
    content = evidence.read(path, DEFAULT_LIMITS.max_bytes)
    try:
        bind(load(content, path), CoreClaims)
    except (DocumentError, ManifestError) as error:
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"{path} is no release manifest") from error


def _node_digest(evidence: Evidence, node: Node, subject: Subject, pointer: str) -> Fact | Missing:
    at = f"{pointer}/digest"
    if node.digest is None:
        return _undigested(evidence, node, subject, at)
    if node.digest.sha256 is None:
        form = next(one for one in ("dvc", "lfs", "tree") if getattr(node.digest, one) is not None)
        unread = EvidenceError(Reason.UNSUPPORTED_FORMAT, f"a digest by '{form}' is not read yet; state sha256")
        return not_established(NodeDigest, subject, f"{at}/{form}", unread)
    return _file_digest(evidence, subject, f"{at}/sha256", node.path or "", node.digest.sha256)


def _undigested(evidence: Evidence, node: Node, subject: Subject, pointer: str) -> Missing:
    computed = ""
    if node.path is not None:
        try:
            computed = evidence.digest(node.path).sha256
        except EvidenceError as error:
            return not_established(NodeDigest, subject, pointer, error)
    text = f'add `digest: {{sha256: "{computed or "sha256:…"}"}}`'
    return not_declared(NodeDigest, pointer, f"{node.id} states no digest", subject, text)


def _file_digest(evidence: Evidence, subject: Subject, pointer: str, path: str, claimed: str) -> Fact | Missing:
    unreal = placeholder(claimed)
    if unreal:
        return NodeDigest(subject=subject, pointer=pointer, path=path, claimed=claimed, placeholder=unreal)
    if not path:
        absent = EvidenceError(Reason.NOT_IN_TREE, "no `path` names the file that has this digest")
        fix = Fix(text="add `path:` with the file, or with a list of the records' digests that is kept in the tree")
        return not_established(NodeDigest, subject, pointer, absent, fix)
    try:
        computed = evidence.digest(path).sha256
    except EvidenceError as error:
        return not_established(NodeDigest, subject, pointer, error)
    return NodeDigest(subject=subject, pointer=pointer, path=path, claimed=claimed, computed=computed)
