"""Functions of `keras.backend` whose arguments differ from those of `keras.ops`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

import annette
from annette import config, ops, random


def _pairwise(name: str, ours: str) -> Callable[[Any, Any], Any]:
    def function(x: Any, y: Any) -> Any:
        return getattr(ops, ours)(x, y)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return `keras.ops.{ours}` of both."
    return function


equal = _pairwise("equal", "equal")
not_equal = _pairwise("not_equal", "not_equal")
greater = _pairwise("greater", "greater")
greater_equal = _pairwise("greater_equal", "greater_equal")
less = _pairwise("less", "less")
less_equal = _pairwise("less_equal", "less_equal")
maximum = _pairwise("maximum", "maximum")
minimum = _pairwise("minimum", "minimum")
dot = _pairwise("dot", "dot")


def pow(x: Any, a: Any) -> Any:
    """Return x^a."""
    return ops.power(x, a)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return `x` with every value moved into the interval; None leaves a side open."""
    x = x if min_value is None else ops.maximum(x, min_value)
    return x if max_value is None else ops.minimum(x, max_value)


def relu(x: Any, alpha: float = 0.0, max_value: Any = None, threshold: float = 0.0) -> Any:
    """Return x from `threshold` on, at most `max_value`, and alpha (x - threshold) below."""
    return annette.activations.relu(
        x, negative_slope=alpha, max_value=max_value, threshold=threshold
    )


def hard_sigmoid(x: Any) -> Any:
    """Return 0.2 x + 0.5 kept between 0 and 1, which is flatter than that of today."""
    return ops.clip(0.2 * ops.convert_to_tensor(x) + 0.5, 0.0, 1.0)


def round(x: Any) -> Any:
    """Return the nearest whole numbers, the even one where two are as near."""
    return ops.round(x)


def argmax(x: Any, axis: int = -1) -> Any:
    """Return the place of the largest value along an axis, the last unless given."""
    return ops.argmax(x, axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Return the place of the smallest value along an axis, the last unless given."""
    return ops.argmin(x, axis=axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the running sums along an axis, the first unless given."""
    return ops.cumsum(x, axis=axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the running products along an axis, the first unless given."""
    return ops.cumprod(x, axis=axis)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Return the sums of products along one axis of each, row by row of the batch.

    Without `axes` they are the last of `x` and the last but one of `y` (its only one, if there is
    no other).
    """
    nx, ny = len(x.shape), len(y.shape)
    if axes is None:
        axes = (nx - 1, ny - 2 if ny > 2 else ny - 1)
    ax, ay = (axes, axes) if isinstance(axes, int) else axes
    names = "abcdefghijklmnopqrstuvwxyz"
    mine = list(names[:nx])
    other = [mine[0], *names[nx : nx + ny - 1]]
    other[ay % ny] = shared = mine[ax % nx]
    kept = [n for n in (*mine, *other[1:]) if n != shared]
    made = ops.einsum(f"{''.join(mine)},{''.join(other)}->{''.join(kept)}", x, y)
    return ops.expand_dims(made, -1) if len(kept) == 1 else made


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """Return gamma (x - mean) / sqrt(var + epsilon) + beta."""
    return ops.batch_normalization(x, mean, var, axis, offset=beta, scale=gamma, epsilon=epsilon)


def bias_add(x: Any, bias: Any, data_format: Any = None) -> Any:
    """Return x + bias along the channels."""
    if data_format == "channels_first" and len(x.shape) > 2:
        bias = ops.reshape(bias, (1, -1, *[1] * (len(x.shape) - 2)))
    return ops.add(x, bias)


def zeros(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return zeros of floatx unless `dtype` is given."""
    return ops.zeros(tuple(shape), dtype or config.floatx())


def ones(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return ones of floatx unless `dtype` is given."""
    return ops.ones(tuple(shape), dtype or config.floatx())


def zeros_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return zeros of the shape of `x`."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return ones of the shape of `x`."""
    return ops.ones_like(x, dtype=dtype)


def eye(size: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return ones on the diagonal, zeros elsewhere."""
    rows, columns = size if isinstance(size, (tuple, list)) else (size, size)
    return ops.eye(rows, columns, dtype=dtype or config.floatx())


def one_hot(indices: Any, num_classes: int) -> Any:
    """Return rows of zeros with a one at each index."""
    return ops.one_hot(indices, num_classes)


def reshape(x: Any, shape: Any) -> Any:
    """Return the same values in another shape."""
    return ops.reshape(x, tuple(shape))


def transpose(x: Any) -> Any:
    """Return `x` with its axes turned round."""
    return ops.transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Return `x` with its axes in another order."""
    return ops.transpose(x, tuple(pattern))


def repeat(x: Any, n: int) -> Any:
    """Return each row (n, features) `n` times over, (n, times, features)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Return each element along an axis `rep` times."""
    return ops.repeat(x, rep, axis=axis)


def tile(x: Any, n: Any) -> Any:
    """Return copies of `x` side by side."""
    return ops.tile(x, (n,) if isinstance(n, int) else tuple(n))


def reverse(x: Any, axes: Any) -> Any:
    """Return `x` with the order along some axes turned."""
    return ops.flip(x, axis=axes if isinstance(axes, int) else tuple(axes))


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Return whether each target is among the `k` largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross-entropy of classes given as numbers, of whatever shape."""
    target = ops.cast(target, "int32")
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = ops.squeeze(target, -1)
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Return `x` with a share `level` of it set to 0 and the rest scaled up."""
    return random.dropout(x, level, noise_shape=noise_shape, seed=seed)


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Return (n, steps, features) with steps of zeros before and after."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Return pictures with a border of zeros."""
    return _bordered(x, padding, data_format)


def spatial_3d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: Any = None
) -> Any:
    """Return volumes with a border of zeros."""
    return _bordered(x, padding, data_format)


def _bordered(x: Any, padding: Any, data_format: Any) -> Any:
    inner = tuple(tuple(pair) for pair in padding)
    first = (data_format or config.image_data_format()) == "channels_first"
    return ops.pad(x, ((0, 0), (0, 0), *inner) if first else ((0, 0), *inner, (0, 0)))


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Return ones with chance `p`, else zeros."""
    drawn = random.uniform(tuple(shape), seed=seed)
    return ops.cast(drawn < p, dtype or config.floatx())


random_binomial = random_bernoulli


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return numbers of the normal distribution within two standard deviations."""
    return random.truncated_normal(tuple(shape), mean, stddev, dtype=dtype, seed=seed)


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """Return a variable of normal numbers."""
    drawn = random.normal(tuple(shape), mean, scale, dtype=dtype, seed=seed)
    return annette.Variable(drawn, name=name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """Return a variable of numbers spread evenly over an interval."""
    drawn = random.uniform(tuple(shape), low, high, dtype=dtype, seed=seed)
    return annette.Variable(drawn, name=name)


def update(x: Any, new_x: Any) -> Any:
    """Give a variable another value; return it."""
    x.assign(new_x)
    return x


def update_add(x: Any, increment: Any) -> Any:
    """Add to a variable; return it."""
    x.assign_add(increment)
    return x


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtract from a variable; return it."""
    x.assign_sub(decrement)
    return x


def moving_average_update(x: Any, value: Any, momentum: float) -> Any:
    """Make a variable momentum x + (1 - momentum) value; return it."""
    return update(x, x * momentum + value * (1 - momentum))


def batch_get_value(tensors: Any) -> list[Any]:
    """Return the values of several variables as NumPy arrays."""
    return [ops.convert_to_numpy(t) for t in tensors]


def batch_set_value(tuples: Any) -> None:
    """Give several variables other values: ``[(variable, value), ...]``."""
    for variable, value in tuples:
        variable.assign(value)


def count_params(x: Any) -> int:
    """Return how many numbers a variable has."""
    return int(np.prod(x.shape))


def map_fn(fn: Callable[[Any], Any], elems: Any, name: Any = None, dtype: Any = None) -> Any:
    """Return what a function makes of each row."""
    return ops.stack([fn(elems[i]) for i in range(elems.shape[0])])


def foldl(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: Any = None
) -> Any:
    """Return ``fn(... fn(fn(initializer, first), second) ..., last)``."""
    return _folded(fn, elems, initializer, range(elems.shape[0]))


def foldr(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: Any = None
) -> Any:
    """Return `foldl` from the last row to the first."""
    return _folded(fn, elems, initializer, range(elems.shape[0] - 1, -1, -1))


def _folded(fn: Callable[[Any, Any], Any], elems: Any, start: Any, places: Any) -> Any:
    rows = [elems[i] for i in places]
    total = rows.pop(0) if start is None else start
    for row in rows:
        total = fn(total, row)
    return total


def is_sparse(tensor: Any) -> bool:
    """Return False: arrays are dense."""
    return False


def to_dense(tensor: Any) -> Any:
    """Return the array, which is dense."""
    return tensor


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Return an `Input` of this whole shape, the batch's axis with it."""
    shape = (None,) * int(ndim or 0) if shape is None else tuple(shape)
    return annette.Input(batch_shape=shape, dtype=dtype, name=name)


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print an array with a message before it; return it."""
    print(message, np.asarray(x) if isinstance(x, np.ndarray) else x)
    return x


def name_scope(name: str) -> contextlib.AbstractContextManager[None]:
    """Do nothing: names are given to layers."""
    return contextlib.nullcontext()


def learning_phase_scope(value: Any) -> contextlib.AbstractContextManager[None]:
    """Do nothing: layers are told by `training=` whether they are in training."""
    return contextlib.nullcontext()


def manual_variable_initialization(value: Any) -> None:
    """Do nothing: variables have their values when they are made."""


def set_session(session: Any) -> None:
    """Do nothing: there are no sessions."""


def image_dim_ordering() -> str:
    """Return "tf" for channels last and "th" for channels first."""
    return "th" if config.image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the axis of the channels: "tf" for the last, "th" for the first."""
    config.set_image_data_format({"tf": "channels_last", "th": "channels_first"}[dim_ordering])


def gradients(loss: Any, variables: Any) -> NoReturn:
    """Say what to write instead.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "K.gradients differentiates a graph of symbols, which annette has not. Compute the loss "
        "inside `with tf.GradientTape() as tape:` (tape.watch(x) for arrays) and call "
        "tape.gradient(loss, variables); annette.grad(function) differentiates a function."
    )
