"""What a manifest claims of its privacy: the guarantee, whom it protects, and the phases that spent it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from policy_gate.areas.privacy.claims_documents import Assessment, SpecialCategories
from policy_gate.areas.privacy.claims_phases import Delta, Epsilon, Phase, Records
from policy_gate.manifest.claims import ClaimModel, Identifier, Items, RelativePath, Text

MAX_PHASES = 16
Adjacency = Literal["add-or-remove-one", "replace-one", "replace-special"]


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


class Tuning(ClaimModel):
    """How hyper-parameters were found; trials on private data spend budget too.

    `trials` counts every run on private data, the released one too; `mean_trials` is the mean where their number was
    drawn by `selection`. `scored_on` says what the runs were compared on: public data, or noisy scores that are phases.
    """

    data: Literal["public", "private"]
    trials: Annotated[int, Field(ge=0, le=10**9)] | None = None
    selection: Literal["geometric", "poisson", "fixed"] | None = None
    mean_trials: Annotated[float, Field(ge=1, le=1e9)] | None = None
    scored_on: Literal["public", "phases"] | None = None

    @model_validator(mode="after")
    def _one_number_of_trials(self) -> Tuning:
        if self.trials is not None and self.mean_trials is not None:
            raise ValueError("state either trials or mean_trials, not both")
        drawn = self.selection in ("geometric", "poisson")
        if drawn and self.trials is not None:
            raise ValueError(f"{self.selection} trials have a mean: state mean_trials instead of trials")
        if self.mean_trials is not None and not drawn:
            raise ValueError("mean_trials needs the distribution of their number: selection geometric or poisson")
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
    purpose: Text | None = None
    special_categories: SpecialCategories | None = None
    assessment: Assessment | None = None

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
