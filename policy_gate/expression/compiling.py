"""Turns nodes into Python closures once, so that an evaluation runs no parser, no visitor and no `eval`.

A closure takes a frame: the steps left, the roots that are read, then the variables of macros. Common shapes, such as
a path compared with a literal, get a closure of their own; every other value goes through the functions that
`explaining` uses too, so that both always give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy_gate.expression.calculating import opposite
from policy_gate.expression.closures import (
    answer_of_one,
    answer_with_literal,
    arithmetic,
    compare_any,
    compare_with_number,
    compare_with_text,
    in_any,
    in_texts,
    logic,
    negation,
    over,
    size_of,
)
from policy_gate.expression.comparing import COMPARISONS
from policy_gate.expression.functions import FUNCTIONS, call
from policy_gate.expression.fused import compare_path
from policy_gate.expression.kleene import OutOfStepsError, Steps, as_truth
from policy_gate.expression.limits import EXACT_INT, STEPS_MAX
from policy_gate.expression.nodes import (
    Arithmetic,
    Call,
    Compare,
    Has,
    In,
    ListOf,
    Literal,
    Logic,
    Macro,
    Minus,
    Name,
    Node,
    Not,
    steps_of,
    walk,
)
from policy_gate.expression.paths import Evaluate, Slots, has_reader, path_reader, static_keys
from policy_gate.expression.values import Absent, Cause, Kind, Unknown

Environment = Mapping[str, object]
OUT_OF_STEPS = Unknown(Cause.TOO_MANY_STEPS, f"the evaluation takes more than {STEPS_MAX} steps")


def absent_root(name: str) -> Absent:
    """What stands for a root the environment does not hold."""
    return Absent(Cause.NOT_DECLARED, f"{name} is not given here")


def decider(node: Node) -> Callable[[Environment], bool | Unknown]:
    """A function from an environment to the truth of an expression."""
    names, slots = _names(node)
    run, unset = _Compiler(slots).truth(node), [None] * (len(slots) - len(names))
    if len(names) == 1:
        return _decider_of_one(run, names[0], unset)
    entered = _entrance(names, unset)

    def decide(environment: Environment) -> bool | Unknown:
        try:
            found: bool | Unknown = run(entered(environment))
        except OutOfStepsError:
            return OUT_OF_STEPS
        return found

    return decide


def _decider_of_one(run: Evaluate, name: str, unset: list[None]) -> Callable[[Environment], bool | Unknown]:
    """As `decider`, for the many expressions that read one root only."""
    default = absent_root(name)

    def decide(environment: Environment) -> bool | Unknown:
        try:
            found: bool | Unknown = run([STEPS_MAX, environment.get(name, default), *unset])
        except OutOfStepsError:
            return OUT_OF_STEPS
        return found

    return decide


def measurer(node: Node) -> Callable[[Environment], tuple[bool | Unknown, int]]:
    """As `decider`, with the steps that were taken."""
    names, slots = _names(node)
    run, entered = _Compiler(slots).truth(node), _entrance(names, [None] * (len(slots) - len(names)))

    def measured(environment: Environment) -> tuple[bool | Unknown, int]:
        frame = entered(environment)
        try:
            found: bool | Unknown = run(frame)
        except OutOfStepsError:
            return OUT_OF_STEPS, STEPS_MAX
        return found, STEPS_MAX - frame[0]

    return measured


def reader(path: Node) -> Callable[[Environment], object]:
    """A function from an environment to what stands at a path."""
    names, slots = _names(path)
    entered, run = _entrance(names, []), _Compiler(slots).value(path)
    return lambda environment: run(entered(environment))


def _names(node: Node) -> tuple[list[str], Slots]:
    """The roots that are read, and where each of them and each variable stands in a frame; no two share a name."""
    below = list(walk(node))
    variables = dict.fromkeys(one.variable for one in below if isinstance(one, Macro))
    names = dict.fromkeys(one.name for one in below if isinstance(one, Name))
    roots = [name for name in names if name not in variables]
    return roots, {name: slot for slot, name in enumerate([*roots, *variables], start=1)}


def _entrance(names: list[str], unset: list[None]) -> Callable[[Environment], Steps]:
    defaults = [(name, absent_root(name)) for name in names]

    def entered(environment: Environment) -> Steps:
        found = environment.get
        return [STEPS_MAX, *[found(name, default) for name, default in defaults], *unset]

    return entered


class _Compiler:
    """One expression: a method for each form of node, each giving a closure over a frame."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def truth(self, node: Node) -> Evaluate:
        """A closure that gives true, false or `Unknown`, and nothing else."""
        run = self.value(node)
        if isinstance(node, (Compare, In, Has, Not, Logic, Macro)) or _is_condition(node):
            return run
        text = node.text

        def condition(frame: Steps) -> bool | Unknown:
            found = run(frame)
            return found if found is True or found is False else as_truth(found, text)

        return condition

    def value(self, node: Node) -> Evaluate:
        """A closure that gives a plain value, an `Absent` or `Unknown`."""
        match node:
            case Literal():
                scalar = node.scalar
                return lambda _: scalar
            case ListOf():
                return self._list(node)
            case Has():
                return has_reader(node.path, self._slots, self.value)
            case Not():
                return negation(self.truth(node.operand))
            case Logic():
                return logic(node.operator, [self.truth(part) for part in node.parts])
            case Compare():
                return self._compare(node)
            case In():
                return self._in(node)
            case Minus():
                operand, text = self.value(node.operand), node.text
                return lambda frame: opposite(operand(frame), text)
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case Macro():
                return self._macro(node)
            case _:
                return path_reader(node, self._slots, self.value)

    def _list(self, node: ListOf) -> Evaluate:
        if all(isinstance(element, Literal) for element in node.elements):
            made = [element.scalar for element in node.elements if isinstance(element, Literal)]
            return lambda _: made
        runs = [self.value(element) for element in node.elements]
        return lambda frame: [run(frame) for run in runs]

    def _compare(self, node: Compare) -> Evaluate:
        left, sign, text = self.value(node.left), node.operator, node.text
        comparison, literal = COMPARISONS[sign], _literal(node.right)
        if literal is None:
            return compare_any(left, self.value(node.right), comparison, sign, text)
        with_literal = compare_with_text if isinstance(literal, str) else compare_with_number
        slow = with_literal(left, comparison, sign, literal, text)
        static = static_keys(node.left, self._slots)
        if static is not None and 1 <= len(static[1]) <= 3:
            return compare_path(*static, comparison, literal, slow)
        return slow

    def _in(self, node: In) -> Evaluate:
        left, text = self.value(node.left), node.text
        if isinstance(node.right, ListOf) and node.right.elements:
            scalars = [one.scalar for one in node.right.elements if isinstance(one, Literal)]
            literals = [one for one in scalars if isinstance(one, str)]
            if len(literals) == len(node.right.elements):
                return in_texts(left, literals, text)
        right = self.value(node.right)
        return in_any(left, right, text)

    def _arithmetic(self, node: Arithmetic) -> Evaluate:
        run = arithmetic(self.value(node.left), self.value(node.right), node.operator, node.text)
        if isinstance(node.left, Literal) and isinstance(node.right, Literal):
            made = run([STEPS_MAX])
            return lambda _: made
        return run

    def _call(self, node: Call) -> Evaluate:
        runs, text = [self.value(argument) for argument in node.arguments], node.text
        if node.function == "size":
            return size_of(runs[0], text)
        function, last = FUNCTIONS[node.function], node.arguments[-1]
        if len(runs) == 1:
            return answer_of_one(runs[0], function, text)
        if isinstance(last, Literal) and isinstance(last.scalar, str):
            return answer_with_literal(runs[0], last.scalar, function, text)
        return lambda frame: call(function, [run(frame) for run in runs], text, frame)

    def _macro(self, node: Macro) -> Evaluate:
        subject, body = self.value(node.subject), self.truth(node.body)
        slot, cost = self._slots[node.variable], steps_of(node.body)
        return over(subject, body, node.subject.text, slot, cost, decisive=node.kind == "exists")


def _is_condition(node: Node) -> bool:
    return isinstance(node, Call) and node.function != "size" and FUNCTIONS[node.function].gives is Kind.BOOL


def _literal(node: Node) -> float | str | None:
    """A literal that may be compared at once: a text, or a number that is the same as a double and as an integer."""
    if not isinstance(node, Literal) or isinstance(node.scalar, bool):
        return None
    if isinstance(node.scalar, (int, float)) and abs(node.scalar) >= EXACT_INT:
        return None
    return node.scalar
