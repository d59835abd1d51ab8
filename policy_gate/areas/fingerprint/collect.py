"""Computes digests and sizes of every artifact, and walks the bundle for files that nobody listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.fingerprint.facts import ClaimedDigest, ClaimedSize, FileDigest, FileList
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact, Manifest
    from policy_gate.source import Digest


def file_digests(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One digest and size per artifact, beside what the manifest claims."""
    for position, artifact in enumerate(evidence.manifest.artifacts):
        subject, pointer = Subject("artifact", (artifact.id,)), f"/artifacts/{position}"
        try:
            digest = evidence.digest(artifact.path)
        except EvidenceError as error:
            for kind in (FileDigest, ClaimedDigest, ClaimedSize):
                yield not_established(kind, subject, f"{pointer}/path", error)
            continue
        yield FileDigest(
            subject=subject, pointer=f"{pointer}/path", path=artifact.path, sha256=digest.sha256, size_bytes=digest.size
        )
        yield _claimed_digest(artifact, digest, subject, pointer)
        yield _claimed_size(artifact, digest, subject, pointer)


def _claimed_digest(artifact: Artifact, digest: Digest, subject: Subject, pointer: str) -> Fact | Missing:
    if artifact.digest is None:
        return _undeclared(ClaimedDigest, subject, f"{pointer}/digest", "digest", digest.sha256)
    return ClaimedDigest(
        subject=subject,
        pointer=f"{pointer}/digest",
        path=artifact.path,
        claimed=artifact.digest,
        computed=digest.sha256,
    )


def _claimed_size(artifact: Artifact, digest: Digest, subject: Subject, pointer: str) -> Fact | Missing:
    if artifact.size is None:
        return _undeclared(ClaimedSize, subject, f"{pointer}/size", "size", digest.size)
    return ClaimedSize(
        subject=subject,
        pointer=f"{pointer}/size",
        path=artifact.path,
        claimed_bytes=artifact.size,
        computed_bytes=digest.size,
    )


def _undeclared(kind: type[Fact], subject: Subject, pointer: str, key: str, computed: str | int) -> Missing:
    return Missing(
        fact=kind.name,
        subject=subject,
        pointer=pointer,
        reason=Reason.NOT_DECLARED,
        detail=f"the manifest gives no {key} for this artifact",
        fixes=(Fix(text=f"add `{key}: {computed}`", pointer=pointer, replacement=computed),),
    )


def file_list(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The closed list: every file under `bundle.root`, also ignored and hidden ones, beside the artifacts."""
    bundle = evidence.manifest.bundle
    if bundle is None:
        yield Missing(
            fact=FileList.name,
            subject=RELEASE,
            pointer="/bundle",
            reason=Reason.NOT_DECLARED,
            detail="the manifest does not say which folder ships",
            fixes=(Fix(text="add `bundle: {root: FOLDER}` with the folder that ships"),),
        )
        return
    try:
        root = evidence.tree_path(bundle.root)
        listed = {evidence.tree_path(artifact.path) for artifact in evidence.manifest.artifacts}
        shipped = {evidence.tree_path(artifact.path) for artifact in _shipped(evidence.manifest)}
        found = [entry.path for entry in evidence.tree.list(root)]
    except EvidenceError as error:
        yield not_established(FileList, RELEASE, "/bundle/root", error)
        return
    if not found:
        absent = EvidenceError(Reason.NOT_IN_TREE, f"no file under {bundle.root}")
        yield not_established(FileList, RELEASE, "/bundle/root", absent)
        return
    yield FileList(
        subject=RELEASE,
        pointer="/bundle/root",
        root=bundle.root,
        files=len(found),
        unlisted=tuple(path for path in found if path not in listed),
        outside=tuple(sorted(path for path in shipped if not path.startswith(f"{root}/"))),
    )


def _shipped(manifest: Manifest) -> Iterator[Artifact]:
    """What a target runs, and every model that is not only kept because another artifact was derived from it."""
    run = {name for target in manifest.targets for name in target.runs}
    origins = {one.derived_from.artifact for one in manifest.artifacts if one.derived_from is not None}
    for artifact in manifest.artifacts:
        if artifact.id in run or (artifact.role == "model" and artifact.id not in origins):
            yield artifact
