"""Closures that read paths: plain names below a root are looked up without a call for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from policy_gate.expression.kleene import Steps, not_known
from policy_gate.expression.nodes import Index, Literal, Name, Node, Select, is_path
from policy_gate.expression.reading import NOTHING, element, member, not_there
from policy_gate.expression.values import Unknown
from policy_gate.frozen import dataclass

Evaluate = Callable[[Steps], Any]  # Any: whatever the document holds
Compile = Callable[[Node], Evaluate]
Slots = Mapping[str, int]
_PLAIN = frozenset({bool, int, float, str, list, dict, NoneType})
NOT_PLAIN = (KeyError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class _Step:
    """One static key of a path, with the text before it and the text that ends with it."""

    key: str
    where: str
    text: str


def path_reader(node: Node, slots: Slots, compiled: Compile) -> Evaluate:
    """A closure that gives the value at a path, an `Absent`, or `Unknown` where nothing stands there."""
    if isinstance(node, Name):
        slot = slots[node.name]
        return lambda frame: frame[slot]
    static = _static(node, slots)
    if static is not None:
        return _chain(*static)
    if isinstance(node, Index):
        return _index_reader(node, slots, compiled)
    if isinstance(node, Select):
        return _select_reader(node, slots, compiled)
    return compiled(node)


def static_keys(node: Node, slots: Slots) -> tuple[int, tuple[str, ...]] | None:
    """The slot and the keys of a path whose every step is a name or a literal text; none for any other node."""
    if not is_path(node):
        return None
    static = _static(node, slots)
    return None if static is None else (static[0], tuple(step.key for step in static[1]))


def _static(node: Node, slots: Slots) -> tuple[int, tuple[_Step, ...]] | None:
    """The slot and the keys of a path whose every step is a name or a literal text."""
    steps: list[_Step] = []
    while not isinstance(node, Name):
        if isinstance(node, Select):
            key: object = node.name
        elif isinstance(node, Index) and isinstance(node.key, Literal):
            key = node.key.scalar
        else:
            return None
        if not isinstance(key, str):
            return None
        steps.append(_Step(key, node.base.text, node.text))
        node = node.base
    return slots[node.name], tuple(reversed(steps))


def _chain(slot: int, steps: tuple[_Step, ...]) -> Evaluate:
    """Look up the keys as if every step were a plain map; where one is not, walk again and find out what it is."""
    keys = [step.key for step in steps]
    if len(keys) == 1:
        return _chain_of_one(slot, keys[0], steps)
    if len(keys) == 2:
        return _chain_of_two(slot, keys[0], keys[1], steps)
    if len(keys) == 3:
        return _chain_of_three(slot, (keys[0], keys[1], keys[2]), steps)
    upper = _chain(slot, steps[:3])
    rest = steps[3:]
    return lambda frame: _walked(upper(frame), rest)


def _chain_of_one(slot: int, key: str, steps: tuple[_Step, ...]) -> Evaluate:
    def read(frame: Steps) -> object:
        try:
            return frame[slot][key]
        except NOT_PLAIN:
            return _walked(frame[slot], steps)

    return read


def _chain_of_two(slot: int, first: str, second: str, steps: tuple[_Step, ...]) -> Evaluate:
    def read(frame: Steps) -> object:
        try:
            return frame[slot][first][second]
        except NOT_PLAIN:
            return _walked(frame[slot], steps)

    return read


def _chain_of_three(slot: int, keys: tuple[str, str, str], steps: tuple[_Step, ...]) -> Evaluate:
    first, second, third = keys

    def read(frame: Steps) -> object:
        try:
            return frame[slot][first][second][third]
        except NOT_PLAIN:
            return _walked(frame[slot], steps)

    return read


def _walked(found: Any, steps: tuple[_Step, ...]) -> object:  # Any: whatever the document holds
    for step in steps:
        base = found
        if type(base) is dict and step.key in base:
            found = base[step.key]
            continue
        found = member(base, step.key, step.where)
        if found is NOTHING:
            return not_there(step.text, base)
        if isinstance(found, Unknown):
            return found
    return found


def _select_reader(node: Select, slots: Slots, compiled: Compile) -> Evaluate:
    below = path_reader(node.base, slots, compiled)
    name, step = node.name, (_Step(node.name, node.base.text, node.text),)

    def read(frame: Steps) -> object:
        base = below(frame)
        return base[name] if type(base) is dict and name in base else _walked(base, step)

    return read


def _index_reader(node: Index, slots: Slots, compiled: Compile) -> Evaluate:
    below, key_of = path_reader(node.base, slots, compiled), compiled(node.key)
    where, text = node.base.text, node.text
    if isinstance(node.key, Literal) and type(node.key.scalar) is int and node.key.scalar >= 0:
        return _element_reader(below, node.key.scalar, where, text)

    def read(frame: Steps) -> object:
        base, key = below(frame), key_of(frame)
        if type(base) is list and type(key) is int and 0 <= key < len(base):
            return base[key]
        found = element(base, key, where)
        return not_there(text, base) if found is NOTHING else found

    return read


def _element_reader(below: Evaluate, number: int, where: str, text: str) -> Evaluate:
    def read(frame: Steps) -> object:
        base = below(frame)
        if type(base) is list and number < len(base):
            return base[number]
        found = element(base, number, where)
        return not_there(text, base) if found is NOTHING else found

    return read


def has_reader(path: Select, slots: Slots, compiled: Compile) -> Evaluate:
    """A closure that answers `has(path)`."""
    find = presence(path, slots, compiled)
    static = _static(path, slots)
    if static is None:
        return lambda frame: is_there(find(frame))
    slot, keys = static[0], [step.key for step in static[1]]

    def ask(frame: Steps) -> bool | Unknown:
        found = frame[slot]
        for key in keys:
            if type(found) is not dict:
                return is_there(find(frame))
            if key not in found:
                return False
            found = found[key]
        return True if type(found) in _PLAIN else is_there(found)

    return ask


def presence(node: Node, slots: Slots, compiled: Compile) -> Evaluate:
    """As `path_reader`, but `NOTHING` where the path, or anything on the way to it, is absent."""
    static = None if isinstance(node, Name) else _static(node, slots)
    if static is not None:
        slot, steps = static
        return lambda frame: _present(frame[slot], steps)
    if isinstance(node, Select):
        above = presence(node.base, slots, compiled)
        step = (_Step(node.name, node.base.text, node.text),)
        return lambda frame: _present(above(frame), step)
    if isinstance(node, Index):
        return _index_presence(node, slots, compiled)
    return path_reader(node, slots, compiled)


def _present(found: Any, steps: tuple[_Step, ...]) -> object:  # Any: whatever the document holds, or NOTHING
    for step in steps:
        if type(found) is dict:
            if step.key not in found:
                return NOTHING
            found = found[step.key]
            continue
        found = NOTHING if found is NOTHING else member(found, step.key, step.where)
        if found is NOTHING or isinstance(found, Unknown):
            return found
    return found


def _index_presence(node: Index, slots: Slots, compiled: Compile) -> Evaluate:
    above, key_of = presence(node.base, slots, compiled), compiled(node.key)
    where = node.base.text

    def find(frame: Steps) -> object:
        base, key = above(frame), key_of(frame)
        return base if base is NOTHING else element(base, key, where)

    return find


def is_there(found: object) -> bool | Unknown:
    """The answer of `has()` for what `presence` found."""
    if found is NOTHING:
        return False
    missing = not_known(found)
    return True if missing is None else missing
