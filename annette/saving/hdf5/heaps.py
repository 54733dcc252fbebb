"""Heaps: local ones for names of old groups, global ones for strings, fractal ones for the new."""

from __future__ import annotations

from annette.saving.hdf5.checksum import verify
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.source import MAX_NAME, Cursor, Source
from annette.saving.hdf5.trees import records

_HUGE_OBJECTS = 1  # the kind of B-tree that finds large objects of a fractal heap


class LocalHeap:
    """The names of the links of one old-style group."""

    def __init__(self, source: Source, at: int) -> None:
        self._source = source
        what = "the local heap"
        start = source.cursor(at, 8 + 2 * source.length_size + source.offset_size, what)
        start.expect(b"HEAP")
        start.version(0)
        start.skip(3)
        size = start.length()
        start.skip(source.length_size)  # free space
        self._at = start.defined("the names")
        self._names = source.piece(self._at, size, what)

    def name(self, offset: int) -> str:
        """The text at `offset`, up to its zero byte."""
        end = self._names.find(b"\0", offset, offset + MAX_NAME + 1)
        if not 0 <= offset < len(self._names) or end < 0:
            raise FormatError(
                f"The local heap at byte {self._at} has no name of at most {MAX_NAME} bytes at its "
                f"offset {offset}."
            )
        self._source.charge(end - offset, "a link's name")
        return self._names[offset:end].decode("utf-8", "surrogateescape")


class GlobalHeap:
    """The strings of variable length of a file; collections of them are read when asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def find(self, at: int, index: int) -> tuple[int, int]:
        """Where an object of the collection at `at` begins, and how many bytes it has."""
        if at not in self._collections:
            self._collections[at] = self._collection(at)
        found = self._collections[at].get(index)
        if found is None:
            raise FormatError(f"The global heap at byte {at} has no object {index}.")
        return found

    def _collection(self, at: int) -> dict[int, tuple[int, int]]:
        what, source = "the global heap", self._source
        before, each = 8 + source.length_size, 8 + source.length_size
        start = source.cursor(at, before, what)
        start.expect(b"GCOL")
        start.version(1)
        start.skip(3)
        size = start.length()
        source.claim(at, size, ("heap", at), f"the global heap at byte {at}")
        objects: dict[int, tuple[int, int]] = {}
        position, end = at + before, at + size
        while end - position >= each:
            head = source.cursor(position, each, what)
            index = head.uint(2)
            head.skip(6)
            count = head.length()
            if index == 0:  # what is left is free
                break
            if count > end - position - each:
                raise head.fail(f"object {index} has {count} bytes and passes the heap's end")
            objects[index] = (position + each, count)
            position += each + count + -count % 8
        return objects


class FractalHeap:
    """A heap of links or attributes, by the identifiers that a B-tree has for them."""

    def __init__(self, source: Source, at: int) -> None:
        self._source = source
        self._at = at
        offset, length = source.offset_size, source.length_size
        head = source.cursor(at, 26 + 3 * offset + 12 * length, "the fractal heap")
        head.expect(b"FRHP")
        head.version(0)
        self.id_size = head.uint(2)
        if head.uint(2):
            raise head.fail("a heap with filters is refused")
        self._checked = bool(head.uint(1) & 2)
        largest = head.uint(4)
        head.skip(length)
        self._huge_tree = head.address()
        head.skip(offset + 9 * length)
        self._width = head.uint(2)
        self._first, self._most = head.length(), head.length()
        self._bits = head.uint(2)
        head.skip(2)
        self._root, self._rows = head.address(), head.uint(2)
        verify(head)
        powers = (self._width, self._first, self._most)
        if any(n <= 0 or n & (n - 1) for n in powers) or self._most < self._first:
            raise head.fail(f"the widths and sizes of its blocks {powers} are not possible")
        if not 0 < self._bits <= 64:
            raise head.fail(f"a heap of {self._bits} bits is not possible")
        self._place_bytes = (self._bits + 7) // 8
        self._size_bytes = min(_log2(self._most) + 7, max(largest.bit_length() + 7, 8)) // 8
        self._direct_rows = _log2(self._most) - _log2(self._first) + 2
        self._blocks: dict[int, bytes] = {}
        self._tables: dict[int, list[int | None]] = {}
        self._huge: dict[int, tuple[int, int]] | None = None

    def get(self, identifier: bytes) -> Cursor:
        """The object that an identifier stands for."""
        what = "an object of the fractal heap"
        reader = Cursor(self._source, identifier, self._at, "an identifier of the fractal heap")
        first = reader.uint(1)
        if first >> 6:
            raise reader.fail(f"version {first >> 6} is not known")
        match (first >> 4) & 3:
            case 0:
                place, size = reader.uint(self._place_bytes), reader.uint(self._size_bytes)
                return self._managed(place, size)
            case 1:
                at, size = self._large(reader)
                return self._source.cursor(at, size, what)
        # There are tiny ones, too, but shorter than any link or attribute.
        raise reader.fail("it is not of the kinds that links and attributes are")

    def _large(self, reader: Cursor) -> tuple[int, int]:
        if self._huge is None:
            self._huge = {}
            if self._huge_tree is not None:
                for record in records(self._source, self._huge_tree, (_HUGE_OBJECTS,)):
                    at, size = record.defined("the object"), record.length()
                    self._huge[record.length()] = (at, size)
        number = reader.uint(min(self._source.length_size, self.id_size - 1))
        if number not in self._huge:
            raise reader.fail(f"there is no large object {number}")
        return self._huge[number]

    def _managed(self, place: int, size: int) -> Cursor:
        """The object at a place of the heap's own space, which the blocks divide up."""
        if self._root is None:
            raise FormatError(f"The fractal heap at byte {self._at} is empty.")
        at: int | None = self._root
        start, rows, room = 0, self._rows, self._first
        while rows:
            if at is None:
                break
            table = self._table(at, start, rows)
            row, column, start, room = self._cell(place, start, rows)
            at = table[row * self._width + column]
            if row < self._direct_rows:
                break
            rows = _log2(room) - _log2(self._first * self._width) + 1
        if at is None:
            raise FormatError(f"The fractal heap at byte {self._at} has no block for {place}.")
        block = self._block(at, start, room)
        if not 0 <= place - start <= len(block) - size:
            raise FormatError(
                f"The fractal heap at byte {self._at} has no {size} bytes at its place {place}."
            )
        self._source.charge(size, "the fractal heap")
        data = block[place - start : place - start + size]
        return Cursor(self._source, data, at + place - start, "an object of the fractal heap")

    def _row_size(self, row: int) -> int:
        return self._first << max(row - 1, 0)

    def _cell(self, place: int, start: int, rows: int) -> tuple[int, int, int, int]:
        """The row and column of the block over a place, where it begins and its size."""
        for row in range(rows):
            size = self._row_size(row)
            if place - start < size * self._width:
                column = (place - start) // size
                return row, column, start + column * size, size
            start += size * self._width
        raise FormatError(f"The fractal heap at byte {self._at} has no block for {place}.")

    def _table(self, at: int, start: int, rows: int) -> list[int | None]:
        if at not in self._tables:
            source = self._source
            if rows > 128:
                raise FormatError(
                    f"The fractal heap at byte {self._at} has a block of {rows} rows."
                )
            count = rows * self._width
            before = 5 + source.offset_size + self._place_bytes
            what = "an indirect block of the fractal heap"
            table = source.cursor(at, before + count * source.offset_size + 4, what)
            self._begin(table, b"FHIB", start)
            self._tables[at] = [table.address() for _ in range(count)]
            verify(table)
        if len(self._tables[at]) != rows * self._width:
            raise FormatError(f"The fractal heap at byte {self._at} comes to a block twice.")
        return self._tables[at]

    def _block(self, at: int, start: int, room: int) -> bytes:
        if at not in self._blocks:
            block = self._source.cursor(at, room, "a block of the fractal heap")
            self._begin(block, b"FHDB", start)
            if self._checked:
                self._verify(block)
            self._blocks[at] = block.data
        return self._blocks[at]

    def _verify(self, block: Cursor) -> None:
        """Check the checksum, which is in the middle and counted as zeros."""
        place = block.position
        data = block.data[:place] + bytes(4) + block.data[place + 4 :]
        checked = Cursor(self._source, data + block.take(4), block.at, block.what)
        checked.skip(len(data))
        verify(checked)

    def _begin(self, cursor: Cursor, signature: bytes, start: int) -> None:
        cursor.expect(signature)
        cursor.version(0)
        if cursor.defined("the heap") != self._at:
            raise cursor.fail("it belongs to another heap")
        if cursor.uint(self._place_bytes) != start:
            raise cursor.fail(f"it does not begin at the heap's place {start}")


def _log2(n: int) -> int:
    return n.bit_length() - 1
