"""Something that needs an extra says so in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path

from policy_gate.errors import GateError, MissingExtraError
from policy_gate.report.problems import render_problems

PROJECT = Path(__file__).resolve().parents[2]


def test_a_missing_extra_is_one_line_that_names_it() -> None:
    for extra in tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]:
        error = MissingExtraError("reading this file", extra)
        assert render_problems(error.problems) == (
            f"policy-gate: reading this file needs the extra [{extra}]: pip install 'policy-gate[{extra}]'\n"
        )


def test_a_missing_extra_is_a_refusal_and_no_crash(run, release, monkeypatch) -> None:
    import policy_gate.gate

    def needs(*_: object) -> None:
        raise MissingExtraError("this report", "report")

    monkeypatch.setattr(policy_gate.gate, "judge_each", needs)
    done = run("check")
    assert issubclass(MissingExtraError, GateError)
    assert (done.code, done.out) == (2, "")
    assert done.err == "policy-gate: this report needs the extra [report]: pip install 'policy-gate[report]'\n"
