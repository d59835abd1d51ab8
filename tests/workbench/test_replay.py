from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay_world import (
    CONFIG,
    DIGESTS,
    EXAMPLE,
    FOLDER,
    HEAD,
    Bench,
    changed,
    example_records,
    own_rule,
    small_records,
)

from policy_gate.catalogue import fact_types
from policy_gate.engine.past import Compared, PastRelease, flips_over
from policy_gate.engine.record_reading import RecordReader, parse_document
from policy_gate.errors import GateError, PolicyError, UsageError
from policy_gate.model import Mode, Outcome, Place, Severity, Stage, Subject
from policy_gate.record import ENVELOPE
from policy_gate.replayed import ReplayedFlip, ReplayedRelease, Said, Waivable
from policy_gate.workbench.policies import NamedPolicy, PolicyPlace, parse_policy_name
from policy_gate.workbench.summing import Heading, summed_up

COUNT = 9
READER = RecordReader(fact_types())


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> dict[str, str]:
    return example_records(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> list[str]:
    return small_records(tmp_path_factory.mktemp("small"), COUNT)


@pytest.fixture
def bench(tmp_path, small) -> Bench:
    """Records of small releases, the pack that judged them, and no configuration."""
    made = Bench(tmp_path)
    made.write("records/all.jsonl", "".join(f"{one}\n" for one in small))
    made.write("digests.yaml", DIGESTS)
    return made


@pytest.fixture
def example(tmp_path, examples) -> Bench:
    """The records of the example, and its configuration."""
    made = Bench(tmp_path)
    for name, record in examples.items():
        made.write(f"records/{name}.json", record)
    made.write(f"{FOLDER}/policy-gate.yaml", (EXAMPLE / "policy-gate.yaml").read_bytes())
    made.write(f"{FOLDER}/trust.yaml", (EXAMPLE / "trust.yaml").read_bytes())
    return made


def edit(bench: Bench, before: str, after: str) -> str:
    """The example's configuration under another name, with one change."""
    text = (bench.root / FOLDER / "policy-gate.yaml").read_text()
    assert text.count(before) == 1
    bench.write(f"{FOLDER}/new.yaml", text.replace(before, after))
    return f"{FOLDER}/new.yaml"


def flips(release: ReplayedRelease) -> list[tuple[str, str, str, str]]:
    return [(one.rule, str(one.subject), str(one.before), str(one.after)) for one in release.flips]


# The same policy


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_policy_that_judged_a_release_says_the_same_of_its_record_places_included(example, examples, name) -> None:
    record = READER.read(parse_document(examples[name].encode()))
    with NamedPolicy(parse_policy_name(f"{FOLDER}/policy-gate.yaml"), PolicyPlace(root=example.root)) as policy:
        again = policy.judge_of(record).judge(record)
    assert again == record.judgements
    assert len({one.rule for one in again}) > 40


def test_the_policy_that_judged_releases_flips_nothing(example) -> None:
    replayed = example.replay(f"{FOLDER}/policy-gate.yaml")
    assert [release.flips for release in replayed.releases] == [(), ()]
    assert (replayed.exit_code, replayed.rules_gone, replayed.rules_new) == (0, (), ())
    assert [(one.before, one.after, one.unsaid) for one in replayed.releases] == [
        (Said.ALLOWED, Said.ALLOWED, ()),
        (Said.BLOCKED, Said.BLOCKED, ()),
    ]


# Another policy


def test_a_stricter_parameter_flips_exactly_the_findings_it_is_about(example) -> None:
    replayed = example.replay(edit(example, "max_macs: {node-v2: 3000000}", "max_macs: {node-v2: 2000000}"))
    assert [flips(one) for one in replayed.releases] == [[("COST-005", "target node-v2", "pass", "fail")]] * 2
    assert [(one.before, one.after) for one in replayed.releases] == [
        (Said.ALLOWED, Said.BLOCKED),
        (Said.BLOCKED, Said.BLOCKED),
    ]
    assert replayed.exit_code == 1
    assert (replayed.totals.newly_blocked, replayed.totals.waivers_needed) == (1, 2)


def test_a_flip_says_why_with_its_values_and_both_places(example) -> None:
    flip = example.replay(edit(example, "{node-v2: 3000000}", "{node-v2: 2000000}")).releases[0].flips[0]
    assert (flip.measured, flip.limit, flip.unit, flip.waivable) == (2656768, 2000000, "MAC", Waivable.YES)
    assert flip.place.path == f"{FOLDER}/release.yaml"
    assert flip.place.line > 1
    assert flip.limit_place is not None
    assert flip.limit_place.path == f"{FOLDER}/new.yaml"


def test_a_limit_that_still_holds_flips_nothing(example) -> None:
    assert example.replay(edit(example, "{node-v2: 3000000}", "{node-v2: 2656768}")).exit_code == 0


def test_against_another_policy_what_the_record_holds_does_not_matter(example) -> None:
    strict = edit(example, "{node-v2: 3000000}", "{node-v2: 2000000}")
    replayed = example.replay(f"{FOLDER}/policy-gate.yaml", against=strict)
    assert flips(replayed.releases[0]) == [("COST-005", "target node-v2", "fail", "pass")]
    assert (replayed.releases[0].before, replayed.releases[0].after) == (Said.BLOCKED, Said.ALLOWED)
    assert (replayed.exit_code, replayed.totals.newly_allowed) == (0, 1)


def test_what_nobody_knows_would_block_and_cannot_be_waived(example) -> None:
    release = example.replay("builtin:edge-strict", "records/first.json", config=f"{FOLDER}/policy-gate.yaml").releases[
        0
    ]
    rollback = next(one for one in release.flips if one.rule == "REL-010")
    assert (rollback.after, rollback.newly_blocks, rollback.waivable) == (Outcome.UNKNOWN, True, Waivable.NO)


def test_a_rule_about_signatures_would_block_and_cannot_be_waived(example) -> None:
    example.write("bare.yaml", f"{CONFIG}  policy: [digests.yaml]\n")
    example.write("digests.yaml", DIGESTS)
    release = example.replay(f"{FOLDER}/policy-gate.yaml", "records/second.json", against="bare.yaml").releases[0]
    signed = [one for one in release.flips if one.rule.startswith("SIG-") and one.newly_blocks]
    assert signed
    assert {one.waivable for one in signed} == {Waivable.NO}


def test_a_rule_that_is_dropped_is_named_and_its_failures_flip(bench) -> None:
    bench.write("one.yaml", DIGESTS.replace("FPR-001, ", ""))
    replayed = bench.replay("one.yaml")
    assert replayed.rules_gone == ("FPR-001",)
    gone = [flips(one) for one in replayed.releases if one.flips]
    assert gone
    assert {(rule, before, after) for found in gone for rule, _, before, after in found} == {("FPR-001", "fail", "")}


def test_a_policy_without_any_rule_is_refused(bench) -> None:
    bench.write("none.yaml", f"{HEAD}  rules: []\n")
    with pytest.raises(PolicyError, match="selects no rule"):
        bench.replay("none.yaml")


def test_a_policy_without_a_rule_for_a_records_stage_is_named_and_passes_nothing(bench) -> None:
    bench.write("late.yaml", own_rule("has(manifest.metadata.name)", more="      stages: [release]\n"))
    replayed = bench.replay("late.yaml")
    assert (replayed.releases, replayed.exit_code) == ((), 2)
    assert "no rule of the policy applies at stage candidate" in replayed.problems[0].message


def test_a_policy_that_cannot_be_loaded_is_refused_with_its_place(bench) -> None:
    bench.write("broken.yaml", own_rule("has(manifest.metadata.name"))
    with pytest.raises(PolicyError) as error:
        bench.replay("broken.yaml")
    assert (error.value.problems[0].path, error.value.problems[0].line) == ("broken.yaml", 9)


@pytest.mark.parametrize("name", ["records/all.jsonl", "gone.yaml", "HEAD:policy-gate.yaml", "builtin:gone", "labels"])
def test_a_name_that_is_no_policy_is_refused(bench, name) -> None:
    bench.write("labels", "yes: no\n")
    with pytest.raises(GateError):
        bench.replay(name)


def test_waivers_of_the_other_configuration_count(example) -> None:
    waiver = {
        "id": "W-2026-001", "rule": "COST-005", "release": "keyword-spotting", "subject": "target node-v2",
        "accept": 2700000, "owner": "jane@example.invalid", "approved_by": ["sam@example.invalid"],
        "granted": "2026-11-01", "expires": "2026-12-01", "reason": "The next board is faster.",
    }  # fmt: skip
    example.write(f"{FOLDER}/waivers.yaml", json.dumps({
        "apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": [waiver]
    }))  # fmt: skip
    example.write("declared.yaml", f"{HEAD}  include: [{{pack: 'builtin:cost'}}]\n")
    text = f"{CONFIG}  policy: ['builtin:cost']\n  parameters: {{max_macs: {{node-v2: 2000000}}}}\n"
    example.write(f"{FOLDER}/bare.yaml", text)
    example.write(f"{FOLDER}/waived.yaml", f"{text}  waivers: waivers.yaml\n")
    bare = example.replay(f"{FOLDER}/bare.yaml", "records/first.json").releases[0]
    waived = example.replay(f"{FOLDER}/waived.yaml", "records/first.json").releases[0]
    assert ("COST-005", "target node-v2", "pass", "fail") in flips(bare)
    assert ("COST-005", "target node-v2", "pass", "waived") in flips(waived)


@pytest.mark.parametrize(("now", "blocks"), [("", False), ("2026-11-30", False), ("2026-12-01", True)])
def test_a_rollout_is_judged_on_the_records_own_day_unless_another_is_given(bench, now, blocks) -> None:
    rollout = "      rollout: {mode: warn, effective_on: '2026-12-01', mode_after: enforce}\n"
    bench.write(
        "soon.yaml", own_rule("has(manifest.metadata.license)", more=rollout) + "  include: [{pack: digests.yaml}]\n"
    )
    replayed = bench.replay("soon.yaml", now=now)
    own = [flip for one in replayed.releases for flip in one.flips if flip.rule == "OWN-001"]
    assert [(flip.after, flip.newly_blocks) for flip in own] == [(Outcome.FAIL, blocks)] * COUNT


def test_records_of_many_days_are_judged_each_by_its_day(tmp_path, small) -> None:
    bench = Bench(tmp_path)
    rollout = "      rollout: {mode: warn, effective_on: '2026-12-01', mode_after: enforce}\n"
    bench.write("soon.yaml", own_rule("has(manifest.metadata.license)", more=rollout))
    days = ["2026-12-02", "2026-11-30", "2026-12-01", "2025-01-01", "2027-01-01"]
    bench.write("records/a.jsonl", "\n".join(changed(small[1], today=day) for day in days))
    replayed = bench.replay("soon.yaml")
    assert {one.day: one.after for one in replayed.releases} == {
        day: Said.BLOCKED if day >= "2026-12-01" else Said.ALLOWED for day in days
    }


# What a record cannot say


def test_a_rule_whose_facts_the_record_lacks_is_neither_passed_nor_blocked(bench) -> None:
    replayed = bench.replay("builtin:edge-baseline")
    release = replayed.releases[1]
    assert release.before is Said.ALLOWED
    assert release.after is Said.NOT_ESTABLISHED
    assert "REL-001" in release.unsaid
    assert "REL-001" not in {one.rule for one in release.flips}
    assert replayed.totals.unsaid == sum(len(one.unsaid) for one in replayed.releases) > COUNT
    assert replayed.exit_code == 2


def test_what_does_block_decides_though_other_rules_cannot_be_judged(bench) -> None:
    release = bench.replay("builtin:edge-baseline").releases[0]
    assert (release.before, release.after) == (Said.BLOCKED, Said.BLOCKED)
    assert release.unsaid


def test_a_rule_that_only_warns_and_cannot_be_judged_leaves_the_verdict(bench) -> None:
    bench.write(
        "warns.yaml",
        f"{HEAD}  include: [{{pack: digests.yaml}}, {{pack: 'builtin:release', rules: [REL-001], modes: {{REL-001: warn}}}}]\n",
    )
    replayed = bench.replay("warns.yaml")
    assert [one.unsaid for one in replayed.releases] == [("REL-001",)] * COUNT
    assert (replayed.totals.not_established, replayed.exit_code) == (0, 0)


def test_an_expression_over_facts_that_the_record_lacks_cannot_be_said(bench) -> None:
    bench.write("own.yaml", own_rule("size(facts.cost.target_macs) > 0"))
    replayed = bench.replay("own.yaml")
    assert {(one.unsaid, one.after) for one in replayed.releases} == {(("OWN-001",), Said.NOT_ESTABLISHED)}


def test_growth_over_a_base_whose_facts_were_not_recorded_is_not_called_new(example, examples) -> None:
    record = json.loads(examples["second"])
    assert any(one["fact"] == "cost.target_macs" for one in record["base_facts"])
    kept = [one for one in record["base_facts"] if one["fact"] != "cost.target_macs"]
    example.write("lacks/second.json", changed(examples["second"], base_facts=kept))
    release = example.one(f"{FOLDER}/policy-gate.yaml", "lacks")
    assert release.unsaid == ("COST-002",)
    assert release.flips == ()


def test_claims_alone_are_always_in_the_record(bench) -> None:
    bench.write("own.yaml", own_rule("has(manifest.metadata.license)"))
    replayed = bench.replay("own.yaml")
    assert replayed.totals.unsaid == 0
    assert {one.after for one in replayed.releases} == {Said.BLOCKED}


# Records that are no records


def test_every_unreadable_record_is_named_with_its_line_and_the_rest_is_judged(bench, small) -> None:
    lines = [small[1], small[2][:-10], changed(small[4], verdict="blocked"), '{"schema":"x"}', small[5]]
    bench.write("mixed/a.jsonl", "\n".join(lines))
    bench.write("mixed/b.json", "")
    replayed = bench.replay("digests.yaml", "mixed")
    assert [(one.path, one.line) for one in replayed.problems] == [
        ("mixed/a.jsonl", 2),
        ("mixed/a.jsonl", 3),
        ("mixed/a.jsonl", 4),
        ("mixed/b.json", 0),
    ]
    assert (len(replayed.releases), replayed.exit_code) == (2, 2)


def test_files_without_any_record_are_refused(bench) -> None:
    bench.write("none/a.json", json.dumps({"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": []}))
    with pytest.raises(UsageError, match="no record to replay"):
        bench.replay("digests.yaml", "none")


def test_copies_of_a_record_count_once(bench, small) -> None:
    bench.write("records/more.jsonl", f"{small[3]}\n{small[0]}\n{small[3]}\n")
    replayed = bench.replay("digests.yaml")
    assert (len(replayed.releases), replayed.copies) == (COUNT, 3)
    assert all(one.origin.startswith("records/all.jsonl:") for one in replayed.releases)


def test_a_release_that_was_judged_twice_is_two_records(bench, small) -> None:
    bench.write("records/more.jsonl", changed(small[3], today="2026-11-24"))
    assert len(bench.replay("digests.yaml").releases) == COUNT + 1


def test_records_of_a_report_are_those_of_its_lines(bench, small) -> None:
    report = {
        "schema": ENVELOPE,
        "exit_code": 2,
        "problems": [{"message": "x"}],
        "records": [json.loads(one) for one in small],
    }
    bench.write("report/a.json", json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    bench.write("report/b.json", json.dumps({**report, "records": report["records"][:2]}, indent=2))
    replayed = bench.replay("digests.yaml", "report")
    lines = bench.replay("digests.yaml")
    assert [one.digest for one in replayed.releases] == [one.digest for one in lines.releases]
    assert replayed.releases[2].origin == "report/a.json:1 record 3"
    assert replayed.copies == 2
    assert replayed.notes == ("2 problems kept manifests from being judged when the records were written",)


def test_a_report_with_one_bad_record_names_it_and_judges_the_others(bench, small) -> None:
    records = [json.loads(small[0]), {**json.loads(small[1]), "verdict": "blocked"}, json.loads(small[2])]
    bench.write("report/a.json", json.dumps({"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": records}))
    replayed = bench.replay("digests.yaml", "report")
    assert len(replayed.releases) == 2
    assert replayed.problems[0].message.startswith("record 2: ")


def test_a_report_that_hides_its_schema_in_escapes_is_not_taken_apart(bench, small) -> None:
    hidden = json.dumps({"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": [json.loads(small[0])]})
    bench.write("report/a.json", hidden.replace(ENVELOPE, ENVELOPE.replace("/", "\\u002f")))
    replayed = bench.replay("digests.yaml", "report")
    assert (replayed.releases, replayed.exit_code) == ((), 2)


# Shares


@given(of=st.integers(1, 12))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_shards_of_any_number_hold_each_record_exactly_once(bench, small, of) -> None:
    if not (bench.root / "records/report.json").exists():
        report = {"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": [json.loads(one) for one in small[:4]]}
        bench.write("records/report.json", json.dumps(report, indent=1))
    whole = bench.replay("digests.yaml")
    parts = [bench.replay("digests.yaml", shard=(number, of)) for number in range(1, of + 1)]
    together = sorted(one.digest for part in parts for one in part.releases)
    assert together == sorted(one.digest for one in whole.releases)
    assert sum(part.copies for part in parts) == whole.copies == 4


def test_an_empty_shard_is_no_error(bench, small) -> None:
    bench.write("one/a.json", small[1])
    codes = [bench.replay("digests.yaml", "one", shard=(number, 3)).exit_code for number in (1, 2, 3)]
    assert codes == [0, 0, 0]


def test_every_unreadable_line_is_named_by_exactly_one_shard(bench) -> None:
    bench.write("bad/a.jsonl", "\n".join(f"no record {number}" for number in range(20)))
    parts = [bench.replay("digests.yaml", "bad", shard=(number, 3)) for number in (1, 2, 3)]
    assert sorted(one.line for part in parts for one in part.problems) == list(range(1, 21))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one process")
def test_the_number_of_processes_does_not_change_a_byte(bench, small, gate) -> None:
    report = {"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": [json.loads(one) for one in small[2:7]]}
    bench.write("records/report.json", json.dumps(report))
    bench.write("records/bad.jsonl", f"nothing\n{changed(small[0], today='x')}\n{small[1]}\n")
    bench.write("own.yaml", own_rule("has(manifest.metadata.license)"))
    command = ["policy", "replay", "--policy", "own.yaml", "--format", "json", "records"]
    found = [gate(*command, "--jobs", jobs, cwd=bench.root) for jobs in ("1", "2", "3", "7")]
    assert len({one.stdout for one in found}) == 1
    assert {one.returncode for one in found} == {2}
    assert len(json.loads(found[0].stdout)["releases"]) == COUNT


IN_ANOTHER_PROCESS = """
import os
from policy_gate.errors import GateError, PolicyError
from policy_gate.workbench.sharing import in_parts

def work(part):
    if part.number == 1:
        {what}
    return part.number

try:
    print(in_parts(work, 3))
except GateError as error:
    print(type(error).__name__, error.exit_code, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one process")
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("pass", "[0, 1, 2]"),
        ("raise PolicyError('the policy is gone')", "UsageError 2 the policy is gone"),
        ("os._exit(9)", "InternalError 3 a process that judged a part of the records was lost"),
    ],
)
def test_what_another_process_comes_to_is_told_here(what, said) -> None:
    script = IN_ANOTHER_PROCESS.format(what=what)
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == said


def test_the_order_of_records_and_files_changes_nothing(bench, small) -> None:
    bench.write("other/b.jsonl", "".join(f"{one}\n" for one in reversed(small)))
    one = bench.replay("builtin:fingerprint")
    other = bench.replay("builtin:fingerprint", "other")
    assert [replace(each, origin="") for each in one.releases] == [replace(each, origin="") for each in other.releases]


# Sums


def flip(**more: object) -> ReplayedFlip:
    given = {
        "rule": "COST-001", "title": "t", "severity": Severity.HIGH, "mode": Mode.ENFORCE, "subject": Subject("release"),
        "before": Outcome.PASS, "after": Outcome.FAIL, "blocked_before": False, "blocks": True, "message": "m",
        "place": Place(source="head", path="release.yaml"),
    }  # fmt: skip
    return ReplayedFlip(**{**given, **more})


def release(*flips: ReplayedFlip, after: Said = Said.BLOCKED) -> Compared:
    made = ReplayedRelease(
        name="kws", version="1", sequence=1, manifest_digest="", stage=Stage.CANDIDATE, day="2026-11-23", origin="a",
        digest=str(flips), before=Said.ALLOWED, after=after, flips=flips,
    )  # fmt: skip
    return Compared(release=made, rules_before=frozenset(), rules_after=frozenset())


@pytest.mark.parametrize(
    ("compared", "code"),
    [
        ([release(after=Said.ALLOWED)], 0),
        ([release(flip(blocks=False, mode=Mode.WARN), after=Said.ALLOWED)], 0),
        ([release(flip(blocked_before=True))], 0),
        ([release(flip())], 1),
        ([release(flip()), release(after=Said.NOT_ESTABLISHED)], 2),
        ([release(flip(after=Outcome.ERROR)), release(after=Said.NOT_ESTABLISHED)], 3),
    ],
)
def test_the_exit_code_is_the_highest_of_what_was_found(compared, code) -> None:
    assert summed_up(Heading(policy="p", against="", shard=""), compared, (), ()).exit_code == code


def test_flips_over_gives_the_gate_what_a_change_of_policy_would_flip(bench, small) -> None:
    pasts = [PastRelease(record=READER.read(parse_document(one.encode())), origin="records") for one in small[:2]]
    bench.write("own.yaml", own_rule("has(manifest.metadata.license)"))
    with NamedPolicy(parse_policy_name("own.yaml"), PolicyPlace(root=bench.root)) as policy:
        found = list(flips_over(pasts, policy.judge_of))
    assert [one.after for one in found] == [Said.BLOCKED, Said.BLOCKED]
    assert [("OWN-001", "release", "", "fail") in flips(one) for one in found] == [True, True]
