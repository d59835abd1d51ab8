"""`explain`: every rule that ships can be explained, and the limits are those that judge here."""

from __future__ import annotations

import pytest
import yaml

from policy_gate.policy.loading import builtin_folder

SHIPPED = sorted(
    {
        rule["id"]
        for pack in builtin_folder().glob("*.yaml")
        for rule in yaml.safe_load(pack.read_text(encoding="utf-8"))["spec"].get("rules", ())
    }
)


def test_rules_of_every_area_ship() -> None:
    assert {rule.partition("-")[0] for rule in SHIPPED} >= {"FPR", "SIG", "COST", "PRIV", "LIN", "REL"}


@pytest.mark.parametrize("rule", SHIPPED)
def test_every_shipped_rule_says_promise_reason_and_way(rule, run) -> None:
    done = run("explain", rule.lower())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{rule}  ")
    for title in ("Promise:", "Why:", "How to keep it:"):
        words = done.out.split(f"\n{title}\n")[1].split("\n\n")[0]
        assert len(words.split()) >= 2
    assert "MISSING" not in done.out
    assert max(map(len, done.out.splitlines())) <= 120


def test_a_misspelt_rule_gets_the_nearest_one(run) -> None:
    done = run("explain", "FRP-001")
    assert done.code == 2
    assert "there is no rule FRP-001" in done.err
    assert "did you mean FPR-001?" in done.err


def test_a_word_like_no_rule_gets_the_list(run) -> None:
    done = run("explain", "zzzz")
    assert done.code == 2
    assert "FPR-001" in done.err


def test_a_rule_of_the_repository_is_explained_with_the_place_of_its_check(run, tmp_path, git) -> None:
    (tmp_path / "sub").mkdir()
    git(tmp_path, "init", "-q")
    (tmp_path / "policy-gate.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: [packs/own.yaml]}\n"
    )
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/own.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\n"
        "kind: PolicyPack\n"
        "metadata: {name: own, version: '1', words: Our own rules.}\n"
        "spec:\n"
        "  rules:\n"
        "    - {id: OWN-001, title: Ours, severity: low, check: release.model_is_run, rationale: Reason,"
        " remediation: Way}\n"
    )
    for folder, config in (
        (tmp_path, ()),
        (tmp_path / "sub", ()),
        (tmp_path / "sub", ("--config", "../policy-gate.yaml")),
    ):
        done = run("explain", "OWN-001", *config, cwd=folder)
        assert done.code == 0, done.err
        assert "written in packs/own.yaml" in done.out


def test_a_broken_configuration_is_named_instead_of_ignored(run, tmp_path) -> None:
    (tmp_path / "policy-gate.yaml").write_text("kind: [\n")
    done = run("explain", "FPR-001")
    assert done.code == 2
    assert done.err.startswith("policy-gate.yaml:")
