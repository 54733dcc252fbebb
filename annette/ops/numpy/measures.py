"""How large an array is."""

from __future__ import annotations

import math
from typing import Any

from annette.ops.common import from_python


def sizes(x: Any) -> tuple[Any, ...]:
    """Return the sizes of the axes of x; None where a KerasTensor's is not known."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(from_python(x).shape)


def ndim(x: Any) -> int:
    """Return the number of axes of x."""
    return len(sizes(x))


def size(x: Any) -> int:
    """Return the number of elements of x."""
    return math.prod(sizes(x))
