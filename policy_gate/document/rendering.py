"""Values as YAML or JSON text: how an edit writes what it puts in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.document.decoding import REFUSED
from policy_gate.errors import GateError

if TYPE_CHECKING:
    from policy_gate.document.rules import Value

# Letters first, so it is no number, date or time; no `: `, ` #` or bracket, so it is safe in flow style too.
_SAFE_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*")
# What YAML 1.1 or 1.2 readers take for something else than text.
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


def json_text(value: Value) -> str:
    """Render as JSON in one line, with every character escaped that a document cannot hold; GateError if it cannot."""
    import json  # only an edit pays

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise GateError(
            f"{type(value).__name__} {value!r:.80} cannot be written: it is no plain, finite data"
        ) from None
    # Outside strings JSON is ASCII, so what is escaped here stands in a string.
    return REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def yaml_text(value: Value, quote: str | None = None) -> str:
    """Render as YAML in one line, lists and mappings in flow style.

    Text keeps the style named by `quote` where it can: single or double quotes, or "" for none. Without a style to
    keep, text with a colon is quoted, as digests and addresses usually are.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_text(key)}: {yaml_text(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(yaml_text(item) for item in value) + "]"
    return _yaml_string(value, quote) if isinstance(value, str) else json_text(value)


def _yaml_string(text: str, quote: str | None) -> str:
    is_plain = quote == "" or (quote is None and ":" not in text)
    if is_plain and _SAFE_PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if quote == "'" and not REFUSED.search(text) and not any(char in text for char in "\t\r\n"):
        return "'" + text.replace("'", "''") + "'"
    return json_text(text)  # a JSON string is a double-quoted YAML scalar (YAML 1.2.2 section 1.2)
