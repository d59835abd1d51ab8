"""The peers of the fail-open table: their document, their policies in their own languages, and their exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from run import peer

DOCUMENT = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: keyword-spotting, namespace: releases}
privacy:
  claim: {epsilon: 4.3, delta: 1.0e-6}
cost:
  - {target: node-v2, macs: 2656768}
signatures:
  - {key: a, alg: ed25519}
  - {key: b, alg: ed25519}
"""

CHECK = """\
metadata: {{id: {id}, name: a rule of this table, category: GENERAL_SECURITY}}
definition:
  cond_type: attribute
  resource_types: [ReleaseManifest]
  attribute: {attribute}
  operator: {operator}
  value: {value}
"""


def _check(number: int, attribute: str, operator: str, value: str) -> str:
    return CHECK.format(id=f"CKV2_GATE_{number}", attribute=attribute, operator=operator, value=value)


EPSILON_CHECK = _check(1, "privacy.claim.epsilon", "less_than_or_equal", "10")
MACS_CHECK = _check(2, "cost.*.macs", "less_than_or_equal", "3000000")
ALGORITHM_CHECK = _check(3, "signatures.*.alg", "within", "[ed25519]")

SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["kind", "privacy", "cost", "signatures"],
    "properties": {
        "kind": {"const": "ReleaseManifest"},
        "privacy": {
            "type": "object",
            "required": ["claim"],
            "properties": {
                "claim": {
                    "type": "object",
                    "required": ["epsilon"],
                    "properties": {"epsilon": {"type": "number", "maximum": 10}},
                }
            },
        },
        "cost": {"items": {"required": ["macs"], "properties": {"macs": {"type": "integer", "maximum": 3_000_000}}}},
        "signatures": {"items": {"required": ["alg"], "properties": {"alg": {"enum": ["ed25519"]}}}},
    },
}

REGO = """\
package main

import rego.v1

deny contains "epsilon is above the limit" if input.privacy.claim.epsilon > 10

deny contains "cost is above the limit" if {
	some entry in input.cost
	entry.macs > 3000000
}

deny contains "an algorithm is not allowed" if {
	some signature in input.signatures
	not signature.alg in {"ed25519"}
}
"""

REGO_OF_OTHERS = """\
package main

import rego.v1

deny contains "epsilon is above the limit" if {
	input.kind == "OtherManifest"
	input.privacy.claim.epsilon > 10
}
"""


@dataclass(frozen=True, kw_only=True)
class PeerPolicy:
    """One policy in three languages; files by name, none for an empty folder."""

    checkov: Mapping[str, str]
    schema: str
    rego: Mapping[str, str]


def _schema(before: str = "", after: str = "") -> str:
    return json.dumps(SCHEMA).replace(before, after, 1) if before else json.dumps(SCHEMA)


USUAL = PeerPolicy(
    checkov={"epsilon.yaml": EPSILON_CHECK, "macs.yaml": MACS_CHECK, "algorithm.yaml": ALGORITHM_CHECK},
    schema=_schema(),
    rego={"policy.rego": REGO},
)


def _with_epsilon(checkov: str, schema: tuple[str, str], rego: tuple[str, str]) -> PeerPolicy:
    return replace(
        USUAL,
        checkov={**USUAL.checkov, "epsilon.yaml": checkov},
        schema=_schema(*schema),
        rego={"policy.rego": REGO.replace(*rego)},
    )


POLICIES = {
    "usual": USUAL,
    "low limit": _with_epsilon(
        EPSILON_CHECK.replace("value: 10", "value: 4"),
        ('"maximum": 10', '"maximum": 4'),
        ("epsilon > 10", "epsilon > 4"),
    ),
    "unknown operator": _with_epsilon(
        EPSILON_CHECK.replace("less_than_or_equal", "at_most"),
        ('"maximum": 10', '"at_most": 10'),
        ("input.privacy.claim.epsilon > 10", "not at_most(input.privacy.claim.epsilon, 10)"),
    ),
    "text limit": _with_epsilon(
        EPSILON_CHECK.replace("value: 10", 'value: "ten"'),
        ('"maximum": 10', '"maximum": "ten"'),
        ("epsilon > 10", 'epsilon > "ten"'),
    ),
    "misspelt path": _with_epsilon(
        EPSILON_CHECK.replace("claim.epsilon", "claim.epsilonn"),
        ('{"epsilon": {"type"', '{"epsilonn": {"type"'),
        ("claim.epsilon", "claim.epsilonn"),
    ),
    "other kind": PeerPolicy(
        checkov={"epsilon.yaml": EPSILON_CHECK.replace("ReleaseManifest", "OtherManifest")},
        schema=json.dumps({"if": {"properties": {"kind": {"const": "OtherManifest"}}}, "then": SCHEMA}),
        rego={"policy.rego": REGO_OF_OTHERS},
    ),
    "empty": PeerPolicy(checkov={}, schema="{}", rego={}),
    "no rule": PeerPolicy(
        checkov={"none.yaml": "[]\n"}, schema='{"properties": {}}', rego={"none.rego": "package main\n"}
    ),
    "empty file": PeerPolicy(checkov={"none.yaml": ""}, schema="", rego={"none.rego": ""}),
}
"""For JSON Schema an empty folder is a schema that says nothing: it has no folders."""


def present_peers() -> tuple[str, ...]:
    """The peers that can be run here: two are installed on demand, conftest is taken where its binary is."""
    return ("checkov", "check-jsonschema", *(("conftest",) if shutil.which("conftest") else ()))


def ask_peer(name: str, edit: tuple[str, str] | None, policy: str, folder: Path) -> int:
    """The exit code of a peer for the document, edited, under one of the policies."""
    folder.mkdir(parents=True)
    release = folder / "releases"
    release.mkdir()
    if edit is not None:
        (release / "release.yaml").write_text(_edited(*edit))
    argv = {"checkov": _checkov, "check-jsonschema": _check_jsonschema, "conftest": _conftest}[name](
        POLICIES[policy], folder, release
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True).returncode


def _edited(before: str, after: str) -> str:
    if before and DOCUMENT.count(before) != 1:
        raise SystemExit(f"the peers' document has no single {before!r}")
    return DOCUMENT.replace(before, after) if before else DOCUMENT


def _files(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def _checkov(policy: PeerPolicy, folder: Path, release: Path) -> list[str]:
    checks = _files(folder / "checks", policy.checkov)
    # Without its many own checks, which are about other things than releases.
    options = ["--framework", "kubernetes", "--external-checks-dir", str(checks), "--skip-download", "--quiet"]
    return [str(peer("checkov") / "checkov"), "-d", str(release), *options]


def _check_jsonschema(policy: PeerPolicy, folder: Path, release: Path) -> list[str]:
    (folder / "schema.json").write_text(policy.schema)
    documents = [str(path) for path in release.iterdir()]
    return [str(peer("check-jsonschema") / "check-jsonschema"), "--schemafile", str(folder / "schema.json"), *documents]


def _conftest(policy: PeerPolicy, folder: Path, release: Path) -> list[str]:
    rules = _files(folder / "rules", policy.rego)
    return ["conftest", "test", "--no-color", "--policy", str(rules), str(release)]
