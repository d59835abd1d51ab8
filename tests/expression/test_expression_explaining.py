"""An explanation names every place that was read, and those that decided."""

from __future__ import annotations

import pytest
from asking import ROOTS

from policy_gate.expression import Absent, Summary, Truth, Unknown, parse

DOCUMENT = {
    "stage": "release",
    "sequence": 41,
    "rollback": {"sequence": 41},
    "targets": [{"id": "node-v1", "ram": 10}, {"id": "node-v2", "ram": 90}, {"id": "node-v3"}],
    "budget": {"node-v1": 64, "node-v2": 64},
    "empty": [],
}


def explain(text, **roots):
    return parse(text, ROOTS).explain({"m": DOCUMENT, **roots})


def paths(readings):
    return [one.path for one in readings]


def test_every_place_is_named_once_in_the_order_it_was_read() -> None:
    found = explain("m.sequence > 1 && m.stage == 'release' && m.sequence < 50 && has(m.rollback.sequence)")
    assert found.result is True
    assert paths(found.readings) == ["m.sequence", "m.stage", "m.rollback.sequence"]
    assert [one.found for one in found.readings] == [41, "release", 41]


def test_of_a_conjunction_the_false_part_decides() -> None:
    found = explain("m.stage == 'release' && m.rollback.sequence < m.sequence && m.gone == 1")
    assert found.result is False
    assert paths(found.deciding) == ["m.rollback.sequence", "m.sequence"]
    assert "m.gone" not in paths(found.readings)


def test_of_a_conjunction_that_is_unknown_the_first_unknown_part_decides() -> None:
    found = explain("m.stage == 'release' && m.gone.deep == 1 && m.other == 2 && m.sequence == 41")
    assert isinstance(found.result, Unknown)
    assert [(one.path, one.keys) for one in found.deciding] == [("m.gone.deep", ("gone", "deep"))]
    assert found.deciding[0].found == Unknown("not declared", "m.gone is not declared")


def test_of_a_disjunction_that_is_false_every_part_decides() -> None:
    found = explain("m.stage == 'candidate' || m.sequence > 50")
    assert paths(found.deciding) == ["m.stage", "m.sequence"]


def test_a_denial_is_decided_by_what_it_denies() -> None:
    assert paths(explain("!(m.sequence > 50 || m.stage == 'release')").deciding) == ["m.stage"]


def test_of_all_the_failing_element_decides_and_is_named_by_its_place() -> None:
    found = explain("m.targets.all(t, t.ram <= 64)")
    assert found.result is False
    assert [(one.path, one.root, one.keys, one.found) for one in found.deciding] == [
        ("m.targets[1].ram", "m", ("targets", 1, "ram"), 90)
    ]
    assert found.readings[0].found == Summary("a list of 3 elements")


def test_of_all_that_is_unknown_the_element_nobody_knows_decides() -> None:
    found = explain("m.targets.all(t, t.ram <= 100)")
    assert isinstance(found.result, Unknown)
    assert paths(found.deciding) == ["m.targets[2].ram"]


def test_of_exists_that_is_false_every_element_decides() -> None:
    assert paths(explain("m.targets.exists(t, t.id == 'x')").deciding) == [f"m.targets[{n}].id" for n in range(3)]


def test_an_empty_list_decides_itself() -> None:
    assert paths(explain("m.empty.exists(t, t.id == 'x')").deciding) == ["m.empty"]
    assert explain("m.empty.exists(t, t.id == 'x')").deciding[0].shown == "an empty list"


def test_a_missing_list_decides_itself() -> None:
    assert paths(explain("m.gone.all(t, t.id == 'x')").deciding) == ["m.gone"]


def test_the_key_of_a_map_is_named_by_what_stands_there() -> None:
    found = explain("m.budget.all(k, k == 'node-v1')")
    assert [(one.path, one.keys, one.found) for one in found.deciding] == [
        ("m.budget['node-v2']", ("budget", "node-v2"), 64)
    ]


def test_a_computed_index_is_named_by_its_value() -> None:
    found = explain("m.budget[m.targets[1].id] > 64")
    assert [(one.path, one.found) for one in found.readings] == [
        ("m.targets[1].id", "node-v2"),
        ("m.budget['node-v2']", 64),
    ]


def test_nested_macros_name_both_places() -> None:
    found = explain("m.targets.all(t, m.budget.exists(k, k == t.id))")
    assert found.result is False
    assert paths(found.deciding) == ["m.budget['node-v1']", "m.targets[2].id", "m.budget['node-v2']"]


def test_a_fact_nobody_knows_is_named_with_its_reason() -> None:
    facts = {"cost": {"target_cost": Absent("no baseline", "no earlier release")}}
    found = parse("facts.cost.target_cost.ms < 5", ROOTS).explain({"facts": facts})
    assert found.result == Unknown("no baseline", "no earlier release")
    assert [(one.path, one.found, one.shown) for one in found.deciding] == [
        ("facts.cost.target_cost.ms", Unknown("no baseline", "no earlier release"), "not known")
    ]


def test_what_is_calculated_has_no_place_but_what_it_is_made_of_has() -> None:
    assert paths(explain("(m.empty + [m.sequence]).exists(x, x > 41)").deciding) == ["m.empty", "m.sequence"]


def test_a_condition_that_reads_nothing_leaves_the_decision_to_the_whole() -> None:
    found = explain("m.sequence == 41 && false")
    assert found.result is False
    assert paths(found.deciding) == ["m.sequence"]


def test_hostile_keys_and_values_are_shown_in_one_short_line() -> None:
    document = {"d": {"a\x1b[31m'b": "x" * 500, "\u202e" * 300: "\x00\n"}}
    found = parse("m.d.all(k, m.d[k] == '')", ROOTS).explain({"m": document})
    assert found.readings[1].path == "m.d['a\\x1b[31m\\'b']"
    assert found.readings[1].shown == "x" * 119 + "…"
    second = parse("m.d.exists(k, m.d[k] == '')", ROOTS).explain({"m": document}).readings[-1]
    assert second.shown == "\\x00\\n"
    assert second.path.isprintable()
    assert len(second.path) < 140


def test_a_number_too_long_to_write_is_shown_by_its_size() -> None:
    found = parse("m.n == 1", ROOTS).explain({"m": {"n": 10**5000}})
    assert found.readings[0].shown == "an integer of 16610 bits"


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("m.stage == 'release' && m.sequence > 50", [{"true"}, {"false"}]),
        ("m.stage == 'x' && m.sequence > 50", [{"false"}, None]),
        ("m.targets.all(t, t.ram <= 100)", [{"true", "unknown"}]),
        ("!(m.gone == 1) || has(m.stage)", [{"unknown"}, {"true"}]),
        ("m.empty.all(x, x > 0)", [None]),
    ],
)
def test_a_trace_holds_what_every_branch_answered(text, outcomes) -> None:
    expression = parse(text, ROOTS)
    traced = expression.trace({"m": DOCUMENT})
    assert [traced.outcomes.get(branch.id) for branch in expression.branches] == [
        None if one is None else {Truth(word) for word in one} for one in outcomes
    ]


def test_branches_are_the_conditions_between_connectives() -> None:
    text = "has(m.a) && !(m.b == 1 || m.c) && m.l.all(x, x > 0 && m.k.exists(y, y == x)) && is_date(m.d)"
    conditions = ["has(m.a)", "m.b == 1", "m.c", "x > 0", "y == x", "is_date(m.d)"]
    assert [(one.id, one.text, one.column) for one in parse(text, ROOTS).branches] == [
        (number, condition, text.index(condition) + 1) for number, condition in enumerate(conditions)
    ]
