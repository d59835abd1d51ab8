"""Real TFLite models cost exactly what their ONNX twins cost, operator by operator, in the shapes they claim."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from known_macs import TINY_LITE_MACS, TWINS

from policy_gate.model_graph import read_model
from policy_gate.model_graph.figures import MacCounts, ModelProfile, Unestablished
from policy_gate.model_graph.profile import profile

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
MODELS = SHARED / "models" / "mlperf-tiny"
OPERATORS = SHARED / "data" / "cost_ops_dev.csv"

pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason="the shared models are not here")
every_model = pytest.mark.parametrize("name", sorted(TINY_LITE_MACS))


@cache
def profiled(name: str) -> ModelProfile:
    with (MODELS / name).open("rb") as file:
        model = read_model(file, name)
    found = profile(model)
    return profile(model, dict.fromkeys(found.unbound_dimensions, 1)) if found.unbound_dimensions else found


def macs(name: str) -> MacCounts:
    found = profiled(name).macs
    assert not isinstance(found, Unestablished), [str(cause) for cause in found.causes]
    return found


@every_model
def test_the_count_of_a_reference_model_is_known_and_exact(name) -> None:
    found = macs(f"{name}.tflite")
    assert (found.total, found.bounded) == (TINY_LITE_MACS[name], False)


@every_model
def test_the_twin_in_onnx_costs_the_same_in_every_class(name) -> None:
    assert macs(f"{name}.tflite") == macs(f"{TWINS.get(name, name)}.onnx")


@every_model
def test_every_shape_the_file_claims_is_the_one_computed(name) -> None:
    found = profiled(f"{name}.tflite")
    assert found.disagreements == ()
    assert found.unknown == ()
    assert found.coverage.exact == found.node_count


@cache
def counted() -> dict[str, list[tuple[str, int]]]:
    by_model = defaultdict(list)
    with OPERATORS.open(newline="") as file:
        for row in csv.DictReader(file):
            by_model[row["model_key"]].append((f"tflite::{row['op']}", int(row["macs"])))
    return by_model


@pytest.mark.skipif(not OPERATORS.is_file(), reason="the shared table of operators is not here")
@every_model
def test_every_operator_costs_what_the_study_counted(name) -> None:
    if name not in counted():
        pytest.skip("the study has no rows of this model")
    assert [(row.op, row.macs) for row in profiled(f"{name}.tflite").rows] == counted()[name]
