"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import count_constant
from annette.graph.dtypes import numpy_dtype, standardize
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, from_python, normal_axis, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, reduction, shaping as sh
from annette.primitives import shape as s
from annette.utils.explain import explains


@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the matrices along two axes, as a new last axis.

    Shape: that of x without the two axes, and the diagonal's length behind.

    Raises:
        ValueError: if x has fewer than two axes, or the two are one.
    """
    x = from_python(x)
    if rank(x) < 2:
        raise ValueError(
            f"diagonal takes an array of 2 axes or more; it got shape {tuple(x.shape)}."
        )
    first, second = normal_axis(axis1, rank(x), "axis1"), normal_axis(axis2, rank(x), "axis2")
    if first == second:
        raise ValueError(f"diagonal needs two different axes; axis1 and axis2 are both {first}.")
    x = sh.moveaxis(x, (first, second), (-2, -1))
    n, m = x.shape[-2:]
    count = max(min(n + min(offset, 0), m - max(offset, 0)), 0)
    lead = tuple(x.shape[:-2])
    # In row-major order the next element of a diagonal is a row and one further.
    flat = sh.reshape(x, (*lead, n * m))
    begin = (offset if offset >= 0 else -offset * m) if count else 0
    stop = begin + (count - 1) * (m + 1) + 1 if count else 0
    zeros, ones = (0,) * len(lead), (1,) * len(lead)
    return sh.slice_static(flat, (*zeros, begin), (*lead, stop), (*ones, m + 1))


@op
def diag(x: Any, k: int = 0) -> Any:
    """Return the k-th diagonal of a matrix, or the matrix that has a vector there, else zeros.

    Raises:
        ValueError: if x has neither one axis nor two.
    """
    x = from_python(x)
    if rank(x) == 2:
        return diagonal(x, offset=k)
    if rank(x) != 1:
        raise ValueError(f"diag takes a vector or a matrix; it got shape {tuple(x.shape)}.")
    length = x.shape[0]
    n = length + abs(k)
    if not length:
        return wrap(np.zeros((n, n), numpy_dtype(dtype_of(x))))
    before = k if k >= 0 else -k * n
    after = n * n - before - ((length - 1) * (n + 1) + 1)
    dtype = dtype_of(x)
    numbers = to_dtype(x, "int32") if dtype == "bool" else x
    flat = apply(s.pad, (numbers,), {"widths": ((before, after, n),)})
    return to_dtype(sh.reshape(flat, (n, n)), dtype)


@op
def diagflat(x: Any, k: int = 0) -> Any:
    """Return the matrix that has the elements of x, flattened, on its k-th diagonal."""
    return diag(sh.ravel(x), k)


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sums of the diagonals of the matrices along two axes.

    Shape: that of x without the two axes.
    """
    return reduction.sum(diagonal(x, offset, axis1, axis2), axis=-1)


@explains
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return ones on and below the k-th diagonal, zeros above.

    Shape: (N, M), M as N unless given.
    """
    count_constant(N, N if M is None else M)
    return wrap(np.tri(N, M, k, dtype=numpy_dtype(standardize(dtype))))


def _matrix(name: str, x: Any) -> Any:
    x = from_python(x)
    if rank(x) < 2:
        raise ValueError(f"{name} takes matrices (2 axes or more); it got shape {tuple(x.shape)}.")
    return x


def _nothing(x: Any) -> Any:
    return np.zeros((), numpy_dtype(dtype_of(x)))


@op
def tril(x: Any, k: int = 0) -> Any:
    """Return the matrices of the last two axes with zeros above the k-th diagonal.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x = _matrix("tril", x)
    return el.where(np.tri(x.shape[-2], x.shape[-1], k, dtype=bool), x, _nothing(x))


@op
def triu(x: Any, k: int = 0) -> Any:
    """Return the matrices of the last two axes with zeros below the k-th diagonal.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x = _matrix("triu", x)
    return el.where(np.tri(x.shape[-2], x.shape[-1], k - 1, dtype=bool), _nothing(x), x)
