"""Records of small releases, and folders of policies, for tests that judge the past again."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from policy_gate.gate import Request, judge
from policy_gate.model import Stage
from policy_gate.record import encode_record
from policy_gate.replayed import Replayed, ReplayedRelease
from policy_gate.workbench.policies import PolicyPlace, parse_policy_name
from policy_gate.workbench.record_files import find_record_files
from policy_gate.workbench.replaying import Shard, WhatIf, replay_files

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "keyword-spotting"
FOLDER = "examples/keyword-spotting"
TODAY = date(2026, 11, 23)
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]

HEAD = "apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\nmetadata: {name: own, version: '1', words: Own.}\nspec:\n"
CONFIG = "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n"
DIGESTS = f"{HEAD}  include: [{{pack: 'builtin:fingerprint', rules: [FPR-001, FPR-002]}}]\n"


def own_rule(text: str, *, rule_id: str = "OWN-001", more: str = "") -> str:
    """A pack of one rule that an expression decides."""
    return (
        f"{HEAD}  rules:\n    - id: {rule_id}\n      title: Ours\n      severity: high\n"
        f'      assert: "{text}"\n      rationale: Because.\n      remediation: Mend it.\n{more}'
    )


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def manifest(content: bytes, *, name: str = "kws", version: str = "1.0", sequence: int = 1) -> str:
    """A release of one asset, with the digest it has."""
    digest = hashlib.sha256(content).hexdigest()
    return (
        "apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n"
        f"metadata: {{name: {name}, version: '{version}', sequence: {sequence}}}\n"
        f"artifacts: [{{id: labels, path: labels.txt, role: asset, size: {len(content)}, digest: 'sha256:{digest}'}}]\n"
    )


@dataclass(frozen=True)
class Bench:
    """A folder with policies and records, and what it is asked."""

    root: Path

    def write(self, path: str, content: str | bytes) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def replay(self, policy: str, *named: str, against: str = "", **options: object) -> Replayed:
        """Replay the records of these files, or of `records`."""
        place = PolicyPlace(root=self.root, config=str(options.pop("config", "")), now=str(options.pop("now", "")))
        what = WhatIf(
            policy=parse_policy_name(policy),
            against=parse_policy_name(against) if against else None,
            place=place,
            shard=Shard(*options.pop("shard", (1, 1))),
            jobs=options.pop("jobs", 1),
        )
        assert not options
        return replay_files(what, find_record_files(named or ("records",), self.root))

    def one(self, policy: str, *named: str, **options: object) -> ReplayedRelease:
        """As `replay`, of one release."""
        (release,) = self.replay(policy, *named, **options).releases
        return release


def small_records(folder: Path, count: int) -> list[str]:
    """Records of different releases of one asset, judged by digests alone; every third asset is not what was claimed."""
    (folder / "digests.yaml").write_text(DIGESTS)
    (folder / "policy-gate.yaml").write_text(f"{CONFIG}  policy: [digests.yaml]\n")
    found = []
    for number in range(count):
        content = f"labels {number}".encode()
        (folder / "labels.txt").write_bytes(content)
        claimed = b"labels x" if number % 3 == 0 else content
        (folder / "release.yaml").write_text(manifest(claimed, version=f"1.{number}", sequence=number + 1))
        (record,) = judge(Request(root=folder, today=TODAY)).presented
        found.append(encode_record(record))
    return found


def example_records(folder: Path) -> dict[str, str]:
    """The example as its first release, and as the next one beside that base, judged as its configuration says."""
    place = folder / FOLDER
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__"))
    request = Request(root=folder, config=f"{FOLDER}/policy-gate.yaml", stage=Stage.RELEASE, today=TODAY)
    (first,) = judge(request).presented
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    text = (place / "release.yaml").read_text(encoding="utf-8")
    bumped = text.replace('version: "1.4.0"', 'version: "1.5.0"').replace("sequence: 41", "sequence: 42")
    (place / "release.yaml").write_text(bumped, encoding="utf-8")
    (second,) = judge(request).presented
    (place / "release.yaml").write_text(text, encoding="utf-8")
    assert second.base is not None
    return {"first": encode_record(first), "second": encode_record(second)}


def changed(record: str, **fields: object) -> str:
    """A record with some of its top-level fields replaced."""
    return json.dumps({**json.loads(record), **fields}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
