"""What a repository cannot do to the packs that judge it, and how large a policy may be."""

from __future__ import annotations

import pytest
from policy_world import BUDGETS, PARAMETERS, pack, policy, rule, value

from policy_gate.errors import GateError
from policy_gate.policy.exceptions import Approval, Proven
from policy_gate.policy.overlays import Permission

FLOOR = {"floor.yaml": pack(BUDGETS, name="floor")}
LAX = "exceptions: {waivable: [MINE-001, MINE-002], waivers_max: 1000, waiver_days_max: 3650}\n"
OWN = LAX + "rules:\n" + rule("OWN-001")


def loosened(**changes: str) -> str:
    entry = {"what": "parameter growth", "owner": "jane", "approved_by": "[bob]", "expires": "'2026-12-31'", **changes}
    words = ", ".join(f"{key}: {one}" for key, one in entry.items())
    return f"parameters: {{growth: 0.5}}\nloosens: [{{reason: because of it, {words}}}]\n"


def test_only_a_floor_says_which_of_its_rules_may_be_waived() -> None:
    found = policy("", {**FLOOR, "own.yaml": pack(OWN, name="own")}, floors=["floor.yaml"])
    assert found.exceptions.protected == {"MINE-001", "MINE-002"}


def test_a_pack_that_includes_the_floor_lists_nothing_for_it() -> None:
    around = pack(LAX + "include: [{pack: floor.yaml}]\n", name="around")
    found = policy("", {**FLOOR, "around.yaml": around}, floors=["floor.yaml"])
    assert found.exceptions.protected == {"MINE-001", "MINE-002"}


def test_a_floor_that_says_nothing_of_waivers_leaves_no_room_for_more_than_usual() -> None:
    own = {"own.yaml": pack(OWN, name="own")}
    assert policy("", own).exceptions.waivers_max == 1000
    held = policy("", {**FLOOR, **own}, floors=["floor.yaml"]).exceptions
    assert (held.waivers_max, held.waiver_days_max) == (10, 90)
    more = {"floor.yaml": pack("exceptions: {waivers_max: 20, waiver_days_max: 120}\n" + BUDGETS, name="floor")}
    held = policy("", {**more, **own}, floors=["floor.yaml"]).exceptions
    assert (held.waivers_max, held.waiver_days_max) == (20, 120)


def test_a_configuration_allows_no_more_waivers_than_usual() -> None:
    found = policy("limits: {waivers_max: 1000, waiver_days_max: 3650}").exceptions
    assert (found.waivers_max, found.waiver_days_max) == (10, 90)
    found = policy("limits: {waivers_max: 1, waiver_days_max: 7, approval: proven}").exceptions
    assert (found.waivers_max, found.waiver_days_max, found.approval) == (1, 7, Approval.PROVEN)


def test_a_pack_of_the_command_line_adds_demands_and_takes_none_away() -> None:
    files = {"mine.yaml": pack(BUDGETS), "own.yaml": pack(OWN, name="own")}
    found = policy("", {**files}, added=("own.yaml",))
    assert "OWN-001" in {one.rule.id for one in found.rules}
    assert (found.exceptions.waivers_max, found.exceptions.waiver_days_max) == (10, 90)
    named_only = {"mine.yaml": files["mine.yaml"]}
    with pytest.raises(GateError, match="no file own"):
        policy("", named_only, added=("own.yaml",))


def test_rules_that_are_removed_do_not_count_as_rules() -> None:
    config = (
        "limits: {rules_min: 2}\nrules: {MINE-001: {remove: true}}\n"
        "loosens: [{what: rule MINE-001, owner: jane, approved_by: [bob], reason: because, expires: '2026-12-31'}]\n"
    )
    with pytest.raises(GateError, match="the policy has 1 rules, and at least 2 are demanded"):
        policy(config)


def test_a_policy_of_which_everything_is_removed_judges_nothing_and_is_refused() -> None:
    only = {"mine.yaml": pack("rules:\n" + rule("MINE-001"))}
    config = (
        "rules: {MINE-001: {remove: true}}\n"
        "loosens: [{what: rule MINE-001, owner: jane, approved_by: [bob], reason: because, expires: '2026-12-31'}]\n"
    )
    with pytest.raises(GateError, match="selects no rule"):
        policy(config, only)


@pytest.mark.parametrize("day", ["2027-99-99", "2027-02-30", "9999-00-01"])
def test_a_rollout_until_a_day_that_does_not_exist_is_refused(day) -> None:
    rollout = f", rollout: {{mode: audit, effective_on: '{day}'}}"
    with pytest.raises(GateError, match="is no day"):
        policy("", {"mine.yaml": pack("rules:\n" + rule(more=rollout))})


@pytest.mark.parametrize("name", ["jаne", "jane\u200b", "jane\u00ad", "Jané"])
def test_two_names_that_look_alike_are_not_two_people(name) -> None:
    with pytest.raises(GateError, match="printable ASCII"):
        policy(loosened(approved_by=f'["{name}"]'))
    with pytest.raises(GateError, match="printable ASCII"):
        policy(loosened(owner=f'"{name}"'))


def test_a_loosening_ends_no_later_than_a_waiver_may() -> None:
    forever = policy(loosened(expires="'9999-12-31'"))
    assert (value(forever, "growth"), forever.loosenings[0].state) == (0.05, Permission.NOT_APPROVED)
    assert "the policy allows 90" in forever.loosenings[0].detail
    assert value(policy(loosened(expires="'2027-02-21'")), "growth") == 0.5
    assert value(policy(loosened(expires="'2027-02-22'")), "growth") == 0.05


def test_an_approval_of_one_value_is_no_approval_of_another() -> None:
    signed: list[str] = []

    def proves(digest: str, path: str, owner: str) -> Proven:
        signed.append(digest)
        return Proven(by=("bob",))

    for given in ("0.2", "0.9"):
        config = loosened(approval="a.json").replace("growth: 0.5", f"growth: {given}")
        policy(config + "limits: {approval: proven}\n", proves=proves)
    assert len(set(signed)) == 2


def test_an_approval_to_lower_a_rule_is_none_to_remove_it() -> None:
    signed: list[str] = []

    def proves(digest: str, path: str, owner: str) -> Proven:
        signed.append(digest)
        return Proven(by=("bob",))

    entry = "loosens: [{what: rule MINE-001, owner: jane, approved_by: [bob], approval: a.json, reason: because,"
    for overlay in ("{mode: warn}", "{remove: true}"):
        config = f"rules: {{MINE-001: {overlay}}}\n{entry} expires: '2026-12-31'}}]\nlimits: {{approval: proven}}\n"
        policy(config, proves=proves)
    assert len(set(signed)) == 2


# Size: a policy that somebody proposes is read too.


def test_packs_that_include_each_other_many_times_over_are_refused_and_never_followed_to_the_end() -> None:
    files = {
        f"p{depth}.yaml": pack("include:\n" + f"  - {{pack: p{depth + 1}.yaml}}\n" * 20, name=f"p{depth}")
        for depth in range(7)
    }
    files["p7.yaml"] = pack("rules:\n" + rule("MINE-001"))
    with pytest.raises(GateError, match="include each other more than"):
        policy("", files)


def test_a_policy_has_no_more_rules_than_can_be_judged() -> None:
    many = "".join(rule(f"MINE{chr(65 + number // 1000)}-{number % 1000:03d}") for number in range(2001))
    with pytest.raises(GateError, match="at most 2000 rules"):
        policy("", {"mine.yaml": pack("rules:\n" + many)})


def test_a_rule_is_taken_under_no_more_conditions_than_can_be_asked() -> None:
    ways = "".join(f"  - {{pack: mine.yaml, when: {{MINE-001: 'manifest.n == {number}'}}}}\n" for number in range(80))
    files = {"ways.yaml": pack("include:\n" + ways, name="ways"), "mine.yaml": pack("rules:\n" + rule("MINE-001"))}
    with pytest.raises(GateError, match="under more than 64 conditions"):
        policy("", files, names=("ways.yaml",))


def test_packs_are_not_read_without_end() -> None:
    files = {f"p{number}.yaml": pack("rules:\n" + rule(f"MINE-{number:03d}")) for number in range(210)}
    with pytest.raises(GateError, match="at most 200 packs"):
        policy("", files)
    long = {f"p{number}.yaml": pack(PARAMETERS + "# " + "x" * 1_000_000) for number in range(3)}
    with pytest.raises(GateError, match="2048 KiB are read"):
        policy("", long)
