"""Hash buckets of arrays of strings and whole numbers, as TensorFlow's are."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.utils.fingerprint import fingerprint64, siphash64


def buckets(x: np.ndarray, count: int, salt: list[int] | None) -> np.ndarray:
    """Return for each string, or for the digits of each whole number, one of `count` numbers.

    With a salt the hash is SipHash, else FarmHash's Fingerprint64.
    """
    tokens, where = np.unique(np.asarray(x), return_inverse=True)
    found = [_hash(str(t).encode(), salt) % count for t in tokens.tolist()]
    return np.array(found, "int64")[where].reshape(x.shape)


def _hash(text: bytes, salt: Any) -> int:
    return fingerprint64(text) if salt is None else siphash64(text, (salt[0], salt[1]))
