"""Values to bytes of the file: datatypes, dataspaces and attributes as messages."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

_FLOATS = {
    2: struct.pack("<HHBBBBI", 0, 16, 10, 5, 0, 10, 15),
    4: struct.pack("<HHBBBBI", 0, 32, 23, 8, 0, 23, 127),
    8: struct.pack("<HHBBBBI", 0, 64, 52, 11, 0, 52, 1023),
}
_LETTER = struct.pack("<BBBBIHH", 0x10, 0, 0, 0, 1, 0, 8)  # an unsigned byte
_SIGNED_LETTER = struct.pack("<BBBBIHH", 0x10, 8, 0, 0, 1, 0, 8)
_MOST_ATTRIBUTE = 64_000  # bytes of an attribute's values; 65535 is the most for all of a message
_PIECE = 1 << 16  # values that are converted at a time

Reference = Callable[[bytes], bytes]  # a string to the reference to it in the global heap


class Values(NamedTuple):
    """Values to be stored: an array, or strings of variable length with a shape."""

    shape: tuple[int, ...]
    datatype: bytes
    nbytes: int
    array: np.ndarray | None
    strings: list[bytes]


def values_of(given: Any, name: str) -> Values:
    """What storing `given` takes.

    Raises:
        TypeError: for values that HDF5 as models are saved in it has no datatype for.
        ValueError: for a string with a zero byte in it.
    """
    if isinstance(given, (str, bytes)) and not isinstance(given, np.bytes_):
        return _strings([given], (), name)
    array = np.asarray(given)
    if array.dtype.kind in "UO":
        flat = array.reshape(-1).tolist()
        if not all(isinstance(s, (str, bytes)) for s in flat):
            raise TypeError(f"{name!r}: an array of {array.dtype} can only hold strings.")
        return _strings(flat, array.shape, name)
    datatype = _datatype(array.dtype)
    if datatype is None:
        raise TypeError(
            f"{name!r} has the dtype {array.dtype}, which is not written. Write bool, integers, "
            "float16, bfloat16, float32, float64 or strings."
        )
    return Values(array.shape, datatype, array.nbytes, array, [])


def _strings(flat: list[Any], shape: tuple[int, ...], name: str) -> Values:
    encoded = [
        s.encode("utf-8", "surrogateescape") if isinstance(s, str) else bytes(s) for s in flat
    ]
    if any(b"\0" in s for s in encoded):
        raise ValueError(f"{name!r}: a string with a zero byte in it cannot be written.")
    # As h5py does: bytes are said to be ASCII, and str to be UTF-8.
    letters = 1 if not flat or any(isinstance(s, str) for s in flat) else 0
    datatype = struct.pack("<BBBBI", 0x19, 1, letters, 0, 16) + _LETTER
    return Values(shape, datatype, 16 * len(encoded), None, encoded)


def _datatype(dtype: np.dtype[Any]) -> bytes | None:
    size = dtype.itemsize
    if dtype.kind == "b":
        names = b"FALSE\0\0\0TRUE\0\0\0\0\0\1"
        return struct.pack("<BBBBI", 0x18, 2, 0, 0, 1) + _SIGNED_LETTER + names
    if dtype.kind in "iu" and size <= 8:
        sign = 8 if dtype.kind == "i" else 0
        return struct.pack("<BBBBIHH", 0x10, sign, 0, 0, size, 0, 8 * size)
    if dtype.kind == "f" and size in _FLOATS:
        return struct.pack("<BBBBI", 0x11, 0x20, 8 * size - 1, 0, size) + _FLOATS[size]
    if dtype.kind == "S":
        return struct.pack("<BBBBI", 0x13, 1, 0, 0, max(size, 1))
    if is_bfloat16(dtype):
        return struct.pack("<BBBBI", 0x15, 0, 0, 0, size)  # bytes without a meaning, as h5py does
    return None


def is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is the bfloat16 of ml_dtypes."""
    return dtype.name == "bfloat16"


def dataspace(shape: tuple[int, ...]) -> bytes:
    """The dataspace message of a shape."""
    return struct.pack(f"<BB6x{len(shape)}Q", 1, len(shape), *shape)


def pieces(array: np.ndarray) -> Iterator[memoryview]:
    """The bytes of an array, in order, without a second copy of the whole."""
    if array.dtype.itemsize == 0:  # strings of no letters are stored as of one
        yield memoryview(bytes(array.size))
        return
    if array.size == 0:
        return
    little = array.dtype if is_bfloat16(array.dtype) else array.dtype.newbyteorder("<")
    if array.flags.c_contiguous and array.dtype == little:
        yield array.reshape(-1).view(np.uint8).data
        return
    walk = np.nditer(
        array, ["external_loop", "buffered"], ["readonly"], order="C", op_dtypes=little,
        casting="equiv", buffersize=_PIECE,
    )  # fmt: skip
    for part in walk:
        yield np.ascontiguousarray(part).view(np.uint8).data


def stored_bytes(values: Values, reference: Reference) -> bytes:
    """All the bytes of an attribute's values."""
    if values.array is None:
        return b"".join(reference(s) for s in values.strings)
    return b"".join(bytes(p) for p in pieces(values.array))


def attribute(name: str, values: Values, reference: Reference) -> bytes:
    """The message of an attribute.

    Raises:
        ValueError: if it is longer than a message may be, or has no name.
    """
    if not name or "\0" in name:
        raise ValueError(
            f"{name!r} is no name of an attribute; it needs letters, and no zero byte."
        )
    stored = stored_bytes(values, reference)
    encoded = name.encode("utf-8", "surrogateescape") + b"\0"
    space = dataspace(values.shape)
    sizes = struct.pack("<HHH", len(encoded), len(values.datatype), len(space))
    if len(stored) + len(encoded) > _MOST_ATTRIBUTE + 1000:
        raise ValueError(
            f"The attribute {name!r} has {len(stored)} bytes; an attribute may have "
            f"{_MOST_ATTRIBUTE}. Write it as a dataset."
        )
    if name.isascii():
        parts = (encoded, values.datatype, space)
        return b"\1\0" + sizes + b"".join(p + bytes(-len(p) % 8) for p in parts) + stored
    return b"\3\0" + sizes + b"\1" + encoded + values.datatype + space + stored


def split(name: str, given: Any) -> dict[str, Any]:
    """An attribute, or what Keras splits it into: arrays `name0`, `name1`, ... of its strings."""
    if not isinstance(given, (list, tuple, np.ndarray)):
        return {name: given}
    array = np.asarray(given)
    bytes_each = 16 if array.dtype.kind in "UO" else array.dtype.itemsize
    if (
        array.ndim != 1
        or array.size * bytes_each <= _MOST_ATTRIBUTE
        or array.dtype.kind not in "SUO"
    ):
        return {name: given}
    each = max(_MOST_ATTRIBUTE // bytes_each, 1)
    starts = range(0, array.size, each)
    return {f"{name}{i}": array[start : start + each] for i, start in enumerate(starts)}
