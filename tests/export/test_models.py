"""Whole models as ONNX files, at several numbers of rows and sizes."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

from .running import check, kinds, onnx_model, outputs

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


def words(rows, length, top=20):
    return RNG.integers(1, top, (rows, length)).astype("int32")


def trained(model, seed=0):
    """A model whose weights are not those of its making: moving means, biases."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            weight.assign(rng.uniform(0.05, 0.6, weight.shape).astype(weight.dtype))
    return model


def pictures(*rows, shape=(16, 16, 3)):
    return [floats(n, *shape) for n in rows]


def test_a_convolutional_network():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    proto = check(trained(model), pictures(1, 2, 9, shape=(28, 28, 1)))
    # The bias is the convolution's; transposed is what comes in, and what is laid flat.
    assert kinds(proto) == [
        "Transpose", "Conv", "MaxPool", "Relu", "Conv", "Relu", "BatchNormalization", "MaxPool",
        "Transpose", "Reshape", "MatMul", "Add", "Softmax", "Identity",
    ]  # fmt: skip


def residual(size):
    start = keras.Input((size, size, 3))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(start)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters, strides in ((8, 1), (16, 2)):
        y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(y))
        if strides > 1:
            x = layers.BatchNormalization()(layers.Conv2D(filters, 1, strides=strides)(x))
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return trained(keras.Model(start, layers.Dense(10)(x)))


def test_a_residual_network_is_transposed_once():
    proto = check(residual(16), pictures(1, 3))
    assert kinds(proto).count("Transpose") == 1
    assert kinds(proto).count("BatchNormalization") == 6


def test_a_residual_network_of_any_size():
    batches = [floats(1, 16, 16, 3), floats(2, 33, 21, 3), floats(3, 8, 11, 3)]
    check(residual(None), batches)


def test_averages_and_strides_whose_padding_moves_with_the_size():
    start = keras.Input((None, None, 2))
    x = layers.AveragePooling2D(2, padding="same")(start)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = layers.Conv2D(2, 3, strides=2, padding="same")(layers.ZeroPadding2D(1)(x))
    model = trained(keras.Model(start, layers.Cropping2D(((0, 0), (0, 1)))(x)))
    check(model, [floats(2, 16, 17, 2), floats(1, 23, 19, 2), floats(1, 13, 12, 2)])


def test_what_is_halved_and_joined_again_of_any_size_that_can_be():
    start = keras.Input((None, None, 1))
    high = layers.Conv2D(4, 3, padding="same", activation="relu")(start)
    low = layers.Conv2D(8, 3, padding="same")(layers.MaxPooling2D()(high))
    # Half the size may be odd: this pooling's padding is seen then.
    side = layers.GlobalMaxPooling2D()(layers.MaxPooling2D(2, padding="same")(low))
    up = layers.Conv2DTranspose(4, 2, strides=2, padding="same")(low)
    both = layers.Concatenate()([high, up, layers.UpSampling2D()(low)])
    end = layers.Conv2D(1, 1, activation="sigmoid")(both)
    model = trained(keras.Model(start, [end, side]))
    check(model, [floats(1, 16, 16, 1), floats(2, 10, 6, 1), floats(1, 2, 14, 1)])


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_windows_over_sequences_of_any_length(padding):
    start = keras.Input((None, 3))
    ends = [
        layers.Conv1D(2, size, strides=strides, padding=padding)(start)
        for size in (1, 2, 3, 4) for strides in (1, 2, 3)
    ]  # fmt: skip
    model = trained(keras.Model(start, ends))
    check(model, [floats(2, n, 3) for n in range(8, 15)])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_zeros_around_stay_zeros_where_the_largest_is_taken(padding):
    start = keras.Input((4, 5, 2))
    x = layers.ZeroPadding2D(((1, 2), (1, 1)))(start)
    model = keras.Model(start, layers.MaxPooling2D(2, 2, padding=padding)(x))
    check(model, [-1 - floats(2, 4, 5, 2) ** 2])


def test_an_autoencoder():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    check(trained(model), pictures(1, 4, shape=(16, 16, 1)))


def test_channels_first_needs_no_transpose():
    start = keras.Input((3, 8, 8))
    x = layers.Conv2D(4, 3, data_format="channels_first", activation="relu")(start)
    model = trained(keras.Model(start, layers.MaxPooling2D(data_format="channels_first")(x)))
    assert "Transpose" not in kinds(check(model, [floats(2, 3, 8, 8)]))


SEQUENCES = {
    "SimpleRNN": lambda: layers.SimpleRNN(4),
    "SimpleRNN relu": lambda: layers.SimpleRNN(4, activation="relu"),
    "LSTM": lambda: layers.LSTM(5),
    "LSTM backwards": lambda: layers.LSTM(4, go_backwards=True, return_sequences=True),
    "LSTM sequences": lambda: layers.LSTM(5, return_sequences=True),
    "LSTM hard": lambda: layers.LSTM(3, recurrent_activation="hard_sigmoid"),
    "GRU": lambda: layers.GRU(5),
    "GRU reset before": lambda: layers.GRU(5, reset_after=False),
    "GRU without bias": lambda: layers.GRU(3, use_bias=False),
    "two ways": lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
    "two ways of GRU": lambda: layers.Bidirectional(layers.GRU(4), merge_mode="sum"),
    "cells": lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)], return_sequences=True),
}


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("name", SEQUENCES)
def test_classifiers_of_texts_of_any_length(name, masked):
    start = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=masked)(start)
    x = SEQUENCES[name]()(x)
    model = trained(keras.Model(start, layers.Dense(2, activation="softmax")(x)))
    batches = [words(1, 4), words(3, 7), words(2, 1)]
    for batch in batches:
        batch[0, batch.shape[1] // 2 + 1 :] = 0
    proto = check(model, batches)
    whole = name not in ("SimpleRNN relu", "LSTM hard") and not masked
    assert bool({"RNN", "LSTM", "GRU"} & set(kinds(proto))) == whole


def test_a_number_that_an_embedding_has_no_vector_for_stops_the_run():
    start = keras.Input((None,), dtype="int32")
    proto = onnx_model(keras.Model(start, layers.Embedding(4, 2)(start)))
    for number in (4, -1):
        with pytest.raises(Exception, match="out of data bounds"):
            outputs(proto, np.array([[number]], "int32"))


class Places(layers.Layer):
    """Vectors of words and of places."""

    def __init__(self, size, width, **kwargs):
        super().__init__(**kwargs)
        self.words = layers.Embedding(size, width)
        self.places = layers.Embedding(40, width)

    def call(self, inputs):
        return self.words(inputs) + self.places(ops.arange(0, ops.shape(inputs)[-1], 1))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_a_transformer_block(causal, masked):
    start = keras.Input((None,), dtype="int32")
    x = layers.Embedding(30, 8, mask_zero=True)(start) if masked else Places(30, 8)(start)
    heard = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=causal)
    x = layers.LayerNormalization()(layers.Add()([x, heard]))
    y = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    model = keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    proto = check(trained(model), [words(1, 4), words(3, 17), words(2, 1)])
    assert kinds(proto).count("LayerNormalization") == 2
    if not masked:
        with pytest.raises(Exception, match="out of data bounds"):
            outputs(proto, words(1, 41))


def test_newer_operators_are_used_where_they_are_asked_for():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="gelu")])
    assert "Gelu" in kinds(check(model, [floats(2, 4)], opset=20))
    assert "Gelu" not in kinds(check(model, [floats(2, 4)]))


def test_two_inputs_through_one_network():
    base = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="tanh")])
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    gap = layers.Lambda(lambda x: ops.absolute(x[0] - x[1]))([base(left), base(right)])
    same = layers.Dense(1, activation="sigmoid", name="same")(gap)
    proto = check(keras.Model([left, right], same), [[floats(n, 6), floats(n, 6)] for n in (1, 3)])
    assert [i.name for i in proto.graph.input] == ["left", "right"]
    assert [o.name for o in proto.graph.output] == ["same"]


def test_dicts_of_inputs_and_outputs():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    both = layers.Concatenate()([a, b])
    model = keras.Model(
        {"a": a, "b": b}, {"x": layers.Dense(2)(both), "y": [layers.Dense(1, name="deep")(both)]}
    )
    proto = check(model, [{"a": floats(n, 4), "b": floats(n, 3)} for n in (2, 5)])
    assert {i.name for i in proto.graph.input} == {"a", "b"}
    assert [o.name for o in proto.graph.output] == ["x", "deep"]


class Own(keras.Model):
    """A model of one's own, with a dict of results."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4, activation="selu")
        self.end = layers.Dense(2)

    def call(self, inputs, training=False):
        logits = self.end(layers.Dropout(0.5)(self.hidden(inputs), training=training))
        return {"logits": logits, "share": ops.softmax(logits)}


def test_a_model_of_ones_own():
    model = Own()
    model(floats(2, 3))
    proto = check(model, [floats(1, 3), floats(4, 3)])
    assert [o.name for o in proto.graph.output] == ["logits", "share"]
    assert [i.name for i in proto.graph.input] == ["input"]


def test_a_model_that_was_never_called_is_built_by_the_signature():
    for model in (Own(), keras.Sequential([layers.Dense(4), layers.Dense(2)])):
        with pytest.raises(ValueError, match=r"does not know what it takes.*input_signature"):
            onnx_model(model)
        check(model, [floats(3, 5)], signature=[layers.InputSpec(shape=(None, 5), dtype="float32")])


def test_layers_between_a_model_of_several_results():
    start = keras.Input((6, 6, 2))
    inner = layers.Conv2D(3, 3)(start)
    bare = layers.Conv2D(3, 3, use_bias=False)(inner)
    shifted = bare + np.array([1.0, 2.0, 3.0], "float32")
    model = keras.Model(start, [inner, bare, shifted, start, inner])
    check(trained(model), [floats(2, 6, 6, 2)])


def test_sums_over_axes_of_any_length_are_means_of_them():
    start = keras.Input((None, None, 3))
    ends = [
        ops.mean(start, axis=1), ops.mean(start, axis=(1, 2), keepdims=True), ops.var(start, axis=2),
        ops.std(start, axis=(1, 2)), ops.mean(start), ops.sum(start, axis=0), ops.max(start, axis=1),
    ]  # fmt: skip
    check(keras.Model(start, ends), [floats(2, 5, 6, 3), floats(1, 9, 4, 3)])


def test_shapes_that_follow_from_sizes():
    start = keras.Input((None, 4))

    def shapes(x):
        rows, length = ops.shape(x)[:2]
        return [
            ops.reshape(x, (rows * length, 4)), ops.reshape(x, (rows, -1)), x[:, ::2], x[:, 1:],
            x[:, :-1], x[:, -1], ops.repeat(x, 3, axis=1), ops.tile(x, (1, 2, 1)),
            ops.flip(x, axis=1), ops.pad(x, ((0, 0), (1, 2), (0, 0))), ops.roll(x, 1, axis=1),
            ops.zeros((rows, length)) + x[..., 0], ops.tril(ops.matmul(x, ops.transpose(x, (0, 2, 1)))),
            ops.cast(ops.arange(length), "float32") * x[..., 0], ops.one_hot(ops.argmax(x, 1), 9),
        ]  # fmt: skip

    model = keras.Model(start, layers.Lambda(shapes)(start))
    check(model, [floats(2, 6, 4), floats(3, 7, 4), floats(1, 9, 4)])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_after_convolutions(policy):
    start = keras.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", dtype=policy)(start)
    x = layers.Dense(3, dtype=policy)(x)
    x = layers.LayerNormalization(dtype=policy)(x)
    x = layers.LSTM(3, dtype=policy)(layers.Reshape((8, 24), dtype=policy)(x))
    check(trained(keras.Model(start, layers.Dense(2, dtype="float32")(x))), [floats(3, 8, 8, 2)],
          close=5e-2)  # fmt: skip


ACTIVATIONS = sorted(
    name for name, value in vars(keras.activations).items()
    if getattr(value, "__module__", "") == "annette.activations"
    and not name.startswith("_") and name not in ("get", "serialize", "deserialize", "threshold")
)  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation(name):
    start = keras.Input((6,))
    check(keras.Model(start, layers.Activation(name)(start)), [floats(5, 6) * 4])


def test_axes_are_taken_for_equal_only_where_the_model_needs_it():
    left, right, other = (keras.Input((None, 3), name=n) for n in ("left", "right", "other"))
    both = layers.Add()([left, right])
    ends = [
        both, ops.reshape(other, (-1, 3)), ops.flip(other, axis=1),
        ops.matmul(both, ops.transpose(other, (0, 2, 1))),
    ]  # fmt: skip
    model = keras.Model([left, right, other], ends)
    batches = [[floats(2, n, 3), floats(2, n, 3), floats(2, m, 3)] for n, m in ((4, 7), (5, 2))]
    proto = check(model, batches)
    lengths = [i.type.tensor_type.shape.dim[1].dim_param for i in proto.graph.input]
    assert lengths == ["left_axis_1", "left_axis_1", "other_axis_1"]


def test_a_size_that_must_be_even_does_not_make_others_even():
    wide, long = keras.Input((None, 2), name="wide"), keras.Input((None, 2), name="long")
    joined = wide + layers.UpSampling1D(2)(layers.MaxPooling1D(2)(wide))
    pooled = layers.GlobalMaxPooling1D()(layers.AveragePooling1D(2, padding="same")(long))
    halves = layers.Lambda(lambda x: x[:, : x.shape[1] // 2])(long)
    model = keras.Model([wide, long], [joined, pooled, halves])
    check(model, [[floats(1, 6, 2), floats(1, 7, 2)], [floats(2, 4, 2), floats(2, 10, 2)]])


def test_many_inputs_of_unknown_lengths():
    starts = [keras.Input((None, 2)) for _ in range(9)]
    share = layers.Lambda(lambda x: ops.sum(x, axis=1) / ops.cast(x.shape[1], "float32"))
    model = keras.Model(starts, [share(x) for x in starts])
    check(model, [[floats(2, 3 + i, 2) for i in range(9)]])
