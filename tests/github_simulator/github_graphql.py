"""The little of GraphQL that the simulator understands: who am I, and hiding a comment."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from github_calls import Call, Reply
from github_rules import FORBIDDEN, Refused
from github_state import Comment, LineComment

REASONS = ("SPAM", "ABUSE", "OFF_TOPIC", "OUTDATED", "DUPLICATE", "RESOLVED")


def answer_graphql(call: Call) -> Reply:
    """Answer one query; errors have status 200, as GitHub's have."""
    sent = call.sent
    if call.token is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    if not isinstance(sent, dict) or not isinstance(sent.get("query"), str):
        return _errors("A query attribute must be specified and must be a string.")
    words = re.sub(r"\s+", " ", sent["query"])
    if re.search(r"\bviewer ?\{ ?login ?\}", words):
        return Reply(200, {"data": {"viewer": {"login": call.token.viewer or call.token.login}}})
    if "minimizeComment" in words:
        return _minimize(call, words, sent.get("variables") or {})
    return _errors(f"The simulator does not know {words[:80]}")


def _minimize(call: Call, words: str, variables: dict[str, Any]) -> Reply:
    given = variables.get("input", variables)
    identity = given.get("subjectId") or _literal(words, r'subjectId: ?"([^"]+)"')
    reason = given.get("classifier") or _literal(words, r"classifier: ?(\w+)")
    comment = _find(call, str(identity))
    if comment is None:
        return _errors(f"Could not resolve to a node with the global id of '{identity}'", "NOT_FOUND")
    if reason not in REASONS:
        return _errors(f"classifier {reason} is none of {', '.join(REASONS)}")
    if not (call.token and (call.token.may("pull_requests=write") or call.token.may("issues=write"))):
        return _errors(FORBIDDEN, "FORBIDDEN")
    comment.minimized = str(reason)
    done = {"isMinimized": True, "minimizedReason": str(reason).lower()}
    mutation = {"minimizedComment": done, "clientMutationId": given.get("clientMutationId")}
    return Reply(200, {"data": {"minimizeComment": mutation}})


def _literal(words: str, pattern: str) -> str:
    found = re.search(pattern, words)
    return found[1] if found else ""


def _find(call: Call, identity: str) -> Comment | LineComment | None:
    try:
        kind, _, key = base64.b64decode(identity, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    pulls = [pull for home in call.world.repositories.values() for pull in home.pulls.values()]
    if kind == "IssueComment":
        return next((one for pull in pulls for one in pull.comments if str(one.id) == key), None)
    return next((one for pull in pulls for one in pull.line_comments if str(one.id) == key), None)


def _errors(message: str, kind: str = "") -> Reply:
    error = {"message": message, **({"type": kind} if kind else {})}
    return Reply(200, {"data": None, "errors": [error]})
