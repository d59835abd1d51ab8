"""Decides which commit is judged and which one judges, from the event and the clone; what is unclear is refused."""

from __future__ import annotations

from pathlib import Path

from policy_gate.actions.event import Event, PullRequest
from policy_gate.actions.inputs import Inputs
from policy_gate.actions.runner import Runner
from policy_gate.errors import Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.model import ReleaseEvent, Stage
from policy_gate.source import fetch_command, find_commit, find_ref, git_root, head_commit, parents_of

COMPARED = ("record:", "bundle:")
_ON_DISK = ("", "working", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One run, resolved: object ids of the commit that is judged, of the one the result is about, and of the base.

    For a pull request `judged` is usually GitHub's trial merge and `head` the pull request's own commit.
    """

    root: Path
    judged: str
    head: str
    base: str
    occasion: ReleaseEvent | None = None


def resolve(event: Event, inputs: Inputs, runner: Runner, start: Path) -> Context:
    """The context of a run in the clone around `start`; UsageError says what the workflow has to change."""
    refuse_loosening(event, inputs)
    if event.kind == "workflow_run":
        hint = "a second stage posts what the first one found: `policy-gate post --fork`"
        raise UsageError(Problem("a workflow_run event judges nothing: it runs on the default branch", hint=hint))
    root = git_root(start)
    if root is None:
        hint = "put a step with actions/checkout before, with `fetch-depth: 2`"
        raise UsageError(Problem("there is no clone of the repository here", hint=hint))
    judged = _judged(root, inputs)
    occasion = _occasion(event)
    base = _base(event, inputs, runner, root, judged)
    if base == judged and (event.in_pull_request or not _may_be_its_own_base(inputs, occasion)):
        raise _own_base(base, event)
    head = event.pull.head if event.pull is not None else judged
    return Context(root=root, judged=judged, head=head, base=base, occasion=occasion)


def refuse_loosening(event: Event, inputs: Inputs) -> None:
    """Refuse the input that would let a pull request choose its own judge; every other one can only tighten."""
    if event.in_pull_request and inputs.base and not inputs.base.startswith(COMPARED):
        hint = "leave it out: the event names the base; `record:PATH` and `bundle:PATH` name what to compare with"
        raise UsageError(Problem("the input `base` names a revision, which a pull request cannot choose", hint=hint))


def _judged(root: Path, inputs: Inputs) -> str:
    if inputs.tree not in _ON_DISK:
        oid = find_commit(root, inputs.tree)
        if not oid:
            raise UsageError(f"the input `tree` is `{inputs.tree}`, which is not in this clone")
        return oid
    head = head_commit(root)
    if head is None:
        raise UsageError(Problem("the clone has no commit", hint="put a step with actions/checkout before"))
    return head


def _occasion(event: Event) -> ReleaseEvent | None:
    if event.in_pull_request:
        return None
    if event.kind == "release":
        return "publish"
    return "tag" if event.tag else None


def _may_be_its_own_base(inputs: Inputs, occasion: ReleaseEvent | None) -> bool:
    """A release is often cut from the very commit that judges it, and a bundle is no commit."""
    return occasion is not None or inputs.stage is Stage.RELEASE or bool(inputs.bundle)


def _base(event: Event, inputs: Inputs, runner: Runner, root: Path, judged: str) -> str:
    if event.pull is not None:
        return _pull_base(event, event.pull, runner, root, judged)
    if event.merge_group is not None:
        if judged != event.merge_group.head:
            raise _not_the_change(judged, event.merge_group.head, "the merge group's head")
        return _present(root, event.merge_group.base, "the base of the merge group")
    if inputs.base and not inputs.base.startswith(COMPARED):
        return _named(root, inputs.base)
    if event.deleted:
        raise UsageError("the branch was deleted: there is nothing to judge")
    # Any other branch was at whatever its owner pushed there before: nobody merged that.
    if event.before.strip("0") and event.default_branch and runner.ref == f"refs/heads/{event.default_branch}":
        return _present(root, event.before, "the commit this branch was at before the push")
    return _default_branch(event, root)


def _pull_base(event: Event, pull: PullRequest, runner: Runner, root: Path, judged: str) -> str:
    """The first parent of GitHub's own merge, else the base of the event (docs/decisions/0014)."""
    parents = parents_of(root, judged)
    is_merge = len(parents) == 2 and parents[1] == pull.head
    if judged != pull.head and not is_merge:
        raise _not_the_pull_request(event, pull, runner, judged)
    if is_merge and event.aimed_elsewhere and parents[0] != pull.base:
        message = f"GitHub's merge is still with {parents[0][:12]}, and the pull request now goes to {pull.base[:12]}"
        raise UsageError(Problem(message, hint="push to the pull request, or close it and open it again"))
    # Nobody chooses the merge that GitHub names; the first parent of any other commit is its author's choice.
    if is_merge and judged == runner.sha and _is_here(root, parents[0]):
        return parents[0]
    if _is_here(root, pull.base):
        return pull.base
    wanted = parents[0] if is_merge and judged == runner.sha else pull.base
    raise _absent(wanted, "the base of the pull request", with_depth=is_merge and judged == runner.sha)


def _not_the_pull_request(event: Event, pull: PullRequest, runner: Runner, judged: str) -> UsageError:
    if judged == pull.base or (event.kind == "pull_request_target" and judged == runner.sha):
        message = f"the checkout is {judged[:12]}, the base branch, and not the pull request"
        hint = (
            "on `pull_request` check out without `ref:`; on `pull_request_target` actions/checkout takes the base: "
            f"name `ref: refs/pull/{pull.number}/merge` and `persist-credentials: false`, and never run that code"
        )
        return UsageError(Problem(message, hint=hint))
    return _not_the_change(judged, pull.head, "the pull request's head")


def _not_the_change(judged: str, head: str, what: str) -> UsageError:
    message = f"the checkout is {judged[:12]}, which is neither {what} {head[:12]} nor GitHub's merge of it"
    return UsageError(Problem(message, hint="check out without `ref:`, and judge before any step that commits"))


def _named(root: Path, revision: str) -> str:
    oid = find_commit(root, revision)
    if not oid:
        hint = f"fetch it in a step before: {fetch_command(revision)}"
        raise UsageError(Problem(f"the input `base` is `{revision}`, which is not in this clone", hint=hint))
    return oid


def _default_branch(event: Event, root: Path) -> str:
    branch = event.default_branch
    if not branch:
        raise UsageError("the event names no default branch: name the base in the input `base`")
    # This very ref: a tag may be called `origin/main`, and `refs/remotes/origin/main` too.
    oid = find_ref(root, f"refs/remotes/origin/{branch}")
    if not oid:
        hint = f"fetch it in a step before: {_quiet(fetch_command(f'origin/{branch}'))}"
        raise UsageError(Problem(f"the default branch `{branch}`, which judges, is not in this clone", hint=hint))
    return oid


def _present(root: Path, oid: str, what: str) -> str:
    if not _is_here(root, oid):
        raise _absent(oid, what, with_depth=False)
    return oid


def _is_here(root: Path, oid: str) -> bool:
    """Whether the clone has the commit of that id, and not only a ref or a tag that is called so."""
    return find_commit(root, oid) == oid


def _absent(oid: str, what: str, *, with_depth: bool) -> UsageError:
    depth = "set `fetch-depth: 2` at actions/checkout, or " if with_depth else ""
    hint = f"{depth}fetch it in a step before: {_quiet(fetch_command(oid))}"
    return UsageError(Problem(f"{what}, {oid[:12]}, is not in this clone", hint=hint))


def _quiet(command: str) -> str:
    return command.replace("git fetch ", "git fetch --no-tags ", 1)


def _own_base(base: str, event: Event) -> UsageError:
    message = f"what is judged is {base[:12]}, the very commit that judges: nothing would be compared"
    if event.in_pull_request:
        return UsageError(Problem(message, hint="check out the pull request, not its base"))
    hint = "name an earlier commit in the input `base`, or judge it as a release: `stage: release`"
    return UsageError(Problem(message, hint=hint))
