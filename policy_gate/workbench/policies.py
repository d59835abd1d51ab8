"""A policy that somebody names, ready to judge records of any stage and day: a pack, or a configuration."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from policy_gate.document import load
from policy_gate.engine import base_of
from policy_gate.engine.past import ReplayJudge
from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.gate import CONFIG_NAME, MAX_DOCUMENT_BYTES
from policy_gate.gate.exempting import Exceptions, read_exceptions
from policy_gate.gate.judge import Judges
from policy_gate.gate.trusted import Configuration, PolicyFiles, read_configuration
from policy_gate.model import Record, Stage
from policy_gate.policy.loading import Policy
from policy_gate.policy.packs import BUILTIN
from policy_gate.source import Tree, open_revision, open_working_tree

CONFIGURATION_KIND, PACK_KIND = "PolicyConfig", "PolicyPack"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyName:
    """A policy by name: a `pack` that is shipped or lies elsewhere, else the file `path` of a revision or of disk.

    With "" for `revision` it is the working tree, with "" for `path` the configuration at its usual place.
    """

    words: str
    pack: str = ""
    revision: str = ""
    path: str = ""


def parse_policy_name(words: str) -> PolicyName:
    """Read `builtin:NAME`, `git+https://…`, `REVISION:PATH`, `REVISION:` or `PATH`; never fails."""
    if words.startswith(BUILTIN) or "://" in words:
        return PolicyName(words=words, pack=words)
    revision, colon, path = words.partition(":")
    if colon and len(revision) > 1:  # one letter is a drive of Windows
        return PolicyName(words=words, revision=revision, path=path)
    return PolicyName(words=words, path=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlace:
    """Where policies are looked up: the top of the tree, and the configuration that goes with a pack."""

    root: Path
    config: str = ""
    now: str = ""
    """The day to judge all records as of; "" for each record's own."""


class NamedPolicy:
    """One policy, bound as often as stages and days make it another; serves the process that opened it."""

    def __init__(self, name: PolicyName, place: PolicyPlace) -> None:
        """Open its tree and read its configuration; raises GateError."""
        self._tree = open_revision(place.root, name.revision) if name.revision else open_working_tree(place.root)
        self._now = place.now
        self.configuration, self._names = _named(name, place.config, self._tree)
        self._by_day: dict[tuple[Stage, str], Judges] = {}
        self._by_span: dict[tuple[Stage, int], Judges] = {}
        self._rollouts: dict[Stage, tuple[str, ...]] = {}
        self._exceptions: dict[str, Exceptions] = {}

    def judge_of(self, record: Record) -> ReplayJudge:
        """Who judges a record: at its stage, on its day, as its claims select; raises GateError."""
        day = self._now or record.today
        judge = self.judges(record.stage, day).of(record.claims, base_of(record))
        exceptions = self.exceptions(day)
        return ReplayJudge(
            rules=judge.rules,
            limits=judge.policy.exceptions,
            own_rules=judge.own_rules,
            parameters=judge.parameters,
            names=judge.policy.names,
            exempt=exceptions.for_release(record.release, judge.policy),
            today=self._now,
        )

    def judges(self, stage: Stage, day: str) -> Judges:
        """The judges of a stage on a day; loaded anew only where the day can make a difference."""
        if (stage, day) in self._by_day:
            return self._by_day[stage, day]
        rollouts = self._rollouts.get(stage)
        span = (stage, bisect_right(rollouts, day)) if rollouts is not None else None
        if span is None or span not in self._by_span:
            policy = PolicyFiles(self.configuration, day).policy(self._names, stage)
            judges = Judges(policy, stage, day)
            if self._depends_on_each_day(policy):
                return self._by_day.setdefault((stage, day), judges)
            self._rollouts[stage] = rollouts = tuple(sorted(set(_rollout_days(policy))))
            span = stage, bisect_right(rollouts, day)
            self._by_span[span] = judges
        return self._by_day.setdefault((stage, day), self._by_span[span])

    def exceptions(self, day: str) -> Exceptions:
        """Waivers and baseline as of a day; a configuration without them has none on every day."""
        spec = self.configuration.spec
        key = day if spec.waivers is not None or spec.baseline is not None else ""
        if key not in self._exceptions:
            self._exceptions[key] = read_exceptions(PolicyFiles(self.configuration, day))
        return self._exceptions[key]

    def _depends_on_each_day(self, policy: Policy) -> bool:
        """Selectors may read the day, and a permission to loosen ends on one; rollouts split time into few spans."""
        return bool(policy.selectors) or bool(self.configuration.spec.loosens)

    def close(self) -> None:
        """Release its tree."""
        self._tree.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _rollout_days(policy: Policy) -> Iterator[str]:
    for pack in policy.packs:
        for rule in pack.content.spec.rules:
            if rule.rollout is not None:
                yield rule.rollout.effective_on


def _named(name: PolicyName, config: str, tree: Tree) -> tuple[Configuration, tuple[str, ...]]:
    """The configuration that judges, and its packs; a pack is judged with the overlays of the configuration."""
    if not name.pack and (not name.path or _kind(tree, name.path) == CONFIGURATION_KIND):
        own = read_configuration(name.path, tree, from_base=False)
        return own, own.spec.policy
    configuration = read_configuration(config, tree, from_base=False)
    return configuration, (name.pack or _beside(configuration, name.path),)


def _kind(tree: Tree, path: str) -> object:
    try:
        content = tree.read(path, MAX_DOCUMENT_BYTES)
    except EvidenceError as error:
        raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", path, hint=error.fix)) from error
    kind = load(content, path).get("/kind")
    if kind not in (CONFIGURATION_KIND, PACK_KIND):
        message = f"no policy: its kind is neither {CONFIGURATION_KIND} nor {PACK_KIND}"
        raise PolicyError(Problem(message, path))
    return kind


def _beside(configuration: Configuration, path: str) -> str:
    """A pack as the configuration would name it: relative to its folder."""
    folder = configuration.document.path.rpartition("/")[0] if configuration.document is not None else ""
    if folder and not path.startswith(f"{folder}/"):
        hint = f"--config names the configuration that goes with it; default: {CONFIG_NAME} at the top"
        raise PolicyError(Problem(f"the pack lies outside {folder}, where its configuration is", path, hint=hint))
    return path.removeprefix(f"{folder}/") if folder else path
