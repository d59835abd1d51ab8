"""Streams the canonical bytes of a stored tensor, whatever way the file holds its elements."""

from __future__ import annotations

import struct
from collections.abc import Callable

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import tensor_bytes
from policy_gate.model_graph.bounded import BinaryFile, unreadable
from policy_gate.model_graph.dtypes import BITS
from policy_gate.model_graph.graph import Payload, Tensor
from policy_gate.model_graph.spare import DOCUMENTATION
from policy_gate.model_graph.wire import Rule, Schema, Take, Wire, varint

BUFFER_BYTES = 1024 * 1024
MAX_SPARSE_VALUES = 1_000_000

OpenPayload = Callable[[str], BinaryFile]
"""Opens the file that holds tensors, "" for the model itself; called once a file, closed by who gives it."""

Sink = Callable[[bytes | memoryview], object]
"""Takes the next piece, which is only valid during the call."""


class TensorContent:
    """Reads the tensors of one model through one buffer."""

    def __init__(self, open_payload: OpenPayload) -> None:
        self._open = open_payload
        self._files: dict[str, BinaryFile] = {}
        self._buffer = bytearray()

    def feed(self, tensor: Tensor, sink: Sink) -> None:
        """Give a sink the little-endian, densely packed bytes; of strings each after its length in eight bytes.

        A sparse tensor gives pairs of linear position (eight bytes) and value, in ascending order.

        Raises:
            EvidenceError: the bytes are not there, or do not fit the element type.
        """
        place = tensor.payload
        if tensor.indices is not None:
            self._feed_pairs(tensor, tensor.indices, sink)
        elif place is None or tensor.small:
            sink(tensor.small)
        elif place.encoding == "raw":
            self._feed_raw(tensor, place, sink)
        elif place.encoding == "varint":
            self._feed_numbers(tensor, place, sink)
        elif place.encoding == "strings":
            wire = Wire(self._file(place.path))
            rule = Rule("string", Take.COUNT, _string_to(sink, wire))
            wire.message(place.offset, place.offset + place.length, Schema.of("TensorProto", {0x32: rule}))
        elif place.encoding == "sparse":
            what = f"the elements of sparse tensor {tensor.name!r} are not read"
            raise EvidenceError(Reason.UNSUPPORTED_FORMAT, what, fix="store the tensor densely")
        else:
            self._feed_attribute(place, sink)

    def _file(self, path: str) -> BinaryFile:
        """Open a file once."""
        if path not in self._files:
            self._files[path] = self._open(path)
        return self._files[path]

    def _feed_raw(self, tensor: Tensor, place: Payload, sink: Sink) -> None:
        """Copy bytes that are canonical but for the padding bits of the last one."""
        file = self._file(place.path)
        file.seek(place.offset)
        if not self._buffer:
            self._buffer = bytearray(BUFFER_BYTES)
        view, left = memoryview(self._buffer), place.length
        while left:
            count = file.readinto(view[: min(left, BUFFER_BYTES)])
            if not count:
                raise unreadable(f"{place.path or 'the model'} ends inside tensor {tensor.name!r}", place.offset)
            left -= count
            if not left and tensor.dtype in BITS:
                self._buffer[count - 1] &= tensor_bytes.mask_of_last_byte(tensor.elements, tensor.dtype)
            sink(view[:count])

    def _feed_numbers(self, tensor: Tensor, place: Payload, sink: Sink) -> None:
        """Convert packed varints in groups of four, where every element type ends at a whole byte."""
        wire = Wire(self._file(place.path))
        one_byte = BITS[tensor.dtype] <= 8 and not tensor.dtype.startswith("float6")
        rest, held = b"", b""
        numbers: list[int] = []
        for chunk in wire.chunks(place.offset, place.offset + place.length):
            sink(held)
            if one_byte and not rest and chunk.isascii():  # numbers below 0x80 stand as they are
                held = chunk
                continue
            more, rest = _split(rest + chunk)
            numbers += more
            whole = len(numbers) if one_byte else len(numbers) // 4 * 4
            held = tensor_bytes.pack(numbers[:whole], tensor.dtype)
            del numbers[:whole]
        if rest:
            raise unreadable(f"tensor {tensor.name!r} ends inside a number", place.offset + place.length)
        held += tensor_bytes.pack(numbers, tensor.dtype)
        sink(tensor_bytes.trim_padding(held, tensor.elements, tensor.dtype))

    def _feed_attribute(self, place: Payload, sink: Sink) -> None:
        """Convert an attribute of one long list, or one long string, into what a tensor of its type holds."""
        wire = Wire(self._file(place.path))
        string = _string_to(sink, wire)
        rules = {
            0x22: Rule("entry", Take.COUNT, string),
            0x3A: Rule("entry", Take.COUNT, _bytes_to(sink, wire)),
            0x3D: Rule("entry", Take.COUNT, _bytes_to(sink, wire)),
            0x40: Rule("entry", Take.COUNT, _number_to(sink)),
            0x42: Rule("entry", Take.COUNT, _numbers_to(sink, wire)),
            0x4A: Rule("entry", Take.COUNT, string),
            0xA0: Rule("type"),
        }
        schema = Schema.of("AttributeProto", rules, skip={0x0A: "name", 0x6A: DOCUMENTATION})
        wire.message(place.offset, place.offset + place.length, schema)

    def _feed_pairs(self, tensor: Tensor, indices: Tensor, sink: Sink) -> None:
        """Sort the values of a sparse tensor by linear position."""
        count, rank = indices.dims[0], len(tensor.dims)
        if count > MAX_SPARSE_VALUES or BITS.get(tensor.dtype, 0) < 8:
            raise EvidenceError(Reason.TOO_LARGE, f"sparse tensor {tensor.name!r} has {count} {tensor.dtype} values")
        values = self._whole(Tensor(tensor.name, tensor.dtype, (count,), 0, tensor.payload))
        numbers = struct.unpack(f"<{indices.elements}q", self._whole(indices))
        width = BITS[tensor.dtype] // 8
        if len(indices.dims) == 2:
            places = [_linear(numbers[at * rank : (at + 1) * rank], tensor.dims) for at in range(count)]
        else:
            places = list(numbers)
        for position, index in sorted(zip(places, range(count), strict=True)):
            sink(struct.pack("<q", position) + values[index * width : (index + 1) * width])

    def _whole(self, tensor: Tensor) -> bytes:
        """Return all bytes of a tensor whose size the caller has bounded."""
        whole = bytearray()
        self.feed(tensor, whole.extend)
        return bytes(whole)


def _split(packed: bytes) -> tuple[list[int], bytes]:
    """Decode all whole varints; return them and the bytes of one that is cut."""
    numbers, at = [], 0
    try:
        while at < len(packed):
            number = packed[at]
            if number < 0x80:
                at += 1
            else:
                number, at = varint(packed, at)
            numbers.append(number)
    except IndexError:  # the last number goes on in the next piece
        pass
    return numbers, packed[at:]


def _linear(row: tuple[int, ...], dims: tuple[int, ...]) -> int:
    """Turn coordinates into a linear position."""
    position = 0
    for index, extent in zip(row, dims, strict=True):
        if not 0 <= index < extent:
            raise EvidenceError(Reason.UNREADABLE, f"a sparse tensor has a value at {row} of {dims}")
        position = position * extent + index
    return position


def _bytes_to(sink: Sink, wire: Wire) -> Callable[[int, int], int]:
    """Return a decoder that passes on the bytes of its field."""

    def pass_on(start: int, end: int) -> int:
        if end - start <= 8:
            sink(wire.raw(start, end))
            return 1
        for chunk in wire.chunks(start, end):
            sink(chunk)
        return 1

    return pass_on


def _string_to(sink: Sink, wire: Wire) -> Callable[[int, int], int]:
    """Return a decoder that passes on a string after its length."""
    pass_on = _bytes_to(sink, wire)

    def pass_on_string(start: int, end: int) -> int:
        sink(struct.pack("<Q", end - start))
        return pass_on(start, end)

    return pass_on_string


def _number_to(sink: Sink) -> Callable[[int, int], int]:
    """Return a decoder that passes on one integer in eight bytes."""

    def pass_on(number: int, _end: int) -> int:
        sink(struct.pack("<Q", number))
        return 1

    return pass_on


def _numbers_to(sink: Sink, wire: Wire) -> Callable[[int, int], int]:
    """Return a decoder that passes on packed integers in eight bytes each."""

    def pass_on(start: int, end: int) -> int:
        rest = b""
        for chunk in wire.chunks(start, end):
            numbers, rest = _split(rest + chunk)
            sink(struct.pack(f"<{len(numbers)}Q", *numbers))
        return 1

    return pass_on
