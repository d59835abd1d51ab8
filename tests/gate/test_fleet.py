from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from datetime import date

import pytest

from policy_gate.errors import GateError
from policy_gate.gate import Request, judge, run
from policy_gate.gate.fleet import can_fork
from policy_gate.record import as_tree, canonical, encode_record
from policy_gate.report.policy_text import MAX_PREVIEWS, render_policy_text
from policy_gate.report.text import Style

TODAY = date(2026, 11, 23)
MANIFEST = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: "{name}", version: "1", sequence: 1}}
artifacts: [{{id: labels, path: "{name}.txt", role: asset, size: {size}}}]
"""
CONFIGURATION = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec: {policy: ["builtin:fingerprint", "builtin:release"], manifests: ["*.release.yaml"]}
"""

pytestmark = pytest.mark.skipif(not can_fork(), reason="a fleet is shared among processes on Linux with two cores")


@pytest.fixture
def fleet(tmp_path):
    (tmp_path / "policy-gate.yaml").write_text(CONFIGURATION)
    for number in range(12):
        (tmp_path / f"r{number:02d}.txt").write_text("labels")
        manifest = MANIFEST.format(name=f"r{number:02d}", size=6 if number % 3 else 7)
        (tmp_path / f"r{number:02d}.release.yaml").write_text(manifest)
    return tmp_path


def judged(folder, monkeypatch, *, from_manifests: int):
    monkeypatch.setattr(run, "FLEET", from_manifests)
    return judge(Request(root=folder, today=TODAY))


def test_two_processes_find_what_one_finds(fleet, monkeypatch) -> None:
    alone = judged(fleet, monkeypatch, from_manifests=1000)
    shared = judged(fleet, monkeypatch, from_manifests=2)
    assert [encode_record(one) for one in shared.presented] == [encode_record(one) for one in alone.presented]
    assert shared.exit_code == alone.exit_code == 1
    assert len({one.release.name for one in shared.presented}) == 12


def test_two_processes_see_a_name_that_both_hold(fleet, monkeypatch) -> None:
    (fleet / "r11.release.yaml").write_text(MANIFEST.format(name="r00", size=6))
    for from_manifests in (1000, 2):
        report = judged(fleet, monkeypatch, from_manifests=from_manifests)
        assert [str(one) for one in report.problems] == [
            "r11.release.yaml:3:18: release 'r00' is already described by r00.release.yaml"
        ]
        assert report.exit_code == 2


def test_a_broken_manifest_in_the_other_process_is_reported_and_the_rest_is_judged(fleet, monkeypatch) -> None:
    (fleet / "r05.release.yaml").write_text("a: [")
    report = judged(fleet, monkeypatch, from_manifests=2)
    assert len(report.presented) == 11
    assert [one.path for one in report.problems] == ["r05.release.yaml"]
    assert report.exit_code == 2


def test_a_model_listed_in_the_other_process_is_no_finding_here(fleet, monkeypatch) -> None:
    (fleet / "r01.onnx").write_bytes(b"")
    text = MANIFEST.format(name="r01", size=6).replace("r01.txt", "r01.onnx")
    (fleet / "r01.release.yaml").write_text(text)
    report = judged(fleet, monkeypatch, from_manifests=2)
    blamed = {
        one.release.name
        for one in report.presented
        for rule in one.judgements
        if rule.rule == "REL-004" and rule.blocks
    }
    assert blamed == set()


def test_a_process_that_is_lost_is_an_internal_error_and_never_a_pass(fleet, monkeypatch) -> None:
    parent = os.getpid()
    original = run.read_manifest

    def dies(tree, path):
        if os.getpid() != parent:
            os._exit(0)
        return original(tree, path)

    monkeypatch.setattr(run, "read_manifest", dies)
    with pytest.raises(GateError) as caught:
        judged(fleet, monkeypatch, from_manifests=2)
    assert caught.value.exit_code == 3
    assert sys.platform == "linux"


def test_two_processes_compare_with_a_base_in_git_as_one_does(fleet, monkeypatch, git) -> None:
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", ".")
    git(fleet, "commit", "-qm", "base")
    for number in range(12):
        path = fleet / f"r{number:02d}.release.yaml"
        path.write_text(path.read_text().replace('version: "1"', 'version: "2"'))
    reports = []
    for from_manifests in (1000, 2):
        monkeypatch.setattr(run, "FLEET", from_manifests)
        reports.append(judge(Request(root=fleet, base="main", today=TODAY)))
    alone, shared = reports
    assert [encode_record(one) for one in shared.presented] == [encode_record(one) for one in alone.presented]
    assert all(one.base is not None for one in shared.presented)
    blamed = [rule.outcome for one in shared.presented for rule in one.judgements if rule.rule == "REL-001"]
    assert [outcome.value for outcome in blamed] == ["fail"] * 12


def test_a_change_of_policy_is_reviewed_once_for_all_releases_in_any_number_of_processes(
    fleet, monkeypatch, git
) -> None:
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", ".")
    git(fleet, "commit", "-qm", "base")
    (fleet / "policy-gate.yaml").write_text(
        CONFIGURATION.replace("manifests:", "fail_on: never, manifests:").replace(', "builtin:release"', "")
    )
    reports = []
    for from_manifests in (1000, 2, 2):
        monkeypatch.setattr(run, "FLEET", from_manifests)
        reports.append(judge(Request(root=fleet, base="main", today=TODAY)))
    reviews = [canonical(as_tree(one.review)) for one in reports]
    assert reviews[0] == reviews[1] == reviews[2]
    review = reports[1].review
    names = [one.what for one in review.changes]
    assert len(names) == len(set(names))
    assert "fail_on" in names
    assert sorted(review.previews) == [f"r{number:02d}" for number in range(12)]
    text = render_policy_text(review, lambda _: "", Style())
    assert text.count("change of policy") == 1
    assert text.count("under the proposed policy: release") == MAX_PREVIEWS
    assert "of 2 more releases" in text
    # What the proposed policy blocks stands first, so that no long list hides it.
    shown = [line for line in text.splitlines() if line.startswith("under the proposed policy: release")]
    assert "would be BLOCKED" in shown[0]


def test_two_processes_compare_with_one_archive_and_find_what_one_finds(fleet, tmp_path, monkeypatch) -> None:
    archive = tmp_path.with_name(f"{tmp_path.name}-last.tar")
    with tarfile.open(archive, "w") as bundle:
        for path in sorted(fleet.glob("r*")):
            text = path.read_text()
            if path.suffix == ".yaml":
                digest = hashlib.sha256(b"labels").hexdigest()
                text = text.replace("size: 7}", f'size: 7, digest: "sha256:{digest}"}}')
                text = text.replace("size: 6}", f'size: 6, digest: "sha256:{digest}"}}')
            member = tarfile.TarInfo(path.name)
            member.size = len(text)
            bundle.addfile(member, io.BytesIO(text.encode()))
    found = []
    for from_manifests in (1000, 2):
        monkeypatch.setattr(run, "FLEET", from_manifests)
        found.append(judge(Request(root=fleet, today=TODAY, compare=f"bundle:{archive}")))
    alone, shared = found
    assert alone.problems == shared.problems == ()
    assert [encode_record(one) for one in shared.presented] == [encode_record(one) for one in alone.presented]
    assert {one.base.source for one in shared.presented} == {f"bundle:{archive.name}"}
