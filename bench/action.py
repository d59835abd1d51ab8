"""From the start of the Action to the verdict in a fresh environment, cold and cached, beside other ways to install."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

import yaml
from inputs import make_one

PROJECT = Path(__file__).resolve().parents[1]
LOCK = PROJECT / "action" / "core.txt"
BIN = "Scripts" if os.name == "nt" else "bin"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
GOALS = {"cold": 4.0, "cached": 1.5}
HOST_PIP = "pip==26.3"
"""setup-python and GitHub's runners bring a current one; the one beside an old Python is three times slower."""
BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]

# Runs the installer with a clock around each of its parts; the parts are told on the last line.
CLOCK = """\
import importlib.util, json, sys, time
spec = importlib.util.spec_from_file_location("install", sys.argv[1])
install = importlib.util.module_from_spec(spec)
spec.loader.exec_module(install)
spent = {}
def clocked(name):
    plain = getattr(install, name)
    def run(*given):
        started = time.perf_counter()
        try:
            return plain(*given)
        finally:
            spent[name] = spent.get(name, 0) + time.perf_counter() - started
    setattr(install, name, run)
for one in ("make_environment", "copy_package", "find_wheel", "fetch", "keep", "unpack"):
    clocked(one)
code = install.main(sys.argv[2:])
print(json.dumps(spent))
sys.exit(code)
"""


@dataclass(frozen=True)
class Machine:
    """A fresh job: the runner's folders and variables, a checkout with a base, and the Python that is there."""

    folder: Path
    host: Path
    store: Path

    def environment(self, temp: Path) -> dict[str, str]:
        tools = {name: text for name, text in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_", "CI"))}
        work = self.folder / "work"
        head = git(work, "rev-parse", "HEAD")
        return tools | {
            "PATH": f"{self.host.parent}{os.pathsep}{tools['PATH']}",
            "GITHUB_ACTION_PATH": str(PROJECT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_SHA": head,
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
            "GITHUB_WORKSPACE": str(work),
            "INPUT_WHEELS": str(self.store),
            "RUNNER_TEMP": str(temp),
        }


@dataclass
class Spent:
    """Seconds by what they were spent on, a list over rounds each."""

    parts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, seconds: float) -> None:
        self.parts.setdefault(what, []).append(seconds)

    def median(self, what: str) -> float:
        return statistics.median(self.parts[what])


def git(folder: Path, *arguments: str) -> str:
    plain = ["-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *plain, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_checkout(folder: Path) -> None:
    """A pull request as actions/checkout leaves it: the merge commit with its base."""
    work = folder / "work"
    work.mkdir()
    make_one(work)
    git(work, "init", "-q", "-b", "main")
    git(work, "add", ".")
    git(work, "commit", "-qm", "base")
    base = git(work, "rev-parse", "HEAD")
    (work / "README.md").write_text("A change.\n", encoding="utf-8")
    git(work, "checkout", "-qb", "change")
    git(work, "add", ".")
    git(work, "commit", "-qm", "change")
    head = git(work, "rev-parse", "HEAD")
    git(work, "checkout", "-q", "--detach", base)
    git(work, "merge", "-q", "--no-ff", "-m", "merge", head)
    home = {"full_name": "acme/models", "default_branch": "main"}
    ends = {name: {"sha": sha, "repo": home} for name, sha in (("base", base), ("head", head))}
    event = {"action": "opened", "pull_request": {"number": 1, "user": {"login": "a"}, **ends}, "repository": home}
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")


def make_host() -> Path:
    """A Python as a runner has it, with a current pip; made once, below .bench/."""
    home = PROJECT / ".bench" / "action-host"
    python = home / BIN / "python3"
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", HOST_PIP], check=True)
        (home / "installed").touch()
    return python


def processor() -> float:
    """Processor seconds of every process that ended so far; 0 where the platform does not tell."""
    used = os.times()
    return used.children_user + used.children_system


def seconds(command: list[object], **options: object) -> float:
    started = perf_counter()
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, **options)
    spent = perf_counter() - started
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return spent


def fresh(folder: Path) -> Path:
    temp = Path(tempfile.mkdtemp(dir=folder))
    (temp / "output").touch()
    return temp


def clear(temp: Path) -> None:
    """Remove what a run made, when the compiling that nobody waits for is over."""
    sleep(1.0)
    shutil.rmtree(temp, ignore_errors=True)


def steps() -> dict[str, str]:
    """The scripts of action.yml by the id of their step."""
    action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
    return {one["id"]: one["run"] for one in action["runs"]["steps"]}


def one_run(machine: Machine, spent: Spent) -> None:
    """Both steps as the runner runs them, and the whole time to the verdict."""
    temp = fresh(machine.folder)
    env, scripts, work = machine.environment(temp), steps(), machine.folder / "work"
    before = processor()
    installed = seconds([*BASH, "-c", scripts["install"]], env={**env, "INPUT_REVIEWS": "false"}, cwd=work)
    told = dict(line.split("=", 1) for line in (temp / "output").read_text(encoding="utf-8").splitlines())
    env["POLICY_GATE_PYTHON"] = told["python"]
    judged = seconds([*BASH, "-c", scripts["judge"]], env=env, cwd=work)
    spent.add("all", installed + judged)
    spent.add("all, processor time", processor() - before)
    spent.add("step: install", installed)
    spent.add("step: judge", judged)
    again = seconds([*BASH, "-c", scripts["judge"]], env=env, cwd=work)
    spent.add("compile dependencies", max(judged - again, 0.0))
    spent.add("import", imports(told["python"], env, work))
    spent.add("start and judge", again - spent.parts["import"][-1])
    clear(temp)


def imports(python: str, env: Mapping[str, str], work: Path) -> float:
    """What importing takes by Python's own account, once everything is compiled."""
    command = [python, "-I", "-X", "importtime", "-m", "policy_gate.cli", "action"]
    done = subprocess.run(command, env=dict(env), cwd=work, capture_output=True, text=True, check=False)
    return sum(int(one) for one in re.findall(r"^import time: +(\d+) \|", done.stderr, re.MULTILINE)) / 1e6


def installer_parts(machine: Machine, spent: Spent) -> None:
    temp = fresh(machine.folder)
    env = machine.environment(temp)
    spent.add("find Python", seconds([*BASH, "-c", f'. "{PROJECT / "action" / "install.sh"}"'], env=env))
    started = perf_counter()
    command = [machine.host, "-I", "-S", "-c", CLOCK, PROJECT / "action" / "install.py", "core"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    whole = perf_counter() - started
    parts = json.loads(done.stdout.splitlines()[-1])
    names = {
        "make_environment": "environment",
        "copy_package": "copy the package",
        "fetch": "download (pip)",
        "find_wheel": "check hashes",
        "keep": "keep wheels",
        "unpack": "unpack",
    }
    for name, words in names.items():
        spent.add(words, parts.get(name, 0.0))
    spent.add("start", whole - sum(parts.values()))
    clear(temp)


def measure(machine: Machine, *, cold: bool) -> Spent:
    spent = Spent()
    for _ in range(ROUNDS):
        for part in (one_run, installer_parts):
            if cold:
                shutil.rmtree(machine.store, ignore_errors=True)
            part(machine, spent)
    return spent


def uv() -> Path:
    home = PROJECT / ".bench" / "uv"
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / BIN / "python", "-m", "pip", "install", "--quiet", "uv==0.13.9"], check=True)
        (home / "installed").touch()
    return home / BIN / "uv"


def ways(machine: Machine, wheels: list[str]) -> dict[str, Callable[[Path], Iterator[list[object]]]]:
    """Commands that make an environment at a path, by name; `wheels` are options that point at a folder, or none."""
    locked = ["--require-hashes", "--only-binary=:all:", "--no-deps", *wheels, "--requirement", LOCK]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-cache-dir"]

    def ours(place: Path) -> Iterator[list[object]]:
        del place
        yield [machine.host, "-I", "-S", PROJECT / "action" / "install.py", "core"]

    def venv_with_pip(place: Path) -> Iterator[list[object]]:
        yield [machine.host, "-m", "venv", place]
        yield [place / BIN / "python", "-m", "pip", "install", *quiet, *locked]

    def host_pip(place: Path, *more: str) -> Iterator[list[object]]:
        yield [machine.host, "-m", "venv", "--without-pip", place]
        yield [machine.host, "-m", "pip", "--python", place / BIN / "python", "install", *quiet, *more, *locked]

    def with_uv(place: Path) -> Iterator[list[object]]:
        yield [uv(), "venv", "--quiet", "--python", machine.host, place]
        yield [uv(), "pip", "install", "--quiet", "--no-cache", "--python", place / BIN / "python", *locked]

    return {
        "ours: pip fetches, own unpacking": ours,
        "venv with pip, pip install": venv_with_pip,
        "host's pip installs": host_pip,
        "host's pip, --no-compile": lambda place: host_pip(place, "--no-compile"),
        "uv": with_uv,
    }


def compare(machine: Machine, *, cold: bool) -> dict[str, float]:
    """Median processor seconds of each way to make one; ours copies policy_gate too."""
    kept = next(iter(machine.store.iterdir()), None) if machine.store.is_dir() else None
    wheels = [] if cold or kept is None else ["--no-index", "--find-links", str(kept)]
    samples: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, commands in ways(machine, wheels).items():
            temp = fresh(machine.folder)
            env = machine.environment(temp) | ({"INPUT_WHEELS": str(temp / "none")} if cold else {})
            before = processor()
            for one in commands(temp / "environment"):
                seconds(one, env=env)
            samples.setdefault(name, []).append(processor() - before)
            clear(temp)
    return {name: statistics.median(one) for name, one in samples.items()}


def main() -> int:
    """Print where the time goes and the ways beside each other; 1 where a goal is missed."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}; medians of {ROUNDS} rounds, in seconds\n")
    missed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        machine = Machine(Path(folder), make_host(), Path(folder) / "wheels")
        make_checkout(machine.folder)
        found = {kind: measure(machine, cold=kind == "cold") for kind in GOALS}
        print(f"{'to the verdict':<34} {'cold':>7} {'cached':>7}")
        for what in found["cold"].parts:
            row = [found[kind].median(what) for kind in GOALS]
            print(f"{what:<34} {row[0]:>7.2f} {row[1]:>7.2f}", flush=True)
        for kind, goal in GOALS.items():
            # Other work on the machine only adds to a wall time: the quickest round is told beside the median.
            taken, quickest = found[kind].median("all"), min(found[kind].parts["all"])
            missed += taken > goal
            print(f"{kind}: {taken:.2f} s, quickest {quickest:.2f} s; goal {goal} s, {taken / goal:.2f} of it")
        print(f"\n{'the environment, processor time':<34} {'cold':>7} {'cached':>7} {'to ours':>8}")
        sides = [compare(machine, cold=cold) for cold in (True, False)]
        ours = next(iter(sides[0]))
        for name in sides[0]:
            cold, cached = (side[name] for side in sides)
            print(f"{name:<34} {cold:>7.2f} {cached:>7.2f} {cached / sides[1][ours]:>7.1f}x")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
