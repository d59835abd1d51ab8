"""Walks protobuf wire format in a file of any size, within bounds, reading only what a schema asks for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model_graph.bounded import MAX_TEXT_BYTES, BinaryFile, Bounded, decoded_name, unreadable
from policy_gate.model_graph.spare import LONG_NAMES, LONG_TEXT_BYTES, UNKNOWN_FIELDS

MAX_FIELDS = 2_500_000

HIGH_BYTES = bytes(range(0x80, 0x100))  # all but the last byte of a varint

_SMALLEST_WINDOW = 4 * 1024
_LARGEST_WINDOW = 64 * 1024
_HEADER_BYTES = 21  # a key and a length, each a varint of at most ten bytes, and one more
_NUMBER_MEMORY = 40
_MAX_NOTES = 16
_TEXT_OVERHEAD = 150  # a str and its bytes in the table of texts, roughly


class Take(Enum):
    """How often a field may occur, and what becomes of it."""

    ONCE = auto()  # a second occurrence is refused: two parsers may disagree which one counts
    EACH = auto()  # repeated
    JOIN = auto()  # repeated, and decoded into a list to be joined (packed numbers)
    SKIP = auto()  # known and not needed: its name says what it is, and its bytes are added up under it
    COUNT = auto()  # repeated; only the number of elements is kept


_ONCE, _EACH, _SKIP = (
    Take.ONCE,
    Take.EACH,
    Take.SKIP,
)  # an enumeration's attributes are slow to look up in the inner loop


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
    def of(cls, name: str, rules: Mapping[int, Rule], *, skip: Mapping[int, str] | None = None) -> Schema:
        """Build one from its rules by wire key, and what the length-delimited fields are that nobody needs."""
        every = dict(rules) | {key: Rule(what, Take.SKIP) for key, what in (skip or {}).items()}
        return cls(name, every, frozenset(key >> 3 for key in every))


Message = dict[str, Any]  # Any: what a field holds is its schema's matter


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


class Wire(Bounded):
    """One file being walked: a moving window, what may still be spent, and in `spare` the bytes that nobody needs."""

    def __init__(self, stream: BinaryFile) -> None:
        super().__init__(stream)
        self.spare: dict[str, int] = {}
        self.passed = 0  # how often something was passed over
        self._unknown: set[tuple[str, int]] = set()
        self._window = b""
        self._base = 0
        self._span = _SMALLEST_WINDOW
        self._fields = 0
        self._texts: dict[bytes, str] = {}

    @property
    def unknown(self) -> list[str]:
        """Fields that no schema knows, in words; the first sixteen kinds."""
        return [
            f"{message} holds a field unknown to this version: {number}" for message, number in sorted(self._unknown)
        ]

    def pass_over(self, what: str, size: int) -> None:
        """Add to the bytes that nobody needs."""
        self.passed += 1
        self.spare[what] = self.spare.get(what, 0) + size

    def message(self, start: int, end: int, schema: Schema) -> Message:
        """Decode the message in [start, end) by its schema; fields that are absent have no entry.

        Raises:
            EvidenceError: malformed, truncated, a singular field twice, a known field of the wrong wire type.
        """
        found: Message = {}
        at = start
        while at < end:
            begin = at - self._base
            behind = len(self._window) - begin
            if begin < 0 or (behind <= _HEADER_BYTES and behind < end - at):  # the next header must stand in the window
                self._load(at, min(_HEADER_BYTES + 1, end - at))
            try:
                at = self._walk(at, end, schema, found)
            except IndexError:
                raise unreadable(f"{schema.name} is truncated", end) from None
            if self._fields > MAX_FIELDS:
                raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_FIELDS:,} fields (byte {at})")
        return found

    def _walk(self, at: int, end: int, schema: Schema, found: Message) -> int:
        """Decode the fields whose headers stand in the current window; return where it stopped."""
        buffer, base, rules, texts, count = self._window, self._base, schema.rules, self._texts, 0
        pos, stop, there = at - base, end - base, len(self._window)
        edge = stop if stop <= there else there - _HEADER_BYTES
        while pos < edge:
            count += 1
            head = begin = pos
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
                self._strange(key, schema, base + begin, pos - head)
                continue
            name, take, decode, is_text = rule
            value: Any  # as Message
            if is_text and pos <= there:
                raw = buffer[begin:pos]
                value = texts[raw] if raw in texts else self._new_text(raw, base + begin)
            elif decode is not None:
                value = decode(base + begin if kind else number, base + pos)
            else:
                value = number if kind == 0 else (base + begin, base + pos)
            if take is _EACH:
                found.setdefault(name, []).append(value)
            elif take is _ONCE and name not in found:
                found[name] = value
            elif take is _SKIP:
                self.pass_over(name, pos - head)
            else:
                _store(found, rule, value, base + begin)
        self._fields += count
        return base + pos

    def _strange(self, key: int, schema: Schema, at: int, size: int) -> None:
        """Refuse a key that cannot be, note one the schema does not know and the bytes of its field."""
        number = key >> 3
        if number == 0 or number >= 1 << 29:
            raise unreadable(f"{schema.name} holds field number {number}", at)
        if number in schema.numbers:
            raise unreadable(f"field {number} of {schema.name} has wire type {key & 7}", at)
        if len(self._unknown) < _MAX_NOTES:
            self._unknown.add((schema.name, number))
        self.pass_over(UNKNOWN_FIELDS, size)

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
            yield self.fetch(at, min(_LARGEST_WINDOW, end - at))

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
        text = decoded_name(raw, at)
        self.spend(len(raw) + _TEXT_OVERHEAD)
        if len(raw) > LONG_TEXT_BYTES:
            self.pass_over(LONG_NAMES, len(raw))
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

    def _load(self, at: int, need: int) -> None:
        """Read a window: small after a jump over a payload, growing while the walk goes straight on."""
        straight = 0 <= at - self._base <= len(self._window)
        self._span = min(2 * self._span, _LARGEST_WINDOW) if straight else _SMALLEST_WINDOW
        self._window = self.fetch(at, min(max(self._span, need), self.size - at))
        self._base = at


def _store(found: Message, rule: Rule, value: Any, at: int) -> None:  # Any: as Message
    """Put a field into its message where the inner loop did not: a joined list, a sum, a second of one."""
    name, take = rule.name, rule.take
    if take is Take.ONCE:
        raise unreadable(f"field {name} occurs twice", at)
    if take is Take.JOIN:
        found.setdefault(name, []).extend(value)
    elif take is Take.COUNT:
        found[name] = found.get(name, 0) + value
