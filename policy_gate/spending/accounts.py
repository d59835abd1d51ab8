"""Accounts for the claims of one release: interval, verdict, other conditions, and what would prove the claim."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.calibrate import noise_factor
from policy_gate.areas.privacy.accounting.proving import is_quick, prove
from policy_gate.areas.privacy.accounting.schemes import Refusal, setting_of
from policy_gate.areas.privacy.accounting.spending import Spent, spent_by
from policy_gate.areas.privacy.claims_phases import DpSgdPhase, GaussianPhase
from policy_gate.errors import EvidenceError, Problem, UsageError
from policy_gate.model import round_down, round_up
from policy_gate.spending.exposing import exposure_of
from policy_gate.spent import (
    Account,
    Advice,
    Epsilon,
    Interval,
    NoInterval,
    NoiseToUse,
    OtherWay,
    PhaseSpend,
    Spend,
    Verdict,
)

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval
    from policy_gate.areas.privacy.accounting.tuning import Spending
    from policy_gate.areas.privacy.claims import Guarantee, PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase, Sampling

ANY_EPSILON = 0.0
"""No claim is as low as this: asks for the tightest interval there is."""
MAX_PHASES_ALONE = 4
"""So many phases are also accounted for alone; a hostile manifest must not hang."""
MAX_PHASES_ADVISED = 4
NEIGHBOURS = {
    "add-or-remove-one": "added or removed",
    "replace-one": "replaced by another",
    "replace-special": "replaced by a record without content",
}
ANY_ORDER = "any order (shuffled, fixed)"


def account_of(claims: PrivacyClaims, path: str, *, claimed: bool, window: Spend | None = None) -> Account:
    """Account for the phases of a section; where nothing is `claimed`, its epsilon is shown to no verdict.

    Raises UsageError where the section makes no claim at all.
    """
    if claims.claim is None:
        message = "the privacy section claims no epsilon and delta: there is nothing to account for"
        raise UsageError(Problem(message, path))
    delta, epsilon = claims.claim.delta, claims.claim.epsilon
    spent = _spent(claims)
    if isinstance(spent, Refusal):
        return _unaccounted(claims, path, _refused(spent), window, claimed=claimed)
    proven = _proven(spent.spending, delta)
    if isinstance(proven, NoInterval):
        return _unaccounted(claims, path, proven, window, claimed=claimed)
    found = _outward(proven)
    verdict = verdict_on(epsilon, found) if claimed else Verdict.NOTHING_CLAIMED
    is_short = verdict in (Verdict.REFUTED, Verdict.NOT_RESOLVED)
    return Account(
        path=path,
        delta=delta,
        protects=protects(claims),
        claimed_epsilon=epsilon if claimed else None,
        verdict=verdict,
        epsilon=found,
        phases=_phases(claims, spent, found, delta),
        other_ways=_bounded(_other_ways(claims, delta)),
        exposure=exposure_of(spent.spending, delta, proven),
        advice=_advice(claims, claims.claim, spent, found) if is_short else None,
        notes=(*spent.words[len(spent.accounted) :], *_notes(claims)),
        window=window,
    )


def _unaccounted(
    claims: PrivacyClaims, path: str, refused: NoInterval, window: Spend | None, *, claimed: bool
) -> Account:
    """The account of claims that nothing bounds: other conditions may still have a figure."""
    delta, epsilon = (claims.claim.delta, claims.claim.epsilon) if claims.claim is not None else (0.0, None)
    return Account(
        path=path,
        delta=delta,
        protects=protects(claims),
        claimed_epsilon=epsilon if claimed else None,
        verdict=Verdict.NOT_RESOLVED if claimed else Verdict.NOTHING_CLAIMED,
        epsilon=refused,
        phases=(),
        other_ways=_bounded(_other_ways(claims, delta)),
        notes=tuple(_notes(claims)),
        window=window,
    )


def epsilon_of(mechanisms: Sequence[Spending], delta: float) -> Epsilon:
    """The tightest interval there is, rounded outward; NoInterval where the accountant refuses."""
    found = _proven(mechanisms, delta)
    return found if isinstance(found, NoInterval) else _outward(found)


def _proven(mechanisms: Sequence[Spending], delta: float) -> EpsilonInterval | NoInterval:
    try:
        return prove(mechanisms, delta, ANY_EPSILON)
    except EvidenceError as error:
        return NoInterval(reason=error.reason.value, detail=error.detail, fix=error.fix)


def _outward(found: EpsilonInterval) -> Interval:
    lower, upper = round_down(found.lower), round_up(found.upper)
    return Interval(lower=lower, upper=upper, method=found.method, unresolved=found.unresolved)


def verdict_on(claimed_epsilon: float, found: Interval) -> Verdict:
    """What a claim is beside an interval."""
    if claimed_epsilon >= found.upper:
        return Verdict.CONFIRMED
    return Verdict.REFUTED if claimed_epsilon < found.lower else Verdict.NOT_RESOLVED


def protects(claims: PrivacyClaims) -> str:
    """Whom the guarantee is about, in words."""
    if claims.unit is None:
        return "nobody is named"
    how = NEIGHBOURS.get(claims.adjacency or "", "no neighbours are named")
    most = claims.unit.max_records_per_unit
    held = f" with at most {most} records" if most is not None and most > 1 else ""
    return f"one {claims.unit.kind}{held}, {how}"


def _spent(claims: PrivacyClaims) -> Spent | Refusal:
    return spent_by(claims.phases, claims.tuning, setting_of(claims))


def _refused(refusal: Refusal) -> NoInterval:
    return NoInterval(reason=refusal.reason.value, detail=refusal.detail, fix=refusal.fix)


def _phases(claims: PrivacyClaims, spent: Spent, whole: Epsilon, delta: float) -> tuple[PhaseSpend, ...]:
    """Every phase as what it was accounted for; alone where there are several, and not too many."""
    count = len(claims.phases)
    pairs = zip(claims.phases, spent.accounted, strict=True)
    if count == 1 and len(spent.words) == 1:
        return tuple(PhaseSpend(id=phase.id, accounted_as=one.words, epsilon=whole) for phase, one in pairs)
    too_many = NoInterval(reason="not asked", detail=f"more than {MAX_PHASES_ALONE} phases are not shown alone")
    return tuple(
        PhaseSpend(
            id=phase.id,
            accounted_as=one.words,
            epsilon=too_many if count > MAX_PHASES_ALONE else epsilon_of([one.mechanism], delta),
        )
        for phase, one in pairs
    )


def _other_ways(claims: PrivacyClaims, delta: float) -> Iterator[OtherWay]:
    """The same parameters with batches drawn otherwise, and for the other kind of neighbours.

    As TensorFlow Privacy's statement does: which figure holds depends on what the training loop did, not on its noise.
    """
    schemes = {sampling.scheme for phase in claims.phases if (sampling := sampling_of(phase)) is not None}
    if not schemes or len(claims.phases) > MAX_PHASES_ALONE or schemes == {"full-batch"}:
        return
    for words, stated, scheme in (
        ("batches drawn by Poisson sampling", schemes == {"poisson"}, "poisson"),
        (f"batches in {ANY_ORDER}", schemes <= {"shuffled", "fixed-order"}, "shuffled"),
    ):
        other = claims if stated else drawn(claims, scheme)
        yield OtherWay(words=words, stated=stated, epsilon=_found(other, delta, stated=stated))
    if claims.adjacency == "add-or-remove-one":
        replaced = claims.model_copy(update={"adjacency": "replace-one"})
        yield OtherWay(
            words="one record replaced, batches as stated", stated=False, epsilon=_found(replaced, delta, stated=False)
        )


def _bounded(ways: Iterable[OtherWay]) -> tuple[OtherWay, ...]:
    """All of them where one at least has a figure: a list of refusals says nothing new."""
    found = tuple(ways)
    return found if any(isinstance(one.epsilon, Interval) for one in found) else ()


def drawn(claims: PrivacyClaims, scheme: str) -> PrivacyClaims:
    """The same claims with the batches of every phase that has some drawn by another scheme."""
    phases = []
    for phase in claims.phases:
        sampling = sampling_of(phase)
        if sampling is None or sampling.scheme == "full-batch":
            phases.append(phase)
        else:
            update = {"sampling": sampling.model_copy(update={"scheme": scheme})}
            phases.append(phase.model_copy(update=update))
    return claims.model_copy(update={"phases": tuple(phases)})


def sampling_of(phase: Phase) -> Sampling | None:
    """How a phase drew its batches; None for one that has none."""
    return phase.sampling if isinstance(phase, (DpSgdPhase, GaussianPhase)) else None


def _found(claims: PrivacyClaims, delta: float, *, stated: bool) -> Epsilon:
    spent = _spent(claims)
    if isinstance(spent, Refusal):
        return _refused(spent)
    # What is stated was proven already, and is remembered.
    tight = stated or is_quick(spent.spending, delta)
    return epsilon_of(spent.spending, delta) if tight else _by_stage_one(spent.spending, delta)


def _by_stage_one(mechanisms: Sequence[Spending], delta: float) -> Epsilon:
    """The bound by stage 1: what stands beside the answer must not take as long again."""
    try:
        return _outward(account(mechanisms, delta))
    except EvidenceError as error:
        return NoInterval(reason=error.reason.value, detail=error.detail, fix=error.fix)


def _advice(claims: PrivacyClaims, claim: Guarantee, spent: Spent, found: Interval) -> Advice:
    """What would confirm the claim: another claim, or more noise in every phase."""
    noises = {phase.id: getattr(phase, "noise_multiplier", None) or 0.0 for phase in claims.phases}
    if not all(noises.values()) or len(noises) > MAX_PHASES_ADVISED:
        return Advice(epsilon_to_claim=found.upper)
    factor = noise_factor(spent.spending, claim.delta, claim.epsilon)
    if not math.isfinite(factor):
        return Advice(epsilon_to_claim=found.upper)
    raised = (NoiseToUse(phase=id_, noise_multiplier=round_up(noise * factor)) for id_, noise in noises.items())
    return Advice(epsilon_to_claim=found.upper, noise=tuple(raised))


def _notes(claims: PrivacyClaims) -> Iterator[str]:
    claim, population = claims.claim, claims.population
    if claim is not None and population is not None and claim.delta * population.size >= 1:
        yield f"delta {claim.delta:g} is not below 1/{population.size}: whole records could be published within it"
    if claims.tuning is not None and claims.tuning.spends_budget and claims.tuning.scored_on == "public":
        yield "the trials are taken to have been compared on public data"
