"""Makes instances of frozen classes from parsed JSON and refuses everything else; each class's reader is built once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from operator import itemgetter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from policy_gate.model import Subject

Tree = dict[str, object]
Read = Callable[[object], Any]  # Any: what it gives is of the type it was built for
"""Reads one value of parsed JSON; raises ValueError that says what is wrong and where."""

MAX_SUBJECTS = 100_000
_WORDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}


@cache
def reader_of(kind: type, tag: str = "") -> Read:
    """The reader of one frozen class from the trees that `record.as_tree` makes; `tag` is one further key they carry.

    Nothing is converted and nothing left out: it raises ValueError for a wrong type, an unknown key, and an absent one
    without default. TypeError where the class has a field that is not read back.
    """
    return _subject_reader() if kind is Subject and not tag else class_reader(kind, {}, tag)


def class_reader(kind: type, own: Mapping[str, Read], tag: str = "") -> Read:
    """As `reader_of`, where some fields have readers of their own."""
    hints = get_type_hints(kind)
    members = fields(kind)
    hinted = {one.name: hints[one.name] for one in members if one.name not in own}
    plain = {name: types for name, hint in hinted.items() if (types := _plain_types(hint))}
    worded = {name: table for name, hint in hinted.items() if name not in plain and (table := _words_of(hint))}
    # A slot's own setter goes past `__setattr__`, which refuses.
    put = {one.name: getattr(kind, one.name).__set__ for one in members}
    puts_plain = tuple(put[name] for name in plain)
    puts_worded = tuple((name, put[name], table) for name, table in worded.items())
    puts_read = tuple(
        (one.name, put[one.name], own.get(one.name) or _reader(hints[one.name]))
        for one in members
        if one.name not in plain and one.name not in worded
    )
    take = _taking(tuple(plain))
    complete = _completer(kind, members, tag)
    wanted = len(members) + bool(tag)
    new = object.__new__
    seen: set[tuple[type, ...]] = set()

    def read(given: object) -> object:
        if type(given) is not dict:
            raise ValueError(" is no object")
        made: Any = new(kind)  # Any: an instance of `kind`, which is known at run time
        name = ""
        try:
            tree = given if len(given) == wanted else complete(given)
            values = take(tree)
            if tuple(map(type, values)) not in seen:
                values = _checked(plain, values)
                seen.add(tuple(map(type, values)))
            for put_one, one in zip(puts_plain, values):  # noqa: B905  # one for each, and this is the hot loop
                put_one(made, one)
            for name, put_one, table in puts_worded:
                put_one(made, table[tree[name]])
            for name, put_one, read_one in puts_read:
                put_one(made, read_one(tree[name]))
        except (KeyError, TypeError):
            complete(given)
            raise ValueError(f"/{name} is no word that stands there") from None
        except ValueError as error:
            raise ValueError(f"/{name}{error}" if name else str(error)) from None
        return made

    return read


def _plain_types(hint: Any) -> frozenset[type]:  # Any: a type hint has no type of its own
    """The exact types of a field whose values need no reading; none for every other field."""
    types = frozenset(get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,))
    return types if types <= _WORDS.keys() else frozenset()


def _words_of(hint: Any) -> dict[object, object]:  # Any: as above
    """What each word of an enumeration, a literal, or a choice of them and null stands for; {} for other fields."""
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    table: dict[object, object] = {}
    for choice in choices:
        if isinstance(choice, type) and issubclass(choice, Enum):
            table |= {one.value: one for one in choice}
        elif get_origin(choice) is Literal:
            table |= {one: one for one in get_args(choice)}
        elif choice is NoneType:
            table[None] = None
        else:
            return {}
    return table


def _checked(plain: Mapping[str, frozenset[type]], values: tuple[object, ...]) -> tuple[object, ...]:
    """Hold each value against the types of its field; a whole number where only a float may be is one (RFC 8259)."""
    checked: list[object] = []
    for (name, types), value in zip(plain.items(), values, strict=True):
        if type(value) is int and types == {float}:
            checked.append(_float(name, value))
        elif type(value) in types:
            checked.append(value)
        else:
            raise ValueError(f"/{name} is not {_types_in_words(types)}")
    return tuple(checked)


def _types_in_words(types: frozenset[type]) -> str:
    return " or ".join(sorted(_WORDS[one] for one in types))


def _float(name: str, number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        raise ValueError(f"/{name} is beyond every number") from None


def _taking(names: tuple[str, ...]) -> Callable[[Tree], tuple[object, ...]]:
    """Takes the values of some keys; itemgetter gives no tuple for one, and takes no less."""
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda _: ()
    only = names[0]
    return lambda tree: (tree[only],)


def _completer(kind: type, members: tuple[Field[Any], ...], tag: str) -> Callable[[Tree], Tree]:  # Any: of any type
    """Fills in the defaults of what a tree leaves out; ValueError where there is none, and for an unknown key."""
    known = {one.name for one in members} | ({tag} if tag else set())

    def complete(given: Tree) -> Tree:
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(f"/{unknown[0]} is not known")
        return {**{one.name: _default(kind, one) for one in members if one.name not in given}, **given}

    return complete


def _default(kind: type, one: Field[Any]) -> object:  # Any: a field may be of any type
    from policy_gate.record import as_tree

    if one.default is not MISSING:
        return as_tree(one.default)
    if one.default_factory is not MISSING:
        return as_tree(one.default_factory())
    raise ValueError(f"/{one.name} is absent, and a {kind.__name__} without it is none")


def _subject_reader() -> Read:
    """A record names the same few subjects over and over: each is made once."""
    read_one = class_reader(Subject, {})
    known: dict[tuple[str, ...], object] = {}

    def read(given: object) -> object:
        try:
            # Words are equal to words alone, so that what was right once is right again.
            if type(given) is dict and len(given) == 2:
                return known[given["kind"], *given["names"]] if type(given["names"]) is list else read_one(given)
        except (KeyError, TypeError):
            pass  # not seen before, or no subject, which is said below
        made = read_one(given)
        if len(known) < MAX_SUBJECTS:
            known[made.kind, *made.names] = made
        return made

    return read


def _reader(hint: Any) -> Read:  # Any: a type hint has no type of its own
    if hint is object:
        return lambda given: given
    if is_dataclass(hint) and isinstance(hint, type):
        return reader_of(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and len(inner) == 2 and inner[1] is NoneType:
        return _or_null(_reader(inner[0]))
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        types = _plain_types(inner[0])
        return _plain_sequence(types) if types and float not in types else _sequence(_one_of(inner[0]))
    if origin is Mapping:
        return _object
    raise TypeError(f"{hint!r} has no form in JSON that is read back")


def _one_of(hint: Any) -> Read:  # Any: as above
    """The reader of one entry of a sequence, which may be plain or a word too."""
    types, table = _plain_types(hint), _words_of(hint)
    if types:
        return lambda given: _checked({"": types}, (given,))[0]
    return _word_of(table) if table else _reader(hint)


def _object(given: object) -> Tree:
    if type(given) is not dict:
        raise ValueError(" is no object")
    return given


def _or_null(read_one: Read) -> Read:
    return lambda given: None if given is None else read_one(given)


def _word_of(table: Mapping[object, object]) -> Read:
    def read(given: object) -> object:
        if type(given) is not str or given not in table:
            raise ValueError(" is no word that stands there")
        return table[given]

    return read


def _plain_sequence(types: frozenset[type]) -> Read:
    def read(given: object) -> tuple[object, ...]:
        if type(given) is not list:
            raise ValueError(" is no list")
        if not types.issuperset(map(type, given)):
            raise ValueError(f" holds something that is not {_types_in_words(types)}")
        return tuple(given)

    return read


def _sequence(read_one: Read) -> Read:
    def read(given: object) -> tuple[object, ...]:
        if type(given) is not list:
            raise ValueError(" is no list")
        try:
            return tuple(map(read_one, given)) if given else ()
        except ValueError:
            raise ValueError(_first_wrong(read_one, given)) from None

    return read


def _first_wrong(read_one: Read, given: list[object]) -> str:
    for position, one in enumerate(given):
        try:
            read_one(one)
        except ValueError as error:
            return f"/{position}{error}"
    return " is not what it was"
