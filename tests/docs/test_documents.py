from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_gate.areas.cost.device_file import builtin_profiles
from policy_gate.catalogue import bind_rules, sections
from policy_gate.cli import COMMANDS
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.policy.loading import Setup, load_config, load_policy

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DIGEST = "sha256:" + "a1" * 32


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PROJECT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_the_readme_counts_the_device_profiles_that_ship() -> None:
    said = re.search(r"(\d+) profiles have enough published measurements, (\d+) more are for screening", README)
    assert said is not None
    screening = sum(one.screening for one in builtin_profiles())
    assert (int(said[1]), int(said[2])) == (len(builtin_profiles()) - screening, screening)


def test_the_configuration_shown_is_one_the_gate_reads() -> None:
    spec, config = load_config(blocks("docs/policies.md", "yaml")[0].encode(), "policy-gate.yaml")
    policy = load_policy(lambda _: b"", Setup(names=spec.policy, source="head", spec=spec, config=config))
    assert len(bind_rules(policy.rules, policy.values)) > 40


def test_the_pack_shown_is_one_the_gate_reads() -> None:
    pack = blocks("docs/policies.md", "yaml")[1].encode()
    policy = load_policy(lambda _: pack, Setup(names=("acme.yaml",), source="head"))
    assert {rule.rule.id: rule.mode.value for rule in bind_all(policy)}["LIN-020"] == "enforce"


def bind_all(policy):
    bind_rules(policy.rules, policy.values)
    return policy.rules


def test_the_smallest_manifest_of_the_readme_is_valid() -> None:
    shown = next(one for one in blocks("README.md", "yaml") if "kind: ReleaseManifest" in one)
    text = shown.replace("sha256:…", DIGEST)
    assert decode_manifest(load(text.encode(), "release.yaml"), sections()).metadata.name == "kws-en"


def test_the_rule_of_the_readme_is_one_the_gate_reads() -> None:
    rule = next(one for one in blocks("README.md", "yaml") if "assert:" in one)
    head = blocks("docs/policies.md", "yaml")[1].partition("  presets:")[0]
    pack = f"{head}  rules:\n{rule}".encode()
    policy = load_policy(lambda _: pack, Setup(names=("acme.yaml",), source="head"))
    assert [one.rule.id for one in bind_all(policy)] == ["ACME-001"]


def test_every_command_of_the_readme_is_one_the_command_line_has() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\$ policy-gate (\w+)|`policy-gate (\w+)", text, re.MULTILINE))
    words = {word for pair in named for word in pair if word}
    assert {"init", "check", "fix", "explain", "schema"} <= words <= set(COMMANDS)


def test_every_room_and_module_stands_in_the_table_of_rooms() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = PROJECT / "policy_gate"
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    rooms = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert sorted(one for one in modules | rooms if f"`{one}`" not in text) == []
    named = set(re.findall(r"`([a-z_]+)`", text.partition("In `gate/`:")[2].partition("An import may only")[0]))
    assert named == {path.stem for path in (package / "gate").glob("*.py")} - {"__init__"}
