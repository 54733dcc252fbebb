"""Making arrays, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import count_constant, state
from annette.graph.dtypes import numpy_dtype, result_type, standardize
from annette.graph.tensor import Tensor
from annette.ops.common import dtype_of, from_python, op, to_dtype
from annette.ops.numpy import shaping as sh
from annette.utils.explain import explains


@explains
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Return an array of zeros."""
    return wrap(np.zeros(count_constant(*sh.static_shape(shape)), numpy_dtype(standardize(dtype))))


@explains
def ones(shape: Any, dtype: Any = None) -> Any:
    """Return an array of ones."""
    return wrap(np.ones(count_constant(*sh.static_shape(shape)), numpy_dtype(standardize(dtype))))


@explains
def empty(shape: Any, dtype: Any = None) -> Any:
    """Return an array to be filled; it holds zeros."""
    return zeros(shape, dtype)


@op
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return an array that holds one value everywhere."""
    value = from_python(fill_value)
    value = to_dtype(value, standardize(dtype))
    made = sh.broadcast_to(value, sh.static_shape(shape))
    return made if isinstance(made, Tensor) else wrap(np.array(made))


@op
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros of the shape (and dtype) of x."""
    x = from_python(x)
    return zeros(tuple(x.shape), dtype or dtype_of(x))


@op
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones of the shape (and dtype) of x."""
    x = from_python(x)
    return ones(tuple(x.shape), dtype or dtype_of(x))


@op
def empty_like(x: Any, dtype: Any = None) -> Any:
    """Return an array to be filled, of the shape (and dtype) of x."""
    return zeros_like(x, dtype)


@op
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return one value everywhere, in the shape (and dtype) of x."""
    x = from_python(x)
    return full(tuple(x.shape), fill_value, dtype or dtype_of(x))


@explains
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Return the numbers from start to below stop."""
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    if dtype is None:
        kinds = [getattr(v, "dtype", type(v)) for v in (start, stop, step)]
        dtype = result_type(*kinds)
    if state.loading is not None:
        count_constant(max(int((stop - start) / step), 0))
    return wrap(np.arange(start, stop, step, dtype=numpy_dtype(standardize(dtype))))


@explains
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return ones on the k-th diagonal, zeros elsewhere.

    Shape: (N, M), M as N unless given.
    """
    count_constant(N, N if M is None else M)
    return wrap(np.eye(N, M, k, dtype=numpy_dtype(standardize(dtype))))


@explains
def identity(n: int, dtype: Any = None) -> Any:
    """Return the n by n identity matrix."""
    return eye(n, dtype=dtype)


@explains
def array(x: Any, dtype: Any = None) -> Any:
    """Return `x` as an array."""
    x = from_python(x, standardize(dtype) if dtype is not None else None)
    x = to_dtype(x, standardize(dtype)) if dtype is not None else x
    return x if isinstance(x, Tensor) else wrap(np.array(x))
