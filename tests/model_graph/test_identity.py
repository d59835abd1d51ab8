"""The fingerprint sees what a model holds and computes, and nothing of how it is stored or named."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_models import (
    add_dead_custom_node,
    add_dead_node,
    as_typed,
    change_attribute,
    change_batch,
    change_shape,
    changed,
    constants_as_nodes,
    flip_lowest_bit,
    hide_weights,
    identity_of,
    insert_identity,
    keyword_model,
    list_initialisers_as_inputs,
    one_tensor,
    outer_loop,
    redocument,
    rename_input,
    rename_inside,
    rename_symbol,
    renamed_and_reordered,
    reorder_nodes,
    replace_relu,
    shape_as_list_constant,
    shuffle_initialisers,
    sparse_model,
    spell_defaults,
    swap_branches,
    swap_operands,
    swap_same_shapes,
    trail_omitted_input,
    with_function,
)
from onnx import ModelProto, TensorProto, helper, numpy_helper

from policy_gate.errors import EvidenceError
from policy_gate.model_graph import read_model
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.identity import Identity, identify

SHIPPED = sorted(Path(onnx.__file__).parent.rglob("*.onnx"))
CODES = {name: code for code, name in NAMES.items()}


@pytest.mark.parametrize(
    "change",
    [
        as_typed,
        shuffle_initialisers,
        rename_inside,
        redocument,
        constants_as_nodes,
        shape_as_list_constant,
        spell_defaults,
        reorder_nodes,
        list_initialisers_as_inputs,
        rename_symbol,
        trail_omitted_input,
        lambda _model: None,
    ],
)
def test_a_change_of_storage_or_names_changes_nothing(change: Callable[[ModelProto], None]) -> None:
    model = keyword_model()
    before = identity_of(model)
    change(model)
    assert changed(before, identity_of(model)) == set()


def test_a_new_opset_that_revises_no_used_operator_changes_nothing() -> None:
    assert changed(identity_of(keyword_model(17)), identity_of(keyword_model(18))) == set()


def test_external_data_changes_nothing(tmp_path: Path) -> None:
    model = keyword_model()
    before = identity_of(model)
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    files = {"w.bin": (tmp_path / "w.bin").read_bytes()}
    assert changed(before, identity_of((tmp_path / "m.onnx").read_bytes(), files)) == set()


def test_loading_and_saving_changes_nothing(tmp_path: Path) -> None:
    model = keyword_model()
    onnx.save(onnx.load_from_string(model.SerializeToString()), tmp_path / "m.onnx")
    assert identity_of((tmp_path / "m.onnx").read_bytes()) == identity_of(model)


@pytest.mark.parametrize(
    ("change", "sides"),
    [
        (flip_lowest_bit, {"weights", "bound"}),
        (rename_input, {"interface"}),
        (replace_relu, {"structure", "bound", "operators"}),
        (insert_identity, {"structure", "bound", "operators"}),
        (add_dead_node, {"operators"}),
        (add_dead_custom_node, {"operators"}),
        (change_attribute, {"structure", "bound"}),
        (change_shape, {"structure", "bound"}),
        (swap_branches, {"structure", "bound"}),
        (swap_operands, {"structure", "bound"}),
        (change_batch, {"structure", "bound", "interface"}),
        (hide_weights, {"weights"}),
    ],
)
def test_a_change_of_content_changes_exactly_its_sides(change: Callable[[ModelProto], None], sides: set[str]) -> None:
    model = keyword_model()
    before = identity_of(model)
    change(model)
    assert changed(before, identity_of(model)) == sides


def test_swapping_two_weights_of_one_shape_changes_only_what_they_are_bound_to() -> None:
    model = keyword_model()
    swap_same_shapes(model)
    before = identity_of(model)
    model.graph.node[0].input[2], model.graph.node[2].input[2] = "b2", "b1"
    assert changed(before, identity_of(model)) == {"bound"}


def test_an_opset_that_revises_operators_changes_the_structure() -> None:
    assert changed(identity_of(keyword_model(17)), identity_of(keyword_model(22))) == {
        "structure",
        "bound",
        "operators",
    }


def test_an_opset_newer_than_the_table_is_never_taken_for_a_known_one() -> None:
    assert "structure" in changed(identity_of(keyword_model(28)), identity_of(keyword_model(99)))


def test_the_committed_table_of_operators_is_what_onnx_says() -> None:
    found = json.loads((Path(identify.__code__.co_filename).parent / "onnx_schemas.json").read_text(encoding="utf-8"))
    domains = {key.removeprefix("domain:"): rows for key, rows in found.items() if key.startswith("domain:")}
    assert set(domains) >= {"", "ai.onnx.ml"}
    for domain, operators in domains.items():
        for op, versions in operators.items():
            for since, defaults in versions:
                schema = onnx.defs.get_schema(op, since, domain)
                given = {name for name, attribute in schema.attributes.items() if attribute.default_value.type}
                assert (schema.since_version, given) == (since, set(defaults))


def test_inputs_of_nested_subgraphs_are_told_apart() -> None:
    assert "structure" in changed(identity_of(outer_loop("a")), identity_of(outer_loop("b")))


def test_a_function_counts_by_its_body_not_its_name() -> None:
    before = identity_of(with_function())
    assert identity_of(with_function("Renamed")) == before
    assert identity_of(with_function(slope=0.5)) == before
    assert changed(before, identity_of(with_function(slope=0.25))) == {"structure", "bound"}
    assert changed(before, identity_of(with_function(op="Relu"))) == {"structure", "bound", "operators"}


@pytest.mark.parametrize("count", [3, 5000])
@pytest.mark.parametrize("dtype", sorted(set(CODES) - {"string"}))
def test_every_element_type_hashes_the_same_typed_raw_and_external(dtype: str, count: int) -> None:
    typed = helper.make_tensor("w", CODES[dtype], [count], [index % 2 for index in range(count)])
    packed = numpy_helper.from_array(numpy_helper.to_array(typed), "w").raw_data
    raw = TensorProto(name="w", data_type=CODES[dtype], dims=[count], raw_data=packed)
    outside = TensorProto(name="w", data_type=CODES[dtype], dims=[count], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="w.bin")
    found = {
        identity_of(one_tensor(typed)),
        identity_of(one_tensor(raw)),
        identity_of(one_tensor(outside), {"w.bin": packed}),
    }
    assert len(found) == 1


@given(st.sampled_from(["int8", "int16", "int32", "int64", "uint16", "uint64", "float16"]), st.data())
@settings(max_examples=60, deadline=None)
def test_typed_numbers_of_any_sign_and_size_hash_as_their_bytes(dtype: str, data: st.DataObject) -> None:
    kind = np.dtype(dtype)
    count = data.draw(st.sampled_from([1, 2, 700]))
    array = np.frombuffer(data.draw(st.binary(min_size=kind.itemsize * 4, max_size=64)).ljust(64, b"\x81"), np.uint8)
    array = np.resize(array, count * kind.itemsize).view(kind)
    if kind.kind == "f":
        array = np.nan_to_num(array)
    typed = helper.make_tensor("w", CODES[dtype], [count], array.tolist())
    raw = numpy_helper.from_array(array, "w")
    assert identity_of(one_tensor(typed)) == identity_of(one_tensor(raw))


def test_strings_hash_by_their_boundaries() -> None:
    made = [helper.make_tensor("w", TensorProto.STRING, [2], pair) for pair in ((b"ab", b"c"), (b"a", b"bc"))]
    first, second = (identity_of(one_tensor(each)) for each in made)
    assert "weights" in changed(first, second)


def test_the_order_of_a_sparse_tensor_does_not_matter() -> None:
    assert identity_of(sparse_model([0, 1, 2])) == identity_of(sparse_model([2, 0, 1]))


def test_a_long_attribute_list_counts_by_its_last_element() -> None:
    def forest(last: float, text: str = "x") -> ModelProto:
        model = one_tensor(helper.make_tensor("w", 1, [1], [0.0]))
        values = [0.5] * 20_000 + [last]
        model.graph.node[0].attribute.append(helper.make_attribute("support_vectors", values))
        model.graph.node[0].attribute.append(helper.make_attribute("names", [text * 20, *["b"] * 5000]))
        return model

    assert identity_of(forest(1.0)) == identity_of(forest(1.0))
    assert "bound" in changed(identity_of(forest(1.0)), identity_of(forest(2.0)))
    assert "bound" in changed(identity_of(forest(1.0)), identity_of(forest(1.0, "y")))


def test_a_weight_file_that_is_too_short_is_refused_not_hashed() -> None:
    outside = TensorProto(name="w", data_type=1, dims=[600], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="w.bin")
    content = one_tensor(outside).SerializeToString()
    found = read_model(io.BytesIO(content), "m.onnx", lambda _path: 2400)
    with pytest.raises(EvidenceError, match="ends inside"):
        identify(found, lambda path: io.BytesIO(b"\0" * 2399 if path else content))


def test_every_shipped_model_keeps_its_identity_under_renaming_and_reordering() -> None:
    dice = random.Random(5)
    for path in SHIPPED:
        model = onnx.load(path)
        before = identity_of(path.read_bytes())
        renamed_and_reordered(model, dice)
        shuffle_initialisers(model)
        assert identity_of(model) == before, path


def test_the_digests_of_this_scheme_never_change() -> None:
    golden = Identity(
        scheme="pgfp-1",
        weights="sha256:5a3ef7d8fc159b793e68cde3f110133bc0450b1deb3e925d3b89362fbfd462fd",
        structure="sha256:a99b37f46646ff3ec2f9207e2d0ad04eea37d91a9a08c9c2316cbeb88b35d7fe",
        bound="sha256:c21b510ec8f291bb3e7f606e63a39e8cd38cd5d5efdfd812be9ba9ba2b7a9c51",
        interface="sha256:b3f2fa2526a7542082f7e73d5cb9752126ec381c7f42993e661027f05598a68e",
        operators="sha256:e38de0180529cd15dc75f115118373aac5c6d981c047f40dd2533c7cdf91bf50",
    )
    model = with_function()
    model.graph.initializer.append(helper.make_tensor("extra", TensorProto.FLOAT, [2], [1.0, 2.0]))
    assert identity_of(model) == golden
