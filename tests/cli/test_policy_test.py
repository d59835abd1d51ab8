"""`policy test`: the exit code says whether a policy keeps its word, and the shipped policies keep theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy_gate.policy.packs import builtin_folder

FIXTURE = builtin_folder() / "tests" / "fixtures" / "keyword-spotting.json"
GOOD = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyTest
policy: ["builtin:fingerprint"]
defaults: {record: record.json}
cases:
  - {name: as it is, expect: {all: pass}}
"""
BAD = GOOD.replace("{all: pass}", "{FPR-001: fail}")
GAP = GOOD.replace("{all: pass}", "{FPR-001: fail}, todo: true")
LACKING = GOOD + "coverage: {each_rule: [pass, fail]}\n"


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "record.json").write_bytes(FIXTURE.read_bytes())
    (folder / "good.yaml").write_text(GOOD)
    return folder


def test_a_policy_that_keeps_its_word_exits_with_0(run, tests) -> None:
    done = run("policy", "test", "tests")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "PASSED 1 case in 1 file, 1 held"


def test_quiet_says_nothing_of_what_holds_and_everything_of_what_does_not(run, tests) -> None:
    assert run("policy", "test", "--quiet", "tests").out == ""
    (tests / "bad.yaml").write_text(BAD)
    assert "FAILED" in run("policy", "test", "--quiet", "tests").out


def test_a_case_that_fails_exits_with_1_and_shows_expected_and_actual(run, tests) -> None:
    (tests / "bad.yaml").write_text(BAD)
    done = run("policy", "test", "tests/bad.yaml")
    assert done.code == 1
    shown = done.out.splitlines()
    assert shown[:6] == [
        "tests/bad.yaml",
        "  FAILED  as it is  (tests/bad.yaml:6:12)",
        "    FPR-001  expected fail  (tests/bad.yaml:6:40)",
        "             got      pass about artifact kws",
        "                      model/kws.onnx has the stated digest",
        "                 --> examples/keyword-spotting/release.yaml:18:13",
    ]
    assert shown[-1] == "FAILED 1 case in 1 file, 1 failed"


def test_a_known_gap_exits_with_0_and_is_shown(run, tests) -> None:
    (tests / "good.yaml").write_text(GAP)
    done = run("policy", "test", "tests")
    assert done.code == 0
    assert "KNOWN GAP  as it is" in done.out


def test_a_gap_that_is_closed_exits_with_1(run, tests) -> None:
    (tests / "good.yaml").write_text(GOOD.replace("expect", "todo: true, expect"))
    done = run("policy", "test", "tests")
    assert done.code == 1
    assert "take `todo` away" in done.out


def test_coverage_that_lacks_exits_with_1_and_shows_the_table(run, tests) -> None:
    (tests / "good.yaml").write_text(LACKING)
    done = run("policy", "test", "tests")
    assert done.code == 1
    assert "  FPR-001      yes       NO        -        -        -          -" in done.out.splitlines()
    assert "tests/good.yaml:7:23: FPR-001 has no fail" in done.out


def test_a_file_that_cannot_be_run_exits_with_2_and_the_others_run_all_the_same(run, tests) -> None:
    (tests / "bad.yaml").write_text(BAD)
    (tests / "odd.yaml").write_text(GOOD.replace("FPR", "FPX").replace("all: pass", "FPX-001: pass"))
    done = run("policy", "test", "tests")
    assert done.code == 2
    assert done.err.startswith("tests/odd.yaml:6:40: the policy has no rule FPX-001\n")
    assert done.out.splitlines()[-1] == "FAILED 2 cases in 3 files, 1 held, 1 failed, 1 could not be run"


@pytest.mark.parametrize("name", ["nothing", "gone.yaml", "tests/record.json"])
def test_where_there_is_no_test_nothing_is_tested_and_that_is_an_error(run, tests, name) -> None:
    (tests.parent / "nothing").mkdir()
    done = run("policy", "test", name)
    assert done.code == 2
    assert "PASSED" not in done.out
    assert done.err.startswith(name)


def test_tests_are_found_in_folders_by_their_kind(run, tests) -> None:
    (tests / "deep").mkdir()
    (tests / "deep" / "more.yml").write_text(GOOD.replace("record.json", "../record.json"))
    (tests / "deep" / "same.json").write_text(json.dumps(_json_test()))
    (tests / "pack.yaml").write_text("apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\n")
    (tests / "broken-but-none-of-ours.yaml").write_text("a: [\n")
    (tests / "words.yaml").write_text("kind: Notes\ntext: a PolicyTest is a file\n")
    done = run("policy", "test", ".", "tests/good.yaml")
    assert done.code == 0
    assert done.out.splitlines()[-1] == "PASSED 3 cases in 3 files, 3 held"


def _json_test() -> dict[str, object]:
    return {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "PolicyTest",
        "policy": ["builtin:fingerprint"],
        "cases": [{"name": "as it is", "record": "../record.json", "expect": {"all": "pass"}}],
    }


def test_a_broken_test_in_a_folder_is_not_passed_over(run, tests) -> None:
    (tests / "broken.yaml").write_text("kind: PolicyTest\ncases: [\n")
    done = run("policy", "test", "tests")
    assert done.code == 2
    assert "tests/broken.yaml:" in done.err
    assert "1 held" in done.out


def test_the_machine_format_holds_cases_rules_and_problems(run, tests) -> None:
    (tests / "bad.yaml").write_text(BAD)
    (tests / "odd.yaml").write_text("kind: PolicyTest\n")
    done = run("policy", "test", "--format", "json", "tests")
    report = json.loads(done.out)
    assert (report["schema"], report["exit_code"], done.code) == ("policy-gate/policy-test/v1alpha1", 2, 2)
    bad, good, odd = report["files"]
    assert bad["cases"][0]["misses"][0]["expected"] == "fail"
    assert [one["rule"] for one in good["rules"]] == ["FPR-001", "FPR-002", "FPR-003", "FPR-004", "FPR-005"]
    assert good["cases"][0]["state"] == "held"
    assert odd["problems"][0]["path"] == "tests/odd.yaml"


def test_names_in_a_test_do_nothing_to_a_terminal(run, tests) -> None:
    (tests / "good.yaml").write_text(BAD.replace("name: as it is", 'name: "a\\u001b[2Jb\\u202ec"'))
    done = run("policy", "test", "tests")
    assert done.code == 1
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


def test_two_runs_give_the_same_bytes(run, tests) -> None:
    (tests / "bad.yaml").write_text(BAD)
    assert run("policy", "test", "--format", "json", ".").out == run("policy", "test", "--format", "json", ".").out
