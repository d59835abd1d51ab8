"""Makes the envelope of a release: the counterpart of `dsse`, for `policy-gate sign`, examples and tests."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.signature.dsse import PAYLOAD_TYPE, pre_authentication_encoding
from policy_gate.areas.signature.keys import public_half, sign_bytes
from policy_gate.areas.signature.statement import RELEASE_PREDICATE, STATEMENT_TYPE

if TYPE_CHECKING:
    from policy_gate.areas.signature.keys import PrivateKey


def sign_release(subjects: Mapping[str, str], private_keys: Sequence[PrivateKey]) -> bytes:
    """Sign a release; `subjects` as `release_subjects` computes them: file name to `sha256:` and 64 hex digits.

    Returns the envelope as JSON bytes, the same for the same subjects and Ed25519 keys.
    """
    return sign_payload(release_statement(subjects), private_keys)


def release_statement(subjects: Mapping[str, str]) -> bytes:
    """Write the in-toto statement of a release: subjects sorted by name, no predicate, canonical JSON."""
    statement = {
        "_type": STATEMENT_TYPE,
        "predicateType": RELEASE_PREDICATE,
        "subject": [
            {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
            for name, digest in sorted(subjects.items())
        ],
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode("utf-8")


def sign_payload(payload: bytes, private_keys: Sequence[PrivateKey], payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Wrap any payload in a DSSE envelope; a `keyid` is the digest of the key's SubjectPublicKeyInfo."""
    message = pre_authentication_encoding(payload_type, payload)
    envelope = {
        "payload": _base64(payload),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": public_half(private).digest, "sig": _base64(sign_bytes(private, message))}
            for private in private_keys
        ],
    }
    return json.dumps(envelope, sort_keys=True, indent=2).encode("utf-8") + b"\n"


def _base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode("ascii")
