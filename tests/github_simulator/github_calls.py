"""One request as the simulator's operations see it, what they answer, and where each operation is entered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from github_rules import not_found
from github_shapes import Shapes
from github_state import PullRequest, Repository, Token, World

MAX_PER_PAGE = 100
PER_PAGE = 30


@dataclass(frozen=True)
class Reply:
    """What is answered; no body where `body` is None."""

    status: int
    body: Any = None  # Any: a JSON document
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """A request that has found its operation."""

    world: World
    shapes: Shapes
    token: Token | None
    url: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    sent: Any  # Any: a JSON document

    @property
    def home(self) -> Repository:
        home = self.world.repositories.get(f"{self.parameters['owner']}/{self.parameters['repo']}")
        if home is None:
            raise not_found()
        return home

    @property
    def pull(self) -> PullRequest:
        number = self.parameters.get("pull_number") or self.parameters["issue_number"]
        pull = self.home.pulls.get(int(number)) if number.isdecimal() else None
        if pull is None:
            raise not_found()
        return pull

    @property
    def login(self) -> str:
        return self.token.login if self.token is not None else ""

    def page(self, found: Sequence[Any], wrap: Callable[[list[Any]], Any] | None = None) -> Reply:
        """One page of a list, with the Link header that names the pages around it."""
        size = max(1, min(int(self.query.get("per_page", PER_PAGE)), MAX_PER_PAGE))
        number = max(1, int(self.query.get("page", 1)))
        last = max(1, -(-len(found) // size))
        around = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        if number >= last:
            del around["next"], around["last"]
        if number == 1:
            del around["prev"], around["first"]
        links = [f'<{self.url}?{urlencode({**self.query, "page": at})}>; rel="{name}"' for name, at in around.items()]
        shown = list(found[(number - 1) * size : number * size])
        return Reply(200, wrap(shown) if wrap else shown, {"link": ", ".join(links)} if links else {})


Operation = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """One operation: its path template as in GitHub's description, and the permissions of which one is needed."""

    method: str
    template: str
    accepts: tuple[str, ...]
    operation: Operation
    pattern: re.Pattern[str]


Found = tuple[Route, dict[str, str]]
"""An operation, and the parameters that stood in the path."""
ROUTES: list[Route] = []


def route(method: str, template: str, *accepts: str) -> Callable[[Operation], Operation]:
    """Enter an operation; `{ref}` may hold slashes, as branch names do."""

    def enter(operation: Operation) -> Operation:
        named = re.sub(
            r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{'.+' if found[1] == 'ref' else '[^/]+'})", template
        )
        ROUTES.append(Route(method, template, accepts, operation, re.compile(named)))
        return operation

    return enter


def find_route(method: str, path: str) -> Found | None:
    """The operation of a path, and the parameters in it."""
    for one in ROUTES:
        found = one.pattern.fullmatch(path)
        if found is not None and one.method == method:
            return one, found.groupdict()
    return None


def templates() -> tuple[str, ...]:
    """The path templates of all operations."""
    return tuple(sorted({one.template for one in ROUTES}))
