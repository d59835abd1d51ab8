"""Lineage: every training input is named, hashed, licensed, and goes back to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.fingerprint.facts import FileDigest
from policy_gate.areas.lineage import (
    checks,
    checks_terms,
    collect,
    collect_digests,
    collect_lists,
    collect_personal,
    collect_records,
    collect_release,
    collect_terms,
)
from policy_gate.areas.lineage.checks_terms import LicenseLists, TermLimits
from policy_gate.areas.lineage.facts import (
    DatasetRecords,
    LineageGraph,
    NodeDigest,
    NodeLicense,
    NodeOrigin,
    NodeTerm,
    PersonalDataset,
    PersonList,
    ReleasedArtifact,
    ReleaseLicense,
    StatedDay,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


def _lineage_claims() -> type[BaseModel]:
    from policy_gate.areas.lineage.claims import LineageClaims

    return LineageClaims


AREA = Area(
    name="lineage",
    sections={"lineage": _lineage_claims},
    collectors=(
        Collector(run=collect.graph, gives=(LineageGraph, NodeOrigin)),
        Collector(run=collect_release.released_artifacts, gives=(ReleasedArtifact,), takes=(FileDigest,)),
        Collector(run=collect_digests.node_digests, gives=(NodeDigest,)),
        Collector(run=collect_records.dataset_records, gives=(DatasetRecords,)),
        Collector(run=collect_lists.person_lists, gives=(PersonList,)),
        Collector(run=collect_terms.node_licenses, gives=(NodeLicense,)),
        Collector(run=collect_terms.release_licenses, gives=(ReleaseLicense,)),
        Collector(run=collect_terms.node_terms, gives=(NodeTerm,)),
        Collector(run=collect_terms.stated_days, gives=(StatedDay,)),
        Collector(run=collect_personal.personal_datasets, gives=(PersonalDataset,)),
    ),
    checks={
        "lineage.digest_holds": Check(function=checks.digest_holds, judges=NodeDigest),
        "lineage.records_listed": Check(function=checks.records_listed, judges=DatasetRecords),
        "lineage.acyclic": Check(function=checks.acyclic, judges=LineageGraph),
        "lineage.reaches_source": Check(function=checks.reaches_source, judges=NodeOrigin),
        "lineage.license_is_spdx": Check(function=checks_terms.license_is_spdx, judges=NodeLicense),
        "lineage.license_allowed": Check(
            function=checks_terms.license_allowed, judges=NodeLicense, limits=LicenseLists
        ),
        "lineage.term_not_over": Check(function=checks_terms.term_not_over, judges=NodeTerm, limits=TermLimits),
        "lineage.not_in_future": Check(function=checks_terms.not_in_future, judges=StatedDay),
        "lineage.release_license_is_spdx": Check(function=checks_terms.release_license_is_spdx, judges=ReleaseLicense),
        "lineage.artifact_in_graph": Check(function=checks.artifact_in_graph, judges=ReleasedArtifact),
        "lineage.no_orphans": Check(function=checks.no_orphans, judges=LineageGraph),
    },
)
