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
            "subtract tan tanh softplus softsign erfinv erfc log_sigmoid real imag conj angle nextafter"
        ).split()
    },
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "acosh": "arccosh",
    "asinh": "arcsinh",
    "atanh": "arctanh",
    "rint": "round",
    "scalar_mul": "multiply",
    "pow": "power",
    "floordiv": "floor_divide",
    "mod": "mod",
    "floormod": "mod",
    "truediv": "true_divide",
    "is_nan": "isnan",
    "is_inf": "isinf",
    "is_finite": "isfinite",
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
    *(
        "accumulate_n add_n argmax argmin bincount confusion_matrix count_nonzero cumprod cumsum "
        "in_top_k l2_normalize log_softmax multiply_no_nan polyval reduce_euclidean_norm segment_mean "
        "segment_sum softmax squared_difference top_k unsorted_segment_sum xdivy xlogy zero_fraction"
    ).split(),
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


accumulate_n = add_n


def cumprod(x: Any, axis: int = 0, exclusive: Any = False, reverse: Any = False) -> Any:
    """Return the running products along an axis."""
    x = constant(x)
    turned = ops.flip(x, axis=axis) if reverse else x
    if exclusive:
        ones = ops.ones_like(ops.take(turned, [0], axis=axis))
        rest = ops.take(turned, list(range(turned.shape[axis] - 1)), axis=axis)
        turned = ops.concatenate([ones, rest], axis=axis)
    total = ops.cumprod(turned, axis=axis)
    return ops.flip(total, axis=axis) if reverse else total


def squared_difference(x: Any, y: Any, name: Any = None) -> Any:
    """Return (x - y)^2."""
    return ops.square(ops.subtract(_array(x, (y,)), _array(y, (x,))))


def _guarded(x: Any, y: Any, made: Callable[[Any, Any], Any]) -> Any:
    """Return what is made of both, 0 where `x` is 0, with gradients that are numbers there."""
    x, y = constant(x), constant(y)
    none = ops.equal(x, 0)
    safe = ops.where(none, ops.ones_like(y), y)
    return ops.where(none, ops.zeros_like(made(x, safe)), made(x, safe))


def xlogy(x: Any, y: Any, name: Any = None) -> Any:
    """Return x log(y), 0 where x is 0."""
    return _guarded(x, y, lambda a, b: a * ops.log(b))


def xdivy(x: Any, y: Any, name: Any = None) -> Any:
    """Return x / y, 0 where x is 0."""
    return _guarded(x, y, ops.divide)


def multiply_no_nan(x: Any, y: Any, name: Any = None) -> Any:
    """Return x y, 0 where y is 0, whatever x is."""
    return _guarded(y, x, ops.multiply)


def softmax(logits: Any, axis: Any = None, name: Any = None) -> Any:
    """Return e^x divided by its sum along an axis, the last unless given."""
    return ops.softmax(constant(logits), axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: Any = None, name: Any = None) -> Any:
    """Return the logarithm of the softmax."""
    return ops.log_softmax(constant(logits), axis=-1 if axis is None else axis)


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: Any = False, name: Any = None
) -> Any:
    """Return the Euclidean norm over some axes, or over all."""
    return ops.sqrt(ops.sum(ops.square(constant(input_tensor)), axis=axis, keepdims=keepdims))


def count_nonzero(
    input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = "int64", name: Any = None
) -> Any:
    """Return how many elements are not 0."""
    hits = ops.cast(ops.not_equal(constant(input), 0), str(dtype))
    return ops.sum(hits, axis=axis, keepdims=bool(keepdims))


def zero_fraction(value: Any, name: Any = None) -> Any:
    """Return the share of elements that are 0."""
    return ops.mean(ops.cast(ops.equal(constant(value), 0), "float32"))


def in_top_k(targets: Any, predictions: Any, k: int, name: Any = None) -> Any:
    """Return whether each target is among the `k` largest predictions."""
    return ops.in_top_k(constant(targets), constant(predictions), k)


def bincount(arr: Any, weights: Any = None, minlength: Any = None, **options: Any) -> Any:
    """Return how often each number from 0 on is there."""
    kept = None if weights is None else constant(weights)
    return ops.bincount(constant(arr), weights=kept, minlength=int(minlength or 0))


def polyval(coeffs: Any, x: Any, name: Any = None) -> Any:
    """Return coeffs[0] x^(n-1) + ... + coeffs[n-1]."""
    x = constant(x)
    total = ops.zeros_like(x)
    for c in coeffs:
        total = total * x + c
    return total


def segment_sum(data: Any, segment_ids: Any, name: Any = None) -> Any:
    """Return the sums of rows with the same number."""
    ids = constant(segment_ids)
    return ops.segment_sum(constant(data), ids, num_segments=int(ops.max(ids)) + 1)


def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Return the sums of rows with the same number, `num_segments` of them."""
    return ops.segment_sum(constant(data), constant(segment_ids), num_segments=int(num_segments))


def segment_mean(data: Any, segment_ids: Any, name: Any = None) -> Any:
    """Return the means of rows with the same number."""
    data = constant(data)
    counts = segment_sum(ops.ones_like(data), segment_ids)
    return segment_sum(data, segment_ids) / ops.maximum(counts, 1)


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
