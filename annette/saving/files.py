"""Writing files whole or not at all, and opening regular files only."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

# Calls of the system, named here so that tests can make each of them fail.
_open, _fsync, _replace = os.open, os.fsync, os.replace
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
    with _explained(target, "was not written; what was there before is as it was"):
        descriptor = _open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), mode)
                _fsync(file.fileno())
            _replace(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise
    with _explained(target, "was written whole, but may not outlast a loss of power"):
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
def _explained(target: Path, outcome: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, f"{reason}: the file {outcome}", str(target)) from (
            error
        )


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
    with _explained(target, f"is whole, and still called {finished.name!r}"):
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


class Hashing:
    """A file object that passes on what is written and keeps its SHA-256."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write bytes."""
        taken = self._file.write(data)
        count = len(data) if taken is None else int(taken)
        self._hash.update(memoryview(data)[:count])
        return count

    def digest(self) -> bytes:
        """The hash of what was written so far."""
        return self._hash.digest()

    def hexdigest(self) -> str:
        """The same as text."""
        return self._hash.hexdigest()


@contextlib.contextmanager
def opened(path: str | os.PathLike[str], follow: bool = True) -> Iterator[IO[bytes]]:
    """A regular file, open for reading; one that a link leads to only with `follow`.

    Raises:
        OSError: if there is none, or it is no regular file (a folder, a pipe, a device).
    """
    # A pipe without a writer would make the opening wait for one.
    flags = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "This is no regular file", str(path))
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
