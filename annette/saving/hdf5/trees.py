"""B-trees: version 1, of old groups and chunks, and version 2, of all that is newer."""

from __future__ import annotations

from collections.abc import Iterator

from annette.saving.hdf5.checksum import verify
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.source import Cursor, Source

GROUP_NODE = 0
CHUNK_NODE = 1
_DEEPEST = 64


def old_leaves(source: Source, root: int, kind: int, key_size: int) -> Iterator[tuple[bytes, int]]:
    """The keys and the addresses of what hangs on a tree of version 1, from left to right."""
    seen: set[int] = set()
    pending: list[tuple[int, int | None]] = [(root, None)]
    while pending:
        at, level = pending.pop()
        if at in seen:
            raise FormatError(f"The B-tree at byte {root} comes to its node at byte {at} twice.")
        seen.add(at)
        level, children = _old_node(source, at, kind, key_size, level)
        if level == 0:
            yield from children
        else:
            pending += [(child, level - 1) for _, child in reversed(children)]


def _old_node(
    source: Source, at: int, kind: int, key_size: int, level: int | None
) -> tuple[int, list[tuple[bytes, int]]]:
    what = "the B-tree node"
    before = 8 + 2 * source.offset_size
    start = source.cursor(at, before, what)
    start.expect(b"TREE")
    if start.uint(1) != kind:
        raise start.fail("it belongs to another kind of tree")
    found = start.uint(1)
    if found != level and (level is not None or found > _DEEPEST):
        raise start.fail(f"it is at the level {found}, where {level} is expected")
    count = start.uint(2)
    body = source.cursor(at + before, count * (key_size + source.offset_size), what)
    return found, [(body.take(key_size), body.defined("a child")) for _ in range(count)]


def records(source: Source, root: int, kinds: tuple[int, ...]) -> Iterator[Cursor]:
    """The records of a tree of version 2, which must be of one of these kinds."""
    header = source.cursor(root, 22 + source.offset_size + source.length_size, "the B-tree")
    header.expect(b"BTHD")
    header.version(0)
    kind = header.uint(1)
    if kind not in kinds:
        raise header.fail(f"it is of kind {kind}, not of {kinds}")
    size, width, depth = header.uint(4), header.uint(2), header.uint(2)
    header.skip(2)
    at, count = header.address(), header.uint(2)
    header.skip(source.length_size)
    verify(header)
    if depth > _DEEPEST:
        raise header.fail(f"a depth of {depth} is not possible")
    if at is not None:
        yield from _Tree(source, kind, size, width, depth).walk(at, count)


class _Tree:
    """The measures of a tree of version 2, which follow from the sizes of node and record."""

    def __init__(self, source: Source, kind: int, size: int, width: int, depth: int) -> None:
        self.source = source
        self.kind = kind
        self.size = size
        self.width = width
        self.depth = depth
        if width == 0 or size < 10 + width:
            raise FormatError(f"A B-tree has nodes of {size} bytes for records of {width}.")
        most = (size - 10) // width  # records in a leaf
        self.count_bytes = _bytes_for(most)
        below = most  # records in a whole tree of the depth above which a node stands
        self.total_bytes = [0] * (depth + 1)
        for level in range(1, depth + 1):
            pointer = self._pointer(level)
            most = max(size - 10 - pointer, 0) // (width + pointer)
            below = (most + 1) * below + most
            if level < depth:
                self.total_bytes[level + 1] = _bytes_for(below)

    def _pointer(self, level: int) -> int:
        return self.source.offset_size + self.count_bytes + self.total_bytes[level]

    def walk(self, at: int, count: int) -> Iterator[Cursor]:
        seen: set[int] = set()
        pending = [(at, count, self.depth)]
        while pending:
            at, count, level = pending.pop()
            if at in seen:
                raise FormatError(f"A B-tree comes to its node at byte {at} twice.")
            seen.add(at)
            node = self._node(at, count, level)
            yield from (node.sub(self.width, "the B-tree's record") for _ in range(count))
            if level:
                children = [self._child(node, level) for _ in range(count + 1)]
                pending += [(*child, level - 1) for child in reversed(children)]
            verify(node)

    def _node(self, at: int, count: int, level: int) -> Cursor:
        used = 10 + count * self.width
        if level:
            used += (count + 1) * self._pointer(level)
        if used > self.size:
            raise FormatError(
                f"The B-tree node at byte {at} has {count} records, more than it has room for."
            )
        node = self.source.cursor(at, used, "the B-tree node")
        node.expect(b"BTIN" if level else b"BTLF")
        node.version(0)
        if node.uint(1) != self.kind:
            raise node.fail("it belongs to another kind of tree")
        return node

    def _child(self, node: Cursor, level: int) -> tuple[int, int]:
        at, count = node.defined("a child"), node.uint(self.count_bytes)
        node.skip(self.total_bytes[level])
        return at, count


def _bytes_for(most: int) -> int:
    """How many bytes hold the numbers up to `most`."""
    return max(most.bit_length() + 7, 8) // 8
