"""One program at a time in a folder."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

NAME = "running.lock"
_OTHERS = {errno.EAGAIN, errno.EACCES}  # what a lock that others have is told by
_ours: set[str] = set()  # folders: the system's locks are the process's, whichever thread asks


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder, with a lock that ends with the process at the latest.

    Where the system or the file system knows no such locks, nobody is kept out.

    Raises:
        BlockingIOError: if another run has the folder.
        OSError: if the folder cannot be written.
    """
    real = os.path.realpath(folder)
    if real in _ours:
        raise _taken(folder, str(os.getpid()))
    path = folder / NAME
    descriptor = _locked(path)
    _ours.add(real)
    try:
        yield
    finally:
        _ours.discard(real)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    """An open file with a lock, and the number of this process in it; None without locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return descriptor
            os.close(descriptor)  # whoever had it removed it meanwhile
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace")
            os.close(descriptor)
            if error.errno in _OTHERS:
                raise _taken(path.parent, holder) from None
            with contextlib.suppress(OSError):
                path.unlink()
            return None


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
