from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from replay_world import CONFIG, DIGESTS, IDENTITY, git, manifest, own_rule

from policy_gate.errors import SourceError, UsageError
from policy_gate.replayed import Replayed, Said
from policy_gate.workbench.history import replay_history
from policy_gate.workbench.policies import PolicyPlace, parse_policy_name
from policy_gate.workbench.replaying import Shard, WhatIf

DAY = "2026-11-{day:02d}T12:00:00+00:00"


class Past:
    """A repository in which a test commits one thing after the other, a day apart."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.day = 0
        git(root, "init", "--quiet", "--initial-branch", "main")

    def write(self, path: str, content: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def release(self, number: int, *, folder: str = "", name: str = "kws", honest: bool = True) -> None:
        content = f"labels {number}".encode()
        self.write(f"{folder}labels.txt", content)
        claimed = content if honest else b"labels x"
        self.write(f"{folder}release.yaml", manifest(claimed, name=name, version=f"1.{number}", sequence=number))

    def commit(self, words: str = "change") -> None:
        self.day += 1
        git(self.root, "add", "--all")
        days = {name: DAY.format(day=self.day) for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")}
        command = ["git", *IDENTITY, "commit", "--quiet", "--allow-empty", "--message", words]
        subprocess.run(command, cwd=self.root, check=True, env={**os.environ, **days})

    def replay(self, policy: str, count: int, **options: object) -> Replayed:
        against = str(options.pop("against", ""))
        place = PolicyPlace(root=self.root, now=str(options.pop("now", "")))
        shard = Shard(*options.pop("shard", (1, 1)))
        old = parse_policy_name(against) if against else None
        return replay_history(WhatIf(policy=parse_policy_name(policy), against=old, place=place, shard=shard), count)


@pytest.fixture
def past(tmp_path) -> Past:
    """Three releases with a commit about nothing between them; the second one lies about its asset."""
    made = Past(tmp_path)
    made.write("digests.yaml", DIGESTS)
    made.write("policy-gate.yaml", f"{CONFIG}  policy: [digests.yaml]\n")
    made.commit("policy")
    for number in (1, 2, 3):
        made.release(number, honest=number != 2)
        made.commit(f"release {number}")
        made.commit("about nothing")
    return made


def told(replayed: Replayed) -> list[tuple[str, Said, Said]]:
    return [(one.version, one.before, one.after) for one in replayed.releases]


def test_the_releases_of_the_past_are_judged_as_they_stood_at_their_commits(past) -> None:
    past.write("own.yaml", own_rule("has(manifest.metadata.name)"))
    replayed = past.replay("own.yaml", 3)
    assert told(replayed) == [
        ("1.1", Said.ALLOWED, Said.ALLOWED),
        ("1.2", Said.BLOCKED, Said.ALLOWED),
        ("1.3", Said.ALLOWED, Said.ALLOWED),
    ]
    assert [one.day for one in replayed.releases] == ["2026-11-02", "2026-11-04", "2026-11-06"]
    assert (replayed.exit_code, replayed.notes, replayed.against) == (0, (), "policy-gate.yaml")


def test_facts_are_collected_for_the_policy_that_is_tried(past) -> None:
    past.write("own.yaml", own_rule("size(facts.release.name) > 0") + "  include: [{pack: 'builtin:fingerprint'}]\n")
    replayed = past.replay("builtin:edge-baseline", 3)
    assert replayed.totals.unsaid == 0
    assert {one.after for one in replayed.releases} <= {Said.ALLOWED, Said.BLOCKED}


def test_each_release_is_compared_with_the_commit_before_it(past) -> None:
    past.write("own.yaml", own_rule("has(base.manifest.metadata.sequence)"))
    replayed = past.replay("own.yaml", 3)
    assert [(one.version, one.after) for one in replayed.releases] == [
        ("1.1", Said.BLOCKED),
        ("1.2", Said.ALLOWED),
        ("1.3", Said.ALLOWED),
    ]


def test_only_the_newest_are_looked_at(past) -> None:
    assert [one.version for one in past.replay("builtin:fingerprint", 2).releases] == ["1.2", "1.3"]


def test_fewer_releases_than_asked_for_are_said_to_be_all(past) -> None:
    assert past.replay("digests.yaml", 9).notes == ("the history has 3 releases, and 9 were asked for",)


def test_what_is_on_disk_and_not_committed_is_no_release(past) -> None:
    past.release(4)
    assert [one.version for one in past.replay("digests.yaml", 1).releases] == ["1.3"]


def test_a_manifest_that_is_moved_or_added_beside_is_a_release_and_one_that_is_removed_is_none(past) -> None:
    past.release(7, folder="other/", name="vad")
    past.commit()
    (past.root / "release.yaml").rename(past.root / "other" / "release.json")
    (past.root / "other" / "release.json").unlink()
    past.commit()
    assert [(one.name, one.version) for one in past.replay("digests.yaml", 2).releases] == [
        ("kws", "1.3"),
        ("vad", "1.7"),
    ]


def test_a_merge_is_compared_with_its_first_parent(past) -> None:
    git(past.root, "checkout", "--quiet", "-b", "work", "HEAD~2")
    past.release(4)
    past.commit()
    git(past.root, "checkout", "--quiet", "main")
    git(past.root, "merge", "--quiet", "--no-ff", "--strategy", "ours", "work")
    assert [one.version for one in past.replay("digests.yaml", 9).releases] == ["1.1", "1.2", "1.3"]


def test_a_manifest_that_cannot_be_read_is_named_with_its_commit(past) -> None:
    past.write("release.yaml", "kind: ]")
    past.commit()
    oid = git(past.root, "rev-parse", "HEAD")
    past.release(5)
    past.commit()
    replayed = past.replay("digests.yaml", 2)
    assert replayed.exit_code == 2
    assert replayed.problems[0].path == f"{oid[:12]}:release.yaml"
    assert replayed.problems[0].line == 1


def test_the_trusted_configuration_is_that_of_today_and_not_of_then(past) -> None:
    past.write("policy-gate.yaml", f"{CONFIG}  policy: [own.yaml]\n")
    past.write("own.yaml", own_rule("has(manifest.metadata.license)"))
    replayed = past.replay("digests.yaml", 3)
    assert {one.before for one in replayed.releases} == {Said.BLOCKED}
    assert [one.after for one in replayed.releases] == [Said.ALLOWED, Said.BLOCKED, Said.ALLOWED]


def test_both_policies_may_be_those_of_revisions(past) -> None:
    past.write("digests.yaml", DIGESTS.replace("FPR-001, ", ""))
    past.commit()
    replayed = past.replay("HEAD:", 3, against="HEAD~1:policy-gate.yaml")
    assert told(replayed)[1] == ("1.2", Said.BLOCKED, Said.ALLOWED)
    assert replayed.rules_gone == ("FPR-001",)


def test_the_shards_of_a_history_hold_each_release_once(past) -> None:
    parts = [past.replay("digests.yaml", 3, shard=(number, 3)) for number in (1, 2, 3)]
    assert sorted(one.version for part in parts for one in part.releases) == ["1.1", "1.2", "1.3"]


def test_a_clone_that_ends_too_early_is_refused_with_the_command_that_mends_it(past, tmp_path_factory) -> None:
    place = tmp_path_factory.mktemp("clone")
    git(place, "clone", "--quiet", "--depth", "3", past.root.as_uri(), "shallow")
    shallow = Past.__new__(Past)
    shallow.root, shallow.day = place / "shallow", 0
    assert [one.version for one in shallow.replay("digests.yaml", 1).releases] == ["1.3"]
    with pytest.raises(SourceError, match="fetch --unshallow"):
        shallow.replay("digests.yaml", 2)


def test_a_history_without_any_manifest_is_refused(tmp_path) -> None:
    empty = Past(tmp_path)
    empty.write("digests.yaml", DIGESTS)
    empty.commit()
    with pytest.raises(UsageError, match="has a manifest"):
        empty.replay("digests.yaml", 1)


def test_a_folder_without_a_repository_has_no_history(tmp_path) -> None:
    (tmp_path / "digests.yaml").write_text(DIGESTS)
    with pytest.raises(SourceError, match="not in a git repository"):
        replay_history(
            WhatIf(policy=parse_policy_name("digests.yaml"), against=None, place=PolicyPlace(root=tmp_path)), 1
        )
