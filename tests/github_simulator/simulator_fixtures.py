"""Fixtures of the simulated GitHub, for every folder of tests that talks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github_calls import templates
from github_description import Description, find_description
from github_server import running
from github_simulator import Simulator


@pytest.fixture(scope="session")
def description(tmp_path_factory: pytest.TempPathFactory) -> Description | None:
    """GitHub's description of the operations there are, cut once for all processes of a run; None where it is absent."""
    place = find_description()
    if place is None:
        return None
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if here.name.startswith("popen-") else here
    return Description.load(place, templates(), shared / "github-description.json")


@pytest.fixture
def hub(description: Description | None) -> Iterator[Simulator]:
    """A GitHub of this test; anything GitHub's description forbids fails the test at its end."""
    with running(description) as simulator:
        yield simulator
    assert not simulator.violations, "\n".join(simulator.violations)


@pytest.fixture
def enterprise_hub(description: Description | None) -> Iterator[Simulator]:
    """The same under the path of an Enterprise Server."""
    with running(description, "/api/v3") as simulator:
        yield simulator
    assert not simulator.violations, "\n".join(simulator.violations)
