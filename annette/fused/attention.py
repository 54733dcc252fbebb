"""Attention as one operation: scores, shares and the weighted sum, and their gradients in few passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.fused import fused
from annette.fused.nn import Samples, softmax
from annette.graph.dtypes import numpy_dtype
from annette.ops.common import dtype_of, single, to_dtype
from annette.ops.numpy import elementwise as el, reduction, shaping
from annette.ops.numpy.linear import matmul


def _samples(rng: np.random.Generator) -> Samples:
    few = [rng.normal(size=shape) for shape in ((2, 3, 2), (2, 4, 2), (2, 4, 3))]
    groups = [rng.normal(size=shape) for shape in ((1, 2, 3, 2), (1, 1, 4, 2), (1, 1, 4, 2))]
    mask = np.array([[True, False, True, True], [False] * 4, [True] * 4])
    return [
        ((*few,), {"scale": 0.7}),
        ((*few, mask), {"scale": 1.0}),
        ((*groups,), {"scale": 0.5}),
    ]


def lowest(dtype: str) -> np.ndarray:
    """Return what stands for a masked score: far below all others, and no infinity."""
    return np.asarray(
        -0.7 * 65500.0 if dtype == "float16" else -0.7 * 3.38953e38, numpy_dtype(dtype)
    )


def turned(x: Any) -> Any:
    """Return matrices with rows and columns exchanged."""
    return shaping.swapaxes(x, -2, -1)


def _shares(query: Any, key: Any, mask: tuple[Any, ...], scale: float) -> Any:
    """Return what share of each value a query takes, in float32 at least."""
    scores = el.multiply(matmul(single(query), turned(single(key))), scale)
    if mask:
        scores = el.where(mask[0], scores, lowest(dtype_of(scores)))
    return softmax(scores, axis=-1)


def _vjp(
    g: Any, y: Any, query: Any, key: Any, value: Any, *mask: Any, scale: float
) -> tuple[Any, ...]:
    r"""The softmax's gradient without a pass of its own.

    :math:`\sum_j p_{ij} \bar p_{ij} = \bar y_i \cdot y_i`, so that
    :math:`\bar s_{ij} = p_{ij} (\bar p_{ij} - \bar y_i \cdot y_i)` is made as the product
    :math:`\bar p = \bar y v^T` is. The shares are written as in the composite: a lowered graph
    has them once.
    """
    shares = _shares(query, key, mask, scale)
    query, key, value, g, y = map(single, (query, key, value, g, y))
    aligned = reduction.sum(el.multiply(g, y), axis=-1, keepdims=True)
    slope = el.multiply(shares, el.subtract(matmul(g, turned(value)), aligned))
    if mask:
        slope = el.where(mask[0], slope, 0.0)
    return (
        el.multiply(matmul(slope, key), scale),
        el.multiply(matmul(turned(slope), query), scale),
        matmul(turned(shares), g),
        *(None for _ in mask),
    )


@fused(kernel=None, samples=_samples, vjp=_vjp)
def attention(query: Any, key: Any, value: Any, *mask: Any, scale: float) -> Any:
    r"""\operatorname{softmax}(s\, q k^T)\, v

    Where a mask is False the score counts as far below all others; a row of nothing else gives
    the mean of the values. Half precision is brought to float32 up to the shares. (Vaswani et al.,
    2017.)

    Shapes: query (..., t, h), key (..., s, h), value (..., s, d), mask (..., t, s), all of which
    broadcast; result (..., t, d).
    """
    shares = _shares(query, key, mask, scale)
    return matmul(to_dtype(shares, dtype_of(value)), value)
