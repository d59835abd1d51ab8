"""The files in which GitHub tells a job what started it; their shape is that of GitHub's webhook payloads.

Repositories and people are cut to what a payload always has; what is null there is null here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Payload = dict[str, Any]  # Any: a JSON document

REPOSITORY = "acme/models"
ZEROS = "0" * 40
NUMBER = 7
DEPENDABOT = "dependabot[bot]"


@dataclass(frozen=True)
class Trigger:
    """One event: its name, its payload, and the commit and the ref that the runner is told."""

    name: str
    payload: Payload
    sha: str
    ref: str
    actor: str = "alice"
    base_ref: str = ""
    head_ref: str = ""


def person(login: str) -> Payload:
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {
        "login": login,
        "id": 1,
        "node_id": "U",
        "type": kind,
        "site_admin": False,
        "url": f"https://api.github.example/users/{login}",
    }


def repository(full_name: str = REPOSITORY) -> Payload:
    owner, name = full_name.split("/")
    return {
        "id": 2,
        "node_id": "R",
        "name": name,
        "full_name": full_name,
        "private": True,
        "owner": person(owner),
        "html_url": f"https://github.example/{full_name}",
        "description": None,
        "fork": full_name != REPOSITORY,
        "url": f"https://api.github.example/repos/{full_name}",
        "default_branch": "main",
        "visibility": "private",
        "language": None,
        "license": None,
    }


def end(ref: str, sha: str, full_name: str | None) -> Payload:
    """The head or the base of a pull request; no repository where the fork was deleted."""
    owner = full_name.split("/")[0] if full_name else "unknown repository"
    home = repository(full_name) if full_name else None
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": person(owner) if full_name else None,
        "repo": home,
    }


def pull_request(
    base: str,
    head: str,
    merge: str,
    *,
    action: str = "opened",
    before: str = "",
    head_repository: str | None = REPOSITORY,
    actor: str = "alice",
    kind: str = "pull_request",
    number: int = NUMBER,
) -> Trigger:
    """A pull request from a branch or, where `head_repository` is another or None, from a fork that is there or gone."""
    pull = {
        "id": 3,
        "node_id": "P",
        "number": number,
        "state": "open",
        "locked": False,
        "title": "A change",
        "user": person(actor),
        "body": None,
        "head": end("work", head, head_repository),
        "base": end("main", base, REPOSITORY),
        "draft": False,
        "merged": False,
        "mergeable": None,
        "merge_commit_sha": merge if action == "opened" else None,  # not yet known when the head has just moved
        "author_association": "CONTRIBUTOR",
        "labels": [],
        "requested_teams": [],
    }
    moved = {"before": before, "after": head} if action == "synchronize" else {}
    payload = {"action": action, "number": number, "pull_request": pull, **moved, **_around(actor)}
    # On pull_request_target the runner is at the default branch, whatever the base of the pull request.
    target = kind == "pull_request_target"
    ref = "refs/heads/main" if target else f"refs/pull/{number}/merge"
    return Trigger(kind, payload, base if target else merge, ref, actor, "main", "work")


def from_fork(base: str, head: str, merge: str, **more: Any) -> Trigger:  # Any: as `pull_request` takes it
    return pull_request(base, head, merge, head_repository="mallory/models", actor="mallory", **more)


def from_deleted_fork(base: str, head: str, merge: str) -> Trigger:
    return pull_request(base, head, merge, head_repository=None, actor="mallory")


def from_dependabot(base: str, head: str, merge: str) -> Trigger:
    return pull_request(base, head, merge, actor=DEPENDABOT)


def review(base: str, head: str, merge: str, *, reviewer: str = "bob") -> Trigger:
    """Somebody has reviewed the pull request; the rest is as when it was opened, without what only GitHub counts."""
    opened = pull_request(base, head, merge)
    given = {"id": 4, "node_id": "V", "user": person(reviewer), "body": None, "commit_id": head, "state": "approved"}
    payload = {**opened.payload, "action": "submitted", "review": given, "sender": person(reviewer)}
    del payload["number"]
    return Trigger("pull_request_review", payload, merge, opened.ref, reviewer, "main", "work")


def merge_group(base: str, head: str) -> Trigger:
    branch = f"refs/heads/gh-readonly-queue/main/pr-{NUMBER}-{base}"
    group = {
        "head_sha": head,
        "head_ref": branch,
        "base_sha": base,
        "base_ref": "refs/heads/main",
        "head_commit": {"id": head},
    }
    return Trigger(
        "merge_group", {"action": "checks_requested", "merge_group": group, **_around("alice")}, head, branch
    )


def push(before: str, after: str, *, ref: str = "refs/heads/main", forced: bool = False) -> Trigger:
    """A push to a branch, or a tag; zeros before where the ref is new."""
    told = {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == ZEROS,
        "deleted": after == ZEROS,
        "forced": forced,
        "base_ref": None,
        "commits": [],
        "head_commit": {"id": after},
        "pusher": {"name": "alice", "email": "alice@example.invalid"},
    }
    return Trigger("push", {**told, **_around("alice")}, after, ref)


def tag(name: str, commit: str) -> Trigger:
    return push(ZEROS, commit, ref=f"refs/tags/{name}")


def release(name: str, commit: str, *, action: str = "published") -> Trigger:
    made = {"id": 5, "node_id": "L", "tag_name": name, "target_commitish": "main", "name": None, "draft": False}
    more = {"prerelease": False, "author": person("alice"), "body": None, "assets": []}
    payload = {"action": action, "release": {**made, **more}, **_around("alice")}
    return Trigger("release", payload, commit, f"refs/tags/{name}")


def dispatch(commit: str, *, ref: str = "refs/heads/main") -> Trigger:
    told = {"inputs": None, "ref": ref, "workflow": ".github/workflows/gate.yml"}
    return Trigger("workflow_dispatch", {**told, **_around("alice")}, commit, ref)


def schedule(commit: str) -> Trigger:
    """Of a time table only its line is told; the run is at the default branch."""
    return Trigger(
        "schedule", {"schedule": "0 4 * * *", "workflow": ".github/workflows/gate.yml"}, commit, "refs/heads/main"
    )


def workflow_run(
    default: str, head: str, *, head_repository: str = "mallory/models", event: str = "pull_request"
) -> Trigger:
    """Another workflow has ended; this one runs with the default branch and its own rights. A fork names no pull request."""
    run = {
        "id": 6,
        "node_id": "W",
        "name": "gate",
        "event": event,
        "status": "completed",
        "conclusion": "failure",
        "head_branch": "work",
        "head_sha": head,
        "head_commit": {"id": head},
        "head_repository": repository(head_repository),
        "repository": repository(),
        "pull_requests": [],
        "run_attempt": 1,
    }
    payload = {"action": "completed", "workflow_run": run, "workflow": {"name": "gate"}, **_around("mallory")}
    return Trigger("workflow_run", payload, default, "refs/heads/main", "mallory")


def _around(actor: str) -> Payload:
    return {"repository": repository(), "sender": person(actor), "organization": {"login": "acme", "id": 7}}
