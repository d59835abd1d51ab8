"""Writes counts and bytes for people; records keep the exact integers."""

from __future__ import annotations

from collections.abc import Callable

from policy_gate.frozen import dataclass

_THOUSANDS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
_BINARY = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def macs_in_words(macs: int) -> str:
    """Render a number of multiply-accumulates, such as 16.1 MMAC."""
    for size, prefix in _THOUSANDS:
        if macs >= size:
            return f"{_three_digits(macs, size)} {prefix}MAC"
    return f"{macs} MAC"


def bytes_in_words(count: int) -> str:
    """Render a number of bytes, such as 52.3 KiB."""
    for size, unit in _BINARY:
        if count >= size:
            return f"{_three_digits(count, size)} {unit}"
    return f"{count} B"


def _three_digits(count: int, size: int) -> str:
    """One decimal below 100, none above; integers only, so that every platform rounds alike (half up)."""
    tenths = (count * 10 + size // 2) // size
    return f"{tenths // 10}.{tenths % 10}" if tenths < 1000 else f"{(count + size // 2) // size}"


def plain(figure: float, unit: str) -> str:
    """Render a measured or predicted figure with the six digits that a record keeps, such as 9.8 ms."""
    return f"{figure:.6g} {unit}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is counted: what it is called, how a reader sees it, and the unit of the exact number."""

    name: str
    words: Callable[[int], str]
    unit: str


MACS = Quantity("multiply-accumulates", macs_in_words, "MAC")
CONSTANTS = Quantity("constants", bytes_in_words, "B")
ACTIVATIONS = Quantity("activation peak", bytes_in_words, "B")
IN_PLACE = Quantity("activation peak in place", bytes_in_words, "B")
UPPER_LATENCY = Quantity("predicted upper latency", lambda us: plain(us / 1000, "ms"), "us")


@dataclass(frozen=True, slots=True)
class Spanned:
    """Something that is known between two bounds: its name, how a reader sees a figure, and the unit of it."""

    name: str
    words: Callable[[float], str]
    unit: str


LATENCY = Spanned("latency", lambda ms: plain(ms, "ms"), "ms")
ENERGY = Spanned("energy", lambda uj: plain(uj, "uJ"), "uJ")
ARENA = Spanned("activations", lambda count: bytes_in_words(round(count)), "B")
RAM = Spanned("RAM", lambda count: bytes_in_words(round(count)), "B")
FLASH = Spanned("flash", lambda count: bytes_in_words(round(count)), "B")
