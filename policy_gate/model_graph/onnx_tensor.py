"""Reads ONNX tensors without their weights: what they claim, checked against the bytes that are there."""

from __future__ import annotations

from math import prod

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import tensor_bytes
from policy_gate.model_graph.bounded import ExternalSize, unreadable
from policy_gate.model_graph.dtypes import NAMES, byte_count
from policy_gate.model_graph.graph import Payload, Tensor
from policy_gate.model_graph.spare import DOCUMENTATION, METADATA
from policy_gate.model_graph.wire import HIGH_BYTES, Message, Rule, Schema, Take, Wire, signed
from policy_gate.source.paths import check_path

MAX_ELEMENTS = 1 << 40
MAX_DIMENSIONS = 64
SMALL_BYTES = 1024

_SPANS = ("raw_data", "float_data", "double_data", "int32_data", "int64_data", "uint64_data")
_TENSOR_MEMORY = 800
_ENTRY_MEMORY = 300
_EXTERNAL_KEYS = frozenset({"location", "offset", "length", "checksum"})


class TensorReader:
    """Decodes TensorProto and SparseTensorProto of one file, and remembers which outside bytes they claim."""

    def __init__(self, wire: Wire, external: ExternalSize | None, own_name: str) -> None:
        self._wire = wire
        self._external = external
        self._own_name = own_name
        self._sizes: dict[str, int] = {}
        self._ranges: dict[str, set[tuple[int, int]]] = {}
        self._strings = _Strings()
        entry = {0x0A: wire.texts("key"), 0x12: wire.texts("value")}
        self._entry = Schema.of("StringStringEntryProto", entry)
        self._schema = Schema.of("TensorProto", self._rules(), skip={12 << 3 | 2: DOCUMENTATION, 16 << 3 | 2: METADATA})
        sparse = {
            0x0A: Rule("values", decode=self.read),
            0x12: Rule("indices", decode=self.read),
            0x18: Rule("dims", Take.EACH, wire.number),
            0x1A: Rule("dims", Take.JOIN, wire.varints),
        }
        self._sparse = Schema.of("SparseTensorProto", sparse)

    def _rules(self) -> dict[int, Rule]:
        """The fields of TensorProto by wire key (onnx.proto)."""
        return {
            0x08: Rule("dims", Take.EACH, self._wire.number),
            0x0A: Rule("dims", Take.JOIN, self._wire.varints),
            0x10: Rule("data_type"),
            0x1A: Rule("segment"),
            0x22: Rule("float_data"),
            0x2A: Rule("int32_data"),
            0x32: Rule("string_data", Take.COUNT, self._strings.add),
            0x3A: Rule("int64_data"),
            0x42: self._wire.texts("name"),
            0x4A: Rule("raw_data"),
            0x52: Rule("double_data"),
            0x5A: Rule("uint64_data"),
            0x6A: Rule("external_data", Take.EACH, self.entry),
            0x70: Rule("data_location"),
        }

    @property
    def files(self) -> tuple[str, ...]:
        """Every outside file that a tensor lies in, sorted."""
        return tuple(sorted(self._ranges))

    @property
    def bytes_taken(self) -> tuple[tuple[str, int], ...]:
        """How many bytes tensors take of each outside file, sorted by file."""
        return tuple((path, sum(length for _, length in ranges)) for path, ranges in sorted(self._ranges.items()))

    def entry(self, start: int, end: int) -> tuple[str, str]:
        """Decode a StringStringEntryProto."""
        self._wire.spend(_ENTRY_MEMORY)
        pair = self._wire.message(start, end, self._entry)
        return pair.get("key", ""), pair.get("value", "")

    def read(self, start: int, end: int) -> Tensor:
        """Decode the TensorProto in [start, end).

        Raises:
            EvidenceError: its dimensions, type and bytes do not agree, or its outside bytes are not there.
        """
        self._wire.spend(_TENSOR_MEMORY)
        self._strings.clear()
        found = self._wire.message(start, end, self._schema)
        name = found.get("name", "")
        if "segment" in found:
            raise unreadable(f"tensor {name!r} is stored in segments", start)
        dtype = NAMES.get(found.get("data_type", 0))
        if dtype is None:
            raise unreadable(f"tensor {name!r} has data type {found.get('data_type', 0)}", start)
        claimed = Tensor(name, dtype, checked_dims(found.get("dims", []), f"tensor {name!r}", start), 0)
        location = found.get("data_location", 0)
        if location not in {0, 1} or (location == 0) == bool(found.get("external_data")):
            raise unreadable(f"tensor {name!r} does not say whether its data is external", start)
        if location == 1:
            return self._outside(claimed, found, start)
        return self._inside(claimed, found, start)

    def _inside(self, claimed: Tensor, found: Message, at: int) -> Tensor:
        """Check the one data field a tensor stores its elements in, and take what is small."""
        present = self._present(found)
        if claimed.elements == 0 and not present:
            return claimed
        if len(present) != 1:
            raise unreadable(f"tensor {claimed.name!r} stores its elements in {len(present)} fields", at)
        field = present[0]
        if field == "string_data" and claimed.dtype == "string":
            return self._with_strings(claimed, at)
        if field == "string_data":
            raise unreadable(f"tensor {claimed.name!r} of type {claimed.dtype} stores its elements in {field}", at)
        begin, end = found[field]
        if field == "raw_data" and claimed.dtype != "string":
            return self._with_raw(claimed, begin, end)
        if field != tensor_bytes.field_of(claimed.dtype):
            raise unreadable(f"tensor {claimed.name!r} of type {claimed.dtype} stores its elements in {field}", at)
        if field in {"float_data", "double_data"}:
            return self._with_raw(claimed, begin, end)
        return self._with_varints(claimed, begin, end)

    def _present(self, found: Message) -> list[str]:
        """Which data fields hold anything; an empty one counts as absent, as protobuf's readers do."""
        filled = [field for field in _SPANS if field in found and found[field][1] > found[field][0]]
        return filled + (["string_data"] if "string_data" in found else [])

    def _with_raw(self, claimed: Tensor, begin: int, end: int) -> Tensor:
        """Check that a payload of canonical bytes is exactly as long as dimensions and type need."""
        needed = byte_count(claimed.elements, claimed.dtype)
        if end - begin != needed:
            what = f"tensor {claimed.name!r} needs {needed} bytes and holds {end - begin}"
            raise unreadable(what, begin)
        small = b""
        if needed <= SMALL_BYTES:
            small = tensor_bytes.trim_padding(self._wire.raw(begin, end), claimed.elements, claimed.dtype)
        return self._filled(claimed, Payload("", begin, end - begin), small)

    def _with_varints(self, claimed: Tensor, begin: int, end: int) -> Tensor:
        """Check that a packed field holds as many numbers as dimensions and type need."""
        needed = tensor_bytes.entries(claimed.elements, claimed.dtype)
        held = self._count_varints(begin, end) if needed <= end - begin <= 10 * needed else -1
        if held != needed:
            raise unreadable(f"tensor {claimed.name!r} needs {needed} numbers and its field holds others", begin)
        small = b""
        if byte_count(claimed.elements, claimed.dtype) <= SMALL_BYTES:
            packed = tensor_bytes.pack(self._wire.varints(begin, end), claimed.dtype)
            small = tensor_bytes.trim_padding(packed, claimed.elements, claimed.dtype)
        return self._filled(claimed, Payload("", begin, end - begin, "varint"), small)

    def _count_varints(self, begin: int, end: int) -> int:
        """Count the numbers in packed varints: each ends with a byte below 0x80."""
        count, last = 0, b""
        for chunk in self._wire.chunks(begin, end):
            count += len(chunk.translate(None, HIGH_BYTES))
            last = chunk[-1:]
        return count if last < b"\x80" else -1

    def _with_strings(self, claimed: Tensor, at: int) -> Tensor:
        """Check that there are as many strings as elements, in one run."""
        strings = self._strings
        if strings.count != claimed.elements:
            raise unreadable(f"tensor {claimed.name!r} needs {claimed.elements} strings and holds {strings.count}", at)
        if strings.scattered:
            raise unreadable(f"the strings of tensor {claimed.name!r} are not in one piece", at)
        payload = Payload("", strings.begin, strings.end - strings.begin, "strings")
        return Tensor(claimed.name, claimed.dtype, claimed.dims, strings.stored_bytes, payload)

    def _filled(self, claimed: Tensor, payload: Payload, small: bytes) -> Tensor:
        """Add what is stored to what is claimed."""
        self._wire.spend(len(small))
        return Tensor(claimed.name, claimed.dtype, claimed.dims, payload.length, payload, small)

    def _outside(self, claimed: Tensor, found: Message, at: int) -> Tensor:
        """Check the place of external data: a plain file beside the model that holds exactly these bytes."""
        if self._present(found):
            raise unreadable(f"tensor {claimed.name!r} is external and also holds data", at)
        entries: dict[str, str] = dict(found["external_data"])
        if len(entries) != len(found["external_data"]):
            raise unreadable(f"tensor {claimed.name!r} repeats a key of external_data", at)
        odd = sorted(key for key in entries if key not in _EXTERNAL_KEYS and not key.startswith("prepacked_"))
        if odd or claimed.dtype == "string":
            what = f"key {odd[0]!r}" if odd else "strings"
            raise unreadable(f"tensor {claimed.name!r} has external {what}, which no reader defines", at)
        path = external_path(entries.get("location", ""), self._own_name)
        size = self._size_of(path)
        offset = _decimal(entries.get("offset", "0"), "offset", at)
        length = _decimal(entries["length"], "length", at) if "length" in entries else max(size - offset, 0)
        needed = byte_count(claimed.elements, claimed.dtype)
        if length != needed:
            raise unreadable(f"tensor {claimed.name!r} needs {needed} bytes, {path} gives it {length}", at)
        if offset + length > size:
            raise unreadable(f"tensor {claimed.name!r} ends at byte {offset + length} of {path}, which has {size}", at)
        if length:
            self._ranges.setdefault(path, set()).add((offset, length))
        return Tensor(claimed.name, claimed.dtype, claimed.dims, length, Payload(path, offset, length))

    def _size_of(self, path: str) -> int:
        """Ask once for the size of an outside file."""
        if self._external is None:
            raise EvidenceError(Reason.NOT_IN_TREE, f"external data {path!r} cannot be looked up here")
        if path not in self._sizes:
            self._sizes[path] = self._external(path)
        return self._sizes[path]

    def refuse_overlaps(self) -> None:
        """Refuse outside ranges that overlap without being the same: no writer makes them.

        Raises:
            EvidenceError: two tensors share some of their bytes.
        """
        for path, ranges in self._ranges.items():
            free = 0
            for offset, length in sorted(ranges):
                if offset < free:
                    raise EvidenceError(Reason.UNREADABLE, f"two tensors overlap at byte {offset} of {path}")
                free = offset + length

    def read_sparse(self, start: int, end: int) -> Tensor:
        """Decode a SparseTensorProto: the values with the dense dimensions, and their coordinates.

        Raises:
            EvidenceError: values, coordinates and dimensions do not agree.
        """
        found = self._wire.message(start, end, self._sparse)
        values, indices = found.get("values"), found.get("indices")
        if not isinstance(values, Tensor) or not isinstance(indices, Tensor):
            raise unreadable("a sparse tensor lacks values or indices", start)
        dims = checked_dims(found.get("dims", []), f"sparse tensor {values.name!r}", start)
        count = values.dims[0] if len(values.dims) == 1 else -1
        if indices.dtype != "int64" or indices.dims not in {(count,), (count, len(dims))}:
            raise unreadable(f"the indices of sparse tensor {values.name!r} do not fit its values", start)
        stored = values.stored_bytes + indices.stored_bytes
        return Tensor(values.name, values.dtype, dims, stored, values.payload, b"", indices)


class _Strings:
    """The strings of the tensor being read: how many, and whether they stand in one run."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin another tensor."""
        self.begin = self.end = self.count = self.stored_bytes = 0
        self.scattered = False

    def add(self, start: int, end: int) -> int:
        """Count one more string, whose key takes a byte and whose length a varint."""
        length_bytes = max(1, ((end - start).bit_length() + 6) // 7)
        key_at = start - length_bytes - 1
        if self.count == 0:
            self.begin = key_at
        elif key_at != self.end:
            self.scattered = True
        self.end = end
        self.count += 1
        self.stored_bytes += end - start
        return 1


def checked_dims(numbers: list[int], what: str, at: int) -> tuple[int, ...]:
    """Turn varints into extents: none negative, at most 64, their product at most 2^40.

    Raises:
        EvidenceError: otherwise.
    """
    if not numbers:
        return ()
    if len(numbers) > MAX_DIMENSIONS:
        raise unreadable(f"{what} has {len(numbers)} dimensions", at)
    if min(numbers) < 0 or signed(max(numbers)) < 0:
        raise unreadable(f"{what} has a negative dimension", at)
    if prod(numbers) > MAX_ELEMENTS or max(numbers) > MAX_ELEMENTS:
        raise EvidenceError(Reason.TOO_LARGE, f"{what} claims more than 2^40 elements (byte {at})")
    return tuple(numbers)


def external_path(location: str, own_name: str) -> str:
    """Check a `location`: a relative POSIX path that stays beside the model and is not the model itself.

    Raises:
        EvidenceError: otherwise.
    """
    path = check_path(location)
    if own_name and path.casefold() == own_name.casefold():
        raise EvidenceError(Reason.PATH_REFUSED, f"external data at {location!r}, which is the model itself")
    return path


def _decimal(text: str, what: str, at: int) -> int:
    """Read a decimal number of at most 18 digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise unreadable(f"external data has {what} {text[:40]!r}", at)
    return int(text)
