"""Files that a builder attests beside the models of a release, such as the configuration they were trained with."""

from __future__ import annotations

import json

import pytest
from signature_world import ALICE, BOB, TODAY, entry, sha256, trust_document

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.signature.checks import attestation_verifies
from policy_gate.areas.signature.collect_attestations import attestations
from policy_gate.areas.signature.collect_files import attested_files
from policy_gate.areas.signature.facts import Attestation, AttestedFile
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.manifest.named import named_files
from policy_gate.model import Outcome, Stage
from policy_gate.source import open_working_tree

SLSA = "https://slsa.dev/provenance/v1"
MODEL, LABELS, CONFIG = b"weights", b"yes\nno\n", b"noise: 1.3\n"
BUILDER, TESTER = entry(ALICE, id="alice", roles=["releaser", "builder"]), entry(BOB, id="bob", roles=["tester"])
ENVELOPE = "evidence/build.json"


def evidence(folder, *signed: bytes, key=ALICE, subjects=("kws",), files=({"path": "train.yaml"},)) -> Evidence:
    """A release of a model and its labels, with one attestation about these bytes."""
    content = {"kws.onnx": MODEL, "labels.txt": LABELS, "train.yaml": CONFIG}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": SLSA,
        "subject": [
            {"name": f"s{at}", "digest": {"sha256": sha256(one).removeprefix("sha256:")}}
            for at, one in enumerate(signed)
        ],
        "predicate": {},
    }
    content[ENVELOPE] = sign_payload(json.dumps(statement).encode(), [key])
    for path, held in content.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(held)
    manifest = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "kws.onnx"}, {"id": "labels", "path": "labels.txt", "role": "asset"}],
        "attestations": [{"type": SLSA, "path": ENVELOPE, "subjects": list(subjects), "files": list(files)}],
    }
    return Evidence(
        manifest=decode_manifest(load(json.dumps(manifest).encode(), "release.json"), sections()),
        tree=open_working_tree(folder),
        trusted=Trusted(source="head", trust=trust_document(BUILDER, TESTER)),
        facts=FactBook(),
        today=TODAY,
        stage=Stage.RELEASE,
        history=History(base_known=False),
    )


def judged(found: Evidence) -> tuple[Outcome, tuple[str, ...], str]:
    """What the rule says of the attestation, the files it attests, and by which role."""
    book = FactBook([*attestations(found), *attested_files(found)])
    (attestation,) = book.known(Attestation)
    files = book.known(AttestedFile)
    return attestation_verifies(attestation).outcome, tuple(one.path for one in files if one.path), files[0].role


def test_a_file_signed_beside_the_model_is_attested_by_its_digest_and_role(tmp_path) -> None:
    found = evidence(tmp_path, MODEL, CONFIG)
    assert judged(found) == (Outcome.PASS, ("train.yaml",), "builder")
    (file,) = FactBook([*attestations(found), *attested_files(found)]).known(AttestedFile)
    assert (file.digest, file.attestation, len(file.signers)) == (sha256(CONFIG), ENVELOPE, 1)
    assert found.manifest.document.has(file.pointer)


def test_a_testers_word_is_known_as_a_testers(tmp_path) -> None:
    assert judged(evidence(tmp_path, MODEL, CONFIG, key=BOB))[2] == "tester"


@pytest.mark.parametrize(
    "signed",
    [(MODEL,), (MODEL, b"noise: 0.3\n"), (MODEL, CONFIG, b"another")],
    ids=["the file is not signed", "another file is", "one more is"],
)
def test_a_statement_that_is_not_about_exactly_these_files_does_not_verify(tmp_path, signed) -> None:
    outcome, _, _ = judged(evidence(tmp_path, *signed))
    assert outcome is Outcome.FAIL


def test_the_attestation_of_an_earlier_model_says_nothing_of_this_one(tmp_path) -> None:
    about_labels = evidence(tmp_path, LABELS, CONFIG, subjects=("labels",))
    assert judged(about_labels) == (Outcome.PASS, (), "")


def test_a_file_of_a_statement_that_does_not_verify_is_not_attested(tmp_path) -> None:
    of_another_type = evidence(tmp_path, MODEL, CONFIG, subjects=("kws", "absent"))
    assert judged(of_another_type) == (Outcome.FAIL, (), "")
    assert judged(evidence(tmp_path, b"old weights", CONFIG)) == (Outcome.FAIL, (), "")


def test_a_file_that_cannot_be_read_or_has_no_history_attests_nothing(tmp_path) -> None:
    for file in ({"path": "absent.yaml"}, {"path": "../x"}, {"path": "train.yaml", "commit": "a" * 40}):
        found = evidence(tmp_path, MODEL, CONFIG, files=(file,))
        book = FactBook([*attestations(found), *attested_files(found)])
        assert not book.known(Attestation)
        assert [one.path for one in book.known(AttestedFile)] == [""]


def test_the_release_signature_covers_attested_files_that_no_commit_binds(tmp_path) -> None:
    plain = evidence(tmp_path, MODEL, CONFIG)
    assert "train.yaml" in named_files(plain.manifest)
    bound = evidence(tmp_path, MODEL, CONFIG, files=({"path": "train.yaml", "commit": "a" * 40},))
    assert "train.yaml" not in named_files(bound.manifest)
