"""The claims every area shares: what is released, which files it holds, what runs where."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

API_VERSION = "policy-gate/v1alpha1"
DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
MAX_SEQUENCE = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

Digest = Annotated[str, Field(pattern=DIGEST_PATTERN, description="sha256: followed by 64 lower-case hex digits")]
Identifier = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$", description="letters, digits, '.', '_', ':' and '-'")
]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
RelativePath = Annotated[
    str, Field(min_length=1, max_length=1024, description="relative to the folder of the manifest, with '/'")
]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$", description="a full git commit id")]
Items = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the document: its members are strict, the list itself becomes a tuple."""


class ClaimModel(BaseModel):
    """Base of every claims model: closed, frozen, no conversion of types, only finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(ClaimModel):
    """Where the release was built from."""

    repository: Text
    commit: Commit


class Publication(ClaimModel):
    """One place a release was published at, by digest and never by tag."""

    registry: Text
    digest: Digest


class Metadata(ClaimModel):
    """What is released: `sequence` only ever rises, also for a rollback."""

    name: Identifier
    version: Text
    sequence: Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]
    created: Annotated[str, Field(description="UTC time of the build, as in 2026-11-20T09:14:03Z")] | None = None
    source: Source | None = None
    license: Text | None = None
    published_at: Items[Publication] = ()


class Bundle(ClaimModel):
    """The folder that ships: a closed list, so an unlisted file under `root` is a finding."""

    root: RelativePath


class Derivation(ClaimModel):
    """How one artifact was made from another."""

    artifact: Identifier
    by: Text
    tool: Text | None = None


class Artifact(ClaimModel):
    """One file of the release."""

    id: Identifier
    path: RelativePath
    role: Literal["model", "asset"] = "model"
    format: Text | None = None
    size: Annotated[int, Field(ge=0, le=MAX_SEQUENCE, description="bytes")] | None = None
    digest: Digest | None = None
    license: Text | None = None
    derived_from: Derivation | None = None


class Device(ClaimModel):
    """The device class a target runs on, and the profile that predicts its cost."""

    vendor: Text | None = None
    class_: Text | None = Field(default=None, alias="class")
    profile: Text | None = None


class Compiler(ClaimModel):
    """The compiler of the runtime."""

    name: Text
    version: Text | None = None
    flags: Items[str] = ()


Operator = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.-]{1,128}::[A-Za-z0-9_./-]{1,128}$",
        description="domain::name, such as tflite::CONV_2D or ai.onnx::Conv",
    ),
]


class Runtime(ClaimModel):
    """The inference engine; its version is part of the device.

    `operators` is the firmware's own list, such as that of an op resolver: it can only narrow what a device profile
    lists.
    """

    name: Text
    version: Text
    compiler: Compiler | None = None
    operators: Annotated[Items[Operator], Field(max_length=2000)] = ()


class Fallback(ClaimModel):
    """What the device does when the model cannot run."""

    when: Items[Text]
    to: Text


class Target(ClaimModel):
    """One deployment target, the artifacts it runs and the symbolic dimensions bound for it."""

    id: Identifier
    runs: Annotated[Items[Identifier], Field(min_length=1)]
    device: Device | None = None
    runtime: Runtime | None = None
    dimensions: dict[str, Annotated[int, Field(ge=1, le=2**31 - 1)]] = {}
    fallback: Fallback | None = None


class CoreClaims(BaseModel):
    """The part of a manifest every area reads; sections of areas are bound apart."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["ReleaseManifest"]
    metadata: Metadata
    bundle: Bundle | None = None
    artifacts: Annotated[Items[Artifact], Field(min_length=1)]
    targets: Items[Target] = ()
