"""Public and private keys: the only module of the gate that touches `cryptography`."""

from __future__ import annotations

import binascii
import re
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from policy_gate.errors import PolicyError, UsageError
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PrivateKey: TypeAlias = "Ed25519PrivateKey | EllipticCurvePrivateKey"

MAX_KEY_CHARS = 1024
"""An encoded public key of the two algorithms has fewer than 200 characters, with its frame."""


class Algorithm(StrEnum):
    """How signatures are made: RFC 8032, or FIPS 186-5 on P-256 with SHA-256 and a DER signature."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256"


# The only encoding accepted of each algorithm (RFC 8410 section 4; RFC 5480 section 2, named curve and uncompressed
# point). A second encoding of one key would have a second digest, and could be counted as a second key.
_PREFIXES = {
    Algorithm.ED25519: (bytes.fromhex("302a300506032b6570032100"), 44),
    Algorithm.ECDSA_P256: (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 91),
}
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as its SubjectPublicKeyInfo in DER; `digest` is `sha256:` and the hash of exactly these bytes."""

    algorithm: Algorithm
    spki: bytes
    digest: str


def strict_base64(text: str) -> bytes:
    """Decode standard, padded, canonical base64 (RFC 4648 section 4); ValueError says what is wrong."""
    try:
        decoded = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not standard base64 with padding and without white space") from None
    # Strict mode still takes surplus bits in the last character, so that many texts would mean the same bytes.
    if binascii.b2a_base64(decoded, newline=False).decode("ascii") != text:
        raise ValueError("not canonical base64")
    return decoded


def read_public_key(text: str) -> PublicKey:
    """Read a public key from PEM or from base64 of its SubjectPublicKeyInfo; PolicyError when it is refused."""
    framed = _PEM.fullmatch(text.strip()) if len(text) <= MAX_KEY_CHARS else None
    body = framed.group(1).replace("\r", "").replace("\n", "") if framed else text.strip()
    try:
        spki = strict_base64(body)
    except ValueError as error:
        raise PolicyError(f"the public key is {error}") from None
    for algorithm, (prefix, length) in _PREFIXES.items():
        if spki.startswith(prefix) and len(spki) == length:
            return _on_curve(PublicKey(algorithm, spki, spki_digest(spki)))
    raise PolicyError("the public key is neither Ed25519 nor ECDSA on P-256 with an uncompressed point")


def spki_digest(spki: bytes) -> str:
    """Name a key by the SHA-256 digest of its SubjectPublicKeyInfo in DER."""
    import hashlib

    return f"sha256:{hashlib.sha256(spki).hexdigest()}"


def _on_curve(key: PublicKey) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        load_der_public_key(key.spki)
    except ValueError:
        raise PolicyError("the public key is no point of its curve") from None
    except UnsupportedAlgorithm:  # OpenSSL in FIPS mode
        raise PolicyError(f"the cryptography library of this machine does not offer {key.algorithm}") from None
    return key


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Tell whether `signature` over `message` was made with the private half of `key`.

    ECDSA takes (r, s) and (r, -s) alike: a signature can be respelled, but it stays one by the same key.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public = load_der_public_key(key.spki)
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(signature, message)
            return True
        if isinstance(public, EllipticCurvePublicKey):
            public.verify(signature, message, ECDSA(SHA256()))
            return True
    except InvalidSignature:
        return False
    return False


def read_private_key(pem: bytes) -> PrivateKey:
    """Read an unencrypted private key (PKCS#8 PEM) of an accepted algorithm; UsageError when it is refused."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError("the private key is not an unencrypted PKCS#8 PEM file") from None
    if isinstance(private, Ed25519PrivateKey):
        return private
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return private
    raise UsageError("the private key is neither Ed25519 nor ECDSA on P-256")


def private_key_from_seed(seed: bytes) -> PrivateKey:
    """Make the Ed25519 private key of a 32-byte seed (RFC 8032 section 5.1.5)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)


def public_half(private: PrivateKey) -> PublicKey:
    """Give the public key that verifies what `private` signs."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm = Algorithm.ED25519 if isinstance(private, Ed25519PrivateKey) else Algorithm.ECDSA_P256
    return PublicKey(algorithm, spki, spki_digest(spki))


def sign_bytes(private: PrivateKey, message: bytes) -> bytes:
    """Sign a message: 64 bytes for Ed25519 (deterministic), DER for ECDSA with SHA-256 (differs each time)."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(private, Ed25519PrivateKey):
        return private.sign(message)
    return private.sign(message, ECDSA(SHA256()))
