"""Compares what releases spent together with what one population may lose, and asks that the ledger be kept."""

from __future__ import annotations

from policy_gate.areas.privacy.facts_ledger import LedgerFault, LedgerKept, WindowForecast, WindowSpend
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number, whole_number

APPEND = "policy-gate privacy ledger append MANIFEST"
_RESTORE = Fix(text=f"restore the lines that the base has, then run `{APPEND}`")
_APPEND = Fix(text=f"run `{APPEND}`")
_FIXES = {
    LedgerFault.OTHER_PATH: Fix(text="name the ledger of the configuration, or leave `privacy.ledger` out"),
    LedgerFault.GONE: _RESTORE,
    LedgerFault.BROKEN: _RESTORE,
    LedgerFault.CHANGED: Fix(
        text=f"bring the base's ledger in as it is, also where it grew in the meantime, then run `{APPEND}`"
    ),
    LedgerFault.NO_LINE: _APPEND,
    LedgerFault.OTHER_MANIFEST: Fix(
        text=f"raise `metadata.sequence` where the release has landed already, then run `{APPEND}`"
    ),
    LedgerFault.DIFFERS: _APPEND,
    LedgerFault.NOT_NEWEST: Fix(text=f"raise `metadata.sequence` above that of the newest line, then run `{APPEND}`"),
    LedgerFault.DATED: _APPEND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLimits:
    """How old a line may be when it lands."""

    max_days: int = limit(
        whole_number(minimum=0), "most days between writing a line and landing it", stricter="lower", default=30
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """How much privacy all releases about one population may cost together, and over how long a time."""

    max_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one population in its window", stricter="lower", default=8.0
    )
    min_window_days: int = limit(whole_number(minimum=1), "shortest window in days", stricter="higher", default=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLimits:
    """As for the window itself."""

    max_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one population in its window", stricter="lower", default=8.0
    )


def ledger_kept(kept: LedgerKept, limits: KeptLimits) -> Answer:
    """The ledger is the base's and new lines, and the newest line of this release is what its manifest says.

    Write the line with `policy-gate privacy ledger append`, as the last change before the release is reviewed.
    """
    where = f"{kept.path}:{kept.line}" if kept.line else kept.path
    if kept.fault is not LedgerFault.NONE:
        detail = f" ({kept.detail})" if kept.detail else ""
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{where}: {kept.fault.value}{detail}",
            measured=kept.fault.value,
            fixes=(_FIXES[kept.fault],),
        )
    if kept.oldest_new_days > limits.max_days:
        message = f"{where}: a new line was written {kept.oldest_new_days} days ago; policy allows {limits.max_days}"
        return Answer(
            outcome=Outcome.FAIL,
            message=message,
            measured=kept.oldest_new_days,
            limit=limits.max_days,
            unit="days",
            fixes=(_APPEND,),
        )
    message = f"{where} has {_lines(kept.lines)}, {kept.new_lines} of them new, and the chain holds"
    return Answer(outcome=Outcome.PASS, message=message, measured=kept.lines, unit="lines")


def window_within(spend: WindowSpend, limits: WindowLimits) -> Answer:
    """All releases about the same people in the window cost no more together than policy allows.

    Train with more noise, or wait until an earlier release leaves the window; what was spent cannot be taken back.
    """
    if spend.window_days < limits.min_window_days:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the window is {spend.window_days} days long; policy asks for {limits.min_window_days}",
            measured=spend.window_days,
            limit=limits.min_window_days,
            unit="days",
            pointer="/privacy/population/window_days",
            fixes=(Fix(text=f"state `window_days: {limits.min_window_days}`"),),
        )
    measured, most = spend.epsilon_upper, limits.max_epsilon
    fits, is_above = measured <= most, spend.epsilon_lower > most
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL if is_above else Outcome.UNKNOWN,
        reason=None if fits or is_above else Reason.INTERVAL_STRADDLES,
        message=f"{_cost(spend, is_above=is_above)}; policy allows {most:g}",
        measured=measured,
        limit=most,
        causes=_causes(spend),
        fixes=() if fits else _ways_to_fit(spend),
    )


def _cost(spend: WindowSpend, *, is_above: bool) -> str:
    cost = f"{spend.epsilon_lower:g} at least" if is_above else f"{spend.epsilon_upper:g} at most"
    together = f" together, where their claims add up to {spend.claims_sum:g}" if spend.releases > 1 else ""
    return f"{_releases(spend.releases)} in {spend.window_days} days cost {spend.population} {cost}{together}"


def _causes(spend: WindowSpend) -> tuple[str, ...]:
    causes: list[str] = []
    if spend.also_called:
        shared = "they share data or the name of a release"
        causes.append(f"the same people stand under {', '.join(spend.also_called)} too: {shared}")
    if spend.repeats:
        causes.append(f"this release ships the bytes of {spend.repeats} again, which costs nothing more")
    return (*causes, *spend.counted, f"composed at delta {spend.delta:g} by {spend.method}")


def _ways_to_fit(spend: WindowSpend) -> tuple[Fix, ...]:
    raised = " and ".join(f"noise_multiplier of {one.phase} to {one.noise_multiplier:g}" for one in spend.noise_advice)
    fixes = [Fix(text=f"raise {raised}, and train again")] if raised else []
    if spend.leaves:
        fixes.append(Fix(text=f"wait until {spend.leaves}, when the oldest release leaves the window"))
    return tuple(fixes) or (Fix(text="train with more noise, fewer steps or smaller batches"),)


def next_release_fits(forecast: WindowForecast, limits: ForecastLimits) -> Answer:
    """After this release, one more like it fits in the window of its population.

    Plan the next one with more noise, or for the day on which the oldest leaves the window.
    """
    fitting = [one for one in forecast.with_more if one <= limits.max_epsilon]
    following = forecast.with_more[0] if forecast.with_more else None
    wait = f", until a release leaves the window on {forecast.leaves}" if forecast.leaves else ""
    figure = f": it would come to {following:g}, and policy allows {limits.max_epsilon:g}" if following else ""
    has_room = bool(fitting) and fitting[0] == following
    room = f"at least {len(fitting)} more like this one" if has_room else f"no more like this one{wait}"
    return Answer(
        outcome=Outcome.PASS if has_room else Outcome.FAIL,
        message=f"the window of {forecast.population} holds {_releases(forecast.releases)}, and {room}{figure}",
        measured=following,
        limit=limits.max_epsilon,
        fixes=() if has_room else (Fix(text="plan the next release with more noise, fewer steps or smaller batches"),),
    )


def _releases(number: int) -> str:
    return "1 release" if number == 1 else f"{number} releases"


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"
