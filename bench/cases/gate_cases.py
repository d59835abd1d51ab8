"""A case of a table: what is done to an honest next release, what the gate must answer, and the run that shows it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# The example in a repository is shared with the tests of the example, and the way to start a command with all tests.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "release_of_example"))

from example_world import CONFIG, FOLDER, MANIFEST, TODAY, Checkout, copy_example, git
from starting import as_text, start_gate

from policy_gate.errors import GateError

BLOCKING = ("fail", "unknown", "error")
# A person's own settings and CI's variables do not reach a run; a case that is about CI sets its own.
NOT_PASSED_ON = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")


def as_it_is(checkout: Checkout) -> None:
    """Nothing is done."""
    del checkout


def sign_where_possible(checkout: Checkout) -> None:
    """Sign with the valid key; a manifest that cannot be read cannot be signed."""
    try:
        checkout.sign()
    except GateError:
        return


def leave_unsigned(checkout: Checkout) -> None:
    """Keep whatever signature lies there; the ledger has its line, which needs no key."""
    checkout.enter()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row: the base is changed and committed, the release is the next one, then `spoil` happens to it.

    `rules` are exactly those that block (exit 1); `said` is a pattern of one problem (exit 2, also where rules block
    as well); with neither, the release is allowed. `spoil` may give another checkout to judge.
    """

    words: str
    spoil: Callable[[Checkout], Checkout | None] = as_it_is
    base_has: Callable[[Checkout], None] | None = None
    sign: Callable[[Checkout], None] = sign_where_possible
    rules: frozenset[str] = frozenset()
    said: str = ""
    base: str | None = "HEAD"
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    unjudged: bool = False
    """Whether it is blocked because no rule applies: exit 1, and no rule to name."""
    still_open: str = ""
    """Why the gate lets this pass today. Its test fails as long as it does; then this becomes `rules` or `said`."""

    @property
    def code(self) -> int:
        """The exit code the gate must end with."""
        return 2 if self.said else 1 if self.rules or self.unjudged else 0


@dataclass(frozen=True)
class Answer:
    """What the gate answered: exit code, rules that block, problems as `path:line:column: message`."""

    code: int
    rules: frozenset[str]
    problems: tuple[str, ...]

    @property
    def word(self) -> str:
        """How a table calls it."""
        return verdict_word(self.code)

    @property
    def why(self) -> str:
        """The first problem, or the rules."""
        return next(iter(self.problems), ", ".join(sorted(self.rules)))

    def is_as_expected(self, case: Case) -> bool:
        """Whether this is what the case asks for, to the rule or the message; of an open one, that it does not pass."""
        if case.still_open:
            return self.code in (1, 2)
        said = any(re.search(case.said, one) for one in self.problems)
        return self.code == case.code and self.rules == case.rules and (said or not case.said)


def verdict_word(code: int) -> str:
    """Passes, blocks, or the exit code that says that nothing was judged."""
    return {0: "passes", 1: "blocks"}.get(code, f"exit {code}")


def make_released(root: Path) -> Path:
    """A repository whose one commit is the example release."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    copy_example(root)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Release 1.4.0")
    return root


def ask(case: Case, released: Path, folder: Path) -> Answer:
    """Set the case up in a copy of a repository, and run the command in it."""
    checkout = Checkout.of(released, folder)
    if case.base_has is not None:
        case.base_has(checkout)
        checkout.commit()
    checkout.bump()
    judged = case.spoil(checkout) or checkout
    case.sign(judged)
    kept = {name: one for name, one in os.environ.items() if name not in NOT_PASSED_ON and not name.startswith("GIT_")}
    env = {**kept, **case.env}
    return _answer(as_text(start_gate(*(case.command or _check(case)), cwd=judged.root, env=env)))


def _check(case: Case) -> list[str]:
    base = [] if case.base is None else ["--base", case.base]
    # In CI a past day is refused, so such a case is judged as of today.
    day = [] if case.env.get("CI") else ["--now", TODAY.isoformat()]
    return ["check", f"{FOLDER}/{MANIFEST}", "--config", CONFIG, "--format", "json", *day, *base]


def _answer(done: subprocess.CompletedProcess[str]) -> Answer:
    # Hints are indented, and click says how a command is used before it says what is wrong.
    problems = [line for line in done.stderr.splitlines() if line and not line.startswith((" ", "Usage:", "Try "))]
    rules: set[str] = set()
    if done.stdout.startswith("{"):
        report = json.loads(done.stdout)
        problems += [_line(one) for one in report["problems"]]
        rules = {
            one["rule"]
            for record in report["records"]
            for one in record["judgements"]
            if one["mode"] == "enforce" and one["outcome"] in BLOCKING
        }
    return Answer(done.returncode, frozenset(rules), tuple(problems))


def _line(problem: Mapping[str, object]) -> str:
    place = ":".join(str(problem[key]) for key in ("path", "line", "column") if problem.get(key))
    return f"{place}: {problem['message']}" if place else f"policy-gate: {problem['message']}"
