"""The `lineage` section: what the release was made from, by which steps, under which terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from policy_gate.manifest.claims import (
    DIGEST_PATTERN,
    MAX_SEQUENCE,
    ClaimModel,
    Commit,
    Identifier,
    Items,
    RelativePath,
    Text,
)

_BARE_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DAY_FORM = re.compile(_DAY_PATTERN)


def _in_gate_form(digest: str) -> str:
    if re.fullmatch(DIGEST_PATTERN, digest):
        return digest
    if _BARE_HEX.fullmatch(digest):
        raise PydanticCustomError("digest_form", "put 'sha256:' before the 64 digits, and write them in lower case")
    raise PydanticCustomError("digest_form", "a digest is 'sha256:' followed by 64 lower-case hex digits")


def _real_day(day: str) -> str:
    try:
        if _DAY_FORM.fullmatch(day):
            date.fromisoformat(day)
            return day
    except ValueError:
        pass
    raise PydanticCustomError("day_form", "a day is written as in 2026-02-01 and stands in the calendar")


Sha256 = Annotated[str, AfterValidator(_in_gate_form), Field(json_schema_extra={"pattern": DIGEST_PATTERN})]
Day = Annotated[
    str, AfterValidator(_real_day), Field(json_schema_extra={"pattern": _DAY_PATTERN}, description="as in 2026-02-01")
]
Region = Annotated[
    str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", description="an ISO 3166 code such as DE or US-CA, or EU")
]
JsonPointer = Annotated[str, Field(max_length=1024, pattern=r"^(/.*)?$", description="an RFC 6901 JSON pointer")]


class DigestClaim(ClaimModel):
    """How the bytes of a node are named: exactly one of these."""

    sha256: Sha256 | None = None
    dvc: RelativePath | None = None
    lfs: RelativePath | None = None
    tree: RelativePath | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(one is not None for one in (self.sha256, self.dvc, self.lfs, self.tree)) != 1:
            raise PydanticCustomError("digest_kind", "a digest has exactly one of: sha256, dvc, lfs, tree")
        return self


class License(ClaimModel):
    """The licence of a node: an SPDX expression, and the file with its text."""

    expression: Annotated[str, Field(max_length=4096)]
    text: RelativePath | None = None


class Collection(ClaimModel):
    """How a source came to be."""

    method: Literal["web-crawl", "contributed", "purchased", "sensor"]


class LegalBasis(ClaimModel):
    """Why personal data may be processed: the six bases of GDPR Article 6(1)."""

    kind: Literal["consent", "contract", "legal-obligation", "vital-interests", "public-task", "legitimate-interests"]
    expires: Day | None = None
    withdrawals: RelativePath | None = None


class OptOut(ClaimModel):
    """When and how reservations of rights holders were looked up."""

    checked: Day
    method: Annotated[Items[Text], Field(min_length=1)]


class Generator(ClaimModel):
    """The model that made a synthetic set."""

    model: Identifier


class NestedManifest(ClaimModel):
    """The release manifest of a model that this one builds on."""

    path: RelativePath
    sha256: Sha256


class Node(ClaimModel):
    """One thing that was used or made: a dataset, a model, the released artifact."""

    id: Identifier
    type: Literal["source", "derived", "synthetic", "model", "release"]
    role: Literal["train", "eval", "test", "calibration", "distillation"] | None = None
    version: Text | None = None
    records: Annotated[int, Field(ge=0, le=MAX_SEQUENCE)] | None = None
    license: License | None = None
    path: RelativePath | None = None
    digest: DigestClaim | None = None
    croissant: RelativePath | None = None
    collection: Collection | None = None
    personal_data: Literal["none", "pseudonymous", "identifiable", "special-category"] | None = None
    legal_basis: LegalBasis | None = None
    retention_until: Day | None = None
    jurisdictions: Items[Region] = ()
    retrieved: Day | None = None
    opt_out: OptOut | None = None
    generator: Generator | None = None
    manifest: NestedManifest | None = None
    record_digests: RelativePath | None = None


class Code(ClaimModel):
    """The code of a step, by commit and path."""

    commit: Commit
    path: RelativePath


class Params(ClaimModel):
    """Where the parameters of a step stand in a file."""

    file: RelativePath
    pointer: JsonPointer = ""


class Activity(ClaimModel):
    """One step that used some nodes and generated others."""

    id: Identifier
    kind: Literal["collect", "prepare", "generate", "anonymise", "aggregate", "train", "convert", "evaluate"] | None = (
        None
    )
    uses: Items[Identifier] = ()
    generates: Items[Identifier] = ()
    code: Code | None = None
    params: Params | None = None
    dvc_stage: Text | None = None


class LineageRelease(ClaimModel):
    """What of the graph is released, under which licence, for which use and markets."""

    artifact: Identifier
    license: Text | None = None
    use: Literal["commercial", "non-commercial", "academic"] | None = None
    markets: Items[Region] = ()


Named = TypeVar("Named", tuple[Node, ...], tuple[Activity, ...])


def _unique_ids(items: Named) -> Named:
    problems = list(_repeated(one.id for one in items))
    if problems:
        raise ValidationError.from_exception_data("lineage", problems)
    return items


def _repeated(ids: Iterable[str]) -> Iterable[InitErrorDetails]:
    first: dict[str, int] = {}
    for position, name in enumerate(ids):
        if first.setdefault(name, position) != position:
            context = {"id": name, "first": first[name]}
            words = PydanticCustomError("repeated_id", "id '{id}' is already used by item {first}", context)
            yield InitErrorDetails(type=words, loc=(position, "id"), input=name)


class LineageClaims(ClaimModel):
    """The whole `lineage` section."""

    asof: Day | None = None
    nodes: Annotated[Items[Node], Field(min_length=1), AfterValidator(_unique_ids)]
    activities: Annotated[Items[Activity], AfterValidator(_unique_ids)] = ()
    release: LineageRelease | None = None
