"""What the fingerprint area knows: digests, sizes and identities, and the files that nobody listed."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest(Fact):
    """SHA-256 and size in bytes of one artifact's file, as read."""

    name: ClassVar[str] = "fingerprint.file_digest"
    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDigest(Fact):
    """The digest the manifest claims for an artifact, beside the one computed."""

    name: ClassVar[str] = "fingerprint.claimed_digest"
    path: str
    claimed: str
    computed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSize(Fact):
    """The size the manifest claims for an artifact, beside the one read, in bytes."""

    name: ClassVar[str] = "fingerprint.claimed_size"
    path: str
    claimed_bytes: int
    computed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList(Fact):
    """Files under the bundle's root, those among them that the manifest does not name, and what ships from elsewhere.

    `outside` are the files of artifacts that a target runs, and of models that nothing else was derived from.
    """

    name: ClassVar[str] = "fingerprint.file_list"
    root: str
    files: int
    unlisted: tuple[str, ...]
    outside: tuple[str, ...] = ()


class Side(StrEnum):
    """One digest of a model's identity."""

    WEIGHTS = "weights"
    STRUCTURE = "structure"
    BOUND = "bound"
    INTERFACE = "interface"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySide:
    """One side that the manifest states, beside the one computed."""

    side: Side
    claimed: str
    computed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity(Fact):
    """What a model holds and computes, however it is stored: every side the manifest states, recomputed.

    `lacks_bound` is the computed `bound` where the stated sides would hold for other models too, else "".
    """

    name: ClassVar[str] = "fingerprint.identity"
    path: str
    scheme: str
    sides: tuple[IdentitySide, ...]
    lacks_bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFiles(Fact):
    """Files beside a model that hold some of its weights, spelled as the manifest would, and those it does not list."""

    name: ClassVar[str] = "fingerprint.external_files"
    path: str
    files: tuple[str, ...]
    unlisted: tuple[str, ...]
