"""How GitHub writes what it holds as JSON."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

from github_patches import count_changes, follow_lines, read_hunks
from github_state import CheckRun, Comment, LineComment, PullRequest, Repository, Review, World

Shape = dict[str, Any]  # Any: a JSON document

REPOSITORY_URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads "
    "events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges "
    "milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees"
)
USER_URLS = "followers following gists starred subscriptions organizations repos events received_events"
ACTIONS_APP = 15368
"""The id of GitHub's own app, whose tokens jobs get."""


class Shapes:
    """Writes JSON with the URLs of one simulator."""

    def __init__(self, world: World, api: str) -> None:
        self.world = world
        self.api = api

    def user(self, login: str) -> Shape:
        is_bot = login.endswith("[bot]")
        url = f"{self.api}/users/{login}"
        return {
            "login": login,
            "id": zlib.crc32(login.encode()),
            "node_id": node_id("User", login),
            "avatar_url": f"{self.world.server}/avatars/{login}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.world.server}/{login}",
            **{f"{name}_url": f"{url}/{name}" for name in USER_URLS.split()},
            "type": "Bot" if is_bot else "User",
            "site_admin": False,
        }

    def repository(self, home: Repository, *, full: bool = False) -> Shape:
        url, page = f"{self.api}/repos/{home.full_name}", f"{self.world.server}/{home.full_name}"
        shape = {
            "id": home.id,
            "node_id": node_id("Repository", home.id),
            "name": home.name,
            "full_name": home.full_name,
            "owner": self.user(home.owner),
            "private": home.private,
            "html_url": page,
            "description": None,
            "fork": home.fork,
            "url": url,
            **{f"{name}_url": f"{url}/{name.removeprefix('git_')}" for name in REPOSITORY_URLS.split()},
            "git_url": f"git://github.example/{home.full_name}.git",
            "ssh_url": f"git@github.example:{home.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "default_branch": home.default_branch,
            "visibility": "private" if home.private else "public",
        }
        shape |= dict.fromkeys(("mirror_url", "homepage", "language", "license"))
        shape |= dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size"), 0)
        shape |= dict.fromkeys(("open_issues", "open_issues_count"), 0)
        shape |= dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True)
        shape |= dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False)
        shape |= dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-11-01T00:00:00Z")
        return shape | ({"subscribers_count": 0, "network_count": 0} if full else {})

    def pull(self, home: Repository, pull: PullRequest, *, full: bool = False) -> Shape:
        url = f"{self.api}/repos/{home.full_name}/pulls/{pull.number}"
        issue = f"{self.api}/repos/{home.full_name}/issues/{pull.number}"
        page = f"{self.world.server}/{home.full_name}/pull/{pull.number}"
        urls = {
            "url": url,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.api}/repos/{home.full_name}/pulls/comments{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": f"{self.api}/repos/{home.full_name}/statuses/{pull.head_sha}",
        }
        shape = {
            **urls,
            "id": pull.id,
            "node_id": node_id("PullRequest", pull.id),
            "number": pull.number,
            "state": pull.state,
            "locked": pull.locked,
            "draft": pull.draft,
            "title": f"Pull request {pull.number}",
            "user": self.user(pull.author),
            "body": None,
            "labels": [],
            "created_at": pull.created_at,
            "updated_at": pull.created_at,
            "closed_at": None if pull.state == "open" else pull.created_at,
            "head": self._head(pull),
            "base": self._end(home, pull.base_ref, pull.base_sha),
            "_links": self._links(urls),
            "author_association": "CONTRIBUTOR",
        }
        shape |= dict.fromkeys(("merged_at", "merge_commit_sha", "assignee", "auto_merge", "milestone"))
        return shape | (self._counts(pull) if full else {})

    def _head(self, pull: PullRequest) -> Shape:
        home = self.world.repositories.get(pull.head_repository or "")
        if home is None:  # the fork was deleted
            gone = {"label": f"unknown:{pull.head_ref}", "ref": pull.head_ref, "sha": pull.head_sha}
            return {**gone, "repo": None, "user": None}
        return self._end(home, pull.head_ref, pull.head_sha)

    def _end(self, home: Repository, ref: str, sha: str) -> Shape:
        owner = self.user(home.owner)
        return {"label": f"{home.owner}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": self.repository(home)}

    def _links(self, urls: Mapping[str, str]) -> Shape:
        named = {"self": "url", "html": "html_url", "issue": "issue_url", "comments": "comments_url"}
        more = ("review_comments", "review_comment", "commits", "statuses")
        return {name: {"href": urls[key]} for name, key in {**named, **{one: f"{one}_url" for one in more}}.items()}

    def _counts(self, pull: PullRequest) -> Shape:
        changed = pull.changed(pull.head_files)
        counted = [count_changes(pull.patch(path, pull.head_files)) for path in changed]
        return {
            "merged": False,
            "mergeable": True,
            "mergeable_state": "clean",
            "merged_by": None,
            "comments": len(pull.comments),
            "review_comments": len(pull.line_comments),
            "maintainer_can_modify": False,
            "commits": len(pull.pushes),
            "additions": sum(added for added, _ in counted),
            "deletions": sum(removed for _, removed in counted),
            "changed_files": len(changed),
        }

    def commit(self, home: Repository, pull: PullRequest, sha: str) -> Shape:
        """One entry of a pull request's commits."""
        url, writer = f"{self.api}/repos/{home.full_name}/commits/{sha}", pull.writers.get(sha, pull.author)
        signed = {"name": writer, "email": f"{writer}@example.invalid", "date": pull.created_at}
        said = {"author": signed, "committer": signed, "message": "change", "comment_count": 0}
        tree = {"sha": sha, "url": f"{self.api}/repos/{home.full_name}/tree/{sha}"}
        return {
            "url": url,
            "sha": sha,
            "node_id": node_id("Commit", sha),
            "html_url": f"{self.world.server}/{home.full_name}/commit/{sha}",
            "comments_url": f"{url}/comments",
            "commit": {**said, "tree": tree, "url": url},
            "author": self.user(writer),
            "committer": self.user(writer),
            "parents": [],
        }

    def base_change(self, home: Repository, pull: PullRequest, what: str, when: str) -> Shape:
        """One event of a pull request."""
        number = zlib.crc32(f"{pull.id} {what} {when}".encode())
        return {
            "id": number,
            "node_id": node_id("IssueEvent", number),
            "url": f"{self.api}/repos/{home.full_name}/issues/events/{number}",
            "actor": self.user(pull.author),
            "event": what,
            "commit_id": None,
            "commit_url": None,
            "created_at": when,
            "performed_via_github_app": None,
        }

    def file(self, home: Repository, pull: PullRequest, path: str) -> Shape:
        """One entry of a pull request's files; a patch that git or GitHub does not show is left out, not empty."""
        old, new = pull.base_files.get(path), pull.head_files.get(path)
        patch = pull.patch(path, pull.head_files)
        added, removed = count_changes(patch)
        page = f"{self.world.server}/{home.full_name}"
        shape = {
            "sha": blob_id(new if new is not None else old or b""),
            "filename": path,
            "status": "added" if old is None else "removed" if new is None else "modified",
            "additions": added,
            "deletions": removed,
            "changes": added + removed,
            "blob_url": f"{page}/blob/{pull.head_sha}/{path}",
            "raw_url": f"{page}/raw/{pull.head_sha}/{path}",
            "contents_url": f"{self.api}/repos/{home.full_name}/contents/{path}?ref={pull.head_sha}",
        }
        return shape if patch is None else {**shape, "patch": patch}

    def comment(self, home: Repository, pull: PullRequest, comment: Comment) -> Shape:
        issues = f"{self.api}/repos/{home.full_name}/issues"
        return {
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "url": f"{issues}/comments/{comment.id}",
            "html_url": f"{self.world.server}/{home.full_name}/pull/{pull.number}#issuecomment-{comment.id}",
            "issue_url": f"{issues}/{pull.number}",
            "user": self.user(comment.author),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": "NONE",
            "performed_via_github_app": None,
        }

    def review(self, home: Repository, pull: PullRequest, review: Review) -> Shape:
        page = f"{self.world.server}/{home.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
        url = f"{self.api}/repos/{home.full_name}/pulls/{pull.number}"
        return {
            "id": review.id,
            "node_id": node_id("PullRequestReview", review.id),
            "user": self.user(review.author),
            "body": review.body,
            "state": review.state,
            "html_url": page,
            "pull_request_url": url,
            "_links": {"html": {"href": page}, "pull_request": {"href": url}},
            "submitted_at": review.submitted_at,
            "commit_id": review.commit,
            "author_association": "NONE",
        }

    def line_comment(self, home: Repository, pull: PullRequest, comment: LineComment) -> Shape:
        """A review comment where it stands now: line and position are null as soon as it is out of date."""
        pulls = f"{self.api}/repos/{home.full_name}/pulls"
        page = f"{self.world.server}/{home.full_name}/pull/{pull.number}#discussion_r{comment.id}"
        now = current_lines(pull, comment)
        links = {"self": f"{pulls}/comments/{comment.id}", "html": page, "pull_request": f"{pulls}/{pull.number}"}
        return {
            "url": links["self"],
            "pull_request_review_id": comment.review,
            "id": comment.id,
            "node_id": node_id("PullRequestReviewComment", comment.id),
            "diff_hunk": comment.hunk,
            "path": comment.path,
            "commit_id": pull.head_sha if now else comment.commit,
            "original_commit_id": comment.commit,
            "user": self.user(comment.author),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "html_url": page,
            "pull_request_url": links["pull_request"],
            "author_association": "NONE",
            "_links": {name: {"href": url} for name, url in links.items()},
            "start_line": now[0] if now and comment.start_line is not None else None,
            "original_start_line": comment.start_line,
            "start_side": None if comment.start_line is None else comment.side,
            "line": now[1] if now else None,
            "original_line": comment.line,
            "side": comment.side,
            "position": 1 if now else None,
            "original_position": 1,
            "subject_type": "line",
        }

    def check_run(self, home: Repository, run: CheckRun) -> Shape:
        url = f"{self.api}/repos/{home.full_name}/check-runs/{run.id}"
        pulls = [pull for pull in home.pulls.values() if pull.head_sha == run.head_sha and pull.state == "open"]
        return {
            "id": run.id,
            "node_id": node_id("CheckRun", run.id),
            "head_sha": run.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": f"{self.world.server}/{home.full_name}/runs/{run.id}",
            "details_url": run.details_url,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "name": run.name,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": 1},
            "app": self.app(run.author),
            "pull_requests": [self._small(home, one) for one in pulls if one.head_repository == home.full_name],
        }

    def app(self, login: str) -> Shape:
        slug = login.removesuffix("[bot]")
        return {
            "id": ACTIONS_APP if slug == "github-actions" else zlib.crc32(slug.encode()),
            "slug": slug,
            "node_id": node_id("App", slug),
            "owner": self.user("github"),
            "name": slug,
            "description": "",
            "external_url": f"{self.world.server}/apps/{slug}",
            "html_url": f"{self.world.server}/apps/{slug}",
            "created_at": "2018-07-30T09:30:17Z",
            "updated_at": "2018-07-30T09:30:17Z",
            "permissions": {},
            "events": [],
        }

    def _small(self, home: Repository, pull: PullRequest) -> Shape:
        url = f"{self.api}/repos/{home.full_name}"
        repo = {"id": home.id, "url": url, "name": home.name}
        return {
            "id": pull.id,
            "number": pull.number,
            "url": f"{url}/pulls/{pull.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": repo},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo},
        }


def current_lines(pull: PullRequest, comment: LineComment) -> tuple[int, int] | None:
    """Where a comment's lines stand in the diff of the head; None once they changed or left the diff."""
    made_for = pull.files_at(comment.commit)
    if made_for is None:
        return None
    is_left = comment.side == "LEFT"
    old = (pull.base_files if is_left else made_for).get(comment.path)
    new = (pull.base_files if is_left else pull.head_files).get(comment.path)
    if old is None or new is None:
        return None
    lines = follow_lines(old, new, comment.start_line or comment.line, comment.line)
    hunks = read_hunks(pull.patch(comment.path, pull.head_files))
    return lines if lines and any(set(lines) <= hunk.lines(comment.side) for hunk in hunks) else None


def node_id(kind: str, key: object) -> str:
    """The opaque id that GraphQL knows a thing by."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def blob_id(content: bytes) -> str:
    """The id git gives a file's bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
