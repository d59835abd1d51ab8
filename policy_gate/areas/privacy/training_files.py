"""Reads the files of training runs that phases name: each once, few, small, and never a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.areas.signature.facts import AttestedFile
from policy_gate.errors import DocumentError, EvidenceError, Reason
from policy_gate.policy.globs import matches

if TYPE_CHECKING:
    from policy_gate.area import Evidence
    from policy_gate.areas.privacy.claims_phases import EvidenceFile
    from policy_gate.document import Document, Value

MAX_FILES = 16
"""Distinct evidence files of one manifest."""
MAX_FILE_BYTES = 1024 * 1024
MAX_BYTES = 1024 * 1024
"""Of all evidence files of one manifest; the file that goes beyond is the last to be read."""
BUILDER = "builder"
"""The role that may say what a model was trained with."""
_MANIFEST_KIND = "ReleaseManifest"
_SHOWN_CHARS = 40


class TrainingFiles:
    """The evidence files of one manifest; each is parsed once per tree, however often it is named."""

    def __init__(self, evidence: Evidence) -> None:
        """Nothing is read yet."""
        self._evidence = evidence
        self._sizes: dict[tuple[str, str], int] = {}
        attested = evidence.facts.known(AttestedFile)
        self._signers = {one.digest: one.signers for one in attested if one.role == BUILDER and one.digest}

    def load(self, source: EvidenceFile) -> Document:
        """The document that an entry of the manifest names; EvidenceError where it is no evidence or over the limits.

        A file of another commit is labelled with it.
        """
        found, _ = self._read(source)
        if isinstance(found, EvidenceError):
            raise found
        # A copy of a manifest under another name is no more than what it claims.
        if isinstance(found.root, dict) and found.root.get("kind") == _MANIFEST_KIND:
            raise _no_evidence(source.file)
        return found

    def signers(self, source: EvidenceFile) -> tuple[str, ...]:
        """Digests of the builder's keys that attest exactly these bytes beside the models of the release, or ()."""
        if not self._signers:
            return ()
        from hashlib import sha256  # only a release with attested files pays

        _, content = self._read(source)
        return self._signers.get(f"sha256:{sha256(content).hexdigest()}", ())

    def _read(self, source: EvidenceFile) -> tuple[Document | EvidenceError, bytes]:
        path = self._evidence.tree_path(source.file)
        if self._is_manifest(path):
            raise _no_evidence(source.file)
        name = (source.commit or "", path)
        if name not in self._sizes:
            self._require_room(source.file)
            self._sizes[name] = 0
        # The document is labelled as this manifest spells its path, so the label is part of the key.
        key = f"privacy.evidence:{source.commit}:{path}:{source.file}"
        found, content = self._evidence.tree.memo(key, lambda: self._parsed(source))
        self._sizes[name] = len(content)
        return found, content

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

    def _parsed(self, source: EvidenceFile) -> tuple[Document | EvidenceError, bytes]:
        """The document or why there is none, and what was read: a file that cannot be parsed takes time as well."""
        from policy_gate.document import load  # only a phase with evidence pays

        content = b""
        try:
            if source.commit is None:
                content = self._evidence.read(source.file, MAX_FILE_BYTES)
            else:
                content = self._evidence.read_at(source.commit, source.file, MAX_FILE_BYTES)
            label = f"{source.file}@{source.commit[:12]}" if source.commit else source.file
            return load(content, label), content
        except DocumentError as error:
            return EvidenceError(Reason.UNREADABLE, str(error.problems[0])), content
        except EvidenceError as error:
            return error, content


def shown(value: Value) -> str:
    """A value of a manifest or an evidence file, as a message may show it."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = f"{value:.12g}" if isinstance(value, float) else ascii(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _no_evidence(claimed: str) -> EvidenceError:
    return EvidenceError(
        Reason.NOT_PROVEN,
        f"'{claimed}' is a release manifest: a manifest is no evidence for itself",
        fix="name the configuration file that training read",
    )
