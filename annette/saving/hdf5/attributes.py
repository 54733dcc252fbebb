"""Attributes of groups and datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.header import ATTRIBUTE, ATTRIBUTE_INFO, Header
from annette.saving.hdf5.heaps import FractalHeap, GlobalHeap
from annette.saving.hdf5.source import Cursor, Source
from annette.saving.hdf5.trees import records
from annette.saving.hdf5.types import measure, read_space, read_type
from annette.saving.hdf5.values import decode, texts

_ATTRIBUTES_BY_NAME = 8  # kind of B-tree


class _Stored:
    """An attribute whose value has not been asked for yet."""

    def __init__(self, cursor: Cursor) -> None:
        version = cursor.version(1, 2, 3)
        flags = cursor.uint(1)
        sizes = cursor.uint(2), cursor.uint(2), cursor.uint(2)
        cursor.skip(1 if version == 3 else 0)
        pads = [-n % 8 if version == 1 else 0 for n in sizes]
        self.name = cursor.text(sizes[0], "an attribute's name")
        cursor.skip(pads[0])
        self.shared = version > 1 and bool(flags & 3)
        self._type = cursor.sub(sizes[1], f"the datatype of the attribute {self.name!r}")
        cursor.skip(pads[1])
        self._space = cursor.sub(sizes[2], f"the dataspace of the attribute {self.name!r}")
        cursor.skip(pads[2])
        self._values = cursor.sub(cursor.left, f"the attribute {self.name!r}")

    def value(self, source: Source, heap: GlobalHeap) -> Any:
        if self.shared:
            raise self._values.fail("its datatype is a committed one elsewhere, which is refused")
        for part in (self._type, self._space, self._values):
            part.position = 0
        kind, space = read_type(self._type), read_space(self._space)
        if space.shape is None:
            return None
        count, size = measure(space, kind, self._values)
        raw = self._values.take(size)
        if kind.kind == "text":
            found = texts(source, heap, raw, count, charged=True)
        else:
            found = decode(np.frombuffer(raw, kind.stored, count), kind)
            if kind.kind == "bytes":
                found = _strings(found)
        shaped = found.reshape(space.shape)
        return shaped if space.shape else shaped[()]


def _strings(found: np.ndarray) -> np.ndarray:
    result = np.empty(found.shape, object)
    result[...] = [bytes(s).decode("utf-8", "surrogateescape") for s in found]
    return result


class Attributes(Mapping[str, Any]):
    """The attributes of an object by name, sorted; a value is read when it is asked for.

    A string is a `str` and an array of strings an array of `str` objects; numbers and booleans are
    NumPy's scalars and arrays; the value of a null dataspace is None.
    """

    def __init__(self, header: Header, heap: GlobalHeap, path: str) -> None:
        self._source = header.source
        self._heap = heap
        self._path = path
        found: dict[str, _Stored] = {}
        for cursor in _messages(header):
            stored = _Stored(cursor)
            if stored.name in found:
                raise FormatError(f"{path!r} has two attributes named {stored.name!r}.")
            found[stored.name] = stored
        self._stored = dict(sorted(found.items()))
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            if name not in self._stored:
                raise KeyError(f"{self._path!r} has no attribute {name!r}.")
            self._values[name] = self._stored[name].value(self._source, self._heap)
        value = self._values[name]
        return value.copy() if isinstance(value, np.ndarray) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def joined(self, name: str) -> np.ndarray:
        """The array `name`, or `name0`, `name1`, ... together, into which Keras splits long ones.

        Raises:
            KeyError: if there is neither.
        """
        if name in self:
            return np.atleast_1d(np.asarray(self[name]))
        parts: list[np.ndarray] = []
        while f"{name}{len(parts)}" in self:
            parts.append(np.atleast_1d(np.asarray(self[f"{name}{len(parts)}"])))
        if not parts:
            raise KeyError(f"{self._path!r} has no attribute {name!r}, nor {name + '0'!r}.")
        return np.concatenate(parts)


def _messages(header: Header) -> Iterator[Cursor]:
    for message in header.all(ATTRIBUTE):
        yield message.cursor
    info = header.one(ATTRIBUTE_INFO)
    if info is None:
        return
    cursor = info.cursor
    cursor.version(0)
    cursor.skip(2 if cursor.uint(1) & 1 else 0)
    at, tree = cursor.address(), cursor.address()
    if at is None or tree is None:
        return
    heap = FractalHeap(header.source, at)
    for record in records(header.source, tree, (_ATTRIBUTES_BY_NAME,)):
        identifier, flags = record.take(heap.id_size), record.uint(1)
        if flags & 2:
            raise record.fail("a shared attribute is refused")
        yield heap.get(identifier)
