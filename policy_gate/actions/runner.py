"""What the runner tells a job by its environment: where files are, which run this is, and of which repository."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policy_gate.errors import UsageError
from policy_gate.frozen import dataclass

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._/-]{0,100})?")
MAX_TEXT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The variables of one job; "" where the runner gives none, as on a machine that is no runner."""

    event_name: str = ""
    event_path: str = ""
    sha: str = ""
    ref: str = ""
    ref_type: str = ""
    ref_name: str = ""
    repository: str = ""
    server_url: str = ""
    run_id: str = ""
    run_attempt: str = ""
    actor: str = ""
    temp: str = ""
    output: str = ""
    summary: str = ""

    @property
    def run_url(self) -> str:
        """The page of this run, "" where it is not known; of all its attempts, so that a repeat says the same."""
        if not (self.server_url and self.repository and self.run_id):
            return ""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"


def read_runner(environment: Mapping[str, str]) -> Runner:
    """The runner's variables; UsageError for one that does not have its form, since links are made of them."""
    return Runner(
        event_name=_text(environment, "GITHUB_EVENT_NAME"),
        event_path=environment.get("GITHUB_EVENT_PATH", ""),
        sha=_matching(environment, "GITHUB_SHA", _OID),
        ref=_text(environment, "GITHUB_REF"),
        ref_type=_text(environment, "GITHUB_REF_TYPE"),
        ref_name=_text(environment, "GITHUB_REF_NAME"),
        repository=_matching(environment, "GITHUB_REPOSITORY", _REPOSITORY),
        server_url=_matching(environment, "GITHUB_SERVER_URL", _URL).rstrip("/"),
        run_id=_matching(environment, "GITHUB_RUN_ID", re.compile(r"[0-9]{1,20}")),
        run_attempt=_matching(environment, "GITHUB_RUN_ATTEMPT", re.compile(r"[0-9]{1,6}")),
        actor=_text(environment, "GITHUB_ACTOR"),
        temp=environment.get("RUNNER_TEMP", ""),
        output=environment.get("GITHUB_OUTPUT", ""),
        summary=environment.get("GITHUB_STEP_SUMMARY", ""),
    )


def files_of_runner(environment: Mapping[str, str]) -> Runner:
    """Only where a runner takes reports, for a run whose other variables are not what they have to be."""
    return Runner(
        temp=environment.get("RUNNER_TEMP", ""),
        output=environment.get("GITHUB_OUTPUT", ""),
        summary=environment.get("GITHUB_STEP_SUMMARY", ""),
    )


def is_oid(text: str) -> bool:
    """Whether a text is the full hex id of an object, SHA-1 or SHA-256."""
    return _OID.fullmatch(text) is not None


def is_repository(text: str) -> bool:
    """Whether a text is an owner and a name as GitHub takes them."""
    return _REPOSITORY.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Whether a text is a plain address of a server: no query, no user, nothing that Markdown or HTML reads."""
    return _URL.fullmatch(text) is not None


def _matching(environment: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    text = environment.get(name, "")
    if text and form.fullmatch(text) is None:
        raise UsageError(f"{name} does not have the form the runner gives it")
    return text


def _text(environment: Mapping[str, str], name: str) -> str:
    text = environment.get(name, "")
    if len(text) > MAX_TEXT or not text.isprintable():
        raise UsageError(f"{name} is too long, or holds invisible characters")
    return text
