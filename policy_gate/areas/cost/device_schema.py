"""The keys of a device profile's file, as they are written; what each means stands at the types of `device`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policy_gate.manifest.claims import ClaimModel, Digest, Items, Text

MAX_NUMBER = 1e15
MAX_OPERATORS = 2000
MAX_FAMILIES = 200
ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}@[a-z0-9][a-z0-9._-]{0,62}$"

Amount = Annotated[float, Field(ge=0, le=MAX_NUMBER)]
Some = Annotated[float, Field(gt=0, le=MAX_NUMBER, description="a zero would be a figure that nobody knows")]
Share = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0, le=2**62)]
ShortText = Annotated[str, Field(max_length=200)]
ProfileId = Annotated[
    str,
    Field(
        pattern=ID_PATTERN,
        description="what is measured, '@', and the runtime with its version: stm32h747-cortex-m7-int8@cubeai-8.1",
    ),
]
Operator = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}::[A-Za-z0-9._-]{1,100}$", description="domain::name, as inspect has it")
]
Family = Annotated[str, Field(min_length=1, max_length=4096)]


class MetadataSection(ClaimModel):
    """What the profile is called, and in a sentence what it is for."""

    id: ProfileId
    words: Text


class RuntimeSection(ClaimModel):
    """The runtime as manifests declare it; the version is compared exactly."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: Annotated[str, Field(min_length=1, max_length=200)]


class LabelSection(ClaimModel):
    """How rows of measurements name this device, engine, element type and runtime."""

    device: Annotated[str, Field(min_length=1, max_length=200)]
    engine: ShortText = ""
    dtype: Annotated[str, Field(min_length=1, max_length=40)]
    runtime: Annotated[str, Field(min_length=1, max_length=200)]


class LatencySection(ClaimModel):
    """Nanoseconds by feature, and the factors of the bounds."""

    ns_per_conv_mac: Amount
    ns_per_depthwise_mac: Amount
    ns_per_activation_byte: Amount
    ns_per_weight_byte: Amount
    ns_per_operator: Amount
    fixed_ns: Amount
    lower_factor: Annotated[float, Field(ge=0, le=1)]
    upper_factor: Annotated[float, Field(ge=1, le=1e6)]


class PowerSection(ClaimModel):
    """Mean power while inferring."""

    low_mw: Amount
    mid_mw: Some
    high_mw: Some
    supply_v: Annotated[float, Field(gt=0, le=1000)] | None = None
    wake_uj: Amount = 0.0
    models: Count = 1
    mape_percent: Amount | None = None
    source: Annotated[str, Field(max_length=4096)] = ""


class MemorySection(ClaimModel):
    """Where the runtime's memory lies beside our plans."""

    low_of_overlay: Amount
    high_of_overlay: Some
    scratch_kib: Amount
    runtime_ram_low_kib: Amount
    runtime_ram_high_kib: Some
    code_flash_low_kib: Amount
    code_flash_high_kib: Some
    rows: Count
    families: Count
    held: Count
    median_width: Amount
    screening: bool = False


class RangeSection(ClaimModel):
    """The values of one feature among the rows of the fit."""

    feature: Literal["conv_macs", "depthwise_macs", "activation_bytes", "weight_bytes", "operators"]
    least: Count
    most: Count


class ErrorSection(ClaimModel):
    """How far off the fit was for families it had not seen."""

    rows: Annotated[int, Field(ge=1, le=2**31)]
    mape_percent: Amount
    within_20_percent: Share
    covered: Count
    median_upper_over_measured: Amount
    naive_mape_percent: Amount


class FitSection(ClaimModel):
    """What the latency was fitted on."""

    rows: Annotated[int, Field(ge=1, le=2**31)]
    families: Annotated[Items[Family], Field(min_length=1, max_length=MAX_FAMILIES)]
    borrowed_rows: Count = 0
    borrowed_families: Annotated[Items[Family], Field(max_length=MAX_FAMILIES)] = ()
    shape: ProfileId | Literal[""] = ""
    naive_ns_per_mac: Amount
    errors: ErrorSection | None = None
    ranges: Annotated[Items[RangeSection], Field(min_length=5, max_length=5)]
    data_sha256: Digest
    tool: Text


class ProfileSection(ClaimModel):
    """One device with one engine, element type and runtime version."""

    device: Annotated[str, Field(min_length=1, max_length=200)]
    processor: Annotated[str, Field(max_length=200)] = ""
    engine: ShortText = ""
    dtype: Annotated[str, Field(min_length=1, max_length=40)]
    quantisation: Literal["per_tensor", "per_channel", "any"] = "any"
    runtime: RuntimeSection
    screening: bool
    rows: LabelSection
    operators: Annotated[Items[Operator], Field(max_length=MAX_OPERATORS)] = ()
    latency: LatencySection | None = None
    power: PowerSection | None = None
    memory: MemorySection | None = None
    fit: FitSection | None = None


class ProfileFile(ClaimModel):
    """A device profile: what inference costs on one device, and how well that is known."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["DeviceProfile"]
    metadata: MetadataSection
    spec: ProfileSection
