"""The policy that a change proposes: evaluated on the same facts as a preview, which decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from policy_gate.engine import Base, Setting, advice, evaluate, flips_between
from policy_gate.errors import EvidenceError, PolicyError
from policy_gate.frozen import dataclass
from policy_gate.gate.exempting import Exceptions, read_exceptions
from policy_gate.gate.judge import Judges
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
from policy_gate.gate.trusted import CONFIG_NAME, PolicyFiles, read_configuration, read_policy
from policy_gate.model import Input, Preview, Record, Stage
from policy_gate.source import Tree

if TYPE_CHECKING:
    from policy_gate.area import Collector, FactBook
    from policy_gate.expression import Meter
    from policy_gate.gate.request import Request
    from policy_gate.gate.trees import Trees

PREVIEW_STEPS = 20_000_000
"""The work that all previews of a run may take together: some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the head says about how it is judged; `judges` is None where it cannot be loaded, and `detail` says why."""

    source: str
    judges: Judges | None
    exceptions: Exceptions | None
    by_stage: Mapping[Stage, Judges] = field(default_factory=dict)
    detail: str = ""

    def previewed(self, record: Record, facts: FactBook, base: Base, setting: Setting) -> Record:
        """The record with what the proposed policy would say; facts are those of the trusted policy's evidence."""
        found = advice(lambda: self._judged(facts, base, setting))
        if isinstance(found, str):
            return replace(record, preview=Preview(source=self.source, verdict=None, detail=found))
        flips = flips_between(record.judgements, found.judgements)
        return replace(record, preview=Preview(source=self.source, verdict=found.verdict, flips=flips))

    def _judged(self, facts: FactBook, base: Base, setting: Setting) -> Record:
        if self.judges is None or self.exceptions is None:
            raise PolicyError(self.detail)
        judge = self.judges.of(setting.claims, base)
        exempt = self.exceptions.for_release(setting.release, judge.policy)
        proposed = replace(setting, policy_names=judge.policy.names, parameters=judge.parameters)
        return evaluate(judge.rules, facts, base, proposed, own_rules=judge.own_rules, exempt=exempt)


def read_proposal(request: Request, trees: Trees, stage: Stage, inputs: Iterable[Input]) -> Proposal | None:
    """The head's own policy, or None where it is the base's to the byte; never raises for what the head holds."""
    if (request.config or trees.head.exists(CONFIG_NAME)) and all(_same(trees.head, one) for one in inputs):
        return None
    found = advice(lambda: _read(request, trees, stage))
    if isinstance(found, str):
        return Proposal(source=trees.head.source, judges=None, exceptions=None, detail=found)
    return found


def _read(request: Request, trees: Trees, stage: Stage) -> Proposal:
    from policy_gate.expression import Meter

    configuration = read_configuration(request.config, trees.head, from_base=True)
    files = PolicyFiles(configuration, request.today.isoformat())
    meter = Meter(PREVIEW_STEPS)
    judges = judges_at(request, files, stage, meter)
    return Proposal(
        source=trees.head.source,
        judges=judges,
        exceptions=read_exceptions(files),
        by_stage={one: judges if one is stage else judges_at(request, files, one, meter) for one in Stage},
    )


def judges_at(request: Request, files: PolicyFiles, stage: Stage, meter: Meter | None = None) -> Judges:
    """The judges of a stage, with the packs of the configuration and those of the command line; raises GateError."""
    policy = read_policy(request, files, stage, from_base=True)
    return Judges(policy, stage, request.today.isoformat(), meter=meter)


def _same(head: Tree, one: Input) -> bool:
    """Whether the head holds the same bytes of a trusted input; what is shipped or pinned cannot differ."""
    if one.source == "builtin" or "://" in one.path:
        return True
    try:
        content = head.read(one.path, MAX_DOCUMENT_BYTES)
    except EvidenceError:
        return False
    return f"sha256:{hashlib.sha256(content).hexdigest()}" == one.digest


def with_proposed(collectors: tuple[Collector, ...], proposal: Proposal | None) -> tuple[Collector, ...]:
    """The collectors of a run, and those that only the proposed policy needs after them."""
    if proposal is None or proposal.judges is None or proposal.exceptions is None:
        return collectors
    return joined(collectors, joined(proposal.judges.usual.collectors, proposal.exceptions.collectors))


def with_proposed_base(collectors: tuple[Collector, ...], proposal: Proposal | None) -> tuple[Collector, ...]:
    """As `with_proposed`, for the base release."""
    judges = proposal.judges if proposal is not None else None
    return collectors if judges is None else joined(collectors, judges.usual.base_collectors)


def joined(own: tuple[Collector, ...], others: tuple[Collector, ...]) -> tuple[Collector, ...]:
    """Some collectors, and after them those of others that are not among them."""
    known = {id(one) for one in own}
    return (*own, *(one for one in others if id(one) not in known))
