from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import pytest

import policy_gate.fetching
from policy_gate.errors import PolicyError, SourceError, UsageError
from policy_gate.fetching import Fetched, Fetcher
from policy_gate.policy.sources import parse_source
from policy_gate.policy.store import MAX_PACK_BYTES

PACK = b"""\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: acme, version: "1.2.0", words: How Acme releases.}
spec:
  include: [{pack: "builtin:fingerprint", rules: [FPR-001]}]
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ssh is a shell script")


def local(root: Path, revision: str = "v1", path: str = "packs/edge.yaml") -> str:
    return f"git+file://{root.as_posix() if root.drive == '' else '/' + root.as_posix()}@{revision}#{path}"


def fetched(name: str, revision: str = "") -> Fetched:
    with Fetcher(allow_file=True) as fetcher:
        return fetcher.fetch(parse_source(name), revision)


def refusal(name: str, revision: str = "") -> str:
    with pytest.raises(SourceError) as refused:
        fetched(name, revision)
    assert refused.value.exit_code == 2
    assert refused.value.problems[0].path == name
    return str(refused.value)


def test_a_local_repository_needs_the_flag(organisation) -> None:
    with Fetcher() as fetcher, pytest.raises(UsageError, match="--allow-file"):
        fetcher.fetch(parse_source(local(organisation)))


@pytest.mark.parametrize("revision", ["v1", "main", "HEAD", "refs/tags/v1"])
def test_a_pack_comes_with_the_commit_it_is_of(organisation, git, revision) -> None:
    got = fetched(local(organisation, revision))
    assert got.content == (organisation / "packs" / "edge.yaml").read_bytes()
    assert got.revision == git(organisation, "rev-parse", "HEAD")


def test_a_signed_off_tag_names_the_commit_below_it(organisation, git) -> None:
    git(organisation, "tag", "-a", "-m", "second", "v2")
    assert fetched(local(organisation, "v2")).revision == git(organisation, "rev-parse", "HEAD")


def test_a_commit_is_fetched_by_its_id_although_the_branch_moved_on(organisation, git) -> None:
    first = git(organisation, "rev-parse", "HEAD")
    (organisation / "packs" / "edge.yaml").write_text("moved on\n")
    git(organisation, "commit", "-q", "-a", "-m", "second")
    before = fetched(local(organisation, first))
    assert (before.revision, b"moved on" in before.content) == (first, False)
    assert fetched(local(organisation, "main"), first) == before
    assert fetched(local(organisation, "main")).content == b"moved on\n"


@pytest.mark.parametrize(
    "option",
    [
        "--upload-pack=touch it-ran;",
        "-c core.sshCommand=evil",
        "v1:refs/heads/main",
        "--help",
        "v1 --upload-pack=evil",
        "v1\n--upload-pack=evil",
    ],
)
def test_an_option_is_no_revision(organisation, option) -> None:
    with pytest.raises(PolicyError, match="names no pack"):
        parse_source(local(organisation, option))


@pytest.mark.parametrize("revision", ["v9", "a" * 40, "b" * 64])
def test_a_revision_that_is_not_there_is_said(organisation, revision) -> None:
    assert "failed" in refusal(local(organisation, revision))


def test_a_tag_of_a_file_is_no_commit(organisation, git) -> None:
    git(organisation, "tag", "blob", git(organisation, "rev-parse", "HEAD:packs/edge.yaml"))
    assert "'blob' is no commit there" in refusal(local(organisation, "blob"))


def test_a_pack_that_is_not_there_is_said(organisation) -> None:
    assert "there is no 'packs/other.yaml'" in refusal(local(organisation, path="packs/other.yaml"))


def test_a_repository_that_is_not_there_is_said(tmp_path) -> None:
    assert "git fetch failed" in refusal(local(tmp_path / "absent"))


def committed(git, root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "next")
    return git(root, "rev-parse", "HEAD")


def test_a_link_is_not_followed_wherever_it_leads(organisation, git) -> None:
    (organisation / "packs" / "linked.yaml").symlink_to("edge.yaml")
    (organisation / "passwd.yaml").symlink_to("/etc/passwd")
    (organisation / "folder").symlink_to("packs")
    committed(git, organisation)
    assert "symbolic link" in refusal(local(organisation, "main", "packs/linked.yaml"))
    assert "symbolic link" in refusal(local(organisation, "main", "passwd.yaml"))
    assert "there is no" in refusal(local(organisation, "main", "folder/edge.yaml"))


def test_a_submodule_is_not_entered(organisation, git, tmp_path) -> None:
    git(organisation, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(organisation), "sub.yaml")
    committed(git, organisation)
    assert "submodule" in refusal(local(organisation, "main", "sub.yaml"))


def test_two_files_that_differ_in_case_are_no_pack(organisation, git) -> None:
    blob = git(organisation, "rev-parse", "HEAD:packs/edge.yaml")
    git(organisation, "update-index", "--add", "--cacheinfo", f"100644,{blob},packs/EDGE.yaml")
    git(organisation, "commit", "-q", "-m", "two")
    assert "differs from" in refusal(local(organisation, "main"))


def test_a_pack_over_a_mebibyte_is_refused(organisation, git) -> None:
    (organisation / "packs" / "edge.yaml").write_bytes(b"#" * (MAX_PACK_BYTES + 1))
    committed(git, organisation)
    assert "at most 1048576" in refusal(local(organisation, "main"))


def test_a_pointer_to_large_storage_is_no_pack(organisation, git) -> None:
    (organisation / "packs" / "edge.yaml").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 10\n"
    )
    committed(git, organisation)
    assert "LFS pointer" in refusal(local(organisation, "main"))


def test_a_repository_beyond_the_limit_is_refused(organisation, monkeypatch) -> None:
    monkeypatch.setattr(policy_gate.fetching, "MAX_REPOSITORY_BYTES", 100)
    assert "more than 100 bytes" in refusal(local(organisation))


def test_nothing_of_the_repository_is_executed(organisation, git, tmp_path) -> None:
    mark, script = tmp_path / "it-ran", tmp_path / "tripwire.sh"
    script.write_text(f'#!/bin/sh\ntouch "{mark}"\ncat\n')
    script.chmod(0o755)
    (organisation / ".gitattributes").write_text("*.yaml filter=trip diff=trip\n")
    committed(git, organisation)
    for hook in ("post-checkout", "post-update", "pre-receive", "reference-transaction", "post-index-change"):
        (organisation / ".git" / "hooks" / hook).write_bytes(script.read_bytes())
        (organisation / ".git" / "hooks" / hook).chmod(0o755)
    for key in ("filter.trip.smudge", "filter.trip.process", "core.fsmonitor", "uploadpack.packObjectsHook"):
        git(organisation, "config", key, str(script))
    assert fetched(local(organisation, "main")).content == PACK
    assert not mark.exists()


def test_a_repository_that_git_itself_calls_malicious_is_refused(organisation, git) -> None:
    (organisation / ".gitmodules").write_text('[submodule "x"]\n  path = x\n  url = .\n  update = !touch it-ran\n')
    committed(git, organisation)
    assert "disallowed submodule update" in refusal(local(organisation, "main"))


def test_the_settings_of_the_user_do_not_redirect_a_fetch(organisation, git, tmp_path, monkeypatch) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(organisation), str(other))
    (other / "packs" / "edge.yaml").write_text("from elsewhere\n")
    committed(git, other)
    settings = tmp_path / "settings"
    settings.write_text(f'[url "file://{other}"]\n  insteadOf = file://{organisation}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{other}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"file://{organisation}")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert fetched(local(organisation, "main")).content == PACK


def test_packs_of_one_revision_come_of_one_commit_although_the_branch_moves_between(organisation, git) -> None:
    (organisation / "packs" / "cost.yaml").write_text("first\n")
    first = committed(git, organisation)
    with Fetcher(allow_file=True) as fetcher:
        assert fetcher.fetch(parse_source(local(organisation, "main"))).revision == first
        (organisation / "packs" / "cost.yaml").write_text("second\n")
        committed(git, organisation)
        later = fetcher.fetch(parse_source(local(organisation, "main", "packs/cost.yaml")))
    assert later == Fetched(content=b"first\n", revision=first)


def test_what_was_fetched_is_gone_afterwards(organisation) -> None:
    with Fetcher(allow_file=True) as fetcher:
        folder = Path(fetcher._folder.name)
        fetcher.fetch(parse_source(local(organisation)))
        assert list(folder.iterdir())
    assert not folder.exists()


# Over HTTPS, from git's own server program.


@pytest.fixture
def served(server, organisation, git, tmp_path):
    """The name of the pack, its repository served over HTTPS."""
    repositories = tmp_path / "served"
    repositories.mkdir()
    git(tmp_path, "clone", "-q", "--bare", str(organisation), str(repositories / "policies.git"))
    git(repositories / "policies.git", "config", "uploadpack.allowAnySHA1InWant", "true")
    server.repositories = repositories
    return f"git+https://{server.place}/policies.git@v1#packs/edge.yaml"


def test_a_pack_comes_over_https_by_tag_and_by_commit(served, organisation, git) -> None:
    commit = git(organisation, "rev-parse", "HEAD")
    assert fetched(served) == fetched(served, commit) == Fetched(content=PACK, revision=commit)


def test_git_refuses_a_certificate_that_nobody_vouches_for(served, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    assert "certificate" in refusal(served)


def test_git_sends_no_password_of_the_user(served, server, tmp_path, monkeypatch) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login ada password secret\n")
    (tmp_path / ".gitconfig").write_text("[credential]\n  helper = store\n[http]\n  extraHeader = X-Token: secret\n")
    (tmp_path / ".git-credentials").write_text(f"https://ada:secret@{server.place}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    fetched(served)
    assert server.seen
    for _, _, headers in server.seen:
        assert {"Authorization", "X-Token"}.isdisjoint(headers)


def test_git_is_not_led_to_another_place(served, server) -> None:
    server.serve("/moved.git/info/refs", b"", 302, Location=f"https://{server.place}/policies.git/info/refs")
    assert "git fetch failed" in refusal(served.replace("policies.git", "moved.git"))
    assert not any(path.startswith("/policies.git") for _, path, _ in server.seen)


def test_a_server_that_asks_for_a_password_is_given_none_and_no_person_is_asked(server) -> None:
    server.serve("/private.git/info/refs", b"", 401, WWW_Authenticate='Basic realm="x"')
    assert "git fetch failed" in refusal(f"git+https://{server.place}/private.git@v1#p.yaml")


def test_a_repository_without_gits_protocol_is_not_fetched(server) -> None:
    server.serve("/dumb.git/info/refs", f"{'a' * 40}\trefs/heads/main\n".encode())
    server.serve("/dumb.git/HEAD", b"ref: refs/heads/main\n")
    assert "git fetch failed" in refusal(f"git+https://{server.place}/dumb.git@main#p.yaml")


def test_a_git_server_that_never_answers_is_given_up(server, monkeypatch) -> None:
    monkeypatch.setattr(policy_gate.fetching, "TIMEOUT_SECONDS", 1)
    done = Event()
    server.answers["/slow.git/info/refs"] = lambda _: done.wait(30)
    assert "did not finish" in refusal(f"git+https://{server.place}/slow.git@v1#p.yaml")
    done.set()


def test_the_words_of_a_hostile_server_are_shown_harmless(server) -> None:
    server.serve("/evil.git/info/refs", b"001e# service=git-upload-pack\n0000" + b"0013ERR \x1b[31mhi\n")
    assert "\x1b" not in refusal(f"git+https://{server.place}/evil.git@v1#p.yaml")


# Over ssh, with a stand-in that runs the server's side here.


@posix
def test_ssh_never_asks_and_the_command_of_the_environment_is_not_used(organisation, tmp_path, monkeypatch) -> None:
    folder, words, mark = tmp_path / "bin", tmp_path / "words", tmp_path / "it-ran"
    folder.mkdir()
    stand_in = folder / "ssh"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{words}"\nfor last; do :; done\nexec sh -c "$last"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {mark};")
    monkeypatch.setenv("GIT_SSH", f"touch {mark};")
    name = f"git+ssh://git@git.example.org:2222{organisation}@v1#packs/edge.yaml"
    assert fetched(name).content == PACK
    assert not mark.exists()
    said = words.read_text().splitlines()
    assert {"-oBatchMode=yes", "-oForwardAgent=no", "git@git.example.org", "2222"} <= set(said)
    assert said[-1] == f"git-upload-pack '{organisation}'"
