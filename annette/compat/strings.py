"""Arrays of strings as TensorFlow has them: bytes, which programs decode."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import Array


class Strings(Array):
    """An array of bytes (dtype object); ``.numpy()`` of a single one is `bytes`."""

    def numpy(self) -> Any:
        """Return a plain array, or for a single string its bytes."""
        bare = self.view(np.ndarray)
        return bare[()] if bare.ndim == 0 else bare

    def __getitem__(self, key: Any) -> Any:
        found = self.view(np.ndarray)[key]
        if not isinstance(found, np.ndarray):
            found = np.array(found, dtype=object)
        return found.view(Strings)

    def __eq__(self, other: Any) -> Any:
        return self.view(np.ndarray) == _bytes(other)

    def __ne__(self, other: Any) -> Any:
        return self.view(np.ndarray) != _bytes(other)

    def __add__(self, other: Any) -> Any:
        return strings(np.asarray(self.view(np.ndarray) + _bytes(other), dtype=object))

    def __hash__(self) -> int:  # type: ignore[override]  # as of every Array
        return id(self)


def is_text(value: Any) -> bool:
    """Say whether `value` is a string, or an array or list of them."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    if isinstance(value, (str, bytes)):
        return True
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "O" and np.size(value):
        return isinstance(np.asarray(value).reshape(-1)[0], (str, bytes))
    return kind in ("U", "S", "T")


def strings(value: Any) -> Strings:
    """Return text as an array of bytes."""
    made = np.asarray(value, dtype=object)
    flat = [v if isinstance(v, bytes) else str(v).encode() for v in made.reshape(-1).tolist()]
    encoded = np.empty(len(flat), dtype=object)
    encoded[:] = flat
    return encoded.reshape(made.shape).view(Strings)


def _bytes(other: Any) -> Any:
    return strings(other).view(np.ndarray) if is_text(other) else other
