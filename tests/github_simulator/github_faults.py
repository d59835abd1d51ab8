"""Faults that a network and a busy GitHub make: what is answered instead, and whether the write was made before."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import Any

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PRIMARY = "API rate limit exceeded for installation ID 1. If you reach out to GitHub Support for help, say so."
PERMISSION = "Resource not accessible by integration"
HTML = b"<!DOCTYPE html><html><head><title>Unicorn!</title></head><body>This page is taking too long to load.</body></html>"


@dataclass(frozen=True)
class Kind:
    """One kind of fault: `way` is answer, cut, half (of the answer, then cut), slow or html."""

    status: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    way: str = "answer"


KINDS = {
    "401": Kind(401, "Bad credentials"),
    "403-permission": Kind(403, PERMISSION, {"x-accepted-github-permissions": ""}),
    "403-secondary": Kind(403, SECONDARY),
    "403-secondary-retry-after": Kind(403, SECONDARY, {"retry-after": ""}),
    "403-primary": Kind(403, PRIMARY, {"x-ratelimit-remaining": "0"}),
    "404": Kind(404, "Not Found"),
    "422": Kind(422, "Validation Failed"),
    "429": Kind(429, SECONDARY),
    "429-retry-after": Kind(429, SECONDARY, {"retry-after": ""}),
    "500": Kind(500, "Internal Server Error"),
    "502": Kind(502, "Server Error"),
    "503": Kind(503, "Service Unavailable"),
    "500-applied": Kind(500, "Internal Server Error", applied=True),
    "502-applied": Kind(502, "Server Error", applied=True),
    "503-applied": Kind(503, "Service Unavailable", applied=True),
    "cut": Kind(way="cut"),
    "cut-applied": Kind(way="cut", applied=True),
    "half-applied": Kind(way="half", applied=True),
    "slow": Kind(way="slow", applied=True),
    "html": Kind(200, way="html"),
    "html-502": Kind(502, way="html"),
    "html-applied": Kind(200, way="html", applied=True),
    "redirect": Kind(307, "Moved Permanently", {"location": ""}),
}


@dataclass
class Fault:
    """A kind of fault at requests that match; `times` how often, None for ever."""

    method: str
    path: str
    kind: str
    times: int | None
    retry_after: int
    after: int
    """How many matching requests go well before."""
    seen: int = 0

    def strikes(self, method: str, path: str) -> bool:
        if self.method not in (method, "*") or not fnmatch.fnmatchcase(path, self.path):
            return False
        self.seen += 1
        return self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)


def headers_of(fault: Fault, elsewhere: str, path: str) -> dict[str, str]:
    """The headers of a fault's answer, with what only the test knows filled in."""
    level = "read" if fault.method == "GET" else "write"
    filled = {
        "retry-after": str(fault.retry_after),
        "location": f"{elsewhere}{path}",
        "x-accepted-github-permissions": f"{'checks' if 'check-runs' in path else 'pull_requests'}={level}",
    }
    return {name: text or filled[name] for name, text in KINDS[fault.kind].headers.items()}


def body_of(kind: Kind) -> dict[str, Any]:
    return {"message": kind.message, "documentation_url": "https://docs.github.com/rest", "status": str(kind.status)}
