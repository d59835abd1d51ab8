from __future__ import annotations

import http.client

import pytest
from github_faults import KINDS
from simulator_client import COMMENTS, PULL, ask, lay_world

SENT = {"body": "words"}


@pytest.fixture
def pull(hub):
    lay_world(hub)
    return hub.world.repositories["acme/models"].pulls[1]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.way == "answer"])
def test_a_fault_is_answered_once_and_writes_only_where_it_says_so(kind, hub, pull) -> None:
    hub.fail("POST", COMMENTS, kind)
    refused = ask(hub, "POST", COMMENTS, SENT)
    assert refused.status == KINDS[kind].status
    assert len(pull.comments) == KINDS[kind].applied
    assert len(hub.writes) == KINDS[kind].applied
    assert ask(hub, "POST", COMMENTS, SENT).status == 201


@pytest.mark.parametrize(("kind", "applied"), [("cut", 0), ("cut-applied", 1)])
def test_a_connection_is_cut_before_or_after_the_write(kind, applied, hub, pull) -> None:
    hub.fail("POST", COMMENTS, kind)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(hub, "POST", COMMENTS, SENT)
    assert len(pull.comments) == applied


def test_half_an_answer_is_less_than_it_promised(hub, pull) -> None:
    hub.fail("POST", COMMENTS, "half-applied")
    with pytest.raises(http.client.IncompleteRead):
        ask(hub, "POST", COMMENTS, SENT)
    assert len(pull.comments) == 1


def test_a_slow_answer_comes_after_the_write_and_maybe_too_late(hub, pull) -> None:
    hub.fail("POST", COMMENTS, "slow")
    hub.slow_seconds = 30
    with pytest.raises(TimeoutError):
        ask(hub, "POST", COMMENTS, SENT, timeout=0.05)
    assert len(pull.comments) == 1
    hub.fail("GET", COMMENTS, "slow")
    hub.slow_seconds = 0.01
    assert len(ask(hub, "GET", COMMENTS).body) == 1


@pytest.mark.parametrize(
    ("kind", "status", "applied"), [("html", 200, 0), ("html-502", 502, 0), ("html-applied", 200, 1)]
)
def test_a_page_may_come_in_place_of_json(kind, status, applied, hub, pull) -> None:
    hub.fail("*", COMMENTS, kind)
    done = ask(hub, "POST", COMMENTS, SENT)
    assert (done.status, done.headers["content-type"], "<html>" in done.body) == (status, "text/html", True)
    assert len(pull.comments) == applied


def test_a_redirect_leads_to_another_host_that_notes_who_comes(hub, pull) -> None:
    hub.fail("GET", PULL, "redirect")
    done = ask(hub, "GET", PULL)
    assert (done.status, done.headers["location"]) == (307, f"{hub.elsewhere}{PULL}")
    assert hub.visited == []
    place = http.client.HTTPConnection(done.headers["location"].split("/")[2], timeout=5)
    place.request("GET", PULL, headers={"User-Agent": "tests", "Authorization": "Bearer writer"})
    place.getresponse().read()
    place.close()
    assert [one.headers["authorization"] for one in hub.visited] == ["Bearer writer"]


def test_faults_say_when_to_come_back_only_where_they_should(hub, pull) -> None:
    for kind in ("403-secondary", "403-secondary-retry-after", "429", "429-retry-after", "403-primary"):
        hub.fail("POST", COMMENTS, kind, retry_after=7)
        refused = ask(hub, "POST", COMMENTS, SENT)
        assert refused.headers.get("retry-after") == ("7" if kind.endswith("retry-after") else None)
        assert (refused.headers["x-ratelimit-remaining"] == "0") is (kind == "403-primary")


def test_a_fault_waits_for_its_turn_and_ends_after_its_times(hub, pull) -> None:
    hub.fail("GET", "/repos/*/comments", "502", times=2, after=1)
    assert [ask(hub, "GET", COMMENTS).status for _ in range(4)] == [200, 502, 502, 200]
    hub.fail("GET", "/repos/*/comments", "502", times=None)
    assert [ask(hub, "GET", COMMENTS).status for _ in range(3)] == [502] * 3


def test_a_fault_that_does_not_exist_is_a_mistake_of_the_test(hub) -> None:
    with pytest.raises(KeyError, match="none of"):
        hub.fail("GET", "*", "meteorite")


def test_the_log_tells_a_write_from_a_question_and_names_the_fault(hub, pull) -> None:
    hub.fail("POST", COMMENTS, "502-applied")
    ask(hub, "POST", COMMENTS, SENT)
    ask(hub, "GET", COMMENTS)
    ask(hub, "POST", "/graphql", {"query": "{ viewer { login } }"})
    assert [(one.method, one.path, one.body) for one in hub.writes] == [("POST", COMMENTS, SENT)]
    assert [one.fault for one in hub.log] == ["502-applied", "", ""]
    assert {one.token for one in hub.log} == {"writer"}
