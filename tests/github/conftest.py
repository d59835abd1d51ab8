"""What tests of the door to GitHub share: the simulated GitHub, a clock nobody waits for, and a client of both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "github_simulator"))

from injecting_server import Injecting
from simulator_fixtures import description, enterprise_hub, hub

from policy_gate.github import Client, Pace, Pull, open_client

__all__ = ["description", "enterprise_hub", "hub"]


class Time:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, **more: float) -> Pace:
        return Pace(clock=self.clock, sleep=self.sleep, **more)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """No proxy and no certificate setting of this machine reaches a test."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def server() -> Iterator[Injecting]:
    with Injecting() as running:
        yield running


@pytest.fixture
def opened(time) -> Iterator[Callable[..., Client]]:
    """Opens clients of a server, by default without waiting between writes; all are closed at the end."""
    with ExitStack() as stack:

        def client(url: str, token: str = "writer", **pace: float) -> Client:
            made = open_client(token=token, api_url=url, pace=time.pace(between_writes_seconds=0, **pace))
            return stack.enter_context(made)

        yield client


@pytest.fixture
def client(opened, server) -> Client:
    return opened(server.url)


@pytest.fixture
def pull() -> Pull:
    return Pull(repository="acme/models", number=1)
