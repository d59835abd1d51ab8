"""Real trees: a signed release, and every way in which it can stop being the one that was signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from signature_world import ALICE, BOB, MALLORY, TODAY, entry, sha256, trust_document

from policy_gate.area import Evidence, FactBook, History, Trusted
from policy_gate.areas.signature import AREA
from policy_gate.areas.signature.collect import evidence_placement, release_signature, release_subjects
from policy_gate.areas.signature.facts import (
    EvidencePlacement,
    PlacedFile,
    ReleaseSignature,
    SignedSubjects,
    SigningKey,
    Standing,
)
from policy_gate.areas.signature.sign import sign_release
from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.engine import collect
from policy_gate.errors import ManifestError, Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Fact, Missing, Outcome, Stage, Subject
from policy_gate.source import open_working_tree

FILES = {
    "model/kws.onnx": b"weights",
    "docs/card.md": b"# Card\n",
    "evidence/test.json": b'{"passed": true}',
    "evidence/build.json": b"{}",
}
MANIFEST = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws-en, version: "1.4.0", sequence: 41}
bundle: {root: model}
artifacts: [{id: kws, path: model/kws.onnx}]
targets: [{id: node, runs: [kws]}]
compatibility: [{target: node, artifact: kws, evidence: evidence/test.json}]
documents: [{path: docs/card.md}]
attestations: [{type: "https://slsa.dev/provenance/v1", path: evidence/build.json, subjects: [kws]}]
signing: {release: signatures/release.dsse.json}
"""
ENVELOPE = "signatures/release.dsse.json"
RELEASE_CHECKS = ("signed_by_releasers", "covers_release", "key_in_good_standing", "evidence_outside_bundle")


class World:
    """A release in a folder of a tree, signed by Alice, with a trust file that names her."""

    def __init__(self, root: Path, manifest: str = MANIFEST) -> None:
        self.root = root
        self.folder = root / "kws"
        self.trust = trust_document(entry(ALICE, id="alice"))
        self.today = TODAY
        for path, content in FILES.items():
            self.write(path, content)
        self.write("release.yaml", manifest.encode())

    def write(self, path: str, content: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def evidence(self) -> Evidence:
        document = load((self.folder / "release.yaml").read_bytes(), "kws/release.yaml")
        return Evidence(
            manifest=decode_manifest(document, sections()),
            tree=open_working_tree(self.root),
            trusted=Trusted(source="head", trust=self.trust),
            facts=FactBook(),
            today=self.today,
            stage=Stage.RELEASE,
            history=History(base_known=False),
        )

    def sign(self, *private_keys) -> World:
        subjects, unread = release_subjects(self.evidence())
        assert not unread
        self.write(ENVELOPE, sign_release(subjects, private_keys or [ALICE]))
        return self

    def facts(self) -> FactBook:
        return collect(AREA.collectors, self.evidence())

    def one(self, kind: type[Fact]) -> Fact | Missing:
        (found,) = self.facts().entries(kind)
        return found

    def outcomes(self) -> dict[str, Outcome]:
        """The worst outcome of each check, as the engine would have it."""
        facts = self.facts()
        found = {}
        for name in RELEASE_CHECKS:
            check = AREA.checks[f"signature.{name}"]
            answers = [
                Outcome.UNKNOWN if isinstance(one, Missing) else check.function(one).outcome
                for one in facts.entries(check.judges)
            ]
            assert answers
            found[name] = next((one for one in (Outcome.FAIL, Outcome.UNKNOWN) if one in answers), Outcome.PASS)
        return found


PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def outcomes(signed=PASS, covers=PASS, keys=PASS, apart=PASS) -> dict[str, Outcome]:
    return {
        "signed_by_releasers": signed,
        "covers_release": covers,
        "key_in_good_standing": keys,
        "evidence_outside_bundle": apart,
    }


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path).sign()


def test_a_release_without_an_envelope_is_unknown(world):
    (world.folder / ENVELOPE).unlink()
    assert world.outcomes() == outcomes(UNKNOWN, UNKNOWN, UNKNOWN)
    assert world.one(ReleaseSignature).reason is Reason.NOT_IN_TREE


def test_a_manifest_that_names_no_signature_is_unknown(tmp_path):
    world = World(tmp_path, MANIFEST.replace(f"signing: {{release: {ENVELOPE}}}\n", ""))
    assert world.outcomes() == outcomes(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    assert world.one(ReleaseSignature).reason is Reason.NOT_DECLARED


def test_without_a_trust_file_nobody_is_trusted(world):
    world.trust = None
    assert world.outcomes() == outcomes(UNKNOWN, UNKNOWN, UNKNOWN)
    assert world.one(ReleaseSignature).reason is Reason.NOT_TRUSTED


def test_a_trust_file_that_is_not_valid_trusts_nobody_and_says_where(world):
    world.trust = trust_document(entry(ALICE, algorithm="ecdsa-p256"))
    missing = world.one(ReleaseSignature)
    assert missing.reason is Reason.NOT_TRUSTED
    assert "gate/trust.json:1:" in missing.detail


def test_a_trust_file_beside_the_release_is_not_looked_at(world):
    world.trust = None
    world.write("trust.json", trust_document(entry(ALICE)).content)
    assert world.one(ReleaseSignature).reason is Reason.NOT_TRUSTED


def test_a_signature_by_a_stranger_fails_and_nothing_it_says_is_read(world):
    world.sign(MALLORY)
    assert world.outcomes() == outcomes(FAIL, UNKNOWN, UNKNOWN)
    signature = world.one(ReleaseSignature)
    assert signature.signers == ()
    assert signature.refusals[-1] == "step 4: 1 in the envelope, none is by a trusted key"


@pytest.mark.parametrize("path", ["release.yaml", *FILES])
def test_a_file_that_changed_after_it_was_signed_is_named(world, path):
    world.write(path, (world.folder / path).read_bytes() + b"\n")
    assert world.outcomes() == outcomes(covers=FAIL)
    assert world.one(SignedSubjects).changed == (path,)


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_gone_makes_coverage_unknown_and_is_named(world, path):
    (world.folder / path).unlink()
    assert world.outcomes() == outcomes(covers=UNKNOWN)
    missing = world.one(SignedSubjects)
    assert missing.reason is Reason.NOT_IN_TREE
    assert path in missing.detail
    assert world.evidence().manifest.document.get(missing.pointer) == path


def test_a_file_that_became_a_pointer_to_large_storage_makes_coverage_unknown(world):
    oid = sha256(b"weights").removeprefix("sha256:")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n"
    world.write("model/kws.onnx", pointer.encode())
    assert world.one(SignedSubjects).reason is Reason.LFS_POINTER


def test_a_file_named_after_signing_changes_the_manifest_and_is_not_covered(world):
    extended = MANIFEST.replace("documents: [", "documents: [{path: docs/late.md}, ")
    world.write("docs/late.md", b"late")
    world.write("release.yaml", extended.encode())
    subjects = world.one(SignedSubjects)
    assert subjects.changed == ("release.yaml",)
    assert subjects.missing == ("docs/late.md",)


def test_two_evidence_files_that_swapped_their_contents_are_found(world):
    world.write("evidence/test.json", FILES["evidence/build.json"])
    world.write("evidence/build.json", FILES["evidence/test.json"])
    assert world.one(SignedSubjects).changed == ("evidence/build.json", "evidence/test.json")


def test_the_signature_of_another_release_does_not_cover_this_one(world, tmp_path):
    other = World(tmp_path / "other", MANIFEST.replace("1.4.0", "1.3.0")).sign()
    world.write(ENVELOPE, (other.folder / ENVELOPE).read_bytes())
    assert world.outcomes() == outcomes(covers=FAIL)
    assert world.one(SignedSubjects).changed == ("release.yaml",)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00" * 100, b"{}"])
def test_an_envelope_that_is_none_is_unknown(world, content):
    world.write(ENVELOPE, content)
    assert world.outcomes() == outcomes(UNKNOWN, UNKNOWN, UNKNOWN)
    assert world.one(ReleaseSignature).reason is Reason.UNREADABLE


def test_an_envelope_of_ten_megabytes_is_unknown(world):
    world.write(ENVELOPE, b'{"payload": "' + b"A" * 10_000_000 + b'"}')
    assert world.one(ReleaseSignature).reason is Reason.TOO_LARGE


def test_an_envelope_that_is_present_but_wrong_fails_and_names_the_step(world):
    envelope = json.loads((world.folder / ENVELOPE).read_bytes())
    envelope["payloadType"] = "text/plain"
    world.write(ENVELOPE, json.dumps(envelope).encode())
    assert world.outcomes() == outcomes(FAIL, UNKNOWN, UNKNOWN)
    assert world.one(ReleaseSignature).refusals[0].startswith("step 2")


@pytest.mark.parametrize(
    "path", ["../release.dsse.json", "/etc/passwd", "signatures\\\\release.dsse.json", "C:/x", "."]
)
def test_an_envelope_outside_the_release_is_refused(tmp_path, path):
    world = World(tmp_path, MANIFEST.replace(ENVELOPE, f'"{path}"'))
    (world.root / "release.dsse.json").write_bytes(sign_release({}, [ALICE]))
    assert world.one(ReleaseSignature).reason is Reason.PATH_REFUSED


def test_an_envelope_reached_by_a_symbolic_link_is_refused(world):
    real = world.folder / "elsewhere.json"
    (world.folder / ENVELOPE).rename(real)
    try:
        (world.folder / ENVELOPE).symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    assert world.outcomes()["signed_by_releasers"] is UNKNOWN


@pytest.mark.parametrize(
    ("today", "changes", "standing"),
    [
        (date(2026, 9, 1), {}, Standing.NOT_YET_VALID),
        (date(2027, 3, 1), {}, Standing.SIGNING_ENDED),
        (TODAY, {"revoked": {"at": "2026-11-19", "reason": "laptop lost"}}, Standing.REVOKED),
    ],
)
def test_a_key_out_of_its_time_fails_both_the_key_and_the_signature(world, today, changes, standing):
    world.today = today
    world.trust = trust_document(entry(ALICE, id="alice", **changes))
    assert world.outcomes() == outcomes(signed=FAIL, keys=FAIL)
    key = world.one(SigningKey)
    assert key.standing is standing
    assert key.subject == Subject("signer", ("alice",))


def test_one_key_cannot_meet_a_threshold_of_two_and_two_can(world):
    world.trust = trust_document(entry(ALICE), entry(BOB), thresholds={"releaser": 2})
    assert world.sign(ALICE, ALICE).outcomes() == outcomes(FAIL, UNKNOWN)
    assert world.sign(ALICE, BOB).outcomes() == outcomes()


def test_a_second_signer_whose_key_is_revoked_is_a_finding_of_its_own(world):
    revoked = {"at": "2026-11-01", "reason": "left the company"}
    world.trust = trust_document(entry(ALICE, id="alice"), entry(BOB, id="bob", revoked=revoked))
    world.sign(ALICE, BOB)
    assert world.outcomes() == outcomes(keys=FAIL)
    standings = {key.subject.names[0]: key.standing for key in world.facts().known(SigningKey)}
    assert standings == {"alice": Standing.GOOD, "bob": Standing.REVOKED}


def test_an_honest_release_passes_and_says_what_was_established(world):
    assert world.outcomes() == outcomes()
    signature = world.one(ReleaseSignature)
    assert signature.threshold == 1
    assert len(signature.signers) == 1
    assert signature.time_source == "today"
    assert signature.signing_time == "2026-11-20"
    subjects = world.one(SignedSubjects)
    assert subjects.files == len(FILES) + 1
    key = world.one(SigningKey)
    assert key.sign_not_after == "2027-01-01T23:59:59Z"
    assert key.pointer == "/signing/release"


def test_a_signed_release_can_move_to_another_folder(world, tmp_path):
    moved = World(tmp_path / "moved")
    moved.write(ENVELOPE, (world.folder / ENVELOPE).read_bytes())
    assert moved.outcomes() == outcomes()


# Where signatures and evidence lie


def placement(tmp_path, old: str, new: str) -> EvidencePlacement | Missing:
    world = World(tmp_path, MANIFEST.replace(old, new))
    (found,) = evidence_placement(world.evidence())
    return found


def test_evidence_in_the_folder_that_ships_is_found_where_the_manifest_names_it(tmp_path):
    found = placement(tmp_path, "evidence/test.json", "model/test.json")
    assert found.inside == (PlacedFile(path="model/test.json", pointer="/compatibility/0/evidence"),)
    assert found.files == 3


def test_a_signature_in_the_folder_that_ships_is_found(tmp_path):
    found = placement(tmp_path, ENVELOPE, "model/sub/release.dsse.json")
    assert found.inside == (PlacedFile(path="model/sub/release.dsse.json", pointer="/signing/release"),)


def test_another_spelling_of_the_folder_that_ships_is_still_that_folder(tmp_path):
    assert placement(tmp_path, "evidence/test.json", "MODEL/test.json").inside


def test_a_folder_whose_name_only_starts_the_same_is_another_folder(tmp_path):
    assert placement(tmp_path, "evidence/test.json", "model-evidence/test.json").inside == ()


def test_evidence_or_a_root_at_a_refused_path_is_unknown(tmp_path):
    missing = placement(tmp_path / "a", "evidence/test.json", "../model/test.json")
    assert (missing.reason, missing.pointer) == (Reason.PATH_REFUSED, "/compatibility/0/evidence")
    missing = placement(tmp_path / "b", "root: model", "root: ./model")
    assert (missing.reason, missing.pointer) == (Reason.PATH_REFUSED, "/bundle/root")


def test_a_manifest_that_does_not_say_what_ships_is_unknown(tmp_path):
    missing = placement(tmp_path, "bundle: {root: model}\n", "")
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, "/bundle")


# Claims


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("signing: {", "signing: {trusted_key: abc, "),
        ("signing: {release: signatures/release.dsse.json}", "signing: {model: a.json}"),
        ("signing: {release: signatures/release.dsse.json}", "signing: []"),
        ("subjects: [kws]", "subjects: []"),
        ("path: evidence/build.json, ", ""),
        ('"https://slsa.dev/provenance/v1"', "[]"),
    ],
)
def test_a_section_that_says_more_or_less_than_it_should_is_refused_with_its_place(tmp_path, old, new):
    world = World(tmp_path, MANIFEST.replace(old, new))
    with pytest.raises(ManifestError) as refused:
        world.evidence()
    assert all(problem.line for problem in refused.value.problems)


def test_the_manifest_has_no_say_in_who_is_trusted(world):
    assert set(type(world.evidence().section("signing")).model_fields) == {"release", "model"}


def test_each_collector_gives_what_it_promises(world):
    for evidence in (world.evidence(), replace(world.evidence(), trusted=Trusted(source="head"))):
        names = {one.fact if isinstance(one, Missing) else one.name for one in release_signature(evidence)}
        assert names == {ReleaseSignature.name, SignedSubjects.name, SigningKey.name}
