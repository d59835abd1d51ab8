"""The operations on check runs, and how much of the rate limit is left."""

from __future__ import annotations

from typing import Any

from github_calls import Call, Reply, route
from github_operations import REPO
from github_rules import Refused, check_author, check_run_fields, not_found
from github_state import CheckRun

RATE_LIMIT = 1000
RESET = 4_102_444_800  # far away, and the same in every run


@route("GET", REPO + "/commits/{ref}/check-runs", "checks=read")
def list_check_runs(call: Call) -> Reply:
    """The runs of a commit; by default the newest of each name only."""
    sha = call.parameters["ref"]
    if sha not in call.home.commits:
        raise Refused(422, f"No commit found for SHA: {sha}")
    found = [one for one in call.home.checks if one.head_sha == sha]
    if "check_name" in call.query:
        found = [one for one in found if one.name == call.query["check_name"]]
    if "status" in call.query:
        found = [one for one in found if one.status == call.query["status"]]
    if "app_id" in call.query:
        found = [one for one in found if str(call.shapes.app(one.author)["id"]) == call.query["app_id"]]
    if call.query.get("filter", "latest") == "latest":
        found = list({(one.author, one.name): one for one in found}.values())
    newest_first = [call.shapes.check_run(call.home, one) for one in reversed(found)]
    return call.page(newest_first, lambda shown: {"total_count": len(found), "check_runs": shown})


@route("POST", REPO + "/check-runs", "checks=write")
def create_check_run(call: Call) -> Reply:
    sent = call.sent
    check_run_fields(sent, is_new=True)
    if sent["head_sha"] not in call.home.commits:
        raise Refused(422, f"No commit found for SHA: {sent['head_sha']}")
    now = call.world.clock.now()
    made = CheckRun(
        call.world.clock.new_id(),
        call.login,
        sent["name"],
        sent["head_sha"],
        sent.get("external_id", ""),
        sent.get("details_url", call.world.server),
        "queued",
        None,
        sent.get("started_at", now),
        None,
    )
    change(call, made, sent)
    call.home.checks.append(made)
    shape = call.shapes.check_run(call.home, made)
    return Reply(201, shape, {"location": shape["url"]})


def find_check_run(call: Call) -> CheckRun:
    found = [one for one in call.home.checks if str(one.id) == call.parameters["check_run_id"]]
    if not found:
        raise not_found()
    return found[0]


@route("GET", REPO + "/check-runs/{check_run_id}", "checks=read")
def read_check_run(call: Call) -> Reply:
    return Reply(200, call.shapes.check_run(call.home, find_check_run(call)))


@route("PATCH", REPO + "/check-runs/{check_run_id}", "checks=write")
def update_check_run(call: Call) -> Reply:
    made = find_check_run(call)
    check_author(call.token, made.author)
    check_run_fields(call.sent, is_new=False)
    change(call, made, call.sent)
    return Reply(200, call.shapes.check_run(call.home, made))


def change(call: Call, made: CheckRun, sent: dict[str, Any]) -> None:
    """Write what was sent; annotations are added to those there are, and a conclusion completes the run."""
    for name in ("name", "external_id", "details_url", "started_at"):
        setattr(made, name, sent.get(name, getattr(made, name)))
    made.conclusion = sent.get("conclusion", made.conclusion)
    made.status = "completed" if sent.get("conclusion") else sent.get("status", made.status)
    if made.status == "completed":
        made.completed_at = sent.get("completed_at") or made.completed_at or call.world.clock.now()
    output = sent.get("output", {})
    for name in ("title", "summary", "text"):
        setattr(made, name, output.get(name, getattr(made, name)))
    made.annotations += output.get("annotations", [])


@route("GET", "/rate_limit")
def read_rate_limit(call: Call) -> Reply:
    rate = {"limit": RATE_LIMIT, "remaining": RATE_LIMIT, "reset": RESET, "used": 0}
    return Reply(200, {"rate": rate, "resources": dict.fromkeys(("core", "search", "graphql"), rate)})
