"""Every version of every operator that onnx knows is exact, bounded, or unknown for a reason that is listed."""

from __future__ import annotations

import onnx
import pytest
from onnx import defs

from policy_gate.model_graph.figures import Certainty
from policy_gate.model_graph.onnx_schemas import operator_versions
from policy_gate.model_graph.operators import NEWEST, TABLES
from policy_gate.model_graph.operators.classification import UNHEARD_OF, classifications, classified, classify
from policy_gate.model_graph.operators.unknown import UNKNOWN

HISTORY = sorted({(each.domain, each.name, each.since_version) for each in defs.get_all_schemas_with_history()})

NOT_FOLLOWED = {("ai.onnx.preview.training", "Gradient")}
"""The operators of onnx whose cost is not established."""


def test_every_version_of_every_operator_onnx_knows_is_classified() -> None:
    unknown = {(domain, op) for domain, op, since in HISTORY if classify(domain, op, since) is Certainty.UNKNOWN}
    assert len(HISTORY) > 650
    assert unknown == NOT_FOLLOWED
    assert all(UNKNOWN[domain][op] for domain, op in unknown)


def test_nine_of_ten_operators_of_onnx_and_onnxruntime_are_exact_or_bounded() -> None:
    onnx_like = [each for each in classifications() if not each.domain.startswith("tflite")]
    known = [each for each in onnx_like if each.certainty is not Certainty.UNKNOWN]
    assert len(known) >= 0.9 * len(onnx_like) > 0


def test_the_committed_table_of_versions_is_onnx_own() -> None:
    assert sorted(operator_versions()) == HISTORY


def test_an_unknown_operator_says_why_and_no_other_does() -> None:
    for each in classifications():
        assert bool(each.reason) == (each.certainty is Certainty.UNKNOWN), each
        assert each.reason != UNHEARD_OF, each


def test_no_operator_is_both_in_a_table_and_listed_as_unknown() -> None:
    for domain, reasons in UNKNOWN.items():
        assert not reasons.keys() & TABLES.get(domain, {}).keys()


@pytest.mark.parametrize("domain", ["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"])
def test_the_newest_operator_set_that_is_known_is_the_newest_onnx_has(domain) -> None:
    newest = max(since for name, _, since in HISTORY if name == domain)
    assert NEWEST[domain] >= newest
    assert domain or NEWEST[domain] == onnx.defs.onnx_opset_version()


def test_an_operator_of_a_later_set_or_of_no_table_is_unknown() -> None:
    assert classified("", "Relu", 99).reason == "its operator set is newer than what is known"
    assert classified("com.example", "Relu").reason == UNHEARD_OF
    assert classify("ai.onnx", "Relu", 6) is Certainty.EXACT
    assert classify("", "Loop", 13) is Certainty.BOUNDED


def test_each_operator_is_classified_once_a_version_and_in_order() -> None:
    rows = [(each.domain, each.op, each.since) for each in classifications()]
    assert rows == sorted(set(rows))
