"""Binds the expressions of policies: what an `assert` or `when` may read, and which facts it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING

from policy_gate.document import Document, problem
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.expression import Explanation, Expression, ExpressionError, Meter, Root, Template, Unknown
    from policy_gate.model import Fact
    from policy_gate.policy.packs import Condition

FactTypes = Mapping[str, "type[Fact]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """One expression of a policy, where it stands, and the fact types it reads of this release and of the base.

    With a `meter`, what it takes is counted together with others', and may become too much.
    """

    expression: Expression
    document: Document
    pointer: str
    facts: tuple[type[Fact], ...]
    base_facts: tuple[type[Fact], ...]
    meter: Meter | None = None

    def decide(self, environment: Mapping[str, object]) -> bool | Unknown:
        """True, false or unknown; raises TooMuchWorkError where a meter has nothing left."""
        if self.meter is not None:
            return self.meter.decide(self.expression, environment)
        return self.expression.decide(environment)

    def explain(self, environment: Mapping[str, object]) -> Explanation:
        """Decide again with every place that was read; raises as `decide`."""
        if self.meter is not None:
            return self.meter.explain(self.expression, environment)
        return self.expression.explain(environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A rule that an expression decides: for each fact of a type, or (None) once for the release."""

    formula: Formula
    message: Template | None
    each: type[Fact] | None


@dataclass(frozen=True, slots=True)
class Names:
    """What expressions of one policy may name: fact types of the catalogue and parameters of the packs."""

    fact_types: FactTypes
    parameters: tuple[str, ...]

    def roots(self, each: type[Fact] | None) -> Mapping[str, Root]:
        """The names an expression may start with; `fact` is there in a rule that goes through facts of a type."""
        return _roots(tuple(self.fact_types), self.parameters, each)  # type: ignore[arg-type]  # a class is hashable, whatever its instances are

    def parse(self, text: str, each: type[Fact] | None) -> Expression:
        """Parse an expression; raises ExpressionError."""
        return _parsed(text, tuple(self.fact_types), self.parameters, each)  # type: ignore[arg-type]  # a class is hashable, whatever its instances are


@lru_cache(maxsize=64)  # the rules of a policy share a few
def _roots(kinds: tuple[str, ...], parameters: tuple[str, ...], each: type[Fact] | None) -> Mapping[str, Root]:
    from policy_gate.expression import LEAF, OPEN, closed

    facts: dict[str, dict[str, Root]] = {}
    for name in kinds:
        area, _, thing = name.partition(".")
        facts.setdefault(area, {})[thing] = OPEN
    known = closed({area: closed(things) for area, things in facts.items()})
    fact = {"fact": closed({one.name: OPEN for one in fields(each)})} if each is not None else {}
    return {
        "manifest": OPEN,
        "facts": known,
        "base": closed({"manifest": OPEN, "facts": known, **fact}),
        "params": closed(dict.fromkeys(parameters, OPEN)),
        "today": LEAF,
        **fact,
    }


@lru_cache(maxsize=4096)  # stages, presets and a preview bind the same rules again
def _parsed(text: str, kinds: tuple[str, ...], parameters: tuple[str, ...], each: type[Fact] | None) -> Expression:
    from policy_gate.expression import parse

    return parse(text, _roots(kinds, parameters, each))  # type: ignore[arg-type]  # a class is hashable, whatever its instances are


def bind_formula(
    condition: Condition, names: Names, problems: list[Problem], each: type[Fact] | None = None
) -> Formula | None:
    """Parse one expression; what is wrong is added to `problems` with line, column and suggestion."""
    from policy_gate.expression import ExpressionError

    document, pointer = condition.document, condition.pointer
    try:
        expression = names.parse(condition.text, each)
    except ExpressionError as error:
        problems.append(expression_problem(condition, error))
        return None
    facts, base_facts = _read_types(expression.paths, names.fact_types)
    return Formula(expression=expression, document=document, pointer=pointer, facts=facts, base_facts=base_facts)


def bind_message(message: Condition, names: Names, problems: list[Problem], each: type[Fact] | None) -> Template | None:
    """Parse the message of a rule with its `{paths}`; as `bind_formula`."""
    from policy_gate.expression import ExpressionError, parse_template

    try:
        return parse_template(message.text, names.roots(each))
    except ExpressionError as error:
        problems.append(expression_problem(message, error))
        return None


def expression_problem(condition: Condition, error: ExpressionError) -> Problem:
    """The place inside a document of an error in an expression; a block of several lines is placed as a whole."""
    document, pointer, text = condition.document, condition.pointer, condition.text
    placed = problem(document, pointer, error.message, error.hint)
    span = document.nearest(pointer)[1]
    written = document.text[span.start : span.end]
    inside = written.find(text)
    if inside < 0 or "\n" in written:
        return Problem(
            f"{error.message} (column {error.column} of it)", placed.path, placed.line, placed.column, error.hint
        )
    return Problem(error.message, placed.path, placed.line, placed.column + inside + error.column - 1, error.hint)


def _read_types(
    paths: Iterable[tuple[str, ...]], fact_types: FactTypes
) -> tuple[tuple[type[Fact], ...], tuple[type[Fact], ...]]:
    own: dict[str, type[Fact]] = {}
    base: dict[str, type[Fact]] = {}
    for path in paths:
        if path[0] == "facts":
            own.update(_named(path[1:], fact_types))
        elif path[:2] == ("base", "facts"):
            base.update(_named(path[2:], fact_types))
    return tuple(own.values()), tuple(base.values())


def _named(path: tuple[str, ...], fact_types: FactTypes) -> Iterator[tuple[str, type[Fact]]]:
    """The fact types a path reads; one that stops early reads all below it."""
    start = ".".join(path[:2])
    for name, kind in fact_types.items():
        if name == start or (len(path) < 2 and (not path or name.startswith(f"{start}."))):
            yield name, kind
