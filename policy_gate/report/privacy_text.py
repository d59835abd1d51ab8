"""A privacy account for a terminal: the interval, the verdict on a claim, and what it means for one person."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.report.columns import columns
from policy_gate.report.directed import down, percent_up, up
from policy_gate.report.escaping import safe
from policy_gate.spent import Account, Advice, Epsilon, Exposure, Interval, Spend, Verdict

VERDICTS = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.REFUTED: "refuted: no accountant can prove this claim for these parameters",
    Verdict.NOT_RESOLVED: "not resolved: it is not proven, and not refuted either",
}
STATED = "as stated"


def render_account(found: Account) -> str:
    """The account line by line: label, text; then the figures that other conditions would have had."""
    lines = list(_labelled(_account(found)))
    if found.other_ways:
        lines += ["", *_other_ways(found)]
    return "".join(f"{line}\n" for line in lines)


def render_epsilon(epsilon: Epsilon) -> str:
    """An interval rounded outward to four digits, or why there is none."""
    if not isinstance(epsilon, Interval):
        return f"not bounded ({safe(epsilon.reason)}): {safe(epsilon.detail)}"
    if epsilon.lower <= 0:
        return f"at most {up(epsilon.upper)}"
    lower, upper = down(epsilon.lower), up(epsilon.upper)
    return upper if lower == upper else f"{lower} to {upper}"


def spend_lines(spend: Spend) -> Iterator[str]:
    """What one population has spent, and how many more releases fit."""
    releases = "1 release" if spend.releases == 1 else f"{spend.releases} releases"
    plain = f" (plain sum {up(spend.plain_sum)})" if spend.plain_sum is not None and spend.releases > 1 else ""
    days = f"{safe(spend.since)} to {safe(spend.until)}" if spend.since else f"up to {safe(spend.until)}"
    most = f"{safe(spend.rule)} allows {spend.max_epsilon:g}" if spend.rule else f"{spend.max_epsilon:g} is usual"
    figure = f"{render_epsilon(spend.epsilon)}{plain}; {most}{_over(spend)}"
    yield f"{releases} about {safe(spend.population)}, {days}: {figure}"
    if spend.note:
        yield safe(spend.note)
    yield from _forecast(spend)


def _over(spend: Spend) -> str:
    """What the spend is beside its limit, where that is not plainly kept."""
    epsilon = spend.epsilon
    if not isinstance(epsilon, Interval) or epsilon.upper <= spend.max_epsilon:
        return ""
    return ", and this is more" if epsilon.lower > spend.max_epsilon else ", and this may be more"


def _forecast(spend: Spend) -> Iterator[str]:
    if not spend.forecast:
        return
    figures = ", ".join(up(one) for one in spend.forecast)
    if spend.room == 0:
        more = "no more release like the newest fits"
    else:
        at_least = "at least " if spend.room == len(spend.forecast) else ""
        more = f"{at_least}{spend.room} more like the newest {'fits' if spend.room == 1 else 'fit'}"
    yield f"{more} ({figures})"
    if spend.leaves:
        yield f"the oldest leaves the window on {safe(spend.leaves)}"


def _account(found: Account) -> Iterator[tuple[str, str]]:
    if found.path:
        yield "manifest", safe(found.path)
    epsilon = found.epsilon
    if isinstance(epsilon, Interval):
        yield "epsilon", f"{render_epsilon(epsilon)} at delta {found.delta:g} ({safe(epsilon.method)})"
        if epsilon.unresolved and found.verdict is not Verdict.CONFIRMED:
            yield "", f"the tight accountant cannot say more: {safe(epsilon.unresolved)}"
    else:
        yield "epsilon", render_epsilon(epsilon)
        yield "", safe(epsilon.fix)
    if found.claimed_epsilon is not None:
        yield "claim", f"{found.claimed_epsilon:g} is {VERDICTS[found.verdict]}"
    yield "protects", safe(found.protects)
    for one in found.phases:
        alone = f"; alone {render_epsilon(one.epsilon)}" if len(found.phases) > 1 else ""
        yield "phase", f"{safe(one.id)}: {safe(one.accounted_as)}{alone}" if found.path else safe(one.accounted_as)
    if found.exposure is not None:
        yield from _exposure(found.exposure)
    if found.advice is not None:
        yield from _advice(found.advice, found)
    for text in found.notes:
        yield "note", safe(text)
    if found.window is not None:
        for line in spend_lines(found.window):
            yield "window", line


def _advice(advice: Advice, found: Account) -> Iterator[tuple[str, str]]:
    yield "advice", f"claim epsilon {up(advice.epsilon_to_claim)}"
    if not advice.noise:
        return
    raised = ", ".join(
        f"noise_multiplier {up(one.noise_multiplier)} in {safe(one.phase)}"
        if found.path
        else f"--noise-multiplier {up(one.noise_multiplier)}"
        for one in advice.noise
    )
    yield "", f"or train with {raised}, which proves {found.claimed_epsilon:g}"


def _exposure(exposure: Exposure) -> Iterator[tuple[str, str]]:
    right = (1.0 + exposure.advantage_upper) / 2.0
    yield "attacker", f"who guesses whether one unit took part is right at most {percent_up(right)} of the time"
    if any(one.found_rate_upper < 1 for one in exposure.detection):
        found = ", ".join(percent_up(one.found_rate_upper) for one in exposure.detection)
        alarms = ", ".join(f"{100 * one.false_alarm_rate:g} %" for one in exposure.detection)
        yield "", f"finds at most {found} of those who took part, with {alarms} false alarms"


def _labelled(pairs: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Label and text in two columns; a label that repeats stands once."""
    before = ""
    for label, text in pairs:
        if not text:
            continue
        yield f"{'' if label == before else label:<10}{text}".rstrip()
        before = label or before


def _other_ways(found: Account) -> Iterator[str]:
    rows = [(safe(one.words), render_epsilon(one.epsilon), STATED if one.stated else "") for one in found.other_ways]
    yield from columns([("the same parameters", "epsilon", ""), *rows])
    yield "Which of them holds is decided by how the training loop drew its batches, not by what was intended."
