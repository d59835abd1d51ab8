"""What a change does to its judge: every difference between what the base says and what the head proposes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING

from policy_gate.catalogue import direction_of, find_check
from policy_gate.errors import GateError, Problem
from policy_gate.frozen import dataclass
from policy_gate.gate.change_approval import NO_CONTEXT, Context, context_of, spent_approvals_gone
from policy_gate.gate.change_loading import Pair, load_pairs
from policy_gate.gate.change_tree import Committed
from policy_gate.gate.changed_files import compare_files, pack_file_differences
from policy_gate.gate.changed_ledgers import compare_ledgers
from policy_gate.gate.changed_profiles import compare_profiles
from policy_gate.gate.trusted import CONFIG_NAME, Configuration, read_configuration
from policy_gate.gate.watched import watched_differences
from policy_gate.model import Place, Stage
from policy_gate.policy.difference import Difference, Sources, difference
from policy_gate.policy.difference_of_config import config_difference
from policy_gate.policy.difference_row import ABSENT, ABSENT_VALUE, bounded, digest_words, ordered, place_of_other
from policy_gate.policy.direction import Change
from policy_gate.source import Tree

if TYPE_CHECKING:
    from policy_gate.document import Document


PROPOSAL = "as a whole"
"""What the head's policy is called where it cannot be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All differences, what loosens first; `problems` say why the policy of the head, named by `head`, cannot load.

    `context` is what an approval of the table is held to beside it.
    """

    rows: tuple[Difference, ...]
    head: str
    problems: tuple[Problem, ...] = ()
    context: Context = NO_CONTEXT


def changes_of(base: Tree, head: Tree, config_path: str, today: str) -> Changes:
    """Compare everything that judges: configuration, packs, lock, trust, exceptions, and what runs the gate.

    `config_path` is "" for the usual place. Raises GateError for what the base holds, never for what the head holds:
    what cannot be read or compared there is a difference of its own, and looser.
    """
    head = Committed(head)
    before = read_configuration(config_path, base, from_base=True)
    after, rows, broken = _head_configuration(config_path, head, before)
    pairs, unloadable = load_pairs(before, after, today)
    named = (compare_files(before, after), compare_profiles(before, after), compare_ledgers(before, after))
    problems = tuple(dict.fromkeys((*broken, *unloadable, *(one for side in named for one in side.problems))))
    sources = Sources(before=base.source, after=head.source)
    rows.extend(
        config_difference(before.spec, after.spec, sources=sources, documents=(before.document, after.document))
    )
    rows.extend(_policy_rows(pairs, sources, after.document))
    rows.extend(_layout_rows(before, after, rows))
    rows.extend(_proposal_rows(problems, head, after))
    rows.extend(row for side in named for row in side.rows)
    rows.extend(pack_file_differences(before, after, [pair.before for pair in pairs.values()]))
    rows.extend(spent_approvals_gone(before, head))
    rows.extend(watched_differences(base, head))
    table = ordered(_placed(one, after) for one in rows)
    return Changes(rows=table, head=head.source, problems=problems, context=context_of(before, table))


def default_of(check_name: str, limit_name: str) -> object:
    """The value of a limit that a rule leaves out, as a policy would write it; ABSENT_VALUE where there is none."""
    check = find_check(check_name)
    found = [one for one in fields(check.limits) if one.name == limit_name] if check and check.limits else []
    if not found or found[0].default is MISSING:
        return ABSENT_VALUE
    kind = found[0].metadata["kind"].schema.get("type")
    default = found[0].default
    # A limit keeps a map as pairs and a set as a sorted tuple; a policy writes a map and a list.
    if kind == "object":
        return dict(default)
    return list(default) if kind == "array" else default


def _head_configuration(
    path: str, head: Tree, before: Configuration
) -> tuple[Configuration, list[Difference], list[Problem]]:
    """The head's configuration; one that cannot be read is a row, and compared as if nothing in it had changed."""
    name = path or CONFIG_NAME
    try:
        after = read_configuration(path, head, from_base=True)
    except GateError as error:
        same = Configuration(tree=head, spec=before.spec, document=before.document, bootstrap=False, inputs=())
        state = ABSENT if before.document is None else "a configuration"
        row = _broken("configuration", name, state, error.problems[0], head)
        return same, [row], list(error.problems)
    if (after.document is None) is (before.document is None):
        return after, [], []
    is_gone = after.document is None
    texts = ("a configuration", ABSENT) if is_gone else (ABSENT, "a configuration")
    # A first configuration takes over from the shipped baseline, also where it says the same today.
    row = Difference(
        kind="configuration",
        name=name,
        before=texts[0],
        after=texts[1],
        change=Change.LOOSER if is_gone else Change.DIFFERENT,
        place=Place(source=(before if is_gone else after).tree.source, path=name),
    )
    return after, [row], []


def _broken(kind: str, name: str, before: str, problem: Problem, tree: Tree) -> Difference:
    place = Place(source=tree.source, path=problem.path or name, line=problem.line, column=problem.column)
    return Difference(
        kind=kind,
        name=bounded(name),
        before=before,
        after=bounded(f"cannot be read: {problem.message}"),
        change=Change.LOOSER,
        place=place,
    )


def _policy_rows(pairs: Mapping[Stage, Pair], sources: Sources, overlays: Document | None) -> Iterator[Difference]:
    """The differences of both stages: those that both have once, the others with the name of their stage."""
    by_stage = {
        stage: difference(
            pair.before, pair.after, direction_of, default_of=default_of, sources=sources, overlays=overlays
        )
        for stage, pair in pairs.items()
        if pair.after is not None
    }
    everywhere = set.intersection(*(set(rows) for rows in by_stage.values())) if len(by_stage) > 1 else set()
    yield from everywhere
    for stage, rows in by_stage.items():
        for row in rows:
            if row not in everywhere:
                yield replace(row, name=f"{row.name} at stage {stage.value}")


def _proposal_rows(problems: Sequence[Problem], head: Tree, after: Configuration) -> Iterator[Difference]:
    if problems:
        path = after.document.path if after.document is not None else CONFIG_NAME
        row = _broken("proposal", PROPOSAL, "can be loaded", problems[0], head)
        yield row if row.place is None or row.place.path else replace(row, place=Place(source=head.source, path=path))


def _layout_rows(before: Configuration, after: Configuration, rows: Sequence[Difference]) -> Iterator[Difference]:
    """A configuration that changed and about which no row says anything: in words, in layout, or without effect."""
    old, new = before.document, after.document
    if old is None or new is None or old.content == new.content:
        return
    is_wording = before.spec == after.spec
    if any(row.place is not None and row.place.path == new.path for row in rows) or (rows and not is_wording):
        return
    yield Difference(
        kind="configuration",
        name=bounded(new.path),
        before=digest_words(old.content),
        after=f"{digest_words(new.content)} ({'words or layout' if is_wording else 'without effect today'})",
        change=Change.DIFFERENT,
        place=place_of_other(old.content, new.content, new.path, after.tree.source),
    )


def _placed(row: Difference, after: Configuration) -> Difference:
    if row.place is not None:
        return row
    path = after.document.path if after.document is not None else CONFIG_NAME
    return replace(row, place=Place(source=after.tree.source, path=path))
