"""Operations that are about arrays rather than on them: convert, cast, shape, scatter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import count_constant, state
from annette.graph.dtypes import standardize
from annette.graph.primitive import apply
from annette.graph.symbolic import KerasTensor
from annette.graph.tensor import Tensor
from annette.graph.variable import Variable
from annette.ops.common import dtype_of, from_python, op, to_dtype
from annette.ops.numpy import indexing, shaping
from annette.ops.numpy.measures import sizes
from annette.primitives import index as ix, shape as s


@op
def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """Return `x` as something operations compute with, of the given dtype.

    Raises:
        TypeError, ValueError: if no array of numbers can be made of it.
    """
    dtype = standardize(dtype) if dtype is not None else None
    x = from_python(x, dtype)
    x = to_dtype(x, dtype) if dtype is not None else x
    return x if isinstance(x, Tensor) else wrap(x)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return the numbers of `x` as a NumPy array of their own."""
    x = from_python(x)
    return np.array(x.numpy() if isinstance(x, Tensor) else x)


@op
def cast(x: Any, dtype: Any) -> Any:
    """Return x in another dtype; floats are cut off towards 0 to become integers."""
    dtype = standardize(dtype)
    x = from_python(x)
    if dtype == "bool" and dtype_of(x) != "bool":
        from annette.ops.numpy.elementwise import not_equal

        return not_equal(x, 0)
    x = to_dtype(x, dtype)
    return x if isinstance(x, Tensor) else wrap(x)


@op
def saturate_cast(x: Any, dtype: Any) -> Any:
    """Return x in another dtype, cut to the smallest and largest value it holds."""
    from annette.ops.numpy.elementwise import clip

    dtype = standardize(dtype)
    if "int" not in dtype:
        return cast(x, dtype)
    info = np.iinfo(dtype)
    wide = cast(x, "float64" if "int" not in dtype_of(from_python(x)) else "int64")
    return cast(clip(wide, info.min, info.max), dtype)


def dtype(x: Any) -> str:
    """Return the dtype of x by name."""
    return standardize(x.dtype) if hasattr(x, "dtype") else dtype_of(from_python(x))


def shape(x: Any) -> tuple[Any, ...]:
    """Return the sizes of the axes of x; None where a KerasTensor's is not known."""
    return sizes(x)


def is_tensor(x: Any) -> bool:
    """Say whether x is what operations take and give: an array or Tensor."""
    return isinstance(x, (Tensor, np.ndarray, KerasTensor))


@op
def stop_gradient(variable: Any) -> Any:
    """Return x; the gradient takes it as a constant."""
    return apply(s.stop_gradient, (from_python(variable),), {})


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of your own.

    ``f(*args)`` returns ``(result, gradient)`` where ``gradient(*upstream)`` (or, as in TensorFlow,
    ``gradient(upstream)``) returns the gradient for each argument.
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors = [from_python(a) for a in args]
        result, rule = f(*tensors, **kwargs)
        results = [from_python(r) for r in (result if isinstance(result, tuple) else (result,))]

        def vjp(g: Any) -> tuple[Any, ...]:
            grads = rule(*g) if isinstance(g, tuple) else rule(g)
            return tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)

        params = {"outputs": len(results), "rule": vjp}
        out = apply(s.custom_gradient, [*(_cut(r) for r in results), *tensors], params)
        return tuple(out) if isinstance(result, tuple) else out

    return wrapped


def _cut(x: Any) -> Any:
    return stop_gradient(x)


@op
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Return zeros of `shape` with `values` added at `indices` (last axis: one number an axis)."""
    values, target = from_python(values), shaping.static_shape(shape)
    flat, depth = _flat_indices(indices, target)
    count = math.prod(target[:depth])
    rows = shaping.reshape(values, (-1, *target[depth:]))
    out = apply(ix.scatter_add, (rows, flat), {"axis": 0, "size": count})
    return shaping.reshape(out, target)


def _flat_indices(indices: Any, target: tuple[int, ...]) -> tuple[Any, int]:
    indices = from_python(indices)
    depth = int(indices.shape[-1])
    flat: Any = 0
    for i in range(depth):
        flat = indexing._whole(indices[..., i], target[i]) + flat * target[i]
    return shaping.reshape(flat, (-1,)), depth


@op
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """Return `inputs` with `updates` put at `indices`; of equal indices the last counts.

    Args:
        inputs: the array.
        indices: places, the last axis one number for each of the first axes of `inputs`.
        updates: an element, or a block of the remaining axes, for each place.
        reduction: None to replace; "add", "mul", "max" or "min" to combine with what is there.

    Shape: the result is as `inputs`.

    Raises:
        ValueError: for an unknown reduction, or updates that do not fit the indices.
    """
    from annette.ops.numpy import elementwise as el

    inputs = from_python(inputs)
    target = tuple(inputs.shape)
    flat, depth = _flat_indices(indices, target)
    rest = target[depth:]
    count = math.prod(target[:depth])
    rows = shaping.reshape(inputs, (count, *rest))
    new = shaping.reshape(to_dtype(from_python(updates), dtype_of(inputs)), (-1, *rest))
    if reduction == "add":
        added = apply(ix.scatter_add, (new, flat), {"axis": 0, "size": count})
        return shaping.reshape(el.add(rows, added), target)
    combine = {None: lambda a, b: b, "mul": el.multiply, "max": el.maximum, "min": el.minimum}
    if reduction not in combine:
        raise ValueError(
            "scatter_update expects reduction None, 'add', 'mul', 'max' or 'min'; it got "
            f"{reduction!r}."
        )
    return shaping.reshape(_update_rows(rows, flat, new, combine[reduction]), target)


def _update_rows(rows: Any, flat: Any, new: Any, combine: Any) -> Any:
    """Return `rows` with those at `flat` combined, one update after the other where two collide."""
    from annette.ops.numpy import elementwise as el
    from annette.ops.numpy.creation import arange

    n, count = new.shape[0], rows.shape[0]
    concrete = not isinstance(flat, Tensor)
    if (concrete and len(np.unique(flat)) == n) or (combine(0, 1) == 1 and n <= 1):
        updates = combine(indexing.take(rows, flat, axis=0), new)
        put = apply(ix.scatter_add, (updates, flat), {"axis": 0, "size": count})
        ones = np.ones((n,), "int32")
        hit = apply(ix.scatter_add, (ones, flat), {"axis": 0, "size": count})
        hit = shaping.reshape(hit, (count, *(1,) * (len(rows.shape) - 1)))
        return el.where(el.greater(hit, 0), put, rows)
    place = shaping.reshape(arange(count), (count, *(1,) * (len(rows.shape) - 1)))
    for i in range(n):
        rows = el.where(el.equal(place, flat[i]), combine(rows, new[i]), rows)
    return rows


@op
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:  # Keras's name
    """Return the block of the given shape that begins at `start_indices`."""
    inputs = from_python(inputs)
    sizes = shaping.static_shape(shape)
    for axis, size_ in enumerate(sizes):
        if size_ == inputs.shape[axis]:
            continue
        first = start_indices[axis]
        count_constant(size_)
        places = np.arange(size_, dtype="int32") + first
        inputs = indexing.take(inputs, places, axis=axis)
    return inputs


@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """Return `inputs` with the block that begins at `start_indices` replaced by `updates`."""
    inputs, updates = from_python(inputs), from_python(updates)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in updates.shape], indexing="ij"), axis=-1)
    start = shaping.stack([from_python(i) for i in start_indices], axis=0)
    indices = grid.astype("int32") + to_dtype(start, "int32")
    target = tuple(inputs.shape)
    flat, _ = _flat_indices(indices, target)
    count = math.prod(target)
    from annette.ops.numpy import elementwise as el

    new = shaping.reshape(to_dtype(updates, dtype_of(inputs)), (-1,))
    put = apply(ix.scatter_add, (new, flat), {"axis": 0, "size": count})
    ones = np.ones(new.shape, "int32")
    hit = apply(ix.scatter_add, (ones, flat), {"axis": 0, "size": count})
    merged = el.where(el.greater(hit, 0), put, shaping.reshape(inputs, (-1,)))
    return shaping.reshape(merged, target)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return what one of two functions gives; inside a trace both are computed, one is chosen."""
    from annette.ops.numpy.elementwise import where
    from annette.utils import tree

    if is_concrete(pred):
        return true_fn() if bool(np.asarray(from_python(pred))) else false_fn()
    return tree.map_structure(lambda a, b: where(pred, a, b), true_fn(), false_fn())


@op
def map(f: Callable[[Any], Any], xs: Any) -> Any:  # Keras's name
    """Return f of each element along the first axis of xs, stacked.

    Shapes: elements (n, ...); the result is n results of f, stacked.
    """
    from annette.utils import tree

    count = tree.flatten(xs)[0].shape[0]
    results = [f(tree.map_structure(lambda x: x[i], xs)) for i in range(count)]  # noqa: B023  # used at once
    return tree.map_structure(lambda *parts: shaping.stack(parts), *results)


@op
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Return the function of each element along the first axis, stacked."""
    return map(function, elements)


def is_concrete(x: Any) -> bool:
    """Say whether x has numbers now: false for a symbol inside a trace."""
    if isinstance(x, Variable):
        return state.trace is None
    return not isinstance(x, KerasTensor) and (not isinstance(x, Tensor) or x.value is not None)
