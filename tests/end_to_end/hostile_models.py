"""Model files that lie, each shipped under its true digest: only what is in them can block the release."""

from __future__ import annotations

import io
import pickle
import random
import zipfile

from checkout import MODEL, Checkout, good_model
from hostile_documents import Case
from onnx_bytes import block, graph, model, node, number, tensor, value, varint

NOT_READABLE = r"UNKNOWN REL-005 (?:.*\n)*?.*"


def _shipped(name: str, content: bytes, said: str = NOT_READABLE, *, path: str = MODEL, more: str = "") -> Case:
    return Case(name, lambda here: _ship(here, content, path, more), 1, said)


def _ship(here: Checkout, content: bytes, path: str, more: str) -> None:
    (here.root / MODEL).unlink()
    here.ship(content, path=path, more=more)


def _weights(*dims: int, rest: bytes = b"") -> bytes:
    weights = block(5, tensor("w", dims, 1, rest))
    return model(graph(weights, nodes=(node("MatMul", ("x", "w")),)))


def _external(*entries: tuple[str, str], dims: tuple[int, ...] = (2, 3)) -> bytes:
    named = b"".join(block(13, block(1, key) + block(2, text)) for key, text in entries)
    return _weights(*dims, rest=named + number(14, 1))


def _beside(here: Checkout, content: bytes, weights: bytes) -> None:
    _ship(here, content, MODEL, "")
    here.write("model/weights.bin", weights)


def _nested(depth: int) -> bytes:
    """If nodes whose branch holds an If, and so on; written from the inside out."""
    inner = graph(nodes=(node("Relu"),))
    for _ in range(depth):
        branch = block(1, "then_branch") + block(6, inner) + number(20, 5)
        inner = graph(nodes=(node("If", ("c",), ("y",), block(5, branch)),))
    return model(inner)


def _symbolic() -> bytes:
    shape = block(1, block(2, "batch")) + block(1, number(1, 2))
    open_input = block(1, "x") + block(2, block(1, number(1, 1) + block(2, shape)))
    weights = block(5, tensor("w", (2, 3), 1, block(9, b"\0" * 24)))
    body = block(1, node("MatMul", ("x", "w"))) + block(2, "g") + block(11, open_input) + block(12, value("y"))
    return model(body + weights)


def _endless_name() -> bytes:
    return model(graph(nodes=(node("Relu", ("x",), ("y",), block(3, "n" * 20_000_000)),)))


def _cycle() -> bytes:
    return model(graph(nodes=(node("Relu", ("y",), ("z",)), node("Relu", ("z",), ("y",)))))


def _loop_of_functions() -> bytes:
    body = block(1, "again") + block(10, "evil") + block(4, "x") + block(5, "y")
    call = node("again", ("x",), ("y",), block(7, "evil"))
    function = body + block(7, call) + block(9, number(2, 17))
    return model(graph(nodes=(call,)), block(25, function))


def _doubling_functions() -> bytes:
    """Thirty functions, each of which calls the next one twice: a billion calls from a kilobyte."""
    functions = b""
    for level in range(30):
        inner = f"f{level + 1}" if level < 29 else "Relu"
        domain = block(7, "evil") if level < 29 else b""
        calls = node(inner, ("x",), ("m",), domain), node(inner, ("m",), ("y",), domain)
        body = block(1, f"f{level}") + block(10, "evil") + block(4, "x") + block(5, "y")
        opsets = block(9, number(2, 17)) + block(9, block(1, "evil") + number(2, 1))
        functions += block(25, body + b"".join(block(7, call) for call in calls) + opsets)
    start = node("f0", ("x",), ("y",), block(7, "evil"))
    return model(graph(nodes=(start,)), functions, block(8, block(1, "evil") + number(2, 1)))


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    return packed.getvalue()


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("open('sprung', 'w').close()",)


RANDOM = random.Random(7).randbytes(100_000)
GOOD = good_model()

MODELS = (
    _shipped("a model of no bytes", b"", NOT_READABLE + "the file is empty"),
    _shipped("a model of random bytes", RANDOM, NOT_READABLE + "no known model format"),
    _shipped("a model of zeros", bytes(100_000), NOT_READABLE),
    _shipped("a model cut in the middle", GOOD[: len(GOOD) // 2]),
    _shipped("a model cut by one byte", GOOD[:-1]),
    _shipped("a model with a tail of random bytes", GOOD + RANDOM),
    _shipped("a model that claims more bytes than it has", model(None, block(7, b"x", claimed=1 << 40))),
    _shipped("a length of two to the sixty-third", number(1, 8) + varint(7 << 3 | 2) + varint(1 << 63)),
    _shipped("a number that never ends", number(1, 8) + varint(7 << 3 | 2) + b"\xff" * 5000),
    _shipped("subgraphs a hundred deep", _nested(100), NOT_READABLE + "deeper than 32"),
    _shipped("subgraphs two thousand deep", _nested(2000), NOT_READABLE + "deeper than 32"),
    _shipped("a name of twenty megabytes", _endless_name()),
    _shipped("a dimension of two to the sixtieth", _weights(1 << 60)),
    _shipped("dimensions whose product has a thousand digits", _weights(*[(1 << 62)] * 60)),
    _shipped("a dimension under zero", _weights(-2, 3, rest=block(9, b"\0" * 24))),
    _shipped("weights that do not fill their shape", _weights(2, 3, rest=block(9, b"\0" * 8))),
    _shipped("external data above the model", _external(("location", "../weights.bin")), NOT_READABLE + "path refused"),
    _shipped("external data at an absolute path", _external(("location", "/etc/passwd")), NOT_READABLE + "path refused"),
    _shipped("external data that is not there", _external(("location", "gone.bin"))),
    _shipped("external data that is the model itself", _external(("location", "kws.onnx"), ("length", "24"))),
    Case(
        "external data beyond the end of its file",
        lambda here: _beside(here, _external(("location", "weights.bin"), ("offset", "4096")), bytes(24)),
        1,
        NOT_READABLE,
    ),
    Case(
        "external data of a length under zero",
        lambda here: _beside(here, _external(("location", "weights.bin"), ("length", "-24")), bytes(24)),
        1,
        NOT_READABLE,
    ),
    Case(
        "external data at an offset of a thousand digits",
        lambda here: _beside(here, _external(("location", "weights.bin"), ("offset", "9" * 1000)), bytes(24)),
        1,
        NOT_READABLE,
    ),
    _shipped(
        "an operator of nobody's domain",
        model(graph(nodes=(node("Magic", ("x",), ("y",), block(7, "evil")),)), block(8, block(1, "evil") + number(2, 1))),
        r"(?:UNKNOWN|FAIL) COST-00\d (?:.*\n)*?.*evil::Magic",
    ),
    _shipped("an operator that does not exist", model(graph(nodes=(node("Reluu"),))), r"(?:UNKNOWN|FAIL) COST-00\d (?:.*\n)*?.*Reluu"),
    _shipped("a dimension that nothing binds", _symbolic(), r"UNKNOWN COST-00\d (?:.*\n)*?.*unbound dimension: .*batch"),
    _shipped("nodes that wait for each other", _cycle(), r"UNKNOWN (?:REL-005|COST-00\d)"),
    _shipped("a function that calls itself", _loop_of_functions(), r"UNKNOWN (?:REL-005|COST-00\d)"),
    _shipped("a billion calls from a kilobyte", _doubling_functions(), r"UNKNOWN (?:REL-005|COST-00\d)"),
    _shipped("no graph", number(1, 8) + block(8, number(2, 17))),
    _shipped("a model called .bin, declared as an asset", GOOD, "FAIL REL-005 ", path="model/kws.bin", more=", role: asset"),
    _shipped("a model called .txt, declared as an asset", GOOD, "FAIL REL-005 ", path="notes.txt", more=", role: asset"),
    _shipped("a model that claims another format", GOOD, "FAIL REL-005 ", more=", format: tflite"),
    _shipped("nothing but the head of a tflite file", b"\x1c\0\0\0TFL3" + bytes(64), NOT_READABLE + "a vtable claims 0 bytes"),
    _shipped("a pickle called .onnx", pickle.dumps(_Evil(), protocol=4), NOT_READABLE + "pickle"),
    _shipped("a zip bomb called .pt", _zip_bomb(), NOT_READABLE, path="model/kws.pt"),
    _shipped("a safetensors header of a hundred megabytes", (100_000_000).to_bytes(8, "little") + b"{" + bytes(100), NOT_READABLE),
    _shipped("text called .onnx", b"import os\n" * 100, NOT_READABLE),
)  # fmt: skip
