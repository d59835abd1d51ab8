"""`policy fetch` and `policy lock`, as a person runs them, against an organisation's real git repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy_gate.document import load
from policy_gate.errors import PolicyError
from policy_gate.pinning import read_pinned_policy
from policy_gate.policy.lock import Lock, decode_lock, digest_of
from policy_gate.policy.sources import parse_source
from policy_gate.source import open_revision, open_working_tree

HEAD = "apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\n"
RULES = "{pack: 'builtin:fingerprint', rules: [FPR-001]}"


def pack(name: str, *includes: str, more: str = "") -> str:
    listed = ", ".join(
        include if include.startswith("{") else f"{{pack: '{include}'}}" for include in includes or [RULES]
    )
    return f"{HEAD}metadata: {{name: {name}, version: '1.2.0', words: How Acme releases.{more}}}\nspec:\n  include: [{listed}]\n"


class Organisation:
    """A repository of packs, tagged v1, and what our configuration calls its packs."""

    def __init__(self, root: Path, git) -> None:
        self.root, self._git = root, git
        root.mkdir()
        git(root, "init", "-q", "-b", "main")

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.root / f"{name}.yaml").write_text(text)
        self._git(self.root, "add", "-A")
        self._git(self.root, "commit", "-q", "--allow-empty", "-m", "next")
        self._git(self.root, "tag", "-f", "v1")
        return self._git(self.root, "rev-parse", "HEAD")

    def name(self, pack_name: str = "edge") -> str:
        return f"git+file://{'' if self.root.drive == '' else '/'}{self.root.as_posix()}@v1#{pack_name}.yaml"


@pytest.fixture
def organisation(tmp_path, git, monkeypatch) -> Organisation:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    made = Organisation(tmp_path / "organisation", git)
    made.commit(edge=pack("acme"))
    return made


@pytest.fixture
def ours(tmp_path, git, organisation) -> Path:
    """Our repository, judged by the organisation's pack."""
    root = tmp_path / "ours"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    configure(root, organisation.name())
    return root


@pytest.fixture
def policy(run, ours):
    def command(*args: str, cwd: Path = ours):
        return run("policy", *args, cwd=cwd)

    return command


def configure(root: Path, *names: str) -> None:
    listed = "".join(f'    - "{name}"\n' for name in names)
    (root / "policy-gate.yaml").write_text(
        f"apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n  policy:\n{listed}"
    )


def lock_of(root: Path) -> Lock:
    return decode_lock(load((root / "policy-gate.lock").read_bytes(), "policy-gate.lock"))


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.glob("cache/policy-gate/packs/*"))


def nothing_was_written(ours: Path, tmp_path: Path) -> bool:
    return not (ours / "policy-gate.lock").exists() and cached(tmp_path) == [] and not (ours / ".policy-gate").exists()


# What must not be written.


def test_bytes_other_than_the_pinned_ones_are_refused_and_not_stored(policy, ours, tmp_path) -> None:
    policy("fetch", "--allow-file")
    lock = ours / "policy-gate.lock"
    (digest,) = [entry.digest for entry in lock_of(ours).entries]
    lock.write_text(lock.read_text().replace(digest, digest_of(b"other")))
    before = lock.read_bytes()
    done = policy("fetch", "--allow-file")
    assert done.code == 2
    assert digest in done.err
    assert digest_of(b"other") in done.err
    assert "--update" in done.err
    assert lock.read_bytes() == before
    assert cached(tmp_path) == [f"{digest[7:]}.yaml"]


def test_nothing_is_written_when_one_of_several_packs_fails(policy, ours, organisation, tmp_path) -> None:
    configure(ours, organisation.name(), organisation.name("absent"))
    done = policy("fetch", "--allow-file")
    assert (done.code, "there is no 'absent.yaml'" in done.err) == (2, True)
    assert nothing_was_written(ours, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("<html>Sign in</html>\n", "should be a mapping"),
        ("kind: [\n", "edge.yaml"),
        (HEAD.replace("PolicyPack", "PolicyConfig") + "spec: {}\n", "kind"),
        (pack("acme", more=", requires: '999.0'"), "999.0"),
        (pack("acme").replace("include", "inclde"), "did you mean 'include'"),
        (pack("acme", "../ours.yaml"), "has the segment '..'"),
        (pack("acme", "http://example.org/p.yaml"), "not protected"),
        (pack("acme", "git+ext::evil"), "names no pack"),
    ],
)
def test_what_is_no_pack_is_not_stored(policy, ours, organisation, text, said) -> None:
    organisation.commit(edge=text)
    done = policy("fetch", "--allow-file")
    assert (done.code, said in done.err) == (2, True), done.err
    assert "Traceback" not in done.err
    assert nothing_was_written(ours, ours.parent)


def test_a_fetched_pack_cannot_include_a_file_of_ours(policy, ours, organisation, tmp_path) -> None:
    (ours / "own.yaml").write_text(pack("own"))
    organisation.commit(edge=pack("acme", "own.yaml"))
    done = policy("fetch", "--allow-file")
    assert (done.code, "there is no 'own.yaml'" in done.err) == (2, True)
    assert nothing_was_written(ours, tmp_path)


def test_packs_that_include_each_other_too_deeply_are_refused(policy, ours, organisation, tmp_path) -> None:
    chain = {f"p{depth}": pack(f"p{depth}", f"p{depth + 1}.yaml") for depth in range(9)}
    organisation.commit(edge=pack("acme", "p0.yaml"), **chain, p9=pack("p9"))
    done = policy("fetch", "--allow-file")
    assert (done.code, "more than 8 deep" in done.err) == (2, True), done.err
    assert nothing_was_written(ours, tmp_path)


def test_packs_that_include_each_other_are_fetched_once_each(policy, organisation, tmp_path) -> None:
    organisation.commit(edge=pack("acme", "other.yaml"), other=pack("other", "edge.yaml"))
    assert policy("fetch", "--allow-file").code == 0
    assert len(cached(tmp_path)) == 2


def test_a_link_in_place_of_the_vendored_folder_is_not_written_through(policy, ours, tmp_path) -> None:
    outside = tmp_path / "outside"
    (outside / "packs").mkdir(parents=True)
    (ours / ".policy-gate").symlink_to(outside)
    done = policy("fetch", "--allow-file", "--vendor")
    assert (done.code, "is a link" in done.err) == (2, True)
    assert list((outside / "packs").iterdir()) == []
    assert not (ours / "policy-gate.lock").exists()


def test_a_link_in_place_of_the_lock_is_not_written_through_and_no_pack_stays(policy, ours, tmp_path) -> None:
    (ours / "policy-gate.lock").symlink_to(tmp_path / "outside.lock")
    assert policy("fetch", "--allow-file").code == 2
    assert policy("lock").code == 2
    assert not (tmp_path / "outside.lock").exists()
    assert cached(tmp_path) == []


def test_packs_are_removed_again_when_the_lock_cannot_be_written(policy, ours, tmp_path, monkeypatch) -> None:
    import policy_gate.cli.writing
    from policy_gate.errors import UsageError

    write = policy_gate.cli.writing.write_whole

    def full(path: Path, text: str) -> None:
        if path.name == "policy-gate.lock":
            raise UsageError("the disk is full")
        write(path, text)

    monkeypatch.setattr(policy_gate.cli.writing, "write_whole", full)
    assert policy("fetch", "--allow-file").code == 2
    assert nothing_was_written(ours, tmp_path)


def test_without_the_flag_a_local_repository_is_not_fetched(policy, ours, tmp_path) -> None:
    done = policy("fetch")
    assert (done.code, "--allow-file" in done.err) == (2, True)
    assert nothing_was_written(ours, tmp_path)


def test_a_lock_that_is_no_lock_stops_both_commands(policy, ours) -> None:
    (ours / "policy-gate.lock").write_text("packs: []\n")
    for command in ("lock", "fetch"):
        done = policy(command)
        assert (done.code, "policy-gate.lock:1:1" in done.err) == (2, True)


def test_without_a_configuration_there_is_nothing_to_pin(policy, ours) -> None:
    (ours / "policy-gate.yaml").unlink()
    for command in ("lock", "fetch"):
        assert policy(command).code == 2
    assert not (ours / "policy-gate.lock").exists()


# Fetching.


def test_a_pack_that_is_new_is_pinned_with_its_commit_and_stored(policy, ours, organisation, tmp_path) -> None:
    commit = organisation.commit(edge=pack("acme", "cost.yaml"), cost=pack("cost"))
    done = policy("fetch", "--allow-file")
    assert done.code == 0, done.err
    assert "acme 1.2.0" in done.out
    assert "have it reviewed" in done.out
    entries = lock_of(ours).entries
    assert [entry.source for entry in entries] == [organisation.name("cost"), organisation.name()]
    assert {entry.revision for entry in entries} == {commit}
    assert [entry.digest for entry in entries] == [
        digest_of(pack("cost").encode()),
        digest_of(pack("acme", "cost.yaml").encode()),
    ]
    assert cached(tmp_path) == sorted(f"{entry.digest[7:]}.yaml" for entry in entries)


def test_what_is_stored_needs_no_network_the_second_time(policy, organisation) -> None:
    policy("fetch", "--allow-file")
    organisation.root.rename(organisation.root.with_name("gone"))
    done = policy("fetch")
    assert (done.code, done.out) == (0, "1 pack verified and stored in the cache\n")


def test_a_tag_that_moved_still_gives_the_pinned_commit(policy, ours, organisation, tmp_path) -> None:
    policy("fetch", "--allow-file")
    before = (ours / "policy-gate.lock").read_bytes()
    (digest,) = cached(tmp_path)
    (tmp_path / "cache" / "policy-gate" / "packs" / digest).unlink()
    organisation.commit(edge=pack("looser"))
    assert policy("fetch", "--allow-file").code == 0
    assert cached(tmp_path) == [digest]
    assert (ours / "policy-gate.lock").read_bytes() == before


def test_update_pins_what_comes_and_shows_old_and_new(policy, ours, organisation) -> None:
    policy("fetch", "--allow-file")
    policy("lock", "--floor", organisation.name())
    old = lock_of(ours).find(organisation.name())
    commit = organisation.commit(edge=pack("acme").replace("1.2.0", "1.3.0"))
    done = policy("fetch", "--allow-file", "--update")
    new = lock_of(ours).find(organisation.name())
    assert done.code == 0
    assert (new.revision, new.floor) == (commit, True)
    assert new.digest != old.digest
    line = next(line for line in done.out.splitlines() if "acme 1.3.0" in line)
    assert line.index(old.digest[:19]) < line.index(new.digest[:19])


def test_update_drops_what_no_policy_uses_any_more(policy, ours, organisation) -> None:
    organisation.commit(edge=pack("acme", "cost.yaml"), cost=pack("cost"))
    policy("fetch", "--allow-file")
    organisation.commit(edge=pack("acme"))
    policy("fetch", "--allow-file", "--update")
    assert [entry.source for entry in lock_of(ours).entries] == [organisation.name()]


def test_a_cached_file_that_was_tampered_with_is_fetched_again(policy, organisation, tmp_path) -> None:
    policy("fetch", "--allow-file")
    (path,) = tmp_path.glob("cache/policy-gate/packs/*")
    path.write_text(pack("looser"))
    assert policy("fetch", "--allow-file").code == 0
    assert path.read_text() == pack("acme")


def test_vendored_packs_are_stored_beside_the_configuration_with_their_bytes_protected(policy, ours, tmp_path) -> None:
    done = policy("fetch", "--allow-file", "--vendor")
    (entry,) = lock_of(ours).entries
    assert done.code == 0
    assert "commit that folder" in done.out
    assert (ours / ".policy-gate" / "packs" / f"{entry.digest[7:]}.yaml").read_text() == pack("acme")
    assert "-text" in (ours / ".policy-gate" / ".gitattributes").read_text()
    assert cached(tmp_path) == []


def test_a_configuration_in_a_folder_keeps_lock_and_packs_beside_it(policy, ours) -> None:
    (ours / "release").mkdir()
    (ours / "policy-gate.yaml").rename(ours / "release" / "policy-gate.yaml")
    assert policy("fetch", "--allow-file", "--vendor", "--config", "release/policy-gate.yaml").code == 0
    assert policy("lock", "--config", "policy-gate.yaml", cwd=ours / "release").code == 0
    assert sorted(path.name for path in (ours / "release").iterdir()) == [
        ".policy-gate",
        "policy-gate.lock",
        "policy-gate.yaml",
    ]


def test_the_pins_of_a_base_fill_the_cache_and_change_nothing(policy, ours, git, tmp_path) -> None:
    policy("fetch", "--allow-file")
    git(ours, "add", "-A")
    git(ours, "commit", "-q", "-m", "pinned")
    (ours / "policy-gate.lock").unlink()
    configure(ours, "builtin:cost")
    (pack_file,) = tmp_path.glob("cache/policy-gate/packs/*")
    pack_file.unlink()
    assert policy("fetch", "--allow-file", "--base", "HEAD").code == 0
    assert pack_file.exists()
    assert not (ours / "policy-gate.lock").exists()
    assert policy("fetch", "--base", "HEAD", "--update").code == 2


def test_a_base_that_does_not_pin_a_pack_is_refused(policy, ours, git, tmp_path) -> None:
    git(ours, "add", "-A")
    git(ours, "commit", "-q", "-m", "not pinned")
    done = policy("fetch", "--allow-file", "--base", "HEAD")
    assert (done.code, "does not pin" in done.err) == (2, True)
    assert nothing_was_written(ours, tmp_path)


def test_a_tampered_vendored_file_of_the_head_does_not_reach_what_the_base_judges_by(
    policy, ours, organisation, git
) -> None:
    policy("fetch", "--allow-file", "--vendor")
    git(ours, "add", "-A")
    git(ours, "commit", "-q", "-m", "vendored")
    (vendored,) = (ours / ".policy-gate" / "packs").iterdir()
    vendored.write_text(pack("looser"))
    source = parse_source(organisation.name())
    with open_revision(ours, "HEAD", as_base=True) as base:
        assert read_pinned_policy(base, "policy-gate.yaml").read(source) == pack("acme").encode()
    with open_working_tree(ours) as head, pytest.raises(PolicyError, match="the vendored copy"):
        read_pinned_policy(head, "policy-gate.yaml").read(source)


def test_nothing_to_fetch_is_said_and_no_lock_is_made(policy, ours) -> None:
    configure(ours, "builtin:cost")
    done = policy("fetch")
    assert (done.code, done.out) == (0, "no pack comes from another place: there is nothing to fetch\n")
    assert not (ours / "policy-gate.lock").exists()


# Locking.


def test_lock_pins_every_shipped_and_local_pack_and_keeps_fetched_ones(policy, ours, organisation) -> None:
    (ours / "own.yaml").write_text(pack("own", "builtin:cost"))
    configure(ours, organisation.name(), "own.yaml")
    policy("fetch", "--allow-file")
    fetched = lock_of(ours).find(organisation.name())
    assert policy("lock").code == 0
    lock = lock_of(ours)
    assert {"own.yaml", "builtin:cost", "builtin:fingerprint"} < {entry.source for entry in lock.entries}
    assert lock.find("own.yaml").digest == digest_of((ours / "own.yaml").read_bytes())
    assert lock.find(organisation.name()) == fetched


def test_lock_never_fetches(policy, ours, organisation, tmp_path) -> None:
    assert (policy("lock").code, nothing_was_written(ours, tmp_path)) == (2, True)
    policy("fetch", "--allow-file")
    for path in tmp_path.glob("cache/policy-gate/packs/*"):
        path.unlink()
    done = policy("lock")
    assert (done.code, "run `policy-gate policy fetch`" in done.err) == (2, True)


def test_a_stale_lock_is_exit_1_and_is_not_written(policy, ours) -> None:
    (ours / "own.yaml").write_text(pack("own"))
    configure(ours, "own.yaml")
    absent = policy("lock", "--check")
    assert (absent.code, (ours / "policy-gate.lock").exists()) == (1, False)
    policy("lock")
    assert policy("lock", "--check").code == 0
    (ours / "own.yaml").write_text(pack("own", "builtin:cost"))
    before = (ours / "policy-gate.lock").read_bytes()
    stale = policy("lock", "--check")
    assert (stale.code, "own.yaml" in stale.out, "is stale" in stale.err) == (1, True, True)
    assert (ours / "policy-gate.lock").read_bytes() == before


def test_a_lock_that_cannot_be_checked_is_exit_2_not_1(policy, ours) -> None:
    configure(ours, "absent.yaml")
    assert policy("lock", "--check").code == 2
    assert policy("lock", "--check", "--floor", "builtin:cost").code == 2


def test_locking_twice_changes_nothing(policy, ours) -> None:
    configure(ours, "builtin:cost")
    policy("lock")
    before = (ours / "policy-gate.lock").read_bytes()
    done = policy("lock")
    assert (done.code, done.out) == (0, "policy-gate.lock is up to date\n")
    assert (ours / "policy-gate.lock").read_bytes() == before


def test_a_floor_stays_in_the_lock_although_no_configuration_names_it(policy, ours) -> None:
    configure(ours, "builtin:cost")
    assert policy("lock", "--floor", "builtin:privacy").code == 0
    policy("lock")
    assert [entry.source for entry in lock_of(ours).floors()] == ["builtin:privacy"]
    assert policy("lock", "--no-floor", "builtin:privacy").code == 0
    assert lock_of(ours).find("builtin:privacy") is None


def test_a_floor_of_another_place_is_fetched_although_no_configuration_names_it(
    policy, ours, organisation, tmp_path
) -> None:
    policy("fetch", "--allow-file")
    assert policy("lock", "--floor", organisation.name()).code == 0
    configure(ours, "builtin:cost")
    for path in tmp_path.glob("cache/policy-gate/packs/*"):
        path.unlink()
    assert policy("fetch", "--allow-file", "--update").code == 0
    assert lock_of(ours).find(organisation.name()).floor
    assert len(cached(tmp_path)) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--floor", "https://example.org/p.yaml"), "is not in policy-gate.lock"),
        (("--floor", "http://example.org/p.yaml"), "names no pack"),
        (("--floor", "builtin:none"), "there is no pack"),
        (("--floor", "absent.yaml"), "absent.yaml"),
        (("--no-floor", "builtin:cost"), "is no floor"),
        (("--floor", "builtin:cost", "--no-floor", "builtin:cost"), "at once"),
    ],
)
def test_a_floor_that_cannot_be_is_refused_and_nothing_is_written(policy, ours, args, said) -> None:
    configure(ours, "builtin:cost")
    policy("lock")
    before = (ours / "policy-gate.lock").read_bytes()
    done = policy("lock", *args)
    assert (done.code, said in done.err) == (2, True), done.err
    assert (ours / "policy-gate.lock").read_bytes() == before


# What a run makes of it.


@pytest.fixture
def check(run, ours):
    """Judges a release of one file in our repository."""
    (ours / "labels.txt").write_text("yes no")
    (ours / "release.yaml").write_text(
        "apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\nmetadata: {name: kws, version: '1', sequence: 1}\n"
        f"artifacts: [{{id: labels, path: labels.txt, role: asset, digest: '{digest_of(b'yes no')}'}}]\n"
    )
    return lambda *args: run("check", *args, cwd=ours)


def test_a_run_is_refused_until_a_pack_is_pinned_and_stored(check, policy, ours, tmp_path) -> None:
    unpinned = check()
    assert (unpinned.code, "there is no policy-gate.lock" in unpinned.err) == (2, True)
    policy("fetch", "--allow-file")
    assert check().code == 0
    (stored,) = tmp_path.glob("cache/policy-gate/packs/*")
    stored.write_text(pack("looser"))
    tampered = check()
    assert (tampered.code, "the cached copy" in tampered.err) == (2, True)
    stored.unlink()
    absent = check()
    assert (absent.code, "run `policy-gate policy fetch`" in absent.err) == (2, True)


def test_a_run_is_refused_when_a_local_pack_is_not_what_was_pinned(check, policy, ours) -> None:
    (ours / "own.yaml").write_text(pack("own"))
    configure(ours, "own.yaml")
    policy("lock")
    assert check().code == 0
    (ours / "own.yaml").write_text(pack("own", "builtin:fingerprint"))
    changed = check()
    assert (changed.code, "its pin was not" in changed.err) == (2, True)


def test_a_run_judges_by_a_floor_that_no_configuration_names(check, policy, ours) -> None:
    configure(ours, "own.yaml")
    (ours / "own.yaml").write_text(pack("own"))
    policy("lock", "--floor", "builtin:privacy")
    assert "PRIV-" in check("--format", "json").out


def test_a_run_opens_no_socket_and_knows_no_door(check, policy, ours) -> None:
    policy("fetch", "--allow-file")
    code = (
        "import sys\nseen = []\nsys.addaudithook(lambda event, _: seen.append(event) if event[:7] == 'socket.' else None)\n"
        "from policy_gate.cli import main\ntry: main(['check'])\nexcept SystemExit as ended: seen.append(ended.code)\n"
        "print(seen, [name for name in ('policy_gate.fetching', 'urllib.request', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=ours, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[0] []"


def test_what_is_wrong_with_a_fetched_pack_stands_in_its_repository_and_not_in_ours(policy, organisation) -> None:
    organisation.commit(edge="kind: PolicyPack\n")
    done = policy("fetch", "--allow-file")
    assert done.code == 2
    assert done.err.startswith(f"{organisation.name()}:1:")
