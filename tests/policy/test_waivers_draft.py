"""Drafting a waiver for a finding, and adding it to a file that people wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiver_world import FINDING, circumstances, decided, document, entry, finding, limits, waiver

from policy_gate.document import load, load_json
from policy_gate.errors import GateError, PolicyError, UsageError
from policy_gate.model import Outcome, Subject
from policy_gate.policy.exceptions import Approval, Proven
from policy_gate.policy.waiver_draft import HEADER, Wish, append_waiver, draft_waiver, next_waiver_id
from policy_gate.policy.waiver_file import load_waivers

WISH = Wish(
    id="W-2026-001",
    owner="jane@example.invalid",
    approved_by=("security",),
    reason="Firmware 3.2 lowers the clock: a fix is tracked # really",
    expires="2027-01-31",
)
OLD = (
    HEADER
    + "  - {id: W-1, rule: A-001, release: kws, subject: s, owner: a, approved_by: [b], reason: old, expires: x}\n"
)


def drafted(judgement=FINDING, running=0, wish=WISH, **changes: object) -> str:
    return draft_waiver(judgement, replace(wish, **changes), circumstances(), already_running=running)


def loaded(text: str, path: str = "waivers.yaml"):
    return load_waivers(load(text.encode(), path))


def test_a_draft_accepts_what_was_measured_and_not_a_digit_more() -> None:
    (one,) = loaded(append_waiver(None, drafted(finding(measured=58.25)), "waivers.yaml"))
    assert one.accept == 58.25
    assert decided(one, finding(measured=58.25)).covers
    assert not decided(one, finding(measured=58.26)).covers


def test_a_draft_reads_as_a_person_would_write_it() -> None:
    assert append_waiver(None, drafted(reference="TRACK-1", versions=">=1.4.0 <1.5.0"), "waivers.yaml") == (
        "apiVersion: policy-gate/v1alpha1\n"
        "kind: WaiverList\n"
        "waivers:\n"
        "  - id: W-2026-001\n"
        "    rule: COST-005\n"
        "    release: kws-en\n"
        '    versions: ">=1.4.0 <1.5.0"\n'
        '    subject: "target node-v2 x kws"\n'
        "    accept: 58\n"
        "    owner: jane@example.invalid\n"
        "    approved_by: [security]\n"
        '    reason: "Firmware 3.2 lowers the clock: a fix is tracked # really"\n'
        "    reference: TRACK-1\n"
        '    granted: "2026-12-01"\n'
        '    expires: "2027-01-31"\n'
    )


@pytest.mark.parametrize(
    ("judgement", "changes", "why"),
    [
        (finding(outcome=Outcome.UNKNOWN), {}, "what is not known cannot be accepted"),
        (finding(outcome=Outcome.ERROR), {}, "what is not known cannot be accepted"),
        (finding(outcome=Outcome.PASS), {}, "the outcome is pass without it"),
        (finding(rule="SIG-001"), {}, "cannot be waived"),
        (finding(area="signature"), {}, "never waived"),
        (finding(subject=Subject("document", ("a x b.md",))), {}, "could be read as another subject"),
        (finding(measured=float("nan")), {}, "finite"),
        (finding(measured=2**70), {}, "64 bits"),
        (FINDING, {"expires": "2026-11-30"}, "expired"),
        (FINDING, {"expires": "2027-02-30"}, "no day"),
        (FINDING, {"expires": "9999-12-31"}, "the policy allows 90"),
        (FINDING, {"expires": ""}, "expires"),
        (FINDING, {"approved_by": ()}, "approved_by"),
        (FINDING, {"approved_by": ("Jane@example.invalid",)}, "owns this waiver"),
        (FINDING, {"owner": "jаne"}, "ASCII"),
        (FINDING, {"owner": "\udcff"}, "surrogate"),
        (FINDING, {"reason": ""}, "reason"),
        (FINDING, {"versions": ">=2"}, "for versions >=2"),
        (FINDING, {"versions": "all"}, "versions"),
        (FINDING, {"artifact": "sha256:" + "00" * 32}, "which this release does not have"),
        (FINDING, {"id": "baseline"}, "stands for the baseline"),
        (FINDING, {"id": "../x"}, "id"),
    ],
)
def test_a_waiver_that_would_not_help_is_not_drafted(judgement, changes, why) -> None:
    with pytest.raises(UsageError, match=why):
        drafted(judgement, **changes)


def test_a_waiver_over_the_allowed_number_is_not_drafted() -> None:
    assert drafted(running=2)
    with pytest.raises(UsageError, match="4 waivers run for this release"):
        drafted(running=3)


def test_where_proof_is_demanded_a_draft_comes_before_its_signature() -> None:
    proven = circumstances(limits=limits(approval=Approval.PROVEN))
    text = draft_waiver(FINDING, replace(WISH, approval="approvals/W.dsse.json"), proven, already_running=0)
    (one,) = loaded(append_waiver(None, text, "waivers.yaml"))
    assert not decided(one, limits=proven.limits).covers
    assert decided(one, limits=proven.limits, proof=Proven(by=("security",))).covers


def test_the_next_id_is_the_first_of_the_year_that_is_free() -> None:
    assert next_waiver_id((), date(2026, 12, 1)) == "W-2026-001"
    assert next_waiver_id((waiver(id="w-2026-001"), waiver(id="W-2026-003")), date(2026, 12, 1)) == "W-2026-002"


KEPT = {
    "an indented list": OLD,
    "a list at the margin": OLD.replace("  - ", "- "),
    "comments before, beside and after": OLD.replace("waivers:\n", "waivers:  # ours\n  # first\n") + "# the end\n",
    "no line end at the end": OLD.rstrip("\n"),
    "line ends of Windows": OLD.replace("\n", "\r\n"),
    "keys after the list": "waivers:\n" + OLD.split("\n")[3] + "\n\n# head\nkind: WaiverList\napiVersion: policy-gate/v1alpha1\n",
    "a list in one line": OLD.replace("\n  - ", " [").rstrip("\n") + "]  # all\n",
    "a document in one line": "{apiVersion: policy-gate/v1alpha1, kind: WaiverList, waivers: []}\n",
    "an empty list": HEADER.rstrip() + " []  # none yet\n# the end\n",
    "an empty list over two lines": HEADER.rstrip() + " [ # none\n  ]\n",
    "a long text at the end": HEADER + "- {id: W-1, rule: A-001, release: kws, subject: s, owner: a, approved_by: [b], expires: x,\n"
    "   reason: a b\n     c}\n",
    "a block text at the end": HEADER + "- id: W-1\n  rule: A-001\n  release: kws\n  subject: s\n  owner: a\n"
    "  approved_by:\n  - b\n  expires: x\n  reason: |\n    one\n\n    two\n\n# the end\n",
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_people_wrote_stays_and_the_entry_stands_at_the_end(name) -> None:
    before = KEPT[name]
    after = append_waiver(load(before.encode(), "waivers.yaml"), drafted(), "waivers.yaml")
    assert [one.id for one in loaded(after)][:-1] == [one.id for one in loaded(before)]
    assert loaded(after)[-1].id == "W-2026-001"
    assert [one.digest for one in loaded(after)][:-1] == [one.digest for one in loaded(before)]
    for comment in ("# ours", "# first", "# the end", "# head", "# all", "# none yet"):
        assert (comment in after) is (comment in before)
    assert ("\r\n" in after) is ("\r\n" in before)
    assert after.count("\n") - after.count("\r\n") == (0 if "\r\n" in before else after.count("\n"))


def test_a_json_file_stays_json() -> None:
    first = append_waiver(None, drafted(), "waivers.json")
    second = append_waiver(load_json(first.encode(), "waivers.json"), drafted(id="W-2"), "waivers.json")
    assert [one.id for one in loaded(second, "waivers.json")] == ["W-2026-001", "W-2"]


def test_an_id_that_is_taken_is_not_added_again() -> None:
    text = append_waiver(None, drafted(), "waivers.yaml")
    with pytest.raises(PolicyError, match="already used"):
        append_waiver(load(text.encode(), "waivers.yaml"), drafted(), "waivers.yaml")


@pytest.mark.parametrize("content", ["waivers: 1\n", "[]\n", "kind: PolicyPack\n", HEADER, OLD.replace("A-001", "'*'")])
def test_a_file_that_is_no_waiver_file_is_left_alone(content) -> None:
    with pytest.raises(PolicyError):
        append_waiver(load(content.encode(), "waivers.yaml"), drafted(), "waivers.yaml")


def test_only_one_entry_is_added_at_a_time() -> None:
    with pytest.raises(GateError, match="one entry"):
        append_waiver(document(entry()), drafted() + drafted(), "waivers.yaml")


texts = st.text(min_size=3, max_size=40).filter(lambda text: len(text.strip()) >= 3)


@given(texts, st.integers(51, 2**62) | st.floats(50.5, 1e300), st.sampled_from(sorted(KEPT)))
def test_whatever_a_reason_holds_is_read_back_as_it_was_wished(reason, measured, name) -> None:
    try:
        entry_text = drafted(finding(measured=measured), reason=reason)
    except UsageError as error:
        assert "surrogate" in str(error) or "U+" in str(error) or "character" in str(error)  # noqa: PT017  # why it may
        return
    added = loaded(append_waiver(load(KEPT[name].encode(), "waivers.yaml"), entry_text, "waivers.yaml"))[-1]
    assert (added.reason, added.accept) == (reason, measured)
