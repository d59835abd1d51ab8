"""The `check` command: argv becomes a request, the gate judges, reports are written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy_gate.errors import Problem
    from policy_gate.gate import Present, Report, Request
    from policy_gate.model import Record

T = TypeVar("T")

FORMATS = ("text", "json", "sarif", "junit", "markdown", "github")
EPILOG = "Exit codes: 0 allowed, 1 blocked, 2 could not be judged, 3 internal error."


@click.command("check", epilog=EPILOG)
@click.argument("manifests", nargs=-1, type=click.Path())
@click.option(
    "--base",
    "bases",
    multiple=True,
    metavar="BASE",
    help="A revision, by whose policies to judge; also record:PATH or bundle:PATH, to compare with.",
)
@click.option("--tree", default="working", metavar="TREE", help="What to judge: working, index, or a revision.")
@click.option("--bundle", type=click.Path(exists=True), help="Judge a bundle: a directory or an archive.")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--policy", "policies", multiple=True, metavar="PACK", help="builtin:NAME or a pack file; repeatable.")
@click.option("--stage", type=click.Choice(["candidate", "release"]), help="May the bytes still change, or not?")
@click.option("--fail-on", type=click.Choice(["blocked", "warned", "never"]), help="Exit 1 when; default: blocked.")
@click.option("--format", "output_format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Judge as of this day (UTC) instead of today.")
@click.option("--no-base", is_flag=True, help="In CI: accept the tree's own policies; the report says it is advice.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when every release is allowed.")
@click.option("-v", "--verbose", is_flag=True, help="Also list what passed.")
def command(output_format: str, output: str | None, *, quiet: bool, verbose: bool, **given: object) -> int:
    """Judge releases by policy; without MANIFESTS, every manifest the configuration names.

    Every value that can be recomputed is recomputed; what cannot be established does not pass.
    """
    request = _request(given)
    text, problems, exit_code = _reported(request, output_format, colour=_colour(output), verbose=verbose)
    if quiet and exit_code == 0 and not output:
        return 0
    if output_format == "text" or output:
        from policy_gate.report.problems import render_problems

        click.echo(render_problems(problems), err=True, nl=False)
    _write(text, output, output_format)
    return exit_code


def _reported(
    request: Request, output_format: str, *, colour: bool, verbose: bool
) -> tuple[str, tuple[Problem, ...], int]:
    """The report in its format, what could not be judged, and the exit code."""
    if output_format in ("text", "json"):
        report = _judged(request, _present(request, output_format, colour=colour, verbose=verbose))
        return _joined(report, request, output_format, colour=colour), report.problems, report.exit_code
    from policy_gate.cli.rendering import overview_of, render

    whole = _judged(request, lambda record, _: record)
    return render(overview_of(whole), output_format), whole.problems, whole.exit_code


def _judged(request: Request, present: Present[T]) -> Report[T]:
    """The report of a run, also of one that could judge nothing: every format says why."""
    from policy_gate.errors import GateError
    from policy_gate.gate import Report, judge_each

    try:
        return judge_each(request, present)
    except GateError as error:
        return Report(presented=(), problems=error.problems, exit_code=error.exit_code)


def _request(given: dict[str, object]) -> Request:
    import os
    from datetime import UTC, datetime

    from policy_gate.cli.paths import inside
    from policy_gate.errors import UsageError
    from policy_gate.gate import Request, default_root, split_bases
    from policy_gate.model import Stage

    bundle, tree = given["bundle"], str(given["tree"])
    base, compare = split_bases(map(str, given["bases"]) if isinstance(given["bases"], tuple) else ())
    fail_on = given["fail_on"]
    now = given["now"]
    today = datetime.now(UTC).date()
    day = now.date() if isinstance(now, datetime) else today
    in_ci = _in_ci(os.environ)
    if in_ci:
        if not base and not given["no_base"]:
            raise UsageError("in CI a release is judged against its base: pass --base REV, or --no-base to do without")
        if day < today:
            raise UsageError(f"--now {day}: in CI a release is not judged as of a day that is over")
    root = default_root(Path.cwd())
    manifests = given["manifests"]
    return Request(
        root=root,
        tree=f"bundle:{bundle}" if bundle else tree,
        base=base,
        compare=compare,
        config=_config(str(given["config"]), root, bundle=bool(bundle) and not base),
        policies=tuple(str(one) for one in given["policies"]) if isinstance(given["policies"], tuple) else (),
        stage=Stage(str(given["stage"])) if given["stage"] else None,
        fail_on=fail_on if fail_on in ("blocked", "warned", "never") else None,
        manifests=tuple(str(one) if bundle else inside(str(one), root) for one in manifests)
        if isinstance(manifests, tuple)
        else (),
        today=day,
        in_ci=in_ci,
        progress=_progress(),
    )


def _in_ci(environment: Mapping[str, str]) -> bool:
    """Whether a CI service runs this: most set CI to some word, some only a name of their own."""
    return environment.get("CI", "").lower() not in ("", "0", "false") or any(
        name in environment for name in ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
    )


def _config(path: str, root: Path, *, bundle: bool) -> str:
    from policy_gate.cli.paths import inside

    return path if bundle or not path else inside(path, root)


def _present(request: Request, output_format: str, *, colour: bool, verbose: bool) -> Present[str]:
    """How one record is printed: canonical JSON, or text, which is one line for an allowed release of many."""
    if output_format == "json":
        from policy_gate.record import encode_record

        return lambda record, _: encode_record(record)
    from policy_gate.gate.excerpt import source_lines
    from policy_gate.model import Verdict
    from policy_gate.report.text import FEW_RELEASES, Style, render_text, render_verdict

    lines, style = source_lines(request), Style(colour=colour)

    def text(record: Record, total: int) -> str:
        if total > FEW_RELEASES and record.verdict is Verdict.ALLOWED and not verbose:
            return render_verdict(record, style)
        return render_text(record, lines, style, show_passed=verbose)

    return text


def _joined(report: Report[str], request: Request, output_format: str, *, colour: bool) -> str:
    if output_format == "json":
        from policy_gate.report.json import join_json

        return join_json(report.presented, report.problems, report.exit_code, report.review)
    return "\n".join([*report.presented, *_review(report, request, colour=colour), *_notes(report)])


def _notes(report: Report[str]) -> list[str]:
    from policy_gate.report.escaping import safe

    return [f"note: {safe(note)}\n" for note in report.notes]


def _review(report: Report[str], request: Request, *, colour: bool) -> list[str]:
    """The result about the policy itself, after those about releases."""
    if report.review is None:
        return []
    from policy_gate.gate.excerpt import source_lines
    from policy_gate.report.policy_text import render_policy_text
    from policy_gate.report.text import Style

    return [render_policy_text(report.review, source_lines(request), Style(colour=colour))]


def _colour(output: str | None) -> bool:
    import os

    return output is None and "NO_COLOR" not in os.environ and sys.stdout.isatty()


def _write(text: str, output: str | None, output_format: str) -> None:
    if output is None:
        # What a machine reads is UTF-8 with plain line ends on every platform.
        click.echo(text if output_format == "text" else text.encode(errors="backslashreplace"), nl=False)
        return
    from policy_gate.cli.writing import write_whole

    write_whole(Path(output), text)


def _progress() -> Callable[[int], None] | None:
    """Show hashed bytes on a terminal, from the first half gigabyte on; nothing is written anywhere else."""
    if not sys.stderr.isatty():
        return None
    from policy_gate.cli.progress import Progress

    return Progress(sys.stderr).advance
