"""Real trees: what a manifest names as proof, and every way in which it proves nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from signature_world import ALICE, BOB, MALLORY, TODAY, entry, sha256, trust_document

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.release.claim_checks import compatibility_is_proven, figure_has_evidence
from policy_gate.areas.signature import checks
from policy_gate.areas.signature.collect_attestations import attestations, model_signature
from policy_gate.areas.signature.collect_evidence import compatibility, figures
from policy_gate.areas.signature.facts import Attestation, CompatibilityEvidence, FigureEvidence, ModelSignature
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.areas.signature.statement import STATEMENT_TYPE
from policy_gate.areas.signature.suite_run import TEST_RESULT
from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Basis, Fact, Missing, Outcome, Stage, Subject
from policy_gate.source import open_working_tree

SLSA = "https://slsa.dev/provenance/v1"
MODEL, LABELS = b"weights", b"yes no"
SUITE = sha256(b"suite")
ATTESTED = {
    "attestations": [{"type": SLSA, "path": "evidence/build.json", "subjects": ["kws", "labels"]}],
}
TESTED = {
    "compatibility": [
        {
            "target": "node",
            "artifact": "kws",
            "suite": SUITE,
            "evidence": "evidence/test.json",
            "required": ["boots", "io-shape"],
        }
    ]
}
MEASURED = {
    "cost": [
        {"target": "node", "artifact": "kws", "macs": 1},
        {"target": "node", "artifact": "kws", "latency_ms": 3, "evidence": "evidence/bench.json"},
    ],
    "quality": [{"artifact": "kws", "metric": "top1", "value": 0.9, "evidence": "evidence/eval.json"}],
}
RUN = {
    "result": "PASSED",
    "passedTests": ["boots", "io-shape", "soak"],
    "configuration": [
        {"name": "node"},
        {"name": "suite", "digest": {"sha256": SUITE.removeprefix("sha256:")}},
    ],
}


class World:
    """A release with two artifacts; Alice builds, Bob tests."""

    def __init__(self, root: Path, claims: dict) -> None:
        self.root = root
        self.claims = claims
        self.trust = trust_document(entry(ALICE, id="alice", roles=["releaser", "builder"]), self.tester())
        self.write("model/kws.onnx", MODEL)
        self.write("model/labels.txt", LABELS)

    @staticmethod
    def tester(**changes) -> dict:
        return entry(BOB, id="bob", **{"roles": ["tester"], **changes})

    def write(self, path: str, content: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def attest(self, path: str, *keys, about=(MODEL,), kind: str = SLSA, predicate: dict | None = None) -> World:
        subjects = [
            {"name": f"file{number}", "digest": {"sha256": sha256(one).removeprefix("sha256:")}}
            for number, one in enumerate(about)
        ]
        content = {"_type": STATEMENT_TYPE, "predicateType": kind, "subject": subjects, "predicate": predicate or {}}
        self.write(path, sign_payload(json.dumps(content).encode(), keys))
        return self

    def evidence(self) -> Evidence:
        content = {
            "apiVersion": "policy-gate/v1alpha1",
            "kind": "ReleaseManifest",
            "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
            "artifacts": [
                {"id": "kws", "path": "model/kws.onnx"},
                {"id": "labels", "path": "model/labels.txt", "role": "asset"},
            ],
            "targets": [{"id": "node", "runs": ["kws", "labels"]}],
            **self.claims,
        }
        return Evidence(
            manifest=decode_manifest(load(json.dumps(content).encode(), "release.json"), sections()),
            tree=open_working_tree(self.root),
            trusted=Trusted(source="head", trust=self.trust),
            facts=FactBook(),
            today=TODAY,
            stage=Stage.RELEASE,
            history=History(base_known=False),
        )


def only(collector, world: World) -> Fact | Missing:
    (found,) = collector(world.evidence())
    return found


# Attestations


def attestation(world: World) -> Attestation:
    found = only(attestations, world)
    assert isinstance(found, Attestation)
    return found


def outcome(fact: Attestation) -> Outcome:
    return checks.attestation_verifies(fact).outcome


@pytest.fixture
def built(tmp_path) -> World:
    return World(tmp_path, ATTESTED).attest("evidence/build.json", ALICE, about=(MODEL, LABELS))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, Reason.NOT_IN_TREE),
        (b"", Reason.UNREADABLE),
        (b'{"_type": "https://in-toto.io/Statement/v1", "subject": []}', Reason.UNREADABLE),
        (b'{"dsseEnvelope": {}}', Reason.UNSUPPORTED_FORMAT),
        (b" " * (1024 * 1024 + 1), Reason.TOO_LARGE),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n", Reason.LFS_POINTER),
    ],
)
def test_an_attestation_that_is_no_envelope_is_unknown_with_its_reason(built, content, reason):
    (built.root / "evidence/build.json").unlink()
    if content is not None:
        built.write("evidence/build.json", content)
    missing = only(attestations, built)
    assert isinstance(missing, Missing)
    assert (missing.reason, missing.pointer) == (reason, "/attestations/0/path")


@pytest.mark.parametrize("path", ["../build.json", "/etc/passwd", "evidence\\build.json"])
def test_an_attestation_outside_the_tree_is_refused(tmp_path, path):
    world = World(tmp_path, {"attestations": [{"type": SLSA, "path": path, "subjects": ["kws"]}]})
    assert only(attestations, world).reason is Reason.PATH_REFUSED


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_an_attestation_reached_by_a_link_is_refused(built):
    (built.root / "evidence/build.json").rename(built.root / "elsewhere.json")
    try:
        (built.root / "evidence/build.json").symlink_to(built.root / "elsewhere.json")
    except OSError:
        pytest.skip("no symbolic links here")
    assert only(attestations, built).reason is Reason.PATH_REFUSED


def test_without_a_trust_file_no_attestation_is_believed(built):
    built.trust = None
    assert only(attestations, built).reason is Reason.NOT_TRUSTED


def test_a_trust_file_that_is_not_valid_trusts_nobody(built):
    built.trust = trust_document(entry(ALICE, algorithm="ecdsa-p256", roles=["builder"]))
    assert only(attestations, built).reason is Reason.NOT_TRUSTED


def test_a_signature_by_a_stranger_or_a_releaser_fails_and_names_the_step(built):
    built.trust = trust_document(entry(ALICE, id="alice"), World.tester())
    for key in (ALICE, MALLORY):
        found = attestation(built.attest("evidence/build.json", key, about=(MODEL, LABELS)))
        assert outcome(found) is Outcome.FAIL
        assert found.refusals[0].startswith("step 4")
        assert found.signers == ()


def test_a_statement_of_another_type_fails_though_its_signature_holds(built):
    found = attestation(built.attest("evidence/build.json", ALICE, about=(MODEL, LABELS), kind="https://other/v1"))
    assert outcome(found) is Outcome.FAIL
    assert found.refusals == (f"step 6: predicateType is 'https://other/v1'; it should be {SLSA}",)


@pytest.mark.parametrize(
    ("about", "missing", "extra"),
    [
        ((MODEL,), ("labels",), ()),
        ((b"other", LABELS), ("kws",), (sha256(b"other"),)),
        ((MODEL, LABELS, b"other"), (), (sha256(b"other"),)),
    ],
)
def test_an_attestation_about_fewer_more_or_other_files_fails(built, about, missing, extra):
    found = attestation(built.attest("evidence/build.json", ALICE, about=about))
    assert outcome(found) is Outcome.FAIL
    assert (found.missing, found.extra) == (missing, extra)


def test_an_attestation_about_nothing_fails(built):
    found = attestation(built.attest("evidence/build.json", ALICE, about=()))
    assert outcome(found) is Outcome.FAIL
    assert found.refusals == ("step 7: it has no subject, so that it is about nothing",)


def test_a_file_that_changed_after_it_was_attested_fails(built):
    built.write("model/kws.onnx", b"other weights")
    assert attestation(built).missing == ("kws",)


def test_an_attestation_for_an_artifact_that_is_none_fails(tmp_path):
    claims = {"attestations": [{"type": SLSA, "path": "evidence/build.json", "subjects": ["kws", "ghost"]}]}
    found = attestation(World(tmp_path, claims).attest("evidence/build.json", ALICE))
    assert outcome(found) is Outcome.FAIL
    assert found.refusals == ("'ghost' is no artifact of this manifest",)


def test_an_attestation_about_a_file_that_is_not_there_is_unknown(built):
    (built.root / "model/labels.txt").unlink()
    assert only(attestations, built).reason is Reason.NOT_IN_TREE


def test_each_attestation_is_judged_for_itself(tmp_path):
    second = {"type": SLSA, "path": "evidence/more.json", "subjects": ["kws"]}
    world = World(tmp_path, {"attestations": [*ATTESTED["attestations"], second]})
    world.attest("evidence/build.json", ALICE, about=(MODEL, LABELS))
    good, missing = attestations(world.evidence())
    assert outcome(good) is Outcome.PASS
    assert (missing.reason, missing.pointer) == (Reason.NOT_IN_TREE, "/attestations/1/path")


@pytest.mark.parametrize("claims", [{}, {"attestations": []}])
def test_a_manifest_that_names_no_attestation_is_not_asked_for_one(tmp_path, claims):
    assert outcome(attestation(World(tmp_path, claims))) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("key", [ALICE, BOB])
def test_an_attestation_by_a_builder_or_a_tester_about_exactly_the_named_artifacts_passes(built, key):
    found = attestation(built.attest("evidence/build.json", key, about=(LABELS, MODEL)))
    assert outcome(found) is Outcome.PASS
    assert (found.basis, len(found.signers)) == (Basis.ATTESTED, 1)
    assert found.subject == Subject("attestation", ("evidence/build.json",))


# A signature of the model


def test_a_signature_of_the_model_that_is_not_there_is_not_in_checkout(tmp_path):
    world = World(tmp_path, {"signing": {"release": "a.json", "model": "signatures/model.json"}})
    missing = only(model_signature, world)
    assert (missing.reason, missing.pointer) == (Reason.NOT_IN_TREE, "/signing/model")


def test_a_signature_of_the_model_that_is_there_is_declared_and_never_passes(tmp_path):
    world = World(tmp_path, {"signing": {"release": "a.json", "model": "signatures/model.json"}})
    world.write("signatures/model.json", b"{}")
    found = only(model_signature, world)
    assert isinstance(found, ModelSignature)
    assert found.basis is Basis.DECLARED
    assert checks.model_signature_verifies(found).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("claims", [{}, {"signing": {"release": "a.json"}}])
def test_a_manifest_that_names_no_signature_of_the_model_is_not_asked_for_one(tmp_path, claims):
    found = only(model_signature, World(tmp_path, claims))
    assert checks.model_signature_verifies(found).outcome is Outcome.NOT_APPLICABLE


# Compatibility


def outcome_of_tests(world: World, *keys, **changes) -> Outcome | Reason:
    run = {"kind": TEST_RESULT, "predicate": RUN, **changes}
    found = only(compatibility, world.attest("evidence/test.json", *keys, **run))
    if isinstance(found, Missing):
        assert found.pointer == "/compatibility/0/evidence"
        return found.reason
    assert isinstance(found, CompatibilityEvidence)
    return compatibility_is_proven(found).outcome


@pytest.fixture
def shipped(tmp_path) -> World:
    return World(tmp_path, TESTED)


def test_required_tests_without_evidence_are_not_declared(tmp_path):
    world = World(tmp_path, {"compatibility": [{"target": "node", "artifact": "kws", "required": ["boots"]}]})
    missing = only(compatibility, world)
    assert missing.reason is Reason.NOT_DECLARED
    assert missing.subject == Subject("target", ("node", "kws"))
    assert missing.detail == "nothing shows that kws was tested on node"


def test_evidence_of_tests_that_is_not_there_is_not_in_checkout(shipped):
    assert only(compatibility, shipped).reason is Reason.NOT_IN_TREE


def test_a_test_result_that_no_tester_signed_is_not_proven(shipped):
    for keys in ((ALICE,), (MALLORY,)):
        assert outcome_of_tests(shipped, *keys) is Reason.NOT_PROVEN
    shipped.trust = trust_document(World.tester(revoked={"at": "2026-11-01", "reason": "lost"}), entry(ALICE))
    assert outcome_of_tests(shipped, BOB) is Reason.NOT_PROVEN


def test_a_statement_that_is_no_test_result_is_not_supported(shipped):
    assert outcome_of_tests(shipped, BOB, kind=SLSA) is Reason.UNSUPPORTED_FORMAT


def test_a_test_result_of_another_shape_is_unreadable(shipped):
    assert outcome_of_tests(shipped, BOB, predicate={"result": "ok"}) is Reason.UNREADABLE


def test_a_test_result_of_another_file_fails(shipped):
    assert outcome_of_tests(shipped, BOB, about=(b"other",)) is Outcome.FAIL
    assert outcome_of_tests(shipped, BOB, about=(LABELS,)) is Outcome.FAIL


@pytest.mark.parametrize("result", ["FAILED", "WARNED"])
def test_tests_that_did_not_pass_fail(shipped, result):
    assert outcome_of_tests(shipped, BOB, predicate={**RUN, "result": result}) is Outcome.FAIL


@pytest.mark.parametrize("passed", [[], ["boots"], ["boots", "io_shape"], ["boots", ["io-shape"]]])
def test_a_required_test_that_is_not_among_those_that_passed_fails(shipped, passed):
    assert outcome_of_tests(shipped, BOB, predicate={**RUN, "passedTests": passed}) is Outcome.FAIL


def test_a_required_test_that_is_also_among_those_that_failed_fails(shipped):
    assert outcome_of_tests(shipped, BOB, predicate={**RUN, "failedTests": ["boots"]}) is Outcome.FAIL


@pytest.mark.parametrize("left", [[], RUN["configuration"][:1], RUN["configuration"][1:]])
def test_a_result_that_does_not_name_the_target_and_the_suite_is_unknown(shipped, left):
    assert outcome_of_tests(shipped, BOB, predicate={**RUN, "configuration": left}) is Outcome.UNKNOWN


def test_a_result_for_an_artifact_that_is_none_is_not_declared(tmp_path):
    claims = {"compatibility": [{"target": "node", "artifact": "ghost", "evidence": "evidence/test.json"}]}
    assert outcome_of_tests(World(tmp_path, claims), BOB) is Reason.NOT_DECLARED


def test_a_manifest_that_says_nothing_about_compatibility_is_not_asked_for_tests(tmp_path):
    for claims in ({}, {"compatibility": []}):
        found = only(compatibility, World(tmp_path, claims))
        assert compatibility_is_proven(found).outcome is Outcome.NOT_APPLICABLE


def test_a_signed_result_of_this_file_on_this_target_with_every_required_test_passes(shipped):
    assert outcome_of_tests(shipped, BOB) is Outcome.PASS
    assert only(compatibility, shipped).basis is Basis.ATTESTED


def test_an_entry_without_a_suite_or_required_tests_needs_none(tmp_path):
    claims = {"compatibility": [{"target": "node", "artifact": "kws", "evidence": "evidence/test.json"}]}
    predicate = {"result": "PASSED", "configuration": [{"name": "node"}]}
    assert outcome_of_tests(World(tmp_path, claims), BOB, predicate=predicate) is Outcome.PASS


# Figures


@pytest.fixture
def measured(tmp_path) -> World:
    world = World(tmp_path, MEASURED)
    return world.attest("evidence/bench.json", BOB, about=(MODEL, LABELS)).attest("evidence/eval.json", BOB)


def reasons(world: World) -> list[Outcome | Reason]:
    return [
        one.reason if isinstance(one, Missing) else figure_has_evidence(one).outcome
        for one in figures(world.evidence())
    ]


def test_evidence_of_a_figure_that_is_not_there_or_not_signed_is_unknown(measured):
    measured.write("evidence/bench.json", b'{"latency_ms": 3}')
    (measured.root / "evidence/eval.json").unlink()
    assert reasons(measured) == [Reason.UNREADABLE, Reason.NOT_IN_TREE]


def test_evidence_that_the_builder_signed_proves_no_figure(measured):
    measured.attest("evidence/bench.json", ALICE)
    assert reasons(measured) == [Reason.NOT_PROVEN, Outcome.PASS]


def test_evidence_about_another_file_fails_where_it_is_named(measured):
    measured.attest("evidence/eval.json", BOB, about=(LABELS,))
    assert reasons(measured) == [Outcome.PASS, Outcome.FAIL]
    found = list(figures(measured.evidence()))[1]
    assert found.pointer == "/quality/0/evidence"
    assert found.subject == Subject("artifact", ("kws",))


def test_figures_without_evidence_are_not_asked_for_any(tmp_path):
    for claims in ({}, {"cost": MEASURED["cost"][:1]}):
        assert reasons(World(tmp_path, claims)) == [Outcome.NOT_APPLICABLE]


def test_an_entry_without_evidence_beside_one_with_some_is_not_judged(measured):
    assert reasons(measured) == [Outcome.PASS, Outcome.PASS]
    assert [one.pointer for one in figures(measured.evidence())] == ["/cost/1/evidence", "/quality/0/evidence"]


def test_figures_are_attested_to_a_reader(measured):
    for found in figures(measured.evidence()):
        assert isinstance(found, FigureEvidence)
        assert found.basis is Basis.ATTESTED


@pytest.mark.parametrize("collector", [attestations, model_signature, compatibility, figures])
def test_no_collector_needs_a_key_where_nothing_is_named(tmp_path, collector):
    evidence = replace(World(tmp_path, {}).evidence(), trusted=Trusted(source="head"))
    (found,) = collector(evidence)
    assert isinstance(found, Fact)
    assert found.path == ""
