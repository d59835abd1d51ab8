"""What a change could do to be judged by less: each trick leaves the verdict of the base's policy as it was."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from policy_gate.errors import GateError
from policy_gate.gate import Report, Request, judge, proposal
from policy_gate.model import Outcome, Record, Stage, Verdict

TODAY = date(2026, 11, 23)
HEAD = "apiVersion: policy-gate/v1alpha1\nkind: {}\n"
LABELS = b"labels"
NO_TARGET = "assert: 'size(manifest.targets) <= 0'"
FEW_TARGETS = "assert: 'size(manifest.targets) <= 5'"
TOP_TARGETS = "assert: 'size(manifest.targets) <= params.top'"
TIGHT = (
    "  parameters: {top: {type: integer, stricter: lower, default: 9, words: most targets}}\n"
    "  presets: {tight: {words: for some, parameters: {top: 0}}}\n"
)


def rule(rule_id: str = "OWN-001", decides: str = NO_TARGET, more: str = "") -> str:
    words = "title: A rule, severity: high, rationale: because, remediation: mend it"
    return f"    - {{id: {rule_id}, {words}, {decides}{more}}}\n"


def pack(*rules: str, more: str = "", name: str = "own") -> str:
    metadata = f'metadata: {{name: {name}, version: "1", words: rules of a test}}\n'
    return f"{HEAD.format('PolicyPack')}{metadata}spec:\n{more}  rules:\n{''.join(rules)}"


def config(more: str = "", packs: str = "own.yaml") -> str:
    return f"{HEAD.format('PolicyConfig')}spec:\n  policy: [{packs}]\n{more}"


def manifest(name: str = "kws", license_: str = "Apache-2.0", artifact: str = "labels", more: str = "") -> str:
    return (
        f'{HEAD.format("ReleaseManifest")}metadata: {{name: {name}, version: "1", sequence: 1, license: {license_}}}\n'
        f"artifacts: [{{id: {artifact}, path: labels.txt, role: asset, size: {len(LABELS)}}}]\n"
        f"targets: [{{id: node, runs: [{artifact}]}}]\n{more}"
    )


class Repository:
    """A repository whose base has these files, and a branch of work."""

    def __init__(self, root: Path, git, files: dict[str, str]) -> None:
        self.root, self._git = root, git
        git(root, "init", "-q", "-b", "main")
        (root / "labels.txt").write_bytes(LABELS)
        self.write({"release.yaml": manifest(), **files})
        self.commit()
        git(root, "checkout", "-q", "-b", "work")

    def write(self, files: dict[str, str]) -> None:
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)

    def commit(self) -> None:
        self._git(self.root, "add", "-A")
        self._git(self.root, "commit", "-qm", "change", "--allow-empty")

    def report(self, **asked: object) -> Report[Record]:
        return judge(Request(root=self.root, today=TODAY, **{"base": "main", **asked}))  # type: ignore[arg-type]

    def record(self, **asked: object) -> Record:
        (record,) = self.report(**asked).presented
        return record


@pytest.fixture
def repository(tmp_path, git):
    return lambda files: Repository(tmp_path, git, files)


def outcome(record: Record, rule_id: str = "OWN-001") -> Outcome:
    return next(one.outcome for one in record.judgements if one.rule == rule_id)


# Selectors and conditions


def selecting(when: str) -> dict[str, str]:
    own = pack(rule(decides=TOP_TARGETS), more=TIGHT)
    return {"own.yaml": own, "policy-gate.yaml": config(f'  select: [{{when: "{when}", preset: tight}}]\n')}


def test_a_changed_claim_takes_no_preset_away_that_the_base_selects(repository) -> None:
    here = repository(selecting("manifest.metadata.license == 'Apache-2.0'"))
    assert outcome(here.record()) is Outcome.FAIL
    here.write({"release.yaml": manifest(license_="MIT")})
    assert outcome(here.record()) is Outcome.FAIL


@pytest.mark.parametrize("when", ["has(facts.cost.target_macs)", "has(base.manifest.metadata)", "has(base.manifest)"])
def test_a_selector_that_asks_for_what_is_not_known_yet_tightens(repository, when) -> None:
    assert outcome(repository(selecting(when)).record()) is Outcome.FAIL


def test_a_selector_without_a_base_that_can_be_read_tightens(repository) -> None:
    here = repository({**selecting("manifest.metadata.license == 'none'"), "release.yaml": manifest(more="odd: 1\n")})
    here.write({"release.yaml": manifest()})
    assert outcome(here.record()) is Outcome.FAIL


def asking(when: str, *packs: str) -> dict[str, str]:
    own = pack(rule(more=f', when: "{when}"'), rule("OWN-002", FEW_TARGETS))
    return {"own.yaml": own, "policy-gate.yaml": config(packs=", ".join(["own.yaml", *packs]))}


def test_a_changed_fact_takes_no_rule_away_that_the_base_has(repository) -> None:
    here = repository(asking("facts.fingerprint.file_digest.exists(f, f.subject == 'artifact labels')"))
    assert outcome(here.record()) is Outcome.FAIL
    here.write({"release.yaml": manifest(artifact="other")})
    assert outcome(here.record()) is Outcome.FAIL


def test_a_base_that_cannot_be_read_does_not_say_that_a_rule_does_not_apply(repository) -> None:
    broken = manifest(more="odd: 1\n")
    here = repository({**asking("manifest.metadata.license == 'Apache-2.0'"), "release.yaml": broken})
    here.write({"release.yaml": manifest(license_="MIT")})
    assert outcome(here.record()) is Outcome.UNKNOWN


def test_a_new_name_at_the_same_path_takes_no_rule_away(repository) -> None:
    here = repository(asking("manifest.metadata.name == 'kws'"))
    here.write({"release.yaml": manifest(name="other")})
    assert outcome(here.record()) is Outcome.FAIL


def test_a_rule_that_reads_signatures_of_the_base_is_about_signatures_too(repository) -> None:
    decides = "assert: 'size(base.facts.signature.release_signature) > 0'"
    here = repository({"own.yaml": pack(rule(decides=decides)), "policy-gate.yaml": config()})
    judgement = next(one for one in here.record().judgements if one.rule == "OWN-001")
    assert judgement.area == "signature"


# The command line


def test_asking_for_the_release_stage_keeps_what_the_candidate_stage_demands(repository) -> None:
    own = pack(rule(more=", stages: [candidate]"), rule("OWN-002", TOP_TARGETS), more=TIGHT)
    stages = "  stages: {candidate: {preset: tight}}\n"
    here = repository({"own.yaml": own, "policy-gate.yaml": config(stages)})
    record = here.record(stage=Stage.RELEASE)
    assert (outcome(record), outcome(record, "OWN-002")) == (Outcome.FAIL, Outcome.FAIL)
    assert record.stage is Stage.RELEASE


def test_a_pack_of_the_command_line_leaves_no_room_for_more_waivers(repository) -> None:
    waivers = [{**WAIVER, "id": f"W-{number}"} for number in range(11)]
    lax = pack(rule("LAX-001", FEW_TARGETS), more="  exceptions: {waivers_max: 1000}\n", name="lax")
    files = {"own.yaml": pack(rule()), "lax.yaml": lax, "waivers.json": waiver_file(*waivers)}
    here = repository({**files, "policy-gate.yaml": config("  waivers: waivers.json\n")})
    assert outcome(here.record()) is Outcome.FAIL
    assert outcome(here.record(policies=("lax.yaml",))) is Outcome.FAIL


def test_what_is_its_own_base_is_refused_in_ci_whatever_stage_its_configuration_names(repository) -> None:
    here = repository({"own.yaml": pack(rule()), "policy-gate.yaml": config()})
    here.write({"own.yaml": pack(rule(decides=FEW_TARGETS)), "policy-gate.yaml": config("  stage: release\n")})
    here.commit()
    with pytest.raises(GateError, match="the very commit that is judged"):
        here.report(base="HEAD", in_ci=True)


# Floors


def lock(*packs: str) -> str:
    lines = "".join(f"  - {{source: {name}, digest: '{digest}', floor: true}}\n" for name, digest in map(pinned, packs))
    return f"{HEAD.format('PolicyLock')}packs:\n{lines}"


def pinned(text: str) -> tuple[str, str]:
    name, _, content = text.partition("=")
    return name, f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def test_a_floor_cannot_be_made_advisory_by_fail_on(repository) -> None:
    floor = pack(rule(), name="floor")
    files = {"floor.yaml": floor, "policy-gate.lock": lock(f"floor.yaml={floor}")}
    here = repository({**files, "policy-gate.yaml": config("  fail_on: never\n", "floor.yaml")})
    with pytest.raises(GateError, match="it cannot be made advisory"):
        here.report()


def test_a_floor_holds_also_where_there_is_no_configuration(repository) -> None:
    floor = pack(rule(), name="floor")
    here = repository({"floor.yaml": floor, "policy-gate.lock": lock(f"floor.yaml={floor}")})
    record = here.record()
    assert outcome(record) is Outcome.FAIL
    assert record.bootstrap


# Exceptions

DIGEST = f"sha256:{hashlib.sha256(LABELS).hexdigest()}"
WAIVER = {
    "id": "W-1",
    "rule": "OWN-001",
    "release": "kws",
    "subject": "release",
    "owner": "jane",
    "approved_by": ["bob"],
    "reason": "for a test",
    "expires": "2026-12-31",
}


def waiver_file(*entries: dict) -> str:
    return json.dumps({"apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": list(entries)})


def test_whether_a_waiver_for_some_bytes_covers_does_not_hang_on_what_the_change_proposes(repository) -> None:
    files = {"own.yaml": pack(rule()), "waivers.json": waiver_file({**WAIVER, "artifact": DIGEST})}
    here = repository({**files, "policy-gate.yaml": config("  waivers: waivers.json\n")})
    assert outcome(here.record()) is Outcome.WAIVED
    here.write({"policy-gate.yaml": config("  waivers: waivers.json\n", "own.yaml, 'builtin:fingerprint'")})
    assert outcome(here.record()) is Outcome.WAIVED
    here.write({"labels.txt": "LABELS"})
    assert outcome(here.record()) is Outcome.FAIL


def test_where_no_manifest_is_allowed_a_model_still_needs_one(repository, git) -> None:
    allowed = config("  allow_none: true\n", "'builtin:release'")
    here = repository({"policy-gate.yaml": allowed})
    git(here.root, "checkout", "-q", "main")
    git(here.root, "rm", "-q", "release.yaml")
    here.commit()
    git(here.root, "checkout", "-q", "-B", "work")
    assert here.report().exit_code == 0
    here.write({"model.onnx": ""})
    with pytest.raises(GateError, match="there is no manifest at all"):
        here.report()


# The preview decides nothing


def proposed(here: Repository, files: dict[str, str]) -> Record:
    """The record with this proposal, whose verdict and judgements are those of the base alone."""
    before = here.record()
    here.write(files)
    here.commit()
    after = here.record()
    assert (after.verdict, after.judgements) == (before.verdict, before.judgements)
    assert after.preview is not None
    return after


LETTERS = ", ".join(f"a{number}" for number in range(300))
LONG_LIST = f"  parameters:\n    l: {{type: set, of: text, words: long words, default: [{LETTERS}]}}\n"
NESTED = "params.l.all(a, params.l.all(b, a != 'x'))"


@pytest.fixture
def here(repository, monkeypatch) -> Repository:
    monkeypatch.setattr(proposal, "PREVIEW_STEPS", 400_000)  # fewer than a run has, so that the tests are quick
    return repository({"own.yaml": pack(rule(decides=FEW_TARGETS)), "policy-gate.yaml": config()})


def test_a_proposed_policy_of_endless_work_is_given_up_and_the_verdict_stands(here) -> None:
    rules = [rule(f"OWN-{number:03d}", f'assert: "{NESTED}"') for number in range(900)]
    record = proposed(here, {"own.yaml": pack(*rules, more=LONG_LIST)})
    assert record.verdict is Verdict.ALLOWED
    assert record.preview.verdict is None
    assert "steps of work" in record.preview.detail


def test_a_proposed_condition_of_endless_work_is_given_up_as_well(here) -> None:
    more = f', when: "{NESTED}"'
    rules = [rule(f"OWN-{number:03d}", "assert: 'true == true'", more) for number in range(900)]
    assert "steps of work" in proposed(here, {"own.yaml": pack(*rules, more=LONG_LIST)}).preview.detail


def test_a_proposed_selector_of_endless_work_is_given_up_as_well(here) -> None:
    select = "".join(f'    - {{when: "{NESTED.replace("x", str(n))}", preset: tight}}\n' for n in range(900))
    presets = "  presets: {tight: {words: for some, modes: {OWN-001: enforce}}}\n"
    own = pack(rule(decides="assert: 'size(params.l) > 0'"), more=LONG_LIST + presets)
    record = proposed(here, {"own.yaml": own, "policy-gate.yaml": config(f"  select:\n{select}")})
    assert "steps of work" in record.preview.detail


def test_proposed_packs_that_include_each_other_many_times_over_are_given_up(here) -> None:
    files = {}
    for depth in range(7):
        include = f"    - {{pack: i{depth + 1}.yaml}}\n" * 20
        files[f"i{depth}.yaml"] = pack(rule(f"OWN-00{depth}"), more=f"  include:\n{include}", name=f"i{depth}")
    files["i7.yaml"] = pack(rule("OWN-007"), name="i7")
    record = proposed(here, {**files, "policy-gate.yaml": config(packs="i0.yaml")})
    assert "include each other more than" in record.preview.detail


def test_a_proposal_that_cannot_be_bound_for_this_release_alone_does_not_stop_the_run(here) -> None:
    own = pack(
        rule(decides="assert: \"params.word == 'two'\""),
        more="  parameters: {word: {type: text, default: one, words: a word}}\n"
        "  presets: {p: {words: a preset, parameters: {word: one}}}\n",
    )
    select = "  parameters: {word: two}\n  select: [{when: 'true == true', preset: p}]\n"
    record = proposed(here, {"own.yaml": own, "policy-gate.yaml": config(select)})
    assert "two different values" in record.preview.detail


@pytest.mark.parametrize("broken", ["", "[" * 5000, "a: &a [x]\nb: *a\n", "spec: 1\n", "\x00", "- " * 5000])
def test_a_proposal_that_cannot_be_read_does_not_stop_the_run(here, broken) -> None:
    assert proposed(here, {"policy-gate.yaml": broken}).preview.verdict is None


def test_a_check_that_crashes_in_a_preview_is_a_sentence(here, monkeypatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by a hostile number")

    here.write({"own.yaml": pack(rule())})
    monkeypatch.setattr(proposal, "evaluate", crash)
    record = here.record()
    assert record.verdict is Verdict.ALLOWED
    assert record.preview.detail == "it crashed: ZeroDivisionError: by a hostile number"


# Folders


def test_a_pack_beside_a_configuration_in_a_folder_is_recorded_where_it_lies(repository) -> None:
    here = repository({"sub/own.yaml": pack(rule()), "sub/policy-gate.yaml": config()})
    record = here.record(config="sub/policy-gate.yaml")
    assert "sub/own.yaml" in {one.path for one in record.inputs if one.role == "policy"}
    # A copy at the top, with the base's bytes, does not stand in for the one that changed.
    here.write({"own.yaml": pack(rule()), "sub/own.yaml": pack(rule(decides=FEW_TARGETS))})
    record = here.record(config="sub/policy-gate.yaml")
    assert (outcome(record), record.preview.verdict) == (Outcome.FAIL, Verdict.ALLOWED)
