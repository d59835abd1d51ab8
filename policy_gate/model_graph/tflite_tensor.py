"""Reads TFLite tensors without their weights: what they claim, checked against the bytes that are there."""

from __future__ import annotations

import struct
from typing import NamedTuple

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import tensor_bytes
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.dtypes import BITS, byte_count
from policy_gate.model_graph.flatbuffer import INT8, UINT8, UINT32, FlatBuffer, Table
from policy_gate.model_graph.graph import Payload, Scaling, Shape, Tensor
from policy_gate.model_graph.onnx_tensor import MAX_DIMENSIONS, SMALL_BYTES, checked_dims
from policy_gate.model_graph.tflite_buffers import Buffers, Place
from policy_gate.model_graph.tflite_quantisation import PLAIN, Quantised, read_quantisation
from policy_gate.model_graph.tflite_schema import TYPES

_TENSOR_MEMORY = 1200
_INDEX_WIDTHS = {1: 4, 2: 2, 3: 1}  # bytes of one element, by the code in the union SparseIndexVector


class Claimed(NamedTuple):
    """A tensor as the file claims it; `place` of length 0 means that an interpreter allocates it.

    `coordinates` are the bytes that say where the elements of a sparse tensor stand.
    """

    name: str
    dtype: str
    dims: tuple[int, ...]
    signature: tuple[int, ...]
    has_rank: bool
    variable: bool
    sparse: bool
    coordinates: int
    place: Place
    quantised: Quantised
    at: int

    @property
    def shape(self) -> Shape:
        """The extents an interpreter allocates; None for one that the file leaves open without a number."""
        return tuple(None if extent < 0 else extent for extent in self.dims)

    @property
    def claim(self) -> Shape | None:
        """The extents the file claims for a value that is computed: None where a number only stands in."""
        if not self.dims and not self.has_rank:
            return None  # a scalar, or a rank that is not known: older files do not tell
        if len(self.signature) != len(self.dims):
            return self.shape
        return tuple(None if open_ < 0 else extent for extent, open_ in zip(self.shape, self.signature, strict=True))

    @property
    def is_empty(self) -> bool:
        """Whether it holds no element at all."""
        return 0 in self.dims


class TensorReader:
    """Decodes the tensors of one file; `unread` are bytes of lists that no call needs, by where they begin."""

    def __init__(self, file: FlatBuffer, buffers: Buffers) -> None:
        self.unread: dict[int, int] = {}
        self._file = file
        self._buffers = buffers

    def read(self, table: Table) -> Claimed:
        """Decode one tensor.

        Raises:
            EvidenceError: its type or shape is none, or it claims bytes that are not there.
        """
        self._file.spend(_TENSOR_MEMORY)
        table.note_later("Tensor", 11)
        name = table.text(3)
        code = table.integer(1, INT8)
        if not 0 <= code < len(TYPES):
            raise unreadable(f"tensor {name!r} has data type {code}", table.at)
        if table.integer(10, UINT32):
            raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"tensor {name!r} lies in another file (byte {table.at})")
        dims, signature = table.integers(0), table.integers(7)
        if len(signature) > MAX_DIMENSIONS:
            raise unreadable(f"tensor {name!r} claims a signature of {len(signature)} dimensions", table.at)
        if len(dims) > MAX_DIMENSIONS or min(dims, default=0) < -1:
            raise unreadable(f"tensor {name!r} claims shape {list(dims[:MAX_DIMENSIONS])}", table.at)
        if table.has(9):
            for variant in table.tables(9):
                shape = self._file.passed(variant, 0, 4)
                self.unread[shape.offset] = shape.length
        place = self._buffers[table.integer(2, UINT32)]
        coordinates = self._visit_sparsity(table) if table.has(6) else 0
        quantised = read_quantisation(self._file, table, 4, dims) if table.has(4) else PLAIN
        variable, has_rank = table.integer(5, UINT8) != 0, table.integer(8, UINT8) != 0
        return Claimed(
            name,
            TYPES[code],
            dims,
            signature,
            has_rank,
            variable,
            table.has(6),
            coordinates,
            place,
            quantised,
            table.at,
        )

    def _visit_sparsity(self, tensor: Table) -> int:
        """Pass over the coordinates of a sparse tensor; return the bytes they take."""
        table = tensor.table(6)
        if table is None:
            return 0
        taken = sum(self._file.passed(table, slot, 4).length for slot in (0, 1))
        for dimension in table.tables(2):
            for slot in (2, 4):
                width = _INDEX_WIDTHS.get(dimension.integer(slot, INT8), 0)
                held = dimension.table(slot + 1) if width else None
                if held is not None:
                    taken += self._file.passed(held, 0, width).length
        return taken

    def constant(self, claimed: Claimed, name: str, scales: int, scaling: Scaling | None, *, used: bool) -> Tensor:
        """Return a tensor with bytes as a constant; one that no call uses has no stored bytes of its own.

        Raises:
            EvidenceError: shape, type and bytes do not agree.
        """
        dims = checked_dims(list(claimed.dims), f"tensor {name!r}", claimed.at)
        offset, length = claimed.place
        if not length:  # of no elements, or the subgraph would not make a constant of it
            return Tensor(name, claimed.dtype, dims, 0, None, b"", None, scales, scaling)
        small = self._checked(claimed, Tensor(name, claimed.dtype, dims, length), offset)
        self._file.spend(len(small))
        payload = Payload("", offset, length, "sparse" if claimed.sparse else "raw")
        stored = self._buffers.take(claimed.place) + claimed.coordinates if used else 0
        if not used and claimed.coordinates:
            self.unread[claimed.at] = claimed.coordinates
        return Tensor(name, claimed.dtype, dims, stored, payload, small, None, scales, scaling)

    def _checked(self, claimed: Claimed, whole: Tensor, offset: int) -> bytes:
        """Check that bytes fit type and shape; return them where they are few and dense."""
        length, at = whole.stored_bytes, claimed.at
        if whole.dtype == "string":
            self._check_strings(whole, offset, at)
            return b""
        if whole.dtype not in BITS:
            raise unreadable(f"tensor {whole.name!r} of type {whole.dtype} holds bytes", at)
        needed = byte_count(whole.elements, whole.dtype)
        if claimed.sparse and length <= needed:
            return b""
        if needed != length:
            raise unreadable(f"tensor {whole.name!r} needs {needed} bytes and holds {length}", at)
        if length > SMALL_BYTES:
            return b""
        return tensor_bytes.trim_padding(self._file.raw(offset, length), whole.elements, whole.dtype)

    def _check_strings(self, whole: Tensor, offset: int, at: int) -> None:
        """A buffer of strings begins with their number and where each begins and the last ends, in int32."""
        count = struct.unpack("<i", self._file.raw(offset, 4))[0] if whole.stored_bytes >= 4 else 0
        if count != whole.elements or 4 * (count + 2) > whole.stored_bytes:
            raise unreadable(f"tensor {whole.name!r} needs {whole.elements} strings and holds {count}", at)
