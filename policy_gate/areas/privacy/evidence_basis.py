"""How the parameters behind an epsilon are known: a builder attests every one of them, or they are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.areas.privacy.facts import PhaseDataset, PhaseEvidence
from policy_gate.model import Basis

if TYPE_CHECKING:
    from policy_gate.area import Evidence
    from policy_gate.areas.privacy.claims import PrivacyClaims


def basis_of_parameters(evidence: Evidence, claims: PrivacyClaims) -> Basis:
    """Attested where a builder signed for each stated parameter; files of one change may agree in what is wrong.

    The size of the data needs nobody's word where its records are counted.
    """
    from policy_gate.areas.privacy.evidence_files import stated_parameters  # only a manifest with a claim pays

    found = evidence.facts.known(PhaseEvidence)
    known = {(one.subject.names, one.parameter) for one in found if one.agrees and one.attested_by}
    known |= {
        (one.subject.names, "sampling.dataset_size")
        for one in evidence.facts.known(PhaseDataset)
        if one.basis is Basis.RECOMPUTED and one.claimed == one.records
    }
    known -= {(one.subject.names, one.parameter) for one in found if not one.agrees}
    stated = {((phase.id,), parameter) for phase in claims.phases for parameter in stated_parameters(phase)}
    return Basis.ATTESTED if stated and stated <= known else Basis.DECLARED
