from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

import policy_gate.gate.run
from policy_gate.engine import evaluate
from policy_gate.model import Stage

PROJECT = Path(__file__).resolve().parents[2]
FORBIDDEN = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "pathlib.", "import")
watching = False
seen: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if watching and event.startswith(FORBIDDEN):
        seen.append(f"{event} {arguments!r}"[:200])


@pytest.fixture(scope="module", autouse=True)
def hook():
    sys.addaudithook(_watch)  # cannot be removed: it only listens while `watching`


def test_engine_and_checks_open_no_file_and_no_socket(monkeypatch) -> None:
    """The whole example release, by every shipped rule: evaluation touches nothing outside its arguments."""

    def watched(*arguments, **named):
        global watching
        evaluate(*arguments, **named)  # what is imported on first use is imported now
        watching = True
        try:
            return evaluate(*arguments, **named)
        finally:
            watching = False

    monkeypatch.setattr(policy_gate.gate.run, "evaluate", watched)
    report = policy_gate.gate.judge(
        policy_gate.gate.Request(
            root=PROJECT,
            manifests=("examples/keyword-spotting/release.yaml",),
            config="examples/keyword-spotting/policy-gate.yaml",
            stage=Stage.RELEASE,
            today=date(2026, 11, 23),
        )
    )
    assert len(report.presented[0].judgements) > 20
    assert seen == []


def test_the_hook_sees_a_file_that_is_opened() -> None:
    global watching
    watching = True
    try:
        Path(__file__).read_bytes()
    finally:
        watching = False
    assert seen
    seen.clear()
