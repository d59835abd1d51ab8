"""A release bundle as a tree: a folder, or an archive that stays packed."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH112, PTH113, PTH119

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy_gate.errors import Problem, SourceError
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from pathlib import Path

    from policy_gate.source.tree import Tree


def open_bundle(path: Path) -> Tree:
    """Open a folder or an archive without unpacking it; SourceError when it is absent, damaged or unsafe.

    An archive is refused as a whole when a member has an unsafe name, is given twice, is encrypted, shares bytes
    with another, or unpacks to too much; links and devices in it are listed and cannot be opened.
    """
    real = os.path.realpath(path)
    label = f"bundle {shown(os.path.basename(real))}"
    if os.path.isdir(real):
        from policy_gate.source.working import FolderTree

        return FolderTree(real, "bundle", label, ask_git=False)
    if not os.path.isfile(real):
        raise SourceError(Problem("there is no such bundle", path=shown(os.fspath(path))))
    from policy_gate.source.archive_file import open_archive

    return open_archive(real, label)
