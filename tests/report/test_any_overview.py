"""Whatever a record holds, every format renders it, within its limits and in its own grammar."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from formats_world import LINKS, commands
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_world import RECORDS, TEXT
from rendered_page import page
from test_check_run import within_limits
from test_sarif import own_rules

from policy_gate.errors import Problem
from policy_gate.overview import Overview
from policy_gate.report.annotations import render_annotations
from policy_gate.report.check_run import render_check_run
from policy_gate.report.junit import render_junit
from policy_gate.report.markdown_report import render_markdown
from policy_gate.report.sarif import render_sarif
from policy_gate.report.summary import render_summary

WHOLE = st.integers(-5, 2**40)
PROBLEMS = st.builds(Problem, message=TEXT, path=TEXT, line=WHOLE, column=WHOLE, hint=TEXT)
OVERVIEWS = st.builds(
    Overview,
    tool_version=TEXT,
    records=st.lists(RECORDS, max_size=2).map(tuple),
    problems=st.lists(PROBLEMS, max_size=2).map(tuple),
    exit_code=st.sampled_from([0, 1, 2, 3]),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    name=TEXT,
    links=st.just(LINKS),
    reproduce=TEXT,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(OVERVIEWS)
def test_every_overview_is_rendered_in_every_format(overview) -> None:
    ET.fromstring(render_junit(overview).encode("utf-8"))
    own_rules(json.loads(render_sarif(overview)))
    within_limits(render_check_run(overview))
    assert not page(render_summary(overview)).unclosed
    assert render_markdown(overview).startswith("# ")
    log = render_annotations(overview)
    found = commands(log)
    assert len(found) == log.count("\n")
    assert all(
        int(one.properties.get(name, 1)) >= 1 for one in found for name in ("line", "endLine", "col", "endColumn")
    )
