"""What a manifest names: nothing that it relies on escapes the signature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy_gate.catalogue import SECTION_OWNERS, sections
from policy_gate.document import load
from policy_gate.manifest import Manifest, decode_manifest
from policy_gate.manifest.claims import CoreClaims, RelativePath
from policy_gate.manifest.named import _is_path, named_files, named_places

PATH_WORDS = RelativePath.__metadata__[0].description
LEDGER = ("privacy", "ledger")
"""It grows with every release; its own chain and the base prove it."""
FOLDERS = {("bundle", "root"), ("lineage", "nodes", "digest", "tree")}

MANIFEST = """
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws-en, version: "1.4.0", sequence: 41}
bundle: {root: model}
artifacts:
  - {id: kws, path: model/kws.onnx}
  - {id: labels, path: model/labels.txt, role: asset}
targets: [{id: node, runs: [kws]}]
quality: [{target: node, artifact: kws, metric: top1, value: 0.9, evidence: evidence/bench.json}]
compatibility: [{target: node, artifact: kws, evidence: evidence/test.json, required: [boots]}]
documents: [{path: docs/model-card.md, approval: evidence/approval.json}]
attestations: [{type: "https://slsa.dev/provenance/v1", path: evidence/build.json, subjects: [kws]}]
signing: {release: signatures/release.dsse.json, model: signatures/model.json}
"""


def manifest(text: str = MANIFEST) -> Manifest:
    return decode_manifest(load(text.encode(), "release.yaml"), sections())


def test_artifacts_documents_approvals_evidence_and_attestations_are_named():
    assert named_files(manifest()) == (
        "docs/model-card.md",
        "evidence/approval.json",
        "evidence/bench.json",
        "evidence/build.json",
        "evidence/test.json",
        "model/kws.onnx",
        "model/labels.txt",
    )


def test_a_signature_is_not_named_because_it_cannot_cover_itself():
    assert not any("signatures/" in path for path in named_files(manifest()))


def test_only_approvals_attestations_and_evidence_prove_something():
    proofs = {named.path for named in named_places(manifest()) if named.proves}
    assert proofs == {
        "evidence/approval.json",
        "evidence/bench.json",
        "evidence/build.json",
        "evidence/test.json",
    }


def test_each_named_file_has_the_place_that_names_it():
    found = manifest()
    for named in named_places(found):
        assert found.document.get(named.pointer) == named.path


LINEAGE = """
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws-en, version: "1.4.0", sequence: 41}
artifacts: [{id: kws, path: model/kws.onnx}]
lineage:
  asof: "2026-11-01"
  nodes:
    - id: dataset:speech
      type: source
      path: data/speech.csv
      license: {expression: CC-BY-4.0, text: data/speech.licence.txt}
      digest: {dvc: data/speech.dvc}
      croissant: data/speech.croissant.json
      legal_basis: {kind: consent, withdrawals: data/withdrawals.csv}
      record_digests: data/speech.sha256
  activities:
    - id: train
      uses: [dataset:speech]
      generates: []
      code: {commit: "0123456789012345678901234567890123456789", path: src/train.py}
      params: {file: params.yaml, pointer: /train}
"""


def test_the_files_of_a_lineage_are_named_but_code_is_bound_by_its_commit():
    document = load(LINEAGE.encode(), "release.yaml")
    raw = decode_manifest(load(MANIFEST.encode(), "release.yaml"), sections())
    found = named_files(
        Manifest(
            document=document,
            digest="",
            metadata=raw.metadata,
            bundle=None,
            artifacts=(),
            targets=(),
            sections={},
        )
    )
    assert found == (
        "data/speech.croissant.json",
        "data/speech.csv",
        "data/speech.dvc",
        "data/speech.licence.txt",
        "data/speech.sha256",
        "data/withdrawals.csv",
        "model/kws.onnx",
        "params.yaml",
    )


def test_words_that_only_look_like_paths_are_not_named():
    text = """
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws-en, version: "1.4.0", sequence: 41, license: Apache-2.0}
artifacts: [{id: evidence, path: model/kws.onnx, derived_from: {artifact: evidence, by: file}}]
rollback: {to: {version: "1.3.2", sequence: 38, manifest: "sha256:%s"}}
""" % ("0" * 64)
    assert named_files(manifest(text)) == ("model/kws.onnx",)


def paths_of(schema: dict[str, Any], definitions: dict[str, Any], keys: tuple[str, ...] = ()):
    """The key paths of every field of type RelativePath in a JSON schema."""
    if schema.get("description") == PATH_WORDS:
        yield keys
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if len(keys) < 12:
            yield from paths_of(definitions[name], definitions, keys)
    items = [schema["items"]] if "items" in schema else []
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *items):
        yield from paths_of(inner, definitions, keys)
    for key, inner in schema.get("properties", {}).items():
        yield from paths_of(inner, definitions, (*keys, key))


@pytest.mark.parametrize("section", ["", *SECTION_OWNERS])
def test_every_path_that_any_section_of_a_manifest_can_claim_is_covered_or_left_out_on_purpose(section):
    model = sections()[section]() if section else CoreClaims
    schema = model.model_json_schema()
    for keys in paths_of(schema, schema.get("$defs", {}), (section,) if section else ()):
        on_purpose = keys[0] == "signing" or keys[-2:] == ("code", "path") or keys in (*FOLDERS, LEDGER)
        assert _is_path(keys) != on_purpose, keys


def test_the_search_for_paths_finds_those_that_are_known():
    schema = sections()["documents"]().model_json_schema()
    assert set(paths_of(schema, schema["$defs"], ("documents",))) == {("documents", "path"), ("documents", "approval")}


@pytest.mark.parametrize(("commit", "covered"), [("", True), (f", commit: {'a' * 40}", False), (", commit: 1", True)])
def test_a_file_of_a_training_is_covered_unless_a_commit_binds_it(commit, covered):
    phase = f"{{id: train, evidence: [{{file: configs/train.yaml{commit}}}]}}"
    document = load(f"{MANIFEST}privacy: {{phases: [{phase}]}}\n".encode(), "release.yaml")
    places = named_places(replace(manifest(), document=document))
    assert ("configs/train.yaml" in {named.path for named in places}) is covered


def test_a_commit_elsewhere_leaves_no_file_out():
    text = MANIFEST.replace("approval: evidence/approval.json", f"commit: {'a' * 40}, approval: evidence/approval.json")
    document = load(text.encode(), "release.yaml")
    places = named_places(replace(manifest(), document=document))
    assert "docs/model-card.md" in {named.path for named in places}
