"""`explain`: every rule that ships can be explained, and the limits are those that judge here."""

from __future__ import annotations

import json

import pytest
import yaml
from board_world import Checkout, commit, lay, waiver, waiver_file

from policy_gate.policy.packs import builtin_folder

SHIPPED = sorted(
    {
        rule["id"]
        for pack in builtin_folder().glob("*.yaml")
        for rule in yaml.safe_load(pack.read_text(encoding="utf-8"))["spec"].get("rules", ())
    }
)


def test_rules_of_every_area_ship() -> None:
    assert {rule.partition("-")[0] for rule in SHIPPED} >= {"FPR", "SIG", "COST", "PRIV", "LIN", "REL"}


@pytest.mark.parametrize("rule", SHIPPED)
def test_every_shipped_rule_says_promise_reason_and_way(rule, run) -> None:
    done = run("explain", rule.lower())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{rule}  ")
    for title in ("Promise:", "Why:", "How to keep it:"):
        words = done.out.split(f"\n{title}\n")[1].split("\n\n")[0]
        assert len(words.split()) >= 2
    assert "MISSING" not in done.out
    assert max(map(len, done.out.splitlines())) <= 120


def test_a_misspelt_rule_gets_the_nearest_one(run) -> None:
    done = run("explain", "FRP-001")
    assert done.code == 2
    assert "there is no rule FRP-001" in done.err
    assert "did you mean FPR-001?" in done.err


def test_a_word_like_no_rule_gets_the_list(run) -> None:
    done = run("explain", "zzzz")
    assert done.code == 2
    assert "FPR-001" in done.err


def test_a_rule_of_the_repository_is_explained_with_the_place_of_its_check(run, tmp_path, git) -> None:
    (tmp_path / "sub").mkdir()
    git(tmp_path, "init", "-q")
    (tmp_path / "policy-gate.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: [packs/own.yaml]}\n"
    )
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/own.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\n"
        "kind: PolicyPack\n"
        "metadata: {name: own, version: '1', words: Our own rules.}\n"
        "spec:\n"
        "  rules:\n"
        "    - {id: OWN-001, title: Ours, severity: low, check: release.model_is_run, rationale: Reason,"
        " remediation: Way}\n"
    )
    for folder, config in (
        (tmp_path, ()),
        (tmp_path / "sub", ()),
        (tmp_path / "sub", ("--config", "../policy-gate.yaml")),
    ):
        done = run("explain", "OWN-001", *config, cwd=folder)
        assert done.code == 0, done.err
        assert "written in packs/own.yaml" in done.out


def test_a_broken_configuration_is_named_instead_of_ignored(run, tmp_path) -> None:
    (tmp_path / "policy-gate.yaml").write_text("kind: [\n")
    done = run("explain", "FPR-001")
    assert done.code == 2
    assert done.err.startswith("policy-gate.yaml:")


# Where values come from, and what decided.

PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  exceptions: {waivers_max: 2, waiver_days_max: 60}
  parameters:
    most: {type: integer, stricter: lower, default: 900, words: Most bytes of a file.}
  presets:
    small: {words: For small boards., parameters: {most: 700, max_macs_growth: 0.01}, modes: {OWN-001: enforce}}
  include:
    - {pack: "builtin:fingerprint", rules: [FPR-001]}
    - pack: builtin:cost
      rules: [COST-002, COST-005]
      parameters: {max_macs_growth: 0.04}
      modes: {COST-002: warn}
      when: {COST-005: has(manifest.targets)}
  rules:
    - id: OWN-001
      title: The name is one we know
      severity: low
      rollout: {mode: warn, effective_on: 2027-01-01}
      assert: manifest.metadata.name == 'kws' && size(manifest.artifacts) < params.most
      rationale: A reason.
      remediation: A way.
    - id: OWN-002
      title: Files are small
      severity: low
      each: fingerprint.file_digest
      assert: fact.size_bytes < params.most
      message: "{fact.path} has {fact.size_bytes} bytes"
      rationale: A reason.
      remediation: A way.
"""
CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [own.yaml]
  parameters:
    max_macs: {node: 5}
    most: 100
"""
NOW = ("--now", "2026-11-23")


@pytest.fixture
def here(tmp_path) -> Checkout:
    laid = lay(tmp_path)
    laid.write("own.yaml", PACK)
    laid.write("policy-gate.yaml", CONFIG)
    return laid


@pytest.fixture
def explain(run, here):
    def asked(*args: str, code: int = 0) -> str:
        done = run("explain", *args, *NOW)
        assert done.code == code, done
        assert "Traceback" not in done.err
        return done.err if code else done.out

    return asked


def flat(text: str) -> str:
    """One line, so that where a line was wrapped does not matter."""
    return " ".join(text.split())


def test_every_step_of_a_value_is_shown_outward_and_the_one_that_holds_is_marked(explain, here) -> None:
    said = explain("COST-002")
    rows = [
        "   0.05  default of builtin:cost, builtin:cost.yaml:",
        "-> 0.04  own.yaml includes builtin:cost, own.yaml:14",
    ]
    positions = [said.index(row) for row in rows]
    assert positions == sorted(positions)
    assert "a lower value is stricter" in said
    here.write("policy-gate.yaml", CONFIG.replace("policy: [own.yaml]", "policy: [own.yaml]\n  preset: small"))
    assert "-> 0.01  preset small, own.yaml:9" in explain("COST-002")
    here.write("policy-gate.yaml", CONFIG + "    max_macs_growth: 0\n")
    assert "-> 0     configuration, policy-gate.yaml:8" in explain("COST-002")


def test_a_selector_holds_only_for_the_release_it_speaks_of(explain, here) -> None:
    select = "  select: [{when: manifest.metadata.name == 'kws', preset: small}]\n"
    here.write("policy-gate.yaml", CONFIG + select)
    row = "0.01  preset small, where manifest.metadata.name == 'kws', own.yaml:9"
    assert f"   {row}" in explain("COST-002")
    assert f"-> {row}" in explain("COST-002", "release.yaml")
    here.replace("name: kws,", "name: other,")
    assert f"   {row}" in explain("COST-002", "release.yaml")


def test_a_mode_says_who_gave_it_and_a_rollout_how_long_it_takes(explain, here) -> None:
    said = explain("COST-002")
    assert "mode warn" in said
    assert "-> warn     own.yaml includes builtin:cost, own.yaml:15" in said
    rollout = explain("OWN-001")
    assert "warn today, enforce in 39 days" in rollout
    assert "-> warn, and enforce from 2027-01-01 on  own.yaml, own.yaml:21" in rollout
    here.write("policy-gate.yaml", CONFIG.replace("policy: [own.yaml]", "policy: [own.yaml]\n  preset: small"))
    assert "-> enforce                               preset small, own.yaml:9" in explain("OWN-001")


def test_after_its_day_a_rollout_is_over(run, here) -> None:
    done = run("explain", "OWN-001", "--now", "2027-01-01")
    assert "mode enforce" in done.out
    assert "today" not in done.out


def test_a_loosening_says_whether_it_is_in_force_and_why_not(explain, here) -> None:
    loosens = (
        "    max_macs_growth: 0.5\n  loosens:\n    - {what: parameter max_macs_growth, owner: jane, approved_by: [sec],"
        " reason: A new chip., expires: '2026-11-22'}\n"
    )
    here.write("policy-gate.yaml", CONFIG + loosens)
    said = explain("COST-002")
    assert "-> 0.04  own.yaml includes" in said
    assert "   0.5   configuration, policy-gate.yaml:8 (loosening expired: expired on 2026-11-22)" in said
    assert "loosens parameter max_macs_growth (policy-gate.yaml:10): expired" in said
    here.write("policy-gate.yaml", (CONFIG + loosens).replace("11-22", "11-23"))
    assert "-> 0.5   configuration" in explain("COST-002")


def test_a_floor_is_shown_beside_what_it_holds(explain, run, here) -> None:
    assert run("policy", "lock", "--floor", "own.yaml").code == 0
    said = explain("COST-002")
    assert "part of the floor" in said
    assert "the floor demands 0.04, pack own.yaml, own.yaml:14" in said
    assert "cannot be waived: it is a rule of the floor" in said


def test_a_rule_that_the_policy_does_not_take_says_so(explain) -> None:
    said = explain("FPR-003")
    assert "not part of the policy here: no pack takes it" in said
    assert "waived" not in said


def test_a_rule_that_the_configuration_removes_says_where_and_until_when(explain, here) -> None:
    removed = (
        "  rules: {COST-005: {remove: true}}\n  loosens:\n    - {what: rule COST-005, owner: jane, approved_by: [sec],"
        " reason: A new chip., expires: '2026-12-31'}\n"
    )
    here.write("policy-gate.yaml", CONFIG.replace("    max_macs: {node: 5}\n", "") + removed)
    assert (
        "not part of the policy here: the configuration removes it (policy-gate.yaml:7); loosening in force: until "
        "2026-12-31, by sec" in flat(explain("COST-005"))
    )


def test_a_condition_is_shown_with_its_place_and_with_its_answer(explain, here) -> None:
    assert "Applies when:\n  has(manifest.targets) (own.yaml:16)" in explain("COST-005")
    said = explain("COST-005", "release.yaml")
    assert "  condition has(manifest.targets): true\n" in said
    assert "-> manifest.targets = a list of 1 element  release.yaml:7:3" in said
    here.write("policy-gate.yaml", CONFIG.replace("    max_macs: {node: 5}\n", ""))
    here.replace("targets:\n  - {id: node, runs: [kws]}\n", "")
    gone = explain("COST-005", "release.yaml")
    assert "  condition has(manifest.targets): false\n" in gone
    assert "NOT_APPLICABLE release" in gone


def test_a_check_shows_what_was_measured_and_the_evidence_field_by_field(explain) -> None:
    said = explain("COST-005", "release.yaml")
    assert "FAIL target node\n  at        release.yaml:5:21\n" in said
    assert "  value     6 MAC, limit 5 (policy-gate.yaml:6)\n" in said
    assert "  evidence  cost.target_macs of this release, recomputed, release.yaml:5:21\n" in said
    assert "total  = 6" in said


def test_an_expression_shows_itself_and_every_value_it_read_with_its_line(explain, here) -> None:
    assert "Expression:\n  fact.size_bytes < params.most\n  for each fingerprint.file_digest, as `fact`" in explain(
        "OWN-002"
    )
    here.write("policy-gate.yaml", CONFIG.replace("most: 100", "most: 50"))
    said = explain("OWN-002", "release.yaml")
    assert "FAIL artifact kws\n" in said
    assert "  assert    fact.size_bytes < params.most: false\n" in said
    assert "-> fact.size_bytes = 101  release.yaml:5:" in said
    assert "-> params.most = 50  policy-gate.yaml:7:11" in said
    passed = explain("OWN-001", "release.yaml")
    assert "PASS release\n" in passed
    assert "-> manifest.metadata.name = kws  release.yaml:3:18" in passed


def test_what_an_expression_cannot_know_is_said_with_its_reason(explain, here) -> None:
    text = PACK.replace("manifest.metadata.name == 'kws'", "manifest.metadata.owner == 'kws'")
    here.write("own.yaml", text)
    said = explain("OWN-001", "release.yaml")
    assert "UNKNOWN release" in said
    assert "-> manifest.metadata.owner = not known: manifest.metadata.owner is not declared  release.yaml:3:1" in said


def test_the_base_stands_beside_the_release_where_a_rule_compares(explain, here, git) -> None:
    git(here.root, "init", "-q", "-b", "main")
    commit(here.root)
    said = explain("COST-002", "release.yaml")
    assert "limit 6 (own.yaml:14), base 6" in said
    assert "  evidence  cost.target_macs of base, recomputed, release.yaml:5:21 in the base\n" in said
    text = PACK.replace("assert: manifest.metadata.name == 'kws'", "assert: base.manifest.metadata.name == 'kw'")
    here.write("own.yaml", text)
    assert "-> base.manifest.metadata.name = kws  release.yaml:3:18 in the base" in explain("OWN-001", "release.yaml")


def test_waivers_say_whether_they_cover_a_subject_and_why_not(explain, here) -> None:
    entries = [
        waiver(id="W-covers"),
        waiver(id="W-past", accept=5),
        waiver(id="W-ended", expires="2026-11-22"),
        waiver(id="W-other", subject="target other", release="other"),
    ]
    here.write("waivers.yaml", waiver_file(*entries))
    here.write("policy-gate.yaml", CONFIG + "  waivers: waivers.yaml\n")
    plain = flat(explain("COST-005"))
    assert "waiver W-covers (waivers.yaml:5): until 2026-12-31, 38 days left" in plain
    assert "target node of kws, up to 6, owner jane@example.invalid" in plain
    assert "waiver W-ended (waivers.yaml:33): expired: it expired on 2026-11-22" in plain
    said = explain("COST-005", "release.yaml")
    assert "WAIVED target node" in said
    assert "  waiver    W-covers covers it: it accepts 6 MAC\n" in said
    assert "  waiver    W-past does not cover it: it accepts 5 MAC, and 6 MAC was measured\n" in said
    assert "  waiver    W-ended does not cover it: it expired on 2026-11-22\n" in said
    assert "W-other covers" not in said


def test_a_baseline_says_how_much_of_a_rule_is_known(explain, run, here) -> None:
    assert run("baseline", *NOW).code == 0
    here.write("policy-gate.yaml", CONFIG + "  baseline: policy-gate.baseline.json\n")
    assert "baseline kws (policy-gate.baseline.json): known since 2026-11-23" in explain("COST-005")
    assert "known since 2026-11-23: it was 6 with the limit 5" in flat(explain("COST-005", "release.yaml"))


def test_a_rule_of_another_stage_says_so(explain, here) -> None:
    here.write("own.yaml", PACK.replace("      severity: low\n", "      severity: low\n      stages: [release]\n"))
    assert "OWN-002 judges nothing of this release at stage candidate" in explain("OWN-002", "release.yaml")
    assert "PASS artifact kws" not in explain("OWN-002", "release.yaml")
    assert "artifact kws" in explain("OWN-002", "release.yaml", "--stage", "release")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind: [\n", "release.yaml:"),
        ("", "release.yaml:1:1: the document is empty"),
        (None, "release.yaml: not in checkout"),
    ],
)
def test_a_manifest_that_cannot_be_judged_is_not_explained(content, said, explain, here) -> None:
    if content is None:
        (here.root / "release.yaml").unlink()
    else:
        here.write("release.yaml", content)
    assert said in explain("COST-005", "release.yaml", code=2)


def test_json_holds_the_same_and_is_one_line(explain, here) -> None:
    said = explain("OWN-002", "release.yaml", "--format", "json")
    tree = json.loads(said)
    assert said.count("\n") == 1
    assert tree["schema"] == "policy-gate/explanation/v1alpha1"
    assert tree["limits"][0]["value"] == 100
    assert [step["holds"] for step in tree["limits"][0]["steps"]] == [False, True]
    (judged,) = tree["releases"][0]["judgements"]
    assert judged["judgement"]["outcome"] == "fail"
    assert judged["assertion"][0]["readings"][1]["places"][0]["line"] == 7


def test_hostile_text_reaches_no_terminal(explain, here) -> None:
    hostile = "\\e[31m\\u202e red"
    here.write(
        "own.yaml", PACK.replace("A reason.", f'"{hostile}"').replace("title: Files are small", f'title: "{hostile}"')
    )
    here.write("policy-gate.yaml", CONFIG)
    for args in (("OWN-002",), ("OWN-002", "release.yaml"), ("OWN-002", "release.yaml", "--format", "json")):
        said = explain(*args)
        assert "\x1b" not in said
        assert "\u202e" not in said
