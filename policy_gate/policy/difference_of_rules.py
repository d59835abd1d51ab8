"""What two policies demand differently: rules, their modes, stages and conditions, what decides, and their limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.document import join
from policy_gate.frozen import dataclass
from policy_gate.policy.difference_row import (
    ABSENT,
    ABSENT_VALUE,
    Difference,
    Part,
    Sources,
    bounded,
    distinct_words,
    parts_of,
    set_parts,
    words,
)
from policy_gate.policy.direction import Change, compare_modes

if TYPE_CHECKING:
    from policy_gate.document import Document
    from policy_gate.policy.limits import Stricter
    from policy_gate.policy.loading import PolicyRule
    from policy_gate.policy.packs import Pack, Setting

DirectionOf = Callable[[str, str], "Stricter"]
"""Which way a limit tightens, by the name of its check and its own; "" where it has no direction."""
DefaultOf = Callable[[str, str], object]
"""The value of a limit that a rule leaves out, as a policy would write it; ABSENT_VALUE where it must be given."""


def no_default(check: str, limit: str) -> object:
    """What stands for a limit whose default nobody knows."""
    del check, limit
    return ABSENT_VALUE


@dataclass(frozen=True, slots=True)
class _Pair:
    """A rule as it was and as it is; one of them may be missing."""

    old: PolicyRule | None
    new: PolicyRule | None


class RuleDifferences:
    """Compares the rules of two policies.

    `overlays` is the configuration that may change rules on the new side, `packs` are its packs.
    """

    def __init__(
        self,
        direction_of: DirectionOf,
        default_of: DefaultOf,
        sources: Sources,
        overlays: Document | None = None,
        packs: Sequence[Pack] = (),
    ) -> None:
        """Take what is known of the checks' limits, and where both sides were read from."""
        self._direction_of = direction_of
        self._default_of = default_of
        self._sources = sources
        self._overlays = overlays
        self._packs = packs

    def of(self, before: Mapping[str, PolicyRule], after: Mapping[str, PolicyRule]) -> Iterator[Difference]:
        """All rows about rules, by rule id."""
        for rule_id in sorted({*before, *after}):
            old, new = before.get(rule_id), after.get(rule_id)
            if old is None and new is not None:
                yield self._row("rule", _Pair(old, new), (ABSENT, _demand(new)), Change.STRICTER)
            elif new is None and old is not None:
                yield self._row("rule", _Pair(old, new), (_demand(old), ABSENT), Change.LOOSER)
            elif old is not None and new is not None:
                yield from self._changed(old, new)

    def _changed(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        pair = _Pair(old, new)
        yield from self._modes(old, new)
        yield from self._stages(old, new)
        yield from self._conditions(old, new)
        yield from self._floor(old, new)
        if _decides(old) != _decides(new):
            texts = distinct_words(_decides_words(old), _decides_words(new))
            yield self._row("check", pair, texts, Change.DIFFERENT, at="/check")
        else:
            yield from self._limits(old, new)
        for key in ("each", "message", "severity"):
            was, now = getattr(old.rule, key), getattr(new.rule, key)
            if was != now:
                texts = words(was or ABSENT), words(now or ABSENT)
                yield self._row(key, pair, texts, Change.DIFFERENT, at=f"/{key}")

    def _modes(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        pair = _Pair(old, new)
        if old.mode is not new.mode:
            change = compare_modes(old.mode, new.mode)
            yield self._row("mode", pair, (old.mode.value, new.mode.value), change, at="/mode")
        was, now = _starts(old), _starts(new)
        if (was or now) and old.mode_after is not new.mode_after:
            change = compare_modes(old.mode_after, new.mode_after)
            texts = old.mode_after.value, new.mode_after.value
            yield self._row("mode after rollout", pair, texts, change, at="/rollout")
        if was and now and was != now:
            change = Change.LOOSER if now > was else Change.STRICTER
            yield self._row("rollout", pair, (was, now), change, at="/rollout/effective_on")

    def _stages(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        was, now = ({stage.value for stage in one.rule.stages} for one in (old, new))
        for name, change in set_parts(was, now, more=Change.STRICTER):
            texts = (ABSENT, name) if name in now else (name, ABSENT)
            yield self._row("stage", _Pair(old, new), texts, change, at="/stages", suffix=f" at {name}")

    def _conditions(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        was, now = _ways(old), _ways(new)
        if was == now:
            return
        wider, narrower = _within(was, now), _within(now, was)
        change = Change.DIFFERENT
        if wider is not narrower:
            change = Change.STRICTER if wider else Change.LOOSER
        before, after = distinct_words(_when(was), _when(now))
        yield Difference(
            kind="condition",
            name=new.rule.id,
            before=before,
            after=after,
            change=change,
            place=self._sources.place(_other_condition(new, old) or _at(new, "/when"), _other_condition(old, new)),
        )

    def _floor(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        if old.floor is not new.floor:
            states = {True: "of the floor", False: "not of the floor"}
            change = Change.LOOSER if old.floor else Change.STRICTER
            yield self._row("floor", _Pair(old, new), (states[old.floor], states[new.floor]), change)

    def _limits(self, old: PolicyRule, new: PolicyRule) -> Iterator[Difference]:
        check = new.rule.check_name
        for name in sorted({*old.rule.limits, *new.rule.limits}):
            was, now = old.rule.limits.get(name), new.rule.limits.get(name)
            if was == now and _is_parameter(was):
                continue  # reported once, as the parameter
            values = (self._value(check, name, one.limits.get(name)) for one in (old, new))
            found = list(parts_of(self._direction_of(check, name), *values))
            if not found and was != now and _is_parameter(was, now):
                # Equal today, and from now on moved by something else.
                before, after = distinct_words(_written(was), _written(now))
                found = [Part(suffix="", before=before, after=after, change=Change.DIFFERENT)]
            yield from (self._limit(name, _Pair(old, new), part) for part in found)

    def _value(self, check: str, name: str, setting: Setting | None) -> object:
        return setting.value if setting is not None else self._default_of(check, name)

    def _limit(self, name: str, pair: _Pair, part: Part) -> Difference:
        rule = pair.new or pair.old
        return Difference(
            kind="limit",
            name=bounded(f"{rule.rule.id if rule is not None else ''} {name}{part.suffix}"),
            before=part.before,
            after=part.after,
            change=part.change,
            place=self._sources.place(_limit_at(pair.new, name), _limit_at(pair.old, name)),
        )

    def _row(
        self, kind: str, pair: _Pair, texts: tuple[str, str], change: Change, *, at: str = "", suffix: str = ""
    ) -> Difference:
        rule_id = next(one.rule.id for one in (pair.new, pair.old) if one is not None)
        overlay = f"/spec/rules/{rule_id}"
        place = self._sources.place(_at(pair.new, at), _at(pair.old, at))
        if kind in ("rule", "mode") and self._overlays is not None and self._overlays.has(overlay):
            place = self._sources.place((self._overlays, overlay), None)
        elif kind == "mode" and pair.new is not None and (given := _given_mode(pair.new, self._packs)) is not None:
            place = self._sources.place(given, None)
        return Difference(
            kind=kind, name=f"{rule_id}{suffix}", before=texts[0], after=texts[1], change=change, place=place
        )


def _given_mode(rule: PolicyRule, packs: Sequence[Pack]) -> tuple[Document, str] | None:
    """Where another pack, or a preset, gives a rule the mode that it has; None where the rule says it itself."""
    if rule.mode is rule.rule.mode:
        return None
    for pack in packs:
        spec = pack.content.spec
        includes = ((join("/spec/include", position), one.modes) for position, one in enumerate(spec.include))
        presets = ((join("/spec/presets", name), one.modes) for name, one in spec.presets.items())
        for pointer, modes in (*includes, *presets):
            if modes.get(rule.rule.id) is rule.mode:
                return pack.document, join(pointer, "modes", rule.rule.id)
    return None


def _limit_at(rule: PolicyRule | None, name: str) -> tuple[Document, str] | None:
    setting = rule.limits.get(name) if rule is not None else None
    return (setting.document, setting.pointer) if setting is not None else _at(rule, "/check")


def _at(rule: PolicyRule | None, pointer: str) -> tuple[Document, str] | None:
    return (rule.document, rule.pointer + pointer) if rule is not None else None


def _demand(rule: PolicyRule) -> str:
    return bounded(f"{rule.mode.value}: {rule.rule.title}")


def _starts(rule: PolicyRule) -> str:
    """The day a rollout ends; "" where none is under way, also because an overlay set the mode."""
    rollout = rule.rule.rollout
    return rollout.effective_on if rollout is not None and rule.mode is not rule.mode_after else ""


def _decides(rule: PolicyRule) -> tuple[str, str]:
    return rule.rule.check_name, rule.rule.assertion or ""


def _decides_words(rule: PolicyRule) -> str:
    if rule.rule.assertion is not None:
        return words(rule.rule.assertion)
    # With its limits: under another check a limit's name says nothing about what it was.
    limits = {name: setting.value for name, setting in rule.limits.items()}
    return bounded(f"{rule.rule.check_name} {distinct_words(limits, None)[0]}" if limits else rule.rule.check_name)


def _ways(rule: PolicyRule) -> frozenset[frozenset[str]]:
    """The conditions of each way; always is one way without conditions."""
    return frozenset(frozenset(one.text for one in way) for way in rule.ways) or frozenset({frozenset()})


def _other_condition(rule: PolicyRule, other: PolicyRule) -> tuple[Document, str] | None:
    """Where the first condition stands that the other side does not have, maybe in a pack that includes the rule."""
    known = {one.text for way in other.ways for one in way}
    return next(((one.document, one.pointer) for way in rule.ways for one in way if one.text not in known), None)


def _within(was: frozenset[frozenset[str]], now: frozenset[frozenset[str]]) -> bool:
    """Whether a rule applies now wherever it did: each old way has one now that asks for nothing more."""
    return all(any(new <= old for new in now) for old in was)


def _when(ways: frozenset[frozenset[str]]) -> str:
    if frozenset() in ways:
        return "always"
    return bounded(" or ".join(sorted(" and ".join(sorted(way)) for way in ways)))


def _is_parameter(*written: object) -> bool:
    return any(isinstance(one, str) and one.startswith("$") for one in written)


def _written(value: object) -> str:
    return "its default" if value is None else words(value)
