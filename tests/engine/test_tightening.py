"""Tightening never turns blocked into allowed, and the few exceptions, each by its name; order never matters."""

from __future__ import annotations

import hashlib
import json

import pytest
import waiver_world
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_policies import VALUES, Model, cases, judged, models, steps_of, verdict_or_refusal, worlds

from policy_gate.areas.cost.facts import TargetMacs
from policy_gate.areas.privacy.facts import TelemetryStream
from policy_gate.engine import BaseState
from policy_gate.errors import PolicyError, Reason
from policy_gate.model import Fact, Judgement, Outcome, Record, Subject, Verdict
from policy_gate.policy.baseline import make_baseline
from policy_gate.record import encode_record

MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(cases(), st.data())
def test_tightening_never_turns_blocked_into_allowed(case, data) -> None:
    model, world = case
    before = verdict_or_refusal(model, world)
    assume(before is not None and before.verdict is Verdict.BLOCKED)
    name, tightened = data.draw(st.sampled_from(steps_of(model)))
    after = verdict_or_refusal(tightened, world)
    if after is None or after.verdict is Verdict.BLOCKED:
        return
    unexplained = [one for one in blocking(before) if not exceptions_for(one, name, model, after)]
    assert not unexplained or nothing_applied(before), (name, unexplained)


def blocking(record: Record) -> list[Judgement]:
    return [one for one in record.judgements if one.blocks]


def nothing_applied(record: Record) -> bool:
    """Where no rule applies the release is blocked since nothing was judged; a rule that applies ends that."""
    return all(one.outcome is Outcome.NOT_APPLICABLE for one in record.judgements)


def exceptions_for(judgement: Judgement, step: str, model: Model, after: Record) -> list[str]:
    """The exceptions that hold for one judgement that blocked and blocks no more; each has a test below."""
    now = [one for one in after.judgements if (one.rule, one.subject) == (judgement.rule, judgement.subject)]
    unknown = judgement.outcome is Outcome.UNKNOWN
    known = {one["message_digest"] for one in model["known"]}
    return [
        *(["asked no more"] if unknown and step == f"{judgement.rule} loses its condition" else []),
        *(["a failure is waived, what is unknown is not"] if unknown and waived_by(now, "W-") else []),
        *(["a first budget"] if unknown and judgement.reason is Reason.NOT_TRUSTED else []),
        *(["fewer waivers run"] if "none counts" in judgement.note and waived_by(now, "W-") else []),
        *(["as recorded"] if waived_by(now, "baseline") and {digest_of(one) for one in now} <= known else []),
    ]


def waived_by(judgements: list[Judgement], prefix: str) -> bool:
    return bool(judgements) and all(one.waiver.startswith(prefix) for one in judgements)


def digest_of(judgement: Judgement) -> str:
    return f"sha256:{hashlib.sha256(judgement.message.encode()).hexdigest()}"


# The exceptions, one by one. None of them lets a release pass that its policy forbids.

MODEL: Model = {
    "rules": {},
    "elsewhere": [],
    "parameters": {name: values[0] for name, values in VALUES.items()},
    "presets": {},
    "preset": None,
    "select": [],
    "configured": {},
    "overlays": {},
    "loosens": {},
    "exceptions": {"waivers_max": 1, "waiver_days_max": 60, "approval": "declared"},
    "floor": False,
    "waivers": [],
    "known": [],
}
ENFORCED = {"mode": "enforce", "when": None}
WAIVER = {
    "rule": "TEST-002",
    "release": "kws",
    "subject": "stream a",
    "accept": 30,
    "expires": "2026-12-20",
    "owner": "jane",
    "approved_by": ["bob"],
    "reason": "for a test",
}


def stream(days: int = 25) -> TelemetryStream:
    return TelemetryStream(subject=Subject("stream", ("a",)), pointer="", fields=1, rate=0.2, retention_days=days)


def verdict(claims: Model | None = None, *facts: Fact, **changes: object) -> Verdict:
    world = {"claims": claims or {}, "facts": facts, "base_state": BaseState.NO_BASE}
    return judged({**MODEL, **changes}, world).verdict


def with_top(top: int) -> Model:
    return {**MODEL["parameters"], "top": top}


def test_a_rule_that_applies_ends_that_nothing_was_judged() -> None:
    never = {"TEST-006": {"mode": "enforce", "when": "manifest.kind == 'a'"}}
    assert verdict({"kind": "b"}, rules=never) is Verdict.BLOCKED
    more = {**never, "TEST-008": ENFORCED}
    assert verdict({"kind": "b", "list": [1]}, rules=more) is Verdict.ALLOWED
    assert verdict({"kind": "b", "list": [2]}, rules=more) is Verdict.BLOCKED


def test_without_its_condition_a_rule_decides_what_it_could_not() -> None:
    asked = {"TEST-006": {"mode": "enforce", "when": "manifest.kind == 'a'"}}
    assert verdict({"n": 1}, rules=asked) is Verdict.BLOCKED
    assert verdict({"n": 1}, rules={"TEST-006": ENFORCED}) is Verdict.ALLOWED
    assert verdict({"n": 2}, rules={"TEST-006": ENFORCED}) is Verdict.BLOCKED


def test_what_is_unknown_is_not_waived_and_the_failure_it_becomes_may_be() -> None:
    rules = {"TEST-008": ENFORCED}
    waiver = {**WAIVER, "rule": "TEST-008", "subject": "release", "accept": None}
    claims = {"list": ["x", 3]}
    assert verdict(claims, rules=rules, waivers=[waiver], parameters=with_top(3)) is Verdict.BLOCKED
    assert verdict(claims, rules=rules, waivers=[waiver], parameters=with_top(1)) is Verdict.ALLOWED
    assert verdict(claims, rules=rules, parameters=with_top(1)) is Verdict.BLOCKED


def test_over_the_number_no_waiver_counts_until_one_is_taken_away() -> None:
    rules, other = {"TEST-002": ENFORCED}, {**WAIVER, "rule": "TEST-001"}
    assert verdict({}, stream(), rules=rules, waivers=[WAIVER, other]) is Verdict.BLOCKED
    assert verdict({}, stream(), rules=rules, waivers=[WAIVER]) is Verdict.ALLOWED
    assert verdict({}, stream(31), rules=rules, waivers=[WAIVER]) is Verdict.BLOCKED


def test_a_first_budget_turns_unknown_into_an_answer() -> None:
    rules = {"TEST-003": ENFORCED}
    macs = TargetMacs(subject=Subject("target", ("board",)), pointer="", total=5, models=())
    for budgets, expected in (({}, "blocked"), ({"board": 5}, "allowed"), ({"board": 4}, "blocked")):
        parameters = {**MODEL["parameters"], "macs": budgets}
        assert verdict({}, macs, rules=rules, parameters=parameters).value == expected


def test_the_baseline_knows_a_finding_as_the_stricter_policy_worded_it() -> None:
    rules, claims = {"TEST-006": {"mode": "enforce", "when": None}}, {"list": []}
    world = {"claims": claims, "facts": (), "base_state": BaseState.NO_BASE}
    record = judged({**MODEL, "rules": rules, "parameters": with_top(1)}, world)
    known = json.loads(make_baseline([record]))["findings"]
    assert verdict(claims, rules=rules, known=known, parameters=with_top(3)) is Verdict.BLOCKED
    assert verdict(claims, rules=rules, known=known, parameters=with_top(1)) is Verdict.ALLOWED


def test_a_number_that_is_its_own_limit_has_no_direction_to_accept_in() -> None:
    """No shipped check with a directed limit fails at its limit; of one that did, this is the one exception."""
    accepted = waiver_world.waiver(accept=58)
    on_the_limit = waiver_world.finding(measured=50, limit=50)
    assert not waiver_world.decided(accepted, on_the_limit).covers
    assert waiver_world.decided(accepted, waiver_world.finding(measured=50, limit=45)).covers


@MANY
@given(models(), worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rules_keys_packs_and_waivers_changes_no_byte_of_a_record(model, world, random) -> None:
    try:
        plain = judged(model, world)
    except PolicyError as error:
        assume("is given two values" not in str(error))
        with pytest.raises(PolicyError):
            judged(model, world, lambda items: random.sample(items, len(items)))
        return
    shuffled = judged(model, world, lambda items: random.sample(items, len(items)))
    # Where a rule stands in its file is its place, which moves with it; everything else is the same to the byte.
    assert without_places(shuffled) == without_places(plain)


def without_places(record: Record) -> str:
    tree = json.loads(encode_record(record))
    for one in tree["judgements"]:
        del one["limit_place"]
        if one["area"] == "policy":
            del one["place"]
    tree["facts"] = [one for one in tree["facts"] if not one["fact"].startswith("policy.")]
    return json.dumps(tree, sort_keys=True)
