"""Requests to GitHub's API over PyGithub's transport, with a retry policy of our own: no write is made twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from policy_gate import __version__
from policy_gate.errors import MissingExtraError, UsageError
from policy_gate.github.answers import Answer, items_at, text_at
from policy_gate.github.failure import ELSEWHERE, GithubError, Kind, failure_of, message_of
from policy_gate.github.pace import Pace

if TYPE_CHECKING:
    from github import Github

API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 20
PER_PAGE = 100
MAX_ATTEMPTS = 4
SURE_SECONDS = 5.0
"""How long it holds that a write is still wanted; after a longer wait it is asked again."""
_TOKEN = re.compile(r"[!-~]{1,4096}")
_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}


def open_client(
    *,
    token: str,
    api_url: str = API_URL,
    graphql_url: str = "",
    ca_bundle: str = "",
    timeout_seconds: int = TIMEOUT_SECONDS,
    pace: Pace | None = None,
) -> Client:
    """A client of one API with one token; nothing is sent yet.

    `api_url` is GitHub's or an Enterprise Server's (`{host}/api/v3`); `graphql_url` must be of the same server, "" is
    where that server has it. `ca_bundle` is a PEM file, "" trusts what requests trusts. Raises UsageError for URLs,
    tokens and bundles that cannot be used, and MissingExtraError without PyGithub.
    """
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise UsageError("the token is empty or holds characters that no token has")
    _check_url("GITHUB_API_URL", api_url)
    graphql = graphql_url or _graphql_url(api_url)
    _check_url("GITHUB_GRAPHQL_URL", graphql)
    if urlsplit(graphql)[:2] != urlsplit(api_url)[:2]:
        raise UsageError(f"GITHUB_GRAPHQL_URL is of another server than GITHUB_API_URL {api_url}: it gets no token")
    if ca_bundle and not Path(ca_bundle).exists():
        raise UsageError(f"the CA bundle {ca_bundle} does not exist")
    try:
        from github import Auth, Github
    except ImportError as error:
        raise MissingExtraError("posting to GitHub", "github") from error
    library = Github(
        auth=Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=timeout_seconds,
        user_agent=f"policy-gate/{__version__}",
        per_page=PER_PAGE,
        verify=ca_bundle or True,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    return Client(library, token=token, graphql_url=graphql, pace=pace or Pace())


def client_of_environment(environment: Mapping[str, str], *, token: str, pace: Pace | None = None) -> Client:
    """As `open_client`, with the URLs and the CA bundle that a runner's environment names."""
    return open_client(
        token=token,
        api_url=environment.get("GITHUB_API_URL") or API_URL,
        graphql_url=environment.get("GITHUB_GRAPHQL_URL", ""),
        ca_bundle=next((environment[name] for name in _CA_BUNDLES if environment.get(name)), ""),
        pace=pace,
    )


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{name} must be a URL of a server such as {API_URL}")


def _graphql_url(api_url: str) -> str:
    return api_url.rstrip("/").removesuffix("/v3") + "/graphql"


class Client:
    """One API, one token, one pace. Each method raises GithubError, and nothing else, when it does not succeed."""

    def __init__(self, library: Github, *, token: str, graphql_url: str, pace: Pace) -> None:
        """Use `open_client`."""
        self._library = library
        self._token = token
        self._graphql_url = graphql_url
        self._pace = pace
        self._limit: GithubError | None = None
        self._viewer = ""
        self._check_wanted: Callable[[], None] = _always_wanted
        self._wanted_until = 0.0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._library.close()

    def get(self, path: str, **parameters: str | int) -> object:
        """Read; asked again after a failure that may pass."""
        return self._ask("GET", path, parameters=parameters).content

    def post(self, path: str, body: Mapping[str, object]) -> object:
        """Write something new; after an ambiguous failure never sent again here: first look whether it is there."""
        return self._ask("POST", path, body=body, repeatable=False).content

    def patch(self, path: str, body: Mapping[str, object], *, repeatable: bool = True) -> object:
        """Change something; `repeatable` is false where a second time adds to the first."""
        return self._ask("PATCH", path, body=body, repeatable=repeatable).content

    def delete(self, path: str) -> None:
        """Delete something; that it is gone already is what was wanted."""
        try:
            self._ask("DELETE", path)
        except GithubError as failure:
            if failure.kind is not Kind.NOT_FOUND:
                raise

    def pages(self, path: str, *, most: int, list_name: str = "", **parameters: str | int) -> Iterator[object]:
        """All items of a list in GitHub's order, `most` pages of 100 at most; `list_name` where an object holds it.

        Only whether there is a next page is taken from the server, never its address.
        """
        previous: tuple[object, ...] = ()
        for page in range(1, most + 1):
            answer = self._ask("GET", path, parameters={**parameters, "per_page": PER_PAGE, "page": page})
            items = items_at(answer.content, list_name) if list_name else items_at(answer.content)
            if items and items == previous:
                raise GithubError(Kind.SERVER, "GitHub gives the same page again and again")
            yield from items
            if 'rel="next"' not in answer.headers.get("link", ""):
                return
            previous = items
        raise GithubError(Kind.BUDGET, f"there are more than {most * PER_PAGE} entries, which are not read to the end")

    def viewer(self) -> str:
        """The login the token acts as, as GitHub gives it; asked once."""
        if not self._viewer:
            self._viewer = text_at(self._query("query { viewer { login } }"), "data", "viewer", "login")
        if not self._viewer:
            raise GithubError(Kind.SERVER, "GitHub does not say whose token this is")
        return self._viewer

    def guard_writes(self, check: Callable[[], None]) -> None:
        """Call `check` before a write where some seconds went by since now or the last call; it raises to stop it."""
        self._check_wanted = check
        self._wanted_until = self._pace.now() + SURE_SECONDS

    def pause(self, seconds: float) -> None:
        """Wait until GitHub shows what it has just done; GithubError when the budget does not hold it."""
        if not self._pace.wait(seconds):
            raise GithubError(Kind.BUDGET, "no time is left to wait for GitHub")

    def _query(self, text: str) -> object:
        """Read by GraphQL: a POST that changes nothing, so it is asked again like a GET and is no write."""
        content = self._ask("POST", self._graphql_url, body={"query": text}, is_write=False).content
        errors = items_at(content, "errors")
        if errors:
            forbidden = text_at(errors[0], "type") == "FORBIDDEN"
            raise GithubError(Kind.NO_PERMISSION if forbidden else Kind.SERVER, self._safe(message_of(content)))
        return content

    def _ask(
        self,
        verb: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        repeatable: bool = True,
        is_write: bool | None = None,
    ) -> Answer:
        writes = verb != "GET" if is_write is None else is_write
        attempt = 0
        while True:
            try:
                return self._once(verb, path, parameters or {}, body, writes=writes)
            except GithubError as failure:
                if not self._worth_another(failure, attempt, repeatable=repeatable):
                    raise
            attempt += 1

    def _worth_another(self, failure: GithubError, attempt: int, *, repeatable: bool) -> bool:
        """Whether to ask again, after having waited for it."""
        if failure is self._limit:
            return False
        if failure.kind is Kind.RATE_LIMITED:
            seconds = self._pace.limit_seconds(failure.headers, attempt)
            if attempt + 1 < MAX_ATTEMPTS and self._pace.wait(seconds):
                return True
            # GitHub bans who goes on asking, so nothing is asked any more.
            self._limit = GithubError(failure.kind, f"{failure.words}, and asks to wait {seconds:.0f} s")
            raise self._limit from None
        passing = failure.kind in (Kind.SERVER, Kind.CUT) and repeatable
        return passing and attempt + 1 < MAX_ATTEMPTS and self._pace.wait(2.0**attempt)

    def _once(
        self,
        verb: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, object] | None,
        *,
        writes: bool,
    ) -> Answer:
        if self._limit is not None:
            raise self._limit
        if writes:
            self._guard()
            self._pace.begin_write()
        try:
            answer = self._transported(verb, path, parameters, body)
        finally:
            if writes:
                self._pace.end_write()
        if answer.status < 300:
            return answer
        raise failure_of(answer)

    def _guard(self) -> None:
        if self._pace.now() <= self._wanted_until:
            return
        self._check_wanted()
        self._wanted_until = self._pace.now() + SURE_SECONDS

    def _transported(
        self, verb: str, path: str, parameters: Mapping[str, str | int], body: Mapping[str, object] | None
    ) -> Answer:
        """One request and its answer, whatever its status; redirects are followed within the same server only."""
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError

        try:
            status, headers, text = self._library.requester.requestJson(
                verb, path, parameters=dict(parameters), headers=dict(_HEADERS), input=body
            )
            content = _json(text, strict=True) if status < 300 else _json(self._safe(text), strict=False)
        # The library asserts what servers return, and lets all kinds of its own transport through.
        except (OSError, HTTPError, HTTPException, AssertionError, ValueError, RuntimeError) as error:
            # Not `from error`: such an error may quote a header.
            raise _transport_failure(error) from None
        return Answer(status=status, headers={name: str(value) for name, value in headers.items()}, content=content)

    def _safe(self, words: str) -> str:
        return words.replace(self._token, "***")


def _always_wanted() -> None:
    """What no check was given for is wanted."""


def _json(text: str, *, strict: bool) -> object:
    """The JSON of an answer; of an error page nothing is expected."""
    if not text:
        return None
    try:
        content: object = json.loads(text)
    except ValueError:
        if strict:
            raise
        return None
    return content


_TRANSPORT_WORDS = {
    "SSLError": "GitHub's certificate is not accepted: name your CA bundle in REQUESTS_CA_BUNDLE",
    "ProxyError": "the proxy does not connect to GitHub",
    "ConnectTimeout": "GitHub could not be reached in time",
    "ReadTimeout": "GitHub did not answer in time",
    "ConnectionError": "the connection to GitHub was refused or cut",
}


def _transport_failure(error: Exception) -> GithubError:
    """Words for what went wrong below HTTP, by the error's name: its own words may quote headers."""
    names = [kind.__name__ for kind in type(error).__mro__]
    words = next((_TRANSPORT_WORDS[name] for name in names if name in _TRANSPORT_WORDS), "")
    if words:
        return GithubError(Kind.CUT, words, ambiguous=True)
    if isinstance(error, OSError):
        return GithubError(Kind.CUT, f"the connection to GitHub failed ({names[0]})", ambiguous=True)
    if isinstance(error, RuntimeError):
        return GithubError(Kind.VALIDATION, ELSEWHERE)
    return GithubError(Kind.SERVER, f"GitHub's answer could not be read ({names[0]})", ambiguous=True)
