"""Typed formats of texts, in place of regular expressions: each is true, false, or unknown where a text is too long."""

from __future__ import annotations

from policy_gate.expression.limits import FORMAT_TEXT_MAX
from policy_gate.expression.values import Cause, Unknown

_DIGITS = frozenset("0123456789")
_LOWER_HEX = _DIGITS | frozenset("abcdef")
_HEX = _LOWER_HEX | frozenset("ABCDEF")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME = _LETTERS | _DIGITS | frozenset("-")
_SPDX_ID = _NAME | frozenset(".")
_UNRESERVED = _LETTERS | _DIGITS | frozenset("-._~")  # RFC 3986, 2.3
_SUB_DELIMITERS = frozenset("!$&'()*+,;=")  # RFC 3986, 2.2
_PATH = _UNRESERVED | _SUB_DELIMITERS | frozenset(":@/")
_QUERY = _PATH | frozenset("?")
_HOST = _UNRESERVED | _SUB_DELIMITERS
_PURL = _UNRESERVED | frozenset(":+")
_CLOSED = {"NONE", "NOASSERTION"}  # SPDX 2.3, 7.13: words that say no licence is known


def is_sha256(text: str) -> bool:
    """`sha256:` and 64 lower-case hexadecimal digits."""
    return len(text) == 71 and text.startswith("sha256:") and _LOWER_HEX.issuperset(text[7:])


def is_git_commit(text: str) -> bool:
    """40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits."""
    return len(text) in {40, 64} and _LOWER_HEX.issuperset(text)


def is_date(text: str) -> bool:
    """A day that exists, as YYYY-MM-DD."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not _DIGITS.issuperset(text[:4] + text[5:7] + text[8:]):
        return False
    from datetime import date  # most expressions ask for no date

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_semver(text: str) -> bool | Unknown:
    """Semantic Versioning 2.0.0: three numbers, then optionally `-pre.release` and `+build`."""
    if len(text) > FORMAT_TEXT_MAX:
        return _too_long(text)
    rest, plus, build = text.partition("+")
    core, minus, pre = rest.partition("-")
    numbers = core.split(".")
    if len(numbers) != 3 or not all(_is_number(one) for one in numbers):
        return False
    if minus and not all(_is_identifier(one) and not _leads_with_zero(one) for one in pre.split(".")):
        return False
    return not plus or all(_is_identifier(one) for one in build.split("."))


def _is_number(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text) and not _leads_with_zero(text)


def _is_identifier(text: str) -> bool:
    return bool(text) and _NAME.issuperset(text)


def _leads_with_zero(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and _DIGITS.issuperset(text)


def is_spdx(text: str) -> bool | Unknown:
    """A well-formed SPDX licence expression (SPDX 2.3, annex D); whether its licences exist is not asked.

    `AND`, `OR` and `WITH` are upper-case. `NONE` and `NOASSERTION` name no licence and are false.
    """
    if len(text) > FORMAT_TEXT_MAX:
        return _too_long(text)
    opened, wants_licence, may_except = 0, True, False
    words = iter(text.replace("(", " ( ").replace(")", " ) ").split(" "))
    for word in words:
        if not word:
            continue
        if wants_licence and word == "(":
            opened += 1
        elif wants_licence:
            if not _is_licence(word):
                return False
            wants_licence, may_except = False, True
        elif word == ")":
            opened -= 1
            may_except = False
            if opened < 0:
                return False
        elif word in {"AND", "OR"}:
            wants_licence = True
        elif word == "WITH" and may_except:
            exception = next((one for one in words if one), "")
            if not _is_spdx_id(exception):
                return False
            may_except = False
        else:
            return False
    return not wants_licence and opened == 0


def _is_spdx_id(word: str) -> bool:
    return bool(word) and _SPDX_ID.issuperset(word) and word not in {"AND", "OR", "WITH"}


def _is_licence(word: str) -> bool:
    document, colon, reference = word.partition(":")
    if colon:
        named = document.startswith("DocumentRef-") and len(document) > 12 and _SPDX_ID.issuperset(document)
        return named and reference.startswith("LicenseRef-") and _is_spdx_id(reference) and len(reference) > 11
    if word in _CLOSED or word == "LicenseRef-":
        return False
    return _is_spdx_id(word.removesuffix("+"))


def is_uri(text: str) -> bool | Unknown:
    """An absolute URI (RFC 3986): a scheme, a colon and something after it; `//` is followed by a host."""
    if len(text) > FORMAT_TEXT_MAX:
        return _too_long(text)
    scheme, colon, rest = text.partition(":")
    if not colon or not rest or not _is_scheme(scheme):
        return False
    rest, mark, fragment = rest.partition("#")
    if mark and not _is_encoded(fragment, _QUERY):
        return False
    rest, mark, query = rest.partition("?")
    if mark and not _is_encoded(query, _QUERY):
        return False
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        return _is_authority(authority, may_be_empty=scheme == "file") and _is_encoded(slash + path, _PATH)
    return bool(rest) and _is_encoded(rest, _PATH)


def _is_scheme(scheme: str) -> bool:
    return bool(scheme) and scheme[0] in _LETTERS and (_LETTERS | _DIGITS | frozenset("+-.")).issuperset(scheme)


def _is_authority(authority: str, *, may_be_empty: bool) -> bool:
    user, at, place = authority.rpartition("@")
    if at and not _is_encoded(user, _HOST | frozenset(":")):
        return False
    if place.startswith("["):
        inner, bracket, port = place[1:].partition("]")
        literal = bool(bracket) and bool(inner) and (_HEX | frozenset(":.")).issuperset(inner)
        return literal and (not port or (port[0] == ":" and _DIGITS.issuperset(port[1:])))
    host, _, port = place.partition(":")
    return (bool(host) or (may_be_empty and not authority)) and _is_encoded(host, _HOST) and _DIGITS.issuperset(port)


def _is_encoded(text: str, allowed: frozenset[str]) -> bool:
    """Whether a text holds only allowed characters and whole percent-encodings."""
    first, *rest = text.split("%")
    return allowed.issuperset(first) and all(
        len(one) >= 2 and _HEX.issuperset(one[:2]) and allowed.issuperset(one[2:]) for one in rest
    )


def is_purl(text: str) -> bool | Unknown:
    """A package URL in its canonical form: `pkg:type/namespace/name@version?qualifier=value#subpath`.

    The type is lower-case; whatever is not a letter, a digit or one of `.-_~:+` is percent-encoded.
    """
    if len(text) > FORMAT_TEXT_MAX:
        return _too_long(text)
    if not text.startswith("pkg:"):
        return False
    rest, mark, subpath = text[4:].partition("#")
    if mark and not _are_segments(subpath, refused={"", ".", ".."}):
        return False
    rest, mark, qualifiers = rest.partition("?")
    if mark and not _are_qualifiers(qualifiers):
        return False
    path, at, version = rest.partition("@")
    if at and not (version and _is_encoded(version, _PURL)):
        return False
    kind, slash, names = path.partition("/")
    return bool(slash) and _is_purl_type(kind) and _are_segments(names, refused={""})


def _is_purl_type(kind: str) -> bool:
    return bool(kind) and kind[0] in _LOWER and (_LOWER | _DIGITS | frozenset(".-")).issuperset(kind)


def _are_segments(text: str, refused: set[str]) -> bool:
    return all(one not in refused and _is_encoded(one, _PURL) for one in text.split("/"))


def _are_qualifiers(text: str) -> bool:
    pairs = [one.partition("=") for one in text.split("&")]
    keys = [key for key, _, _ in pairs]
    allowed = _LOWER | _DIGITS | frozenset("._-")
    named = all(key and key[0] in _LOWER and allowed.issuperset(key) for key in keys)
    return named and len(set(keys)) == len(keys) and all(one and _is_encoded(one, _PURL | {"/"}) for _, _, one in pairs)


def _too_long(text: str) -> Unknown:
    return Unknown(Cause.TOO_LARGE, f"a text of {len(text)} characters, at most {FORMAT_TEXT_MAX} are looked at")
