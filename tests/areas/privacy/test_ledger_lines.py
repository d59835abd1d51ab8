"""Lines of the ledger: one way to write each, and none that two readers could take for two releases."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_lines import PATH, book, entry, lines, phase, sha
from privacy_world import decoded, phase_of, privacy_of, without

from policy_gate.areas.privacy.ledger.chain import MAX_LINES, append, edited_line, previous_of, read_ledger
from policy_gate.areas.privacy.ledger.entry import (
    FIRST,
    MAX_LINE_BYTES,
    differing_key,
    digest_of,
    entry_of,
    line_of,
    read_line,
)
from policy_gate.errors import DocumentError, EvidenceError, GateError, Reason

GOOD = line_of(entry())
TWO = book(entry(1), entry(2, "2026-02-10"))


def refusal(content: bytes) -> str:
    with pytest.raises(DocumentError) as refused:
        read_ledger(content, PATH)
    return str(refused.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"date":', b'"date": '),
        (b"1.2", b"1.20"),
        (b"1.2", b"12e-1"),
        (b"1e-06", b"0.000001"),
        (b'"steps":90', b'"steps":90.0'),
        (b'"kws"', b'"\\u006bws"'),
        (b'"adjacency":"add-or-remove-one",', b""),
        (b'"adjacency"', b'"zdjacency"'),
        (b'"date"', b'"date":"2026-01-11","date"'),
        (b"2026-01-10", b"2026-02-30"),
        (b"2026-01-10", b"20260110"),
        (b'"sequence":1', b'"sequence":true'),
        (b'"sequence":1', b'"sequence":-1'),
        (b'"sequence":1', b'"sequence":1' + b"0" * 400),
        (b"4.9", b"NaN"),
        (b"4.9", b"1e999"),
        (b"4.9", b"0.0"),
        (b"4.9", b'"4.9"'),
        (b'"steps":90', b'"evidence":[],"steps":90'),
        (b'"steps":90', b'"epochs":1.0,"steps":90'),
        (b"sha256:" + b"a" * 64, b"sha256:" + b"A" * 64),
        (b'"kind":"LedgerEntry"', b'"kind":"LedgerEntry","note":"x"'),
        (b'"policy-gate/v1alpha1"', b'"policy-gate/v1alpha2"'),
    ],
)
def test_a_line_written_in_any_other_way_is_refused_at_its_place(before, after) -> None:
    assert GOOD.count(before) >= 1
    said = refusal(GOOD.replace(before, after, 1) + b"\n")
    assert said.startswith(f"{PATH}:1:")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TWO[:-1], "cut short"),
        (TWO[:-30], "cut short"),
        (TWO.replace(b"\n", b"\r\n"), ":1:"),
        (b"\n" + TWO, "the document is empty"),
        (TWO + b"\n", "the document is empty"),
        (TWO + b"x", "cut short"),
        (b"\xef\xbb\xbf" + TWO, "byte order mark"),
        (b"\xff" + TWO, "is not UTF-8"),
        (b"[" * 60_000 + b"\n", "nest deeper"),
        (b"{}\n", ":1:"),
        (b"null\n", ":1:"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"\n', f"at most {MAX_LINE_BYTES} are read"),
        (b"\n" * (MAX_LINES + 1), f"at most {MAX_LINES} are read"),
        (b"x" * (4 * 1024 * 1024 + 1), "bytes; at most"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_with_a_reason(content, said) -> None:
    assert said in refusal(content)


def test_no_bytes_are_a_ledger_without_lines() -> None:
    assert read_ledger(b"", PATH) == ()
    assert previous_of(b"") == FIRST


def test_a_line_that_is_linked_to_another_than_the_one_before_breaks_the_chain() -> None:
    first, second = TWO.splitlines(keepends=True)
    assert ":2:1: `previous` should be the digest of line 1" in refusal(first.replace(b"4.9", b"4.8") + second)
    assert ":1:1: `previous` should be the digest of no line" in refusal(second + first)


def test_one_release_has_one_line() -> None:
    again = entry(1, "2026-03-10", artifacts=[sha("f")])
    assert "release kws 1 has a line already: line 1" in refusal(book(entry(1), again))


def test_lines_are_appended_only_to_what_they_link_to() -> None:
    with pytest.raises(DocumentError, match="does not link"):
        append(TWO, entry(3))
    with pytest.raises(DocumentError, match="cut short"):
        append(TWO[:-1], entry(3))
    third = entry(3, previous=digest_of(TWO.splitlines()[-1]))
    assert [one.entry.release.sequence for one in read_ledger(append(TWO, third), PATH)] == [1, 2, 3]


@given(
    st.integers(1, 10**9), st.floats(1e-6, 1e6), st.floats(1e-300, 0.999), st.integers(0, 2**53 - 1), st.integers(1, 16)
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back_and_written_the_same(steps, noise, delta, sequence, phases) -> None:
    made = entry(
        sequence,
        claim={"epsilon": 1, "delta": delta},
        phases=[phase(id=f"p{one}", steps=steps, noise_multiplier=noise) for one in range(phases)],
    )
    written = line_of(made)
    read = read_line(written, PATH, 1)
    assert line_of(read) == written
    assert differing_key(made, read) == ""


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_ledger_or_a_refusal(content) -> None:
    with suppress(DocumentError):
        assert read_ledger(content, PATH) == ()


# What a manifest's line says


def made_of(privacy: dict, datasets: tuple[str, ...] = (sha("b"), sha("a")), artifacts: tuple[str, ...] = (sha("c"),)):
    return entry_of(decoded(privacy), day="2026-01-10", datasets=datasets, artifacts=artifacts, previous=FIRST)


def test_a_line_repeats_the_claims_without_the_files_that_confirm_them() -> None:
    made = json.loads(line_of(made_of(privacy_of())))
    assert made["phases"] == [{key: one for key, one in phase_of().items() if key != "evidence"}]
    assert made["claim"] == {"epsilon": 4.23, "delta": 1e-6}
    assert made["population"] == {"id": "kws-users-eu", "size": 85000, "datasets": [sha("a"), sha("b")]}
    assert made["release"]["name"] == "kws-en"
    assert made["release"]["sequence"] == 41
    assert made["release"]["manifest"].startswith("sha256:")


def test_evidence_that_changes_changes_no_line() -> None:
    manifest_digest = {"release": made_of(privacy_of()).release}
    other = made_of(privacy_of(phases=[phase_of(evidence=None)])).model_copy(update=manifest_digest)
    assert differing_key(made_of(privacy_of()), other) == ""


@pytest.mark.parametrize("key", ["unit", "adjacency", "claim", "tuning", "population"])
def test_a_manifest_that_leaves_out_what_a_line_repeats_has_no_line(key) -> None:
    with pytest.raises(EvidenceError) as refused:
        made_of(without(privacy_of(), f"/{key}"))
    assert (refused.value.reason, key in refused.value.detail) == (Reason.NOT_DECLARED, True)


@pytest.mark.parametrize("privacy", [None, {"claim_type": "none"}, privacy_of(phases=[])])
def test_a_manifest_without_a_guarantee_has_no_line(privacy) -> None:
    with pytest.raises(EvidenceError):
        made_of(privacy)


def test_too_many_digests_are_no_line_and_no_crash() -> None:
    with pytest.raises(GateError):
        made_of(privacy_of(), datasets=tuple(f"sha256:{one:064x}" for one in range(257)))
    with pytest.raises(GateError):
        made_of(privacy_of(), artifacts=())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"date": "2026-01-11"}, "/date"),
        ({"adjacency": "replace-one"}, "/adjacency"),
        ({"phases": [phase(steps=91)]}, "/phases/0/steps"),
        ({"phases": [phase(), phase(id="more")]}, "/phases"),
        ({"phases": [phase(microbatch=None)]}, "/phases/0/microbatch"),
        ({"artifacts": [sha("f")]}, "/artifacts/0"),
        ({"unit": {"kind": "user"}}, "/unit/max_records_per_unit"),
    ],
)
def test_the_first_key_that_differs_is_named(change, key) -> None:
    assert differing_key(entry(), entry(**change)) == key
    assert differing_key(entry(**change), entry()) == key


# The base's lines and more


@pytest.mark.parametrize(
    ("head", "number"),
    [
        (b"", 1),
        (TWO.replace(b"4.9", b"4.8", 1), 1),
        (b"".join(reversed(TWO.splitlines(keepends=True))), 1),
        (TWO.splitlines(keepends=True)[1], 1),
        (TWO.splitlines(keepends=True)[0], 2),
        (TWO[:-1], 2),
        (TWO.replace(b"\n", b"\r\n"), 1),
        (b"\n" + TWO, 1),
        (TWO[:-1] + b" \n", 2),
    ],
)
def test_a_ledger_that_is_not_the_bases_and_more_is_named_by_its_first_line(head, number) -> None:
    found = edited_line(TWO, head)
    assert found is not None
    assert found.number == number


@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n"]), max_size=5), st.lists(st.sampled_from([b"a\n", b"b\n"])))
def test_more_lines_are_no_edit_and_fewer_always_are(base, more) -> None:
    whole, longer = b"".join(base), b"".join(base + more)
    assert edited_line(whole, longer) is None
    assert (edited_line(longer, whole) is None) == (not more)


def test_lines_know_their_number_and_file() -> None:
    assert [(one.path, one.number) for one in lines(entry(1), entry(2))] == [(PATH, 1), (PATH, 2)]
