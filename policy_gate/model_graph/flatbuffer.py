"""Walks a FlatBuffers file of any size, within bounds, reading only what is asked for (format: flatbuffers internals).

A table begins with a signed offset back to its vtable; the vtable holds its own size, the table's, and where each field
stands in it. Everything else is reached by unsigned offsets, which lead forward, so no cycle can be written.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from functools import cache

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import MAX_TEXT_BYTES, BinaryFile, decoded_name, unreadable
from policy_gate.model_graph.graph import Payload
from policy_gate.model_graph.pages import Pages

MAX_PARTS = 2_500_000
MAX_UNKNOWN = 16
MAX_ENTRIES = 1 << 21  # of one vector that is read
MAX_SLOTS = 32  # fields of a table that are looked at; no table of a known schema has more
MAX_TABLE_BYTES = 512  # inline bytes of a table that are looked at: as many fields of eight bytes, and some more

LONG_TEXT = 1024
"""Bytes of a name beyond this are counted as bytes that no call needs."""

INT8, UINT8, BOOL = struct.Struct("<b"), struct.Struct("<B"), struct.Struct("<?")
INT32, UINT32, FLOAT32 = struct.Struct("<i"), struct.Struct("<I"), struct.Struct("<f")
INT64, UINT64 = struct.Struct("<q"), struct.Struct("<Q")

_FEW = 64  # numbers of a vector that no account is kept of
_BATCH = 1024
_VTABLE_HEAD = struct.Struct("<HH")
_VTABLE_MEMORY = 150
_SLOTS_MEMORY = 600
_NUMBER_MEMORY = 40
_ENTRY_MEMORY = 100
_TEXT_OVERHEAD = 150  # a str and its bytes in the table of texts, roughly


Layout = tuple[int, tuple[int, ...], int]
"""What a vtable says: bytes of a table, where each field stands in it (0: absent), the number behind the last one."""


class FlatBuffer(Pages):
    """One file being walked, and what was visited of it."""

    def __init__(self, stream: BinaryFile) -> None:
        super().__init__(stream)
        self.unknown: set[str] = set()  # fields that no schema knows, in words
        self.long_text_bytes = 0  # of texts beyond what names need
        self._visited = array("Q")  # start << 32 | length, as often as it was visited
        self._vtables: dict[int, Layout] = {}
        self._layouts: dict[Layout, Layout] = {}
        self._texts: dict[bytes, str] = {}
        self._text_at: dict[int, str] = {}

    def root(self, identifier: bytes) -> Table:
        """Return the root table of a file that bears this identifier.

        Raises:
            EvidenceError: it bears another one, or its first offset leads nowhere.
        """
        if self.size < 8 or self.raw(4, 4) != identifier:
            raise unreadable(f"the file does not bear the identifier {identifier.decode('ascii')}", 4)
        self.visit(0, 8)
        return self.table(self.ahead(0, UINT32.unpack(self.raw(0, 4))[0]))

    def visit(self, start: int, size: int) -> None:
        """Remember that these bytes, of a place inside the file, are part of the structure."""
        if (start | size) >> 31:
            raise unreadable(f"{size} bytes lie where no table can reach", start)
        self._visited.append(start << 32 | size)

    def ranges(self) -> list[tuple[int, int]]:
        """Return [start, end) of everything visited: ascending, overlaps joined."""
        joined: list[tuple[int, int]] = []
        first = last = 0
        for packed in sorted(self._visited):
            start = packed >> 32
            if start > last:
                joined.append((first, last))
                first = start
            last = max(last, start + (packed & 0xFFFFFFFF))
        return [*joined, (first, last)]

    def table(self, at: int) -> Table:
        """Return the table at a position, after checking it and its vtable.

        Raises:
            EvidenceError: either is not inside the file, or they contradict each other.
        """
        if len(self._visited) > MAX_PARTS:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_PARTS:,} tables, lists and texts (byte {at})")
        held, begin = self.window(at)
        place: int = at - INT32.unpack_from(held, begin)[0]
        known = self._vtables.get(place)
        size, slots, fields = known if known is not None else self._vtable(place, at)
        if at + size > self.size:
            raise unreadable(f"a table of {size} bytes ends behind the file", at)
        shown = min(size, MAX_TABLE_BYTES)
        self.visit(at, shown)
        raw = held[begin : begin + shown] if begin + shown <= len(held) else self.raw(at, shown)
        return Table(self, at, raw, slots, fields)

    def _vtable(self, place: int, at: int) -> Layout:
        """Read a vtable."""
        if not 0 <= place <= self.size - 4:
            raise unreadable(f"the vtable of a table lies at {place}, outside the file", at)
        own, size = _VTABLE_HEAD.unpack(self.raw(place, 4))
        if own < 4 or own % 2 or place + own > self.size:
            raise unreadable(f"a vtable claims {own} bytes", place)
        if size < 4:
            raise unreadable(f"a vtable claims tables of {size} bytes", place)
        count = min(own // 2 - 2, MAX_SLOTS)
        slots = struct.unpack(f"<{count}H", self.raw(place + 4, 2 * count))
        if any(0 < slot < 4 or slot >= size for slot in slots):
            raise unreadable(f"a vtable places a field outside its table of {size} bytes", place)
        self.spend(_VTABLE_MEMORY)
        self.visit(place, 4 + 2 * count)
        last = max((slot + 1 for slot, where in enumerate(slots) if where), default=0)
        layout = size, slots + (0,) * (MAX_SLOTS - count), last
        if layout not in self._layouts:
            self.spend(_SLOTS_MEMORY)
            self._layouts[layout] = layout
        self._vtables[place] = self._layouts[layout]
        return layout

    def vector(self, at: int, width: int) -> tuple[int, int]:
        """Return where the elements of the vector at a position begin and how many there are.

        Raises:
            EvidenceError: the last one ends behind the file.
        """
        count: int = UINT32.unpack(self.raw(at, 4))[0]
        if at + 4 + count * width > self.size:
            raise unreadable(f"a vector of {count} elements ends behind the file", at)
        return at + 4, count

    def numbers(self, at: int, form: struct.Struct) -> tuple[float, ...]:
        """Return the elements of the vector of numbers at a position.

        Raises:
            EvidenceError: there are more than the limit, or they end behind the file.
        """
        held, begin = self.window(at)
        count: int = UINT32.unpack_from(held, begin)[0]
        size = count * form.size
        if count > _FEW:
            if count > MAX_ENTRIES:
                raise EvidenceError(Reason.TOO_LARGE, f"a vector of {count:,} numbers (byte {at})")
            self.spend(_NUMBER_MEMORY * count)
        if begin + 4 + size > len(held):
            held, begin = self.raw(at, 4 + size), 0
        self.visit(at, 4 + size)
        if count > _FEW:
            return struct.unpack_from(f"<{count}{form.format[1:]}", held, begin + 4)
        return _list_of(form, count).unpack_from(held, begin + 4)

    def tables(self, at: int) -> Iterator[Table]:
        """Yield the tables of the vector of tables at a position.

        Raises:
            EvidenceError: there are more than the limit, or one is not inside the file.
        """
        start, count = self.vector(at, 4)
        if count > MAX_ENTRIES:
            raise EvidenceError(Reason.TOO_LARGE, f"a vector of {count:,} tables (byte {start})")
        self.visit(at, 4 + 4 * count)
        for first in range(0, count, _BATCH):
            begin, some = start + 4 * first, min(_BATCH, count - first)
            distances = struct.unpack(f"<{some}I", self.raw(begin, 4 * some))
            for place, distance in zip(range(begin, begin + 4 * some, 4), distances, strict=True):
                yield self.table(self.ahead(place, distance))

    def ahead(self, at: int, distance: int) -> int:
        """Follow an offset that stands at a position: forward, to at least four bytes inside the file.

        Raises:
            EvidenceError: it leads nowhere or outside.
        """
        if not distance or at + distance + 4 > self.size:
            raise unreadable(f"an offset of {distance} leads outside the file of {self.size} bytes", at)
        return at + distance

    def passed(self, table: Table, slot: int, width: int) -> Payload:
        """Pass over a vector that belongs to the structure; return its place, of no length when it is absent."""
        start, count = table.vector(slot, width)
        if count:
            self.visit(start, count * width)
        return Payload("", start, count * width)

    def text(self, at: int) -> str:
        """Return the string at a position: UTF-8 without NUL, at most 64 KiB; equal ones share one object.

        Raises:
            EvidenceError: longer, not UTF-8, or not ended by NUL.
        """
        known = self._text_at.get(at)
        if known is not None:
            return known
        held, begin = self.window(at)
        count: int = UINT32.unpack_from(held, begin)[0]
        if count > MAX_TEXT_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"a text of {count} bytes (byte {at})")
        if begin + count + 5 > len(held):
            held, begin = self.raw(at, count + 5), 0
        raw = held[begin + 4 : begin + 4 + count]
        if held[begin + 4 + count]:
            raise unreadable("a text does not end with NUL", at + 4 + count)
        self.visit(at, count + 5)
        self.long_text_bytes += max(count - LONG_TEXT, 0)
        self.spend(_ENTRY_MEMORY)
        text = self._text_at[at] = self._texts[raw] if raw in self._texts else self._new_text(raw, at)
        return text

    def _new_text(self, raw: bytes, at: int) -> str:
        """Decode a text seen for the first time."""
        text = decoded_name(raw, at)
        self.spend(len(raw) + _TEXT_OVERHEAD)
        self._texts[raw] = text
        return text


@cache
def _list_of(form: struct.Struct, count: int) -> struct.Struct:
    """Return the form of a short list of numbers; there are few."""
    return struct.Struct(f"<{count}{form.format[1:]}")


class Table:
    """One table: its fields by number, as the schema counts them; an absent field has its default."""

    __slots__ = ("_file", "_raw", "_slots", "at", "fields")

    def __init__(self, file: FlatBuffer, at: int, raw: bytes, slots: tuple[int, ...], fields: int) -> None:
        self.at = at
        self.fields = fields  # the number behind the last one that was written
        self._file = file
        self._raw = raw
        self._slots = slots

    def note_later(self, name: str, known: int) -> None:
        """Remember that a table of this name has fields of a later schema than one of so many fields."""
        if self.fields > known and len(self._file.unknown) < MAX_UNKNOWN:
            self._file.unknown.add(f"{name} holds a field unknown to this version: {self.fields - 1}")

    def has(self, slot: int) -> bool:
        """Whether the field was written."""
        return self._slots[slot] > 0

    def key(self) -> tuple[bytes, tuple[int, ...]]:
        """Everything that scalar fields depend on."""
        return self._raw[4:], self._slots

    def number(self, slot: int, form: struct.Struct, default: float) -> float:
        """Return a scalar field.

        Raises:
            EvidenceError: it ends behind its table.
        """
        where = self._slots[slot]
        if not where:
            return default
        try:
            value: float = form.unpack_from(self._raw, where)[0]
        except struct.error:
            raise self._behind(slot) from None
        return value

    def integer(self, slot: int, form: struct.Struct = INT32, default: int = 0) -> int:
        """Return an integer field, as `number` does."""
        where = self._slots[slot]
        if not where:
            return default
        try:
            value: int = form.unpack_from(self._raw, where)[0]
        except struct.error:
            raise self._behind(slot) from None
        return value

    def place(self, slot: int) -> int:
        """Return the position that an offset field leads to, 0 when it is absent.

        Raises:
            EvidenceError: it leads outside the file, or ends behind its table.
        """
        where = self._slots[slot]
        if not where:
            return 0
        try:
            distance: int = UINT32.unpack_from(self._raw, where)[0]
        except struct.error:
            raise self._behind(slot) from None
        at = self.at + where
        return at + distance if distance and at + distance + 4 <= self._file.size else self._file.ahead(at, distance)

    def _behind(self, slot: int) -> EvidenceError:
        return unreadable(f"field {slot} ends behind its table", self.at)

    def table(self, slot: int) -> Table | None:
        """Return the table of a field, None when it is absent."""
        at = self.place(slot)
        return self._file.table(at) if at else None

    def text(self, slot: int) -> str:
        """Return the string of a field, "" when it is absent."""
        at = self.place(slot)
        return self._file.text(at) if at else ""

    def vector(self, slot: int, width: int) -> tuple[int, int]:
        """Return begin and number of the elements of a vector that is passed over, (0, 0) when it is absent."""
        at = self.place(slot)
        if not at:
            return 0, 0
        start, count = self._file.vector(at, width)
        self._file.visit(at, 4)
        return start, count

    def numbers(self, slot: int, form: struct.Struct) -> tuple[float, ...]:
        """Return the elements of a vector of numbers, () when it is absent."""
        at = self.place(slot)
        return self._file.numbers(at, form) if at else ()

    def integers(self, slot: int, form: struct.Struct = INT32) -> tuple[int, ...]:
        """Return the elements of a vector of integers, () when it is absent."""
        at = self.place(slot)
        return self._file.numbers(at, form) if at else ()  # type: ignore[return-value]  # the form is one of integers

    def tables(self, slot: int) -> Iterator[Table]:
        """Yield the tables of a vector of tables, none when it is absent."""
        at = self.place(slot)
        return self._file.tables(at) if at else iter(())
