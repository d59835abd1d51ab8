"""Files of device profiles: what is wrong is named with line and column, and nothing promises more than it supports."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.device_file import (
    builtin_ids,
    builtin_profile,
    builtin_profiles,
    find_profile,
    profile_folder,
    read_profile,
)
from policy_gate.errors import EvidenceError, GateError, PolicyError, Reason

ID = "stm32h747-cortex-m7-int8@cubeai-8.1"
TEXT = (profile_folder() / f"{ID}.yaml").read_text(encoding="utf-8")
RATE = next(line.strip() for line in TEXT.splitlines() if "ns_per_conv_mac" in line)


def refused(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(PolicyError) as error:
        read_profile(TEXT.replace(old, new, 1).encode(), "p.yaml")
    return str(error.value)


def test_a_shipped_file_is_read() -> None:
    profile = read_profile(TEXT.encode(), "p.yaml")
    assert (profile.id, profile.source, profile.screening) == (ID, "p.yaml", False)
    assert profile.fit.families == tuple(sorted(profile.fit.families))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (RATE, "ns_per_conv_mac: -1", "p.yaml:22:22: spec.latency.ns_per_conv_mac is -1"),
        (RATE, 'ns_per_conv_mac: "2"', "p.yaml:22:22"),
        (RATE, "ns_per_conv_mac: true", "p.yaml:22:22"),
        (RATE, "ns_per_conv_mac: 1e300", "p.yaml:22:22"),
        ("ns_per_conv_mac", "ns_per_conv_mack", "ns_per_conv_mack"),
        ("lower_factor: 0.666", "lower_factor: 1.2", "lower_factor"),
        ("upper_factor: 1.5", "upper_factor: 0.5", "upper_factor"),
        ("high_of_overlay: 1.78", "high_of_overlay: 0.5", "the bounds are out of order: 0.88 is above 0.5"),
        ("runtime_ram_high_kib: 48.4", "runtime_ram_high_kib: 0.4", "the bounds are out of order"),
        ("least: 1034048, most", "least: 999999999999, most", "the bounds are out of order"),
        ('feature: "depthwise_macs"', 'feature: "conv_macs"', "the range of conv_macs is given twice"),
        ('feature: "depthwise_macs"', 'feature: "id"', "feature"),
        ("covered: 22", "covered: 23", "the bounds are out of order: 23 is above 22"),
        ("high_of_overlay: 1.78", "high_of_overlay: 0", "memory.high_of_overlay"),
        ("runtime_ram_high_kib: 48.4", "runtime_ram_high_kib: 0", "memory.runtime_ram_high_kib"),
        ("code_flash_high_kib: 301.708", "code_flash_high_kib: 0.0", "memory.code_flash_high_kib"),
        ('kind: "DeviceProfile"', 'kind: "PolicyPack"', "kind"),
        (f'id: "{ID}"', 'id: "no-at-sign"', "p.yaml:4:7"),
        (f'id: "{ID}"', 'id: "../../x@y"', "p.yaml:4:7"),
        ('version: "8.1.0"', 'version: ""', "version"),
        ('    dtype: "int8"', '    dtype: "float32"', "the rows are float32, and the profile is int8"),
        ("screening: false", "screening: no", "screening"),
        ("screening: false\n", "", "screening"),
    ],
)
def test_what_is_wrong_is_named_at_its_place(old, new, said) -> None:
    assert said in refused(old, new)


@pytest.mark.parametrize(
    ("part", "changed"),
    [("rows", 7), ("families", ["mobilenetv1"] * 7), ("errors", None), ("shape", ID)],
)
def test_a_promise_that_its_rows_do_not_support_is_refused(part, changed) -> None:
    tree = yaml.safe_load(TEXT)
    tree["spec"]["fit"][part] = changed
    with pytest.raises(PolicyError, match="support no promise: it takes 8 rows of 3 families"):
        read_profile(json.dumps(tree).encode(), "p.json")


def test_a_latency_that_does_not_say_what_it_was_fitted_on_is_refused_unless_it_is_for_screening() -> None:
    bare = TEXT[: TEXT.index("  fit:\n")]
    with pytest.raises(PolicyError, match="does not say what it was fitted on"):
        read_profile(bare.encode(), "p.yaml")
    assert read_profile(bare.replace("screening: false", "screening: true", 1).encode(), "p.yaml").fit is None


def test_a_profile_that_predicts_nothing_is_refused() -> None:
    tree = yaml.safe_load(TEXT)
    for part in ("latency", "memory", "fit"):
        del tree["spec"][part]
    with pytest.raises(PolicyError, match="neither latency nor power nor memory"):
        read_profile(json.dumps(tree).encode(), "p.json")


def test_rates_that_are_all_zero_are_refused() -> None:
    tree = yaml.safe_load(TEXT)
    tree["spec"]["latency"] = {
        name: number if name.endswith("factor") else 0 for name, number in tree["spec"]["latency"].items()
    }
    with pytest.raises(PolicyError, match="every model would take no time"):
        read_profile(json.dumps(tree).encode(), "p.json")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_a_traceback(content) -> None:
    with pytest.raises(GateError):
        read_profile(content, "p.yaml")


def test_every_shipped_profile_is_read_and_called_as_its_file() -> None:
    profiles = builtin_profiles()
    assert tuple(one.id for one in profiles) == builtin_ids()
    assert {one.source for one in profiles} == {"builtin"}
    assert len({one.labels for one in profiles}) == len(profiles)  # a row is of one profile


def test_a_profile_is_found_by_its_id() -> None:
    assert find_profile(ID, builtin_profiles()) is builtin_profile(ID)


@pytest.mark.parametrize("find", [lambda name: find_profile(name, builtin_profiles()), builtin_profile])
def test_an_unknown_id_is_not_trusted_and_the_nearest_are_named(find) -> None:
    with pytest.raises(EvidenceError, match="no trusted device profile is called") as error:
        find("stm32h747-cortex-m7-int8@cubeai-9.1")
    assert error.value.reason is Reason.NOT_TRUSTED
    assert ID in error.value.fix


@pytest.mark.parametrize("name", ["../x@y", "", "x" * 100_000, f"{ID}.yaml", "*"])
def test_a_hostile_id_opens_no_file(name) -> None:
    with pytest.raises(EvidenceError, match="no trusted device profile") as error:
        builtin_profile(name)
    assert len(str(error.value)) < 1000


def test_an_id_that_is_defined_twice_is_not_trusted() -> None:
    profile = builtin_profile(ID)
    with pytest.raises(EvidenceError, match="is defined twice: builtin and builtin"):
        find_profile(ID, (profile, profile))
