"""Evaluates an expression a second time, slowly, writing down every place it reads and what each condition answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_gate.expression.calculating import calculate, elements, opposite, size
from policy_gate.expression.comparing import compare, contained
from policy_gate.expression.compiling import OUT_OF_STEPS, absent_root
from policy_gate.expression.evidence import Explanation, Key, Reading, Step, deciding_spans, reading, written
from policy_gate.expression.functions import FUNCTIONS, call
from policy_gate.expression.kleene import OutOfStepsError, Steps, as_truth, negated, not_known, spend
from policy_gate.expression.limits import STEPS_MAX
from policy_gate.expression.nodes import (
    Arithmetic,
    Call,
    Compare,
    Has,
    In,
    Index,
    ListOf,
    Literal,
    Logic,
    Macro,
    Minus,
    Name,
    Node,
    Not,
    Select,
    steps_of,
)
from policy_gate.expression.paths import is_there
from policy_gate.expression.reading import NOTHING, element, member, not_there
from policy_gate.expression.values import Cause, Unknown, plain
from policy_gate.frozen import dataclass

_NO_REASON = Unknown(Cause.NOT_DECLARED, "")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: below a root, or nowhere for what was calculated."""

    root: str = ""
    keys: tuple[Key, ...] = ()

    def below(self, key: object) -> _Place:
        """The place one step down; nowhere where the key is not known."""
        plain_key = plain(key)
        if isinstance(plain_key, float) and plain_key.is_integer():
            plain_key = int(plain_key)
        if not self.root or isinstance(plain_key, bool) or not isinstance(plain_key, (str, int)):
            return _Place()
        return _Place(self.root, (*self.keys, plain_key))

    def named(self, text: str) -> str:
        """The place as a rule would write it; the text of the rule for what was calculated."""
        return written(self.root, self.keys) if self.root else text


@dataclass(frozen=True, slots=True)
class _Seen:
    """A value and its place; `stands` is what stands there where that is another thing, as for the key of a map."""

    found: Any  # Any: whatever the document holds, or NOTHING
    place: _Place
    why: Unknown = _NO_REASON
    stands: Any = NOTHING  # Any: as above


def explain(node: Node, environment: Mapping[str, object]) -> Explanation:
    """Decide again, and keep what was read, in order and without repetition."""
    observer = Observer(environment)
    try:
        step = observer.truth(node)
    except OutOfStepsError:
        return Explanation(OUT_OF_STEPS, tuple(dict.fromkeys(observer.readings)), ())
    spans = deciding_spans(step)
    deciding = [one for first, last in spans for one in observer.readings[first:last]]
    return Explanation(step.answer, tuple(dict.fromkeys(observer.readings)), tuple(dict.fromkeys(deciding)))


class Observer:
    """One slow evaluation: `readings` holds every place that was read, `answers` what each condition answered."""

    def __init__(self, environment: Mapping[str, object]) -> None:
        """Start with all steps left."""
        self.readings: list[Reading] = []
        self.answers: dict[int, list[bool | Unknown]] = {}
        self._environment = environment
        self._variables: dict[str, _Seen] = {}
        self._steps: Steps = [STEPS_MAX]

    def truth(self, node: Node) -> Step:
        """The answer of a condition, with its parts; raises `OutOfStepsError`."""
        first = len(self.readings)
        match node:
            case Not():
                parts = [self.truth(node.operand)]
                answer = negated(parts[0].answer)
            case Logic():
                parts, answer = self._logic(node)
            case Macro():
                parts, answer = self._macro(node)
            case _:
                parts, answer = [], as_truth(self._value(node), node.text)
        self.answers.setdefault(id(node), []).append(answer)
        return Step(node, answer, first, len(self.readings), tuple(parts))

    def _logic(self, node: Logic) -> tuple[list[Step], bool | Unknown]:
        decisive = node.operator == "||"
        parts: list[Step] = []
        for part in node.parts:
            parts.append(self.truth(part))
            if parts[-1].answer is decisive:
                return parts, decisive
        return parts, _first_unknown(parts, usual=not decisive)

    def _macro(self, node: Macro) -> tuple[list[Step], bool | Unknown]:
        decisive = node.kind == "exists"
        subject = self._seen(node.subject)
        among = elements(subject.found, node.subject.text)
        if isinstance(among, Unknown):
            return [], among
        cost, parts = steps_of(node.body), list[Step]()
        spend(self._steps, cost * len(among))
        for variable in _variables(subject, among):
            self._variables[node.variable] = variable
            parts.append(self.truth(node.body))
            if parts[-1].answer is decisive:
                return parts, decisive
        return parts, _first_unknown(parts, usual=not decisive)

    def _value(self, node: Node) -> object:
        match node:
            case Name() | Select() | Index():
                return self._seen(node).found
            case Literal():
                return node.scalar
            case ListOf():
                return [self._value(element) for element in node.elements]
            case Has():
                return self._has(node)
            case Minus():
                return opposite(self._value(node.operand), node.text)
            case Compare():
                left, right = self._value(node.left), self._value(node.right)
                return compare(node.operator, left, right, node.text, self._steps)
            case In():
                return contained(self._value(node.left), self._value(node.right), node.text, self._steps)
            case Arithmetic():
                left, right = self._value(node.left), self._value(node.right)
                return calculate(node.operator, left, right, node.text, self._steps)
            case Call():
                return self._call(node)
            case _:
                return self.truth(node).answer

    def _call(self, node: Call) -> object:
        arguments = [self._value(argument) for argument in node.arguments]
        if node.function == "size":
            return size(arguments[0], node.text, self._steps)
        return call(FUNCTIONS[node.function], arguments, node.text, self._steps)

    def _has(self, node: Has) -> bool | Unknown:
        seen = self._located(node.path)
        self._note(seen)
        return is_there(seen.found)

    def _seen(self, node: Node) -> _Seen:
        """A value and its place, which is written down; where nothing stands there, the value is unknown."""
        seen = self._located(node)
        self._note(seen)
        return _Seen(seen.why, seen.place) if seen.found is NOTHING else seen

    def _note(self, seen: _Seen) -> None:
        if not seen.place.root:
            return
        found = seen.why if seen.found is NOTHING else seen.found if seen.stands is NOTHING else seen.stands
        missing = not_known(found)
        self.readings.append(reading(seen.place.root, seen.place.keys, found if missing is None else missing))

    def _located(self, node: Node) -> _Seen:
        """Walk down a path; `NOTHING` where the path or anything on the way to it is absent."""
        match node:
            case Name():
                if node.name in self._variables:
                    return self._variables[node.name]
                found = self._environment.get(node.name, absent_root(node.name))
                return _Seen(found, _Place(node.name))
            case Select():
                return self._named(self._located(node.base), node)
            case Index():
                return self._indexed(self._located(node.base), node)
            case _:
                return _Seen(self._value(node), _Place())

    def _named(self, base: _Seen, node: Select) -> _Seen:
        place = base.place.below(node.name)
        if base.found is NOTHING:
            return _Seen(NOTHING, place, base.why)
        found = member(base.found, node.name, base.place.named(node.base.text))
        return _Seen(found, place, _why(found, base, place, node))

    def _indexed(self, base: _Seen, node: Index) -> _Seen:
        key = self._value(node.key)
        place = base.place.below(key)
        if base.found is NOTHING:
            return _Seen(NOTHING, place, base.why)
        found = element(base.found, key, base.place.named(node.base.text))
        return _Seen(found, place, _why(found, base, place, node))


def _why(found: object, base: _Seen, place: _Place, node: Node) -> Unknown:
    return not_there(place.named(node.text), base.found) if found is NOTHING else _NO_REASON


def _first_unknown(parts: Sequence[Step], *, usual: bool) -> bool | Unknown:
    return next((part.answer for part in parts if isinstance(part.answer, Unknown)), usual)


def _variables(subject: _Seen, among: Sequence[object]) -> Iterator[_Seen]:
    """What a macro's variable is in turn; the key of a map points at what stands there."""
    if not isinstance(subject.found, Mapping):
        yield from (_Seen(one, subject.place.below(number)) for number, one in enumerate(among))
        return
    for key, one in zip(subject.found, among, strict=True):
        yield _Seen(one, subject.place.below(key), stands=subject.found[key])
