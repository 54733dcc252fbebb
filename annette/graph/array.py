"""What an operation on plain arrays returns: a NumPy array that also answers ``.numpy()``."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph import context
from annette.graph.tensor import Tensor, operator


class Array(np.ndarray):
    """A NumPy array with the few methods that Keras programs call on results.

    Operators follow Keras's dtype rules (they are `annette.ops`), everything else is NumPy's.
    """

    def numpy(self) -> np.ndarray:
        """Return the same values as a plain ``numpy.ndarray``."""
        return self.view(np.ndarray)

    def __getitem__(self, key: Any) -> Any:
        if context.recording(self) or _symbolic(key):
            return operator("getitem")(self, key)
        item = super().__getitem__(key)
        return wrap(item) if isinstance(item, np.generic) else item

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.ndim == 0 and spec else str(self)

    def __hash__(self) -> int:  # type: ignore[override]  # keys of gradient dictionaries, by identity
        return id(self)


def _symbolic(key: Any) -> bool:
    """Say whether a Tensor is among the places: NumPy cannot read those."""
    if type(key) is tuple:
        return any(type(k) is Tensor for k in key)
    return type(key) is Tensor


def wrap(value: Any) -> Array:
    """Return `value` as an `Array` that shares its memory."""
    return np.asarray(value).view(Array)
