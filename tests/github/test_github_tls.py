from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from injecting_server import Injecting

from policy_gate.github import GithubError, Kind, client_of_environment


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """A certificate for localhost that signs itself, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def secure(bundle):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(bundle)
    with Injecting(tls) as server:
        yield server


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_server_of_ones_own_authority_is_reached_with_its_bundle(name, secure, bundle, time) -> None:
    environment = {"GITHUB_API_URL": f"{secure.url}/api/v3", name: str(bundle)}
    with client_of_environment(environment, token="t", pace=time.pace()) as client:
        assert client.get("/thing") == {}
    assert secure.asked == [("GET", "/api/v3/thing")]


def test_without_the_bundle_nothing_is_sent_and_the_setting_is_named(secure, time) -> None:
    with (
        client_of_environment({"GITHUB_API_URL": secure.url}, token="t", pace=time.pace()) as client,
        pytest.raises(GithubError, match="REQUESTS_CA_BUNDLE") as caught,
    ):
        client.get("/thing")
    assert caught.value.kind is Kind.CUT
    assert secure.asked == []
