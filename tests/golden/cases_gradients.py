"""Golden cases: the gradient of each operation, activation, loss and regularizer, and of each layer.

Each is the gradient of sum(w y), w from 1 to 2, so that no two places of a result weigh the same.
Operations are swept by the tables of values: whoever adds a call there has its gradient compared too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import cases_ops_linalg, cases_ops_nn
from .cases import CASES, add_case, uniform
from .cases_functions import ACTIVATIONS, GRID, WEIGHTS
from .cases_layers import LAYERS, MERGING, fill
from .cases_losses import GRADIENTS, LOSSES, Y
from .cases_ops import CALLS, Call, calls
from .cases_shaping import LAYERS as SHAPING, gradients

assert cases_ops_nn and cases_ops_linalg  # they add to CALLS

# Between the kinks of every activation, where there is one gradient and not a choice of two.
SMOOTH = np.array([-7.3, -4.4, -2.2, -0.8, -0.3, 0.2, 0.7, 1.7, 2.6, 4.4, 7.3, -1.4], "float32")
# Operations whose gradient has no golden case, and why.
WITHOUT_GRADIENT = {
    "custom_gradient": "it is whatever its function says",
    "empty": "what is in it is nobody's",
    "empty_like": "what is in it is nobody's",
    "while_loop": "JAX has no rule for it",
    "nextafter": "JAX has no rule for it",
    "segment_prod": "JAX has no rule for it where a segment has two rows",
    "polar": "complex numbers are not differentiated, pairs of parts are",
    "view_as_complex": "complex numbers are not differentiated, pairs of parts are",
    "eig": "its complex results are not differentiated",
    "convert_to_numpy": "it ends what is differentiated",
    "jvp": "it is a gradient",
    **dict.fromkeys(
        (
            "arange bartlett blackman eye geomspace hamming hanning identity kaiser linspace logspace ones tri zeros"
        ).split(),
        "made of plain numbers",
    ),
    **dict.fromkeys(
        (
            "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor gcd lcm "
            "left_shift right_shift bincount multi_hot one_hot unravel_index unique"
        ).split(),
        "whole numbers in and out",
    ),
    **dict.fromkeys(
        "count_nonzero dtype in_top_k is_tensor isin ndim nonzero shape size".split(),
        "no floats come out",
    ),
}


def leaves(value: Any) -> list[Any]:
    """The arrays of a nested result."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def total(k: Any, value: Any) -> Any:
    """sum(w y) over all floating and complex arrays of a result, None if it has none."""
    parts = []
    for y in leaves(value):
        y = k.ops.convert_to_tensor(y)
        dtype = str(k.ops.dtype(y)) if not hasattr(y, "dtype") else str(y.dtype)
        if "complex" in dtype:
            parts += [total(k, k.ops.real(y)), 2.0 * total(k, k.ops.imag(y))]
        elif "float" in dtype:
            shape = tuple(y.shape)
            w = np.linspace(1.0, 2.0, int(np.prod(shape)), dtype="float32").reshape(shape)
            parts.append(k.ops.sum(k.ops.cast(y, "float32") * w))
    return sum(parts[1:], parts[0]) if parts else None


def slopes(k: Any, function: Callable[..., Any], arrays: list[np.ndarray]) -> Any:
    """The gradients by each array; where nothing floating comes out, that."""
    if total(k, function(*arrays)) is None:
        return {"nothing floating": True}
    places = tuple(range(len(arrays)))
    objective = lambda *xs: total(k, function(*xs))  # noqa: E731
    if hasattr(k, "grad"):
        return k.grad(objective, argnums=places)(*arrays)
    import jax

    return jax.grad(objective, argnums=places)(*arrays)


def is_float(x: Any) -> bool:
    """Whether this is an array that a gradient can be taken by."""
    return isinstance(x, np.ndarray) and x.dtype == "float32" and x.size > 0


def replaced(args: Any, found: Callable[[np.ndarray], Any]) -> Any:
    """The arguments with each float32 array in them replaced."""
    if args is GRID:
        args = SMOOTH
    if type(args) in (list, tuple):
        return type(args)(replaced(a, found) for a in args)
    return found(args) if is_float(args) else args


def first_with_floats(name: str) -> Call | None:
    """The first call in the tables whose result depends on finite float32 arrays."""
    for call in calls(name):
        if name == "segment_sum" and "num_segments" not in call.kwargs:
            continue  # which JAX must be told
        arrays: list[np.ndarray] = []
        replaced(call.args, arrays.append)
        if arrays and all(np.isfinite(x).all() for x in arrays):
            return call
    return None


def _operation(name: str, call: Call) -> Callable[[Any], Any]:
    arrays: list[np.ndarray] = []
    replaced(call.args, arrays.append)

    def run(k: Any) -> Any:
        def function(*xs: Any) -> Any:
            given = iter(xs)
            return getattr(k.ops, name)(*replaced(call.args, lambda _: next(given)), **call.kwargs)

        return slopes(k, function, arrays)

    return run


for _name in list(CALLS):
    _call = first_with_floats(_name)
    if _call is not None and _name not in WITHOUT_GRADIENT:
        add_case("gradients", f"ops.{_name}", _operation(_name, _call), tolerance="approximate")


# Operations that the tables of values call in ways of their own.
_V = uniform(4, seed=952, low=0.3, high=1.5)
_M = uniform(3, 3, seed=953)
_D = (_M @ _M.T + np.diag([1.0, 2, 3])).astype("float32")
BY_HAND: dict[str, Callable[[Any], Any]] = {
    "cond": lambda k: lambda x: k.ops.cond(True, lambda: x * x, lambda: -x),
    "switch": lambda k: lambda x: k.ops.switch(1, [lambda y: y + 1, lambda y: y * y], x),
    "map": lambda k: lambda x: k.ops.map(lambda y: y * y * y, x),
    "vectorized_map": lambda k: lambda x: k.ops.vectorized_map(lambda y: k.ops.sin(y), x),
    "vectorize": lambda k: lambda x: k.ops.vectorize(lambda y: y * k.ops.exp(y))(x),
    "scan": lambda k: lambda x: k.ops.scan(lambda c, y: (c * y, c + y), x[0], x[1:]),
    "associative_scan": lambda k: lambda x: k.ops.associative_scan(lambda a, b: a * b, x),
    "fori_loop": lambda k: lambda x: k.ops.fori_loop(0, 3, lambda i, y: y * x, x),
    "stop_gradient": lambda k: lambda x: x * k.ops.stop_gradient(x),
    "istft": lambda k: (
        lambda x: k.ops.istft(
            k.ops.stft(k.ops.tile(x, 6), 6, 2, 8, center=False), 6, 2, 8, center=False
        )
    ),
}
MATRICES: dict[str, Callable[[Any], Any]] = {
    "svd": lambda k: lambda x: k.ops.svd(x, compute_uv=False),
    "eigh": lambda k: lambda x: k.ops.eigh(x @ k.ops.transpose(x))[0],
    "qr": lambda k: lambda x: k.ops.abs(k.ops.qr(x)[1]),
    "cholesky": lambda k: lambda x: k.ops.cholesky(x @ k.ops.transpose(x)),
    "det": lambda k: k.ops.det,
    "slogdet": lambda k: lambda x: k.ops.slogdet(x)[1],
    "lu_factor": lambda k: lambda x: k.ops.lu_factor(x)[0],
}
for _table, _x in ((BY_HAND, _V), (MATRICES, _D)):
    for _name, _make in _table.items():
        if f"gradients/ops.{_name}" not in CASES:
            add_case(
                "gradients",
                f"ops.{_name}",
                lambda k, make=_make, x=_x: slopes(k, make(k), [x]),
                tolerance="approximate",
            )


def _activation(name: str, kwargs: dict[str, Any]) -> Callable[[Any], Any]:
    x = SMOOTH.reshape(3, 4) if kwargs.get("axis") != 1 else SMOOTH.reshape(3, 4, 1)
    return lambda k: slopes(k, lambda x: getattr(k.activations, name)(x, **kwargs), [x])


for _name, _variants in {**ACTIVATIONS, "sparsemax": [{}]}.items():
    for _kwargs in _variants:
        add_case("gradients", f"activations.{_name}({_kwargs})", _activation(_name, _kwargs))


def _loss(name: str, data: str, kwargs: dict[str, Any]) -> Callable[[Any], Any]:
    y_true, y_pred = Y[data]
    return lambda k: slopes(k, lambda y: getattr(k.losses, name)(y_true, y, **kwargs), [y_pred])


for _class, (_function, _variants) in LOSSES.items():
    for _data, _kwargs in _variants:
        if _class not in GRADIENTS and "edge" not in _data and Y[_data][1].dtype == "float32":
            _label = f"losses.{_function}({_data},{_kwargs})"
            add_case("gradients", _label, _loss(_function, _data, _kwargs))

for _name in ("L1", "L2", "L1L2", "OrthogonalRegularizer"):
    add_case(
        "gradients",
        f"regularizers.{_name}",
        lambda k, name=_name: slopes(k, getattr(k.regularizers, name)(), [WEIGHTS]),
    )


def _layer(name: str, kwargs: dict[str, Any], inputs: list[np.ndarray], **more: Any) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        layer(inputs[0] if len(inputs) == 1 else inputs)
        fill(layer.weights)
        floats = inputs[0].dtype == "float32"
        found = gradients(k, layer, inputs, **more) if floats else by_weights(k, layer, inputs[0])
        return list(found)

    return run


def by_spectrum(k: Any) -> list[Any]:
    """The gradients of a dense layer whose kernel is divided by its spectral norm."""
    layer = k.layers.SpectralNormalization(k.layers.Dense(3))
    layer.build(_X.shape)
    fill(layer.weights)
    return gradients(k, layer, [_X])


def by_weights(k: Any, layer: Any, x: np.ndarray) -> list[Any]:
    """The gradients by the weights alone, for inputs that are whole numbers."""
    weights = list(layer.trainable_variables)
    if not weights:
        return []
    if hasattr(k, "grad"):
        with k.GradientTape() as tape:
            loss = total(k, layer(x))
        return tape.gradient(loss, weights, unconnected_gradients="zero")
    import jax

    others = [v.value for v in layer.non_trainable_variables]
    function = lambda ws: total(k, layer.stateless_call(ws, others, x)[0])  # noqa: E731
    return list(jax.grad(function)([v.value for v in weights]))


for _name, _variants in LAYERS.items():
    for _kwargs, _x in _variants:
        _title = f"layers.{_name}({_kwargs}){list(_x.shape)}"
        add_case("gradients", _title, _layer(_name, _kwargs, [_x]))
        if _name == "BatchNormalization":
            add_case(
                "gradients",
                f"{_title} training",
                _layer(_name, _kwargs, [_x], training=True),
                tolerance="approximate",
            )
for _name, _merged in MERGING.items():
    for _kwargs, _inputs in _merged:
        _shapes = [list(x.shape) for x in _inputs]
        add_case("gradients", f"layers.{_name} of {_shapes}", _layer(_name, _kwargs, _inputs))

for _name, _variants in SHAPING.items():
    _kwargs, _x = _variants[0]
    add_case("gradients", f"layers.{_name}({_kwargs})", _layer(_name, _kwargs, [_x]))
_X = uniform(3, 4, seed=950)
add_case("gradients", "layers.Dot", _layer("Dot", {"axes": 1}, [_X, _X[::-1].copy()]))
add_case(
    "gradients",
    "layers.SpectralNormalization",
    lambda k: by_spectrum(k),
)
for _name, _kwargs in {
    "Rescaling": {"scale": 2.0, "offset": 1.0},
    "Normalization": {"mean": 0.5, "variance": 2.0},
}.items():
    add_case("gradients", f"layers.{_name}", _layer(_name, _kwargs, [_X]))
add_case(
    "gradients",
    "layers.Pipeline",
    lambda k: slopes(k, k.layers.Pipeline([k.layers.Rescaling(3.0)]), [_X]),
)
add_case(
    "gradients",
    "layers.Lambda",
    lambda k: slopes(k, k.layers.Lambda(lambda x: x * k.ops.sin(x)), [_X]),
)
