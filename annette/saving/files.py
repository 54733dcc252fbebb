"""Writing files whole or not at all, and opening regular files only."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import secrets
import stat
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, Self

from annette.saving.direct import streaming, write_whole
from annette.saving.threads import Threads

# Calls of the system, named here so that tests can make each of them fail.
_open, _created, _fsync, _replace = os.open, open, os.fsync, os.replace
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EISDIR}
_BINARY = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file object whose bytes become the file at `path` when the block ends without an error.

    They are written beside it, brought to the disk and renamed, so that at every moment the former
    file or the new one is there, whole. What is written through a link goes to where it leads.

    Raises:
        OSError: if it cannot be written; the former file is untouched then, and nothing is left
            beside it.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    unfinished = target.with_name(f".annette-{secrets.token_hex(8)}.unfinished")
    with explained(target, "the file was not written; what was there before is as it was"):
        try:
            # All of it in one call, in which no interrupt comes between the system's and the object.
            with _created(unfinished, "x+b", opener=partial(_open, mode=0o666)) as file:
                with streaming(file, unfinished) as stream:
                    yield stream
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), mode)
                _fsync(file.fileno())
            _replace(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise
    with explained(target, "the file was written whole, but may not outlast a loss of power"):
        sync_folder(target.parent)


def _mode_of(target: Path) -> int | None:
    """The permissions of the file that is to be replaced; None if there is none."""
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "There is something other than a regular file", str(target))
    return stat.S_IMODE(found.st_mode)


@contextlib.contextmanager
def explained(target: Path, outcome: str) -> Iterator[None]:
    """Let an OSError within say what became of the file or folder, and which one it is."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, f"{reason}: {outcome}", str(target)) from (error)


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system has a way to."""
    try:
        descriptor = _open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NO_FOLDER_SYNC:
            return
        raise
    try:
        _fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def settle(finished: Path, target: Path) -> None:
    """Rename a whole file to its place, and bring the names in the folder to the disk.

    Raises:
        OSError: if that fails.
    """
    with explained(target, f"the file is whole, and still called {finished.name!r}"):
        _replace(finished, target)
    sync_folder(target.parent)


def bring_to_disk(file: IO[Any], folder: bool = False) -> None:
    """Bring what was written to an open file to the disk, and its name in its folder, if wanted.

    Raises:
        OSError: if that fails.
    """
    file.flush()
    _fsync(file.fileno())
    if folder:
        sync_folder(Path(os.path.realpath(file.name)).parent)


_BLOCK = 2**22  # bytes that are hashed as one
_COPIED = 2**18  # shorter pieces are kept as copies: who wrote them may use their memory again


def fingerprint(data: Any, also: Any = None) -> tuple[bytes, Any]:
    """The checksum of bytes: SHA-256 over the CRC-32 of each block of 4 MiB and the length.

    A CRC-32 differs for every one, two or three flipped bits in 11 KiB, every two in a block and
    every run of up to 32, and all of them are in the hash. It finds damage, not deceit, which no
    checksum in the same file can; SHA-256 of all would take twice as long as reading. Blocks are
    shared out among threads. What `also` makes of the bytes meanwhile comes with it.
    """
    view = memoryview(data).cast("B")
    blocks = [view[at : at + _BLOCK] for at in range(0, len(view), _BLOCK)]
    try:
        if len(blocks) < 4:
            other = also(view) if also is not None else None
            return _joined([_hashed(b) for b in blocks], len(view)), other
        with Threads() as threads:
            waiting = threads.submit(also, view) if also is not None else None
            found = _joined(threads.map(_hashed, blocks), len(view))
            return found, waiting.result() if waiting is not None else None
    finally:
        for block in blocks:
            block.release()
        view.release()


def _hashed(*pieces: Any) -> bytes:
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
    return found.to_bytes(4, "little")


def _joined(hashes: list[bytes], length: int) -> bytes:
    return hashlib.sha256(b"".join([*hashes, length.to_bytes(8, "little")])).digest()


class Hashing:
    """A file object that passes on what is written, if there is a file, and keeps its `fingerprint`.

    Other threads hash while this one writes; what was written must stay as it is until `digest`,
    which is asked for within the `with` that the object is used in.
    """

    def __init__(self, file: Any = None) -> None:
        self._file = file
        self._length = 0
        self._block: list[Any] = []
        self._room = _BLOCK
        self._hashes: list[Any] = []
        self._threads: Threads | None = None

    def write(self, data: Any) -> int:
        """Write bytes."""
        taken = None
        view = memoryview(data).cast("B")
        if len(view) <= _COPIED:
            view = memoryview(bytes(view))
            taken = self._file.write(view) if self._file is not None else None
            count = len(view) if taken is None else int(taken)
            self._keep(view[:count])
            return count
        self._keep(view)  # first, so that it is hashed meanwhile
        if self._file is not None:
            write_whole(self._file, view)
        return len(view)

    def _keep(self, view: memoryview) -> None:
        self._length += len(view)
        while len(view) >= self._room:
            self._send([*self._block, view[: self._room]])
            view = view[self._room :]
            self._block, self._room = [], _BLOCK
        if len(view):
            self._block.append(view)
            self._room -= len(view)

    def _send(self, pieces: list[Any]) -> None:
        self._threads = self._threads or Threads()
        self._hashes.append(self._threads.submit(_hashed, *pieces))

    def digest(self) -> bytes:
        """The checksum of all that was written."""
        hashes = [h.result() for h in self._hashes]
        self.close()
        if self._block:
            hashes.append(_hashed(*self._block))
        return _joined(hashes, self._length)

    def hexdigest(self) -> str:
        """The same as text."""
        return self.digest().hex()

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@contextlib.contextmanager
def opened(path: str | os.PathLike[str], follow: bool = True) -> Iterator[IO[bytes]]:
    """A regular file, open for reading; one that a link leads to only with `follow`.

    Raises:
        OSError: if there is none, or it is no regular file (a folder, a pipe, a device).
    """
    # A pipe without a writer would make the opening wait for one.
    flags = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    if not regular:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "This is no regular file", str(path))
    with os.fdopen(descriptor, "rb") as file:
        yield file


@contextlib.contextmanager
def mapped(path: str | os.PathLike[str]) -> Iterator[memoryview]:
    """The bytes of a regular file."""
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield memoryview(b"")
            return
        held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        view = memoryview(held)
        try:
            yield view
        finally:
            with contextlib.suppress(BufferError):  # an error's traceback may still hold a look
                view.release()
                held.close()
