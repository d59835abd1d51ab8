"""Reads a file by pages: few bytes at any offset, within a bound on all that is read and kept."""

from __future__ import annotations

from policy_gate.model_graph.bounded import BinaryFile, Bounded, unreadable

_AHEAD = 64
_PAGE_BYTES = 8 * 1024
_MAX_PAGES = 256


class Pages(Bounded):
    """The pages of one file that were read last, and what may still be spent on it; `size` in bytes."""

    def __init__(self, stream: BinaryFile) -> None:
        super().__init__(stream)
        self._pages: dict[int, bytes] = {}

    def raw(self, at: int, size: int) -> bytes:
        """Return bytes at an offset; few, since the caller has bounded them.

        Raises:
            EvidenceError: they are not all inside the file, or it has shrunk.
        """
        page, begin = divmod(at, _PAGE_BYTES)
        held = self._pages.get(page)
        if held is not None and begin + size <= len(held):
            return held[begin : begin + size]
        if at + size > self.size:
            raise unreadable(f"{size} bytes at {at} end behind the file, which has {self.size}", at)
        last = (at + max(size, 1) - 1) // _PAGE_BYTES
        whole = b"".join([self._page(number) for number in range(page, last + 1)])
        return whole[begin : begin + size]

    def _page(self, number: int) -> bytes:
        """Return one page, from memory or from the file."""
        held = self._pages.get(number)
        if held is not None:
            return held
        at = number * _PAGE_BYTES
        size = min(_PAGE_BYTES, self.size - at)
        held = self.fetch(at, size)
        if len(self._pages) >= _MAX_PAGES:
            del self._pages[next(iter(self._pages))]
        self._pages[number] = held
        return held

    def window(self, at: int) -> tuple[bytes, int]:
        """Return bytes and the index of a position in them: at least four go on, mostly many more."""
        held, begin = self._pages.get(at // _PAGE_BYTES), at % _PAGE_BYTES
        if held is None or begin + _AHEAD > len(held):
            return self.raw(at, max(min(_AHEAD, self.size - at), 4)), 0
        return held, begin
