"""`tf.math`: elementwise functions and reductions in TensorFlow's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette import ops
from annette.compat.tf.tensors import constant

# TensorFlow's name -> that of annette.ops; those spelled alike are found by themselves.
_ELEMENTWISE = {
    **{
        name: name
        for name in (
            "abs add ceil cos cosh divide equal erf exp expm1 floor greater greater_equal less "
            "less_equal log log1p logical_and logical_not logical_or logical_xor maximum minimum "
            "multiply negative not_equal reciprocal round rsqrt sigmoid sign sin sinh sqrt square "
            "subtract tan tanh softplus"
        ).split()
    },
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "pow": "power",
    "floordiv": "floor_divide",
    "mod": "mod",
    "floormod": "mod",
    "truediv": "true_divide",
    "is_nan": "isnan",
    "is_inf": "isinf",
    "is_finite": "isfinite",
    "xdivy": "divide",
    "divide_no_nan": "divide_no_nan",
}
_REDUCTIONS = {
    **{f"reduce_{name}": name for name in ("sum", "mean", "max", "min", "prod", "all", "any")},
    "reduce_std": "std",
    "reduce_variance": "var",
    "reduce_logsumexp": "logsumexp",
}


def _elementwise(tf_name: str, ops_name: str) -> Callable[..., Any]:
    def function(*inputs: Any, name: Any = None) -> Any:
        return getattr(ops, ops_name)(*(_array(x, inputs) for x in inputs))

    function.__name__ = function.__qualname__ = tf_name
    function.__doc__ = f"Return `keras.ops.{ops_name}` of the inputs."
    return function


def _reduction(tf_name: str, ops_name: str) -> Callable[..., Any]:
    def function(
        input_tensor: Any, axis: Any = None, keepdims: Any = False, name: Any = None
    ) -> Any:
        axis = tuple(axis) if isinstance(axis, list) else axis
        return getattr(ops, ops_name)(constant(input_tensor), axis=axis, keepdims=keepdims)

    function.__name__ = function.__qualname__ = tf_name
    function.__doc__ = f"Return `keras.ops.{ops_name}` over some axes, or over all."
    return function


def _array(x: Any, inputs: Any) -> Any:
    """Leave Python's numbers weak beside an array, as TensorFlow does."""
    if isinstance(x, (bool, int, float)) and any(hasattr(other, "dtype") for other in inputs):
        return x
    return constant(x)


__all__ = [
    *_ELEMENTWISE,
    *_REDUCTIONS,
    *"argmax argmin add_n cumsum top_k l2_normalize confusion_matrix".split(),
]

globals().update({tf: _elementwise(tf, name) for tf, name in _ELEMENTWISE.items()})
globals().update({tf: _reduction(tf, name) for tf, name in _REDUCTIONS.items()})


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """Return the place of the largest value along an axis, the first unless given."""
    return ops.cast(ops.argmax(constant(input), axis=0 if axis is None else axis), str(output_type))


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """Return the place of the smallest value along an axis, the first unless given."""
    return ops.cast(ops.argmin(constant(input), axis=0 if axis is None else axis), str(output_type))


def add_n(inputs: Any, name: Any = None) -> Any:
    """Return the sum of the arrays."""
    total = constant(inputs[0])
    for x in inputs[1:]:
        total = ops.add(total, x)
    return total


def cumsum(x: Any, axis: int = 0, exclusive: Any = False, reverse: Any = False) -> Any:
    """Return the running sums along an axis."""
    x = constant(x)
    turned = ops.flip(x, axis=axis) if reverse else x
    total = ops.cumsum(turned, axis=axis)
    total = total - turned if exclusive else total
    return ops.flip(total, axis=axis) if reverse else total


def top_k(input: Any, k: int = 1, sorted: Any = True, name: Any = None) -> Any:
    """Return the `k` largest values of the last axis and their places."""
    return ops.top_k(constant(input), k, sorted)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None) -> Any:
    """Return x / sqrt(max(sum(x^2), epsilon))."""
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(total, epsilon))


def confusion_matrix(labels: Any, predictions: Any, num_classes: Any = None, **options: Any) -> Any:
    """Return how often each label (rows) was given each prediction (columns)."""
    import numpy as np

    true, said = np.asarray(labels, "int64").ravel(), np.asarray(predictions, "int64").ravel()
    n = int(num_classes or max(true.max(initial=-1), said.max(initial=-1)) + 1)
    counts = np.zeros((n, n), "int32")
    np.add.at(counts, (true, said), 1)
    return constant(counts)
