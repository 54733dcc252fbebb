"""Object headers: the messages that say what an object is."""

from __future__ import annotations

from typing import NamedTuple

from annette.saving.hdf5.checksum import verify
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.source import Cursor, Source

DATASPACE = 0x01
LINK_INFO = 0x02
DATATYPE = 0x03
LINK = 0x06
EXTERNAL_FILES = 0x07
LAYOUT = 0x08
FILTERS = 0x0B
ATTRIBUTE = 0x0C
CONTINUATION = 0x10
SYMBOL_TABLE = 0x11
ATTRIBUTE_INFO = 0x15

_NAMES = {
    DATASPACE: "dataspace",
    LINK_INFO: "link info",
    DATATYPE: "datatype",
    LINK: "link",
    EXTERNAL_FILES: "external file list",
    LAYOUT: "data layout",
    FILTERS: "filter pipeline",
    ATTRIBUTE: "attribute",
    CONTINUATION: "continuation",
    SYMBOL_TABLE: "symbol table",
    ATTRIBUTE_INFO: "attribute info",
}
_LAST_KNOWN = 0x18
_SHARED = 0x02
_FAIL_IF_UNKNOWN = 0x80


class Message(NamedTuple):
    """One message of an object header; `cursor` stands at the beginning of what it says."""

    kind: int
    flags: int
    content: bytes
    at: int
    source: Source

    @property
    def cursor(self) -> Cursor:
        """A new cursor over what the message says."""
        name = _NAMES.get(self.kind, "object header")
        return Cursor(self.source, self.content, self.at, f"the {name} message")


class Header:
    """All the messages of one object, its continuations included."""

    def __init__(self, source: Source, at: int) -> None:
        self.source = source
        self.at = at
        self.messages: list[Message] = []
        self._tracked = False
        self._pending: list[tuple[int, int]] = []
        self._what = f"the object header at byte {at}"
        start = source.cursor(at, min(16, max(source.size - at, 0)), "the object header")
        new = start.data.startswith(b"OHDR")
        if new:
            self._begin_new(start)
        else:
            self._begin_old(start)
        while self._pending:
            where, count = self._pending.pop()
            self._continue(where, count, new)

    def one(self, kind: int) -> Message | None:
        """The message of a kind of which there is one or none."""
        found = self.all(kind)
        if len(found) > 1:
            raise FormatError(f"{self._what} has {len(found)} {_NAMES[kind]} messages, not one.")
        return found[0] if found else None

    def all(self, kind: int) -> list[Message]:
        """The messages of a kind, in their order."""
        return [m for m in self.messages if m.kind == kind]

    def _begin_old(self, start: Cursor) -> None:
        start.version(1)
        start.skip(7)
        count = start.uint(4)
        self.source.claim(self.at, 16 + count, self.at, self._what)
        self._old(self.source.cursor(self.at + 16, count, self._what))

    def _begin_new(self, start: Cursor) -> None:
        start.expect(b"OHDR")
        start.version(2)
        flags = start.uint(1)
        width = 1 << (flags & 3)
        before = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        self._tracked = bool(flags & 4)
        sized = self.source.cursor(self.at, before + width, self._what)
        sized.skip(before)
        count = sized.uint(width)
        total = before + width + count + 4
        self.source.claim(self.at, total, self.at, self._what)
        whole = self.source.cursor(self.at, total, self._what)
        whole.skip(before + width)
        self._new(whole, count)

    def _continue(self, where: int, count: int, new: bool) -> None:
        what = f"{self._what}, continued"
        # Two continuations to one place are a cycle; the claim of each is its own.
        self.source.claim(where, count, (self.at, "continued", len(self.messages)), what)
        cursor = self.source.cursor(where, count, what)
        if not new:
            self._old(cursor)
            return
        cursor.expect(b"OCHK")
        if count < 8:
            raise cursor.fail("it has no room for its checksum")
        self._new(cursor, count - 8)

    def _old(self, cursor: Cursor) -> None:
        while cursor.left >= 8:
            kind, size, flags = cursor.uint(2), cursor.uint(2), cursor.uint(1)
            cursor.skip(3)
            self._add(kind, flags, cursor, size)

    def _new(self, cursor: Cursor, count: int) -> None:
        prefix = 6 if self._tracked else 4
        end = cursor.position + count
        while end - cursor.position >= prefix:
            kind, size, flags = cursor.uint(1), cursor.uint(2), cursor.uint(1)
            cursor.skip(prefix - 4)
            if size > end - cursor.position:
                raise cursor.fail(f"a message of {size} bytes passes the end of the messages")
            self._add(kind, flags, cursor, size)
        cursor.skip(end - cursor.position)
        verify(cursor)

    def _add(self, kind: int, flags: int, cursor: Cursor, size: int) -> None:
        at = cursor.at + cursor.position
        message = Message(kind, flags, cursor.take(size), at, self.source)
        if kind == CONTINUATION:
            where = message.cursor
            self._pending.append((where.defined("the continuation"), where.length()))
        elif kind in _NAMES and flags & _SHARED:
            raise FormatError(
                f"{self._what}: its {_NAMES[kind]} message is shared (a committed datatype, for "
                "example), which is refused. Write the file without committed datatypes."
            )
        elif kind > _LAST_KNOWN and flags & _FAIL_IF_UNKNOWN:
            raise FormatError(f"{self._what} needs a reader that knows messages of kind {kind}.")
        self.messages.append(message)
