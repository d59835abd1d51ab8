"""Makes a request to judge the working tree from the options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from policy_gate.cli.paths import inside
from policy_gate.gate import Request, default_root
from policy_gate.model import Stage


def judging_request(manifests: Iterable[str], given: Mapping[str, object]) -> Request:
    """The request of MANIFESTS with `config`, `stage` and `now` as given; raises UsageError for a path outside."""
    root = default_root(Path.cwd())
    now, config = given["now"], str(given["config"])
    return Request(
        root=root,
        config=inside(config, root) if config else "",
        stage=Stage(str(given["stage"])) if given["stage"] else None,
        manifests=tuple(inside(one, root) for one in manifests),
        today=(now if isinstance(now, datetime) else datetime.now(UTC)).date(),
    )
