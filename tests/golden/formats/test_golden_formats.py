"""One release that fails two rules, warns of one, has one waived and passes the rest, in every format."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from golden_world import (
    DIGESTS,
    GROWTH,
    LICENCE,
    MACS,
    ON_NODE,
    judged,
    passed,
    release,
    rule,
    spoken,
    too_many_macs,
    wrong_digest,
)

from policy_gate.engine import BaseState
from policy_gate.errors import Problem
from policy_gate.model import Answer, Fix, Outcome, Subject, Verdict
from policy_gate.overview import Links, Overview, Suggestion
from policy_gate.report.annotations import render_annotations
from policy_gate.report.check_run import render_check_run
from policy_gate.report.junit import render_junit
from policy_gate.report.markdown_report import render_markdown
from policy_gate.report.sarif import render_sarif
from policy_gate.report.summary import render_summary
from policy_gate.review import SCHEMA as REVIEW_SCHEMA
from policy_gate.review import Direction, PolicyChange, PolicyReview

SIZES = rule("FPR-002", "Every artifact has the size the manifest states")
MEMORY = rule("COST-006", "Live memory fits the arena")
BASE = "base:" + "41d07e5c" * 5


def blocked_record():
    no_licence = Answer(
        outcome=Outcome.FAIL, message="the release states no licence", fixes=(Fix(text="add `license:`"),)
    )
    grown = Answer(outcome=Outcome.FAIL, message="more than before", measured=2_656_768, base=1_900_000, unit="MAC")
    record = judged(
        (DIGESTS, [spoken(wrong_digest(), "/artifacts/0/digest")]),
        (SIZES, [passed("100,351 bytes, as stated", "/artifacts/0/size")]),
        (MACS, [spoken(too_many_macs(), "/targets/0", ON_NODE)]),
        (GROWTH, [spoken(grown, "/targets/0", ON_NODE)]),
        (LICENCE, [spoken(no_licence, "/metadata", Subject("release"))]),
        (MEMORY, [passed("41,120 of 65,536 bytes", "/targets/0", ON_NODE)]),
        limits=("latency is predicted, not measured on a board",),
    )
    judgements = tuple(
        replace(one, outcome=Outcome.WAIVED, waiver="W-2026-014", note="waiver W-2026-014 by lee until 2026-12-31")
        if one.rule == "COST-003"
        else one
        for one in record.judgements
    )
    return replace(
        record,
        judgements=judgements,
        base=release(version="1.3.2", sequence=40, source=BASE),
        base_state=BaseState.FOUND,
        policy_source=BASE,
    )


def overview(**changes) -> Overview:
    given = {
        "tool_version": "0.4.0",
        "records": (blocked_record(),),
        "problems": (),
        "exit_code": 1,
        "links": Links(
            server="https://github.example", repository="acme/kws", head="9f3c2ab1" * 5, base="41d07e5c" * 5
        ),
        "reproduce": "policy-gate check release.yaml --base 41d07e5c",
        "suggestions": (
            Suggestion(
                findings=("FPR-001:artifact:kws:/artifacts/0/digest",),
                path="release.yaml",
                start_line=8,
                end_line=8,
                before=('    digest: "sha256:1111"',),
                after=('    digest: "sha256:2222"',),
                words="write the computed digest",
                changes_signed_bytes=True,
            ),
        ),
    }
    return Overview(**{**given, **changes})


def policy_review() -> PolicyReview:
    change = PolicyChange(
        subject=Subject("policy", ("parameter max_macs",)),
        pointer="",
        kind="parameter",
        what="max_macs[node-v2]",
        before="2000000",
        after="5000000",
        direction=Direction.LOOSER,
        source="head",
        path="policy-gate.yaml",
        line=7,
    )
    return PolicyReview(
        schema=REVIEW_SCHEMA,
        tool_version="0.4.0",
        base=f"main ({BASE})",
        head="work (head)",
        today="2026-11-23",
        changes=(change,),
        judgements=(),
        verdict=Verdict.ALLOWED,
        digest="sha256:" + "7b" * 32,
        notes=("the base permits to loosen rule COST-001: in force, until 2027-02-28, by security",),
    )


def unjudged() -> Overview:
    problem = Problem("unknown field 'artefacts'", "other/release.yaml", 4, 1, "did you mean 'artifacts'?")
    return overview(problems=(problem,), exit_code=2, suggestions=())


def as_text(run) -> str:
    """A check run as one page: what GitHub shows, field by field."""
    annotations = "\n".join(json.dumps(asdict(one), ensure_ascii=False, indent=1) for one in run.annotations)
    return f"{run.conclusion}\n{run.title}\n\n{run.summary}\n----\n\n{run.text}\n----\n\n{annotations}\n"


def pretty(sarif: str) -> str:
    return json.dumps(json.loads(sarif), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


FORMATS = {
    "summary.md": render_summary,
    "markdown.md": render_markdown,
    "annotations.txt": render_annotations,
    "check-run.md": lambda one: as_text(render_check_run(one)),
    "report.sarif": lambda one: pretty(render_sarif(one)),
    "junit.xml": render_junit,
}
CASES = {
    "blocked": overview,
    "unjudged": unjudged,
    "policy": lambda: overview(review=policy_review(), records=(judged((DIGESTS, [passed()])),), exit_code=0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_what_its_golden_file_shows(golden_file, name, case) -> None:
    golden_file(f"{case}-{name}", FORMATS[name](CASES[case]()))


def test_a_report_of_an_allowed_release_is_short(golden_file) -> None:
    allowed = overview(records=(judged((DIGESTS, [passed()])),), exit_code=0, suggestions=())
    golden_file("allowed-summary.md", render_summary(allowed))
    assert render_annotations(allowed) == ""
