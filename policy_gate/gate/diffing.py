"""Compares two policies that somebody names: two revisions with everything that judges in them, or two packs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.catalogue import bind_rules, direction_of
from policy_gate.errors import EvidenceError, PolicyError, Problem, UsageError
from policy_gate.gate.change_approval import approval_of, change_digest
from policy_gate.gate.change_loading import load_unbound
from policy_gate.gate.change_review import review_changes
from policy_gate.gate.changes import Changes, changes_of, default_of
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
from policy_gate.gate.request import Request
from policy_gate.gate.trees import open_tree
from policy_gate.gate.trusted import PolicyFiles, read_configuration
from policy_gate.model import Stage
from policy_gate.policy.difference import Sources, difference
from policy_gate.policy.exceptions import NO_PROOF, Proof
from policy_gate.policy.loading import Policy, Setup, load_policy
from policy_gate.policy.packs import BUILTIN
from policy_gate.source import open_revision, open_working_tree

if TYPE_CHECKING:
    from policy_gate.review import PolicyReview
    from policy_gate.source import Tree

TREES = ("working", "index")
TreePath = Callable[[str], str]
"""Turns a path as it was given into one of the tree; raises UsageError."""


def is_pack(name: str) -> bool:
    """Whether a name is that of a pack; everything else is a revision, or `working`, or `index`."""
    return name.startswith(BUILTIN) or name.endswith((".yaml", ".yml", ".json"))


def compare_policies(
    root: Path, names: tuple[str, str], today: date, *, config: str = "", inside: TreePath = str
) -> PolicyReview:
    """Review the change from one policy to another; raises GateError where one of them cannot be read at all."""
    packs = [is_pack(name) for name in names]
    if any(packs) and not all(packs):
        raise UsageError(f"{names[0]} and {names[1]}: compare two revisions, or two packs")
    if all(packs):
        return _compare_packs(root, names, today.isoformat(), inside)
    return _compare_trees(root, names, today, config)


def _compare_trees(root: Path, names: tuple[str, str], today: date, config: str) -> PolicyReview:
    day = today.isoformat()
    with _tree(root, names[0], today, as_base=True) as base, _tree(root, names[1], today, as_base=False) as head:
        changes = changes_of(base, head, config, day)
        configuration = read_configuration(config, base, from_base=True)
        policy = load_unbound(configuration, Stage.CANDIDATE, day)
        digest = change_digest(changes.rows, changes.context)
        proof = approval_of(PolicyFiles(configuration, day), head, digest)
        return _reviewed(changes, policy, (_shown(names[0], base), _shown(names[1], head)), day, proof)


def _tree(root: Path, name: str, today: date, *, as_base: bool) -> Tree:
    if name in TREES:
        return open_tree(Request(root=root, tree=name, today=today))
    return open_revision(root, name, as_base=as_base)


def _shown(name: str, tree: Tree) -> str:
    return name if name in TREES else f"{name} ({tree.source})"


def _compare_packs(root: Path, names: tuple[str, str], today: str, inside: TreePath) -> PolicyReview:
    with open_working_tree(root) as tree:
        before, after = (_pack_policy(tree, name, today, inside) for name in names)
    sources = Sources(before=tree.source, after=tree.source)
    rows = difference(before, after, direction_of, default_of=default_of, sources=sources)
    return _reviewed(Changes(rows=rows, head=tree.source), before, names, today)


def _pack_policy(tree: Tree, name: str, today: str, inside: TreePath) -> Policy:
    """A pack on its own: a required parameter has no value, and paths it includes are those of the tree."""
    path = name if name.startswith(BUILTIN) else inside(name)

    def read(wanted: str) -> bytes:
        try:
            return tree.read(wanted, MAX_DOCUMENT_BYTES)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", wanted, hint=error.fix)) from error

    return load_policy(read, Setup(names=(path,), source=tree.source, today=today, complete=False))


def _reviewed(
    changes: Changes, policy: Policy, names: tuple[str, str], today: str, proof: Proof = NO_PROOF
) -> PolicyReview:
    rules = bind_rules(policy.own_rules, policy.values)
    notes = tuple(
        f"the base permits to loosen {one.what}: {one.state.value}, {one.detail}" for one in policy.loosenings
    )
    return review_changes(changes, rules, base=names[0], head=names[1], today=today, proof=proof, notes=notes)
