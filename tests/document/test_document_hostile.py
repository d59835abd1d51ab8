"""Documents that are refused: each with the place and a piece of the message, on both YAML parsers."""

from __future__ import annotations

import re
import tracemalloc

import pytest

from policy_gate.document import Limits, load
from policy_gate.errors import DocumentError

LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"

REFUSED: list[tuple[str, str, bytes, int, int, str]] = [
    # bytes and characters
    ("no bytes at all", "a.yaml", b"", 1, 1, "the document is empty"),
    ("only a comment", "a.yaml", b"# nothing\n", 1, 1, "the document is empty"),
    ("only a document start", "a.yaml", b"---\n", 1, 1, "the document is empty"),
    ("only blank lines", "a.yaml", b"\n\n  \n", 1, 1, "the document is empty"),
    ("a byte order mark", "a.yaml", b"\xef\xbb\xbfa: 1\n", 1, 1, "byte order mark"),
    ("UTF-16 little endian", "a.yaml", "a: 1\n".encode("utf-16"), 1, 1, "UTF-16"),
    ("UTF-16 big endian without mark", "a.yaml", "a: 1\n".encode("utf-16-be"), 1, 1, "U+0000"),
    ("a byte that is not UTF-8", "a.yaml", "é: 1\nb: ".encode() + b"\xff\n", 2, 4, "byte 0xFF is not UTF-8"),
    ("a surrogate coded as UTF-8", "a.yaml", b"a: \xed\xa0\x80\n", 1, 4, "is not UTF-8"),
    ("an overlong code", "a.yaml", b"a: \xc0\xaf\n", 1, 4, "is not UTF-8"),
    ("a NUL", "a.yaml", b"a: x\0y\n", 1, 5, "U+0000"),
    ("an escape character", "a.yaml", b"a: 1\nb: \x1b[31mred\n", 2, 4, "U+001B"),
    ("a delete character", "a.yaml", b"a: 1 # \x7f\n", 1, 8, "U+007F"),
    ("a bare carriage return", "a.yaml", b"a: 1\rb: 2\n", 1, 5, "bare carriage return"),
    ("a next-line character", "a.yaml", "a: x\x85b: y\n".encode(), 1, 5, "U+0085"),
    ("a line separator", "a.yaml", "a: x\u2028b: y\n".encode(), 1, 5, "U+2028"),
    ("a right-to-left override in a comment", "a.yaml", "a: 1 # \u202e\n".encode(), 1, 8, "U+202E"),
    ("a direction isolate in a value", "a.yaml", "a: 'x\u2066y'\n".encode(), 1, 6, "U+2066"),
    ("a byte order mark inside", "a.yaml", "a: \ufeffx\n".encode(), 1, 4, "U+FEFF"),
    # keys
    ("a key given twice", "a.yaml", b"a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' is given twice, first in line 1"),
    ("a key given twice in braces", "a.yaml", b'x: {a: 1, "a": 2}\n', 1, 11, "the key 'a' is given twice"),
    ("a key that is a number", "a.yaml", b"1: x\n", 1, 1, "the key '1' is not text"),
    ("a key that is true", "a.yaml", b"a: 1\ntrue: x\n", 2, 1, "the key 'true' is not text"),
    ("a key that is null", "a.yaml", b"~: x\n", 1, 1, "the key '~' is not text"),
    ("an empty key", "a.yaml", b"? \n: x\n", 1, 2, "the key '' is not text"),
    ("a key with a leading zero", "a.yaml", b"012: x\n", 1, 1, "the key '012' is not text"),
    ("a merge", "a.yaml", b"<<: {a: 1}\n", 1, 1, "the key '<<' is not text"),
    ("a list as key", "a.yaml", b"? [a]\n: 1\n", 1, 3, "a list or mapping is used as a key"),
    ("a mapping as key", "a.yaml", b"{a: 1}: 2\n", 1, 1, "a list or mapping is used as a key"),
    ("a block scalar as key", "a.yaml", b"? |\n  a\n: 1\n", 1, 3, "a block scalar is used as a key"),
    ("a Cyrillic look-alike", "a.yaml", "dіgest: 1\n".encode(), 1, 1, "U+0456 (CYRILLIC SMALL LETTER"),
    ("an escaped control in a key", "a.yaml", b'"a\\x07": 1\n', 1, 1, "U+0007"),
    ("an escaped override in a key", "a.yaml", b'"a\\u202E": 1\n', 1, 1, "U+202E"),
    # features
    ("an anchor", "a.yaml", b"a: &x 1\n", 1, 4, "the anchor &x is not allowed"),
    ("an alias", "a.yaml", b"a: *x\n", 1, 4, "the alias *x is not allowed"),
    ("an alias as key", "a.yaml", b"*x : 1\n", 1, 1, "the alias *x is not allowed"),
    ("an anchor on nothing", "a.yaml", b"&a\n", 1, 1, "the anchor &a is not allowed"),
    ("ten to the three laughs", "a.yaml", LAUGHS, 1, 4, "the anchor &a is not allowed"),
    ("a standard tag", "a.yaml", b"a: !!str 1\n", 1, 4, "the tag '!!str' is not allowed"),
    ("a Python tag", "a.yaml", b"!!python/object/apply:os.system [id]\n", 1, 1, "the tag '!!python"),
    ("a local tag on a mapping", "a.yaml", b"a: !x {b: 1}\n", 1, 4, "the tag '!x' is not allowed"),
    ("a non-specific tag", "a.yaml", b"a: ! 12\n", 1, 4, "the tag '!' is not allowed"),
    ("a YAML directive", "a.yaml", b"%YAML 1.1\n---\na: 1\n", 1, 1, "directive"),
    ("a tag directive", "a.yaml", b"# c\n%TAG ! tag:x,1:\n---\na: 1\n", 2, 1, "directive"),
    ("a second document", "a.yaml", b"a: 1\n---\nb: 2\n", 2, 1, "a second document starts here"),
    ("a document after an end mark", "a.yaml", b"a: 1\n...\nb: 2\n", 3, 1, "<document start>"),
    # numbers
    ("infinity", "a.yaml", b"a: .inf\n", 1, 4, ".inf is not a finite number"),
    ("minus infinity", "a.yaml", b"a: [1, -.INF]\n", 1, 8, "-.INF is not a finite number"),
    ("not a number", "a.yaml", b"a: .NaN\n", 1, 4, ".NaN is not a finite number"),
    ("a float beyond range", "a.yaml", b"a: 1e999\n", 1, 4, "'1e999' is too large"),
    ("an octal look-alike", "a.yaml", b"a: 0012\n", 1, 4, "'0012' starts with a zero"),
    ("a signed octal look-alike", "a.yaml", b"a: -08\n", 1, 4, "'-08' starts with a zero"),
    ("a commit of digits only", "a.yaml", b"a: " + b"1" * 40 + b"\n", 1, 4, "does not fit in 64 bits"),
    ("one more than 64 bits", "a.yaml", b"a: 9223372036854775808\n", 1, 4, "does not fit in 64 bits"),
    ("a long hexadecimal", "a.yaml", b"a: 0x" + b"f" * 99 + b"\n", 1, 4, "does not fit in 64 bits"),
    ("a hundred thousand digits", "a.yaml", b"a: " + b"9" * 100_000 + b"\n", 1, 4, "does not fit in 64 bits"),
    # limits
    ("brackets ten thousand deep", "a.yaml", b"[" * 10_000, 1, 65, "nest deeper than 64"),
    ("dashes ten thousand deep", "a.yaml", b"- " * 10_000, 1, 129, "nest deeper than 64"),
    ("braces ten thousand deep", "a.yaml", b"{a: " * 10_000, 1, 257, "nest deeper than 64"),
    ("a scalar beyond the limit", "a.yaml", b"a: " + b"x" * 262_145, 1, 4, "more than 262144 characters"),
    # syntax
    ("a list that does not end", "a.yaml", b"a: [1, 2\n", 2, 1, "this is not YAML"),
    ("a string that does not end", "a.yaml", b'a: "x\n', 2, 1, "this is not YAML"),
    ("a tab as indentation", "a.yaml", b"a:\n\tb: 1\n", 2, 1, "cannot start any token"),
    ("a colon in plain text", "a.yaml", b"a: b: c\n", 1, 5, "mapping values are not allowed"),
    ("text that starts with @", "a.yaml", b"a: @b\n", 1, 4, "cannot start any token"),
    ("a tab in plain text", "a.yaml", b"a: b\tc\n", 1, 5, ""),
    ("a tab that indents a block scalar's line", "a.yaml", b"a: |\n  x\n \ty\n", 3, 2, ""),
    ("a block scalar's header glued to a comment", "a.yaml", b"a: |#c\n  x\n", 1, 5, ""),
    ("an open question in brackets", "a.yaml", b"a: [b?c]\n", 1, 6, ""),
    # JSON
    ("JSON: nothing", "a.json", b" \n", 1, 1, "the document is empty"),
    ("JSON: a key given twice", "a.json", b'{"a": 1,\n "a": 2}', 2, 2, "the key 'a' is given twice, first in line 1"),
    ("JSON: the same key escaped", "a.json", b'{"a": 1, "\\u0061": 2}', 1, 10, "the key 'a' is given twice"),
    ("JSON: a look-alike key", "a.json", '{"dіgest": 1}'.encode(), 1, 2, "U+0456"),
    ("JSON: NaN", "a.json", b'{"a": NaN}', 1, 7, "found 'NaN'"),
    ("JSON: minus infinity", "a.json", b"[-Infinity]", 1, 2, "found '-Infinity'"),
    ("JSON: a float beyond range", "a.json", b"[1, 1e999]", 1, 5, "too large"),
    ("JSON: an integer beyond 64 bits", "a.json", b"[-9223372036854775809]", 1, 2, "does not fit in 64 bits"),
    ("JSON: a million digits", "a.json", b"9" * 1_000_000, 1, 1, "more than 262144 characters"),
    ("JSON: a leading zero", "a.json", b"[012]", 1, 2, "found '012'"),
    ("JSON: a plus sign", "a.json", b"[+1]", 1, 2, "found '+1'"),
    ("JSON: a bare fraction", "a.json", b"[.5]", 1, 2, "found '.5'"),
    ("JSON: a dangling point", "a.json", b"[1.]", 1, 2, "found '1.'"),
    ("JSON: a trailing comma in a list", "a.json", b"[1,]", 1, 4, "found ']'"),
    ("JSON: a trailing comma in an object", "a.json", b'{"a": 1,}', 1, 9, "found '}'"),
    ("JSON: single quotes", "a.json", b"{'a': 1}", 1, 2, "a key in double quotes"),
    ("JSON: a bare key", "a.json", b"{a: 1}", 1, 2, "a key in double quotes"),
    ("JSON: a comment", "a.json", b'{"a": 1 // x\n}', 1, 9, "found '/'"),
    ("JSON: trailing data", "a.json", b'{"a": 1}\n{"b": 2}', 2, 1, "the document should end here"),
    ("JSON: a missing colon", "a.json", b'{"a" 1}', 1, 6, "':' should stand after a key"),
    ("JSON: a missing comma", "a.json", b"[1\n 2]", 2, 2, "',' should stand or ']' here"),
    ("JSON: the wrong bracket", "a.json", b"[1}", 1, 3, "found '}'"),
    ("JSON: an unfinished object", "a.json", b'{"a": [1', 1, 9, "the end of the file"),
    ("JSON: an unfinished string", "a.json", b'["abc\n"]', 1, 2, "no closing quote"),
    ("JSON: a raw tab in a string", "a.json", b'["a\tb"]', 1, 4, "a tab stands in a string"),
    ("JSON: an unknown escape", "a.json", b'["a\\qb"]', 1, 4, "is not an escape of JSON"),
    ("JSON: a short escape", "a.json", b'["\\u12"]', 1, 3, "is not an escape of JSON"),
    ("JSON: half a surrogate pair", "a.json", b'["\\ud83d"]', 1, 2, "half a surrogate pair"),
    ("JSON: half a pair as key", "a.json", b'{"\\udc00": 1}', 1, 2, "half a surrogate pair"),
    ("JSON: brackets half a million deep", "a.json", b"[" * 500_000, 1, 65, "nest deeper than 64"),
    ("JSON: 65 deep and closed", "a.json", b"[" * 65 + b"]" * 65, 1, 65, "nest deeper than 64"),
    ("JSON: 65 deep around a number", "a.json", b"[" * 65 + b"1" + b"]" * 65, 1, 65, "nest deeper than 64"),
    ("JSON: other white space", "a.json", b"[1,\x0c2]", 1, 4, "U+000C"),
]


@pytest.mark.parametrize(
    ("path", "content", "line", "column", "piece"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
@pytest.mark.usefixtures("parser")
def test_a_hostile_document_is_refused_at_its_place(
    path: str, content: bytes, line: int, column: int, piece: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        load(content, path)
    first = refused.value.problems[0]
    assert (first.path, first.line, first.column) == (path, line, column)
    assert piece in first.message
    assert "\x1b" not in str(refused.value)


def test_what_only_libyaml_reads_is_refused_in_our_words() -> None:
    for content, piece in (
        (b"a: b\tc\n", "a tab stands outside quotes"),
        (b"a: [b?c]\n", "a question mark stands in plain text inside brackets"),
        (b"a: |#c\n  x\n", "only a comment after a space may follow '|'"),
    ):
        with pytest.raises(DocumentError, match=re.escape(piece)):
            load(content, "a.yaml")


@pytest.mark.usefixtures("parser")
def test_an_escape_that_is_no_character_is_refused_by_both_parsers() -> None:
    for content in (b'a: "\\q"\n', b'a: "\\ud83d"\n', b'a: "\\U00110000"\n', b'a: "\\ud83d\\ude00"\n'):
        with pytest.raises(DocumentError) as refused:
            load(content, "a.yaml")
        assert refused.value.problems[0].line == 1


@pytest.mark.usefixtures("parser")
def test_every_problem_of_a_document_is_told_in_order() -> None:
    content = b"a: &x 1\nb: !!int 2\nb: 3\n1: 4\nc: .nan\nd: [1\n"
    with pytest.raises(DocumentError) as refused:
        load(content, "m.yaml")
    assert [problem.line for problem in refused.value.problems] == [1, 2, 3, 4, 5, 7]


def test_every_problem_of_a_json_document_is_told_in_order() -> None:
    with pytest.raises(DocumentError) as refused:
        load(b'{"a": 1e999,\n "a": 1,\n "\\u00e9": 2,\n "b": ["\\ud800"],\n "c": x}', "m.json")
    assert [problem.line for problem in refused.value.problems] == [1, 2, 3, 4, 5]


def test_a_flood_of_problems_is_cut_off() -> None:
    for path, content in (
        ("a.yaml", b"[" + b"&a 1," * 100_000 + b"1]"),
        ("a.json", b"[" + b"1e999," * 100_000 + b"1]"),
    ):
        with pytest.raises(DocumentError) as refused:
            load(content, path)
        assert len(refused.value.problems) == 50


def test_more_bytes_than_the_limit_are_refused_before_anything_is_decoded() -> None:
    with pytest.raises(DocumentError, match="1048577 bytes; at most 1048576"):
        load(b"\xff" * (1024 * 1024 + 1), "a.yaml")


def test_the_limits_hold_exactly() -> None:
    limits = Limits(max_bytes=40, max_depth=2, max_nodes=6, max_scalar_chars=5)
    for path in ("a.yaml", "a.json"):
        assert load(b"[[1, 2, 3, 4]]", path, limits).root == [[1, 2, 3, 4]]
        assert load(b'["123"]', path, limits).root == ["123"]
        for content in (b"[[1, 2, 3, 4, 5]]", b"[[[1]]]", b'["1234"]', b"[" + b" " * 40 + b"]"):
            with pytest.raises(DocumentError):
                load(content, path, limits)


def test_a_document_at_the_depth_limit_is_read() -> None:
    content = b"[" * 64 + b"1" + b"]" * 64
    assert load(content, "a.json").root == load(content, "a.yaml").root
    assert load(content, "a.json").span("/0" * 64).column == 65


def test_a_list_of_600_kilobytes_stops_at_the_node_cap_within_its_memory() -> None:
    tracemalloc.start()
    with pytest.raises(DocumentError, match=r"^a\.yaml:1:400000: the document has more than 200000 keys and values"):
        load(b"[" + b"1," * 300_000 + b"1]", "a.yaml")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 64 * 1024 * 1024
