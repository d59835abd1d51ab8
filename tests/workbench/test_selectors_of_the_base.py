"""A selector is asked of the base too wherever a record is judged again: replayed, tested, or as past of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from replay_world import CONFIG, HEAD, Bench, git, manifest

from policy_gate.catalogue import fact_types
from policy_gate.engine import replay
from policy_gate.gate import Request, judge
from policy_gate.gate.judge import Judges
from policy_gate.gate.reviewing import _judge_of
from policy_gate.gate.trusted import PolicyFiles, read_configuration
from policy_gate.model import Outcome, Record
from policy_gate.record import decode_record, encode_record
from policy_gate.source import open_working_tree
from policy_gate.workbench.testing import run_tests

TODAY = date(2026, 11, 23)
PACK = f"""{HEAD}\
  parameters: {{least: {{type: integer, stricter: higher, default: 0, words: The least sequence.}}}}
  presets:
    cars: {{words: For cars., parameters: {{least: 100}}}}
  rules:
    - {{id: OWN-001, title: Ours, severity: high, assert: "manifest.metadata.sequence >= params.least",
       rationale: Because., remediation: Mend it.}}
"""
SELECTING = (
    f"{CONFIG}  policy: [own.yaml]\n  select: [{{when: \"manifest.metadata.license == 'Cars'\", preset: cars}}]\n"
)
TEST = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyTest
config: policy-gate.yaml
cases:
  - {name: what was for cars is for cars, record: last.json, expect: {OWN-001: fail}}
"""


@dataclass(frozen=True)
class Past:
    """A release whose base was for cars, and which says so no more; it was judged without selectors."""

    root: Path
    record: Record


@pytest.fixture
def past(tmp_path) -> Past:
    bench = Bench(tmp_path)
    bench.write("own.yaml", PACK)
    bench.write("policy-gate.yaml", f"{CONFIG}  policy: [own.yaml]\n")
    bench.write("labels.txt", "labels")
    text = manifest(b"labels").replace("sequence: 1", "sequence: 1, license: Cars")
    bench.write("release.yaml", text)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    bench.write("release.yaml", text.replace("sequence: 1, license: Cars", "sequence: 2, license: Toys"))
    (record,) = judge(Request(root=tmp_path, today=TODAY)).presented
    assert record.base is not None
    bench.write("last.json", encode_record(record))
    bench.write("policy-gate.yaml", SELECTING)
    return Past(tmp_path, decode_record(encode_record(record), fact_types()))


def test_a_replay_asks_the_base_of_each_record(past) -> None:
    release = Bench(past.root).one("policy-gate.yaml", "last.json")
    assert [(one.rule, one.after) for one in release.flips] == [("OWN-001", Outcome.FAIL)]


def test_a_policy_test_asks_the_base_of_its_record(past) -> None:
    (past.root / "own-test.yaml").write_text(TEST)
    with open_working_tree(past.root) as tree:
        result = run_tests(tree, "own-test.yaml")
    assert result.problems == ()
    assert [one.state.value for one in result.cases] == ["held"]


def test_the_past_of_a_change_of_policy_is_judged_with_its_base(past) -> None:
    with open_working_tree(past.root) as tree:
        files = PolicyFiles(read_configuration("", tree, from_base=False), TODAY.isoformat())
        policy = files.policy(files.configuration.spec.policy, past.record.stage)
        judged = _judge_of({past.record.stage: Judges(policy, past.record.stage, TODAY.isoformat())}, past.record)
    found = replay(past.record, judged.rules, parameters=judged.parameters)
    assert [one.outcome for one in found.judgements] == [Outcome.FAIL]
