"""Compares the claimed epsilon with the interval that was recomputed, and both with policy."""

from __future__ import annotations

import math

from policy_gate.areas.privacy.facts import PhaseAccounting, PrivacyBound, TuningRuns
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number

_SHOWN_ALARMS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonLimits:
    """How much privacy one release may cost."""

    max_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one release", stricter="lower", default=10.0
    )


def claim_confirmed(bound: PrivacyBound) -> Answer:
    """The claimed epsilon is at least the bound recomputed from the stated training parameters.

    Claim the provable epsilon, or train again with the noise the finding names.
    """
    claimed, provable = f"claimed epsilon {bound.claimed_epsilon:g}", _provable(bound)
    if bound.claimed_epsilon >= bound.epsilon_upper:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{claimed} holds; provable is {provable}",
            measured=bound.epsilon_upper,
            limit=bound.claimed_epsilon,
            causes=(*_rests_on(bound), *_in_plain_words(bound)),
        )
    refuted = bound.claimed_epsilon < bound.epsilon_lower
    said = f"{claimed}, which no accountant can prove for these parameters" if refuted else f"{claimed} is not resolved"
    return Answer(
        outcome=Outcome.FAIL if refuted else Outcome.UNKNOWN,
        reason=None if refuted else Reason.NOT_PROVEN,
        message=f"{said}; provable is {provable}",
        measured=bound.epsilon_upper,
        limit=bound.claimed_epsilon,
        causes=(*_rests_on(bound), *_in_plain_words(bound)),
        fixes=_ways_to_prove(bound),
    )


def _provable(bound: PrivacyBound) -> str:
    known = f"{bound.epsilon_upper:g} at delta {bound.delta:g}"
    is_interval = 0.0 < bound.epsilon_lower < bound.epsilon_upper
    return f"{known}, and nothing below {bound.epsilon_lower:g}" if is_interval else known


def _rests_on(bound: PrivacyBound) -> tuple[str, ...]:
    return (*bound.rests_on, f"accounted by {bound.method}")


def _in_plain_words(bound: PrivacyBound) -> tuple[str, ...]:
    """What the interval means to somebody who has never met an epsilon; nothing where it says nothing."""
    if bound.advantage_upper >= 1.0:
        return ()
    right = _percent(0.5 + 0.5 * bound.advantage_upper)
    words = [
        f"an attacker who guesses whether one unit took part is right at most {right} of the time; by chance, 50 %"
    ]
    words.extend(
        f"where 1 % of the others are accused wrongly, at most {_percent(one.found_rate_upper)} of the units are found"
        for one in bound.detection
        if one.false_alarm_rate == _SHOWN_ALARMS
    )
    return tuple(words)


def _percent(share: float) -> str:
    """A share in percent, rounded up to a tenth."""
    return f"{math.ceil(1000.0 * share) / 10.0:g} %"


def _ways_to_prove(bound: PrivacyBound) -> tuple[Fix, ...]:
    raised = " and ".join(f"noise_multiplier of {one.phase} to {one.noise_multiplier:g}" for one in bound.noise_advice)
    # Never written by `fix`: a weaker promise to the people in the data is a decision, not a typing error.
    claim = Fix(text=f"set claim.epsilon to {bound.epsilon_to_claim:g}", pointer="/privacy/claim/epsilon")
    return (claim, Fix(text=f"raise {raised}, and train again")) if raised else (claim,)


def within_resolution(bound: PrivacyBound) -> Answer:
    """The accountant's numbers are fine enough for the claim: no verdict rests on what they cannot tell apart.

    Claim what the coarser bound proves, or a larger delta where the population allows it.
    """
    if not bound.unresolved:
        means = "the tight accountant" if bound.stage > 1 else "closed forms and Renyi bounds"
        return Answer(outcome=Outcome.PASS, message=f"resolved by {means}")
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_PROVEN,
        message=f"{bound.unresolved}; the bound {bound.epsilon_upper:g} was used instead, and refutes nothing",
        measured=bound.epsilon_upper,
        limit=bound.claimed_epsilon,
        fixes=(Fix(text=f"set claim.epsilon to {bound.epsilon_to_claim:g}", pointer="/privacy/claim/epsilon"),),
    )


def epsilon_within(bound: PrivacyBound, limits: EpsilonLimits) -> Answer:
    """The recomputed epsilon of the release is within what policy allows.

    Train with more noise, fewer steps or smaller batches; what a release has spent cannot be taken back.
    """
    measured, most = bound.epsilon_upper, limits.max_epsilon
    if measured <= most:
        message = f"epsilon {measured:g} is within {most:g}"
        return Answer(outcome=Outcome.PASS, message=message, measured=measured, limit=most)
    certain = bound.epsilon_lower > most or bound.claimed_epsilon > most
    fixes = [Fix(text="train with more noise, fewer steps or smaller batches")]
    message = f"epsilon is not proven to be within {most:g}"
    if bound.epsilon_lower > most:
        message = f"epsilon {measured:g} is above {most:g}"
    elif certain:
        # A high claim is proven by the cheapest means: its bound is no measurement.
        message = f"claimed epsilon {bound.claimed_epsilon:g} is above {most:g}; proven is {measured:g}"
        fixes.append(Fix(text=f"or claim at most {most:g}: a lower claim is recomputed more tightly"))
    return Answer(
        outcome=Outcome.FAIL if certain else Outcome.UNKNOWN,
        reason=None if certain else Reason.INTERVAL_STRADDLES,
        message=message,
        measured=measured,
        limit=most,
        causes=_rests_on(bound),
        fixes=tuple(fixes),
    )


def scheme_supported(phase: PhaseAccounting) -> Answer:
    """The way batches were drawn is one the accounting holds for.

    Poisson figures hold for Poisson samples alone; batches in any other order are accounted for without that gain.
    """
    causes: tuple[str, ...] = (phase.accounted_as,)
    if phase.poisson_epsilon:
        causes += (f"the Poisson figure {phase.poisson_epsilon:g} is not proven for {phase.scheme} batches",)
    subject = f"{phase.scheme} batches prove" if phase.scheme else "this mechanism proves"
    message = f"{subject} epsilon {phase.epsilon_upper:g} for the phase"
    return Answer(outcome=Outcome.PASS, message=message, measured=phase.epsilon_upper, causes=causes)


def tuning_accounted(tuning: TuningRuns) -> Answer:
    """Choosing hyper-parameters on private data is part of what was spent.

    State the number of trials, the released run among them, and what they were compared on; or tune on public data.
    """
    if not tuning.spends_budget:
        return Answer(outcome=Outcome.PASS, message=f"tuning on {tuning.data} data cost nothing")
    drawn = tuning.selection in ("geometric", "poisson")
    number = f"{tuning.mean_trials:g} trials on average ({tuning.selection})" if drawn else f"{tuning.trials} trials"
    return Answer(
        outcome=Outcome.PASS,
        message=f"{number} on private data are part of the recomputed epsilon",
        measured=tuning.mean_trials if drawn else tuning.trials,
        unit="trials",
    )
