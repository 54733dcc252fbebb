"""Products of vectors, matrices and arrays beyond `matmul`, which is what they are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.ops.common import floating, from_python, normal_axis, op, operands, rank
from annette.ops.numpy import (
    arranging,
    elementwise as el,
    indexing,
    linear,
    reduction,
    shaping as sh,
)


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Return the sum of products over pairs of axes.

    `axes` is how many of the last axes of x1 meet the first of x2, or the axes of x1 and those of
    x2 that meet them.

    Shape: the axes of x1 that are left, then those of x2.

    Raises:
        ValueError: if axes that meet have different sizes.
    """
    a, b = operands(x1, x2)
    if hasattr(axes, "__index__"):
        n = int(axes)
        if not 0 <= n <= min(rank(a), rank(b)):
            raise ValueError(
                f"tensordot with axes={axes} needs as many axes of x1 as of x2, at most "
                f"{min(rank(a), rank(b))}; the shapes are {tuple(a.shape)} and {tuple(b.shape)}."
            )
        first = tuple(range(rank(a) - n, rank(a)))
        second = tuple(range(n))
    else:
        first, second = (tuple(p) if isinstance(p, (tuple, list)) else (p,) for p in axes)
    if len(first) != len(second) or max(len(first), len(second)) > min(rank(a), rank(b)):
        raise ValueError(
            f"tensordot with axes={axes} needs as many axes of x1 as of x2; the shapes are "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    first = tuple(normal_axis(i, rank(a), "axes") for i in first)
    second = tuple(normal_axis(i, rank(b), "axes") for i in second)
    if [a.shape[i] for i in first] != [b.shape[i] for i in second]:
        raise ValueError(
            f"tensordot needs axes that meet to have one size; axes={axes} of shapes "
            f"{tuple(a.shape)} and {tuple(b.shape)} do not."
        )
    rest_a = [i for i in range(rank(a)) if i not in first]
    rest_b = [i for i in range(rank(b)) if i not in second]
    inner_size = math.prod(a.shape[i] for i in first)
    rows, columns = [a.shape[i] for i in rest_a], [b.shape[i] for i in rest_b]
    left = sh.reshape(sh.transpose(a, (*rest_a, *first)), (math.prod(rows), inner_size))
    right = sh.reshape(sh.transpose(b, (*second, *rest_b)), (inner_size, math.prod(columns)))
    return sh.reshape(linear.matmul(left, right), (*rows, *columns))


@op
def dot(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axis of x1 and the second-last of x2.

    A scalar multiplies; of vectors it is the inner product, of matrices the matrix product.

    Raises:
        ValueError: if the two axes have different sizes.
    """
    # Keras gives Python's whole numbers their own dtype here: they are not weak.
    a, b = operands(*(from_python(x) if type(x) is int else x for x in (x1, x2)))
    if rank(a) == 0 or rank(b) == 0:
        return el.multiply(a, b)
    return tensordot(a, b, axes=([-1], [max(rank(b) - 2, 0)]))


@op
def inner(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axes; a scalar multiplies.

    Raises:
        ValueError: if the last axes have different sizes.
    """
    a, b = operands(x1, x2)
    if rank(a) == 0 or rank(b) == 0:
        return el.multiply(a, b)
    return tensordot(a, b, axes=([-1], [-1]))


@op
def outer(x1: Any, x2: Any) -> Any:
    """Return the product of each element of x1 with each of x2, both flattened: a matrix.

    Shapes: x1 and x2 of m and n elements; the result is (m, n).
    """
    a, b = operands(x1, x2)
    return el.multiply(sh.reshape(a, (-1, 1)), sh.reshape(b, (1, -1)))


@op
def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of products of the elements, both flattened.

    Shape: the result is a number, ().

    Raises:
        ValueError: if they have different numbers of elements.
    """
    a, b = operands(x1, x2)
    return tensordot(sh.ravel(a), sh.ravel(b), axes=1)


@op
def kron(x1: Any, x2: Any) -> Any:
    """Return Kronecker's product: x2 times each element of x1, in the places of those elements.

    Shape: each axis has the product of the sizes; the one with fewer axes gets ones in front.
    """
    a, b = operands(x1, x2)
    n = max(rank(a), rank(b))
    shapes = [(1,) * (n - rank(x)) + tuple(x.shape) for x in (a, b)]
    left = sh.reshape(a, [m for size in shapes[0] for m in (size, 1)])
    right = sh.reshape(b, [m for size in shapes[1] for m in (1, size)])
    return sh.reshape(el.multiply(left, right), [p * q for p, q in zip(*shapes, strict=True)])


@op
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Return the vector product of vectors of two or three components.

    `axisa`, `axisb` and `axisc` say which axis holds the components in x1, x2 and the result,
    `axis` for all three. Of two pairs only the third component is returned.

    Shape: that to which both broadcast.

    Raises:
        ValueError: if a vector has neither two components nor three.
    """
    a, b = operands(x1, x2)
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = sh.moveaxis(a, axisa, -1), sh.moveaxis(b, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(
            "cross takes vectors of 2 or 3 components; the axes of components have "
            f"{a.shape[-1]} and {b.shape[-1]}."
        )
    u, v = ([x[..., i] for i in range(x.shape[-1])] for x in (a, b))
    third = _minor(u[0], v[1], u[1], v[0])
    if len(u) == 2 and len(v) == 2:
        return third
    u, v = (w if len(w) == 3 else [*w, 0] for w in (u, v))
    parts = [_minor(u[1], v[2], u[2], v[1]), _minor(u[2], v[0], u[0], v[2]), third]
    return sh.stack(parts, axis=axisc)


def _minor(a: Any, b: Any, c: Any, d: Any) -> Any:
    return el.subtract(el.multiply(a, b), el.multiply(c, d))


@op
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    r"""Return :math:`\sum_n a_{n+k} v_n` of two vectors for each offset k.

    Args:
        x1: a.
        x2: v.
        mode: "valid" where they overlap whole, "same" for as many as the longer has, "full" where
            they overlap at all.

    Raises:
        ValueError: if the mode is unknown, or they are not vectors with elements.
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"correlate expects mode='valid', 'same' or 'full'; it got {mode!r}.")
    a, v = operands(x1, x2, at_least_float=True)
    if rank(a) != 1 or rank(v) != 1 or not a.shape[0] or not v.shape[0]:
        raise ValueError(
            "correlate takes two vectors with elements; the shapes are "
            f"{tuple(a.shape)} and {tuple(v.shape)}."
        )
    if a.shape[0] < v.shape[0]:
        return sh.flip(_correlate(v, a, mode))
    return _correlate(a, v, mode)


def _correlate(a: Any, v: Any, mode: str) -> Any:
    """Return the correlation where `a` is not shorter."""
    n, m = a.shape[0], v.shape[0]
    before = {"valid": 0, "same": m // 2, "full": m - 1}[mode]
    after = {"valid": 0, "same": (m - 1) // 2, "full": m - 1}[mode]
    a = arranging.pad(a, ((before, after),))
    count = n + before + after - m + 1
    windows = np.arange(count)[:, None] + np.arange(m)
    return linear.matmul(indexing.take(a, windows.astype("int32")), v)


@op
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the area under y along `axis`, by trapezoids over places x, or `dx` apart.

    Shape: that of y without `axis`.
    """
    y = sh.moveaxis(floating(y), axis, -1)
    n = y.shape[-1]
    if x is not None:
        places = from_python(x)
        places = places if rank(places) == 1 else sh.moveaxis(places, axis, -1)
        dx = el.subtract(places[..., 1:], places[..., :-1])
    heights = el.multiply(el.add(y[..., 1:], y[..., : max(n - 1, 0)]), 0.5)
    return reduction.sum(el.multiply(heights, dx), axis=-1)
