"""`make demo`: the example release is allowed; a copy of it with honest-looking faults is blocked, each by its rule."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE / "keyword-spotting"
GATE = [sys.executable, "-I", "-m", "policy_gate.cli"]

FAULTS = {
    "the model was retrained a little wider": "COST-002",
    "the privacy claim was rounded down": "PRIV-002",
    "the data's licence changed to one without commercial use": "LIN-006",
    "nobody signed again": "SIG-002",
}


def main() -> int:
    """Judge the good release and the faulty copy; 0 when both came out as they must."""
    print("1. The release as it is in examples/keyword-spotting:\n", flush=True)
    allowed = check(EXAMPLE, "--no-base")
    with tempfile.TemporaryDirectory() as folder:
        # The example's key is trusted in folders named examples, and nowhere else.
        copy = Path(folder) / "examples" / "keyword-spotting"
        shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        commit(Path(folder))
        spoil(copy)
        print("\n2. The next release, judged against the first one. Somebody says about it:")
        print("".join(f"   - {fault}\n" for fault in FAULTS), flush=True)
        blocked = check(copy, "--base", "HEAD", "--stage", "release")
        missed = sorted(set(FAULTS.values()) - blocking_rules(copy))
    print(f"\nThe first is allowed: {yes(allowed == 0)}. The second is blocked: {yes(blocked == 1)}.")
    print(f"Every fault was found by its own rule: {yes(not missed)}{f', not by {missed}' if missed else ''}.")
    return 0 if allowed == 0 and blocked == 1 and not missed else 1


def yes(holds: bool) -> str:
    """Yes or no."""
    return "yes" if holds else "NO"


def top(folder: Path) -> Path:
    """Where a copy's tree begins, so that its paths keep the folder `examples`."""
    return folder.parents[1]


def command(folder: Path, *arguments: str) -> list[str]:
    """The command line of a check of one copy of the example."""
    files = [str(folder / "release.yaml"), "--config", str(folder / "policy-gate.yaml")]
    return [*GATE, "check", *files, *arguments]


def check(folder: Path, *arguments: str) -> int:
    """Run the check as a user would, and show what it prints."""
    return subprocess.run(command(folder, *arguments), cwd=top(folder), check=False).returncode


def blocking_rules(folder: Path) -> set[str]:
    """The rules that block a copy, from the machine format."""
    argv = command(folder, "--base", "HEAD", "--stage", "release", "--format", "json")
    printed = subprocess.run(argv, cwd=top(folder), check=False, capture_output=True).stdout
    judgements = json.loads(printed)["records"][0]["judgements"]
    return {
        one["rule"] for one in judgements if one["mode"] == "enforce" and one["outcome"] in ("fail", "unknown", "error")
    }


def commit(folder: Path) -> None:
    """Make a repository of the folder, with the good release as its history."""
    who = ["-c", "user.name=Example", "-c", "user.email=example@example.invalid", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "--message", "Release 1.4.0"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def spoil(folder: Path) -> None:
    """Make the next release, with faults that look honest."""
    sys.path.insert(0, str(EXAMPLE))
    from build import model

    (folder / "model" / "kws.onnx").write_bytes(model(channels=72).SerializeToString(deterministic=True))
    manifest = folder / "release.yaml"
    replace(manifest, 'version: "1.4.0"', 'version: "1.5.0"')
    replace(manifest, "sequence: 41", "sequence: 42")
    replace(manifest, "expression: CC-BY-4.0, text", "expression: CC-BY-NC-4.0, text")
    files = [str(manifest), "--config", str(folder / "policy-gate.yaml")]
    subprocess.run([*GATE, "fix", *files], cwd=top(folder), check=True, capture_output=True)
    # After that, since `fix` would write the epsilon that is proven.
    replace(manifest, "epsilon: 4.3", "epsilon: 3.8")
    subprocess.run([*GATE, "privacy", "ledger", "append", *files], cwd=top(folder), check=True, capture_output=True)


def replace(manifest: Path, before: str, after: str) -> None:
    """Change the one place of the manifest that reads so."""
    text = manifest.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise SystemExit(f"the example's manifest has no single '{before}'")
    manifest.write_text(text.replace(before, after), encoding="utf-8", newline="")


if __name__ == "__main__":
    sys.exit(main())
