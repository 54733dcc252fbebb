"""The safetensors format: a header in JSON with names, dtypes, shapes and places, then the bytes.

    8 bytes     the length of the header, the least byte first
    header      {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
                 "__metadata__": {"key": "text"}}, filled up with spaces to a multiple of 8
    the bytes   of the arrays, one after the other, without gaps

The format is that of github.com/huggingface/safetensors. What annette writes has in its metadata
the checksum of each array (under "annette", with the place of each in the model) and of all before
the arrays ("annette_sha256", its own digits taken as zeros).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

import numpy as np

from annette.saving import plain_json, seal
from annette.saving.files import Hashing
from annette.saving.hdf5.encode import is_bfloat16, pieces
from annette.saving.hdf5.types import bfloat16
from annette.saving.hdf5.values import widen

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "I16": "<i2", "U16": "<u2", "F16": "<f2", "BF16": "<u2",
    "I32": "<i4", "U32": "<u4", "F32": "<f4", "F64": "<f8", "I64": "<i8", "U64": "<u8",
}  # fmt: skip
_NAMES = {np.dtype(d).newbyteorder("="): n for n, d in _DTYPES.items() if n != "BF16"}
_METADATA, _OWN, _DIGEST = "__metadata__", "annette", "annette_sha256"
_MOST_HEADER = 2**24  # bytes
_MOST_DIMENSIONS = 32


def write(
    file: IO[bytes],
    arrays: Mapping[str, np.ndarray],
    own: dict[str, Any],
    metadata: dict[str, str] | None = None,
) -> None:
    """Write arrays by their names, with metadata and what annette notes for itself.

    Raises:
        ValueError: for an array of a dtype that the format has not, or a header that is too long.
    """
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))  # all aligned
    header: dict[str, Any] = {}
    sums: dict[str, str] = {}
    at = 0
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": _dtype_name(name, array.dtype),
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        sums[name] = _sum(pieces(array))
        at += array.nbytes
    noted = json.dumps({**own, "checksums": sums}, separators=(",", ":"))
    whole = {_METADATA: {**(metadata or {}), _OWN: noted, _DIGEST: seal.ZEROS}, **header}
    data = json.dumps(whole, separators=(",", ":")).encode()
    if len(data) > _MOST_HEADER:
        raise ValueError(
            f"The names and the configuration of the model take {len(data)} bytes, more than a "
            "file in the safetensors format may have. Save it as .keras."
        )
    data += b" " * (-len(data) % 8)
    head = struct.pack("<Q", len(data)) + data
    file.write(seal.self_sealed(head, f'"{_DIGEST}":"'.encode()))
    for name in order:
        for piece in pieces(arrays[name]):
            file.write(piece)


def _dtype_name(name: str, dtype: np.dtype[Any]) -> str:
    if is_bfloat16(dtype):
        return "BF16"
    found = _NAMES.get(dtype.newbyteorder("="))
    if found is None:
        raise ValueError(
            f"{name!r} has the dtype {dtype}, which the safetensors format has not. It has bool, "
            "integers, float16, bfloat16, float32 and float64."
        )
    return found


def _sum(parts: Any) -> str:
    with Hashing() as hashing:
        for part in parts:
            hashing.write(part)
        return hashing.hexdigest()


class Tensor:
    """An array in a file: its shape and dtype are known, its values are read when asked for."""

    def __init__(self, view: memoryview, kind: str, shape: tuple[int, ...]) -> None:
        self._view = view
        self._kind = kind
        self.shape = shape
        self.dtype = bfloat16() if kind == "BF16" else np.dtype(_DTYPES[kind]).newbyteorder("=")
        self.size = math.prod(shape)

    @property
    def bytes(self) -> memoryview:
        """The bytes of the values."""
        return self._view

    def read(self) -> np.ndarray:
        """The values, as a new array."""
        if self._kind == "BOOL":  # anything but zero is true, and no other byte may be in an array
            flat: np.ndarray = np.frombuffer(self._view, np.uint8) != 0
            return flat.reshape(self.shape)
        raw = np.frombuffer(self._view, _DTYPES[self._kind])
        if self._kind == "BF16":
            return widen(raw, self.dtype).reshape(self.shape)
        return raw.astype(self.dtype).reshape(self.shape)


class Contents(NamedTuple):
    """What a file has."""

    arrays: dict[str, Tensor]
    metadata: dict[str, str]
    own: dict[str, Any] | None  # what annette noted for itself


def parse(view: memoryview, named: str) -> Contents:
    """The contents of a file's bytes; every length is compared before anything is taken.

    Raises:
        ValueError: if the file is damaged or none of this format.
    """
    if len(view) < 10:
        raise _error(named, "it is shorter than any such file")
    count = int.from_bytes(view[:8], "little")
    if count > min(len(view) - 8, _MOST_HEADER):
        raise _error(named, f"it says that its header has {count} bytes")
    raw = bytes(view[8 : 8 + count])
    header = _parsed(raw, named)
    if raw[:1] != b"{" or not isinstance(header, dict):
        raise _error(named, "its header is no JSON object")
    metadata = _metadata(header.pop(_METADATA, {}), named)
    own = _own(metadata, bytes(view[: 8 + count]), named)
    body = view[8 + count :]
    arrays = {name: _tensor(name, entry, body, named) for name, entry in header.items()}
    _check_places(header, len(body), named)
    if own is not None:
        _compare(arrays, own.get("checksums"), named)
    return Contents(arrays, metadata, own)


def _compare(arrays: dict[str, Tensor], sums: Any, named: str) -> None:
    if not isinstance(sums, dict) or set(sums) != set(arrays):
        raise _error(named, "its arrays are not those it was written with")
    for name, array in arrays.items():
        if _sum([array.bytes]) != sums[name]:
            raise ValueError(
                f"The file {named!r} is damaged: the checksum of {name!r} is another than when it "
                "was written. Take another copy of it."
            )


def _error(named: str, problem: str) -> ValueError:
    return ValueError(f"The file {named!r} cannot be read as safetensors: {problem}.")


def _parsed(text: bytes | str, named: str) -> Any:
    try:
        return plain_json.parsed(text)
    except plain_json.JsonError as error:
        raise _error(named, f"its header is no JSON text of arrays: {error}") from error


def _metadata(found: Any, named: str) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise _error(named, "its metadata is no object of texts")
    return found


def _own(metadata: dict[str, str], head: bytes, named: str) -> dict[str, Any] | None:
    """What annette noted, its checksum compared; None in a file of another program."""
    if _OWN not in metadata and _DIGEST not in metadata:
        return None
    if _OWN not in metadata or not seal.holds(head, metadata.get(_DIGEST)):
        raise seal.broken(named)
    own = _parsed(metadata[_OWN], named)
    if not isinstance(own, dict):
        raise _error(named, "its metadata is damaged")
    return own


def _tensor(name: str, entry: Any, body: memoryview, named: str) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _error(named, f"{name[:99]!r} is not described by a dtype, a shape and offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise _error(
            named, f"{name[:99]!r} has the dtype {kind!r}; {', '.join(sorted(_DTYPES))} are read"
        )
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
        raise _error(named, f"{name[:99]!r} has a shape or offsets that are no lists of counts")
    if len(shape) > _MOST_DIMENSIONS:
        raise _error(named, f"{name[:99]!r} has {len(shape)} dimensions")
    start, end = offsets
    needed = math.prod(shape) * np.dtype(_DTYPES[kind]).itemsize
    if not 0 <= start <= end <= len(body) or end - start != needed:
        raise _error(
            named,
            f"{name[:99]!r} of shape {shape} needs {needed} bytes, and has those from {start} to "
            f"{end} of {len(body)}",
        )
    return Tensor(body[start:end], kind, tuple(shape))


def _counts(found: Any) -> bool:
    return isinstance(found, list) and all(type(n) is int and 0 <= n < 2**62 for n in found)


def _check_places(header: dict[str, Any], size: int, named: str) -> None:
    """Raise ValueError unless the arrays take all the bytes, each once."""
    at = 0
    for start, end in sorted(entry["data_offsets"] for entry in header.values()):
        if start != at:
            raise _error(named, f"its arrays leave a gap or overlap at byte {min(start, at)}")
        at = end
    if at != size:
        raise _error(named, f"its arrays have {at} bytes, and the file has {size} for them")
