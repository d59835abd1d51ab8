"""Evidence that is read as it was at a commit, and evidence that a builder attests."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from privacy_world import TRAIN_YAML, evidence_of, facts_of, missing_of, only, phase_of, privacy_of

from policy_gate.area import FactBook
from policy_gate.areas.privacy.checks_evidence import EvidenceLimits, evidence_agrees
from policy_gate.areas.privacy.evidence_basis import basis_of_parameters
from policy_gate.areas.privacy.evidence_files import evidence_files
from policy_gate.areas.privacy.facts import PhaseDataset, PhaseEvidence, PrivacyBound
from policy_gate.areas.signature.facts import AttestedFile
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Basis, Outcome, Subject


def git(folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def trained(tmp_path) -> Path:
    """A repository whose configuration has changed since the model was trained, on this branch and on another."""
    config = tmp_path / "configs" / "train.yaml"
    config.parent.mkdir()
    config.write_text(TRAIN_YAML, encoding="utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    for branch, noise in (("main", "0.9"), ("side", "0.8"), ("main", "0.7")):
        if branch == "side":
            git(tmp_path, "checkout", "-q", "-b", "side")
        else:
            git(tmp_path, "checkout", "-q", "main") if noise == "0.7" else None
        config.write_text(TRAIN_YAML.replace("0.9", noise), encoding="utf-8")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", noise)
    return tmp_path


def at(commit: str, **changes) -> dict:
    phase = phase_of(**changes)
    phase["evidence"][0]["commit"] = commit
    return privacy_of(phases=[phase])


def test_a_file_counts_as_it_was_when_training_read_it(trained) -> None:
    commit = git(trained, "rev-parse", "HEAD~1")
    facts = facts_of(trained, at(commit)).known(PhaseEvidence)
    assert [fact.agrees for fact in facts] == [True] * 6
    assert {fact.file for fact in facts} == {f"configs/train.yaml@{commit[:12]}"}


def test_without_a_commit_the_file_of_the_judged_tree_counts(trained) -> None:
    (wrong,) = (fact for fact in facts_of(trained, privacy_of()).known(PhaseEvidence) if not fact.agrees)
    assert (wrong.parameter, wrong.found) == ("noise_multiplier", "0.7")


@pytest.mark.parametrize("revision", ["side", "absent"])
def test_a_commit_that_was_never_merged_or_is_not_here_proves_nothing(trained, revision) -> None:
    commit = "a" * 40 if revision == "absent" else git(trained, "rev-parse", revision)
    book = facts_of(trained, at(commit, noise_multiplier=0.8))
    assert not book.known(PhaseEvidence)
    (told,) = missing_of(book, PhaseEvidence)
    assert told.pointer == "/privacy/phases/0/evidence/0/file"
    assert told.reason is (Reason.NOT_IN_TREE if revision == "absent" else Reason.NOT_PROVEN)


def test_a_shallow_clone_is_told_how_to_fetch_the_commit(trained, tmp_path_factory) -> None:
    commit, place = git(trained, "rev-parse", "HEAD~1"), tmp_path_factory.mktemp("shallow")
    git(place, "clone", "-q", "--depth=1", trained.as_uri(), "clone")
    (told,) = missing_of(facts_of(place / "clone", at(commit)), PhaseEvidence)
    assert "fetch-depth: 0" in told.fixes[0].text


def test_a_folder_without_git_has_no_earlier_file(tmp_path) -> None:
    (told,) = missing_of(facts_of(tmp_path, at("a" * 40)), PhaseEvidence)
    assert told.reason is Reason.NOT_PROVEN


def test_an_earlier_manifest_is_no_evidence_either(trained) -> None:
    phase = phase_of()
    phase["evidence"][0] |= {"file": "release.json", "commit": git(trained, "rev-parse", "HEAD")}
    (told,) = missing_of(facts_of(trained, privacy_of(phases=[phase])), PhaseEvidence)
    assert "a manifest is no evidence for itself" in told.detail


# Attested


def attested(content: bytes, **changes) -> AttestedFile:
    stated = {
        "subject": RELEASE,
        "pointer": "/attestations/0/files/0/path",
        "path": "configs/train.yaml",
        "commit": "",
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "role": "builder",
        "signers": ("sha256:key",),
        "attestation": "evidence/build.json",
        **changes,
    }
    return AttestedFile(**stated)


def judged(folder, file: AttestedFile) -> list[PhaseEvidence]:
    evidence = evidence_of(folder, privacy_of())
    return [*evidence_files(replace(evidence, facts=FactBook([file])))]


def test_a_file_that_a_builder_signed_is_attested(tmp_path) -> None:
    facts = judged(tmp_path, attested(TRAIN_YAML.encode()))
    assert {fact.basis for fact in facts} == {Basis.ATTESTED}
    assert {fact.attested_by for fact in facts} == {("sha256:key",)}


@pytest.mark.parametrize(
    "file",
    [
        attested(TRAIN_YAML.replace("0.9", "0.3").encode()),
        attested(TRAIN_YAML.encode(), role="tester"),
        attested(TRAIN_YAML.encode(), digest="", path="", role="", signers=()),
    ],
    ids=["of other bytes", "by a tester", "by nobody"],
)
def test_a_file_attested_otherwise_is_only_declared(tmp_path, file) -> None:
    facts = judged(tmp_path, file)
    assert {(fact.basis, fact.attested_by) for fact in facts} == {(Basis.DECLARED, ())}


def test_a_policy_may_demand_that_a_builder_signed(tmp_path) -> None:
    demanding = EvidenceLimits(require_attested=True)
    (declared, *_) = judged(tmp_path, attested(b"other"))
    answer = evidence_agrees(declared, limits=demanding)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    (signed, *_) = judged(tmp_path, attested(TRAIN_YAML.encode()))
    assert evidence_agrees(signed, limits=demanding).outcome is Outcome.PASS
    assert evidence_agrees(replace(signed, agrees=False), limits=demanding).outcome is Outcome.FAIL


def test_a_bound_is_attested_only_where_every_parameter_is_and_the_data_is_counted(tmp_path) -> None:
    evidence = evidence_of(tmp_path, privacy_of())
    claims = evidence.section("privacy")
    facts = [*evidence_files(replace(evidence, facts=FactBook([attested(TRAIN_YAML.encode())])))]
    subject, size = Subject("phase", ("train",)), "/privacy/phases/0/sampling/dataset_size"
    counted = PhaseDataset(subject=subject, pointer=size, dataset="d", claimed=85000, records=85000)

    def basis(*found) -> Basis:
        return basis_of_parameters(replace(evidence, facts=FactBook(found)), claims)

    assert basis(*facts, counted) is Basis.ATTESTED
    assert basis(*facts) is Basis.DECLARED
    assert basis(*facts, replace(counted, records=8500)) is Basis.DECLARED
    for left_out in range(len(facts)):
        less = [fact for position, fact in enumerate(facts) if position != left_out]
        assert basis(*less, counted) is Basis.DECLARED
    contradicted = replace(facts[0], agrees=False, attested_by=())
    assert basis(*facts, contradicted, counted) is Basis.DECLARED
    assert only(facts_of(tmp_path, privacy_of()), PrivacyBound).basis is Basis.DECLARED
