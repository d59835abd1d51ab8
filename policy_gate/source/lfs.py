"""Git LFS: recognise a pointer that stands where a file should be, and say how to fetch the file."""

from __future__ import annotations

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source.paths import shell_quoted, shown

MAX_POINTER_BYTES = 1024  # Git LFS specification: a pointer is smaller than 1024 bytes
_FIRST_LINES = (
    b"version https://git-lfs.github.com/spec/v1",
    b"version https://hawser.github.com/spec/v1",  # the name before the 1.0 release; the client still accepts it
)


def is_pointer(head: bytes, size: int) -> bool:
    """Tell whether a file of `size` bytes that starts with `head` is an LFS pointer."""
    return size < MAX_POINTER_BYTES and head.startswith(_FIRST_LINES)


def pointer_error(path: str) -> EvidenceError:
    """Say that `path` is a pointer, and which setting or command brings the file."""
    return EvidenceError(
        Reason.LFS_POINTER,
        f"'{shown(path)}' holds a Git LFS pointer instead of the file",
        fix=f"in the workflow give actions/checkout `lfs: true`; in a clone run "
        f"`git lfs pull --include={shell_quoted(path)}`",
    )
