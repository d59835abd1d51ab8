from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[1] / "report"))

from record_world import RECORDS, record_of
from replay_world import changed, example_records

from policy_gate.catalogue import fact_types
from policy_gate.engine.judging import fold
from policy_gate.engine.record_reading import RecordReader, bundle_of, canonical_bytes, parse_document
from policy_gate.engine.strict import reader_of
from policy_gate.errors import DocumentError
from policy_gate.model import Record
from policy_gate.record import ENVELOPE, as_tree, decode_record, encode_record

READER = RecordReader(fact_types())
KNOWN = record_of(today="2026-11-23")


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> str:
    return example_records(tmp_path_factory.mktemp("example"))["second"]


def read(text: str | bytes) -> Record:
    return READER.read(parse_document(text.encode() if isinstance(text, str) else text))


def refused(text: str | bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(text)


def places(tree: object, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a record that is not what its manifest says."""
    yield where
    if where[:1] in (("claims",), ("base_claims",)):
        return
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, one in inner:
        yield from places(one, (*where, key))


def edited(text: str, where: tuple[str | int, ...], edit) -> str:
    """The record with an edit of the container at a place."""
    tree = json.loads(text)
    target = tree
    for key in where[:-1]:
        target = target[key]
    edit(target, where[-1])
    return json.dumps(tree)


@given(RECORDS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_record_a_run_can_write_is_read_as_the_slow_reader_reads_it(record) -> None:
    honest = replace(record, today="2026-11-23", verdict=fold(record.judgements))
    text = encode_record(honest)
    assert read(text) == decode_record(text, fact_types())


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_edit_of_a_record_is_taken_that_the_slow_reader_refuses(example, data) -> None:
    where = data.draw(st.sampled_from([one for one in places(json.loads(example)) if one]))
    edits = [
        lambda target, key: target.__setitem__(key, None),
        lambda target, key: target.__setitem__(key, True),
        lambda target, key: target.__setitem__(key, 1),
        lambda target, key: target.__setitem__(key, 1.5),
        lambda target, key: target.__setitem__(key, "words"),
        lambda target, key: target.__setitem__(key, []),
        lambda target, key: target.__setitem__(key, {}),
        lambda target, key: target.__setitem__(key, [{}]),
        lambda target, key: target.__setitem__(key, ["words"]),
        lambda target, key: target.__delitem__(key),
        lambda target, key: target.append({}) if isinstance(target, list) else target.__setitem__("more", 1),
    ]
    text = edited(example, where, data.draw(st.sampled_from(edits)))
    try:
        known = decode_record(text, fact_types())
    except DocumentError:
        known = None
    try:
        found = read(text)
    except DocumentError:
        return  # it also refuses days and verdicts that cannot be
    assert found == known


@pytest.mark.parametrize("where", [("judgements", 0, "severity"), ("release", "name"), ("facts", 0, "subject", "kind")])
def test_a_refusal_names_where_in_the_record_it_is(example, where) -> None:
    path = "/".join(map(str, where))
    refused(edited(example, where, lambda target, key: target.__setitem__(key, 7)), f"/{path} ")


def test_every_fact_type_can_be_read_back() -> None:
    for kind in fact_types().values():
        reader_of(kind, "fact")


def test_a_record_that_was_cut_short_is_refused_at_every_length(example) -> None:
    for length in range(0, len(example), 4999):
        refused(example[:length], "no JSON that can be read")


def test_a_verdict_that_the_judgements_do_not_give_is_refused(example) -> None:
    verdict = json.loads(example)["verdict"]
    other = "blocked" if verdict == "allowed" else "allowed"
    refused(changed(example, verdict=other), f"its verdict is {other}, and its judgements say {verdict}")


def test_a_record_without_judgements_is_not_allowed() -> None:
    assert read(encode_record(KNOWN)).verdict.value == "blocked"
    refused(changed(encode_record(KNOWN), verdict="allowed"), "its judgements say blocked")


@pytest.mark.parametrize("schema", ["policy-gate/record/v2", "", 1, None, ENVELOPE, ["policy-gate/record/v1alpha1"]])
def test_a_record_of_another_schema_is_refused(schema) -> None:
    refused(changed(encode_record(KNOWN), schema=schema), "its schema is")


@pytest.mark.parametrize(
    "day", ["", "today", "2026-02-30", "20261123", "2026-11-23T00:00:00", "2026-W47-1", "+026-11-23"]
)
def test_a_day_that_is_none_is_refused_since_days_decide_what_is_in_force(day) -> None:
    refused(changed(encode_record(KNOWN), today=day), "which is no day")


def test_a_fact_of_no_known_type_is_refused(example) -> None:
    refused(
        edited(example, ("facts", 3, "fact"), lambda target, key: target.__setitem__(key, "cost.happiness")),
        "/facts/3: there is no fact type 'cost.happiness'",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a":1,"a":2}', "a key is given twice"),
        (b'{"a":NaN}', "NaN is no number"),
        (b'{"a":-Infinity}', "-Infinity is no number"),
        (b'{"a":1e999}', "beyond every number"),
        (b'{"a":' + b"9" * 5000 + b"}", "no JSON"),
        (b'{"a":"\\ud800"}', "no JSON"),
        (b'{"a":"\xff"}', "no JSON"),
        ("\ufeff{}".encode(), "no JSON"),
        ("{}".encode("utf-16"), "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"", "no JSON"),
        (b"{} {}", "no JSON"),
    ],
)
def test_bytes_that_are_no_json_are_refused_in_words(content, words) -> None:
    with pytest.raises(DocumentError, match=words):
        parse_document(content)


@pytest.mark.parametrize("text", ["[]", "7", "null", '"policy-gate/record/v1alpha1"', "{}", '{"schema":{}}'])
def test_json_that_is_no_record_is_refused(text) -> None:
    refused(text, "not a record of policy-gate")


def test_a_pair_of_escapes_that_is_one_character_is_read() -> None:
    name = "\U000e0041"
    text = encode_record(replace(KNOWN, release=replace(KNOWN.release, name=name)))
    assert read(text.replace(name, "\\udb40\\udc41")).release.name == name


def test_a_report_gives_its_records_and_how_much_could_not_be_judged(example) -> None:
    tree = json.loads(example)
    report = {"schema": ENVELOPE, "exit_code": 2, "problems": [{"message": "gone"}], "records": [tree, tree]}
    bundle = bundle_of(report)
    assert (len(bundle.records), bundle.unjudged, bundle.is_report) == (2, 1, True)


@pytest.mark.parametrize("change", [{"records": {}}, {"problems": None}, {"more": 1}])
def test_a_report_that_is_none_is_refused(change) -> None:
    with pytest.raises(DocumentError, match="not a report of policy-gate"):
        bundle_of({"schema": ENVELOPE, "exit_code": 0, "problems": [], "records": [], **change})


def test_a_record_has_the_bytes_it_was_written_with(example) -> None:
    assert canonical_bytes(json.loads(example)) == example.encode()
    assert as_tree(read(example)) == json.loads(example)
