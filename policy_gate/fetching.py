"""The one door to the network: brings packs from git repositories and HTTPS servers, for `policy fetch` alone."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import tempfile
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Self
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request

from policy_gate import __version__
from policy_gate.errors import EvidenceError, Problem, SourceError, UsageError
from policy_gate.frozen import dataclass
from policy_gate.policy.sources import OID, Source, SourceKind
from policy_gate.policy.store import MAX_PACK_BYTES
from policy_gate.source import open_revision
from policy_gate.source.git import Git
from policy_gate.source.paths import shown

TIMEOUT_SECONDS = 120
MAX_REPOSITORY_BYTES = 256 << 20
_STALLED_SECONDS = 30
_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_FETCHED = "refs/policy-gate/fetched"
_PROXIES = ("https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_SSH = (
    f"ssh -oBatchMode=yes -oConnectTimeout={_STALLED_SECONDS} -oServerAliveInterval=15 -oServerAliveCountMax=2"
    " -oForwardAgent=no -oClearAllForwardings=yes -oPermitLocalCommand=no"
)
_SETTINGS = (
    "http.followRedirects=false",  # another place is another name, which somebody reviews
    "http.sslVerify=true",
    "http.lowSpeedLimit=1000",
    f"http.lowSpeedTime={_STALLED_SECONDS}",
    "credential.helper=",
    "fetch.fsckObjects=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "init.defaultBranch=main",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The bytes of one pack as its source gives them, and for git the full id of the commit."""

    content: bytes
    revision: str = ""


class Fetcher:
    """Fetches packs; one git repository at one revision is fetched once, so that its packs belong together."""

    def __init__(self, *, allow_file: bool = False, tls: ssl.SSLContext | None = None) -> None:
        """Permit local repositories or not; `tls` replaces the system's certificates."""
        self._allow_file = allow_file
        self._tls = tls
        self._folder = tempfile.TemporaryDirectory(prefix="policy-gate-", ignore_cleanup_errors=True)
        self._commits: dict[tuple[str, str], tuple[Path, str] | SourceError] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what git fetched."""
        self._folder.cleanup()

    def fetch(self, source: Source, revision: str = "") -> Fetched:
        """Fetch one pack, out of git at `revision` or else at the one it names; raises SourceError, UsageError.

        Nothing that comes is executed, checked out or followed elsewhere; no password is asked for or sent.
        """
        if source.kind is SourceKind.HTTPS:
            return Fetched(content=_download(source, self._tls))
        if source.kind is not SourceKind.GIT:
            raise UsageError(Problem("is not fetched: it is no pack of another place", source.name))
        if source.scheme == "file" and not self._allow_file:
            raise UsageError(Problem("a local repository is fetched with --allow-file only", source.name))
        return _file_of(source, *self._commit(source, revision or source.revision))

    def _commit(self, source: Source, revision: str) -> tuple[Path, str]:
        """A repository that holds the commit, and its id; what could not be fetched is not tried again."""
        key = (source.url, revision)
        if key not in self._commits:
            try:
                self._commits[key] = self._fetch_commit(source, revision)
            except SourceError as error:
                self._commits[key] = error
        found = self._commits[key]
        if isinstance(found, SourceError):
            raise found
        return found

    def _fetch_commit(self, source: Source, revision: str) -> tuple[Path, str]:
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        git = _NetworkGit(folder, source)
        git.work("init", "--quiet", "--template=", *(["--object-format=sha256"] if len(revision) == 64 else []))
        wanted = f"{revision}:{_FETCHED}"
        git.work("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", source.url, wanted)
        try:
            commit = git.commit(_FETCHED)
        except SourceError as error:
            raise SourceError(Problem(f"'{shown(revision)}' is no commit there", source.name)) from error
        if OID.fullmatch(revision) and commit != revision:
            raise SourceError(Problem(f"commit {revision} was asked for, {commit} came", source.name))
        return folder, commit


def _file_of(source: Source, folder: Path, commit: str) -> Fetched:
    """Read the pack out of the object store: no checkout, hence no hook, filter or link has a say."""
    try:
        with open_revision(folder, commit) as tree:
            return Fetched(content=tree.read(source.path, MAX_PACK_BYTES), revision=commit)
    except EvidenceError as error:
        raise SourceError(Problem(f"{error.reason.value}: {error.detail}", source.name)) from error


class _NetworkGit(Git):
    """Git in an empty repository of our own, allowed one protocol; for https without the user's home and netrc."""

    def __init__(self, folder: Path, source: Source) -> None:
        super().__init__(os.path.realpath(folder))
        self._source = source
        settings = [*_SETTINGS, f"protocol.{source.scheme}.allow=always"]
        if sys.platform == "win32":
            settings.append("http.sslBackend=schannel")  # its certificates; the system's git settings are not read
        self._command += [word for setting in settings for word in ("-c", setting)]
        self._environment |= _network_environment(folder, source.scheme)

    def work(self, *arguments: str) -> None:
        """Run git for its effect; SourceError with git's own words, or when it takes too long or too much."""
        complaints = Path(self.top, "complaints")
        with complaints.open("wb") as stream:
            try:
                process = subprocess.Popen(
                    [*self._command, *arguments],
                    cwd=self.top,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    start_new_session=True,  # git's own children end with it
                )
            except OSError as error:
                raise SourceError(f"git could not be started: {error.strerror}") from error
            try:
                self._wait(process)
            finally:
                _end_all(process)
        if process.returncode != 0:
            with complaints.open("rb") as stream:
                said = _complaint(stream.read(4096))
            raise SourceError(Problem(f"git {arguments[0]} failed: {said}", self._source.name))

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = monotonic() + TIMEOUT_SECONDS
        finished = False
        while not finished:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                finished = True
            if _bytes_below(self.top) > MAX_REPOSITORY_BYTES:
                message = f"the repository has more than {MAX_REPOSITORY_BYTES} bytes at this revision"
                raise SourceError(Problem(message, self._source.name, hint="keep packs in a repository of their own"))
            if not finished and monotonic() > deadline:
                raise SourceError(Problem(f"git did not finish within {TIMEOUT_SECONDS} s", self._source.name))


def _network_environment(folder: Path, scheme: str) -> dict[str, str]:
    allowed = {"GIT_ALLOW_PROTOCOL": scheme}
    proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    if scheme == "ssh":
        agent = {name: os.environ[name] for name in ("SSH_AUTH_SOCK",) if name in os.environ}
        return allowed | agent | {"GIT_SSH_COMMAND": _SSH, "GIT_SSH_VARIANT": "ssh"}
    certificates = os.environ.get("SSL_CERT_FILE", "")
    bundle = {"GIT_SSL_CAINFO": certificates} if certificates else {}
    return allowed | proxies | bundle | {"HOME": str(folder), "USERPROFILE": str(folder)}


def _end_all(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _bytes_below(folder: str) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # git moves its temporary files
                total += Path(path, name).lstat().st_size
    return total


def _complaint(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").splitlines()
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or [line for line in lines if line]
    return shown(telling[0]) if telling else "it says nothing"


def _download(source: Source, tls: ssl.SSLContext | None) -> bytes:
    """Download in a thread of its own: the time limit also holds for a server that sends a byte now and then."""
    answers: list[bytes | SourceError] = []
    worker = Thread(target=_answer, args=(source, tls, answers), daemon=True)
    worker.start()
    worker.join(TIMEOUT_SECONDS)
    if not answers:
        raise SourceError(Problem(f"the server did not finish within {TIMEOUT_SECONDS} s", source.name))
    if isinstance(answers[0], SourceError):
        raise answers[0]
    return answers[0]


def _answer(source: Source, tls: ssl.SSLContext | None, answers: list[bytes | SourceError]) -> None:
    try:
        answers.append(_requested(source, tls))
    except SourceError as error:
        answers.append(SourceError(Problem(error.problems[0].message, source.name)))
    except (OSError, HTTPException, ValueError) as error:  # SSLError is a kind of OSError
        why = error.reason if isinstance(error, URLError) else error
        answers.append(SourceError(Problem(f"could not be fetched: {shown(str(why))}", source.name)))


def _requested(source: Source, tls: ssl.SSLContext | None) -> bytes:
    # Neither `urlopen`, which also knows http, ftp and file, nor its redirects, which read a body of any length.
    opener = OpenerDirector()
    opener.add_handler(ProxyHandler())
    opener.add_handler(HTTPSHandler(context=tls or ssl.create_default_context()))
    headers = {"User-Agent": f"policy-gate/{__version__}", "Accept-Encoding": "identity"}
    url = source.url
    for _ in range(_MAX_REDIRECTS + 1):
        with opener.open(Request(url, headers=headers), timeout=_STALLED_SECONDS) as response:  # noqa: S310  # https only: see parse_source and _same_place
            if response.status not in _REDIRECTS:
                return _body(response)
            url = _same_place(url, response.headers.get("Location", ""))
    raise SourceError(f"it redirects more than {_MAX_REDIRECTS} times")


def _same_place(before: str, location: str) -> str:
    """Where a redirect leads within one server; another host or scheme is another source, which somebody reviews."""
    after = urljoin(before, location)
    if urlsplit(after)[:2] != urlsplit(before)[:2]:
        raise SourceError(f"it redirects to another place: {shown(after)}")
    return after


def _body(response: HTTPResponse) -> bytes:
    """The whole body, known to be whole: cut off, it could still be a valid pack with fewer rules."""
    if response.status != 200:
        raise SourceError(f"the server answers with status {response.status}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceError("the server sends it compressed, which was not asked for")
    announced = response.length
    if announced is None and not response.chunked:
        raise SourceError("the server does not say where it ends")
    content = response.read(MAX_PACK_BYTES + 1)
    if len(content) > MAX_PACK_BYTES or (announced or 0) > MAX_PACK_BYTES:
        raise SourceError(f"it has more than {MAX_PACK_BYTES} bytes")
    if announced is not None and len(content) != announced:
        raise SourceError(f"it ends after {len(content)} of {announced} bytes")
    return content
