"""Prints, door by door, what a pull request tried, whether the base still judged it, and how the change was named."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "end_to_end"))

from side_doors import DOORS, TWO_PULL_REQUESTS, Door, Work, lay_base  # noqa: E402  # the doors stand in the tests

GATE = [sys.executable, "-I", "-m", "policy_gate.cli"]
MODEL = HERE / "keyword-spotting" / "model" / "kws.onnx"
GIT = ["git", "-c", "user.name=Example", "-c", "user.email=example@example.invalid", "-c", "commit.gpgsign=false"]


def main() -> int:
    """Try every door; 0 when the base judged each, and each was named."""
    print(f"{'a pull request that':<56} {'judged by the base':<20} named\n")
    kept_shut = [tried(door) for door in (*DOORS, TWO_PULL_REQUESTS)]
    print(f"\n{sum(kept_shut)} of {len(kept_shut)} doors are shut.")
    return 0 if all(kept_shut) else 1


def tried(door: Door) -> bool:
    """Try one door in a repository of its own, and print a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run(root, "init", "--quiet", "--initial-branch=main")
        lay_base(root, MODEL.read_bytes())
        commit(root, "Release 1.0")
        run(root, "checkout", "--quiet", "-b", "work")
        for step in door.steps:
            step(Work(root))
            commit(root, "Change")
        said = gate(root, "check", "--base", "main", "--format", "json")
    is_judged = said.returncode in (1, 2) and any(door.found in one for one in findings(said.stdout))
    review = json.loads(said.stdout)["policy"] or {"changes": [], "verdict": "allowed"}
    changes = {(one["kind"], one["what"], one["direction"]) for one in review["changes"]}
    is_looser = any(one[2] == "looser" for one in changes)
    # The base enforces the rule about loosening, so that its verdict on the change itself follows.
    is_stopped = (review["verdict"] == "blocked") is is_looser
    is_named = set(door.named) <= changes and is_stopped
    shown = "; ".join(f"{direction}: {kind} {what}" for kind, what, direction in door.named) or "as a finding"
    print(f"{door.name:<56} {yes(is_judged) + ': ' + door.found[:14]:<20} {yes(is_named)}: {shown}", flush=True)
    return is_judged and is_named


def findings(printed: str) -> list[str]:
    """The rules that block the release, and what kept the gate from judging."""
    report = json.loads(printed)
    judgements = [one for record in report["records"] for one in record["judgements"]]
    blocking = [one["rule"] for one in judgements if one["mode"] == "enforce" and one["outcome"] in ("fail", "unknown")]
    return [*blocking, *(one["message"] for one in report["problems"])]


def gate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command as a user would."""
    return subprocess.run([*GATE, *arguments], cwd=root, check=False, capture_output=True, text=True)


def run(root: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run([*GIT, *arguments], cwd=root, check=True)


def commit(root: Path, words: str) -> None:
    """Commit everything."""
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "--allow-empty", "--message", words)


def yes(holds: bool) -> str:
    """Yes or no."""
    return "yes" if holds else "NO"


if __name__ == "__main__":
    sys.exit(main())
