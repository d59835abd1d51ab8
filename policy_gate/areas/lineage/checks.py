"""Judges the graph, the origins of its nodes, and whether digests are those of files."""

from __future__ import annotations

from policy_gate.areas.lineage.facts import (
    Cycle,
    DatasetRecords,
    LineageGraph,
    NodeDigest,
    NodeOrigin,
    OriginProblem,
    ReleasedArtifact,
    ReleaseProblem,
)
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN = 5
SHOWN_STEPS = 9


def digest_holds(digest: NodeDigest) -> Answer:
    """Every digest in the graph is that of the file it stands for, and no placeholder.

    Name the file by `path` and state its SHA-256. A dataset that is too big for the tree is named by a file that
    lists the digests of its records.
    """
    if digest.placeholder:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the stated digest is a placeholder: {digest.placeholder}",
            measured=digest.claimed,
            fixes=(Fix(text="state the SHA-256 of the file"),),
        )
    if digest.claimed == digest.computed:
        return Answer(outcome=Outcome.PASS, message=f"{digest.path} has the stated digest", measured=digest.computed)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{digest.path} is not the file the graph states",
        measured=digest.computed,
        limit=digest.claimed,
        fixes=(
            Fix(text=f"restore {digest.path} if it was changed by mistake"),
            Fix(
                text="let `policy-gate fix` write the computed digest",
                pointer=digest.pointer,
                replacement=digest.computed,
            ),
        ),
    )


def records_listed(dataset: DatasetRecords) -> Answer:
    """The stated number of records is the number of digests in the node's list of records.

    State as many records as `record_digests` has lines, or restore the list of the data that was used.
    """
    if not dataset.list_file:
        said = f"{dataset.records} records are stated" if dataset.node else "no node states how many records it has"
        message = f"{said}, and no `record_digests` lists them"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    holds = dataset.records == dataset.listed
    differs = f"; {dataset.records} are stated"
    fix = Fix(
        text="let `policy-gate fix` write the counted number",
        pointer=dataset.pointer,
        replacement=dataset.listed,
    )
    return Answer(
        outcome=Outcome.PASS if holds else Outcome.FAIL,
        message=f"{dataset.list_file} lists {dataset.listed} records{'' if holds else differs}",
        measured=dataset.records,
        limit=dataset.listed,
        unit="records",
        fixes=() if holds else (fix, Fix(text=f"restore {dataset.list_file} if it was changed by mistake")),
    )


def acyclic(graph: LineageGraph) -> Answer:
    """Nothing in the graph was made from itself.

    Follow the printed circle and correct the step that names the wrong input; a new version of a dataset is a new
    node with a new id.
    """
    if not graph.cycles:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{graph.nodes} nodes and {graph.activities} activities without a circle",
            measured=0,
        )
    first = graph.cycles[0]
    return Answer(
        outcome=Outcome.FAIL,
        message=f"'{first.path[0]}' was made from itself: {_circle(first)}",
        measured=len(graph.cycles),
        limit=0,
        pointer=first.pointer,
        causes=tuple(f"another circle: {_circle(other)}" for other in graph.cycles[1:SHOWN]),
        fixes=(Fix(text="correct the input that closes the circle, or give the new version an id of its own"),),
    )


def _circle(cycle: Cycle) -> str:
    path = cycle.path
    if len(path) > SHOWN_STEPS:
        path = (*path[: SHOWN_STEPS - 2], f"… {len(path) - SHOWN_STEPS + 1} more …", path[-1])
    return " → ".join(path)


def reaches_source(origin: NodeOrigin) -> Answer:
    """Every dataset and model that is named exists in the graph and goes back to a source.

    State every node; for a derived one the activity that `generates` it from its inputs. A model from elsewhere is
    an origin when it states a digest or a manifest.
    """
    if origin.problem is OriginProblem.NONE:
        return Answer(outcome=Outcome.PASS, message=f"{origin.node} goes back to a source")
    return Answer(outcome=Outcome.FAIL, message=_origin_words(origin), fixes=_origin_fixes(origin))


def _origin_words(origin: NodeOrigin) -> str:
    if origin.problem is OriginProblem.NOT_A_NODE:
        return f"'{origin.node}' is named here, but no node has this id"
    if origin.problem is OriginProblem.NOT_GENERATED:
        return f"'{origin.node}' is no source, and no activity generates it"
    if origin.problem is OriginProblem.GENERATED_SOURCE:
        return f"'{origin.node}' is called a source, but '{origin.dead_end}' generates it"
    if origin.dead_end:
        return f"'{origin.node}' goes back to no source: its path ends at '{origin.dead_end}'"
    return f"'{origin.node}' goes back to no source: every path runs in a circle"


def _origin_fixes(origin: NodeOrigin) -> tuple[Fix, ...]:
    if origin.problem is OriginProblem.NOT_A_NODE:
        meant = (Fix(text=f"did you mean '{origin.suggestion}'?"),) if origin.suggestion else ()
        return (*meant, Fix(text=f"add a node with the id '{origin.node}'"))
    if origin.problem is OriginProblem.GENERATED_SOURCE:
        return (Fix(text="give it the type derived, and state the source it was made from"),)
    if origin.problem is OriginProblem.NO_SOURCE and origin.dead_end:
        return (Fix(text=f"state what '{origin.dead_end}' was made from"),)
    return (Fix(text="state the activity that generated it and what it used; for a model from elsewhere, its digest"),)


def artifact_in_graph(released: ReleasedArtifact) -> Answer:
    """The graph ends in the artifacts of this release, byte for byte.

    Give every model artifact a node of type release with the id `artifact:ID` and the digest of its file, or state
    in `derived_from` which artifact it was converted from.
    """
    if released.problem is not ReleaseProblem.NONE:
        return _not_in_graph(released)
    if released.derived_from:
        message = f"it is in the graph through {released.derived_from}, from which it was derived"
        return Answer(outcome=Outcome.PASS, message=message)
    if not released.claimed or released.claimed == released.computed:
        return Answer(outcome=Outcome.PASS, message=f"{released.node} is this artifact", measured=released.computed)
    fix = Fix(
        text="let `policy-gate fix` write the artifact's digest, if its lineage is the one stated",
        pointer=released.pointer,
        replacement=released.computed,
    )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{released.node} stands for other bytes than the artifact's file",
        measured=released.computed,
        limit=released.claimed,
        fixes=(fix,),
    )


def _not_in_graph(released: ReleasedArtifact) -> Answer:
    if released.problem is ReleaseProblem.NOT_IN_GRAPH:
        message = f"no node of type release stands for artifact '{released.subject.names[0]}'"
        fix = f"add a node `{{id: artifact:{released.subject.names[0]}, type: release}}` and the activity that made it"
    elif released.problem is ReleaseProblem.NOT_A_RELEASE:
        message = f"'{released.node}' is not of type release"
        fix = "name the node of the released artifact"
    else:
        message = f"'{released.node}' names no artifact of this manifest, and no artifact has its digest"
        fix = "use the id `artifact:ID` of an artifact, or state the digest of its file"
    return Answer(outcome=Outcome.FAIL, message=message, fixes=(Fix(text=fix),))


def no_orphans(graph: LineageGraph) -> Answer:
    """Every node of the graph is used or generated by some activity.

    Remove what the release does not come from, or state the step that used it.
    """
    if not graph.orphans:
        return Answer(outcome=Outcome.PASS, message=f"all {graph.nodes} nodes are connected", measured=0)
    more = len(graph.orphans) - SHOWN
    shown = ", ".join(orphan.node for orphan in graph.orphans[:SHOWN]) + (f" and {more} more" if more > 0 else "")
    return Answer(
        outcome=Outcome.FAIL,
        message=f"no activity uses or generates {shown}",
        measured=len(graph.orphans),
        limit=0,
        pointer=graph.orphans[0].pointer,
        fixes=(Fix(text="state the step that used the node, or remove it"),),
    )
