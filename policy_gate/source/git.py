"""Run git on a repository that nobody trusts: plumbing only, nothing from it or the environment is executed."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH113, PTH117, PTH118, PTH120, PTH123

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from policy_gate.errors import Problem, SourceError
from policy_gate.source.paths import shell_quoted, shown

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

TIMEOUT_SECONDS = 120
MAX_LISTING_BYTES = 64 << 20  # some 600,000 files
_MAX_STDERR_BYTES = 4096

# Everything else is dropped: GIT_* can redirect git, LD_* and the like are not ours to pass on to it.
_KEPT_VARIABLES = (
    "PATH", "HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC",
    "PATHEXT", "TMP", "TEMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
)  # fmt: skip

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.excludesFile={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.untrackedCache=false",
    "core.useReplaceRefs=false",
    "core.bigFileThreshold=8m",  # bigger blobs are streamed by git instead of held in its memory
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "submodule.recurse=false",
)


class Git:
    """One repository, named by its top folder (the one that holds `.git`)."""

    def __init__(self, top: str, *, index_file: str = "") -> None:
        """Prepare the command line and the environment; SourceError when there is no git."""
        self.top = top
        settings = [word for setting in (*_SETTINGS, f"safe.directory={_posix(top)}") for word in ("-c", setting)]
        place = [f"--git-dir={os.path.join(top, '.git')}", f"--work-tree={top}"]
        self._command = [_find_git(top), "--no-pager", "--no-replace-objects", "--literal-pathspecs", *settings, *place]
        self._environment = _environment(index_file)

    def start(self, *arguments: str, folder: str = "", reads_input: bool = False) -> subprocess.Popen[bytes]:
        """Start git with pipes for output and errors, and for input when it reads some."""
        import subprocess

        try:
            return subprocess.Popen(
                [*self._command, *arguments],
                cwd=folder or self.top,
                env=self._environment,
                stdin=subprocess.PIPE if reads_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if reads_input else subprocess.PIPE,
            )
        except OSError as error:
            raise SourceError(f"git could not be started: {error.strerror}") from error

    def run(self, *arguments: str, folder: str = "") -> tuple[int, bytes, str]:
        """Return exit code, output and the start of the error text; SourceError on time-out or endless output."""
        from threading import Thread, Timer

        process = self.start(*arguments, folder=folder)
        complaints: list[bytes] = []
        drain = Thread(target=_drain, args=(process, complaints), daemon=True)
        expired: list[bool] = []
        watchdog = Timer(TIMEOUT_SECONDS, _expire, args=(process, expired))
        drain.start()
        watchdog.start()
        try:
            output = _bounded_output(process, arguments[0])
            code = process.wait()
            drain.join()
        finally:
            watchdog.cancel()
            end(process)
        if expired:
            raise SourceError(f"git {arguments[0]} did not finish within {TIMEOUT_SECONDS} s")
        return code, output, b"".join(complaints).decode("utf-8", "replace")

    def output(self, *arguments: str, folder: str = "") -> bytes:
        """Return what git prints; SourceError with git's own words when it fails."""
        code, output, complaint = self.run(*arguments, folder=folder)
        if code != 0:
            raise SourceError(f"git {arguments[0]} failed with exit code {code}: {_first_line(complaint)}")
        return output

    def exchange(self, *arguments: str, text: bytes) -> tuple[int, bytes]:
        """Send `text` to git; returns exit code and whole answer, which the caller knows to be bounded by `text`."""
        import subprocess

        process = self.start(*arguments, reads_input=True)
        try:
            output, _ = process.communicate(text, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"git {arguments[0]} did not finish within {TIMEOUT_SECONDS} s") from error
        finally:
            end(process)
        return process.returncode, output

    def commit(self, revision: str) -> str:
        """Resolve a revision to the hex id of its commit; SourceError with the command that fetches it."""
        check_revision(revision)
        code, output, _ = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        oid = output.decode("ascii", "replace").strip()
        if code != 0 or len(oid) not in (40, 64) or not set(oid) <= set("0123456789abcdef"):
            message = f"the revision '{shown(revision)}' is not in this clone"
            raise SourceError(Problem(message, hint=f"fetch it: {fetch_command(revision)}"))
        return oid


def git_root(start: Path) -> Path | None:
    """Return the folder at or above `start` that holds `.git`, or None outside any repository."""
    from pathlib import Path

    top = find_git_top(os.path.realpath(start))
    return Path(top) if top else None


def head_commit(root: Path) -> str | None:
    """Return the hex id of HEAD, or None where there is none yet: no repository, or one without a commit on its branch.

    SourceError when HEAD names a commit that cannot be read: taken for none, nothing would be compared.
    """
    top = find_git_top(os.path.realpath(root))
    if not top:
        return None
    git = Git(top)
    code, output, complaint = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")
    if code not in (0, 1):  # 1 is git's quiet "no such commit"
        raise SourceError(f"git rev-parse failed with exit code {code}: {_first_line(complaint)}")
    oid = output.decode("ascii", "replace").strip()
    if not oid and not _is_unborn(git):
        raise SourceError(_unreadable_head(git))
    return oid or None


def _is_unborn(git: Git) -> bool:
    """Tell whether HEAD is a branch without a commit yet, rather than one whose commit or ref is damaged."""
    code, branch, _ = git.run("symbolic-ref", "--quiet", "HEAD")
    if code != 0:
        return False
    name = branch.decode("utf-8", "replace").strip()
    code, found, complaint = git.run("for-each-ref", "--format=%(refname)", "--", name)
    # A ref that git cannot parse is left out of the list with a warning, not with a failure.
    return code == 0 and name not in found.decode("utf-8", "replace").splitlines() and not complaint.strip()


def _unreadable_head(git: Git) -> Problem:
    _, output, _ = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD")  # asks for no object
    oid = output.decode("ascii", "replace").strip()
    if not oid:
        return Problem("HEAD of this clone names no commit that git can read", hint="clone it again, or name --base")
    message = f"HEAD is commit {oid[:12]}, which cannot be read in this clone"
    return Problem(message, hint=f"fetch it: {fetch_command(oid)}")


def repository(root: Path, *, index_file: str = "") -> tuple[Git, str]:
    """Open the repository around `root`; returns it and the prefix of `root` in it, such as `models/kws/`."""
    real = os.path.realpath(root)
    top = find_git_top(real)
    if not top:
        raise SourceError(Problem("this folder is not in a git repository", path=shown(os.fspath(root))))
    inside = os.path.relpath(real, top).replace(os.sep, "/")
    return Git(top, index_file=index_file), "" if inside == "." else f"{inside}/"


def find_git_top(start: str) -> str | None:
    """Walk up from an absolute path to the first folder with a usable `.git`; git's own search obeys more."""
    folder = start
    while True:
        if _is_git_top(folder):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def fetch_command(revision: str) -> str:
    """Return the git command that makes an absent revision present, as a reader may paste it."""
    if revision in ("HEAD", "@") or any(mark in revision for mark in ("^", "~", "@{", ":")):
        return "git fetch --unshallow origin"
    if set(revision) <= set("0123456789abcdef"):
        return f"git fetch --depth=1 origin {revision}"
    remote, _, branch = revision.partition("/")
    if remote == "origin" and branch:
        return f"git fetch --depth=1 origin {shell_quoted(f'{branch}:refs/remotes/origin/{branch}')}"
    return f"git fetch --depth=1 origin {shell_quoted(f'{revision}:{revision}')}"


def check_revision(revision: str) -> None:
    """Refuse what git could take for an option, or a reader for something else; SourceError."""
    fault = ""
    if not revision:
        fault = "it is empty"
    elif revision.startswith(("-", "^")):
        fault = f"it starts with '{revision[0]}'"
    elif len(revision) > 256 or not revision.isprintable() or " " in revision:
        fault = "it is too long, or holds spaces or invisible characters"
    if fault:
        raise SourceError(f"'{shown(revision)}' is no revision: {fault}")


def _is_git_top(folder: str) -> bool:
    marker = os.path.join(folder, ".git")
    if os.path.isfile(os.path.join(marker, "HEAD")):
        return True
    if not os.path.isfile(marker):
        return False
    try:
        with open(marker, "rb") as file:  # a linked worktree or a submodule
            return file.read(8) == b"gitdir: "
    except OSError:
        return False


def _find_git(top: str) -> str:
    """Find git on PATH, but never in the checkout or relative to the working directory."""
    untrusted = {top, find_git_top(os.path.realpath(os.curdir)) or top}
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        candidate = os.path.join(folder, name)
        if not os.path.isabs(folder) or not os.access(candidate, os.X_OK) or not os.path.isfile(candidate):
            continue
        if not any(_is_inside(path, root) for root in untrusted for path in (candidate, os.path.realpath(candidate))):
            return candidate
    raise SourceError(Problem("git is not on PATH outside the checkout", hint="install git, or use a bundle"))


def _is_inside(path: str, root: str) -> bool:
    # A root such as "/" would leave no git at all; nothing below it is a checkout someone was sent.
    return os.path.dirname(root) != root and os.path.normcase(path).startswith(os.path.normcase(root) + os.sep)


def _environment(index_file: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    if index_file:
        kept["GIT_INDEX_FILE"] = index_file
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # unlike protocol.allow, the repository's protocol.NAME.allow cannot undo it
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _bounded_output(process: subprocess.Popen[bytes], name: str) -> bytes:
    if process.stdout is None:
        return b""
    output = process.stdout.read(MAX_LISTING_BYTES + 1)
    if len(output) > MAX_LISTING_BYTES:
        raise SourceError(f"git {name} printed more than {MAX_LISTING_BYTES} bytes")
    return output


def _expire(process: subprocess.Popen[bytes], expired: list[bool]) -> None:
    expired.append(True)
    process.kill()


def _drain(process: subprocess.Popen[bytes], complaints: list[bytes]) -> None:
    if process.stderr is None:
        return
    while chunk := process.stderr.read(_MAX_STDERR_BYTES):
        if not complaints:
            complaints.append(chunk)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a git process and release its pipes."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):  # what was not yet written to a dead process is lost anyway
                pipe.close()


def _first_line(complaint: str) -> str:
    lines = complaint.strip().splitlines()
    return shown(lines[0]) if lines else "it says nothing"


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")
