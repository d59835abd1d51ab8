"""The operations of the simulated GitHub: repositories, pull requests and the comments on them."""

from __future__ import annotations

from github_calls import Call, Reply, route
from github_patches import Hunk
from github_rules import (
    THREAD,
    Refused,
    body_fault,
    check_author,
    check_body,
    check_open_for_comments,
    find_hunk,
    invalid,
    not_found,
    unprocessable,
)
from github_state import Comment, LineComment, PullRequest, Review

REPO = "/repos/{owner}/{repo}"
PULL = REPO + "/pulls/{pull_number}"
READ = ("pull_requests=read",)
WRITE = ("pull_requests=write",)
TALK_READ = ("issues=read", "pull_requests=read")
TALK_WRITE = ("issues=write", "pull_requests=write")
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}


@route("GET", REPO, "metadata=read")
def read_repository(call: Call) -> Reply:
    return Reply(200, call.shapes.repository(call.home, full=True))


@route("GET", "/user", "user=read")
def read_user(call: Call) -> Reply:
    own = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    own |= dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
    times = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
    return Reply(200, {**call.shapes.user(call.login), **own, **times, "user_view_type": "public"})


@route("GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}", "members=read")
def read_membership(call: Call) -> Reply:
    team = call.world.teams.get((call.parameters["org"], call.parameters["team_slug"]), {})
    state = team.get(call.parameters["username"])
    if state is None:
        raise not_found()
    return Reply(200, {"url": call.url, "role": "member", "state": state})


@route("GET", "/orgs/{org}/teams/{team_slug}/members", "members=read")
def list_members(call: Call) -> Reply:
    team = call.world.teams.get((call.parameters["org"], call.parameters["team_slug"]))
    if team is None:
        raise not_found()
    return call.page([call.shapes.user(login) for login, state in team.items() if state == "active"])


@route("GET", REPO + "/pulls", *READ)
def list_pulls(call: Call) -> Reply:
    wanted = call.query.get("state", "open")
    head = call.query.get("head")
    found = [one for one in call.home.pulls.values() if wanted in ("all", one.state)]
    if head and ":" in head:
        found = [one for one in found if call.shapes.pull(call.home, one)["head"]["label"] == head]
    if "base" in call.query:
        found = [one for one in found if one.base_ref == call.query["base"]]
    newest_first = sorted(found, key=lambda one: -one.number)
    return call.page([call.shapes.pull(call.home, one) for one in newest_first])


@route("GET", REPO + "/commits/{commit_sha}/pulls", *READ)
def list_pulls_of_commit(call: Call) -> Reply:
    sha = call.parameters["commit_sha"]
    if sha not in call.home.commits:
        raise Refused(422, f"No commit found for SHA: {sha}")
    found = [one for one in call.home.pulls.values() if one.files_at(sha) is not None]
    return call.page([call.shapes.pull(call.home, one) for one in found])


@route("GET", PULL, *READ)
def read_pull(call: Call) -> Reply:
    return Reply(200, call.shapes.pull(call.home, call.pull, full=True))


@route("GET", PULL + "/commits", *READ)
def list_commits(call: Call) -> Reply:
    pushed = [sha for sha, _ in call.pull.pushes]
    return call.page([call.shapes.commit(call.home, call.pull, sha) for sha in pushed[:250]])


@route("GET", REPO + "/issues/{issue_number}/events", *TALK_READ)
def list_events(call: Call) -> Reply:
    told = call.pull.base_changes
    return call.page([call.shapes.base_change(call.home, call.pull, what, when) for what, when in told])


@route("GET", PULL + "/files", *READ)
def list_files(call: Call) -> Reply:
    paths = call.pull.changed(call.pull.head_files)
    return call.page([call.shapes.file(call.home, call.pull, path) for path in paths])


@route("GET", REPO + "/issues/{issue_number}/comments", *TALK_READ)
def list_comments(call: Call) -> Reply:
    return call.page([call.shapes.comment(call.home, call.pull, one) for one in call.pull.comments])


@route("POST", REPO + "/issues/{issue_number}/comments", *TALK_WRITE)
def create_comment(call: Call) -> Reply:
    check_open_for_comments(call.pull)
    check_body("IssueComment", call.sent["body"])
    made = call.world.add_comment(call.pull, call.login, call.sent["body"])
    shape = call.shapes.comment(call.home, call.pull, made)
    return Reply(201, shape, {"location": shape["url"]})


def find_comment(call: Call) -> tuple[PullRequest, Comment]:
    for pull in call.home.pulls.values():
        for one in pull.comments:
            if str(one.id) == call.parameters["comment_id"]:
                return pull, one
    raise not_found()


@route("GET", REPO + "/issues/comments/{comment_id}", *TALK_READ)
def read_comment(call: Call) -> Reply:
    return Reply(200, call.shapes.comment(call.home, *find_comment(call)))


@route("PATCH", REPO + "/issues/comments/{comment_id}", *TALK_WRITE)
def edit_comment(call: Call) -> Reply:
    pull, comment = find_comment(call)
    check_author(call.token, comment.author)
    check_body("IssueComment", call.sent["body"])
    comment.body, comment.updated_at = call.sent["body"], call.world.clock.now()
    return Reply(200, call.shapes.comment(call.home, pull, comment))


@route("DELETE", REPO + "/issues/comments/{comment_id}", *TALK_WRITE)
def delete_comment(call: Call) -> Reply:
    pull, comment = find_comment(call)
    check_author(call.token, comment.author)
    pull.comments.remove(comment)
    return Reply(204)


@route("GET", PULL + "/reviews", *READ)
def list_reviews(call: Call) -> Reply:
    return call.page([call.shapes.review(call.home, call.pull, one) for one in call.pull.reviews])


@route("POST", PULL + "/reviews", *WRITE)
def create_review(call: Call) -> Reply:
    """A review with all its comments or with none: one comment that stands nowhere refuses everything."""
    pull, sent = call.pull, call.sent or {}
    check_open_for_comments(pull)
    body, comments, event = sent.get("body") or "", sent.get("comments", []), sent.get("event")
    commit = sent.get("commit_id") or pull.head_sha
    found = [find_hunk(pull, commit, one) for one in comments]
    faults = [one for one in found if isinstance(one, str)]
    faults += [body_fault(one["body"]) for one in comments]
    if body or not (comments or event == "APPROVE"):
        faults.append(body_fault(body))
    if event == "APPROVE" and call.login == pull.author:
        faults.append("Can not approve your own pull request")
    if any(faults):
        raise unprocessable([one for one in faults if one])
    now = call.world.clock.now()
    review = Review(call.world.clock.new_id(), call.login, body, STATES[event], commit, now)
    pull.reviews.append(review)
    for one, hunk in zip(comments, found, strict=True):
        add_line_comment(call, review, one, hunk)
    return Reply(200, call.shapes.review(call.home, pull, review))


def add_line_comment(call: Call, review: Review, sent: dict[str, object], hunk: Hunk | str) -> LineComment:
    now = call.world.clock.now()
    made = LineComment(
        call.world.clock.new_id(),
        review.id,
        call.login,
        str(sent["body"]),
        str(sent["path"]),
        review.commit,
        sent["line"],
        sent.get("start_line"),
        sent.get("side", "RIGHT"),
        hunk.text if isinstance(hunk, Hunk) else "",
        now,
        now,
    )
    call.pull.line_comments.append(made)
    return made


@route("GET", PULL + "/comments", *READ)
def list_line_comments(call: Call) -> Reply:
    return call.page([call.shapes.line_comment(call.home, call.pull, one) for one in call.pull.line_comments])


@route("POST", PULL + "/comments", *WRITE)
def create_line_comment(call: Call) -> Reply:
    pull, sent = call.pull, call.sent
    check_open_for_comments(pull)
    check_body("PullRequestReviewComment", sent["body"])
    hunk = find_hunk(pull, sent["commit_id"], sent)
    if isinstance(hunk, str):
        raise invalid("PullRequestReviewComment", f"{THREAD}.line", f"{THREAD}.line: {hunk}")
    now = call.world.clock.now()
    review = Review(call.world.clock.new_id(), call.login, "", "COMMENTED", sent["commit_id"], now)
    pull.reviews.append(review)
    made = add_line_comment(call, review, sent, hunk)
    shape = call.shapes.line_comment(call.home, pull, made)
    return Reply(201, shape, {"location": shape["url"]})


def find_line_comment(call: Call) -> tuple[PullRequest, LineComment]:
    for pull in call.home.pulls.values():
        for one in pull.line_comments:
            if str(one.id) == call.parameters["comment_id"]:
                return pull, one
    raise not_found()


@route("GET", REPO + "/pulls/comments/{comment_id}", *READ)
def read_line_comment(call: Call) -> Reply:
    return Reply(200, call.shapes.line_comment(call.home, *find_line_comment(call)))


@route("PATCH", REPO + "/pulls/comments/{comment_id}", *WRITE)
def edit_line_comment(call: Call) -> Reply:
    pull, comment = find_line_comment(call)
    check_author(call.token, comment.author)
    check_body("PullRequestReviewComment", call.sent["body"])
    comment.body, comment.updated_at = call.sent["body"], call.world.clock.now()
    return Reply(200, call.shapes.line_comment(call.home, pull, comment))


@route("DELETE", REPO + "/pulls/comments/{comment_id}", *WRITE)
def delete_line_comment(call: Call) -> Reply:
    pull, comment = find_line_comment(call)
    check_author(call.token, comment.author)
    pull.line_comments.remove(comment)
    return Reply(204)
