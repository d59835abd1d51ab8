"""Renders a whole run in one of the formats that are made of an overview."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_gate.gate import Report
    from policy_gate.model import Record
    from policy_gate.overview import Overview


def overview_of(report: Report[Record]) -> Overview:
    """A run as every report is made of; nobody knows here where commits and runs are to be seen."""
    from policy_gate import __version__
    from policy_gate.overview import Overview

    return Overview(
        tool_version=__version__,
        records=report.presented,
        problems=report.problems,
        exit_code=report.exit_code,
        review=report.review,
        notes=report.notes,
    )


def render(overview: Overview, output_format: str) -> str:
    """The overview as `sarif`, `junit`, `markdown` or `github`."""
    return _renderer(output_format)(overview)


def _renderer(output_format: str) -> Callable[[Overview], str]:
    """The function of a format; each is imported alone."""
    if output_format == "sarif":
        from policy_gate.report.sarif import render_sarif

        return render_sarif
    if output_format == "junit":
        from policy_gate.report.junit import render_junit

        return render_junit
    if output_format == "markdown":
        from policy_gate.report.markdown_report import render_markdown

        return render_markdown
    from policy_gate.report.annotations import render_annotations

    return render_annotations
