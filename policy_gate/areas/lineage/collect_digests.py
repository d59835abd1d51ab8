"""Computes the digests of files that nodes stand for, beside the stated ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.lineage.facts import NodeDigest
from policy_gate.areas.lineage.placeholder import placeholder
from policy_gate.areas.lineage.section import lineage_claims, no_section, nodes
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import Node


def node_digests(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The digest of every node's file and of every nested manifest; release nodes are judged with their artifact."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(NodeDigest)
        return
    for node, subject, pointer in nodes(claims):
        if node.manifest is not None:
            at = f"{pointer}/manifest/sha256"
            yield _file_digest(evidence, subject, at, node.manifest.path, node.manifest.sha256)
        if node.type != "release" and (node.manifest is None or node.digest is not None):
            yield _node_digest(evidence, node, subject, pointer)


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
