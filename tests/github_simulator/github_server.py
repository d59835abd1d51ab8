"""The socket of the simulator: HTTP on loopback, and the other host to which a redirect would lead."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from github_description import Description
from github_simulator import Request, Sent, Simulator


class Handler(BaseHTTPRequestHandler):
    """Reads one request, asks the simulator, writes what it says; without buffering each answer waits 40 ms."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): text for name, text in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        self.server.seen.append(request)
        self._send(self.server.simulator.answer(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815  # the names http.server looks for

    def _send(self, sent: Sent) -> None:
        if sent.way == "slow":
            self.server.released.wait(self.server.simulator.slow_seconds)
        if sent.way == "cut":
            self._hang_up()
            return
        self.send_response(sent.status)
        for name, text in sent.headers.items():
            self.send_header(name, text)
        if sent.status != 204:
            self.send_header("content-length", str(len(sent.content)))
        self.end_headers()
        self.wfile.write(sent.content if sent.way != "half" else sent.content[: len(sent.content) // 2])
        if sent.way == "half":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *words: object) -> None:
        """Tests say what they see; a server's own lines would only stand between."""


class Server(ThreadingHTTPServer):
    """A server of one simulator that lets go of its connections when it stops."""

    daemon_threads = True

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.simulator = simulator
        self.seen: list[Request] = []
        self.released = threading.Event()
        self._connections: list[socket.socket] = []

    def process_request(self, request: socket.socket, client_address: object) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, *about: object) -> None:
        """A client that hangs up is not the simulator's matter; a fault of its own is one, and is kept."""
        fault = sys.exc_info()[1]
        if not isinstance(fault, ConnectionError):
            self.simulator.violations.append(f"the simulator failed: {fault!r}")

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        for one in self._connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.server_close()


@contextlib.contextmanager
def running(description: Description | None, prefix: str = "") -> Iterator[Simulator]:
    """A simulator that answers on loopback, and beside it the host that a redirect leads to; both stop at the end.

    `simulator.visited` are the requests that reached the other host: none, where a client keeps its token to itself.
    """
    simulator, other = Simulator(description, prefix=prefix), Simulator(None)
    servers = [Server(simulator), Server(other)]
    simulator.url = f"http://127.0.0.1:{servers[0].server_port}{prefix}"
    simulator.elsewhere = f"http://localhost:{servers[1].server_port}"
    simulator.visited = servers[1].seen
    threads = [threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield simulator
    finally:
        for one, thread in zip(servers, threads, strict=True):
            one.stop()
            thread.join()
