"""Compares two states of a device profile: what the newer one lets pass that the older one does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from policy_gate.areas.cost.device import DeviceProfile, FeatureRange
from policy_gate.frozen import dataclass

ABOUT = ("id", "device", "engine", "dtype", "runtime_name", "runtime_version")
HIGHS_OF_MEMORY = ("high_of_overlay", "scratch_kib", "runtime_ram_high_kib", "code_flash_high_kib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheaper:
    """One thing by which a model may look cheaper, or be believed more, than before."""

    what: str
    before: str
    after: str


def cheaper(old: DeviceProfile, new: DeviceProfile) -> tuple[Cheaper, ...]:
    """Everything that lowers an upper bound, widens what a profile is about, or makes more of its word; () for none.

    Coefficients are compared one by one, each times the upper factor: a model that has only what became cheaper is
    cheaper by the whole.
    """
    return (*_about(old, new), *_believed(old, new), *_numbers(old, new), *_ranges(old, new), *_operators(old, new))


def _about(old: DeviceProfile, new: DeviceProfile) -> Iterator[Cheaper]:
    for name in ABOUT:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Cheaper(what=name, before=before, after=after)
    if old.quantisation not in (new.quantisation, "any"):
        yield Cheaper(what="quantisation", before=old.quantisation, after=new.quantisation)


def _believed(old: DeviceProfile, new: DeviceProfile) -> Iterator[Cheaper]:
    if old.screening and not new.screening:
        yield Cheaper(what="screening", before="true", after="false")
    if old.memory is not None and new.memory is not None and old.memory.screening and not new.memory.screening:
        yield Cheaper(what="memory.screening", before="true", after="false")
    for name in ("latency", "power", "memory"):
        if getattr(old, name) is None and getattr(new, name) is not None:
            yield Cheaper(what=name, before="not known", after="known")


def _numbers(old: DeviceProfile, new: DeviceProfile) -> Iterator[Cheaper]:
    before, after = _bounds(old), _bounds(new)
    for name in before:
        if name in after and after[name] < before[name]:
            yield Cheaper(what=name, before=f"{before[name]:.6g}", after=f"{after[name]:.6g}")


def _bounds(profile: DeviceProfile) -> dict[str, float]:
    """Every number that an upper bound is made of, by name."""
    found: dict[str, float] = {}
    if profile.latency is not None:
        rates, factor = profile.latency.coefficients, profile.latency.upper_factor
        found |= {f"{one.name} at the upper bound": getattr(rates, one.name) * factor for one in fields(rates)}
    if profile.power is not None:
        found |= {"power.high_mw": profile.power.high_mw, "power.wake_uj": profile.power.wake_uj}
    if profile.memory is not None:
        found |= {f"memory.{name}": getattr(profile.memory, name) for name in HIGHS_OF_MEMORY}
    return found


def _ranges(old: DeviceProfile, new: DeviceProfile) -> Iterator[Cheaper]:
    before = {one.feature: one for one in old.fit.ranges} if old.fit is not None else {}
    for after in new.fit.ranges if new.fit is not None else ():
        was = before.get(after.feature)
        if was is not None and (after.least < was.least or after.most > was.most):
            yield Cheaper(what=f"range of {after.feature}", before=_words(was), after=_words(after))


def _words(one: FeatureRange) -> str:
    return f"{one.least:,} to {one.most:,}"


def _operators(old: DeviceProfile, new: DeviceProfile) -> Iterator[Cheaper]:
    more = sorted(set(new.operators) - set(old.operators))
    if old.operators and (more or not new.operators):
        after = f"also {more[0]}" if more else "no list"
        yield Cheaper(what="operators", before=f"{len(old.operators)} operators", after=after)
