"""One job of a workflow: the environment a runner gives, and the real commands as its steps."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from command_parser import Log, read_log
from event_files import REPOSITORY, Trigger
from file_commands import read_pairs, read_summary
from github_simulator import Simulator
from starting import start_gate

# Waiting costs no time: the clock is put forward by as much, and the seconds are noted for the test.
WAITED = "SECONDS_WAITED_IN_THE_TEST"
PATIENT = f"""\
import os, time
real, passed = time.time, [0.0]
def sleep(seconds):
    passed[0] += seconds
    with open(os.environ["{WAITED}"], "a") as file:
        print(seconds, file=file)
time.sleep = sleep
time.time = lambda: real() + passed[0]
"""


@dataclass(frozen=True)
class Done:
    """What a step did, as the runner sees it."""

    code: int
    out: str
    err: str
    outputs: Mapping[str, str]
    summary: str
    waited_seconds: float

    @property
    def said(self) -> str:
        return f"{self.out}\n{self.err}"

    @property
    def log(self) -> Log:
        return read_log(self.said)


@dataclass
class Job:
    """A job in a checkout; `hub` is the GitHub it talks to, and without a token it only talks to its reader."""

    workspace: Path
    temp: Path
    trigger: Trigger
    hub: Simulator | None = None
    token: str = "ghs_of_the_tests"
    run_id: int = 4242
    attempt: int = 1
    env: dict[str, str] = field(default_factory=dict)
    steps: int = 0

    def environment(self) -> dict[str, str]:
        """What a runner on Linux gives every step."""
        trigger, kind = self.trigger, "tag" if self.trigger.ref.startswith("refs/tags/") else "branch"
        event = self.temp / "event.json"
        event.parent.mkdir(parents=True, exist_ok=True)
        event.write_text(json.dumps(trigger.payload), encoding="utf-8")
        api = self.hub.url if self.hub else "http://127.0.0.1:9"
        graphql = f"{api.removesuffix(self.hub.prefix)}{self.hub.graphql}" if self.hub else f"{api}/graphql"
        told = {
            "ACTOR": trigger.actor,
            "API_URL": api,
            "BASE_REF": trigger.base_ref,
            "EVENT_NAME": trigger.name,
            "EVENT_PATH": str(event),
            "GRAPHQL_URL": graphql,
            "HEAD_REF": trigger.head_ref,
            "JOB": "gate",
            "REF": trigger.ref,
            "REF_NAME": trigger.ref.split("/", 2)[2],
            "REF_TYPE": kind,
            "REPOSITORY": REPOSITORY,
            "REPOSITORY_OWNER": REPOSITORY.split("/")[0],
            "RUN_ATTEMPT": str(self.attempt),
            "RUN_ID": str(self.run_id),
            "RUN_NUMBER": "1",
            "SERVER_URL": "https://github.example",
            "SHA": trigger.sha,
            "TRIGGERING_ACTOR": trigger.actor,
            "WORKFLOW": "gate",
            "WORKSPACE": str(self.workspace),
        }
        runner = {
            "OS": "Linux",
            "ARCH": "X64",
            "NAME": "tests",
            "TEMP": str(self.temp),
            "TOOL_CACHE": str(self.temp / "tools"),
        }
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
        return {
            **kept,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "HOME": str(self.temp),
            **{f"GITHUB_{name}": text for name, text in told.items()},
            **{f"RUNNER_{name}": text for name, text in runner.items()},
            **self.env,
        }

    def run(self, *arguments: str, **inputs: str) -> Done:
        """Run one command as a step, with inputs such as check_run="true"; nothing else of the tests reaches it."""
        self.steps += 1
        files = {
            name: self.temp / f"{name.lower()}_{self.steps}"
            for name in ("OUTPUT", "ENV", "STEP_SUMMARY", "STATE", "PATH")
        }
        env = self.environment() | {f"INPUT_{name.upper()}": text for name, text in inputs.items()}
        for name, place in files.items():
            place.write_bytes(b"")
            env[f"GITHUB_{name}"] = str(place)
        waited = self.temp / f"waited_{self.steps}"
        done = start_gate(*arguments, cwd=self.workspace, env={**env, WAITED: str(waited)}, prelude=PATIENT)
        return Done(
            done.returncode,
            done.stdout.decode(),
            done.stderr.decode(),
            read_pairs(files["OUTPUT"].read_bytes().decode()),
            read_summary(files["STEP_SUMMARY"]),
            sum(map(float, waited.read_text().split())) if waited.exists() else 0.0,
        )

    def judge(self, **inputs: str) -> Done:
        """The step that judges; its exit code is the gate."""
        return self.run("action", **inputs)

    def post(self, overview: str, *options: str, **inputs: str) -> Done:
        """The step that posts, with the job's token."""
        return self.run("post", overview, *options, token=self.token, **inputs)
