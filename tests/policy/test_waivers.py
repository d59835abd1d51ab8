"""What a waiver covers, and everything it must never cover."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiver_world import (
    ARTIFACTS,
    FINDING,
    LIMITS,
    MODEL,
    OTHER_MODEL,
    RELEASE,
    TODAY,
    circumstances,
    decided,
    finding,
    limits,
    waiver,
)

from policy_gate.errors import Reason
from policy_gate.model import Judgement, Mode, Outcome, Place, Severity, Subject
from policy_gate.policy.exceptions import (
    EVERY_RULE,
    NO_PROOF,
    Approval,
    NotProven,
    Proven,
    WaiverLimits,
    days_between,
    is_number,
    read_day,
    same_person,
    stricter,
)
from policy_gate.policy.waivers import Status, decide, standing, subject_words


def on(day: str, **changes: object):
    return decided(waiver(**changes), today=date.fromisoformat(day))


def test_a_waiver_covers_the_one_finding_it_was_made_for() -> None:
    decision = decided(waiver())
    assert decision.covers
    assert decision.message == "it accepts 58 ms"


# Days


def test_on_its_last_day_a_waiver_covers_and_a_day_later_it_does_not() -> None:
    assert on("2027-01-31").covers
    late = on("2027-02-01")
    assert (late.status, late.message) == (Status.EXPIRED, "it expired on 2027-01-31")


@pytest.mark.parametrize(
    "expires",
    ["2027-02-30", "2027-13-01", "2026-12-32", "2027-1-31", "20270131", "2027-W04-7", "31.01.2027", "never", "", " ",
     "2027-01-31 ", "2027-01-31T00:00:00Z", "２０２７-01-31", "+2027-01-31", "0000-01-01", "2027-01-31\n", "9" * 64],
)  # fmt: skip
def test_an_end_that_is_no_day_counts_as_expired(expires) -> None:
    decision = decided(waiver(expires=expires))
    assert decision.status is Status.NO_SUCH_DAY
    assert "is no day: counts as expired" in decision.message


def test_a_waiver_until_the_end_of_time_is_granted_for_too_long() -> None:
    decision = decided(waiver(expires="9999-12-31"))
    assert decision.status is Status.TOO_LONG
    assert "the policy allows 90" in decision.message


def test_the_longest_lifetime_is_inclusive_and_counts_from_today_where_no_day_of_grant_is_given() -> None:
    last = TODAY + timedelta(days=90)
    assert decided(waiver(expires=last.isoformat())).covers
    assert decided(waiver(expires=(last + timedelta(days=1)).isoformat())).status is Status.TOO_LONG


def test_a_waiver_granted_long_ago_is_too_long_even_shortly_before_its_end() -> None:
    assert on("2027-01-31", granted="2026-11-02").covers
    assert on("2027-01-31", granted="2026-11-01").status is Status.TOO_LONG


def test_a_waiver_granted_in_the_future_does_not_count_before_that_day() -> None:
    assert on("2026-12-01", granted="2026-12-02").status is Status.NOT_YET
    assert on("2026-12-02", granted="2026-12-02").covers


@pytest.mark.parametrize("granted", ["2026-02-30", "yesterday", " ", "0001-01-00"])
def test_a_day_of_grant_that_is_no_day_counts_as_expired(granted) -> None:
    assert on("2026-12-01", granted=granted).status is Status.NO_SUCH_DAY


# What it is for


@pytest.mark.parametrize("rule", ["COST-006", "COST-05", "cost-005", "COST‑005", "СOST-005", "COST-005 "])
def test_a_waiver_for_another_rule_covers_nothing(rule) -> None:
    assert decided(waiver(), finding(rule=rule)).status is Status.OTHER_RULE


@pytest.mark.parametrize(
    "subject",
    [
        Subject("target", ("node-v3", "kws")),
        Subject("target", ("node-v2",)),
        Subject("target", ("Node-v2", "kws")),
        Subject("target", ("nоde-v2", "kws")),  # a Cyrillic o
        Subject("target", ("node-v2", "kws", "kws")),
        Subject("target", ("node-v2 x kws",)),
        Subject("targets", ("node-v2", "kws")),
        Subject("release"),
        Subject("target", ("node-v2 ", "kws")),
        Subject("", ()),
    ],
    ids=repr,
)
def test_a_waiver_for_another_subject_covers_nothing(subject) -> None:
    assert decided(waiver(), finding(subject=subject)).status is Status.OTHER_SUBJECT


names = st.text("ax ", max_size=5)


@given(st.lists(names, max_size=3), st.lists(names, max_size=3))
def test_two_subjects_never_have_the_same_words(one, other) -> None:
    words = subject_words(Subject("target", tuple(one)))
    if words and words == subject_words(Subject("target", tuple(other))):
        assert one == other


def test_a_target_that_is_called_x_can_be_named() -> None:
    assert subject_words(Subject("target", ("x", "kws"))) == "target x x kws"


def test_a_waiver_for_another_release_covers_nothing_even_for_the_same_subject() -> None:
    for release in ("kws", "KWS-EN", "kws-en2", "kws-еn"):
        assert decided(waiver(release=release)).status is Status.OTHER_RELEASE


@pytest.mark.parametrize("versions", [">=1.4.0 <1.5.0", "==1.4.2", ">1.4.1"])
def test_a_waiver_covers_within_its_versions(versions) -> None:
    assert decided(waiver(versions=versions)).covers


@pytest.mark.parametrize(
    ("versions", "version"),
    [
        (">=1.5.0", "1.4.2"),
        ("<1.4.2", "1.4.2"),
        (">=1.4.0 <1.5.0", "1.5.0-rc.1"),
        (">=0", "latest"),
        (">=0", "1.4.2+x"),
    ],
)
def test_a_waiver_for_other_versions_covers_nothing_and_no_version_is_in_no_range(versions, version) -> None:
    from dataclasses import replace

    release = replace(RELEASE, version=version)
    assert decided(waiver(versions=versions), release=release).status is Status.OTHER_VERSION


def test_a_range_that_cannot_be_read_takes_no_version() -> None:
    from dataclasses import replace

    assert decided(replace(waiver(), versions="any")).status is Status.OTHER_VERSION


def test_a_waiver_bound_to_an_artifact_covers_that_artifact_and_no_other() -> None:
    assert decided(waiver(artifact=MODEL)).covers
    bound_to_labels = decided(waiver(artifact=OTHER_MODEL))
    assert bound_to_labels.status is Status.OTHER_ARTIFACT
    changed = decided(waiver(artifact=MODEL), artifacts={"kws": OTHER_MODEL})
    assert changed.status is Status.OTHER_ARTIFACT
    assert decided(waiver(artifact=MODEL), artifacts={}).status is Status.OTHER_ARTIFACT


def test_a_digest_on_a_subject_that_names_no_artifact_is_that_of_any_artifact_of_the_release() -> None:
    about_release = finding(subject=Subject("release"))
    assert decided(waiver(subject="release", artifact=OTHER_MODEL), about_release).covers
    unknown = f"sha256:{'d4' * 32}"
    assert decided(waiver(subject="release", artifact=unknown), about_release).status is Status.OTHER_ARTIFACT


def test_an_artifact_whose_digest_is_not_known_is_bound_to_nothing() -> None:
    one = waiver(subject="artifact other", artifact=MODEL)
    assert decided(one, finding(subject=Subject("artifact", ("other",)))).status is Status.OTHER_ARTIFACT


# Outcomes


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ERROR])
def test_a_waiver_never_covers_what_is_not_known(outcome) -> None:
    decision = decided(waiver(), finding(outcome=outcome, reason=Reason.UNREADABLE))
    assert decision.status is Status.NOT_A_FAIL
    assert "what is not known cannot be accepted" in decision.message


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.WAIVED])
def test_a_waiver_counts_only_when_the_rule_would_fail(outcome) -> None:
    assert decided(waiver(), finding(outcome=outcome)).status is Status.NOT_NEEDED


@pytest.mark.parametrize("area", ["signature", "policy"])
def test_what_decides_who_is_trusted_is_never_waived_under_whatever_rule_id(area) -> None:
    assert decided(waiver(), finding(area=area)).status is Status.NOT_WAIVABLE


def test_a_protected_rule_is_never_waived() -> None:
    assert decided(waiver(), limits=limits(protected=frozenset({"COST-005"}))).status is Status.NOT_WAIVABLE


def test_where_the_policy_lists_what_may_be_waived_nothing_else_may() -> None:
    assert decided(waiver(), limits=limits(waivable=frozenset({"COST-005"}))).covers
    assert decided(waiver(), limits=limits(waivable=frozenset({"COST-006"}))).status is Status.NOT_WAIVABLE
    assert decided(waiver(), limits=limits(waivable=frozenset())).status is Status.NOT_WAIVABLE


# Numbers


@pytest.mark.parametrize(
    ("measured", "limit", "accept", "covers"),
    [
        *((58, 50, 58, True), (58.1, 50, 58, False), (57.9, 50, 58, True), (50.1, 50, 50, False)),
        # Under a least value, going down is going away from the limit.
        *((0.90, 0.95, 0.90, True), (0.89, 0.95, 0.90, False), (0.94, 0.95, 0.90, True)),
        # A waiver for a latency that is too high is no waiver for one that is too low.
        *((10, 50, 58, False), (100, 50, 10, False)),
        *((50, 50, 58, False), (58, 58, 58, True), (2**53 + 1, 50, float(2**53), False)),
        *((10**400, 50, 58, False), (-(10**400), 50, 58, False), (58, 10**400, 58, True)),
    ],
)
def test_a_number_is_covered_up_to_what_is_accepted(measured, limit, accept, covers) -> None:
    decision = decided(waiver(accept=accept), finding(measured=measured, limit=limit))
    assert decision.covers is covers
    assert covers or decision.status is Status.PAST_ACCEPT


def test_above_accept_the_message_says_both_numbers() -> None:
    decision = decided(waiver(), finding(measured=58.1))
    assert decision.message == "it accepts 58 ms, and 58.1 ms was measured"


def test_a_number_without_accept_is_not_covered() -> None:
    decision = decided(waiver(accept=...))
    assert (decision.status, decision.message) == (Status.PAST_ACCEPT, "it has no `accept`, and 58 ms was measured")


@pytest.mark.parametrize("measured", ["a sentence", None, True, False, "58"])
def test_an_accept_never_matches_a_finding_without_numbers(measured) -> None:
    assert decided(waiver(accept=1), finding(measured=measured)).status is Status.PAST_ACCEPT
    assert decided(waiver(accept=1, found="58"), finding(measured=measured)).status is Status.PAST_ACCEPT


def test_a_waiver_for_a_text_is_no_waiver_for_the_next_one() -> None:
    licence = finding(measured="CC-BY-NC-4.0", limit=None, unit="", subject=Subject("dataset", ("speech",)))
    for_speech = {"accept": ..., "subject": "dataset speech"}
    assert decided(waiver(found="CC-BY-NC-4.0", **for_speech), licence).covers
    for one in (waiver(**for_speech), waiver(found="CC-BY-NC-4.0 ", **for_speech), waiver(found="CC", **for_speech)):
        assert decided(one, licence).status is Status.PAST_ACCEPT


def test_a_waiver_for_one_digest_covers_no_other_bytes() -> None:
    mismatch = finding(measured=MODEL, limit=OTHER_MODEL, unit="", subject=Subject("artifact", ("kws",)))
    for_kws = {"accept": ..., "subject": "artifact kws"}
    assert decided(waiver(found=MODEL, **for_kws), mismatch).covers
    assert not decided(waiver(found=OTHER_MODEL, **for_kws), mismatch).covers
    assert not decided(waiver(**for_kws), mismatch).covers


@pytest.mark.parametrize("subject", [Subject("artifact", ("kws",)), Subject("target", ("node-v2", "kws"))])
def test_where_nothing_was_measured_a_waiver_about_a_file_is_for_its_bytes_of_today(subject) -> None:
    said = finding(measured=None, limit=None, unit="", subject=subject)
    open_one, bound = waiver(accept=..., subject=str(subject)), waiver(accept=..., subject=str(subject), artifact=MODEL)
    assert "needs the digest" in decided(open_one, said).message
    assert decided(bound, said).covers
    assert not decided(bound, said, artifacts={"kws": OTHER_MODEL}).covers


def test_what_is_found_is_no_number_and_no_silence() -> None:
    assert not decided(waiver(found="58")).covers
    silent = finding(measured=None, limit=None, subject=Subject("release"))
    assert decided(waiver(accept=..., subject="release"), silent).covers
    assert not decided(waiver(accept=..., subject="release", found="x"), silent).covers


@pytest.mark.parametrize("limit", [None, "as in the base", True])
def test_without_a_limit_no_direction_is_known_and_only_the_same_number_is_accepted(limit) -> None:
    assert decided(waiver(accept=58), finding(limit=limit)).covers
    assert not decided(waiver(accept=59), finding(limit=limit)).covers
    assert not decided(waiver(accept=57), finding(limit=limit)).covers
    assert not decided(waiver(accept=...), finding(limit=limit)).covers


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_never_accepted(broken) -> None:
    for one in (waiver(), waiver(accept=...)):
        assert not decided(one, finding(measured=broken)).covers
        assert not decided(one, finding(limit=broken)).covers


@pytest.mark.parametrize("accept", [math.nan, math.inf, True, "58", [58]])
def test_an_accept_that_is_no_number_covers_nothing_however_it_came_in(accept) -> None:
    from dataclasses import replace

    assert not decided(replace(waiver(), accept=accept)).covers
    assert not decided(replace(waiver(), accept=accept), finding(measured=1, limit=0)).covers


# Approval


def test_a_typed_approval_does_not_count_where_the_policy_wants_proof() -> None:
    decision = decided(waiver(), limits=limits(approval=Approval.PROVEN))
    assert decision.status is Status.NOT_APPROVED
    assert "typed" in decision.message
    assert decided(waiver(), limits=limits(approval=Approval.PROVEN), proof=Proven(by=("security",))).covers


def test_an_approval_that_is_named_has_to_hold_even_where_none_is_demanded() -> None:
    decision = decided(waiver(approval="a.dsse.json"), proof=NotProven(reason="it was changed"))
    assert decision.status is Status.NOT_APPROVED
    assert "it was changed" in decision.message


@pytest.mark.parametrize("signer", ["jane@example.invalid", "JANE@example.invalid", " jane@EXAMPLE.invalid "])
def test_a_proof_by_the_owner_is_no_approval(signer) -> None:
    decision = decided(waiver(), proof=Proven(by=(signer,)))
    assert decision.status is Status.NOT_APPROVED
    assert "who proposes a waiver cannot approve it" in decision.message
    assert not decided(waiver(), proof=Proven(by=())).covers
    assert decided(waiver(), proof=Proven(by=(signer, "security"))).covers


def test_a_waiver_that_names_its_owner_as_approver_is_refused_also_past_the_loader() -> None:
    from dataclasses import replace

    for approvers in ((), ("Jane@Example.invalid",), ("security", "jane@example.invalid")):
        one = replace(waiver(), approved_by=approvers)
        assert decided(one).status is Status.NOT_APPROVED
        assert decided(one, proof=Proven(by=("security",))).status is Status.NOT_APPROVED


@pytest.mark.parametrize(
    ("one", "other"), [("Jane", "jane "), ("@jane", "jane"), ("ｊane", "jane"), ("STRASSE", "straße")]
)
def test_one_person_in_two_spellings_is_one_person(one, other) -> None:
    assert same_person(one, other)
    assert not same_person(one, "security")


# Number


def test_with_more_waivers_than_allowed_none_counts() -> None:
    assert decided(waiver(), running=3).covers
    decision = decided(waiver(), running=4)
    assert decision.status is Status.TOO_MANY
    assert decision.message == "4 waivers run for this release and the policy allows 3: none counts"
    assert not decided(waiver(), running=1, limits=limits(waivers_max=0)).covers


# Limits


any_limits = st.builds(
    WaiverLimits,
    waivers_max=st.integers(0, 5),
    waiver_days_max=st.integers(0, 400),
    approval=st.sampled_from(Approval),
    protected=st.frozensets(st.sampled_from(["COST-005", "COST-006"])),
    waivable=st.just(EVERY_RULE) | st.frozensets(st.sampled_from(["COST-005", "COST-006"])),
)


@given(any_limits, any_limits, any_limits)
def test_the_stricter_limits_do_not_depend_on_the_order_of_packs(one, other, third) -> None:
    assert stricter(one, other) == stricter(other, one)
    assert stricter(stricter(one, other), third) == stricter(one, stricter(other, third))
    assert stricter(one, one) == one


@given(any_limits, any_limits, st.integers(0, 4), st.sampled_from([NO_PROOF, Proven(by=("security",))]))
def test_what_the_stricter_limits_let_a_waiver_cover_each_of_them_does(one, other, running, proof) -> None:
    if decided(waiver(), proof=proof, running=running, limits=stricter(one, other)).covers:
        assert decided(waiver(), proof=proof, running=running, limits=one).covers
        assert decided(waiver(), proof=proof, running=running, limits=other).covers


# Totality


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**5000), st.just(-(10**5000))
)
subjects = st.just(FINDING.subject) | st.builds(Subject, st.text(max_size=8), st.lists(st.text(max_size=8)).map(tuple))
judgements = st.builds(
    Judgement,
    rule=st.just("COST-005") | st.text(max_size=12),
    title=st.just("a rule"),
    area=st.sampled_from(["cost", "signature", "policy", ""]),
    severity=st.sampled_from(Severity),
    mode=st.sampled_from(Mode),
    subject=subjects,
    outcome=st.sampled_from(Outcome),
    reason=st.none() | st.sampled_from(Reason),
    message=st.text(max_size=8),
    place=st.just(Place(source="head", path="release.yaml")),
    measured=scalars,
    limit=scalars,
    unit=st.text(max_size=4),
)
proofs = st.one_of(
    st.just(NO_PROOF), st.builds(NotProven, reason=st.text()), st.builds(Proven, by=st.lists(st.text()).map(tuple))
)
waivers = st.builds(
    waiver,
    accept=st.just(...) | st.integers(-100, 100) | st.floats(allow_nan=False, allow_infinity=False, width=32),
    expires=st.sampled_from(["2027-01-31", "2027-02-30", "9999-12-31", "0001-01-01", "x"]),
    granted=st.just(...) | st.sampled_from(["2026-11-01", "9999-12-31", "0001-01-01", "x"]),
    artifact=st.just(...) | st.sampled_from([MODEL, OTHER_MODEL]),
)


around_any = st.builds(circumstances, limits=any_limits, today=st.dates() | st.just(TODAY))


@given(waivers, judgements, proofs, around_any, st.integers(0, 5))
def test_every_judgement_gets_a_decision_and_only_a_failure_is_ever_covered(
    one, judgement, proof, around, running
) -> None:
    decision = decide(one, judgement, proof, around, running=running)
    assert decision.message
    if not decision.covers:
        return
    assert judgement.outcome is Outcome.FAIL
    assert judgement.rule == "COST-005"
    assert judgement.subject == FINDING.subject
    assert judgement.area == "cost"
    assert standing(one, proof, around).status is Status.IN_FORCE
    assert running <= around.limits.waivers_max
    assert around.today <= read_day(one.expires)
    if is_number(judgement.measured):
        assert one.accept is not None


@given(st.dates(), st.dates(), st.dates())
def test_days_are_told_for_every_three_days(granted, expires, today) -> None:
    days = days_between(granted.isoformat(), expires.isoformat(), today)
    assert days.since_granted + days.left == days.lifetime


@given(st.text("0123456789-", min_size=8, max_size=12) | st.dates().map(date.isoformat) | st.text(max_size=12))
def test_what_is_read_as_a_day_is_written_as_that_day(text) -> None:
    try:
        day = read_day(text)
    except ValueError:
        return
    assert day.isoformat() == text


def test_the_world_of_these_tests_is_what_it_says() -> None:
    assert ARTIFACTS["kws"] == MODEL
    assert LIMITS.waivers_max == 3
