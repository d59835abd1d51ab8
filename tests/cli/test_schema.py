"""`schema`: what an editor accepts and refuses is what the gate accepts and refuses."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft7Validator

from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.errors import GateError
from policy_gate.manifest import decode_manifest

KINDS = ("manifest", "policy", "config", "trust")
DIGEST = "sha256:" + "0" * 64

GOOD = {
    "apiVersion": "policy-gate/v1alpha1",
    "kind": "ReleaseManifest",
    "metadata": {"name": "kws", "version": "1.0", "sequence": 1, "license": "Apache-2.0"},
    "bundle": {"root": "model"},
    "artifacts": [{"id": "kws", "path": "model/kws.onnx", "size": 1, "digest": DIGEST}],
    "targets": [{"id": "node", "runs": ["kws"], "device": {"class": "m7"}, "dimensions": {"N": 1}}],
    "rollback": {"to": {"version": "0.9", "sequence": 0, "manifest": DIGEST}, "min_sequence": 0},
    "signing": {"release": "signatures/release.dsse.json"},
}


@pytest.fixture(scope="module")
def manifest_schema() -> Draft7Validator:
    from policy_gate.schemas import schema

    return Draft7Validator(schema("manifest"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_valid_draft_07_with_words(kind, run) -> None:
    done = run("schema", kind)
    assert done.code == 0
    drawn = json.loads(done.out)
    assert drawn["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert drawn["title"]
    Draft7Validator.check_schema(drawn)
    assert "$defs" not in done.out


@pytest.mark.parametrize("kind", KINDS)
def test_every_reference_of_a_schema_leads_somewhere(kind, run) -> None:
    text = run("schema", kind).out
    drawn = json.loads(text)
    wanted = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert wanted <= set(drawn.get("definitions", {}))


def accepted(manifest: dict) -> bool:
    try:
        decode_manifest(load(json.dumps(manifest).encode(), "release.json"), sections())
    except GateError:
        return False
    return True


def changed(pointer: str, value: object) -> dict:
    made = copy.deepcopy(GOOD)
    *above, last = pointer.split("/")
    inner = made
    for part in above:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return made


def test_schema_and_gate_accept_the_good_manifest(manifest_schema) -> None:
    assert accepted(GOOD)
    assert not list(manifest_schema.iter_errors(GOOD))


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("apiVersion", "v1"),
        ("kind", "Manifest"),
        ("kind", ...),
        ("metadata", ...),
        ("metadata/name", "two words"),
        ("metadata/name", ...),
        ("metadata/version", 1),
        ("metadata/version", ""),
        ("metadata/sequence", -1),
        ("metadata/sequence", "1"),
        ("metadata/sequence", True),
        ("metadata/sequence", 2**53),
        ("metadata/sequence", 1.5),
        ("metadata/licence", "MIT"),
        ("artifacts", []),
        ("artifacts", {}),
        ("artifacts/0/digest", DIGEST.upper()),
        ("artifacts/0/digest", "sha256:0"),
        ("artifacts/0/size", -1),
        ("artifacts/0/role", "firmware"),
        ("artifacts/0/path", ""),
        ("artifacts/0/path", "a" * 1025),
        ("artifacts/0/color", "red"),
        ("targets/0/runs", []),
        ("targets/0/dimensions", {"N": 0}),
        ("targets/0/device", {"klass": "m7"}),
        ("rollback/to", ...),
        ("signing/release", 5),
        ("artefacts", []),
        ("privacy", []),
        ("lineage", "none"),
    ],
)
def test_schema_and_gate_refuse_the_same(pointer, value, manifest_schema) -> None:
    wrong = changed(pointer, value)
    assert not accepted(wrong)
    assert list(manifest_schema.iter_errors(wrong))


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("metadata/created", "2026-11-20T09:14:03Z"), ("artifacts/0/role", "asset"), ("targets", []), ("bundle", ...)],
)
def test_schema_and_gate_accept_the_same(pointer, value, manifest_schema) -> None:
    right = changed(pointer, value)
    assert accepted(right)
    assert not list(manifest_schema.iter_errors(right))


def test_every_shipped_pack_fits_the_schema_of_policies(run) -> None:
    import yaml

    from policy_gate.policy.packs import builtin_folder

    validator = Draft7Validator(json.loads(run("schema", "policy").out))
    for pack in builtin_folder().glob("*.yaml"):
        errors = list(validator.iter_errors(yaml.safe_load(pack.read_text(encoding="utf-8"))))
        assert not errors, f"{pack.name}: {errors[0].message}"


def test_the_drafted_configuration_fits_the_schema_of_configurations(run) -> None:
    import yaml

    from policy_gate.draft import CONFIGURATION

    validator = Draft7Validator(json.loads(run("schema", "config").out))
    assert not list(validator.iter_errors(yaml.safe_load(CONFIGURATION)))
