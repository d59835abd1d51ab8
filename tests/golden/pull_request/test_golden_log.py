from __future__ import annotations

import re

from golden_pushes import BROKEN, TODAY, PullRequest

from policy_gate import __version__
from policy_gate.actions.log import log_lines
from policy_gate.gate import Request
from policy_gate.gate.excerpt import source_lines
from policy_gate.report.annotations import render_annotations


def test_the_log_of_the_same_release_is_what_its_golden_file_shows(tmp_path, golden_file) -> None:
    pull = PullRequest(tmp_path)
    overview = pull.push(*BROKEN)
    lines = log_lines(overview, source_lines(Request(root=tmp_path, base=pull.base, today=TODAY)))
    log = "\n".join(lines).replace(f"policy-gate {__version__}", "policy-gate 0.4.0")
    log = re.sub(r"(?m)^(::|::stop-commands::)[0-9a-f]{32}(::)?$", r"\1(a random word)\2", log)
    golden_file("log.txt", f"{log}\n{render_annotations(overview)}")
