"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from policy_gate.errors import Problem, UsageError


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text beside the file and move it into place; raises UsageError when that is not possible.

    A link, device or pipe is refused: what is moved into its place would replace it, or what it leads to.
    """
    import tempfile

    try:
        mode = _mode(path)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or Path())
    except OSError as error:
        raise UsageError(Problem(f"cannot be written: {error.strerror}", str(path))) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            stream.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise UsageError(Problem(f"cannot be written: {error.strerror}", str(path))) from error


def _mode(path: Path) -> int:
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return 0o644
    if not stat.S_ISREG(found):
        raise UsageError(Problem("is no plain file, and is not written to", str(path)))
    return stat.S_IMODE(found)
