"""Starts the real command for a test: as a process of its own, or as a fork of one that has imported its modules.

Importing is most of what a short run costs, and the tests start thousands. A fork has arguments, folder, environment,
streams and an exit code of its own, and nothing of another start. What it lacks is Python's own start: a test about
imports, the seed of hashes, encodings or what a checkout could have imported asks for `own_process`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import ClassVar

SERVER = Path(__file__).resolve().with_name("warm_server.py")
MODULE = ("-m", "policy_gate.cli")
RUN = "import runpy; runpy.run_module('policy_gate.cli', run_name='__main__', alter_sys=True)"
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
ANSWER_SECONDS = 60
# Python, its allocator and its loader read these before the first line of a program runs.
READ_AT_START = ("LC_", "LANG", "PYTHON", "MALLOC", "LD_", "DYLD_")


def start_gate(
    *args: str,
    cwd: Path,
    env: Mapping[str, str],
    prelude: str = "",
    own_process: bool = False,
    timeout: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """Run `policy-gate ARGS` to its end; a prelude is a program that Python runs before it imports anything of it."""
    command = [sys.executable, "-I", *(("-c", f"{prelude}\n{RUN}") if prelude else MODULE), *args]
    if own_process or Starts.own_process or not CAN_FORK:
        streams = {"stdin": subprocess.DEVNULL, "capture_output": True}
        return subprocess.run(command, cwd=cwd, env=dict(env), timeout=timeout, **streams)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = {"args": args, "cwd": str(cwd), "env": dict(env)}
        code = Starts.server(env, prelude).run(start, (out.fileno(), err.fileno()), timeout)
        if code is None:
            raise subprocess.TimeoutExpired(command, timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def as_text(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same with its streams as UTF-8, and line ends as a text stream reads them."""
    out, err = (one.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n") for one in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


@dataclass
class WarmServer:
    """The process that has imported everything, and the socket to it; it serves one start at a time."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    free: Lock = field(default_factory=Lock)

    @classmethod
    def begin(cls, env: Mapping[str, str], prelude: str) -> WarmServer:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", str(SERVER), str(theirs.fileno()), json.dumps(dict(env)), prelude]
            # Pipes, as a command has whose output is captured: Python looks at its streams when it starts.
            streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            process = subprocess.Popen(command, env=dict(env), pass_fds=(theirs.fileno(),), **streams)
        return cls(process, ours)

    def run(self, start: dict[str, object], streams: tuple[int, int], timeout: float) -> int | None:
        """The exit code of one start, negative for a signal; None for one that was ended because it took too long."""
        message = f"{json.dumps(start)}\n".encode()
        with self.free, Path(os.devnull).open("rb") as nothing:
            sent = socket.send_fds(self.control, [message], [nothing.fileno(), *streams])
            self.control.sendall(message[sent:])
            child = self._answer(ANSWER_SECONDS)
            try:
                return self._answer(timeout)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._answer(ANSWER_SECONDS)
                return None

    def _answer(self, seconds: float) -> int:
        self.control.settimeout(seconds)
        told = self.control.recv(8)
        if not told:
            raise RuntimeError(f"the warm server ended: {self.process.communicate()[1].decode()}")
        return int.from_bytes(told, "big", signed=True)

    def end(self) -> None:
        """Let it see that nobody asks any more."""
        self.control.close()
        self.process.communicate(timeout=ANSWER_SECONDS)


class Starts:
    """The warm servers of this process of the tests: one for each prelude and environment that Python's start sees."""

    own_process = True
    """Whether every command is a process of its own; the tests say no."""
    servers: ClassVar[dict[tuple[object, ...], WarmServer]] = {}

    @classmethod
    def server(cls, env: Mapping[str, str], prelude: str) -> WarmServer:
        seen = sorted((name, text) for name, text in env.items() if name.startswith(READ_AT_START))
        key = (prelude, *seen)
        if key not in cls.servers:
            cls.servers[key] = WarmServer.begin(env, prelude)
        return cls.servers[key]

    @classmethod
    def end(cls) -> None:
        while cls.servers:
            cls.servers.popitem()[1].end()
