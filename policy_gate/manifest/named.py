"""Every file a manifest names: what its signature has to cover, and where each is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.document import join
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Value
    from policy_gate.manifest.decode import Manifest

PATH_KEYS = frozenset(
    {
        "approval",
        "audit_log",
        "collector_config",
        "croissant",
        "dvc",
        "evidence",
        "file",
        "lfs",
        "record_digests",
        "withdrawals",
    }
)
"""A text under one of these keys is the path of a file, wherever in the manifest it stands."""

PATH_HOLDERS = frozenset({"artifacts", "assessment", "attestations", "documents", "files", "manifest", "nodes"})
"""`path` is the path of a file in an entry of these; elsewhere, as in `code`, it is bound by a commit."""

_BOUND_KEYS, _BOUND_HOLDERS = frozenset({"file", "path"}), frozenset({"evidence", "files"})
"""The path of a file in an entry of these is bound by the entry's `commit` where it states one."""

TEXT_HOLDERS = frozenset({"license"})
"""`text` is the path of a file under these; elsewhere it is prose."""

NOT_COVERED = frozenset({"signing"})
"""A signature cannot cover itself."""

PROOF_KEYS = frozenset({"approval", "attestations", "evidence"})
"""Files named under these prove something about the release, so they never ship with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A path as the manifest spells it, the place that names it, and whether the file is evidence."""

    path: str
    pointer: str
    proves: bool


def named_files(manifest: Manifest) -> tuple[str, ...]:
    """Every path of a file the manifest names, sorted, without repetition.

    Left out are its own signatures, source code (a commit binds it), folders (`bundle.root`, `digest.tree`), and the
    privacy ledger: it grows with every release, and is proven by its own chain and by the base.
    """
    return tuple(sorted({named.path for named in named_places(manifest)}))


def named_places(manifest: Manifest) -> tuple[NamedFile, ...]:
    """Every place where the manifest names a file, in the order of the document.

    Walks the raw document, so that a section which no selected rule reads is covered too.
    """
    root = manifest.document.root
    if not isinstance(root, dict):
        return ()
    return tuple(
        named
        for key, member in root.items()
        if key not in NOT_COVERED
        for named in _walk(member, join("", key), (key,))
    )


def _walk(value: Value, pointer: str, keys: tuple[str, ...]) -> Iterator[NamedFile]:
    """Find the paths under one value; `keys` are the mapping keys that lead to it, list positions left out."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key in _BOUND_KEYS and keys[-1] in _BOUND_HOLDERS and isinstance(value.get("commit"), str):
                continue
            yield from _walk(member, join(pointer, key), (*keys, key))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _walk(member, join(pointer, position), keys)
    elif isinstance(value, str) and _is_path(keys):
        yield NamedFile(path=value, pointer=pointer, proves=bool(PROOF_KEYS.intersection(keys)))


def _is_path(keys: tuple[str, ...]) -> bool:
    key, holder = keys[-1], keys[-2] if len(keys) > 1 else ""
    if key == "path":
        return holder in PATH_HOLDERS
    if key == "text":
        return holder in TEXT_HOLDERS
    return key in PATH_KEYS
