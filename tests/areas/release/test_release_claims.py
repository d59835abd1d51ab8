"""What a manifest claims, what of it the next one withdraws, and claims that are proven or not."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from release_world import evidence_of, manifest_of

from policy_gate.areas.release import AREA
from policy_gate.areas.release.claim_checks import (
    compatibility_is_proven,
    figure_has_evidence,
    no_claim_withdrawn,
)
from policy_gate.areas.release.collect_claims import claims, stated_claims
from policy_gate.areas.release.facts import StatedClaim, StatedClaims
from policy_gate.areas.signature.facts import CompatibilityEvidence, FigureEvidence
from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.engine.comparison import Comparison
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import RELEASE, Answer, Outcome, Subject
from policy_gate.record import as_tree, canonical

DIGEST = "sha256:" + "a" * 64
FULL = manifest_of(
    metadata={
        "name": "kws-en",
        "version": "1.4.0",
        "sequence": 41,
        "license": "Apache-2.0",
        "created": "2026-11-20T09:14:03Z",
        "source": {"repository": "https://example.invalid/kws", "commit": "a" * 40},
    },
    bundle={"root": "model"},
    artifacts=[{"id": "kws", "path": "model/kws.onnx", "license": "MIT", "digest": DIGEST}],
    targets=[
        {
            "id": "node-v2",
            "runs": ["kws"],
            "dimensions": {"N": 1},
            "runtime": {"name": "ort", "version": "1.22.0", "compiler": {"name": "gcc", "flags": ["-O3"]}},
            "fallback": {"when": ["load-failure"], "to": "previous-release"},
        },
        {"id": "node-v3", "runs": ["kws"]},
    ],
    cost=[
        {"target": "node-v2", "artifact": "kws", "latency_ms": 9.8, "macs": 7, "evidence": "evidence/bench.json"},
        {"target": "node-v3", "artifact": "kws", "latency_ms": 3, "ram_kib": None},
    ],
    quality=[
        {"artifact": "kws", "target": "node-v2", "metric": "top1", "value": 0.9},
        {"artifact": "kws", "metric": "top1", "value": 0.8},
    ],
    privacy={"claim_type": "central-dp", "claim": {"epsilon": 4.3, "delta": 1e-6}, "unit": {"kind": "user"}},
    telemetry=[],
    compatibility=[
        {"target": "node-v2", "artifact": "kws", "suite": DIGEST, "required": ["boots", "io-shape"]},
        {"target": "node-v3", "artifact": "kws"},
    ],
    rollback={"to": {"version": "1.3.2", "sequence": 38, "manifest": DIGEST}, "min_sequence": 35},
    signing={"release": "signatures/release.json", "model": "signatures/model.json"},
    attestations=[{"type": "https://slsa.dev/provenance/v1", "path": "evidence/b.json", "subjects": ["kws"]}],
    documents=[{"path": "docs/card.md", "digest": DIGEST, "sections": ["intended-use", "limitations"]}],
    certification=[{"scheme": "eu-ai-act", "class": "limited-risk", "valid_until": "2027-11-20"}],
)
NAMES = {
    "target node-v2",
    "target node-v2: runtime.name",
    "target node-v2: runtime.version",
    "target node-v2: runtime.compiler.name",
    "target node-v2: runtime.compiler.flags",
    "target node-v2: fallback.when",
    "target node-v2: fallback.to",
    "target node-v3",
    "metadata",
    "metadata: license",
    "metadata: created",
    "metadata: source.repository",
    "metadata: source.commit",
    "bundle",
    "bundle: root",
    "artifact kws: license",
    "cost node-v2 x kws: latency_ms",
    "cost node-v2 x kws: macs",
    "cost node-v2 x kws: evidence",
    "cost node-v3 x kws: latency_ms",
    "quality kws x node-v2 x top1: value",
    "quality kws x * x top1: value",
    "privacy",
    "privacy: claim_type",
    "privacy: claim.epsilon",
    "privacy: claim.delta",
    "privacy: unit.kind",
    "telemetry",
    "compatibility node-v2 x kws",
    "compatibility node-v2 x kws: suite",
    "compatibility node-v2 x kws: required boots",
    "compatibility node-v2 x kws: required io-shape",
    "compatibility node-v3 x kws",
    "rollback",
    "rollback: to.version",
    "rollback: to.sequence",
    "rollback: to.manifest",
    "rollback: min_sequence",
    "signing",
    "signing: release",
    "signing: model",
    "attestation https://slsa.dev/provenance/v1: subjects kws",
    "document docs/card.md",
    "document docs/card.md: digest",
    "document docs/card.md: sections intended-use",
    "document docs/card.md: sections limitations",
    "certification eu-ai-act",
    "certification eu-ai-act: class",
    "certification eu-ai-act: valid_until",
}


def stated(content: object) -> StatedClaims:
    return StatedClaims(subject=RELEASE, pointer="", claims=tuple(stated_claims(content)))


def names(content: object) -> list[str]:
    return [f"{one.about}: {one.what}" if one.what else one.about for one in stated_claims(content)]


def judged(content: object, base: object = FULL) -> Answer:
    return no_claim_withdrawn(stated(content), base=stated(base))


def without(*keys: str | int) -> dict:
    """The full manifest without one key or list entry."""
    copy = deepcopy(FULL)
    holder = copy
    for key in keys[:-1]:
        holder = holder[key]
    del holder[keys[-1]]
    return copy


# What is withdrawn


@pytest.mark.parametrize(
    ("keys", "count", "said", "pointer"),
    [
        (("quality", 1), 1, "quality kws x * x top1: value", "/quality/value"),
        (("quality",), 2, "quality kws x node-v2 x top1: value, quality kws x * x top1: value", "/quality/value"),
        (("cost", 0, "macs"), 1, "cost node-v2 x kws: macs", "/cost/0/macs"),
        (("cost", 0, "evidence"), 1, "cost node-v2 x kws: evidence", "/cost/0/evidence"),
        (("compatibility", 0, "required", 1), 1, "compatibility node-v2 x kws: required io-shape", None),
        (("compatibility", 1), 1, "compatibility node-v3 x kws", "/compatibility"),
        (("targets", 1), 1, "target node-v3", "/targets"),
        (("targets", 0, "fallback"), 2, "target node-v2: fallback.when, target node-v2: fallback.to", None),
        (("privacy", "claim"), 2, "privacy: claim.epsilon, privacy: claim.delta", "/privacy/claim/epsilon"),
        (("telemetry",), 1, "telemetry", "/telemetry"),
        (("documents", 0, "sections", 1), 1, "document docs/card.md: sections limitations", "/documents/0/sections"),
        (("signing", "model"), 1, "signing: model", "/signing/model"),
        (("attestations",), 1, "attestation https://slsa.dev/provenance/v1: subjects kws", "/attestations/subjects"),
        (("metadata", "license"), 1, "metadata: license", "/metadata/license"),
    ],
)
def test_a_claim_that_is_gone_fails_by_its_name_and_where_it_stood(keys, count, said, pointer):
    answer = judged(without(*keys))
    assert answer.outcome is Outcome.FAIL
    assert (answer.measured, answer.limit, answer.unit) == (count, 0, "claims")
    assert answer.message == f"the base release claimed what this one does not: {said}"
    assert pointer in (None, answer.pointer)


def test_an_entry_that_moved_up_is_blamed_at_its_own_place_and_not_at_another_s():
    content = without("cost", 0)
    assert judged(content).pointer == "/cost/latency_ms"
    content = deepcopy(FULL)
    content["cost"].reverse()
    del content["cost"][1]["macs"]
    assert judged(content).pointer == "/cost/1/macs"


def test_a_target_that_is_gone_is_named_before_its_figures():
    content = without("targets", 1)
    del content["cost"][1], content["compatibility"][1]
    answer = judged(content)
    assert answer.measured == 3
    assert answer.message.endswith(": target node-v3, cost node-v3 x kws: latency_ms, compatibility node-v3 x kws")


def test_what_is_under_another_name_is_withdrawn():
    content = json.loads(json.dumps(FULL).replace("node-v3", "node-v4"))
    assert judged(content).measured == 3


def test_a_metric_whose_name_reads_like_an_id_is_another_one():
    content = deepcopy(FULL)
    content["quality"][0] = {"artifact": "kws", "metric": "node-v2 x top1", "value": 0.9}
    assert judged(content).message.endswith(": quality kws x node-v2 x top1: value")


def test_a_claim_made_twice_and_now_once_is_withdrawn_once():
    content = deepcopy(FULL)
    content["quality"].append(content["quality"][0])
    assert judged(FULL, content).measured == 1
    assert judged(content, content).outcome is Outcome.PASS


@pytest.mark.parametrize("value", [None, [], {}])
def test_a_value_that_became_nothing_is_withdrawn(value):
    content = deepcopy(FULL)
    content["cost"][0]["macs"] = value
    assert judged(content).measured == 1


@pytest.mark.parametrize(("value", "kind"), [("7", "text"), (True, "flag"), ([7], "list")])
def test_a_value_of_another_kind_is_withdrawn_and_says_so(value, kind):
    content = deepcopy(FULL)
    content["cost"][0]["macs"] = value
    assert judged(content).message.endswith(f"cost node-v2 x kws: macs (it was a number and is a {kind})")


def test_only_the_first_names_are_shown_and_the_rest_counted():
    content = deepcopy(FULL)
    content["quality"] = [{"artifact": "kws", "metric": f"m{number:02}", "value": 1} for number in range(20)]
    answer = judged(FULL, content)
    assert answer.measured == 20
    assert answer.message.endswith("m04: value and 15 more")


def test_a_long_name_is_cut():
    content = {**FULL, "quality": [{"artifact": "kws", "metric": "m" * 4000, "value": 1}]}
    assert len(judged(FULL, content).message) < 300


# What is not


@pytest.mark.parametrize(
    "keys",
    [
        ("artifacts", 0, "digest"),
        ("targets", 0, "dimensions"),
        ("cost", 1, "ram_kib"),
    ],
)
def test_what_describes_a_file_or_says_nothing_may_go(keys):
    assert judged(without(*keys)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "changes",
    [
        {"telemetry": [{"id": "metrics"}]},
        {"fingerprints": {"kws": {"scheme": "pgfp-1", "weights": DIGEST}}},
        {"lineage": {"nodes": [{"id": "dataset:a"}], "activities": []}},
        {"metadata": {**FULL["metadata"], "published_at": [{"registry": "oci://a", "digest": DIGEST}]}},
    ],
)
def test_streams_data_sets_fingerprints_and_registries_may_differ_from_release_to_release(changes):
    base = {**FULL, **changes}
    now = {**base, **{key: deepcopy(FULL.get(key, {})) for key in changes}}
    now = now if "lineage" not in changes else {**now, "lineage": {"nodes": [{"id": "dataset:b"}]}}
    assert judged(now, base).outcome is Outcome.PASS


def test_other_values_more_claims_and_another_order_withdraw_nothing():
    content = deepcopy(FULL)
    for section in ("targets", "cost", "quality", "compatibility"):
        content[section].reverse()
    content["cost"][0]["latency_ms"] = 99
    content["quality"].append({"artifact": "kws", "metric": "top5", "value": 0.99})
    content["attestations"][0]["path"] = "evidence/other.json"
    answer = judged(dict(reversed(content.items())))
    assert answer.outcome is Outcome.PASS
    assert (answer.measured, answer.limit) == (0, 0)
    assert answer.message == f"all {len(NAMES)} claims of the base release are still made"


def test_every_claim_has_the_name_a_reader_knows_it_by():
    assert len(names(FULL)) == len(NAMES)
    assert set(names(FULL)) == NAMES


def test_a_section_of_a_later_version_is_claimed_from_its_first_day():
    later = {**FULL, "robustness": {"noise": {"snr_db": 20}}, "audits": [{"by": "somebody"}], "motto": "small"}
    assert [one for one in names(later) if one not in NAMES] == [
        "robustness",
        "robustness: noise.snr_db",
        "audits",
        "motto",
    ]


def places(node: object, above: tuple[str | int, ...] = ()):
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, member in members:
        yield (*above, key)
        yield from places(member, (*above, key))


@given(st.sampled_from(list(places(FULL))))
def test_whatever_is_left_out_each_claim_that_is_lost_by_it_is_counted(keys):
    left = without(*keys)
    lost = set(names(FULL)) - set(names(left))
    answer = judged(left)
    assert answer.measured == len(lost)
    assert (answer.outcome is Outcome.FAIL) is bool(lost)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*FULL, "lineage", "new"]), JSON), JSON)
def test_no_shape_of_a_document_crashes_it_and_what_stays_withdraws_nothing(sections_of, other):
    assert judged(sections_of, sections_of).outcome is Outcome.PASS
    assert judged(other, sections_of).outcome in (Outcome.PASS, Outcome.FAIL)


def test_the_claims_of_a_real_manifest_are_collected_and_come_back_from_json(tmp_path):
    (found,) = claims(evidence_of(tmp_path, manifest_of(quality=FULL["quality"])))
    assert StatedClaim(about="quality kws x * x top1", what="value", kind="number", entry="/quality/1") in found.claims
    tree = json.loads(canonical(as_tree(found)))
    assert tree.pop("fact") == "release.stated_claims"
    assert TypeAdapter(StatedClaims).validate_json(json.dumps(tree)) == found


def test_the_full_manifest_is_a_valid_one():
    decode_manifest(load(json.dumps(FULL).encode(), "release.json"), sections())


def test_a_base_that_cannot_be_read_is_unknown():
    from policy_gate.area import FactBook
    from policy_gate.engine import Base
    from policy_gate.model import BaseState

    fact = stated(FULL)
    base = Base(state=BaseState.BROKEN, detail="its manifest is no YAML")
    answer = Comparison(StatedClaims, FactBook([fact]), base).find(fact)
    assert AREA.checks["release.no_claim_withdrawn"].against_base
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.BASE_UNKNOWN)


# What is proven

TESTED = CompatibilityEvidence(
    subject=Subject("target", ("node-v2", "kws")),
    pointer="/compatibility/0/evidence",
    path="evidence/test.json",
    artifact="kws",
    target="node-v2",
    signers=("sha256:" + "a" * 64,),
    is_about_artifact=True,
    result="PASSED",
    required=("boots", "io-shape"),
    not_passed=(),
    names_target=True,
    names_suite=True,
)
MEASURED = FigureEvidence(
    subject=Subject("target", ("node-v2", "kws")),
    pointer="/cost/0/evidence",
    section="cost",
    path="evidence/bench.json",
    artifact="kws",
    signers=("sha256:" + "a" * 64,),
    is_about_artifact=True,
)


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({"is_about_artifact": False}, Outcome.FAIL, "evidence/test.json is not about this kws"),
        ({"result": "FAILED"}, Outcome.FAIL, "evidence/test.json says FAILED"),
        ({"result": "WARNED"}, Outcome.FAIL, "evidence/test.json says WARNED"),
        ({"not_passed": ("boots",)}, Outcome.FAIL, "not among those that passed: boots"),
        ({"names_target": False}, Outcome.UNKNOWN, "does not name the target"),
        ({"names_suite": False}, Outcome.UNKNOWN, "does not name the suite"),
        ({}, Outcome.PASS, "kws on node-v2 passed its tests: boots, io-shape"),
        ({"required": ()}, Outcome.PASS, "passed its tests: evidence/test.json"),
    ],
)
def test_a_tested_target_fails_is_unknown_or_passes_with_its_reason(changes, outcome, said):
    answer = compatibility_is_proven(replace(TESTED, **changes))
    assert answer.outcome is outcome
    assert said in answer.message
    assert (answer.reason is Reason.NOT_PROVEN) is (outcome is Outcome.UNKNOWN)


def test_evidence_of_a_figure_about_another_file_fails_and_about_this_one_passes():
    answer = figure_has_evidence(replace(MEASURED, is_about_artifact=False))
    assert answer.outcome is Outcome.FAIL
    assert answer.message == "evidence/bench.json is not about this kws: no subject of it has the digest of the file"
    assert figure_has_evidence(MEASURED).outcome is Outcome.PASS
