"""Recognises model files by their first bytes and by their name, so that no model goes unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.archive import member_names
from policy_gate.model_graph.bounded import BinaryFile
from policy_gate.model_graph.wire import varint

HEAD_BYTES = 4096
MAX_WALKED_FIELDS = 20_000

UNKNOWN = "unknown"

_SUFFIXES = """
    .onnx .ort .tflite .lite .tfl .circle .pt .pth .ptl .ckpt .safetensors .gguf .ggml .h5 .hdf5 .keras .pb .mlmodel
    .pte .pkl .pickle .joblib .engine .plan .trt .mnn .ncnn .param .pdmodel .pdiparams .rknn .dlc .om .kmodel .hef .nb
    .tmfile .caffemodel .mar .npu .vmfb .ubj .blob
"""
MODEL_SUFFIXES = frozenset(_SUFFIXES.split())

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (4, b"TFL3", "tflite"),
    (4, b"CIR0", "circle"),
    (4, b"ORTM", "ort"),
    (4, b"ET12", "executorch"),
    (0, b"GGUF", "gguf"),
    (0, b"tjgg", "ggml"),
    (0, b"lmgg", "ggml"),
    (0, b"\x89HDF\r\n\x1a\n", "keras-hdf5"),
    (0, b"RKNN", "rknn"),
    (0, b"ftrt", "tensorrt"),
    (0, b"ptrt", "tensorrt"),
    (0, b"7767517\n", "ncnn"),
    (0, b"7767517\r\n", "ncnn"),
)
_ZIP_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"/data.pkl", "pytorch-zip"),
    (b"constants.pkl", "pytorch-zip"),
    (b"/.format_version", "pytorch-zip"),
    (b"model.weights.h5", "keras-zip"),
)
_ZIP_SUFFIXES = {".keras": "keras-zip", ".pt": "pytorch-zip", ".pth": "pytorch-zip", ".ckpt": "pytorch-zip"}
_PICKLE_SECOND = frozenset(b"c(]}X\x8aN\x8c\x95q)KMJGV\x85\x86\x87\x88\x89B\x8f\x90")
_ONNX_MESSAGES = frozenset({7, 8, 14, 20, 25, 26})
_ONNX_FIELDS = frozenset({1, 2, 3, 4, 5, 6}) | _ONNX_MESSAGES
_IR_VERSION, _GRAPH, _OPSET = 0x08, 0x3A, 0x42  # keys of a ModelProto: field number << 3 | wire type
_MODEL_KEYS = frozenset({_IR_VERSION, _GRAPH, _OPSET})
_SIZES = {1: 8, 5: 4}  # bytes of a field by its wire type
_FIELD_BYTES = 20  # a key and a length, each a varint of at most ten bytes


def sniff(head: bytes, path: str) -> str:
    """Name the format of a model by its first `HEAD_BYTES` bytes, "" when it is not one.

    A file named as a model whose content is of no known format, empty or cut is "unknown", never "", and so is an
    archive that shows a member of such a name.
    """
    found = _by_content(head, _suffix(path))
    if found:
        return found
    return UNKNOWN if any(_suffix(name) in MODEL_SUFFIXES for name in (path, *member_names(head))) else ""


def sniff_file(file: BinaryFile, path: str) -> str:
    """Name the format as `sniff` does, also of an ONNX model whose fields the first bytes do not show.

    Protobuf lets fields stand in any order, and unknown ones of any length before the rest. "unknown" when the
    content is protobuf of more fields than are walked.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    return sniff(head, path) or _walk(file)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _by_content(head: bytes, suffix: str) -> str:
    """Name a format by its content; the suffix only decides between formats that begin alike."""
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return name
    if head.startswith(b"PK\x03\x04"):
        return next((name for mark, name in _ZIP_FORMATS if mark in head), _ZIP_SUFFIXES.get(suffix, ""))
    rest: tuple[tuple[Callable[[bytes], bool], str], ...] = (
        (_is_safetensors, "safetensors"),
        (_is_pickle, "pickle"),
        (_is_onnx, "onnx"),
        (_is_coreml, "coreml"),
        (_is_openvino, "openvino"),
    )
    return next((name for test, name in rest if test(head)), "")


def _is_safetensors(head: bytes) -> bool:
    """An eight-byte length of at most 100 MB, then a JSON object (huggingface/safetensors, README)."""
    return len(head) >= 10 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= 100_000_000


def _is_pickle(head: bytes) -> bool:
    """Pickle protocol 2 to 5 and an opcode that may come first."""
    return len(head) >= 4 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2] in _PICKLE_SECOND


def _is_openvino(head: bytes) -> bool:
    """An XML document whose root is a `net` with layers."""
    return b"<net " in head[:512] and b"<layers" in head


def _is_coreml(head: bytes) -> bool:
    """`specificationVersion`, then a description whose first field is an input (coremltools, Model.proto)."""
    if len(head) < 6 or head[0] != 0x08 or not 1 <= head[1] <= 20 or head[2] != 0x12:
        return False
    try:
        _, at = varint(head, 3)
    except (IndexError, EvidenceError):
        return False
    return head[at : at + 1] in {b"\x0a", b"\x52", b"\xa2"}


def _is_onnx(head: bytes) -> bool:
    """The fields of a ModelProto, `ir_version` among them, up to its graph or the end of the head.

    Fields of other numbers are passed over, as every protobuf parser does.
    """
    seen: set[int] = set()
    at = strange = 0
    try:
        while at < len(head) and not {1, 7} <= seen:
            key, number, end = _field(head, at)
            if key >> 3 not in _ONNX_FIELDS:
                strange += 1
            elif not _may_be_onnx(key, number, head[end - number : end]):
                return False
            else:
                seen.add(key >> 3)
            at = end
    except (IndexError, EvidenceError):
        return False
    return {1, 7} <= seen or (not strange and 1 in seen and len(seen) > 1 and at > len(head))


def _walk(file: BinaryFile) -> str:
    """Walk the fields of a whole file: "onnx" when they end with it and hold a graph beside a version."""
    size, at, depth = file.seek(0, 2), 0, 0
    seen: set[int] = set()
    base, window = 0, b""
    for _ in range(MAX_WALKED_FIELDS):
        if at >= size:
            whole = at == size and not depth
            return "onnx" if whole and _GRAPH in seen and seen & {_IR_VERSION, _OPSET} else ""
        if not base <= at <= base + len(window) - _FIELD_BYTES:
            file.seek(at)
            base, window = at, file.read(HEAD_BYTES)
        try:
            key, _, end = _field(window, at - base)
        except (IndexError, EvidenceError):
            return ""
        depth += {3: 1, 4: -1}.get(key & 7, 0)
        if depth < 0:
            return ""
        if not depth and key in _MODEL_KEYS:
            seen.add(key)
        at = base + end
    return UNKNOWN


def _field(buffer: bytes, at: int) -> tuple[int, int, int]:
    """Key, number or length, and the index behind the field that begins at an index; groups have an end of their own.

    Raises:
        EvidenceError: a varint of more than 64 bits, field number 0, or a wire type that protobuf does not have.
        IndexError: the buffer ends inside the key or the number.
    """
    key, at = varint(buffer, at)
    kind = key & 7
    if not key >> 3 or kind > 5:
        raise EvidenceError(Reason.UNREADABLE, f"{key} is no key of protobuf")
    if kind in {0, 2}:
        number, at = varint(buffer, at)
        return key, number, at + (number if kind else 0)
    return key, 0, at + _SIZES.get(kind, 0)


def _may_be_onnx(key: int, length: int, shown: bytes) -> bool:
    """Whether a field can stand in a ModelProto; of a varint, `length` is the number."""
    if key in {0x08, 0x28}:
        return key == 0x28 or 1 <= length <= 1000
    if key in {0x12, 0x1A, 0x22, 0x32}:
        return _is_text(shown, length)
    return key & 7 == 2 and key >> 3 in _ONNX_MESSAGES


def _is_text(shown: bytes, length: int) -> bool:
    """Whether what the head holds of a string of this length is UTF-8 without control characters."""
    try:
        text = shown.decode("utf-8")
    except UnicodeDecodeError as error:
        if length == len(shown) or error.start < len(shown) - 3:
            return False
        text = shown[: error.start].decode("utf-8")
    return all(char >= " " or char in "\n\r\t" for char in text)
