"""Models that annette and Keras make alike, to see whether each reads the other's files."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.saving.zoo import fill


def pictures(k: Any) -> Any:
    """Convolutions, branches, a model in a model."""
    lay = k.layers
    start = k.Input((6, 6, 2), name="picture")
    x = lay.Conv2D(3, 3, padding="same", activation="relu")(start)
    x = lay.BatchNormalization()(x)
    side = lay.SeparableConv2D(3, 3, padding="same")(x)
    x = lay.add([x, side]) if hasattr(lay, "add") else lay.Add()([x, side])
    x = lay.MaxPooling2D()(x)
    head = k.Sequential([lay.Flatten(), lay.Dense(4, activation="tanh"), lay.Dense(2)], name="head")
    model = k.Model(start, head(x), name="pictures")
    fill(model)
    return model


def sequence(k: Any) -> Any:
    """Recurrent layers, stacked and in both directions."""
    lay = k.layers
    model = k.Sequential(
        [
            k.Input((5, 3)),
            lay.Bidirectional(lay.LSTM(3, return_sequences=True)),
            lay.RNN([lay.GRUCell(3), lay.LSTMCell(2)], return_sequences=True),
            lay.SimpleRNN(3),
            lay.Dense(1),
        ],
        name="sequence",
    )
    fill(model)
    return model


def attention(k: Any) -> Any:
    """Words, attention and an operation between layers."""
    lay = k.layers
    start = k.Input((5,), dtype="int32")
    x = lay.Embedding(7, 4)(start)
    x = lay.LayerNormalization()(x + lay.MultiHeadAttention(2, 3)(x, x))
    x = lay.TimeDistributed(lay.Dense(3, activation="gelu"))(x)
    model = k.Model(start, lay.Dense(2, activation="softmax")(lay.GlobalAveragePooling1D()(x)))
    fill(model)
    return model


def small(k: Any) -> Any:
    """Two layers."""
    lay = k.layers
    model = k.Sequential([k.Input((4,)), lay.Dense(3, activation="relu"), lay.Dense(1)])
    fill(model)
    return model


def _decayed(k: Any) -> Any:
    schedule = k.optimizers.schedules.ExponentialDecay(0.05, 3, 0.9)
    return k.optimizers.SGD(schedule, momentum=0.9, nesterov=True)


TRAINED: dict[str, tuple[Any, Any]] = {
    "pictures": (pictures, lambda k: {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}),
    "sequence": (sequence, lambda k: {"optimizer": _decayed(k), "loss": k.losses.LogCosh()}),
    "attention": (
        attention,
        lambda k: {
            "optimizer": k.optimizers.AdamW(0.01, weight_decay=0.1, clipnorm=1.0),
            "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"],
        },
    ),
    "averaged": (
        small,
        lambda k: {
            "optimizer": k.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
            "loss": "mae",
        },
    ),
}  # fmt: skip
OLD = ("pictures", "sequence")  # saved as .h5 as well
SPREAD = ("averaged",)  # saved as a folder, and in shards, as well


def data(model: Any) -> tuple[Any, Any]:
    """Eight rows for a model, and targets."""
    rng = np.random.default_rng(5)
    shape = model.input_shape[1:]
    if "int" in str(model.inputs[0].dtype):
        return rng.integers(0, 7, (8, *shape)).astype("int32"), rng.integers(0, 2, 8)
    x = rng.normal(size=(8, *shape)).astype("float32")
    return x, rng.normal(size=(8, model.output_shape[-1])).astype("float32")


# --- what layers learn before training ----------------------------------------------------------

TEXTS = ["a red fox", "a blue, blue sea", "the Fox"]


def _texts(k: Any) -> Any:
    column = np.array(TEXTS, object)[:, None]
    if k.__name__ == "annette":
        return column
    import tensorflow as tf

    return tf.constant(column.astype(str))


def _of(k: Any, layer: Any, learn: Any, shape: Any, dtype: str) -> Any:
    layer.adapt(learn)
    return k.Sequential([k.Input(shape, dtype=dtype), layer])


PREPARED: dict[str, tuple[Any, Any]] = {
    "means": (
        lambda k: _of(
            k, k.layers.Normalization(), np.arange(12, dtype="float32").reshape(4, 3), (3,),
            "float32",
        ),
        lambda k: np.ones((2, 3), "float32"),
    ),
    "texts": (
        lambda k: _of(
            k, k.layers.TextVectorization(output_sequence_length=4), TEXTS, (1,), "string"
        ),
        _texts,
    ),
    "weighted": (
        lambda k: _of(k, k.layers.TextVectorization(output_mode="tf_idf"), TEXTS, (1,), "string"),
        _texts,
    ),
    "words": (
        lambda k: k.Sequential(
            [
                k.Input((1,), dtype="string"),
                k.layers.StringLookup(vocabulary=["the Fox", "x"], output_mode="one_hot"),
            ]
        ),
        _texts,
    ),
    "numbers": (
        lambda k: _of(k, k.layers.IntegerLookup(), np.array([3, 4, 4]), (1,), "int64"),
        lambda k: np.array([[4], [3], [9]]),
    ),
    "borders": (
        lambda k: _of(
            k, k.layers.Discretization(num_bins=3), np.arange(9.0, dtype="float32"), (1,),
            "float32",
        ),
        lambda k: np.array([[0.0], [4.0], [8.0]], "float32"),
    ),
}  # fmt: skip
