"""The first bytes of a file: where it begins, and where its root group is."""

from __future__ import annotations

from annette.saving.hdf5.checksum import verify
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.source import Cursor, Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def find(view: memoryview) -> int:
    """Where the superblock is: at 0, or after a user block at 512, 1024, 2048, ...

    Raises:
        FormatError: if it is nowhere.
    """
    at = 0
    while at + len(SIGNATURE) <= len(view):
        if view[at : at + len(SIGNATURE)] == SIGNATURE:
            return at
        at = 2 * at or 512
    raise FormatError("This is no HDF5 file: its signature is not found.")


def read(source: Source, base: int) -> int:
    """The address of the root group's object header; sets the sizes of offsets and lengths.

    `source` begins at the superblock, which is `base` bytes after the beginning of the file.
    """
    cursor = source.cursor(0, min(source.size, 128), "the superblock")
    cursor.expect(SIGNATURE)
    version = cursor.version(0, 1, 2, 3)
    return _old(cursor, base, version) if version < 2 else _new(cursor, base)


def _sizes(cursor: Cursor) -> None:
    sizes = cursor.uint(1), cursor.uint(1)
    if not {*sizes} <= {4, 8}:
        raise cursor.fail(f"offsets and lengths of {sizes} bytes; annette reads those of 4 and 8")
    cursor.source.offset_size, cursor.source.length_size = sizes


def _old(cursor: Cursor, base: int, version: int) -> int:
    cursor.skip(4)  # versions of what has but one version
    _sizes(cursor)
    cursor.skip(1 + 2 + 2 + 4 + (4 if version == 1 else 0))
    _base(cursor, base)
    cursor.skip(cursor.source.offset_size)  # free space
    _end(cursor, base)
    if cursor.address() is not None:
        raise cursor.fail("it names a file driver (a file in several parts), which is refused")
    cursor.skip(cursor.source.offset_size)  # the root has no name
    return cursor.defined("the root group")


def _new(cursor: Cursor, base: int) -> int:
    _sizes(cursor)
    cursor.skip(1)
    _base(cursor, base)
    cursor.skip(cursor.source.offset_size)  # the extension holds nothing that a reader needs
    _end(cursor, base)
    root = cursor.defined("the root group")
    verify(cursor)
    return root


def _base(cursor: Cursor, base: int) -> None:
    if cursor.defined("the file's beginning") != base:
        raise cursor.fail("its base address is not where it lies")


def _end(cursor: Cursor, base: int) -> None:
    end = cursor.defined("the file's end") - base
    if end > cursor.source.size:
        raise cursor.fail(
            f"the file was cut short: it should have {end} bytes and has {cursor.source.size}"
        )
