"""Reads the one spelling of time a manifest may use: RFC 3339 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_UTC_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_instant(text: str) -> int | None:
    """Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time with `Z`, finer digits cut off; None for other text.

    A leap second (`:60`) is refused, since neither clocks nor builds state one.
    """
    found = _UTC_TIME.fullmatch(text)
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    fraction_ms = int((found[2] or "0").ljust(3, "0")[:3])
    return (whole - _EPOCH) // _MILLISECOND + fraction_ms


def end_of_day(day: date) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z of the first instant after a day (UTC)."""
    return (day.toordinal() - _EPOCH.toordinal() + 1) * 86_400_000
