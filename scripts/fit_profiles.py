"""Fits every shipped device profile again from the rows beside it and writes it; `--check` only compares."""

from __future__ import annotations

import sys

from policy_gate.areas.cost.device_file import builtin_ids, builtin_profile, profile_folder
from policy_gate.areas.cost.fitting.refit import refit_shipped
from policy_gate.areas.cost.fitting.writing import write_profile


def main() -> int:
    """Refit profiles that were fitted first, since others scale their shape; say which ones changed."""
    folder = profile_folder()
    changed = []
    for profile in sorted(map(builtin_profile, builtin_ids()), key=lambda one: (one.screening, one.id)):
        path = folder / f"{profile.id}.yaml"
        text = write_profile(refit_shipped(profile, folder)).encode()
        if text == path.read_bytes():
            continue
        changed.append(profile.id)
        if "--check" not in sys.argv[1:]:
            path.write_bytes(text)
            builtin_profile.cache_clear()
    for one in changed:
        print(f"{one} {'differs from what its rows give' if '--check' in sys.argv[1:] else 'is written anew'}")
    return 1 if changed and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
