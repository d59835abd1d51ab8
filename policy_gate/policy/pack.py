"""Packs: rules with their words and parameters, presets of them, and packs that combine packs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policy_gate.model import Mode, Severity, Stage

T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(strict=False)]
Words = Annotated[str, Field(min_length=3, max_length=4096)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,11}-[0-9]{3}$", description="such as COST-002")]
CheckName = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$", description="area.check")]
FactName = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$", description="area.fact")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PresetName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Expression = Annotated[str, Field(min_length=1, max_length=2048, description="an expression, see docs/expressions.md")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="a day such as 2027-01-31")]
ModeWord = Annotated[Mode, Field(strict=False)]


class PolicyModel(BaseModel):
    """Base of every policy document: closed, frozen, no conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PackMetadata(PolicyModel):
    """Name, version and one sentence of a pack; `requires` is the least version of the tool that understands it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    words: Words
    requires: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    owners: Items[Annotated[str, Field(min_length=1, max_length=256)]] = ()


class Parameter(PolicyModel):
    """A value that configuration may set: its type, its range, and which way it tightens."""

    words: Words
    type: Literal["number", "integer", "ratio", "flag", "text", "license", "identity", "date", "set", "list", "map"]
    of: str | None = None
    by: str = "name"
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: Items[str] = ()
    stricter: Literal["lower", "higher", "subset", "superset", "true", "false", ""] = ""
    default: Any = None  # Any: read by the declared type
    required: bool = False

    @property
    def has_default(self) -> bool:
        """Whether the pack gives a value; a required parameter has none, whatever it says."""
        return not self.required and "default" in self.model_fields_set


class Rollout(PolicyModel):
    """A rule that starts mildly: `mode` until the day before `effective_on`, then `mode_after`."""

    mode: ModeWord
    effective_on: Day
    mode_after: ModeWord = Mode.ENFORCE


class Rule(PolicyModel):
    """One rule: what it promises, how much it matters, the check or expression that decides, why, how to mend it."""

    id: RuleId
    title: Words
    severity: Annotated[Severity, Field(strict=False)]
    mode: ModeWord = Mode.ENFORCE
    stages: Annotated[tuple[Annotated[Stage, Field(strict=False)], ...], Field(strict=False, min_length=1)] = (
        Stage.CANDIDATE,
        Stage.RELEASE,
    )
    check: CheckName | Annotated[dict[CheckName, dict[str, Any]], Field(min_length=1, max_length=1)] | None = None
    # `assert` is a word of Python, so that the field has another name than the key.
    assertion: Annotated[Expression | None, Field(alias="assert")] = None
    each: FactName | None = None
    message: Words | None = None
    when: Expression | None = None
    rollout: Rollout | None = None
    rationale: Words
    remediation: Words

    @model_validator(mode="after")
    def _one_way_to_decide(self) -> Self:
        if (self.check is None) is (self.assertion is None):
            raise ValueError("a rule has either `check` or `assert`")
        if self.assertion is None and (self.each or self.message):
            raise ValueError("`each` and `message` belong to a rule with `assert`")
        if self.rollout is not None and "mode" in self.model_fields_set:
            raise ValueError("a rule has either `mode` or `rollout`")
        return self

    @property
    def check_name(self) -> str:
        """Name of the check in the catalogue; "" for a rule with `assert`."""
        if self.check is None:
            return ""
        return self.check if isinstance(self.check, str) else next(iter(self.check))

    @property
    def limits(self) -> dict[str, Any]:  # Any: typed by the check's limits class at binding
        """The limits as written, parameters not yet replaced."""
        return next(iter(self.check.values())) if isinstance(self.check, dict) else {}

    @property
    def area(self) -> str:
        """The area whose check decides, or whose facts an assertion goes through."""
        return (self.check_name or self.each or "release").partition(".")[0]


class Inclusion(PolicyModel):
    """Rules taken from another pack; without `rules`, all of them.

    `modes`, `when` and `parameters` change what is taken: a pack that combines packs is a policy of its own.
    """

    pack: Annotated[str, Field(min_length=1, max_length=512)]
    rules: Items[RuleId] | None = None
    modes: dict[RuleId, ModeWord] = {}
    when: dict[RuleId, Expression] = {}
    parameters: dict[ParameterName, Any] = {}  # Any: read by the parameter's declared type


class Preset(PolicyModel):
    """A named set of parameters and modes; it may only tighten, since the default is the floor."""

    words: Words
    extends: PresetName | None = None
    parameters: dict[ParameterName, Any] = {}  # Any: read by the parameter's declared type
    modes: dict[RuleId, ModeWord] = {}


class Exceptions(PolicyModel):
    """What a pack demands of exceptions; over several packs the strictest demand counts."""

    waivers_max: Annotated[int, Field(ge=0, le=1000)] | None = None
    waiver_days_max: Annotated[int, Field(ge=0, le=3650)] | None = None
    approval: Literal["declared", "proven"] = "declared"
    waivable: Items[RuleId] = ()


class PackSpec(PolicyModel):
    """What a pack holds."""

    parameters: dict[ParameterName, Parameter] = {}
    presets: dict[PresetName, Preset] = {}
    exceptions: Exceptions = Exceptions()
    include: Items[Inclusion] = ()
    rules: Items[Rule] = ()


class PackDocument(PolicyModel):
    """A pack file."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyPack"]
    metadata: PackMetadata
    spec: PackSpec
