"""The links of a group: names and what they lead to, in all the ways they are stored."""

from __future__ import annotations

from typing import Literal, NamedTuple

from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.header import LINK, LINK_INFO, SYMBOL_TABLE, Header
from annette.saving.hdf5.heaps import FractalHeap, LocalHeap
from annette.saving.hdf5.source import MAX_NAME, Cursor, Source
from annette.saving.hdf5.trees import GROUP_NODE, old_leaves, records

_LINKS_BY_NAME = 5  # kind of B-tree
_SOFT_ENTRY = 2  # kind of symbol table entry


class Link(NamedTuple):
    """Where a name leads: to an address, along a path, or where annette refuses to go."""

    kind: Literal["hard", "soft", "refused"]
    address: int = 0
    path: str = ""


def read_links(header: Header) -> dict[str, Link]:
    """The links of a group, sorted by name.

    Raises:
        FormatError: for a damaged group.
    """
    found: dict[str, Link] = {}
    for name, link in _all(header):
        if not name or "/" in name or name == ".":
            raise FormatError(f"The group at byte {header.at} has a link named {name!r}.")
        if name in found:
            raise FormatError(f"The group at byte {header.at} has two links named {name!r}.")
        found[name] = link
    return dict(sorted(found.items()))


def is_group(header: Header) -> bool:
    """Whether an object is a group."""
    return any(m.kind in (SYMBOL_TABLE, LINK_INFO, LINK) for m in header.messages)


def _all(header: Header) -> list[tuple[str, Link]]:
    table = header.one(SYMBOL_TABLE)
    found = _old(header.source, table.cursor) if table else []
    found += [_link(message.cursor) for message in header.all(LINK)]
    info = header.one(LINK_INFO)
    return found + (_dense(header.source, info.cursor) if info else [])


def _old(source: Source, message: Cursor) -> list[tuple[str, Link]]:
    tree, names = message.defined("the B-tree"), message.defined("the local heap")
    heap = LocalHeap(source, names)
    found: list[tuple[str, Link]] = []
    seen: set[int] = set()
    for _, at in old_leaves(source, tree, GROUP_NODE, source.length_size):
        if at in seen:
            raise FormatError(f"A group comes to its symbol table at byte {at} twice.")
        seen.add(at)
        found += _symbols(source, at, heap)
    return found


def _symbols(source: Source, at: int, heap: LocalHeap) -> list[tuple[str, Link]]:
    what = "the symbol table"
    start = source.cursor(at, 8, what)
    start.expect(b"SNOD")
    start.version(1)
    start.skip(1)
    count = start.uint(2)
    body = source.cursor(at + 8, count * (2 * source.offset_size + 24), what)
    found = []
    for _ in range(count):
        name = heap.name(body.uint(source.offset_size))
        address, kind = body.address(), body.uint(4)
        body.skip(4)
        value = body.uint(4)
        body.skip(12)
        if kind == _SOFT_ENTRY:
            found.append((name, Link("soft", path=heap.name(value))))
        elif address is None:
            raise body.fail(f"the link {name!r} leads to an undefined address")
        else:
            found.append((name, Link("hard", address)))
    return found


def _link(message: Cursor) -> tuple[str, Link]:
    message.version(1)
    flags = message.uint(1)
    kind = message.uint(1) if flags & 8 else 0
    message.skip((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = message.text(message.uint(1 << (flags & 3)), "a link's name")
    if kind == 0:
        return name, Link("hard", message.defined(f"the link {name!r}"))
    size = message.uint(2)
    if kind == 1:
        return name, Link("soft", path=message.text(size, "a soft link"))
    if kind == 64:
        return name, Link("refused", path=_external(message, size))
    return name, Link("refused", path=f"a user-defined link (of kind {kind})")


def _external(message: Cursor, size: int) -> str:
    parts = message.take(min(size, MAX_NAME))[1:].split(b"\0")
    return f"an external link, to the file {parts[0].decode('utf-8', 'replace')!r}"


def _dense(source: Source, message: Cursor) -> list[tuple[str, Link]]:
    message.version(0)
    message.skip(8 if message.uint(1) & 1 else 0)
    heap_at, tree = message.address(), message.address()
    if heap_at is None or tree is None:
        return []
    heap = FractalHeap(source, heap_at)
    found = []
    for record in records(source, tree, (_LINKS_BY_NAME,)):
        record.skip(4)  # the hash of the name
        found.append(_link(heap.get(record.take(heap.id_size))))
    return found
