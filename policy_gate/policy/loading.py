"""Puts a policy together: packs resolved, rules selected, parameters filled in, every value with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from policy_gate.document import Document, bind, load, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Input, Stage
from policy_gate.policy.config import ConfigDocument, ConfigSpec
from policy_gate.policy.configuring import configured_values, overlaid_rules
from policy_gate.policy.direction import stricter_mode
from policy_gate.policy.exceptions import WaiverLimits
from policy_gate.policy.held import held_to
from policy_gate.policy.overlays import Loosening, Permissions
from policy_gate.policy.packs import (
    ALWAYS,
    BUILTIN,
    Condition,
    Offer,
    Pack,
    PackReader,
    ReadPack,
    Setting,
    Taken,
    is_plain,
)
from policy_gate.policy.parts import (
    CONFIGURATION,
    PARAMETER,
    PolicyRule,
    Selector,
    Setup,
    is_own,
    nothing_proven,
    parameters_used,
    place_of,
)
from policy_gate.policy.values import (
    DEFAULT_PRESET,
    Values,
    check_presets,
    offered_values,
    preset_chain,
    preset_names,
    with_preset,
)

__all__ = [
    "CONFIGURATION",
    "PARAMETER",
    "Policy",
    "PolicyRule",
    "Selector",
    "Setup",
    "load_config",
    "load_policy",
    "nothing_proven",
    "parameters_used",
    "place_of",
]

MAX_RULES, MAX_CONDITIONS, MAX_WAYS = 2_000, 2_000, 64
"""How large a policy may be, so that nobody can hang the judge by proposing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules one run is judged by, ordered by id, and the files they came from."""

    rules: tuple[PolicyRule, ...]
    own_rules: tuple[PolicyRule, ...]
    """The rules about policies themselves: waivers, and what a change does to its judge."""
    names: tuple[str, ...]
    inputs: tuple[Input, ...]
    values: Values
    packs: tuple[Pack, ...]
    selectors: tuple[Selector, ...]
    loosenings: tuple[Loosening, ...]
    exceptions: WaiverLimits
    presets: tuple[str, ...] = ()

    def for_stage(self, stage: Stage) -> tuple[PolicyRule, ...]:
        """The rules that apply at a stage."""
        return tuple(rule for rule in self.rules if stage in rule.rule.stages)

    def tightened_by(self, presets: Iterable[str]) -> Policy:
        """This policy with presets on top, for a release that a selector is about; it can only get stricter."""
        values, rules = dict(self.values), self.rules
        for name in sorted(set(presets)):
            values = with_preset(values, self.packs, name)
            rules = _modes_of_preset(rules, self.packs, name)
        return replace(self, values=values, rules=tuple(_filled(rule, values, complete=True) for rule in rules))


def load_config(content: bytes, path: str) -> tuple[ConfigSpec, Document]:
    """Decode a configuration file; raises DocumentError or PolicyError with every problem."""
    document = load(content, path)
    bound = bind(document, ConfigDocument, error=PolicyError)
    return bound.spec, document


def load_policy(read_pack: ReadPack, setup: Setup) -> Policy:
    """Resolve packs, presets and overlays, and fill in parameters.

    Raises PolicyError for an unknown pack, rule, parameter or preset, a repeated rule, an endless inclusion,
    a loosening without an entry, a floor that is loosened, no rule at all.
    """
    reader = PackReader(read_pack, setup.today)
    floor_names = dict.fromkeys(setup.floors, True)
    taken = [
        one
        for name in dict.fromkeys((*setup.floors, *setup.names, *setup.added, ALWAYS))
        for one in reader.take(name, floor=name in floor_names)
    ]
    rules = _merged(one for one in taken if isinstance(one, Taken))
    packs = tuple(reader.packs[name] for name in sorted(reader.packs))
    _refuse_nothing(rules, setup)
    values = offered_values(one for one in taken if isinstance(one, Offer))
    check_presets(packs, values)
    presets = _chosen_presets(packs, setup)
    for name in presets:
        values = with_preset(values, packs, name)
        rules = {one.rule.id: one for one in _modes_of_preset(rules.values(), packs, name)}
    exceptions = held_to(
        reader, taken, floors=setup.floors, names=setup.names, added=setup.added, limits=setup.spec.limits
    )
    permissions = Permissions(setup.spec, setup.config, setup.today, exceptions, setup.proves)
    values = configured_values(values, setup, permissions)
    rules = overlaid_rules(rules, setup, permissions)
    _refuse_nothing(rules, setup)
    filled = [_filled(rules[one], values, complete=setup.complete) for one in sorted(rules)]
    return Policy(
        rules=tuple(one for one in filled if not is_own(one)),
        own_rules=tuple(one for one in filled if is_own(one)),
        names=tuple(dict.fromkeys((*setup.names, *setup.added, *setup.floors))),
        inputs=_inputs(packs, setup),
        values=values,
        packs=packs,
        selectors=_selectors(packs, setup),
        loosenings=permissions.states(),
        exceptions=exceptions,
        presets=presets,
    )


def _refuse_nothing(rules: Mapping[str, PolicyRule], setup: Setup) -> None:
    count = sum(not is_own(rule) for rule in rules.values())
    if not count and ALWAYS not in setup.names:
        raise PolicyError("the policy selects no rule; a gate without rules judges nothing")
    least = setup.spec.limits.rules_min
    if count < least and setup.config is not None:
        message = f"the policy has {count} rules, and at least {least} are demanded"
        raise PolicyError(problem(setup.config, "/spec/limits/rules_min", message))


def _merged(taken: Iterable[Taken]) -> dict[str, PolicyRule]:
    """The same rule by several ways: the stricter mode holds, and any way is enough, so that order never matters."""
    rules: dict[str, PolicyRule] = {}
    for one in taken:
        new = PolicyRule(
            rule=one.rule,
            mode=one.mode,
            limits={},
            document=one.pack.document,
            pointer=one.pointer,
            mode_after=one.mode_after,
            note=one.note,
            ways=(one.conditions,) if one.conditions else (),
            floor=one.floor,
        )
        known = rules.get(one.rule.id)
        if known is not None and known.document is not new.document:
            message = f"rule id {one.rule.id} is already used in {known.document.path}"
            raise PolicyError(problem(new.document, new.pointer, message))
        if known is not None and known.pointer != new.pointer:
            raise PolicyError(problem(new.document, new.pointer, f"rule id {one.rule.id} is already used"))
        rules[one.rule.id] = new if known is None else _joined(known, new)
    conditions = sum(len(way) for rule in rules.values() for way in rule.ways)
    if len(rules) > MAX_RULES or conditions > MAX_CONDITIONS:
        most = f"at most {MAX_RULES} rules and {MAX_CONDITIONS} conditions are judged"
        raise PolicyError(f"the policy is too large: it has {len(rules)} rules and {conditions} conditions; {most}")
    return rules


def _joined(one: PolicyRule, other: PolicyRule) -> PolicyRule:
    nearer = one if stricter_mode(one.mode, other.mode) is one.mode else other
    ways = tuple(sorted({*one.ways, *other.ways}, key=_texts)) if one.ways and other.ways else ()
    if len(ways) > MAX_WAYS:
        raise PolicyError(f"rule {one.rule.id} is taken under more than {MAX_WAYS} conditions")
    return replace(
        nearer,
        mode_after=stricter_mode(one.mode_after, other.mode_after),
        note=nearer.note if one.mode is not other.mode else min(one.note, other.note),
        ways=ways,
        floor=one.floor or other.floor,
    )


def _texts(way: tuple[Condition, ...]) -> tuple[str, ...]:
    return tuple(one.text for one in way)


def _chosen_presets(packs: tuple[Pack, ...], setup: Setup) -> tuple[str, ...]:
    spec = setup.spec
    chosen = {spec.preset: "/spec/preset"} if spec.preset else {}
    for judged in (setup.stage, *setup.stages):
        if judged is not None and judged in spec.stages:
            chosen.setdefault(spec.stages[judged].preset, f"/spec/stages/{judged.value}/preset")
    named = {f"/spec/stages/{stage.value}/preset": one.preset for stage, one in spec.stages.items()}
    for pointer, name in {**named, **{pointer: name for name, pointer in chosen.items()}}.items():
        _refuse_unknown_preset(packs, name, setup, pointer)
    return tuple(sorted(name for name in chosen if name != DEFAULT_PRESET))


def _refuse_unknown_preset(packs: tuple[Pack, ...], name: str, setup: Setup, pointer: str) -> None:
    known = preset_names(packs)
    if name in (*known, DEFAULT_PRESET):
        return
    message, hint = f"no pack has a preset '{name}'", f"presets: {', '.join((DEFAULT_PRESET, *known))}"
    raise PolicyError(problem(setup.config, pointer, message, hint) if setup.config else Problem(message, hint=hint))


def _modes_of_preset(rules: Iterable[PolicyRule], packs: Iterable[Pack], name: str) -> tuple[PolicyRule, ...]:
    by_id = {one.rule.id: one for one in rules}
    for preset in preset_chain(packs, name):
        for rule_id, mode in preset.modes.items():
            known = by_id.get(rule_id)
            if known is None:
                continue  # this policy does not take the rule, or may do without it
            if stricter_mode(known.mode, mode) is not known.mode:
                after = stricter_mode(known.mode_after, mode)
                by_id[rule_id] = replace(known, mode=mode, mode_after=after, note="")
    return tuple(by_id.values())


def _selectors(packs: tuple[Pack, ...], setup: Setup) -> tuple[Selector, ...]:
    found = []
    for position, one in enumerate(setup.spec.select):
        pointer = f"/spec/select/{position}"
        _refuse_unknown_preset(packs, one.preset, setup, f"{pointer}/preset")
        if setup.config is not None and one.preset != DEFAULT_PRESET:
            condition = Condition(text=one.when, document=setup.config, pointer=f"{pointer}/when")
            found.append(Selector(condition=condition, preset=one.preset))
    return tuple(found)


def _filled(chosen: PolicyRule, values: Values, *, complete: bool) -> PolicyRule:
    limits: dict[str, Setting] = {}
    for name, written in chosen.rule.limits.items():
        pointer = f"{chosen.pointer}/check/{chosen.rule.check_name}/{name}"
        used = PARAMETER.fullmatch(written) if isinstance(written, str) else None
        value = values.get(used[1]) if used is not None else None
        if used is None or (not complete and value is not None and value.setting is None):
            limits[name] = Setting(value=written, document=chosen.document, pointer=pointer)
            continue
        if value is None or value.setting is None:
            state = "is required, and configuration gives no value" if value else "is declared by no pack"
            raise PolicyError(problem(chosen.document, pointer, f"parameter '{used[1]}' {state}"))
        limits[name] = value.setting
    return replace(chosen, limits=limits)


def _inputs(packs: Iterable[Pack], setup: Setup) -> tuple[Input, ...]:
    """What was read, by its path in the tree: packs of the tree lie beside the configuration."""
    folder = setup.config.path.rpartition("/")[0] if setup.config is not None else ""
    found = (
        Input(
            role="policy",
            source="builtin" if pack.name.startswith(BUILTIN) else setup.source,
            path=f"{folder}/{pack.name}" if folder and is_plain(pack.name) else pack.name,
            digest=f"sha256:{hashlib.sha256(pack.document.content).hexdigest()}",
        )
        for pack in packs
    )
    return tuple(sorted(found, key=lambda one: (one.source, one.path)))
