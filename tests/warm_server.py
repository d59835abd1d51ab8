"""A Python that has imported what the command imports and run nothing; a fork of it becomes the command.

Started as `python -I warm_server.py DESCRIPTOR ENVIRONMENT PRELUDE`: a socket, the environment it was started with as
JSON, and a program to run before anything is imported. Each line on the socket is one start, with the three standard
streams beside it; the answers are the child's id and its exit code. A fork falls off the end of this file into the
command, so that exit codes, tracebacks and flushing are the interpreter's own.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import runpy
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module

# What `check` imports to verify a signature, and `post` to talk to GitHub.
IMPORTED_LATE = ("cryptography.hazmat.primitives.asymmetric.ed25519", "github")


def import_everything() -> None:
    """Every module of the package; what cannot be imported fails in the command itself, as what needs numpy here."""
    import policy_gate

    sys.modules["numpy"] = None  # what few starts need, each of them imports
    names = [one.name for one in pkgutil.walk_packages(policy_gate.__path__, "policy_gate.")]
    for name in (*(one for one in names if not one.endswith("__main__")), *IMPORTED_LATE):
        with suppress(ImportError):
            import_module(name)
    del sys.modules["numpy"]


def wait_for_start(control: socket.socket) -> dict | None:
    """Serve until this is a fork with a start of its own; None when nobody asks any more."""
    while True:
        message, streams, _, _ = socket.recv_fds(control, 65536, 3)
        if not message:
            return None
        while not message.endswith(b"\n"):
            message += control.recv(65536)
        child = os.fork()
        if not child:
            control.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return json.loads(message)
        for stream in streams:
            os.close(stream)
        control.sendall(child.to_bytes(8, "big"))
        _, status = os.waitpid(child, 0)
        control.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))


def take_place(start: dict, set_by_imports: dict[str, str]) -> None:
    """Arguments, folder, environment and time zone as a new process has them."""
    os.environ.clear()
    os.environ.update({**start["env"], **set_by_imports})
    time.tzset()
    os.chdir(start["cwd"])
    sys.argv[1:] = start["args"]


if __name__ == "__main__":
    _, descriptor, given, prelude = sys.argv
    exec(compile(prelude, "<string>", "exec"))
    import_everything()
    gc.freeze()  # what is there is shared by all forks, and no collection of theirs touches it
    before = json.loads(given)
    started = wait_for_start(socket.socket(fileno=int(descriptor)))
    if started is not None:
        take_place(started, {name: text for name, text in os.environ.items() if before.get(name) != text})
        runpy.run_module("policy_gate.cli", run_name="__main__", alter_sys=True)
