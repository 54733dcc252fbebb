"""HDF5 files put together message by message, so that any of them can be wrong."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from annette.saving.hdf5.checksum import lookup3

NOWHERE = 2**64 - 1
FLOAT = struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 31, 0, 4, 0, 32, 23, 8, 0, 23, 127)
BYTE = struct.pack("<BBBBIHH4x", 0x10, 0, 0, 0, 1, 0, 8)


class Raw:
    """A file that grows: what is put into it gets an address, the root comes last."""

    def __init__(self) -> None:
        self.data = bytearray(96)

    def put(self, data: bytes) -> int:
        """The address at which bytes were put."""
        self.data += bytes(-len(self.data) % 8)
        at = len(self.data)
        self.data += data
        return at

    def object(self, messages: list[tuple[int, bytes]], flags: int = 0) -> int:
        """An object header of these messages."""
        return self.put(header(messages, flags))

    def group(self, members: dict[str, Any], more: list[tuple[int, bytes]] | None = None) -> int:
        """A group; a member is an address, or the bytes of a link."""
        links = [(6, link(name, m) if isinstance(m, int) else m) for name, m in members.items()]
        return self.object([(2, b"\0\0" + b"\xff" * 16), *links, *(more or [])])

    def dataset(self, values: Any, **changed: Any) -> int:
        """A dataset of float32; `changed` replaces or adds messages: space, kind, layout, more."""
        values = np.asarray(values, "<f4")
        at = self.put(values.tobytes()) if "layout" not in changed else 0
        messages = [
            (1, changed.get("space", space(*values.shape))),
            (3, changed.get("kind", FLOAT)),
            (8, changed.get("layout", contiguous(at, values.nbytes))),
            *changed.get("more", []),
        ]
        return self.object(messages)

    def finish(self, root: int, end: int | None = None) -> bytes:
        """The file whose root group is at an address."""
        start = b"\x89HDF\r\n\x1a\n" + bytes([2, 8, 8, 0])
        start += struct.pack("<QQQQ", 0, NOWHERE, len(self.data) if end is None else end, root)
        self.data[:48] = start + struct.pack("<I", lookup3(start))
        return bytes(self.data)


def header(messages: list[tuple[int, bytes]], flags: int = 0) -> bytes:
    """An object header of version 1."""
    messages = [(kind, m + bytes(-len(m) % 8)) for kind, m in messages]
    body = b"".join(struct.pack("<HHB3x", kind, len(m), flags) + m for kind, m in messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body


def link(name: str, at: int) -> bytes:
    """A hard link."""
    text = name.encode()
    return struct.pack("<BBB", 1, 0, len(text)) + text + struct.pack("<Q", at)


def other_link(name: str, kind: int, value: bytes) -> bytes:
    """A soft link (1), an external one (64) or one of the program's own (65 and above)."""
    text = name.encode()
    return (
        struct.pack("<BBBB", 1, 8, kind, len(text)) + text + struct.pack("<H", len(value)) + value
    )


def space(*shape: int) -> bytes:
    """A dataspace."""
    return struct.pack("<BB6x", 1, len(shape)) + b"".join(struct.pack("<Q", n) for n in shape)


def contiguous(at: int, size: int) -> bytes:
    """The layout of values in one piece."""
    return struct.pack("<BBQQ", 3, 1, at, size)


def chunked(at: int, *chunk: int) -> bytes:
    """The layout of values in chunks, by a B-tree of version 1; the last size is of a value."""
    sizes = b"".join(struct.pack("<I", n) for n in chunk)
    return struct.pack("<BBBQ", 3, 2, len(chunk), at) + sizes


def chunk_tree(chunks: list[tuple[int, int, tuple[int, ...]]], level: int = 0) -> bytes:
    """A node of such a tree: each chunk's size, address and place; below level 0 nodes."""
    rank = len(chunks[0][2])
    found = b"TREE" + struct.pack("<BBHQQ", 1, level, len(chunks), NOWHERE, NOWHERE)
    for size, at, place in chunks:
        found += struct.pack("<II", size, 0) + struct.pack(f"<{rank + 1}Q", *place, 0)
        found += struct.pack("<Q", at)
    return found + bytes(8 + 8 * (rank + 1))


def filters(*numbers: int) -> bytes:
    """A filter pipeline."""
    found = struct.pack("<BB6x", 1, len(numbers))
    for number in numbers:
        found += struct.pack("<HHHHII", number, 0, 0, 1, 6, 0)
    return found


def attribute(
    name: str, value: bytes, kind: bytes | None = None, shape: bytes | None = None
) -> bytes:
    """An attribute: a string, unless a datatype and a dataspace are given."""
    text = name.encode() + b"\0"
    kind = struct.pack("<BBBBI", 0x13, 0, 0, 0, len(value)) if kind is None else kind
    shape = space() if shape is None else shape
    padded = [part + bytes(-len(part) % 8) for part in (text, kind, shape)]
    return struct.pack("<BxHHH", 1, len(text), len(kind), len(shape)) + b"".join(padded) + value
