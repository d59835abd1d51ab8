"""What an evaluation read, and which part of it decided."""

from __future__ import annotations

from policy_gate.expression.nodes import Logic, Macro, Node
from policy_gate.expression.values import Kind, Summary, Truth, Unknown, kind_of, plain, shown, summary, truth_of
from policy_gate.frozen import dataclass

Scalar = bool | int | float | str | None
Key = str | int


@dataclass(frozen=True, slots=True)
class Reading:
    """One place an evaluation read: the root and the keys below it, and the value, in short, or why there is none.

    Attributes:
        path: The place as a rule would write it: `manifest.targets[0].id`.
        root: The first name: `manifest`.
        keys: Names and numbers below the root, for a JSON pointer: `("targets", 0, "id")`.
        found: A plain value, a `Summary` of a list or a map, or `Unknown`. Text is cut at 120 characters, and its
            invisible characters are written as escapes.
    """

    path: str
    root: str
    keys: tuple[Key, ...]
    found: Scalar | Summary | Unknown

    @property
    def shown(self) -> str:
        """The value in at most 120 characters; `not known` where there is none."""
        return self.found.text if isinstance(self.found, Summary) else shown(self.found)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision, every place it read in order, and the places of the part that decided."""

    result: bool | Unknown
    readings: tuple[Reading, ...]
    deciding: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of an evaluation: its answer, the readings it made (`first` up to `last`), and its parts."""

    node: Node
    answer: bool | Unknown
    first: int
    last: int
    parts: tuple[Step, ...] = ()


def reading(root: str, keys: tuple[Key, ...], found: object) -> Reading:
    """A place and its value in short."""
    kind = kind_of(found)
    if isinstance(found, Unknown) or kind in {Kind.LIST, Kind.MAP, Kind.OTHER}:
        return Reading(written(root, keys), root, keys, found if isinstance(found, Unknown) else summary(found))
    scalar: Scalar = shown(found) if kind is Kind.TEXT else plain(found)  # type: ignore[assignment]  # a scalar is left
    return Reading(written(root, keys), root, keys, scalar)


def written(root: str, keys: tuple[Key, ...]) -> str:
    """A place as a rule would write it; a key that is no plain name is quoted, and cut where it is long."""
    parts = [root]
    for key in keys:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif key.isidentifier() and key.isascii() and len(key) <= 120:
            parts.append(f".{key}")
        else:
            quoted = key.replace("\\", "\\\\").replace("'", "\\'")
            parts.append(f"['{shown(quoted)}']")
    return "".join(parts)


def deciding_spans(step: Step) -> list[tuple[int, int]]:
    """The readings of the deepest parts that decided; of the whole step where these read nothing."""
    parts = _decisive_parts(step)
    spans = [span for part in parts for span in deciding_spans(part)]
    return spans or ([(step.first, step.last)] if step.last > step.first else [])


def _decisive_parts(step: Step) -> tuple[Step, ...]:
    """Of `&&` and `all`: the false part, else the first unknown one, else all of them; `||` and `exists` likewise."""
    if not isinstance(step.node, (Logic, Macro)):
        return step.parts
    truth = truth_of(step.answer)
    ends = Truth.TRUE if _is_disjunction(step.node) else Truth.FALSE
    if truth is ends or truth is Truth.UNKNOWN:
        return tuple(part for part in step.parts if truth_of(part.answer) is truth)[:1]
    return step.parts


def _is_disjunction(node: Logic | Macro) -> bool:
    return node.operator == "||" if isinstance(node, Logic) else node.kind == "exists"
