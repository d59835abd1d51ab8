"""Rules about exceptions: each of them pass, fail and not applicable, and never silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.areas.policy import AREA, FACT_TYPES, checks
from policy_gate.areas.policy.change_facts import PolicyChange, Proposal
from policy_gate.areas.policy.facts import KnownFindings, ListedWaiver, WaiverNumber
from policy_gate.areas.policy.states import baseline_fact, waiver_facts
from policy_gate.document import bind, load
from policy_gate.model import Basis, Mode, Outcome, Subject
from policy_gate.policy.baseline import KnownState, KnownStatus
from policy_gate.policy.exceptions import Approval, Days, NoDays, WaiverLimits
from policy_gate.policy.pack import PackDocument
from policy_gate.policy.packs import builtin_folder
from policy_gate.policy.waiver_use import Waived, WaiverState
from policy_gate.policy.waivers import Status, Waiver

LIMITS = WaiverLimits(waivers_max=3, waiver_days_max=90, approval=Approval.DECLARED)

OWN = ("policy.waiver", "policy.baseline")

WAIVER = ListedWaiver(
    subject=Subject("waiver", ("W-1",)),
    pointer="/waivers/0",
    basis=Basis.DECLARED,
    waiver="W-1",
    rule="COST-005",
    about="target node-v2",
    owner="jane",
    approvers=("security",),
    objection="",
    status=Status.COVERS,
    message="it accepts 58 ms",
    expires="2027-01-31",
    days_known=True,
    days_left=61,
    lifetime_days=61,
    days_max=90,
    covers=("COST-005:target:node-v2:/targets/0",),
)
ELSEWHERE = (Status.OTHER_RELEASE, Status.OTHER_VERSION, Status.OTHER_ARTIFACT)


def judged(check: str, *limits: object, **changes: object) -> Outcome:
    return getattr(checks, check)(replace(WAIVER, **changes), *limits).outcome


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.NO_SUCH_DAY, Status.NOT_YET, Status.NOT_WAIVABLE])
def test_a_waiver_that_is_over_or_never_was_is_found(status) -> None:
    assert judged("waiver_in_force", status=status) is Outcome.FAIL


def test_an_expired_waiver_says_how_long_it_is_over() -> None:
    answer = checks.waiver_in_force(replace(WAIVER, status=Status.EXPIRED, days_left=-3, message="it expired"))
    assert (answer.measured, answer.limit, answer.unit) == (-3, 0, "days")


def test_a_waiver_in_force_passes_and_one_for_something_else_is_not_judged_here() -> None:
    assert judged("waiver_in_force") is Outcome.PASS
    for status in (*ELSEWHERE, Status.TOO_LONG, Status.NOT_APPROVED, Status.TOO_MANY):
        assert judged("waiver_in_force", status=status) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("status", [Status.NOT_NEEDED, Status.NOT_A_FAIL, Status.PAST_ACCEPT])
def test_a_waiver_that_covers_nothing_is_found(status) -> None:
    assert judged("waiver_is_needed", status=status) is Outcome.FAIL


def test_a_waiver_that_covers_something_is_needed_and_an_expired_one_is_judged_elsewhere() -> None:
    assert judged("waiver_is_needed") is Outcome.PASS
    for status in (*ELSEWHERE, Status.EXPIRED, Status.NOT_JUDGED):
        assert judged("waiver_is_needed", status=status) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("days_left", "outcome"), [(31, Outcome.PASS), (30, Outcome.FAIL), (0, Outcome.FAIL)])
def test_the_end_of_a_used_waiver_is_announced_thirty_days_before(days_left, outcome) -> None:
    assert judged("waiver_not_ending", checks.EndLimits(), days_left=days_left) is outcome


def test_the_end_of_a_waiver_that_covers_nothing_is_not_announced() -> None:
    status = Status.NOT_NEEDED
    assert judged("waiver_not_ending", checks.EndLimits(), days_left=1, status=status) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("lifetime", "outcome"), [(90, Outcome.PASS), (91, Outcome.FAIL), (2_900_000, Outcome.FAIL)])
def test_a_waiver_lives_no_longer_than_allowed(lifetime, outcome) -> None:
    assert judged("waiver_within_lifetime", lifetime_days=lifetime) is outcome


def test_a_lifetime_that_cannot_be_told_is_unknown() -> None:
    assert judged("waiver_within_lifetime", days_known=False) is Outcome.UNKNOWN


@pytest.mark.parametrize(("running", "outcome"), [(0, Outcome.PASS), (3, Outcome.PASS), (4, Outcome.FAIL)])
def test_no_more_waivers_run_than_allowed(running, outcome) -> None:
    number = WaiverNumber(subject=Subject("waivers"), pointer="", listed=5, running=running, waivers_max=3)
    answer = checks.waivers_within_number(number)
    assert answer.outcome is outcome
    assert ("none of them counts" in answer.message) is (outcome is Outcome.FAIL)


def test_a_waiver_that_nobody_else_approved_is_found() -> None:
    assert judged("waiver_is_approved", objection="jane owns it") is Outcome.FAIL
    assert judged("waiver_is_approved") is Outcome.PASS


def a_baseline(**changes: object) -> KnownFindings:
    known = KnownFindings(
        subject=Subject("baseline"), pointer="", made="2026-11-23", same=2, better=(), worse=(), gone=(), never_known=()
    )
    return replace(known, **changes)


@pytest.mark.parametrize("stale", [{"gone": ("a",)}, {"better": ("a",)}, {"never_known": ("a",)}])
def test_a_baseline_that_holds_what_was_mended_is_found(stale) -> None:
    answer = checks.baseline_is_current(a_baseline(**stale))
    assert answer.outcome is Outcome.FAIL
    assert answer.fixes


def test_a_baseline_that_is_as_it_was_or_worse_is_current() -> None:
    assert checks.baseline_is_current(a_baseline()).outcome is Outcome.PASS
    assert checks.baseline_is_current(a_baseline(worse=("a",))).outcome is Outcome.PASS


def test_a_long_list_of_findings_is_cut() -> None:
    answer = checks.baseline_is_current(a_baseline(gone=tuple("abcdefgh")))
    assert "a, b, c, d, e and 3 more" in answer.message


# Facts


def state(days: Days | NoDays, **changes: object) -> WaiverState:
    document = load(b"waivers: []", "waivers.yaml")
    waiver = Waiver(
        id="W-1", rule="COST-005", release="kws", subject="release", owner="jane", approved_by=("security",),
        reason="why", expires="2027-01-31", digest="", document=document, pointer="/waivers/0",
    )  # fmt: skip
    known: dict = {
        "status": Status.COVERS,
        "message": "m",
        "basis": Basis.ATTESTED,
        "approvers": ("k",),
        "objection": "",
    }
    return WaiverState(waiver=waiver, days=days, **{**known, **changes})


def test_every_type_of_fact_is_given_and_every_check_judges_one_of_them() -> None:
    waived = Waived(judgements=(), states=(state(Days(left=61, since_granted=0, lifetime=61)),), running=1)
    facts = (*waiver_facts(waived, LIMITS), baseline_fact("2026-11-23", ()))
    of_exceptions = set(FACT_TYPES) - {PolicyChange, Proposal}  # the other two are about a change as a whole
    assert {type(one) for one in facts} == of_exceptions
    assert {check.judges for name, check in AREA.checks.items() if name.startswith(OWN)} == of_exceptions


def test_a_file_without_waivers_gives_the_fact_about_their_number() -> None:
    (number,) = waiver_facts(Waived(judgements=(), states=(), running=0), LIMITS)
    assert checks.waivers_within_number(number).outcome is Outcome.PASS


def test_a_waiver_becomes_a_fact_with_its_days_and_its_basis() -> None:
    known = Days(left=61, since_granted=0, lifetime=61)
    waived = Waived(judgements=(), states=(state(known), state(NoDays(words="no day"))), running=1)
    first, second, number = waiver_facts(waived, LIMITS)
    assert (first.days_known, first.days_left, first.lifetime_days, first.days_max) == (True, 61, 61, 90)
    assert (first.basis, first.approvers, first.pointer) == (Basis.ATTESTED, ("k",), "/waivers/0")
    assert (second.days_known, second.days_left) == (False, 0)
    assert (number.listed, number.running, number.waivers_max) == (2, 1, 3)


def test_a_baseline_becomes_a_fact_with_what_became_of_its_findings() -> None:
    states = tuple(KnownState(id=status.name, rule="A-001", status=status, message="m") for status in KnownStatus)
    fact = baseline_fact("2026-11-23", states)
    assert (fact.same, fact.better, fact.worse) == (1, ("BETTER",), ("WORSE",))
    assert (fact.gone, fact.never_known) == (("GONE",), ("NEVER_KNOWN",))


def test_every_check_has_a_rule_that_warns_since_the_base_that_holds_the_fault_judges_its_mending() -> None:
    path = builtin_folder() / "policy.yaml"
    pack = bind(load(path.read_bytes(), "policy.yaml"), PackDocument)
    modes = {rule.check_name: rule.mode for rule in pack.spec.rules}
    exceptions = [name for name in AREA.checks if name.startswith(OWN)]
    assert {modes.get(name) for name in exceptions} == {Mode.WARN}


def test_whatever_does_not_pass_says_how_to_mend_it() -> None:
    number = WaiverNumber(subject=Subject("waivers"), pointer="/waivers", listed=5, running=5, waivers_max=3)
    stale = KnownFindings(
        subject=Subject("baseline"),
        pointer="/findings",
        made="2026-11-01",
        same=0,
        better=(),
        worse=(),
        gone=("X-001:release::/x",),
        never_known=(),
    )
    answers = [
        *(checks.waiver_in_force(replace(WAIVER, status=one)) for one in Status),
        *(checks.waiver_is_needed(replace(WAIVER, status=one)) for one in Status),
        checks.waiver_not_ending(replace(WAIVER, days_left=1), checks.EndLimits()),
        checks.waiver_within_lifetime(replace(WAIVER, lifetime_days=91)),
        checks.waiver_within_lifetime(replace(WAIVER, days_known=False)),
        checks.waivers_within_number(number),
        checks.waiver_is_approved(replace(WAIVER, objection="nobody else approved")),
        checks.baseline_is_current(stale),
    ]
    doubtful = [one for one in answers if one.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
    assert len(doubtful) >= 8
    assert all(one.fixes for one in doubtful)
