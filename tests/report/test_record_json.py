from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_world import RECORDS, instances, record_of

from policy_gate import engine
from policy_gate.areas.fingerprint.facts import FileDigest, FileList
from policy_gate.catalogue import fact_types
from policy_gate.errors import DocumentError, InternalError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Fact
from policy_gate.record import SCHEMA, as_tree, canonical, decode_record, encode_record
from policy_gate.report.json import render_json

DIGEST = FileDigest(subject=RELEASE, pointer="/artifacts/0/path", path="kws.onnx", sha256="sha256:0", size_bytes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight(Fact):
    name: ClassVar[str] = "test.weight"
    kilograms: float


def decoded(text: str):
    return decode_record(text, {**fact_types(), Weight.name: Weight})


def changed(**changes) -> str:
    """A record as text, after a change that no run would have made."""
    return json.dumps({**json.loads(encode_record(record_of(DIGEST))), **changes})


@pytest.mark.parametrize("name", sorted(fact_types()))
def test_every_fact_type_comes_back_from_json_as_it_was(name):
    @settings(max_examples=15, deadline=None)
    @given(instances(fact_types()[name]))
    def comes_back(fact) -> None:
        text = encode_record(record_of(fact))
        (back,) = decoded(text).facts
        assert back == fact
        assert type(back) is type(fact)
        assert encode_record(decoded(text)) == text

    comes_back()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS)
def test_any_record_comes_back_from_json_and_gives_the_same_bytes_again(record):
    text = encode_record(record)
    assert decoded(text) == record
    assert encode_record(decoded(text)) == text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, max_size=2))
def test_a_json_report_is_one_line_of_ordered_keys_and_holds_the_records_whole(records):
    text = render_json(records, [Problem("unknown field", "release.yaml", 3, 1)], 2)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    tree = json.loads(text)
    assert list(tree) == sorted(tree)
    assert tree["records"] == [as_tree(record) for record in records]
    assert tree["exit_code"] == 2
    assert [decoded(json.dumps(one)) for one in tree["records"]] == records


def test_canonical_json_has_sorted_keys_no_spaces_and_keeps_utf8():
    assert canonical({"b": [1, 2.5, None, True], "a": "音声"}) == '{"a":"音声","b":[1,2.5,null,true]}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_not_is_refused_and_never_written(number):
    record = record_of(Weight(subject=RELEASE, pointer="", kilograms=number))
    with pytest.raises(InternalError, match="no form"):
        encode_record(record)
    with pytest.raises(InternalError, match="no form"):
        render_json([record], [], 0)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_record_with_nan_or_infinity_is_not_read(word):
    text = encode_record(record_of(Weight(subject=RELEASE, pointer="", kilograms=2.5)))
    with pytest.raises(DocumentError, match="is no number"):
        decoded(text.replace("2.5", word))


def test_a_whole_number_of_a_float_field_is_written_as_it_will_be_read():
    record = record_of(Weight(subject=RELEASE, pointer="", kilograms=5))
    text = encode_record(record)
    assert '"kilograms":5.0' in text
    assert encode_record(decoded(text)) == text


@pytest.mark.parametrize("part", [b"bytes", {1, 2}, object(), 1j])
def test_what_json_cannot_say_has_no_place_in_a_record(part):
    with pytest.raises(InternalError, match="no place"):
        as_tree(part)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"schema":"policy-gate/record/v2"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"schema":"' + SCHEMA + '"}',
        changed(facts=[{}]),
        changed(facts=[1]),
        changed(facts=None),
        changed(facts=[{"fact": "no.such_fact"}]),
        changed(stage="later"),
        changed(bootstrap="true"),
        changed(policy="builtin:fingerprint"),
        changed(release=None),
        changed(verdict=None),
    ],
    ids=range(17),
)
def test_what_is_no_record_is_refused_and_never_crashes(text):
    with pytest.raises(DocumentError):
        decoded(text)


@pytest.mark.parametrize("key", ["extra", "judgments"])
def test_a_key_that_no_reader_knows_is_refused_and_not_dropped(key):
    with pytest.raises(DocumentError, match="is not known"):
        decoded(changed(**{key: []}))


def test_a_key_that_no_reader_knows_inside_a_fact_is_refused():
    fact = json.loads(encode_record(record_of(DIGEST)))["facts"][0]
    with pytest.raises(DocumentError, match="/facts/0/verified is not known"):
        decoded(changed(facts=[{**fact, "verified": True}]))


def test_a_number_in_the_place_of_text_and_text_in_the_place_of_a_number_are_refused():
    fact = json.loads(encode_record(record_of(DIGEST)))["facts"][0]
    for wrong in ({"size_bytes": "3"}, {"size_bytes": 3.0}, {"path": 7}, {"size_bytes": True}):
        with pytest.raises(DocumentError):
            decoded(changed(facts=[{**fact, **wrong}]))


def test_a_key_given_twice_is_refused_since_readers_disagree_which_holds():
    text = encode_record(record_of(DIGEST))
    with pytest.raises(DocumentError, match="twice"):
        decoded(text.replace('"verdict":"blocked"', '"verdict":"blocked","verdict":"allowed"'))


def test_a_record_without_a_part_that_has_a_default_is_still_read():
    tree = json.loads(encode_record(record_of(DIGEST)))
    del tree["limits"]
    assert decoded(json.dumps(tree)) == record_of(DIGEST)


def test_no_fact_has_a_field_that_its_type_name_would_hide():
    assert [name for name, kind in fact_types().items() for one in fields(kind) if one.name == "fact"] == []


def test_the_engine_writes_the_schema_that_is_read():
    assert engine.SCHEMA == SCHEMA


def test_a_file_name_that_is_no_text_is_written_as_an_escape_and_not_as_half_a_character():
    listing = FileList(subject=RELEASE, pointer="", root="model", files=1, unlisted=("model/\udcff.bin",))
    text = render_json([record_of(listing)], [], 1)
    text.encode("utf-8")
    assert json.loads(text)["records"][0]["facts"][0]["unlisted"] == ["model/\\udcff.bin"]


def test_hostile_text_is_harmless_in_json_on_a_terminal_and_the_same_when_parsed():
    hostile = '\x1b[2J\x9b31m\u202e\u2066\u200b\x7f\ufeff\U000e0041\u2028 音声 \\ "'
    text = render_json([replace(record_of(), base_note=hostile)], [Problem(hostile)], 2)
    assert not set(text) & set(hostile) - set(' 音声\\"[2J31m')
    assert json.loads(text)["records"][0]["base_note"] == hostile
    assert json.loads(text)["problems"][0]["message"] == hostile
