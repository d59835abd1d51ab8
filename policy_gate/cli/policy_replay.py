"""The `policy replay` command: what another policy would have said of past releases."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_gate.replayed import Replayed
    from policy_gate.workbench.policies import PolicyName
    from policy_gate.workbench.replaying import Shard, WhatIf

MAX_STANDARD_INPUT_BYTES = 512 * 1024**2
MAX_JOBS = 256
MAX_RELEASES = 10_000
FORMATS = ("text", "json", "csv")

EPILOG = (
    "Exit codes: 0 nothing would newly block, 1 something would, 2 a record or policy cannot be read or a release "
    "cannot be judged from its record, 3 internal error."
)


@click.command("replay", short_help="Judge past releases by another policy, and say which flip.", epilog=EPILOG)
@click.argument("records", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--policy", required=True, metavar="NEW", help="A pack, a configuration, or REVISION:FILE.")
@click.option("--against", metavar="OLD", help="Compare with this policy; default: with what the records hold.")
@click.option("--history", type=click.IntRange(1, MAX_RELEASES), metavar="N", help="The repository's last N releases.")
@click.option("--config", default="", metavar="FILE", help="Configuration that goes with a pack.")
@click.option(
    "--now", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Judge as of this day; default: each record's own."
)
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts, for jobs that share the work.")
@click.option(
    "--jobs",
    type=click.IntRange(0, MAX_JOBS),
    default=0,
    metavar="N",
    help="Processes; default: one a core, where there is work for it.",
)
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
@click.option("--output", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("-v", "--verbose", is_flag=True, help="Also list the releases that nothing changes for.")
def replay(  # the options of the command
    records: tuple[str, ...], history: int | None, output_format: str, output: str | None, **given: object
) -> int:
    """Judge past releases by the policy NEW: which flip, why, and how many would need a waiver.

    RECORDS are reports of `check --format json`, files of one record a line, folders, globs, or - for standard input;
    without any, those that the configuration names. Nothing is recomputed: a rule whose facts a record lacks is counted
    apart.
    """
    what = _what_if(given, jobs=_number(given["jobs"]))
    replayed = _replayed(what, records, history)
    from policy_gate.report.problems import render_problems

    if output_format != "json" or output:
        click.echo(render_problems(replayed.problems), err=True, nl=False)
    _write(_rendered(replayed, output_format, colour=output is None, show_all=bool(given["verbose"])), output)
    return replayed.exit_code


def _what_if(given: dict[str, object], jobs: int) -> WhatIf:
    from policy_gate.cli.paths import inside
    from policy_gate.gate import default_root
    from policy_gate.workbench.policies import PolicyPlace
    from policy_gate.workbench.replaying import WhatIf

    root = default_root(Path.cwd())
    config, now = str(given["config"]), given["now"]
    return WhatIf(
        policy=_policy_name(str(given["policy"]), root),
        against=_policy_name(str(given["against"]), root) if given["against"] else None,
        place=PolicyPlace(
            root=root, config=inside(config, root) if config else "", now=str(now)[:10] if now is not None else ""
        ),
        shard=_shard(given["shard"]),
        jobs=jobs,
    )


def _policy_name(words: str, root: Path) -> PolicyName:
    from dataclasses import replace

    from policy_gate.cli.paths import inside
    from policy_gate.workbench.policies import parse_policy_name

    name = parse_policy_name(words)
    is_on_disk = not name.pack and not name.revision
    return replace(name, path=inside(name.path, root)) if is_on_disk else name


def _shard(given: object) -> Shard:
    from policy_gate.errors import UsageError
    from policy_gate.workbench.replaying import Shard

    if given is None:
        return Shard()
    numbers = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", str(given), re.ASCII)
    if numbers is None or int(numbers[1]) > int(numbers[2]):
        raise UsageError(f"--shard {str(given)[:40]}: expected I/N with I from 1 to N, such as 2/5")
    return Shard(int(numbers[1]), int(numbers[2]))


def _number(given: object) -> int:
    return given if isinstance(given, int) else 0


def _replayed(what: WhatIf, records: Sequence[str], history: int | None) -> Replayed:
    from policy_gate.errors import UsageError

    if history is not None:
        if records:
            raise UsageError("--history reads the repository, so that it takes no RECORDS")
        from policy_gate.workbench.history import replay_history

        return replay_history(what, history)
    from policy_gate.workbench.record_files import STANDARD_INPUT, find_record_files
    from policy_gate.workbench.replaying import recorded_names, replay_files

    start, named = Path.cwd(), records
    if not named:
        start, named = what.place.root, recorded_names(what.place)
    given = _standard_input() if STANDARD_INPUT in named else b""
    return replay_files(what, find_record_files(named, start, given))


def _standard_input() -> bytes:
    from policy_gate.errors import UsageError

    content = sys.stdin.buffer.read(MAX_STANDARD_INPUT_BYTES + 1)
    if len(content) > MAX_STANDARD_INPUT_BYTES:
        raise UsageError(f"standard input has more than {MAX_STANDARD_INPUT_BYTES:,} bytes: name files instead")
    return content


def _rendered(replayed: Replayed, output_format: str, *, colour: bool, show_all: bool) -> str:
    import os

    if output_format == "json":
        from policy_gate.report.replay_json import render_replay_json

        return render_replay_json(replayed)
    if output_format == "csv":
        from policy_gate.report.replay_csv import render_replay_csv

        return render_replay_csv(replayed)
    from policy_gate.report.replay_text import render_replay
    from policy_gate.report.text import Style

    painted = colour and "NO_COLOR" not in os.environ and sys.stdout.isatty()
    return render_replay(replayed, Style(colour=painted), show_all=show_all)


def _write(text: str, output: str | None) -> None:
    if output is None:
        # JSON and CSV have the same bytes on every platform; what a console lacks stands as an escape.
        click.echo(text.encode(errors="backslashreplace"), nl=False)
        return
    from policy_gate.cli.writing import write_whole

    write_whole(Path(output), text)
