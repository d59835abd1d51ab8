"""Puts a comparison of two numbers into words: growth against a base with the layers that caused it, and budgets."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.areas.cost.facts import Layer
from policy_gate.areas.cost.growth import Growth, by_operator, most_allowed, share_percent
from policy_gate.areas.cost.units import Quantity
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN_LAYERS = 3
SHOWN_OPERATORS = 4
SHOWN_NAME = 64


def growth_answer(
    quantity: Quantity, now: int, base: int, grown: Sequence[Growth], *, max_growth: float, shares: bool = True
) -> Answer:
    """Judge growth of a total; `grown` are the layers that take more, which only explain it.

    `shares` says that the total is the sum of what the layers take.
    """
    allowed = most_allowed(base, max_growth)
    message = f"{quantity.name}: {quantity.words(now)}, {_change(now, base)}"
    if now <= allowed:
        return Answer(outcome=Outcome.PASS, message=message, measured=now, limit=allowed, base=base, unit=quantity.unit)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{message}; allowed is {quantity.words(allowed)}",
        measured=now,
        limit=allowed,
        base=base,
        unit=quantity.unit,
        locator=short(grown[0].layer.name) if grown else "",
        causes=growth_causes(quantity, now - base, grown, shares=shares),
        fixes=(
            Fix(text="make the layers that grew smaller"),
            Fix(text="if the growth is meant, let the owner of the policy raise the allowed share"),
        ),
    )


def growth_causes(quantity: Quantity, growth: int, grown: Sequence[Growth], *, shares: bool = True) -> tuple[str, ...]:
    """Say which layers explain the growth of a total, then which operators, then what shrank meanwhile.

    Shares are of the whole increase, of which `growth` is left when what other layers gave up is taken off.
    """
    increase = sum(one.increase for one in grown)
    whole = max(growth, increase) if shares else 0
    causes = [_cause(one, whole, quantity) for one in grown[:SHOWN_LAYERS]]
    if shares and len(grown) > SHOWN_LAYERS:
        causes.append(f"by operator: {_operators(grown, whole)}")
    if shares and increase > growth:
        causes.append(f"everything else takes {quantity.words(increase - growth)} less than before")
    if shares and grown and increase < growth:
        rest = share_percent(growth - increase, whole)
        causes.append(f"no layer listed takes the other {quantity.words(growth - increase)}: {rest}% of the increase")
    return tuple(causes)


def budget_answer(quantity: Quantity, target: str, used: int, budget: int | None) -> Answer:
    """Judge a figure by a target's budget; no budget means that nobody who is trusted has set one."""
    if budget is None:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_TRUSTED,
            message=f"no budget for target {target} in the policy" if target != "*" else "no budget in the policy",
            measured=used,
            unit=quantity.unit,
            fixes=(Fix(text='set a budget for the target, or for "*", in the parameters of the policy'),),
        )
    fits = used <= budget
    remedy = Fix(text="make the models smaller, or have the budget raised where the policy is kept")
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{quantity.name}: {quantity.words(used)} of a budget of {quantity.words(budget)}",
        measured=used,
        limit=budget,
        unit=quantity.unit,
        fixes=() if fits else (remedy,),
    )


def _change(now: int, base: int) -> str:
    if now == base:
        return "as in the base"
    if base == 0:
        return "from none in the base"
    tenths = (2000 * abs(now - base) + base) // (2 * base)
    return f"{tenths // 10}.{tenths % 10}% {'more' if now > base else 'less'} than in the base"


def _cause(one: Growth, whole: int, quantity: Quantity) -> str:
    named = f"'{short(one.layer.name)}' ({operator(one.layer.op)})"
    share = f": {share_percent(one.increase, whole)}% of the increase" if whole else ""
    if one.is_new:
        return f"{named} is new and takes {quantity.words(one.layer.amount)}{share}"
    return f"{named} grew from {quantity.words(one.before)} to {quantity.words(one.layer.amount)}{share}"


def peak_cause(quantity: Quantity, layer: Layer, peak: int, before: Layer | None, base: int) -> str:
    """Say which layer sets a peak, and which one did in the base where that is another, `before`."""
    moved = "" if before is None else f", where '{short(before.name)}' set it"
    named = f"'{short(layer.name)}' ({operator(layer.op)})"
    return f"{named} sets the peak: {quantity.words(peak)} while it runs, {quantity.words(base)} in the base{moved}"


def _operators(grown: Sequence[Growth], whole: int) -> str:
    found = by_operator(grown, whole)
    words = [
        f"{operator(one.op)} {one.share_percent}% in {one.layers} layer{'s' if one.layers > 1 else ''}"
        for one in found[:SHOWN_OPERATORS]
    ]
    more = len(found) - SHOWN_OPERATORS
    return ", ".join(words) + (f", and {more} more" if more > 0 else "")


def operator(op: str) -> str:
    """An operator as readers know it: the usual domains of ONNX and TFLite go without saying."""
    return short(op.removeprefix("ai.onnx::").removeprefix("tflite::"))


def short(name: str) -> str:
    """Converters join the names of fused calls; both ends of such a name tell it apart."""
    return name if len(name) <= SHOWN_NAME else f"{name[:40]}…{name[-20:]}"
