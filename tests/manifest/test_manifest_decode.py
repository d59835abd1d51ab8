from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_world import FULL, SMALLEST, decoded, digest, place_of, problems

from policy_gate.catalogue import SECTION_OWNERS, sections
from policy_gate.document import load
from policy_gate.document.rules import shown
from policy_gate.errors import ManifestError, Problem
from policy_gate.manifest import decode_manifest
from policy_gate.manifest.claims import MAX_SEQUENCE
from policy_gate.manifest.decode import known_keys

KNOWN = known_keys(sections())


def test_every_broken_section_of_every_area_is_reported_in_one_run_each_at_its_place():
    text = FULL
    broken = {
        "sequence: 41 ": "sequence: -1 ",
        "scheme: pgfp-1": "scheme: pgfp-9",
        "ram_kib: 61": 'ram_kib: "61"',
        "value: 0.912": "value: high",
        "steps: 6640": "steps: 0.5",
        "type: source": "type: sauce",
        "retention_days: 30": "retention_days: -1",
        "release: signatures/release.dsse.json": "relaese: signatures/release.dsse.json",
        "sequence: 38": "sequence: true",
        'valid_until: "2027-11-20"': 'valid_until: "2027-02-30"',
    }
    for right, wrong in broken.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    found = problems(text)
    places = {(one.line, one.column) for one in found}
    for wrong in broken.values():
        line, column = place_of(text, wrong)
        key_or_value = {(line, column), (line, column + wrong.index(": ") + 2)}
        assert places & key_or_value, wrong
    assert list(found) == sorted(found, key=lambda one: (one.line, one.column, one.message))
    assert {one.path for one in found} == {"release.yaml"}


@pytest.mark.parametrize(
    ("key", "meant"),
    [("artefacts", "artifacts"), ("bundel", "bundle"), ("fingerprint", "fingerprints"), ("Telemetry", "telemetry")],
)
def test_an_unknown_key_is_refused_at_its_place_with_the_nearest_one(key, meant):
    text = f"{SMALLEST}\n{key}: []\n"
    (problem,) = problems(text)
    assert problem.message == f"unknown field '{key}'"
    assert problem.hint == f"did you mean '{meant}'?"
    assert (problem.line, problem.column) == place_of(text, f"{key}: []")


@pytest.mark.parametrize("key", ["a/b", "a~b", "~1", "/", "a~1b/~0", "art/facts"])
def test_an_unknown_key_with_the_signs_of_a_pointer_is_refused_at_its_place(key):
    text = f'{SMALLEST}"{key}": 1\n'
    (problem,) = problems(text)
    assert f"'{key}'" in problem.message
    assert (problem.line, problem.column) == place_of(text, f'"{key}"')


def test_a_key_like_no_other_gets_the_list_of_known_ones():
    (problem,) = problems(f"{SMALLEST}zzzzzz: 1\n")
    assert problem.hint == f"known keys: {', '.join(KNOWN)}"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_no_key_but_a_known_one_is_taken(key):
    if key in KNOWN:
        return
    content = {"apiVersion": "policy-gate/v1alpha1", "kind": "ReleaseManifest", key: None}
    content |= {"metadata": {"name": "k", "version": "1", "sequence": 1}, "artifacts": [{"id": "k", "path": "k"}]}
    (problem,) = problems(json.dumps(content), "release.json")
    assert problem.message.startswith("unknown field")


def test_an_id_given_twice_is_refused_where_it_stands_the_second_time():
    text = SMALLEST.replace("targets:", "  - {id: kws, path: other.onnx}\ntargets:").replace(
        "  - {id: node-v2, runs: [kws]}", "  - {id: node-v2, runs: [kws]}\n  - {id: node-v2, runs: [kws]}"
    )
    found = problems(text)
    assert [one.message for one in found] == [
        "id 'kws' is already used in artifacts",
        "id 'node-v2' is already used in targets",
    ]
    second = text.index("kws, path: other")
    assert (found[0].line, found[0].column) == place_of(text, "kws, path: other")
    assert (found[1].line, found[1].column) == place_of(text, "node-v2", text.rindex("node-v2"))
    assert second < text.rindex("node-v2")


def test_a_target_that_runs_no_artifact_of_the_release_gets_the_nearest_name():
    text = SMALLEST.replace("runs: [kws]", "runs: [kws, kwz]")
    (problem,) = problems(text)
    assert problem.message == "'kwz' is no artifact of this manifest"
    assert problem.hint == "did you mean 'kws'?"
    assert (problem.line, problem.column) == place_of(text, "kwz")


def test_an_artifact_derived_from_nothing_of_the_release_is_refused():
    text = SMALLEST.replace("path: model/kws.onnx", "path: model/kws.onnx, derived_from: {artifact: teacher, by: ptq}")
    (problem,) = problems(text)
    assert problem.hint == "artifacts: kws"
    assert (problem.line, problem.column) == place_of(text, "teacher")


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("sequence: 41", "sequence: true", "metadata.sequence is true; it should be a whole number"),
        ("sequence: 41", "sequence: 41.0", "metadata.sequence is 41.0; it should be a whole number"),
        ("sequence: 41", 'sequence: "41"', "metadata.sequence is '41'; it should be a whole number"),
        ("sequence: 41", "sequence: null", "metadata.sequence is null; it should be a whole number"),
        ("sequence: 41", "sequence: -1", "metadata.sequence is -1; it should be at least 0"),
        ("sequence: 41", f"sequence: {MAX_SEQUENCE + 1}", f"it should be at most {MAX_SEQUENCE}"),
        ('version: "1.4.0"', "version: 1.4", "metadata.version is 1.4; it should be text"),
        ('version: "1.4.0"', 'version: ""', "metadata.version is ''; it should be at least 1 characters long"),
        ("name: kws-en", "name: ../kws", "metadata.name is '../kws'; it should be letters, digits"),
        ("path: model/kws.onnx", "path: model/kws.onnx, size: '9'", "artifacts[0].size is '9'"),
        ("path: model/kws.onnx", "path: model/kws.onnx, size: true", "artifacts[0].size is true"),
        ("path: model/kws.onnx", "path: model/kws.onnx, size: -1", "artifacts[0].size is -1"),
        ("path: model/kws.onnx", "path: model/kws.onnx, role: data", "artifacts[0].role is 'data'"),
        ("path: model/kws.onnx", "path: [model]", "artifacts[0].path is a list of one; it should be text"),
        ("runs: [kws]", "runs: kws", "targets[0].runs is 'kws'; it should be a list"),
        ("runs: [kws]", "runs: []", "targets[0].runs is a list of 0; it should be at least 1 entries long"),
        ("runs: [kws]", "runs: [kws], dimensions: {N: 0}", "targets[0].dimensions.N is 0; it should be at least 1"),
        ("runs: [kws]", "runs: [kws], dimensions: {N: true}", "targets[0].dimensions.N is true"),
        ("kind: ReleaseManifest", "kind: ReleaseManifests", "kind is 'ReleaseManifests'"),
        ("policy-gate/v1alpha1", "policy-gate/v1", "apiVersion is 'policy-gate/v1'"),
    ],
)
def test_no_type_is_converted_and_the_place_is_exact(right, wrong, words):
    text = SMALLEST.replace(right, wrong, 1)
    (problem,) = [one for one in problems(text) if words in one.message]
    line, column = place_of(text, wrong)
    assert problem.line == line
    assert column <= problem.column <= column + len(wrong)


@pytest.mark.parametrize("key", ["apiVersion", "kind", "metadata", "artifacts"])
def test_a_manifest_without_a_required_part_says_which(key):
    content = load(SMALLEST.encode(), "release.yaml").root
    without = {name: one for name, one in content.items() if name != key}
    found = problems(json.dumps(without), "release.json")
    assert f"the document has no '{key}', which is required" in [one.message for one in found]


@pytest.mark.parametrize("text", ["[]", "null", '"manifest"', "7", "true"])
def test_a_document_that_is_no_mapping_is_refused(text):
    assert "it should be a mapping" in problems(text, "release.json")[0].message


def test_a_release_without_an_artifact_is_refused():
    text = SMALLEST.replace(f'\n  - {{id: kws, path: model/kws.onnx, digest: "{digest("kws")}"}}', " []")
    assert "artifacts is a list of 0" in problems(text)[0].message


@pytest.mark.parametrize("wrong", ["sha256:" + "A" * 64, "sha256:" + "a" * 63, "a" * 64, "sha512:" + "a" * 64, ""])
def test_a_digest_is_sha256_and_64_lower_case_hex_digits(wrong):
    messages = [one.message for one in problems(SMALLEST.replace(digest("kws"), wrong))]
    assert (
        f"artifacts[0].digest is {shown(wrong)}; it should be sha256: followed by 64 lower-case hex digits" in messages
    )


def test_the_smallest_manifest_decodes_and_everything_else_is_absent():
    manifest = decoded(SMALLEST, "releases/en/release.yaml")
    assert (manifest.metadata.name, manifest.metadata.sequence) == ("kws-en", 41)
    assert (manifest.artifacts[0].role, manifest.artifacts[0].size, manifest.bundle) == ("model", None, None)
    assert manifest.targets[0].runs == ("kws",)
    assert manifest.sections == {}
    assert manifest.folder == "releases/en"


def test_the_full_manifest_decodes_into_every_section():
    manifest = decoded(FULL)
    assert set(manifest.sections) == set(SECTION_OWNERS)
    assert manifest.artifacts[1].derived_from.artifact == "kws"
    assert manifest.targets[0].device.class_ == "kws-node-v2"
    assert manifest.targets[0].runtime.compiler.flags == ("-O3",)
    assert manifest.metadata.published_at[0].digest == digest("published")
    assert manifest.sections["fingerprints"].root["kws"].stated()["bound"] == digest("b")


def test_the_digest_of_a_manifest_is_that_of_its_bytes_so_a_comment_changes_it():
    manifest = decoded(SMALLEST)
    assert manifest.digest == f"sha256:{hashlib.sha256(SMALLEST.encode()).hexdigest()}"
    assert decoded(f"{SMALLEST}# reviewed\n").digest != manifest.digest


def test_a_manifest_is_the_same_in_yaml_and_json_but_for_its_bytes():
    content = load(FULL.encode(), "release.yaml").root
    one, other = decoded(FULL), decoded(json.dumps(content), "release.json")
    assert (one.metadata, one.artifacts, one.targets) == (other.metadata, other.artifacts, other.targets)
    assert one.sections == other.sections
    assert one.digest != other.digest


@pytest.mark.parametrize("key", sorted(SECTION_OWNERS))
def test_a_section_that_is_null_is_broken_and_not_absent(key):
    (problem,) = problems(f"{SMALLEST}{key}: null\n")
    assert key in problem.message


def test_claims_cannot_be_changed_after_they_were_judged():
    manifest = decoded(SMALLEST)
    with pytest.raises(ValueError, match="frozen"):
        manifest.metadata.sequence = 42
    with pytest.raises(AttributeError):
        manifest.digest = "sha256:0"


def test_a_section_is_decoded_only_when_its_key_is_there():
    asked = []
    lazy = {key: (lambda key=key, one=one: asked.append(key) or one()) for key, one in sections().items()}
    decode_manifest(load(SMALLEST.encode(), "release.yaml"), lazy)
    assert asked == []
    decode_manifest(load(FULL.encode(), "release.yaml"), lazy)
    assert sorted(asked) == sorted(SECTION_OWNERS)


@pytest.mark.parametrize(
    ("section", "owner"),
    [("", ""), ("bundle: {root: model}", ""), ("rollback: {to: {}}", "release"), ("privacy: {}", "privacy")],
)
def test_an_area_is_not_imported_when_the_manifest_has_none_of_its_sections(section, owner):
    code = f"""
import json, sys
from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.document.rules import shown
from policy_gate.errors import ManifestError, Problem
from policy_gate.manifest import decode_manifest
text = {SMALLEST!r} + {section!r}
try:
    decode_manifest(load(text.encode(), "release.yaml"), sections())
except ManifestError:
    pass
print(json.dumps([name for name in sys.modules if name.startswith("policy_gate.areas.")]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.split(".")[2] for name in json.loads(done.stdout)}
    # An area takes facts of another, so its package may come along; what no section asks for does not.
    assert (owner in imported) if owner else not imported
    if owner == "privacy":
        assert not imported & {"cost", "release"}


def test_a_manifest_of_a_kind_that_is_not_ours_says_so_and_names_the_right_one():
    (problem,) = problems(SMALLEST.replace("kind: ReleaseManifest", "kind: Deployment"))
    assert "'ReleaseManifest'" in problem.message


def test_every_problem_of_references_is_reported_beside_those_of_sections():
    text = SMALLEST.replace("runs: [kws]", "runs: [kwz]") + "rollback: {to: {version: '1'}}\nbundel: 1\n"
    messages = [one.message for one in problems(text)]
    assert "'kwz' is no artifact of this manifest" in messages
    assert "unknown field 'bundel'" in messages
    assert sum(message.startswith("rollback.to has no") for message in messages) == 2


def refusals(text: str) -> tuple[Problem, ...]:
    try:
        decoded(text, "release.json")
    except ManifestError as refused:
        return refused.problems
    return ()


def test_decoding_raises_nothing_but_a_refusal_for_any_json():
    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**60), 2**60)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*KNOWN, "id", "path", "runs", "name", "to", "derived_from"]), inner, max_size=5
                )
            ),
            max_leaves=12,
        )
    )
    def refused_or_taken(content) -> None:
        whole = {**load(SMALLEST.encode(), "release.yaml").root, **(content if isinstance(content, dict) else {})}
        for one in refusals(json.dumps(whole)):
            assert one.line >= 1
            assert one.path == "release.json"

    refused_or_taken()


@pytest.mark.parametrize("operator", ["CONV_2D", "tflite::", "::CONV_2D", "tflite::CONV 2D", "a::b::c", "tflite::\n"])
def test_an_operator_of_a_firmware_is_a_domain_and_a_name(operator):
    document = load(SMALLEST.encode(), "release.yaml").root
    document["targets"][0]["runtime"] = {"name": "engine", "version": "1", "operators": [operator]}
    with pytest.raises(ManifestError, match=r"operators|domain::name"):
        decode_manifest(load(json.dumps(document).encode(), "release.json"), sections())
    document["targets"][0]["runtime"]["operators"] = ["tflite::CONV_2D", "tflite.custom::My-Op"]
    manifest = decode_manifest(load(json.dumps(document).encode(), "release.json"), sections())
    assert manifest.targets[0].runtime.operators == ("tflite::CONV_2D", "tflite.custom::My-Op")
