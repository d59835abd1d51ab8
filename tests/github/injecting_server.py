"""A server that answers what it is told to, in order, and then always well; it knows nothing of GitHub."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


@dataclass(frozen=True)
class Told:
    """One answer; `cut` hangs up instead."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.command, self.path))
        self.server.headers.append({name.lower(): text for name, text in self.headers.items()})
        self.server.bodies.append(json.loads(content) if content else None)
        told = self.server.answers.pop(0) if self.server.answers else Told()
        if told.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        sent = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        self.send_response(told.status)
        for name, text in told.headers.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  # the names http.server looks for

    def log_message(self, *words: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answers: list[Told] = []
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[object] = []
        self._open: list[socket.socket] = []

    def process_request(self, request, client_address) -> None:
        self._open.append(request)
        super().process_request(request, client_address)

    def handle_error(self, *about: object) -> None:
        """A client that hangs up, or that trusts nobody here, is what some tests are about."""

    def stop(self) -> None:
        self.shutdown()
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class Injecting:
    """A running server: tell it `answers`, then look at `asked`, `headers` and `bodies`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    def __enter__(self) -> Self:
        self._server = Server(self._tls)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        place = "http://127.0.0.1" if self._tls is None else "https://localhost"
        self.url = f"{place}:{self._server.server_port}"
        self.asked, self.headers, self.bodies = self._server.asked, self._server.headers, self._server.bodies
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join()

    def tell(self, *answers: Told) -> None:
        self._server.answers.extend(answers)
