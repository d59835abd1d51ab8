"""Every finding of `policy lint`, word for word, beside a policy in which there is nothing to find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from policy_gate.errors import GateError
from policy_gate.policy.packs import builtin_content
from policy_gate.report.problems import render_problems
from policy_gate.source import open_working_tree
from policy_gate.workbench.linting import Level, lint_file

TODAY = "2026-12-01"
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: Our own rules.}
spec:
  parameters: {most: {type: integer, stricter: lower, default: 3000000, words: Most of it.}}
  presets: {tight: {words: Less of it., parameters: {most: 5}}, same: {words: As much., parameters: {most: 3000000}}}
  rules:
    - id: OWN-001
      title: Ours
      severity: low
      rationale: Reason
      remediation: Way
"""
CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [pack.yaml]
"""
READS = "      assert: manifest.metadata.sequence < params.most\n"


@dataclass(frozen=True)
class Desk:
    root: Path

    def lint(self, **files: str) -> list[str]:
        """Write files by their names without ending, lint the first, and give what is found as lines."""
        for name, text in files.items():
            place = self.root / {"config": "policy-gate.yaml", "lock": "policy-gate.lock"}.get(name, f"{name}.yaml")
            place.write_text(text, encoding="utf-8")
        first = next(iter(files))
        path = {"config": "policy-gate.yaml"}.get(first, f"{first}.yaml")
        with open_working_tree(self.root) as tree:
            found = lint_file(tree, path, TODAY)
        return render_problems(one.shown for one in found).splitlines()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def asserting(text: str) -> str:
    return f'{PACK}      assert: "{text}"\n'


def test_a_pack_with_nothing_odd_is_silent(desk) -> None:
    assert desk.lint(pack=PACK + READS) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("params.most > 5 && params.most <= 5", "OWN-001 never passes, whatever the release is"),
        ("params.most > 1 && today == '1' && today == '2'", "OWN-001 never passes, whatever the release is"),
        ("params.most > 5 || 1 < 2", "OWN-001 never fails, whatever the release is"),
        ("params.most > 5 || !(params.most > 5)", "OWN-001 never fails, whatever the release is"),
    ],
)
def test_an_assertion_that_says_one_thing_only(desk, text, line) -> None:
    assert desk.lint(pack=asserting(text)) == [
        f"pack.yaml:13:15: warning: {line}",
        "  let it read what it is about",
    ]


@pytest.mark.parametrize("text", ["params.most > 5 && params.most < 9", "today == '1' || params.most == 2"])
def test_an_assertion_that_can_go_both_ways(desk, text) -> None:
    assert desk.lint(pack=asserting(text)) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("params.most > 5 && params.most <= 5", "OWN-001 is never reached: its condition is never true"),
        ("params.most > 5 || !(params.most > 5)", "the condition of OWN-001 is never false"),
    ],
)
def test_a_condition_that_says_one_thing_only(desk, text, line) -> None:
    assert desk.lint(pack=f'{PACK}{READS}      when: "{text}"\n') == [
        f"pack.yaml:14:13: warning: {line}",
        "  correct the condition, or take it away",
    ]


def test_a_condition_of_a_rule_whose_limit_is_still_open_is_looked_at_too(desk) -> None:
    open_rule = (
        PACK.replace("default: 3000000", "required: true")
        .replace(
            "presets: {tight: {words: Less of it., parameters: {most: 5}}, same: {words: As much., parameters: {most: 3000000}}}",
            "presets: {}",
        )
        .replace("type: integer", "type: ratio")
    )
    rule = "      check: {cost.macs_growth: {max_growth: $most}}\n      when: 1 > 2\n"
    assert desk.lint(pack=open_rule + rule)[0] == (
        "pack.yaml:14:13: warning: OWN-001 is never reached: its condition is never true"
    )
    with pytest.raises(GateError, match="nobody"):
        desk.lint(pack=open_rule + rule.replace("1 > 2", "nobody > 2"))


def test_a_condition_that_claims_alone_decide(desk) -> None:
    assert desk.lint(pack=f"{PACK}{READS}      when: has(manifest.rollback.to)\n") == [
        "pack.yaml:14:13: note: claims alone decide whether OWN-001 applies: a first release that leaves them out escapes it",
        "  read a fact as well, or demand the claim by a rule of its own",
    ]


@pytest.mark.parametrize(
    "extra",
    [
        "      when: has(manifest.rollback) || has(base.manifest.rollback)\n",
        "      when: size(facts.cost.target_macs) > 1\n",
        "      when: params.most > 5\n",
        "      when: has(manifest.rollback)\n      mode: warn\n",
    ],
)
def test_a_condition_that_more_than_claims_decide_or_that_blocks_nothing(desk, extra) -> None:
    assert desk.lint(pack=PACK + READS + extra) == []


def test_a_condition_that_a_pack_puts_before_a_shipped_rule_stands_in_that_pack(desk) -> None:
    pack = PACK.partition("  parameters:")[0] + (
        "  include:\n"
        "    - pack: builtin:release\n"
        "      rules: [REL-010, REL-012]\n"
        "      when: {REL-010: has(manifest.rollback), REL-012: 1 > 2}\n"
    )
    assert [line for line in desk.lint(pack=pack) if not line.startswith("  ")] == [
        "pack.yaml:8:23: note: claims alone decide whether REL-010 applies: a first release that leaves them out escapes it",
        "pack.yaml:8:56: warning: REL-012 is never reached: its condition is never true",
    ]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("manifest.targets.all(one, has(one.id)) && params.most > 1", 33),
        ("params.most > 1 && manifest.targets.all(one, has(one.id))", 52),
        ("params.most > 1 && !manifest.targets.exists(one, one.id == 'a')", 53),
        ("has(manifest.targets) && params.most > 1 && manifest.targets.all(one, has(one.id))", 77),
    ],
)
def test_all_of_nothing_passes_and_is_told(desk, text, column) -> None:
    assert desk.lint(pack=asserting(text)) == [
        f"pack.yaml:13:{column}: error: `all` is true of an empty list, which nothing here rules out",
        "  write `size(…) > 0 &&` before it",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "params.most > 1 && size(manifest.targets) > 0 && manifest.targets.all(one, has(one.id))",
        "params.most > 1 && manifest.targets.exists(one, one.id == 'a')",
    ],
)
def test_all_of_something_is_silent(desk, text) -> None:
    assert desk.lint(pack=asserting(text)) == []


def test_a_message_that_shows_no_value(desk) -> None:
    assert desk.lint(pack=PACK + READS + "      message: it is too much\n") == [
        "pack.yaml:14:16: note: the message of OWN-001 shows no value",
        "  name what was found in braces, such as {manifest.metadata.version}",
    ]
    assert desk.lint(pack=PACK + READS + '      message: "{manifest.metadata.sequence} is too much"\n') == []


def test_a_parameter_that_no_rule_reads_is_refused(desk) -> None:
    with pytest.raises(GateError, match=r"pack\.yaml:5:.*most"):
        desk.lint(pack=PACK + "      assert: manifest.metadata.sequence < 5\n")


def test_a_value_for_a_rule_that_is_not_taken(desk) -> None:
    pack = PACK.partition("  parameters:")[0] + (
        "  include:\n    - {pack: 'builtin:cost', rules: [RULE], parameters: {max_macs_growth: 0.01}}\n"
    )
    assert desk.lint(pack=pack.replace("RULE", "COST-003")) == [
        "pack.yaml:6:79: warning: parameter 'max_macs_growth' is set, and no rule that is taken reads it",
        "  take it away, or take the rules it is for",
    ]
    assert desk.lint(pack=pack.replace("RULE", "COST-002")) == []


def config(extra: str) -> dict[str, str]:
    return {"config": CONFIG + extra, "pack": PACK + READS}


def test_a_configuration_with_nothing_odd_is_silent(desk) -> None:
    assert desk.lint(**config("")) == []


@pytest.mark.parametrize(
    ("when", "line"),
    [
        ("1 > 2", "no release is selected: the condition is never true"),
        ("1 < 2", "every release is selected: the condition is never false"),
    ],
)
def test_a_selector_that_always_or_never_selects(desk, when, line) -> None:
    assert desk.lint(**config(f"  select: [{{when: {when}, preset: tight}}]\n")) == [
        f"policy-gate.yaml:5:19: warning: {line}",
        "  correct the condition, or name the preset under `preset`",
    ]


def test_a_selector_whose_preset_changes_nothing(desk) -> None:
    select = "  select: [{when: manifest.metadata.name == 'kws', preset: PRESET}]\n"
    assert desk.lint(**config(select.replace("PRESET", "same"))) == [
        "policy-gate.yaml:5:60: warning: the preset 'same' changes nothing that is not so already",
        "  take the selector away, or name a preset that is stricter",
    ]
    assert desk.lint(**config(select.replace("PRESET", "tight"))) == []
    assert len(desk.lint(**config("  preset: tight\n" + select.replace("PRESET", "tight")))) == 2


def test_a_preset_that_nobody_uses_is_no_finding(desk) -> None:
    assert desk.lint(**config("  stages: {release: {preset: tight}}\n")) == []


LOOSENS = (
    "  loosens:\n    - {what: parameter most, owner: jane, approved_by: [joe], reason: for a test, expires: DAY}\n"
)


@pytest.mark.parametrize(
    ("extra", "lines"),
    [
        ("  parameters: {most: 9000000}\n" + LOOSENS.replace("DAY", "2027-01-31"), []),
        (
            "  parameters: {most: 9000000}\n" + LOOSENS.replace("DAY", "2026-11-30"),
            [
                "policy-gate.yaml:7:7: warning: 'parameter most' is expired: expired on 2026-11-30",
                "  the packs' own value holds: take the entry and what it permits away, or renew it",
            ],
        ),
        (
            LOOSENS.replace("DAY", "2027-01-31"),
            [
                "policy-gate.yaml:6:7: warning: 'parameter most' is unused: nothing is looser than the packs say: remove the entry",
                "  take the entry away",
            ],
        ),
        (
            "  parameters: {most: 9000000}\n  limits: {approval: proven}\n" + LOOSENS.replace("DAY", "2027-01-31"),
            [
                "policy-gate.yaml:8:7: warning: 'parameter most' is not approved: the approval is typed, and the policy demands proof: name a signed one under `approval`",
                "  the packs' own value holds until it is approved",
            ],
        ),
    ],
)
def test_a_permission_without_force(desk, extra, lines) -> None:
    assert desk.lint(**config(extra)) == lines


def test_a_stage_that_the_configuration_never_speaks_of(desk) -> None:
    staged = PACK + READS + "      stages: [release]\n"
    odd = {"config": CONFIG + "  stage: candidate\n", "pack": staged + CANDIDATE_RULE}
    assert desk.lint(**odd) == [
        "policy-gate.yaml:5:10: note: the configuration never speaks of the stage release, at which OWN-001 are judged",
        "  judge with `--stage release` where it counts, or set `stage: release`",
    ]
    assert desk.lint(**{**odd, "config": CONFIG + "  stage: release\n"}) == []
    assert desk.lint(**{**odd, "config": CONFIG + "  stages: {release: {preset: tight}}\n"}) == []


CANDIDATE_RULE = "    - {id: OWN-002, title: Ours, severity: low, check: release.model_is_run, rationale: Reason, remediation: Way}\n"


def test_a_pin_of_a_pack_that_is_not_used(desk) -> None:
    import hashlib

    digest = hashlib.sha256(builtin_content("builtin:cost")).hexdigest()
    lock = (
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyLock\npacks:\n"
        f'  - {{source: "builtin:cost", digest: "sha256:{digest}"}}\n'
    )
    assert desk.lint(**config(""), lock=lock) == [
        "policy-gate.lock:4:5: warning: builtin:cost is pinned, and is no pack of the policy",
        "  run `policy-gate policy lock`",
    ]
    used = {"config": CONFIG.replace("[pack.yaml]", "[pack.yaml, 'builtin:cost']"), "pack": PACK + READS}
    assert desk.lint(**used, lock=lock) == []


WAIVERS = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - {id: W-1, rule: RULE, release: kws, subject: release, owner: jane, approved_by: [joe], reason: a test,
     granted: 2026-11-01, expires: DAY}
"""


@pytest.mark.parametrize(
    ("rule", "day", "lines"),
    [
        ("OWN-001", "2026-12-01", []),
        (
            "OWN-001",
            "2026-11-30",
            [
                "waivers.yaml:5:36: warning: waiver W-1 expired on 2026-11-30",
                "  take it away, or have a new one approved",
            ],
        ),
        (
            "OWN-001",
            "2026-11-31",
            [
                "waivers.yaml:5:36: warning: expires '2026-11-31' is no day: counts as expired",
                "  write a day such as 2027-01-31",
            ],
        ),
        (
            "OWN-001",
            "2027-11-30",
            [
                "waivers.yaml:5:36: warning: waiver W-1 is for 394 days, and the policy allows 90",
                "  it does not count: choose an earlier day",
            ],
        ),
        (
            "OWN-009",
            "2026-12-01",
            [
                "waivers.yaml:4:21: warning: waiver W-1: the policy has no rule OWN-009",
                "  take it away: it covers nothing",
            ],
        ),
        (
            "TRU-001",
            "2026-12-01",
            [
                "waivers.yaml:4:21: warning: waiver W-1: the policy does not let TRU-001 be waived",
                "  take it away: it covers nothing",
            ],
        ),
    ],
)
def test_a_waiver_that_waives_nothing(desk, rule, day, lines) -> None:
    trusted = (
        "    - {id: TRU-001, title: Ours, severity: low, check: signature.evidence_outside_bundle, "
        "rationale: Reason, remediation: Way}\n"
    )
    files = {"config": CONFIG + "  waivers: waivers.yaml\n", "pack": PACK + READS + trusted}
    assert desk.lint(**files, waivers=WAIVERS.replace("RULE", rule).replace("DAY", day)) == lines


def test_a_waiver_file_alone_tells_what_is_over(desk) -> None:
    assert desk.lint(waivers=WAIVERS.replace("RULE", "OWN-009").replace("DAY", "2026-11-30")) == [
        "waivers.yaml:5:36: warning: waiver W-1 expired on 2026-11-30",
        "  take it away, or have a new one approved",
    ]
    assert desk.lint(waivers=WAIVERS.replace("RULE", "OWN-009").replace("DAY", "2027-11-30")) == []


def test_a_waiver_for_a_rule_of_the_floor_waives_nothing(desk) -> None:
    import hashlib

    lock = (
        "apiVersion: policy-gate/v1alpha1\nkind: PolicyLock\npacks:\n"
        f'  - {{source: pack.yaml, digest: "sha256:{hashlib.sha256((PACK + READS).encode()).hexdigest()}", floor: true}}\n'
    )
    files = {"config": CONFIG + "  waivers: waivers.yaml\n", "pack": PACK + READS, "lock": lock}
    found = desk.lint(**files, waivers=WAIVERS.replace("RULE", "OWN-001").replace("DAY", "2026-12-01"))
    assert found[0] == "waivers.yaml:4:21: warning: waiver W-1: the policy does not let OWN-001 be waived"


def test_a_test_file_is_read_for_what_is_wrong_with_it(desk) -> None:
    with pytest.raises(GateError, match="has no 'cases'"):
        desk.lint(tests="apiVersion: policy-gate/v1alpha1\nkind: PolicyTest\npolicy: [pack.yaml]\n")


def test_what_is_shipped_is_not_for_its_user_to_mend(desk) -> None:
    assert desk.lint(config=CONFIG.replace("pack.yaml", "'builtin:edge-strict'") + "  stage: release\n") == []


def test_warnings_are_levels_of_their_own(desk, tmp_path) -> None:
    desk.lint(pack=asserting("1 > 2 || params.most > 5 && params.most <= 5"))
    with open_working_tree(tmp_path) as tree:
        assert {one.level for one in lint_file(tree, "pack.yaml", TODAY)} == {Level.WARNING}
