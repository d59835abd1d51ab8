"""What a signature of a release has to be about: the library half of signing, for a manifest on disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.signature.collect import release_subjects
from policy_gate.areas.signature.sign import sign_release
from policy_gate.errors import Problem, UsageError
from policy_gate.gate import read_manifest
from policy_gate.model import Stage
from policy_gate.source import open_working_tree

if TYPE_CHECKING:
    from policy_gate.areas.signature.keys import PrivateKey


def sign_folder(manifest: Path, private_keys: Sequence[PrivateKey]) -> bytes:
    """Sign the manifest and every file it names, as they are on disk; returns the envelope, writes nothing.

    Raises:
        GateError: the manifest is not valid, or a file it names cannot be read.
    """
    with open_working_tree(manifest.parent) as tree:
        evidence = Evidence(
            manifest=read_manifest(tree, manifest.name),
            tree=tree,
            trusted=Trusted(source=tree.source),
            facts=FactBook(),
            today=date.min,
            stage=Stage.RELEASE,
            history=History(base_known=False),
        )
        subjects, unread = release_subjects(evidence)
    if unread:
        raise UsageError(Problem(f"{one.pointer}: {one.detail}", manifest.name) for one in unread)
    return sign_release(subjects, private_keys)
