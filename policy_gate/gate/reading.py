"""Reads documents and manifests of a tree, and says what was read for the record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from policy_gate.catalogue import sections
from policy_gate.document import Document, load
from policy_gate.errors import EvidenceError, Problem, SourceError
from policy_gate.manifest import Manifest, decode_manifest
from policy_gate.model import Input, ReleaseIdentity
from policy_gate.policy.globs import matches
from policy_gate.source import Tree

MAX_DOCUMENT_BYTES = 1024 * 1024


def read_document(tree: Tree, path: str) -> Document:
    """Read and parse one YAML or JSON file of a tree; raises GateError."""
    try:
        content = tree.read(path, MAX_DOCUMENT_BYTES)
    except EvidenceError as error:
        raise SourceError(Problem(f"{error.reason.value}: {error.detail}", path, hint=error.fix)) from error
    return load(content, path)


def read_manifest(tree: Tree, path: str) -> Manifest:
    """Read and decode one manifest of a tree; raises GateError with every problem."""
    return decode_manifest(read_document(tree, path), sections())


def find_manifests(tree: Tree, patterns: Iterable[str]) -> tuple[str, ...]:
    """Paths of the tree that match the patterns, sorted."""
    patterns = tuple(patterns)
    return tree.memo(
        f"manifests:{patterns}",
        lambda: tuple(entry.path for entry in tree.list() if matches(entry.path, patterns)),
    )


def input_of(role: str, tree: Tree, document: Document) -> Input:
    """The entry of a record for a file that decided."""
    digest = f"sha256:{hashlib.sha256(document.content).hexdigest()}"
    return Input(role=role, source=tree.source, path=document.path, digest=digest)


def claims_of(manifest: Manifest) -> dict[str, object]:
    """The claims of a manifest as they are written."""
    root = manifest.document.root
    return dict(root) if isinstance(root, dict) else {}


def identity_of(manifest: Manifest, tree: Tree) -> ReleaseIdentity:
    """The release a manifest describes."""
    return ReleaseIdentity(
        name=manifest.metadata.name,
        version=manifest.metadata.version,
        sequence=manifest.metadata.sequence,
        manifest_digest=manifest.digest,
        path=manifest.path,
        source=tree.source,
    )
