"""Waivers and the baseline of a run: read once from the trusted tree, applied to the judgements of each release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from policy_gate.engine import Exempt, Exempted
from policy_gate.errors import EvidenceError, Problem, SourceError
from policy_gate.frozen import dataclass
from policy_gate.gate.reading import input_of, read_document
from policy_gate.model import Fact, Input, Judgement, Place, ReleaseIdentity, Subject
from policy_gate.policy.exceptions import NotProven, Proof

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_gate.area import Collector, FactBook
    from policy_gate.gate.trusted import PolicyFiles
    from policy_gate.policy.baseline import Baseline
    from policy_gate.policy.loading import Policy
    from policy_gate.policy.waivers import Waiver

DIGESTS = "fingerprint.file_digest"
"""The fact that says which bytes an artifact has; a waiver may be bound to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """What the trusted tree excepts from its policy; empty where the configuration names no file."""

    waivers: tuple[Waiver, ...]
    baseline: Baseline | None
    proofs: Mapping[str, Proof]
    source: str
    today: str
    baseline_path: str
    inputs: tuple[Input, ...]
    collectors: tuple[Collector, ...] = ()
    """Who computes the digests that waivers are bound to, whether or not a rule asks for them."""

    def for_release(self, release: ReleaseIdentity, policy: Policy) -> Exempt | None:
        """How exceptions apply to one release; None where there is nothing to apply."""
        if not self.waivers and self.baseline is None:
            return None
        return partial(self._exempt, release, policy)

    def _exempt(
        self, release: ReleaseIdentity, policy: Policy, judgements: tuple[Judgement, ...], facts: FactBook
    ) -> Exempted:
        from policy_gate.areas.policy.states import baseline_fact, waiver_facts
        from policy_gate.policy.baseline import apply_baseline
        from policy_gate.policy.waiver_use import apply_waivers
        from policy_gate.policy.waivers import Circumstances

        circumstances = Circumstances(
            release=release,
            artifacts=dict(artifact_digests(facts)),
            today=date.fromisoformat(self.today),
            limits=policy.exceptions,
        )
        states: list[Fact] = []
        places: dict[Subject, Place] = {}
        if self.waivers:
            known_rules = frozenset(one.rule.id for one in policy.rules)
            own = [one for one in self.waivers if one.release == release.name]
            waived = apply_waivers(judgements, own, self.proofs, circumstances, known_rules)
            judgements = waived.judgements
            states.extend(waiver_facts(waived, policy.exceptions))
            places |= {fact.subject: self._place(fact.pointer) for fact in states}
        if self.baseline is not None:
            known = apply_baseline(judgements, release, self.baseline, policy.exceptions.protected)
            judgements = known.judgements
            fact = baseline_fact(self.baseline.made, known.states)
            states.append(fact)
            places[fact.subject] = Place(source=self.source, path=self.baseline_path, pointer=fact.pointer)
        return Exempted(judgements=judgements, states=tuple(states), places=places)

    def _place(self, pointer: str) -> Place:
        from policy_gate.policy.loading import place_of

        return place_of(self.waivers[0].document, pointer, self.source)


def read_exceptions(files: PolicyFiles) -> Exceptions:
    """Read the waivers and the baseline that a configuration names; raises GateError when one cannot be read."""
    configuration = files.configuration
    spec, tree = configuration.spec, configuration.tree
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    inputs: list[Input] = []
    # A first adoption is judged without exceptions: nobody has granted any.
    if spec.waivers is not None:
        from policy_gate.policy.waiver_file import load_waivers

        document = read_document(tree, configuration.beside(spec.waivers))
        waivers = load_waivers(document)
        inputs.append(input_of("waivers", tree, document))
    if spec.baseline is not None:
        from policy_gate.document import load_json
        from policy_gate.policy.baseline import LIMITS, load_baseline

        path = configuration.beside(spec.baseline)
        try:
            content = tree.read(path, LIMITS.max_bytes)
        except EvidenceError as error:
            hint = error.fix or "`policy-gate baseline` writes it; or take `baseline` out of the configuration"
            raise SourceError(Problem(f"{error.reason.value}: {error.detail}", path, hint=hint)) from error
        document = load_json(content, path, LIMITS)
        baseline = load_baseline(document)
        inputs.append(input_of("baseline", tree, document))
    return Exceptions(
        waivers=waivers,
        baseline=baseline,
        proofs={one.id: _proof(files, one) for one in waivers},
        source=tree.source,
        today=files.today,
        baseline_path=configuration.beside(spec.baseline) if spec.baseline is not None else "",
        inputs=tuple(inputs),
        collectors=digest_collectors() if any(one.artifact for one in waivers) else (),
    )


def digest_collectors() -> tuple[Collector, ...]:
    """Who computes the digest of every artifact."""
    from policy_gate.catalogue import area, fact_types
    from policy_gate.engine import wanted_collectors

    return wanted_collectors((fact_types()[DIGESTS],), area("fingerprint").collectors)


def _proof(files: PolicyFiles, waiver: Waiver) -> Proof:
    if not waiver.approval:
        return NotProven(reason="it names no signed approval")
    return files.proves(waiver.digest, waiver.approval, waiver.owner)


def artifact_digests(facts: FactBook) -> Iterator[tuple[str, str]]:
    """The computed digest of each artifact by its id; of those whose bytes could not be read, none."""
    for entry in facts.named(DIGESTS):
        if isinstance(entry, Fact) and len(entry.subject.names) == 1:
            digest = getattr(entry, "sha256", "")
            if isinstance(digest, str) and digest:
                yield entry.subject.names[0], digest if digest.startswith("sha256:") else f"sha256:{digest}"
