"""Where fetched packs are kept, named by their digest: beside the configuration, or in the user's cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from policy_gate.errors import PolicyError, Problem

MAX_PACK_BYTES = 1024 * 1024
VENDORED_FOLDER = ".policy-gate/packs"


def vendored_path(digest: str) -> str:
    """Where the pack of a digest lies in a tree, relative to the configuration."""
    return f"{VENDORED_FOLDER}/{digest.removeprefix('sha256:')}.yaml"


def stored_path(digest: str) -> str:
    """Where the pack of a digest lies in the cache, relative to its folder."""
    return f"packs/{digest.removeprefix('sha256:')}.yaml"


def user_cache_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The cache of this user: XDG on Linux, the platform's own folder elsewhere; PolicyError when there is no home."""
    if platform == "win32":
        base = environment.get("LOCALAPPDATA", "")
    elif platform == "darwin":
        base = _below_home(environment, "Library/Caches")
    else:
        # A relative path is to be ignored (XDG Base Directory Specification).
        given = environment.get("XDG_CACHE_HOME", "")
        base = given if given.startswith("/") else _below_home(environment, ".cache")
    if not base:
        raise PolicyError(
            Problem("this user has no cache folder", hint="set HOME, or run `policy-gate policy fetch --vendor`")
        )
    return Path(base) / "policy-gate"


def _below_home(environment: Mapping[str, str], folder: str) -> str:
    home = environment.get("HOME", "")
    return f"{home}/{folder}" if home.startswith("/") else ""
