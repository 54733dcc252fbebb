"""One program at a time in a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

NAME = "running.lock"
_UNWRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)  # nor where a link leads
_held: set[int] = set()  # descriptors, of whose files this process has the locks


def _let_go() -> None:
    """In a process that was forked: the lock is that of the one that has it, and ends with it."""
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder and keep other runs out of it, with a lock that ends with the process at last.

    Where the system or the file system knows no such locks, or nothing can be written to the
    folder, nobody is kept out.

    Raises:
        BlockingIOError: if another run has the folder.
        OSError: if the folder cannot be made, or what is in the lock's place is no file.
    """
    path = folder / NAME
    descriptor = _locked(path)
    try:
        yield
    finally:
        if descriptor in _held:
            with contextlib.suppress(OSError):
                if _is_there(path, descriptor):  # the folder may have become another's meanwhile
                    path.unlink()
            _close(descriptor)


def _locked(path: Path) -> int | None:
    """An open file with a lock, and the number of this process in it; None without locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    while True:
        descriptor = _opened(path)
        if descriptor is None:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(path, descriptor):  # or whoever had it removed it meanwhile
                _sign(descriptor)
                return descriptor
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace")
            _close(descriptor)
            raise _taken(path.parent, holder) from None
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            _close(descriptor)
            return None
        except BaseException:
            _close(descriptor)
            raise
        _close(descriptor)


def _opened(path: Path) -> int | None:
    """The lock's file; None if there is none, and none can be made."""
    try:
        descriptor = _made(path)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        try:
            descriptor = os.open(path, os.O_RDONLY | _NO_WAIT)  # another user's
        except OSError:
            return None
    _held.add(descriptor)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        _close(descriptor)
        raise OSError(errno.EINVAL, "There is something other than a regular file", str(path))
    return descriptor


def _made(path: Path) -> int:
    for attempt in range(9):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | _NO_WAIT, 0o666)
        except (FileExistsError, FileNotFoundError):  # a run just ended, and removed the folder
            if attempt == 8:
                raise
    raise AssertionError("one of the attempts returns or raises")


def _sign(descriptor: int) -> None:
    """Note who has the lock, in a file that is nothing else as well."""
    with contextlib.suppress(OSError):
        if os.fstat(descriptor).st_nlink == 1:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _close(descriptor: int) -> None:
    _held.discard(descriptor)
    os.close(descriptor)


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _taken(folder: Path, holder: str) -> BlockingIOError:
    who = f" (process {holder})" if holder.isdigit() else ""
    return BlockingIOError(
        errno.EAGAIN,
        f"Another run of training keeps its checkpoints in this folder{who}; wait for its end, or "
        "give this one a folder of its own",
        str(folder),
    )
