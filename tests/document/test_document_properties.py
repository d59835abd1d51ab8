"""Properties of loading: what other writers dump is read back, and every place holds what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policy_gate.document import DEFAULT_LIMITS, Document, Value, join, load, load_json, load_yaml
from policy_gate.document.decoding import REFUSED
from policy_gate.document.json_reader import read_json
from policy_gate.errors import DocumentError, Problem

both_parsers = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(
        ["no", "0012", "1:30", "2026-11-20", "~", "1e3", ".inf", "<<", "a: b", "# x", "- x", "a\nb\n", " "]
    ),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
trees = st.dictionaries(keys, values, max_size=4) | st.lists(values, max_size=4)


class CoreDumper(yaml.SafeDumper):
    """PyYAML leaves text plain that only YAML 1.1 takes for text, such as `1e3` and `08`; here it is quoted."""


def quoted_where_it_looks_like_a_number(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text[:1] in "+-.0123456789" else None)


CoreDumper.add_representer(str, quoted_where_it_looks_like_a_number)


def same(one: object, other: object) -> bool:
    """Equal, and of equal types all the way down: 1 is neither 1.0 nor true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def pointers(value: Value, at: str = "") -> Iterator[tuple[str, Value]]:
    yield at, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from pointers(member, join(at, name))


def each_place_holds_its_value(document: Document, suffix: str) -> None:
    for pointer, value in pointers(document.root):
        span = document.span(pointer)
        text = document.text[span.start : span.end]
        lines = document.text.split("\n")
        assert sum(len(line) + 1 for line in lines[: span.line - 1]) + span.column - 1 == span.start
        assert sum(len(line) + 1 for line in lines[: span.end_line - 1]) + span.end_column - 1 == span.end
        if not isinstance(value, dict | list) and text:
            assert same(load(text.encode(), f"part.{suffix}").root, value)
        if pointer and isinstance(document.get(pointer.rpartition("/")[0]), dict):
            key = document.key_span(pointer)
            part = document.text[key.start : key.end]
            assert join("", str(load(part.encode(), f"part.{suffix}").root)) == "/" + pointer.rpartition("/")[2]


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
@both_parsers
def test_what_json_dumps_is_read_back_with_its_places(value: Value, indent: int | str | None, ascii_only: bool) -> None:
    content = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    if not ascii_only and REFUSED.search(content.decode()):
        with pytest.raises(DocumentError, match="is not allowed"):
            load_json(content, "a.json")
        return
    document = load_json(content, "a.json")
    assert same(document.root, value)
    each_place_holds_its_value(document, "json")


@given(trees, st.sampled_from([None, False, True]), st.booleans(), st.sampled_from(["\n", "\r\n"]))
@example({"a": "x\n\n", "b": ["", None]}, False, False, "\n")
@both_parsers
@pytest.mark.usefixtures("parser")
def test_what_pyyaml_dumps_is_read_back_with_its_places(
    value: Value, flow: bool | None, sort: bool, line_end: str
) -> None:
    text = yaml.dump(value, Dumper=CoreDumper, default_flow_style=flow, sort_keys=sort, width=60)
    document = load_yaml(text.replace("\n", line_end).encode(), "a.yaml")
    assert same(document.root, value)
    each_place_holds_its_value(document, "yaml")


fragments = st.sampled_from(
    [*'[]{}:,"\\ \n\t-+.eE0123456789', "true", "null", '"a"', '"\\u00e9"', "NaN", "1e5", "{}", "[1]", '"a":', "'", "//"]
)


@given(st.lists(fragments, max_size=8).map("".join))
@settings(deadline=None, max_examples=400)
def test_json_is_read_exactly_where_the_standard_library_reads_it(text: str) -> None:
    def only_unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        if len(dict(pairs)) < len(pairs) or not "".join(dict(pairs)).isascii():
            raise ValueError(pairs)
        return dict(pairs)

    def never(constant: str) -> None:
        raise ValueError(constant)

    try:
        expected = json.loads(text, object_pairs_hook=only_unique, parse_constant=never)
        json.dumps(expected, allow_nan=False)
    except ValueError:
        expected = DocumentError
    try:
        read = load_json(text.encode(), "a.json").root
    except DocumentError:
        read = DocumentError
    if expected is DocumentError or read is DocumentError:
        assert read is expected or "9" * 3 in text or "e" in text.lower()
    else:
        assert same(read, expected)


@given(values)
@settings(deadline=None, max_examples=60)
def test_the_fast_and_the_full_json_reader_agree(value: Value) -> None:
    text = json.dumps(value)
    assert same(load_json(text.encode(), "a.json").root, read_json(text, "a.json", DEFAULT_LIMITS)[0])


yaml_fragments = st.sampled_from(
    [
        *("a", "b: ", "- ", "-", "\n", "\n  ", "\n    ", " ", "{", "}", "[", "]", ",", "'x'", '"y"', "'", '"', "# c\n"),
        *("|\n", ">-\n  ", "|+\n ", "1", "0x1F", "~", "? ", "&a ", "*a", "! ", "---\n", "...\n", "\t", "é", "\r\n"),
        *("\\u0041", "@", "<<: ", "no", "k: {x: 1}\n", "x: |\n   t\n", '"a":1', "a?b", "%YAML 1.2\n", "|\n \t", "😀"),
    ]
)


@given(st.lists(yaml_fragments, max_size=9).map("".join))
@settings(deadline=None, max_examples=500)
def test_both_yaml_parsers_give_the_same_data_and_places_or_both_refuse(text: str) -> None:
    if not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    with pytest.MonkeyPatch.context() as patch:
        outcomes = []
        for with_libyaml in (True, False):
            patch.setattr(yaml, "__with_libyaml__", with_libyaml)
            outcomes.append(outcome(text))
    assert outcomes[0] == outcomes[1]


def outcome(text: str) -> object:
    try:
        document = load_yaml(text.encode(), "a.yaml")
    except DocumentError:
        return "refused"
    return json.dumps(document.root), [document.span(pointer) for pointer, _ in pointers(document.root)]


@given(st.binary(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused_and_never_crash(content: bytes) -> None:
    for path in ("a.yaml", "a.json"):
        assert {problem.path for problem in problems_of(content, path)} <= {path}


def problems_of(content: bytes, path: str) -> tuple[Problem, ...]:
    try:
        load(content, path)
    except DocumentError as refused:
        return refused.problems
    return ()
