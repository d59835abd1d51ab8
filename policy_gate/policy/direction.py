"""Which of two values is stricter: the one place that knows what tightening a policy means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from policy_gate.model import Mode
from policy_gate.policy.limits import Stricter

ANY_OTHER = "*"
"""The key of a map that stands for every name the map does not have."""


class Change(StrEnum):
    """What one value is beside another."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    DIFFERENT = "different"

    @property
    def tightens(self) -> bool:
        """Whether the change may be made by anybody."""
        return self in (Change.SAME, Change.STRICTER)


_NO_LIMIT = object()
_MODES = (Mode.AUDIT, Mode.WARN, Mode.ENFORCE)


def compare(stricter: Stricter, before: object, after: object) -> Change:
    """Say what `after` is beside `before`, both as a policy file writes them.

    A map is compared name by name; a name it lacks has the value of "*", and without that no limit at all.
    Values of no direction, and changes in both directions at once, are `different`.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _together(
            _one(stricter, _of(before, name), _of(after, name)) for name in sorted({ANY_OTHER, *before, *after})
        )
    return _one(stricter, before, after)


def compare_modes(before: Mode, after: Mode) -> Change:
    """Say what one mode is beside another: enforce is stricter than warn, and warn than audit."""
    if before is after:
        return Change.SAME
    return Change.STRICTER if _MODES.index(after) > _MODES.index(before) else Change.LOOSER


def stricter_mode(one: Mode, other: Mode) -> Mode:
    """The stricter of two modes."""
    return max(one, other, key=_MODES.index)


def meet(stricter: Stricter, one: object, other: object) -> object:
    """The loosest value that is as strict as both; the order of the two never matters.

    Raises ValueError where two different values have no direction.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = sorted({*one, *other})
        return {name: _meet(stricter, _of(one, name), _of(other, name)) for name in names}
    return _meet(stricter, one, other)


def _of(table: Mapping[str, object], name: str) -> object:
    return table.get(name, table.get(ANY_OTHER, _NO_LIMIT))


def _one(stricter: Stricter, before: object, after: object) -> Change:
    if _same(before, after):
        return Change.SAME
    if before is _NO_LIMIT or after is _NO_LIMIT:
        return Change.STRICTER if before is _NO_LIMIT else Change.LOOSER
    if stricter in ("lower", "higher"):
        return _ordered(stricter, before, after)
    if stricter in ("subset", "superset") and isinstance(before, list) and isinstance(after, list):
        return _members(stricter, {map_key(one) for one in before}, {map_key(one) for one in after})
    if stricter in ("true", "false") and isinstance(before, bool) and isinstance(after, bool):
        return Change.STRICTER if after is (stricter == "true") else Change.LOOSER
    return Change.DIFFERENT


def _ordered(stricter: Stricter, before: object, after: object) -> Change:
    if _number(before) and _number(after):
        smaller = after < before  # type: ignore[operator]  # both are numbers
    elif isinstance(before, str) and isinstance(after, str):
        smaller = after < before  # days, which sort as text
    else:
        return Change.DIFFERENT
    return Change.STRICTER if smaller is (stricter == "lower") else Change.LOOSER


def _members(stricter: Stricter, before: set[tuple[str, object]], after: set[tuple[str, object]]) -> Change:
    if before == after:
        return Change.SAME
    if not (after < before or before < after):
        return Change.DIFFERENT
    return Change.STRICTER if (after < before) is (stricter == "subset") else Change.LOOSER


def _meet(stricter: Stricter, one: object, other: object) -> object:
    change = _one(stricter, one, other)
    if change.tightens:
        return other if change is Change.STRICTER else one
    if change is Change.LOOSER:
        return one
    if stricter in ("subset", "superset") and isinstance(one, list) and isinstance(other, list):
        theirs = {map_key(item) for item in other}
        ours = {map_key(item) for item in one}
        kept = [item for item in one if map_key(item) in theirs]
        extra = [item for item in other if map_key(item) not in ours]
        return sorted(kept if stricter == "subset" else [*one, *extra], key=map_key)
    raise ValueError("two different values, and no direction says which is stricter")


def map_key(value: object) -> tuple[str, object]:
    """A key under which equal values are one, and true is not 1."""
    kind = "number" if _number(value) else type(value).__name__
    return kind, value if isinstance(value, (str, int, float, bool)) else repr(value)


def _same(before: object, after: object) -> bool:
    if isinstance(before, bool) is not isinstance(after, bool):
        return False
    return before is after or before == after


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _together(changes: object) -> Change:
    kinds = set(changes) - {Change.SAME}  # type: ignore[call-overload]  # an iterable of changes
    if not kinds:
        return Change.SAME
    return kinds.pop() if len(kinds) == 1 else Change.DIFFERENT
