"""A bundle that is one file: find out which kind of archive it is; the name and the content must agree."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH123

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from policy_gate.errors import Problem, SourceError
from policy_gate.source.archive import check_content_size, reject
from policy_gate.source.file import MAX_SPOOLED_BYTES, temporary_file
from policy_gate.source.tar import BLOCK_BYTES, TarTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_gate.source.tree import Tree

_CHUNK_BYTES = 1 << 20
_SUFFIXES = ((".tar.gz", "gzip"), (".tgz", "gzip"), (".tar", "tar"), (".zip", "zip"))


def open_archive(path: str, label: str) -> Tree:
    """Open an archive; SourceError when it is damaged, unsafe, or not what its name says."""
    stream = _opened(path, label)
    try:
        return _tree(stream, label, _kind(path, label, stream))
    except SourceError:
        stream.close()
        raise


def _opened(real: str, label: str) -> IO[bytes]:
    try:
        return open(real, "rb")
    except OSError as error:
        raise SourceError(Problem(f"the bundle cannot be opened: {error.strerror}", path=label)) from error


def _tree(stream: IO[bytes], label: str, kind: str) -> Tree:
    size = os.fstat(stream.fileno()).st_size
    if kind == "zip":
        from policy_gate.source.zip import ZipTree

        return ZipTree(label, stream, size)
    if kind == "tar":
        return TarTree(label, stream, size)
    with stream:
        content, content_bytes = _decompressed(stream, label, size)
    try:
        return TarTree(label, content, content_bytes)
    except SourceError:
        content.close()
        raise


def _kind(real: str, label: str, stream: IO[bytes]) -> str:
    lowered = real.lower()
    named = next((kind for suffix, kind in _SUFFIXES if lowered.endswith(suffix)), "")
    if not named:
        reject(label, "its name ends in none of .tar, .tar.gz, .tgz, .zip")
    head = stream.read(BLOCK_BYTES)
    stream.seek(0)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        found = "zip"
    elif head[:2] == b"\x1f\x8b":
        found = "gzip"
    else:
        found = "tar" if head[257:262] == b"ustar" or (head and not head.strip(b"\0")) else "something else"
    if found != named:
        reject(label, f"its name says {named}, its content says {found}")
    return found


def _decompressed(stream: IO[bytes], label: str, packed_bytes: int) -> tuple[IO[bytes], int]:
    """Decompress into a temporary file that has no name, within the limits on size and ratio."""
    import zlib

    target = temporary_file()
    total = 0
    try:
        for content in _inflated(stream, label):
            total += len(content)
            check_content_size(label, total, packed_bytes)
            if total > MAX_SPOOLED_BYTES:
                reject(label, f"it decompresses to more than {MAX_SPOOLED_BYTES} bytes")
            target.write(content)
    except (OSError, zlib.error) as error:
        target.close()
        raise SourceError(Problem(f"the bundle is refused: {error}", path=label)) from error
    except SourceError:
        target.close()
        raise
    target.seek(0)
    return target, total


def _inflated(stream: IO[bytes], label: str) -> Iterator[bytes]:
    """Yield the content of one gzip member in bounded pieces; anything after that member is refused."""
    import zlib

    decompressor = zlib.decompressobj(wbits=31)  # zlib.h: 16 for the gzip format plus 15 for the largest window
    while not decompressor.eof:
        packed = decompressor.unconsumed_tail or stream.read(_CHUNK_BYTES)
        content = decompressor.decompress(packed, _CHUNK_BYTES)
        if not packed and not content:
            reject(label, "it is cut off")
        yield content
    if decompressor.unused_data or stream.read(1):
        reject(label, "it goes on after its end")
