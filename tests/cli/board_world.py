"""A release that is one multiply-accumulate over the budget of its board, in a repository with a policy of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "end_to_end"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "areas" / "signature"))

from checkout import MODEL, Checkout, good_model
from signature_world import ed25519, entry

__all__ = ["ALICE", "BOB", "MALLORY", "MODEL", "Checkout", "commit", "in_days", "key_file", "lay", "trust", "waiver"]

ALICE, BOB, MALLORY = ed25519("alice"), ed25519("bob"), ed25519("mallory")
CONFIG = """\
# How we are judged.
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [own.yaml]
  parameters:
    max_macs: {node: 5}  # the board is slow
"""
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  exceptions: {waivers_max: 2, waiver_days_max: 60, approval: APPROVAL}
  include:
    - {pack: "builtin:fingerprint", rules: [FPR-001, FPR-002]}
    - {pack: "builtin:cost", rules: [COST-002, COST-005]}
"""


def lay(root: Path, *, proven: bool = False, more: str = "") -> Checkout:
    """Write the release, the pack and the configuration, with `more` lines of configuration."""
    here = Checkout(root)
    here.ship(good_model())
    here.write("own.yaml", PACK.replace("APPROVAL", "proven" if proven else "declared"))
    here.write("policy-gate.yaml", CONFIG + more)
    return here


def commit(root: Path, words: str = "change") -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    for arguments in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", words]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


def waiver(**changes: object) -> dict:
    """The waiver that covers the finding, changed; a key that is set to ... is left out."""
    whole = {
        "id": "W-1",
        "rule": "COST-005",
        "release": "kws",
        "subject": "target node",
        "accept": 6,
        "owner": "jane@example.invalid",
        "approved_by": ["security"],
        "reason": "The new board comes in March.",
        "granted": "2026-11-20",
        "expires": "2026-12-31",
    }
    return {key: one for key, one in {**whole, **changes}.items() if one is not ...}


def waiver_file(*entries: dict) -> str:
    return json.dumps({"apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": list(entries)}, indent=1)


def trust(**changes: object) -> str:
    """A trust file in which alice and bob may approve."""
    window = {"sign": {"not_before": "2026-01-01", "not_after": "2099-01-01"}, "verify": {"not_after": "2099-06-01"}}
    keys = [
        entry(ALICE, id="alice", roles=["approver", "releaser"], **window),
        entry(BOB, id="bob", roles=["approver"], **window),
    ]
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "TrustFile",
        "keys": keys,
        "thresholds": {"releaser": 1},
        **changes,
    }
    return json.dumps(content, indent=1)


def key_file(private, path: Path) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def in_days(days: int) -> str:
    """A day from today on, for commands that ask the clock."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
