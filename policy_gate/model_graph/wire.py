"""Walks protobuf wire format in a file of any size, within bounds, reading only what a schema asks for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

MAX_FIELDS = 2_500_000
MAX_TEXT_BYTES = 64 * 1024
MAX_KEPT_BYTES = 192 * 1024 * 1024
MAX_LOADED_BYTES = 1024 * 1024 * 1024

HIGH_BYTES = bytes(range(0x80, 0x100))  # all but the last byte of a varint

_SMALLEST_WINDOW = 4 * 1024
_LARGEST_WINDOW = 64 * 1024
_HEADER_BYTES = 21  # a key and a length, each a varint of at most ten bytes, and one more
_NUMBER_MEMORY = 40
_MAX_NOTES = 16
_TEXT_OVERHEAD = 150  # a str and its bytes in the table of texts, roughly


class BinaryFile(Protocol):
    """A seekable stream of bytes: what the readers need of an open file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        ...

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the buffer as far as the file goes and return the number of bytes, 0 at the end."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to an offset and return it."""
        ...


class Take(Enum):
    """How often a field may occur, and what becomes of it."""

    ONCE = auto()  # a second occurrence is refused: two parsers may disagree which one counts
    EACH = auto()  # repeated
    JOIN = auto()  # repeated, and decoded into a list to be joined (packed numbers)
    SKIP = auto()  # known and not needed
    COUNT = auto()  # repeated; only the number of elements is kept


_ONCE, _EACH = Take.ONCE, Take.EACH  # an enumeration's attributes are slow to look up in the inner loop


class Rule(NamedTuple):
    """What to do with one field; without `decode` a varint is kept as is, and of others their span.

    `decode` gets the offsets of the payload's begin and end; of a varint the number and the offset behind it.
    A tuple, because the inner loop unpacks one for every field of the file.
    """

    name: str
    take: Take = Take.ONCE
    decode: Callable[[int, int], object] | None = None
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The known fields of a message by wire key (number << 3 | wire type), and their numbers."""

    name: str
    rules: Mapping[int, Rule]
    numbers: frozenset[int]

    @classmethod
    def of(cls, name: str, rules: Mapping[int, Rule], *, skip: tuple[int, ...] = ()) -> Schema:
        """Build one from its rules by wire key, and the keys of length-delimited fields nobody needs."""
        every = dict(rules) | {key: Rule("", Take.SKIP) for key in skip}
        return cls(name, every, frozenset(key >> 3 for key in every))


Message = dict[str, Any]  # Any: what a field holds is its schema's matter


def unreadable(detail: str, at: int) -> EvidenceError:
    """Return the refusal of malformed bytes at a file offset."""
    return EvidenceError(Reason.UNREADABLE, f"{detail} (byte {at})")


def signed(value: int) -> int:
    """Read a varint as int64: protobuf writes negative numbers in two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def varint(buffer: bytes, at: int, base: int = 0) -> tuple[int, int]:
    """Decode the varint at an index: its unsigned value and the index behind it.

    Raises:
        EvidenceError: more than ten bytes or 64 bits.
        IndexError: the buffer ends first.
    """
    value = 0
    for index in range(10):
        byte = buffer[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >> 64:
                break
            return value, at + index + 1
    raise unreadable("a varint exceeds 64 bits", base + at)


class Wire:
    """One file being walked: a moving window over it, and what may still be spent on it."""

    def __init__(self, stream: BinaryFile) -> None:
        self.size = stream.seek(0, 2)
        self._unknown: set[tuple[str, int]] = set()
        self._stream = stream
        self._window = b""
        self._base = 0
        self._span = _SMALLEST_WINDOW
        self._fields = 0
        self._kept = 0
        self._loaded = 0
        self._texts: dict[bytes, str] = {}

    @property
    def unknown(self) -> list[str]:
        """Fields that no schema knows, in words; the first sixteen kinds."""
        return [
            f"{message} holds a field unknown to this version: {number}" for message, number in sorted(self._unknown)
        ]

    def spend(self, size: int) -> None:
        """Account for `size` bytes of memory that a decoded object will hold."""
        self._kept += size
        if self._kept > MAX_KEPT_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"the structure takes more than {MAX_KEPT_BYTES >> 20} MiB")

    def message(self, start: int, end: int, schema: Schema) -> Message:
        """Decode the message in [start, end) by its schema; fields that are absent have no entry.

        Raises:
            EvidenceError: malformed, truncated, a singular field twice, a known field of the wrong wire type.
        """
        found: Message = {}
        at = start
        while at < end:
            self._cover(at, end)
            try:
                at = self._walk(at, end, schema, found)
            except IndexError:
                raise unreadable(f"{schema.name} is truncated", end) from None
        return found

    def _walk(self, at: int, end: int, schema: Schema, found: Message) -> int:
        """Decode the fields whose headers stand in the current window; return where it stopped."""
        buffer, base, rules, texts, count = self._window, self._base, schema.rules, self._texts, 0
        pos, stop, there = at - base, end - base, len(self._window)
        edge = stop if stop <= there else there - _HEADER_BYTES
        while pos < edge:
            count += 1
            begin = pos
            key = buffer[pos]
            pos += 1
            if key > 0x7F:
                key, pos = varint(buffer, begin, base)
            kind = key & 7
            size = number = 0
            if kind == 2 or kind == 0:  # noqa: PLR1714  # the inner loop: two comparisons beat a set
                number = buffer[pos]
                pos += 1
                if number > 0x7F:
                    number, pos = varint(buffer, pos - 1, base)
                size = number if kind else 0
            elif kind == 5 or kind == 1:  # noqa: PLR1714  # as above
                size = 4 if kind == 5 else 8
            else:
                raise unreadable(f"{schema.name} holds a field of wire type {kind}", base + begin)
            begin, pos = pos, pos + size
            if pos > stop:
                raise unreadable(f"a field of {schema.name} ends behind its message", base + begin)
            rule = rules.get(key)
            if rule is None:
                self._strange(key, schema, base + begin)
                continue
            name, take, decode, is_text = rule
            value: Any = texts.get(buffer[begin:pos]) if is_text and pos <= there else None  # Any: as Message
            if value is None:
                if decode is not None:
                    value = decode(base + begin if kind else number, base + pos)
                else:
                    value = number if kind == 0 else (base + begin, base + pos)
            if take is _EACH and name in found:
                found[name].append(value)
            elif take is _ONCE and name not in found:
                found[name] = value
            else:
                _store(found, rule, value, base + begin)
        self._fields += count
        if self._fields > MAX_FIELDS:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_FIELDS:,} fields (byte {base + pos})")
        return base + pos

    def _strange(self, key: int, schema: Schema, at: int) -> None:
        """Refuse a key that cannot be, note one the schema does not know."""
        number = key >> 3
        if number == 0 or number >= 1 << 29:
            raise unreadable(f"{schema.name} holds field number {number}", at)
        if number in schema.numbers:
            raise unreadable(f"field {number} of {schema.name} has wire type {key & 7}", at)
        if len(self._unknown) < _MAX_NOTES:
            self._unknown.add((schema.name, number))

    def raw(self, start: int, end: int) -> bytes:
        """Return the bytes of a field of at most 64 KiB.

        Raises:
            EvidenceError: longer, or the file has shrunk.
        """
        begin = start - self._base
        if begin >= 0 and end - self._base <= len(self._window):
            return self._window[begin : end - self._base]
        if end - start > MAX_TEXT_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"a value of {end - start} bytes (byte {start})")
        self._load(start, end - start)
        return self._window[: end - start]

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes in [start, end) in pieces of at most 64 KiB; the window stays where it is."""
        for at in range(start, end, _LARGEST_WINDOW):
            yield self._fetch(at, min(_LARGEST_WINDOW, end - at))

    def texts(self, name: str, take: Take = Take.ONCE) -> Rule:
        """Return the rule of a field that holds names."""
        return Rule(name, take, self.text, is_text=True)

    def text(self, start: int, end: int) -> str:
        """Return a name: UTF-8, without NUL, at most 64 KiB; equal names share one object.

        Raises:
            EvidenceError: longer, or not valid UTF-8.
        """
        raw = self.raw(start, end)
        known = self._texts.get(raw)
        return known if known is not None else self._new_text(raw, start)

    def _new_text(self, raw: bytes, at: int) -> str:
        """Decode a text seen for the first time."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise unreadable("a name is not UTF-8", at) from None
        if "\0" in text:
            raise unreadable("a name holds NUL", at)
        self.spend(len(raw) + _TEXT_OVERHEAD)
        self._texts[raw] = text
        return text

    def float32(self, start: int, end: int) -> float:
        """Return the little-endian float in [start, end)."""
        number: float = struct.unpack("<f", self.raw(start, end))[0]
        return number

    def floats(self, start: int, end: int) -> list[float]:
        """Return packed floats; the caller has bounded their length."""
        if (end - start) % 4:
            raise unreadable("packed floats end inside a number", end)
        return list(struct.unpack(f"<{(end - start) // 4}f", self.raw(start, end)))

    def number(self, value: int, _end: int) -> int:
        """Keep one number of a repeated field."""
        self.spend(_NUMBER_MEMORY)
        return value

    def varints(self, start: int, end: int) -> list[int]:
        """Return packed varints; the caller has bounded their length."""
        packed = self.raw(start, end)
        numbers, at = [], 0
        try:
            while at < len(packed):
                number, at = varint(packed, at, start)
                numbers.append(number)
        except IndexError:
            raise unreadable("packed numbers end inside a number", end) from None
        self._fields += len(numbers)
        self.spend(_NUMBER_MEMORY * len(numbers))
        return numbers

    def _cover(self, at: int, end: int) -> None:
        """Move the window so that the next field's header stands in it, as far as the message goes."""
        begin = at - self._base
        behind = len(self._window) - begin
        if begin < 0 or behind < min(_HEADER_BYTES + 1, end - at):
            self._load(at, min(_HEADER_BYTES + 1, end - at))

    def _load(self, at: int, need: int) -> None:
        """Read a window: small after a jump over a payload, growing while the walk goes straight on."""
        straight = 0 <= at - self._base <= len(self._window)
        self._span = min(2 * self._span, _LARGEST_WINDOW) if straight else _SMALLEST_WINDOW
        self._window = self._fetch(at, min(max(self._span, need), self.size - at))
        self._base = at

    def _fetch(self, at: int, size: int) -> bytes:
        """Read exactly `size` bytes at an offset."""
        self._loaded += size
        if self._loaded > MAX_LOADED_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_LOADED_BYTES >> 20} MiB of structure to read")
        self._stream.seek(at)
        whole = self._stream.read(size)
        while len(whole) < size:
            more = self._stream.read(size - len(whole))
            if not more:
                raise unreadable(f"the file ends, {size - len(whole)} bytes are missing", at + len(whole))
            whole += more
        return whole


def _store(found: Message, rule: Rule, value: Any, at: int) -> None:  # Any: as Message
    """Put a field into its message where the inner loop did not: the first of many, a sum, a second of one."""
    name, take = rule.name, rule.take
    if take is Take.EACH:
        found[name] = [value]
    elif take is Take.ONCE:
        raise unreadable(f"field {name} occurs twice", at)
    elif take is Take.JOIN:
        found.setdefault(name, []).extend(value)
    elif take is Take.COUNT:
        found[name] = found.get(name, 0) + value
