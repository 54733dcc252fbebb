"""`keras.backend`: the functions that programs call as `K.mean`, `K.square`, ..."""

from __future__ import annotations

from typing import Any

import numpy as np

import annette
from annette import backend, config, ops, random
from annette.compat.arrays import *  # noqa: F403  # those whose arguments have other names
from annette.compat.recurrent import rnn as rnn
from annette.compat.windows import *  # noqa: F403  # convolution and pooling
from annette.utils import naming

# Old name -> annette.ops; what is spelled alike is found by itself.
_IN_OPS = {
    "variance": "var",
}


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        own = _IN_OPS.get(name, name)
        for room in _rooms():
            if hasattr(room, own):
                return getattr(room, own)
    raise AttributeError(f"keras.backend has no {name!r} in annette; keras.ops has most of it.")


def _rooms() -> list[Any]:
    return [backend, naming, config, ops]


def get_value(x: Any) -> Any:
    """Return the value of a variable as a NumPy array, a single one as a NumPy number."""
    return ops.convert_to_numpy(x)[()]


eval = get_value


def set_value(x: Any, value: Any) -> None:
    """Give a variable another value."""
    x.assign(value)


def get_session() -> None:
    """Return None: there are no sessions."""


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """Return a `Variable` of floatx unless `dtype` is given."""
    made = annette.Variable(np.asarray(value, dtype or config.floatx()), name=name)
    made.constraint = constraint
    return made


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """Return an array of floatx unless `dtype` is given."""
    made = ops.convert_to_tensor(value, dtype or config.floatx())
    return made if shape is None else ops.broadcast_to(made, shape)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape as a tuple."""
    return tuple(x.shape)


def cast_to_floatx(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array of floatx."""
    return np.asarray(x, dtype=config.floatx())


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return `x` with an axis of length 1 more."""
    return ops.expand_dims(x, axis)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Return the arrays joined along an axis."""
    return ops.concatenate(tensors, axis=axis)


def flatten(x: Any) -> Any:
    """Return all values along one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """Return each row's values along one axis."""
    return ops.reshape(x, (ops.shape(x)[0], -1))


def gather(reference: Any, indices: Any) -> Any:
    """Return the slices of `reference` at `indices`."""
    return ops.take(reference, indices, axis=0)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return one of two expressions by a condition."""
    first, second = (e() if callable(e) else e for e in (then_expression, else_expression))
    return ops.where(condition, first, second)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """Return x / |x| along an axis."""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return numbers of the normal distribution."""
    return random.normal(tuple(shape), mean, stddev, dtype=dtype, seed=seed)


def random_uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return numbers spread evenly over an interval."""
    return random.uniform(tuple(shape), minval, maxval, dtype=dtype, seed=seed)


def learning_phase() -> int:
    """Return 0: layers are told by `training=` whether they are in training."""
    return 0


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in training and `alt` otherwise; a function is called for its value.

    Without `training` it is that of the layer whose `call` this is part of.
    """
    from annette.layers.context import calls

    chosen = x if (calls.training if training is None else training) else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `alt` in training and `x` otherwise."""
    return in_train_phase(alt, x, training)


def set_learning_phase(value: Any) -> None:
    """Do nothing: layers are told by `training=` whether they are in training."""


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None) -> Any:
    """Return a callable from a list of arrays to the list of what `outputs` then are.

    `K.learning_phase()` among the inputs stands for whether layers are in training.
    """
    several = isinstance(outputs, (list, tuple))
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    phase = next((i for i, x in enumerate(given) if isinstance(x, int)), None)
    symbols = [x for i, x in enumerate(given) if i != phase]
    model = annette.Model(symbols, outputs)

    def call(values: Any) -> Any:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        training = bool(values.pop(phase)) if phase is not None and len(values) > phase else False
        made = model(values if len(values) > 1 else values[0], training=training)
        found = [np.asarray(m) for m in (made if isinstance(made, (list, tuple)) else [made])]
        return found if several else found[0]

    return call
