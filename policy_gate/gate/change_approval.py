"""The digest by which a change of what judges is approved: of its whole table, in one repository, and once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate.errors import GateError
from policy_gate.frozen import dataclass
from policy_gate.gate.reading import find_manifests, read_document
from policy_gate.model import Place
from policy_gate.policy.difference_row import ABSENT, Difference, bounded, digest_words
from policy_gate.policy.direction import Change
from policy_gate.policy.exceptions import NO_PROOF, Proof
from policy_gate.record import canonical

if TYPE_CHECKING:
    from policy_gate.gate.trusted import Configuration, PolicyFiles
    from policy_gate.source import Tree

CHANGE_APPROVALS = "approvals/changes"
"""Where a change brings the signed approval of its own table, beside the configuration, named by the table's digest."""
MAX_REPEATS = 1000
MAX_NAMED = 20
"""Releases that tell one repository from another; more would only make approvals wait for new ones."""
_NAME = re.compile(r"[0-9a-f]{64}\.dsse\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an approval is held to beside its table: the base's releases by name, and how often it was given before.

    Without the names, an approval in one repository of an organisation would count in all that trust its key.
    """

    releases: tuple[str, ...] = ()
    repeats: int = 0


NO_CONTEXT = Context()


def change_digest(rows: Iterable[Difference], context: Context = NO_CONTEXT) -> str:
    """The digest of a table of changes: what each is about, its old and new value, its direction and its file.

    Lines and columns are left out: an approval outlives a comment that moves them. A cut value ends with its own
    digest, so that no two tables share one. An approval that was merged once says nothing about the same change,
    taken back and proposed again.
    """
    table = sorted(
        [row.kind, row.name, row.before, row.after, row.change.value, row.place.path if row.place else ""]
        for row in rows
    )
    content = {"changes": table, "releases": list(context.releases), "repeats": context.repeats}
    return digest_words(canonical(content).encode("utf-8", "backslashreplace"))


def approval_path(digest: str) -> str:
    """Where the approval of a digest lies, beside the configuration."""
    return f"{CHANGE_APPROVALS}/{digest.removeprefix('sha256:')}.dsse.json"


def context_of(base: Configuration, rows: Iterable[Difference]) -> Context:
    """Where a table would be approved: the base keeps each approval that was merged."""
    table = tuple(rows)
    if not table:
        return NO_CONTEXT
    releases = tuple(_first_releases(base))
    for repeats in range(MAX_REPEATS):
        context = Context(releases=releases, repeats=repeats)
        if not base.tree.exists(base.beside(approval_path(change_digest(table, context)))):
            return context
    return Context(releases=releases, repeats=MAX_REPEATS)


def _first_releases(base: Configuration) -> Iterator[str]:
    """Names of the first releases of the base in order of path; a path where there is no name to be read."""
    for path in find_manifests(base.tree, base.spec.manifests)[:MAX_NAMED]:
        try:
            name = read_document(base.tree, path).get("/metadata/name")
        except GateError:
            name = None
        yield name if isinstance(name, str) else path


def spent_approvals_gone(base: Configuration, head: Tree) -> Iterator[Difference]:
    """Approvals that the base keeps and the head does not: without them they could be used once more."""
    folder = base.beside(CHANGE_APPROVALS)
    for path in (entry.path for entry in base.tree.list()):
        is_spent = path.startswith(f"{folder}/") and _NAME.fullmatch(path.removeprefix(f"{folder}/"))
        if is_spent and not head.exists(path):
            place = Place(source=base.tree.source, path=path)
            yield Difference(
                kind="approval",
                name=bounded(path),
                before="spent",
                after=ABSENT,
                change=Change.LOOSER,
                place=place,
            )


def approval_of(files: PolicyFiles, head: Tree, digest: str) -> Proof:
    """The approval of the table that the change itself brings: its bytes are the head's, its keys are the base's."""
    path = files.configuration.beside(approval_path(digest))
    return files.proves_in(head, digest, path, proposer="") if head.exists(path) else NO_PROOF
