"""Configuration: how one repository is judged, and what it changes of the packs it uses."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from policy_gate.model import ReleaseEvent, Stage
from policy_gate.policy.pack import (
    Expression,
    Items,
    ModeWord,
    ParameterName,
    PolicyModel,
    PresetName,
    RuleId,
    Words,
)

Text = Annotated[str, Field(min_length=1, max_length=512)]
RELEASE_EVENTS: tuple[ReleaseEvent, ...] = get_args(ReleaseEvent)
Names = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
MAX_PROFILES = 64
MAX_LEDGERS = 32
Profiles = Annotated[tuple[Text, ...], Field(strict=False, max_length=MAX_PROFILES)]


class StageSettings(PolicyModel):
    """What differs at one stage."""

    preset: PresetName
    when: Annotated[tuple[ReleaseEvent, ...], Field(strict=False)] | None = None
    """Of the stage `release` only: the events that are judged at it, all of them where it is absent."""


class Selection(PolicyModel):
    """A preset for the releases an expression is true of, or unknown of; it may only tighten."""

    when: Expression
    preset: PresetName


class RuleOverlay(PolicyModel):
    """What this repository changes of one rule."""

    mode: ModeWord | None = None
    remove: bool = False


class Loosens(PolicyModel):
    """An approved, expiring permission to be looser than a pack: of one parameter or one rule."""

    what: Annotated[
        str,
        Field(
            pattern=r"^(parameter [a-z][a-z0-9_]{0,63}|rule [A-Z][A-Z0-9]{1,11}-[0-9]{3})$",
            description="such as `parameter max_epsilon` or `rule COST-001`",
        ),
    ]
    owner: Text
    approved_by: Names
    approval: Text | None = None
    reason: Words
    reference: Text | None = None
    expires: Text


class PinnedLedger(PolicyModel):
    """The privacy ledger of another repository that spends on the same people, as it was when it was copied here."""

    path: Text
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="such as sha256:… with 64 digits")]


class ConfigLimits(PolicyModel):
    """Bounds on the policy itself; on exceptions they may only tighten what the packs say."""

    rules_min: Annotated[int, Field(ge=1, le=10000)] = 1
    waivers_max: Annotated[int, Field(ge=0, le=1000)] | None = None
    waiver_days_max: Annotated[int, Field(ge=0, le=3650)] | None = None
    approval: Literal["declared", "proven"] = "declared"


class ConfigSpec(PolicyModel):
    """How this repository is judged; read from the base, so that a pull request cannot change its own judge."""

    policy: Names = ("builtin:edge-baseline",)
    preset: PresetName | None = None
    parameters: dict[ParameterName, Any] = Field(default={})  # Any: read by the parameter's declared type
    rules: dict[RuleId, RuleOverlay] = Field(default={})
    loosens: Items[Loosens] = ()
    stage: Annotated[Stage, Field(strict=False)] = Stage.CANDIDATE
    stages: dict[Annotated[Stage, Field(strict=False)], StageSettings] = Field(default={})
    select: Items[Selection] = ()
    manifests: Names = ("**/release.yaml", "**/release.yml", "**/release.json")
    models: Items[Text] = (
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
    trust: Text | None = None
    profiles: Profiles = ()
    """Files of device profiles, beside the shipped ones: what predicts cost is trusted input."""
    ledger: Text = "privacy/ledger.jsonl"
    """The privacy ledger: a manifest cannot start a new one."""
    ledgers: Annotated[Items[PinnedLedger], Field(max_length=MAX_LEDGERS)] = ()
    """Ledgers of other repositories about the same people."""
    waivers: Text | None = None
    baseline: Text | None = None
    records: Items[Text] = ()
    fail_on: Literal["blocked", "warned", "never"] = "blocked"
    limits: ConfigLimits = ConfigLimits()
    allow_none: bool = False

    @model_validator(mode="after")
    def _only_a_release_has_events(self) -> Self:
        if any(one.when is not None for stage, one in self.stages.items() if stage is not Stage.RELEASE):
            raise ValueError("`when` belongs to the stage `release`: any other event is judged at `stage`")
        return self

    @property
    def release_events(self) -> tuple[ReleaseEvent, ...]:
        """The events that are judged as a release whatever `stage` says: where nothing is said, all of them."""
        said = self.stages[Stage.RELEASE].when if Stage.RELEASE in self.stages else None
        return RELEASE_EVENTS if said is None else said


class WrittenSpec(ConfigSpec):
    """What a configuration file says: it names its policy, so that a file cut short is no configuration."""

    policy: Names


class ConfigDocument(PolicyModel):
    """A configuration file, `policy-gate.yaml` at the top of the tree."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyConfig"]
    spec: WrittenSpec
