"""Orders collectors by the facts they need, and runs them: what cannot look leaves its facts missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policy_gate.area import Collector, Evidence, FactBook
from policy_gate.errors import EvidenceError, InternalError, Reason
from policy_gate.model import RELEASE, Fact, Missing


def wanted_collectors(kinds: Iterable[type[Fact]], collectors: Sequence[Collector]) -> tuple[Collector, ...]:
    """The collectors that give these fact types, those they take first; raises InternalError on a cycle."""
    givers = {kind.name: collector for collector in collectors for kind in collector.gives}
    ordered: dict[int, Collector] = {}
    for kind in kinds:
        _visit(kind, givers, ordered, ())
    return tuple(ordered.values())


def _visit(
    kind: type[Fact], givers: Mapping[str, Collector], ordered: dict[int, Collector], above: tuple[str, ...]
) -> None:
    collector = givers.get(kind.name)
    if collector is None:
        raise InternalError(f"no collector gives {kind.name}")
    if kind.name in above:
        raise InternalError(f"collectors wait for each other: {' > '.join((*above, kind.name))}")
    if id(collector) in ordered:
        return
    for needed in collector.takes:
        _visit(needed, givers, ordered, (*above, kind.name))
    ordered[id(collector)] = collector


def collect(collectors: Iterable[Collector], evidence: Evidence) -> FactBook:
    """Run collectors in order into `evidence.facts`; one that cannot look leaves its facts missing."""
    for collector in collectors:
        try:
            entries = tuple(collector.run(evidence))
        except EvidenceError as error:
            entries = _all_missing(collector, error.reason, error.detail)
        except Exception as error:  # noqa: BLE001  # the one broad except: a crash blocks, it never passes
            entries = _all_missing(collector, Reason.CRASHED, f"{type(error).__name__}: {error}")
        evidence.facts.add(entries)
        given = {entry.fact if isinstance(entry, Missing) else entry.name for entry in entries}
        silent = [kind for kind in collector.gives if kind.name not in given]
        evidence.facts.add(
            Missing(
                fact=kind.name, subject=RELEASE, pointer="", reason=Reason.NOTHING_TO_JUDGE, detail=f"no {kind.name}"
            )
            for kind in silent
        )
    return evidence.facts


def _all_missing(collector: Collector, reason: Reason, detail: str) -> tuple[Missing, ...]:
    return tuple(
        Missing(fact=kind.name, subject=RELEASE, pointer="", reason=reason, detail=detail) for kind in collector.gives
    )
