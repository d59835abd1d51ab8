"""Writes several files of a tree, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policy_gate.cli.writing import write_whole
from policy_gate.errors import Problem, UsageError


def write_together(root: Path, texts: Mapping[str, str]) -> None:
    """Write files by their paths below `root`, in order; raises UsageError, and then each is as it was before."""
    made: list[Path] = []
    before: dict[Path, str] = {}
    written: list[Path] = []
    try:
        for path, text in texts.items():
            target = root / path
            made.extend(_make_folders(root, path))
            if target.exists() and not target.is_symlink():
                before[target] = _read(target)
            write_whole(target, text)
            written.append(target)
    except UsageError:
        for target in reversed(written):
            _restore(target, before)
        for folder in reversed(made):
            folder.rmdir()
        raise


def _restore(target: Path, before: Mapping[Path, str]) -> None:
    if target in before:
        write_whole(target, before[target])
    else:
        target.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(Problem(f"cannot be read, and is not written to: {error}", str(path))) from error


def _make_folders(root: Path, path: str) -> list[Path]:
    """Make the folders of a file; through a link it would land outside the tree."""
    folder, made = root, []
    for part in path.split("/")[:-1]:
        folder /= part
        if folder.is_symlink():
            raise UsageError(Problem("is a link, and is not written to", str(folder)))
        if folder.exists():
            continue
        try:
            folder.mkdir()
        except OSError as error:
            raise UsageError(Problem(f"cannot be made: {error.strerror}", str(folder))) from error
        made.append(folder)
    return made
