"""Places: every key and value is found again at its line and column."""

from __future__ import annotations

import subprocess
import sys

import pytest

from policy_gate.document import Document, Span, join, load, problem, split
from policy_gate.errors import DocumentError

MANIFEST = """\
# a manifest
kind: ReleaseManifest
metadata:
  name: "ключ 😀 x"   # wide characters
  sequence: 41

artifacts:
  - {id: kws, path: "m/k.onnx"}   # 😀
  - id: two
    sizes: [1,
      22]
    note: |
      first
      second

    last:
"""


@pytest.fixture
def document(parser: str) -> Document:
    assert parser
    return load(MANIFEST.encode(), "release.yaml")


def sliced(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]


@pytest.mark.parametrize(
    ("pointer", "place", "text"),
    [
        ("/kind", (2, 7, 2, 22), "ReleaseManifest"),
        ("/metadata/name", (4, 9, 4, 19), '"ключ 😀 x"'),
        ("/metadata/sequence", (5, 13, 5, 15), "41"),
        ("/metadata", (4, 3, 5, 15), None),
        ("/artifacts/0", (8, 5, 8, 32), '{id: kws, path: "m/k.onnx"}'),
        ("/artifacts/0/path", (8, 21, 8, 31), '"m/k.onnx"'),
        ("/artifacts/1/sizes", (10, 12, 11, 10), "[1,\n      22]"),
        ("/artifacts/1/sizes/1", (11, 7, 11, 9), "22"),
        ("/artifacts/1/note", (12, 11, 14, 13), "|\n      first\n      second"),
        ("/artifacts/1/last", (16, 10, 16, 10), ""),
    ],
)
def test_a_value_is_found_at_its_place(
    document: Document, pointer: str, place: tuple[int, int, int, int], text: str | None
) -> None:
    span = document.span(pointer)
    assert (span.line, span.column, span.end_line, span.end_column) == place
    assert text is None or sliced(document, span) == text


def test_a_key_is_found_at_its_place(document: Document) -> None:
    span = document.key_span("/artifacts/1/sizes")
    assert (span.line, span.column, span.end_column) == (10, 5, 10)
    assert sliced(document, span) == "sizes"
    with pytest.raises(DocumentError, match="has no key"):
        document.key_span("/artifacts/1")


def test_an_absent_value_is_placed_at_its_nearest_parent(document: Document) -> None:
    pointer, span = document.nearest("/metadata/license")
    assert (pointer, span.line, sliced(document, span)) == ("/metadata", 3, "metadata")
    pointer, span = document.nearest("/artifacts/1/digest/x")
    assert (pointer, span.line, span.column, sliced(document, span)) == ("/artifacts/1", 9, 5, "id: two")
    pointer, span = document.nearest("/artifacts/7/digest")
    assert (pointer, sliced(document, span)) == ("/artifacts", "artifacts")
    pointer, span = document.nearest("/privacy")
    assert (pointer, sliced(document, span)) == ("", "kind: ReleaseManifest")
    assert document.nearest("/metadata/name")[1] == document.span("/metadata/name")


@pytest.mark.parametrize(
    "pointer", ["/x", "/artifacts/2", "/artifacts/00", "/artifacts/-1", "/artifacts/٠", "/kind/x", "kind"]
)
def test_a_pointer_to_nothing_is_an_error_of_the_gate(document: Document, pointer: str) -> None:
    with pytest.raises(DocumentError):
        document.span(pointer)


def test_values_are_read_by_pointer(document: Document) -> None:
    assert document.get("/artifacts/1/sizes/1") == 22
    assert document.get("/artifacts/1/last", "absent") is None
    assert document.get("/artifacts/1/lost", "absent") == "absent"
    assert document.get("") == document.root
    assert document.has("/artifacts/1/last")
    assert not document.has("/artifacts/1/lost")


def test_a_line_is_shown_without_its_end() -> None:
    document = load(b"a: 1\r\nb: 2", "a.yaml")
    assert [document.line_text(line) for line in (0, 1, 2, 3)] == ["", "a: 1", "b: 2", ""]


def test_lines_that_end_in_crlf_are_counted_once() -> None:
    span = load(b"a: 1\r\nb:\r\n  c: 2\r\n", "a.yaml").span("/b/c")
    assert (span.line, span.column, span.start) == (3, 6, 15)


def test_json_places_count_characters_and_tabs_as_one() -> None:
    document = load('{\n\t"a": ["😀", {"b/c": -1.5e3}],\n "~": ""}'.encode(), "a.json")
    assert sliced(document, document.span("/a/0")) == '"😀"'
    assert (document.span("/a/1/b~1c").line, document.span("/a/1/b~1c").column) == (2, 21)
    assert sliced(document, document.key_span("/~0")) == '"~"'
    assert sliced(document, document.span("")) == document.text


def test_a_pointer_is_taken_apart_and_joined_again() -> None:
    assert join("/a", "b/c", 0, "~1") == "/a/b~1c/0/~01"
    assert split("/a/b~1c/0/~01") == ("a", "b/c", "0", "~1")
    assert split(join("", "")) == ("",)


def test_a_problem_carries_its_place() -> None:
    document = load(b"a:\n  b: 1\n", "r.yaml")
    assert str(problem(document, "/a/b", "1 is low", "at least 2")) == "r.yaml:2:6: 1 is low\n  at least 2"
    assert str(problem(document, "/a/c", "c is missing")) == "r.yaml:1:1: c is missing"


def test_importing_the_package_costs_neither_yaml_nor_pydantic() -> None:
    code = (
        "import sys, policy_gate.document\n"
        "print([name for name in ('yaml', 'pydantic', 'difflib', 'json', 'hashlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_editor_is_there_when_asked_for_and_nothing_else_is() -> None:
    import policy_gate.document as package

    assert package.Edit("/a", 1).pointer == "/a"
    assert callable(package.apply_edits)
    with pytest.raises(AttributeError):
        _ = package.editor
