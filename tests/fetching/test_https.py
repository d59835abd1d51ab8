from __future__ import annotations

from threading import Event

import pytest

import policy_gate.fetching
from policy_gate.errors import SourceError, UsageError
from policy_gate.fetching import Fetcher
from policy_gate.policy.sources import parse_source
from policy_gate.policy.store import MAX_PACK_BYTES

PACK = b"kind: PolicyPack # the bytes are not read here\n"


def fetched(name: str) -> bytes:
    with Fetcher() as fetcher:
        return fetcher.fetch(parse_source(name)).content


def refusal(name: str) -> str:
    with pytest.raises(SourceError) as refused:
        fetched(name)
    assert refused.value.exit_code == 2
    assert refused.value.problems[0].path == name
    return str(refused.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(server, monkeypatch) -> None:
    name = server.serve("/pack.yaml", PACK)
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate verify failed" in refusal(name).lower()
    assert server.seen == []


def test_a_certificate_for_another_host_is_refused(server) -> None:
    name = server.serve("/pack.yaml", PACK).replace("localhost", "127.0.0.1")
    assert "not valid for '127.0.0.1'" in refusal(name)
    assert server.seen == []


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/pack.yaml",
        "https://localhost/pack.yaml",
        "https://localhost:1/pack.yaml",
        "http://{place}/pack.yaml",
        "//example.org/pack.yaml",
        "https://user@{place}/pack.yaml",
        "file:///etc/passwd",
        "data:text/plain,kind",
        "ftp://{place}/pack.yaml",
        "https://{place}:443/pack.yaml",
        "https://[/pack.yaml",
    ],
)
def test_a_redirect_to_another_place_is_refused(server, target) -> None:
    name = server.serve("/pack.yaml", b"", 302, Location=target.format(place=server.place))
    assert "redirects to another place" in refusal(name) or "could not be fetched" in refusal(name)
    assert {path for _, path, _ in server.seen} == {"/pack.yaml"}


def test_a_redirect_within_the_server_is_followed(server) -> None:
    server.serve("/stored/1.yaml", PACK)
    assert fetched(server.serve("/pack.yaml", b"", 302, Location="/stored/1.yaml")) == PACK


def test_redirects_without_end_are_refused(server) -> None:
    assert "more than 3 times" in refusal(server.serve("/pack.yaml", b"", 301, Location="/pack.yaml"))
    assert len(server.seen) == 4


def test_a_redirect_that_leads_nowhere_is_refused(server) -> None:
    assert "more than 3 times" in refusal(server.serve("/pack.yaml", b"", 302))


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 404, 407, 500])
def test_any_answer_but_the_file_is_refused(server, status) -> None:
    assert f"status {status}" in refusal(server.serve("/pack.yaml", b"", status, WWW_Authenticate='Basic realm="x"'))
    assert not any("Authorization" in headers for _, _, headers in server.seen)


def test_a_file_over_a_mebibyte_is_refused(server) -> None:
    assert "more than 1048576 bytes" in refusal(server.serve("/pack.yaml", b"#" * (MAX_PACK_BYTES + 1)))
    assert "more than 1048576 bytes" in refusal(server.serve("/pack.yaml", b"", Content_Length=str(1 << 60)))


def test_a_file_of_a_mebibyte_is_taken(server) -> None:
    assert len(fetched(server.serve("/pack.yaml", b"#" * MAX_PACK_BYTES))) == MAX_PACK_BYTES


def test_an_endless_stream_in_chunks_is_cut_and_refused(server) -> None:
    def endless(handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"10000\r\n" + b"#" * 0x10000 + b"\r\n")

    name = server.serve("/pack.yaml", b"")
    server.answers["/pack.yaml"] = endless
    assert "more than 1048576 bytes" in refusal(name)


def test_a_file_that_was_cut_off_is_refused(server) -> None:
    said = refusal(server.serve("/pack.yaml", PACK[:-40], Content_Length=str(len(PACK))))
    assert f"ends after {len(PACK) - 40} of {len(PACK)} bytes" in said


def test_chunks_that_were_cut_off_are_refused(server) -> None:
    name = server.serve("/pack.yaml", b"40\r\n" + b"#" * 0x20, Content_Length="", Transfer_Encoding="chunked")
    assert "could not be fetched" in refusal(name)


def test_whole_chunks_are_taken(server) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(PACK), PACK)
    assert fetched(server.serve("/pack.yaml", body, Content_Length="", Transfer_Encoding="chunked")) == PACK


@pytest.mark.parametrize("length", ["", "-1", "many"])
def test_a_file_whose_end_is_not_announced_is_refused(server, length) -> None:
    assert "does not say where it ends" in refusal(server.serve("/pack.yaml", PACK, Content_Length=length))


def test_a_compressed_answer_is_refused(server) -> None:
    assert "compressed" in refusal(server.serve("/pack.yaml", PACK, Content_Encoding="gzip"))


def test_a_server_that_never_answers_is_given_up(server, monkeypatch) -> None:
    monkeypatch.setattr(policy_gate.fetching, "TIMEOUT_SECONDS", 0.2)
    done = Event()
    name = server.serve("/pack.yaml", PACK)
    server.answers["/pack.yaml"] = lambda _: done.wait(30)
    assert "did not finish" in refusal(name)
    done.set()


def test_an_answer_that_is_not_http_is_refused(server) -> None:
    name = server.serve("/pack.yaml", PACK)
    server.answers["/pack.yaml"] = lambda handler: handler.wfile.write(b"SSH-2.0-\x1b[31m\r\n")
    assert "\x1b" not in refusal(name)


def test_no_credentials_are_sent(server, tmp_path, monkeypatch) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login ada password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    fetched(server.serve("/pack.yaml", PACK))
    ((_, _, headers),) = server.seen
    assert {"Authorization", "Cookie"}.isdisjoint(headers)


def test_the_bytes_come_as_they_are(server) -> None:
    with Fetcher() as fetcher:
        got = fetcher.fetch(parse_source(server.serve("/a/pack.yaml", PACK.replace(b"\n", b"\r\n"))))
    assert (got.content, got.revision) == (PACK.replace(b"\n", b"\r\n"), "")


@pytest.mark.parametrize("name", ["builtin:cost", "packs/own.yaml"])
def test_what_is_here_is_not_fetched(name) -> None:
    with Fetcher() as fetcher, pytest.raises(UsageError):
        fetcher.fetch(parse_source(name))
