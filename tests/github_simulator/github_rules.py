"""The rules of GitHub that its description does not tell; each says its answer in GitHub's own shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from github_patches import Hunk, read_hunks
from github_state import PullRequest, Repository, Token

DOCUMENTATION = "https://docs.github.com/rest"
FORBIDDEN = "Resource not accessible by integration"
MAX_BODY = 65_536
MAX_CHECK_TEXT_BYTES = 65_535
MAX_ANNOTATIONS = 50
MAX_TITLE = 255
MAX_MESSAGE_BYTES = 64 * 1024
THREAD = "pull_request_review_thread"

Sent = Mapping[str, Any]  # Any: a JSON document


class Refused(Exception):  # noqa: N818  # GitHub refuses; nothing is broken
    """GitHub says no: a status, a message, and what is wrong in detail."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}
        self.body: dict[str, Any] = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
        if errors is not None:
            self.body["errors"] = errors


def not_found() -> Refused:
    return Refused(404, "Not Found")


def invalid(resource: str, field: str, message: str) -> Refused:
    """What GitHub answers to a field it cannot take."""
    error = {"resource": resource, "code": "custom", "field": field, "message": message}
    return Refused(422, "Validation Failed", [error])


def check_permission(token: Token | None, home: Repository | None, accepted: tuple[str, ...], method: str) -> None:
    """One of the permissions has to be there; anybody reads what is public, and knows nothing of what is not."""
    is_open = home is not None and not home.private and method == "GET"
    if is_open or not accepted:
        return
    if token is None:
        raise not_found() if home is not None and home.private else Refused(401, "Requires authentication")
    if home is not None and token.repositories is not None and home.full_name not in token.repositories:
        raise not_found()
    if not any(token.may(one) for one in accepted):
        raise Refused(403, FORBIDDEN, x_accepted_github_permissions="; ".join(accepted))


def body_fault(body: str) -> str:
    """A comment has a text, of no more than 65,536 units of UTF-16; "" where it has."""
    if not body.strip():
        return "Body can't be blank"
    is_long = len(body.encode("utf-16-le", "surrogatepass")) // 2 > MAX_BODY
    return f"Body is too long (maximum is {MAX_BODY} characters)" if is_long else ""


def check_body(resource: str, body: str) -> None:
    fault = body_fault(body)
    if fault:
        raise invalid(resource, "data", fault)


def unprocessable(faults: list[str]) -> Refused:
    """What GitHub answers to a review: words alone, each once."""
    return Refused(422, "Unprocessable Entity", list(dict.fromkeys(faults)))


def check_open_for_comments(pull: PullRequest) -> None:
    if pull.locked:
        raise Refused(403, "Unable to create comment because issue is locked.")


def check_author(token: Token | None, author: str) -> None:
    """Only who wrote a comment may change it."""
    if token is None or token.login != author:
        raise Refused(403, FORBIDDEN, x_accepted_github_permissions="issues=write; pull_requests=write")


def find_hunk(pull: PullRequest, commit: str, place: Sent) -> Hunk | str:
    """The hunk that a review comment stands in, or what GitHub says of one that stands nowhere."""
    files = pull.files_at(commit)
    if files is None:
        return "Commit could not be resolved"
    path, line, side = place["path"], place.get("line"), place.get("side", "RIGHT")
    if path not in pull.changed(files):
        return "Path could not be resolved"
    if side not in ("LEFT", "RIGHT") or place.get("start_side", side) != side:
        return "Side could not be resolved"
    start = place.get("start_line")
    if line is None or (start is not None and start >= line):
        return "Start line must precede the end line." if line is not None else "Line could not be resolved"
    for hunk in read_hunks(pull.patch(path, files)):
        if line in hunk.lines(side):
            is_whole = start is None or start in hunk.lines(side)
            return hunk if is_whole else "Start line must be part of the same hunk as the line."
    return "Line could not be resolved"


def check_run_fields(sent: Sent, *, is_new: bool) -> None:
    """What a check run may hold, beyond what the description says of it."""
    if is_new and not re.fullmatch("[0-9a-f]{40}", sent["head_sha"]):
        raise invalid("CheckRun", "head_sha", "head_sha is not a commit id")
    if sent.get("status") == "completed" and not sent.get("conclusion"):
        raise Refused(422, 'Invalid request.\n\nMissing required key "conclusion".')
    output = sent.get("output", {})
    for name in ("summary", "text"):
        if len((output.get(name) or "").encode("utf-8", "surrogatepass")) > MAX_CHECK_TEXT_BYTES:
            raise invalid("CheckRun", name, f"{name} exceeds a maximum bytesize of {MAX_CHECK_TEXT_BYTES}")
    annotations = output.get("annotations", [])
    if len(annotations) > MAX_ANNOTATIONS:
        raise invalid("CheckRun", "annotations", f"No more than {MAX_ANNOTATIONS} items are allowed")
    for index, one in enumerate(annotations):
        fault = annotation_fault(one)
        if fault:
            raise invalid("CheckAnnotation", f"annotations[{index}]", fault)


def annotation_fault(sent: Sent) -> str:
    """What is wrong with one annotation, "" where nothing is."""
    if sent["start_line"] < 1 or sent["end_line"] < sent["start_line"]:
        return "end_line must not come before start_line"
    has_columns = "start_column" in sent or "end_column" in sent
    if has_columns and sent["start_line"] != sent["end_line"]:
        return "start_column and end_column are taken only where start_line equals end_line"
    if has_columns and not 1 <= sent.get("start_column", 1) <= sent.get("end_column", sent.get("start_column", 1)):
        return "columns count from 1, and the end does not come before the start"
    if len(sent.get("title", "")) > MAX_TITLE:
        return f"title is too long (maximum is {MAX_TITLE} characters)"
    for name in ("message", "raw_details"):
        if len(sent.get(name, "").encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
            return f"{name} exceeds a maximum bytesize of {MAX_MESSAGE_BYTES}"
    return "" if sent["message"].strip() else "message can't be blank"
