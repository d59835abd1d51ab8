"""What a manifest claims of its privacy: the guarantee, whom it protects, and the phases that spent it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from policy_gate.manifest.claims import MAX_SEQUENCE, ClaimModel, Identifier, Items, RelativePath, Text

MAX_STEPS = 10**9
MAX_PHASES = 16
MAX_EVIDENCE_FILES = 32

Epsilon = Annotated[float, Field(gt=0, le=1e9, description="privacy loss; smaller is more private")]
Delta = Annotated[float, Field(gt=0, lt=1, description="probability that epsilon does not hold; below 1/population")]
Noise = Annotated[float, Field(gt=0, le=1e6, description="standard deviation (Laplace: scale) over the clipping norm")]
Rate = Annotated[float, Field(gt=0, le=1, description="probability that one record is in a batch")]
Records = Annotated[int, Field(ge=1, le=MAX_SEQUENCE)]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS, description="updates that saw the data")]
Epochs = Annotated[float, Field(gt=0, le=1e6, description="passes over the data; rounded up to whole steps")]
Adjacency = Literal["add-or-remove-one", "replace-one", "replace-special"]
Scheme = Literal[
    "poisson",
    "shuffled",
    "fixed-order",
    "full-batch",
    "without-replacement",
    "truncated-poisson",
    "balls-in-bins",
    "other",
]
Parameter = Literal[
    "noise_multiplier",
    "clip_norm",
    "microbatch",
    "steps",
    "epochs",
    "rho",
    "keep_probability",
    "categories",
    "sampling.scheme",
    "sampling.batch_size",
    "sampling.dataset_size",
    "sampling.rate",
]
"""A value of a phase that an evidence file can confirm."""
Pointer = Annotated[
    str, Field(pattern=r"^(/[^/]*)+$", max_length=512, description="JSON pointer to the value in the evidence file")
]


class Guarantee(ClaimModel):
    """The guarantee itself: both numbers or none, since an epsilon alone says nothing."""

    epsilon: Epsilon
    delta: Delta


class Unit(ClaimModel):
    """Who or what is protected, and how many records of one unit the training data may hold."""

    kind: Literal["user", "device", "user-day", "household", "example"]
    max_records_per_unit: Annotated[int, Field(ge=1, le=10**6)] | None = None

    @model_validator(mode="after")
    def _one_example_is_one_record(self) -> Unit:
        if self.kind == "example" and (self.max_records_per_unit or 1) != 1:
            raise ValueError("a unit of kind 'example' is one record; name the unit that has several")
        return self


class Population(ClaimModel):
    """The people or devices the data came from; releases about one population share its budget."""

    id: Identifier
    size: Records
    window_days: Annotated[int, Field(ge=1, le=36500)] | None = None


class Accountant(ClaimModel):
    """The software that computed the claim; shown, never trusted."""

    name: Text
    library: Text | None = None
    version: Text | None = None


class Sampling(ClaimModel):
    """How batches were drawn; `rate`, or `batch_size` with `dataset_size`."""

    scheme: Scheme
    batch_size: Records | None = None
    dataset_size: Records | None = None
    rate: Rate | None = None

    @model_validator(mode="after")
    def _rate_is_stated_once(self) -> Sampling:
        if self.rate is not None and self.batch_size is not None:
            raise ValueError("state either rate or batch_size, not both")
        if self.batch_size is not None and self.dataset_size is not None and self.batch_size > self.dataset_size:
            raise ValueError(f"batch_size {self.batch_size} is larger than dataset_size {self.dataset_size}")
        if self.scheme != "full-batch" and self.rate is None and None in (self.batch_size, self.dataset_size):
            raise ValueError("batch_size and dataset_size, or rate, are needed to know how often a record was used")
        return self


class EvidenceFile(ClaimModel):
    """A file that was used to train, and where in it values of this phase stand."""

    file: RelativePath
    map: Annotated[dict[Parameter, Pointer], Field(min_length=1)]


class PhaseClaims(ClaimModel):
    """What every phase has."""

    id: Identifier
    dataset: Identifier | None = None
    evidence: Annotated[Items[EvidenceFile], Field(max_length=MAX_EVIDENCE_FILES)] = ()


class RepeatedPhase(PhaseClaims):
    """A phase of a stated length."""

    steps: Steps | None = None
    epochs: Epochs | None = None

    @model_validator(mode="after")
    def _one_length(self) -> RepeatedPhase:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("state either steps or epochs")
        return self


class DpSgdPhase(RepeatedPhase):
    """Training with clipped gradients and Gaussian noise (Abadi et al. 2016)."""

    mechanism: Literal["dp-sgd"]
    noise_multiplier: Noise
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    microbatch: Annotated[int, Field(ge=1, le=10**6, description="records clipped together; 1 clips each")] | None = (
        None
    )
    sampling: Sampling


class GaussianPhase(RepeatedPhase):
    """Gaussian noise on clipped sums; without `sampling` every record is in every step."""

    mechanism: Literal["gaussian"]
    noise_multiplier: Noise
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    sampling: Sampling | None = None


class LaplacePhase(PhaseClaims):
    """Laplace noise on sums clipped in the L1 norm; no credit is given for sampling."""

    mechanism: Literal["laplace"]
    noise_multiplier: Noise
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    steps: Steps


class ZcdpPhase(PhaseClaims):
    """A phase known by its zero-concentrated loss, for the stated unit and adjacency."""

    mechanism: Literal["zcdp"]
    rho: Annotated[float, Field(ge=1e-15, le=1e6)]


class KrrPhase(PhaseClaims):
    """k-ary randomized response on the device; `steps` are the reports of one unit in the window."""

    mechanism: Literal["krr"]
    keep_probability: Annotated[float, Field(gt=0, lt=1)]
    categories: Annotated[int, Field(ge=2, le=10**9)]
    steps: Steps


class UnaccountedPhase(PhaseClaims):
    """A mechanism this version reads but cannot account for: no claim over it is proven."""

    mechanism: Literal["tree-aggregation", "rappor", "declared"]
    epsilon: Epsilon | None = None
    delta: Annotated[float, Field(ge=0, lt=1)] | None = None
    noise_multiplier: Noise | None = None
    steps: Steps | None = None


Phase: TypeAlias = DpSgdPhase | GaussianPhase | LaplacePhase | ZcdpPhase | KrrPhase | UnaccountedPhase


class Tuning(ClaimModel):
    """How hyper-parameters were found; trials on private data spend budget too."""

    data: Literal["public", "private"]
    trials: Annotated[int, Field(ge=0, le=10**9)] | None = None
    selection: Literal["geometric", "fixed"] | None = None
    mean_trials: Annotated[float, Field(gt=0, le=1e9)] | None = None

    @model_validator(mode="after")
    def _one_number_of_trials(self) -> Tuning:
        if self.trials is not None and self.mean_trials is not None:
            raise ValueError("state either trials or mean_trials, not both")
        return self

    @property
    def spends_budget(self) -> bool:
        """Whether private data may have been used to choose among models: only 0 trials rule it out."""
        return self.data == "private" and self.trials != 0


class PrivacyClaims(ClaimModel):
    """The `privacy` section of a manifest."""

    claim_type: Literal["central-dp", "local-dp", "none"]
    claim: Guarantee | None = None
    unit: Unit | None = None
    adjacency: Adjacency | None = None
    trust_model: Literal["central-curator", "federated-secagg", "local", "shuffler"] | None = None
    released: Literal["final-model", "all-checkpoints"] | None = None
    population: Population | None = None
    accountant: Accountant | None = None
    phases: Annotated[Items[Annotated[Phase, Field(discriminator="mechanism")]], Field(max_length=MAX_PHASES)] = ()
    tuning: Tuning | None = None
    ledger: RelativePath | None = None

    @field_validator("phases")
    @classmethod
    def _ids_are_unique(cls, phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        ids = [phase.id for phase in phases]
        if len(set(ids)) != len(ids):
            raise ValueError("two phases have the same id")
        return phases

    @model_validator(mode="after")
    def _none_claims_nothing(self) -> PrivacyClaims:
        if self.claim_type == "none" and (self.claim is not None or self.phases):
            raise ValueError("claim_type is none, yet a claim or phases are stated")
        return self
