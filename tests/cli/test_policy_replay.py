from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

STRICT = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: strict, version: '1', words: A licence is stated too.}
spec:
  include: [{pack: digests.yaml}]
  rules:
    - id: OWN-001
      title: A licence is stated
      severity: high
      assert: "has(manifest.metadata.license)"
      rationale: Because.
      remediation: State it.
"""


@pytest.fixture
def recorded(run, release, tmp_path):
    """One release that is allowed, as a report of `check`, and a pack that would block it."""
    (tmp_path / "records").mkdir()
    assert run("check", "--no-base", "--format", "json", "--output", "records/a.json").code == 0
    (tmp_path / "strict.yaml").write_text(STRICT)
    return tmp_path


def replay(run, *args: str):
    return run("policy", "replay", *args)


def test_the_same_policy_ends_with_0(run, recorded) -> None:
    done = replay(run, "--policy", "digests.yaml", "records")
    assert (done.code, done.err) == (0, "")
    assert "NOTHING WOULD NEWLY BLOCK" in done.out


def test_a_policy_that_would_newly_block_ends_with_1_and_says_what(run, recorded) -> None:
    done = replay(run, "--policy", "strict.yaml", "records")
    assert done.code == 1
    assert "BLOCKED (was allowed) kws 1.0, sequence 1" in done.out
    assert "OWN-001 A licence is stated: release: no such rule -> fail, newly blocks" in done.out
    assert "waivable: yes" in done.out


def test_an_unreadable_record_ends_with_2_is_named_and_hides_no_other(run, recorded) -> None:
    (recorded / "records" / "b.jsonl").write_text('{"schema":"policy-gate/record/v1alpha1"}\nnothing\n')
    done = replay(run, "--policy", "strict.yaml", "records")
    assert done.code == 2
    assert "records/b.jsonl:1: not a record of policy-gate" in done.err
    assert "records/b.jsonl:2: no JSON that can be read" in done.err
    assert "OWN-001" in done.out


@pytest.mark.parametrize(
    "args",
    [
        ("--policy", "gone.yaml", "records"),
        ("--policy", "builtin:gone", "records"),
        ("--policy", "strict.yaml", "gone*"),
        ("--policy", "strict.yaml", "--against", "gone.yaml", "records"),
        ("--policy", "strict.yaml"),
        ("--policy", "strict.yaml", "--history", "3", "records"),
        ("--policy", "strict.yaml", "--shard", "3/2", "records"),
        ("--policy", "strict.yaml", "--shard", "0/2", "records"),
        ("--policy", "strict.yaml", "--shard", "٢/٣", "records"),
        ("--policy", "strict.yaml", "--jobs", "-1", "records"),
        ("--policy", "strict.yaml", "--now", "2026-02-30", "records"),
        ("--policy", "../strict.yaml", "records"),
        ("records",),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_one_line(run, recorded, args) -> None:
    done = replay(run, *args)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err != ""


def test_without_names_the_records_of_the_configuration_are_replayed(run, recorded) -> None:
    with (recorded / "policy-gate.yaml").open("a") as file:
        file.write("  records: ['records/*.json']\n")
    assert replay(run, "--policy", "strict.yaml").code == 1


def test_the_configuration_itself_may_be_what_is_tried(run, recorded) -> None:
    text = (recorded / "policy-gate.yaml").read_text()
    (recorded / "proposed.yaml").write_text(text.replace("digests.yaml", "strict.yaml"))
    assert replay(run, "--policy", "proposed.yaml", "records").code == 1
    assert replay(run, "--policy", "policy-gate.yaml", "--against", "proposed.yaml", "records").code == 0


def test_a_record_out_of_a_pipe_is_read(run, recorded) -> None:
    report = json.loads((recorded / "records" / "a.json").read_text())
    command = [sys.executable, "-I", "-m", "policy_gate.cli", "policy", "replay", "--policy", "strict.yaml", "-"]
    line = json.dumps(report["records"][0])
    done = subprocess.run(command, cwd=recorded, input=f"{line}\n", capture_output=True, text=True)
    assert done.returncode == 1
    assert "standard input:1" in done.stdout


def test_a_file_that_is_not_there_is_named(run, recorded) -> None:
    done = replay(run, "--policy", "strict.yaml", "gone.json", "records")
    assert done.code == 2
    assert "gone.json: not in checkout" in done.err
    assert "OWN-001" in done.out


def test_an_empty_pipe_is_no_success(run, recorded) -> None:
    command = [sys.executable, "-I", "-m", "policy_gate.cli", "policy", "replay", "--policy", "strict.yaml", "-"]
    done = subprocess.run(command, cwd=recorded, input="", capture_output=True, text=True)
    assert done.returncode == 2
    assert "holds no record" in done.stderr


def test_csv_and_json_say_the_same_as_text(run, recorded) -> None:
    tree = json.loads(replay(run, "--policy", "strict.yaml", "--format", "json", "records").out)
    (row,) = csv.DictReader(io.StringIO(replay(run, "--policy", "strict.yaml", "--format", "csv", "records").out))
    assert (tree["exit_code"], tree["totals"]["waivers_needed"]) == (1, 1)
    assert (row["rule"], row["after"], row["waivable"], row["origin"]) == ("OWN-001", "fail", "yes", "records/a.json:1")


def test_a_report_goes_to_a_file_when_asked(run, recorded) -> None:
    done = replay(run, "--policy", "strict.yaml", "--format", "csv", "--output", "out.csv", "records")
    assert (done.code, done.out) == (1, "")
    assert (recorded / "out.csv").read_bytes().count(b"\r\n") == 2


def test_shards_of_a_matrix_share_the_work(run, recorded) -> None:
    codes = [replay(run, "--policy", "strict.yaml", "--shard", f"{one}/2", "records").code for one in (1, 2)]
    assert sorted(codes) == [0, 1]


def test_verbose_also_lists_what_nothing_changes_for(run, recorded) -> None:
    assert "kws 1.0" not in replay(run, "--policy", "digests.yaml", "records").out
    assert "ALLOWED kws 1.0, sequence 1" in replay(run, "--policy", "digests.yaml", "--verbose", "records").out


def test_the_history_of_the_repository_is_replayed(run, recorded, git) -> None:
    git(recorded, "init", "--quiet")
    git(recorded, "add", "--all")
    git(recorded, "commit", "--quiet", "--message", "first")
    done = replay(run, "--policy", "strict.yaml", "--history", "5")
    assert done.code == 1
    assert "instead of policy-gate.yaml" in done.out
    assert ":release.yaml" in done.out
