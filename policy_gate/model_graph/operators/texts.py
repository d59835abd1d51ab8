"""Operators on texts and encoded images: no multiply-accumulates, shapes that often follow from the data."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Reason
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.graph import Tensor
from policy_gate.model_graph.operators.elementwise import truth
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Dim, Hole, UnknownCost, Value, broadcast, broken


def concat(call: Call) -> Sequence[Value]:
    """StringConcat: two operands, broadcast."""
    return (Value("string", broadcast([call.shape(0), call.shape(1)])),)


def normalise(call: Call) -> Sequence[Value]:
    """StringNormalizer: the texts that are no stop words, at least one."""
    shape = call.shape(0)
    if len(shape) not in (1, 2) or (len(shape) == 2 and isinstance(shape[0], int) and shape[0] != 1):
        raise broken("texts are C or 1 x C")
    kept: Dim = shape[-1]
    if call.list_length("stopwords"):
        kept = call.data_dependent("how many texts are no stop words")
    return (Value("string", (*shape[:-1], kept)),)


def split(call: Call) -> Sequence[Value]:
    """StringSplit: one more axis, as long as the longest text has parts; and the number of parts."""
    shape = call.shape(0)
    return (Value("string", (*shape, call.data_dependent("how many parts a text has"))), Value("int64", shape))


def tf_idf(call: Call) -> Sequence[Value]:
    """TfIdfVectorizer: a column for each n-gram that `ngram_indexes` numbers."""
    shape = call.shape(0)
    if len(shape) not in (1, 2):
        raise broken(f"tokens are one or two dimensions, the input has {len(shape)}")
    if isinstance(call.node.attributes.get("ngram_indexes"), Tensor):
        detail = "how many columns there are stands in a list too long to be kept"
        columns: Dim = Hole(UnknownCost(Reason.TOO_LARGE, call.name, call.node.op, detail))
    else:
        columns = max(call.ints_attribute("ngram_indexes") or (), default=-1) + 1
        if columns < 1:
            raise broken("attribute 'ngram_indexes' numbers no n-gram")
    return (Value("float32", (*shape[:-1], columns)),)


def decode_image(call: Call) -> Sequence[Value]:
    """ImageDecoder: height and width stand in the encoded image; one channel or three."""
    call.rank(0, 1)
    channels = 1 if call.text_attribute("pixel_format", "RGB") == "Grayscale" else 3
    height, width = call.data_dependent("the height of the image"), call.data_dependent("the width of the image")
    return (Value("uint8", (height, width, channels)),)


TABLE: Table = {
    "ImageDecoder": Operator(decode_image),
    "RegexFullMatch": Operator(truth),
    "StringConcat": Operator(concat),
    "StringNormalizer": Operator(normalise),
    "StringSplit": Operator(split),
    "TfIdfVectorizer": Operator(tf_idf, weights=("weights",)),
}
