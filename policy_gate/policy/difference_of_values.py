"""What two policies give differently: parameters, presets, selectors, floors of values, limits on exceptions, packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.errors import PolicyError
from policy_gate.policy.difference_row import (
    ABSENT,
    ABSENT_VALUE,
    Difference,
    Sources,
    bounded,
    digest_words,
    distinct_words,
    folded,
    parts_of,
    place_of_other,
    set_parts,
    words,
)
from policy_gate.policy.direction import Change, compare, compare_modes, meet, stricter_mode
from policy_gate.policy.exceptions import Approval, WaiverLimits
from policy_gate.policy.packs import BUILTIN
from policy_gate.policy.values import preset_chain, preset_names, preset_settings
from policy_gate.policy.versions import at_least

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.model import Mode, Place
    from policy_gate.policy.loading import Policy
    from policy_gate.policy.pack import PackSpec
    from policy_gate.policy.packs import Pack, Setting
    from policy_gate.policy.values import Value

_DECLARATION = ("type", "of", "by", "minimum", "maximum", "above", "choices", "stricter", "required")


def parameter_differences(before: Policy, after: Policy, sources: Sources) -> Iterator[Difference]:
    """Values by the direction that the old side declares, what floors demand of them, and what is declared otherwise.

    Of a parameter that only one side has, the rules that use it say all there is to say: they were written anew.
    """
    for name in sorted(before.values.keys() & after.values.keys()):
        old, new = before.values[name], after.values[name]
        was, now = _declaration(old), _declaration(new)
        if was != now:
            place = sources.place((new.document, new.pointer), (old.document, old.pointer))
            texts = distinct_words(was, now)
            yield Difference(
                kind="declaration", name=name, before=texts[0], after=texts[1], change=Change.DIFFERENT, place=place
            )
        yield from _value_rows("parameter", name, (old.setting, new.setting), old, sources)
        yield from _value_rows("floor of parameter", name, (old.floor, new.floor), old, sources)


def _declaration(value: Value) -> str:
    declared = value.parameter
    parts = [
        f"{key} {words(found)}"
        for key in _DECLARATION
        if (found := getattr(declared, key)) not in (None, "", (), False)
    ]
    return bounded(", ".join(parts))


def _value_rows(
    kind: str, name: str, settings: tuple[Setting | None, Setting | None], declared: Value, sources: Sources
) -> Iterator[Difference]:
    old, new = (one.value if one is not None else ABSENT_VALUE for one in settings)
    was, now = ((one.document, one.pointer) if one is not None else None for one in settings)
    for part in parts_of(declared.parameter.stricter, old, new):
        yield Difference(
            kind=kind,
            name=bounded(f"{name}{part.suffix}"),
            before=part.before,
            after=part.after,
            change=part.change,
            place=sources.place(now, was),
        )


def preset_differences(before: Policy, after: Policy, sources: Sources) -> Iterator[Difference]:
    """What presets of the packs tighten: a release that a selector speaks of, or another stage, is judged by them.

    A preset that both sides have chosen shows in the values and modes it gives.
    """
    chosen = {*before.presets} & {*after.presets}
    for name in sorted({*preset_names(before.packs), *preset_names(after.packs)} - chosen):
        old, new = _preset(before, name), _preset(after, name)
        for key in sorted({*old.values, *new.values}):
            declared = before.values.get(key) or after.values.get(key)
            if declared is not None:
                was, now = old.values.get(key), new.values.get(key)
                yield from _value_rows(f"preset {name}", key, (was, now), declared, sources)
        for rule_id in sorted({*old.modes, *new.modes}):
            yield from _preset_mode(name, rule_id, old, new, sources)


class _Preset:
    """What one preset says over all packs that have it: of two demands the stricter."""

    def __init__(self) -> None:
        self.values: dict[str, Setting] = {}
        self.modes: dict[str, tuple[Mode, Document, str]] = {}


def _preset(policy: Policy, name: str) -> _Preset:
    found = _Preset()
    for pack in policy.packs:
        own = dict(preset_settings((pack,), name))  # later values of a chain win over those it extends
        for key, setting in own.items():
            known, declared = found.values.get(key), policy.values.get(key)
            found.values[key] = setting if known is None else _stricter(known, setting, declared)
        for preset in preset_chain((pack,), name):
            for rule_id, mode in preset.modes.items():
                other = found.modes.get(rule_id)
                if other is None or stricter_mode(other[0], mode) is not other[0]:
                    found.modes[rule_id] = (mode, pack.document, f"/spec/presets/{name}/modes/{rule_id}")
    return found


def _stricter(one: Setting, other: Setting, declared: Value | None) -> Setting:
    try:
        value = meet(declared.parameter.stricter if declared is not None else "", one.value, other.value)
    except ValueError:
        return one  # two packs that disagree are refused where the preset is chosen
    return replace(one, value=value)


def _preset_mode(name: str, rule_id: str, old: _Preset, new: _Preset, sources: Sources) -> Iterator[Difference]:
    was, now = old.modes.get(rule_id), new.modes.get(rule_id)
    before, after = (one[0].value if one is not None else ABSENT for one in (was, now))
    if before == after:
        return
    if was is None or now is None:
        change = Change.STRICTER if was is None else Change.LOOSER
    else:
        change = compare_modes(was[0], now[0])
    place = sources.place(*((one[1], one[2]) if one is not None else None for one in (now, was)))
    yield Difference(kind=f"preset {name}", name=rule_id, before=before, after=after, change=change, place=place)


def selector_differences(before: Policy, after: Policy, sources: Sources) -> Iterator[Difference]:
    """Selectors by their condition: without one, the releases it spoke of are judged by the default again."""
    old, new = _selectors(before), _selectors(after)
    for text in sorted({*old, *new}):
        was, now = old.get(text, ()), new.get(text, ())
        if was == now:
            continue
        if not was or not now:
            change = Change.STRICTER if not was else Change.LOOSER
        else:
            change = _tightened_change(before, was, after, now)
        places = [
            next(((one.condition.document, one.condition.pointer) for one in side if one.condition.text == text), None)
            for side in (after.selectors, before.selectors)
        ]
        yield Difference(
            kind="selector",
            name=bounded(text),
            before=", ".join(was) or ABSENT,
            after=", ".join(now) or ABSENT,
            change=change,
            place=sources.place(places[0], places[1]),
        )


def _selectors(policy: Policy) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for one in policy.selectors:
        found.setdefault(one.condition.text, set()).add(one.preset)
    return {text: tuple(sorted(presets)) for text, presets in found.items()}


def _tightened_change(before: Policy, was: tuple[str, ...], after: Policy, now: tuple[str, ...]) -> Change:
    """What becomes of a release that the same selector speaks of, judged by other presets; unsure is looser."""
    try:
        old, new = before.tightened_by(was), after.tightened_by(now)
    except (PolicyError, KeyError):
        return Change.LOOSER
    changes = [
        compare(value.parameter.stricter, value.setting.value, other.setting.value)
        for name, value in old.values.items()
        if value.setting is not None and (other := new.values.get(name)) is not None and other.setting is not None
    ]
    modes = {one.rule.id: one.mode for one in new.rules}
    changes += [compare_modes(one.mode, modes[one.rule.id]) for one in old.rules if one.rule.id in modes]
    found = folded(changes)
    return Change.DIFFERENT if found is Change.SAME else found


def exception_differences(
    before: Policy, after: Policy, sources: Sources, overlays: Document | None = None
) -> Iterator[Difference]:
    """What waivers are held to; of several packs the strictest demand counts, and one that changed says where."""
    was, now = before.exceptions, after.exceptions
    for name in ("waivers_max", "waiver_days_max"):
        for part in parts_of("lower", getattr(was, name), getattr(now, name)):
            place = _exceptions_place(name, before, after, sources, overlays)
            yield _exception(name, (part.before, part.after), part.change, place)
    if was.approval is not now.approval:
        change = Change.LOOSER if was.approval is Approval.PROVEN else Change.STRICTER
        place = _exceptions_place("approval", before, after, sources, overlays)
        yield _exception("approval", (was.approval.value, now.approval.value), change, place)
    shared = {one.rule.id for one in before.rules} & {one.rule.id for one in after.rules}
    old, new = _waivable(was, shared), _waivable(now, shared)
    states = {True: "may be waived", False: "may not be waived"}
    for rule_id, change in set_parts(old, new, more=Change.LOOSER):
        place = _exceptions_place("waivable", before, after, sources, overlays)
        yield _exception(rule_id, (states[rule_id in old], states[rule_id in new]), change, place)


def _exceptions_place(
    name: str, before: Policy, after: Policy, sources: Sources, overlays: Document | None
) -> Place | None:
    """Where a demand is written that came, changed or went: in a pack, else in the configuration."""
    old, new = ({pack.name: pack for pack in side.packs} for side in (before, after))
    pointer = f"/spec/exceptions/{name}"
    for pack in after.packs:
        if pack.document.has(pointer) and _demand(pack, name) != _demand(old.get(pack.name), name):
            return sources.place((pack.document, pointer), None)
    for pack in before.packs:
        if pack.document.has(pointer) and _demand(pack, name) != _demand(new.get(pack.name), name):
            return sources.place(None, (pack.document, pointer))
    named = f"/spec/limits/{name}"
    return sources.place((overlays, named), None) if overlays is not None and overlays.has(named) else None


def _demand(pack: Pack | None, name: str) -> object:
    return getattr(pack.content.spec.exceptions, name) if pack is not None else None


def _waivable(limits: WaiverLimits, rules: set[str]) -> set[str]:
    allowed = rules if isinstance(limits.waivable, str) else rules & limits.waivable
    return allowed - limits.protected


def _exception(name: str, texts: tuple[str, str], change: Change, place: Place | None) -> Difference:
    return Difference(kind="waivers", name=name, before=texts[0], after=texts[1], change=change, place=place)


def pack_differences(
    before: Policy, after: Policy, sources: Sources, rows: Iterable[Difference]
) -> Iterator[Difference]:
    """Packs whose bytes changed and about which no row says anything: in words or layout, or without any effect.

    What a pack changes of those that it includes is shown where they are.
    """
    paths = {row.place.path for row in rows if row.place is not None}
    old = {pack.name: pack for pack in before.packs}
    for pack in after.packs:
        known = old.get(pack.name)
        if known is None or known.document.content == pack.document.content or pack.document.path in paths:
            continue
        is_wording = _without_words(known) == _without_words(pack)
        if not is_wording and paths:
            continue
        state = "words or layout" if is_wording else "without effect today"
        yield Difference(
            kind="pack",
            name=bounded(pack.name),
            before=digest_words(known.document.content),
            after=f"{digest_words(pack.document.content)} ({state})",
            change=Change.DIFFERENT,
            place=_first_other_line(known, pack, sources),
        )


def _without_words(pack: Pack) -> PackSpec:
    """What a pack says to the gate, and not to people."""
    spec, no_words = pack.content.spec, {"words": ""}
    quiet = {"title": "", "rationale": "", "remediation": ""}
    return spec.model_copy(
        update={
            "parameters": {key: one.model_copy(update=no_words) for key, one in spec.parameters.items()},
            "presets": {key: one.model_copy(update=no_words) for key, one in spec.presets.items()},
            "rules": tuple(one.model_copy(update=quiet) for one in spec.rules),
        }
    )


def _first_other_line(old: Pack, new: Pack, sources: Sources) -> Place:
    path = new.document.path
    source = "builtin" if path.startswith(BUILTIN) else sources.after
    return place_of_other(old.document.content, new.document.content, path, source)


def tool_differences(before: Policy, after: Policy, sources: Sources) -> Iterator[Difference]:
    """The least version of the tool that a pack asks for: an older one may not know all of its rules."""
    old, new = ({pack.name: pack for pack in side.packs} for side in (before, after))
    for name in sorted(old.keys() & new.keys()):
        was, now = (side[name].content.metadata.requires for side in (old, new))
        if was == now:
            continue
        is_stricter = now is not None and (was is None or at_least(now, was))
        yield Difference(
            kind="pack",
            name=bounded(f"{name} requires"),
            before=was or ABSENT,
            after=now or ABSENT,
            change=Change.STRICTER if is_stricter else Change.LOOSER,
            place=sources.place((new[name].document, "/metadata/requires"), None),
        )
