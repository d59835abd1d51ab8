"""What an expression finds in a document: plain values, what is absent, and what cannot be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import NoneType

from policy_gate.errors import InternalError, PolicyError, Problem
from policy_gate.expression.limits import SHOWN_MAX
from policy_gate.frozen import dataclass

_HIDDEN = "a truth that is unknown was used as if it were true or false: compare with `is True`"


class Cause(StrEnum):
    """Why an expression has no answer; the text is what a reader sees."""

    NOT_DECLARED = "not declared"
    NO_ELEMENT = "no such element"
    WRONG_TYPE = "wrong type"
    DIFFERENT_TYPES = "different types compared"
    NOT_FINITE = "not a finite number"
    NOT_EXACT = "not exact as a floating-point number"
    OUT_OF_RANGE = "beyond 64-bit integers"
    NOT_A_DATE = "not a date"
    TOO_LARGE = "over the limits of expressions"
    TOO_MANY_STEPS = "too many steps"


class Truth(StrEnum):
    """One of the three values of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """The type of a value, in words that follow "is"."""

    BOOL = "true or false"
    INTEGER = "an integer"
    FLOAT = "a number"
    TEXT = "text"
    LIST = "a list"
    MAP = "a map"
    NULL = "null"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    OTHER = "of a type expressions do not know"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, and why. It is neither true nor false: using it as a condition is an error, never a pass."""

    reason: str
    detail: str

    def __bool__(self) -> bool:
        """Refuse: an `if` around a decision must not turn a missing value into a yes."""
        raise InternalError(_HIDDEN)


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands in a document for a value nobody knows, such as a missing fact; reading it is unknown."""

    reason: str
    detail: str

    def __bool__(self) -> bool:
        """Refuse, as `Unknown` does."""
        raise InternalError(_HIDDEN)


@dataclass(frozen=True, slots=True)
class Summary:
    """A list or a map in a few words, where the whole would be too long to show."""

    text: str


class ExpressionError(PolicyError):
    """An expression or a template is not valid: what is wrong, in which column (1-based), and what would be right."""

    def __init__(self, message: str, column: int, hint: str = "") -> None:
        """Say what is wrong, where, and what to write instead."""
        self.message = message
        self.column = column
        self.hint = hint
        super().__init__(Problem(message, column=column, hint=hint))


_EXACT: Mapping[type, Kind] = {
    bool: Kind.BOOL,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    str: Kind.TEXT,
    list: Kind.LIST,
    tuple: Kind.LIST,
    dict: Kind.MAP,
    NoneType: Kind.NULL,
    Unknown: Kind.UNKNOWN,
    Absent: Kind.ABSENT,
    bytes: Kind.OTHER,
    bytearray: Kind.OTHER,
    memoryview: Kind.OTHER,
    range: Kind.OTHER,
}
_DERIVED: tuple[tuple[type, Kind], ...] = (
    (str, Kind.TEXT),
    (int, Kind.INTEGER),
    (float, Kind.FLOAT),
    (bytes, Kind.OTHER),
    (bytearray, Kind.OTHER),
    (Mapping, Kind.MAP),
    (Sequence, Kind.LIST),
)
NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def kind_of(found: object) -> Kind:
    """The type of a value; what is derived from a plain type counts as that type."""
    kind = _EXACT.get(type(found))
    if kind is not None:
        return kind
    return next((kind for base, kind in _DERIVED if isinstance(found, base)), Kind.OTHER)


def plain(found: object) -> object:
    """Text and numbers of a derived type, such as an enumeration, as the plain type; everything else as it is."""
    if type(found) in _EXACT:
        return found
    if isinstance(found, str):
        return str.__str__(found)
    if isinstance(found, int):
        return int.__add__(found, 0)
    return float.__add__(found, 0.0) if isinstance(found, float) else found


def finite(number: float) -> bool:
    """Whether a number is neither NaN nor infinite; integers of any size are finite."""
    return number - number == 0  # inf - inf and NaN - NaN are NaN, which equals nothing


def absent(found: Absent) -> Unknown:
    """What reading an absent value gives."""
    return Unknown(found.reason, found.detail)


def truth_of(result: bool | Unknown) -> Truth:
    """The name of a decision."""
    if isinstance(result, Unknown):
        return Truth.UNKNOWN
    return Truth.TRUE if result else Truth.FALSE


def shown(found: object, most: int = SHOWN_MAX) -> str:
    """A value in at most `most` characters, without line ends or invisible characters."""
    kind = kind_of(found)
    if kind in {Kind.UNKNOWN, Kind.ABSENT}:
        return "not known"
    if kind is Kind.TEXT:
        return _capped(str.__str__(found), most)
    if kind in {Kind.LIST, Kind.MAP, Kind.OTHER}:
        return summary(found).text
    return _scalar(plain(found))


def summary(found: object) -> Summary:
    """A list or a map in a few words."""
    kind = kind_of(found)
    if kind is Kind.OTHER:
        return Summary("a value of an unknown type")
    count = len(found) if isinstance(found, (Mapping, Sequence)) else 0
    noun = "list" if kind is Kind.LIST else "map"
    if not count:
        return Summary(f"an empty {noun}")
    unit = "element" if kind is Kind.LIST else "key"
    return Summary(f"a {noun} of {count} {unit}{'s' if count > 1 else ''}")


def _scalar(found: object) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int) and found.bit_length() > 64:
        return f"an integer of {found.bit_length()} bits"  # writing it out is slow, and refused by Python when long
    return "null" if found is None else repr(found)


def _capped(text: str, most: int) -> str:
    cut = text if len(text) <= most else text[: most - 1]
    clean = cut if cut.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in cut)
    return clean if len(text) <= most and len(clean) <= most else clean[: most - 1] + "…"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
