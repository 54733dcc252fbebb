"""Writing files: old-style groups and contiguous datasets, which every reader knows."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from annette.saving.direct import write_whole
from annette.saving.hdf5.encode import (
    Values,
    attribute,
    dataspace,
    is_bfloat16,
    pieces,
    split,
    values_of,
)
from annette.saving.hdf5.superblock import SIGNATURE

_UNDEFINED = 2**64 - 1
_SUPERBLOCK_SIZE = 96
_LEAF = 8  # links in a symbol table
_FAN = 32  # children of a node of a B-tree
_SYMBOLS_SIZE = 8 + 40 * _LEAF
_NODE_SIZE = 24 + 16 * _FAN + 8
_HEAP_LEAST = 4096
_HEAP_MOST = 2**20
_FILL = b"\2\2\2\1\0\0\0\0"  # no value of one's own for what is not written


class _NewObject:
    """What new groups and datasets share: attributes, and where the object will be."""

    def __init__(self) -> None:
        self.attrs: dict[str, Any] = {}
        self.at = 0

    def encoded(self, reference: _Strings) -> list[tuple[int, int, bytes]]:
        """The attributes as messages."""
        found = []
        for name, given in sorted(self.attrs.items()):
            for part, value in split(name, given).items():
                found.append((12, 0, attribute(part, values_of(value, part), reference)))
        return found


class NewDataset(_NewObject):
    """An array to be written, of which the writer keeps no copy."""

    def __init__(self, name: str, values: Any) -> None:
        super().__init__()
        self.values: Values = values_of(values, name)
        self.data_at = _UNDEFINED
        array = self.values.array
        if array is not None and array.dtype.kind == "S" and array.dtype.itemsize == 0:
            self.values = self.values._replace(nbytes=array.size)
        if array is not None and is_bfloat16(array.dtype):
            self.attrs["dtype"] = "bfloat16"  # which is how Keras knows it again


class NewGroup(_NewObject):
    """A group to be written: its `attrs`, and its groups and datasets."""

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, NewGroup | NewDataset] = {}
        self.tree_at = 0
        self.names_at = 0

    def group(self, path: str) -> NewGroup:
        """The group at a path, made with those above it where there is none yet.

        Raises:
            ValueError: if a dataset is there, or on the way.
        """
        here = self
        for part in _parts(path):
            found = here.members.setdefault(part, NewGroup())
            if not isinstance(found, NewGroup):
                raise ValueError(f"There is no group {path!r}: {part!r} is a dataset.")
            here = found
        return here

    def dataset(self, path: str, values: Any, attrs: dict[str, Any] | None = None) -> NewDataset:
        """Add a dataset, of numbers, booleans or strings, and the groups above it.

        An array is not copied: it must stay as it is until the file is written.

        Raises:
            ValueError: if something of that name is there, or a dataset is on the way.
            TypeError: for values of a dtype that is not written.
        """
        *above, name = _parts(path) or [""]
        here = self.group("/".join(above))
        if not name or name in here.members:
            raise ValueError(f"The dataset {path!r} needs a name that is not taken yet.")
        made = NewDataset(path, values)
        made.attrs.update(attrs or {})
        here.members[name] = made
        return made


class Writer(NewGroup):
    """A file to be written; itself its root group.

    `write` needs nothing of a file object but its `write` (no seek, no tell): the place of
    everything is known before the first byte goes out. The same contents give the same bytes.
    """

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file at a path; one that is there is replaced when all is written.

        Raises:
            OSError: if it cannot be written.
            ValueError: for an attribute longer than an attribute may be.
        """
        target = Path(path)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
        try:
            with open(unfinished, "wb") as file:
                self.write(file)
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)

    def write(self, file: IO[bytes]) -> int:
        """Write the file to a file object, from its first byte to its last; return their number.

        Raises:
            ValueError: for an attribute longer than an attribute may be.
        """
        strings = _Strings()
        objects = list(_objects(self))
        headers = [_messages(o, strings) for o in objects]
        for thing in objects:  # in the order in which their references will be written
            if isinstance(thing, NewDataset):
                for string in thing.values.strings:
                    strings(string)
        at = strings.place(_SUPERBLOCK_SIZE)
        for thing, messages in zip(objects, headers, strict=True):
            thing.at = at
            at += 16 + sum(8 + len(m) + -len(m) % 8 for _, _, m in messages)
            if isinstance(thing, NewGroup):
                thing.names_at = at
                at += 32 + len(_names(thing)[0])
                thing.tree_at = at
                at += _tree_size(len(thing.members))
        for thing in objects:
            if isinstance(thing, NewDataset) and thing.values.nbytes:
                thing.data_at = at
                at += thing.values.nbytes + -thing.values.nbytes % 8
        strings.begin_again()
        write_whole(file, _superblock(self, at))
        for part in strings.collections():
            write_whole(file, part)
        for thing in objects:
            write_whole(file, _header(_messages(thing, strings)))
            if isinstance(thing, NewGroup):
                write_whole(file, _local_heap(thing))
                write_whole(file, _tree(thing))
        for thing in objects:
            if isinstance(thing, NewDataset):
                _send_values(file, thing.values, strings)
        return at


class _Strings:
    """The strings of variable length of a file: gathered first, then given their references."""

    def __init__(self) -> None:
        self._gathered: list[bytes] = []
        self._references: list[bytes] = []
        self._parts: list[bytes] = []
        self._next: int | None = None

    def __call__(self, string: bytes) -> bytes:
        """The reference to a string, which is asked for twice, in the same order."""
        if self._next is None:
            self._gathered.append(string)
            return bytes(16)
        self._next += 1
        return self._references[self._next - 1]

    def begin_again(self) -> None:
        """From now on the references are the right ones."""
        self._next = 0

    def collections(self) -> list[bytes]:
        """The heaps that hold the strings."""
        return self._parts

    def place(self, at: int) -> int:
        """Put the strings into heaps that begin at an address; return where these end."""
        batch: list[bytes] = []
        used = 0
        for string in self._gathered:
            if not string:
                self._references.append(bytes(16))
                continue
            size = 16 + len(string) + -len(string) % 8
            if batch and used + size > _HEAP_MOST:
                at += self._close(at, batch)
                batch, used = [], 0
            batch.append(string)
            used += size
            self._references.append(struct.pack("<IQI", len(string), at, len(batch)))
            if len(batch) == 2**16 - 2:
                used = _HEAP_MOST
        if batch:
            at += self._close(at, batch)
        return at

    def _close(self, at: int, batch: list[bytes]) -> int:
        parts = [
            struct.pack("<HH4xQ", number, 0, len(s)) + s + bytes(-len(s) % 8)
            for number, s in enumerate(batch, 1)
        ]
        used = 16 + sum(map(len, parts))
        size = max(used + 16, _HEAP_LEAST)
        free = struct.pack("<HH4xQ", 0, 0, size - used) + bytes(size - used - 16)
        self._parts.append(b"GCOL\1\0\0\0" + struct.pack("<Q", size) + b"".join(parts) + free)
        return size


def _parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part]
    if "." in parts or any("\0" in part for part in parts):
        raise ValueError(f"The path {path!r} has a part that is no name.")
    return parts


def _objects(group: NewGroup) -> Iterator[NewGroup | NewDataset]:
    """A group and all in it, in the order of the file."""
    pending: list[NewGroup | NewDataset] = [group]
    while pending:
        thing = pending.pop()
        yield thing
        if isinstance(thing, NewGroup):
            pending += [member for _, member in reversed(_sorted(thing))]


def _sorted(group: NewGroup) -> list[tuple[bytes, NewGroup | NewDataset]]:
    """The members by their encoded names, in the order in which B-trees compare them."""
    return sorted(
        ((n.encode("utf-8", "surrogateescape"), m) for n, m in group.members.items()),
        key=lambda item: item[0],
    )


def _messages(thing: NewGroup | NewDataset, strings: _Strings) -> list[tuple[int, int, bytes]]:
    """The messages of an object: kind, flags and contents."""
    if isinstance(thing, NewGroup):
        own = [(17, 0, struct.pack("<QQ", thing.tree_at, thing.names_at))]
        return own + thing.encoded(strings)
    values = thing.values
    layout = struct.pack("<BBQQ", 3, 1, thing.data_at, values.nbytes)
    own = [
        (1, 0, dataspace(values.shape)),
        (3, 1, values.datatype),
        (5, 1, _FILL),
        (8, 0, layout),
    ]
    return own + thing.encoded(strings)


def _header(messages: list[tuple[int, int, bytes]]) -> bytes:
    body = b"".join(
        struct.pack("<HHB3x", kind, len(m) + -len(m) % 8, flags) + m + bytes(-len(m) % 8)
        for kind, flags, m in messages
    )
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body


def _superblock(root: NewGroup, end: int) -> bytes:
    start = SIGNATURE + struct.pack("<8BHHI", 0, 0, 0, 0, 0, 8, 8, 0, _LEAF // 2, _FAN // 2, 0)
    places = struct.pack("<4Q", 0, _UNDEFINED, end, _UNDEFINED)
    return start + places + struct.pack("<QQI4xQQ", 0, root.at, 1, root.tree_at, root.names_at)


def _names(group: NewGroup) -> tuple[bytes, list[int]]:
    """The names of a group as its local heap has them, and where each begins."""
    data, starts = bytearray(8), []
    for name, _ in _sorted(group):
        starts.append(len(data))
        data += name + bytes(8 - len(name) % 8)
    return bytes(data), starts


def _local_heap(group: NewGroup) -> bytes:
    names, _ = _names(group)
    at = group.names_at + 32
    return b"HEAP\0\0\0\0" + struct.pack("<QQQ", len(names), 1, at) + names  # 1: nothing is free


def _levels(members: int) -> list[int]:
    """How many nodes a tree has, from the leaves' symbol tables up to its root."""
    counts = [-(-members // _LEAF)]
    while counts[-1] > 1 or len(counts) == 1:
        counts.append(max(-(-counts[-1] // _FAN), 1))
    return counts


def _tree_size(members: int) -> int:
    tables, *nodes = _levels(members)
    return tables * _SYMBOLS_SIZE + sum(nodes) * _NODE_SIZE


def _tree(group: NewGroup) -> bytes:
    """The B-tree of a group: its root first, then the levels below it, then the symbol tables."""
    members, starts = _sorted(group), _names(group)[1]
    counts = _levels(len(members))
    places, at = [0] * len(counts), group.tree_at
    for level in reversed(range(len(counts))):
        places[level] = at
        at += counts[level] * (_NODE_SIZE if level else _SYMBOLS_SIZE)
    tables, last = [], []
    for first in range(0, len(members), _LEAF):
        here = range(first, min(first + _LEAF, len(members)))
        entries = b"".join(struct.pack("<QQ24x", starts[i], members[i][1].at) for i in here)
        tables.append((struct.pack("<4sBxH", b"SNOD", 1, len(here)) + entries).ljust(
            _SYMBOLS_SIZE, b"\0"))  # fmt: skip
        last.append(starts[here[-1]])
    parts = [b"".join(tables)]
    for level in range(1, len(counts)):
        size = _NODE_SIZE if level > 1 else _SYMBOLS_SIZE
        children = [places[level - 1] + size * i for i in range(counts[level - 1])]
        parts.append(_nodes(level - 1, places[level], children, last))
        last = [last[min(i + _FAN, len(last)) - 1] for i in range(0, len(last), _FAN)]
    return b"".join(reversed(parts))


def _nodes(level: int, at: int, children: list[int], last: list[int]) -> bytes:
    """The nodes of one level; `last` is the place of the last name under each of the children."""
    keys = [0, *last]
    found = []
    starts = range(0, max(len(children), 1), _FAN)
    for number, first in enumerate(starts):
        here = range(first, min(first + _FAN, len(children)))
        left = at + _NODE_SIZE * (number - 1) if number else _UNDEFINED
        right = at + _NODE_SIZE * (number + 1) if number + 1 < len(starts) else _UNDEFINED
        node = struct.pack("<4sBBHQQQ", b"TREE", 0, level, len(here), left, right, keys[first])
        node += b"".join(struct.pack("<QQ", children[i], keys[i + 1]) for i in here)
        found.append(node.ljust(_NODE_SIZE, b"\0"))
    return b"".join(found)


def _send_values(file: IO[bytes], values: Values, strings: _Strings) -> None:
    if values.array is None:
        write_whole(file, b"".join(strings(s) for s in values.strings))
    else:
        for piece in pieces(values.array):
            write_whole(file, piece)
    write_whole(file, bytes(-values.nbytes % 8))
