"""A GitHub on loopback that keeps what is written to it, and holds every request and answer against GitHub's words."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import github_checks
import github_operations  # noqa: F401  # entering its operations is what it is imported for
from github_calls import Call, Found, Reply, find_route
from github_description import Description
from github_faults import HTML, KINDS, Fault, body_of, headers_of
from github_graphql import answer_graphql
from github_rules import Refused, check_permission, not_found
from github_shapes import Shapes
from github_state import Repository, Token, World

WRITES = ("POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Request:
    """A request as it came in, headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes = b""


@dataclass(frozen=True)
class Sent:
    """What goes back over the wire; `way` as in `github_faults.Kind`."""

    status: int
    headers: dict[str, str]
    content: bytes
    way: str = "answer"


@dataclass(frozen=True)
class Entry:
    """A request in the log: what it asked, what it was answered, and whether it changed anything."""

    method: str
    path: str
    body: Any  # Any: a JSON document
    status: int
    token: str
    is_applied: bool
    fault: str = ""


@dataclass
class Simulator:
    """What GitHub does with a request. `url` is the API's; `description` is None where it is not on this machine."""

    description: Description | None
    url: str = "http://127.0.0.1"
    elsewhere: str = "http://localhost"
    prefix: str = ""
    world: World = field(default_factory=World)
    faults: list[Fault] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """What GitHub's description forbids, or the simulator does not know; a test fails by one."""
    visited: list[Request] = field(default_factory=list)
    """What reached the host that a redirect leads to."""
    remaining: int = github_checks.RATE_LIMIT
    slow_seconds: float = 2.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def graphql(self) -> str:
        return f"{self.prefix.removesuffix('/v3')}/graphql"

    @property
    def writes(self) -> list[Entry]:
        """The requests that changed something, in order."""
        return [one for one in self.log if one.is_applied]

    def fail(
        self, method: str, path: str, kind: str, times: int | None = 1, *, retry_after: int = 1, after: int = 0
    ) -> None:
        """Answer matching requests (`path` may hold `*`) by a fault of `github_faults.KINDS`, after some went well."""
        if kind not in KINDS:
            raise KeyError(f"{kind} is none of {', '.join(KINDS)}")
        self.faults.append(Fault(method, path, kind, times, retry_after, after))

    def answer(self, request: Request) -> Sent:
        """Everything but the socket; one request at a time."""
        with self._lock:
            return self._answer(request)

    def _answer(self, request: Request) -> Sent:
        parts = urlsplit(request.target)
        path = parts.path.removeprefix(self.prefix) if parts.path != self.graphql else "/graphql"
        body = json.loads(request.content) if _is_json(request.content) else None
        fault = next((one for one in self.faults if one.strikes(request.method, path)), None)
        if fault is not None and not KINDS[fault.kind].applied:
            self._note(request, path, body, KINDS[fault.kind].status, is_applied=False, fault=fault.kind)
            return self._faulty(fault, path, Reply(0))
        reply = self._operate(request, path, dict(parse_qsl(parts.query, keep_blank_values=True)), body)
        changed = reply.status < 300 and request.method in WRITES and not _is_question(path, body)
        self._note(request, path, body, reply.status, is_applied=changed, fault=fault.kind if fault else "")
        return self._plain(reply) if fault is None else self._faulty(fault, path, reply)

    def _operate(self, request: Request, path: str, query: dict[str, str], body: object) -> Reply:
        found = find_route(request.method, path)
        try:
            token = self._authenticate(request)
            if path == "/graphql":
                return answer_graphql(self._call(token, path, {}, {}, body))
            return self._run(found, token, path, query, body)
        except Refused as refusal:
            if found is not None:
                self._check_answer(request.method, found[0].template, refusal.status, refusal.body)
            return Reply(refusal.status, refusal.body, refusal.headers)

    def _authenticate(self, request: Request) -> Token | None:
        if request.content and not _is_json(request.content):
            raise Refused(400, "Problems parsing JSON")
        if not request.headers.get("user-agent"):
            raise Refused(403, "Request forbidden by administrative rules. Please have a User-Agent header.")
        given = request.headers.get("authorization", "")
        if not given:
            return None
        token = self.world.tokens.get(given.partition(" ")[2])
        if token is None or given.partition(" ")[0].lower() not in ("bearer", "token"):
            raise Refused(401, "Bad credentials")
        return token

    def _run(self, found: Found | None, token: Token | None, path: str, query: dict[str, str], body: object) -> Reply:
        if found is None:
            self.violations.append(f"{path}: the simulator has no such operation")
            raise not_found()
        route, parameters = found
        check_permission(token, self._home(parameters), route.accepts, route.method)
        if self.description is not None:
            faults = self.description.request_faults(route.method, route.template, query, body)
            self.violations += [f"{route.method} {path}: {fault}" for fault in faults]
            if faults:
                raise Refused(422, f"Invalid request.\n\n{faults[0]}")
        reply = route.operation(self._call(token, path, parameters, query, body))
        self._check_answer(route.method, route.template, reply.status, reply.body)
        return reply

    def _home(self, parameters: dict[str, str]) -> Repository | None:
        if "owner" not in parameters:
            return None
        home = self.world.repositories.get(f"{parameters['owner']}/{parameters['repo']}")
        if home is None:
            raise not_found()
        return home

    def _call(
        self, token: Token | None, path: str, parameters: dict[str, str], query: dict[str, str], body: object
    ) -> Call:
        return Call(self.world, Shapes(self.world, self.url), token, f"{self.url}{path}", parameters, query, body)

    def _check_answer(self, method: str, template: str, status: int, body: object) -> None:
        if self.description is not None:
            faults = self.description.answer_faults(method, template, status, body)
            self.violations += [f"the answer to {method} {template} ({status}): {fault}" for fault in faults]

    def _plain(self, reply: Reply, way: str = "answer") -> Sent:
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        return Sent(reply.status, {**self._headers(), **reply.headers}, content, way)

    def _faulty(self, fault: Fault, path: str, reply: Reply) -> Sent:
        kind = KINDS[fault.kind]
        if kind.way in ("half", "slow"):
            return self._plain(reply, kind.way)
        headers = {**self._headers(), **headers_of(fault, self.elsewhere + self.prefix, path)}
        if kind.way == "html":
            return Sent(kind.status, {**headers, "content-type": "text/html"}, HTML)
        return Sent(kind.status, headers, json.dumps(body_of(kind)).encode(), kind.way)

    def _headers(self) -> dict[str, str]:
        self.remaining -= 1
        return {
            "content-type": "application/json; charset=utf-8",
            "x-ratelimit-limit": str(github_checks.RATE_LIMIT),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(github_checks.RATE_LIMIT - self.remaining),
            "x-ratelimit-reset": str(github_checks.RESET),
            "x-ratelimit-resource": "core",
            "x-github-media-type": "github.v3; format=json",
            "x-github-request-id": f"SIM:{len(self.log)}",
        }

    def _note(self, request: Request, path: str, body: object, status: int, *, is_applied: bool, fault: str) -> None:
        secret = request.headers.get("authorization", "").partition(" ")[2]
        self.log.append(Entry(request.method, path, body, status, secret, is_applied, fault))


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _is_question(path: str, body: object) -> bool:
    words = body.get("query", "") if isinstance(body, dict) and path == "/graphql" else "mutation"
    return not str(words).lstrip().startswith("mutation")
