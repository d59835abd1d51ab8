"""The plainest client: one request, one answer, so that tests see what goes over the wire."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from github_simulator import Simulator

BASE = {"release.yaml": b"".join(b"line %d\n" % number for number in range(1, 41))}
HEAD = {"release.yaml": BASE["release.yaml"].replace(b"line 20\n", b"line twenty\n")}
REPO = "/repos/acme/models"
PULL = f"{REPO}/pulls/1"
COMMENTS = f"{REPO}/issues/1/comments"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any  # Any: a JSON document

    @property
    def says(self) -> str:
        return json.dumps(self.body)


def ask(
    hub: Simulator, method: str, path: str, body: object = None, *, token: str = "writer", timeout: float = 5
) -> Answer:
    """Send one request with a token; an empty one sends none."""
    place = urlsplit(hub.url if path != "/graphql" else hub.url.removesuffix(hub.prefix) + hub.graphql)
    target = place.path if path == "/graphql" else f"{place.path}{path}"
    headers = {"User-Agent": "tests", **({"Authorization": f"Bearer {token}"} if token else {})}
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    line = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
    try:
        line.request(method, target, content, headers)
        found = line.getresponse()
        text = found.read()
        named = {name.lower(): one for name, one in found.getheaders()}
        is_json = named.get("content-type", "").startswith("application/json") and text
        return Answer(found.status, named, json.loads(text) if is_json else text.decode())
    finally:
        line.close()


def lay_world(hub: Simulator) -> None:
    """One private repository with one pull request of one changed line, and tokens that may more or less."""
    world = hub.world
    world.add_repository("acme/models")
    world.open_pull("acme/models", BASE, HEAD)
    common = {"metadata": "read", "contents": "read"}
    world.add_token("writer", **common, pull_requests="write", checks="write")
    world.add_token("reader", **common, pull_requests="read", checks="read")
    world.add_token("nobody", metadata="read")
    world.add_token("bob", "bob", **common, pull_requests="write", members="read")
