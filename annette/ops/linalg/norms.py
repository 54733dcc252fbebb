"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

from annette.ops.common import floating, normal_axes, normal_axis, op, rank, to_dtype
from annette.ops.linalg.decompositions import singular_values
from annette.ops.numpy import elementwise as el, reduction, shaping

_INFINITY = float("inf")


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    r"""Return a norm of vectors (one axis) or matrices (two); without `ord` of all elements.

    Args:
        x: vectors or matrices.
        ord: for vectors p of :math:`(\sum |x_i|^p)^{1/p}`, ±inf for the largest or smallest size, 0
            for how many are not 0; for matrices "fro", ±1 (largest or smallest sum of a column),
            ±inf (of a row), ±2 (largest or smallest singular value) or "nuc" (their sum). None: the
            square root of the sum of squares.
        axis: one axis or two; None: all.
        keepdims: whether the axes stay, with size 1.

    Raises:
        ValueError: if the order or the number of axes is none that has a norm.
    """
    x = floating(x)
    if axis is None and ord is None:
        return _euclidean(x, normal_axes(None, rank(x)), keepdims)
    given = tuple(range(rank(x))) if axis is None else axis
    axes = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(axes) not in (1, 2):
        raise ValueError(
            f"norm takes one axis (vectors) or two (matrices); it got axis={axis} for shape "
            f"{tuple(x.shape)}."
        )
    axes = tuple(normal_axis(a, rank(x)) for a in axes)
    if len(axes) == 1:
        return _vector(x, ord, axes, keepdims)
    return _matrix(x, ord, axes, keepdims)


def _euclidean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return el.sqrt(reduction.sum(el.square(x), axis=axes, keepdims=keepdims))


def _vector(x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(order, str):
        raise ValueError(
            f"norm of vectors expects ord to be a number; it got {order!r}, which is for matrices: "
            "give two axes."
        )
    size = el.absolute(x)
    if order in (None, 2):
        return _euclidean(x, axes, keepdims)
    if order == 1:
        return reduction.sum(size, axis=axes, keepdims=keepdims)
    if order == _INFINITY:
        return reduction.max(size, axis=axes, keepdims=keepdims)
    if order == -_INFINITY:
        return reduction.min(size, axis=axes, keepdims=keepdims)
    if order == 0:
        there = to_dtype(el.not_equal(x, 0), str(x.dtype))
        return reduction.sum(there, axis=axes, keepdims=keepdims)
    total = reduction.sum(el.power(size, float(order)), axis=axes, keepdims=keepdims)
    return el.power(total, 1.0 / order)


def _matrix(x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if order in (None, "fro"):
        return _euclidean(x, axes, keepdims)
    if order in (2, -2, "nuc"):
        return _spectral(x, order, axes, keepdims)
    row, column = axes
    inside = {1: row, -1: row, _INFINITY: column, -_INFINITY: column}.get(order)
    if inside is None:
        raise ValueError(
            "norm of matrices expects ord to be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf; it got "
            f"{order!r}."
        )
    sums = reduction.sum(el.absolute(x), axis=inside, keepdims=True)
    extreme = reduction.max if order > 0 else reduction.min
    y = extreme(sums, axis=axes, keepdims=True)
    return y if keepdims else shaping.squeeze(y, axes)


def _spectral(x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    s = singular_values(shaping.moveaxis(x, axes, (-2, -1)))
    reduce = {2: reduction.max, -2: reduction.min, "nuc": reduction.sum}[order]
    y = reduce(s, axis=-1)
    return shaping.expand_dims(y, sorted(axes)) if keepdims else y
