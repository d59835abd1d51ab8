"""Tightening never turns blocked into allowed, and the few exceptions, each by its name; order never matters."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_policies import Model, cases, judged, models, steps_of, verdict_or_refusal, worlds

from policy_gate.errors import PolicyError, Reason
from policy_gate.model import Judgement, Outcome, Record, Verdict
from policy_gate.record import encode_record

MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


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
    """The exceptions that hold for one judgement that blocked and blocks no more; README of the property below."""
    now = [one for one in after.judgements if (one.rule, one.subject) == (judgement.rule, judgement.subject)]
    unknown = judgement.outcome is Outcome.UNKNOWN
    known = {one["message_digest"] for one in model["known"]}
    return [
        *(["asked no more"] if unknown and step == f"{judgement.rule} loses its condition" else []),
        *(["a failure is waived, what is unknown is not"] if unknown and waived_by(now, "W-") else []),
        *(["a first budget"] if unknown and judgement.reason is Reason.NOT_TRUSTED else []),
        *(["fewer waivers run"] if step.startswith("a waiver") and waived_by(now, "W-") else []),
        *(["as recorded"] if waived_by(now, "baseline") and {digest_of(one) for one in now} <= known else []),
    ]


def waived_by(judgements: list[Judgement], prefix: str) -> bool:
    return bool(judgements) and all(one.waiver.startswith(prefix) for one in judgements)


def digest_of(judgement: Judgement) -> str:
    return f"sha256:{hashlib.sha256(judgement.message.encode()).hexdigest()}"


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
