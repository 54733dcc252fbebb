"""Mathematical operations beyond NumPy's names: erf, logsumexp, top_k and their kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.ops.common import (
    concrete,
    dtype_of,
    floating,
    from_python,
    normal_axes,
    op,
    operands,
    rank,
    to_dtype,
)
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.ops.numpy.creation import arange, full
from annette.primitives import elementwise as e, index


@op
def erf(x: Any) -> Any:
    r"""Return :math:`\tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt`."""
    return apply(e.erf, (floating(x),), {})


@op
def erfc(x: Any) -> Any:
    r"""Return :math:`1 - \operatorname{erf} x`, exact where it is small."""
    return apply(e.erfc, (floating(x),), {})


@op
def rsqrt(x: Any) -> Any:
    r"""Return :math:`1 / \sqrt{x}`."""
    return el.divide(1.0, el.sqrt(x))


@op
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    r"""Return :math:`\ln \sum e^x` over `axis`, the largest x taken out first."""
    x = floating(x)
    axes = normal_axes(axis, rank(x))
    if any(x.shape[i] == 0 for i in axes):
        return el.log(reduction.sum(x, axis=axes, keepdims=keepdims))  # of no powers: ln 0
    largest = reduction.max(x, axis=axes, keepdims=True)
    largest = el.where(el.isfinite(largest), largest, 0.0)
    total = reduction.sum(el.exp(el.subtract(x, largest)), axis=axes, keepdims=True)
    y = el.add(el.log(total), largest)
    return y if keepdims else shaping.squeeze(y, axes)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> Any:  # Keras's name
    """Return the k largest elements along the last axis and where they are.

    Shapes: x (..., n); both results (..., k).

    Raises:
        ValueError: if k is larger than n.
    """
    x = from_python(x)
    if k < 0 or k > x.shape[-1]:
        raise ValueError(f"top_k: k={k}, but the last axis has {x.shape[-1]} elements.")
    # Equal elements come as they stand, which flipping a stable upward sort would turn round.
    order = indexing.argsort(el.negative(x), axis=-1)
    start, stop = [0] * rank(x), [*x.shape[:-1], k]
    places = shaping.slice_static(order, start, stop)
    return indexing.take_along_axis(x, places, axis=-1), places


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Say whether each target is among the k largest predictions of its row.

    Shapes: targets (n,), predictions (n, classes); the result is (n,).
    """
    targets, predictions = from_python(targets), from_python(predictions)
    at = indexing.take_along_axis(predictions, shaping.expand_dims(targets, -1), axis=-1)
    larger = reduction.sum(to_dtype(el.greater(predictions, at), "int32"), axis=-1)
    return el.logical_and(el.less(larger, k), el.isfinite(shaping.squeeze(at, -1)))


# Giles, "Approximating the erfinv function", 2010: polynomials for the centre and for the tails.
_ERFINV_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_ERFINV_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...], w: Any) -> Any:
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = el.add(el.multiply(y, w), c)
    return y


@op
def erfinv(x: Any) -> Any:
    """Return the number whose erf is x (Giles, 2010; in float64 sharpened by Newton's steps)."""
    x = floating(x)
    w = el.negative(el.log(el.multiply(el.subtract(1.0, x), el.add(1.0, x))))
    inside = el.less(w, 5.0)
    centre = _polynomial(_ERFINV_CENTRE, el.subtract(w, 2.5))
    tail = _polynomial(_ERFINV_TAIL, el.subtract(el.sqrt(el.maximum(w, 5.0)), 3.0))
    y = el.multiply(el.where(inside, centre, tail), x)
    for _ in range(2 if dtype_of(x) == "float64" else 0):
        slope = el.multiply(el.exp(el.negative(el.square(y))), 2.0 / math.sqrt(math.pi))
        y = el.subtract(y, el.divide(el.subtract(erf(y), x), slope))
    # At the ends w is infinite and the polynomials are not a number.
    y = el.where(el.equal(x, 1.0), math.inf, y)
    return el.where(el.equal(x, -1.0), -math.inf, y)


def _segments(name: str, data: Any, segment_ids: Any, count: int | None) -> tuple[Any, Any, int]:
    """Return the data, the segment of each row (one more for those outside), and their number."""
    data, ids = from_python(data), from_python(segment_ids)
    if rank(ids) != 1 or not rank(data) or ids.shape[0] != data.shape[0]:
        raise ValueError(
            f"{name} expects segment_ids of one axis with a number for each row of data; the "
            f"shapes are {tuple(ids.shape)} and {tuple(data.shape)}."
        )
    if count is None:
        why = "the number of segments is the largest of segment_ids and one"
        known = concrete(ids, name, why, "Give num_segments")
        count = int(known.max()) + 1 if known.size else 0
    inside = el.logical_and(el.greater_equal(ids, 0), el.less(ids, count))
    return data, to_dtype(el.where(inside, ids, count), "int32"), count


@op
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the sum of the rows of each segment; rows of no segment are left out.

    Shapes: data (n, ...), segment_ids (n,); the result is (num_segments, ...).

    Raises:
        ValueError: if the shapes do not fit, or inside a trace without `num_segments`.
    """
    data, ids, count = _segments("segment_sum", data, segment_ids, num_segments)
    total = apply(index.scatter_add, (data, ids), {"axis": 0, "size": count + 1})
    return total[:count]


def _segment_reduce(
    name: str, combine: Any, empty: Any, data: Any, segment_ids: Any, num_segments: int | None
) -> Any:
    """Combine the rows of each segment: a running result over the sorted rows, its last taken."""
    data, ids, count = _segments(name, data, segment_ids, num_segments)
    n, rest = data.shape[0], (1,) * (rank(data) - 1)
    order = indexing.argsort(ids)
    ids, y = indexing.take(ids, order), indexing.take(data, order, axis=0)
    step = 1
    while step < n:
        same = shaping.reshape(el.equal(ids[step:], ids[:-step]), (n - step, *rest))
        tail = el.where(same, combine(y[step:], y[:-step]), y[step:])
        y = shaping.concatenate([y[:step], tail])
        step *= 2
    segments = arange(count, dtype="int32")
    ends = indexing.searchsorted(ids, segments, side="right")
    starts = indexing.searchsorted(ids, segments, side="left")
    there = shaping.reshape(el.greater(ends, starts), (count, *rest))
    if not n:
        return full((count, *data.shape[1:]), empty, dtype_of(data))
    found = indexing.take(y, el.maximum(el.subtract(ends, 1), 0), axis=0)
    return el.where(there, found, np.asarray(empty, numpy_dtype(dtype_of(data))))


def _bounds(x: Any) -> tuple[Any, Any]:
    """Return the smallest and largest value of a dtype."""
    dtype = dtype_of(from_python(x))
    if "int" in dtype:
        return np.iinfo(dtype).min, np.iinfo(dtype).max
    return -math.inf, math.inf


@op
def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the largest of the rows of each segment; the smallest number where it has none.

    Raises:
        ValueError: if the shapes do not fit, or inside a trace without `num_segments`.
    """
    empty = _bounds(data)[0]
    return _segment_reduce("segment_max", el.maximum, empty, data, segment_ids, num_segments)


@op
def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the smallest of the rows of each segment; the largest number where it has none.

    Raises:
        ValueError: if the shapes do not fit, or inside a trace without `num_segments`.
    """
    empty = _bounds(data)[1]
    return _segment_reduce("segment_min", el.minimum, empty, data, segment_ids, num_segments)


@op
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the product of the rows of each segment; 1 where it has none.

    Raises:
        ValueError: if the shapes do not fit, or inside a trace without `num_segments`.
    """
    return _segment_reduce("segment_prod", el.multiply, 1, data, segment_ids, num_segments)


@op
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Return the stretches of the last axis of a length that begin each stride, as a new axis.

    Raises:
        ValueError: if the length or the stride is below 1, or x is a scalar.
    """
    x = from_python(x)
    if not rank(x) or sequence_length < 1 or sequence_stride < 1:
        raise ValueError(
            "extract_sequences expects an array, and a length and a stride of 1 or more; it got "
            f"shape {tuple(x.shape)}, sequence_length={sequence_length} and "
            f"sequence_stride={sequence_stride}."
        )
    count = max((x.shape[-1] - sequence_length) // sequence_stride + 1, 0)
    places = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
    return indexing.take(x, places.astype("int32"), axis=-1)


@op
def cdist(x: Any, y: Any) -> Any:
    r"""Return the distance :math:`\lVert x_i - y_j \rVert` of each row of x from each row of y.

    Shapes: x (..., n, d), y (..., m, d); the result is (..., n, m).

    Raises:
        ValueError: if their last axes differ.
    """
    a, b = operands(x, y, at_least_float=True)
    if rank(a) < 2 or rank(b) < 2 or a.shape[-1] != b.shape[-1]:
        raise ValueError(
            "cdist expects two arrays of points (rows) of one length; the shapes are "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    between = el.subtract(shaping.expand_dims(a, -2), shaping.expand_dims(b, -3))
    square = reduction.sum(el.square(between), axis=-1)
    # Points that coincide have distance 0 and, as Keras says, gradient 0.
    apart = el.greater(square, 0)
    return el.where(apart, el.sqrt(el.where(apart, square, 1.0)), 0.0)
