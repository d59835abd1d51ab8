"""Opens a model file and profiles it: format, cost, and its identity where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.model_graph import read_model
from policy_gate.source import Tree, check_path, open_working_tree

if TYPE_CHECKING:
    from policy_gate.model_graph import Model
    from policy_gate.model_graph.figures import ModelProfile
    from policy_gate.model_graph.identity import Identity
    from policy_gate.source import BinaryFile


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model file holds and costs; `identity` only when it was asked for, since it reads every weight."""

    path: str
    model: Model
    profile: ModelProfile
    identity: Identity | None


def see(path: Path, dimensions: Mapping[str, int], *, fingerprint: bool) -> Seen:
    """Read a model file on disk, external data beside it included.

    Raises:
        UsageError: the file cannot be read as a model; the message says why and where.
    """
    from policy_gate.model_graph.profile import profile

    with open_working_tree(path.parent) as tree:
        try:
            with tree.open(path.name) as file:
                model = read_model(file, path.name, lambda name: _size(tree, name))
            found = profile(model, dimensions)
            identity = _identify(tree, path.name, model) if fingerprint else None
        except EvidenceError as error:
            raise UsageError(Problem(f"{error.reason.value}: {error.detail}", str(path), hint=error.fix)) from error
    return Seen(str(path), model, found, identity)


def _identify(tree: Tree, name: str, model: Model) -> Identity:
    from contextlib import ExitStack

    from policy_gate.model_graph.identity import identify

    with ExitStack() as opened:

        def open_payload(beside: str) -> BinaryFile:
            return opened.enter_context(tree.open(check_path(beside) if beside else name))

        return identify(model, open_payload)


def _size(tree: Tree, name: str) -> int:
    with tree.open(check_path(name)) as file:
        return file.size
