"""The simulated GitHub is tested by itself, before anything is tested against it."""

from __future__ import annotations

import pytest
from github_description import ABSENT, find_description
from simulator_fixtures import description, enterprise_hub, hub

__all__ = ["description", "enterprise_hub", "hub"]


def pytest_report_header(config: pytest.Config) -> str:
    return ABSENT if find_description() is None else "the simulated GitHub is held against GitHub's own description"
