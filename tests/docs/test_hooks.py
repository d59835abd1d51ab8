"""The hooks that are offered: they run commands that exist, and match the files these commands are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from policy_gate.cli import policy_gate

HOOKS = {
    one["id"]: one
    for one in yaml.safe_load((Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml").read_text())
}


def matches(hook: str, path: str) -> bool:
    return re.search(HOOKS[hook]["files"], path) is not None


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_runs_a_command_with_options_that_it_has(hook) -> None:
    program, *words = HOOKS[hook]["entry"].split()
    assert program == "policy-gate"
    done = CliRunner().invoke(policy_gate, [*words, *HOOKS[hook].get("args", ()), "--help"])
    assert done.exit_code == 0


@pytest.mark.parametrize(
    "path",
    [
        "policy-gate.yaml",
        "gate/policy-gate.yaml",
        "policy-gate.lock",
        "policy-gate.baseline.json",
        "waivers.yaml",
        "trust.yaml",
        "packs/acme.yaml",
        "packs/tests/acme.yaml",
        "policy-gate/own.yml",
    ],
)
def test_the_hook_of_policies_is_given_every_kind_of_policy_file(path) -> None:
    assert matches("policy-gate-policies", path)


@pytest.mark.parametrize("path", ["release.yaml", "k8s/policy.yaml", "packs/acme.md", "my-waivers.yaml", "trust.py"])
def test_and_no_file_of_somebody_else(path) -> None:
    assert not matches("policy-gate-policies", path)


@pytest.mark.parametrize("path", ["packs/acme.yaml", "tests/good.json", "tests/acme.yaml", "policy-gate.lock"])
def test_tests_are_run_where_a_policy_a_record_or_a_test_changed(path) -> None:
    assert matches("policy-gate-policy-test", path)
    assert HOOKS["policy-gate-policy-test"]["pass_filenames"] is False
