"""Arranging arrays: reshape, transpose, join, split, with NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.graph.primitive import apply
from annette.ops.common import (
    from_python,
    normal_axes,
    normal_axis,
    op,
    operands,
    rank,
    unchanged,
)
from annette.primitives import shape as s


def static_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape given as a number, list, tuple or array as a tuple of ints."""
    if hasattr(shape, "__index__") and not hasattr(shape, "shape"):
        return (int(shape),)
    return tuple(int(n) for n in shape)


@op
def reshape(x: Any, newshape: Any) -> Any:
    """Return the same elements in another shape; one size may be -1.

    Raises:
        ValueError: if the number of elements differs.
    """
    x = from_python(x)
    shape = static_shape(newshape)
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        size = math.prod(x.shape)
        if shape.count(-1) > 1 or (known and size % known) or (not known and size):
            raise ValueError(
                f"An array of shape {tuple(x.shape)} holds {size} elements and cannot become "
                f"{shape}: at most one size may be -1, and the others must divide {size}."
            )
        shape = tuple((size // known if known else 0) if n == -1 else n for n in shape)
    return unchanged(x) if tuple(x.shape) == shape else apply(s.reshape, (x,), {"shape": shape})


@op
def transpose(x: Any, axes: Any = None) -> Any:
    """Return x with its axes in the given order (None: reversed).

    Shape: the result has the axes' sizes in their new order.

    Raises:
        ValueError: if not each axis is given once.
    """
    x = from_python(x)
    if axes is None:
        order = tuple(reversed(range(rank(x))))
    else:
        order = tuple(normal_axis(a, rank(x), "axes") for a in axes)
        if sorted(order) != list(range(rank(x))):
            raise ValueError(
                f"transpose needs each of the {rank(x)} axes once; it got axes={tuple(axes)}."
            )
    if order == tuple(range(rank(x))):
        return unchanged(x)
    return apply(s.transpose, (x,), {"axes": order})


@op
def broadcast_to(x: Any, shape: Any) -> Any:
    """Return x repeated along its axes of size 1 to `shape`."""
    x = from_python(x)
    shape = static_shape(shape)
    if tuple(x.shape) == shape:
        return unchanged(x)
    return apply(s.broadcast_to, (x,), {"shape": shape})


@op
def expand_dims(x: Any, axis: Any) -> Any:
    """Return x with an axis of size 1 put in at each place of `axis`."""
    x = from_python(x)
    places = axis if isinstance(axis, (tuple, list)) else (axis,)
    total = rank(x) + len(places)
    new = normal_axes(tuple(places), total)
    sizes = iter(x.shape)
    return reshape(x, tuple(1 if i in new else next(sizes) for i in range(total)))


@op
def squeeze(x: Any, axis: Any = None) -> Any:
    """Return x without its axes of size 1, or without those named.

    Raises:
        ValueError: if a named axis is not of size 1.
    """
    x = from_python(x)
    gone = (
        tuple(i for i, n in enumerate(x.shape) if n == 1)
        if axis is None
        else normal_axes(axis, rank(x))
    )
    if any(x.shape[i] != 1 for i in gone):
        raise ValueError(
            f"squeeze can only take away axes of size 1; axis={axis} of shape {tuple(x.shape)} is "
            "not."
        )
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in gone))


@op
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Return the arrays one after the other along `axis`.

    Shapes: alike but for `axis`, along which the result has the sum of their sizes.
    """
    xs = operands(*xs)
    return apply(s.concatenate, xs, {"axis": normal_axis(axis, rank(xs[0]))})


@op
def stack(x: Any, axis: int = 0) -> Any:
    """Return the arrays side by side along a new axis.

    Shapes: n arrays of one shape; the result has the new axis of size n.
    """
    xs = operands(*x)
    return concatenate([expand_dims(a, axis) for a in xs], axis=axis)


@op
def flip(x: Any, axis: Any = None) -> Any:
    """Return x with the order along `axis` (None: all) turned round."""
    x = from_python(x)
    return apply(s.flip, (x,), {"axes": normal_axes(axis, rank(x))})


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged."""
    x = from_python(x)
    order = list(range(rank(x)))
    a, b = normal_axis(axis1, rank(x), "axis1"), normal_axis(axis2, rank(x), "axis2")
    order[a], order[b] = order[b], order[a]
    return transpose(x, order)


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Return x with some axes moved, the others in their order."""
    x = from_python(x)
    n = rank(x)
    pair = [a if isinstance(a, (tuple, list)) else (a,) for a in (source, destination)]
    moved = [normal_axis(a, n, "source") for a in pair[0]]
    places = [normal_axis(a, n, "destination") for a in pair[1]]
    order = [i for i in range(n) if i not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


@op
def ravel(x: Any) -> Any:
    """Return all elements on one axis."""
    return reshape(x, (-1,))


@op
def pad_zeros(x: Any, widths: Any) -> Any:
    """Return x with zeros before and after each axis; `widths` is a (before, after) for each."""
    x = from_python(x)
    full = tuple((int(a), int(b), 0) for a, b in widths)
    if not any(a or b for a, b, _ in full):
        return unchanged(x)
    return apply(s.pad, (x,), {"widths": full})


@op
def slice_static(x: Any, start: Any, stop: Any, step: Any = None) -> Any:
    """Return ``x[start:stop:step]`` along all axes; steps are positive."""
    x = from_python(x)
    step = tuple(step) if step is not None else (1,) * rank(x)
    params = {"start": tuple(start), "stop": tuple(stop), "step": step}
    return apply(s.slice_, (x,), params)


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Return a list of parts of x along `axis`: so many equal ones, or cut before each index.

    Raises:
        ValueError: if the size along `axis` cannot be divided so.
    """
    x = from_python(x)
    axis = normal_axis(axis, rank(x))
    n = x.shape[axis]
    if hasattr(indices_or_sections, "__index__") and not np.ndim(indices_or_sections):
        indices_or_sections = int(indices_or_sections)
        if indices_or_sections < 1 or n % indices_or_sections:
            raise ValueError(
                f"split cannot cut {n} elements along axis {axis} into {indices_or_sections} equal "
                "parts. Give a divisor, or the places to cut at."
            )
        each = n // indices_or_sections
        cuts = [each * i for i in range(1, indices_or_sections)]
    else:
        cuts = [min(max(int(i) + n if i < 0 else int(i), 0), n) for i in indices_or_sections]
    parts, before = [], 0
    for cut in [*cuts, n]:
        start, stop = [0] * rank(x), list(x.shape)
        start[axis], stop[axis] = before, max(cut, before)
        parts.append(slice_static(x, start, stop))
        before = cut
    return parts


@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    """Return the list of the parts of x along `axis`, without that axis.

    Raises:
        ValueError: for a `num` that is not the size along `axis`, or an axis that x has not.
    """
    x = from_python(x)
    axis = normal_axis(axis, rank(x))
    if num is not None and num != x.shape[axis]:
        raise ValueError(f"unstack: num={num}, but axis {axis} has {x.shape[axis]} elements.")
    return [squeeze(part, axis) for part in split(x, x.shape[axis], axis)] if x.shape[axis] else []


@op
def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """Return x with each element along `axis` repeated (None: of the flattened array).

    Shape: that of x, with the sum of the repeats along `axis`.
    """
    from annette.ops.numpy.indexing import take

    x = from_python(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = normal_axis(axis, rank(x))
    times = np.asarray(repeats)
    count_constant(int(times.sum()) * (x.shape[axis] if times.size == 1 else 1))
    places = np.repeat(np.arange(x.shape[axis], dtype="int32"), times)
    return take(x, places, axis=axis)


@op
def tile(x: Any, repeats: Any) -> Any:
    """Return x laid side by side so many times along each axis.

    Shape: each size times its repeats; missing ones count as 1.
    """
    x = from_python(x)
    times = static_shape(repeats)
    n = max(rank(x), len(times))
    times = (1,) * (n - len(times)) + times
    shape = (1,) * (n - rank(x)) + tuple(x.shape)
    between = tuple(v for size in shape for v in (1, size))
    wide = tuple(v for t, size in zip(times, shape, strict=True) for v in (t, size))
    tiled = broadcast_to(reshape(x, between), wide)
    return reshape(tiled, tuple(t * size for t, size in zip(times, shape, strict=True)))
