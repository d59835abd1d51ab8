from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_gate.catalogue import bind_rules, sections
from policy_gate.cli import COMMANDS
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.policy.loading import load_config, load_policy

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
DIGEST = "sha256:" + "a1" * 32


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PROJECT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_the_configuration_shown_is_one_the_gate_reads() -> None:
    spec, config = load_config(blocks("docs/policies.md", "yaml")[0].encode(), "policy-gate.yaml")
    policy = load_policy(spec.policy, lambda _: b"", spec.parameters, config, "head")
    assert len(bind_rules(policy.rules)) > 40


def test_the_pack_shown_is_one_the_gate_reads() -> None:
    policy = load_policy(("acme.yaml",), lambda _: blocks("docs/policies.md", "yaml")[1].encode(), {}, None, "head")
    assert {rule.rule.id: rule.mode.value for rule in bind_all(policy)}["LIN-020"] == "enforce"


def bind_all(policy):
    bind_rules(policy.rules)
    return policy.rules


def test_the_smallest_manifest_of_the_readme_is_valid() -> None:
    text = blocks("README.md", "yaml")[0].replace("sha256:…", DIGEST)
    assert decode_manifest(load(text.encode(), "release.yaml"), sections()).metadata.name == "kws-en"


def test_every_command_of_the_readme_is_one_the_command_line_has() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\$ policy-gate (\w+)|`policy-gate (\w+)", text, re.MULTILINE))
    words = {word for pair in named for word in pair if word}
    assert {"init", "check", "fix", "explain", "schema"} <= words <= set(COMMANDS)
