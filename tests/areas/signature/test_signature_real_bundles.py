"""Signatures made by other tools, from public test suites: never a release of ours, never a crash."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from signature_world import ALICE, MALLORY, entry, trust_in, verified

from policy_gate.areas.signature.keys import read_public_key, strict_base64
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.areas.signature.statement import Coverage
from policy_gate.errors import EvidenceError, PolicyError

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "signatures"
BUNDLES = [*sorted(FOLDER.rglob("*.sig")), *sorted(FOLDER.rglob("*.bundle.json"))]

pytestmark = pytest.mark.skipif(not BUNDLES, reason="the shared fixtures are not here")


def envelope_in(path: Path) -> dict:
    """The envelope of a bundle; nothing where the file is empty or holds none."""
    content = path.read_bytes()
    return json.loads(content).get("dsseEnvelope", {}) if content.strip() else {}


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_whole_bundle_of_another_tool_is_no_envelope(path):
    with pytest.raises(EvidenceError, match="step 1"):
        verified(path.read_bytes())


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_envelope_inside_a_bundle_is_by_no_key_that_we_trust(path):
    content = json.dumps(envelope_in(path)).encode()
    try:
        verification = verified(content)
    except EvidenceError:
        return
    assert verification.refusals
    assert not isinstance(verification.coverage, Coverage)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_payload_of_a_bundle_signed_by_a_trusted_key_is_still_another_predicate(path):
    payload = envelope_in(path).get("payload", "")
    try:
        content = strict_base64(payload)
    except ValueError:
        return
    verification = verified(sign_payload(content, [ALICE, MALLORY]), trust=trust_in(entry(ALICE)))
    assert verification.refusals[0].startswith(("step 5", "step 6"))


def test_the_p384_key_of_another_tools_suite_is_refused_and_does_not_verify_as_p256():
    pem = (FOLDER / "model-transparency" / "keys" / "signing-key-pub.pem").read_text()
    with pytest.raises(PolicyError):
        read_public_key(pem)


KEYLESS = sorted(FOLDER.rglob("*sigstore/model.sig"))


@pytest.mark.parametrize("path", KEYLESS, ids=lambda path: path.parent.name)
def test_a_real_p256_envelope_verifies_by_its_key_and_is_refused_as_another_predicate(path):
    leaf = certificate_in(path).public_key()
    spki = leaf.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = read_public_key(base64.b64encode(spki).decode())
    trusted = {**entry(ALICE), "spki": public.digest, "public_key": base64.b64encode(spki).decode()}
    trust = trust_in({**trusted, "algorithm": "ecdsa-p256"})
    verification = verified(json.dumps(envelope_in(path)).encode(), trust=trust)
    assert [signer.key.public for signer in verification.signers] == [public]
    assert verification.refusals[0].startswith("step 6: predicateType is 'https://model_signing/")


def certificate_in(path: Path) -> x509.Certificate:
    material = json.loads(path.read_bytes())["verificationMaterial"]
    chain = material.get("x509CertificateChain", {}).get("certificates", [])
    certificate = material.get("certificate") or chain[0]
    return x509.load_der_x509_certificate(base64.b64decode(certificate["rawBytes"]))
