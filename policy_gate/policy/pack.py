"""Packs: rules with their words and parameters, and packs that combine packs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from policy_gate.model import Mode, Severity, Stage

T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(strict=False)]
Words = Annotated[str, Field(min_length=3, max_length=4096)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,11}-[0-9]{3}$", description="such as COST-002")]
CheckName = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$", description="area.check")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class PolicyModel(BaseModel):
    """Base of every policy document: closed, frozen, no conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PackMetadata(PolicyModel):
    """Name, version and one sentence of a pack."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    words: Words


class Parameter(PolicyModel):
    """A value that configuration may set; its type is that of the limit it is used for."""

    words: Words
    # The limit that uses the parameter owns the type.
    default: Any = None  # Any: typed by the limit at binding
    required: bool = False


class Rule(PolicyModel):
    """One rule: what it promises, how much it matters, the check that decides, why, and how to mend it."""

    id: RuleId
    title: Words
    severity: Annotated[Severity, Field(strict=False)]
    mode: Annotated[Mode, Field(strict=False)] = Mode.ENFORCE
    stages: Annotated[tuple[Annotated[Stage, Field(strict=False)], ...], Field(strict=False, min_length=1)] = (
        Stage.CANDIDATE,
        Stage.RELEASE,
    )
    check: CheckName | Annotated[dict[CheckName, dict[str, Any]], Field(min_length=1, max_length=1)]
    rationale: Words
    remediation: Words

    @property
    def check_name(self) -> str:
        """Name of the check in the catalogue."""
        return self.check if isinstance(self.check, str) else next(iter(self.check))

    @property
    def limits(self) -> dict[str, Any]:  # Any: typed by the check's limits class at binding
        """The limits as written, parameters not yet replaced."""
        return {} if isinstance(self.check, str) else next(iter(self.check.values()))

    @property
    def area(self) -> str:
        """The area whose check decides."""
        return self.check_name.partition(".")[0]


class Inclusion(PolicyModel):
    """Rules taken from another pack; without `rules`, all of them. A mode here may differ from the pack's own."""

    pack: Annotated[str, Field(min_length=1, max_length=512)]
    rules: Items[RuleId] | None = None
    modes: dict[RuleId, Annotated[Mode, Field(strict=False)]] = {}


class PackSpec(PolicyModel):
    """What a pack holds."""

    parameters: dict[ParameterName, Parameter] = {}
    include: Items[Inclusion] = ()
    rules: Items[Rule] = ()


class PackDocument(PolicyModel):
    """A pack file."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyPack"]
    metadata: PackMetadata
    spec: PackSpec


class ConfigSpec(PolicyModel):
    """How this repository is judged; read from the base, so that a pull request cannot change its own judge."""

    policy: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)] = (
        "builtin:edge-baseline",
    )
    parameters: dict[ParameterName, Any] = {}  # Any: typed by the limit at binding
    stage: Annotated[Stage, Field(strict=False)] = Stage.CANDIDATE
    manifests: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)] = (
        "**/release.yaml",
        "**/release.yml",
        "**/release.json",
    )
    models: Items[Annotated[str, Field(min_length=1)]] = (
        "**/*.onnx",
        "**/*.ort",
        "**/*.tflite",
        "**/*.pte",
        "**/*.pt",
        "**/*.pth",
        "**/*.safetensors",
        "**/*.gguf",
        "**/*.mlmodel",
        "**/*.h5",
        "**/*.keras",
    )
    trust: Annotated[str, Field(min_length=1)] | None = None
    allow_none: bool = False


class WrittenSpec(ConfigSpec):
    """What a configuration file says: it names its policy, so that a file cut short is no configuration."""

    policy: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)]


class ConfigDocument(PolicyModel):
    """A configuration file, `policy-gate.yaml` at the top of the tree."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyConfig"]
    spec: WrittenSpec
