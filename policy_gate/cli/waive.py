"""The `waive` command: drafts a waiver for one finding, has one approved, or lists those there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_gate.excepting.waiving import Asked, Plan
    from policy_gate.gate import Request

EPILOG = "Exit codes: 0 written or listed, 2 refused: it would not count, or nothing could be judged."
NEEDED = ("until", "reason", "owner", "approved_by")


@click.command("waive", epilog=EPILOG)
@click.argument("rule", required=False)
@click.argument("manifest", required=False, type=click.Path())
@click.option("--subject", default="", help='What the finding is about, such as "target node-v2".')
@click.option("--until", default="", metavar="DAY", help="The last day on which it counts (UTC), such as 2027-01-31.")
@click.option("--reason", default="", help="Why the release may ship all the same.")
@click.option("--owner", default="", help="Who answers for it; with --approve DIGEST, who proposes the change.")
@click.option("--approved-by", multiple=True, help="Who approves it, never its owner; repeatable.")
@click.option("--reference", default="", help="A ticket, or where else to read on.")
@click.option("--accept", default="", metavar="NUMBER", help="Accept up to this; default: what is measured now.")
@click.option("--versions", default="", metavar="RANGE", help='Only these versions, such as ">=1.4.0 <1.5.0".')
@click.option("--bind-artifact", is_flag=True, help="Only for the bytes that the artifact has now.")
@click.option(
    "--approve", default="", metavar="ID", help="Sign a waiver, a `loosens` entry by its `what`, or a digest."
)
@click.option("--key", default="", type=click.Path(), help="With --approve: private key of an approver, as PEM.")
@click.option("--output", default="", type=click.Path(), help="With --approve: where the envelope is written.")
@click.option("--list", "only_list", is_flag=True, help="List the waivers: state, days left, what each covers now.")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--stage", type=click.Choice(["candidate", "release"]), help="The stage to judge at, as for check.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Judge as of this day (UTC) instead of today.")
def command(rule: str | None, manifest: str | None, *, approve: str, only_list: bool, **given: object) -> int:
    """Waive the failure of one RULE for one subject, for some days.

    Drafts an entry of the waiver file. It counts only once it is reviewed and merged into the base.
    """
    from policy_gate.cli.judging import judging_request
    from policy_gate.errors import UsageError

    if sum((rule is not None, bool(approve), only_list)) != 1:
        raise UsageError("waive takes a RULE, or --approve ID, or --list")
    request = judging_request((manifest,) if manifest else (), given)
    if only_list:
        from policy_gate.cli.waive_list import list_all

        return list_all(request)
    if approve:
        from policy_gate.cli.waive_approval import approve_one

        return approve_one(request, approve, str(given["key"]), str(given["output"]), str(given["owner"]))
    return _waive(request, str(rule).upper(), str(given["subject"]), _asked(given))


def _asked(given: dict[str, object]) -> Asked:
    from policy_gate.errors import UsageError
    from policy_gate.excepting.waiving import Asked

    absent = [f"--{name.replace('_', '-')}" for name in NEEDED if not given[name]]
    if absent:
        raise UsageError(f"a waiver says until when, why, who answers for it and who approves: add {', '.join(absent)}")
    approvers = given["approved_by"]
    return Asked(
        until=str(given["until"]),
        owner=str(given["owner"]),
        approved_by=tuple(str(one) for one in approvers) if isinstance(approvers, tuple) else (),
        reason=str(given["reason"]),
        reference=str(given["reference"]),
        versions=str(given["versions"]),
        accept=_number(str(given["accept"])),
        bind_artifact=bool(given["bind_artifact"]),
    )


def _number(text: str) -> float | None:
    """A finite number, whole where it is written so; None where nothing is written."""
    import math

    from policy_gate.errors import UsageError

    if not text:
        return None
    try:
        number = int(text) if text.removeprefix("-").isdecimal() and text.isascii() else float(text)
        is_finite = math.isfinite(number)
    except (ValueError, OverflowError):
        is_finite = False
    if not is_finite:
        raise UsageError(f"--accept {text}: a number such as 58 or 0.5 is wanted")
    return number


def _waive(request: Request, rule: str, subject: str, asked: Asked) -> int:
    from policy_gate.cli.together import write_together
    from policy_gate.excepting.choosing import choose
    from policy_gate.excepting.findings import open_findings
    from policy_gate.excepting.waiving import plan_waiver
    from policy_gate.report.escaping import safe

    with open_findings(request) as findings:
        plan = plan_waiver(findings, choose(findings, rule, subject), asked)
    write_together(request.root, plan.texts)
    for line in (*_written(plan), "", *_limits(plan)):
        click.echo(safe(line))
    return 0


def _written(plan: Plan) -> Iterator[str]:
    """What was added, as a reviewer will read it."""
    from policy_gate.report.numbers import with_unit

    waiver, worst = plan.waiver, plan.chosen.worst
    path, *others = plan.texts
    yield f"{path}: added {waiver.id}"
    for other in others:
        yield f"{other}: names that file now, under `waivers`"
    yield f"  waives    {waiver.rule} for {waiver.subject} of {waiver.release} {waiver.versions}".rstrip()
    yield f"  finding   {worst.message}"
    if waiver.accept is not None:
        limit = f", where the limit is {with_unit(worst.limit, worst.unit)}" if worst.limit is not None else ""
        yield f"  accepts   up to {with_unit(waiver.accept, worst.unit)}{limit}"
    if len(plan.chosen.judgements) > 1:
        yield f"  covers    {len(plan.chosen.judgements)} findings, since all are of this rule and subject"
    if waiver.artifact:
        yield f"  only for  {waiver.artifact}"
    yield f"  until     {waiver.expires}, at most {plan.circumstances.limits.waiver_days_max} days are allowed"
    yield f"  owner     {waiver.owner}, approved by {', '.join(waiver.approved_by)}"


def _limits(plan: Plan) -> Iterator[str]:
    """What the entry does not do, and what has to follow."""
    waiver = plan.waiver
    if plan.already:
        yield f"Note: {', '.join(plan.already)} covers the same finding today."
    if plan.is_open:
        yield "Note: it accepts whatever this finding says by then; --bind-artifact holds it to the bytes of today."
    yield "It counts only once it is merged into the base: no change can waive itself."
    yield "It covers fail and never unknown or error, for this one subject, and ends after its last day."
    if waiver.approval:
        yield f"The policy demands proof: {waiver.approval} has to hold the signature of an approver."
        yield f"Next, by an approver: policy-gate waive --approve {waiver.id} --key approver.pem"
    else:
        yield f"Next: have it reviewed by {', '.join(waiver.approved_by)}."
