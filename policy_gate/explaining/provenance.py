"""Where the values of a rule come from: every pack, inclusion, preset and configuration that gives one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING

from policy_gate.catalogue import find_check
from policy_gate.document import join
from policy_gate.explanation import ExplainedLimit, ValueStep
from policy_gate.model import Mode
from policy_gate.policy.loading import CONFIGURATION, Policy, PolicyRule, parameters_used, place_of
from policy_gate.policy.packs import Pack, Setting
from policy_gate.policy.parameters import parameter_type
from policy_gate.policy.values import Value, preset_settings

if TYPE_CHECKING:
    from dataclasses import Field

    from policy_gate.gate.trusted import Configuration

SOURCE = "policy"
"""What a place says that stands in a file of the policy."""


def explained_limits(
    chosen: PolicyRule, read: Iterable[str], policy: Policy, configuration: Configuration
) -> Iterator[ExplainedLimit]:
    """Every value that judges by a rule: the limits of its check, then the parameters that its expressions `read`."""
    chain = ParameterChain(policy, configuration)
    check = find_check(chosen.rule.check_name) if chosen.rule.check_name else None
    used = dict(parameters_used(chosen.rule))
    if check is not None and check.limits is not None:
        for one in fields(check.limits):
            yield _limit(one, chosen.limits.get(one.name), used.get(one.name, ""), chain)
    for name in read:
        if name in policy.values:
            yield chain.parameter(name)


def _limit(one: Field[object], setting: Setting | None, parameter: str, chain: ParameterChain) -> ExplainedLimit:
    found = chain.parameter(parameter) if parameter and chain.knows(parameter) else None
    if found is not None:
        return replace(found, name=one.name, words=one.metadata["words"])
    steps = (_step(setting, holds=True, origin=setting.origin or "the rule itself"),) if setting is not None else ()
    return ExplainedLimit(
        name=one.name,
        parameter=parameter,
        value=setting.value if setting is not None else _default(one),
        words=one.metadata["words"],
        kind=one.metadata["kind"].words,
        stricter=one.metadata["stricter"],
        steps=steps,
    )


def _default(one: Field[object]) -> object:
    return None if one.default is MISSING else one.default


def _step(setting: Setting, *, holds: bool, origin: str = "", note: str = "") -> ValueStep:
    place = place_of(setting.document, setting.pointer, SOURCE)
    return ValueStep(value=setting.value, origin=origin or setting.origin, place=place, holds=holds, note=note)


class ParameterChain:
    """Finds what gives a parameter its value, from the pack that declares it outward."""

    def __init__(self, policy: Policy, configuration: Configuration) -> None:
        """Take the policy in force, with the selectors of a release applied where there is one."""
        self._policy = policy
        self._configuration = configuration

    def knows(self, name: str) -> bool:
        """Whether a pack of the policy declares the parameter."""
        return name in self._policy.values

    def parameter(self, name: str) -> ExplainedLimit:
        """One parameter with every step of its value."""
        value = self._policy.values[name]
        floor = value.floor
        return ExplainedLimit(
            name="",
            parameter=name,
            value=value.setting.value if value.setting is not None else None,
            words=value.parameter.words,
            kind=parameter_type(value.parameter).words,
            stricter=value.parameter.stricter,
            steps=tuple(self._steps(name, value)),
            floor=(_step(floor, holds=True),) if floor is not None else (),
        )

    def _steps(self, name: str, value: Value) -> Iterator[ValueStep]:
        for setting, origin, note in self._settings(name):
            yield _step(setting, holds=_same_place(setting, value.setting), origin=origin, note=note)

    def _settings(self, name: str) -> Iterator[tuple[Setting, str, str]]:
        """Every setting of a parameter with the words of its origin, and what there is to say of it."""
        for pack in self._policy.packs:
            declared = pack.content.spec.parameters.get(name)
            if declared is not None and declared.has_default:
                pointer = f"/spec/parameters/{name}/default"
                yield _setting(declared.default, pack, pointer), f"default of {pack.name}", ""
        for pack in self._policy.packs:
            for position, inclusion in enumerate(pack.content.spec.include):
                if name in inclusion.parameters:
                    pointer = f"/spec/include/{position}/parameters/{name}"
                    yield (
                        _setting(inclusion.parameters[name], pack, pointer),
                        f"{pack.name} includes {inclusion.pack}",
                        "",
                    )
        for preset in self._policy.presets:
            yield from ((one, one.origin, "") for one in _of_preset(self._policy.packs, preset, name))
        yield from self._configured(name)
        for selector in self._policy.selectors:
            origin = f"preset {selector.preset}, where {selector.condition.text}"
            yield from ((one, origin, "") for one in _of_preset(self._policy.packs, selector.preset, name))

    def _configured(self, name: str) -> Iterator[tuple[Setting, str, str]]:
        document, given = self._configuration.document, self._configuration.spec.parameters
        if document is None or name not in given:
            return
        pointer = f"/spec/parameters/{name}"
        setting = Setting(value=given[name], document=document, pointer=pointer, origin=CONFIGURATION)
        yield setting, CONFIGURATION, permission_words(self._policy, f"parameter {name}")


def _setting(value: object, pack: Pack, pointer: str) -> Setting:
    return Setting(value=value, document=pack.document, pointer=pointer)


def _of_preset(packs: Iterable[Pack], preset: str, name: str) -> Iterator[Setting]:
    return (setting for key, setting in preset_settings(packs, preset) if key == name)


def _same_place(one: Setting, other: Setting | None) -> bool:
    return other is not None and one.document is other.document and one.pointer == other.pointer


def permission_words(policy: Policy, what: str) -> str:
    """What a `loosens` entry says of a change: in force and until when, or why not; "" without an entry."""
    return next((f"loosening {one.state.value}: {one.detail}" for one in policy.loosenings if one.what == what), "")


def mode_steps(chosen: PolicyRule, policy: Policy, configuration: Configuration) -> tuple[ValueStep, ...]:
    """Every place that gives a rule its mode; the last one that says the mode in force holds."""
    found = list(_modes(chosen, policy, configuration))
    wanted = [position for position, (_, mode) in enumerate(found) if mode is chosen.mode]
    last = wanted[-1] if wanted else -1
    return tuple(replace(step, holds=position == last) for position, (step, _) in enumerate(found))


def _modes(chosen: PolicyRule, policy: Policy, configuration: Configuration) -> Iterator[tuple[ValueStep, Mode]]:
    rule = chosen.rule
    named = next((pack.name for pack in policy.packs if pack.document is chosen.document), chosen.document.path)
    own = Setting(value=rule.mode.value, document=chosen.document, pointer=f"{chosen.pointer}/mode")
    if rule.rollout is None:
        yield _step(own, holds=False, origin=named), rule.mode
    else:
        starts = f"{rule.rollout.mode.value}, and {rule.rollout.mode_after.value} from {rule.rollout.effective_on} on"
        rollout = replace(own, value=starts, pointer=f"{chosen.pointer}/rollout")
        over = chosen.mode is rule.rollout.mode_after
        yield _step(rollout, holds=False, origin=named), rule.rollout.mode_after if over else rule.rollout.mode
    for pack, pointer, mode, origin in _given_modes(rule.id, policy):
        yield (
            _step(Setting(value=mode.value, document=pack.document, pointer=pointer), holds=False, origin=origin),
            mode,
        )
    overlay = configuration.spec.rules.get(rule.id)
    if overlay is not None and overlay.mode is not None and configuration.document is not None:
        pointer = f"/spec/rules/{rule.id}/mode"
        setting = Setting(value=overlay.mode.value, document=configuration.document, pointer=pointer)
        note = permission_words(policy, f"rule {rule.id}")
        yield _step(setting, holds=False, origin=CONFIGURATION, note=note), overlay.mode


def _given_modes(rule_id: str, policy: Policy) -> Iterator[tuple[Pack, str, Mode, str]]:
    for pack in policy.packs:
        for position, inclusion in enumerate(pack.content.spec.include):
            if rule_id in inclusion.modes:
                pointer = f"/spec/include/{position}/modes/{rule_id}"
                yield pack, pointer, inclusion.modes[rule_id], f"{pack.name} includes {inclusion.pack}"
    chosen: Mapping[str, str] = {
        **{name: f"preset {name}" for name in policy.presets},
        **{one.preset: f"preset {one.preset}, where {one.condition.text}" for one in policy.selectors},
    }
    for name, origin in chosen.items():
        for pack in policy.packs:
            for extended in _extended(pack, name):
                modes = pack.content.spec.presets[extended].modes
                if rule_id in modes:
                    yield pack, join("/spec/presets", extended, "modes", rule_id), modes[rule_id], origin


def _extended(pack: Pack, name: str) -> Iterator[str]:
    """A preset and those it extends, innermost first; the loader has refused those without end."""
    presets = pack.content.spec.presets
    names: list[str] = []
    following: str | None = name
    while following in presets and following not in names:
        names.append(following)
        following = presets[following].extends
    return reversed(names)
