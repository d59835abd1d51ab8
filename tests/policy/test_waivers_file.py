"""A waiver file is read whole or refused, with every problem at its line and column."""

from __future__ import annotations

import pytest
from waiver_world import ENTRY, document, entry, waiver

from policy_gate.document import load
from policy_gate.errors import PolicyError
from policy_gate.policy.waiver_file import load_waivers

HEAD = "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers:\n"
GOOD = """\
  - id: W-1
    rule: COST-005
    release: kws-en
    subject: target node-v2 x kws
    accept: 58
    owner: jane@example.invalid
    approved_by: [security]
    reason: a fix is tracked
    expires: 2027-01-31
"""


def refused(*entries: dict, **changes: object) -> str:
    with pytest.raises(PolicyError) as caught:
        load_waivers(document(*entries, **changes))
    return str(caught.value)


def refused_yaml(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_waivers(load(text.encode(), "waivers.yaml"))
    return [str(one) for one in caught.value.problems]


@pytest.mark.parametrize("key", ["rule", "subject", "release"])
@pytest.mark.parametrize("written", ["*", "COST-*", "target * x kws", "**", "*kws", " * "])
def test_a_waiver_names_one_thing_and_never_all(key, written) -> None:
    assert f"a waiver names one {key}" in refused(entry(**{key: written}))


@pytest.mark.parametrize("key", ["rule", "subject", "release", "owner", "reason", "id"])
@pytest.mark.parametrize("written", ["", ..., None, 5, [], ["COST-005"], True])
def test_what_a_waiver_has_to_say_is_neither_left_out_nor_empty_nor_something_else_than_text(key, written) -> None:
    assert refused(entry(**{key: written}))


@pytest.mark.parametrize("key", ["rule", "subject", "release"])
@pytest.mark.parametrize("written", [" ", "\t", " kws", "kws "])
def test_white_space_is_no_name_and_no_part_of_one(key, written) -> None:
    assert refused(entry(**{key: written}))


@pytest.mark.parametrize("approvers", [[], None, ..., "security", [""], [5], [None], ["a"] * 17, {}])
def test_somebody_has_to_approve(approvers) -> None:
    assert refused(entry(approved_by=approvers))


@pytest.mark.parametrize("rule", ["SIG-001", "POL-001", "sig-001", "SIG-"])
def test_rules_about_signatures_and_policy_cannot_be_waived(rule) -> None:
    assert f"rule {rule} cannot be waived" in refused(entry(rule=rule))


@pytest.mark.parametrize("approver", ["jane@example.invalid", "Jane@Example.Invalid", " jane@example.invalid "])
def test_who_owns_a_waiver_cannot_approve_it(approver) -> None:
    assert "owns this waiver and cannot be among approved_by" in refused(entry(approved_by=["security", approver]))


@pytest.mark.parametrize("name", ["jаne@example.invalid", "jane\u200b", "ｊane", "jos\u00e9", "\u00a0"])
def test_two_people_never_look_alike(name) -> None:
    assert "should be printable ASCII" in refused(entry(owner=name))
    assert "should be printable ASCII" in refused(entry(approved_by=[name]))


@pytest.mark.parametrize("accept", [True, "58", [58], {}, "NaN", 2**70])
def test_what_is_accepted_is_a_finite_number(accept) -> None:
    with pytest.raises(Exception, match=r"accept|64 bits"):
        load_waivers(document(entry(accept=accept)))


@pytest.mark.parametrize("accept", [".nan", ".inf", "-.inf", "1e999"])
def test_no_yaml_spelling_of_infinity_is_accepted(accept) -> None:
    with pytest.raises(Exception, match=r"finite|too large"):
        load_waivers(load((HEAD + GOOD.replace("58", accept)).encode(), "waivers.yaml"))


@pytest.mark.parametrize("digest", ["sha256:abc", "sha256:" + "A1" * 32, "a1" * 32, "sha512:" + "a1" * 32, ""])
def test_a_digest_is_written_in_full(digest) -> None:
    assert "artifact" in refused(entry(artifact=digest))


@pytest.mark.parametrize("versions", ["*", "1.4", "latest", "", ">=1.x", ">=1.4,<2"])
def test_a_range_of_versions_is_one_we_read(versions) -> None:
    assert "versions" in refused(entry(versions=versions))


@pytest.mark.parametrize("key", ["scope", "approver", "expire", "Rule", "stages", "mode"])
def test_a_key_we_do_not_know_is_refused(key) -> None:
    assert key in refused(entry(**{key: "x"}))


@pytest.mark.parametrize("expires", [20270131, None, ..., True, ["2027-01-31"]])
def test_an_end_is_text_and_never_left_out(expires) -> None:
    assert "expires" in refused(entry(expires=expires))


def test_an_impossible_end_is_no_reason_to_refuse_the_file_since_it_counts_as_expired() -> None:
    assert waiver(expires="2027-02-30").expires == "2027-02-30"


def test_an_id_is_used_once_whatever_its_case() -> None:
    assert "the id 'w-2026-014' is already used by waivers[0]" in refused(entry(), entry(id="w-2026-014"))


def test_no_waiver_takes_the_place_of_the_baseline() -> None:
    assert "stands for the baseline" in refused(entry(id="Baseline"))


@pytest.mark.parametrize(
    "changes",
    [{"kind": "Waivers"}, {"apiVersion": "v1"}, {"waivers": None}, {"waivers": {}}, {"more": 1}, {"waivers": "*"}],
)
def test_a_file_of_another_kind_is_refused(changes) -> None:
    assert refused(entry(), **changes)


def test_more_entries_than_anybody_reviews_are_refused() -> None:
    assert "waivers" in refused(*(entry(id=f"W-{number}") for number in range(1001)))


def test_a_list_without_waivers_is_a_waiver_file() -> None:
    assert load_waivers(document()) == ()


def test_every_problem_of_a_file_is_reported_once_with_its_place() -> None:
    text = (
        HEAD + GOOD + GOOD.replace("COST-005", "SIG-001").replace("target node-v2 x kws", "'*'").replace("58", "high")
    )
    text = text.replace("[security]", "[JANE@example.invalid]")
    found = refused_yaml(text)
    assert [one.split(": ", maxsplit=1)[0] for one in found] == [
        "waivers.yaml:10:19",
        "waivers.yaml:13:9",
        "waivers.yaml:14:11",
        "waivers.yaml:16:14",
        "waivers.yaml:17:13",
        "waivers.yaml:19:19",
    ]


def test_a_waiver_keeps_all_it_says_and_where_it_stands() -> None:
    said = {
        **ENTRY,
        "versions": ">=1.4.0",
        "artifact": "sha256:" + "a1" * 32,
        "approval": "a.json",
        "reference": "TRACK-1",
        "granted": "2026-12-01",
    }
    loaded = waiver(**said)
    kept = {key: getattr(loaded, key) for key in said}
    assert {**kept, "approved_by": list(kept["approved_by"])} == said
    assert loaded.document.get(f"{loaded.pointer}/id") == "W-2026-014"


def test_a_whole_number_is_kept_to_its_last_digit() -> None:
    assert waiver(accept=2**53 + 1).accept == 2**53 + 1


# The digest that an approver signs


def test_the_digest_of_a_waiver_is_that_of_its_words_and_not_of_its_spelling() -> None:
    (one,) = load_waivers(load((HEAD + GOOD).encode(), "waivers.yaml"))
    flow = "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\n# a comment\nwaivers: [{expires: '2027-01-31', id: W-1, rule: COST-005, release: kws-en, subject: target node-v2 x kws, accept: 58, owner: jane@example.invalid, approved_by: [security], reason: a fix is tracked}]\n"  # fmt: skip
    (other,) = load_waivers(load(flow.encode(), "waivers.yaml"))
    assert one.digest == other.digest


def test_naming_the_approval_does_not_change_what_was_approved() -> None:
    assert waiver().digest == waiver(approval="approvals/W-2026-014.dsse.json").digest


@pytest.mark.parametrize(
    "change",
    [{"accept": 59}, {"accept": ...}, {"expires": "2027-02-01"}, {"subject": "release"}, {"rule": "COST-006"},
     {"owner": "joe"}, {"approved_by": ["security", "safety"]}, {"id": "W-1"}, {"release": "kws"}, {"reason": "other"},
     {"versions": ">=1"}, {"artifact": "sha256:" + "a1" * 32}, {"granted": "2026-12-01"}, {"reference": "T-1"}],
)  # fmt: skip
def test_any_other_change_needs_a_new_approval(change) -> None:
    assert waiver(**change).digest != waiver().digest
