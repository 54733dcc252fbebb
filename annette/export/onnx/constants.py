"""Constants whose size moves: what they are a formula of, found in the traces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Value
from annette.export.sizes import Moving, Size, size_of
from annette.graph.dtypes import numpy_dtype

if TYPE_CHECKING:
    from annette.export.onnx.writer import Writer


def written(w: Writer, value: Value) -> str:
    """Write a constant whose numbers or sizes move with the data; return its name.

    Raises:
        Refused: if it is none of: one number everywhere, a number that follows from a size, numbers
            that go up evenly along axes, a fixed table that does along one, a mask with a straight edge.
    """
    for form in (_uniform, _even, _rows, _mask):
        name = form(w, value)
        if name is not None:
            return name
    raise Refused(
        f"{w.where} has a table of numbers, {value.dtype} of shape "
        f"{', '.join(str(a.shape) for a in value.arrays[:3])} for three sizes of the data, that is "
        "computed from a size that is not known. Give the input_signature sizes where there is None."
    )


def _uniform(w: Writer, value: Value) -> str | None:
    if any(a.size and (a != a.flat[0]).any() for a in value.arrays):
        return None
    if any(not a.size for a in value.arrays):
        return None
    numbers = [a.flat[0] for a in value.arrays]
    name = w.const(numbers[0]) if len(set(numbers)) == 1 else _number(w, numbers, value.dtype)
    if name is None or not value.shape:
        return name
    return w.node("Expand", name, w.shape(value.shape))


def _number(w: Writer, numbers: Sequence[Any], dtype: str) -> str | None:
    """Write a number that follows from a size: n, 1 / n, or the root of one of them."""
    kind = numpy_dtype(dtype).type
    wide = "float64" if dtype == "float64" else "float32"
    forms: list[tuple[Callable[[float], float], Callable[[float], Any], Sequence[str]]] = [
        (lambda c: c, lambda n: n, ()),
        (lambda c: 1 / c, lambda n: 1 / n, ("Reciprocal",)),
        (lambda c: c * c, math.sqrt, ("Sqrt",)),
        (lambda c: 1 / (c * c), lambda n: 1 / math.sqrt(n), ("Sqrt", "Reciprocal")),
    ]
    for back, forth, ops in forms if all(float(c) > 0 for c in numbers) else ():
        whole = [round(back(float(c))) for c in numbers]
        if any(n < 1 or kind(forth(n)) != c for n, c in zip(whole, numbers, strict=True)):
            continue
        try:
            name = w.node("Squeeze", w.size(size_of(whole)))
        except Refused:
            continue
        name = w.cast(name, wide if ops else dtype)
        for op in ops:
            name = w.node(op, name)
        return w.cast(name, dtype) if ops else name
    return None


def _along(w: Writer, size: Size, axis: int, rank: int) -> str:
    """Write 0, 1, 2, ... along one of so many axes."""
    stop = w.node("Squeeze", w.size(size))
    zero, one = w.const(np.array(0, "int64")), w.const(np.array(1, "int64"))
    row = w.node("Range", zero, stop, one)
    return w.node("Reshape", row, w.ints(*(-1 if i == axis else 1 for i in range(rank))))


def _weighted(w: Writer, steps: Sequence[int], first: Size, shape: Sequence[Size]) -> str:
    """Write ``first + sum(step * index)`` as int64."""
    total = w.node("Squeeze", w.size(first))
    for axis, step in enumerate(steps):
        if step:
            part = _along(w, shape[axis], axis, len(shape))
            part = part if step == 1 else w.node("Mul", part, w.const(np.array(step, "int64")))
            total = w.node("Add", total, part)
    return total


def _even(w: Writer, value: Value) -> str | None:
    """Whole numbers that go up by as much along each axis."""
    if value.dtype == "bool" or not value.shape or any(not a.size for a in value.arrays):
        return None
    if any((np.asarray(a, "float64") % 1).any() for a in value.arrays):
        return None
    arrays = [np.asarray(a, "float64") for a in value.arrays]
    steps = [_step(arrays, axis) for axis in range(len(value.shape))]
    if any(s is None for s in steps):
        return None
    whole = [int(s) for s in steps if s is not None]
    for a in arrays:
        grid = np.indices(a.shape)
        if (a != a.flat[0] + sum(s * g for s, g in zip(whole, grid, strict=True))).any():
            return None
    name = _weighted(w, whole, size_of([int(a.flat[0]) for a in arrays]), value.shape)
    return w.node("Expand", w.cast(name, value.dtype), w.shape(value.shape))


def _rows(w: Writer, value: Value) -> str | None:
    """A fixed table that goes up by a fixed table, at each n-th place of the one axis that moves."""
    moving = [i for i, n in enumerate(value.shape) if isinstance(n, Moving)]
    if value.dtype == "bool" or len(moving) != 1 or any(not a.size for a in value.arrays):
        return None
    (axis,), rank = moving, len(value.shape)
    arrays = [np.moveaxis(a, axis, 0) for a in value.arrays]
    longest = max(arrays, key=len)
    first, changed = (
        longest[:1],
        np.flatnonzero((longest != longest[:1]).reshape(len(longest), -1).any(1)),
    )
    every = int(changed[0]) if changed.size else 1
    up = longest[every : every + 1] - first if changed.size else np.zeros_like(first)
    if changed.size and any((np.asarray(a, "float64") % 1).any() for a in arrays):
        return None
    for a in arrays:
        index = np.arange(len(a)).reshape(-1, *(1,) * (rank - 1)) // every
        if (a != first + up * index).any():
            return None
    name = w.const(np.moveaxis(first, 0, axis))
    if not changed.size:
        wide = [n if i == axis else 1 for i, n in enumerate(value.shape)]
        return w.node("Expand", name, w.shape(wide))
    index_name = _along(w, value.shape[axis], axis, rank)
    if every > 1:
        index_name = w.node("Div", index_name, w.const(np.array(every, "int64")))
    steps = w.node("Mul", w.cast(index_name, value.dtype), w.const(np.moveaxis(up, 0, axis)))
    return w.node("Add", name, steps)


def _step(arrays: Sequence[np.ndarray], axis: int) -> float | None:
    steps = {float(np.take(a, 1, axis).flat[0] - a.flat[0]) for a in arrays if a.shape[axis] > 1}
    return 0.0 if not steps else steps.pop() if len(steps) == 1 else None


def _mask(w: Writer, value: Value) -> str | None:
    """Bools with one straight edge: what is causal, the triangle of a matrix."""
    if value.dtype != "bool":
        return None
    rank = len(value.shape)
    moving = [i for i, n in enumerate(value.shape) if isinstance(n, Moving)]
    for steps in itertools.product((-1, 0, 1), repeat=len(moving)):
        full = [0] * rank
        for axis, step in zip(moving, steps, strict=True):
            full[axis] = step
        firsts = [_edge(a, full) for a in value.arrays]
        if all(f is not None for f in firsts):
            try:
                edge = w.size(size_of([int(f or 0) for f in firsts]))
            except Refused:
                continue
            where = _weighted(w, full, 0, value.shape)
            name = w.node("GreaterOrEqual", where, w.node("Squeeze", edge))
            return w.node("Expand", name, w.shape(value.shape))
    return None


def _edge(mask: np.ndarray, steps: Sequence[int]) -> int | None:
    """Return from which ``sum(step * index)`` on a mask is True; None if that is no edge of it."""
    if not mask.any() or mask.all():
        return None
    heights = np.zeros(mask.shape, "int64") + sum(
        s * g for s, g in zip(steps, np.indices(mask.shape), strict=True)
    )
    first = int(heights[mask].min())
    return first if ((heights >= first) == mask).all() else None
