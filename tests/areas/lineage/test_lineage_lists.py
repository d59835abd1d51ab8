"""A list says with which key its digests were made and whose they are, and nothing that is said of it tells one."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lineage_world import evidence_of, lineage, one

from policy_gate.areas.lineage import collect_lists, collect_records, digest_list
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import Missing

KEYED = b"# hmac-sha256 key=team-2026\n"
LINES = b"".join(b"%064x\n" % number for number in range(1, 4))
TRAIN = "/lineage/nodes/1/record_digests"


def listed(folder, content: bytes, section: dict | None = None, **changes):
    """The entry about the list of `dataset:train`, which is made of people's speech."""
    section = section or lineage()
    section["nodes"][1] |= {"record_digests": "data/train.list", **changes}
    evidence = evidence_of(folder, section)
    (folder / "data/train.list").write_bytes(content)
    return one(collect_lists.person_lists(evidence))


def test_a_list_is_of_people_and_names_its_key_or_none(tmp_path):
    fact = listed(tmp_path, KEYED + LINES)
    assert (fact.key_id, fact.holds, fact.pointer) == ("team-2026", "personal", TRAIN)
    assert listed(tmp_path, LINES).key_id == ""
    assert listed(tmp_path, b"").key_id == ""


def test_the_header_is_not_a_record(tmp_path):
    section = lineage()
    section["nodes"][1] |= {"record_digests": "data/train.list", "records": 3}
    evidence = evidence_of(tmp_path, section)
    (tmp_path / "data/train.list").write_bytes(KEYED + LINES)
    _, fact = collect_records.dataset_records(evidence)
    assert (fact.records, fact.listed) == (3, 3)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_a_keyed_list_may_end_as_it_likes_and_be_empty(ending):
    assert digest_list.read_digests(io.BytesIO(KEYED.strip() + ending), "l") == digest_list.DigestList(0, "team-2026")


@pytest.mark.parametrize(
    "content",
    [
        b"# hmac-sha256\n" + LINES,
        b"# hmac-sha256 key=\n" + LINES,
        b"# hmac-md5 key=team\n" + LINES,
        b"# hmac-sha256 key=team and more\n" + LINES,
        b"#hmac-sha256 key=team\n" + LINES,
        b"# sha256\n" + LINES,
        b"# hmac-sha256 key=" + b"a1" * 32 + b"\n" + LINES,
        b"# hmac-sha256 key=deadbeefdeadbeef\n" + LINES,
        b"# hmac-sha256 key=" + b"Zg" * 22 + b"\n" + LINES,
        LINES + KEYED,
        KEYED + KEYED + LINES,
        KEYED + LINES.replace(b"\n", b"  audio/anna.wav\n"),
        KEYED + b"sha256:" + LINES,
        KEYED + b"anna@example.invalid\n",
        b"anna@example.invalid\n",
        b"#" * 5_000_000,
    ],
    ids=[
        "no key",
        "empty name",
        "other hash",
        "more words",
        "no space",
        "plain hash",
        "hex key",
        "short hex key",
        "base64 key",
        "key last",
        "two keys",
        "file names",
        "prefixed",
        "address",
        "no digest",
        "endless",
    ],
)
def test_any_other_list_is_unreadable_and_says_nothing_of_its_lines(tmp_path, content):
    section = lineage()
    section["nodes"][0]["legal_basis"]["withdrawals"] = "data/withdrawn.list"
    evidence = evidence_of(tmp_path, section)
    (tmp_path / "data/withdrawn.list").write_bytes(content)
    missing = one(collect_lists.person_lists(evidence))
    assert isinstance(missing, Missing)
    assert missing.reason is Reason.UNREADABLE
    said = missing.detail + "".join(fix.text for fix in missing.fixes)
    assert not any(secret in said for secret in ("anna", "00000000", "a1a1", "deadbeef", "ZgZg", "team"))


def test_a_header_is_read_whatever_the_lines_below_it_are_since_their_count_is_missing_then(tmp_path):
    assert listed(tmp_path, KEYED + b"anna@example.invalid\n").key_id == "team-2026"
    assert listed(tmp_path, b"# anna\n" + LINES).reason is Reason.UNREADABLE
    assert listed(tmp_path, b"#" * 5_000_000).reason is Reason.UNREADABLE


def test_a_list_of_withdrawals_is_one_of_people_whatever_the_node_says(tmp_path):
    section = lineage()
    section["nodes"][0] |= {"personal_data": "none"}
    section["nodes"][0]["legal_basis"]["withdrawals"] = "data/withdrawn.list"
    evidence = evidence_of(tmp_path, section)
    (tmp_path / "data/withdrawn.list").write_bytes(LINES)
    fact = one(collect_lists.person_lists(evidence))
    assert (fact.pointer, fact.holds) == ("/lineage/nodes/0/legal_basis/withdrawals", "personal")


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({"personal_data": "none"}, "personal"),
        ({"personal_data": "identifiable"}, "personal"),
        ({"type": "synthetic"}, "personal"),
        ({"type": "synthetic", "generator": {"model": "model:base"}}, "none"),
    ],
    ids=str,
)
def test_what_is_made_of_people_is_not_freed_by_a_word(tmp_path, change, holds):
    assert listed(tmp_path, LINES, **change).holds == holds


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("prepare", "personal"),
        ("train", "personal"),
        ("generate", "personal"),
        (None, "personal"),
        ("anonymise", "none"),
        ("aggregate", "none"),
    ],
)
def test_only_a_step_that_anonymises_or_aggregates_frees_a_list(tmp_path, kind, holds):
    section = lineage()
    section["activities"][0]["kind"] = kind
    assert listed(tmp_path, LINES, section).holds == holds


def test_a_source_that_says_nothing_leaves_open_whose_records_they_are(tmp_path):
    section = lineage()
    del section["nodes"][0]["personal_data"]
    assert listed(tmp_path, LINES, section).holds == "unstated"
    section["nodes"][0]["personal_data"] = "none"
    assert listed(tmp_path, LINES, section).holds == "none"


def test_without_lists_there_is_nothing_to_judge_and_without_lineage_nothing_is_known(tmp_path):
    assert one(collect_lists.person_lists(evidence_of(tmp_path, lineage()))).file == ""
    assert one(collect_lists.person_lists(evidence_of(tmp_path, None))).reason is Reason.NOT_DECLARED


def test_a_list_that_is_gone_is_missing(tmp_path):
    section = lineage()
    section["nodes"][1]["record_digests"] = "data/gone.list"
    missing = one(collect_lists.person_lists(evidence_of(tmp_path, section)))
    assert (missing.reason, missing.pointer) == (Reason.NOT_IN_TREE, TRAIN)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_no_message_holds_a_line_of_the_list(content, keyed):
    said = refusal((KEYED if keyed else b"") + content)
    lines = [line for line in content.decode("latin-1").splitlines() if len(line) > 16]
    assert not any(line in said for line in lines)


def refusal(content: bytes) -> str:
    try:
        digest_list.read_digests(io.BytesIO(content), "list")
    except EvidenceError as error:
        return f"{error.detail} {error.fix}"
    return ""
