"""Making, joining and cutting arrays in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

import annette
from annette import ops
from annette.compat.strings import is_text, strings
from annette.graph import Tensor as _Symbol
from annette.graph.array import Array

__all__ = (
    "Tensor Variable broadcast_to cast clip_by_global_norm clip_by_norm clip_by_value concat constant "
    "convert_to_tensor einsum expand_dims eye fill gather identity is_tensor linspace matmul norm "
    "one_hot ones ones_like pad range rank repeat reshape reverse shape size split squeeze "
    "stack stop_gradient tensordot tile transpose unstack where zeros zeros_like "
).split()

_WIDE = {"float64": "float32", "int64": "int32"}  # what TensorFlow makes of Python numbers


class _AnyTensor(type):
    def __instancecheck__(cls, value: Any) -> Any:
        return isinstance(value, (Array, _Symbol))


class Tensor(metaclass=_AnyTensor):
    """`isinstance(x, tf.Tensor)` holds for annette's arrays and symbols."""


class _AnyVariable(type):
    def __instancecheck__(cls, value: Any) -> Any:
        return isinstance(value, annette.Variable)


class Variable(metaclass=_AnyVariable):
    """`tf.Variable(initial_value, ...)` makes an annette `Variable`."""

    def __new__(  # type: ignore[misc]  # the product is of another class on purpose
        cls,
        initial_value: Any = None,
        trainable: Any = True,
        validate_shape: Any = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> annette.Variable:
        """Return a variable whose first value is `initial_value`."""
        value = initial_value() if callable(initial_value) else initial_value
        trainable = True if trainable is None else trainable
        return _Variable(constant(value, dtype), trainable=trainable, name=name)


class _Variable(annette.Variable):
    """A variable whose slices can be assigned: `v[0, 1].assign(2.0)`."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, Array):

            def put(value: Any) -> annette.Variable:
                whole = np.array(self)
                whole[np.asarray(key) if isinstance(key, np.ndarray) else key] = np.asarray(value)
                self.assign(whole)
                return self

            found.assign = put  # type: ignore[attr-defined]  # only slices of variables have it
            found.assign_add = lambda value: put(found + value)  # type: ignore[attr-defined]
            found.assign_sub = lambda value: put(found - value)  # type: ignore[attr-defined]
        return found

    def scatter_nd_update(self, indices: Any, updates: Any, name: Any = None) -> annette.Variable:
        """Set the elements (or rows) at `indices` to `updates`."""
        self.assign(ops.scatter_update(self, indices, updates))
        return self


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """Return `value` as an array: Python's numbers as float32 and int32, arrays as they are."""
    if is_text(value):
        made = strings(value)
        return made if shape is None else np.broadcast_to(made, _shape(shape))
    if dtype is None and not hasattr(value, "dtype"):
        kind = np.asarray(value).dtype.name
        dtype = None if _holds_arrays(value) else _WIDE.get(kind)
    made = ops.convert_to_tensor(value, None if dtype is None else str(dtype))
    if shape is None:
        return made
    return ops.broadcast_to(made, shape) if ops.size(made) == 1 else ops.reshape(made, shape)


def _holds_arrays(value: Any) -> Any:
    return isinstance(value, (list, tuple)) and any(hasattr(v, "dtype") for v in value)


def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None
) -> Any:
    """Return `value` as an array."""
    return constant(value, dtype)


def is_tensor(x: Any) -> Any:
    """Return whether `x` is an annette array, symbol or variable."""
    return isinstance(x, (Array, _Symbol, annette.Variable))


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """Return `x` with another element type."""
    return ops.cast(x, str(dtype) if isinstance(dtype, str) else np.dtype(dtype).name)


def identity(input: Any, name: Any = None) -> Any:
    """Return `input`."""
    return ops.copy(constant(input))


def stop_gradient(input: Any, name: Any = None) -> Any:
    """Return `input` without its gradient."""
    return ops.stop_gradient(input)


def zeros(shape: Any, dtype: Any = "float32", name: Any = None) -> Any:
    """Return zeros."""
    return ops.zeros(_shape(shape), str(dtype))


def ones(shape: Any, dtype: Any = "float32", name: Any = None) -> Any:
    """Return ones."""
    return ops.ones(_shape(shape), str(dtype))


def fill(dims: Any, value: Any, name: Any = None) -> Any:
    """Return an array of one value."""
    return ops.broadcast_to(constant(value), _shape(dims))


def zeros_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return zeros of the shape of `input`."""
    return ops.zeros_like(constant(input), dtype)


def ones_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return ones of the shape of `input`."""
    return ops.ones_like(constant(input), dtype)


def eye(
    num_rows: int, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32"
) -> Any:
    """Return ones on the diagonal, zeros elsewhere."""
    made = ops.eye(num_rows, num_columns, dtype=str(dtype))
    return made if batch_shape is None else ops.broadcast_to(made, (*batch_shape, *made.shape))


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: Any = None
) -> Any:
    """Return the numbers from `start` up to `limit`."""
    if limit is None:
        start, limit = 0, start
    return constant(np.arange(start, limit, delta).tolist(), dtype)


def linspace(start: Any, stop: Any, num: int, name: Any = None, axis: int = 0) -> Any:
    """Return `num` evenly spaced numbers."""
    return constant(np.linspace(start, stop, num, axis=axis).tolist())


def shape(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """Return the shape as an array."""
    return constant(np.array(ops.shape(input), str(out_type)))


def size(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """Return the number of elements."""
    return constant(np.array(np.prod(ops.shape(input), dtype="int64"), str(out_type)))


def rank(input: Any, name: Any = None) -> Any:
    """Return the number of axes."""
    return constant(len(ops.shape(input)))


def reshape(tensor: Any, shape: Any, name: Any = None) -> Any:
    """Return the same values in another shape."""
    return ops.reshape(tensor, _shape(shape))


def expand_dims(input: Any, axis: int, name: Any = None) -> Any:
    """Return `input` with an axis of length 1 more."""
    return ops.expand_dims(input, axis)


def squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:
    """Return `input` without axes of length 1."""
    return ops.squeeze(input, tuple(axis) if isinstance(axis, list) else axis)


def transpose(a: Any, perm: Any = None, conjugate: Any = False, name: Any = None) -> Any:
    """Return `a` with its axes in another order."""
    return ops.transpose(a, perm)


def concat(values: Any, axis: int, name: Any = None) -> Any:
    """Return the arrays joined along an axis."""
    return ops.concatenate([constant(v) for v in values], axis=axis)


def stack(values: Any, axis: int = 0, name: Any = None) -> Any:
    """Return the arrays joined along a new axis."""
    return ops.stack([constant(v) for v in values], axis=axis)


def unstack(value: Any, num: Any = None, axis: int = 0, name: Any = None) -> Any:
    """Return the slices along an axis as a list."""
    return ops.unstack(value, num, axis)


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: Any = None
) -> Any:
    """Return the parts of an array; sizes are lengths here, not places."""
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    places = np.cumsum(num_or_size_splits)[:-1].tolist()
    return ops.split(value, places, axis=axis)


def tile(input: Any, multiples: Any, name: Any = None) -> Any:
    """Return copies of `input` side by side."""
    return ops.tile(input, _shape(multiples))


def repeat(input: Any, repeats: Any, axis: Any = None, name: Any = None) -> Any:
    """Return each element several times."""
    return ops.repeat(input, repeats, axis=axis)


def reverse(tensor: Any, axis: Any, name: Any = None) -> Any:
    """Return the array with the order along some axes turned."""
    return ops.flip(tensor, axis=tuple(axis) if isinstance(axis, (list, tuple)) else axis)


def broadcast_to(input: Any, shape: Any, name: Any = None) -> Any:
    """Return `input` broadcast to a shape."""
    return ops.broadcast_to(input, _shape(shape))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    """Return `tensor` with a border."""
    widths = [tuple(int(n) for n in pair) for pair in paddings]
    if mode.lower() == "constant":
        return ops.pad(tensor, widths, mode="constant", constant_values=constant_values)
    return ops.pad(tensor, widths, mode=mode.lower())


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None) -> Any:
    """Return the slices of `params` at `indices`."""
    return ops.take(params, indices, axis=0 if axis is None else axis)


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """Return `x` where the condition holds and `y` elsewhere; alone, the places where it holds."""
    if x is None and y is None:
        return constant(np.argwhere(np.asarray(condition)))
    return ops.where(condition, x, y)


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: Any = None,
) -> Any:
    """Return rows of zeros with a one at each index."""
    made = ops.one_hot(
        indices, depth, axis=-1 if axis is None else axis, dtype=str(dtype or "float32")
    )
    if on_value is None and off_value is None:
        return made
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    return made * on + (1 - made) * off


def matmul(
    a: Any, b: Any, transpose_a: Any = False, transpose_b: Any = False, **options: Any
) -> Any:
    """Return the matrix product."""
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return ops.matmul(a, b)


def einsum(equation: str, *inputs: Any, **options: Any) -> Any:
    """Return the sum of products that an equation such as "ij,jk->ik" describes."""
    return ops.einsum(equation, *(constant(x) for x in inputs))


def tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    """Return the sum of products over some axes of both."""
    return ops.tensordot(a, b, axes=axes)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = False) -> Any:
    """Return the Euclidean norm, or that of order 1 or infinity."""
    x = ops.abs(constant(tensor))
    if ord in (1, 1.0):
        return ops.sum(x, axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return ops.max(x, axis=axis, keepdims=keepdims)
    return ops.sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    """Return `t` with every value moved into the interval."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None
) -> tuple[list[Any], Any]:
    """Return arrays scaled down to a common norm of at most `clip_norm`, and the norm they had."""
    from annette.compat.tf.linalg import global_norm

    length = global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(length, clip_norm)
    return [None if t is None else constant(t) * scale for t in t_list], length


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """Return `t` scaled down to a Euclidean norm of at most `clip_norm`."""
    length = norm(t, axis=axes, keepdims=axes is not None)
    return t * (clip_norm / ops.maximum(length, clip_norm))


def _shape(shape: Any) -> Any:
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    return tuple(int(n) for n in np.asarray(shape).tolist())
