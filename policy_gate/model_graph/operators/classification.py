"""Says of every operator how its cost is known: exactly, as an upper bound, or not, with the reason."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.model_graph.figures import Certainty
from policy_gate.model_graph.onnx_schemas import operator_versions
from policy_gate.model_graph.operators import NEWEST, TABLES
from policy_gate.model_graph.operators.unknown import UNKNOWN

UNHEARD_OF = "it is in no table"


@dataclass(frozen=True, slots=True)
class Classification:
    """One operator of one operator set: `since` is the version that last changed it, `reason` says why unknown."""

    domain: str
    op: str
    since: int
    certainty: Certainty
    reason: str = ""


def classify(domain: str, op: str, version: int = 1) -> Certainty:
    """Return the weakest certainty a call of an operator can have where all shapes are known."""
    return classified(domain, op, version).certainty


def classified(domain: str, op: str, version: int = 1) -> Classification:
    """Classify an operator of an operator set; `domain` "" is ai.onnx."""
    domain = "" if domain == "ai.onnx" else domain
    operator = TABLES.get(domain, {}).get(op)
    if operator is None:
        reason = UNKNOWN.get(domain, {}).get(op, UNHEARD_OF)
        return Classification(domain, op, version, Certainty.UNKNOWN, reason)
    if version > NEWEST[domain]:
        return Classification(domain, op, version, Certainty.UNKNOWN, "its operator set is newer than what is known")
    return Classification(domain, op, version, Certainty.BOUNDED if operator.bounded else Certainty.EXACT)


def classifications() -> tuple[Classification, ...]:
    """Classify every version of every operator that onnx knows, then what other domains have, in order of name.

    The versions of ai.onnx and its like come from the committed table of onnx's schemas; what else a table or the
    list of unknown operators names follows with version 1.
    """
    rows = [classified(domain, op, since) for domain, op, since in operator_versions()]
    known = {(row.domain, row.op) for row in rows}
    named = {(domain, op) for domain, table in TABLES.items() for op in table}
    named |= {(domain, op) for domain, reasons in UNKNOWN.items() for op in reasons}
    rows += [classified(domain, op) for domain, op in named - known]
    return tuple(sorted(rows, key=lambda row: (row.domain, row.op, row.since)))
