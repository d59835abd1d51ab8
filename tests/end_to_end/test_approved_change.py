"""An approver's signature lets one loosening through: this table, in this repository, once, by a key of the base."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from board_world import ALICE, MALLORY, Checkout, commit, key_file, trust
from checkout import good_model
from side_doors import CONFIG, HOOKS, Work, lay_base, manifest
from signature_world import entry

NOW = ("--now", "2026-11-23")
WITH_TRUST = CONFIG.replace("  waivers:", "  trust: trust.json\n  waivers:")
EVER = {"sign": {"not_before": "2026-01-01", "not_after": "2099-01-01"}, "verify": {"not_after": "2099-06-01"}}


class Change:
    """A repository whose base enforces POL-001, and a branch on it; every question is put to the real command."""

    def __init__(self, checkout: Checkout, git, gate, tmp_path: Path) -> None:
        self.root, self._git, self._gate = checkout.root, git, gate
        self.work = Work(self.root)
        self.keys = {
            name: key_file(key, tmp_path / f"{name}.pem") for name, key in (("alice", ALICE), ("mallory", MALLORY))
        }
        lay_base(self.root, good_model())
        self.work.write("policy-gate.yaml", WITH_TRUST)
        self.work.write("trust.json", trust())
        self.branch()

    def commit(self) -> None:
        commit(self.root)

    def branch(self) -> None:
        """Everything here becomes the base, and the work goes on."""
        self.commit()
        self._git(self.root, "checkout", "-q", "-B", "main")
        self._git(self.root, "checkout", "-q", "-B", "work")

    def loosen(self) -> None:
        # The configuration may be looser only than itself, so that the proposed policy can be loaded.
        self.work.replace("policy-gate.yaml", "limits: {rules_min: 5}", "limits: {rules_min: 4}")
        self.commit()

    def tighten(self) -> None:
        self.work.replace("policy-gate.yaml", "limits: {rules_min: 4}", "limits: {rules_min: 5}")

    def review(self) -> dict:
        """What `check --base` says of the change itself; `policy diff` has to say the same of it."""
        judged = self._gate("check", "--base", "main", "--format", "json", *NOW, cwd=self.root)
        compared = self._gate("policy", "diff", "main", "work", "--format", "json", *NOW, cwd=self.root)
        assert "Traceback" not in judged.stderr + compared.stderr
        own, other = json.loads(judged.stdout)["policy"], json.loads(compared.stdout)
        assert [(one["rule"], one["outcome"]) for one in own["judgements"]] == [
            (one["rule"], one["outcome"]) for one in other["judgements"]
        ]
        assert (own["digest"], own["verdict"]) == (other["digest"], other["verdict"])
        assert judged.returncode == (1 if own["verdict"] == "blocked" else 0), judged.stdout
        return own

    def loosening(self) -> str:
        """The outcome of POL-001 for what is looser."""
        review = self.review()
        looser = {one["subject"]["names"][0] for one in review["changes"] if one["direction"] == "looser"}
        found = {
            one["outcome"]
            for one in review["judgements"]
            if one["rule"] == "POL-001" and one["subject"]["names"][0] in looser
        }
        assert len(found) == 1, review
        return found.pop()

    def objections(self) -> list[str]:
        """Why rows that an envelope was brought for are not approved."""
        return [
            one["message"]
            for one in self.review()["judgements"]
            if one["rule"] == "POL-001" and one["outcome"] == "fail"
        ]

    def approve(self, digest: str = "", key: str = "alice") -> str:
        """Sign the table as it is now, and commit the envelope."""
        digest = digest or self.review()["digest"]
        done = self._gate("waive", "--approve", digest, "--key", self.keys[key], *NOW, cwd=self.root)
        assert done.returncode == 0, done.stderr
        self.commit()
        return f"approvals/changes/{digest.removeprefix('sha256:')}.dsse.json"


@pytest.fixture
def change(checkout, git, gate, tmp_path) -> Change:
    return Change(checkout, git, gate, tmp_path)


def test_a_loosening_blocks_until_a_key_of_the_base_signed_its_table(change) -> None:
    change.loosen()
    assert change.loosening() == "fail"
    path = change.approve()
    assert (change.root / path).is_file()
    assert change.loosening() == "pass"
    assert change.review()["changes"][0]["approved_by"] == ["alice"]


def test_the_command_that_the_report_prints_is_the_one_that_approves(change, gate) -> None:
    change.loosen()
    said = gate("check", "--base", "main", *NOW, cwd=change.root).stdout
    line = next(one for one in said.splitlines() if one.startswith("An approver signs this table: "))
    words = line.removeprefix("An approver signs this table: policy-gate ").split()
    words[-1] = change.keys["alice"]
    assert gate(*words, *NOW, cwd=change.root).returncode == 0
    change.commit()
    assert change.loosening() == "pass"


def test_one_word_that_changes_kills_an_approval(change) -> None:
    change.loosen()
    change.approve()
    change.work.replace("policy-gate.yaml", "rules_min: 4", "rules_min: 3")
    change.commit()
    assert change.loosening() == "fail"


def test_one_more_change_that_is_merely_different_kills_an_approval_too(change) -> None:
    change.loosen()
    change.approve()
    change.work.replace(".pre-commit-config.yaml", "v0.3.0", "v0.4.0")
    change.commit()
    assert change.loosening() == "fail"


def test_a_comment_that_moves_lines_does_not(change) -> None:
    change.loosen()
    change.approve()
    text = (change.root / "policy-gate.yaml").read_text()
    change.work.write("policy-gate.yaml", f"# Why: see the ticket.\n{text}")
    change.commit()
    assert change.loosening() == "pass"


def test_a_key_that_only_the_change_trusts_does_not_count(change) -> None:
    change.loosen()
    change.work.write("trust.json", trust(keys=[entry(MALLORY, id="alice", roles=["approver", "releaser"], **EVER)]))
    change.commit()
    change.approve(key="mallory")
    assert change.loosening() == "fail"
    assert all("not proven" in said for said in change.objections())


def test_an_envelope_of_another_table_does_not_count_under_this_name(change) -> None:
    change.loosen()
    path = change.approve(f"sha256:{'5a' * 32}")
    digest = change.review()["digest"]
    wanted = change.root / "approvals" / "changes" / f"{digest.removeprefix('sha256:')}.dsse.json"
    (change.root / path).rename(wanted)
    change.commit()
    assert change.loosening() == "fail"
    assert all(one["objection"] for one in change.review()["changes"])


def test_an_approval_that_was_merged_does_not_count_for_the_same_change_again(change) -> None:
    change.loosen()
    spent = change.approve()
    change.branch()
    change.tighten()
    change.branch()
    change.loosen()
    assert (change.root / spent).is_file()
    assert change.loosening() == "fail"
    change.approve()
    assert change.loosening() == "pass"


def test_a_spent_approval_cannot_be_taken_away_unseen(change) -> None:
    change.loosen()
    spent = change.approve()
    change.branch()
    change.work.remove(spent)
    change.commit()
    named = [(one["kind"], one["what"], one["direction"]) for one in change.review()["changes"]]
    assert named == [("approval", spent, "looser")]
    assert change.loosening() == "fail"


def test_an_approval_of_another_repository_does_not_count(change) -> None:
    change.loosen()
    elsewhere = change.approve()
    content = (change.root / elsewhere).read_bytes()
    # The same files that judge, and a release of another name.
    change.work.remove(elsewhere)
    change.tighten()
    change.work.write("release.yaml", manifest(good_model()).replace("name: kws", "name: vad"))
    change.branch()
    change.loosen()
    change.work.write(elsewhere, content)
    change.commit()
    assert change.loosening() == "fail"


def test_without_a_trust_file_in_the_base_nobody_can_approve(change) -> None:
    change.work.write("policy-gate.yaml", CONFIG)
    change.branch()
    change.work.write("policy-gate.yaml", WITH_TRUST)
    change.loosen()
    change.approve()
    assert change.loosening() == "fail"
    assert {one["objection"] for one in change.review()["changes"]} == {
        "the configuration names no trust file, so no key may approve"
    }


def test_a_link_in_the_place_of_an_approval_is_no_approval(change) -> None:
    change.loosen()
    path = change.root / change.approve()
    target = path.with_name("elsewhere.json")
    path.rename(target)
    path.symlink_to(target.name)
    change.commit()
    assert change.loosening() == "fail"


def test_hooks_of_others_need_no_approval(change) -> None:
    change.loosen()
    change.approve()
    other = "  - repo: https://example.invalid/ruff\n    rev: v1\n    hooks: [{id: ruff}]\n"
    change.work.write(".pre-commit-config.yaml", HOOKS + other)
    change.commit()
    assert change.loosening() == "pass"
