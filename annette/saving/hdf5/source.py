"""A file's bytes: every look at them is checked against their end and counted."""

from __future__ import annotations

import itertools
from bisect import bisect_left

from annette.saving.hdf5.errors import FormatError

MAX_NAME = 4096  # bytes of a link's or attribute's name
MOST_STRUCTURE = 2**26  # bytes of one node, block or header


class Source:
    """The bytes of one file, with what bounds the work and the memory that they can ask for.

    `work` bounds the bytes of structure that may be parsed in all: each belongs to one object and
    is parsed once, so a file that asks for much more points to the same bytes again and again.
    `declared` bounds the bytes of values that the datasets opened so far declare.
    """

    def __init__(self, view: memoryview, limit: int | None) -> None:
        self.view = view
        self.size = len(view)
        self.offset_size = 8
        self.length_size = 8
        self.limit = max(2**30, 16 * self.size) if limit is None else limit
        self._work = 4 * self.size + 2**20
        self._declared = 0
        self._starts: list[int] = []
        self._claims: dict[int, tuple[int, object, str]] = {}

    def piece(self, at: int, count: int, what: str) -> bytes:
        """The `count` bytes of structure at `at`."""
        self.check(at, count, what)
        if count > MOST_STRUCTURE:
            raise FormatError(
                f"{what} at byte {at} has {count} bytes; annette reads structures up to "
                f"{MOST_STRUCTURE}."
            )
        self.charge(count + 16, what)
        return bytes(self.view[at : at + count])

    def cursor(self, at: int, count: int, what: str) -> Cursor:
        """A cursor over the `count` bytes of structure at `at`."""
        return Cursor(self, self.piece(at, count, what), at, what)

    def check(self, at: int, count: int, what: str) -> None:
        """Raise FormatError unless the `count` bytes at `at` lie in the file."""
        if at < 0 or count < 0 or at + count > self.size:
            raise FormatError(
                f"{what} at byte {at} has {count} bytes, but the file ends at byte {self.size}."
            )

    def charge(self, count: int, what: str) -> None:
        """Count work; raise FormatError when it is more than the file's size can justify."""
        self._work -= count
        if self._work < 0:
            raise FormatError(
                f"{what}: reading the structure takes far more work than a file of {self.size} "
                "bytes can need; parts of it point to the same bytes over and over."
            )

    def declare(self, count: int, what: str) -> None:
        """Count bytes of declared values; raise FormatError when they pass the limit."""
        self._declared += count
        if self._declared > self.limit:
            raise FormatError(
                f"{what} declares {count} bytes of values; with what was opened before that is "
                f"{self._declared}, above the limit of {self.limit}. If the file is meant to be so "
                "large, open it with a larger `limit`."
            )

    def claim(self, at: int, count: int, owner: object, what: str) -> None:
        """Note that these bytes belong to `owner`; raise FormatError if they are another's too."""
        self.check(at, count, what)
        if count == 0:
            return
        if self._has(at, count, owner, what):
            return
        place = bisect_left(self._starts, at)
        for near in self._starts[max(place - 1, 0) : place + 1]:
            self._apart(near, at, count, what)
        self._starts.insert(place, at)
        self._claims[at] = (count, owner, what)

    def claim_all(self, pieces: list[tuple[int, int]], owner: object, what: str) -> None:
        """Claim many places, each of some bytes, at once: in time that does not grow faster."""
        for at, count in pieces:
            self.check(at, count, what)
        new = sorted((at, n) for at, n in pieces if n and not self._has(at, n, (owner, at), what))
        for (at, count), (after, size) in itertools.pairwise(new):
            if after < at + count:
                raise _overlap(after, size, what, at, count, what)
        self._claims |= {at: (count, (owner, at), what) for at, count in new}
        self._starts += [at for at, _ in new]
        self._starts.sort()
        for at, after in itertools.pairwise(self._starts):
            count, _, named = self._claims[after]
            self._apart(at, after, count, named)

    def _has(self, at: int, count: int, owner: object, what: str) -> bool:
        """Whether just this is claimed already; raise FormatError if it is another's."""
        if at not in self._claims:
            return False
        size, other, named = self._claims[at]
        if (size, other) != (count, owner):
            raise _overlap(at, count, what, at, size, named)
        return True

    def _apart(self, near: int, at: int, count: int, what: str) -> None:
        size, _, named = self._claims[near]
        if near < at + count and at < near + size:
            raise _overlap(at, count, what, near, size, named)


class Cursor:
    """Reads one structure's bytes from left to right, and never past its end."""

    def __init__(self, source: Source, data: bytes, at: int, what: str) -> None:
        self.source = source
        self.data = data
        self.at = at
        self.what = what
        self.position = 0

    @property
    def left(self) -> int:
        """How many bytes have not been read yet."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.position
        if count < 0 or count > self.left:
            raise self.fail(f"{count} more bytes are needed, and {self.left} are left")
        self.position += count
        return self.data[start : start + count]

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        self.take(count)

    def uint(self, size: int) -> int:
        """The next unsigned integer of `size` bytes, the least of them first."""
        return int.from_bytes(self.take(size), "little")

    def address(self) -> int | None:
        """The next address in the file; None for the undefined one."""
        raw = self.take(self.source.offset_size)
        return None if raw.count(0xFF) == len(raw) else int.from_bytes(raw, "little")

    def defined(self, of: str) -> int:
        """The next address in the file, which must be a defined one."""
        address = self.address()
        if address is None:
            raise self.fail(f"the address of {of} is undefined")
        return address

    def length(self) -> int:
        """The next length."""
        return self.uint(self.source.length_size)

    def expect(self, signature: bytes) -> None:
        """Pass over a signature that must be there."""
        found = self.take(len(signature))
        if found != signature:
            raise self.fail(f"expected the signature {signature!r} and found {found!r}")

    def version(self, *known: int) -> int:
        """The next byte, a version that must be one of `known`."""
        found = self.uint(1)
        if found not in known:
            raise self.fail(f"version {found} is not one that annette reads ({_listed(known)})")
        return found

    def text(self, count: int, of: str) -> str:
        """The next `count` bytes as a name in UTF-8, up to a first zero byte."""
        if count > MAX_NAME:
            raise self.fail(f"{of} has {count} bytes; annette reads names up to {MAX_NAME}")
        return self.take(count).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")

    def sub(self, count: int, what: str) -> Cursor:
        """A cursor of its own over the next `count` bytes."""
        at = self.at + self.position
        return Cursor(self.source, self.take(count), at, what)

    def fail(self, problem: str) -> FormatError:
        """The error that says what is wrong, and where."""
        return FormatError(f"{self.what} at byte {self.at}: {problem}.")


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(str(v) for v in values)


def _overlap(at: int, count: int, what: str, near: int, size: int, named: str) -> FormatError:
    return FormatError(
        f"{what} (bytes {at} to {at + count}) overlaps {named} (bytes {near} to {near + size})."
    )
