"""The command that gives the same result in a clone: what to fetch, what to check out, what to ask the gate."""

from __future__ import annotations

import re

from policy_gate.gate import Request
from policy_gate.model import Stage

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def reproduce(request: Request, judged: str, stage: Stage | None) -> str:
    """One line for a shell. `judged` is the object id of what was on disk; what was built there is not fetched.

    `stage` is the one it was judged at, None where that is not known; less than a release is never asked for.
    """
    oids = " ".join(dict.fromkeys((judged, request.base)))
    parts = [f"git fetch origin {oids}", f"git checkout --detach {judged}", " ".join(_check(request, stage))]
    if request.tree.startswith("bundle:"):
        del parts[1]
    return " && ".join(parts)


def _check(request: Request, stage: Stage | None) -> list[str]:
    words = ["policy-gate", "check", "--base", request.base]
    if request.compare:
        words += ["--base", request.compare]
    if request.tree.startswith("bundle:"):
        words += ["--bundle", request.tree.removeprefix("bundle:")]
    elif request.tree != "working":
        words += ["--tree", request.tree]
    options = [
        ("--stage", stage.value if stage is Stage.RELEASE else ""),
        ("--fail-on", request.fail_on or ""),
        ("--config", request.config),
    ]
    options += [("--policy", one) for one in request.policies]
    words += [word for name, given in options if given for word in (name, given)]
    return [_quoted(word) for word in (*words, *request.manifests)]


def _quoted(word: str) -> str:
    """A word as every POSIX shell reads it back."""
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"
