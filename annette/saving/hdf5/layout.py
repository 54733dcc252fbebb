"""Where the values of a dataset are: in its header, in one piece of the file, or in chunks."""

from __future__ import annotations

from typing import Literal, NamedTuple

from annette.saving.hdf5.source import Cursor

SINGLE, IMPLICIT, FIXED, EXTENSIBLE, TREE = 1, 2, 3, 4, 5
OLD_TREE = 0
_MOST_CHUNK_BYTES = 2**60


class Layout(NamedTuple):
    """What a data layout message says; `address` is None where nothing has been written."""

    kind: Literal["compact", "contiguous", "chunked"]
    address: int | None = None
    size: int = 0
    data: bytes = b""
    chunk: tuple[int, ...] = ()
    indexed: int = OLD_TREE
    whole_edges: bool = True  # chunks that pass the dataset's edge go through the filters, too
    single: tuple[int, int] | None = None  # a single filtered chunk's stored size and mask


def read_layout(cursor: Cursor, rank: int, width: int) -> Layout:
    """The layout of a dataset of `rank` dimensions whose values have `width` bytes.

    Raises:
        FormatError: for a virtual dataset, and for layouts of no version that is read.
    """
    version = cursor.version(3, 4, 5)
    kind = cursor.uint(1)
    if kind == 0:
        size = cursor.uint(2)
        return Layout("compact", size=size, data=cursor.take(size))
    if kind == 1:
        address = cursor.address()
        return Layout("contiguous", address, cursor.length())
    if kind == 2:
        return _old(cursor, rank, width) if version == 3 else _new(cursor, rank, width)
    if kind == 3:
        raise cursor.fail("a virtual dataset, whose values are in other datasets, is refused")
    raise cursor.fail(f"a layout of class {kind} is not defined")


def _old(cursor: Cursor, rank: int, width: int) -> Layout:
    dimensions = cursor.uint(1)
    address = cursor.address()
    chunk = _chunk(cursor, [cursor.uint(4) for _ in range(dimensions)], rank, width)
    return Layout("chunked", address, chunk=chunk)


def _new(cursor: Cursor, rank: int, width: int) -> Layout:
    flags, dimensions, size = cursor.uint(1), cursor.uint(1), cursor.uint(1)
    if not 0 < size <= 8:
        raise cursor.fail(f"lengths of chunks in {size} bytes are not possible")
    chunk = _chunk(cursor, [cursor.uint(size) for _ in range(dimensions)], rank, width)
    index = cursor.uint(1)
    single = None
    if index == SINGLE:
        if flags & 2:
            single = cursor.length(), cursor.uint(4)
    elif index in (FIXED, EXTENSIBLE, TREE):
        cursor.skip({FIXED: 1, EXTENSIBLE: 5, TREE: 6}[index])
    elif index != IMPLICIT:
        raise cursor.fail(f"an index of chunks of kind {index} is not known")
    return Layout("chunked", cursor.address(), chunk=chunk, indexed=index,
                  whole_edges=not flags & 1, single=single)  # fmt: skip


def _chunk(cursor: Cursor, sizes: list[int], rank: int, width: int) -> tuple[int, ...]:
    if len(sizes) != rank + 1 or rank == 0:
        raise cursor.fail(f"chunks of {len(sizes) - 1} dimensions for a dataset of {rank}")
    if sizes[-1] != width:
        raise cursor.fail(f"chunks of values of {sizes[-1]} bytes for values of {width}")
    total = 1
    for n in sizes:
        total *= n
    if not 0 < total < _MOST_CHUNK_BYTES:
        raise cursor.fail(f"chunks of {total} bytes are not possible")
    return tuple(sizes[:-1])
