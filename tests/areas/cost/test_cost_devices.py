"""What a target takes of its device: every way to make it look cheaper, then what is predicted and what is measured."""

from __future__ import annotations

import pytest
from cost_world import dense, model, node, unknown_operator, value, write
from device_world import ID, MALLORY, RELEASER, RUNTIME, World, document, measurement, profile, target

from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts_device import (
    ClaimedEstimate,
    FileBytes,
    ShapeClaims,
    TargetArena,
    TargetEnergy,
    TargetInPlace,
    TargetLatency,
    TargetPlacement,
    TargetPrediction,
    TargetProfile,
    TargetRam,
    TargetStorage,
)
from policy_gate.areas.cost.trusted_profiles import configured_profiles
from policy_gate.errors import PolicyError, Reason
from policy_gate.model import Basis, Missing, Subject
from policy_gate.record import as_tree, canonical

BUILTIN = "stm32h747-cortex-m7-int8@cubeai-8.1"
PREDICTED = (TargetLatency, TargetEnergy, TargetPrediction, TargetRam, TargetStorage)


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def assert_unpredicted(world: World, reason: Reason, words: str, kinds=PREDICTED) -> None:
    book = world.facts()
    for kind in kinds:
        (entry,) = book.entries(kind)
        assert isinstance(entry, Missing), entry
        assert entry.reason is reason
        assert words in entry.detail


# A profile that is not about this device, runtime or model


def test_a_profile_that_nobody_who_is_trusted_has_predicts_nothing(world):
    world.profiles = ()
    assert_unpredicted(world, Reason.NOT_TRUSTED, "no trusted device profile is called")


def test_a_profile_file_of_the_pull_request_is_not_looked_at(world):
    world.profiles = ()
    write(world.folder, "profiles/board.json", document(profile()).content)
    assert_unpredicted(world, Reason.NOT_TRUSTED, "no trusted device profile is called")


@pytest.mark.parametrize(
    "runtime",
    [
        {"name": "engine", "version": "1.0.1"},
        {"name": "engine", "version": "1"},
        {"name": "other", "version": "1.0"},
        {"name": "engine", "version": "1.0 "},
    ],
)
def test_a_profile_for_another_runtime_or_version_predicts_nothing(world, runtime):
    world.targets = [target(runtime=runtime)]
    assert_unpredicted(world, Reason.NOT_TRUSTED, "is for runtime engine '1.0'")


def test_a_runtime_is_named_without_regard_to_case(world):
    world.targets = [target(runtime={"name": "ENGINE", "version": "1.0"})]
    assert world.only(TargetLatency).mid == 32.0


def test_a_target_that_does_not_name_its_runtime_has_no_prediction(world):
    del world.targets[0]["runtime"]
    assert_unpredicted(world, Reason.NOT_DECLARED, "does not name its runtime")


def test_a_float_model_is_not_predicted_by_an_int8_profile(world):
    world.targets = [target(device={"profile": BUILTIN}, runtime={"name": "stm32cube-ai", "version": "8.1.0"})]
    assert_unpredicted(world, Reason.NOT_TRUSTED, "is for int8")


def test_a_model_whose_cost_is_not_known_is_not_predicted(tmp_path):
    world = World(tmp_path, content=unknown_operator())
    assert_unpredicted(world, Reason.UNSUPPORTED_OPERATOR, "Magic", (TargetLatency, TargetPrediction, TargetRam))


def test_a_dimension_that_is_left_open_is_not_taken_for_one(tmp_path):
    world = World(tmp_path, content=dense(8, 4, batch="N"))
    assert_unpredicted(world, Reason.UNBOUND_DIMENSION, "N", (TargetLatency, TargetRam))
    assert world.only(TargetLatency).pointer == "/targets/0/dimensions"


def test_a_huge_model_outside_the_range_of_the_fit_is_for_sorting_only(tmp_path):
    ranges = [{**one, "most": 4} for one in profile()["spec"]["fit"]["ranges"]]
    world = World(tmp_path)
    world.profiles = (document(profile(fit={**profile()["spec"]["fit"], "ranges": ranges})),)
    found = world.only(TargetLatency)
    assert found.how is CostBasis.SCREENING
    assert any("outside the fitted range" in note for note in found.models[0].notes)


def test_a_screening_profile_makes_every_prediction_of_it_one_for_sorting(world):
    world.profiles = (document(profile(screening=True)),)
    assert world.only(TargetLatency).how is CostBasis.SCREENING
    assert world.only(TargetEnergy).how is CostBasis.SCREENING


def test_a_profile_that_says_nothing_of_power_or_memory_leaves_those_unknown(world):
    content = profile()
    del content["spec"]["power"], content["spec"]["memory"]
    world.profiles = (document(content),)
    assert world.only(TargetLatency).high == 64.0
    assert_unpredicted(world, Reason.NOT_TRUSTED, "says nothing of power", (TargetEnergy,))
    assert_unpredicted(world, Reason.NOT_TRUSTED, "says nothing of memory", (TargetRam, TargetStorage))


@pytest.mark.parametrize(
    ("profiles", "words"),
    [
        ((document(profile()), document(profile(), "profiles/copy.json")), "that of another profile already"),
        ((document(profile(BUILTIN)),), "(builtin)"),
        ((document({**profile(), "kind": "Policy"}),), "kind"),
    ],
    ids=["twice", "shipped", "no profile"],
)
def test_an_id_that_is_taken_and_a_file_that_is_none_are_refused(profiles, words):
    with pytest.raises(PolicyError) as refused:
        configured_profiles(profiles)
    assert words in str(refused.value)
    assert refused.value.problems[0].line


# What is measured


def test_an_attested_measurement_of_this_file_device_and_runtime_counts_for_the_prediction(world):
    found = world.measured().only(TargetLatency)
    assert (found.low, found.mid, found.high, found.how) == (7.0, 7.0, 9.0, CostBasis.MEASURED)
    assert found.basis is Basis.ATTESTED
    assert found.models[0].notes == ("measured in 100 runs: evidence/bench.json",)


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        (measurement(device="faster board"), "it was made on 'faster board', and the target is 'board'"),
        (
            measurement(runtime={"name": "engine", "version": "2.0"}),
            "it was made with engine '2.0', and the target runs engine '1.0'",
        ),
        (measurement(dimensions={"N": 1}), "it was made with dimensions N: 1, and the target binds none"),
        (measurement(runtime={"name": "engine", "version": "1.0 "}), "it was made with engine '1.0 '"),
        (
            measurement(latency_ms={"mid": 0.007, "upper": 0.009}),
            "0.009 does not count: by the prediction it is in another unit; from 1.6 it would",
        ),
        (measurement(runs=0), "runs should be a whole number of at least 1"),
        (measurement(latency_ms={"mid": 9, "upper": 7}), "upper should be at least"),
        (measurement(latency_ms={"mid": 0, "upper": 7}), "should be a number above 0"),
        (measurement(latency_ms=7), "should be an object"),
        (measurement(latency_ms={"mid": True, "upper": 7}), "should be a number above 0"),
        (measurement(runtime="engine 1.0"), "runtime should be an object"),
        (measurement(dimensions={"N": "1"}), "whole number"),
        ({}, "runtime should be an object"),
    ],
)
def test_a_measurement_of_something_else_never_counts_and_the_finding_says_why(world, predicate, words):
    found = world.measured(predicate).only(TargetLatency)
    assert (found.how, found.high) == (CostBasis.ESTIMATED, 64.0)
    assert words in found.models[0].notes[0]


def test_a_measurement_of_another_model_never_counts(world):
    found = world.measured(about=dense(8, 8)).only(TargetLatency)
    assert (found.how, found.high) == (CostBasis.ESTIMATED, 64.0)
    assert "it is about another file" in found.models[0].notes[0]


def test_a_measurement_signed_by_a_stranger_by_nobody_or_without_trusted_keys_never_counts(world):
    forged = world.measured(None, MALLORY).only(TargetLatency)
    by_another_role = world.measured(None, RELEASER).only(TargetLatency)
    world.measured().trust = None
    untrusted = world.only(TargetLatency)
    write(world.folder, "evidence/bench.json", b'{"latency_ms": 1}')
    unsigned = world.only(TargetLatency)
    for found in (forged, by_another_role, untrusted, unsigned):
        assert (found.how, found.high) == (CostBasis.ESTIMATED, 64.0)
        assert found.models[0].notes[0].startswith("no measurement: ")


def test_a_statement_of_another_type_is_no_measurement_however_well_it_is_signed(world):
    found = world.measured(kind="https://in-toto.io/attestation/test-result/v0.1").only(TargetLatency)
    assert found.how is CostBasis.ESTIMATED
    assert "is a statement of type" in found.models[0].notes[0]


def test_the_class_that_a_manifest_claims_does_not_fit_a_measurement_where_a_profile_says_what_the_device_is(world):
    world.targets = [target(device={"profile": ID, "class": "faster board"})]
    assert world.measured(measurement(device="faster board")).only(TargetLatency).how is CostBasis.ESTIMATED


def test_without_a_profile_a_measurement_on_the_class_of_the_device_is_all_there_is(world):
    world.targets = [target(device={"class": "node-v2"})]
    found = world.measured(measurement(device="node-v2")).only(TargetLatency)
    assert (found.high, found.profile) == (9.0, "")
    del world.targets[0]["device"]
    assert_unpredicted(world, Reason.NOT_DECLARED, "no trusted profile and no class", (TargetLatency,))


def test_a_measurement_with_the_dimensions_of_the_target_counts_and_one_with_fewer_does_not(tmp_path):
    world = World(tmp_path, content=dense(8, 4, batch="N"))
    world.targets = [target(dimensions={"N": 4, "unused": 9})]
    assert world.measured(measurement(dimensions={"N": 1})).only(TargetLatency).how is CostBasis.ESTIMATED
    assert world.measured(measurement(dimensions={"N": 4})).only(TargetLatency).how is CostBasis.MEASURED


def test_of_two_measurements_the_worse_figure_counts(world):
    world.measured()
    world.cost.append({**world.cost[0], "evidence": "evidence/slow.json"})
    from device_world import signed

    slow = measurement(latency_ms={"mid": 6.0, "upper": 20.0})
    write(world.folder, "evidence/slow.json", signed(slow, world.content))
    assert world.only(TargetLatency).high == 20.0


def test_a_measurement_with_another_runtime_than_that_of_the_profile_never_counts(world):
    other = {"name": "engine", "version": "2.0"}
    world.targets = [target(runtime=other)]
    found = world.measured(measurement(runtime=other)).only(TargetLatency)
    assert isinstance(found, Missing)
    assert "the target runs engine '2.0', and its profile is for engine '1.0'" in found.detail


def test_where_a_prediction_is_for_sorting_only_a_measurement_may_be_further_below_it(world):
    world.profiles = (document(profile(screening=True)),)
    found = world.measured(measurement(latency_ms={"mid": 0.5, "upper": 0.6})).only(TargetLatency)
    assert (found.how, found.high) == (CostBasis.MEASURED, 0.6)
    slip = world.measured(measurement(latency_ms={"mid": 0.007, "upper": 0.009})).only(TargetLatency)
    assert slip.how is CostBasis.SCREENING


def test_measured_energy_and_memory_far_below_what_is_possible_are_a_slip_and_do_not_count(world):
    slips = {"energy_uj": {"mid": 0.07, "upper": 0.08}, "power_mw": 0.005, "ram_kib": 0.001, "flash_kib": 0.002}
    found = world.measured(measurement(**slips)).facts()
    for kind in (TargetEnergy, TargetRam, TargetStorage):
        (entry,) = found.entries(kind)
        assert entry.how is CostBasis.ESTIMATED
        assert any("does not count: by the prediction" in note for note in entry.models[0].notes)
    assert found.entries(TargetArena)[0].high > 100


def test_of_energy_as_measured_and_as_power_times_time_the_worse_counts(world):
    both = world.measured(measurement(energy_uj={"mid": 70, "upper": 80}, power_mw=100)).only(TargetEnergy)
    assert (both.low, both.high, both.how) == (700.0, 900.0, CostBasis.MEASURED)


def test_a_growth_is_judged_by_predictions_whatever_was_measured(world):
    before = world.only(TargetPrediction)
    assert world.measured().only(TargetPrediction) == before
    assert (before.total, before.profile) == (64_000, ID)


def test_energy_is_measured_or_measured_power_times_measured_time_or_a_product_that_is_no_measurement(world):
    assert world.measured(measurement(energy_uj={"mid": 70, "upper": 80})).only(TargetEnergy).high == 80.0
    by_power = world.measured(measurement(power_mw=5)).only(TargetEnergy)
    assert (by_power.low, by_power.high, by_power.how) == (35.0, 45.0, CostBasis.MEASURED)
    by_profile = world.measured().only(TargetEnergy)
    assert (by_profile.low, by_profile.high, by_profile.how) == (56.0, 108.0, CostBasis.ESTIMATED)


def test_measured_memory_counts_for_what_a_planner_and_a_runtime_may_take(world):
    found = world.measured(measurement(ram_kib=3, flash_kib=50)).facts()
    (ram,), (flash,) = found.entries(TargetRam), found.entries(TargetStorage)
    assert (ram.low, ram.high, ram.how) == (3072, 3072, CostBasis.MEASURED)
    assert (flash.low, flash.high, flash.code_high, flash.how) == (51200, 51200, 0, CostBasis.MEASURED)


# What is predicted


def test_latency_energy_and_memory_are_predicted_between_two_bounds(world):
    book = world.facts()
    (latency,), (energy,) = book.entries(TargetLatency), book.entries(TargetEnergy)
    assert (latency.low, latency.mid, latency.high, latency.how) == (16.0, 32.0, 64.0, CostBasis.ESTIMATED)
    assert (energy.low, energy.mid, energy.high) == (128.0, 320.0, 768.0)
    (arena,), (ram,), (flash,) = (book.entries(kind) for kind in (TargetArena, TargetRam, TargetStorage))
    assert arena.low <= book.known(TargetInPlace)[0].total <= arena.high
    assert (ram.low, ram.high) == (arena.low + 2048, arena.high + 4096)
    assert (flash.low, flash.high) == (128 + 10 * 1024, 128 + 20 * 1024)


def test_the_row_to_measure_names_this_file_and_device_and_leaves_the_time_open(world):
    row = world.only(TargetLatency).models[0].row.split(",")
    assert row[1:2] == ["kws"]
    assert row[2].startswith("sha256:")
    assert row[7] == ""


def test_models_of_one_target_add_up_in_time_and_flash_and_share_the_memory(tmp_path):
    world = World(tmp_path)
    write(tmp_path, "model/vad.onnx", dense(8, 8))
    write(tmp_path, "words.txt", b"yes no")
    world.artifacts += [
        {"id": "vad", "path": "model/vad.onnx"},
        {"id": "words", "path": "words.txt", "role": "asset"},
    ]
    world.targets = [target(runs=["kws", "vad", "words"])]
    book = world.facts()
    (latency,), (ram,), (flash,) = (book.entries(kind) for kind in (TargetLatency, TargetRam, TargetStorage))
    assert (latency.mid, [one.mid for one in latency.models]) == (96.0, [32.0, 64.0])
    assert ram.high == max(one.high for one in ram.models)
    assert (flash.files, flash.low) == (6, 128 + 256 + 6 + 10 * 1024)


def test_one_measured_model_beside_a_predicted_one_is_a_prediction_together(tmp_path):
    world = World(tmp_path)
    write(tmp_path, "model/vad.onnx", dense(8, 8))
    world.artifacts.append({"id": "vad", "path": "model/vad.onnx"})
    world.targets = [target(runs=["kws", "vad"])]
    found = world.measured().only(TargetLatency)
    assert (found.how, found.basis, found.high) == (CostBasis.ESTIMATED, Basis.RECOMPUTED, 9.0 + 128.0)


def test_each_target_is_predicted_by_its_own_profile(tmp_path):
    world = World(tmp_path)
    slow = profile("slow-float32@engine-1.0", latency={**profile()["spec"]["latency"], "ns_per_conv_mac": 3e6})
    world.profiles = (document(profile()), document(slow, "slow.json"))
    world.targets = [target(), target(id="slow", device={"profile": "slow-float32@engine-1.0"}), target(id="none")]
    del world.targets[2]["device"]
    fast, slower, none = world.facts().entries(TargetLatency)
    assert (fast.mid, slower.mid) == (32.0, 96.0)
    assert isinstance(none, Missing)


def test_a_target_without_a_profile_has_activations_for_every_planner_and_no_prediction_to_grow_from(world):
    del world.targets[0]["device"]
    book = world.facts()
    (arena,), (prediction,), (named,) = (book.entries(kind) for kind in (TargetArena, TargetPrediction, TargetProfile))
    assert 0 < arena.low <= arena.high
    assert (prediction.profile, prediction.total, named.profile) == ("", 0, "")
    assert_unpredicted(world, Reason.NOT_DECLARED, "names no device profile", (TargetLatency, TargetRam))


def test_a_release_without_targets_has_no_device(world):
    world.targets = []
    assert_unpredicted(world, Reason.NOT_DECLARED, "no target", (TargetLatency, TargetRam, TargetPlacement))
    assert world.only(TargetProfile).profile == ""


# Placement


def test_without_any_list_of_operators_placement_is_unknown_and_never_within(world):
    world.profiles = (document(profile(operators=[])),)
    found = world.only(TargetPlacement)
    assert (found.reason, found.pointer) == (Reason.NOT_DECLARED, "/targets/0/runtime/operators")


def test_a_manifest_cannot_add_an_operator_to_the_list_of_the_profile(world):
    world.profiles = (document(profile(operators=["ai.onnx::Conv"])),)
    world.targets = [target(runtime={**RUNTIME, "operators": ["ai.onnx::Conv", "ai.onnx::MatMul"]})]
    found = world.only(TargetPlacement)
    assert (found.fallback_nodes, found.mac_share, found.lists) == (1, 1.0, "profile and firmware")
    assert [(one.op, one.nodes) for one in found.outside] == [("ai.onnx::MatMul", 1)]


def test_a_firmware_that_lacks_an_operator_of_the_profile_takes_it_away(world):
    world.targets = [target(runtime={**RUNTIME, "operators": ["ai.onnx::Conv"]})]
    assert world.only(TargetPlacement).fallback_nodes == 1
    world.targets = [target(runtime={**RUNTIME, "operators": ["ai.onnx::MatMul"]})]
    assert world.only(TargetPlacement).fallback_nodes == 0


def test_a_list_that_only_the_manifest_has_is_declared_and_says_so(world):
    world.targets = [target(runtime={**RUNTIME, "operators": ["ai.onnx::MatMul"]})]
    del world.targets[0]["device"]
    found = world.only(TargetPlacement)
    assert (found.basis, found.lists, found.fallback_nodes) == (Basis.DECLARED, "firmware", 0)


def test_a_call_outside_whose_work_is_not_known_takes_the_whole_share(tmp_path):
    world = World(tmp_path, content=unknown_operator())
    found = world.only(TargetPlacement)
    assert (found.fallback_nodes, found.mac_share) == (1, 1.0)


def test_the_share_outside_is_by_multiply_accumulates_and_not_by_calls(tmp_path):
    nodes = [node("MatMul", ["x", "w"], "y", "/fc"), node("Relu", ["y"], "z", "/relu")]
    from cost_world import weight

    content = model(nodes, [weight("w", 8, 4)], [value("x", 1, 8)], [value("z", 1, 4)])
    found = World(tmp_path, content=content).only(TargetPlacement)
    assert (found.nodes, found.fallback_nodes, found.mac_share) == (2, 1, 0.0)


# Files and claims


def test_shapes_that_the_file_states_wrongly_are_counted_and_shown(tmp_path):
    content = model([node("Relu", ["x"], "y")], [], [value("x", 1, 8)], [value("y", 1, 7)])
    found = World(tmp_path, content=content).only(ShapeClaims)
    assert (found.wrong, found.shown[0].value, found.shown[0].computed) == (1, "y", "1x8")


def test_a_model_that_cannot_be_read_has_neither_bytes_nor_shapes(tmp_path):
    world = World(tmp_path, content=dense(8, 4)[:-40])
    for kind in (FileBytes, ShapeClaims):
        assert isinstance(world.only(kind), Missing)


def test_a_claim_stands_beside_the_least_that_is_predicted_or_measured(world):
    world.cost = [
        {"target": "node", "artifact": "kws", "latency_ms": 5, "energy_uj": 500, "ram_kib": 9, "flash_kib": 9}
    ]
    found = {one.key: (one.claimed, one.least) for one in world.facts().known(ClaimedEstimate)}
    assert found["latency_ms"] == (5.0, 16.0)
    assert found["energy_uj"] == (500.0, 128.0)
    assert found["flash_kib"] == (9.0, 10.125)
    assert found["ram_kib"][1] > 2
    assert world.measured().only(ClaimedEstimate).least == 7.0


def test_a_claim_about_what_a_target_does_not_run_is_not_established(world):
    world.targets = [target(), target(id="other", runs=["vad"])]
    write(world.folder, "model/vad.onnx", dense(8, 8))
    world.artifacts.append({"id": "vad", "path": "model/vad.onnx"})
    world.cost = [{"target": "other", "artifact": "kws", "latency_ms": 5}]
    found = world.only(ClaimedEstimate)
    assert isinstance(found, Missing)
    assert found.subject == Subject("target", ("other", "kws"))


def test_a_claim_about_a_target_that_is_none_is_not_established_and_says_so(world):
    world.cost = [{"target": "nod", "artifact": "kws", "latency_ms": 5}]
    found = world.only(ClaimedEstimate)
    assert isinstance(found, Missing)
    assert (found.detail, found.pointer) == (
        "'nod' is no target of this manifest, so nothing is predicted of it",
        "/cost/0/latency_ms",
    )
    assert found.fixes


def test_every_fact_about_devices_is_canonical_json(world):
    book = world.measured(measurement(ram_kib=3)).facts()
    text = canonical([as_tree(one) for one in book.everything()])
    assert '"how":"measured"' in text
