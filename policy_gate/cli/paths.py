"""Paths given on the command line, as paths of the tree that is judged."""

from __future__ import annotations

import os.path
from pathlib import Path

from policy_gate.errors import Problem, UsageError


def inside(path: str, root: Path) -> str:
    """The path relative to the top of the tree; symlinks are kept, so that the tree can see and refuse them."""
    absolute = Path(os.path.normpath(Path.cwd() / path))
    try:
        return absolute.relative_to(root).as_posix()
    except ValueError:
        raise UsageError(Problem(f"lies outside {root}", path)) from None
