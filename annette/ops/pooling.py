"""Pooling: the largest or the mean of each window, for each channel alone."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply, constant
from annette.graph.tensor import Node, Tensor
from annette.ops.common import dtype_of, floating, from_python, op, rank, to_dtype
from annette.ops.convolution import (
    as_given,
    channels_last,
    data_format as checked_format,
    made_by,
    no_padding,
    padding_name,
    same_padding,
    spatial,
)
from annette.ops.numpy import elementwise as el, shaping
from annette.ops.numpy.linear import matmul
from annette.ops.numpy.reduction import max as largest
from annette.primitives import elementwise as e, pooling as p
from annette.primitives.convolution import Windows


def _prepared(name: str, inputs: Any, form: str) -> tuple[Any, str]:
    """Return the inputs, channels last, and the dtype they had."""
    x = from_python(inputs)
    if rank(x) < 3:
        raise ValueError(
            f"{name} takes (batch, one to three spatial axes, channels); the shape is "
            f"{tuple(x.shape)}."
        )
    return channels_last(floating(x), form), dtype_of(x)


def _how(name: str, x: Any, pool_size: Any, strides: Any, padding: Any) -> dict[str, Any]:
    axes = rank(x) - 2
    size = spatial(name, "pool_size", pool_size, axes)
    steps = size if strides is None else spatial(name, "strides", strides, axes)
    same = padding_name(name, padding) == "same"
    places, ones = tuple(x.shape[1:-1]), (1,) * axes
    zeros = same_padding(places, size, steps, ones) if same else no_padding(axes)
    Windows(steps, zeros, ones).check(name, places, size)
    return {"size": size, "strides": steps, "padding": zeros}


@op
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the largest value of each window.

    Args:
        inputs: (batch, *places, channels), or the channels second with "channels_first".
        pool_size: of a window, a number or one for each axis.
        strides: from one window to the next; `pool_size` if None.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them.
        data_format: where the channels are; the configured format if None.

    Returns:
        (batch, *windows, channels), or the channels second.

    Raises:
        ValueError: if ranks or windows do not fit.
    """
    form = checked_format("max_pool", data_format)
    x, dtype = _prepared("max_pool", inputs, form)
    how = _how("max_pool", x, pool_size, strides, padding)
    # The largest of max(x + b, 0) is max(largest + b, 0), rounded or not: pooled first, there is
    # less to compute.
    before = made_by(x, "relu")
    given = x if before is None else before
    inner, offset = _without_offset(given)
    y = apply(p.max_pool, (inner,), how)[0]
    y = y if offset is None else apply(e.add, (y, offset), {})
    y = y if before is None else apply(e.relu, (y,), {})
    if inner is not x and isinstance(y, Tensor) and y.node is not None:
        y.node.instead = (x, given), partial(_as_written, x, how, y)
    return to_dtype(as_given(y, form), dtype)


def _as_written(x: Tensor, how: dict[str, Any], y: Tensor) -> Node:
    """Return a pooling of x itself that makes y, for gradients by x."""
    node = Node(p.max_pool, (x,), how)
    where = apply(p.max_pool, (x,), how)[1]
    node.outputs = (y, where if isinstance(where, Tensor) else constant(where))
    return node


def _without_offset(x: Any) -> tuple[Any, Any]:
    """Return what a convolution gave before each channel got its offset, and the offsets."""
    if made_by(made_by(x, "add"), "conv") is not None:
        result, offset = x.node.inputs
        each = offset.shape[-1:] == x.shape[-1:] and math.prod(offset.shape) == x.shape[-1]
        if result.shape == x.shape and each:
            return result, offset
    return x, None


@op
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the mean of each window, of those places that are inside.

    Args, Returns, Raises: as for `max_pool`.
    """
    form = checked_format("average_pool", data_format)
    x, _ = _prepared("average_pool", inputs, form)
    how = _how("average_pool", x, pool_size, strides, padding)
    total = apply(p.sum_pool, (x,), how)
    if any(map(any, how["padding"])):
        ones = np.ones((1, *x.shape[1:-1], 1), numpy_dtype(dtype_of(x)))
        count: Any = p.sum_pool.run(np, ones, **how)
    else:
        count = float(math.prod(how["size"]))
    return as_given(el.divide(total, count), form)


_MOST_WINDOWS = 1 << 20  # each window is an operation of its own


def _bounds(n: int, windows: int) -> list[tuple[int, int]]:
    """Return where each of `windows` windows over n places begins and ends."""
    return [(i * n // windows, -(-(i + 1) * n // windows)) for i in range(windows)]


def _adaptive(name: str, inputs: Any, output_size: Any, form: str) -> tuple[Any, list[Any], str]:
    x, dtype = _prepared(name, inputs, form)
    sizes = spatial(name, "output_size", output_size, rank(x) - 2)
    if 0 in x.shape[1:-1]:
        raise ValueError(f"{name} needs places to pool; the shape is {tuple(x.shape)}.")
    if max(sizes) > _MOST_WINDOWS:
        raise ValueError(
            f"{name} takes an output_size of at most {_MOST_WINDOWS:,} for an axis; it got "
            f"{output_size}."
        )
    return x, [_bounds(n, k) for n, k in zip(x.shape[1:-1], sizes, strict=True)], dtype


@op
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Return the means of as many windows as asked for, nearly equal in size.

    Window i of k over n places has those from floor(i n / k) to ceil((i + 1) n / k).

    Args:
        inputs: (batch, *places, channels), or the channels second with "channels_first".
        output_size: windows, a number or one for each axis.
        data_format: where the channels are; the configured format if None.

    Returns:
        (batch, *output_size, channels), or the channels second.

    Raises:
        ValueError: if ranks or sizes do not fit.
    """
    form = checked_format("adaptive_average_pool", data_format)
    x, bounds, _ = _adaptive("adaptive_average_pool", inputs, output_size, form)
    for axis, windows in enumerate(bounds, start=1):
        weights = np.zeros((len(windows), x.shape[axis]), numpy_dtype(dtype_of(x)))
        for i, (start, stop) in enumerate(windows):
            weights[i, start:stop] = 1.0 / (stop - start)
        moved = shaping.moveaxis(x, axis, -2)
        x = shaping.moveaxis(matmul(weights, moved), -2, axis)
    return as_given(x, form)


@op
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Return the largest values of as many windows as asked for.

    Args, Returns, Raises: as for `adaptive_average_pool`.
    """
    form = checked_format("adaptive_max_pool", data_format)
    x, bounds, dtype = _adaptive("adaptive_max_pool", inputs, output_size, form)
    for axis, windows in enumerate(bounds, start=1):
        before = (slice(None),) * axis
        parts = [
            largest(x[(*before, slice(start, stop))], axis=axis, keepdims=True)
            for start, stop in windows
        ]
        x = shaping.concatenate(parts, axis=axis)
    return to_dtype(as_given(x, form), dtype)
