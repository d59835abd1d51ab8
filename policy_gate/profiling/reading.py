"""Finds a profile by its id or file, and reads the small files that profiles and rows are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.areas.cost.device_file import builtin_ids, builtin_profile, profile_folder, read_profile
from policy_gate.errors import EvidenceError, Problem, UsageError

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile

MAX_PROFILE_BYTES = 1024 * 1024


def find(name: str) -> tuple[DeviceProfile, Path]:
    """A shipped profile by its id, or one in a file, with the folder its rows lie in; UsageError when it is neither."""
    if name in builtin_ids():
        return builtin_profile(name), profile_folder()
    path = Path(name)
    if path.suffix in (".yaml", ".yml", ".json") or path.is_file():
        return read_profile(read_small(path, MAX_PROFILE_BYTES), str(path)), path.parent
    try:
        return builtin_profile(name), profile_folder()
    except EvidenceError as error:
        raise UsageError(Problem(error.detail, hint=error.fix)) from error


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Read a small file as every reader of the gate does: no links, no devices, bounded."""
    from policy_gate.source import open_working_tree

    if not path.parent.is_dir():
        raise UsageError(Problem("there is no such folder", str(path.parent)))
    with open_working_tree(path.parent) as tree:
        try:
            return tree.read(path.name, limit_bytes)
        except EvidenceError as error:
            raise UsageError(Problem(f"{error.reason.value}: {error.detail}", str(path), hint=error.fix)) from error
