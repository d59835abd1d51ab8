from __future__ import annotations

import pytest
from policy_world import BUDGETS, GROWTH, PARAMETERS, modes, pack, policy, rule, value

from policy_gate.errors import GateError
from policy_gate.model import Stage
from policy_gate.policy.exceptions import NotProven, Proven
from policy_gate.policy.overlays import Permission

LOOSENS = "loosens: [{what: %s, owner: jane, approved_by: [%s], reason: because of it, expires: '%s'%s}]\n"


def loosened(what="parameter growth", by="security", expires="2026-12-31", more="") -> str:
    return LOOSENS % (what, by, expires, more)


def test_tightening_needs_nobody() -> None:
    assert value(policy("parameters: {growth: 0.01}"), "growth") == 0.01


def test_loosening_without_an_entry_is_refused_with_its_line_and_what_to_write() -> None:
    with pytest.raises(GateError, match=r"policy-gate\.yaml:5:24: 'growth' goes from 0.05 to 0.5") as caught:
        policy("parameters: {growth: 0.5}")
    assert "what: parameter growth" in str(caught.value)


def test_a_loosening_in_force_counts_until_the_end_of_its_last_day() -> None:
    config = "parameters: {growth: 0.5}\n" + loosened(expires="2026-11-23")
    assert value(policy(config), "growth") == 0.5
    late = policy(config, today="2026-11-24")
    assert value(late, "growth") == 0.05
    assert late.loosenings[0].state is Permission.EXPIRED


@pytest.mark.parametrize("expires", ["2026-02-30", "tomorrow", "9999-99-99", "2026-12-31T00:00:00Z", "20261231"])
def test_a_loosening_without_a_day_counts_as_expired(expires) -> None:
    found = policy("parameters: {growth: 0.5}\n" + loosened(expires=expires))
    assert value(found, "growth") == 0.05
    assert "counts as expired" in found.loosenings[0].detail


@pytest.mark.parametrize("by", ["jane", "Jane", "' JANE '", "security, jane", "'@jane'", "ｊａｎｅ"])
def test_who_proposes_a_loosening_cannot_approve_it(by) -> None:
    with pytest.raises(GateError, match="cannot approve it"):
        policy("parameters: {growth: 0.5}\n" + loosened(by=by))


def test_an_entry_that_nothing_needs_is_reported() -> None:
    assert policy(loosened()).loosenings[0].state is Permission.UNUSED


def test_one_entry_allows_one_thing_only() -> None:
    with pytest.raises(GateError, match="loosens the policy"):
        policy("parameters: {growth: 0.5}\n" + loosened(what="rule MINE-001"))


def test_a_typed_approval_does_not_count_where_proof_is_demanded() -> None:
    config = "parameters: {growth: 0.5}\nlimits: {approval: proven}\n" + loosened()
    found = policy(config)
    assert value(found, "growth") == 0.05
    assert found.loosenings[0].state is Permission.NOT_APPROVED


@pytest.mark.parametrize(
    ("proof", "counts"),
    [
        (Proven(by=("security",)), True),
        (Proven(by=("jane",)), False),
        (NotProven(reason="wrong key"), False),
    ],
)
def test_a_signed_approval_counts_when_somebody_else_signed(proof, counts) -> None:
    config = "parameters: {growth: 0.5}\nlimits: {approval: proven}\n" + loosened(more=", approval: a.json")
    found = policy(config, proves=lambda digest, path, owner: proof)
    assert value(found, "growth") == (0.5 if counts else 0.05)


def test_a_rule_may_be_raised_freely_and_lowered_or_removed_only_with_leave() -> None:
    soft = {"mine.yaml": pack(PARAMETERS + "rules:\n" + rule(more=", mode: warn") + rule("MINE-002"))}
    assert modes(policy("rules: {MINE-001: {mode: enforce}}", soft))["MINE-001"] == "enforce"
    for overlay in ("{mode: audit}", "{remove: true}"):
        with pytest.raises(GateError, match="loosens the policy"):
            policy(f"rules: {{MINE-001: {overlay}}}", soft)
    leave = loosened(what="rule MINE-001")
    assert modes(policy("rules: {MINE-001: {mode: audit}}\n" + leave, soft))["MINE-001"] == "audit"
    assert "MINE-001" not in modes(policy("rules: {MINE-001: {remove: true}}\n" + leave, soft))
    assert "MINE-001" in modes(policy("rules: {MINE-001: {remove: true}}\n" + leave, soft, today="2027-01-01"))


def test_a_rule_about_policies_can_be_raised_and_never_lowered() -> None:
    leave = loosened(what="rule POL-013")
    with pytest.raises(GateError, match="a rule about policies themselves"):
        policy("rules: {POL-013: {remove: true}}\n" + leave)


def test_a_misspelt_rule_or_parameter_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(GateError, match=r"policy-gate\.yaml:5:.*no rule MINE-009(.|\n)*MINE-001"):
        policy("rules: {MINE-009: {mode: warn}}")
    with pytest.raises(GateError, match=r"no pack has a parameter 'grwth'(.|\n)*growth"):
        policy("parameters: {grwth: 0.01}")


FLOOR = {"mine.yaml": pack(BUDGETS), "floor.yaml": pack("include: [{pack: mine.yaml}]", name="floor")}


@pytest.mark.parametrize(
    "config",
    [
        "parameters: {growth: 0.5}\n" + loosened(),
        "rules: {MINE-001: {mode: warn}}\n" + loosened(what="rule MINE-001"),
        "rules: {MINE-001: {remove: true}}\n" + loosened(what="rule MINE-001"),
    ],
)
def test_a_floor_cannot_be_loosened_at_all(config) -> None:
    with pytest.raises(GateError, match="floor"):
        policy(config, FLOOR, floors=["floor.yaml"])


def test_a_floor_holds_also_when_the_configuration_does_not_name_it() -> None:
    found = policy("", {"own.yaml": pack("rules:\n" + rule("OWN-001")), **FLOOR}, floors=["floor.yaml", "mine.yaml"])
    assert set(modes(found)) == {"OWN-001", "MINE-001", "MINE-002"}
    assert found.exceptions.protected == {"MINE-001", "MINE-002"}


def test_a_local_pack_cannot_make_a_rule_of_the_floor_advisory() -> None:
    soft = pack("include: [{pack: mine.yaml, modes: {MINE-001: audit}, when: {MINE-001: 'false'}}]", name="soft")
    found = policy("", {"soft.yaml": soft, **FLOOR}, floors=["floor.yaml"])
    assert modes(found)["MINE-001"] == "enforce"
    assert next(one for one in found.rules if one.rule.id == "MINE-001").ways == ()


def test_a_floor_says_which_of_its_rules_may_be_waived() -> None:
    floor = pack("include: [{pack: mine.yaml}]\nexceptions: {waivable: [MINE-002]}", name="floor")
    found = policy("", {**FLOOR, "floor.yaml": floor}, floors=["floor.yaml"])
    assert found.exceptions.protected == {"MINE-001"}


PRESETS = (
    BUDGETS + "presets:\n  strict: {words: stricter, parameters: {growth: 0.01}, modes: {MINE-002: enforce}}\n"
    "  stricter: {words: stricter still, extends: strict, parameters: {macs: {'*': 5}}}\n"
)


def test_a_preset_tightens_and_one_that_extends_it_tightens_more() -> None:
    packs = {"mine.yaml": pack(PRESETS)}
    assert value(policy("preset: strict", packs), "growth") == 0.01
    found = policy("preset: stricter", packs)
    assert (value(found, "growth"), value(found, "macs")) == (0.01, {"*": 5})


def test_a_preset_that_loosens_is_refused_at_its_line() -> None:
    loose = BUDGETS + "presets:\n  loose: {words: looser, parameters: {growth: 0.2}}\n"
    with pytest.raises(GateError, match=r"mine\.yaml:\d+:\d+: a preset may only tighten"):
        policy("", {"mine.yaml": pack(loose)})


@pytest.mark.parametrize(
    ("presets", "why"),
    [
        ("a: {words: one of them, extends: b}\n  b: {words: one of them, extends: a}", "without end"),
        ("a: {words: one of them, extends: none}", "there is no preset 'none'"),
        ("default: {words: one of them}", "is what the parameters say"),
        ("a: {words: one of them, parameters: {grwth: 1}}", "no pack has a parameter 'grwth'"),
        ("a: {words: one of them, modes: {MINE-009: enforce}}", "no pack of the policy has this rule"),
        ("a: {words: one of them, modes: {MINE-001: audit}}", "may only tighten"),
    ],
)
def test_a_preset_that_makes_no_sense_is_refused(presets, why) -> None:
    with pytest.raises(GateError, match=why):
        policy("", {"mine.yaml": pack(f"{BUDGETS}presets:\n  {presets}\n")})


def test_what_configuration_sets_is_measured_against_its_preset() -> None:
    with pytest.raises(GateError, match=r"goes from 0\.01 to 0\.04"):
        policy("preset: strict\nparameters: {growth: 0.04}", {"mine.yaml": pack(PRESETS)})


def test_a_stage_has_its_own_preset() -> None:
    packs = {"mine.yaml": pack(PRESETS)}
    config = "stages: {release: {preset: strict}}"
    assert value(policy(config, packs, stage=Stage.CANDIDATE), "growth") == 0.05
    assert value(policy(config, packs, stage=Stage.RELEASE), "growth") == 0.01


def test_an_unknown_preset_is_an_error_wherever_it_is_named() -> None:
    for config in (
        "preset: srict",
        "stages: {candidate: {preset: srict}}",
        "select: [{when: 'true', preset: srict}]",
    ):
        with pytest.raises(GateError, match="no pack has a preset 'srict'"):
            policy(config, {"mine.yaml": pack(PRESETS)}, stage=Stage.CANDIDATE)


def test_the_strictest_of_several_inclusions_holds_in_any_order() -> None:
    one = pack("include: [{pack: mine.yaml, parameters: {growth: 0.01, macs: {a: 5}}}]", name="one")
    two = pack("include: [{pack: mine.yaml, parameters: {growth: 0.9, macs: {'*': 7}}}]", name="two")
    packs = {"one.yaml": one, "two.yaml": two, "mine.yaml": pack(BUDGETS)}
    for names in (["one.yaml", "two.yaml", "mine.yaml"], ["mine.yaml", "two.yaml", "one.yaml"]):
        found = policy("", {name: packs[name] for name in names})
        assert (value(found, "growth"), value(found, "macs")) == (0.01, {"a": 5, "*": 7})


def test_a_pack_may_set_values_of_what_it_includes_and_the_outer_one_wins() -> None:
    inner = pack("include: [{pack: mine.yaml, parameters: {growth: 0.02}}]", name="inner")
    outer = pack("include: [{pack: inner.yaml, parameters: {growth: 0.03}}]", name="outer")

    def read(names):
        files = {"mine.yaml": pack(BUDGETS), "inner.yaml": inner, "outer.yaml": outer}
        from policy_gate.policy.loading import Setup, load_policy

        return load_policy(files.__getitem__, Setup(names=names, source="head"))

    assert value(read(("outer.yaml",)), "growth") == 0.03
    assert value(read(("outer.yaml", "inner.yaml")), "growth") == 0.02


ROLLOUT = ", rollout: {mode: warn, effective_on: '2027-01-15', mode_after: enforce}"


@pytest.mark.parametrize(
    ("today", "mode"), [("2027-01-14", "warn"), ("2027-01-15", "enforce"), ("2028-01-01", "enforce")]
)
def test_a_rollout_ends_on_its_day(today, mode) -> None:
    assert modes(policy("", {"mine.yaml": pack("rules:\n" + rule(more=ROLLOUT))}, today=today)) == {"MINE-001": mode}


def test_a_rollout_that_ends_looser_or_has_a_mode_beside_it_is_refused() -> None:
    for more in (
        ", rollout: {mode: enforce, effective_on: '2027-01-15', mode_after: warn}",
        f", mode: warn{ROLLOUT}",
        ", rollout: {mode: warn, effective_on: soon}",
    ):
        with pytest.raises(GateError, match=r"mine\.yaml:\d+:\d+"):
            policy("", {"mine.yaml": pack("rules:\n" + rule(more=more))})


def test_an_overlay_that_ends_a_rollout_early_is_free_and_one_that_stops_it_is_not() -> None:
    packs = {"mine.yaml": pack("rules:\n" + rule(more=ROLLOUT))}
    assert modes(policy("rules: {MINE-001: {mode: enforce}}", packs)) == {"MINE-001": "enforce"}
    with pytest.raises(GateError, match="goes from enforce to warn"):
        policy("rules: {MINE-001: {mode: warn}}", packs)


@pytest.mark.parametrize("needed", ["99.0.0", "0.1.1", "0.2"])
def test_a_pack_that_needs_a_newer_tool_is_refused_before_its_new_words_are(needed) -> None:
    newer = pack(BUDGETS + "brand_new: true\n", more=f", requires: '{needed}'")
    with pytest.raises(GateError, match=rf"mine\.yaml:3:.*needs policy-gate {needed} or newer, and this is"):
        policy("", {"mine.yaml": newer})


def test_a_pack_whose_needed_version_is_no_version_is_refused() -> None:
    with pytest.raises(GateError, match="is no version"):
        policy("", {"mine.yaml": pack(BUDGETS, more=", requires: 'latest'")})


def test_fewer_rules_than_demanded_is_an_error() -> None:
    with pytest.raises(GateError, match="the policy has 2 rules, and at least 3 are demanded"):
        policy("limits: {rules_min: 3}")


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ("{type: number, stricter: subset, words: a number}", "can be stricter by lower or higher"),
        ("{type: map, words: a map}", "say"),
        ("{type: set, words: a set}", "of: text"),
        ("{type: number, minimum: 3, default: 2, words: a number}", "must be a number at least 3"),
        ("{type: date, default: 2027-02-30, words: a day}", "a day such as"),
        ("{type: identity, default: '*', words: a key}", "without patterns"),
        ("{type: set, of: license, default: [MIT, MIT], words: some}", "without repetition"),
        ("{type: ratio, default: .inf, words: a ratio}", "finite"),
        ("{type: flag, default: 1, words: a flag}", "true or false"),
        ("{type: wish, words: a wish}", "type is 'wish'"),
    ],
)
def test_a_parameter_that_is_declared_unclearly_is_refused_at_its_line(declared, why) -> None:
    with pytest.raises(GateError, match=rf"mine\.yaml:\d+:\d+(.|\n)*{why}"):
        policy("", {"mine.yaml": pack(f"parameters: {{p: {declared}}}\nrules:\n{rule()}")})


def test_a_parameter_that_tightens_another_way_than_its_limit_is_refused() -> None:
    from policy_gate.catalogue import bind_rules

    wrong = "parameters: {growth: {type: ratio, stricter: higher, default: 0.1, words: growth}}\nrules:\n"
    found = policy("", {"mine.yaml": pack(wrong + rule(decides=f"check: {GROWTH}"))})
    with pytest.raises(GateError, match="says stricter: higher; the limit 'max_growth' has lower"):
        bind_rules(found.rules, found.values)
