"""An organisation's packs in a real repository, and behind a real HTTPS server with a throw-away certificate."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

PACK = b"""\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: acme, version: "1.2.0", words: How Acme releases.}
spec:
  include: [{pack: "builtin:fingerprint", rules: [FPR-001]}]
"""

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def quiet_network(monkeypatch, tmp_path_factory):
    """No proxy and no setting of this machine's user reaches a test."""
    for name in list(os.environ):
        if name.startswith("GIT_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def organisation(tmp_path, git) -> Path:
    """A repository with one pack, tagged v1."""
    root = tmp_path / "organisation"
    (root / "packs").mkdir(parents=True)
    (root / "packs" / "edge.yaml").write_bytes(PACK)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    git(root, "tag", "v1")
    return root


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A certificate for localhost that signs itself, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Server:
    """An HTTPS server on localhost: answers by path, and the requests it saw."""

    def __init__(self, certificate: Path) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.repositories: Path | None = None
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.seen.append((self.command, self.path, dict(self.headers)))
                self.close_connection = True
                path = self.path.partition("?")[0]
                if path in server.answers:
                    server.answers[path](self)
                elif server.repositories and ".git/" in path:
                    _git_backend(self, server.repositories)
                else:
                    self.send_error(404)

            do_POST = do_GET  # noqa: N815  # the name is http.server's

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # a client that hangs up is what some tests are about
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.place = f"localhost:{self._http.server_port}"
        Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, path: str, content: bytes, status: int = 200, **headers: str) -> str:
        """Answer a path with these bytes; gives the name of the pack."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, text in ({"Content_Length": str(len(content))} | headers).items():
                if text:
                    handler.send_header(name.replace("_", "-"), text)
            handler.end_headers()
            handler.wfile.write(content)

        self.answers[path] = answer
        return f"https://{self.place}{path}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _git_backend(handler: BaseHTTPRequestHandler, repositories: Path) -> None:
    """Git's own server program, by the rules of CGI (RFC 3875)."""
    path, _, query = handler.path.partition("?")
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": handler.command,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
    }
    body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
    done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.wfile.write(b"".join(handler._headers_buffer) + head + b"\r\n\r\n" + content)


@pytest.fixture
def server(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    made = Server(certificate)
    yield made
    made.close()
