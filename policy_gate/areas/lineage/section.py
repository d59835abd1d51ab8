"""The door from evidence to the `lineage` section, and the words for its absence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.model import Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import LineageClaims, Node

SECTION = "lineage"


def lineage_claims(evidence: Evidence) -> LineageClaims | None:
    """The claims of the section, or None when the manifest does not have it."""
    section = evidence.section(SECTION)
    if section is None:
        return None
    from policy_gate.areas.lineage.claims import LineageClaims  # pydantic is loaded by now

    return section if isinstance(section, LineageClaims) else None


def no_section(*kinds: type[Fact]) -> Iterator[Missing]:
    """Stand for every fact that only the section could give."""
    for kind in kinds:
        yield not_declared(
            kind,
            f"/{SECTION}",
            "the manifest does not say what the release was made from",
            fix="add a `lineage` section with the datasets, base models and steps behind the release",
        )


def nodes(claims: LineageClaims) -> Iterator[tuple[Node, Subject, str]]:
    """Every node with its subject and its pointer into the manifest."""
    for position, node in enumerate(claims.nodes):
        yield node, node_subject(node.id), f"/{SECTION}/nodes/{position}"


def from_elsewhere(claims: LineageClaims) -> frozenset[str]:
    """Ids of sources and of whatever no step of the graph made: no other node can speak for their terms."""
    made = {name for activity in claims.activities for name in activity.generates}
    made |= {node.id for node in claims.nodes if node.generator is not None}
    return frozenset(
        node.id for node in claims.nodes if node.type == "source" or (node.type != "release" and node.id not in made)
    )


def node_subject(node_id: str) -> Subject:
    """The subject a node is: datasets and models alike are data the release was made from."""
    return Subject("dataset", (node_id,))
