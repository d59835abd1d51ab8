"""Fingerprint: the files and models of the release are the ones the manifest names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.fingerprint import checks, collect, collect_models
from policy_gate.areas.fingerprint.facts import (
    ClaimedDigest,
    ClaimedSize,
    ExternalFiles,
    FileDigest,
    FileList,
    ModelIdentity,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


def _fingerprints() -> type[BaseModel]:
    from policy_gate.areas.fingerprint.claims import Fingerprints

    return Fingerprints


AREA = Area(
    name="fingerprint",
    sections={"fingerprints": _fingerprints},
    collectors=(
        Collector(run=collect.file_digests, gives=(FileDigest, ClaimedDigest, ClaimedSize)),
        Collector(run=collect.file_list, gives=(FileList,)),
        Collector(run=collect_models.identities, gives=(ModelIdentity,)),
        Collector(run=collect_models.external_files, gives=(ExternalFiles,)),
    ),
    checks={
        "fingerprint.digest_matches": Check(function=checks.digest_matches, judges=ClaimedDigest),
        "fingerprint.size_matches": Check(function=checks.size_matches, judges=ClaimedSize),
        "fingerprint.closed_list": Check(function=checks.closed_list, judges=FileList),
        "fingerprint.identity_matches": Check(function=checks.identity_matches, judges=ModelIdentity),
        "fingerprint.external_listed": Check(function=checks.external_listed, judges=ExternalFiles),
    },
)
