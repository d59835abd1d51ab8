from __future__ import annotations

import itertools

import pytest
from simulator_client import BASE, HEAD, lay_world

from policy_gate.github import Level, Pull, publish, read_seen
from policy_gate.publication import Annotation, CheckRun, Edit, LineComment, Publication, Seen, write_marker

ACTIONS = "github-actions[bot]"
KEY = "policy-gate"
COMMENTS = "/repos/acme/models/issues/1/comments"
REVIEWS = "/repos/acme/models/pulls/1/reviews"
CHECKS = "/repos/acme/models/check-runs"
LOST = ["500-applied", "502-applied", "503-applied", "cut-applied", "half-applied", "html-applied"]
NEVER_MADE = ["500", "502", "503", "cut", "html", "html-502"]
FOR_NOW = ["403-secondary", "403-secondary-retry-after", "429", "429-retry-after"]


@pytest.fixture
def home(hub):
    lay_world(hub)
    return hub.world.repositories["acme/models"]


@pytest.fixture
def work(home):
    return home.pulls[1]


def sticky(words: str, head: str = "a" * 40) -> str:
    return write_marker({"key": KEY, "head": head, "verdict": "blocked"}) + f"\n{words}"


def on_line(number: int, line: int = 20, path: str = "release.yaml", start: int = 0) -> LineComment:
    marker = write_marker({"key": KEY, "finding": f"f{number}", "head": "a" * 40})
    return LineComment(
        key=f"f{number}", path=path, start_line=start or line, end_line=line, body=f"{marker}\nfinding {number}"
    )


def check(annotations: int = 0, words: str = "words", conclusion: str = "failure") -> CheckRun:
    rows = tuple(
        Annotation(
            level="failure",
            path="release.yaml",
            start_line=one + 1,
            end_line=one + 1,
            title=f"rule {one}",
            message="words",
            start_column=1,
            end_column=4,
        )
        for one in range(annotations)
    )
    return CheckRun(name=KEY, conclusion=conclusion, title="blocked", summary=words, text="", annotations=rows)


def publication(work, words: str = "blocked", *lines: LineComment, **more) -> Publication:
    body = sticky(words) if words else ""
    return Publication(
        key=KEY, head=work.head_sha, sticky=body, line_comments=lines, review_body="Computed values.", **more
    )


@pytest.fixture
def post(hub, opened, pull):
    """Reads what is there and publishes, as the command does."""

    def run(wanted: Publication, external_id: str = "1/1", token: str = "writer", **pace):
        client = opened(hub.url, token=token, **pace)
        seen = read_seen(client, pull, KEY)
        return publish(client, pull, wanted, seen, external_id=f"{external_id}/{wanted.head}")

    return run


def bodies(work) -> list[str]:
    return [one.body for one in work.comments]


def test_everything_stands_after_one_run_and_a_second_writes_nothing(work, home, hub, post) -> None:
    wanted = publication(work, "blocked", on_line(1, 20), on_line(2, 23, start=21), check_run=check(3))
    done = post(wanted)
    assert (done.level, done.reasons) == (Level.FULL, ())
    assert bodies(work) == [sticky("blocked")]
    assert [(one.start_line, one.line) for one in work.line_comments] == [(None, 20), (21, 23)]
    assert [(one.state, one.body, one.commit) for one in work.reviews] == [
        ("COMMENTED", "Computed values.", work.head_sha)
    ]
    assert [(one.status, one.conclusion, len(one.annotations)) for one in home.checks] == [("completed", "failure", 3)]
    assert len(hub.writes) == 3
    assert len(done.writes) == 3
    again = post(wanted)
    assert (again.level, again.writes, again.reasons) == (Level.FULL, (), ())
    another_attempt = post(wanted, external_id="1/2")
    assert (another_attempt.level, another_attempt.writes) == (Level.FULL, ())
    assert len(hub.writes) == 3


def test_where_nothing_is_to_be_said_nothing_is_written(work, hub, post) -> None:
    done = post(publication(work, ""))
    assert (done.level, done.writes, done.reasons) == (Level.FULL, (), ())
    assert hub.writes == []


def test_other_words_edit_the_one_comment(work, hub, post) -> None:
    post(publication(work, "first"))
    done = post(publication(work, "second"))
    assert bodies(work) == [sticky("second")]
    assert done.writes == ("edited the comment",)


def test_of_several_comments_of_ours_the_newest_stays_and_others_are_not_touched(work, hub, post) -> None:
    other_job = write_marker({"key": "other", "head": "a"}) + "\nother job"
    for author, body in [
        (ACTIONS, sticky("1")),
        ("alice", sticky("2")),
        (ACTIONS, other_job),
        (ACTIONS, sticky("3")),
        (ACTIONS, sticky("now")),
    ]:
        hub.world.add_comment(work, author, body)
    done = post(publication(work, "now"))
    assert bodies(work) == [sticky("2"), other_job, sticky("now")]
    assert done.writes == ("deleted 2 older comments of ours",)


def test_two_runs_at_once_leave_one_comment(work, hub, opened, pull) -> None:
    first, second = opened(hub.url), opened(hub.url)
    seen = [read_seen(one, pull, KEY) for one in (first, second)]
    publish(first, pull, publication(work, "one"), seen[0])
    done = publish(second, pull, publication(work, "other"), seen[1])
    assert bodies(work) == [sticky("other")]
    assert done.writes == ("created the comment", "deleted 1 older comment of ours")


def test_an_older_run_does_not_write_over_a_newer_one(work, home, hub, post) -> None:
    wanted = publication(work, "old words", on_line(1), check_run=check(1))
    hub.world.push(home, work, BASE)
    done = post(wanted)
    assert (done.level, done.writes) == (Level.NONE, ())
    assert "moved on" in done.reasons[0]
    assert wanted.head[:12] in done.reasons[0]
    assert hub.writes == []


@pytest.mark.parametrize("path", [COMMENTS, REVIEWS, CHECKS])
@pytest.mark.parametrize("kind", [*LOST, *NEVER_MADE, *FOR_NOW])
def test_after_a_fault_everything_stands_exactly_once(kind, path, home, hub, post) -> None:
    work = home.pulls[1]
    hub.fail("POST", path, kind)
    wanted = publication(work, "blocked", on_line(1), on_line(2, 21), check_run=check(60))
    done = post(wanted)
    assert (done.level, done.reasons) == (Level.FULL, ())
    assert bodies(work) == [sticky("blocked")]
    assert [one.line for one in work.line_comments] == [20, 21]
    assert [len(one.annotations) for one in home.checks] == [60]
    assert post(wanted).writes == ()


@pytest.mark.parametrize("kind", [*LOST, *NEVER_MADE, *FOR_NOW])
def test_annotations_are_added_once_whatever_becomes_of_an_answer(kind, work, home, hub, post) -> None:
    hub.fail("PATCH", f"{CHECKS}/*", kind)
    hub.fail("PATCH", f"{CHECKS}/*", kind, after=2)
    done = post(publication(work, "", check_run=check(200)))
    assert (done.level, done.reasons) == (Level.FULL, ())
    lines = [one["start_line"] for one in home.checks[0].annotations]
    assert lines == list(range(1, 201))


@pytest.mark.parametrize("kind", [*LOST, *NEVER_MADE, *FOR_NOW])
def test_an_edit_survives_a_fault(kind, work, hub, post) -> None:
    post(publication(work, "first"))
    hub.fail("PATCH", "/repos/acme/models/issues/comments/*", kind)
    assert post(publication(work, "second")).level is Level.FULL
    assert bodies(work) == [sticky("second")]


def test_a_slow_answer_is_looked_for_and_not_repeated(work, hub, time, pull) -> None:
    from policy_gate.github import open_client

    hub.fail("POST", COMMENTS, "slow")
    hub.slow_seconds = 3
    pace = time.pace(between_writes_seconds=0)
    with open_client(token="writer", api_url=hub.url, timeout_seconds=1, pace=pace) as client:
        done = publish(client, pull, publication(work), read_seen(client, pull, KEY))
    assert (done.level, len(bodies(work))) == (Level.FULL, 1)


@pytest.mark.parametrize("kind", ["502", "502-applied", "cut", "cut-applied"])
def test_a_server_that_stays_broken_is_said_and_nothing_is_twice(kind, work, home, hub, post) -> None:
    hub.fail("POST", "/repos/*", kind, times=None)
    done = post(publication(work, "blocked", on_line(1), check_run=check(1)))
    applied = 1 if "applied" in kind else 0
    assert len(bodies(work)) == applied
    assert len(work.line_comments) == applied
    assert len(home.checks) == applied
    assert done.level is (Level.FULL if applied else Level.NONE)
    assert bool(done.reasons) is not bool(applied)


def test_when_nobody_can_tell_whether_it_was_written_it_is_not_written_again(work, hub, opened, pull) -> None:
    client = opened(hub.url)
    seen = read_seen(client, pull, KEY)
    hub.fail("POST", COMMENTS, "502-applied")
    hub.fail("GET", COMMENTS, "502", times=None)
    done = publish(client, pull, publication(work), seen)
    assert len(bodies(work)) == 1
    assert done.level is Level.NONE
    assert "whether it was written after all is not known" in done.reasons[0]


def test_a_token_that_only_reads_is_told_the_permission_once_and_each_kind_is_tried(work, home, hub, post) -> None:
    done = post(publication(work, "blocked", on_line(1), check_run=check(1)), token="reader")
    assert (done.level, done.writes) == (Level.NONE, ())
    assert hub.writes == []
    assert len([one for one in done.reasons if "pull-requests: write" in one]) == 1
    assert len([one for one in done.reasons if "checks: write" in one]) == 1
    assert "the comment, 1 line comment" in done.reasons[0]
    assert len([one for one in hub.log if one.method == "POST" and one.path != "/graphql"]) == 3


def test_what_one_permission_forbids_another_still_writes(work, home, hub, post) -> None:
    hub.world.tokens["writer"].permissions["checks"] = "read"
    done = post(publication(work, "blocked", on_line(1), check_run=check(1)))
    assert done.level is Level.PARTIAL
    assert len(bodies(work)) == len(work.line_comments) == 1
    assert [("checks: write" in one) for one in done.reasons] == [True]
    hub.world.tokens["writer"].permissions |= {"checks": "write", "pull_requests": "read"}
    done = post(publication(work, "other", check_run=check(1)))
    assert done.level is Level.PARTIAL
    assert [one.conclusion for one in home.checks] == ["failure"]


def test_a_token_that_may_not_even_read_the_pull_request_still_writes_its_check(work, home, hub, post) -> None:
    hub.world.add_token("checker", checks="write")
    done = post(publication(work, "blocked", on_line(1), check_run=check(1)), token="checker")
    assert done.level is Level.PARTIAL
    assert len(home.checks) == 1
    assert bodies(work) == []
    assert "head is not known" in done.reasons[0]


def test_a_locked_pull_request_is_said(work, hub, post) -> None:
    work.locked = True
    done = post(publication(work, "blocked", on_line(1)))
    assert done.level is Level.NONE
    assert [("locked" in one) for one in done.reasons] == [True]


def test_who_is_not_known_writes_no_comment(work, hub, post) -> None:
    hub.fail("POST", "/graphql", "403-permission", times=None)
    done = post(publication(work, "blocked", on_line(1), check_run=check()))
    assert bodies(work) == []
    assert work.line_comments == []
    assert done.level is Level.PARTIAL
    assert done.writes == ("created the check run",)


def test_the_one_line_outside_the_diff_among_twenty_is_counted_and_the_others_stand(work, hub, post) -> None:
    lines = [on_line(number, 17 + number % 7) for number in range(19)]
    lines.insert(7, on_line(99, 2))
    done = post(publication(work, "blocked", *lines))
    assert len(work.line_comments) == 19
    assert done.level is Level.PARTIAL
    assert len(work.reviews) == 1
    assert done.reasons == ("not written: 1 line comment: GitHub's diff does not show these lines",)


def test_a_comment_that_github_refuses_for_its_own_reasons_is_found_by_halves(work, hub, post) -> None:
    lines = [on_line(number, 20) for number in range(12)]
    lines[5] = LineComment(key="f5", path="release.yaml", start_line=20, end_line=20, body=lines[5].body + "x" * 70_000)
    done = post(publication(work, "blocked", *lines))
    assert len(work.line_comments) == 11
    assert done.reasons == ("not written: 1 line comment: GitHub does not take a comment there",)


def test_halves_end_with_the_budget_and_nothing_vanishes_from_the_count(work, hub, post) -> None:
    hub.fail("POST", REVIEWS, "422", times=None)
    done = post(publication(work, "blocked", *[on_line(number, 20) for number in range(30)]))
    counts = [int(one.split(": ")[1].split()[0]) for one in done.reasons]
    assert sum(counts) == 30
    assert work.line_comments == []
    assert len([one for one in hub.log if one.method == "POST" and one.path == REVIEWS]) <= 24


def test_a_push_between_reading_and_the_review_stops_the_review(work, home, hub, opened, pull) -> None:
    client = opened(hub.url)
    wanted = publication(work, "", on_line(1, 20), on_line(2, 2))
    seen = read_seen(client, pull, KEY)
    original = hub.answer

    def answer(request):
        if request.method == "POST" and request.target.endswith("/reviews"):
            hub.world.push(home, work, BASE)
        return original(request)

    hub.answer = answer
    done = publish(client, pull, wanted, seen)
    assert done.reasons == ("not written: 2 line comments: the pull request has moved on",)


@pytest.mark.parametrize("kind", FOR_NOW)
def test_a_run_that_waited_does_not_write_over_what_a_newer_one_wrote_meanwhile(
    kind, work, home, hub, *, opened, pull, time
) -> None:
    hub.world.add_comment(work, ACTIONS, sticky("first"))
    client = opened(hub.url)
    wanted = publication(work, "older", on_line(1), check_run=check(1))
    seen = read_seen(client, pull, KEY)
    hub.fail("PATCH", "/repos/acme/models/issues/comments/*", kind, times=1, retry_after=30)
    original = hub.answer

    def answer(request):
        if request.method == "PATCH":
            hub.world.push(home, work, BASE)
            work.comments[0].body = sticky("newer")
        return original(request)

    hub.answer = answer
    done = publish(client, pull, wanted, seen)
    assert sum(time.slept) > 5
    assert bodies(work) == [sticky("newer")]
    assert (work.line_comments, home.checks) == ([], [])
    assert "the pull request has moved on to" in done.reasons[0]


def test_a_line_that_has_our_comment_gets_no_second_one(work, hub, post) -> None:
    post(publication(work, "blocked", on_line(1)))
    done = post(publication(work, "blocked", on_line(1), on_line(2)))
    assert [one.body.splitlines()[1] for one in work.line_comments] == ["finding 1", "finding 2"]
    assert done.writes == ("posted 1 line comment",)


def test_one_review_holds_thirty(work, hub, post) -> None:
    done = post(publication(work, "blocked", *[on_line(number) for number in range(35)]))
    assert len(work.line_comments) == 30
    assert done.reasons == ("not written: 5 line comments: one review holds 30 at most",)


def test_line_comments_are_edited_where_their_words_change(work, hub, post) -> None:
    post(publication(work, "blocked", on_line(1), on_line(2), on_line(3)))
    first, second, third = work.line_comments
    work.line_comments.remove(third)
    edits = (
        Edit(id=first.id, body="no longer reported"),
        Edit(id=second.id, body=second.body + "\n"),
        Edit(id=third.id, body="deleted by somebody"),
        Edit(id=4, body="not ours"),
    )
    before = len(hub.writes)
    done = post(publication(work, "blocked", edits=edits))
    assert (done.level, done.writes) == (Level.FULL, ("edited 1 line comment",))
    assert [one.body for one in work.line_comments] == ["no longer reported", second.body]
    assert len(hub.writes) == before + 1


def test_edits_stop_at_the_first_that_would_fail_alike(work, hub, post) -> None:
    post(publication(work, "blocked", *[on_line(number) for number in range(4)]))
    hub.world.tokens["writer"].permissions["pull_requests"] = "read"
    asked = len(hub.log)
    edits = tuple(Edit(id=one.id, body="x") for one in work.line_comments)
    done = post(publication(work, "", edits=edits))
    assert [one.method for one in hub.log[asked:]].count("PATCH") == 1
    assert len(done.reasons) == 1
    assert "4 edits of line comments" in done.reasons[0]


def test_a_check_run_is_complete_at_once_and_its_annotations_come_in_order(work, home, hub, post) -> None:
    done = post(publication(work, "", check_run=check(230)))
    assert done.level is Level.FULL
    sizes = [len(one.body["output"]["annotations"]) for one in hub.writes]
    assert sizes == [50, 50, 50, 50]
    assert [one.method for one in hub.writes] == ["POST", "PATCH", "PATCH", "PATCH"]
    assert hub.writes[0].body["status"] == "completed"
    assert hub.writes[0].body["external_id"] == f"1/1/{work.head_sha}"


def test_a_batch_that_fails_says_how_many_are_shown_and_the_next_run_adds_the_rest(work, home, hub, post) -> None:
    hub.fail("PATCH", f"{CHECKS}/*", "422", after=1)
    wanted = publication(work, "", check_run=check(200))
    done = post(wanted)
    assert done.level is Level.PARTIAL
    assert "100 of 200 annotations of the check run (100 are shown)" in done.reasons[0]
    assert post(wanted).level is Level.FULL
    assert [one["start_line"] for one in home.checks[0].annotations] == list(range(1, 201))


def test_a_later_attempt_does_not_take_a_check_run_that_lacks_annotations_for_its_own(work, home, hub, post) -> None:
    hub.fail("PATCH", f"{CHECKS}/*", "422")
    wanted = publication(work, "", check_run=check(80))
    assert post(wanted, external_id="1/1").level is Level.PARTIAL
    assert post(wanted, external_id="1/2").level is Level.FULL
    assert [len(one.annotations) for one in home.checks] == [50, 80]


def test_a_refused_annotation_does_not_take_the_verdict_with_it(work, home, hub, post) -> None:
    broken = Annotation(level="failure", path="a", start_line=9, end_line=3, title="t", message="m")
    run = CheckRun(name=KEY, conclusion="failure", title="t", summary="s", text="", annotations=(broken,))
    done = post(publication(work, "", check_run=run))
    assert [(one.conclusion, one.annotations) for one in home.checks] == [("failure", [])]
    assert "1 of 1 annotations of the check run (0 are shown)" in done.reasons[0]


@pytest.mark.parametrize("conclusion", ["neutral", "skipped", "action_required", "", "Success"])
def test_no_check_run_passes_by_a_word_that_is_not_success(conclusion, work, home, post) -> None:
    post(publication(work, "", check_run=check(conclusion=conclusion)))
    assert [one.conclusion for one in home.checks] == ["failure"]


def test_another_result_on_the_same_commit_is_another_check_run_and_the_same_run_edits_its_own(
    work, home, post
) -> None:
    post(publication(work, "", check_run=check(words="first")), external_id="1/1")
    post(publication(work, "", check_run=check(words="second")), external_id="1/1")
    assert [one.summary for one in home.checks] == ["second"]
    post(publication(work, "", check_run=check(words="third")), external_id="1/2")
    post(publication(work, "", check_run=check(words="second")), external_id="1/3")
    assert [one.summary for one in home.checks] == ["second", "third", "second"]


def test_without_a_pull_request_only_the_check_run_is_written(work, home, hub, opened) -> None:
    client = opened(hub.url)
    place = Pull(repository="acme/models")
    wanted = publication(work, "blocked", on_line(1), check_run=check())
    assert publish(client, place, wanted, Seen()).writes == ("created the check run",)
    assert (bodies(work), work.line_comments, len(home.checks)) == ([], [], 1)


def test_a_run_that_spends_its_writes_says_what_is_left(work, hub, post) -> None:
    wanted = publication(work, "blocked", on_line(1), check_run=check(200))
    done = post(wanted, max_writes=3)
    assert done.level is Level.PARTIAL
    assert len(hub.writes) == 3
    assert "one run writes 3 times at most" in done.reasons[0]
    assert len(done.reasons) == 1
    assert post(wanted).level is Level.FULL
    assert len(bodies(work)) == len(work.line_comments) == 1


def test_a_limit_that_does_not_end_stops_the_run_without_more_questions(work, hub, post, time) -> None:
    hub.fail("POST", COMMENTS, "429-retry-after", times=None, retry_after=3600)
    done = post(publication(work, "blocked", on_line(1), check_run=check(1)))
    assert done.level is Level.NONE
    assert len([one for one in hub.log if one.fault]) == 1
    assert hub.log[-1].fault
    assert len(done.reasons) == 1
    assert time.slept == []


def test_pushes_that_fail_fail_differently_and_pass_write_one_comment(work, home, hub, post) -> None:
    post(publication(work, "blocked: two", on_line(1)))
    hub.world.push(home, work, {"release.yaml": HEAD["release.yaml"] + b"one more\n"})
    post(publication(work, "blocked: one", on_line(2, 41)))
    hub.world.push(home, work, {"release.yaml": HEAD["release.yaml"] + b"one other\n"})
    edits = tuple(Edit(id=one.id, body="no longer reported") for one in work.line_comments)
    done = post(publication(work, "allowed", edits=edits))
    assert bodies(work) == [sticky("allowed")]
    assert len(work.reviews) == 2
    assert done.writes == ("edited the comment", "edited 2 line comments")
    again = publication(work, "allowed", edits=edits)
    assert list(itertools.chain(post(again).writes, post(again).writes)) == []


def test_an_enterprise_server_is_written_to_under_its_own_path(enterprise_hub, opened, pull) -> None:
    lay_world(enterprise_hub)
    work = enterprise_hub.world.repositories["acme/models"].pulls[1]
    client = opened(enterprise_hub.url)
    done = publish(client, pull, publication(work, "x", on_line(1)), read_seen(client, pull, KEY), external_id="1")
    assert (done.level, len(bodies(work)), len(work.line_comments)) == (Level.FULL, 1, 1)
