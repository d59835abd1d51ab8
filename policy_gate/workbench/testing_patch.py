"""Patches of a record: facts changed, added, taken out or made missing, claims edited; what hits nothing is refused."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.document import Document, join
from policy_gate.frozen import dataclass
from policy_gate.model import BaseState, Fact, Missing, Record, Subject
from policy_gate.record import as_tree
from policy_gate.workbench.testing_values import Desk, decoded, put, shell_of, some

if TYPE_CHECKING:
    from policy_gate.workbench.testing_file import Case, FactPatch, MissingPatch, Patches

BASE_STATES = {"none": BaseState.NO_BASE, "first": BaseState.FIRST_RELEASE, "broken": BaseState.BROKEN}

Entry = Fact | Missing


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a record: the release or its base."""

    claims: Mapping[str, object]
    entries: tuple[Entry, ...]


def patched(
    record: Record, case: Case, document: Document, pointer: str, fact_types: Mapping[str, type[Fact]]
) -> Record:
    """The record of a case; raises PolicyError at the patch that hits nothing or has a value of a wrong type."""
    desk = Desk(document, fact_types, shell_of(record))
    own = _side(Side(record.claims, (*record.facts, *record.missing)), case, desk, pointer)
    changed = replace(
        record,
        claims=own.claims,
        facts=tuple(one for one in own.entries if isinstance(one, Fact)),
        missing=tuple(one for one in own.entries if isinstance(one, Missing)),
        stage=case.stage or record.stage,
    )
    if case.base is None:
        return changed
    return _with_base(changed, case.base, desk, join(pointer, "base"))


def _with_base(record: Record, base: Patches | str, desk: Desk, pointer: str) -> Record:
    if isinstance(base, str):
        state = BASE_STATES[base]
        note = state.value + (": it cannot be read, says the test" if state is BaseState.BROKEN else "")
        return replace(
            record, base=None, base_state=state, base_note=note, base_claims={}, base_facts=(), base_missing=()
        )
    if record.base_state is not BaseState.FOUND:
        raise desk.refuse(pointer, f"the record has no base to patch ({record.base_note})")
    side = _side(Side(record.base_claims, (*record.base_facts, *record.base_missing)), base, desk, pointer)
    return replace(
        record,
        base_claims=side.claims,
        base_facts=tuple(one for one in side.entries if isinstance(one, Fact)),
        base_missing=tuple(one for one in side.entries if isinstance(one, Missing)),
    )


def _side(side: Side, patches: Patches, desk: Desk, pointer: str) -> Side:
    entries = list(side.entries)
    for position, patch in enumerate(patches.facts):
        _patch_fact(entries, patch, desk, join(pointer, "facts", position))
    for position, gone in enumerate(patches.missing):
        _make_missing(entries, gone, desk, join(pointer, "missing", position))
    claims = side.claims
    if patches.claims:
        claims = copy.deepcopy(dict(side.claims))
        for at, given in patches.claims.items():
            put(claims, at, given, desk, join(pointer, "claims", at))
    return Side(claims, tuple(entries))


def _patch_fact(entries: list[Entry], patch: FactPatch, desk: Desk, pointer: str) -> None:
    if patch.add is not None:
        _add(entries, patch, patch.add, desk, pointer)
        return
    position = _found(entries, patch, desk, pointer)
    entry = entries[position]
    if patch.remove:
        del entries[position]
        return
    if isinstance(entry, Missing):
        hint = "write the whole fact under `add`, which takes the place of a missing one"
        raise desk.refuse(pointer, f"{patch.fact} about {patch.subject} is missing in the record: {entry.detail}", hint)
    tree = as_tree(entry)
    for name, given in (patch.values or {}).items():
        where = join(pointer, "set", name)
        put(tree, name if name.startswith("/") else join("", name), given, desk, where, grows=False)
    entries[position] = decoded(tree, desk, join(pointer, "set"))


def _add(entries: list[Entry], patch: FactPatch, fields: Mapping[str, object], desk: Desk, pointer: str) -> None:
    """Put a fact where there was none, or in the place of a missing one."""
    _known_type(patch.fact, desk, pointer)
    same = [place for place, one in enumerate(entries) if _is(one, patch)]
    if any(isinstance(entries[place], Fact) for place in same):
        raise desk.refuse(pointer, f"the record has {patch.fact} about {patch.subject} already", "change it by `set`")
    held = entries[same[0]] if same else None
    at = held.pointer if isinstance(held, Missing) else ""
    added = decoded(_whole(patch.fact, patch.subject, {"pointer": at, **fields}), desk, join(pointer, "add"))
    if same:
        entries[same[0]] = added
    else:
        entries.append(added)


def stated(record: Record, case: Case, document: Document, pointer: str, own: Mapping[str, type[Fact]]) -> list[Fact]:
    """The facts about policies themselves that a case states; raises PolicyError as `patched`."""
    desk = Desk(document, own, shell_of(record))
    found = []
    for position, one in enumerate(case.states):
        at = join(pointer, "states", position)
        _known_type(one.fact, desk, at)
        found.append(decoded(_whole(one.fact, one.subject, {"pointer": "", **one.add}), desk, join(at, "add")))
    return found


def _whole(fact: str, subject: str, fields: Mapping[str, object]) -> dict[str, object]:
    """A fact as a record holds it; its subject is written as it is shown."""
    kind, _, names = subject.partition(" ")
    about = Subject(kind, tuple(names.split(" x ")) if names else ())
    return {"fact": fact, "subject": as_tree(about), "basis": "recomputed", **fields}


def _make_missing(entries: list[Entry], patch: MissingPatch, desk: Desk, pointer: str) -> None:
    position = _found(entries, patch, desk, pointer)
    entry = entries[position]
    entries[position] = Missing(
        fact=patch.fact, subject=entry.subject, pointer=entry.pointer, reason=patch.reason, detail=patch.detail
    )


def _found(entries: Sequence[Entry], patch: FactPatch | MissingPatch, desk: Desk, pointer: str) -> int:
    """The one entry a patch is about; raises where there is none, or more than one."""
    _known_type(patch.fact, desk, pointer)
    hits = [place for place, one in enumerate(entries) if _is(one, patch)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        pointers = some(f"'{entries[place].pointer}'" for place in hits)
        message = f"the record has {len(hits)} {patch.fact} about {patch.subject}"
        raise desk.refuse(pointer, message, f"say which by `at`: {pointers}")
    others = [one for one in entries if _name(one) == patch.fact]
    if not others:
        raise desk.refuse(join(pointer, "fact"), f"the record holds no {patch.fact}: no rule asked for it")
    at = f" at '{patch.at}'" if patch.at is not None else ""
    known = some(dict.fromkeys(str(one.subject) for one in others))
    message = f"the record has no {patch.fact} about '{patch.subject}'{at}"
    raise desk.refuse(join(pointer, "subject"), message, f"subjects: {known}")


def _is(entry: Entry, patch: FactPatch | MissingPatch) -> bool:
    return (
        _name(entry) == patch.fact
        and str(entry.subject) == patch.subject
        and (patch.at is None or entry.pointer == patch.at)
    )


def _name(entry: Entry) -> str:
    return entry.fact if isinstance(entry, Missing) else entry.name


def _known_type(name: str, desk: Desk, pointer: str) -> None:
    if name in desk.fact_types:
        return
    import difflib  # only a misspelt test pays for it

    near = difflib.get_close_matches(name, sorted(desk.fact_types), n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(sorted(desk.fact_types))}"
    raise desk.refuse(join(pointer, "fact"), f"there is no fact type '{name}'", hint)
