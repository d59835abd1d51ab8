"""Frozen dataclasses that load fast: a command imports a hundred of them before it reads its first file.

The standard library writes and compiles six methods for every frozen class, about 0.5 ms each time a process starts.
Here frozen classes with slots share their methods, and everything else is the standard library's own: fields,
`dataclasses.replace`, `is_dataclass`. Reason and figures: docs/decisions/0005-frozen-classes-that-load-fast.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as _standard
from functools import partial
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "many"]

if TYPE_CHECKING:
    from dataclasses import dataclass
    from dataclasses import dataclass as many
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:  # Any: a class, or a decorator of one
        """As `dataclasses.dataclass`; frozen classes with slots and nothing special share methods."""
        keyword_only = options.pop("kw_only", False)
        if cls is None and options == {"frozen": True, "slots": True}:
            return partial(_with_shared_methods, keyword_only=keyword_only)
        return _standard(cls, kw_only=keyword_only, **options)

    def many(**options: bool) -> Any:  # Any: as above
        """For classes with an instance for each call of a model: frozen to the type checker alone, made much faster."""
        del options
        return partial(_shared, methods=(_repr, _eq, _hash, _get_state, _set_state), init=True)


def _with_shared_methods(cls: type, *, keyword_only: bool) -> Any:  # Any: the class itself, which the caller knows
    special = [one for one in vars(cls).values() if isinstance(one, Field) and not _plain(one)]
    if special or hasattr(cls, "__post_init__"):
        return _standard(frozen=True, slots=True, kw_only=keyword_only)(cls)
    return _shared(cls, methods=(_init, _repr, _eq, _hash, _set, _delete, _get_state, _set_state), kw_only=keyword_only)


def _shared(cls: type, *, methods: tuple[Callable[..., object], ...], init: bool = False, kw_only: bool = False) -> Any:
    made: Any = _standard(init=init, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)  # Any: as above
    # A slot's own setter goes past `__setattr__`, which refuses.
    made.__frozen_fields__ = tuple(
        (one.name, getattr(made, one.name).__set__, one.default, one.default_factory) for one in fields(made)
    )
    for method in methods:
        setattr(made, _NAMES[method.__name__], method)
    return made


def _plain(one: Field[object]) -> bool:
    return bool(one.init and one.repr and one.compare) and one.hash is None and one.kw_only is MISSING


def _init(self: Any, *positional: object, **given: object) -> None:  # Any: any class made here
    if positional:
        names = self.__match_args__
        if len(positional) > len(names):
            raise TypeError(f"{type(self).__name__} takes {len(names)} values by position")
        for name, value in zip(names, positional, strict=False):
            if name in given:
                raise TypeError(f"{type(self).__name__} has two values for '{name}'")
            given[name] = value
    used = 0
    for name, put, default, factory in self.__frozen_fields__:
        if name in given:
            put(self, given[name])
            used += 1
        elif default is not MISSING:
            put(self, default)
        elif factory is not MISSING:
            put(self, factory())
        else:
            raise TypeError(f"{type(self).__name__} needs '{name}'")
    if used != len(given):
        known = {name for name, *_ in self.__frozen_fields__}
        raise TypeError(f"{type(self).__name__} has no '{next(name for name in given if name not in known)}'")


def _values(frozen: Any) -> tuple[object, ...]:  # Any: any class made here
    return tuple(getattr(frozen, name) for name, *_ in frozen.__frozen_fields__)


def _repr(self: Any) -> str:  # Any: any class made here
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, *_ in self.__frozen_fields__)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: object, other: object) -> object:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: object) -> int:
    return hash(_values(self))


def _set(self: object, name: str, value: object) -> None:
    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> None:
    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: object) -> tuple[object, ...]:
    return _values(self)


def _set_state(self: Any, state: tuple[object, ...]) -> None:  # Any: any class made here
    for (_, put, *_), value in zip(self.__frozen_fields__, state, strict=True):
        put(self, value)


_NAMES = {
    "_init": "__init__",
    "_repr": "__repr__",
    "_eq": "__eq__",
    "_hash": "__hash__",
    "_set": "__setattr__",
    "_delete": "__delattr__",
    "_get_state": "__getstate__",
    "_set_state": "__setstate__",
}
