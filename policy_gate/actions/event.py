"""Reads the file in which GitHub says what started a run; names in it are strangers' words, ids are held to form."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from policy_gate.actions.runner import Runner, is_oid, is_repository
from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""GitHub sends no payload above 25 MB."""
MAX_NAME = 255
MAX_NUMBER = 10**12
DEPENDABOT = "dependabot[bot]"

_Tree = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One pull request: object ids of its own head and of its base branch when the event happened.

    Repositories are owner/name; `head_repository` is "" where the fork was deleted.
    """

    number: int
    head: str
    head_repository: str
    base: str
    base_repository: str
    author: str = ""

    @property
    def is_fork(self) -> bool:
        """Whether its commits come from another repository, or from one that is gone."""
        return self.head_repository.lower() != self.base_repository.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroup:
    """A merge queue's trial merge, and the commit it stands on."""

    head: str
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """The run that a second stage reports on; owner and branch are those of the pull request's head."""

    id: int
    event: str
    head: str
    branch: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What started a run. `before` is the commit a branch was at, zeros for a new branch, "" where nothing was pushed.

    `tag` is the name of the tag the run is about, and `action` what happened, such as `synchronize` or `published`.
    """

    kind: str
    action: str = ""
    default_branch: str = ""
    before: str = ""
    deleted: bool = False
    tag: str = ""
    pull: PullRequest | None = None
    aimed_elsewhere: bool = False
    """Whether the pull request has just got another base branch."""
    merge_group: MergeGroup | None = None
    workflow_run: WorkflowRun | None = None
    actor: str = ""

    @property
    def in_pull_request(self) -> bool:
        """Whether a change is judged that is not merged yet, and whose inputs may be the change's own."""
        return self.pull is not None or self.merge_group is not None

    @property
    def may_lack_write(self) -> bool:
        """Whether GitHub gives such a run a token that can only read, whatever the workflow asks for."""
        from_fork = self.pull is not None and self.pull.is_fork and self.kind != "pull_request_target"
        return from_fork or self.actor == DEPENDABOT


def read_event(runner: Runner) -> Event:
    """The event of a run; DocumentError where its file is absent, too large, or not of the form GitHub gives it."""
    if not runner.event_name or not runner.event_path:
        message = "there is no event: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set"
        hint = "this command runs as a step of a GitHub workflow; elsewhere use `policy-gate check --base REV`"
        raise DocumentError(Problem(message, hint=hint))
    return _event(_load(Path(runner.event_path)), runner)


def _load(path: Path) -> _Tree:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DocumentError("the event file is no plain file")
        with path.open("rb") as stream:
            content = stream.read(MAX_EVENT_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"the event file cannot be read: {error.strerror}") from None
    if len(content) > MAX_EVENT_BYTES:
        raise DocumentError(f"the event file has more than {MAX_EVENT_BYTES} bytes")
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        raise DocumentError("the event file is no JSON") from None
    return _table(tree, "")


def _event(tree: _Tree, runner: Runner) -> Event:
    kind = runner.event_name
    pull, group, run = (tree.get(name) for name in ("pull_request", "merge_group", "workflow_run"))
    repository = _table(tree.get("repository") or {}, "repository")
    # Without it the run would look like one outside a pull request, whose inputs may name any commit.
    if (kind.startswith("pull_request") and pull is None) or (kind == "merge_group" and group is None):
        raise _wrong("merge_group" if kind == "merge_group" else "pull_request", "an object")
    return Event(
        kind=kind,
        action=_name(tree.get("action"), "action"),
        default_branch=_default_branch(repository, runner),
        before=_oid(tree["before"], "before") if kind == "push" and "before" in tree else "",
        deleted=kind == "push" and tree.get("deleted") is True,
        tag=_tag(tree, runner),
        pull=_pull(_table(pull, "pull_request")) if pull is not None else None,
        aimed_elsewhere=bool(_table(tree.get("changes") or {}, "changes").get("base")),
        merge_group=_group(_table(group, "merge_group")) if group is not None else None,
        workflow_run=_workflow_run(_table(run, "workflow_run")) if run is not None else None,
        actor=runner.actor,
    )


def _default_branch(repository: _Tree, runner: Runner) -> str:
    """A scheduled run's event may not name it, and runs on it."""
    named = _name(repository.get("default_branch"), "repository.default_branch")
    return named or (runner.ref_name if runner.event_name == "schedule" else "")


def _tag(tree: _Tree, runner: Runner) -> str:
    if runner.event_name == "release":
        release = _table(tree.get("release"), "release")
        return _name(release.get("tag_name"), "release.tag_name") or "?"
    return runner.ref_name or "?" if runner.ref_type == "tag" else ""


def _pull(tree: _Tree) -> PullRequest:
    head, base = _table(tree.get("head"), "pull_request.head"), _table(tree.get("base"), "pull_request.base")
    author = _table(tree.get("user") or {}, "pull_request.user")
    return PullRequest(
        number=_number(tree.get("number"), "pull_request.number"),
        head=_oid(head.get("sha"), "pull_request.head.sha"),
        head_repository=_repository(head.get("repo"), "pull_request.head.repo"),
        base=_oid(base.get("sha"), "pull_request.base.sha"),
        base_repository=_repository(base.get("repo"), "pull_request.base.repo"),
        author=_name(author.get("login"), "pull_request.user.login"),
    )


def _group(tree: _Tree) -> MergeGroup:
    head, base = _oid(tree.get("head_sha"), "merge_group.head_sha"), _oid(tree.get("base_sha"), "merge_group.base_sha")
    return MergeGroup(head=head, base=base)


def _workflow_run(tree: _Tree) -> WorkflowRun:
    repository = _table(tree.get("head_repository") or {}, "workflow_run.head_repository")
    owner = _table(repository.get("owner") or {}, "workflow_run.head_repository.owner")
    return WorkflowRun(
        id=_number(tree.get("id"), "workflow_run.id"),
        event=_name(tree.get("event"), "workflow_run.event"),
        head=_oid(tree.get("head_sha"), "workflow_run.head_sha"),
        branch=_name(tree.get("head_branch"), "workflow_run.head_branch"),
        owner=_name(owner.get("login"), "workflow_run.head_repository.owner.login"),
    )


def _table(given: object, where: str) -> _Tree:
    if not isinstance(given, dict):
        raise _wrong(where, "an object")
    return given


def _oid(given: object, where: str) -> str:
    if not isinstance(given, str) or not is_oid(given):
        raise _wrong(where, "the id of a commit")
    return given


def _number(given: object, where: str) -> int:
    if type(given) is not int or not 0 < given < MAX_NUMBER:
        raise _wrong(where, "a number")
    return given


def _name(given: object, where: str) -> str:
    """Text of one line; absent and null are "" (GitHub gives null for what was deleted)."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > MAX_NAME or not given.isprintable():
        raise _wrong(where, "a name")
    return given


def _repository(given: object, where: str) -> str:
    """The owner and name of a repository, "" for null: that of a deleted fork."""
    if given is None:
        return ""
    name = _table(given, where).get("full_name")
    if not isinstance(name, str) or not is_repository(name):
        raise _wrong(f"{where}.full_name", "an owner and a name")
    return name


def _wrong(where: str, wanted: str) -> DocumentError:
    return DocumentError(f"the event file: {where or 'all of it'} is not {wanted}")
