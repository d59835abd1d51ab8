"""Two policies are told apart in every way that judges, and which way the change goes."""

from __future__ import annotations

import pytest
from difference_world import PARAMETERS, compared, only, pack, parameter, policy, rows, rule

from policy_gate.catalogue import direction_of
from policy_gate.document import load
from policy_gate.policy.difference import difference
from policy_gate.policy.difference_row import MAX_WORDS

LONG = "manifest.metadata.sequence > 0 && " * 12


def both(before: dict, after: dict) -> tuple[str, str, str, str, str]:
    return only(policy(before), policy(after))


def test_a_policy_does_not_differ_from_itself() -> None:
    one = policy(pack(rule(), rule("MINE-002"), parameters=PARAMETERS))
    assert compared(one, one) == ()


def test_a_rule_that_is_gone_is_looser_and_stands_where_it_stood() -> None:
    (row,) = compared(policy(pack(rule(), rule("MINE-002"))), policy(pack(rule())))
    assert (row.kind, row.name, row.after, row.change.value) == ("rule", "MINE-002", "absent", "looser")
    assert row.before == "enforce: A rule of this test"
    assert row.place is not None
    assert (row.place.source, row.place.pointer) == ("before", "/spec/rules/1")


def test_a_rule_that_is_new_is_stricter_whatever_its_parameters_are() -> None:
    new = rule("MINE-002", check={"cost.macs_growth": {"max_growth": "$lower"}})
    after = pack(rule(), new, parameters=parameter("lower", 5))
    assert rows(policy(pack(rule())), policy(after)) == [("rule", "MINE-002", "stricter")]


def test_a_rule_that_a_configuration_removes_is_looser_and_stands_in_the_configuration() -> None:
    here = pack(rule(), rule("MINE-002"))
    loosens = [
        {
            "what": "rule MINE-002",
            "owner": "jane",
            "approved_by": ["bob"],
            "reason": "no bench yet",
            "expires": "2027-01-01",
        }
    ]
    config = {"rules": {"MINE-002": {"remove": True}}, "loosens": loosens}
    overlays = load(b'{"spec": {"rules": {"MINE-002": {"remove": true}}}}', "policy-gate.json")
    (row,) = difference(policy(here), policy(here, config=config), direction_of, overlays=overlays)
    assert (row.change.value, row.place.path, row.place.pointer) == (
        "looser",
        "policy-gate.json",
        "/spec/rules/MINE-002",
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("enforce", "warn", "looser"),
        ("enforce", "audit", "looser"),
        ("warn", "audit", "looser"),
        ("warn", "enforce", "stricter"),
        ("audit", "enforce", "stricter"),
        ("audit", "warn", "stricter"),
    ],
)
def test_a_milder_mode_is_looser_and_a_harder_one_stricter(before, after, change) -> None:
    assert both(pack(rule(mode=before)), pack(rule(mode=after))) == ("mode", "MINE-001", before, after, change)


def rollout(day: str, mode: str = "warn", after: str = "enforce") -> dict:
    return rule(rollout={"mode": mode, "effective_on": day, "mode_after": after})


def test_a_rollout_that_ends_later_is_looser_and_one_that_ends_earlier_stricter() -> None:
    soon, late = pack(rollout("2027-01-01")), pack(rollout("2028-01-01"))
    assert both(soon, late) == ("rollout", "MINE-001", "2027-01-01", "2028-01-01", "looser")
    assert both(late, soon)[-1] == "stricter"


def test_a_rollout_that_ends_milder_is_looser_though_it_is_the_same_today() -> None:
    before, after = policy(pack(rollout("2027-01-01"))), policy(pack(rollout("2027-01-01", after="warn")))
    assert only(before, after) == ("mode after rollout", "MINE-001", "enforce", "warn", "looser")


def test_a_rule_that_goes_back_to_a_rollout_is_looser_today() -> None:
    assert rows(policy(pack(rule())), policy(pack(rollout("2027-01-01")))) == [("mode", "MINE-001", "looser")]


def test_a_stage_more_is_stricter_and_one_less_looser_also_both_at_once() -> None:
    one, other = pack(rule(stages=["candidate"])), pack(rule(stages=["release"]))
    assert rows(policy(one), policy(other)) == [
        ("stage", "MINE-001 at candidate", "looser"),
        ("stage", "MINE-001 at release", "stricter"),
    ]
    assert rows(policy(pack(rule())), policy(one)) == [("stage", "MINE-001 at release", "looser")]


def test_another_check_is_different_and_shown_with_its_limits() -> None:
    budget = rule(check={"cost.macs_growth": {"max_growth": 0.5}})
    kind, _, before, after, change = both(pack(rule()), pack(budget))
    assert (kind, before, change) == ("check", "fingerprint.digest_matches", "different")
    assert after == 'cost.macs_growth {"max_growth": 0.5}'


def test_another_assertion_is_different_to_the_letter() -> None:
    one, other = rule(**{"assert": "1 < 2"}), rule(**{"assert": "1 <= 2"})
    assert both(pack(one), pack(other)) == ("check", "MINE-001", "1 < 2", "1 <= 2", "different")


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("each", "cost.model_file", "fingerprint.file_digest"),
        ("message", "it is so", "it is otherwise"),
        ("severity", "high", "low"),
    ],
)
def test_what_an_assertion_goes_through_and_says_is_told_apart(key, one, other) -> None:
    before, after = (pack(rule(**{"assert": "true", key: text})) for text in (one, other))
    assert both(before, after) == (key, "MINE-001", one, other, "different")


def test_a_condition_on_a_rule_that_always_applied_is_looser() -> None:
    always, sometimes = pack(rule()), pack(rule(when="has(manifest.privacy)"))
    assert both(always, sometimes) == ("condition", "MINE-001", "always", "has(manifest.privacy)", "looser")
    assert both(sometimes, always)[-1] == "stricter"


def test_another_condition_is_different() -> None:
    assert both(pack(rule(when="1 < 2")), pack(rule(when="2 < 3")))[-1] == "different"


def test_a_second_condition_is_looser_and_a_second_way_to_apply_stricter() -> None:
    inner = pack(rule(when="1 < 2"), name="inner")

    def including(*conditions: str) -> object:
        outer = pack(name="outer", include=[{"pack": "inner.json", "when": {"MINE-001": one}} for one in conditions])
        outer["spec"]["rules"] = []
        return policy(inner, outer, names=("outer.json",))

    alone = policy(inner)
    assert only(alone, including("2 < 3"))[2:] == ("1 < 2", "1 < 2 and 2 < 3", "looser")
    assert only(including("2 < 3"), including("2 < 3", "3 < 4"))[-1] == "stricter"
    assert only(including("2 < 3"), including("3 < 4"))[-1] == "different"


def test_a_literal_limit_goes_by_the_direction_of_its_check() -> None:
    low, high = (pack(rule(check={"cost.macs_growth": {"max_growth": one}})) for one in (0.1, 0.5))
    assert both(low, high) == ("limit", "MINE-001 max_growth", "0.1", "0.5", "looser")
    assert both(high, low)[-1] == "stricter"


def test_a_limit_that_is_left_out_is_compared_by_its_default() -> None:
    default = pack(rule(check="cost.macs_growth"))
    wide = pack(rule(check={"cost.macs_growth": {"max_growth": 0.5}}))
    assert both(default, wide) == ("limit", "MINE-001 max_growth", "0.05", "0.5", "looser")
    assert both(wide, default)[-1] == "stricter"


def test_a_limit_that_a_parameter_fills_is_reported_once() -> None:
    check = {"cost.macs_growth": {"max_growth": "$lower"}}
    rules = rule(check=check), rule("MINE-002", check=check)
    before, after = (pack(*rules, parameters=parameter("lower", one)) for one in (1, 2))
    assert both(before, after) == ("parameter", "lower", "1", "2", "looser")


def test_a_limit_that_a_parameter_takes_over_at_the_same_value_is_different() -> None:
    reads = rule("MINE-002", **{"assert": "params.lower > 0"})
    literal, moved = (
        pack(rule(check={"cost.macs_growth": {"max_growth": one}}), reads, parameters=parameter("lower", 1))
        for one in (1, "$lower")
    )
    assert both(literal, moved) == ("limit", "MINE-001 max_growth", "1", "$lower", "different")


@pytest.mark.parametrize(
    ("name", "before", "after", "change"),
    [
        ("lower", 5, 6, "looser"),
        ("higher", 5, 4, "looser"),
        ("must", True, False, "looser"),
        ("since", "2026-01-02", "2026-01-01", "looser"),
        ("label", "x", "y", "different"),
    ],
)
def test_a_parameter_goes_by_its_own_direction(name, before, after, change) -> None:
    one, other = (pack(parameters=parameter(name, value)) for value in (before, after))
    assert both(one, other)[::4] == ("parameter", change)
    assert both(other, one)[-1] == {"looser": "stricter"}.get(change, change)


def test_a_map_does_not_hide_a_looser_name_behind_a_stricter_one() -> None:
    before, after = (pack(parameters=parameter("budget", one)) for one in ({"a": 5, "b": 5}, {"a": 1, "b": 9}))
    assert rows(policy(before), policy(after)) == [
        ("parameter", "budget[b]", "looser"),
        ("parameter", "budget[a]", "stricter"),
    ]


def test_a_name_that_a_map_loses_has_the_value_of_any_other_or_no_limit() -> None:
    def of(budget: dict) -> object:
        return policy(pack(parameters=parameter("budget", budget)))

    assert only(of({"*": 9, "a": 5}), of({"*": 9})) == ("parameter", "budget[a]", "5", "9", "looser")
    assert only(of({"a": 5}), of({})) == ("parameter", "budget[a]", "5", "absent", "looser")
    assert only(of({}), of({"*": 9})) == ("parameter", "budget[*]", "absent", "9", "stricter")


def test_a_set_does_not_hide_what_is_added_behind_what_is_removed() -> None:
    before, after = (pack(parameters=parameter("allowed", one)) for one in (["a", "b"], ["a", "c"]))
    assert rows(policy(before), policy(after)) == [
        ("parameter", "allowed, added", "looser"),
        ("parameter", "allowed, removed", "stricter"),
    ]
    before, after = (pack(parameters=parameter("denied", one)) for one in (["a", "b"], ["a"]))
    assert both(before, after) == ("parameter", "denied, removed", "b", "absent", "looser")


def test_the_order_of_a_set_says_nothing_but_that_the_layout_changed() -> None:
    before, after = (pack(parameters=parameter("allowed", one)) for one in (["a", "b"], ["b", "a"]))
    assert both(before, after)[::4] == ("pack", "different")


def test_turning_a_direction_around_does_not_turn_a_loosening_around() -> None:
    turned = {"lower": {**PARAMETERS["lower"], "stricter": "higher", "default": 9}}
    before, after = policy(pack(parameters=parameter("lower", 5))), policy(pack(parameters=turned))
    assert rows(before, after) == [("parameter", "lower", "looser"), ("declaration", "lower", "different")]


def test_a_wider_range_of_a_parameter_is_different() -> None:
    wide = {"lower": {**PARAMETERS["lower"], "maximum": 100}}
    narrow = {"lower": {**PARAMETERS["lower"], "maximum": 10}}
    kind, name, before, after, change = both(pack(parameters=narrow), pack(parameters=wide))
    assert (kind, name, change) == ("declaration", "lower", "different")
    assert ("maximum 10" in before, "maximum 100" in after) == (True, True)


@pytest.mark.parametrize(
    ("before", "after", "name", "change"),
    [
        ({"waivers_max": 3}, {"waivers_max": 4}, "waivers_max", "looser"),
        ({"waiver_days_max": 90}, {"waiver_days_max": 30}, "waiver_days_max", "stricter"),
        ({"approval": "proven"}, {"approval": "declared"}, "approval", "looser"),
    ],
)
def test_what_waivers_are_held_to_has_a_direction(before, after, name, change) -> None:
    one, other = (pack(exceptions=limits) for limits in (before, after))
    assert both(one, other)[:2] == ("waivers", name)
    assert both(one, other)[-1] == change


def test_a_floor_that_is_taken_away_is_looser_for_each_of_its_rules_and_values() -> None:
    here = pack(rule(check={"cost.macs_growth": {"max_growth": "$lower"}}), parameters=parameter("lower", 5))
    before, after = policy(here, floors=("mine.json",)), policy(here)
    assert rows(before, after) == [
        ("floor", "MINE-001", "looser"),
        ("floor of parameter", "lower", "looser"),
        ("waivers", "MINE-001", "looser"),
    ]


STRICT = {"strict": {"words": "a stricter set", "parameters": {"lower": 1}, "modes": {"MINE-001": "enforce"}}}
STRICTEST = {**STRICT, "strictest": {"words": "the strictest set", "extends": "strict", "parameters": {"lower": 0.5}}}


def selecting(*chosen: tuple[str, str], presets: dict = STRICTEST) -> object:
    here = pack(rule(mode="warn"), parameters=parameter("lower", 5), presets=presets)
    return policy(here, config={"select": [{"when": when, "preset": preset} for when, preset in chosen]})


def test_a_selector_that_is_gone_is_looser_and_a_new_one_stricter() -> None:
    one = ("manifest.metadata.name == 'kws'", "strict")
    assert only(selecting(one), selecting()) == ("selector", one[0], "strict", "absent", "looser")
    assert only(selecting(), selecting(one))[-1] == "stricter"


def test_a_selector_with_another_preset_goes_by_what_the_presets_say() -> None:
    when = "manifest.metadata.name == 'kws'"
    assert only(selecting((when, "strictest")), selecting((when, "strict")))[-1] == "looser"
    assert only(selecting((when, "strict")), selecting((when, "strictest")))[-1] == "stricter"


def test_a_preset_that_nobody_chose_yet_is_compared_too() -> None:
    weaker = {"strict": {**STRICT["strict"], "parameters": {"lower": 4}, "modes": {}}}
    assert rows(selecting(presets=STRICT), selecting(presets=weaker)) == [
        ("preset strict", "MINE-001", "looser"),
        ("preset strict", "lower", "looser"),
    ]


def test_a_preset_that_is_chosen_shows_in_its_values() -> None:
    here = pack(rule(mode="warn"), parameters=parameter("lower", 5), presets=STRICT)
    before, after = policy(here, config={"preset": "strict"}), policy(here)
    assert rows(before, after) == [("mode", "MINE-001", "looser"), ("parameter", "lower", "looser")]


def test_words_alone_are_a_difference_of_the_pack() -> None:
    kind, name, before, after, change = both(pack(rule()), pack(rule(title="Another title of this rule")))
    assert (kind, name, change) == ("pack", "mine.json", "different")
    assert before.startswith("sha256:")
    assert after.endswith("(words or layout)")


def test_values_that_agree_as_far_as_they_are_shown_are_still_told_apart() -> None:
    one, other = rule(**{"assert": LONG + "1 < 2"}), rule(**{"assert": LONG + "1 < 3"})
    _, _, before, after, _ = both(pack(one), pack(other))
    assert before[:MAX_WORDS] == after[:MAX_WORDS]
    assert before != after


def test_a_text_is_told_apart_from_the_number_it_reads_like() -> None:
    text = {"label": {**PARAMETERS["label"], "default": "3"}}
    number = {"label": {"type": "number", "default": 3}}
    found = compared(policy(pack(parameters=text)), policy(pack(parameters=number)))
    assert ('"3"', "3") in [(one.before, one.after) for one in found]


def test_a_rule_about_policies_is_compared_like_any_other() -> None:
    include = [{"pack": "builtin:policy", "rules": ["POL-001"], "modes": {"POL-001": "enforce"}}]
    before, after = policy(pack(include=include)), policy(pack())
    assert rows(before, after)[0] == ("mode", "POL-001", "looser")


def test_what_loosens_stands_first() -> None:
    before = pack(rule(), rule("MINE-002"), parameters=parameter("lower", 5))
    after = pack(rule(), rule("MINE-003", severity="low"), parameters=parameter("lower", 6))
    changes = [one[2] for one in rows(policy(before), policy(after))]
    assert changes == sorted(changes, key=["looser", "different", "stricter"].index)


def test_a_mode_that_another_pack_gives_stands_where_it_is_given() -> None:
    mild = pack(rule(mode="warn"))
    taking = pack(rule("OUR-001"), name="ours", include=[{"pack": "mine.json"}])
    harder = pack(rule("OUR-001"), name="ours", include=[{"pack": "mine.json", "modes": {"MINE-001": "enforce"}}])
    (row,) = (one for one in compared(policy(mild, taking), policy(mild, harder)) if one.kind == "mode")
    assert (row.place.path, row.place.pointer) == ("ours.json", "/spec/include/0/modes/MINE-001")


def test_what_a_new_pack_demands_of_waivers_stands_in_that_pack() -> None:
    one, other = pack(), pack(rule("OUR-001"), name="ours", exceptions={"waivers_max": 1, "approval": "proven"})
    places = {
        row.name: (row.place.path, row.place.pointer)
        for row in compared(policy(one), policy(one, other))
        if row.kind == "waivers"
    }
    assert places == {name: ("ours.json", f"/spec/exceptions/{name}") for name in ("waivers_max", "approval")}
    gone = [row.place.path for row in compared(policy(one, other), policy(one)) if row.kind == "waivers"]
    assert gone == ["ours.json", "ours.json"]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("0.1.0", None, "looser"),
        ("0.1.0", "0.0.9", "looser"),
        (None, "0.1.0", "stricter"),
        ("0.0.9", "0.1.0", "stricter"),
    ],
)
def test_an_older_tool_than_before_is_looser_since_it_may_not_know_a_rule(before, after, change) -> None:
    def needing(least: str | None) -> dict:
        made = pack()
        return made if least is None else {**made, "metadata": {**made["metadata"], "requires": least}}

    rows = compared(policy(needing(before)), policy(needing(after)))
    assert [(row.kind, row.name, row.change.value) for row in rows] == [("pack", "mine.json requires", change)]
