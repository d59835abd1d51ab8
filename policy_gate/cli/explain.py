"""The `explain` command: what a rule promises, why, how to keep it, and where its limits come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_gate.policy.loading import PolicyRule


@click.command("explain")
@click.argument("rule_id", metavar="RULE")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
def command(rule_id: str, config: str) -> int:
    """Say what RULE promises, why it matters, how to keep it, and which limits judge it here."""
    from policy_gate.cli.paths import inside
    from policy_gate.errors import Problem, UsageError
    from policy_gate.gate import default_root, known_rules

    rules = known_rules(Path.cwd(), inside(config, default_root(Path.cwd())) if config else "")
    found = rules.get(rule_id.upper())
    if found is None:
        import difflib

        near = difflib.get_close_matches(rule_id.upper(), rules, n=1)
        hint = f"did you mean {near[0]}?" if near else f"rules: {', '.join(sorted(rules))}"
        raise UsageError(Problem(f"there is no rule {rule_id}", hint=hint))
    click.echo("\n".join(_lines(found)))
    return 0


def _lines(chosen: PolicyRule) -> Iterator[str]:
    import inspect
    import textwrap

    from policy_gate.catalogue import find_check
    from policy_gate.errors import PolicyError

    rule = chosen.rule
    check = find_check(rule.check_name)
    if check is None:
        raise PolicyError(f"rule {rule.id} names the check {rule.check_name}, which does not exist")
    stages = " and ".join(stage.value for stage in rule.stages)
    yield f"{rule.id}  {rule.title}"
    yield f"  severity {rule.severity.value}, mode {chosen.mode.value}, judged at stage {stages}"
    yield f"  check {rule.check_name}, written in {chosen.document.path}"
    yield ""
    for title, words in (
        ("Promise", inspect.getdoc(check.function) or ""),
        ("Why", rule.rationale),
        ("How to keep it", rule.remediation),
    ):
        yield f"{title}:"
        for paragraph in words.split("\n\n"):
            yield textwrap.fill(" ".join(paragraph.split()), 88, initial_indent="  ", subsequent_indent="  ")
        yield ""
    if check.limits is not None:
        yield "Limits:"
        yield from _limits(chosen, check.limits)
        yield ""
    yield "Unknown blocks too: evidence that is missing or cannot be read never passes."


def _limits(chosen: PolicyRule, kind: type) -> Iterator[str]:
    from dataclasses import fields
    from textwrap import fill

    for one in fields(kind):
        setting = chosen.limits.get(one.name)
        if setting is None:
            what = f"{one.name} = {one.default!r} (the check's own default)"
        else:
            span = setting.document.nearest(setting.pointer)[1]
            what = f"{one.name} = {setting.value!r} ({setting.document.path}:{span.line})"
        yield fill(f"{what}: {one.metadata['words']}", 88, initial_indent="  ", subsequent_indent="    ")
