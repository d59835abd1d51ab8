"""The release manifest: the claims every area shares, and the sections each area owns."""

from policy_gate.manifest.claims import Artifact, Bundle, ClaimModel, Items, Metadata, Target
from policy_gate.manifest.decode import Manifest, SectionType, decode_manifest

__all__ = [
    "Artifact",
    "Bundle",
    "ClaimModel",
    "Items",
    "Manifest",
    "Metadata",
    "SectionType",
    "Target",
    "decode_manifest",
]
