"""From a claimed phase to the mechanism that bounds it: its kind, sampling, adjacency, unit and microbatches decide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.accounted import Accounted, Outcome, Refusal, Setting
from policy_gate.areas.privacy.accounting.batches import every_step, noisy_sums
from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_STEPS,
    Gaussian,
    Laplace,
    RandomizedResponse,
    ZeroConcentrated,
)
from policy_gate.errors import EvidenceError, Reason

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.tuning import Run
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import (
        DpSgdPhase,
        GaussianPhase,
        KrrPhase,
        LaplacePhase,
        Phase,
        RapporPhase,
        TreePhase,
    )

__all__ = ["Accounted", "Outcome", "Refusal", "Setting", "account_for", "poisson_instead", "setting_of"]


def setting_of(claims: PrivacyClaims) -> Setting | Refusal:
    """Read whom the guarantee protects; both parts decide the sensitivity, so neither has a default."""
    if claims.adjacency is None:
        return Refusal("/privacy/adjacency", Reason.NOT_DECLARED, "the manifest does not say which neighbours compare")
    if claims.unit is None:
        return Refusal("/privacy/unit", Reason.NOT_DECLARED, "the manifest does not say whom the guarantee protects")
    if claims.unit.kind == "example":
        return Setting(claims.adjacency, 1)
    if claims.unit.max_records_per_unit is None:
        kind = claims.unit.kind
        return Refusal(
            "/privacy/unit/max_records_per_unit",
            Reason.NOT_DECLARED,
            f"a guarantee per {kind} needs a bound on the records one {kind} may hold",
            "add `max_records_per_unit` as the training pipeline enforces it",
        )
    return Setting(claims.adjacency, claims.unit.max_records_per_unit)


def account_for(phase: Phase, pointer: str, setting: Setting) -> Outcome:
    """Give the mechanism that bounds one phase, or say why there is none; `pointer` is the phase's own."""
    try:
        return _account_for(phase, pointer, setting)
    except EvidenceError as error:
        return Refusal(pointer, error.reason, error.detail, error.fix)


def _account_for(phase: Phase, pointer: str, setting: Setting) -> Outcome:
    # The mechanism is the tag of a closed union: each branch is one of its classes.
    if phase.mechanism == "dp-sgd":
        return _dp_sgd(phase, pointer, setting)
    if phase.mechanism == "gaussian":
        return _gaussian(phase, pointer, setting)
    if phase.mechanism == "laplace":
        return _laplace(phase, pointer, setting)
    if phase.mechanism == "tree-aggregation":
        return _tree(phase, pointer, setting)
    if phase.mechanism == "krr":
        return _randomized_response(phase, setting)
    if phase.mechanism == "rappor":
        return _rappor(phase, setting)
    if phase.mechanism == "zcdp":
        return Accounted(ZeroConcentrated(phase.rho), f"zero-concentrated loss rho {phase.rho:g} as stated")
    return Refusal(
        f"{pointer}/mechanism",
        Reason.NOT_PROVEN,
        f"the mechanism {phase.mechanism} is not accounted for",
        "state the mechanism and its parameters; of another one, its zero-concentrated loss as mechanism zcdp",
    )


def poisson_instead(phase: Phase, pointer: str, setting: Setting) -> list[Run]:
    """What a phase with shuffled or fixed batches is often reported as; empty where that does not apply."""
    if phase.mechanism not in ("dp-sgd", "gaussian") or phase.sampling is None:
        return []
    if phase.sampling.scheme not in ("shuffled", "fixed-order"):
        return []
    sampling = phase.sampling.model_copy(update={"scheme": "poisson"})
    found = account_for(phase.model_copy(update={"sampling": sampling}), pointer, setting)
    return [found.mechanism] if isinstance(found, Accounted) else []


def _dp_sgd(phase: DpSgdPhase, pointer: str, setting: Setting) -> Outcome:
    if phase.microbatch is None:
        return Refusal(
            f"{pointer}/microbatch",
            Reason.NOT_DECLARED,
            "the phase does not say how many records are clipped together",
            "add `microbatch: 1` if every record's gradient is clipped on its own",
        )
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    # A record changes its microbatch's clipped mean from any vector of that norm to any other: twice the norm.
    return noisy_sums(phase, phase.sampling, pointer, setting, doubled=phase.microbatch > 1)


def _gaussian(phase: GaussianPhase, pointer: str, setting: Setting) -> Outcome:
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    if phase.sampling is None:
        return every_step(phase, setting, doubled=False)
    return noisy_sums(phase, phase.sampling, pointer, setting, doubled=False)


def _without_clipping(pointer: str) -> Refusal:
    return Refusal(
        f"{pointer}/clip_norm",
        Reason.NOT_DECLARED,
        "without a clipping norm one record can move the model without bound",
        "add `clip_norm` as the training configuration has it",
    )


def _laplace(phase: LaplacePhase, pointer: str, setting: Setting) -> Outcome:
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    scale = phase.noise_multiplier / setting.sensitivity(doubled=False)
    return Accounted(Laplace(scale, phase.steps), f"Laplace scale {scale:g}, {phase.steps} steps")


def _tree(phase: TreePhase, pointer: str, setting: Setting) -> Outcome:
    """DP-FTRL: each record is in every node above its leaf, once in each tree.

    Kairouz et al., "Practical and Private (Deep) Learning without Sampling or Shuffling" (2021), appendix D. A tree
    that is not full may have been completed with empty steps, which releases one more level.
    """
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    levels = (phase.steps - 1).bit_length() + 1
    nodes = phase.trees * levels
    noise = phase.noise_multiplier / setting.sensitivity(doubled=False)
    full = phase.steps & (phase.steps - 1) == 0
    words = f"Gaussian noise {noise:g} on each of {nodes} tree nodes above a record ({phase.trees} trees)"
    return Accounted(Gaussian(noise, nodes, attained=full), words)


def _randomized_response(phase: KrrPhase, setting: Setting) -> Outcome:
    """Kairouz, Oh, Viswanath 2014: the likelihood ratio of the true answer to any other, per report."""
    reports = phase.steps * setting.records_per_unit
    mechanism = _reports(phase.keep_probability, phase.categories, reports)
    per_report = mechanism.pure_epsilon / reports
    return Accounted(mechanism, f"randomized response, {per_report:.6g} a report, {reports} reports of one unit")


def _rappor(phase: RapporPhase, setting: Setting) -> Outcome:
    """The permanent response: each of the 2 h bits in which two values differ is a coin of its own.

    Erlingsson, Pihur, Korolova, "RAPPOR" (2014), theorem 1. It is drawn once for a value, so its reports cost no more.
    """
    values = phase.steps * setting.records_per_unit
    mechanism = _reports(1.0 - 0.5 * phase.flip_probability, 2, 2 * phase.hashes * values)
    per_value = mechanism.pure_epsilon / values
    return Accounted(mechanism, f"permanent randomized response, {per_value:.6g} a value, {values} values of one unit")


def _reports(keep_probability: float, categories: int, reports: int) -> RandomizedResponse:
    if reports > MAX_STEPS:
        raise EvidenceError(Reason.NOT_PROVEN, f"{reports} reports of one unit; the accountant takes {MAX_STEPS}")
    mechanism = RandomizedResponse(keep_probability, categories, reports)
    if mechanism.pure_epsilon == 0.0 or not math.isfinite(mechanism.pure_epsilon):
        raise EvidenceError(Reason.NOT_PROVEN, f"each report has a loss of {mechanism.pure_epsilon:g}")
    return mechanism
