from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.document import load
from policy_gate.errors import EvidenceError, PolicyError, Reason
from policy_gate.policy.lock import Lock, LockEntry, check_pin, decode_lock, digest_of, encode_lock, read_pinned
from policy_gate.policy.sources import SourceKind, included_source, kind_of_source, parse_source
from policy_gate.policy.store import MAX_PACK_BYTES, stored_path, user_cache_folder, vendored_path

GIT = "git+https://git.example.org/acme/policies@v1.2.0#packs/edge.yaml"
WEB = "https://example.org/packs/edge.yaml"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BYTES = b"kind: PolicyPack\n"
HEAD = "apiVersion: policy-gate/v1alpha1\nkind: PolicyLock\n"


def locked(text: str) -> Lock:
    return decode_lock(load((HEAD + text).encode(), "policy-gate.lock"))


def pinned(name: str, content: bytes = BYTES, **more) -> Lock:
    return decode_lock(
        load(encode_lock([LockEntry(source=name, digest=digest_of(content), **more)]).encode(), "policy-gate.lock")
    )


def nothing_vendored(path: str) -> bytes:
    raise EvidenceError(Reason.NOT_IN_TREE, path)


@pytest.fixture
def cache(tmp_path):
    """A cache folder, and a way to put bytes where those of another digest belong."""
    folder = tmp_path / "cache"
    (folder / "packs").mkdir(parents=True)

    def put(content: bytes, instead_of: bytes = BYTES) -> Path:
        path = folder / stored_path(digest_of(instead_of))
        path.write_bytes(content)
        return path

    put.folder = lambda: folder
    return put


# Names that are refused.


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty"),
        ("a" * 513, "longer than 512"),
        ("packs/a\x00.yaml", "invisible"),
        ("https://example.org/a\r\nHost: evil/p.yaml", "invisible"),
        ("packs/\u202elmay.yaml", "invisible"),
        ("../outside.yaml", "has the segment '..'"),
        ("./pack.yaml", "has the segment '.'"),
        ("/etc/passwd", "is absolute"),
        ("C:\\pack.yaml", "its scheme is not known"),
        (".git/config", "reaches into git's own directory"),
        ("builtin:", "lower-case name"),
        ("builtin:../../etc/passwd", "lower-case name"),
        ("builtin:Edge", "lower-case name"),
        ("http://example.org/p.yaml", "http is not protected"),
        ("ftp://example.org/p.yaml", "scheme is not known"),
        ("file:///etc/p.yaml", "scheme is not known"),
        ("git+http://example.org/r@v1#p.yaml", "scheme is not known"),
        ("git+ext::sh -c evil@v1#p.yaml", "scheme is not known"),
        ("git://example.org/r@v1#p.yaml", "scheme is not known"),
        ("HTTPS://example.org/p.yaml", "scheme is not known"),
        ("git@example.org:acme/policies#p.yaml", "holds the character U+003A"),
        ("https://user@example.org/p.yaml", "user name or a password"),
        ("https://user:secret@example.org/p.yaml", "user name or a password"),
        ("https://example.org:443@evil.org/p.yaml", "user name or a password"),
        ("git+https://token@example.org/r@v1#p.yaml", "user name or a password"),
        ("git+ssh://git:secret@example.org/r@v1#p.yaml", "user name or a password"),
        ("git+ssh://-oProxyCommand=evil@example.org/r@v1#p.yaml", "user name or a password"),
        ("git+ssh://-oProxyCommand=evil/r@v1#p.yaml", "its host is no name"),
        ("https:///p.yaml", "its host is no name"),
        ("https://ex ample.org/p.yaml", "its host is no name"),
        ("https://EXAMPLE.org/p.yaml", "its host is no name"),
        ("https://exämple.org/p.yaml", "its host is no name"),
        ("https://еxample.org/p.yaml", "its host is no name"),
        ("https://example.org./p.yaml", "its host is no name"),
        ("https://[::1]/p.yaml", "its host is no name"),
        ("https://example.org:/p.yaml", "port"),
        ("https://example.org:0/p.yaml", "port"),
        ("https://example.org:65536/p.yaml", "port"),
        ("https://example.org:80x/p.yaml", "port"),
        ("https://example.org/p.yaml?token=1", "query or a fragment"),
        ("https://example.org/p.yaml#x.yaml", "query or a fragment"),
        ("https://example.org/../p.yaml", "leads elsewhere"),
        ("https://example.org/a//p.yaml", "is empty"),
        ("https://example.org/%2e%2e/p.yaml", "not plain"),
        ("https://example.org/%2E%2E/p.yaml", "not plain"),
        ("https://example.org/a%2Fp.yaml", "not plain"),
        ("https://example.org/a%00/p.yaml", "not plain"),
        ("https://example.org/a%252E/p.yaml", "not plain"),
        ("https://example.org/a b/p.yaml", "not plain"),
        ("https://example.org/päck.yaml", "not plain"),
        ("https://example.org/pack.json", "named *.yaml"),
        ("https://example.org/", "is empty"),
        ("git+https://example.org/r#p.yaml", "@REVISION#PATH"),
        ("git+https://example.org/r@v1", "@REVISION#PATH"),
        ("git+https://example.org/@v1#p.yaml", "is empty"),
        ("git+https://example.org/r?x@v1#p.yaml", "query or a fragment"),
        ("git+https://example.org/r@#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@--upload-pack=evil#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@-v1#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@+v1#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v1:refs/heads/main#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v1..v2#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@HEAD^1#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v1@{0}#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v*#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v1.lock#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@a/.b#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v 1#p.yaml", "no tag, branch or commit"),
        ("git+https://example.org/r@v1#", "is empty"),
        ("git+https://example.org/r@v1#../p.yaml", "has the segment '..'"),
        ("git+https://example.org/r@v1#/p.yaml", "is absolute"),
        ("git+https://example.org/r@v1#.git/p.yaml", "reaches into git's own directory"),
        ("git+https://example.org/r@v1#p.yaml#q.yaml", "holds '#'"),
        ("git+https://example.org/r@v1#pa\u0308ck.yaml", "not in Unicode NFC"),
        ("git+https://example.org/r@v1#p.txt", "named *.yaml"),
        ("git+file://host/r@v1#p.yaml", "git+file:///PATH"),
    ],
)
def test_a_name_that_is_not_clear_names_no_pack(name, said) -> None:
    with pytest.raises(PolicyError, match="names no pack") as refused:
        parse_source(name)
    assert said in str(refused.value)


@given(st.text(max_size=40), st.sampled_from(["", "https://", "git+https://h/r@v1#", "git+ssh://git@", "builtin:"]))
def test_any_text_is_a_name_in_its_only_spelling_or_refused(text, start) -> None:
    try:
        source = parse_source(start + text)
    except PolicyError:
        return
    assert parse_source(source.name) == source
    assert source.name.isprintable()
    assert not source.is_remote or source.name == start + text


@pytest.mark.parametrize(
    ("name", "kind", "url", "revision", "path"),
    [
        ("builtin:edge-release", SourceKind.BUILTIN, "", "", ""),
        ("packs/acme.yaml", SourceKind.PATH, "", "", "packs/acme.yaml"),
        (WEB, SourceKind.HTTPS, WEB, "", ""),
        (
            "https://example.org:8443/~team/p%20q.yml",
            SourceKind.HTTPS,
            "https://example.org:8443/~team/p%20q.yml",
            "",
            "",
        ),
        (GIT, SourceKind.GIT, "https://git.example.org/acme/policies", "v1.2.0", "packs/edge.yaml"),
        (
            "git+ssh://git@example.org:2222/acme/policies.git@release/1.x#edge.yaml",
            SourceKind.GIT,
            "ssh://git@example.org:2222/acme/policies.git",
            "release/1.x",
            "edge.yaml",
        ),
        (f"git+file:///srv/mirror@{COMMIT}#e.yaml", SourceKind.GIT, "file:///srv/mirror", COMMIT, "e.yaml"),
    ],
)
def test_each_kind_of_name_is_taken_apart(name, kind, url, revision, path) -> None:
    source = parse_source(name)
    assert (source.kind, source.url, source.revision, source.path) == (kind, url, revision, path)
    assert source.name == name
    assert kind_of_source(name) is kind


# Packs that include packs.


@pytest.mark.parametrize("including", [WEB, "builtin:edge-release"])
def test_a_pack_without_a_tree_cannot_reach_into_ours(including) -> None:
    with pytest.raises(PolicyError, match="lies in no tree"):
        included_source(including, "packs/ours.yaml")


def test_a_path_in_a_pack_out_of_git_stays_in_that_repository_at_that_revision() -> None:
    assert included_source(GIT, "cost.yaml") == "git+https://git.example.org/acme/policies@v1.2.0#cost.yaml"
    with pytest.raises(PolicyError, match="has the segment"):
        included_source(GIT, "../cost.yaml")
    with pytest.raises(PolicyError, match=r"named \*\.yaml"):
        included_source(GIT, "cost.json")


def test_a_full_name_means_the_same_wherever_it_is_included() -> None:
    for including in (GIT, WEB, "builtin:cost", "packs/own.yaml"):
        assert included_source(including, WEB) == WEB
        assert included_source(including, "builtin:cost") == "builtin:cost"
    assert included_source("packs/own.yaml", "packs/other.yaml") == "packs/other.yaml"


# Lock files that are refused.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no 'packs', which is required"),
        ("packs: []\nextra: 1\n", "extra"),
        (f"packs: [{{source: '{WEB}'}}]\n", "digest"),
        (f"packs: [{{source: '{WEB}', digest: 'sha256:{'A' * 64}'}}]\n", "digest"),
        (f"packs: [{{source: '{WEB}', digest: 'sha256:{'a' * 63}'}}]\n", "digest"),
        (f"packs: [{{source: '{WEB}', digest: 'md5:{'a' * 32}'}}]\n", "digest"),
        (f"packs: [{{source: '{WEB}', digest: 'sha256:{'a' * 64}', flor: true}}]\n", "did you mean 'floor'"),
        (f"packs: [{{source: '{WEB}', digest: 'sha256:{'a' * 64}', floor: 'yes'}}]\n", "floor"),
        (f"packs: [{{source: '{GIT}', digest: 'sha256:{'a' * 64}', revision: abc123}}]\n", "revision"),
        (
            f"packs: [{{source: '{WEB}', digest: 'sha256:{'a' * 64}', revision: '{COMMIT}'}}]\n",
            "only a pack out of git",
        ),
        (f"packs: [{{source: 'http://x/p.yaml', digest: 'sha256:{'a' * 64}'}}]\n", "policy-gate.lock:3:18: 'http"),
        (f"packs: [{{source: '../p.yaml', digest: 'sha256:{'a' * 64}'}}]\n", "has the segment"),
        (
            f"packs: [{{source: 'git+https://h/r@{'b' * 40}#p.yaml', digest: 'sha256:{'a' * 64}', revision: '{COMMIT}'}}]\n",
            "another commit",
        ),
        (
            f"packs:\n- {{source: '{WEB}', digest: 'sha256:{'a' * 64}'}}\n- {{source: '{WEB}', digest: 'sha256:{'b' * 64}'}}\n",
            "policy-gate.lock:5:12: it is given twice",
        ),
    ],
)
def test_a_lock_that_is_not_clear_is_refused_at_its_line(text, said) -> None:
    with pytest.raises(PolicyError) as refused:
        locked(text)
    assert said in str(refused.value)
    assert all(problem.path == "policy-gate.lock" for problem in refused.value.problems)


def test_a_file_of_another_kind_is_no_lock() -> None:
    with pytest.raises(PolicyError, match="kind"):
        decode_lock(load(HEAD.replace("PolicyLock", "PolicyPack").encode() + b"packs: []\n", "policy-gate.lock"))


entries = st.builds(
    LockEntry,
    source=st.sampled_from([GIT, WEB, "builtin:cost", "packs/äpfel.yaml", "packs/a'b.yaml", "packs/a#b.yaml"]),
    digest=st.binary(max_size=4).map(digest_of),
    floor=st.booleans(),
)


@given(st.lists(entries, unique_by=lambda entry: entry.source))
def test_a_lock_says_the_same_whatever_the_order_and_reads_back_as_written(made) -> None:
    text = encode_lock(made)
    assert text == encode_lock(reversed(made))
    assert decode_lock(load(text.encode(), "policy-gate.lock")).entries == tuple(
        sorted(made, key=lambda one: one.source)
    )


def test_a_commit_of_digits_alone_reads_back_as_text() -> None:
    assert pinned(GIT, revision="1" * 40).entries[0].revision == "1" * 40


def test_a_lock_knows_its_floors_and_what_no_policy_uses() -> None:
    lock = Lock(
        (
            LockEntry(source=GIT, digest=digest_of(b""), floor=True),
            LockEntry(source=WEB, digest=digest_of(b"")),
            LockEntry(source="builtin:cost", digest=digest_of(b"")),
        )
    )
    assert [entry.source for entry in lock.floors()] == [GIT]
    assert [entry.source for entry in lock.unused({"builtin:cost"})] == [WEB]


# Reading what is pinned.


def test_without_a_lock_a_pack_of_another_place_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"needs a pin.*\n.*policy-gate policy fetch") as refused:
        read_pinned(WEB, Lock(), nothing_vendored)
    assert refused.value.exit_code == 2


def test_a_pack_that_the_lock_does_not_list_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"is not in policy-gate\.lock"):
        read_pinned(WEB, pinned(GIT), nothing_vendored)
    with pytest.raises(PolicyError, match=r"is not in policy-gate\.lock"):
        check_pin(parse_source(WEB), BYTES, pinned(GIT))


def test_the_same_repository_at_another_revision_is_another_pack(cache) -> None:
    cache(BYTES)
    with pytest.raises(PolicyError, match="is not in"):
        read_pinned(GIT.replace("v1.2.0", "v1.3.0"), pinned(GIT), nothing_vendored, cache.folder)


def test_a_pack_that_was_not_fetched_is_refused_with_the_command(tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(PolicyError, match=r"was not fetched.*\n  run `policy-gate policy fetch`"):
            read_pinned(WEB, pinned(WEB), nothing_vendored, lambda folder=folder: folder)


def test_a_cache_file_that_was_tampered_with_is_refused_with_both_digests(cache) -> None:
    cache(b"kind: PolicyPack # fewer rules\n")
    with pytest.raises(PolicyError, match="the cached copy") as refused:
        read_pinned(WEB, pinned(WEB), nothing_vendored, cache.folder)
    assert digest_of(BYTES) in str(refused.value)
    assert digest_of(b"kind: PolicyPack # fewer rules\n") in str(refused.value)


def test_a_cache_file_that_was_cut_off_is_refused(cache) -> None:
    for cut in (b"", BYTES[:-1]):
        cache(cut)
        with pytest.raises(PolicyError, match="the lock says"):
            read_pinned(WEB, pinned(WEB), nothing_vendored, cache.folder)


def test_a_link_in_the_cache_is_refused_even_to_the_right_bytes(cache, tmp_path) -> None:
    target = tmp_path / "target.yaml"
    target.write_bytes(BYTES)
    path = cache(BYTES)
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(PolicyError, match="symbolic link"):
        read_pinned(WEB, pinned(WEB), nothing_vendored, cache.folder)


def test_a_cache_file_over_a_mebibyte_is_refused_even_when_it_is_pinned(cache) -> None:
    huge = b"#" * (MAX_PACK_BYTES + 1)
    cache(huge, instead_of=huge)
    with pytest.raises(PolicyError, match="at most 1048576"):
        read_pinned(WEB, pinned(WEB, huge), nothing_vendored, cache.folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_cache_is_refused_and_not_waited_for(cache) -> None:
    path = cache(BYTES)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PolicyError, match="path refused"):
        read_pinned(WEB, pinned(WEB), nothing_vendored, cache.folder)


def test_a_wrong_vendored_file_is_refused_although_the_cache_has_the_right_one(cache) -> None:
    cache(BYTES)
    with pytest.raises(PolicyError, match=r"the vendored copy.*\n.*fetch --vendor"):
        read_pinned(WEB, pinned(WEB), lambda _: b"other", cache.folder)


def test_a_vendored_link_is_refused_although_the_cache_has_the_right_file(cache) -> None:
    cache(BYTES)

    def linked(path: str) -> bytes:
        raise EvidenceError(Reason.PATH_REFUSED, f"'{path}': symbolic link")

    with pytest.raises(PolicyError, match="symbolic link"):
        read_pinned(WEB, pinned(WEB), linked, cache.folder)


def test_the_vendored_file_is_asked_for_by_its_digest_and_needs_no_cache() -> None:
    asked: list[str] = []

    def vendored(path: str) -> bytes:
        asked.append(path)
        return BYTES

    def no_cache() -> Path:
        raise AssertionError("the cache is not looked at")

    assert read_pinned(WEB, pinned(WEB), vendored, no_cache) == BYTES
    assert asked == [vendored_path(digest_of(BYTES))] == [f".policy-gate/packs/{digest_of(BYTES)[7:]}.yaml"]


def test_the_cached_bytes_are_used_where_nothing_is_vendored(cache) -> None:
    cache(BYTES)
    assert read_pinned(GIT, pinned(GIT, revision=COMMIT), nothing_vendored, cache.folder) == BYTES


# Pins of shipped and local packs.


@pytest.mark.parametrize(
    ("name", "hint"), [("builtin:cost", "in a change of its own"), ("packs/own.yaml", "have both changes reviewed")]
)
def test_a_shipped_or_local_pack_that_differs_from_its_pin_is_refused_with_what_to_do(name, hint) -> None:
    with pytest.raises(PolicyError, match="policy-gate policy lock") as refused:
        check_pin(parse_source(name), b"other", pinned(name))
    assert hint in str(refused.value)
    assert digest_of(b"other") in str(refused.value)
    assert digest_of(BYTES) in str(refused.value)
    assert refused.value.problems[0].line > 1


def test_a_shipped_or_local_pack_needs_no_pin_and_keeps_to_the_one_it_has() -> None:
    for name in ("builtin:cost", "packs/own.yaml"):
        check_pin(parse_source(name), b"any", pinned(WEB))
        check_pin(parse_source(name), b"any", Lock())
        check_pin(parse_source(name), BYTES, pinned(name))


# The cache of a user.


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"HOME": "/home/ada"}, "linux", "/home/ada/.cache/policy-gate"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/var/cache"}, "linux", "/var/cache/policy-gate"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "checkout/.cache"}, "linux", "/home/ada/.cache/policy-gate"),
        ({"HOME": "/Users/ada", "XDG_CACHE_HOME": "/x"}, "darwin", "/Users/ada/Library/Caches/policy-gate"),
        ({"LOCALAPPDATA": "C:/Users/ada/AppData/Local"}, "win32", "C:/Users/ada/AppData/Local/policy-gate"),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(environment, platform, folder) -> None:
    assert user_cache_folder(environment, platform).as_posix() == folder


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_user_without_a_home_is_told_to_vendor(platform) -> None:
    with pytest.raises(PolicyError, match="--vendor"):
        user_cache_folder({"HOME": "relative"}, platform)
