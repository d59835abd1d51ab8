"""Names of packs: shipped, in the tree, in a git repository or behind HTTPS; whatever is unclear is refused."""

from __future__ import annotations

import re
from enum import StrEnum

from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.source.paths import check_path, shown

MAX_NAME_CHARS = 512
OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
HINT = (
    "a pack is builtin:NAME, a path in the tree, https://HOST/PACK.yaml, "
    "or git+https://HOST/REPOSITORY@REVISION#PATH/PACK.yaml"
)

_BUILTIN = re.compile(r"builtin:([a-z][a-z0-9-]{0,63})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
# RFC 3986 path characters without quotes, brackets and '@'; an escape may not hide a dot, a slash, '%' or a control.
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~+,=:-]|%(?!0|1|7F|25|2E|2F|5C)[0-9A-F]{2})+")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")


class SourceKind(StrEnum):
    """Where a pack comes from."""

    BUILTIN = "builtin"
    PATH = "path"
    GIT = "git"
    HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One pack by its name.

    `url` is what is fetched from (git or HTTPS), `revision` a tag, branch or commit (git), `path` a file of the tree
    or of the git repository. Of each only what the kind has is filled in.
    """

    kind: SourceKind
    name: str
    url: str = ""
    revision: str = ""
    path: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether its bytes come over the network, and hence are pinned."""
        return self.kind in (SourceKind.GIT, SourceKind.HTTPS)

    @property
    def scheme(self) -> str:
        """How it is fetched: `https`, `ssh` or `file`; empty for what is not fetched."""
        return self.url.partition("://")[0]


def kind_of_source(name: str) -> SourceKind:
    """Say where a pack comes from; raises PolicyError for anything unclear."""
    return parse_source(name).kind


def parse_source(name: str) -> Source:
    """Read the name of a pack; raises PolicyError for anything unclear.

    There is one spelling: hosts are lower-case ASCII, escapes upper-case, paths plain and in Unicode NFC.
    """
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise _refused(name, f"it is empty, longer than {MAX_NAME_CHARS} characters, or holds invisible ones")
    if name.startswith("builtin:"):
        if not _BUILTIN.fullmatch(name):
            raise _refused(name, "a shipped pack has a lower-case name")
        return Source(kind=SourceKind.BUILTIN, name=name)
    scheme, separator, rest = name.partition("://")
    if separator and scheme in ("git+https", "git+ssh", "git+file"):
        return _git_source(name, scheme.removeprefix("git+"), rest)
    if separator and scheme == "https":
        return _https_source(name, rest)
    if separator or _SCHEME.match(name):
        raise _refused(name, "http is not protected against change" if scheme == "http" else "its scheme is not known")
    path = _plain_path(name, name)
    return Source(kind=SourceKind.PATH, name=path, path=path)


def included_source(including: str, included: str) -> str:
    """The full name of a pack that another one includes; raises PolicyError for anything unclear.

    A path means: in a pack of the tree, beside the configuration; in a pack out of git, from the top of that
    repository at that revision. A shipped pack or one behind HTTPS has no tree, so a path would reach into ours.
    """
    source = parse_source(included)
    if source.kind is not SourceKind.PATH:
        return source.name
    parent = parse_source(including)
    if parent.kind is SourceKind.PATH:
        return source.name
    if parent.kind is SourceKind.GIT:
        return parse_source(f"{parent.name.partition('#')[0]}#{source.path}").name
    raise _refused(included, f"it is a path, and {shown(including)}, which includes it, lies in no tree")


def _git_source(name: str, scheme: str, rest: str) -> Source:
    place, mark, path = rest.partition("#")
    authority, _, location = place.partition("/")
    location, at, revision = location.partition("@")
    if not mark or not at:
        raise _refused(name, "a git repository is followed by @REVISION#PATH")
    if scheme == "file":
        if authority:
            raise _refused(name, "a local repository is written git+file:///PATH")
    else:
        _check_authority(name, authority, user_allowed=scheme == "ssh")
    _check_location(name, location)
    _check_revision(name, revision)
    plain = _plain_path(name, path)
    _check_suffix(name, plain)
    if plain != path or "#" in path:
        raise _refused(name, "its path is not in Unicode NFC, or holds '#'")
    url = f"{scheme}://{authority}/{location}"
    return Source(kind=SourceKind.GIT, name=name, url=url, revision=revision, path=path)


def _https_source(name: str, rest: str) -> Source:
    authority, _, location = rest.partition("/")
    _check_authority(name, authority, user_allowed=False)
    _check_location(name, location)
    _check_suffix(name, location)
    return Source(kind=SourceKind.HTTPS, name=name, url=name)


def _check_authority(name: str, authority: str, *, user_allowed: bool) -> None:
    user, at, place = authority.rpartition("@")
    if at and not (user_allowed and _USER.fullmatch(user)):
        raise _refused(name, "it holds a user name or a password, which do not belong into a file everyone reads")
    host, colon, port = place.partition(":")
    if not _HOST.fullmatch(host):
        raise _refused(name, "its host is no name of lower-case ASCII letters, digits, dots and hyphens")
    if colon and not (_PORT.fullmatch(port) and int(port) <= 65535):
        raise _refused(name, "its port is no number from 1 to 65535")


def _check_location(name: str, location: str) -> None:
    if "?" in location or "#" in location:
        raise _refused(name, "it holds a query or a fragment")
    for segment in location.split("/"):
        if segment in (".", "..") or not _SEGMENT.fullmatch(segment):
            raise _refused(name, f"the part '{shown(segment)}' of its path is empty, leads elsewhere, or is not plain")


def _check_revision(name: str, revision: str) -> None:
    """Take a part of what git takes (git-check-ref-format), and nothing that is an option, a range or a refspec."""
    odd = ("..", "//", "/.", "/-") if _REVISION.fullmatch(revision) else ("",)
    if any(part in revision for part in odd) or revision.endswith((".lock", "/", ".")):
        raise _refused(name, f"'{shown(revision)}' is no tag, branch or commit")


def _check_suffix(name: str, path: str) -> None:
    if not path.endswith((".yaml", ".yml")):
        raise _refused(name, "a pack that is fetched is a file named *.yaml")


def _plain_path(name: str, path: str) -> str:
    try:
        return check_path(path)
    except EvidenceError as error:
        raise _refused(name, error.detail) from error


def _refused(name: str, fault: str) -> PolicyError:
    return PolicyError(Problem(f"'{shown(name)}' names no pack: {fault}", hint=HINT))
