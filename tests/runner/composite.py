"""Runs the steps of a composite action in order, as the runner does: bash, files for outputs, commands in the log."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from command_parser import Log, read_log
from file_commands import FileCommandError, read_pairs, read_summary, read_variables
from runner_expressions import Expressions, as_text

BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
Done = subprocess.CompletedProcess[bytes]
KNOWN = frozenset({"id", "name", "if", "run", "shell", "env", "working-directory", "uses", "with", "continue-on-error"})


class ActionError(Exception):
    """An action that the runner, or this test runner, does not take."""


@dataclass(frozen=True)
class Job:
    """Where an action runs: the checkout, the runner's temporary folder, and the whole environment of its steps."""

    workspace: Path
    temp: Path
    env: Mapping[str, str]
    github: Mapping[str, Any] = field(default_factory=dict)  # Any: a JSON document
    os: str = "Linux"
    timeout_seconds: float = 120


@dataclass(frozen=True)
class Step:
    """What became of one step: success, failure or skipped; `conclusion` is success where it may fail."""

    id: str
    name: str
    outcome: str
    conclusion: str
    code: int = 0
    text: str = ""
    log: Log = field(default_factory=Log)
    outputs: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Run:
    """What became of an action."""

    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    """Inputs that the action does not have."""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def is_failed(self) -> bool:
        return any(one.conclusion == "failure" for one in self.steps)

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.steps)

    def step(self, identity: str) -> Step:
        return next(one for one in self.steps if one.id == identity)


def run_action(
    folder: Path, job: Job, inputs: Mapping[str, str], uses: Mapping[str, Mapping[str, str]] | None = None
) -> Run:
    """Run the action of a folder; `uses` are the other actions it may name, skipped, with outputs to give them."""
    action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    if action["runs"]["using"] != "composite":
        raise ActionError("only composite actions are run here")
    known = action.get("inputs", {})
    running = Running(folder, job, uses or {}, Run(env=dict(job.env)))
    running.run.unexpected = [name for name in inputs if name not in known]
    first = running.expressions()
    running.inputs = {name: inputs.get(name, first.fill(as_text(one.get("default")))) for name, one in known.items()}
    for number, step in enumerate(action["runs"]["steps"]):
        running.take(step, step.get("id", f"__{number}"))
    last = running.expressions()
    running.run.outputs = {name: last.fill(as_text(one["value"])) for name, one in action.get("outputs", {}).items()}
    return running.run


@dataclass
class Running:
    """An action on its way from step to step."""

    folder: Path
    job: Job
    uses: Mapping[str, Mapping[str, str]]
    run: Run
    inputs: dict[str, str] = field(default_factory=dict)

    def expressions(self) -> Expressions:
        """The expressions of the next step, over what the steps before have left."""
        steps = {
            one.id: {"outputs": one.outputs, "outcome": one.outcome, "conclusion": one.conclusion}
            for one in self.run.steps
        }
        env, prefix = self.run.env, "GITHUB_"
        named = {name.removeprefix(prefix).lower(): text for name, text in env.items() if name.startswith(prefix)}
        places = {"action_path": str(self.folder), "workspace": str(self.job.workspace)}
        runner = {"os": self.job.os, "temp": str(self.job.temp), "tool_cache": env.get("RUNNER_TOOL_CACHE", "")}
        contexts = {
            "inputs": self.inputs,
            "steps": steps,
            "env": env,
            "github": {**named, **self.job.github, **places},
            "runner": runner,
            "job": {"status": "failure" if self.run.is_failed else "success"},
        }
        return Expressions(contexts, is_failed=self.run.is_failed)

    def take(self, step: Mapping[str, Any], identity: str) -> None:  # Any: a JSON document
        """Run one step, or skip it."""
        unknown = set(step) - KNOWN
        if unknown:
            raise ActionError(f"a step has {', '.join(sorted(unknown))}")
        says = self.expressions()
        name = says.fill(as_text(step.get("name", identity)))
        if not says.holds(as_text(step.get("if", "success()"))):
            self.run.steps.append(Step(identity, name, "skipped", "skipped"))
        elif "uses" in step:
            self._skip(identity, name, step["uses"])
        elif step.get("shell") != "bash":
            raise ActionError(f"step {name} has the shell {step.get('shell')}")
        else:
            env = {key: says.fill(as_text(text)) for key, text in step.get("env", {}).items()}
            where = self.job.workspace / says.fill(step.get("working-directory", "."))
            done, files = self._bash(says.fill(step["run"]), env, where)
            self._finish(Step(identity, name, "", ""), done, files, may_fail=step.get("continue-on-error") is True)

    def _skip(self, identity: str, name: str, action: str) -> None:
        if action not in self.uses:
            raise ActionError(f"the action uses {action}")
        self.run.steps.append(Step(identity, name, "skipped", "success", outputs=self.uses[action]))

    def _bash(self, script: str, env: Mapping[str, str], where: Path) -> tuple[Done, dict[str, Path]]:
        token = uuid.uuid4().hex
        commands = self.job.temp / "_runner_file_commands"
        commands.mkdir(parents=True, exist_ok=True)
        files = {name: commands / f"{name.lower()}_{token}" for name in FILES}
        for one in files.values():
            one.write_bytes(b"")
        place = self.job.temp / f"{token}.sh"
        place.write_bytes(script.encode())
        around = {"GITHUB_ACTION_PATH": str(self.folder), "GITHUB_ACTION": "__self"}
        done = subprocess.run(
            [*BASH, str(place)],
            cwd=where,
            env={**self.run.env, **around, **{name: str(one) for name, one in files.items()}, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=self.job.timeout_seconds,
        )
        return done, files

    def _finish(self, step: Step, done: Done, files: Mapping[str, Path], *, may_fail: bool) -> None:
        text = done.stdout.decode("utf-8", "replace")
        log = read_log(text)
        outputs, summary = {}, ""
        try:
            outputs = read_pairs(files["GITHUB_OUTPUT"].read_bytes().decode())
            self.run.env.update(read_variables(files["GITHUB_ENV"].read_bytes().decode()))
            summary = read_summary(files["GITHUB_STEP_SUMMARY"])
        except FileCommandError as fault:
            log.faults.append(str(fault))
        added = [line for line in files["GITHUB_PATH"].read_text(encoding="utf-8").splitlines() if line]
        self.run.env["PATH"] = ":".join([*reversed(added), self.run.env.get("PATH", "")])
        outputs |= {one.properties["name"]: one.text for one in log.named("set-output") if one.properties.get("name")}
        outcome = "failure" if done.returncode or log.faults else "success"
        said = {"code": done.returncode, "text": text, "log": log, "outputs": outputs, "summary": summary}
        self.run.steps.append(replace(step, outcome=outcome, conclusion="success" if may_fail else outcome, **said))
