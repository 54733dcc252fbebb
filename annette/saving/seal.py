"""A checksum of a whole file, as its last bytes, where readers of the format do not look.

Something within the file says that the seal must be there, so that a damaged seal is noticed too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import IO, Any

MAGIC = b"ANNETTE-SHA256\r\n"
SIZE = len(MAGIC) + 32
MARK = "annette_sealed"  # the name of what says within a file that it has a seal
ZEROS = "0" * 64  # in the place of a digest, while it is computed
_PIECE = 2**20


def broken(named: str) -> ValueError:
    """The error about a file whose seal does not fit it."""
    return ValueError(
        f"The file {named!r} is damaged, or another program has changed it: its checksum is "
        "another than when it was written. Take another copy of it."
    )


def body_of(view: memoryview, named: str) -> tuple[int, bool]:
    """Where what is sealed ends, and whether there is a seal.

    Raises:
        ValueError: if there is one and it does not fit.
    """
    end = len(view) - SIZE
    if end <= 0 or bytes(view[end : end + len(MAGIC)]) != MAGIC:
        return len(view), False
    if not hmac.compare_digest(hashlib.sha256(view[:end]).digest(), view[end + len(MAGIC) :]):
        raise broken(named)
    return end, True


def digest_around(file: IO[bytes], end: int, passed: Iterable[tuple[int, int]]) -> bytes:
    """The SHA-256 of a file's first `end` bytes but for those in the given ranges."""
    found = hashlib.sha256()
    at = 0
    for start, stop in [*sorted(passed), (end, end)]:
        file.seek(at)
        while at < start:
            piece = file.read(min(start - at, _PIECE))
            if not piece:
                break
            found.update(piece)
            at += len(piece)
        at = max(at, stop)
    return found.digest()


def self_sealed(data: bytes, place: bytes) -> bytes:
    """Put the SHA-256 of a text into it, instead of the zeros that stand behind `place`."""
    digest = hashlib.sha256(data).hexdigest().encode()
    return data.replace(place + ZEROS.encode(), place + digest, 1)


def holds(data: bytes, digest: Any) -> bool:
    """Whether a text that has its own digest in it, once, is as it was sealed."""
    if not isinstance(digest, str) or len(digest) != 64 or data.count(digest.encode()) != 1:
        return False
    zeros = data.replace(digest.encode(), ZEROS.encode())
    return hmac.compare_digest(hashlib.sha256(zeros).hexdigest(), digest)
