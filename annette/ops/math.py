"""Mathematical operations beyond NumPy's names: erf, logsumexp, top_k and their kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.graph.tensor import Tensor
from annette.ops.common import dtype_of, floating, from_python, normal_axes, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.primitives import elementwise as e
from annette.primitives import index as ix


@op
def erf(x: Any) -> Any:
    r"""Return :math:`\tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt`."""
    return apply(e.erf, (floating(x),), {})


@op
def rsqrt(x: Any) -> Any:
    r"""Return :math:`1 / \sqrt{x}`."""
    return el.divide(1.0, el.sqrt(x))


@op
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    r"""Return :math:`\ln \sum e^x` over `axis`, the largest x taken out first."""
    x = floating(x)
    axes = normal_axes(axis, rank(x))
    largest = reduction.max(x, axis=axes, keepdims=True)
    largest = el.where(el.isfinite(largest), largest, 0.0)
    total = reduction.sum(el.exp(el.subtract(x, largest)), axis=axes, keepdims=True)
    y = el.add(el.log(total), largest)
    return y if keepdims else shaping.squeeze(y, axes)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> Any:  # noqa: A002  # Keras's name
    """Return the k largest elements along the last axis and where they are."""
    x = from_python(x)
    if k < 0 or k > x.shape[-1]:
        raise ValueError(f"top_k: k={k}, but the last axis has {x.shape[-1]} elements.")
    # Equal elements come in the order they stand in, which flipping a stable upward sort would turn.
    order = indexing.argsort(el.negative(x), axis=-1)
    start, stop = [0] * rank(x), [*x.shape[:-1], k]
    places = shaping.slice_static(order, start, stop)
    return indexing.take_along_axis(x, places, axis=-1), places


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Say whether each target is among the k largest predictions of its row."""
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
    return el.where(el.equal(el.absolute(x), 1.0), el.multiply(x, float("inf")), y)


@op
def erfc(x: Any) -> Any:
    """Return 1 - erf x."""
    return el.subtract(1.0, erf(x))


def _segments(data: Any, segment_ids: Any, num_segments: int | None) -> tuple[Any, Any, int]:
    data, ids = from_python(data), from_python(segment_ids)
    if rank(ids) != 1:
        raise ValueError(f"segment_ids must have one axis; its shape is {tuple(ids.shape)}.")
    if num_segments is None:
        if isinstance(ids, Tensor):
            raise ValueError("Inside a traced function num_segments must be given.")
        num_segments = int(ids.max()) + 1 if ids.size else 0
    return data, ids, num_segments


@op
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False  # noqa: A002
) -> Any:
    """Return the sum of the rows of each segment; rows of one segment have one id."""
    data, ids, n = _segments(data, segment_ids, num_segments)
    valid = el.logical_and(el.greater_equal(ids, 0), el.less(ids, n))
    valid = shaping.reshape(valid, (-1, *(1,) * (rank(data) - 1)))
    kept = el.where(valid, data, 0)
    return apply(ix.scatter_add, (kept, ids), {"axis": 0, "size": n})


def _segment_extreme(reduce: Any, worst: float, data: Any, ids: Any, n: int) -> Any:
    dtype = dtype_of(data)
    if "float" not in dtype:
        info = np.iinfo(dtype)
        worst = info.min if worst < 0 else info.max
    member = el.equal(shaping.reshape(ids, (1, -1)), np.arange(n, dtype="int32")[:, None])
    member = shaping.reshape(member, (n, -1, *(1,) * (rank(data) - 1)))
    spread = el.where(member, shaping.expand_dims(data, 0), np.asarray(worst, numpy_dtype(dtype)))
    return reduce(spread, axis=1)


@op
def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False  # noqa: A002
) -> Any:
    """Return the largest of the rows of each segment, minus infinity for an empty one."""
    data, ids, n = _segments(data, segment_ids, num_segments)
    return _segment_extreme(reduction.max, float("-inf"), data, ids, n)


@op
def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False  # noqa: A002
) -> Any:
    """Return the smallest of the rows of each segment, infinity for an empty one."""
    data, ids, n = _segments(data, segment_ids, num_segments)
    return _segment_extreme(reduction.min, float("inf"), data, ids, n)


@op
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False  # noqa: A002
) -> Any:
    """Return the product of the rows of each segment, 1 for an empty one."""
    data, ids, n = _segments(data, segment_ids, num_segments)
    member = el.equal(shaping.reshape(ids, (1, -1)), np.arange(n, dtype="int32")[:, None])
    member = shaping.reshape(member, (n, -1, *(1,) * (rank(data) - 1)))
    return reduction.prod(el.where(member, shaping.expand_dims(data, 0), 1), axis=1)


@op
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Return the windows of a length along the last axis, a stride apart, on a new axis before it."""
    x = from_python(x)
    count = (x.shape[-1] - sequence_length) // sequence_stride + 1
    places = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
    return indexing.take(x, places.astype("int32"), axis=-1)


@op
def cdist(x1: Any, x2: Any, p: float = 2.0) -> Any:
    """Return the distances of order p between the rows of x1 and those of x2."""
    a, b = (floating(v) for v in (x1, x2))
    gap = el.absolute(el.subtract(shaping.expand_dims(a, -2), shaping.expand_dims(b, -3)))
    if p == 2.0:
        return el.sqrt(reduction.sum(el.square(gap), axis=-1))
    if p == float("inf"):
        return reduction.max(gap, axis=-1)
    if p == 1.0:
        return reduction.sum(gap, axis=-1)
    return el.power(reduction.sum(el.power(gap, p), axis=-1), 1.0 / p)


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """Return the norm of vectors or matrices along `axis` (None: of all elements).

    Args:
        x: an array.
        ord: for vectors a number, infinity or 0; for matrices 1, -1, infinity, -infinity or "fro".
        axis: one axis for vectors, two for matrices.
        keepdims: whether reduced axes stay, of size 1.

    Raises:
        ValueError: for an order that has no such norm.
    """
    x = floating(x)
    axes = normal_axes(axis, rank(x))
    if (axis is None and ord is None) or (len(axes) == 2 and ord in (None, "fro")):
        return el.sqrt(reduction.sum(el.square(x), axes, keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, float("inf"), float("-inf")):
        pair = axes if axis is None or isinstance(axis, int) else tuple(
            a % rank(x) for a in axis
        )  # fmt: skip
        inner, outer = pair if abs(ord) == 1 else pair[::-1]
        sums = reduction.sum(el.absolute(x), axis=inner, keepdims=True)
        found = (reduction.max if ord > 0 else reduction.min)(sums, axis=outer, keepdims=True)
        return found if keepdims else shaping.squeeze(found, axes)
    raise ValueError(
        f"norm has no order {ord!r} over {len(axes)} axes: vectors take a number or infinity, "
        "matrices 1, -1, infinity, -infinity or 'fro'."
    )


def _vector_norm(x: Any, order: Any, axes: Any, keepdims: bool) -> Any:
    if isinstance(order, str):
        raise ValueError(f"norm of a vector takes a number or infinity as ord; it got {order!r}.")
    size = el.absolute(x)
    if order in (None, 2):
        return el.sqrt(reduction.sum(el.square(x), axes, keepdims))
    if order == float("inf"):
        return reduction.max(size, axes, keepdims)
    if order == float("-inf"):
        return reduction.min(size, axes, keepdims)
    if order == 0:
        return reduction.sum(to_dtype(el.not_equal(x, 0), dtype_of(x)), axes, keepdims)
    if order == 1:
        return reduction.sum(size, axes, keepdims)
    return el.power(reduction.sum(el.power(size, float(order)), axes, keepdims), 1.0 / order)
