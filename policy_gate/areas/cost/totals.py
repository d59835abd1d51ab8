"""Judges what the models of one target take together: against a budget, and against the base release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policy_gate.areas.cost.answers import budget_answer, growth_answer, peak_cause, short
from policy_gate.areas.cost.facts import Layer, ModelTake, TargetActivations, TargetCost, TargetFlash
from policy_gate.areas.cost.facts_device import TargetInPlace
from policy_gate.areas.cost.growth import Growth, grown_layers, most_allowed, other_inputs, peak_layer, smaller_binding
from policy_gate.areas.cost.pairing import pair_layers
from policy_gate.areas.cost.units import Quantity
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fact, Fix, Outcome

SHOWN_MODELS = 5
PEAKS = (TargetActivations, TargetInPlace)
"""Of these the largest model counts: models of one target run one at a time."""


def total_within(quantity: Quantity, cost: TargetCost, budget: int | None) -> Answer:
    """Judge the total of a target by its budget, with what each model takes of it."""
    answer = budget_answer(_of_all(quantity, cost), target_of(cost), cost.total, budget)
    return replace(answer, causes=_shares(quantity, cost))


def total_growth(quantity: Quantity, cost: TargetCost, base: TargetCost, *, max_growth: float) -> Answer:
    """Judge growth of a target's total, then of each model by itself: one that shrank must not hide another's growth.

    A model split in two, or one added beside it, counts in the total.
    """
    before = {model.artifact: model for model in base.models}
    bound = _bound_to_less(cost, before)
    if bound is not None:
        return bound
    shares = not isinstance(cost, PEAKS)
    several = len(cost.models) > 1
    grown = _grown(cost, base, named=several)
    whole = growth_answer(
        _of_all(quantity, cost),
        cost.total,
        base.total,
        [one.growth for one in grown],
        max_growth=max_growth,
        shares=shares,
    )
    if whole.outcome is Outcome.FAIL:
        placed = replace(whole, pointer=grown[0].pointer, locator=grown[0].locator) if grown else whole
        return placed if shares else _with_peak(placed, quantity, cost.models, base.models)
    unpaired = _replaced(cost, before) or _shifted(cost, before)
    if unpaired is not None:
        return unpaired
    for model in cost.models if several else ():
        was = before.get(model.artifact)
        if was is not None and model.amount > most_allowed(was.amount, max_growth):
            layers = grown_layers(model.layers, was.layers)
            alone = replace(quantity, name=f"{quantity.name} of {model.artifact}")
            answer = growth_answer(alone, model.amount, was.amount, layers, max_growth=max_growth, shares=shares)
            placed = replace(answer, pointer=model.pointer)
            return placed if shares else _with_peak(placed, quantity, (model,), (was,))
    return whole


def _with_peak(answer: Answer, quantity: Quantity, models: Sequence[ModelTake], base: Sequence[ModelTake]) -> Answer:
    """Name the layer that sets the largest peak, before those that only grew."""
    largest, was = max(models, key=_amount), max(base, key=_amount, default=None)
    setting = peak_layer(largest.layers)
    if setting is None:
        return answer
    layers, base_peak = () if was is None else was.layers, 0 if was is None else was.amount
    before = peak_layer(layers)
    same = any(one is setting and other is before for one, other in pair_layers(largest.layers, layers))
    words = peak_cause(quantity, setting, largest.amount, None if same else before, base_peak)
    return replace(answer, pointer=largest.pointer, locator=short(setting.name), causes=(words, *answer.causes))


def _amount(model: ModelTake) -> int:
    return model.amount


def target_of(cost: Fact) -> str:
    """The target whose budget counts; a release without targets has that of all others."""
    return cost.subject.names[0] if cost.subject.kind == "target" else "*"


def _of_all(quantity: Quantity, cost: TargetCost) -> Quantity:
    assets = len(_assets(cost))
    if assets:
        models = f" of {len(cost.models)} models" if len(cost.models) > 1 else ""
        both = f"{quantity.name}{models} and " if cost.models else ""
        return replace(quantity, name=f"{both}{assets} other file{'s' if assets > 1 else ''} together")
    if len(cost.models) == 1:
        return quantity
    if isinstance(cost, PEAKS):
        return replace(quantity, name=f"largest {quantity.name} of {len(cost.models)} models, which run one at a time")
    return replace(quantity, name=f"{quantity.name} of {len(cost.models)} models together")


def _shares(quantity: Quantity, cost: TargetCost) -> tuple[str, ...]:
    every = [*((one.artifact, one.amount) for one in cost.models), *_assets(cost).items()]
    if len(every) == 1 and cost.models:
        return ()
    largest = sorted(every, key=lambda one: (-one[1], one[0]))
    more = len(largest) - SHOWN_MODELS
    shown = tuple(f"'{artifact}' takes {quantity.words(amount)}" for artifact, amount in largest[:SHOWN_MODELS])
    return (*shown, f"and {more} more {'files' if _assets(cost) else 'models'}") if more > 0 else shown


def _assets(cost: TargetCost) -> dict[str, int]:
    """Bytes by artifact of the files that are no models, but take flash as well."""
    assets = cost.assets if isinstance(cost, TargetFlash) else ()
    return {one.artifact: one.size_bytes for one in assets if one.size_bytes}


@dataclass(frozen=True, slots=True)
class _Grown:
    """What takes more than before, and where it stands: the file's pointer, and the layer in it."""

    growth: Growth
    pointer: str
    locator: str


def _grown(cost: TargetCost, base: TargetCost, *, named: bool) -> list[_Grown]:
    """Every layer and file that takes more than before, largest increase first.

    Models pair by artifact; the only model of a target is compared with the only one before it, whatever its name.
    """
    before = {model.artifact: model.layers for model in base.models}
    if len(cost.models) == len(base.models) == 1:
        before = {cost.models[0].artifact: base.models[0].layers}
    found = [
        _Grown(replace(one, layer=_named(one.layer, model)) if named else one, model.pointer, short(one.layer.name))
        for model in cost.models
        for one in grown_layers(model.layers, before.get(model.artifact, ()))
    ]
    found += _grown_assets(cost, _assets(base))
    return sorted(found, key=lambda one: -one.growth.increase)


def _grown_assets(cost: TargetCost, before: dict[str, int]) -> Iterator[_Grown]:
    for one in cost.assets if isinstance(cost, TargetFlash) else ():
        was = before.get(one.artifact, 0)
        if one.size_bytes > was:
            layer = Layer(name=one.artifact, op="file", amount=one.size_bytes)
            yield _Grown(Growth(layer, was, one.artifact not in before), one.pointer, "")


def _named(layer: Layer, model: ModelTake) -> Layer:
    return replace(layer, name=f"{model.artifact}: {layer.name}")


def _replaced(cost: TargetCost, before: dict[str, ModelTake]) -> Answer | None:
    """Unknown when models are new while others are gone: inputs and layers of which with which is not stated."""
    now = [model.artifact for model in cost.models]
    gone, new = sorted(set(before) - set(now)), [one for one in cost.models if one.artifact not in before]
    if not gone or not new:
        return None
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.BASE_UNKNOWN,
        message=f"{_some([one.artifact for one in new])} is new while {_some(gone)} is gone: "
        "what replaces what is unknown",
        pointer=new[0].pointer,
        fixes=(Fix(text="keep the id of what this replaces, or add and remove in two releases"),),
    )


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN_MODELS
    return ", ".join(names[:SHOWN_MODELS]) + (f" and {more} more" if more > 0 else "")


def _shifted(cost: TargetCost, before: dict[str, ModelTake]) -> Answer | None:
    """Unknown when bound axes cannot be compared: a model's inputs are others, or a new model is bound to less."""
    extents = (
        one.extents[axis]
        for was in before.values()
        for one in was.inputs
        for axis in one.bound_axes
        if not one.counts_trips
    )
    largest = max(extents, default=0)
    for model in cost.models:
        was = before.get(model.artifact)
        if was is not None and other_inputs(model.inputs, was.inputs):
            message = f"'{model.artifact}' has other inputs than in the base release, and the target binds their axes"
            return _open(f"{message}: the two figures do not compare", model.pointer)
        if was is None and any(one.extents[axis] < largest for one in model.inputs for axis in one.bound_axes):
            message = f"'{model.artifact}' is new and bound to less than {largest}, as a model of the base release is"
            return _open(f"{message}: what it took over is unknown", model.pointer)
    return None


def _open(message: str, pointer: str) -> Answer:
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.BASE_UNKNOWN,
        message=message,
        pointer=pointer,
        fixes=(Fix(text="keep number, rank and extents of the inputs, or export the models with fixed extents"),),
    )


def _bound_to_less(cost: TargetCost, before: dict[str, ModelTake]) -> Answer | None:
    """A failure when the target binds a dimension to less than before, since figures would not compare."""
    for model in cost.models:
        was = before.get(model.artifact)
        smaller = smaller_binding(model.inputs, was.inputs) if was is not None else None
        if smaller is None:
            continue
        model_input, axis, extent = smaller
        now = model_input.extents[axis]
        name = f"'{model_input.name}'"
        what = name if model_input.counts_trips else f"axis {axis} of input {name}"
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{what} is bound to {now}, and was {extent} in the base release: the two figures do not compare",
            measured=now,
            limit=extent,
            base=extent,
            pointer=model.pointer,
            fixes=(Fix(text=f"bind the dimension to {extent} in the target, as the base release does"),),
        )
    return None
