"""The buffers of a TFLite file: where the bytes of constants lie, who refers to them, and what nothing needs."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.flatbuffer import UINT64, FlatBuffer, Table

PADDING_BYTES = 15
"""Gaps up to this size are taken for alignment: constants are aligned to 16 bytes, all else to at most 8."""

_BUFFER_MEMORY = 150
_DATA, _OFFSET, _SIZE = 0, 1, 2  # fields of Buffer

Place = tuple[int, int]
"""Offset and length in bytes of a piece of the file."""


class Buffers:
    """The buffers by their number, as places; each place counts once, however many tensors share it."""

    def __init__(self, file: FlatBuffer, model: Table, slot: int) -> None:
        self._file = file
        self._places = [self._place(table) for table in model.tables(slot)]
        self._taken: set[Place] = set()
        self._documents: set[Place] = set()
        self._referred: set[Place] = set()

    def _place(self, table: Table) -> Place:
        """Return where the bytes of a buffer lie: in the table, or outside of all tables (files over 2 GB)."""
        self._file.spend(_BUFFER_MEMORY)
        table.note_later("Buffer", 3)
        start, count = table.vector(_DATA, 1)
        offset, size = table.integer(_OFFSET, UINT64), table.integer(_SIZE, UINT64)
        if offset <= 1 or not size:  # a writer leaves 0 or 1 where there are no bytes outside
            return (start, count) if count else (0, 0)
        if count:
            raise unreadable("a buffer holds bytes and also says that they lie elsewhere", table.at)
        if offset + size > self._file.size:
            raise unreadable(f"a buffer of {size} bytes at {offset} ends behind the file", table.at)
        return offset, size

    def __getitem__(self, index: int) -> Place:
        """Return the place of a buffer; its length is 0 when it is empty.

        Raises:
            EvidenceError: there is no such buffer, or number 0, which stands for none, is not empty.
        """
        if index == 0 and not self._places:
            return 0, 0
        if not 0 <= index < len(self._places):
            raise EvidenceError(Reason.UNREADABLE, f"there is no buffer {index}, the file has {len(self._places)}")
        place = self._places[index]
        if index == 0 and place[1]:
            raise unreadable("buffer 0, which stands for no bytes, holds some", place[0])
        self._referred.add(place)
        return place

    def take(self, place: Place) -> int:
        """Count a place as stored by a constant that calls use: its length the first time, then 0."""
        if not place[1] or place in self._taken:
            return 0
        self._taken.add(place)
        return place[1]

    def document(self, index: int) -> Place:
        """Return the place of a buffer that holds metadata."""
        place = self[index]
        self._documents.add(place)
        return place

    def other_bytes(self, outside: Iterable[Place]) -> dict[str, int]:
        """Bytes of the file that no call needs, by what they are; `outside` are places that no buffer or table holds.

        Raises:
            EvidenceError: two buffers share some of their bytes, or one lies on top of the structure.
        """
        found: dict[str, int] = {}
        for place in {place for place in self._places if place[1]} - self._taken:
            if place in self._documents:
                what = "metadata"
            elif place in self._referred:
                what = "constants that no call uses"
            else:
                what = "buffers that nothing refers to"
            found[what] = found.get(what, 0) + place[1]
        inside, behind = self._gaps(outside)
        named = {"gaps": inside, "bytes behind the model": behind}
        return found | {what: size for what, size in named.items() if size}

    def _gaps(self, outside: Iterable[Place]) -> tuple[int, int]:
        """Add up what lies between everything visited, and what lies behind all of it."""
        data = {(start, start + size, True) for start, size in (*self._places, *outside) if size}
        free = gaps = data_end = 0
        for start, end, is_data in sorted([*((*each, False) for each in self._file.ranges()), *data]):
            if start < (free if is_data else data_end):
                raise unreadable("a buffer lies on top of something else", start)
            if start - free > PADDING_BYTES:
                gaps += start - free
            free = max(free, end)
            if is_data:
                data_end = end
        rest = self._file.size - free
        return gaps, rest if rest > PADDING_BYTES else 0
