"""Messages with values in them: `digest {manifest.rollback.digest} is absent`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy_gate.expression.checking import check_place
from policy_gate.expression.compiling import reader
from policy_gate.expression.expressions import Environment, paths_of
from policy_gate.expression.limits import TEXT_MAX
from policy_gate.expression.nodes import Index, Literal, Node, Select, is_path
from policy_gate.expression.parser import Parser
from policy_gate.expression.roots import Root
from policy_gate.expression.values import ExpressionError, shown
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A text with paths in braces; made by `parse_template`.

    Attributes:
        text: What was written.
        roots: What it may read.
        paths: As of an expression.
        parts: Plain texts and, in their places, functions that read a value.
    """

    text: str
    roots: Mapping[str, Root]
    paths: tuple[tuple[str, ...], ...]
    parts: tuple[str | Callable[[Environment], object], ...]

    def __reduce__(self) -> tuple[Callable[..., Template], tuple[str, Mapping[str, Root]]]:
        """A copy in another process is parsed again: closures do not travel."""
        return parse_template, (self.text, self.roots)

    def render(self, environment: Environment) -> str:
        """The text with values: at most 120 characters each, nothing invisible, `not known` where there is none."""
        return "".join(part if isinstance(part, str) else shown(part(environment)) for part in self.parts)


def parse_template(text: str, roots: Mapping[str, Root]) -> Template:
    """Read a message; `{{` and `}}` are braces.

    Raises:
        ExpressionError: for a brace that is not closed, and for anything but a path within braces.
    """
    if len(text) > TEXT_MAX:
        raise ExpressionError(f"the message has {len(text)} characters, at most {TEXT_MAX} are read", 1)
    parts: list[str | Callable[[Environment], object]] = []
    paths: list[tuple[str, ...]] = []
    position = 0
    while position < len(text):
        brace = min((at for sign in "{}" if (at := text.find(sign, position)) >= 0), default=len(text))
        parts.append(text[position:brace])
        if text[brace : brace + 2] in {"{{", "}}"}:
            parts.append(text[brace])
            position = brace + 2
            continue
        if brace == len(text):
            break
        node, position = _path(text, brace, roots)
        parts.append(reader(node))
        paths.extend(paths_of(node))
    return Template(text, roots, tuple(dict.fromkeys(paths)), tuple(part for part in parts if part))


def _path(text: str, brace: int, roots: Mapping[str, Root]) -> tuple[Node, int]:
    """The path in braces, and where the text goes on."""
    if text[brace] == "}":
        raise ExpressionError("'}' closes nothing", brace + 1, "write }} for a brace")
    end = text.find("}", brace)
    if end < 0:
        raise ExpressionError("'{' is not closed", brace + 1, "write {{ for a brace")
    node = Parser(text, roots, brace + 1, end).whole()
    below = node
    while isinstance(below, (Select, Index)):
        if isinstance(below, Index) and not isinstance(below.key, Literal):
            raise ExpressionError("an index in a message is a number or a text", below.key.column)
        below = below.base
    if not is_path(node):
        raise ExpressionError("only a path stands in braces", node.column, "such as {manifest.metadata.name}")
    check_place(node, roots)
    return node, end + 1
