"""JSON pointers (RFC 6901): how facts, judgements and edits name one value of a document."""

from __future__ import annotations

from policy_gate.errors import DocumentError

_LONGEST_INDEX = 9


def join(pointer: str, *parts: str | int) -> str:
    """Append member names or list indexes to a pointer, escaping `~` and `/`."""
    return pointer + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split(pointer: str) -> tuple[str, ...]:
    """Take a pointer apart into unescaped names; DocumentError when it does not start with `/`."""
    if not pointer:
        return ()
    if pointer[0] != "/":
        raise DocumentError(f"the pointer {pointer!r} should be empty or start with '/'")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def list_index(part: str, length: int) -> int | None:
    """Read one part as an index into a list of that length; None when it is not one (RFC 6901 section 4)."""
    if not (part.isascii() and part.isdigit()) or len(part) > _LONGEST_INDEX or (part[0] == "0" and part != "0"):
        return None
    index = int(part)
    return index if index < length else None


def readable(pointer: str) -> str:
    """Render for a reader: `/artifacts/0/digest` becomes `artifacts[0].digest`."""
    text = ""
    for part in split(pointer):
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return text.removeprefix(".") or "the document"
