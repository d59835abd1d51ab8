"""Tar bundles: a strict reader of headers (POSIX ustar, pax and GNU long names), nothing is unpacked.

The standard library's reader is not used on hostile input: in supported Python versions it stops without a word
at a damaged header, loops on a negative size (CVE-2025-8194) and backtracks on pax records (CVE-2024-6232).
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from policy_gate.frozen import dataclass
from policy_gate.source.archive import ArchiveTree, Member, check_content_size, reject
from policy_gate.source.file import unreadable
from policy_gate.source.tree import HARD_LINK, SYMBOLIC_LINK

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

BLOCK_BYTES = 512
_MAX_EXTENSION_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20
_FOLDER, _PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK = b"5", b"x", b"g", b"L", b"K"
_FILES = frozenset({b"0", b"\0"})
_REFUSALS = {b"1": HARD_LINK, b"2": SYMBOLIC_LINK, b"3": "device", b"4": "device", b"6": "named pipe"}


class TarTree(ArchiveTree):
    """Files inside an uncompressed tar; a compressed one was decompressed into a temporary file before."""

    def __init__(self, label: str, stream: IO[bytes], size: int) -> None:
        """Read every header of `stream`, which holds `size` bytes; SourceError when one is damaged or unknown."""
        super().__init__(label, stream, _Headers(label, stream, size))

    def unpacked(self, member: Member) -> io.BufferedIOBase:
        """No member of a tar is packed."""
        raise unreadable(member.path, "a tar member cannot be packed")

    def start_of(self, member: Member) -> int:
        """Return the offset found by the header."""
        return member.offset


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    size: int
    kind: bytes


class _Headers:
    """Iterate over the members of a tar."""

    def __init__(self, label: str, stream: IO[bytes], size: int) -> None:
        self._label, self._stream, self._size = label, stream, size
        self._position = 0

    def __iter__(self) -> Iterator[Member]:
        """Yield each member once its whole place in the archive is known to exist."""
        content_bytes = 0
        overrides: dict[str, str] = {}
        while (header := self._header()) is not None:
            if header.kind in (_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK):
                overrides |= self._extension(header)
                continue
            size = _decimal(overrides["size"], self._label) if "size" in overrides else header.size
            member = self._member(_Header(overrides.get("path", header.name), size, header.kind))
            if not (member.is_folder and member.path == "."):  # the top folder itself, as `tar -C folder .` writes it
                yield member
            content_bytes += size
            check_content_size(self._label, content_bytes, self._size)
            overrides = {}
        if overrides:
            reject(self._label, "it ends after an extended header")
        self._check_padding()

    def _header(self) -> _Header | None:
        block = self._take(BLOCK_BYTES)
        return _parsed(block, self._label) if block.strip(b"\0") else None

    def _member(self, header: _Header) -> Member:
        is_folder = header.kind == _FOLDER
        refusal = "" if is_folder or header.kind in _FILES else _REFUSALS.get(header.kind, "")
        if not is_folder and not refusal and header.kind not in _FILES:
            reject(self._label, f"it has a member of the unknown type {header.kind!r}")
        offset = self._position
        # Links and devices carry no content, whatever their size field says (POSIX pax, "size").
        size = 0 if refusal or is_folder else header.size
        if (refusal or is_folder) and header.size and header.kind != b"1":
            reject(self._label, "a link, device or folder claims to have content")
        self._skip(size)
        name = header.name.removesuffix("/") if is_folder else header.name
        return Member(name.removeprefix("./") or ".", size, offset, refusal, is_folder)

    def _extension(self, header: _Header) -> dict[str, str]:
        if header.size > _MAX_EXTENSION_BYTES:
            reject(self._label, f"an extended header has more than {_MAX_EXTENSION_BYTES} bytes")
        content = self._take(header.size)
        self._skip_padding(header.size)
        if header.kind in (_LONG_NAME, _LONG_LINK):
            return {"path": _text(content.rstrip(b"\0"))} if header.kind == _LONG_NAME else {}
        records = _pax_records(content, self._label)
        if header.kind == _PAX_GLOBAL and records.keys() & {"path", "size", "linkpath"}:
            reject(self._label, "a global header renames or resizes members")
        if any(key.startswith("GNU.sparse") for key in records):
            reject(self._label, "it holds a sparse file")
        return {key: records[key] for key in ("path", "size") if key in records}

    def _take(self, count: int) -> bytes:
        if count > self._size - self._position:
            reject(self._label, "it is cut off")
        self._stream.seek(self._position)
        content = self._stream.read(count)
        if len(content) != count:
            reject(self._label, "it is cut off")
        self._position += count
        return content

    def _skip(self, size: int) -> None:
        if size > self._size - self._position:
            reject(self._label, "it is cut off")
        self._position += size
        self._skip_padding(size)

    def _skip_padding(self, size: int) -> None:
        self._position += -size % BLOCK_BYTES

    def _check_padding(self) -> None:
        """Refuse content after the end mark, which another reader might find."""
        self._stream.seek(self._position)
        while chunk := self._stream.read(_CHUNK_BYTES):
            if chunk.strip(b"\0"):
                reject(self._label, "it goes on after its end mark")


def _parsed(block: bytes, label: str) -> _Header:
    """Read one ustar header block (POSIX.1-2017 pax, "ustar Interchange Format")."""
    # The checksum counts its own field as spaces.
    if _number(block[148:156], label) != sum(block[:148]) + sum(block[156:]) + 8 * ord(" "):
        reject(label, "a header is damaged")
    name = _text(block[:100].split(b"\0")[0])
    if block[257:263] == b"ustar\0":  # GNU's own magic uses the prefix field for other things
        prefix = _text(block[345:500].split(b"\0")[0])
        name = f"{prefix}/{name}" if prefix else name
    return _Header(name, _number(block[124:136], label), block[156:157])


def _number(field: bytes, label: str) -> int:
    """Read an octal field, or GNU's base-256 form for sizes over 8 GiB; negative ones are refused."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not set(digits) <= set(b"01234567"):
        reject(label, "a header holds a number that is not octal")
    return int(digits or b"0", 8)


def _pax_records(content: bytes, label: str) -> dict[str, str]:
    """Split records of the form `LENGTH KEY=VALUE newline` (POSIX.1-2017 pax, "Extended Header")."""
    records: dict[str, str] = {}
    while content:
        length_text, space, _ = content[:10].partition(b" ")
        length = int(length_text) if space and length_text.isdigit() else 0
        record, content = content[:length], content[length:]
        key, equals, value = record[len(length_text) + 1 : -1].partition(b"=")
        if not equals or len(record) != length or record[-1:] != b"\n":
            reject(label, "an extended header is damaged")
        if _text(key) in records:
            reject(label, "an extended header gives a key twice")
        records[_text(key)] = _text(value)
    return records


def _decimal(text: str, label: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        reject(label, "an extended header holds a size that is not a number")
    return int(text)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
