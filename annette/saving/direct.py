"""Direct input and output: large files are written past the memory the system keeps files in."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any

from annette.saving.threads import Threads

_LARGE = 2**23  # bytes that a file comes to before more are written so
_PIECE = 2**22  # bytes of each write
_ALIGNED = 2**12  # bytes: what places, lengths and addresses of direct writes are multiples of
_DIRECT = getattr(os, "O_DIRECT", 0)  # Linux has it
_REFUSED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}  # what a file system says that has none
# Calls of the system, named here so that tests can make each of them fail.
_open, _pwrite = os.open, getattr(os, "pwrite", None)


@contextlib.contextmanager
def streaming(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    """A file object for `file`, opened at `path` to write and read, whose long runs go by directly.

    The memory that the system would need for them need not be found, which can take longer than the
    disk does, what others read stays in it, and a flush at the end has little left to do. The disk
    writes one piece while the next is made. Where there is no such way, all goes the usual one.
    """
    stream = _Stream(file, path)
    try:
        yield stream  # type: ignore[misc]  # it has the methods that writers of files use
        stream.flush()
    finally:
        stream.close()


class _Stream:
    """What is appended is gathered in pieces, which a thread writes; all else is the file's."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._descriptor: int | None = None  # for direct writes
        self._possible = bool(_DIRECT) and _pwrite is not None
        self._thread: Threads | None = None
        self._pieces: list[mmap.mmap] = []  # all of them
        self._spare: list[mmap.mmap] = []
        self._writes: list[tuple[Future[None], mmap.mmap]] = []
        self._piece: mmap.mmap | None = None  # being filled, for the place `_at`
        self._filled = self._at = 0

    # --- what writers of files use ---------------------------------------------------------------

    def write(self, data: Any) -> int:
        """Write bytes at the present place."""
        view = memoryview(data).cast("B")
        if self._piece is None and not self._begin(len(view)):
            taken = self._file.write(view)
            return len(view) if taken is None else int(taken)
        left = view
        while len(left):
            assert self._piece is not None
            count = min(len(left), _PIECE - self._filled)
            self._piece[self._filled : self._filled + count] = left[:count]
            self._filled, left = self._filled + count, left[count:]
            if self._filled == _PIECE:
                self._send()
        return len(view)

    def tell(self) -> int:
        """The present place, in bytes."""
        return self._at + self._filled if self._piece is not None else self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        self.flush()
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Read from the present place."""
        self.flush()
        return self._file.read(size)

    def fileno(self) -> int:
        """The system's number of the file."""
        return self._file.fileno()

    def seekable(self) -> bool:
        """Whether it has places: always."""
        return True

    def flush(self) -> None:
        """Give all that was written to the system."""
        if self._piece is not None:
            piece, end = self._piece, self._filled
            while self._writes:
                self._finish()
            whole = end - end % _ALIGNED  # the rest is no whole block
            self._put(piece, whole, self._at)
            self._file.seek(self._at + whole)
            write_whole(self._file, memoryview(piece)[whole:end])
            self._spare.append(piece)
            self._piece = None
        self._file.flush()

    def close(self) -> None:
        """Let go of everything but the file."""
        self._possible, self._piece = False, None
        try:
            if self._thread is not None:
                self._thread.close()
        finally:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            for piece in self._pieces:  # an error's traceback would keep them
                with contextlib.suppress(BufferError):
                    piece.close()

    # --- direct writes ---------------------------------------------------------------------------

    def _begin(self, count: int) -> bool:
        """Whether so many bytes are written directly, from the present place on."""
        if not self._possible:
            return False
        place = self._file.tell()
        if place + count < _LARGE:
            return False
        if self._file.seek(0, 2) != place or not self._opened():
            self._file.seek(place)
            return False
        self._file.flush()
        self._at = place - place % _ALIGNED
        self._filled = place - self._at
        self._piece = self._empty()
        # The piece begins with the bytes of the block that the file ends in.
        self._piece[: self._filled] = os.pread(self.fileno(), self._filled, self._at)
        return True

    def _opened(self) -> bool:
        if self._descriptor is None:
            try:
                self._descriptor = _open(self._path, os.O_WRONLY | _DIRECT)
            except OSError:  # this file system has no direct writes
                self._possible = False
                return False
            self._thread = Threads(1)
        return True

    def _empty(self) -> mmap.mmap:
        if not self._spare:
            self._pieces.append(mmap.mmap(-1, _PIECE))
            self._spare.append(self._pieces[-1])
        return self._spare.pop()

    def _send(self) -> None:
        """Have the piece written, and go on with another."""
        assert self._piece is not None and self._thread is not None
        write = self._thread.submit(self._put, self._piece, _PIECE, self._at)
        self._writes.append((write, self._piece))
        self._at, self._filled, self._piece = self._at + _PIECE, 0, None
        if len(self._writes) > 1:
            self._finish()
        self._piece = self._empty()

    def _finish(self) -> None:
        try:
            # It gets no name here: an error would keep it then, and it the error.
            self._writes[0][0].result()
        finally:
            self._spare.append(self._writes.pop(0)[1])

    def _put(self, piece: mmap.mmap, count: int, at: int) -> None:
        """Write the first bytes of a piece; through the system's memory if it must be."""
        assert self._descriptor is not None and _pwrite is not None
        done = 0
        with memoryview(piece) as view:
            while done < count:
                try:
                    done += _pwrite(self._descriptor, view[done:count], at + done)
                    refused = done % _ALIGNED != 0  # a full disk may take a part
                except OSError as error:
                    if error.errno not in _REFUSED:
                        raise
                    refused = True
                if refused:
                    done += os.pwrite(self._file.fileno(), view[done:count], at + done)


def write_whole(file: Any, data: bytes | memoryview) -> None:
    """Write all of the bytes, also to a file object that takes only some of them at a time."""
    view = memoryview(data)
    while len(view):
        taken = file.write(view)
        view = view[len(view) if taken is None else taken :]
