"""A small world for the tests of signatures: keys from seeds, trust files, releases and their envelopes."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date

from policy_gate.areas.signature.dsse import Verification, verify
from policy_gate.areas.signature.keys import PrivateKey, private_key_from_seed, public_half
from policy_gate.areas.signature.sign import sign_release
from policy_gate.areas.signature.trust import Trust, decode_trust
from policy_gate.document import Document, load

TODAY = date(2026, 11, 20)


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def ed25519(name: str) -> PrivateKey:
    return private_key_from_seed(hashlib.sha256(name.encode()).digest())


def p256() -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(7**77, ec.SECP256R1())


ALICE, BOB, MALLORY = ed25519("alice"), ed25519("bob"), ed25519("mallory")

SUBJECTS = {
    "release.yaml": sha256(b"manifest"),
    "model/kws.onnx": sha256(b"model"),
    "evidence/bench.json": sha256(b"bench"),
}


def entry(private: PrivateKey, **changes) -> dict:
    public = public_half(private)
    return {
        "spki": public.digest,
        "public_key": base64.b64encode(public.spki).decode(),
        "algorithm": public.algorithm.value,
        "roles": ["releaser"],
        "sign": {"not_before": "2026-10-01", "not_after": "2027-01-01"},
        "verify": {"not_after": "2027-07-01"},
        **changes,
    }


def trust_document(*entries: dict, path: str = "gate/trust.json", **changes) -> Document:
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "TrustFile",
        "keys": list(entries),
        "thresholds": {"releaser": 1},
        **changes,
    }
    return load(json.dumps(content).encode(), path)


def trust_in(*entries: dict, **changes) -> Trust:
    return decode_trust(trust_document(*entries, **changes))


ALICE_ALONE = trust_in(entry(ALICE, id="alice"))


def signed(*private_keys: PrivateKey, subjects: dict[str, str] = SUBJECTS) -> bytes:
    return sign_release(subjects, private_keys)


def verified(envelope: bytes, trust: Trust = ALICE_ALONE, today: date = TODAY, subjects=SUBJECTS) -> Verification:
    return verify(envelope, trust, subjects, signing_day=today, today=today)


def edited(envelope: bytes, **changes) -> bytes:
    """The envelope with some of its fields replaced."""
    return json.dumps({**json.loads(envelope), **changes}).encode()


def payload_of(envelope: bytes) -> dict:
    return json.loads(base64.b64decode(json.loads(envelope)["payload"]))
