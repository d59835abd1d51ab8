"""What a manifest claims its models are: the digests of scheme pgfp-1, by artifact."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, RootModel, model_validator

from policy_gate.manifest.claims import ClaimModel, Digest, Identifier


class Fingerprint(ClaimModel):
    """The sides of one model's identity that the release vouches for: at least one of them."""

    scheme: Literal["pgfp-1"]
    weights: Digest | None = None
    structure: Digest | None = None
    bound: Digest | None = None
    interface: Digest | None = None
    operators: Digest | None = None

    @model_validator(mode="after")
    def _states_a_side(self) -> Self:
        """A fingerprint without a side could never differ from anything."""
        if not self.stated():
            raise ValueError("it states none of weights, structure, bound, interface, operators")
        return self

    def stated(self) -> dict[str, str]:
        """The claimed digest of each side that is stated, in the order of the fields."""
        sides = {name: getattr(self, name) for name in type(self).model_fields if name != "scheme"}
        return {name: claimed for name, claimed in sides.items() if claimed is not None}


class Fingerprints(RootModel[dict[Identifier, Fingerprint]]):
    """The fingerprint of each model, by the id of its artifact."""

    model_config = ConfigDict(frozen=True, strict=True)
