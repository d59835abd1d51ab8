"""Makes graphs of the subgraphs of a TFLite file, each once, those it calls first."""

from __future__ import annotations

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.flatbuffer import FlatBuffer, Table
from policy_gate.model_graph.graph import Graph
from policy_gate.model_graph.tflite_options import OptionsReader, builtin_code
from policy_gate.model_graph.tflite_schema import BUILTINS, CUSTOM, CUSTOM_DOMAIN, DOMAIN, PLACEHOLDER
from policy_gate.model_graph.tflite_subgraph import Code, Reading, Subgraph
from policy_gate.model_graph.tflite_tensor import TensorReader

MAX_SUBGRAPHS = 4096
MAX_SUBGRAPH_DEPTH = 32
MAX_CALLED_NODES = 1_000_000
"""How many operators run in all when every subgraph counts as often as it is called: subgraphs may be shared."""

_CODE_MEMORY = 800
_CODES, _SUBGRAPHS = 1, 2  # fields of Model


def read_code(table: Table) -> Code:
    """Decode an operator code; a code newer than the schema gets a name that no table knows.

    Raises:
        EvidenceError: its fields contradict each other, or a custom operator has no name.
    """
    code, name, version = builtin_code(table), table.text(1), table.integer(2, default=1)
    if code == CUSTOM:
        if not name:
            raise unreadable("a custom operator has no name", table.at)
        return Code(CUSTOM_DOMAIN, name, known=False, version=version)
    if code == PLACEHOLDER or code >= len(BUILTINS):
        return Code(DOMAIN, f"BUILTIN_{code}", known=False, version=version)
    return Code(DOMAIN, BUILTINS[code], known=True, version=version)


class GraphReader:
    """The subgraphs of one file by their number; a graph that is called several times is one object."""

    def __init__(self, file: FlatBuffer, tensors: TensorReader, model: Table) -> None:
        codes: list[Code] = []
        for table in model.tables(_CODES):
            file.spend(_CODE_MEMORY)
            table.note_later("OperatorCode", 4)
            codes.append(read_code(table))
        self.tables: list[Table] = []
        for table in model.tables(_SUBGRAPHS):
            if len(self.tables) == MAX_SUBGRAPHS:
                raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_SUBGRAPHS:,} subgraphs (byte {table.at})")
            self.tables.append(table)
        self.graphs: dict[int, Graph] = {}
        self.reading = Reading(file, tensors, OptionsReader(file, self.read), codes, self._count)
        self._nodes_run: dict[int, int] = {}
        self._open: list[int] = []

    def read(self, index: int) -> Graph:
        """Return the subgraph of a number.

        Raises:
            EvidenceError: there is none, it runs itself, subgraphs nest too deep or run too much; or it is malformed.
        """
        if not 0 <= index < len(self.tables):
            raise EvidenceError(Reason.UNREADABLE, f"there is no subgraph {index}, the file has {len(self.tables)}")
        if index in self._open:
            raise unreadable(f"subgraph {index} runs itself", self.tables[index].at)
        if index not in self.graphs:
            self.graphs[index] = self._new(index)
        if self._open:
            self._count(self._nodes_run[index])
        return self.graphs[index]

    def _new(self, index: int) -> Graph:
        """Read a subgraph for the first time."""
        if len(self._open) >= MAX_SUBGRAPH_DEPTH:
            what = f"subgraphs nest deeper than {MAX_SUBGRAPH_DEPTH}"
            raise EvidenceError(Reason.TOO_LARGE, f"{what} (byte {self.tables[index].at})")
        self._open.append(index)
        self._nodes_run[index] = 0
        graph = Subgraph(self.reading, self.tables[index], index).read()
        self._open.pop()
        return graph

    def _count(self, nodes: int) -> None:
        """Add operators to those that the subgraph being read runs."""
        index = self._open[-1]
        self._nodes_run[index] += nodes
        if self._nodes_run[index] > MAX_CALLED_NODES:
            raise EvidenceError(Reason.TOO_LARGE, f"subgraph {index} runs more than {MAX_CALLED_NODES:,} operators")
