from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from action_world import LABELS, Repository
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.actions import overview_file
from policy_gate.actions.overview_file import LEFT_OUT, decode_overview, encode_overview
from policy_gate.errors import DocumentError, Problem
from policy_gate.gate import Request, judge
from policy_gate.model import Flip, Outcome, Preview, Subject, Verdict
from policy_gate.overview import Links, Overview, Suggestion

OID = "a" * 40


@pytest.fixture(scope="module")
def overview(tmp_path_factory) -> Overview:
    """A run that blocks a release, beside a change of what judges."""
    repository = Repository.make(tmp_path_factory.mktemp("world") / "repository")
    kinder = "  rules: {FPR-002: {remove: true}}\n"
    policy = (repository.root / "policy-gate.yaml").read_text()
    repository.pull({"labels.txt": LABELS + b" up", "policy-gate.yaml": policy + kinder})
    report = judge(Request(root=repository.root, base="main", today=date(2026, 11, 23), in_ci=True))
    assert report.review is not None
    assert report.exit_code == 1
    flip = Flip(
        rule="R", subject=Subject("release"), pointer="", before="", after=Outcome.FAIL, message="m", blocks=True
    )
    review = replace(report.review, previews={"kws": Preview(source="head", verdict=Verdict.BLOCKED, flips=(flip,))})
    return Overview(
        tool_version="0.1.0",
        records=report.presented,
        problems=(),
        exit_code=report.exit_code,
        review=review,
        notes=("a note",),
        links=Links(
            server="https://github.example", repository="acme/kws", head=OID, base=OID, run="https://x.example/1"
        ),
        suggestions=(
            Suggestion(
                findings=("x",),
                path="release.yaml",
                start_line=3,
                end_line=4,
                before=("a", "b"),
                after=("c",),
                words="w",
            ),
        ),
        reproduce="policy-gate check --base main",
    )


def changed(overview: Overview, *keys: str | int, value: object) -> bytes:
    """The file of an overview with one value of it replaced, or added."""
    tree = json.loads(encode_overview(overview))
    place = tree
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return json.dumps(tree).encode()


def test_an_overview_comes_back_as_it_was(overview) -> None:
    text = encode_overview(overview)
    back = decode_overview(text.encode())
    assert back == overview
    assert encode_overview(back) == text


def test_the_smallest_overview_comes_back(overview) -> None:
    problem = Problem("what is wrong", "release.yaml", 1, 2, "how to mend it")
    small = Overview(tool_version="1", records=(), problems=(problem,), exit_code=2)
    assert decode_overview(encode_overview(small).encode()) == small


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (("schema",), "policy-gate/overview/v9", "its schema is not"),
        (("more",), 1, "more is not known"),
        (("records", 0, "more"), 1, "more is not known"),
        (("records", 0, "schema"), "x", "not a record"),
        (("records", 0, "verdict"), "allowed", "its judgements say blocked"),
        (("records", 0, "facts"), [{"fact": "os.system"}], "there is no fact type"),
        (("records", 0, "today"), "tomorrow", "which is no day"),
        (("review", "verdict"), "allowed", "does not follow"),
        (("review", "schema"), "x", "does not follow"),
        (("review", "changes", 0, "fact"), "release.identity", "is no policy.change"),
        (("review", "changes", 0, "direction"), "kinder", "no word that stands there"),
        (("review", "previews"), {"kws": 1}, "is no object"),
        (("review", "previews"), [], "is no object"),
        (("review",), [], "is no object|is no list"),
        (("review",), False, "is no object"),
        (("records",), {}, "is no list"),
        (("exit_code",), 4, "no exit code 4"),
        (("exit_code",), True, "is not a whole number"),
        (("problems",), [{"message": "m"}], "could not be judged"),
        (("links", "head"), "main", "no object id"),
        (("links", "base"), "../x", "no object id"),
        (("links", "server"), "javascript:alert(1)", "no address"),
        (("links", "run"), "https://x.example/a)[b](c", "no address"),
        (("links", "repository"), "acme", "repository is none"),
        (("suggestions", 0, "start_line"), 0, "of no line"),
        (("suggestions", 0, "end_line"), 9, "does not hold its lines"),
        (("suggestions", 0, "after"), ["a\nb"], "does not hold its lines"),
        (("suggestions", 0, "one_click"), "true", "is not true or false"),
        (("reported_by_fork",), 1, "is not true or false"),
        (("notes",), [1], "is not text"),
    ],
)
def test_what_the_gate_did_not_write_is_refused(overview, keys, value, words) -> None:
    with pytest.raises(DocumentError, match=words):
        decode_overview(changed(overview, *keys, value=value))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"null", "its schema is not"),
        (b'{"a": 1, "a": 1}', "given twice"),
        (b'{"a": NaN}', "no number"),
        (b"[" * 101 + b"]" * 101, "nested deeper"),
        (b'{"a":' * 101, "nested deeper"),
        (b'"' + b'\\"' * 1_000_000, "no JSON"),
        (b"[1," + b"1," * 3_000_000, "more than 3000000 values"),
        (b" " * (20 * 1024 * 1024 + 1), "more than 20971520 bytes"),
        (b"\xff", "no JSON"),
    ],
)
def test_a_file_is_bounded_before_it_is_read(content, words) -> None:
    with pytest.raises(DocumentError, match=words):
        decode_overview(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=5), one),
        max_leaves=10,
    )
)
@settings(max_examples=50, deadline=None)
def test_no_tree_of_any_form_is_an_overview(tree) -> None:
    with pytest.raises(DocumentError):
        decode_overview(json.dumps({"schema": overview_file.SCHEMA, "records": tree}).encode())


def test_brackets_in_text_are_no_depth(overview) -> None:
    deep = replace(overview, notes=("[" * 500 + '\\"{' * 500,))
    assert decode_overview(encode_overview(deep).encode()) == deep


def test_an_overview_that_would_be_too_large_leaves_facts_out_and_says_so(overview, monkeypatch) -> None:
    size = len(encode_overview(overview).encode())
    monkeypatch.setattr(overview_file, "MAX_BYTES", size - 1)
    less = decode_overview(encode_overview(overview).encode())
    assert less.notes == ("a note", LEFT_OUT)
    assert [one.facts for one in less.records] == [()]
    assert less.records[0].judgements == overview.records[0].judgements
    monkeypatch.setattr(overview_file, "MAX_BYTES", 1000)
    with pytest.raises(DocumentError, match="at most 1000 are read"):
        encode_overview(overview)
