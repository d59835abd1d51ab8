"""Recognises archives and compressed files by their first bytes, with the names of members that stand there."""

from __future__ import annotations

from collections.abc import Iterator

MAX_NAMES = 100

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x07\x08", "zip"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"MSCF\0\0\0\0", "cabinet"),
    (0, b"hsqs", "squashfs"),
    (0, b"!<arch>\n", "ar"),
    (0, b"070701", "cpio"),
    (257, b"ustar", "tar"),
)
# Header, offset of the two bytes that hold the name's length, offset of the name (PKWARE APPNOTE 4.3.7 and 4.3.12).
_ZIP_HEADERS = ((b"PK\x03\x04", 26, 30), (b"PK\x01\x02", 28, 46))


def archive(head: bytes) -> str:
    """Name the kind of archive that a file's first bytes begin, "" when they begin none."""
    return next((kind for at, mark, kind in _SIGNATURES if head[at : at + len(mark)] == mark), "")


def member_names(head: bytes) -> tuple[str, ...]:
    """Names of members that the first bytes of an archive show, at most a hundred; there may always be more."""
    kind = archive(head)
    if kind == "zip":
        found = _zip_names(head)
    elif kind == "tar":
        found = _tar_names(head)
    else:
        found = _gzip_name(head) if kind == "gzip" else iter(())
    return tuple(name for name, _ in zip(found, range(MAX_NAMES), strict=False))


def _zip_names(head: bytes) -> Iterator[str]:
    for mark, length_at, name_at in _ZIP_HEADERS:
        at = head.find(mark)
        while at >= 0:
            length = int.from_bytes(head[at + length_at : at + length_at + 2], "little")
            yield _text(head[at + name_at : at + name_at + length])
            at = head.find(mark, at + 4)


def _tar_names(head: bytes) -> Iterator[str]:
    """The name is the first 100 bytes of a header, `ustar` stands at 257 (POSIX.1-2017, pax)."""
    for at in range(0, len(head), 512):
        if head[at + 257 : at + 262] == b"ustar":
            yield _text(head[at : at + 100])


def _gzip_name(head: bytes) -> Iterator[str]:
    """The file's name before compression, when bit 3 of the flags says so (RFC 1952, section 2.3)."""
    flags, at = head[3] if len(head) > 3 else 0, 10
    if flags & 4:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    if flags & 8:
        yield _text(head[at:])


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode("utf-8", "replace")
