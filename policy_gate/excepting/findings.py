"""What a tree's releases are found to be without any exception, and the policy each of them is held to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from policy_gate.area import FactBook
from policy_gate.engine import base_of
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.gate import Request, judge
from policy_gate.gate.exempting import artifact_digests
from policy_gate.gate.judge import Judges
from policy_gate.gate.trees import open_trees
from policy_gate.gate.trusted import Configuration, PolicyFiles, read_configuration, read_policy
from policy_gate.model import Record
from policy_gate.policy.loading import Policy
from policy_gate.policy.waivers import Circumstances


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One release as it is without exceptions, and the policy it is held to."""

    record: Record
    policy: Policy

    def circumstances(self, request: Request) -> Circumstances:
        """What a waiver for this release is held against."""
        return Circumstances(
            release=self.record.release,
            artifacts=dict(artifact_digests(FactBook(self.record.facts))),
            today=request.today,
            limits=self.policy.exceptions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Every release of a run without exceptions; `problems` are what could not be judged, `exit_code` says so."""

    request: Request
    configuration: Configuration
    policy: Policy
    releases: tuple[Found, ...]
    problems: tuple[Problem, ...]
    exit_code: int

    def files(self, *without: str) -> PolicyFiles:
        """The files of the configuration, as if it did not name those under these keys."""
        return PolicyFiles(self.configuration.without(*without), self.request.today.isoformat())


@contextmanager
def open_findings(request: Request) -> Iterator[Findings]:
    """Judge the working tree of a request as `check` does, but for waivers and baseline; raises GateError.

    The tree stays open inside the `with`.
    """
    report = judge(replace(request, exceptions=False))
    with open_trees(request) as trees:
        configuration = read_configuration(request.config, trees.trusted, from_base=trees.policy_from_base)
        files = PolicyFiles(configuration, request.today.isoformat())
        stage = request.stage or configuration.spec.stage
        policy = read_policy(request, files, stage, from_base=trees.policy_from_base)
        judges = Judges(policy, stage, files.today)
        yield Findings(
            request=request,
            configuration=configuration,
            policy=policy,
            releases=tuple(
                Found(record=one, policy=judges.of(one.claims, base_of(one)).policy) for one in report.presented
            ),
            problems=report.problems,
            exit_code=report.exit_code,
        )
