"""Models that go from annette to Keras and back, and the other way: every layer and optimizer."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.saving import zoo
from tests.saving.zoo import LINE, PAIR, PICTURE, fill

Build = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class Case:
    """A model and how it is trained.

    Attributes:
        build: makes it, of annette's names or Keras's.
        learn: the arguments of `compile`; None leaves it untrained.
        chance: whether training draws random numbers or is Keras's own, so that only what was saved
            compares.
        called: whether the model is called, as `predict` does not take its data.
        shares: whether a layer is in models within models, which Keras cannot load again.
        near: the relative tolerance of what is predicted.
        given: the input, where it is no array of random numbers.
    """

    build: Build
    learn: Callable[[Any], dict[str, Any]] | None
    chance: bool = False
    called: bool = False
    shares: bool = False
    near: float = 2e-5
    given: Callable[[Any], Any] | None = None


def momentum(k: Any) -> dict[str, Any]:
    """A way to learn in which no rounding grows."""
    return {"optimizer": k.optimizers.SGD(0.01, momentum=0.9), "loss": "mse"}


def gently(k: Any) -> dict[str, Any]:
    """The same in small steps, for layers upon layers."""
    return {"optimizer": k.optimizers.SGD(1e-3, momentum=0.9), "loss": "mse"}


# --- each layer by itself -----------------------------------------------------------------------

# Adapted below; of other shapes or in a circle in Keras when it predicts; on whole numbers below.
_OTHERWISE = ("Normalization", "RandomCrop", "Equalization", "Hashing")
_TOKENS = ("Embedding", "ReversibleEmbedding", "CategoryEncoding")
TOKENS = np.arange(32.0, dtype="float32").reshape(8, 4) * 7 % 4
_CHANCE = ("LSTM", "GroupQueryAttention", "MultiHeadAttention of two", "Sequential")


def _alone(name: str) -> Build:
    return lambda k: zoo.make(k, name)


# --- recurrent layers ---------------------------------------------------------------------------


def _line(*layers: Callable[[Any], Any], shape: Any = PAIR, dtype: str | None = None) -> Build:
    """A stack of layers, each made when the model is."""

    def build(k: Any) -> Any:
        k.utils.clear_session()
        model = k.Sequential([k.Input(shape, dtype=dtype), *(make(k) for make in layers)])
        fill(model)
        return model

    return build


def _cell(name: str) -> Callable[[Any], Any]:
    return lambda k: getattr(k.layers, name)(3)


_RECURRENT = {
    f"{wrapper} of {cell}": _line(make)
    for cell in zoo.CELLS
    for wrapper, make in {
        "RNN in sequence": lambda k, c=cell: k.layers.RNN(_cell(c)(k), return_sequences=True),
        "RNN backwards, unrolled": lambda k, c=cell: k.layers.RNN(
            _cell(c)(k), go_backwards=True, unroll=True
        ),
        "Bidirectional RNN": lambda k, c=cell: k.layers.Bidirectional(
            k.layers.RNN(_cell(c)(k)), merge_mode="sum"
        ),
    }.items()
}
_RECURRENT |= {
    f"Bidirectional {name}": _line(
        lambda k, n=name: k.layers.Bidirectional(getattr(k.layers, n)(2, return_sequences=True)),
        lambda k, n=name: getattr(k.layers, n)(2),
    )
    for name in ("GRU", "LSTM", "SimpleRNN")
}
_RECURRENT |= {
    "stacked cells in both directions": _line(
        lambda k: k.layers.Bidirectional(
            k.layers.RNN([k.layers.GRUCell(2), k.layers.LSTMCell(3)], return_sequences=True)
        ),
        lambda k: k.layers.Dense(1),
    ),
    "GRU of the other kind": _line(lambda k: k.layers.GRU(3, reset_after=False, use_bias=False)),
    "LSTM after a mask": _line(
        lambda k: k.layers.Masking(0.0), lambda k: k.layers.LSTM(3, unit_forget_bias=False)
    ),
    "TimeDistributed of a model": _line(
        lambda k: k.layers.TimeDistributed(
            k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.BatchNormalization()])
        ),
        lambda k: k.layers.GlobalAveragePooling1D(),
    ),
    "TimeDistributed convolution": _line(
        lambda k: k.layers.TimeDistributed(k.layers.Conv2D(2, 2)),
        lambda k: k.layers.ConvLSTM2D(2, 2, return_sequences=True),
        lambda k: k.layers.Bidirectional(k.layers.ConvLSTM2D(2, 2)),
        shape=(3, 5, 5, 2),
    ),
}


def _states(k: Any) -> Any:
    """States out of one layer and into another, and what remembers from call to call."""
    k.utils.clear_session()
    start = k.Input(PAIR, batch_size=8)
    lay = k.layers
    whole, h, c = lay.LSTM(3, return_sequences=True, return_state=True, name="reads")(start)
    told = lay.LSTM(3, name="writes")(whole, initial_state=[h, c])
    kept = lay.GRU(2, stateful=True)(start)
    model = k.Model(start, [lay.Dense(2)(told), lay.Concatenate()([kept, h])])
    fill(model)
    return model


# --- attention, wrappers, normalization ---------------------------------------------------------


def _heads(k: Any) -> Any:
    """Attention on one thing and on another, with a causal mask and a mask of padding."""
    k.utils.clear_session()
    lay = k.layers
    words, picture = k.Input((5,), dtype="int32", name="words"), k.Input((3, 4), name="picture")
    x = lay.Embedding(7, 4, mask_zero=True)(words)
    x = x + lay.MultiHeadAttention(2, 3, value_dim=2, output_shape=4)(x, x, use_causal_mask=True)
    x = lay.LayerNormalization(axis=[1, 2], name="both")(x)
    x = lay.MultiHeadAttention(2, 2, attention_axes=(1,))(x, picture)
    x = lay.GroupQueryAttention(2, 4, 2)(x, x)
    x = lay.Attention(use_scale=True, score_mode="concat")([x, picture])
    x = lay.AdditiveAttention()([x, picture])
    model = k.Model([words, picture], lay.Dense(2)(lay.Flatten()(x)))
    fill(model)
    return model


_OTHERS = {
    "SpectralNormalization of a convolution": _line(
        lambda k: k.layers.SpectralNormalization(k.layers.Conv2D(3, 2), power_iterations=2),
        shape=PICTURE,
    ),
    "BatchNormalization of all kinds": _line(
        lambda k: k.layers.BatchNormalization(axis=1, scale=False),
        lambda k: k.layers.BatchNormalization(center=False, momentum=0.5),
        lambda k: k.layers.BatchNormalization(trainable=False),
    ),
    "convolutions": _line(
        lambda k: k.layers.Conv2D(4, 3, padding="same", groups=1, dilation_rate=2),
        lambda k: k.layers.Conv2D(4, (2, 1), groups=2, use_bias=False, strides=(1, 1)),
        lambda k: k.layers.DepthwiseConv2D(2, depth_multiplier=2, padding="same"),
        lambda k: k.layers.SeparableConv2D(3, 2, depth_multiplier=2, use_bias=False),
        lambda k: k.layers.LayerNormalization(),
        lambda k: k.layers.Conv2DTranspose(2, 3, strides=2, output_padding=1),
        lambda k: k.layers.PReLU(shared_axes=[1, 2]),
        lambda k: k.layers.Rescaling(0.1),
        shape=(6, 6, 2),
    ),
    "constraints and regularizers": _line(
        lambda k: k.layers.Dense(
            3,
            activation=k.activations.gelu,
            kernel_constraint=k.constraints.MinMaxNorm(0.2, 1.5, 0.5),
            kernel_regularizer=k.regularizers.L1L2(1e-3, 2e-3),
            bias_regularizer=k.regularizers.L2(1e-3),
            activity_regularizer="l2",
            kernel_initializer=k.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=4),
        ),
        lambda k: k.layers.Dense(
            4, kernel_regularizer=k.regularizers.OrthogonalRegularizer(0.01, "columns")
        ),
        lambda k: k.layers.Dense(2, kernel_constraint="unit_norm", bias_constraint="non_neg"),
        shape=LINE,
    ),
    "EinsumDense of many axes": _line(
        lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"),
        lambda k: k.layers.Reshape((-1, 6)),
        lambda k: k.layers.EinsumDense("...x,xy->...y", output_shape=2, activation="tanh"),
    ),
    "frozen": _line(
        lambda k: k.layers.Dense(3, trainable=False),
        lambda k: k.layers.LayerNormalization(),
        lambda k: k.layers.Dense(2),
        shape=LINE,
    ),
}


# --- the shapes of models -----------------------------------------------------------------------


def _shared(k: Any) -> Any:
    """One layer at two places, a model within a model twice, weights tied."""
    k.utils.clear_session()
    lay = k.layers
    one, two = k.Input(LINE, name="one"), k.Input(LINE, name="two")
    twice = lay.Dense(3, activation="tanh", name="twice")
    inner_start = k.Input((3,))
    inner = k.Model(inner_start, lay.Dense(3, name="d")(lay.Dense(2)(inner_start)), name="inner")
    outer = k.Sequential([k.Input((3,)), inner, lay.Dense(3)], name="outer")
    x = lay.Add()([outer(twice(one)), inner(twice(two))])
    model = k.Model([one, two], lay.Dense(1)(x), name="shared")
    fill(model)
    return model


def _dicts(k: Any) -> Any:
    """Inputs and outputs in dicts, and operations between the layers."""
    k.utils.clear_session()
    lay = k.layers
    start = {"a": k.Input(LINE, name="a"), "b": k.Input((4, 2), name="b")}
    x = lay.Dense(2, name="first")(start["a"])
    y = lay.Conv1D(2, 2, name="second")(start["b"])
    z = k.ops.tanh(x) * 2.0 - k.ops.mean(y, axis=1) / 3.0
    z = k.ops.concatenate([z, x[:, :1], -x], axis=-1)
    ends = {"sum": lay.Dense(2, name="sum")(z), "flat": lay.Flatten(name="flat")(y)}
    model = k.Model(start, ends, name="dicts")
    fill(model)
    return model


def _operations(k: Any) -> Any:
    """Functions of many kinds of arguments between layers."""
    k.utils.clear_session()
    o = k.ops
    start, other = k.Input((4, 4, 3), name="picture"), k.Input(LINE, name="line")
    x = o.image.resize(start, (5, 6), interpolation="bilinear")
    x = o.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]], constant_values=0.5)
    x = o.relu(o.transpose(x, (0, 3, 1, 2)))[:, 1:, ..., 0]
    x = o.clip(o.reshape(x, (-1, 12)), -1.0, 1.0)
    y = k.layers.Dense(12, name="before")(other)
    y = o.where(o.greater(y, 0.2), y, o.square(x)) + o.maximum(x, 0.1) ** 2
    parts = o.split(y, 3, axis=-1)
    y = o.stack([parts[0], parts[2]], axis=1) @ o.expand_dims(parts[1], -1)
    y = o.softmax(o.squeeze(y, -1), axis=-1) - o.einsum("ab,ab->a", x, x)[:, None]
    y = o.concatenate([y, o.sum(x, axis=(1,), keepdims=True), o.logsumexp(x, 1, True)], axis=-1)
    y = o.take(y, [0, 2, 3], axis=1) * o.cast(o.argmax(x, axis=-1, keepdims=True), "float32")
    model = k.Model([start, other], k.layers.Dense(2, name="after")(1.0 - y / 3))
    fill(model)
    return model


def _tied(k: Any) -> Any:
    """An embedding that is also the way back to words."""
    k.utils.clear_session()
    start = k.Input((4,), dtype="int32")
    table = k.layers.ReversibleEmbedding(7, 3)
    x = k.layers.Dense(3)(table(start))
    model = k.Model(start, table(x, reverse=True))
    fill(model)
    return model


_own: dict[str, dict[str, Any]] = {}


def own(k: Any) -> dict[str, Any]:
    """Classes and functions of a program's own, registered under the same names in both."""
    if k.__name__ not in _own:
        _own[k.__name__] = _classes(k)
    return _own[k.__name__]


def _classes(k: Any) -> dict[str, Any]:
    register = k.saving.register_keras_serializable

    @register("exchange")
    def bent(x: Any) -> Any:
        return k.ops.where(x > 0, x, 0.3 * x)

    @register("exchange")
    class Gated(k.layers.Layer):  # type: ignore[misc]
        """Layers in attributes, lists and dicts, and weights of its own."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.first = k.layers.Dense(units, activation=bent)
            self.more = [k.layers.Dense(units), {"norm": k.layers.LayerNormalization()}]
            self._last = k.layers.Dense(units)

        def build(self, shape: Any) -> None:
            self.gate = self.add_weight((self.units,), name="gate")
            self.count = self.add_weight((), "zeros", name="count", trainable=False)
            self.first.build(shape)
            inner = (*shape[:-1], self.units)
            for layer in (self.more[0], self.more[1]["norm"], self._last):
                layer.build(inner)
            super().build(shape)

        def call(self, x: Any) -> Any:
            x = self.more[1]["norm"](self.more[0](self.first(x)))
            return self._last(x) * self.gate

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register("exchange", "Whole")
    class Own(k.Model):  # type: ignore[misc]
        """A model in which one layer is in two places."""

        def __init__(self, units: int = 3, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.block = Gated(units, name="block")
            self.shared = self.block.first
            self.head = k.Sequential([k.layers.Dense(2), k.layers.BatchNormalization()])

        def build(self, shape: Any) -> None:
            self.block.build(shape)
            self.head.build((*shape[:-1], self.units))
            self.factor = self.add_weight((), "ones", name="factor")
            super().build(shape)

        def call(self, x: Any, training: bool = False) -> Any:
            return self.head(self.block(x), training=training) * self.factor

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register("exchange")
    def half_square(y: Any, p: Any) -> Any:
        return k.ops.mean(k.ops.square(k.ops.cast(y, p.dtype) - p), axis=-1) / 2

    return {"bent": bent, "Gated": Gated, "Own": Own, "half_square": half_square}


def _own_model(k: Any) -> Any:
    k.utils.clear_session()
    model = own(k)["Own"](3, name="own")
    model.build((None, 4))
    fill(model)
    return model


# --- dtypes -------------------------------------------------------------------------------------


def _policy(policy: str) -> Build:
    def build(k: Any) -> Any:
        k.utils.clear_session()
        lay = k.layers
        model = k.Sequential(
            [
                k.Input(LINE),
                lay.Dense(4, activation="tanh", dtype=policy),
                lay.BatchNormalization(dtype=k.dtype_policies.DTypePolicy(policy)),
                lay.Dense(2, dtype=policy),
            ]
        )
        fill(model)
        return model

    return build


# --- optimizers ---------------------------------------------------------------------------------


def _decay(k: Any) -> Any:
    return k.optimizers.schedules.CosineDecay(0.02, 20, warmup_steps=2, warmup_target=0.05)


_MANY: dict[str, Callable[[Any], Any]] = {
    "Adadelta": lambda o: o.Adadelta(0.5),
    "Adafactor": lambda o: o.Adafactor(0.05),
    "Adagrad": lambda o: o.Adagrad(0.05),
    "Adam": lambda o: o.Adam(0.02),
    "Adam amsgrad": lambda o: o.Adam(0.02, amsgrad=True, clipnorm=0.5),
    "AdamW": lambda o: o.AdamW(0.02, weight_decay=0.05, global_clipnorm=1.0),
    "Adamax": lambda o: o.Adamax(0.02),
    "Ftrl": lambda o: o.Ftrl(0.05, l1_regularization_strength=0.01),
    "Lamb": lambda o: o.Lamb(0.02),
    "Lion": lambda o: o.Lion(0.01, clipvalue=0.3),
    "LossScaleOptimizer": lambda o: o.LossScaleOptimizer(
        o.Adam(0.02), initial_scale=64.0, dynamic_growth_steps=3
    ),
    "Muon": lambda o: o.Muon(0.02),
    "Nadam": lambda o: o.Nadam(0.02),
    "RMSprop": lambda o: o.RMSprop(0.01),
    "RMSprop centered": lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
    "SGD": lambda o: o.SGD(0.05),
    "SGD nesterov": lambda o: o.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "ScheduleFreeAdamW": lambda o: o.ScheduleFreeAdamW(0.02, warmup_steps=3),
    "averaged": lambda o: o.Adam(0.02, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3),
    "accumulated": lambda o: o.Adam(0.02, gradient_accumulation_steps=3),
    "scaled": lambda o: o.SGD(0.02, momentum=0.5, loss_scale_factor=8.0),
}


def _plain(k: Any) -> Any:
    """Layers of which every weight has a gradient well above the noise."""
    k.utils.clear_session()
    lay = k.layers
    model = k.Sequential(
        [k.Input(LINE), lay.Dense(4, activation="tanh"), lay.LayerNormalization(), lay.Dense(2)]
    )
    fill(model)
    return model


def _with(make: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda k: {"optimizer": make(k.optimizers), "loss": k.losses.MeanSquaredError()}


def _several(k: Any) -> dict[str, Any]:
    o = k.optimizers
    first = o.OptimizerMap(o.SGD(0.05, momentum=0.5))
    first["kernel"] = o.Adam(0.02)
    return {"optimizer": o.MultiOptimizer(first), "loss": "mse"}


# --- what layers learn before training ----------------------------------------------------------


def _adapted(k: Any, layer: Any, learn: Any, shape: Any, dtype: str) -> Any:
    k.utils.clear_session()
    layer.adapt(learn)
    return k.Sequential([k.Input(shape, dtype=dtype), layer])


NUMBERS = np.array([[3], [4], [4], [9], [3], [4], [7], [1]], "int64")
WORDS = np.array([["fox"], ["sea"], ["sea"], ["sky"], ["fox"], ["sea"], ["ash"], ["oak"]], object)
LINES = np.array([["A red fox!"], ["a blue, blue sea"], ["the Fox"], ["red sea"]] * 2, object)


def _strings(column: np.ndarray) -> Callable[[Any], Any]:
    def given(k: Any) -> Any:
        if k.__name__ == "annette":
            return column
        import tensorflow as tf

        return tf.constant(column.astype(str))

    return given


def _lookup(name: str, **arguments: Any) -> Case:
    """A lookup adapted to its data."""
    texts = name == "StringLookup"
    data, dtype = (WORDS, "string") if texts else (NUMBERS, "int64")
    return Case(
        lambda k: _adapted(
            k, getattr(k.layers, name)(**arguments), _strings(data)(k) if texts else data, (1,),
            dtype,
        ),
        None, called=texts, given=_strings(data) if texts else lambda k: NUMBERS,
    )  # fmt: skip


def _vectorized(**arguments: Any) -> Case:
    return Case(
        lambda k: _adapted(
            k, k.layers.TextVectorization(**arguments), _strings(LINES)(k), (1,), "string"
        ),
        None, called=True, given=_strings(LINES),
    )  # fmt: skip


def _words_then_layers(k: Any) -> Any:
    """From texts to a class: a vocabulary before layers that learn."""
    k.utils.clear_session()
    lay = k.layers
    words = lay.TextVectorization(max_tokens=12, output_sequence_length=4)
    words.adapt(_strings(LINES)(k))
    start = k.Input((1,), dtype="string")
    x = lay.Embedding(12, 3)(words(start))
    model = k.Model(start, lay.Dense(2)(lay.GlobalAveragePooling1D()(x)))
    rng = np.random.default_rng(2)
    for weight in model.trainable_weights:
        weight.assign(rng.uniform(0.1, 0.9, tuple(weight.shape)).astype("float32"))
    return model


def _normalized(k: Any) -> Any:
    model = _adapted(
        k, k.layers.Normalization(axis=-1), np.arange(24.0, dtype="float32").reshape(6, 4) ** 2,
        LINE, "float32",
    )  # fmt: skip
    model.add(k.layers.Dense(2, kernel_initializer="ones"))
    return model


def _columns(k: Any) -> Any:
    """A FeatureSpace, adapted."""
    k.utils.clear_session()
    kinds = k.utils.FeatureSpace
    space = kinds(
        {
            "age": "float_normalized",
            "size": kinds.float_discretized(num_bins=3),
            "kind": kinds.integer_categorical(num_oov_indices=1),
            "zip": kinds.integer_hashed(num_bins=5),
            "plain": "float",
        },
        crosses=[("kind", "zip")],
        crossing_dim=7,
        name="space",
    )
    table = _table(k)
    if k.__name__ != "annette":
        import tensorflow as tf

        space.adapt(tf.data.Dataset.from_tensor_slices(table))
    else:
        space.adapt(table)
    space(table)  # Keras saves only a space that has been called
    return space


def _table(k: Any) -> dict[str, np.ndarray]:
    n = np.arange(8)
    return {
        "age": (n * n % 7).astype("float32"),
        "size": (n * 0.5 - 1).astype("float32"),
        "kind": (n % 3).astype("int32"),
        "zip": (n * 37 % 11).astype("int32"),
        "plain": (n * 0.25).astype("float32"),
    }


# --- all of them --------------------------------------------------------------------------------


def _every() -> dict[str, Case]:
    import annette

    alone = {
        name: Case(
            _alone(name),
            momentum,
            chance=name in _CHANCE,
            called=name == "HashedCrossing",
            given=(lambda k: TOKENS) if name in _TOKENS else None,
        )
        for name in zoo.names(annette)
        if name not in _OTHERWISE
    }
    many = [(n, b) for group in (_RECURRENT, _OTHERS) for n, b in group.items()]
    found = {**alone, **{name: Case(build, gently) for name, build in many}}
    found |= {f"optimizer {n}": Case(_plain, _with(make)) for n, make in _MANY.items()}
    # Keras on TensorFlow reads a weight there after it has changed it, which no other backend does.
    name = "optimizer ScheduleFreeAdamW"
    found[name] = dataclasses.replace(found[name], chance=True)
    found |= {
        "optimizer MultiOptimizer": Case(_plain, _several),
        "optimizer schedule": Case(
            _plain, lambda k: {"optimizer": k.optimizers.Adam(_decay(k)), "loss": "mse"}
        ),
        "states": Case(_states, momentum),
        "heads": Case(_heads, momentum),
        "shared": Case(_shared, momentum, shares=True),
        "dicts": Case(
            _dicts,
            lambda k: {
                "optimizer": k.optimizers.SGD(0.01, momentum=0.9),
                "loss": {"sum": "mse", "flat": k.losses.LogCosh()},
                "loss_weights": {"sum": 1.0, "flat": 0.5},
                "metrics": {"sum": ["mae"], "flat": [k.metrics.RootMeanSquaredError()]},
            },
        ),
        "tied": Case(_tied, momentum),
        "own": Case(
            _own_model,
            lambda k: {"optimizer": "sgd", "loss": own(k)["half_square"], "metrics": ["mae"]},
        ),
        "mixed_float16": Case(
            _policy("mixed_float16"), lambda k: {"optimizer": "sgd", "loss": "mse"}, near=3e-3
        ),
        "mixed_bfloat16": Case(
            _policy("mixed_bfloat16"), lambda k: {"optimizer": "sgd", "loss": "mse"}, near=3e-2
        ),
        "bfloat16": Case(_policy("bfloat16"), None, near=3e-2),
        "float16": Case(_policy("float16"), None, near=3e-3),
        "float64": Case(_policy("float64"), momentum),
        "operations": Case(_operations, gently),
    }
    found |= {
        "Hashing": Case(
            _line(
                lambda k: k.layers.Hashing(5, mask_value=0, salt=[3, 4]), shape=LINE, dtype="int64"
            ),
            None,
            called=True,
        ),
        "IntegerLookup": _lookup("IntegerLookup"),
        "IntegerLookup of many": _lookup(
            "IntegerLookup", num_oov_indices=3, mask_token=0, oov_token=-2, output_mode="multi_hot"
        ),
        "StringLookup": _lookup("StringLookup"),
        "StringLookup weighted": _lookup("StringLookup", output_mode="tf_idf", max_tokens=5),
        "TextVectorization": _vectorized(output_sequence_length=3),
        "TextVectorization of pairs": _vectorized(ngrams=2, output_mode="tf_idf"),
        "TextVectorization of letters": _vectorized(
            split="character", standardize="strip_punctuation", output_mode="count"
        ),
        "words then layers": Case(
            _words_then_layers, momentum, called=True, given=_strings(LINES)
        ),
        "Normalization adapted": Case(_normalized, momentum),
        "Normalization reversed": Case(
            lambda k: k.Sequential(
                [k.Input(LINE), k.layers.Normalization(mean=1.5, variance=2.0, invert=True)]
            ),
            None,
        ),
        "Discretization adapted": Case(
            lambda k: _adapted(
                k, k.layers.Discretization(num_bins=3, output_mode="one_hot"),
                np.arange(9.0, dtype="float32"), (1,), "float32",
            ),
            None,
        ),
        "FeatureSpace": Case(_columns, None, called=True, given=_table),
    }  # fmt: skip
    return found


CASES = _every()


def arrays(name: str, model: Any, k: Any) -> Any:
    """Eight rows for a model's inputs, in their structure."""
    case = CASES[name]
    if case.given is not None:
        return case.given(k)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    given = model.input if hasattr(model, "input") and model.built else None

    def one(tensor: Any) -> np.ndarray:
        shape, dtype = (8, *tensor.shape[1:]), str(tensor.dtype)
        if "int" in dtype:
            return rng.integers(0, 3, shape).astype(dtype)
        return rng.normal(size=shape).astype("float32")

    if name == "own":
        return rng.normal(size=(8, 4)).astype("float32")
    if isinstance(given, dict):
        return {key: one(given[key]) for key in sorted(given)}
    found = [one(tensor) for tensor in model.inputs]
    return found if len(found) > 1 else found[0]


def targets(name: str, predicted: Any) -> Any:
    """Targets for what a model predicted, in its structure."""
    rng = np.random.default_rng(zlib.crc32(name.encode()) + 1)

    def one(value: Any) -> np.ndarray:
        return rng.normal(size=np.shape(value)).astype("float32")

    if isinstance(predicted, dict):
        return {key: one(predicted[key]) for key in sorted(predicted)}
    if isinstance(predicted, (list, tuple)):
        return [one(value) for value in predicted]
    return one(predicted)
