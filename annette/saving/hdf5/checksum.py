"""The two checksums of the format: lookup3 for structure, Fletcher's for chunks of values."""

from __future__ import annotations

import struct

import numpy as np

from annette.saving.hdf5.source import Cursor

_MASK = 0xFFFFFFFF


def lookup3(data: bytes) -> int:
    """Jenkins's hash of the bytes (Bob Jenkins, "lookup3", 2006), begun with zero."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    padded = data + bytes(-len(data) % 12)
    blocks = struct.iter_unpack("<III", padded)
    last = len(padded) // 12 - 1
    for number, (x, y, z) in enumerate(blocks):
        a, b, c = (a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK
        if number == last:
            break
        a = ((a - c) & _MASK) ^ _turn(c, 4)
        c = (c + b) & _MASK
        b = ((b - a) & _MASK) ^ _turn(a, 6)
        a = (a + c) & _MASK
        c = ((c - b) & _MASK) ^ _turn(b, 8)
        b = (b + a) & _MASK
        a = ((a - c) & _MASK) ^ _turn(c, 16)
        c = (c + b) & _MASK
        b = ((b - a) & _MASK) ^ _turn(a, 19)
        a = (a + c) & _MASK
        c = ((c - b) & _MASK) ^ _turn(b, 4)
        b = (b + a) & _MASK
    c = ((c ^ b) - _turn(b, 14)) & _MASK
    a = ((a ^ c) - _turn(c, 11)) & _MASK
    b = ((b ^ a) - _turn(a, 25)) & _MASK
    c = ((c ^ b) - _turn(b, 16)) & _MASK
    a = ((a ^ c) - _turn(c, 4)) & _MASK
    b = ((b ^ a) - _turn(a, 14)) & _MASK
    return ((c ^ b) - _turn(b, 24)) & _MASK


def _turn(x: int, by: int) -> int:
    return ((x << by) | (x >> (32 - by))) & _MASK


def verify(cursor: Cursor) -> None:
    """Raise FormatError unless what follows is the checksum of all the cursor has read."""
    read = cursor.data[: cursor.position]
    stored = cursor.uint(4)
    if stored != lookup3(read):
        raise cursor.fail("the checksum is wrong, so the file is damaged")


def fletcher32(data: bytes) -> int:
    """Fletcher's checksum of the bytes, taken as 16-bit words with the greater byte first."""
    words = np.frombuffer(data[: len(data) // 2 * 2], dtype=">u2").astype(np.uint64)
    low = int(words.sum()) % 65535
    # The second sum counts a word once for itself and once for each word after it.
    high = 0
    after = len(words)
    for start in range(0, len(words), 1 << 20):
        part = words[start : start + (1 << 20)]
        weights = np.arange(after - start, after - start - len(part), -1, dtype=np.uint64) % 65535
        high = (high + int((part * weights).sum())) % 65535
    if len(data) % 2:
        low = (low + (data[-1] << 8)) % 65535
        high = (high + low) % 65535
    # Ones' complement: 65535 stands for zero once anything but zeros was added.
    zero = 65535 if data.strip(b"\0") else 0
    return ((high or zero) << 16) | (low or zero)
