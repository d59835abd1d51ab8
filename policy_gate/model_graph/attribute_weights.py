"""Makes constants of the weights that classic models keep in list attributes, so that they count as weights do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy_gate.model_graph.graph import Node, Tensor
from policy_gate.model_graph.values import Value


class AttributeWeights:
    """The lists seen on one walk: a list stands once in the file, however often the call that holds it is walked."""

    def __init__(self) -> None:
        # The node is kept beside its tensor, so that its identity cannot be given to another node.
        self._made: dict[tuple[int, str], tuple[Node, Tensor]] = {}

    def of(self, node: Node, names: Iterable[str]) -> Iterator[Value]:
        """Return a constant for each list or tensor attribute that an operator names as weights."""
        for name in names:
            key = id(node), name
            if key not in self._made:
                tensor = _tensor(name, node.attributes.get(name))
                if tensor is None:
                    continue
                self._made[key] = node, tensor
            tensor = self._made[key][1]
            yield Value(tensor.dtype, tensor.dims, constant=True, tensor=tensor)


def _tensor(name: str, held: object) -> Tensor | None:
    """Return what an attribute holds as a tensor; None for an empty list, or one that holds no floats."""
    if isinstance(held, Tensor):
        return held
    if not isinstance(held, tuple) or not held or not all(isinstance(entry, float) for entry in held):
        return None
    return Tensor(name, "float32", (len(held),), 4 * len(held))
