"""One operator call as an operator's rule sees it: checked access to inputs, constants and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_gate.errors import Reason
from policy_gate.model_graph.folding import elements_of, may_fold
from policy_gate.model_graph.graph import Graph, Node, Tensor
from policy_gate.model_graph.values import CostUnknown, Dims, Elements, Hole, UnknownCost, Value, broken, first_hole

if TYPE_CHECKING:
    from policy_gate.model_graph.infer import Inference
    from policy_gate.model_graph.walked import Body, Scope


@dataclass(slots=True)
class Call:
    """A node with the values that enter it; `version` is the imported opset version of its domain.

    `bodies` are the subgraphs that control flow has walked for it, `runs` how often they run at most.
    """

    node: Node
    name: str
    version: int
    inputs: list[Value | None]
    scope: Scope
    inference: Inference
    bodies: tuple[Body, ...] = ()
    runs: int = 1

    def optional(self, index: int) -> Value | None:
        """Return an input, or None when the call leaves it out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def value(self, index: int) -> Value:
        """Return an input the operator requires."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise broken(f"input {index} is required and missing")
        return value

    def values(self) -> list[Value]:
        """Return all inputs of a variadic operator; at least one, none left out."""
        present = [value for value in self.inputs if value is not None]
        if not present or len(present) != len(self.inputs):
            raise broken("an input of a variadic operator is missing")
        return present

    def shape(self, index: int) -> Dims:
        """Return the dimensions of a required input; CostUnknown when its rank is not known."""
        return self.value(index).dims

    def rank(self, index: int, rank: int) -> Dims:
        """Return the dimensions of an input that must have a given rank."""
        shape = self.shape(index)
        if len(shape) != rank:
            raise broken(f"input {index} has rank {len(shape)}, the operator takes {rank}")
        return shape

    def elements(self, index: int) -> Elements:
        """Return the elements of an input that decides a shape; CostUnknown when they are not known."""
        known = elements_of(self.value(index))
        if known is None:
            raise CostUnknown(self.run_time(index))
        return known

    def ints(self, index: int) -> tuple[int, ...]:
        """Return the elements of an integer input; CostUnknown when one is not known."""
        known = self.elements(index)
        hole = first_hole(known)
        if hole is not None:
            raise CostUnknown(hole.cause)
        if not all(isinstance(element, int) for element in known):
            raise broken(f"input {index} must hold integers")
        return tuple(int(element) for element in known if not isinstance(element, Hole))

    def scalar(self, index: int) -> int:
        """Return the one integer an input holds."""
        elements = self.ints(index)
        if len(elements) != 1:
            raise broken(f"input {index} must hold one integer, it holds {len(elements)}")
        return elements[0]

    def may_fold(self, *values: Value) -> bool:
        """Whether elements are known and may still be computed with."""
        return all(map(may_fold, values)) and self.inference.spend(0)

    def run_time(self, index: int) -> UnknownCost:
        """Say that an extent follows from elements that only a run computes."""
        source = self.node.inputs[index] if index < len(self.node.inputs) else ""
        value = self.optional(index)
        if value is not None and value.tensor is not None:
            detail = f"its shape follows from constant {source!r}, which is too large, or of a type not followed"
            return UnknownCost(Reason.TOO_LARGE, self.name, self.node.op, detail)
        detail = f"its shape follows from {source!r}, whose elements are known only when the model runs"
        fix = "export the model with fixed shapes, so that this input is a constant"
        return UnknownCost(Reason.UNBOUND_DIMENSION, self.name, self.node.op, detail, fix)

    def claimed_dtype(self, index: int) -> str:
        """Return the type the file gives an output, for operators whose definition leaves the type to the file."""
        claim = self.scope.claims.get(self.node.outputs[index]) if index < len(self.node.outputs) else None
        if claim is None or not claim.dtype:
            raise broken(f"the file gives output {index} no type")
        return claim.dtype

    def unsupported(self, what: str, fix: str = "") -> CostUnknown:
        """Make the error for something that the operator can do and that is not followed here."""
        return CostUnknown(UnknownCost(Reason.UNSUPPORTED_OPERATOR, self.name, self.node.op, what, fix))

    def data_dependent(self, what: str) -> Hole:
        """Make a dimension that follows from the data itself."""
        return Hole(UnknownCost(Reason.UNBOUND_DIMENSION, self.name, self.node.op, f"{what} follows from the data"))

    def has(self, name: str) -> bool:
        """Whether the call sets an attribute."""
        return name in self.node.attributes

    def int_attribute(self, name: str, default: int | None = None) -> int:
        """Return an integer attribute; without a default it is required."""
        found = self.node.attributes.get(name, default)
        if not isinstance(found, int):
            raise broken(
                f"attribute {name!r} must be an integer" if self.has(name) else f"attribute {name!r} is missing"
            )
        return found

    def float_attribute(self, name: str, default: float) -> float:
        """Return a float attribute."""
        found = self.node.attributes.get(name, default)
        if not isinstance(found, float):
            raise broken(f"attribute {name!r} must be a float")
        return found

    def ints_attribute(self, name: str) -> tuple[int, ...] | None:
        """Return an attribute that is a list of integers, or None when it is not set."""
        found = self.node.attributes.get(name)
        if found is None:
            return None
        if not isinstance(found, tuple) or not all(isinstance(entry, int) for entry in found):
            raise broken(f"attribute {name!r} must be a list of integers")
        return found

    def list_length(self, name: str) -> int:
        """Return how many entries a list attribute holds, 0 without it; the reader keeps long ones as a tensor."""
        found = self.node.attributes.get(name, ())
        if isinstance(found, Tensor):
            return found.elements
        if not isinstance(found, tuple):
            raise broken(f"attribute {name!r} must be a list")
        return len(found)

    def text_attribute(self, name: str, default: str) -> str:
        """Return a text attribute."""
        found = self.node.attributes.get(name, default)
        if isinstance(found, bytes):
            return found.decode("utf-8", "replace")
        if not isinstance(found, str):
            raise broken(f"attribute {name!r} must be a text")
        return found

    def tensor_attribute(self, name: str) -> Tensor | None:
        """Return a tensor attribute, or None when it is not set."""
        found = self.node.attributes.get(name)
        if found is not None and not isinstance(found, Tensor):
            raise broken(f"attribute {name!r} must be a tensor")
        return found

    def graph_attribute(self, name: str) -> Graph:
        """Return a required subgraph."""
        found = self.node.attributes.get(name)
        if not isinstance(found, Graph):
            raise broken(f"attribute {name!r} must be a graph")
        return found
