"""Reviews on GitHub approve a loosening: of exactly the judged commit, by enough people whom the base names."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "end_to_end"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))

from board_world import ALICE, commit, key_file, trust
from checkout import good_model
from side_doors import CONFIG, Work, lay_base

from policy_gate.approval_reviews import Review, Reviews
from policy_gate.errors import GateError
from policy_gate.gate import Request, judge, named_reviewers
from policy_gate.model import Basis
from policy_gate.report.policy_text import render_policy_text
from policy_gate.report.text import Style

TODAY = date(2026, 11, 23)
WITH_TRUST = CONFIG.replace("  waivers:", "  trust: trust.json\n  waivers:")
TEAM, LEE, KIM = "team acme/edge", "user lee", "user kim"
NAMED = {"teams": ["acme/edge"], "users": ["lee", "kim"], "count": 1}


class Change:
    """A base whose trust file names reviewers, and a branch that loosens a limit."""

    def __init__(self, root: Path, git, **reviewers: object) -> None:
        self.root, self._git, self.work = root, git, Work(root)
        git(root, "init", "-q", "-b", "main")
        lay_base(root, good_model())
        self.work.write("policy-gate.yaml", WITH_TRUST)
        self.work.write("trust.json", trust(reviewers={**NAMED, **reviewers}))
        commit(root)
        git(root, "checkout", "-q", "-b", "work")
        self.work.replace("policy-gate.yaml", "limits: {rules_min: 5}", "limits: {rules_min: 4}")
        commit(root)

    @property
    def head(self) -> str:
        return self._git(self.root, "rev-parse", "HEAD")

    def merge(self) -> str:
        """What GitHub tests: a merge of the base and the head; the id of the head is given."""
        head = self.head
        self._git(self.root, "checkout", "-q", "--detach", "main")
        self._git(self.root, "merge", "-q", "--no-ff", "-m", "merge", head)
        return head

    def request(self, reviews: Reviews | None, **more: object) -> Request:
        return Request(**{"root": self.root, "base": "main", "today": TODAY, "reviews": reviews, **more})

    def review(self, *approving: Review, head: str = "", unread: tuple[str, ...] = (), **more: object):
        reviews = Reviews(head=head or self.head, approving=approving, unread=unread)
        return judge(self.request(reviews, **more)).review

    def of(self, login: str, via: str = TEAM, head: str = "") -> Review:
        return Review(login=login, via=via, head=head or self.head)

    def said(self, *approving: Review, **more: object) -> str:
        """What POL-001 says of the loosening, after its outcome."""
        review = self.review(*approving, **more)
        found = [one for one in review.judgements if one.rule == "POL-001" and "looser" in one.message]
        assert len(found) == 1, review.judgements
        return f"{found[0].outcome.value}: {found[0].message}"


@pytest.fixture
def change(tmp_path, git) -> Change:
    return Change(tmp_path, git)


def test_without_a_review_a_loosening_blocks(change) -> None:
    assert judge(change.request(None)).exit_code == 1
    assert change.said().startswith("fail: ")
    assert "0 of 1 reviews by named reviewers approve commit" in change.said()


def test_a_loosening_that_only_warns_fails_where_warnings_do(change, git) -> None:
    git(change.root, "checkout", "-q", "main")
    change.work.replace("packs/acme.yaml", "modes: {POL-001: enforce}", "modes: {POL-001: warn}")
    commit(change.root, "POL-001 warns")
    git(change.root, "checkout", "-q", "work")
    git(change.root, "rebase", "-q", "main")
    codes = [judge(change.request(None, fail_on=one)).exit_code for one in (None, "blocked", "never", "warned")]
    assert codes == [0, 0, 0, 1]


def test_the_review_of_a_named_team_or_person_approves_and_is_named(change) -> None:
    for via in (TEAM, "user Lee"):
        assert change.said(change.of("lee", via)).endswith(f"looser, approved by the GitHub review of lee ({via})")
    review = change.review(change.of("lee"))
    assert judge(change.request(Reviews(head=change.head, approving=(change.of("lee"),)))).exit_code == 0
    assert {(one.basis, one.reviewed_by, one.approved_by) for one in review.changes} == {
        (Basis.ATTESTED, ("lee (team acme/edge)",), ())
    }
    text = render_policy_text(review, lambda _: "", Style())
    assert f"This table is approved by the GitHub review of lee (team acme/edge): {review.digest}" in text
    assert "waive --approve" not in text


def test_the_merge_that_is_tested_is_approved_by_reviews_of_its_second_parent(change) -> None:
    head = change.merge()
    assert change.said(change.of("lee", head=head), head=head).startswith("pass: ")
    merge = change.head
    assert change.said(change.of("lee", head=merge), head=merge).startswith("pass: ")


def test_the_first_parent_of_a_merge_is_not_what_was_reviewed(change, git) -> None:
    change.merge()
    base = git(change.root, "rev-parse", "main")
    said = change.said(change.of("lee", head=base), head=base)
    assert "which is neither" in said
    assert said.startswith("fail: ")


def test_a_merge_with_another_base_than_the_one_that_judges_is_not_approved(change, git) -> None:
    head = change.merge()
    git(change.root, "checkout", "-q", "main")
    commit(change.root, "the base goes on")
    git(change.root, "checkout", "-q", "-")
    git(change.root, "checkout", "-q", "--detach", git(change.root, "rev-list", "-1", "--merges", "--all"))
    assert "which is neither" in change.said(change.of("lee", head=head), head=head)


def test_a_merge_of_three_is_no_merge_of_a_pull_request(change, git) -> None:
    head = change.head
    git(change.root, "checkout", "-q", "-b", "other", "main")
    change.work.write("note.txt", "x")
    commit(change.root)
    git(change.root, "checkout", "-q", "--detach", "main")
    git(change.root, "merge", "-q", "--no-ff", "-m", "merge", head, "other")
    assert change.said(change.of("lee", head=head), head=head).startswith("fail: ")


def test_a_review_of_an_older_commit_does_not_count_and_says_so(change) -> None:
    old = change.of("lee")
    change.work.write("note.txt", "pushed after the review")
    commit(change.root)
    said = change.said(old)
    assert said.startswith("fail: ")
    assert f"the review of lee is of commit {old.head[:12]}, not of {change.head[:12]}" in said
    assert change.said(old, head=old.head).startswith("fail: ")


def test_reviews_of_teams_and_people_that_the_base_does_not_name_do_not_count(change) -> None:
    for via in ("team acme/other", "user mallory", "team acme", "acme/edge", "", "user"):
        said = change.said(change.of("mallory", via))
        assert said.startswith("fail: ")
        assert "which the base's trust file does not name" in said


def test_reviewers_that_only_the_change_names_do_not_count(change) -> None:
    change.work.write("trust.json", trust(reviewers={**NAMED, "users": ["lee", "kim", "mallory"]}))
    commit(change.root)
    review = change.review(change.of("mallory", "user mallory"))
    assert review.verdict.value == "blocked"
    assert any("reviewer user mallory" in one.what and one.direction.value == "looser" for one in review.changes)


def test_a_review_as_somebody_else_does_not_count(change) -> None:
    assert "is not one of lee" in change.said(change.of("mallory", LEE))


def test_a_login_that_only_looks_like_a_named_one_does_not_count(change) -> None:
    for login in ("l\u0435e", "lee\u200b", "", " "):
        assert change.said(change.of(login, LEE)).startswith("fail: ")


def test_one_person_counts_once_by_whatever_name_and_team(tmp_path, git) -> None:
    two = Change(tmp_path, git, count=2)
    alone = [two.of("lee"), two.of("LEE"), two.of("Lee", LEE)]
    assert "1 of 2 reviews" in two.said(*alone)
    said = two.said(*alone, two.of("kim", KIM))
    assert said.startswith("pass: ")
    assert "the GitHub reviews of " in said


def test_what_could_not_be_read_is_said_beside_what_is_missing(change) -> None:
    words = "members of team acme/edge cannot be read: members: read"
    assert words in change.said(unread=(words,))
    assert change.said(change.of("lee", LEE), unread=(words,)).startswith("pass: ")


def test_a_base_without_reviewers_takes_no_review(change, git) -> None:
    git(change.root, "checkout", "-q", "main")
    change.work.write("trust.json", trust())
    commit(change.root)
    git(change.root, "checkout", "-q", "-B", "work")
    change.work.replace("policy-gate.yaml", "limits: {rules_min: 5}", "limits: {rules_min: 4}")
    commit(change.root)
    assert "names no reviewers" in change.said(change.of("lee", LEE))
    assert "not proven" not in change.said()


def test_a_working_tree_that_loosens_more_than_the_reviewed_commit_is_not_approved(change) -> None:
    change.work.replace("policy-gate.yaml", "rules_min: 4", "rules_min: 1")
    said = change.said(change.of("lee"))
    assert said.startswith("fail: ")
    assert "another way than the commit that was reviewed" in said


def test_a_file_that_lies_beside_the_reviewed_commit_and_judges_is_not_approved(change) -> None:
    change.work.write(
        ".github/workflows/other.yml", "on: push\njobs: {a: {steps: [{run: policy-gate check || true}]}}\n"
    )
    review = change.review(change.of("lee"))
    assert review.verdict.value == "blocked"


def test_an_index_is_no_commit_that_anybody_reviewed(change) -> None:
    assert "is no commit" in change.said(change.of("lee"), tree="index")
    assert change.said(change.of("lee"), tree=change.head).startswith("pass: ")


@pytest.mark.parametrize("head", ["HEAD", "work", "0" * 40, "", "x" * 40, "--help"])
def test_reviews_of_what_is_no_commit_do_not_count(change, head) -> None:
    reviews = Reviews(head=head, approving=(Review(login="lee", via=LEE, head=head),))
    review = judge(change.request(reviews)).review
    assert review.verdict.value == "blocked"


def test_a_signature_is_enough_without_a_review_and_both_reasons_are_said_where_neither_is(
    change, gate, tmp_path
) -> None:
    digest = change.review().digest
    path = change.root / "approvals/changes" / f"{digest.removeprefix('sha256:')}.dsse.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    said = change.said()
    assert "DSSE" in said
    assert "0 of 1 reviews" in said
    path.unlink()
    key = key_file(ALICE, tmp_path.parent / f"{tmp_path.name}-alice.pem")
    done = gate("waive", "--approve", digest, "--key", key, "--now", "2026-11-23", cwd=change.root)
    assert done.returncode == 0, done.stderr
    assert change.said().endswith("approved by alice")


def test_who_is_asked_for_a_review_is_read_from_the_base_alone(change) -> None:
    change.work.write("trust.json", trust(reviewers={**NAMED, "users": ["mallory"]}))
    named = named_reviewers(change.request(None))
    assert (named.teams, named.users, named.count) == (("acme/edge",), ("kim", "lee"), 1)
    assert not named_reviewers(change.request(None, base=""))


def test_who_is_asked_is_nobody_where_the_base_names_none_and_an_error_where_it_cannot_be_read(tmp_path, git) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    git(bare, "init", "-q", "-b", "main")
    (bare / "note.txt").write_text("x")
    commit(bare)
    assert not named_reviewers(Request(root=bare, base="main", today=TODAY))
    Work(bare).write("policy-gate.yaml", WITH_TRUST)
    commit(bare)
    with pytest.raises(GateError):
        named_reviewers(Request(root=bare, base="main", today=TODAY))
    with pytest.raises(GateError, match="not in this clone"):
        named_reviewers(Request(root=bare, base="absent", today=TODAY))
