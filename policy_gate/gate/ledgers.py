"""Privacy ledgers that a configuration names: the repository's own, and those of others, pinned by digest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import LedgerFile
from policy_gate.errors import EvidenceError, PolicyError, Problem, Reason
from policy_gate.model import Input

if TYPE_CHECKING:
    from policy_gate.area import Trusted
    from policy_gate.catalogue import BoundRule
    from policy_gate.gate.trusted import Configuration
    from policy_gate.source import Tree

WINDOW = "privacy.window_within"
MAX_LEDGER_BYTES = 4 * 1024 * 1024


def own_ledger(configuration: Configuration) -> LedgerFile:
    """The repository's ledger as the trusted tree has it; PolicyError where the configured path is none.

    One that is there and cannot be read has a fault: what was spent is unknown then, and nothing else.
    """
    stated = configuration.spec.ledger
    try:
        path = configuration.beside(stated)
    except EvidenceError as error:
        raise PolicyError(Problem(f"spec.ledger: {error.detail}", stated, hint=error.fix)) from error
    try:
        return LedgerFile(path=path, content=configuration.tree.read(path, MAX_LEDGER_BYTES))
    except EvidenceError as error:
        is_absent = error.reason is Reason.NOT_IN_TREE and not _is_listed(configuration, path)
        return LedgerFile(path=path, fault="" if is_absent else f"{error.reason.value}: {error.detail}")


def ledger_in(tree: Tree, configuration: Configuration) -> LedgerFile:
    """The ledger that this configuration names, as another tree has it; raises PolicyError as `own_ledger`."""
    return own_ledger(replace(configuration, tree=tree))


def aimed(trusted: Trusted, rules: Iterable[BoundRule]) -> Trusted:
    """Trusted input that says how tightly the spend of a window has to be known: to the least of what rules allow."""
    limits = (one.limits for one in rules if one.policy_rule.rule.check_name == WINDOW)
    least = min((getattr(one, "max_epsilon", math.inf) for one in limits), default=math.inf)
    return replace(trusted, window_epsilon=least)


def _is_listed(configuration: Configuration, path: str) -> bool:
    """Whether anything is at the path, such as a file whose bytes this clone does not have."""
    return configuration.tree.exists(path) or any(
        entry.path == path or entry.path.startswith(f"{path}/") for entry in configuration.tree.list()
    )


def other_ledgers(configuration: Configuration) -> tuple[LedgerFile, ...]:
    """The ledgers of other repositories; PolicyError where one is not what its digest says, or named twice."""
    read: dict[str, LedgerFile] = {}
    own = configuration.beside(configuration.spec.ledger)
    for position, pinned in enumerate(configuration.spec.ledgers):
        place = _place(configuration, position)
        try:
            path = configuration.beside(pinned.path)
            content = configuration.tree.read(path, MAX_LEDGER_BYTES)
        except EvidenceError as error:
            message = f"the ledger {pinned.path}: {error.reason.value}: {error.detail}"
            raise PolicyError(Problem(message, *place, hint=error.fix)) from error
        found = _digest(content)
        if found != pinned.digest:
            hint = "copy the other repository's ledger again, or state the digest of this copy"
            message = f"the ledger {pinned.path} has digest {found}; the configuration pins {pinned.digest}"
            raise PolicyError(Problem(message, *place, hint=hint))
        if path in read or path == own:
            raise PolicyError(Problem(f"the ledger {pinned.path} is named twice", *place))
        read[path] = LedgerFile(path=path, content=content)
    return tuple(read.values())


def _place(configuration: Configuration, position: int) -> tuple[str, int, int]:
    if configuration.document is None:
        return "", 0, 0
    span = configuration.document.nearest(f"/spec/ledgers/{position}")[1]
    return configuration.document.path, span.line, span.column


def _digest(content: bytes) -> str:
    import hashlib  # costs 4 ms; `--help` does without

    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def ledger_inputs(source: str, ledgers: Iterable[LedgerFile]) -> Iterator[Input]:
    """What the record says of the ledgers that decided."""
    for one in ledgers:
        if one.content:
            yield Input(role="privacy ledger", source=source, path=one.path, digest=_digest(one.content))
