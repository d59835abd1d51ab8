"""The releases of a repository's own past: each manifest that a commit changed, judged against the commit before."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

from policy_gate.engine.past import Compared, PastRelease, compare
from policy_gate.errors import GateError, ManifestError, Problem
from policy_gate.frozen import dataclass
from policy_gate.gate import CONFIG_NAME, Request
from policy_gate.gate.bases import Bases
from policy_gate.gate.fleet import Alone
from policy_gate.gate.ledgers import ledger_in
from policy_gate.gate.proposal import Proposal
from policy_gate.gate.reading import find_manifests
from policy_gate.gate.run import Run
from policy_gate.gate.trees import open_tree
from policy_gate.gate.trusted import Configuration, read_configuration, read_trusted
from policy_gate.model import Record
from policy_gate.policy.config import ConfigSpec
from policy_gate.replayed import Replayed
from policy_gate.source import Tree, open_revision, open_working_tree
from policy_gate.workbench.history_commits import Change, newest_changes
from policy_gate.workbench.policies import NamedPolicy, PolicyName
from policy_gate.workbench.replaying import WhatIf, check_policies
from policy_gate.workbench.summing import summed_up


def replay_history(what: WhatIf, count: int) -> Replayed:
    """The last `count` releases of the repository, newest first, under both policies; raises GateError.

    Facts are collected by what both policies need, and trusted input is that of the configuration on disk; without
    `against`, its policy is what the other one is compared with.
    """
    check_policies(what)
    root, config = what.place.root, what.place.config
    against = what.against or PolicyName(words=config, path=config)
    compared: list[Compared] = []
    problems: list[Problem] = []
    with (
        open_working_tree(root) as tree,
        NamedPolicy(what.policy, what.place) as new,
        NamedPolicy(against, what.place) as old,
    ):
        configuration = read_configuration(config, tree, from_base=False)
        changes, notes = newest_changes(root, configuration.spec.manifests, count)
        past = _Past(root, configuration, new, old, what.place.now)
        for change in changes:
            if not what.shard.has(change.digest):
                continue
            try:
                release = PastRelease(record=past.record(change), origin=change.origin, digest=change.digest)
                compared.append(compare(release, new.judge_of))
            except GateError as error:
                problems.extend(_at(change, problem) for problem in error.problems)
    heading = replace(what.heading, against=against.words or CONFIG_NAME)
    return summed_up(heading, compared, problems, notes)


@dataclass(frozen=True, slots=True)
class _Past:
    """Judges what stood at a commit, with the facts that two policies need."""

    root: Path
    configuration: Configuration
    new: NamedPolicy
    old: NamedPolicy
    now: str

    def record(self, change: Change) -> Record:
        """The record of one release, judged by the old policy; raises GateError where its manifest cannot be read."""
        day = self.now or change.commit.day
        stage = self.old.configuration.spec.stage
        judges, proposed = self.old.judges(stage, day), self.new.judges(stage, day)
        collectors = (*judges.usual.collectors, *proposed.usual.collectors)
        trusted, inputs = read_trusted(self.configuration, collectors)
        request = Request(
            root=self.root, tree=change.commit.oid, base=change.commit.parent, today=date.fromisoformat(day)
        )
        with open_tree(request) as head, _base_or_nothing(request) as base:
            run = Run(
                request=request,
                head=head,
                bases=Bases(base, self.configuration.spec, lambda: None),
                judges=judges,
                proposal=Proposal(source="", judges=proposed, exceptions=self.new.exceptions(day)),
                trusted=replace(trusted, ledger=ledger_in(base or head, self.configuration)),
                exceptions=self.old.exceptions(day),
                stage=stage,
                fail_on="blocked",
                bootstrap=False,
                inputs=(*self.configuration.inputs, *inputs),
            )
            return _judged(run, change.path, self.configuration.spec)


def _judged(run: Run, path: str, spec: ConfigSpec) -> Record:
    """What a run of that commit says of one manifest; those beside it say which files are listed."""
    manifests, problems = run.read_share(find_manifests(run.head, spec.manifests), Alone())
    if path not in manifests:
        raise ManifestError([problem for problem in problems if problem.path == path] or problems)
    known = run.known(manifests.values(), spec, tuple(manifests))
    run.digest_all([manifests[path]])
    return run.judge_one(manifests[path], run.before(manifests[path]), known.listed)


def _base_or_nothing(request: Request) -> AbstractContextManager[Tree | None]:
    return open_revision(request.root, request.base, as_base=True) if request.base else nullcontext()


def _at(change: Change, problem: Problem) -> Problem:
    where = f"{change.commit.words}:{problem.path or change.path}"
    return Problem(problem.message, where, problem.line, problem.column, problem.hint)
