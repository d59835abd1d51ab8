"""What a manifest claims of one phase: the mechanism that touched the data, its parameters, and what confirms them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from policy_gate.manifest.claims import MAX_SEQUENCE, ClaimModel, Commit, Identifier, Items, RelativePath

MAX_STEPS = 10**9
MAX_EVIDENCE_FILES = 32

Epsilon = Annotated[float, Field(gt=0, le=1e9, description="privacy loss; smaller is more private")]
Delta = Annotated[float, Field(gt=0, lt=1, description="probability that epsilon does not hold; below 1/population")]
Noise = Annotated[float, Field(gt=0, le=1e6, description="standard deviation (Laplace: scale) over the clipping norm")]
Rate = Annotated[float, Field(gt=0, le=1, description="probability that one record is in a batch")]
Records = Annotated[int, Field(ge=1, le=MAX_SEQUENCE)]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS, description="updates that saw the data")]
Epochs = Annotated[float, Field(gt=0, le=1e6, description="passes over the data; rounded up to whole steps")]
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
    "trees",
    "hashes",
    "flip_probability",
    "sampling.scheme",
    "sampling.batch_size",
    "sampling.dataset_size",
    "sampling.rate",
    "sampling.max_batch_size",
]
"""A value of a phase that an evidence file can confirm."""
Pointer = Annotated[
    str, Field(pattern=r"^(/[^/]*)+$", max_length=512, description="JSON pointer to the value in the evidence file")
]

HistoryPointer = Annotated[
    str, Field(pattern=r"^(/[^/]*)*$", max_length=512, description='JSON pointer to the history; "" is the whole file')
]


class Sampling(ClaimModel):
    """How batches were drawn; `rate`, or `batch_size` with `dataset_size`.

    `max_batch_size` is where a Poisson sample that came out larger is cut.
    """

    scheme: Scheme
    batch_size: Records | None = None
    dataset_size: Records | None = None
    rate: Rate | None = None
    max_batch_size: Records | None = None

    @model_validator(mode="after")
    def _rate_is_stated_once(self) -> Sampling:
        if self.rate is not None and self.batch_size is not None:
            raise ValueError("state either rate or batch_size, not both")
        if self.batch_size is not None and self.dataset_size is not None and self.batch_size > self.dataset_size:
            raise ValueError(f"batch_size {self.batch_size} is larger than dataset_size {self.dataset_size}")
        if self.scheme != "full-batch" and self.rate is None and None in (self.batch_size, self.dataset_size):
            raise ValueError("batch_size and dataset_size, or rate, are needed to know how often a record was used")
        if self.max_batch_size is not None and self.scheme != "truncated-poisson":
            raise ValueError("batches that are cut to max_batch_size are of the scheme truncated-poisson")
        return self


class EvidenceFile(ClaimModel):
    """A file of the training run, and where in it values of this phase stand.

    `map` names the places of single values, `history` that of an Opacus accountant's list of noise, rate and steps.
    With `commit` the file counts as it was then.
    """

    file: RelativePath
    map: Annotated[dict[Parameter, Pointer], Field(min_length=1)] | None = None
    history: HistoryPointer | None = None
    commit: Commit | None = None

    @model_validator(mode="after")
    def _map_or_history(self) -> EvidenceFile:
        if (self.map is None) == (self.history is None):
            raise ValueError("state either map or history")
        return self


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


class TreePhase(PhaseClaims):
    """Sums released through a tree of noisy nodes (DP-FTRL); one record is in one step of each tree at most.

    `steps` are those of one tree, `trees` how often a new one was begun; the noise is that of each node.
    """

    mechanism: Literal["tree-aggregation"]
    noise_multiplier: Noise
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    steps: Steps
    trees: Annotated[int, Field(ge=1, le=10**6)]


class RapporPhase(PhaseClaims):
    """The permanent randomized response of RAPPOR; `steps` are the values of one unit that were ever reported on."""

    mechanism: Literal["rappor"]
    hashes: Annotated[int, Field(ge=1, le=10**3, description="hash functions of the Bloom filter")]
    flip_probability: Annotated[float, Field(gt=0, le=1, description="f: half of it turns a bit to the wrong value")]
    steps: Steps


class DeclaredPhase(PhaseClaims):
    """A mechanism that nothing is known of but its claim: no claim over it is proven."""

    mechanism: Literal["declared"]
    epsilon: Epsilon | None = None
    delta: Annotated[float, Field(ge=0, lt=1)] | None = None
    noise_multiplier: Noise | None = None
    steps: Steps | None = None


Phase: TypeAlias = (
    DpSgdPhase | GaussianPhase | LaplacePhase | TreePhase | ZcdpPhase | KrrPhase | RapporPhase | DeclaredPhase
)
