"""Policy tests: a case is held to its word, and what hits nothing is refused at its line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from testing_world import FIXTURE, HEAD, OWN, PACK, Lab, make_lab

from policy_gate.report.policy_test_text import render_policy_tests
from policy_gate.source.working import FolderTree
from policy_gate.tested import CaseState


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


def macs(total: object) -> str:
    return f"facts: [{{fact: cost.target_macs, subject: target node-v2, set: {{total: {total}}}}}]"


@pytest.mark.parametrize(
    ("patch", "anchor", "said"),
    [
        ("facts: [{fact: cost.targetmacs, subject: target node-v2, set: {total: 1}}]", "cost.t", "cost.target_macs'?"),
        ("facts: [{fact: lineage.graph, subject: release, set: {nodez: 1}}]", "1}", "nothing at '/nodez'"),
        ("facts: [{fact: lineage.graph, subject: artifact kws, set: {nodes: 1}}]", "artifact", "subjects: release"),
        (
            "facts: [{fact: lineage.graph, subject: release, set: {/cycles/0/path: [a]}}]",
            "[a]",
            "nothing at '/cycles/0'",
        ),
        ("facts: [{fact: cost.nothing_of_it, subject: release, remove: true}]", "cost.n", "there is no fact type"),
        ("claims: {/nothing/here: 1}", "1}", "nothing at '/nothing'"),
        ("claims: {/metadata/owner: ~delete}", "~", "nothing at '/metadata/owner' to take out"),
        ("claims: {/artifacts/9: 1}", "1}", "nothing at '/artifacts/9'"),
        ("claims: {artifacts: 1}", "artifacts", "no JSON pointer such as /artifacts/0"),
        (
            "missing: [{fact: lineage.graph, subject: dataset nobody, reason: unreadable}]",
            "dataset",
            "subjects: release",
        ),
        ("missing: [{fact: lineage.graph, subject: release, reason: tired}]", "tired", "not declared"),
        ("base: {facts: [{fact: lineage.graph, subject: release, remove: true}]}", "lineage", "no rule asked for it"),
    ],
)
def test_a_patch_that_hits_nothing_is_refused_at_its_place(lab, patch, anchor, said) -> None:
    case = f"{{name: it misses, {patch}, expect: {{all: pass}}}}"
    column = f"  - {case}".index(anchor) + 1
    refused = lab.refused(case)
    assert said in refused
    assert refused.startswith(f"tests/own.yaml:6:{column}: ")


@pytest.mark.parametrize("value", ["'9'", "9.5", "true", "~", "[9]", "-1e400", "nine"])
def test_a_value_of_a_wrong_type_is_refused(lab, value) -> None:
    refused = lab.refused(f"{{name: wrong type, {macs(value)}, expect: {{all: pass}}}}")
    assert refused.startswith("tests/own.yaml:6:")


def test_a_wrong_value_names_the_field_of_the_fact(lab) -> None:
    refused = lab.refused(f"{{name: wrong type, {macs('nine')}, expect: {{all: pass}}}}")
    assert refused == "tests/own.yaml:6:95: the fact's total: input should be a valid integer"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{name: abc, expect: {OWN-003: pass}}", "the policy has no rule OWN-003"),
        ("{name: abc, expect: {all: fail}}", "`all` may only be `pass`"),
        ("{name: abc, expect: {}}", "expect"),
        ("{name: abc}", "has no 'expect'"),
        ("{name: abc, expect: {OWN-001: maybe}}", "OWN-001"),
        ("{name: abc, expect: {OWN-001: []}}", "is a list of 0"),
        ("{name: abc, expect: {own-001: pass}}", "'own-001' is neither a rule id"),
        ("{name: abc, expects: {all: pass}, expect: {all: pass}}", "did you mean 'expect'?"),
        ("{name: abc, now: 2026-02-30, expect: {all: pass}}", "'2026-02-30' is no day"),
        ("{name: abc, stage: nightly, expect: {all: pass}}", "stage"),
        ("{name: abc, base: gone, expect: {all: pass}}", "base"),
        ("{name: abc, facts: [{fact: lineage.graph, subject: release}], expect: {all: pass}}", "one of `set`, `add`"),
        (
            "{name: abc, facts: [{fact: lineage.graph, subject: release, remove: true, set: {nodes: 1}}], expect: {all: pass}}",
            "one of `set`, `add`",
        ),
        ("{name: abc, record: ../../../etc/passwd, expect: {all: pass}}", "path refused"),
        ("{name: abc, record: /etc/passwd, expect: {all: pass}}", "path refused"),
        ("{name: abc, record: gone.json, expect: {all: pass}}", "not in checkout"),
        ("{name: abc, record: ../pack.yaml, expect: {all: pass}}", "not a record"),
        ("{name: abc, waivers: gone.yaml, expect: {all: pass}}", "not in checkout"),
        ("{name: abc, waivers: record.json, expect: {all: pass}}", "record.json"),
        ("{name: abc, baseline: gone.json, expect: {all: pass}}", "not in checkout"),
    ],
)
def test_a_case_that_is_not_clear_is_refused(lab, case, said) -> None:
    assert said in lab.refused(case)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "policy: [../pack.yaml]\ncases: []\n", "cases"),
        (HEAD + "cases: [{name: abc, expect: {all: pass}}]\n", "either `policy` or `config`"),
        (OWN + "config: ../c.yaml\ncases: [{name: abc, expect: {all: pass}}]\n", "either `policy` or `config`"),
        (HEAD + "policy: [../pack.yaml]\ncases: [{name: abc, expect: {all: pass}}]\n", "names no record"),
        (
            HEAD
            + "policy: [../gone.yaml]\ndefaults: {record: record.json}\ncases: [{name: abc, expect: {all: pass}}]\n",
            "gone.yaml",
        ),
        (HEAD + "config: ../gone.yaml\ncases: [{name: abc, record: record.json, expect: {all: pass}}]\n", "gone.yaml"),
        (
            OWN + "cases: [{name: abc, expect: {all: pass}}, {name: abc, expect: {all: pass}}]\n",
            "cases[0] has this name",
        ),
        (OWN + "cases: &a [{name: abc, expect: {all: pass}}]\n", "anchor"),
        (OWN + "case: []\ncases: [{name: abc, expect: {all: pass}}]\n", "unknown field 'case'"),
        ("kind: PolicyTest\n", "apiVersion"),
        (OWN + "cases: [{name: abc, expect: {all: pass}}]\nx: [\n", "own.yaml"),
    ],
)
def test_a_file_that_is_not_clear_cannot_be_run(lab, text, said) -> None:
    result = lab.run(text)
    assert result.exit_code == 2
    assert not result.cases
    assert said in "\n".join(map(str, result.problems))


def test_every_problem_of_a_file_is_told_at_once(lab) -> None:
    case = "{{name: {name}, claims: {{/nothing/{name}: 1}}, expect: {{all: pass}}}}"
    result = lab.cases(case.format(name="one"), case.format(name="two"))
    assert len(result.problems) == 2


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="no symbolic links here")
def test_a_record_behind_a_link_is_refused(lab) -> None:
    (lab.root / "tests" / "link.json").symlink_to(FIXTURE)
    assert "symbolic link" in lab.refused("{name: abc, record: link.json, expect: {all: pass}}")


@pytest.mark.parametrize(
    "change",
    [
        lambda record: {**record, "judge": 1},
        lambda record: {**record, "today": 5},
        lambda record: {**record, "facts": [{**record["facts"][0], "fact": "cost.nothing"}]},
        lambda record: {"schema": "policy-gate/report/v1alpha1", "records": []},
        lambda record: {"schema": "policy-gate/report/v1alpha1", "records": [record, record]},
        lambda record: [record],
    ],
)
def test_what_is_no_record_is_no_ground_for_a_test(lab, change) -> None:
    record = json.loads(FIXTURE.read_bytes())
    lab.write("tests/bad.json", json.dumps(change(record)))
    assert lab.refused("{name: abc, record: bad.json, expect: {all: pass}}").startswith("tests/own.yaml:6:")


def test_a_record_of_nothing_but_brackets_is_refused(lab) -> None:
    lab.write("tests/bad.json", "[" * 200_000)
    assert "not a record" in lab.refused("{name: abc, record: bad.json, expect: {all: pass}}")


def test_the_report_of_one_release_serves_as_its_record(lab) -> None:
    report = {"schema": "policy-gate/report/v1alpha1", "exit_code": 0, "problems": []}
    lab.write("tests/report.json", json.dumps({**report, "records": [json.loads(FIXTURE.read_bytes())]}))
    assert lab.cases("{name: abc, record: report.json, expect: {all: pass}}").exit_code == 0


def test_a_release_that_keeps_every_rule_holds(lab) -> None:
    result = lab.cases("{name: as it is, expect: {all: pass}}")
    assert result.exit_code == 0
    assert [case.state for case in result.cases] == [CaseState.HELD]


def test_a_case_that_expects_a_pass_and_gets_a_fail_says_both(lab) -> None:
    result = lab.cases(f"{{name: too many, {macs(9000000)}, expect: {{all: pass}}}}")
    assert result.exit_code == 1
    (miss,) = result.cases[0].misses
    assert (miss.rule, miss.expected, miss.actual) == ("OWN-002", "pass", "fail about target node-v2")
    assert miss.message == "target node-v2 takes 9000000"
    assert (miss.place.pointer, miss.place.line) == ("/artifacts/0/path", 14)
    assert (miss.written.path, miss.written.line) == ("tests/own.yaml", 6)


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ("fail", True),
        ("pass", False),
        ("unknown", False),
        ("{outcome: fail, at: /artifacts/0/path}", True),
        ("{outcome: fail, at: /artifacts/0}", False),
        ("{outcome: fail, at: 14}", True),
        ("{outcome: fail, at: 15}", False),
        ("{outcome: fail, subject: target node-v2}", True),
        ("{outcome: fail, subject: target node-v3}", False),
        ("{outcome: fail, reason: unreadable}", False),
        ("{outcome: fail, waiver: W-1}", False),
        ("{outcome: fail, blocks: true}", True),
        ("{outcome: fail, blocks: false}", False),
        ("[{outcome: fail}, {outcome: pass}]", False),
        ("[{outcome: fail}, {outcome: fail, at: 14}]", True),
    ],
)
def test_an_expectation_holds_in_all_its_parts_or_not_at_all(lab, expected, holds) -> None:
    result = lab.cases(f"{{name: too many, {macs(9000000)}, expect: {{OWN-002: {expected}}}}}")
    assert result.exit_code == (0 if holds else 1), result


def test_the_gravest_outcome_speaks_for_a_rule(lab) -> None:
    more = "{fact: cost.target_macs, subject: target node-v3, add: {total: 9000000, models: []}}"
    assert lab.cases(f"{{name: two targets, facts: [{more}], expect: {{OWN-002: fail}}}}").exit_code == 0
    assert lab.cases(f"{{name: two targets, facts: [{more}], expect: {{OWN-002: pass}}}}").exit_code == 1
    apart = "{OWN-002: [{outcome: pass, subject: target node-v2}, {outcome: fail, subject: target node-v3}]}"
    assert lab.cases(f"{{name: two targets, facts: [{more}], expect: {apart}}}").exit_code == 0


def test_a_fact_that_is_taken_out_leaves_its_rule_unknown(lab) -> None:
    gone = "facts: [{fact: cost.target_macs, subject: target node-v2, remove: true}]"
    expected = "{outcome: unknown, reason: not in the record}"
    assert lab.cases(f"{{name: gone, {gone}, expect: {{OWN-002: {expected}, all: pass}}}}").exit_code == 0


def test_a_fact_that_is_missing_has_the_reason_of_the_test(lab) -> None:
    lost = "missing: [{fact: cost.target_macs, subject: target node-v2, reason: LFS pointer, detail: a pointer}]"
    expected = "{outcome: unknown, reason: LFS pointer, at: /artifacts/0/path}"
    assert lab.cases(f"{{name: lost, {lost}, expect: {{OWN-002: {expected}}}}}").exit_code == 0


def test_a_missing_fact_is_not_changed_but_added_whole(lab) -> None:
    record = json.loads(FIXTURE.read_bytes())
    kept = [one for one in record["facts"] if one["fact"] != "cost.target_macs"]
    lost = {
        "fact": "cost.target_macs",
        "subject": {"kind": "target", "names": ["node-v2"]},
        "pointer": "/targets/0",
        "reason": "unreadable",
        "detail": "no model",
        "fixes": [],
    }
    lab.write("tests/lost.json", json.dumps({**record, "facts": kept, "missing": [*record["missing"], lost]}))
    assert "write the whole fact under `add`" in lab.refused(
        f"{{name: lost, record: lost.json, {macs(1)}, expect: {{all: pass}}}}"
    )
    found = "facts: [{fact: cost.target_macs, subject: target node-v2, add: {total: 1, models: []}}]"
    assert lab.cases(f"{{name: found, record: lost.json, {found}, expect: {{all: pass}}}}").exit_code == 0
    assert "already" in lab.refused(f"{{name: twice, {found}, expect: {{all: pass}}}}")


def test_two_facts_about_one_subject_are_told_apart_by_their_pointer(lab) -> None:
    head = HEAD + "policy: ['builtin:lineage']\ndefaults: {record: record.json}\n"
    patch = "fact: lineage.node_term, subject: 'dataset dataset:speech', set: {days_left: -1}"
    refused = lab.refused(f"{{name: which, facts: [{{{patch}}}], expect: {{LIN-009: fail}}}}", head=head)
    assert "say which by `at`: '/lineage/nodes/0/legal_basis/expires', '/lineage/nodes/0/retention_until'" in refused
    at = "at: /lineage/nodes/0/retention_until"
    expected = "{outcome: fail, at: /lineage/nodes/0/retention_until}"
    case = f"{{name: which, facts: [{{{patch}, {at}}}], expect: {{LIN-009: {expected}, all: pass}}}}"
    assert lab.cases(case, head=head).exit_code == 0


def test_claims_are_what_conditions_read(lab) -> None:
    patched = f"claims: {{/rollback: ~delete}}, {macs(9000000)}"
    assert lab.cases(f"{{name: no rollback, {patched}, expect: {{OWN-002: not_applicable, all: pass}}}}").exit_code == 0
    listed = "claims: {/targets: []}"
    assert lab.cases(f"{{name: no target, {listed}, expect: {{OWN-001: {{outcome: fail}}}}}}").exit_code == 0
    more = "claims: {/targets/-: {id: node-v3}, /metadata/license: MIT}"
    assert lab.cases(f"{{name: more, {more}, expect: {{all: pass}}}}").exit_code == 0


def test_patches_of_one_case_do_not_reach_the_next(lab) -> None:
    result = lab.cases(
        "{name: gone, claims: {/metadata/license: ~delete}, expect: {OWN-001: fail}}",
        f"{{name: too many, {macs(9000000)}, expect: {{OWN-002: fail}}}}",
        "{name: as it is, expect: {all: pass}}",
    )
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("base", "outcome"),
    [
        ("", "pass"),
        ("base: none,", "not_applicable"),
        ("base: first,", "not_applicable"),
        ("base: broken,", "unknown"),
        ("base: {facts: [{fact: release.state, subject: release, set: {sequence: 99}}]},", "fail"),
        ("base: {missing: [{fact: release.state, subject: release, reason: unreadable}]},", "unknown"),
    ],
)
def test_the_base_is_patched_as_the_release_is(lab, base, outcome) -> None:
    head = HEAD + "policy: ['builtin:release']\ndefaults: {record: record.json}\n"
    assert lab.cases(f"{{name: beside its base, {base} expect: {{REL-001: {outcome}}}}}", head=head).exit_code == 0


def test_a_record_without_a_base_has_none_to_patch(lab) -> None:
    record = json.loads(FIXTURE.read_bytes())
    alone = {"base": None, "base_state": "no baseline: there is no base revision", "base_facts": [], "base_claims": {}}
    lab.write("tests/alone.json", json.dumps({**record, **alone}))
    assert "has no base to patch" in lab.refused("{name: alone, record: alone.json, base: {}, expect: {all: pass}}")


def test_a_known_gap_is_told_and_fails_nothing(lab) -> None:
    result = lab.cases(f"{{name: a gap, todo: true, {macs(9000000)}, expect: {{OWN-002: pass}}}}")
    assert (result.exit_code, result.cases[0].state) == (0, CaseState.KNOWN_GAP)
    assert result.cases[0].misses


def test_a_gap_that_is_closed_must_lose_its_mark(lab) -> None:
    result = lab.cases("{name: no gap, todo: true, expect: {all: pass}}")
    assert (result.exit_code, result.cases[0].state) == (1, CaseState.GAP_CLOSED)


def test_a_gap_hides_no_broken_patch(lab) -> None:
    assert "nothing at" in lab.refused("{name: a gap, todo: true, claims: {/no/such: 1}, expect: {all: pass}}")


def test_a_rule_is_judged_at_its_stage_only(lab) -> None:
    lab.write("pack.yaml", PACK.replace("      each:", "      stages: [release]\n      each:"))
    assert lab.cases("{name: a release, expect: {OWN-002: pass}}").exit_code == 0
    result = lab.cases("{name: a candidate, stage: candidate, expect: {OWN-002: pass}}")
    assert (result.exit_code, result.cases[0].misses[0].actual) == (1, "not judged")


def test_a_stage_without_a_rule_cannot_be_tested(lab) -> None:
    lab.write("pack.yaml", PACK.replace("      severity: low", "      severity: low\n      stages: [release]"))
    assert "no rule" in lab.refused("{name: a candidate, stage: candidate, expect: {all: pass}}")


def test_the_clock_is_that_of_the_case(lab) -> None:
    before = PACK.replace("fact.total <=", "today < '2027-06-01' && fact.total <=")
    lab.write("pack.yaml", before)
    assert lab.cases("{name: before, now: 2027-05-31, expect: {OWN-002: pass}}").exit_code == 0
    assert lab.cases("{name: after, now: 2027-06-01, expect: {OWN-002: fail}}").exit_code == 0


@pytest.mark.parametrize(("day", "blocks"), [("2027-01-14", "false"), ("2027-01-15", "true")])
def test_a_rule_blocks_from_its_day_on(lab, day, blocks) -> None:
    lab.write(
        "pack.yaml", PACK.replace("      each:", "      rollout: {mode: warn, effective_on: 2027-01-15}\n      each:")
    )
    expected = f"{{outcome: fail, blocks: {blocks}}}"
    assert lab.cases(f"{{name: a day, now: {day}, {macs(9000000)}, expect: {{OWN-002: {expected}}}}}").exit_code == 0


WAIVER = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - {id: W-1, rule: OWN-002, release: keyword-spotting, subject: target node-v2, owner: jane@x, approved_by: [joe],
     reason: for a test, granted: 2026-12-01, expires: 2027-01-31}
"""


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-12-01", "{outcome: waived, waiver: W-1}"),
        ("2027-01-31", "{outcome: waived, waiver: W-1}"),
        ("2027-02-01", "{outcome: fail, waiver: ''}"),
    ],
)
def test_a_waiver_covers_to_its_last_day(lab, day, expected) -> None:
    lab.write("tests/waivers.yaml", WAIVER)
    waived = f"waivers: waivers.yaml, now: {day}, {macs(9000000)}"
    expected = expected.replace(", waiver: ''", "")
    assert lab.cases(f"{{name: waived, {waived}, expect: {{OWN-002: {expected}}}}}").exit_code == 0


def test_without_the_file_nothing_is_waived(lab) -> None:
    lab.write("tests/waivers.yaml", WAIVER)
    assert lab.cases(f"{{name: not waived, {macs(9000000)}, expect: {{OWN-002: fail}}}}").exit_code == 0


CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [pack.yaml]
  parameters: {most: 1000}
"""


def test_a_configuration_is_tested_with_its_overlays(lab) -> None:
    lab.write("policy-gate.yaml", CONFIG)
    head = HEAD + "config: ../policy-gate.yaml\ndefaults: {record: record.json}\n"
    assert lab.cases("{name: as configured, expect: {OWN-002: fail}}", head=head).exit_code == 0
    assert lab.cases("{name: as in the pack, expect: {OWN-002: pass}}").exit_code == 0


def test_waivers_of_a_configuration_play_no_part(lab) -> None:
    lab.write("policy-gate.yaml", CONFIG + "  waivers: tests/waivers.yaml\n")
    lab.write("tests/waivers.yaml", WAIVER)
    head = HEAD + "config: ../policy-gate.yaml\ndefaults: {record: record.json}\n"
    assert lab.cases("{name: as configured, expect: {OWN-002: fail}}", head=head).exit_code == 0


def test_a_preset_that_a_claim_selects_is_tested_too(lab) -> None:
    presets = "  presets: {tight: {words: Less of it., parameters: {most: 1000}}}\n"
    lab.write("pack.yaml", PACK.replace("  rules:\n", presets + "  rules:\n"))
    select = "  select: [{when: \"manifest.metadata.version == '2.0'\", preset: tight}]\n"
    lab.write("policy-gate.yaml", CONFIG.replace("  parameters: {most: 1000}\n", select))
    head = HEAD + "config: ../policy-gate.yaml\ndefaults: {record: record.json}\n"
    result = lab.cases(
        "{name: usual, expect: {OWN-002: pass}}",
        "{name: tight, claims: {/metadata/version: '2.0'}, expect: {OWN-002: fail}}",
        head=head,
    )
    assert result.exit_code == 0


def test_nothing_but_the_named_files_is_read(lab, monkeypatch) -> None:
    lab.cases("{name: as it is, expect: {all: pass}}")
    opened: list[str] = []
    usual = FolderTree.seekable
    monkeypatch.setattr(FolderTree, "seekable", lambda tree, path: opened.append(path) or usual(tree, path))
    lab.cases("{name: as it is, expect: {all: pass}}")
    assert sorted(opened) == ["pack.yaml", "tests/own.yaml", "tests/record.json"]


def test_the_example_of_the_documentation_holds_as_it_is_printed(tmp_path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "testing-policies.md").read_text(encoding="utf-8")
    pack, test, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    shown = re.findall(r"\$ policy-gate policy test tests\n(.*?)```", page, re.DOTALL)[0]
    lab = Lab(tmp_path, "tests/acme.yaml")
    lab.write("packs/acme.yaml", pack)
    lab.write("tests/good.json", FIXTURE.read_bytes())
    assert render_policy_tests([lab.run(test)]) == shown
