"""Operators of ai.onnx.ml that turn maps and categories into tensors and back: no multiply-accumulates."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Reason
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Dim, Hole, UnknownCost, Value, broken

_CAST_TO = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}


def cast_map(call: Call) -> Sequence[Value]:
    """CastMap: one row; `max_map` wide when sparse, else as wide as the map has entries."""
    call.value(0)
    form, kind = call.text_attribute("map_form", "DENSE"), call.text_attribute("cast_to", "TO_FLOAT")
    if form not in {"DENSE", "SPARSE"} or kind not in _CAST_TO:
        raise broken(f"map_form is {form!r}, cast_to is {kind!r}")
    width: Dim = call.data_dependent("how many entries the map has")
    if form == "SPARSE":
        width = call.int_attribute("max_map", 1)
        if width < 1:
            raise broken(f"max_map is {width}, at least 1")
    return (Value(_CAST_TO[kind], (1, width)),)


def category_mapper(call: Call) -> Sequence[Value]:
    """CategoryMapper: the input's shape, texts as numbers and numbers as texts."""
    first = call.value(0)
    return (Value("int64" if first.dtype == "string" else "string", first.shape),)


def dict_vectorizer(call: Call) -> Sequence[Value]:
    """DictVectorizer: one row, a column for each word of the vocabulary; the map's value type."""
    words = call.list_length("string_vocabulary") + call.list_length("int64_vocabulary")
    kind = call.value(0).dtype.removesuffix(")").rpartition(",")[2]  # "map(key,value)"
    return (Value(kind, (1, words)),)


def feature_vectorizer(call: Call) -> Sequence[Value]:
    """FeatureVectorizer: the columns that `inputdimensions` gives each input, side by side."""
    shapes = [call.shape(index) for index in range(len(call.values()))]
    widths = call.ints_attribute("inputdimensions")
    if widths is not None and (len(widths) != len(shapes) or min(widths, default=1) < 0):
        raise broken("attribute 'inputdimensions' must hold an extent for each input")
    if any(len(shape) not in (1, 2) for shape in shapes):
        raise broken("features are one or two dimensions")
    found: Sequence[Dim] = widths if widths is not None else [shape[-1] for shape in shapes]
    hole = next((dim for dim in found if isinstance(dim, Hole)), None)
    total: Dim = Hole(hole.cause) if hole is not None else sum(dim for dim in found if isinstance(dim, int))
    return (Value("float32", (shapes[0][0] if len(shapes[0]) == 2 else 1, total)),)


def one_hot_encoder(call: Call) -> Sequence[Value]:
    """OneHotEncoder: one more axis, as long as there are categories."""
    categories = call.list_length("cats_int64s") or call.list_length("cats_strings")
    return (Value("float32", (*call.shape(0), categories)),)


def zip_map(call: Call) -> Sequence[Value]:
    """ZipMap: a sequence of maps, which has no shape and no fixed size."""
    call.shape(0)
    detail, fix = "a sequence of maps has no fixed size", "export the scores as a tensor, without ZipMap"
    return (Value("sequence(map)", Hole(UnknownCost(Reason.UNSUPPORTED_FORMAT, call.name, call.node.op, detail, fix))),)


TABLE: Table = {
    "CastMap": Operator(cast_map),
    "CategoryMapper": Operator(category_mapper),
    "DictVectorizer": Operator(dict_vectorizer),
    "FeatureVectorizer": Operator(feature_vectorizer),
    "OneHotEncoder": Operator(one_hot_encoder),
    "ZipMap": Operator(zip_map),
}
