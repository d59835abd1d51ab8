"""The only door to model files: recognise a format, read it into the neutral graph without its weights."""

from __future__ import annotations

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.archive import archive
from policy_gate.model_graph.bounded import BinaryFile, ExternalSize
from policy_gate.model_graph.graph import Model
from policy_gate.model_graph.sniff import HEAD_BYTES, UNKNOWN, sniff, sniff_file
from policy_gate.model_graph.uncollected import uncollected

__all__ = [
    "HEAD_BYTES",
    "UNKNOWN",
    "BinaryFile",
    "ExternalSize",
    "Model",
    "archive",
    "read_model",
    "sniff",
    "sniff_file",
]


@uncollected()
def read_model(file: BinaryFile, name: str, external: ExternalSize | None = None) -> Model:
    """Read a model file of any known format.

    `name` is the file's path; `external` gives the size of a file beside it or raises EvidenceError.

    Raises:
        EvidenceError: UNSUPPORTED_FORMAT when there is no reader for the format; else as `read_onnx` and `read_tflite`.
    """
    found = sniff_file(file, name)
    if found == "onnx":
        from policy_gate.model_graph.onnx_reader import read_onnx  # only who reads one pays

        return read_onnx(file, external=external, name=name.rsplit("/", 1)[-1])
    if found == "tflite":
        from policy_gate.model_graph.tflite_reader import read_tflite

        return read_tflite(file, name.rsplit("/", 1)[-1])
    if found in {"", UNKNOWN}:
        what = "its content is of no known model format" if file.seek(0, 2) else "the file is empty"
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"{name}: {what}")
    raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"{name}: {found} is not read, only its digest is known")
