"""Golden cases: recurrent layers in all their forms, with states, masks and gradients."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .cases import add_case, case, integers, plain, uniform
from .cases_layers import fill
from .cases_shaping import numbers

X = uniform(3, 5, 4, seed=900, low=-2, high=2)
LINES = uniform(2, 3, 6, 2, seed=901, low=-2, high=2)
PLANES = uniform(2, 3, 5, 6, 2, seed=902, low=-2, high=2)
SPACES = uniform(1, 2, 3, 4, 3, 2, seed=903, low=-2, high=2)
# Masked at the start, in between, at the end, and a row that is masked as a whole.
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], bool)
STATES = [uniform(3, 3, seed=910 + i, low=-1, high=1) for i in range(4)]

Row = tuple[str, dict[str, Any]]
KINDS: list[Row] = [
    ("SimpleRNN", {"units": 3}),
    ("LSTM", {"units": 3}),
    ("GRU", {"units": 3}),
    ("GRU", {"units": 3, "reset_after": False}),
]
HOW_MANY = {"SimpleRNN": 1, "GRU": 1, "LSTM": 2}


def leaves(value: Any) -> list[Any]:
    """The arrays of a nested result."""
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def slopes(k: Any, layer: Any, x: np.ndarray, states: list[Any], **kwargs: Any) -> list[Any]:
    """The gradients of sum(w y) over all results, by inputs, first states and weights."""

    def total(found: Any) -> Any:
        parts = []
        for y in leaves(found):
            shape = tuple(y.shape)
            w = np.linspace(1.0, 2.0, int(np.prod(shape)), dtype="float32").reshape(shape)
            parts.append(k.ops.sum(y * w))
        return sum(parts[1:], parts[0])

    def given(states: Any) -> dict[str, Any]:
        return {**kwargs, "initial_state": list(states)} if states else kwargs

    if hasattr(k, "GradientTape"):
        with k.GradientTape() as tape:
            for one in (x, *states):
                tape.watch(one)
            loss = total(layer(x, **given(states)))
        sources = [x, *states, *layer.trainable_variables]
        return tape.gradient(loss, sources, unconnected_gradients="zero")
    import jax

    others = [v.value for v in layer.non_trainable_variables]

    def function(weights: Any, x: Any, states: Any) -> Any:
        return total(layer.stateless_call(weights, others, x, **given(states))[0])

    weights = [v.value for v in layer.trainable_variables]
    dw, dx, ds = jax.grad(function, argnums=(0, 1, 2))(weights, x, states)
    return [dx, *ds, *dw]


def values(make: Any, x: np.ndarray, states: int = 0, **kwargs: Any) -> Any:
    """A case with all results of a layer and the gradients."""

    def run(k: Any) -> Any:
        layer = make(k)
        layer(x)
        fill(layer.weights)
        first = STATES[:states]
        given = {**kwargs, "initial_state": first} if states else kwargs
        return {
            "results": leaves(layer(x, **given)),
            "gradients": slopes(k, layer, x, first, **kwargs),
        }

    return run


def made(name: str, kwargs: dict[str, Any]) -> Any:
    return lambda k: getattr(k.layers, name)(**kwargs)


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items())


def add(name: str, kwargs: dict[str, Any], x: np.ndarray, states: int = 0, **call: Any) -> None:
    """Add a case of a layer's values and gradients."""
    more = " masked" if "mask" in call else ""
    more += f" from {states} states" if states else ""
    title = f"{name}({_label(kwargs)}){list(x.shape)}{more}"
    run = values(made(name, kwargs), x, states, **call)
    add_case("recurrent", title, run, tolerance="approximate")


FLAGS = [{}, {"return_sequences": True}]
for (_name, _kwargs), _flags, _back, _mask in itertools.product(
    KINDS, FLAGS, [{}, {"go_backwards": True}], [{}, {"mask": MASK}]
):
    add(_name, {**_kwargs, "return_state": True, **_flags, **_back}, X, **_mask)
for _name, _kwargs in KINDS:
    _all = {**_kwargs, "return_sequences": True}
    _count = HOW_MANY[_name]
    add(_name, _all, X)
    add(_name, _kwargs, X[:, :1])
    add(_name, _all, X, _count)
    add(_name, _all, X, _count, mask=MASK)
    add(_name, {**_all, "zero_output_for_mask": True}, X, mask=MASK)
    add(_name, {**_kwargs, "zero_output_for_mask": True}, X, mask=MASK)
    add(_name, {**_all, "unroll": True}, X)
    add(_name, {**_all, "unroll": True, "go_backwards": True}, X, mask=MASK)
    add(_name, {**_all, "use_bias": False}, X)
    add(_name, {**_kwargs, "activation": "relu"}, X)
    add(_name, {**_kwargs, "activation": None}, X)
    if _name != "SimpleRNN":
        add(_name, {**_all, "recurrent_activation": "hard_sigmoid"}, X)
        add(_name, {**_kwargs, "implementation": 1}, X)

for (_name, _kwargs), _mode, _flags, _mask in itertools.product(
    KINDS[1:3], ("concat", "sum", "mul", "ave", None), FLAGS, [{}, {"mask": MASK}]
):
    _inner = {**_kwargs, **_flags}
    _title = f"Bidirectional({_name}({_label(_inner)}),{_mode}){' masked' if _mask else ''}"
    add_case(
        "recurrent",
        _title,
        values(
            lambda k, name=_name, inner=_inner, mode=_mode: k.layers.Bidirectional(
                getattr(k.layers, name)(**inner), merge_mode=mode
            ),
            X,
            **_mask,
        ),
        tolerance="approximate",
    )
for _mode in ("concat", None):
    add_case(
        "recurrent",
        f"Bidirectional(LSTM) with states, {_mode}",
        values(
            lambda k, mode=_mode: k.layers.Bidirectional(
                k.layers.LSTM(3, return_sequences=True, return_state=True), merge_mode=mode
            ),
            X,
            4,
            mask=MASK,
        ),
        tolerance="approximate",
    )
add_case(
    "recurrent",
    "Bidirectional with a backward_layer of another kind",
    values(
        lambda k: k.layers.Bidirectional(
            k.layers.GRU(3, return_sequences=True),
            backward_layer=k.layers.SimpleRNN(3, return_sequences=True, go_backwards=True),
        ),
        X,
        mask=MASK,
    ),
    tolerance="approximate",
)

CELLS: dict[str, Any] = {
    "SimpleRNNCell": lambda k: k.layers.SimpleRNNCell(3),
    "LSTMCell": lambda k: k.layers.LSTMCell(3),
    "GRUCell": lambda k: k.layers.GRUCell(3, reset_after=False),
    "a list": lambda k: [k.layers.LSTMCell(3), k.layers.GRUCell(2), k.layers.SimpleRNNCell(4)],
    "StackedRNNCells": lambda k: k.layers.StackedRNNCells(
        [k.layers.GRUCell(3), k.layers.LSTMCell(2)]
    ),
    "a cell of one's own": lambda k: own_cell(k),
    "a list with a cell of one's own": lambda k: [own_cell(k), k.layers.LSTMCell(2)],
}


def own_cell(k: Any) -> Any:
    """A cell with a matrix for its state, whose output is not its state."""

    class Cell(k.layers.Layer):  # type: ignore[name-defined]  # a base found at run time
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
            self.back = self.add_weight(shape=(self.units, self.units), name="back")

        def call(self, inputs: Any, states: Any) -> Any:
            state = k.ops.sin(inputs @ self.kernel + states[0] @ self.back)
            return state, [state]

    return Cell(3)


for (_name, _make), _flags, _mask in itertools.product(
    CELLS.items(), [{}, {"return_sequences": True, "go_backwards": True}], [{}, {"mask": MASK}]
):
    if "with a cell of one's own" in _name and _mask:
        continue  # Keras takes the first number of its state for the state itself
    add_case(
        "recurrent",
        f"RNN({_name},{_label(_flags)}){' masked' if _mask else ''}",
        values(
            lambda k, make=_make, flags=_flags: k.layers.RNN(make(k), return_state=True, **flags),
            X,
            **_mask,
        ),
        tolerance="approximate",
    )

FIRST = {"data_format": "channels_first"}
CONVOLUTIONS: list[tuple[str, dict[str, Any], np.ndarray]] = [
    ("ConvLSTM1D", {"filters": 3, "kernel_size": 3}, LINES),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 2, "padding": "same", "strides": 2}, LINES),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 2, "dilation_rate": 2}, LINES),
    ("ConvLSTM2D", {"filters": 3, "kernel_size": (2, 3)}, PLANES),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, PLANES),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 2, "use_bias": False}, PLANES),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 2, "recurrent_activation": "relu"}, PLANES),
    ("ConvLSTM3D", {"filters": 2, "kernel_size": 2}, SPACES),
    ("ConvLSTM3D", {"filters": 2, "kernel_size": (1, 2, 2), "padding": "same"}, SPACES),
]
for _name, _kwargs, _x in CONVOLUTIONS:
    add(_name, _kwargs, _x)
    add(_name, {**_kwargs, "return_sequences": True, "return_state": True}, _x)
    add(_name, {**_kwargs, "return_sequences": True, "go_backwards": True}, _x)
add("ConvLSTM2D", {"filters": 2, "kernel_size": 2, **FIRST}, np.moveaxis(PLANES, -1, 2).copy())

STEPS: dict[str, tuple[Any, np.ndarray]] = {
    "Dense": (lambda k: k.layers.Dense(2, activation="tanh"), X),
    "Conv1D": (lambda k: k.layers.Conv1D(3, 2), LINES),
    "MaxPooling2D": (lambda k: k.layers.MaxPooling2D(2), PLANES),
    "Flatten": (lambda k: k.layers.Flatten(), PLANES),
    "LSTM": (lambda k: k.layers.LSTM(3), LINES),
    "BatchNormalization": (lambda k: k.layers.BatchNormalization(), X),
    "Sequential": (lambda k: k.Sequential([k.layers.Dense(3), k.layers.ReLU()]), X),
}
for _name, (_make, _x) in STEPS.items():
    add_case(
        "recurrent",
        f"TimeDistributed({_name})",
        values(lambda k, make=_make: k.layers.TimeDistributed(make(k)), _x),
        tolerance="approximate",
    )


@case("recurrent", "TimeDistributed(BatchNormalization) in training", tolerance="approximate")
def _steps_trained(k: Any) -> Any:
    layer = k.layers.TimeDistributed(k.layers.BatchNormalization())
    y = layer(X, training=True)
    return [y, [w.numpy() for w in layer.weights]]


# --- states that are kept -------------------------------------------------------------------------


def _kept(make: Any) -> Any:
    def run(k: Any) -> Any:
        layer = make(k)
        layer(X)
        fill(layer.weights)
        layer.reset_state()
        found = [layer(X), layer(X[:, ::-1].copy()), layer(X, mask=MASK)]
        layer.reset_states()
        return [*found, layer(X), *(numbers(k, s) for s in leaves(layer.states))]

    return run


for _name, _kwargs in KINDS:
    _all = {**_kwargs, "stateful": True, "return_sequences": True}
    add_case("recurrent", f"{_name}({_label(_all)}) call after call", _kept(made(_name, _all)))
add_case(
    "recurrent",
    "a stateful Bidirectional, call after call",
    _kept(lambda k: k.layers.Bidirectional(k.layers.GRU(2, stateful=True))),
)


@case("recurrent", "a stateful ConvLSTM2D, call after call")
def _pictures_kept(k: Any) -> Any:
    layer = k.layers.ConvLSTM2D(2, 3, padding="same", stateful=True)
    layer(PLANES)
    fill(layer.weights)
    layer.reset_state()
    return [layer(PLANES), layer(PLANES[:, ::-1].copy())]


# --- cells by themselves --------------------------------------------------------------------------


@case("recurrent", "cells, step by step")
def _cells(k: Any) -> Any:
    found: list[Any] = []
    for cell in (
        k.layers.SimpleRNNCell(3),
        k.layers.LSTMCell(3, unit_forget_bias=False),
        k.layers.GRUCell(3),
        k.layers.GRUCell(3, reset_after=False, use_bias=False),
        k.layers.StackedRNNCells([k.layers.LSTMCell(2), k.layers.GRUCell(3)]),
    ):
        states = cell.get_initial_state(batch_size=3)
        cell(X[:, 0], states)
        fill(cell.weights)
        for i in range(3):
            output, states = cell(X[:, i], states)
            found += [output, *leaves(states)]
    return found


@case("recurrent", "cells of one state take it without a list")
def _bare_states(k: Any) -> Any:
    found = []
    for cell in (k.layers.SimpleRNNCell(3), k.layers.GRUCell(3)):
        cell(X[:, 0], STATES[0])
        fill(cell.weights)
        found += list(cell(X[:, 0], STATES[0]))
    return found


@case("recurrent", "cells' sizes and first states", json=True)
def _sizes(k: Any) -> Any:
    cells = [k.layers.SimpleRNNCell(3), k.layers.LSTMCell(4), k.layers.GRUCell(2)]
    cells.append(k.layers.StackedRNNCells([k.layers.LSTMCell(2), k.layers.GRUCell(3)]))
    return [
        [
            c.name,
            c.state_size,
            c.output_size,
            [list(s.shape) for s in leaves(c.get_initial_state(2))],
        ]
        for c in cells
    ]


# --- masks on their way ---------------------------------------------------------------------------


@case("recurrent", "masks on their way")
def _masks(k: Any) -> Any:
    ids = np.array([[1, 2, 0, 3], [0, 0, 1, 0]], "int32")
    layers = k.layers
    embedding = layers.Embedding(4, 3, mask_zero=True)
    first, second = layers.LSTM(3, return_sequences=True), layers.GRU(2)
    both = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True))
    steps = layers.TimeDistributed(layers.Dense(2))

    def run(ids: Any) -> list[Any]:
        x = embedding(ids)
        y = first(x)
        z = both(y)
        return [y, z, steps(z), second(z)]

    run(ids)
    for layer in (embedding, first, both, steps, second):
        fill(layer.weights)
    return run(ids)


@case("recurrent", "what is masked afterwards", json=True)
def _masked_after(k: Any) -> Any:
    mask = np.ones((2, 4), bool)

    def shown(found: Any) -> Any:
        return [m is not None for m in (found if isinstance(found, list | tuple) else [found])]

    layers = k.layers
    made = [
        layers.LSTM(2),
        layers.LSTM(2, return_sequences=True),
        layers.LSTM(2, return_state=True),
        layers.GRU(2, return_sequences=True, return_state=True),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(2)),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True), merge_mode=None),
        layers.TimeDistributed(layers.Dense(2)),
    ]
    return [shown(layer.compute_mask(None, mask)) for layer in made]


# --- shapes, configurations, names ----------------------------------------------------------------

WRAPPED: dict[str, Any] = {
    "RNN of a cell": lambda k: k.layers.RNN(k.layers.LSTMCell(3), return_state=True),
    "RNN of cells": lambda k: k.layers.RNN(
        [k.layers.LSTMCell(3), k.layers.GRUCell(2)], return_state=True, return_sequences=True
    ),
    "Bidirectional": lambda k: k.layers.Bidirectional(k.layers.LSTM(3), merge_mode="sum"),
    "Bidirectional of both": lambda k: k.layers.Bidirectional(
        k.layers.GRU(3, return_sequences=True, return_state=True), merge_mode=None
    ),
    "TimeDistributed": lambda k: k.layers.TimeDistributed(k.layers.Dense(3)),
    **{
        f"{name}({_label(more)})": made(name, {**kwargs, **more})
        for name, kwargs in KINDS[:3]
        for more in (
            {},
            {"return_sequences": True, "return_state": True, "name": "mine", "dropout": 0.2},
            {"kernel_regularizer": "l2", "bias_constraint": "non_neg", "activation": "relu"},
        )
    },
    **{
        f"{name}({_label(kwargs)})": made(name, kwargs)
        for name, kwargs, _ in CONVOLUTIONS
        if name == "ConvLSTM2D"
    },
}


def _facts(make: Any) -> Any:
    def run(k: Any) -> Any:
        layer = make(k)
        x = PLANES if "conv" in type(layer).__name__.lower() else X
        config = plain(layer.get_config())
        again = plain(type(layer).from_config(layer.get_config()).get_config())
        symbolic = leaves(layer(k.Input(x.shape[1:])))
        return {
            "config": config,
            "again": again,
            "shapes": plain(layer.compute_output_shape((None, *x.shape[1:]))),
            "symbolic": [list(y.shape) for y in symbolic],
            "weights": [[w.path, list(w.shape), w.trainable] for w in layer.weights],
            "build": plain(layer.get_build_config()),
            "masking": layer.supports_masking,
            "count": layer.count_params(),
        }

    return run


for _name, _make in WRAPPED.items():
    add_case("recurrent", f"{_name} facts", _facts(_make), json=True)
for _name in ("ConvLSTM1D", "ConvLSTM3D"):
    _kwargs = next(kwargs for name, kwargs, _ in CONVOLUTIONS if name == _name)
    add_case(
        "recurrent",
        f"{_name} config",
        lambda k, name=_name, kwargs=_kwargs: getattr(k.layers, name)(**kwargs).get_config(),
        json=True,
    )


@case("recurrent", "configurations of cells", json=True)
def _cell_configs(k: Any) -> Any:
    cells = [
        k.layers.SimpleRNNCell(3, seed=1, dropout=0.1),
        k.layers.LSTMCell(3, recurrent_activation="hard_sigmoid", unit_forget_bias=False),
        k.layers.GRUCell(3, reset_after=False, recurrent_regularizer="l1"),
        k.layers.StackedRNNCells([k.layers.GRUCell(2), k.layers.LSTMCell(2)]),
    ]
    return [[c.get_config(), type(c).from_config(c.get_config()).get_config()] for c in cells]


@case("recurrent", "first biases and the width of recurrent kernels", json=True)
def _first(k: Any) -> Any:
    found = []
    for layer in (
        k.layers.LSTM(2), k.layers.LSTM(2, unit_forget_bias=False, bias_initializer="ones"),
        k.layers.GRU(2), k.layers.SimpleRNN(2, bias_initializer="ones"), k.layers.ConvLSTM1D(2, 2),
    ):  # fmt: skip
        layer.build((None, 3, 4, 4) if "conv" in layer.name else (None, 3, 4))
        kernel, recurrent, bias = (numbers(k, w) for w in layer.weights)
        flat = recurrent.reshape(-1, recurrent.shape[-1])
        norms = np.linalg.svd(flat, compute_uv=False).round(3).tolist()
        found.append([bias.tolist(), norms if "conv" not in layer.name else len(norms)])
        assert kernel.shape[-1] == recurrent.shape[-1]
    return found


@case("recurrent", "penalties of recurrent layers")
def _penalties(k: Any) -> Any:
    layer = k.layers.GRU(
        3, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2",
        activity_regularizer=k.regularizers.L2(0.1), kernel_constraint="non_neg",
        recurrent_constraint="unit_norm", bias_constraint=k.constraints.MaxNorm(0.1, axis=[0, 1]),
    )  # fmt: skip
    layer(X)
    fill(layer.weights)
    layer(X)
    return [list(layer.losses), [w.constraint(w) for w in layer.weights]]


@case("recurrent", "dtypes of recurrent layers", json=True)
def _dtypes(k: Any) -> Any:
    found = {}
    for dtype in ("float16", "mixed_float16", "float32"):
        # Keras cannot draw orthogonal matrices of halves.
        own = {"dtype": dtype, "recurrent_initializer": "zeros"}
        made = [
            k.layers.LSTM(2, return_state=True, **own),
            k.layers.GRU(2, return_sequences=True, **own),
            k.layers.SimpleRNN(2, stateful=True, **own),
            k.layers.RNN(k.layers.LSTMCell(2, **own), dtype=dtype),
            k.layers.Bidirectional(k.layers.GRU(2, **own), dtype=dtype),
            k.layers.TimeDistributed(k.layers.Dense(2, dtype=dtype), dtype=dtype),
        ]
        for layer in made:
            dtypes = [str(k.ops.dtype(y)) for y in leaves(layer(X))]
            found[f"{layer.name}, {dtype}"] = dtypes
        for name, kwargs, x in (CONVOLUTIONS[0], CONVOLUTIONS[3], CONVOLUTIONS[7]):
            layer = getattr(k.layers, name)(**kwargs, **own)
            found[f"{name}, {dtype}"] = [str(k.ops.dtype(layer(x)))]
        for name in ("SimpleRNNCell", "LSTMCell", "GRUCell"):
            cell = getattr(k.layers, name)(2, **own)
            results = leaves(cell(X[:, 0], cell.get_initial_state(3)))
            found[f"{name}, {dtype}"] = [str(k.ops.dtype(y)) for y in results]
        stack = k.layers.StackedRNNCells([k.layers.GRUCell(2, **own)], dtype=dtype)
        results = leaves(stack(X[:, 0], stack.get_initial_state(3)))
        found[f"StackedRNNCells, {dtype}"] = [str(k.ops.dtype(y)) for y in results]
    return found


# --- in models ------------------------------------------------------------------------------------
# Not here: `fit` of a stateful model, whose states Keras loses on JAX (and keeps on TensorFlow).


@case("recurrent", "an encoder and a decoder", tolerance="approximate")
def _translated(k: Any) -> Any:
    layers = k.layers
    source, target = k.Input((None, 3)), k.Input((None, 2))
    _, h, c = layers.LSTM(4, return_state=True)(source)
    y = layers.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    model = k.Model([source, target], layers.TimeDistributed(layers.Dense(2))(y))
    fill(model.weights)
    a, b = uniform(3, 4, 3, seed=920), uniform(3, 6, 2, seed=921)
    return [model([a, b]), model([a[:, :2], b[:, :1]])]


@case("recurrent", "texts trained", tolerance="history")
def _trained(k: Any) -> Any:
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((6,), dtype="int32"),
            layers.Embedding(9, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(4),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    fill(model.weights)
    model.compile(k.optimizers.SGD(0.1), "binary_crossentropy")
    x = integers(12, 6, seed=930, low=0, high=9)
    y = integers(12, 1, seed=931, low=0, high=2).astype("float32")
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    return [history["loss"], model.predict(x, verbose=0), [w.numpy() for w in model.weights]]
