"""Values of parameters: what packs offer, what presets tighten, what configuration sets, and what a floor holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from policy_gate.document import Document, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Mode
from policy_gate.policy.direction import Change, compare, compare_modes, meet
from policy_gate.policy.limits import LimitValueError
from policy_gate.policy.pack import Parameter, Preset, Rule
from policy_gate.policy.packs import Offer, Pack, Setting
from policy_gate.policy.parameters import parameter_type

DEFAULT_PRESET = "default"
MAX_PRESET_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One parameter: its declaration, the value in force (None: a required one without), and what a floor demands."""

    parameter: Parameter
    document: Document
    pointer: str
    setting: Setting | None
    floor: Setting | None
    pack_setting: Setting | None
    """What packs and presets say before configuration: what a loosening is measured against."""

    def change_to(self, given: object) -> Change:
        """What a value given by configuration is beside that of the packs; the first value is never looser."""
        if self.pack_setting is None:
            return Change.SAME
        return compare(self.parameter.stricter, self.pack_setting.value, given)


Values = Mapping[str, Value]


def offered_values(offers: Iterable[Offer]) -> dict[str, Value]:
    """One value for each parameter: the strictest that any way through the inclusions gives, in any order."""
    values: dict[str, Value] = {}
    for offer in offers:
        pointer = f"/spec/parameters/{offer.name}"
        if offer.setting is not None:
            read(offer.parameter, offer.name, offer.setting)
        known = values.get(offer.name)
        if known is None:
            _declared(offer, pointer)
            known = Value(
                parameter=offer.parameter,
                document=offer.pack.document,
                pointer=pointer,
                setting=None,
                floor=None,
                pack_setting=None,
            )
        elif known.document is not offer.pack.document:
            message = f"parameter '{offer.name}' is declared twice, also in {known.document.path}"
            raise PolicyError(problem(offer.pack.document, pointer, message))
        if offer.setting is not None:
            known = _tightened(offer.name, known, offer.setting, floor=offer.floor)
        values[offer.name] = known
    return values


def _declared(offer: Offer, pointer: str) -> None:
    try:
        parameter_type(offer.parameter)
    except ValueError as error:
        message = f"parameter '{offer.name}' is not declared clearly: {error}"
        raise PolicyError(problem(offer.pack.document, pointer, message)) from error


def read(parameter: Parameter, name: str, setting: Setting, document: Document | None = None) -> None:
    """Refuse a value that is not of the parameter's type or out of its range; raises PolicyError at its place."""
    try:
        parameter_type(parameter).parse(setting.value)
    except LimitValueError as error:
        where = document or setting.document
        raise PolicyError(problem(where, setting.pointer, f"parameter '{name}' must be {error}")) from error
    except ValueError:
        return  # the declaration is wrong, which is said at its own place


def _tightened(name: str, known: Value, setting: Setting, *, floor: bool) -> Value:
    best = _stricter(name, known.parameter, known.setting, setting)
    held = _stricter(name, known.parameter, known.floor, setting) if floor else known.floor
    return replace(known, setting=best, pack_setting=best, floor=held)


def _stricter(name: str, parameter: Parameter, one: Setting | None, other: Setting) -> Setting:
    if one is None:
        return other
    try:
        value = meet(parameter.stricter, one.value, other.value)
    except ValueError as error:
        message = f"parameter '{name}' is given two values: {error}; the other is in {one.document.path}"
        raise PolicyError(problem(other.document, other.pointer, message)) from error
    nearer = other if value == other.value else one
    return replace(nearer, value=value)


def check_presets(packs: Iterable[Pack], values: Values) -> None:
    """Refuse a preset that loosens: the default is the floor; raises PolicyError at the preset's own line."""
    packs = tuple(packs)
    rules = {rule.id: rule for pack in packs for rule in pack.content.spec.rules}
    for pack in packs:
        for name, preset in pack.content.spec.presets.items():
            if name == DEFAULT_PRESET:
                where = f"/spec/presets/{name}"
                raise PolicyError(problem(pack.document, where, "the preset `default` is what the parameters say"))
            for setting_name, setting in _of_preset(pack, name, preset):
                _check_preset(pack, values, setting_name, setting)
            for rule_id, mode in preset.modes.items():
                _check_mode(pack, f"/spec/presets/{name}/modes/{rule_id}", mode, rules.get(rule_id))
            _chain(pack, name)


def _check_preset(pack: Pack, values: Values, name: str, setting: Setting) -> None:
    known = values.get(name)
    if known is None:
        hint = f"parameters: {', '.join(sorted(values)) or 'none'}"
        raise PolicyError(problem(pack.document, setting.pointer, f"no pack has a parameter '{name}'", hint))
    read(known.parameter, name, setting)
    declared = known.parameter
    if declared.has_default and not compare(declared.stricter, declared.default, setting.value).tightens:
        message = f"a preset may only tighten: '{name}' is {setting.value!r}, and its default is {declared.default!r}"
        raise PolicyError(problem(pack.document, setting.pointer, message))


def _check_mode(pack: Pack, pointer: str, mode: Mode, rule: Rule | None) -> None:
    if rule is None:
        raise PolicyError(problem(pack.document, pointer, "no pack of the policy has this rule"))
    own = rule.rollout.mode_after if rule.rollout is not None else rule.mode
    if not compare_modes(own, mode).tightens:
        message = f"a preset may only tighten: {rule.id} is {mode.value}, and its own mode is {own.value}"
        raise PolicyError(problem(pack.document, pointer, message))


def preset_names(packs: Iterable[Pack]) -> tuple[str, ...]:
    """Every preset that some pack has, sorted."""
    return tuple(sorted({name for pack in packs for name in pack.content.spec.presets}))


def preset_settings(packs: Iterable[Pack], name: str) -> Iterator[tuple[str, Setting]]:
    """The values a preset gives, over all packs that have it, those it extends first."""
    for pack in packs:
        if name in pack.content.spec.presets:
            for one in reversed(_chain(pack, name)):
                yield from _of_preset(pack, one, pack.content.spec.presets[one])


def preset_chain(packs: Iterable[Pack], name: str) -> Iterator[Preset]:
    """The presets a name stands for, in every pack that has it, with those they extend."""
    for pack in packs:
        if name in pack.content.spec.presets:
            yield from (pack.content.spec.presets[one] for one in _chain(pack, name))


def _chain(pack: Pack, name: str) -> list[str]:
    chain: list[str] = []
    following: str | None = name
    while following is not None and following != DEFAULT_PRESET:
        where = f"/spec/presets/{chain[-1] if chain else name}/extends"
        if following in chain or len(chain) >= MAX_PRESET_DEPTH:
            raise PolicyError(problem(pack.document, where, f"presets extend each other without end: {following}"))
        preset = pack.content.spec.presets.get(following)
        if preset is None:
            raise PolicyError(problem(pack.document, where, f"there is no preset '{following}'"))
        chain.append(following)
        following = preset.extends
    return chain


def _of_preset(pack: Pack, name: str, preset: Preset) -> Iterator[tuple[str, Setting]]:
    for key, value in preset.parameters.items():
        pointer = f"/spec/presets/{name}/parameters/{key}"
        yield key, Setting(value=value, document=pack.document, pointer=pointer, origin=f"preset {name}")


def with_preset(values: Values, packs: Iterable[Pack], name: str) -> dict[str, Value]:
    """The values a preset tightens, as the new base that configuration is measured against."""
    tightened = dict(values)
    for key, setting in preset_settings(tuple(packs), name):
        known = tightened[key]
        best = _stricter(key, known.parameter, known.setting, setting)
        tightened[key] = replace(known, setting=best, pack_setting=best)
    return tightened


def known_parameter(values: Values, name: str, document: Document | None, pointer: str) -> Value:
    """The parameter of a name; raises PolicyError at the place where the name was written."""
    known = values.get(name)
    if known is None:
        message, hint = f"no pack has a parameter '{name}'", f"parameters: {', '.join(sorted(values)) or 'none'}"
        raise PolicyError(problem(document, pointer, message, hint) if document else Problem(message, hint=hint))
    return known
