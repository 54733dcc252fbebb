"""Bytes of the file to arrays."""

from __future__ import annotations

import numpy as np

from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.heaps import GlobalHeap
from annette.saving.hdf5.source import Source
from annette.saving.hdf5.types import Type


def decode(stored: np.ndarray, kind: Type, own: bool = False) -> np.ndarray:
    """The values of fixed size that one dimension of stored ones stand for.

    The array is a new one, unless `own` says that the stored one is, and may become it.
    """
    if kind.kind == "bool":
        return np.asarray(stored != 0)
    if kind.kind == "bfloat16":
        return widen(stored, kind.dtype)
    if kind.kind == "bytes" and kind.padding == 2:
        stripped: np.ndarray = np.char.rstrip(stored, b" ").astype(kind.dtype)
        return stripped
    if kind.kind == "bytes" and kind.padding == 0:
        return _terminated(stored.copy())
    return stored.astype(kind.dtype, copy=not own)


def widen(bits: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """bfloat16 from its bits: as itself, or exactly, as the float32 that begins with them."""
    if dtype == np.float32:
        return (bits.astype(np.uint32) << 16).view(np.float32)
    return bits.astype(np.uint16).view(dtype)


def _terminated(strings: np.ndarray) -> np.ndarray:
    """Strings that end at their first zero byte, whatever stands behind it."""
    letters = strings.view(np.uint8).reshape(len(strings), strings.dtype.itemsize)
    letters[np.logical_or.accumulate(letters == 0, axis=1)] = 0
    return strings


def texts(
    source: Source, heap: GlobalHeap, raw: bytes, count: int, charged: bool = False
) -> np.ndarray:
    """Strings of variable length, from the references to them.

    Together they may not be longer than the file, in which each of them has a place of its own.
    """
    found = np.empty(count, object)
    offset = source.offset_size
    width = 8 + offset
    room = source.size
    for number in range(count):
        entry = raw[number * width : (number + 1) * width]
        size = int.from_bytes(entry[:4], "little")
        at = int.from_bytes(entry[4 : 4 + offset], "little")
        index = int.from_bytes(entry[4 + offset :], "little")
        if size == 0 or at == 0:
            found[number] = ""
            continue
        place, most = heap.find(at, index)
        if size > most:
            raise FormatError(
                f"A string of {size} bytes refers to object {index} of the global heap at byte "
                f"{at}, which has {most}."
            )
        room -= size
        if room < 0:
            raise FormatError("Strings share their bytes: together they are longer than the file.")
        if charged:
            source.charge(size, "a string")
        found[number] = bytes(source.view[place : place + size]).decode("utf-8", "surrogateescape")
    return found
