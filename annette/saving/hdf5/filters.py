"""Filters of chunks: gzip, shuffle and Fletcher's checksum, undone within known sizes."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from annette.saving.hdf5.checksum import fletcher32
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.source import Cursor

_GZIP, _SHUFFLE, _FLETCHER = 1, 2, 3
_OTHERS = {4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc", 32004: "lz4"}
# A repetition of 258 bytes takes two bits of a deflated stream, and nothing grows by more.
_MOST = 1032


class Filter(NamedTuple):
    """One step of a pipeline, and the size of values that shuffling goes by."""

    number: int
    width: int


def read_filters(cursor: Cursor) -> list[Filter]:
    """The filters that a message describes, in the order in which they were applied.

    Raises:
        FormatError: for one that annette refuses.
    """
    version, count = cursor.version(1, 2), cursor.uint(1)
    if count > 32:
        raise cursor.fail(f"{count} filters; 32 are the most")
    cursor.skip(6 if version == 1 else 0)
    found = [_filter(cursor, version) for _ in range(count)]
    if len({f.number for f in found}) != count:
        raise cursor.fail("a filter that is applied twice is refused")
    return found


def _filter(cursor: Cursor, version: int) -> Filter:
    number = cursor.uint(2)
    named = cursor.uint(2) if version == 1 or number >= 256 else 0
    cursor.skip(2)
    count = cursor.uint(2)
    cursor.skip(named + (-named % 8 if version == 1 else 0))
    values = [cursor.uint(4) for _ in range(count)]
    cursor.skip(4 if version == 1 and count % 2 else 0)
    if number not in (_GZIP, _SHUFFLE, _FLETCHER):
        name = _OTHERS.get(number, "one of a plug-in")
        raise cursor.fail(
            f"the filter {number} ({name}) is refused; gzip, shuffle and fletcher32 are read"
        )
    if number == _SHUFFLE and (not values or values[0] == 0):
        raise cursor.fail("shuffle does not say how long a value is")
    return Filter(number, values[0] if number == _SHUFFLE else 1)


def can_hold(filters: list[Filter], stored: int, size: int) -> bool:
    """Whether so many stored bytes can be a chunk of `size` bytes."""
    return size <= stored * (_MOST if any(f.number == _GZIP for f in filters) else 1)


def undo(filters: list[Filter], mask: int, data: bytes, size: int, what: str) -> bytes:
    """The `size` bytes that a chunk has before its filters; bits of `mask` name those left out.

    Raises:
        FormatError: if the chunk is damaged, or has another size.
    """
    applied = [f for i, f in enumerate(filters) if not mask >> i & 1]
    for place in reversed(range(len(applied))):
        match applied[place].number:
            case 1:
                checked = any(f.number == _FLETCHER for f in applied[:place])
                data = _inflate(data, size + 4 * checked, what)
            case 2:
                data = _unshuffle(data, applied[place].width)
            case 3:
                data = _checked(data, what)
    if len(data) != size:
        raise FormatError(f"{what} has {len(data)} bytes, where {size} are declared.")
    return data


def _inflate(data: bytes, most: int, what: str) -> bytes:
    engine = zlib.decompressobj()
    try:
        found = engine.decompress(data, most + 1)
    except zlib.error as error:
        raise FormatError(f"{what} cannot be decompressed: {error}.") from error
    if len(found) > most:
        raise FormatError(f"{what} grows past the {most} bytes that are declared.")
    if not engine.eof:
        raise FormatError(f"{what} cannot be decompressed: its end is missing.")
    return found


def _unshuffle(data: bytes, width: int) -> bytes:
    count = len(data) // width
    if width == 1 or count < 2:
        return data
    planes = np.frombuffer(data, np.uint8, count * width).reshape(width, count)
    return planes.T.tobytes() + data[count * width :]


def _checked(data: bytes, what: str) -> bytes:
    if len(data) < 4:
        raise FormatError(f"{what} has no room for its checksum.")
    values, stored = data[:-4], int.from_bytes(data[-4:], "little")
    if fletcher32(values) != stored:
        raise FormatError(f"{what} is damaged: its checksum is wrong.")
    return values
