"""What a table says of an operator: how its outputs look, and which multiply-accumulates it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.values import MAX_EXTENT, Value


class Work(NamedTuple):
    """Multiply-accumulates by class; `bounded` when a run may take fewer.

    `conv` are convolutions whose filters see more than one channel, `depthwise` those that see one of several,
    `dense` matrix products, `other` the matrix products inside recurrent operators.
    """

    conv: int = 0
    depthwise: int = 0
    dense: int = 0
    other: int = 0
    bounded: bool = False

    @property
    def macs(self) -> int:
        """All multiply-accumulates."""
        return self.conv + self.depthwise + self.dense + self.other

    def plus(self, more: Work) -> Work:
        """Add two."""
        return Work(
            self.conv + more.conv,
            self.depthwise + more.depthwise,
            self.dense + more.dense,
            self.other + more.other,
            self.bounded or more.bounded,
        )

    def times(self, runs: int, *, bounded: bool = False) -> Work:
        """Multiply by a number of runs; EvidenceError above 2^62."""
        if self.macs * runs > MAX_EXTENT:
            raise EvidenceError(Reason.TOO_LARGE, "more than 2^62 multiply-accumulates")
        if runs == 1 and not bounded:
            return self
        return Work(
            self.conv * runs, self.depthwise * runs, self.dense * runs, self.other * runs, self.bounded or bounded
        )


NO_WORK = Work()

Infer = Callable[[Call], Sequence[Value]]
Count = Callable[[Call, Sequence[Value]], Work]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator's rules.

    `count` is None where the counting rule says zero. `structural` are the inputs that carry shapes, indices or
    quantisation parameters rather than weights. `derived` is False where the outputs are no constants even if all
    inputs are. `state` are the inputs that may be tensors which no call makes,
    because the operator itself keeps them from one inference to the next. `bounded` says that `count` may give an
    upper bound even where every shape is known. `weights` names the list attributes in which classic models keep
    what others keep in constants.
    """

    infer: Infer
    count: Count | None = None
    structural: frozenset[int] = frozenset()
    derived: bool = True
    bounded: bool = False
    weights: tuple[str, ...] = ()
    state: frozenset[int] = frozenset()


Table = dict[str, Operator]


def operators(infer: Infer, names: str, *structural: int) -> Table:
    """Give several operators of the same shape rule, named in one text, an entry each."""
    return dict.fromkeys(names.split(), Operator(infer, structural=frozenset(structural)))
