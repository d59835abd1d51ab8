"""Reads the training configurations that phases name: each once, few, small, and never a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.errors import DocumentError, EvidenceError, Reason
from policy_gate.policy.globs import matches

if TYPE_CHECKING:
    from policy_gate.area import Evidence
    from policy_gate.document import Document

MAX_FILES = 16
"""Distinct evidence files of one manifest."""
MAX_FILE_BYTES = 1024 * 1024
MAX_BYTES = 1024 * 1024
"""Of all evidence files of one manifest; the file that goes beyond is the last to be read."""
_MANIFEST_KIND = "ReleaseManifest"


class TrainingFiles:
    """The evidence files of one manifest; each is parsed once per tree, however often it is named."""

    def __init__(self, evidence: Evidence) -> None:
        """Nothing is read yet."""
        self._evidence = evidence
        self._sizes: dict[str, int] = {}

    def load(self, claimed: str) -> Document:
        """The document at a path that the manifest names; EvidenceError where it is no evidence or over the limits."""
        path = self._evidence.tree_path(claimed)
        if self._is_manifest(path):
            raise _no_evidence(claimed)
        if path not in self._sizes:
            self._require_room(claimed)
            self._sizes[path] = 0
        # The document is labelled as this manifest spells its path, so the label is part of the key.
        key = f"privacy.evidence:{path}:{claimed}"
        self._sizes[path], found = self._evidence.tree.memo(key, lambda: self._parsed(claimed))
        if isinstance(found, EvidenceError):
            raise found
        # A copy of a manifest under another name is no more than what it claims.
        if isinstance(found.root, dict) and found.root.get("kind") == _MANIFEST_KIND:
            raise _no_evidence(claimed)
        return found

    def _is_manifest(self, path: str) -> bool:
        return path.casefold() == self._evidence.manifest.path.casefold() or matches(
            path, self._evidence.trusted.manifests
        )

    def _require_room(self, claimed: str) -> None:
        if len(self._sizes) >= MAX_FILES:
            what = f"'{claimed}' is one evidence file too many; at most {MAX_FILES} are read"
            raise EvidenceError(Reason.TOO_LARGE, what)
        if sum(self._sizes.values()) >= MAX_BYTES:
            what = f"'{claimed}' is not read: the evidence files before it have {MAX_BYTES} bytes or more"
            raise EvidenceError(Reason.TOO_LARGE, what)

    def _parsed(self, claimed: str) -> tuple[int, Document | EvidenceError]:
        """Size in bytes, and the document or why there is none: one that cannot be parsed takes time as well."""
        from policy_gate.document import load  # only a phase with evidence pays

        content = b""
        try:
            content = self._evidence.read(claimed, MAX_FILE_BYTES)
            return len(content), load(content, claimed)
        except DocumentError as error:
            return len(content), EvidenceError(Reason.UNREADABLE, str(error.problems[0]))
        except EvidenceError as error:
            return len(content), error


def _no_evidence(claimed: str) -> EvidenceError:
    return EvidenceError(
        Reason.NOT_PROVEN,
        f"'{claimed}' is a release manifest: a manifest is no evidence for itself",
        fix="name the configuration file that training read",
    )
