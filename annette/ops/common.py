"""What every operation does with its arguments first: convert, bring to one dtype, name axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import config
from annette.graph.array import Array, wrap
from annette.graph.dtypes import is_int, numpy_dtype, promote, standardize
from annette.graph.primitive import apply, read
from annette.graph.symbolic import symbolic_op
from annette.graph.tensor import Tensor
from annette.primitives import elementwise as e

op = symbolic_op
_WEAK = (int, float, complex)


def from_python(x: Any, dtype: str | None = None) -> Any:
    """Return `x` (a number, list, array of anyone, Variable or Tensor) as an Array or Tensor.

    Python's numbers and lists of them get Keras's defaults: int32 (int64 where one is too large),
    ``floatx()``, bool.

    Raises:
        ValueError, TypeError: if no array can be made of `x`.
    """
    kind = type(x)
    if kind is Tensor or kind is Array or (kind is np.ndarray and x.dtype.kind in "iufcbV"):
        return read(x)
    if hasattr(x, "_read"):
        return x._read()
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    if isinstance(x, (list, tuple)) and any(_holds_tensors(i) for i in x):
        from annette.ops.numpy.shaping import stack

        return stack([from_python(i) for i in x])
    known = hasattr(x, "dtype")
    if x is None or isinstance(x, str):
        raise ValueError(f"An operation takes numbers or arrays; it got {x!r}.")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            "A list of lists must be rectangular to become an array: every row needs the same "
            f"length ({error})."
        ) from error
    if not known and array.dtype.kind in "iufcb":
        whole = array.dtype.kind == "i" and array.size > 0
        small = not whole or -(2**31) <= array.min() <= array.max() < 2**31
        default = {"i": "int32" if small else "int64", "u": "uint64", "f": config.floatx()}
        array = array.astype(dtype or default.get(array.dtype.kind, array.dtype.name))
    if array.dtype.kind not in "iufcbV":
        from annette.utils.explain import short

        sparse = type(x).__module__.startswith("scipy.sparse")
        mend = "Write .toarray() after the sparse matrix" if sparse else "Convert it first"
        raise TypeError(
            f"An operation takes numbers; it got {short(x)}, an array of dtype {array.dtype}. "
            f"{mend}."
        )
    return array


def _holds_tensors(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_holds_tensors(i) for i in x)
    return isinstance(x, Tensor) or hasattr(x, "_read")


def unchanged(x: Any) -> Any:
    """Return the argument of an operation as its result."""
    return x if type(x) is Tensor else wrap(x)


def concrete(x: Any, operation: str, why: str, instead: str) -> np.ndarray:
    """Return the numbers of `x`, for an operation whose result has a size that depends on them.

    Raises:
        ValueError: if there are none yet.
    """
    x = from_python(x)
    if isinstance(x, Tensor) and x.value is None:
        raise ValueError(
            f"{operation} needs numbers: {why}, which a traced function cannot have. {instead}, or "
            "compile the model with run_eagerly=True."
        )
    return np.asarray(x.value if isinstance(x, Tensor) else x)


def dtype_of(x: Any) -> str:
    """Return the dtype of an Array or Tensor by name."""
    return x.dtype if type(x) is Tensor else standardize(x.dtype)


def to_dtype(x: Any, dtype: str) -> Any:
    """Cast `x`, or return it as it is."""
    return x if dtype_of(x) == dtype else apply(e.cast, (x,), {"dtype": dtype})


def operands(*values: Any, at_least_float: bool = False) -> list[Any]:
    """Return the arguments of an operation as arrays or Tensors of one dtype.

    Raises:
        TypeError, ValueError: if one of them is no number or array.
    """
    strong: list[str] = []
    weak: list[type] = []
    converted: list[Any] = []
    for value in values:
        if type(value) in _WEAK:
            weak.append(type(value))
            converted.append(value)
        else:
            x = from_python(value)
            strong.append(dtype_of(x))
            converted.append(x)
    dtype = promote(strong, weak)
    if at_least_float:
        dtype = float_dtype(dtype)
    target = numpy_dtype(dtype)
    return [
        np.asarray(x, target)
        if type(x) in _WEAK
        else x
        if dtype_of(x) == dtype
        else to_dtype(x, dtype)
        for x in converted
    ]


def float_dtype(dtype: str) -> str:
    """Return the dtype of a real-valued function: integers become ``floatx()``."""
    return config.floatx() if dtype == "bool" or "int" in dtype else dtype


def wide_floating(x: Any) -> Any:
    """Return `x` as floats, int64 as float64: what Keras does in a few functions."""
    x = from_python(x)
    return to_dtype(x, "float64" if dtype_of(x) == "int64" else float_dtype(dtype_of(x)))


def floating(x: Any) -> Any:
    """Return `x` as an array or Tensor of a float dtype."""
    x = from_python(x)
    return to_dtype(x, float_dtype(dtype_of(x)))


def single(x: Any) -> Any:
    """Return floats of half precision as float32, where squares or sums of halves overflow."""
    return to_dtype(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def rank(x: Any) -> int:
    """Return the number of axes of an array or Tensor."""
    return len(x.shape)


def normal_axis(axis: Any, ndim: int, name: str = "axis") -> int:
    """Return an axis counted from the first.

    Raises:
        ValueError: if there is no such axis.
    """
    if isinstance(axis, (bool, float)) or not hasattr(axis, "__index__"):
        raise TypeError(f"{name} must be a whole number; it got {axis!r}.")
    axis = int(axis.__index__())
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"{name}={axis} is outside an array of {ndim} axes: use {-ndim} to {ndim - 1}."
        )
    return int(axis % ndim)


def normal_axes(axis: Any, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """Return one axis, several, or (None) all, counted from the first, in order.

    Raises:
        ValueError: if there is no such axis, or one comes twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    found = tuple(sorted(normal_axis(a, ndim, name) for a in axes))
    if len(set(found)) != len(found):
        raise ValueError(f"{name}={axis} names an axis twice.")
    return found


def whole_or_bool(name: str, *values: Any) -> list[Any]:
    """Return the operands of an operation on bits in one dtype.

    Raises:
        TypeError: if it is a float dtype.
    """
    converted = operands(*values)
    dtype = dtype_of(converted[0])
    if dtype != "bool" and not is_int(dtype):
        raise TypeError(
            f"{name} works on the bits of integers and bools; it got {dtype}. Cast to 'int32' "
            "first."
        )
    return converted
