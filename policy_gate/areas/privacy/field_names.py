"""Tells from a field's name whether it identifies a person or a device: by whole words, never by substring."""

from __future__ import annotations

import re
from itertools import pairwise


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# A name that ends in one of these counts or measures something: `email_send_latency_ms` holds no address.
_MEASURES = _set_of(
    "ms us ns s sec secs seconds minutes hours count counts total bytes kb mb kib mib ratio rate pct percent latency "
    "duration size length errors failures avg mean max min sum mw uj mj hz fps score version enabled"
)
_PERSON = _set_of(
    "email phone telephone msisdn ssn passport imei imsi iccid meid iban username surname firstname lastname "
    "fullname birthdate birthday dob gps latitude longitude lat lon lng ip ipv mac ssid bssid idfa idfv gaid "
    "serial address contacts"
)
_PERSON_PAIRS = frozenset({("first", "name"), ("last", "name"), ("full", "name"), ("user", "name"), ("birth", "date")})
_OWNERS_OF_IDS = _set_of(
    "user device account customer client person member patient employee household android advertising ad "
    "installation install hardware machine vendor subscriber"
)
_IDS = _set_of("id uuid guid uid hash token")
_WHOLE_IDS = _set_of("userid deviceid accountid uuid guid")


def words_of(name: str) -> tuple[str, ...]:
    """Split a name at case changes, digits and punctuation, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def names_a_person(name: str) -> bool:
    """Whether the name says that the value identifies someone directly, such as an address or a position."""
    words = words_of(name)
    if _measures(words):
        return False
    return not _PERSON.isdisjoint(words) or not _PERSON_PAIRS.isdisjoint(pairwise(words))


def names_a_stable_id(name: str) -> bool:
    """Whether the name says that the value follows one user or device over time."""
    words = words_of(name)
    if _measures(words):
        return False
    if not _WHOLE_IDS.isdisjoint(words):
        return True
    return any(owner in _OWNERS_OF_IDS and kind in _IDS for owner, kind in pairwise(words))


def _measures(words: tuple[str, ...]) -> bool:
    return not words or words[-1] in _MEASURES
