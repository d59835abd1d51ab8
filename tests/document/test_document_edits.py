"""Edits: only the named lines change, and a second application changes nothing."""

from __future__ import annotations

import difflib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_gate.document import Value, load
from policy_gate.document.edit import Edit, apply_edits, insert_key, replace_scalar
from policy_gate.errors import DocumentError, GateError

MANIFEST = """\
# yaml-language-server: $schema=x
metadata:
  name: kws   # the name
  version: '1.4.0'
artifacts:
  - {id: kws, path: "m/k.onnx", size: 1}   # first
  - id: two
    digest: "sha256:00"

    # about the path
    path: m/two.onnx
bundle: {}
notes: |
  one
  two

last:
"""


def changed(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]


def edited(text: str, *edits: Edit, path: str = "r.yaml") -> str:
    document = load(text.encode(), path)
    after = apply_edits(document, edits)
    assert apply_edits(load(after.encode(), path), edits) == after
    return after


@pytest.mark.parametrize(
    ("pointer", "value", "lines"),
    [
        ("/metadata/name", "other", ["-   name: kws   # the name", "+   name: other   # the name"]),
        ("/metadata/name", "a: b", ["-   name: kws   # the name", '+   name: "a: b"   # the name']),
        ("/metadata/name", "no", ["-   name: kws   # the name", '+   name: "no"   # the name']),
        ("/metadata/name", "2026-11-20", ["-   name: kws   # the name", '+   name: "2026-11-20"   # the name']),
        ("/metadata/version", "1.5.0", ["-   version: '1.4.0'", "+   version: '1.5.0'"]),
        ("/metadata/version", "it's", ["-   version: '1.4.0'", "+   version: 'it''s'"]),
        ("/metadata/version", "a\tb", ["-   version: '1.4.0'", '+   version: "a\\tb"']),
        ("/metadata/version", 2, ["-   version: '1.4.0'", "+   version: 2"]),
        ("/artifacts/1/digest", "sha256:ff", ['-     digest: "sha256:00"', '+     digest: "sha256:ff"']),
        ("/last", True, ["- last:", "+ last: true"]),
        ("/metadata/license", "MIT", ["+   license: MIT"]),
        ("/artifacts/1/license", "sha256:1", ['+     license: "sha256:1"']),
        ("/bundle/root", "model", ["- bundle: {}", "+ bundle: {root: model}"]),
        ("/new", {"a": {"b": ["sha256:1", 1.5, None]}}, ['+ new: {a: {b: ["sha256:1", 1.5, null]}}']),
        ("/metadata/name", "kws", []),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_edit_changes_only_its_line(pointer: str, value: Value, lines: list[str], line_end: str) -> None:
    before = MANIFEST.replace("\n", line_end)
    after = edited(before, Edit(pointer, value))
    assert after.count("\r") == (after.count("\n") if line_end == "\r\n" else 0)
    assert changed(MANIFEST, after.replace("\r\n", "\n")) == lines
    assert load(after.encode(), "r.yaml").get(pointer) == value


def test_many_edits_are_made_at_once() -> None:
    after = edited(
        MANIFEST,
        Edit("/artifacts/0/digest", "sha256:aa", after="path"),
        Edit("/artifacts/0/size", 12345),
        Edit("/notes", "short"),
        Edit("/fingerprints", {"kws": {"scheme": "pgfp-1"}}, after="artifacts"),
        Edit("/privacy", None, after="fingerprints"),
    )
    assert changed(MANIFEST, after) == [
        '-   - {id: kws, path: "m/k.onnx", size: 1}   # first',
        '+   - {id: kws, path: "m/k.onnx", digest: "sha256:aa", size: 12345}   # first',
        "+ fingerprints: {kws: {scheme: pgfp-1}}",
        "+ privacy: null",
        "+ notes: short",
        "- notes: |",
        "-   one",
        "-   two",
    ]


def test_braces_over_many_lines_keep_their_style_and_comments() -> None:
    before = "a: {\n  x: 1,  # one\n  y: 2  # two\n}\nb: {\n  'p': 1,\n}\n"
    after = edited(before, Edit("/a/z", 3), Edit("/a/w", 4, after="x"), Edit("/b/q", 5))
    assert after == "a: {\n  x: 1,  # one\n  w: 4,\n  y: 2,  # two\n  z: 3\n}\nb: {\n  'p': 1,\n  'q': 5,\n}\n"


def test_json_keeps_its_indentation() -> None:
    before = '{\n  "a": 1,\n  "b": {},\n  "c": {"d": [1, "x"]}\n}\n'
    after = edited(
        before, Edit("/e", "\u202e😀"), Edit("/b/x", None), Edit("/c/f", 1, "d"), Edit("/c/d/1", "é"), path="r.json"
    )
    assert after == ('{\n  "a": 1,\n  "b": {"x": null},\n  "c": {"d": [1, "é"], "f": 1},\n  "e": "\\u202e😀"\n}\n')


def test_a_missing_last_line_end_stays_missing() -> None:
    assert edited("a: 1\nb: 2", Edit("/c", 3)) == "a: 1\nb: 2\nc: 3"
    assert edited("a: 1\nb: 2", Edit("/b", 3)) == "a: 1\nb: 3"


def test_a_kept_block_scalar_is_replaced_as_a_whole() -> None:
    assert edited("a: |+\n  x\n\nb: 1\n", Edit("/a", "k")) == "a: k\nb: 1\n"
    assert edited("b:\n  a: |+\n    x\n\n", Edit("/b/c", 1)) == "b:\n  a: |+\n    x\n\n  c: 1\n"


def test_edits_that_name_no_place_are_refused() -> None:
    document = load(MANIFEST.encode(), "r.yaml")
    for edit in (
        Edit("/metadata", 1),
        Edit("/absent/name", 1),
        Edit("/artifacts/2", 1),
        Edit("/metadata/name/x", 1),
        Edit("/metadata/x", 1, after="absent"),
        Edit("/metadata/dіgest", 1),
        Edit("/metadata/name", float("nan")),
        Edit("/metadata/name", "\ud800"),
        Edit("/metadata/name", 2**64),
        Edit("", "x"),
    ):
        with pytest.raises(GateError):
            apply_edits(document, [edit])


def test_a_key_that_is_there_is_not_inserted_and_one_that_is_absent_not_replaced() -> None:
    document = load(MANIFEST.encode(), "r.yaml")
    with pytest.raises(DocumentError, match=r"r\.yaml:3:9: metadata has 'name' already"):
        insert_key(document, "/metadata", "name", "x")
    with pytest.raises(DocumentError, match=r"r\.yaml:2:1: metadata\.licence is not there"):
        replace_scalar(document, "/metadata/licence", "x")
    assert "  name: x   # the name" in replace_scalar(document, "/metadata/name", "x")
    assert insert_key(document, "/metadata", "x/y", 1, after="name").splitlines()[3] == "  x/y: 1"


def test_the_same_value_written_twice_is_refused_not_mangled() -> None:
    document = load(b"a: 1\nb: 2\n", "r.yaml")
    with pytest.raises(GateError):
        apply_edits(document, [Edit("/a", 10), Edit("/a", 20)])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
pointers = st.sampled_from(
    [
        "/metadata/name",
        "/metadata/version",
        "/artifacts/0/size",
        "/artifacts/1/path",
        "/notes",
        "/last",
        "/n",
        "/bundle/r",
    ]
)


@given(st.dictionaries(pointers, scalars | texts, min_size=1), st.booleans(), st.sampled_from(["yaml", "json"]))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_scalars_are_written_and_nothing_else_changes(values: dict[str, Value], crlf: bool, suffix: str) -> None:
    text = MANIFEST if suffix == "yaml" else json.dumps(load(MANIFEST.encode(), "r.yaml").root, indent=2)
    before = load((text.replace("\n", "\r\n") if crlf else text).encode(), f"r.{suffix}")
    edits = [Edit(pointer, value) for pointer, value in values.items()]
    after = load(edited(before.text, *edits, path=before.path).encode(), before.path)
    for pointer, value in values.items():
        assert json.dumps(after.get(pointer)) == json.dumps(value)
    assert [line for line in after.text.split("\n") if "#" in line and '"' not in line] == [
        line for line in before.text.split("\n") if "#" in line and '"' not in line
    ] or "/metadata/name" in values
    assert len(changed(before.text, after.text)) <= 2 * len(values) + 2
