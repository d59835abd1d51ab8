"""Device profiles are trusted input: read from the base, compared where they change, and never taken from a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from changes_world import CONFIG, Two

from policy_gate.areas.cost.cheaper import cheaper
from policy_gate.areas.cost.device_file import read_profile
from policy_gate.errors import GateError
from policy_gate.gate import Request, judge
from policy_gate.model import Outcome

sys.path.append(str(Path(__file__).resolve().parents[1] / "areas" / "cost"))
from cost_world import dense, manifest_of
from device_world import ID, profile, target

TODAY = date(2026, 11, 23)
RULES = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: time, version: "1", words: What a target may take.}
spec:
  include:
    - {pack: "builtin:cost", rules: [COST-012, COST-013]}
"""
JUDGED_BY = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [time.yaml]
  profiles: [board.json]
  parameters: {max_latency_ms: {"*": 50}}
"""
FAST = "fast-float32@engine-1.0"


def text_of(profile_id: str = ID, ns_per_mac: float = 1e6) -> str:
    """A profile by which the model of 32 multiply-accumulates takes 16 to 64 ms at a million nanoseconds each."""
    latency = profile()["spec"]["latency"]
    return json.dumps(profile(profile_id, latency={**latency, "ns_per_conv_mac": ns_per_mac}), indent=1)


class Repository:
    """A repository with one release, judged against its first commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("time.yaml", RULES)
        self.write("policy-gate.yaml", JUDGED_BY)
        self.write("board.json", text_of())
        self.release(target())
        (root / "model").mkdir()
        (root / "model/kws.onnx").write_bytes(dense(8, 4))
        self.git("init", "-q")
        self.commit()
        self.base = self.git("rev-parse", "HEAD")

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def release(self, *targets: dict) -> None:
        self.write("release.json", json.dumps(manifest_of(targets=list(targets)), indent=1))

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *who, *words]
        return subprocess.run(
            command, cwd=self.root, env={**os.environ, **quiet}, check=True, capture_output=True, text=True
        ).stdout.strip()

    def judged(self):
        self.commit()
        return judge(Request(root=self.root, base=self.base, today=TODAY))

    def outcomes(self) -> dict[str, tuple[Outcome, str]]:
        (record,) = self.judged().presented
        return {one.rule: (one.outcome, one.message) for one in record.judgements}


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path)


def test_a_profile_that_a_change_makes_faster_judges_by_the_base_and_is_shown(repository):
    repository.write("board.json", text_of(ns_per_mac=1e3))
    report = repository.judged()
    (record,) = report.presented
    (time,) = [one for one in record.judgements if one.rule == "COST-013"]
    assert (time.outcome, time.measured) == (Outcome.UNKNOWN, 64.0)
    assert [(one.kind, one.what, one.direction.value) for one in report.review.changes] == [
        ("profile", "board.json: ns_per_conv_mac at the upper bound", "looser"),
        ("profile", "board.json", "different"),
    ]
    assert ("device profile", "board.json") in [(one.role, one.path) for one in record.inputs]


def test_a_profile_that_a_change_brings_with_it_is_not_read(repository):
    repository.write("policy-gate.yaml", JUDGED_BY.replace("[board.json]", "[board.json, fast.json]"))
    repository.write("fast.json", text_of(FAST, 1e3))
    repository.release(target(device={"profile": FAST}))
    found = repository.outcomes()
    assert found["COST-012"][0] is Outcome.FAIL
    assert found["COST-013"][0] is Outcome.UNKNOWN
    assert f"no trusted device profile is called '{FAST}'" in found["COST-013"][1]


def test_a_faster_profile_that_is_trusted_is_refused_until_the_policy_names_it(tmp_path):
    repository = Repository(tmp_path)
    repository.write("fast.json", text_of(FAST, 1e3))
    repository.write("policy-gate.yaml", JUDGED_BY.replace("[board.json]", "[board.json, fast.json]"))
    repository.commit()
    repository.base = repository.git("rev-parse", "HEAD")
    repository.release(target(device={"profile": FAST}))
    assert repository.outcomes()["COST-012"][0] is Outcome.FAIL
    repository.git("checkout", "-q", "-B", "named", repository.base)
    named = JUDGED_BY.replace("[board.json]", "[board.json, fast.json]").replace(
        'parameters: {max_latency_ms: {"*": 50}}',
        f'parameters: {{max_latency_ms: {{"*": 50}}, device_profiles: {{node: "{FAST}"}}}}',
    )
    repository.write("policy-gate.yaml", named)
    repository.commit()
    repository.base = repository.git("rev-parse", "HEAD")
    repository.release(target(device={"profile": FAST}))
    found = repository.outcomes()
    assert (found["COST-012"][0], found["COST-013"][0]) == (Outcome.PASS, Outcome.PASS)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("board.json", "{}", "board.json"),
        ("board.json", text_of().replace('"DeviceProfile"', '"Profile"'), "kind"),
        ("board.json", text_of("stm32h747-cortex-m7-int8@cubeai-8.1"), "that of another profile already"),
        ("policy-gate.yaml", JUDGED_BY.replace("[board.json]", "[board.json, board.json]"), "already (board.json)"),
        ("policy-gate.yaml", JUDGED_BY.replace("[board.json]", "[none.json]"), "not in checkout"),
        ("policy-gate.yaml", JUDGED_BY.replace("[board.json]", "[../board.json]"), "path refused"),
    ],
    ids=["empty", "kind", "shipped", "twice", "absent", "outside"],
)
def test_a_base_whose_profiles_cannot_be_used_judges_nothing(repository, path, text, words):
    repository.write(path, text)
    repository.commit()
    repository.base = repository.git("rev-parse", "HEAD")
    repository.release(target(id="node", dimensions={"N": 1}))
    with pytest.raises(GateError) as refused:
        repository.judged()
    assert refused.value.exit_code == 2
    assert words in str(refused.value)


def test_profiles_are_not_read_where_no_rule_is_about_cost(repository):
    repository.write("board.json", "{}")
    without = JUDGED_BY.partition("  parameters")[0]
    repository.write("policy-gate.yaml", without.replace("time.yaml", "builtin:fingerprint"))
    (record,) = judge(Request(root=repository.root, today=TODAY)).presented
    assert not [one for one in record.inputs if one.role == "device profile"]


# What a change of profiles is, beside everything else that judges


@pytest.fixture
def two(tmp_path) -> Two:
    made = Two(tmp_path)
    made.everywhere("policy-gate.yaml", CONFIG + "  profiles: [board.json]\n")
    made.everywhere("board.json", text_of())
    return made


def test_profiles_that_stay_as_they_are_are_no_change(two):
    assert two.rows() == []


def test_another_coefficient_is_different_since_no_rule_can_say_what_it_does(two):
    two.write("board.json", text_of(ns_per_mac=2e6))
    assert two.rows() == [("profile", "board.json", "different")]


def test_a_profile_by_which_some_model_looks_cheaper_is_looser_whatever_becomes_dearer(two):
    latency = profile()["spec"]["latency"]
    mixed = profile(latency={**latency, "ns_per_conv_mac": 1.0, "fixed_ns": 5.0})
    two.write("board.json", json.dumps(mixed, indent=1))
    name = "board.json: ns_per_conv_mac at the upper bound"
    assert two.rows() == [("profile", name, "looser"), ("profile", "board.json", "different")]


def test_a_cheaper_profile_of_the_same_id_in_another_file_is_looser(two):
    two.write("policy-gate.yaml", CONFIG + "  profiles: [other.json]\n")
    two.write("other.json", text_of(ns_per_mac=1.0))
    assert ("profile", "other.json: ns_per_conv_mac at the upper bound", "looser") in two.rows()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"latency": {**profile()["spec"]["latency"], "upper_factor": 1.0}}, "fixed_ns"),
        ({"power": {"low_mw": 1.0, "mid_mw": 2.0, "high_mw": 3.0}}, "power.high_mw"),
        ({"memory": {**profile()["spec"]["memory"], "code_flash_high_kib": 11.0}}, "memory.code_flash_high_kib"),
        ({"operators": ["ai.onnx::Conv", "ai.onnx::MatMul"]}, "operators"),
        ({"operators": []}, "operators"),
        ({"device": "slow board"}, "device"),
        ({"runtime": {"name": "engine", "version": "2.0"}}, "runtime_version"),
    ],
    ids=["factor", "power", "memory", "operators", "no-list", "device", "runtime"],
)
def test_what_lowers_a_bound_or_widens_what_a_profile_is_about_is_looser(change, what):
    old, new = (read_profile(json.dumps(one).encode(), "p.json") for one in (profile(), profile(**change)))
    whats = {one.what for one in cheaper(old, new)}
    assert whats
    assert all(one == what or one.endswith("at the upper bound") for one in whats)
    assert cheaper(old, old) == ()


def test_one_more_profile_is_a_change_of_the_list_and_of_the_files(two):
    two.write("policy-gate.yaml", CONFIG + "  profiles: [board.json, fast.json]\n")
    two.write("fast.json", text_of(FAST))
    assert two.rows() == [("configuration", "profiles", "different"), ("profile", "fast.json", "different")]


@pytest.mark.parametrize(
    "content",
    ["{}", "kind: [", text_of("stm32h747-cortex-m7-int8@cubeai-8.1"), None],
    ids=["none", "yaml", "id", "gone"],
)
def test_a_profile_that_stops_every_run_once_it_is_merged_is_looser_and_the_proposal_does_not_load(two, content):
    if content is None:
        (two.head / "board.json").unlink()
    else:
        two.write("board.json", content)
    found = two.changes()
    assert ("profile", "looser") in [(one.kind, one.change.value) for one in found.rows]
    assert found.problems


def test_two_profiles_of_one_id_cannot_be_used_together(two):
    two.write("policy-gate.yaml", CONFIG + "  profiles: [board.json, copy.json]\n")
    two.write("copy.json", text_of())
    assert "that of another profile already" in two.changes().problems[0].message


def test_in_a_folder_of_profiles_every_line_is_shown_once(tmp_path):
    two = Two(tmp_path)
    two.everywhere("policy-gate.yaml", CONFIG + "  profiles: [profiles/board.yaml]\n")
    two.everywhere("profiles/board.yaml", text_of())
    two.write("profiles/board.yaml", text_of(ns_per_mac=2e6))
    assert [(kind, change) for kind, _, change in two.rows()] == [("profile", "different")]
