"""Who approved the assessment: the bytes as they are now, by a key of role approver, or nobody."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import RootModel
from signature_world import ALICE, BOB, MALLORY, entry, sha256

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.signature.approval import sign_approval
from policy_gate.areas.signature.collect_approvals import document_approvals
from policy_gate.areas.signature.facts import DocumentApproval
from policy_gate.document import load
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Basis, Missing, Stage
from policy_gate.source import open_working_tree


class Anything(RootModel[object]):
    """A section of another area, which this one reads as it stands in the document."""


DPIA, APPROVAL = "docs/dpia.md", "evidence/dpia.dsse.json"
TEXT = b"We assessed it."
KEYS = [entry(ALICE, id="alice", roles=["approver"]), entry(BOB, id="bob")]


def approvals(
    folder: Path, envelope: bytes | None, *, text: bytes | None = TEXT, assessment: object = ..., trust: bool = True
):
    for name, content in ((DPIA, text), (APPROVAL, envelope)):
        if content is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    stated = {"path": DPIA, "approval": APPROVAL} if assessment is ... else assessment
    content = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws-en", "version": "1.4.0", "sequence": 41},
        "artifacts": [{"id": "kws", "path": "model/kws.onnx"}],
        "privacy": {"assessment": stated},
    }
    file = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "TrustFile",
        "keys": KEYS,
        "thresholds": {"releaser": 1, "approver": 1},
    }
    evidence = Evidence(
        manifest=decode_manifest(load(json.dumps(content).encode(), "release.json"), {"privacy": lambda: Anything}),
        tree=open_working_tree(folder),
        trusted=Trusted(source="base", trust=load(json.dumps(file).encode(), "trust.json") if trust else None),
        facts=FactBook(),
        today=date(2026, 11, 23),
        stage=Stage.RELEASE,
        history=History(base_known=False),
    )
    (found,) = document_approvals(evidence)
    return found


def test_an_approver_who_signed_these_bytes_counts(tmp_path) -> None:
    found = approvals(tmp_path, sign_approval(sha256(TEXT), [ALICE]))
    assert isinstance(found, DocumentApproval)
    assert (found.signers, found.refusal, found.basis) == (("alice",), "", Basis.ATTESTED)


@pytest.mark.parametrize(
    ("envelope", "words"),
    [
        (sign_approval(sha256(b"We assessed that."), [ALICE]), "it changed since"),
        (sign_approval(sha256(TEXT), [BOB]), "bob"),
        (sign_approval(sha256(TEXT), [MALLORY]), "none of them is a trusted key"),
        (b"{}", "DSSE"),
        (b"", "no strict JSON"),
        (b"\xff\xfe", "no strict JSON"),
        (b"[" * 5000, "no strict JSON"),
    ],
)
def test_other_bytes_another_role_a_stranger_and_rubbish_count_for_nothing(envelope, words, tmp_path) -> None:
    found = approvals(tmp_path, envelope)
    assert isinstance(found, DocumentApproval)
    assert (found.signers, found.basis) == ((), Basis.DECLARED)
    assert words in found.refusal


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"envelope": None}, Reason.NOT_IN_TREE),
        ({"text": None}, Reason.NOT_IN_TREE),
        ({"trust": False}, Reason.NOT_TRUSTED),
    ],
)
def test_an_approval_that_cannot_be_looked_at_is_missing(changes, reason, tmp_path) -> None:
    found = approvals(tmp_path, **{"envelope": sign_approval(sha256(TEXT), [ALICE]), **changes})
    assert isinstance(found, Missing)
    assert found.reason is reason


@pytest.mark.parametrize(
    "assessment", [None, [], "docs/dpia.md", {"path": DPIA}, {"approval": APPROVAL}, {"path": [], "approval": 5}]
)
def test_where_no_approval_is_named_none_is_asked_for(assessment, tmp_path) -> None:
    found = approvals(tmp_path, None, assessment=assessment)
    assert isinstance(found, DocumentApproval)
    assert (found.approval, found.signers, found.refusal) == ("", (), "")
