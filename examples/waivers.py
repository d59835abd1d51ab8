"""Prints, waiver by waiver, what stands in the base and what the gate makes of it, by the real command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "cli"))

from board_world import commit, lay, waiver, waiver_file  # noqa: E402  # the world stands in the tests
from waiver_cases import CASES, WaiverCase  # noqa: E402  # as above

GATE = [sys.executable, "-I", "-m", "policy_gate.cli"]
CI_NAMES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
"""In CI a base is another commit, and the past is over; this table plays with both."""
COMES_OF_IT = {0: "waived", 1: "blocked", 2: "exit 2"}


def main() -> int:
    """Try every waiver; 0 when each comes out as it must."""
    print(f"{'a waiver':<50} {'comes out':<10} said\n")
    held = [tried(case) for case in CASES]
    print(f"\n{sum(held)} of {len(held)} come out as they must.")
    return 0 if all(held) else 1


def tried(case: WaiverCase) -> bool:
    """Judge one waiver of the base in a repository of its own, and print a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=root, check=True)
        here = lay(root, proven=case.proven, more="  waivers: waivers.yaml\n")
        here.write("waivers.yaml", waiver_file(waiver(**case.changes)))
        commit(root, "base")
        done = subprocess.run(
            [*GATE, "check", "--base", "main", "--now", case.now],
            cwd=root,
            check=False,
            capture_output=True,
            text=True,
            env={name: value for name, value in os.environ.items() if name not in CI_NAMES},
        )
    held = done.returncode == case.code and case.said in done.stdout + done.stderr
    print(f"{case.name:<50} {COMES_OF_IT.get(done.returncode, '?'):<10} {case.said if held else 'NOT AS IT MUST'}")
    return held


if __name__ == "__main__":
    sys.exit(main())
