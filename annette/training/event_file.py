"""Files of events that TensorBoard reads, written without any other package.

A file is a row of records: length (8 bytes), its checksum, the bytes, their checksum; each record
is an ``Event`` in protocol-buffer form. The sums are CRC-32C, masked as TensorFlow does.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # of TensorFlow's DataType
_SCALAR, _TENSOR, _BLOB = 1, 2, 3  # of TensorBoard's DataClass
_BUCKETS = 30
_numbers = count()


class EventFile:
    """A file of events in a folder of its own, made when it is opened.

    Args:
        folder: where the file is put; its name becomes the run's in TensorBoard.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        import socket

        Path(folder).mkdir(parents=True, exist_ok=True)
        host = socket.gethostname() or "localhost"
        name = f"events.out.tfevents.{int(time.time())}.{host}.{os.getpid()}.{next(_numbers)}.v2"
        self.path = Path(folder) / name
        self._file = self.path.open("wb")
        self._record(_double(1, time.time()) + _bytes(3, b"brain.Event:2"))
        self.flush()

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write one number."""
        tensor = _tensor(_FLOAT, (), _bytes(4, struct.pack("<f", value)))
        self._value(tag, tensor, step, "scalars", _SCALAR)

    def histogram(self, tag: str, values: Any, step: int) -> None:
        """Write how many of the values lie where: left and right end and count of 30 parts."""
        rows = histogram_rows(np.asarray(values, np.float64))
        tensor = _tensor(_DOUBLE, rows.shape, _bytes(4, rows.astype("<f8").tobytes()))
        self._value(tag, tensor, step, "histograms", _TENSOR)

    def images(self, tag: str, pictures: np.ndarray, step: int) -> None:
        """Write pictures, (n, h, w) uint8 in grey."""
        _, height, width = pictures.shape
        texts = [str(width).encode(), str(height).encode(), *map(png, pictures)]
        tensor = _tensor(_STRING, (len(texts),), b"".join(_bytes(8, t) for t in texts))
        self._value(tag, tensor, step, "images", _BLOB)

    def text(self, tag: str, value: str, step: int, plugin: str, about: bytes = b"") -> None:
        """Write a text for one of TensorBoard's plugins."""
        tensor = _tensor(_STRING, (), _bytes(8, value.encode()))
        self._value(tag, tensor, step, plugin, _TENSOR, about)

    def flush(self) -> None:
        """Let others see what was written."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _value(
        self, tag: str, tensor: bytes, step: int, plugin: str, kind: int, about: bytes = b""
    ) -> None:
        data = _bytes(1, plugin.encode()) + (_bytes(2, about) if about else b"")
        metadata = _bytes(1, data) + _whole(4, kind)
        value = _bytes(1, tag.encode()) + _bytes(8, tensor) + _bytes(9, metadata)
        self._record(_double(1, time.time()) + _whole(2, step) + _bytes(5, _bytes(1, value)))

    def _record(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        sums = (struct.pack("<I", masked_crc(part)) for part in (length, event))
        self._file.write(length + next(sums) + event + next(sums))


def histogram_rows(values: np.ndarray) -> np.ndarray:
    """Return where the finite values lie.

    Output shape: (30, 3): left end, right end, count. Values that are all the same are counted in
    the last row, whose ends are both this value.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros((_BUCKETS, 3))
    low, high = finite.min(), finite.max()
    if low == high:
        counts = np.zeros(_BUCKETS)
        counts[-1] = finite.size
        edges = np.full(_BUCKETS + 1, low)
    else:
        counts, edges = np.histogram(finite, _BUCKETS, (low, high))
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def png(picture: np.ndarray) -> bytes:
    """Return a grey picture, (h, w) uint8, as a PNG file."""
    height, width = picture.shape
    # Each line begins with the number of its filter: 0, none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1).tobytes()

    def chunk(name: bytes, content: bytes) -> bytes:
        ends = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(name + content))
        return ends[0] + name + content + ends[1]

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def masked_crc(content: bytes) -> int:
    """Return the CRC-32C of `content`, turned and moved as in TensorFlow's records."""
    table = _crc_table()
    crc = 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


# --- protocol buffers: a field is its number and kind, then its content ----------------------------


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _tensor(dtype: int, shape: tuple[int, ...], content: bytes) -> bytes:
    sizes = b"".join(_bytes(2, _whole(1, n)) for n in shape)
    return _whole(1, dtype) + _bytes(2, sizes) + content
