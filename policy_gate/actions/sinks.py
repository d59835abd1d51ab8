"""What a run leaves behind without a token: files, outputs and the job summary; none of it changes the verdict."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from policy_gate.actions.inputs import FileFormat, Inputs
from policy_gate.actions.runner import Runner
from policy_gate.errors import GateError
from policy_gate.frozen import dataclass
from policy_gate.overview import Overview
from policy_gate.publication import key_of, short_digest

FILES: dict[FileFormat, str] = {"json": "report.json", "sarif": "report.sarif", "junit": "report.junit.xml"}
OVERVIEW = "overview.json"
MAX_SUMMARY_BYTES = 900 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a run left behind: outputs by name, and in words what could not be written."""

    outputs: dict[str, str]
    failures: tuple[str, ...] = ()


def folder_of(runner: Runner, name: str) -> Path | None:
    """The folder of a job's files, one for each name; None outside a runner."""
    key = key_of(name)
    plain = key.replace("/", "-").replace(":", "-").strip(".")
    own = key if plain == key else f"{plain}-{short_digest(name)}"
    return Path(runner.temp) / "policy-gate" / own if runner.temp else None


def leave(overview: Overview, inputs: Inputs, runner: Runner) -> Left:
    """Write files, summary and outputs; what fails is said and the rest is still written."""
    failures: list[str] = []
    outputs = {**counts(overview), **_files(overview, inputs, runner, failures)}
    if inputs.summary and runner.summary:
        made = _tried("the job summary", lambda: add_summary(runner, _summary(overview)), failures)
        if not made:
            _tried("the short job summary", lambda: add_summary(runner, _short_summary(overview)), [])
    if runner.output:
        _tried("the outputs", lambda: add_outputs(runner, outputs), failures)
    return Left(outputs=outputs, failures=tuple(failures))


def counts(overview: Overview) -> dict[str, str]:
    """The outputs that need no file."""
    verdict = overview.verdict
    judgements = [each for one in overview.records for each in one.judgements]
    judgements += overview.review.judgements if overview.review is not None else ()
    blocked = sum(one.verdict.value == "blocked" for one in overview.records)
    return {
        "verdict": verdict.value if verdict is not None else "unjudged",
        "exit-code": str(overview.exit_code),
        "releases": str(len(overview.records)),
        "blocked": str(blocked),
        "findings": str(sum(one.blocks for one in judgements)),
    }


def _files(overview: Overview, inputs: Inputs, runner: Runner, failures: list[str]) -> dict[str, str]:
    folder = folder_of(runner, inputs.name)
    if folder is None:
        return {}
    paths: dict[str, str] = {}
    for output, name, render in _renderings(overview, inputs):
        path = folder / name
        if _tried(name, partial(_put, path, render), failures):
            paths[output] = str(path)
    return paths


def _renderings(overview: Overview, inputs: Inputs) -> Iterator[tuple[str, str, Callable[[], str]]]:
    yield "overview", OVERVIEW, partial(_overview, overview)
    for one in inputs.formats:
        yield one, FILES[one], partial(_rendered, overview, one)


def _overview(overview: Overview) -> str:
    from policy_gate.actions.overview_file import encode_overview

    return encode_overview(overview)


def _rendered(overview: Overview, wanted: FileFormat) -> str:
    if wanted == "sarif":
        from policy_gate.report.sarif import render_sarif

        return render_sarif(overview)
    if wanted == "junit":
        from policy_gate.report.junit import render_junit

        return render_junit(overview)
    from policy_gate.record import encode_record
    from policy_gate.report.json import join_json

    encoded = [encode_record(one) for one in overview.records]
    return join_json(encoded, overview.problems, overview.exit_code, overview.review)


def _summary(overview: Overview) -> str:
    from policy_gate.report.summary import render_summary

    return render_summary(overview)


def _short_summary(overview: Overview) -> str:
    """What stands there when the page could not be made: words of our own only."""
    verdict = counts(overview)["verdict"]
    return f"**policy-gate: {verdict}** (exit code {overview.exit_code}). The whole report is in the log.\n"


def add_summary(runner: Runner, text: str) -> None:
    """Append Markdown to the job summary, bounded in bytes: GitHub drops one that is too large. Raises OSError."""
    content = text.encode("utf-8", "backslashreplace")
    if len(content) > MAX_SUMMARY_BYTES:
        content = b"The report is too large for the job summary; it is in the log.\n"
    _append(Path(runner.summary), content)


def add_outputs(runner: Runner, outputs: dict[str, str]) -> None:
    """Append outputs of a step, each behind a delimiter that nobody can foresee. Raises OSError and GateError."""
    from policy_gate.report.escaping import output_value

    text = "".join(output_value(name, value, f"end_{secrets.token_hex(16)}") for name, value in outputs.items())
    _append(Path(runner.output), text.encode("utf-8", "backslashreplace"))


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(content)


def _put(path: Path, render: Callable[[], str]) -> None:
    _write(path, render())


def _write(path: Path, text: str) -> None:
    """Put a whole file in its place: who looks sees the old one or the new one, and a link is not followed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _tried(what: str, write: Callable[[], None], failures: list[str]) -> bool:
    """Try one; whatever stops it is said, since the verdict is there already."""
    try:
        write()
    except (OSError, GateError) as error:
        failures.append(f"{what} could not be written: {_words(error)}")
    except Exception as error:  # noqa: BLE001  # a report that crashes must not take the verdict with it
        failures.append(f"{what} could not be made: {type(error).__name__}: {error}")
    else:
        return True
    return False


def _words(error: OSError | GateError) -> str:
    return str(error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
