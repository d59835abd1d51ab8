"""What a whole release spent: its phases together, and the trials that came before the one that was released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from policy_gate.areas.privacy.accounting.schemes import Accounted, Refusal, Setting, account_for
from policy_gate.areas.privacy.accounting.tuning import Selected, Spending, repeated
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import Tuning
    from policy_gate.areas.privacy.claims_phases import Phase

_TUNING = "/privacy/tuning"


@dataclass(frozen=True, slots=True)
class Spent:
    """All that the accountant composes for one release; `accounted` is phase by phase, `words` say it to a reader."""

    accounted: tuple[Accounted, ...]
    spending: tuple[Spending, ...]
    words: tuple[str, ...]


def spent_by(phases: Sequence[Phase], tuning: Tuning | None, setting: Setting | Refusal) -> Spent | Refusal:
    """Every phase and every trial as mechanisms, or the first reason why their sum is not what was spent."""
    if isinstance(setting, Refusal):
        return setting
    if tuning is None:
        what = "the manifest does not say on which data hyper-parameters were chosen"
        return Refusal(_TUNING, Reason.NOT_DECLARED, what)
    missing = missing_of_tuning(tuning)
    if missing is not None:
        return missing
    if not phases:
        return Refusal("/privacy/phases", Reason.NOT_DECLARED, "the manifest lists no phase that used private data")
    accounted: list[Accounted] = []
    for position, phase in enumerate(phases):
        found = account_for(phase, f"/privacy/phases/{position}", setting)
        if isinstance(found, Refusal):
            return found
        accounted.append(found)
    return _with_trials(phases, tuple(accounted), tuning)


def _with_trials(phases: Sequence[Phase], accounted: tuple[Accounted, ...], tuning: Tuning) -> Spent | Refusal:
    runs = tuple(one.mechanism for one in accounted)
    words = tuple(f"{phase.id}: {one.words}" for phase, one in zip(phases, accounted, strict=True))
    if not tuning.spends_budget:
        return Spent(accounted, runs, words)
    try:
        if tuning.mean_trials is None or tuning.selection in (None, "fixed"):
            trials = tuning.trials or 1
            return Spent(accounted, tuple(repeated(runs, trials)), (*words, f"tuning: {trials} trials in all"))
        distribution: Literal["geometric", "poisson"] = "poisson" if tuning.selection == "poisson" else "geometric"
        chosen = Selected(runs, distribution, tuning.mean_trials)
    except EvidenceError as error:
        return Refusal(_TUNING, error.reason, error.detail, error.fix)
    return Spent(accounted, (chosen,), (*words, f"tuning: {tuning.mean_trials:g} trials on average, {distribution}"))


def missing_of_tuning(tuning: Tuning) -> Refusal | None:
    """The first thing that tuning on private data must state and does not; None where nothing is missing."""
    if not tuning.spends_budget:
        return None
    if tuning.trials is None and tuning.mean_trials is None:
        what = "the manifest does not say how many runs on private data there were"
        fix = "add `trials`, every run counted, or `mean_trials` with how their number was drawn"
        return Refusal(_TUNING, Reason.NOT_DECLARED, what, fix)
    if tuning.scored_on is None:
        what = "the manifest does not say what the trials were compared on"
        fix = "add `scored_on: public`, or `scored_on: phases` where noisy scores are among the phases"
        return Refusal(f"{_TUNING}/scored_on", Reason.NOT_DECLARED, what, fix)
    return None
