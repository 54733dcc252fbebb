"""What functions of matrices refuse: wrong shapes, and matrices without an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.tensor import Tensor
from annette.ops.common import floating
from annette.primitives.decompose import check_matrices


def matrices(name: str, x: Any, square: bool = False) -> Any:
    """Return `x` as a stack of matrices of a float dtype.

    Raises:
        ValueError: if it has fewer than two axes, or its matrices are not square where they must.
        TypeError: if its elements are complex.
    """
    x = floating(x)
    check_matrices(name, x, square)
    return x


def _known(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def refuse_unsolved(y: Any, given: tuple[Any, ...], message: str) -> Any:
    """Return `y`, unless it shows that a matrix has no answer.

    Only known numbers are looked at: inside a trace such a result is not-a-number.

    Raises:
        ValueError: with `message`, if `y` is not finite though everything `given` is.
    """
    values = [_known(x) for x in (y, *given)]
    if any(v is None for v in values):
        return y
    finite = [bool(np.isfinite(np.asarray(v, "float64")).all()) for v in values]
    if not finite[0] and all(finite[1:]):
        raise ValueError(message)
    return y
