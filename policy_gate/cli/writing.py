"""Writes a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from policy_gate.errors import Problem, UsageError


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text beside the file and move it into place; raises UsageError when that is not possible."""
    import tempfile

    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or Path())
    except OSError as error:
        raise UsageError(Problem(f"cannot be written: {error.strerror}", str(path))) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise UsageError(Problem(f"cannot be written: {error.strerror}", str(path))) from error
