"""The `explain` command: what a rule promises, where its values come from, and what decided about a release."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("rule", metavar="RULE")
@click.argument("manifest", required=False, type=click.Path())
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--stage", type=click.Choice(["candidate", "release"]), help="The stage to judge at, as for check.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Explain as of this day (UTC) instead of today.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(rule: str, manifest: str | None, output_format: str, **given: object) -> int:
    """Say what RULE promises, why it matters, how to keep it, and which values judge it here.

    With MANIFEST, also what decided about it: subject by subject, with every value and its line. The exit code
    says only whether that could be explained; `check` judges.
    """
    from policy_gate.cli.judging import judging_request
    from policy_gate.explaining import explain_rule

    request = judging_request((manifest,) if manifest else (), given)
    explained = explain_rule(request, rule.upper())
    if output_format == "json":
        from policy_gate.record import as_tree, canonical
        from policy_gate.report.escaping import safe_json

        # JSON is UTF-8 with plain line ends on every platform.
        click.echo((safe_json(canonical(as_tree(explained))) + "\n").encode(), nl=False)
        return 0
    from policy_gate.report.explain_text import render_explanation

    click.echo(render_explanation(explained), nl=False)
    return 0
