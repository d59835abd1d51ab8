"""Reads waiver files: every entry is bound strictly, and every problem of a file is reported with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from policy_gate.document import bind_problems, join, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.policy.exceptions import is_number, is_plain_name, same_person, short
from policy_gate.policy.pack import Items, PolicyModel, Words
from policy_gate.policy.versions import parse_range
from policy_gate.policy.waivers import UNWAIVABLE_PREFIXES, Waiver
from policy_gate.record import canonical

if TYPE_CHECKING:
    from policy_gate.document import Document, Value

MAX_WAIVERS = 1000
BASELINE_ID = "baseline"
"""What a finding covered by the baseline carries where a waived one carries its waiver's id."""

Text = Annotated[str, Field(min_length=1, max_length=512)]
WaiverId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="letters, digits, '.', '_' and '-'")
]
# Any text: one that is no day is a waiver that has expired, not a file that cannot be read.
DayText = Annotated[str, Field(max_length=64, description="a day such as 2027-01-31")]

_ONE_OF_A_KIND = ("rule", "release", "subject")


class WaiverEntry(PolicyModel):
    """A reviewed exception: one rule and one subject of one release, a limit on it, who answers for it, its end."""

    id: WaiverId
    rule: Annotated[str, Field(min_length=1, max_length=64, description="such as COST-005")]
    release: Text
    versions: Text | None = None
    subject: Annotated[str, Field(min_length=1, max_length=1024, description="such as `target node-v2 x kws`")]
    artifact: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    accept: float | None = None
    found: Text | None = None
    owner: Text
    approved_by: Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=16)]
    approval: Text | None = None
    reason: Words
    reference: Text | None = None
    granted: Annotated[DayText, Field(min_length=1)] | None = None
    expires: DayText


class WaiverList(PolicyModel):
    """A waiver file."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["WaiverList"]
    waivers: Annotated[Items[WaiverEntry], Field(max_length=MAX_WAIVERS)]


def load_waivers(document: Document) -> tuple[Waiver, ...]:
    """Read a waiver file; raises PolicyError with every problem and its place."""
    bound, unbound = bind_problems(document, WaiverList)
    entries = _written_entries(document)
    found = [one for position, entry in enumerate(entries) for one in _problems(document, position, entry)]
    found.extend(_repeated(document, entries))
    # Where we know what is wrong, the general words about the same value are left out.
    places = {(one.line, one.column) for one in found}
    found.extend(one for one in unbound if (one.line, one.column) not in places)
    if found or bound is None:
        raise PolicyError(sorted(found, key=lambda one: (one.line, one.column, one.message)))
    return tuple(
        _waiver(document, position, entry, written)
        for position, (entry, written) in enumerate(zip(bound.waivers, entries, strict=True))
    )


def waiver_digest(entry: Mapping[str, Value]) -> str:
    """Digest of an entry as written, without `approval`: what an approver signs, so that no word of it can change."""
    content = canonical({key: value for key, value in entry.items() if key != "approval"})
    return f"sha256:{hashlib.sha256(content.encode('utf-8')).hexdigest()}"


def _written_entries(document: Document) -> list[Mapping[str, Value]]:
    written = document.get("/waivers")
    return [one if isinstance(one, dict) else {} for one in written] if isinstance(written, list) else []


def _problems(document: Document, position: int, entry: Mapping[str, Value]) -> Iterator[Problem]:
    pointer = join("/waivers", position)
    for key in _ONE_OF_A_KIND:
        if words := _not_one(key, entry.get(key)):
            yield problem(document, join(pointer, key), words)
    rule = entry.get("rule")
    if isinstance(rule, str) and rule.upper().startswith(UNWAIVABLE_PREFIXES):
        hint = "Rules about signatures, trust and changes of policy hold for everybody."
        yield problem(document, join(pointer, "rule"), f"rule {short(rule)} cannot be waived", hint)
    versions = entry.get("versions")
    if isinstance(versions, str):
        try:
            parse_range(versions)
        except ValueError as error:
            yield problem(document, join(pointer, "versions"), f"versions: {error}")
    yield from _people_problems(document, pointer, entry)


def _not_one(key: str, written: Value) -> str:
    """Say why a text does not name one thing: a waiver is for one rule and one subject of one release."""
    if not isinstance(written, str):
        return ""
    if "*" in written:
        return f"'*' is no {key}: a waiver names one {key}"
    if not written.strip():
        return f"the {key} is empty: a waiver names one {key}"
    if written != written.strip():
        return f"the {key} starts or ends with white space, so it would never match"
    return ""


def _people_problems(document: Document, pointer: str, entry: Mapping[str, Value]) -> Iterator[Problem]:
    owner, approvers = entry.get("owner"), entry.get("approved_by")
    named = [(join(pointer, "owner"), owner)]
    for position, one in enumerate(approvers if isinstance(approvers, list) else []):
        at = join(pointer, "approved_by", position)
        named.append((at, one))
        if isinstance(one, str) and isinstance(owner, str) and same_person(one, owner):
            hint = "Who proposes a waiver cannot approve it."
            yield problem(document, at, f"'{short(one)}' owns this waiver and cannot be among approved_by", hint)
    for at, name in named:
        if isinstance(name, str) and not is_plain_name(name):
            hint = "Two names that look alike must not be two people."
            yield problem(document, at, f"{short(name)!a} should be printable ASCII, such as an address", hint)


def _repeated(document: Document, entries: list[Mapping[str, Value]]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries):
        written = entry.get("id")
        if not isinstance(written, str):
            continue
        at = join("/waivers", position, "id")
        if written.casefold() == BASELINE_ID:
            yield problem(document, at, f"the id '{BASELINE_ID}' stands for the baseline")
        first = seen.setdefault(written.casefold(), position)
        if first != position:
            yield problem(document, at, f"the id '{short(written)}' is already used by waivers[{first}]")


def _waiver(document: Document, position: int, entry: WaiverEntry, written: Mapping[str, Value]) -> Waiver:
    accept = written.get("accept")
    return Waiver(
        id=entry.id,
        rule=entry.rule,
        release=entry.release,
        subject=entry.subject,
        owner=entry.owner,
        approved_by=entry.approved_by,
        reason=entry.reason,
        expires=entry.expires,
        granted=entry.granted or "",
        versions=entry.versions or "",
        artifact=entry.artifact or "",
        accept=accept if is_number(accept) else None,  # as written: a float does not hold every whole number
        found=entry.found or "",
        approval=entry.approval or "",
        reference=entry.reference or "",
        digest=waiver_digest(written),
        document=document,
        pointer=join("/waivers", position),
    )
