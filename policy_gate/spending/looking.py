"""Looks at one manifest as the gate does, for facts of some types only: no policy is asked, and nothing is judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from policy_gate.area import Evidence, FactBook, History
from policy_gate.catalogue import AREAS, area
from policy_gate.engine import collect, wanted_collectors
from policy_gate.gate import Request, read_manifest
from policy_gate.gate.ledgers import other_ledgers, own_ledger
from policy_gate.gate.trusted import Configuration, read_configuration, read_trusted
from policy_gate.model import Fact, Stage
from policy_gate.source import open_working_tree


@contextmanager
def open_evidence(request: Request, *kinds: type[Fact]) -> Iterator[tuple[Evidence, Configuration]]:
    """The one manifest of a request with facts of these types and the ledgers, and the configuration; raises GateError.

    The tree stays open inside the `with`; what is trusted is read from it too, since nobody asks for a verdict.
    """
    with open_working_tree(request.root) as tree:
        configuration = read_configuration(request.config, tree, from_base=False)
        everyone = [one for name in AREAS for one in area(name).collectors]
        collectors = wanted_collectors(kinds, everyone)
        trusted, _ = read_trusted(configuration, collectors)
        trusted = replace(trusted, ledger=own_ledger(configuration), ledgers=other_ledgers(configuration))
        evidence = Evidence(
            manifest=read_manifest(tree, request.manifests[0]),
            tree=tree,
            trusted=trusted,
            facts=FactBook(),
            today=request.today,
            stage=Stage.CANDIDATE,
            history=History(base_known=False),
        )
        collect(collectors, evidence)
        yield evidence, configuration
