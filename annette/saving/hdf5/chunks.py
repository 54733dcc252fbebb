"""Finding the chunks of a dataset, by each index of them that the format has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from annette.saving.hdf5 import layout as kinds
from annette.saving.hdf5.checksum import verify
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.layout import Layout
from annette.saving.hdf5.source import Cursor, Source
from annette.saving.hdf5.trees import CHUNK_NODE, old_leaves, records

_CHUNKS, _FILTERED_CHUNKS = 10, 11  # kinds of B-trees


class Chunk(NamedTuple):
    """Where a chunk is in the dataset (in chunks) and in the file; bits of `mask` are filters."""

    place: tuple[int, ...]
    address: int
    size: int
    mask: int


class _Grid(NamedTuple):
    """How many chunks there are, by dimension, and the bytes of one that has no filter."""

    source: Source
    counts: tuple[int, ...]
    size: int
    filtered: bool

    @property
    def total(self) -> int:
        return _product(self.counts)

    def place(self, number: int) -> tuple[int, ...]:
        place = []
        for count in reversed(self.counts):
            number, rest = divmod(number, count)
            place.append(rest)
        return tuple(reversed(place))


def find_chunks(
    source: Source, layout: Layout, shape: tuple[int, ...], width: int, filtered: bool
) -> list[Chunk]:
    """All the chunks of a dataset, which must be there, each once.

    Raises:
        FormatError: if chunks are missing, come twice, or lie outside of the dataset.
    """
    if layout.address is None:
        raise FormatError("its chunks have never been written; annette reads what is written.")
    counts = tuple(-(-n // c) for n, c in zip(shape, layout.chunk, strict=True))
    grid = _Grid(source, counts, _product(layout.chunk) * width, filtered)
    # The least that any index needs for a chunk, so that the file's size bounds their number.
    if grid.total > source.size:
        raise FormatError(f"it declares {grid.total} chunks in a file of {source.size} bytes.")
    found = list(itertools.islice(_entries(grid, layout), grid.total + 1))
    if len(found) != grid.total or len({c.place for c in found}) != grid.total:
        raise FormatError(
            f"its {grid.total} chunks are not there each once: {len(found)} are found. annette reads "
            "datasets of which every chunk is written."
        )
    for chunk in found:
        if any(p >= n for p, n in zip(chunk.place, counts, strict=True)):
            raise FormatError(f"its chunk {chunk.place} lies outside of the shape {shape}.")
    return found


def _entries(grid: _Grid, layout: Layout) -> Iterator[Chunk]:
    assert layout.address is not None
    match layout.indexed:
        case kinds.OLD_TREE:
            yield from _old_tree(grid, layout.address, layout.chunk)
        case kinds.SINGLE:
            size, mask = layout.single or (grid.size, 0)
            if grid.filtered != (layout.single is not None):
                raise FormatError("its single chunk is filtered, and is not.")
            yield Chunk(grid.place(0), layout.address, size, mask)
        case kinds.IMPLICIT:
            if grid.filtered:
                raise FormatError("chunks without an index cannot have filters.")
            grid.source.check(layout.address, grid.total * grid.size, "the chunks")
            for number in range(grid.total):
                at = layout.address + number * grid.size
                yield Chunk(grid.place(number), at, grid.size, 0)
        case kinds.FIXED:
            yield from _fixed(grid, layout.address)
        case kinds.EXTENSIBLE:
            yield from _extensible(grid, layout.address)
        case _:
            yield from _tree(grid, layout.address)


def _old_tree(grid: _Grid, at: int, chunk: tuple[int, ...]) -> Iterator[Chunk]:
    key_size = 8 + 8 * (len(chunk) + 1)
    for raw, address in old_leaves(grid.source, at, CHUNK_NODE, key_size):
        key = Cursor(grid.source, raw, at, "the key of a chunk")
        size, mask = key.uint(4), key.uint(4)
        places = [divmod(key.uint(8), n) for n in chunk]
        if any(rest for _, rest in places):
            raise key.fail("a chunk lies between chunks")
        if not grid.filtered and size != grid.size:
            raise key.fail(f"a chunk has {size} bytes, where {grid.size} are declared")
        yield Chunk(tuple(p for p, _ in places), address, size, mask)


def _tree(grid: _Grid, at: int) -> Iterator[Chunk]:
    rank = len(grid.counts)
    for record in records(grid.source, at, (_FILTERED_CHUNKS if grid.filtered else _CHUNKS,)):
        address, size, mask = record.defined("a chunk"), grid.size, 0
        if grid.filtered:
            size, mask = record.uint(record.left - 4 - 8 * rank), record.uint(4)
        yield Chunk(tuple(record.uint(8) for _ in range(rank)), address, size, mask)


class _Array(NamedTuple):
    """What the blocks of an array of chunks share."""

    grid: _Grid
    at: int
    client: int
    width: int
    page: int  # elements in a page

    def begin(self, cursor: Cursor, signature: bytes) -> None:
        """Pass over the beginning of a block, which must be of this array."""
        cursor.expect(signature)
        cursor.version(0)
        if cursor.uint(1) != self.client or cursor.defined("the array") != self.at:
            raise cursor.fail("it belongs to another array of chunks")

    def element(self, cursor: Cursor, number: int) -> Chunk | None:
        """The next element: a chunk, or None where none is written."""
        address, size, mask = cursor.address(), self.grid.size, 0
        if self.client:
            size = cursor.uint(self.width - self.grid.source.offset_size - 4)
            mask = cursor.uint(4)
        if address is None or number >= self.grid.total:
            return None
        return Chunk(self.grid.place(number), address, size, mask)

    def elements(self, cursor: Cursor, first: int, count: int) -> list[Chunk]:
        """The next `count` elements that are written, the first of which has this number."""
        found = (self.element(cursor, first + i) for i in range(count))
        return [chunk for chunk in found if chunk is not None]

    def data(self, at: int, signature: bytes, first: int, count: int, before: int) -> list[Chunk]:
        """The elements of a block; its pages, if it has some, follow its beginning."""
        source = self.grid.source
        what = "a block of the array of chunks"
        before += 6 + source.offset_size
        if count <= self.page:
            block = source.cursor(at, before + count * self.width + 4, what)
            self.begin(block, signature)
            block.skip(before - block.position)
            found = self.elements(block, first, count)
            verify(block)
            return found
        pages = -(-count // self.page)
        # An extensible array keeps the bits of its pages in the block above.
        before += (pages + 7) // 8 if signature == b"FADB" else 0
        block = source.cursor(at, before + 4, what)
        self.begin(block, signature)
        block.skip(before - block.position)
        verify(block)
        found = []
        at += before + 4
        for start in range(0, min(count, self.grid.total - first), self.page):
            size = min(self.page, count - start)
            page = source.cursor(at, size * self.width + 4, "a page of the array of chunks")
            found += self.elements(page, first + start, size)
            verify(page)
            at += size * self.width + 4
        return found


def _array(grid: _Grid, at: int, header: Cursor, signature: bytes) -> tuple[int, int]:
    """The client and the width of elements of an array, at whose beginning `header` stands."""
    header.expect(signature)
    header.version(0)
    client, width = header.uint(1), header.uint(1)
    offset = grid.source.offset_size
    if client != int(grid.filtered) or not offset <= width <= offset + (12 if client else 0):
        raise header.fail(f"elements of {width} bytes of the kind {client} are not possible")
    if client and width <= offset + 4:
        raise header.fail(f"elements of {width} bytes have no room for a chunk's size")
    return client, width


def _fixed(grid: _Grid, at: int) -> Iterator[Chunk]:
    source = grid.source
    size = 12 + source.length_size + source.offset_size
    header = source.cursor(at, size, "the fixed array of chunks")
    client, width = _array(grid, at, header, b"FAHD")
    bits, count = header.uint(1), header.length()
    block = header.defined("its block")
    verify(header)
    if count != grid.total or bits > 31:
        raise header.fail(f"it has {count} elements for {grid.total} chunks")
    yield from _Array(grid, at, client, width, 1 << bits).data(block, b"FADB", 0, count, 0)


class _Measures(NamedTuple):
    """The measures of an extensible array, of its header."""

    bits: int
    inside: int  # elements in the index block
    least: int  # elements in the smallest data block
    pointers: int  # of a smallest super block
    page_bits: int


def _extensible(grid: _Grid, at: int) -> Iterator[Chunk]:
    source = grid.source
    size = 16 + 6 * source.length_size + source.offset_size
    header = source.cursor(at, size, "the extensible array of chunks")
    client, width = _array(grid, at, header, b"EAHD")
    measures = _Measures(*(header.uint(1) for _ in range(5)))
    header.skip(6 * source.length_size)
    index = header.defined("its index")
    verify(header)
    least, pointers = measures.least, measures.pointers
    if any(n == 0 or n & (n - 1) for n in (least, pointers)) or pointers < 2:
        raise header.fail(f"blocks of {least} elements and {pointers} pointers are not possible")
    if not least.bit_length() <= measures.bits <= 64 or measures.page_bits > 31:
        raise header.fail(
            f"{measures.bits} bits and pages of {measures.page_bits} are not possible"
        )
    array = _Array(grid, at, client, width, 1 << measures.page_bits)
    yield from _index_block(array, measures, index)


def _index_block(array: _Array, m: _Measures, at: int) -> Iterator[Chunk]:
    source, offset = array.grid.source, array.grid.source.offset_size
    direct = 2 * (m.pointers - 1)  # data blocks that the index block points to itself
    first_super = 2 * (m.pointers.bit_length() - 1)
    supers = max(1 + m.bits - (m.least.bit_length() - 1) - first_super, 0)
    size = 10 + offset + m.inside * array.width + (direct + supers) * offset
    block = source.cursor(at, size, "the index of the array of chunks")
    array.begin(block, b"EAIB")
    yield from array.elements(block, 0, m.inside)
    blocks = [block.address() for _ in range(direct)]
    above = [block.address() for _ in range(supers)]
    verify(block)
    number, before = m.inside, (m.bits + 7) // 8
    for level in range(first_super + supers):
        count, size = 1 << level // 2, m.least << (level + 1) // 2
        if number >= array.grid.total:
            return
        if level < first_super:
            here, blocks = blocks[:count], blocks[count:]
        else:
            where = above[level - first_super]
            if where is None:
                return
            here = _super_block(array, where, count, size, before)
        for child in here:
            if child is not None and number < array.grid.total:
                yield from array.data(child, b"EADB", number, size, before)
            number += size


def _super_block(array: _Array, at: int, count: int, size: int, before: int) -> list[int | None]:
    source = array.grid.source
    pages = count * ((-(-size // array.page) + 7) // 8) if size > array.page else 0
    total = 10 + source.offset_size + before + pages + count * source.offset_size
    block = source.cursor(at, total, "a block of the array of chunks")
    array.begin(block, b"EASB")
    block.skip(before + pages)
    found = [block.address() for _ in range(count)]
    verify(block)
    return found


def _product(numbers: tuple[int, ...]) -> int:
    total = 1
    for n in numbers:
        total *= n
    return total
