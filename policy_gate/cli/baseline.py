"""The `baseline` command: records the findings there are, so that from now on only new and worse ones block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.excepting.findings import Findings
    from policy_gate.excepting.known import Made
    from policy_gate.model import Judgement
    from policy_gate.policy.baseline import KnownState

EPILOG = "Exit codes: 0 written or current, 1 stale (--check), 2 nothing was written, 3 a check crashed."
SHOWN = 12


@click.command("baseline", epilog=EPILOG)
@click.argument("manifests", nargs=-1, type=click.Path())
@click.option("--output", default="", type=click.Path(), help="Default: what the configuration names under `baseline`.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when it holds what is gone or better by now.")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--stage", type=click.Choice(["candidate", "release"]), help="The stage to judge at, as for check.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Judge as of this day (UTC) instead of today.")
def command(manifests: tuple[str, ...], output: str, *, check: bool, **given: object) -> int:
    """Record what fails or is unknown today, to adopt the gate over findings that are known.

    A known finding blocks only when it gets worse. It counts only once the file is merged into the base.
    """
    from policy_gate.cli.judging import judging_request
    from policy_gate.cli.paths import inside
    from policy_gate.excepting.findings import open_findings
    from policy_gate.excepting.known import baseline_path, check_baseline

    request = judging_request(manifests, given)
    with open_findings(request) as findings:
        path = baseline_path(findings, inside(output, request.root) if output else "")
        if check:
            return _say_stale(path, check_baseline(findings, path, only_some=bool(manifests)))
        return _make(findings, path, only_some=bool(manifests))


def _say_stale(path: str, stale: tuple[KnownState, ...]) -> int:
    from policy_gate.report.escaping import safe

    if not stale:
        click.echo(safe(f"{path}: every finding in it is still there"))
        return 0
    for words in _some([f"{one.id}: {one.status.value}" for one in stale]):
        click.echo(safe(words), err=True)
    click.echo(safe(f"{path} is stale: run `policy-gate baseline` and commit the result"), err=True)
    return 1


def _make(findings: Findings, path: str, *, only_some: bool) -> int:
    from policy_gate.cli.together import write_together
    from policy_gate.excepting.known import plan_baseline
    from policy_gate.model import Outcome
    from policy_gate.report.escaping import safe

    made = plan_baseline(findings, path, only_some=only_some)
    write_together(findings.request.root, {path: made.text})
    for line in (*_written(made, path), *_changed(made), *_never(made), *_next(findings, path)):
        click.echo(safe(line))
    return 3 if any(one.outcome is Outcome.ERROR for one in made.never) else 0


def _written(made: Made, path: str) -> Iterator[str]:
    number = len(made.known)
    yield f"{path}: {number} {'finding is' if number == 1 else 'findings are'} known"
    for rule, count in sorted(Counter(made.known).items()):
        yield f"  {rule}  {count}"


def _changed(made: Made) -> Iterator[str]:
    """What a reviewer of the new file has to see: it accepts findings that the old one did not."""
    if not made.replaces:
        return
    if made.new:
        yield f"{len(made.new)} of them are new, or worse than they were recorded: have these reviewed"
        yield from _some([_finding(one) for one in made.new])
    if made.stale:
        yield f"{len(made.stale)} that were known are gone or better"


def _never(made: Made) -> Iterator[str]:
    if made.never:
        yield f"{len(made.never)} cannot be known: signatures, policy, rules of a floor and errors hold for everybody"
        yield from _some([f"{_finding(one)} ({one.outcome.value})" for one in made.never])


def _next(findings: Findings, path: str) -> Iterator[str]:
    configuration = findings.configuration
    folder = configuration.beside("x").removesuffix("x")
    named = configuration.spec.baseline
    if not path.startswith(folder):
        yield f"No configuration can name it from there: it has to lie below {folder}"
    elif named is None or configuration.beside(named) != path:
        where = configuration.document.path if configuration.document is not None else "policy-gate.yaml"
        yield f"Add to {where}, under spec: `baseline: {path.removeprefix(folder)}`"
    yield "It counts only once it is merged into the base: no change can make its own findings known."
    yield "A known finding blocks when it gets worse; `policy-gate baseline --check` says when one is gone."


def _finding(judgement: Judgement) -> str:
    return f"{judgement.rule} {judgement.subject}: {judgement.message}"


def _some(lines: list[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more"
