"""One line of the ledger: what a release said it spent, on whose data, for which bytes; made, written and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date as calendar_day
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from policy_gate.areas.privacy.claims import Adjacency, Guarantee, PrivacyClaims, Tuning, Unit
from policy_gate.areas.privacy.claims_phases import Phase, Records
from policy_gate.document import bind_problems, load_json
from policy_gate.errors import DocumentError, EvidenceError, Problem, Reason
from policy_gate.manifest.claims import MAX_SEQUENCE, ClaimModel, Digest, Identifier, Items
from policy_gate.record import canonical

if TYPE_CHECKING:
    from pydantic import BaseModel

    from policy_gate.document import Value
    from policy_gate.manifest import Manifest

API_VERSION = "policy-gate/v1alpha1"
KIND = "LedgerEntry"
FIRST = f"sha256:{'0' * 64}"
"""What the first line has for the digest of the line before it."""
MAX_LINE_BYTES = 64 * 1024
MAX_DATASETS = 256
MAX_ARTIFACTS = 256
MAX_PHASES = 16

_AS_CLAIMED = ("unit", "adjacency", "claim", "tuning")
"""Parts of the manifest's section that a line repeats to the letter."""
_WITHOUT = {"phases": {"__all__": {"evidence"}}}
"""Which file confirms a parameter may change without anything being spent."""


class EntryRelease(ClaimModel):
    """The release of a line; `manifest` is the digest of its manifest."""

    name: Identifier
    sequence: Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]
    manifest: Digest


class EntryPopulation(ClaimModel):
    """Whose budget was spent; `datasets` are the digests of their data, so that another id is no other population."""

    id: Identifier
    size: Records
    datasets: Annotated[Items[Digest], Field(max_length=MAX_DATASETS)]


class LedgerEntry(ClaimModel):
    """All that a later release must know of an earlier one to account for both together."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["LedgerEntry"]
    release: EntryRelease
    date: str
    population: EntryPopulation
    unit: Unit
    adjacency: Adjacency
    claim: Guarantee
    tuning: Tuning
    phases: Annotated[
        Items[Annotated[Phase, Field(discriminator="mechanism")]], Field(min_length=1, max_length=MAX_PHASES)
    ]
    artifacts: Annotated[Items[Digest], Field(min_length=1, max_length=MAX_ARTIFACTS)]
    previous: Digest

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, day: str) -> str:
        try:
            is_day = day.isascii() and calendar_day.fromisoformat(day).isoformat() == day
        except ValueError:
            is_day = False
        if not is_day:
            raise ValueError("a day is written as in 2026-02-01 and stands in the calendar")
        return day

    @property
    def day(self) -> calendar_day:
        """The day on which the line was written."""
        return calendar_day.fromisoformat(self.date)

    @property
    def identity(self) -> tuple[str, int]:
        """Name and sequence: no two releases share them."""
        return self.release.name, self.release.sequence

    @property
    def words(self) -> str:
        """The release, for a reader."""
        return f"{self.release.name} {self.release.sequence}"


def entry_of(
    manifest: Manifest, *, day: str, datasets: Iterable[str], artifacts: Iterable[str], previous: str
) -> LedgerEntry:
    """The line of a manifest; raises EvidenceError where it does not state all that a line has.

    `day` is an ISO day; `datasets` and `artifacts` are `sha256:` digests in any order; `previous` is `digest_of` the
    line before it, or FIRST.
    """
    claims = manifest.sections.get("privacy")
    if not isinstance(claims, PrivacyClaims):
        raise EvidenceError(Reason.NOT_DECLARED, "the manifest has no privacy section")
    if claims.claim_type == "none":
        raise EvidenceError(Reason.NOT_DECLARED, "claim_type is none: the release spends nothing that a ledger keeps")
    missing = [key for key in (*_AS_CLAIMED, "population", "phases") if not getattr(claims, key)]
    if missing:
        raise EvidenceError(Reason.NOT_DECLARED, f"the privacy section has no {missing[0]}, which a line repeats")
    stated = _tree(claims)
    metadata = manifest.metadata
    tree = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "release": {"name": metadata.name, "sequence": metadata.sequence, "manifest": manifest.digest},
        "date": day,
        "population": {**_kept(stated["population"], ("id", "size")), "datasets": sorted(set(datasets))},
        **_kept(stated, (*_AS_CLAIMED, "phases")),
        "artifacts": sorted(set(artifacts)),
        "previous": previous,
    }
    return _bound(tree)


def _kept(tree: object, keys: tuple[str, ...]) -> dict[str, object]:
    return {key: tree[key] for key in keys if key in tree} if isinstance(tree, dict) else {}


def _bound(tree: dict[str, object]) -> LedgerEntry:
    from pydantic import ValidationError

    try:
        return LedgerEntry.model_validate(tree)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise EvidenceError(Reason.NOT_PROVEN, f"no line can be written of {place}: {first['msg']}") from None


def _tree(model: BaseModel) -> dict[str, Value]:
    """What was stated, and nothing that has a default: a later version with more keys writes the same bytes."""
    tree: dict[str, Value] = model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_WITHOUT)
    return tree


def tree_of(entry: LedgerEntry) -> dict[str, Value]:
    """The line as plain data."""
    return _tree(entry)


def line_of(entry: LedgerEntry) -> bytes:
    """The bytes of a line without its line end: JSON with sorted keys, no spaces, the shortest form of a number."""
    return canonical(_tree(entry)).encode()


def digest_of(line: bytes) -> str:
    """What the next line has under `previous`: the SHA-256 of a line without its line end."""
    import hashlib  # only a run with a ledger pays

    return f"sha256:{hashlib.sha256(line).hexdigest()}"


def read_line(line: bytes, path: str, number: int) -> LedgerEntry:
    """Read the bytes of one line, the `number`-th of its file; raises DocumentError with every problem at its place.

    Only the very bytes that `line_of` gives are taken, so that no two readers can see two releases in one line.
    """
    if len(line) > MAX_LINE_BYTES:
        message = f"the line has {len(line)} bytes; at most {MAX_LINE_BYTES} are read"
        raise DocumentError(Problem(message, path, number, 1))
    try:
        document = load_json(line, path)
    except DocumentError as error:
        raise DocumentError(_on_line(error.problems, number)) from None
    entry, problems = bind_problems(document, LedgerEntry)
    if entry is None:
        raise DocumentError(_on_line(problems, number))
    written = line_of(entry)
    if written != line:
        column = next((at for at, (one, other) in enumerate(zip(written, line, strict=False), 1) if one != other), 1)
        hint = "Sorted keys, no spaces, no `evidence`: `policy-gate privacy ledger append` writes it so."
        raise DocumentError(Problem("the line is not written as a ledger's lines are", path, number, column, hint))
    return entry


def _on_line(problems: Iterable[Problem], number: int) -> Iterator[Problem]:
    return (replace(one, line=number, column=max(one.column, 1)) for one in problems)


def differing_key(one: LedgerEntry, other: LedgerEntry) -> str:
    """A JSON pointer to the first place where two lines say different things, in the order of a line; "" for none."""
    return _differs(_tree(one), _tree(other), "")


def _differs(one: Value, other: Value, pointer: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key not in one or key not in other:
                return f"{pointer}/{key}"
            if found := _differs(one[key], other[key], f"{pointer}/{key}"):
                return found
        return ""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        inner = (_differs(left, right, f"{pointer}/{at}") for at, (left, right) in pairs)
        return next((place for place in inner if place), "")
    return "" if one == other and type(one) is type(other) else pointer
