"""Plain scalars: the YAML 1.2 core schema, less what readers disagree on."""

from __future__ import annotations

import math

import pytest

from policy_gate.document import Value, load_json, load_yaml
from policy_gate.errors import DocumentError

# YAML 1.2.2, section 10.3.2 and example 10.9.
CORE: list[tuple[str, Value]] = [
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("~", None),
    ("", None),
    ("nULL", "nULL"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("tRUE", "tRUE"),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("0", 0),
    ("-0", 0),
    ("+12", 12),
    ("-19", -19),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775808", -(2**63)),
    ("0o7", 7),
    ("0x3A", 58),
    ("0xff", 255),
    ("0X3A", "0X3A"),
    ("-0x1", "-0x1"),
    ("0o8", "0o8"),
    ("0.", 0.0),
    ("-0.0", -0.0),
    (".5", 0.5),
    ("+12e03", 12000.0),
    ("-2E+05", -200000.0),
    ("1e3", 1000.0),
    ("1.5e-3", 0.0015),
    (".", "."),
    ("-", None),
    ("+", "+"),
    ("1.2.3", "1.2.3"),
    ("1e", "1e"),
    ("e3", "e3"),
    ("1_000", "1_000"),
    ("0b101", "0b101"),
    ("1:30", "1:30"),
    ("190:20:30", "190:20:30"),
    ("2026-11-20", "2026-11-20"),
    ("2026-11-20T09:14:03Z", "2026-11-20T09:14:03Z"),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("=", "="),
    ("inf", "inf"),
    ("nan", "nan"),
    ("+.nan", "+.nan"),
    ("١٢", "١٢"),
    ("１２", "１２"),
    ("sha256:00", "sha256:00"),
    ("-O3", "-O3"),
    ("stm32@8.1", "stm32@8.1"),
    ("'12'", "12"),
    ('"null"', "null"),
    ("'0012'", "0012"),
]


@pytest.mark.parametrize(("text", "value"), [pair for pair in CORE if pair[0] != "-"])
@pytest.mark.usefixtures("parser")
def test_a_plain_scalar_is_read_by_the_core_schema(text: str, value: Value) -> None:
    read = load_yaml(f"a: {text}\n".encode(), "a.yaml").get("/a")
    assert type(read) is type(value)
    assert read == value
    if isinstance(value, float):
        assert math.copysign(1, value) == math.copysign(1, float(str(read)))


@pytest.mark.parametrize("text", ["00", "0012", "-012", "+08", "08.5", "00e1", "007"])
@pytest.mark.usefixtures("parser")
def test_a_number_that_readers_disagree_on_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="starts with a zero"):
        load_yaml(f"a: {text}\n".encode(), "a.yaml")


@pytest.mark.parametrize("key", ["no", "on", "yes", "1.2.3", "2026-11-20", "'1'", '"true"', "a b", "-x", "'<<'", "''"])
@pytest.mark.usefixtures("parser")
def test_a_key_that_is_text_in_the_core_schema_is_taken(key: str) -> None:
    assert load_yaml(f"{key}: 1\n".encode(), "a.yaml").root == {key.strip("'\""): 1}


def test_json_reads_pairs_of_surrogates_and_control_escapes() -> None:
    read = load_json(b'["\\ud83d\\ude00", "\\u0000\\t\\/", "\\u2028"]', "a.json").root
    assert read == ["😀", "\0\t/", "\u2028"]


def test_json_keeps_whole_numbers_and_fractions_apart() -> None:
    read = load_json(b"[1, 1.0, -0, 1e2, true]", "a.json").root
    assert isinstance(read, list)
    assert [type(number) for number in read] == [int, float, int, float, bool]
