from __future__ import annotations

import sys

import pytest
from injecting_server import Told

from policy_gate.errors import MissingExtraError, UsageError
from policy_gate.github import GithubError, Kind, Pace, client_of_environment, open_client

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
FORBIDDEN = {"message": "Resource not accessible by integration"}
FAULTS = {
    "502": Told(502, b"<html>bad gateway</html>"),
    "500": Told(500, {"message": "Server Error"}),
    "cut": Told(cut=True),
    "unreadable": Told(200, b"<html>a page</html>"),
    "half an object": Told(200, b'{"id": '),
    "403 secondary": Told(403, SECONDARY),
    "403 secondary with Retry-After": Told(403, SECONDARY, {"Retry-After": "3"}),
    "403 primary": Told(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"}),
    "422 too quickly": Told(422, {"message": "Validation Failed", "errors": ["was submitted too quickly"]}),
    "429": Told(429, {"message": "Too Many Requests"}),
    "429 with Retry-After": Told(429, {"message": "Too Many Requests"}, {"Retry-After": "3"}),
    "403 no permission": Told(403, FORBIDDEN, {"X-Accepted-GitHub-Permissions": "pull_requests=write"}),
    "401": Told(401, {"message": "Bad credentials"}),
    "404": Told(404, {"message": "Not Found"}),
    "422": Told(422, {"message": "Validation Failed"}),
}
READ_AGAIN = {"502", "500", "cut", "unreadable", "half an object"}
REFUSED_FOR_NOW = {one for one in FAULTS if "secondary" in one or "429" in one or "primary" in one or "quickly" in one}
FINAL = {
    "403 no permission": Kind.NO_PERMISSION,
    "401": Kind.NO_PERMISSION,
    "404": Kind.NOT_FOUND,
    "422": Kind.VALIDATION,
}


def ask(client, verb: str) -> None:
    if verb == "GET":
        client.get("/thing")
    elif verb == "POST":
        client.post("/thing", {})
    elif verb == "PATCH":
        client.patch("/thing", {})
    else:
        client.delete("/thing")


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("fault", sorted(READ_AGAIN | REFUSED_FOR_NOW))
def test_what_changes_nothing_a_second_time_is_asked_again(verb, fault, client, server, time) -> None:
    server.tell(FAULTS[fault])
    ask(client, verb)
    assert server.asked == [(verb, "/thing")] * 2
    assert sum(time.slept) >= 1


@pytest.mark.parametrize("fault", sorted(READ_AGAIN))
def test_a_post_whose_fate_is_not_known_is_never_sent_again(fault, client, server) -> None:
    server.tell(FAULTS[fault])
    with pytest.raises(GithubError) as caught:
        client.post("/thing", {})
    assert server.asked == [("POST", "/thing")]
    assert caught.value.ambiguous
    assert caught.value.kind in (Kind.SERVER, Kind.CUT)


@pytest.mark.parametrize("fault", sorted(READ_AGAIN))
def test_a_patch_that_adds_is_as_a_post(fault, client, server) -> None:
    server.tell(FAULTS[fault])
    with pytest.raises(GithubError) as caught:
        client.patch("/thing", {}, repeatable=False)
    assert server.asked == [("PATCH", "/thing")]
    assert caught.value.ambiguous


@pytest.mark.parametrize("fault", sorted(REFUSED_FOR_NOW))
def test_a_post_that_was_refused_for_now_is_sent_again_after_the_wait(fault, client, server, time) -> None:
    server.tell(FAULTS[fault])
    client.post("/thing", {})
    assert server.asked == [("POST", "/thing")] * 2
    assert time.slept == [3.0 if "Retry-After" in fault else 60.0]


@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("fault", sorted(FINAL))
def test_a_refusal_for_good_is_asked_once(verb, fault, client, server, time) -> None:
    server.tell(FAULTS[fault])
    if (verb, fault) == ("DELETE", "404"):
        ask(client, verb)  # that it is gone is what was wanted
    else:
        with pytest.raises(GithubError) as caught:
            ask(client, verb)
        assert caught.value.kind is FINAL[fault]
        assert not caught.value.ambiguous
    assert server.asked == [(verb, "/thing")]
    assert time.slept == []


def test_a_server_that_stays_broken_is_asked_four_times(client, server, time) -> None:
    server.tell(*[FAULTS["502"]] * 9)
    with pytest.raises(GithubError, match="status 502"):
        client.get("/thing")
    assert len(server.asked) == 4
    assert time.slept == [1, 2, 4]


def test_the_reset_is_waited_for_where_the_limit_is_spent_and_only_there(client, server, time) -> None:
    reset = {"X-RateLimit-Reset": str(int(time.now) + 17)}
    server.tell(Told(429, {}, {**reset, "X-RateLimit-Remaining": "0"}), Told(), Told(429, {}, reset))
    client.get("/thing")
    client.get("/thing")
    assert time.slept == [17, 1]
    server.tell(Told(429, {}, {"X-RateLimit-Reset": str(int(time.now) + 3000), "X-RateLimit-Remaining": "999"}))
    client.get("/thing")
    assert time.slept == [17, 1, 60]


@pytest.mark.parametrize("told", ["", "-5", "soon", "1e3", "Wed, 21 Oct 2026 07:28:00 GMT", "²", "9" * 40])
def test_a_wait_that_is_no_number_of_seconds_is_a_minute(told, opened, server, time) -> None:
    client = opened(server.url)
    server.tell(Told(429, {}, {"Retry-After": told.encode("latin-1", "replace").decode("latin-1")}))
    client.get("/thing")
    assert time.slept == [60]


def test_a_wait_over_the_budget_is_not_begun_and_nothing_is_asked_any_more(client, server, time) -> None:
    server.tell(Told(429, SECONDARY, {"Retry-After": "3600"}))
    for _ in range(3):
        with pytest.raises(GithubError, match="asks to wait 3600 s") as caught:
            client.get("/thing")
        assert caught.value.kind is Kind.RATE_LIMITED
    assert len(server.asked) == 1
    assert time.slept == []


def test_all_waits_of_a_run_come_out_of_one_budget(client, server, time) -> None:
    server.tell(*[Told(429, {}, {"Retry-After": "50"})] * 9)
    with pytest.raises(GithubError):
        client.get("/thing")
    assert time.slept == [50, 50]
    assert len(server.asked) == 3


def test_writes_are_a_second_apart_and_reads_are_not(server, time) -> None:
    with open_client(token="writer", api_url=server.url, pace=time.pace()) as client:
        client.post("/thing", {})
        client.get("/thing")
        client.post("/thing", {})
        assert time.slept == [1.0]
        time.now += 30
        client.patch("/thing", {})
        assert time.slept == [1.0]
        time.now -= 5000  # a clock that is set back does not make the run wait for it
        client.patch("/thing", {})
        assert time.slept == [1.0, 1.0]


def test_a_run_writes_twenty_five_times_and_then_no_more(client, server) -> None:
    for _ in range(25):
        client.post("/thing", {})
    with pytest.raises(GithubError, match="25 times") as caught:
        client.post("/thing", {})
    assert caught.value.kind is Kind.BUDGET
    client.get("/thing")
    assert len(server.asked) == 26


def test_a_question_in_graphql_is_no_write_and_is_asked_again(opened, server) -> None:
    client = opened(server.url, max_writes=0)
    server.tell(FAULTS["502"], Told(200, {"data": {"viewer": {"login": "ci[bot]"}}}))
    assert client.viewer() == "ci[bot]"
    assert client.viewer() == "ci[bot]"
    assert server.asked == [("POST", "/graphql")] * 2


@pytest.mark.parametrize(
    "body", [{"errors": [{"type": "FORBIDDEN", "message": "no"}]}, {"data": {"viewer": None}}, {}, [], "x", None]
)
def test_a_viewer_that_is_not_said_is_a_failure(body, client, server) -> None:
    server.tell(Told(200, body))
    with pytest.raises(GithubError):
        client.viewer()


@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_gets_no_token(verb, status, client, server) -> None:
    from injecting_server import Injecting

    with Injecting() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost") + "/thing"
        server.tell(Told(status, {}, {"Location": elsewhere}))
        with pytest.raises(GithubError, match="redirects to another address"):
            ask(client, verb)
        assert other.asked == []
    assert len(server.asked) == 1


def test_a_renamed_repository_is_followed_on_the_same_server(client, server) -> None:
    server.tell(Told(301, {}, {"Location": f"{server.url}/repositories/7"}), Told(200, {"id": 7}))
    assert client.get("/repos/acme/models") == {"id": 7}
    assert server.asked[-1] == ("GET", "/repositories/7")


@pytest.mark.parametrize(
    ("prefix", "graphql", "expected"),
    [
        ("", "", "/graphql"),
        ("/api/v3", "", "/api/graphql"),
        ("/api/v3/", "", "/api/graphql"),
        ("/api/v3", "/own/graphql", "/own/graphql"),
    ],
)
def test_an_enterprise_server_has_paths_of_its_own(prefix, graphql, expected, server, time) -> None:
    environment = {"GITHUB_API_URL": server.url + prefix}
    if graphql:
        environment["GITHUB_GRAPHQL_URL"] = server.url + graphql
    with client_of_environment(environment, token="t", pace=time.pace()) as client:
        server.tell(Told(200, {}), Told(200, {"data": {"viewer": {"login": "lee"}}}))
        client.get("/repos/acme/models")
        client.viewer()
    assert [path for _, path in server.asked] == [f"{prefix.rstrip('/')}/repos/acme/models", expected]
    assert {one["authorization"] for one in server.headers} == {"token t"}


@pytest.mark.parametrize(
    "url",
    ["", "api.github.com", "ftp://x", "file:///etc/passwd", "https://", "https://lee:pw@x", "https://x?a", "http://[x"],
)
def test_an_address_that_is_no_servers_is_refused(url) -> None:
    with pytest.raises(UsageError, match="GITHUB_API_URL"):
        open_client(token="t", api_url=url)


@pytest.mark.parametrize("url", ["https://elsewhere.example/graphql", "http://api.github.com/graphql"])
def test_a_graphql_address_of_another_server_gets_no_token(url) -> None:
    with pytest.raises(UsageError, match="another server"):
        open_client(token="t", graphql_url=url)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX: y", "tökén", "x" * 5000])
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token) -> None:
    with pytest.raises(UsageError) as caught:
        open_client(token=token)
    assert not token.strip() or token not in str(caught.value)


def test_a_bundle_of_certificates_that_is_not_there_is_said(tmp_path) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        with pytest.raises(UsageError, match="does not exist"):
            client_of_environment({name: str(tmp_path / "none.pem")}, token="t")


def test_a_token_that_a_server_repeats_is_not_shown(opened, server) -> None:
    client = opened(server.url, token="ghs_secret123")
    server.tell(Told(422, {"message": "no ghs_secret123", "errors": [{"message": "ghs_secret123\x1b[31m\n::error"}]}))
    with pytest.raises(GithubError) as caught:
        client.post("/thing", {})
    assert "ghs_secret123" not in f"{caught.value}{caught.value.words}{caught.value.problems}"
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_a_cut_connection(opened) -> None:
    with pytest.raises(GithubError, match="refused or cut") as caught:
        opened("http://127.0.0.1:1").get("/thing")
    assert caught.value.kind is Kind.CUT


def test_without_the_library_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "github", None)
    with pytest.raises(MissingExtraError, match=r"policy-gate\[github\]"):
        open_client(token="t")


def test_a_missing_permission_is_named_as_a_workflow_writes_it(client, server) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"}
    server.tell(Told(403, FORBIDDEN, headers), Told(403, FORBIDDEN, {"X-Accepted-GitHub-Permissions": "checks=write"}))
    with pytest.raises(GithubError, match=r"lacks pull-requests: write \(Resource") as caught:
        client.post("/thing", {})
    assert caught.value.permission == "issues=write; pull_requests=write"
    with pytest.raises(GithubError, match="lacks checks: write"):
        client.post("/thing", {})


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (Told(403, {"message": "Unable to create comment because issue is locked."}), Kind.LOCKED),
        (Told(422, {"message": "Validation Failed", "errors": ["lock prevents review"]}), Kind.LOCKED),
        (Told(422, {"message": "x", "errors": [{"message": "Body is too long (maximum is 65536)"}]}), Kind.TOO_LONG),
        (Told(413, b"Request Entity Too Large"), Kind.TOO_LONG),
        (Told(403, {"message": "Wait."}, {"Retry-After": "999"}), Kind.RATE_LIMITED),
        (Told(403, {"message": "Clock is blocked"}), Kind.NO_PERMISSION),
        (Told(410, {}), Kind.NOT_FOUND),
        (Told(400, [1]), Kind.VALIDATION),
        (Told(409, "x"), Kind.VALIDATION),
    ],
)
def test_each_refusal_has_its_kind(told, kind, client, server) -> None:
    server.tell(told)
    with pytest.raises(GithubError) as caught:
        client.post("/thing", {})
    assert caught.value.kind is kind


def test_pages_are_read_to_the_end_from_our_own_address(client, server) -> None:
    more = {"Link": '<https://elsewhere.example/x?page=9>; rel="next"'}
    server.tell(Told(200, [1], more), Told(200, [2], more), Told(200, [3]))
    assert list(client.pages("/things", most=5)) == [1, 2, 3]
    assert [path for _, path in server.asked] == [f"/things?page={page}&per_page=100" for page in (1, 2, 3)]


def test_pages_without_an_end_have_one(client, server) -> None:
    more = {"Link": '<x>; rel="next"'}
    server.tell(*[Told(200, [page], more) for page in range(3)])
    with pytest.raises(GithubError, match="more than 200") as caught:
        list(client.pages("/things", most=2))
    assert caught.value.kind is Kind.BUDGET


def test_the_same_page_again_is_no_next_page(client, server) -> None:
    server.tell(*[Told(200, [1], {"Link": '<x>; rel="next"'})] * 9)
    with pytest.raises(GithubError, match="same page"):
        list(client.pages("/things", most=9))
    assert len(server.asked) == 2


def test_a_pace_starts_with_nothing_spent() -> None:
    slept: list[float] = []
    pace = Pace(clock=lambda: 0.0, sleep=slept.append)
    assert pace.wait(120)
    assert not pace.wait(0.1)
    assert slept == [120]
