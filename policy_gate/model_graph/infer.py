"""Walks a graph once and works out every value's shape and every call's multiply-accumulates, trusting only inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.attribute_weights import AttributeWeights
from policy_gate.model_graph.binding import Binding, checked_count
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.graph import AttributeReference, Function, Graph, Model, Node, ValueInfo
from policy_gate.model_graph.operators import NEWEST, TABLES
from policy_gate.model_graph.operators.table import NO_WORK, Count, Operator, Work
from policy_gate.model_graph.operators.unknown import UNKNOWN
from policy_gate.model_graph.values import (
    CostUnknown,
    Dims,
    Hole,
    UnknownCost,
    Value,
    broken,
)
from policy_gate.model_graph.walked import Body, Scope, Step

MAX_DEPTH = 32
"""How deep subgraphs and functions may call each other."""

MAX_NESTED_CALLS = 20_000
"""How many calls inside subgraphs and functions are walked in all: nested functions multiply."""

MAX_FOLDED = 500_000
"""How many elements constant propagation keeps in all."""


class Inference:
    """One walk over one model; `faults` are contradictions, after which no figure is to be believed.

    `variables` are the tensors that live from one inference to the next, `resources` those of them behind a handle,
    `handles` the numbers of handles by container and name.
    """

    def __init__(self, model: Model, dimensions: Mapping[str, int]) -> None:
        self.faults: list[UnknownCost] = []
        self._binding = Binding(model.format, dimensions, self.faults)
        self.unbound, self.asked = self._binding.unbound, self._binding.asked
        self._attribute_weights = AttributeWeights()
        self.variables: list[Value] = []
        self.handles: dict[tuple[str, str], int] = {}
        self.resources: dict[int, Value] = {}
        self._model = model
        self._functions = {(_domain(each.domain), each.name, each.overload): each for each in model.functions}
        self._calling: list[tuple[str, str, str]] = []
        self._depth = 0
        self._left = MAX_NESTED_CALLS
        self._folds = MAX_FOLDED
        self._counts: dict[Dims, int] = {}

    def run(self) -> tuple[Body, Scope]:
        """Walk the main graph; returns it with the scope that names its values."""
        graph, opsets = self._model.graph, self._opsets(self._model.opsets)
        scope = Scope({}, graph.constants, opsets, claims=self._claims(graph))
        inputs = []
        for claim in graph.inputs:
            if claim.name not in graph.constants:
                scope.values[claim.name] = self._binding.value(claim)
                inputs.append(scope.values[claim.name])
        steps: list[Step] = []
        self._walk(graph.nodes, scope, steps)
        self._keep(graph, scope)
        outputs = tuple(self._output(claim.name, scope) for claim in graph.outputs)
        # A variable takes its room from the first call to the last, like an input that is also an output.
        return Body((*inputs, *self.variables), (*outputs, *self.variables), tuple(steps)), scope

    def body(self, call: Call, graph: Graph, arguments: Sequence[Value]) -> Body:
        """Walk a subgraph with these arguments; in ONNX it sees the values of the graphs around it.

        Raises:
            CostUnknown: subgraphs nest too deep.
            EvidenceError: the subgraph takes another number of arguments.
        """
        if len(graph.inputs) != len(arguments):
            raise broken(f"a subgraph takes {len(graph.inputs)} values, it gets {len(arguments)}")
        outer, around = call.scope, None if self._model.format == "tflite" else call.scope
        scope = Scope({}, graph.constants, outer.opsets, around, f"{call.name}/", outer.attributes)
        scope.claims = self._claims(graph)
        scope.values.update((claim.name, value) for claim, value in zip(graph.inputs, arguments, strict=True))
        steps: list[Step] = []
        self._nested(call, graph.nodes, scope, steps)
        self._keep(graph, scope)
        outputs = tuple(self._output(claim.name, scope) for claim in graph.outputs)
        return Body.of(tuple(arguments), outputs, steps)

    def spend(self, elements: int) -> bool:
        """Whether so many elements may still be kept; the walk goes on without what is over."""
        self._folds -= elements
        return self._folds >= 0

    def dimension(self, key: str) -> int | None:
        """Return the extent or count that a key of `dimensions` is bound to, None when it is not; notes its use."""
        return self._binding.of(key)

    def unsupported(self, call: Call, what: str) -> UnknownCost:
        """Say that something an operator can do is not followed here."""
        return UnknownCost(Reason.UNSUPPORTED_OPERATOR, call.name, call.node.op, f"{what} is not followed")

    def _claims(self, graph: Graph) -> Mapping[str, ValueInfo]:
        """Return what a TFLite file says of its tensors: some operators take the type they write from there."""
        if self._model.format != "tflite":
            return {}
        return {claim.name: claim for claim in (*graph.value_info, *graph.outputs)}

    @staticmethod
    def _opsets(opsets: Mapping[str, int]) -> Mapping[str, int]:
        known = {_domain(domain): version for domain, version in opsets.items()}
        return known or {"": 1}  # a model older than operator sets (IR version 1 and 2)

    def _output(self, name: str, scope: Scope) -> Value:
        try:
            value = scope.find(name)
        except EvidenceError:
            value = None
        if value is None:
            cause = UnknownCost(Reason.UNREADABLE, name, "", f"graph output {name!r} is made by no node")
            self.faults.append(cause)
            return Value("", Hole(cause))
        return value

    def _nested(self, call: Call, nodes: Sequence[Node], scope: Scope, steps: list[Step]) -> None:
        self._left -= len(nodes)
        if self._depth >= MAX_DEPTH or self._left < 0:
            detail = (
                f"calls nest deeper than {MAX_DEPTH}"
                if self._left >= 0
                else f"more than {MAX_NESTED_CALLS} nested calls"
            )
            raise CostUnknown(UnknownCost(Reason.TOO_LARGE, call.name, call.node.op, detail))
        self._depth += 1
        try:
            self._walk(nodes, scope, steps)
        finally:
            self._depth -= 1

    def _walk(self, nodes: Sequence[Node], scope: Scope, steps: list[Step]) -> None:
        for node in nodes:
            if self._functions and (_domain(node.domain), node.op, node.overload) in self._functions:
                self._inline(node, scope, steps)
            else:
                steps.append(self._step(node, scope))

    def _step(self, node: Node, scope: Scope) -> Step:
        domain = _domain(node.domain)
        name = scope.prefix + (node.name or next(filter(None, node.outputs), node.op))
        operator = TABLES[domain].get(node.op) if domain in TABLES else None
        if scope.attributes is not None:
            node = _resolved(node, scope.attributes)
        call = Call(node, name, scope.opsets.get(domain, 0), [], scope, self)
        cause: UnknownCost | None = None
        work = NO_WORK
        outputs: Sequence[Value] = ()
        try:
            if operator is not None and operator.state:
                self._remember(node, operator, scope)
            made = scope.values
            call.inputs = [(made.get(wanted) or scope.find(wanted)) if wanted else None for wanted in node.inputs]
            if operator is None or not 1 <= call.version <= NEWEST[domain]:
                cause = _unsupported(call, operator)
                operator = None
            else:
                outputs = self._outputs(call, operator)
        except CostUnknown as lost:
            cause = lost.cause
        except EvidenceError as error:
            cause = self._fault(call, error)
        if cause is not None:
            outputs = tuple(Value("", Hole(cause)) for _ in node.outputs)
        if operator is not None:
            if operator.count is not None:
                work, cause = self._work(call, operator.count, outputs, cause)
            else:
                cause = None  # the counting rule says zero, whatever the shape
        self._bind(call, outputs)
        inputs = call.inputs
        if operator is not None and operator.weights:
            inputs = [*inputs, *self._attribute_weights.of(node, operator.weights)]
        return Step(node, name, operator, inputs, outputs, work, cause, call.bodies, call.runs)

    def _remember(self, node: Node, operator: Operator, scope: Scope) -> None:
        """Make the state that an operator keeps between inferences: a tensor of the file that no call makes."""
        for index, name in enumerate(node.inputs):
            if index in operator.state and name in scope.claims and not scope.holds(name):
                scope.values[name] = self._binding.value(scope.claims[name])
                self.variables.append(scope.values[name])

    def _keep(self, graph: Graph, scope: Scope) -> None:
        """Make the variables that no call reads: an interpreter of TFLite gives them room all the same."""
        if self._model.format == "tflite":
            unread = [claim for claim in graph.value_info if not scope.holds(claim.name)]
            self.variables.extend(map(self._binding.value, unread))

    def _outputs(self, call: Call, operator: Operator) -> Sequence[Value]:
        if call.node.attributes.get("unread_options"):
            raise call.unsupported("its options stand in a table of another operator, or could not be read")
        outputs = operator.infer(call)
        if outputs and not call.node.outputs:
            raise broken("the operator gives a value, the call takes none")
        if len(call.node.outputs) > len(outputs):
            raise broken(f"it has {len(call.node.outputs)} outputs, the operator gives {len(outputs)}")
        outputs = outputs[: len(call.node.outputs)]
        derived = operator.derived and _all_constant(call.inputs)
        for value in outputs:
            value.constant = derived
            if value.known is not None and not self.spend(len(value.known)):
                value.known = None
            if not isinstance(value.shape, Hole):
                value.elements = self._counted(value.shape)
        return outputs

    def _counted(self, shape: Dims) -> int:
        """Check a shape and count its elements, -1 where an extent is not known; most values have one of few shapes."""
        known = self._counts.get(shape)
        if known is None:
            total = checked_count(shape)
            known = self._counts[shape] = total if isinstance(total, int) else -1
        return known

    def _work(
        self, call: Call, count: Count, outputs: Sequence[Value], cause: UnknownCost | None
    ) -> tuple[Work, UnknownCost | None]:
        if cause is not None:
            return NO_WORK, cause
        try:
            return count(call, outputs).times(1), None
        except CostUnknown as lost:
            return NO_WORK, lost.cause
        except EvidenceError as error:
            return NO_WORK, self._fault(call, error)

    def _fault(self, call: Call, error: EvidenceError) -> UnknownCost:
        cause = UnknownCost(error.reason, call.name, call.node.op, error.detail, error.fix)
        self.faults.append(cause)
        return cause

    def _bind(self, call: Call, outputs: Sequence[Value]) -> None:
        values = call.scope.values
        for name, value in zip(call.node.outputs, outputs, strict=True):
            if name in values or name in call.scope.constants:
                self._fault(call, broken(f"{name!r} is made twice"))
            if name:
                values[name] = value

    def _inline(self, node: Node, scope: Scope, steps: list[Step]) -> None:
        """Walk a function's body in place of the call."""
        key = (_domain(node.domain), node.op, node.overload)
        function = self._functions[key]
        if scope.attributes is not None:
            node = _resolved(node, scope.attributes)
        name = scope.prefix + (node.name or next(filter(None, node.outputs), node.op))
        call = Call(node, name, 0, [], scope, self)
        self._calling.append(key)
        try:
            if self._calling.count(key) > 1:
                raise broken("the function calls itself")
            call.inputs = [scope.find(wanted) if wanted else None for wanted in node.inputs]
            outputs = self._inside(call, function, steps)
            cause = None
        except CostUnknown as lost:
            cause = lost.cause
        except EvidenceError as error:
            cause = self._fault(call, error)
        self._calling.pop()
        if cause is not None:
            outputs = [Value("", Hole(cause)) for _ in node.outputs]
            steps.append(Step(node, name, None, call.inputs, outputs, NO_WORK, cause))
        self._bind(call, outputs)

    def _inside(self, call: Call, function: Function, steps: list[Step]) -> list[Value]:
        node = call.node
        if len(node.inputs) > len(function.inputs) or len(node.outputs) > len(function.outputs):
            raise broken("the call has more inputs or outputs than the function")
        given = dict(function.attribute_defaults) | dict(node.attributes)
        opsets = self._opsets(function.opsets or self._model.opsets)
        inner = Scope({}, {}, opsets, None, f"{call.name}/", given, frozenset(function.inputs))
        pairs = zip(function.inputs, call.inputs, strict=False)
        inner.values.update((formal, actual) for formal, actual in pairs if actual is not None)
        self._nested(call, function.nodes, inner, steps)
        outputs = [inner.find(formal) for formal, _ in zip(function.outputs, node.outputs, strict=False)]
        if any(value is None for value in outputs):
            raise broken("the function gives back a value the call leaves out")
        return [value for value in outputs if value is not None]


def _domain(domain: str) -> str:
    """Return the one name of a domain: ai.onnx has two."""
    return "" if domain == "ai.onnx" else domain


def _all_constant(values: Sequence[Value | None]) -> bool:
    for value in values:  # noqa: SIM110  # the inner loop: the first one decides nearly always, and no generator is made
        if value is not None and not value.constant:
            return False
    return True


def _resolved(node: Node, given: Mapping[str, object]) -> Node:
    """Put the attributes of a function call where its body refers to them; one that is not given is left out."""
    if not any(isinstance(found, AttributeReference) for found in node.attributes.values()):
        return node
    attributes = {}
    for name, found in node.attributes.items():
        if not isinstance(found, AttributeReference):
            attributes[name] = found
        elif found.name in given:
            attributes[name] = given[found.name]
    return replace(node, attributes=attributes)


def _unsupported(call: Call, operator: Operator | None) -> UnknownCost:
    domain = call.node.domain or "ai.onnx"
    fix = "export the model with operators of ai.onnx up to opset 28"
    if domain.startswith("tflite"):
        fix = "convert the model with builtin operators of TensorFlow Lite only, schema version 3"
    if operator is None:
        reason = UNKNOWN.get(_domain(domain), {}).get(call.node.op)
        detail = f"{domain}::{call.node.op} is not {'followed: ' + reason if reason else 'known'}"
    elif call.version < 1:
        detail = f"the model imports no operator set for {domain}"
    else:
        detail = f"operator set {call.version} of {domain} is newer than what is known"
    return UnknownCost(Reason.UNSUPPORTED_OPERATOR, call.name, call.node.op, detail, fix)
