"""More ways to join, cut, turn and fill arrays, composed of those in `shaping`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.ops.common import (
    dtype_of,
    from_python,
    normal_axis,
    op,
    operands,
    rank,
    to_dtype,
    unchanged,
)
from annette.ops.numpy import elementwise as el, indexing, shaping as sh
from annette.utils.arguments import at_most


@op
def append(x1: Any, x2: Any, axis: Any = None) -> Any:
    """Return x2 after x1 along `axis` (None: of the flattened arrays)."""
    if axis is None:
        return sh.concatenate([sh.ravel(x1), sh.ravel(x2)])
    return sh.concatenate([x1, x2], axis=axis)


def _at_least(x: Any, ndim: int) -> Any:
    """Return x with new axes: the first of a vector's, the last of a matrix's."""
    if rank(x) >= ndim:
        return x
    shape = tuple(x.shape) or (1,)
    shape = (1, *shape) if len(shape) < min(ndim, 2) else shape
    return sh.reshape(x, (*shape, *(1,) * (ndim - len(shape))))


@op
def hstack(xs: Any) -> Any:
    """Return the arrays side by side: along the second axis, vectors along their only one."""
    parts = [_at_least(x, 1) for x in operands(*xs)]
    return sh.concatenate(parts, axis=0 if rank(parts[0]) == 1 else 1)


@op
def vstack(xs: Any) -> Any:
    """Return the arrays one below the other: along the first axis, vectors as rows."""
    return sh.concatenate([_at_least(x, 2) for x in operands(*xs)], axis=0)


@op
def dstack(xs: Any) -> Any:
    """Return the arrays one behind the other: along the third axis."""
    return sh.concatenate([_at_least(x, 3) for x in operands(*xs)], axis=2)


@op
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Return a list of parts of x along `axis`; the first ones are longer where it does not divide.

    Raises:
        ValueError: if it is to be cut into fewer than one part.
    """
    x = from_python(x)
    if hasattr(indices_or_sections, "__index__") and not np.ndim(indices_or_sections):
        count, n = int(indices_or_sections), x.shape[normal_axis(axis, rank(x))]
        if count < 1:
            raise ValueError(f"array_split expects 1 part or more; it got {count}.")
        at_most("array_split", "indices_or_sections", count, 2**20)
        each, longer = divmod(n, count)
        sizes = [each + (i < longer) for i in range(count)]
        indices_or_sections = [int(i) for i in np.cumsum(sizes)[:-1]]
    return sh.split(x, indices_or_sections, axis=axis)


def _split_along(name: str, x: Any, cuts: Any, axis: int, needed: int) -> Any:
    x = from_python(x)
    if rank(x) < needed:
        raise ValueError(
            f"{name} takes an array of {needed} axes or more; it got shape {tuple(x.shape)}."
        )
    return sh.split(x, cuts, axis=axis)


@op
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return a list of parts of x along the second axis, of a vector along its only one."""
    x = from_python(x)
    return _split_along("hsplit", x, indices_or_sections, 1 if rank(x) > 1 else 0, 1)


@op
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return a list of parts of x along the first axis."""
    return _split_along("vsplit", x, indices_or_sections, 0, 2)


@op
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return a list of parts of x along the third axis."""
    return _split_along("dsplit", x, indices_or_sections, 2, 3)


@op
def fliplr(x: Any) -> Any:
    """Return x with the order of its columns turned round."""
    return sh.flip(x, axis=1)


@op
def flipud(x: Any) -> Any:
    """Return x with the order of its rows turned round."""
    return sh.flip(x, axis=0)


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return x moved on by `shift` along `axis` (None: flattened), the last ones to the front.

    Raises:
        ValueError: if there are not as many shifts as axes.
    """
    x = from_python(x)
    if axis is None:
        return sh.reshape(roll(sh.ravel(x), sum(sh.static_shape(shift)), 0), tuple(x.shape))
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    shifts = sh.static_shape(shift)
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    axes = axes * len(shifts) if len(axes) == 1 else axes
    if len(shifts) != len(axes):
        raise ValueError(
            f"roll expects one shift for each axis; it got shift={shift} and axis={axis}."
        )
    y = unchanged(x)
    for by, a in zip(shifts, axes, strict=True):
        a = normal_axis(a, rank(x))
        n = x.shape[a]
        if n and by % n:
            cut = n - by % n
            first, last = sh.split(y, [cut], axis=a)
            y = sh.concatenate([last, first], axis=a)
    return y


@op
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Return the array turned k times by 90 degrees, from the first of `axes` towards the second.

    Raises:
        ValueError: if the axes are not two different ones of the array.
    """
    x = from_python(array)
    if rank(x) < 2 or len(axes) != 2:
        raise ValueError(
            "rot90 turns an array of 2 axes or more in the plane of two of them; it got shape "
            f"{tuple(x.shape)} and axes={axes}."
        )
    first, second = (normal_axis(a, rank(x), "axes") for a in axes)
    if first == second:
        raise ValueError(f"rot90 needs two different axes; it got axes={axes}.")
    k = int(k) % 4
    if k == 0:
        return unchanged(x)
    if k == 2:
        return sh.flip(x, (first, second))
    if k == 1:
        return sh.swapaxes(sh.flip(x, second), first, second)
    return sh.flip(sh.swapaxes(x, first, second), second)


_FILLED = ("constant", "empty")
_MIRRORED = ("edge", "reflect", "symmetric", "wrap")


def _pad_widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    given = np.asarray(pad_width)
    if given.dtype.kind not in "iu" or (given < 0).any() or given.ndim > 2:
        raise ValueError(
            "pad expects pad_width to be a whole number not below 0, or a (before, after) for each "
            f"axis; it got {pad_width!r}."
        )
    try:
        wide = np.broadcast_to(given, (ndim, 2))
    except ValueError:
        raise ValueError(
            f"pad expects a (before, after) for each of the {ndim} axes; it got {pad_width!r}."
        ) from None
    return [(int(a), int(b)) for a, b in wide]


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Return x with elements put before and after along each axis.

    Args:
        x: to be made larger.
        pad_width: how many: a number, (before, after), or a pair of them for each axis.
        mode: "constant"; "reflect" (mirrored at the outermost element), "symmetric" (mirrored
            behind it), "edge" (repeated) or "wrap" (from the other end).
        constant_values: the value in mode "constant", 0 unless given.

    Raises:
        ValueError: if the mode is unknown, or a value comes with another mode.
    """
    x = from_python(x)
    if mode not in (*_FILLED, *_MIRRORED):
        known = ", ".join(repr(m) for m in (*_FILLED, *_MIRRORED))
        raise ValueError(f"pad expects mode to be one of {known}; it got {mode!r}.")
    if mode != "constant" and constant_values is not None:
        raise ValueError(
            "pad takes constant_values only with mode='constant'; it got mode="
            f"{mode!r} and constant_values={constant_values!r}."
        )
    widths = _pad_widths(pad_width, rank(x))
    if mode in _FILLED:
        return _pad_constant(x, widths, constant_values)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = _mirrored(x.shape[axis], before, after, mode, axis)
            x = indexing.take(x, places, axis=axis)
    return unchanged(x)


def _pad_constant(x: Any, widths: list[tuple[int, int]], value: Any) -> Any:
    zero = value is None or (type(value) in (int, float, bool) and value == 0)
    as_numbers = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    padded = sh.pad_zeros(as_numbers, widths)
    padded = to_dtype(padded, dtype_of(x))
    if zero or not any(a or b for a, b in widths):
        return unchanged(padded)
    inside = np.pad(np.ones(tuple(x.shape), bool), widths)
    return el.where(inside, padded, to_dtype(from_python(value), dtype_of(x)))


def _mirrored(n: int, before: int, after: int, mode: str, axis: int) -> Any:
    if not n:
        raise ValueError(f"pad in mode {mode!r} repeats elements of axis {axis}, which has none.")
    count_constant(n + before + after)
    mapped: Any = np.pad
    return mapped(np.arange(n, dtype="int32"), (before, after), mode=mode)


@op
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Return, for vectors, the coordinates of each point of their grid: one array for each vector.

    Shapes: each result has an axis for each vector.

    Raises:
        ValueError: if `indexing` is neither "xy" (the second vector's axis first) nor "ij".
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid expects indexing='xy' or 'ij'; it got {indexing!r}.")
    vectors = [sh.ravel(v) for v in x]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    sizes = [0] * len(vectors)
    for vector, place in zip(vectors, places, strict=True):
        sizes[place] = vector.shape[0]
    grid = []
    for vector, place in zip(vectors, places, strict=True):
        shape = tuple(n if i == place else 1 for i, n in enumerate(sizes))
        grid.append(sh.broadcast_to(sh.reshape(vector, shape), tuple(sizes)))
    return grid


@op
def unravel_index(indices: Any, shape: Any) -> Any:
    """Return, for places in the flattened array, the index along each axis of `shape`.

    Shapes: each result is as `indices`.
    """
    rest, sizes = from_python(indices), sh.static_shape(shape)
    total = math.prod(sizes)
    rest = el.where(el.less(rest, 0), el.add(rest, total), rest)
    found = []
    for n in reversed(sizes):
        found.append(el.mod(rest, n))
        rest = el.floor_divide(rest, n)
    return tuple(reversed(found))


@op
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return the powers of each element of a vector as a row, the highest first.

    Shapes: x (n,); the result is (n, N), N the length of x unless given.

    Raises:
        ValueError: if x is not of one axis, or N is below 0.
    """
    x = from_python(x)
    count = x.shape[0] if N is None and rank(x) else N
    if rank(x) != 1 or count is None or count < 0:
        raise ValueError(
            f"vander takes an array of one axis and N of 0 or more; it got shape {tuple(x.shape)} "
            f"and N={N}."
        )
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    columns = [sh.broadcast_to(to_dtype(from_python(1), dtype_of(x)), tuple(x.shape))]
    while len(columns) < count:
        columns.append(el.multiply(columns[-1], x))
    if not count:
        return sh.reshape(sh.slice_static(x, (0,), (0,)), (x.shape[0], 0))
    return sh.stack(columns if increasing else columns[::-1], axis=1)
