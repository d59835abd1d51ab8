"""`policy lint`: a policy that a run would refuse is refused before, at its line."""

from __future__ import annotations

import pytest

from policy_gate.policy.packs import builtin_folder

PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: Our own rules.}
spec:
"""
RULE = "{id: OWN-001, title: Ours, severity: low, check: CHECK, rationale: Reason, remediation: Way}\n"


def pack(check: str, parameters: str = "") -> str:
    return f"{PACK}{parameters}  rules:\n    - {RULE.replace('CHECK', check)}"


@pytest.fixture
def lint(run, tmp_path):
    def of(text: str, path: str = "policies/own.yaml"):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return run("policy", "lint", path)

    return of


def test_every_shipped_pack_is_clean(run, tmp_path) -> None:
    for shipped in builtin_folder().glob("*.yaml"):
        (tmp_path / shipped.name).write_bytes(shipped.read_bytes())
        done = run("policy", "lint", "--strict", shipped.name)
        assert (done.code, done.out) == (0, "")
        assert "warning:" not in done.err


def test_a_warning_blocks_only_where_it_is_asked_to(run, lint) -> None:
    odd = pack("release.model_is_run").replace("rationale", "when: 1 > 2, rationale")
    said = "policies/own.yaml:6:84: warning: OWN-001 is never reached: its condition is never true\n"
    done = lint(odd)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(said)
    assert run("policy", "lint", "--strict", "policies/own.yaml").code == 2


def test_a_note_never_blocks(run, lint) -> None:
    lint(pack("release.model_is_run").replace("rationale", "when: has(manifest.rollback), rationale"))
    done = run("policy", "lint", "--strict", "policies/own.yaml")
    assert done.code == 0
    assert ": note: claims alone decide whether OWN-001 applies" in done.err


def test_what_two_files_share_is_said_once(run, lint, tmp_path) -> None:
    lint(pack("release.model_is_run").replace("rationale", "when: 1 > 2, rationale"))
    config = "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n  policy: [policies/own.yaml]\n"
    (tmp_path / "policy-gate.yaml").write_text(config)
    assert run("policy", "lint", "policies/own.yaml", "policy-gate.yaml").err.count("never reached") == 1


def test_a_good_pack_is_silent(lint) -> None:
    done = lint(pack("release.model_is_run"))
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pack("release.model_is_ran"), "policies/own.yaml:6:56: there is no check 'release.model_is_ran'"),
        (pack("{release.model_is_run: {max: 1}}"), "takes no limits"),
        (pack("release.model_is_run").replace("low", "mild"), "policies/own.yaml:6:"),
        (pack("release.model_is_run").replace("title", "titel"), "did you mean 'title'?"),
        (PACK + "  rules: []\n", "selects no rule"),
        (PACK + "  include: [{pack: 'builtin:none'}]\n", "there is no pack 'builtin:none'"),
        (PACK + "  include: [{pack: 'builtin:release', rules: [REL-999]}]\n", "has no rule REL-999"),
        (PACK + "  include: [{pack: policies/own.yaml}]\n", "include each other without end"),
        (PACK + "  include: [{pack: ../../etc/passwd}]\n", "has the segment '..'"),
        ("kind: Deployment\n", "policies/own.yaml:1:7: kind must be one of PolicyPack, PolicyConfig, TrustFile"),
        ("- 1\n", "policies/own.yaml:1:1: "),
        ("", "policies/own.yaml:1:1: the document is empty"),
        ("a: &a 1\n", "policies/own.yaml:1:4: the anchor"),
    ],
)
def test_what_a_run_would_refuse_is_refused_at_its_line(text, said, lint) -> None:
    done = lint(text)
    assert done.code == 2
    assert said in done.err
    assert "internal error" not in done.err


def test_every_file_is_looked_at_even_after_a_broken_one(run, tmp_path) -> None:
    (tmp_path / "a.yaml").write_text("kind: [\n")
    (tmp_path / "b.yaml").write_text("kind: Deployment\n")
    done = run("policy", "lint", "a.yaml", "b.yaml", "gone.yaml")
    assert done.code == 2
    assert "a.yaml:" in done.err
    assert "b.yaml:1:7:" in done.err
    assert "gone.yaml: not in checkout" in done.err


def test_a_pack_is_included_from_the_top_of_the_tree_as_a_run_does_it(lint, tmp_path) -> None:
    assert lint(pack("release.model_is_run"), "policies/other.yaml").code == 0
    assert lint(PACK + "  include: [{pack: policies/other.yaml}]\n").code == 0
    assert lint(PACK + "  include: [{pack: other.yaml}]\n").code == 2


def test_a_parameter_that_configuration_must_give_is_open_in_the_pack_alone(lint, tmp_path) -> None:
    parameters = "  parameters: {most_share: {type: ratio, stricter: lower, words: how much, required: true}}\n"
    assert lint(pack("{cost.macs_growth: {max_growth: $most_share}}", parameters)).code == 0
    assert lint(pack("{cost.macs_grow: {max_growth: $most_share}}", parameters)).code == 2
    undeclared = lint(pack("{cost.macs_growth: {max_growth: $another}}", parameters))
    assert undeclared.code == 2
    assert "parameter 'another' is declared by no pack" in undeclared.err


def test_a_configuration_is_judged_with_all_it_names(lint, tmp_path) -> None:
    config = "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n  policy: ['builtin:edge-baseline']\n"
    assert lint(config, "policy-gate.yaml").code == 0
    missing = lint(config + "  trust: trust.yaml\n", "policy-gate.yaml")
    assert (missing.code, missing.err.splitlines()[0]) == (
        2,
        "trust.yaml: not in checkout: there is no 'trust.yaml' in the working tree",
    )
    itself = lint(config + "  trust: policy-gate.yaml\n", "policy-gate.yaml")
    assert itself.code == 2
    assert "policy-gate.yaml:" in itself.err
    assert "internal error" not in itself.err


BASELINE = (
    '{"apiVersion": "policy-gate/v1alpha1", "kind": "Baseline", "made": "2026-11-01", "tool_version": "0.1.0",'
    ' "findings": []}'
)


def test_a_baseline_is_a_policy_file_too(lint) -> None:
    assert lint(BASELINE, "policy-gate.baseline.json").code == 0
    done = lint(BASELINE.replace("2026-11-01", "soon"), "policy-gate.baseline.json")
    assert done.code == 2
    assert "policy-gate.baseline.json:1:" in done.err


def test_a_manifest_is_sent_to_the_command_that_judges_it(lint) -> None:
    done = lint("apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n", "release.yaml")
    assert done.code == 2
    assert "kind must be one of PolicyPack, " in done.err
    assert "`policy-gate check` judges a release by its manifest" in done.err


def test_the_help_names_every_kind_of_file_and_the_exit_codes(run) -> None:
    said = " ".join(run("policy", "lint", "--help").out.split())
    for word in (
        "packs",
        "configurations",
        "trust files",
        "waivers",
        "baselines",
        "locks",
        "policy tests",
        "Exit codes",
    ):
        assert word in said


def test_the_list_of_commands_cuts_no_sentence(run) -> None:
    lines = [
        line for line in run("policy", "--help").out.splitlines() if line.startswith("  ") and "replay" not in line
    ]
    assert not [line for line in lines if line.endswith("...")]
