"""What each check says of hand-made facts, and that its words are those of the shipped pack."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import policy_gate
from policy_gate.areas.signature import AREA, checks
from policy_gate.areas.signature.facts import (
    Attestation,
    EvidencePlacement,
    ModelSignature,
    PlacedFile,
    ReleaseSignature,
    SignedSubjects,
    SigningKey,
    Standing,
)
from policy_gate.document import load
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome, Subject
from policy_gate.record import as_tree, canonical

PACKAGE = Path(policy_gate.__file__).parent
SIGNATURE = ReleaseSignature(
    subject=RELEASE,
    pointer="/signing/release",
    path="signatures/release.dsse.json",
    role="releaser",
    threshold=1,
    signers=("sha256:" + "a" * 64,),
    refusals=(),
    signing_time="2026-11-20",
    time_source="today",
    trust_path="trust.yaml",
)
SUBJECTS = SignedSubjects(
    subject=RELEASE,
    pointer="/signing/release",
    path="signatures/release.dsse.json",
    files=3,
    missing=(),
    extra=(),
    changed=(),
    malformed=(),
)
KEY = SigningKey(
    subject=Subject("signer", ("alice",)),
    pointer="/signing/release",
    key="sha256:" + "a" * 64,
    algorithm="ed25519",
    roles=("releaser",),
    standing=Standing.GOOD,
    signing_time="2026-11-20",
    time_source="today",
    sign_not_before="2026-10-01T00:00:00Z",
    sign_not_after="2027-01-01T23:59:59Z",
    verify_not_after="2027-07-01T23:59:59Z",
    revocation="",
)
PLACEMENT = EvidencePlacement(subject=RELEASE, pointer="/bundle/root", root="model", files=3, inside=())
ATTESTATION = Attestation(
    subject=Subject("attestation", ("evidence/build.json",)),
    pointer="/attestations/0/path",
    path="evidence/build.json",
    predicate_type="https://slsa.dev/provenance/v1",
    artifacts=("kws",),
    signers=("sha256:" + "a" * 64,),
    refusals=(),
    missing=(),
    extra=(),
    trust_path="trust.yaml",
)
MODEL_SIGNATURE = ModelSignature(
    subject=RELEASE, pointer="/signing/model", path="signatures/model.json", digest="sha256:" + "a" * 64
)


def test_a_refused_step_fails_even_if_enough_keys_signed():
    answer = checks.signed_by_releasers(replace(SIGNATURE, refusals=("step 6: predicateType is another",)))
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("step 6: predicateType is another",)


def test_no_signer_fails_even_if_no_step_was_refused():
    answer = checks.signed_by_releasers(replace(SIGNATURE, signers=()))
    assert answer.outcome is Outcome.FAIL
    assert (answer.measured, answer.limit, answer.unit) == (0, 1, "keys")


def test_fewer_signers_than_the_threshold_fail():
    answer = checks.signed_by_releasers(replace(SIGNATURE, threshold=2))
    assert answer.outcome is Outcome.FAIL
    assert "2 distinct keys of role releaser" in answer.message


def test_enough_signers_pass_and_the_source_of_the_signing_time_is_said():
    answer = checks.signed_by_releasers(SIGNATURE)
    assert answer.outcome is Outcome.PASS
    assert "signing time: today, 2026-11-20" in answer.message


@pytest.mark.parametrize("fault", ["missing", "extra", "changed", "malformed"])
def test_any_difference_of_the_subjects_fails_and_is_named(fault):
    answer = checks.covers_release(replace(SUBJECTS, **{fault: ("model/kws.onnx",)}))
    assert answer.outcome is Outcome.FAIL
    assert answer.measured == 1
    assert "model/kws.onnx" in answer.causes[0]


def test_a_long_list_of_names_is_cut():
    names = tuple(f"file{number}" for number in range(501))
    answer = checks.covers_release(replace(SUBJECTS, extra=names))
    assert answer.measured == 501
    assert answer.causes[0].endswith("and 496 more")


def test_exact_coverage_passes():
    assert checks.covers_release(SUBJECTS).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("standing", "limit"),
    [
        (Standing.NOT_YET_VALID, "2026-10-01T00:00:00Z"),
        (Standing.SIGNING_ENDED, "2027-01-01T23:59:59Z"),
        (Standing.VERIFICATION_ENDED, "2027-07-01T23:59:59Z"),
        (Standing.REVOKED, "2026-11-01T00:00:00Z"),
    ],
)
def test_a_key_that_is_not_in_good_standing_fails_with_the_limit_it_broke(standing, limit):
    answer = checks.key_in_good_standing(replace(KEY, standing=standing, revocation="2026-11-01T00:00:00Z: lost"))
    assert answer.outcome is Outcome.FAIL
    assert answer.limit == limit
    assert standing.value in answer.message


def test_every_standing_but_good_fails():
    for standing in Standing:
        passed = checks.key_in_good_standing(replace(KEY, standing=standing)).outcome is Outcome.PASS
        assert passed == (standing is Standing.GOOD)


def test_the_reason_of_a_revocation_is_said():
    answer = checks.key_in_good_standing(
        replace(KEY, standing=Standing.REVOKED, revocation="2026-11-01T00:00:00Z: laptop lost")
    )
    assert answer.causes == ("revoked at 2026-11-01T00:00:00Z: laptop lost",)


def test_evidence_inside_the_bundle_fails_at_the_place_that_names_it():
    inside = (PlacedFile(path="model/test.json", pointer="/compatibility/0/evidence"),)
    answer = checks.evidence_outside_bundle(replace(PLACEMENT, inside=inside))
    assert answer.outcome is Outcome.FAIL
    assert answer.pointer == "/compatibility/0/evidence"
    assert "model/test.json" in answer.causes[0]


def test_evidence_outside_the_bundle_passes():
    assert checks.evidence_outside_bundle(PLACEMENT).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"refusals": ("step 4: nobody signed",)}, "step 4: nobody signed"),
        ({"missing": ("kws",)}, "step 7: not about kws"),
        ({"extra": ("sha256:" + "b" * 64,)}, "step 7: also about sha256:" + "b" * 64),
    ],
)
def test_an_attestation_with_any_fault_fails_and_the_fault_is_named(fault, named):
    answer = checks.attestation_verifies(replace(ATTESTATION, **fault))
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == (named,)
    assert "https://slsa.dev/provenance/v1 about kws" in answer.message


def test_an_attestation_that_nobody_signed_fails_even_if_no_step_was_refused():
    assert checks.attestation_verifies(replace(ATTESTATION, signers=())).outcome is Outcome.FAIL


def test_an_attestation_without_a_fault_passes_and_says_what_it_is_about():
    answer = checks.attestation_verifies(ATTESTATION)
    assert answer.outcome is Outcome.PASS
    assert answer.message == "evidence/build.json verifies, and is about kws"


def test_a_signature_of_the_model_is_unknown_whatever_lies_there():
    answer = checks.model_signature_verifies(MODEL_SIGNATURE)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.UNSUPPORTED_FORMAT)
    assert "was not verified" in answer.message


@pytest.mark.parametrize(
    "fact", [SIGNATURE, SUBJECTS, KEY, PLACEMENT, ATTESTATION, MODEL_SIGNATURE], ids=lambda fact: fact.name
)
def test_every_fact_comes_back_from_json_as_it_went(fact):
    filled = replace(fact, inside=(PlacedFile(path="a", pointer="/b"),)) if fact is PLACEMENT else fact
    tree = json.loads(canonical(as_tree(filled)))
    assert tree.pop("fact") == fact.name
    assert TypeAdapter(type(filled)).validate_json(json.dumps(tree)) == filled


def shipped_rules() -> list[dict]:
    path = PACKAGE.parent / "policies" / "signature.yaml"
    return load(path.read_bytes(), "signature.yaml").root["spec"]["rules"]


def test_the_pack_uses_each_check_of_the_area_once():
    assert sorted(rule["check"] for rule in shipped_rules()) == sorted(AREA.checks)


def test_a_signature_is_demanded_of_a_release_only_but_evidence_lies_apart_from_the_start():
    stages = {rule["id"]: rule.get("stages") for rule in shipped_rules()}
    assert len(stages) == 6
    assert [rule for rule, when in stages.items() if when != ["release"]] == ["SIG-004"]
    assert stages["SIG-004"] is None


def test_every_check_promises_something_in_its_first_line():
    for check in AREA.checks.values():
        assert check.function.__doc__.splitlines()[0].endswith(".")


def test_cryptography_is_imported_by_one_module_and_only_inside_its_functions():
    importers = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryptography"):
                importers.add(path.name)
                assert node not in tree.body
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("cryptography") for alias in node.names)
    assert importers == {"keys.py"}


def test_loading_the_area_costs_neither_cryptography_nor_pydantic():
    probe = (
        "import sys, policy_gate.areas.signature;"
        "print([name for name in ('cryptography', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "[]", done.stderr
