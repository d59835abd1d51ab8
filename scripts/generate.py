"""Rebuilds what is generated: schemas, rule reference, help in the README, a record for tests; `--check` compares."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner
from policy_fixture import policy_fixture

from policy_gate.catalogue import find_check
from policy_gate.cli import COMMANDS, policy_gate
from policy_gate.cli.schema import KINDS
from policy_gate.errors import PolicyError
from policy_gate.policy.loading import PolicyRule, Setup, load_policy
from policy_gate.policy.packs import builtin_names
from policy_gate.schemas import schema

PROJECT = Path(__file__).resolve().parents[1]
HELP = re.compile(r"(<!-- help:(?P<name>[a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write every generated file, or with `--check` name those that are stale."""
    generated = dict(every_file())
    if "--check" not in sys.argv[1:]:
        for path, text in generated.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        return 0
    stale = [path for path, text in generated.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(PROJECT)} is stale: run `make generate`")
    return 1 if stale else 0


def every_file() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    for kind in KINDS:
        yield PROJECT / "schemas" / f"{kind}.schema.json", json.dumps(schema(kind), indent=2, sort_keys=True) + "\n"
    yield PROJECT / "docs" / "rules.md", "\n".join(rule_reference()) + "\n"
    yield PROJECT / "policies" / "tests" / "fixtures" / "keyword-spotting.json", policy_fixture()
    readme = PROJECT / "README.md"
    text, helped = HELP.subn(_help, readme.read_text(encoding="utf-8"))
    if not helped or helped != text.count("<!-- help:"):
        raise SystemExit("a block for help in the README is not one that is filled")
    yield readme, text


def _help(block: re.Match[str]) -> str:
    name = block["name"]
    arguments = [] if name == "policy-gate" else name.removeprefix("policy-gate ").split()
    if arguments and arguments[0] not in COMMANDS:
        raise SystemExit(f"README asks for the help of `{name}`, which is no command")
    shown = CliRunner().invoke(policy_gate, [*arguments, "--help"], prog_name="policy-gate", terminal_width=88).output
    return f"{block[1]}```text\n{shown}```\n{block[3]}"


def rule_reference() -> Iterator[str]:
    """The reference of every shipped rule, in Markdown."""
    yield "# Rules"
    yield ""
    yield "Generated from policies and checks by `make generate`. `policy-gate explain RULE` prints the same."
    combined = {name: {rule.rule.id: rule for rule in _rules(name)} for name in builtin_names()}
    own = {name: rules for name, rules in combined.items() if not name.startswith("edge-")}
    packs = {name: rules for name, rules in combined.items() if name.startswith("edge-")}
    yield ""
    yield f"| rule | title | severity | {' | '.join(packs)} |"
    yield f"|---|---|---|{'---|' * len(packs)}"
    for rules in own.values():
        for rule_id, rule in rules.items():
            modes = " | ".join(
                rules_of[rule_id].mode.value if rule_id in rules_of else "" for rules_of in packs.values()
            )
            anchor = f"[{rule_id}](#{rule_id.lower()})"
            yield f"| {anchor} | {rule.rule.title} | {rule.rule.severity.value} | {modes} |"
    for rules in own.values():
        for rule in rules.values():
            yield from _rule(rule)


def _rules(name: str) -> tuple[PolicyRule, ...]:
    def nothing(path: str) -> bytes:
        raise PolicyError(f"a shipped pack reads no file, not {path}")

    policy = load_policy(nothing, Setup(names=(f"builtin:{name}",), source="builtin", complete=False))
    return policy.own_rules if name == "policy" else policy.rules


def _rule(chosen: PolicyRule) -> Iterator[str]:
    rule, check = chosen.rule, find_check(chosen.rule.check_name)
    if check is None:
        raise SystemExit(f"{rule.id} names no check")
    stages = " and ".join(stage.value for stage in rule.stages)
    yield from ("", f"## {rule.id}", "", f"**{rule.title}.**")
    yield from (f"Severity {rule.severity.value}; stage {stages}; check `{rule.check_name}`.", "")
    for paragraph in (inspect.getdoc(check.function) or "").split("\n\n"):
        yield from (" ".join(paragraph.split()), "")
    yield from ("Why:", " ".join(rule.rationale.split()), "", "How to keep it:", " ".join(rule.remediation.split()))
    declared = fields(check.limits) if check.limits is not None else ()
    if declared:
        yield from ("", "| limit | value | meaning | tightens |", "|---|---|---|---|")
    for one in declared:
        setting = chosen.limits.get(one.name)
        value = json.dumps(setting.value if setting is not None else one.default)
        yield f"| `{one.name}` | `{value}` | {one.metadata['words']} | {one.metadata['stricter'] or 'no direction'} |"


if __name__ == "__main__":
    sys.exit(main())
