"""The command line: one short module a command, imported only when it is called."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from io import TextIOWrapper

import click

from policy_gate import __version__

# Collecting cycles while modules load costs a tenth of a short run, and a run keeps all it builds until its end.
gc.disable()
# Plugins of pydantic are code of whatever else is installed: none of it runs inside the gate.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

COMMANDS = {
    "init": "Draft the smallest manifest and configuration for the models found here.",
    "check": "Judge releases and say what blocks them.",
    "inspect": "Show what a model computes and what it costs, without its weights.",
    "fix": "Write computed values into a manifest, keeping comments and order.",
    "explain": "Say what a rule promises, why, and how to keep it.",
    "waive": "Waive one finding for some days, have that approved, or list the waivers there are.",
    "baseline": "Record the findings there are, so that only new and worse ones block.",
    "policy": "Work with policies: lint, test, compare, replay, pin and fetch them.",
    "profile": "Work with device profiles: fit one to measurements, list, show and score them.",
    "privacy": "Account for differential privacy; show, extend and verify the ledger of it.",
    "action": "Judge as a step of a GitHub workflow: log, annotations, summary, outputs, files; no token.",
    "post": "Put what `action` found on the pull request, as far as the token may.",
    "schema": "Print the JSON Schema of a kind of file, for editors.",
}


class LazyGroup(click.Group):
    """A group whose help needs no command module: `--help` must cost no more than click itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"policy_gate.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="policy-gate", message="%(prog)s %(version)s")
def policy_gate() -> None:
    """Decide whether a release of an edge model may ship: recompute what its manifest claims, judge it by policy."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line; every refusal is one line per problem on standard error, never a traceback."""
    with _streams():
        _run(argv)


def _streams() -> AbstractContextManager[None]:
    if "GITHUB_ACTIONS" not in os.environ:
        return nullcontext()
    from policy_gate.cli.job_log import plain_streams

    return plain_streams()


def _run(argv: list[str] | None) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console that lacks a letter still gets the verdict
    try:
        code = policy_gate.main(args=argv, prog_name="policy-gate", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except click.Abort:
        code = 130
    except (BrokenPipeError, SystemExit):  # click turns a broken pipe into an exit of its own, with code 1
        _close_quietly()
        code = 2
    except Exception as error:  # noqa: BLE001  # the edge: an internal failure is exit 3, and never a traceback
        code = _refuse(error)
    sys.exit(_shown(code if isinstance(code, int) else 0))


def _shown(code: int) -> int:
    """A verdict that could not be written is none."""
    try:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.flush()
    except OSError:
        _close_quietly()
        return max(code, 2)
    return code


def _refuse(error: Exception) -> int:
    """Show what was refused, or that the gate itself failed; returns the exit code."""
    from policy_gate.errors import GateError, InternalError
    from policy_gate.report.problems import render_problems

    known: GateError = (
        error if isinstance(error, GateError) else InternalError(f"internal error: {type(error).__name__}: {error}")
    )
    click.echo(render_problems(known.problems), err=True, nl=False)
    return known.exit_code


def _close_quietly() -> None:
    """A reader that went away is no failure to report, and Python would report it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
