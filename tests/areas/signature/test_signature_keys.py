"""Keys: two algorithms, one encoding each, and nothing private."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from signature_world import ALICE, BOB, p256

from policy_gate.areas.signature.keys import (
    Algorithm,
    public_half,
    read_private_key,
    read_public_key,
    sign_bytes,
    strict_base64,
    verifies,
)
from policy_gate.errors import PolicyError, UsageError

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5 / SEC 2
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def pem_of(private) -> str:
    return private.public_key().public_bytes(PEM, SPKI).decode()


def private_pem(private) -> bytes:
    return private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@pytest.mark.parametrize(
    "text", ["YWJj\n", " YWJj", "YW Jj", "YWJjZA", "YWJjZA=", "YWJjZA===", "-_-_", "YWJjZB==", "Y", "é", "YQ==YQ=="]
)
def test_base64_with_white_space_another_alphabet_wrong_padding_or_surplus_bits_is_refused(text):
    with pytest.raises(ValueError, match="base64"):
        strict_base64(text)


@given(st.binary())
def test_what_is_encoded_as_standard_base64_is_decoded_to_the_same_bytes(content):
    assert strict_base64(base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())], ids=["rsa", "p384"]
)
def test_rsa_and_other_curves_are_refused(private):
    with pytest.raises(PolicyError, match="neither Ed25519 nor ECDSA on P-256"):
        read_public_key(pem_of(private))


def test_a_second_encoding_of_the_same_p256_key_is_refused_because_it_would_have_a_second_digest():
    uncompressed = p256().public_key()
    point = uncompressed.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    compressed = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
    # The library itself takes it as the same key.
    assert serialization.load_der_public_key(compressed).public_numbers() == uncompressed.public_numbers()
    with pytest.raises(PolicyError, match="uncompressed"):
        read_public_key(base64.b64encode(compressed).decode())


def test_a_point_that_is_not_on_the_curve_is_refused():
    spki = bytearray(public_half(p256()).spki)
    spki[-1] ^= 1
    with pytest.raises(PolicyError, match="no point of its curve"):
        read_public_key(base64.b64encode(bytes(spki)).decode())


def test_a_private_key_is_no_public_key():
    for text in (private_pem(ALICE).decode(), base64.b64encode(b"\x30" * 48).decode()):
        with pytest.raises(PolicyError):
            read_public_key(text)


def test_a_certificate_two_keys_an_endless_text_and_an_empty_one_are_refused():
    certificate = pem_of(ALICE).replace("PUBLIC KEY", "CERTIFICATE")
    for text in (certificate, pem_of(ALICE) + pem_of(BOB), "A" * 10_000_000, "", "\n"):
        with pytest.raises(PolicyError):
            read_public_key(text)


@pytest.mark.parametrize("private", [ALICE, p256()], ids=["ed25519", "p256"])
def test_a_key_reads_the_same_from_pem_and_from_base64(private):
    public = public_half(private)
    assert read_public_key(pem_of(private)) == public
    assert read_public_key(pem_of(private).replace("\n", "\r\n")) == public
    assert read_public_key(base64.b64encode(public.spki).decode()) == public


@pytest.mark.parametrize("private", [ALICE, p256()], ids=["ed25519", "p256"])
def test_a_signature_holds_for_its_key_and_its_message_only(private):
    public, signature = public_half(private), sign_bytes(private, b"message")
    assert verifies(public, signature, b"message")
    assert not verifies(public, signature, b"massage")
    assert not verifies(public_half(BOB), signature, b"message")


@given(st.binary(max_size=130))
def test_no_bytes_that_were_not_signed_verify_and_none_crash(signature):
    for private in (ALICE, p256()):
        assert not verifies(public_half(private), signature, b"message")


def test_an_ecdsa_signature_respelled_with_a_high_s_is_one_by_the_same_key():
    private = p256()
    r, s = utils.decode_dss_signature(sign_bytes(private, b"message"))
    assert verifies(public_half(private), utils.encode_dss_signature(r, P256_ORDER - s), b"message")
    assert not verifies(public_half(private), utils.encode_dss_signature(0, 0), b"message")


def test_an_ecdsa_signature_of_fixed_length_instead_of_der_is_refused():
    private = p256()
    r, s = utils.decode_dss_signature(sign_bytes(private, b"message"))
    assert not verifies(public_half(private), r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"message")


def test_an_ecdsa_signature_with_another_hash_is_refused():
    from cryptography.hazmat.primitives.hashes import SHA512

    private = ec.generate_private_key(SECP256R1())
    assert not verifies(public_half(private), private.sign(b"message", ec.ECDSA(SHA512())), b"message")
    assert verifies(public_half(private), private.sign(b"message", ec.ECDSA(SHA256())), b"message")


def test_a_private_key_of_another_algorithm_an_encrypted_one_and_noise_are_refused_for_signing():
    encrypted = ALICE.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    rsa_key = private_pem(rsa.generate_private_key(65537, 2048))
    p384 = private_pem(ec.generate_private_key(ec.SECP384R1()))
    for pem in (encrypted, rsa_key, p384, b"", b"\xff\x00", pem_of(ALICE).encode()):
        with pytest.raises(UsageError, match="private key"):
            read_private_key(pem)


def test_private_keys_of_both_algorithms_are_read():
    assert isinstance(read_private_key(private_pem(ALICE)), ed25519.Ed25519PrivateKey)
    assert public_half(read_private_key(private_pem(p256()))).algorithm is Algorithm.ECDSA_P256
