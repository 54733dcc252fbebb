"""Every layer held against the promises of a layer: config, shapes, gradients, backends, learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.testing import check_layer

from .cases_convolution import CASES as CONVOLUTIONS
from .cases_recurrent import CASES as RECURRENT


@keras.saving.register_keras_serializable("tests")
def doubled(x: Any) -> Any:
    return ops.multiply(x, 2.0)


class Twice(layers.Wrapper):
    """A wrapper of one's own, which needs no get_config."""

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs) * 2.0


# layer, its arguments, the shape of its inputs, further options of the check
CASES: list[tuple[type, dict[str, Any], Any, dict[str, Any]]] = [
    (layers.Dense, {"units": 4}, (3, 5), {"order": 2}),
    (layers.Dense, {"units": 2, "activation": "tanh", "use_bias": False}, (2, 3, 4), {}),
    (layers.Dense, {"units": 3, "kernel_regularizer": "l2", "activation": "softmax"}, (3, 4), {}),
    (layers.Activation, {"activation": "sigmoid"}, (3, 4), {"order": 2}),
    (layers.Embedding, {"input_dim": 5, "output_dim": 3}, (2, 4), {"input_dtype": "int32"}),
    (layers.Flatten, {}, (2, 3, 4), {}),
    (layers.Reshape, {"target_shape": (2, -1)}, (3, 4), {}),
    (layers.Dropout, {"rate": 0.4, "seed": 3}, (3, 4), {}),
    (layers.BatchNormalization, {}, (6, 3), {}),
    (layers.BatchNormalization, {"axis": 1, "scale": False}, (4, 3, 2), {}),
    (layers.ReLU, {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.2}, (3, 4), {}),
    (layers.LeakyReLU, {"negative_slope": 0.2}, (3, 4), {}),
    (layers.PReLU, {"alpha_initializer": "ones"}, (3, 4), {}),
    (layers.PReLU, {"shared_axes": [1]}, (3, 2, 4), {}),
    (layers.ELU, {"alpha": 0.7}, (3, 4), {}),
    (layers.Softmax, {"axis": 1}, (3, 4), {"order": 2}),
    (layers.Identity, {}, (3, 4), {}),
    (layers.Lambda, {"function": doubled}, (3, 4), {}),
    (layers.Masking, {"mask_value": 0.0}, (3, 4, 2), {}),
    (layers.Add, {}, [(3, 4), (3, 4), (3, 1)], {}),
    (layers.Subtract, {}, [(3, 4), (3, 4)], {}),
    (layers.Multiply, {}, [(3, 4), (3, 4)], {"order": 2}),
    (layers.Average, {}, [(3, 4), (3, 4)], {}),
    (layers.Maximum, {}, [(3, 4), (3, 4)], {}),
    (layers.Minimum, {}, [(3, 4), (3, 4)], {}),
    (layers.Concatenate, {"axis": 1}, [(3, 4), (3, 2)], {}),
    (layers.Concatenate, {"axis": 1}, [(2, 3, 5), (2, 4, 5)], {}),
    (layers.Add, {}, [(2, 3), (2, 1), (1, 3)], {}),
    (layers.Activation, {"activation": "softmax"}, (2, 3, 4), {}),
    (layers.ReLU, {}, (3, 4), {}),
    (layers.Softmax, {"axis": 1}, (2, 3, 4), {}),
    (
        layers.Dense,
        {"units": 2, "bias_constraint": "non_neg", "activity_regularizer": "l2"},
        (3, 4),
        {},
    ),
    (
        layers.Embedding,
        {"input_dim": 3, "output_dim": 4, "mask_zero": True},
        (2, 5),
        {"input_dtype": "int32"},
    ),
    (layers.BatchNormalization, {}, (6, 3), {"arguments": {"training": True}, "order": 2}),
    (
        layers.BatchNormalization,
        {"axis": 1, "center": False},
        (4, 3, 2),
        {"arguments": {"training": True}},
    ),
    (layers.Dropout, {"rate": 0.0}, (3, 4), {"arguments": {"training": True}}),
    (layers.Flatten, {}, (3,), {}),
    (layers.Reshape, {"target_shape": (6,)}, (2, 2, 3), {}),
    (layers.Rescaling, {"scale": 0.5, "offset": [1.0, 2.0]}, (3, 2), {}),
    (layers.Normalization, {"mean": [1.0, 2.0], "variance": [4.0, 0.5]}, (3, 2), {}),
    (layers.Normalization, {"axis": (1, 2), "invert": True}, (2, 3, 2), {}),
    (layers.CategoryEncoding, {"num_tokens": 3}, (3, 4), {"input_dtype": "int32", "order": 0}),
    (
        layers.CategoryEncoding,
        {"num_tokens": 3, "output_mode": "one_hot"},
        (3, 2),
        {"input_dtype": "int32", "order": 0},
    ),
    (layers.Discretization, {"bin_boundaries": [-0.5, 0.5]}, (3, 4), {"order": 0}),
    (
        layers.IntegerLookup,
        {"vocabulary": [2, 1], "num_oov_indices": 2, "mask_token": 0},
        (3, 4),
        {"input_dtype": "int64", "order": 0},
    ),
    (
        layers.IntegerLookup,
        {"vocabulary": [2, 1], "output_mode": "tf_idf", "idf_weights": [0.5, 2.0]},
        (3, 4),
        {"input_dtype": "int32", "order": 0},
    ),
    (
        layers.Discretization,
        {"bin_boundaries": [-0.5, 0.5], "output_mode": "count"},
        (3, 4),
        {"order": 0},
    ),
    (layers.LayerNormalization, {}, (3, 4), {"order": 2}),
    (layers.LayerNormalization, {"axis": [1, 2], "center": False}, (2, 3, 4), {}),
    (layers.LayerNormalization, {"axis": 1, "scale": False}, (2, 3, 4), {}),
    (layers.LayerNormalization, {"rms_scaling": True}, (3, 4), {}),
    (layers.RMSNormalization, {}, (3, 4), {"order": 2}),
    (layers.RMSNormalization, {"axis": [1, 2], "epsilon": 0.1}, (2, 3, 4), {}),
    (layers.GroupNormalization, {"groups": 2}, (2, 3, 4), {}),
    (layers.GroupNormalization, {"groups": 2, "axis": 1, "scale": False}, (2, 4, 3), {}),
    (layers.UnitNormalization, {}, (3, 4), {"order": 2}),
    (layers.UnitNormalization, {"axis": [1, 2]}, (2, 3, 4), {}),
    (layers.SpectralNormalization, {"layer": layers.Dense(2, dtype="float64")}, (2, 3), {}),
    (Twice, {"layer": layers.Dense(2, dtype="float64")}, (2, 3), {}),
    (layers.GaussianNoise, {"stddev": 0.3, "seed": 3}, (3, 4), {}),
    (layers.GaussianDropout, {"rate": 0.3, "seed": 3}, (3, 4), {}),
    (layers.AlphaDropout, {"rate": 0.3, "seed": 3}, (3, 4), {}),
    (layers.AlphaDropout, {"rate": 0.3, "noise_shape": [None, 1]}, (3, 4), {}),
    (layers.ActivityRegularization, {"l1": 0.1, "l2": 0.2}, (3, 4), {}),
    (layers.SpatialDropout1D, {"rate": 0.3, "seed": 3}, (2, 3, 4), {}),
    (layers.SpatialDropout2D, {"rate": 0.3, "seed": 3}, (2, 3, 4, 2), {}),
    (layers.SpatialDropout3D, {"rate": 0.3, "seed": 3}, (2, 3, 2, 2, 2), {}),
    (layers.Permute, {"dims": [3, 1, 2]}, (2, 3, 4, 5), {}),
    (layers.RepeatVector, {"n": 3}, (2, 4), {}),
    (layers.Cropping1D, {"cropping": [1, 2]}, (2, 5, 3), {}),
    (layers.Cropping2D, {"cropping": [[1, 0], [2, 1]]}, (2, 3, 5, 2), {}),
    (layers.Cropping2D, {"cropping": 1, "data_format": "channels_first"}, (2, 3, 4, 5), {}),
    (layers.Cropping3D, {}, (2, 3, 4, 3, 2), {}),
    (layers.ZeroPadding1D, {"padding": [1, 2]}, (2, 3, 2), {}),
    (layers.ZeroPadding1D, {"data_format": "channels_first"}, (2, 3, 2), {}),
    (layers.ZeroPadding2D, {"padding": [[1, 0], [2, 1]]}, (2, 3, 2, 2), {}),
    (layers.ZeroPadding3D, {"data_format": "channels_first"}, (1, 2, 2, 1, 2), {}),
    (layers.UpSampling1D, {"size": 3}, (2, 3, 2), {}),
    (layers.UpSampling2D, {"size": [2, 3]}, (2, 3, 2, 2), {}),
    (layers.UpSampling2D, {"size": 2, "data_format": "channels_first"}, (2, 3, 2, 2), {}),
    (layers.UpSampling2D, {"size": [2, 3], "interpolation": "bilinear"}, (1, 3, 2, 2), {}),
    (layers.UpSampling2D, {"interpolation": "bicubic"}, (1, 5, 2, 2), {}),
    (layers.UpSampling3D, {"size": [1, 2, 3]}, (1, 2, 2, 2, 2), {}),
    (layers.Dot, {"axes": 1}, [(3, 4), (3, 4)], {"order": 2}),
    (layers.Dot, {"axes": [2, 1], "normalize": True}, [(2, 3, 4), (2, 4, 5)], {}),
    (layers.EinsumDense, {"equation": "ab,bc->ac", "output_shape": 4}, (2, 3), {"order": 2}),
    (
        layers.EinsumDense,
        {
            "equation": "abc,cde->abde",
            "output_shape": [None, 2, 3],
            "bias_axes": "e",
            "activation": "tanh",
        },
        (2, 3, 4),
        {},
    ),
    (
        layers.EinsumDense,
        {"equation": "...x,xy->...y", "output_shape": 2, "bias_axes": "y"},
        (2, 3, 4),
        {},
    ),
    (
        layers.ReversibleEmbedding,
        {"input_dim": 3, "output_dim": 4},
        (2, 5),
        {"input_dtype": "int32"},
    ),
    (
        layers.ReversibleEmbedding,
        {"input_dim": 3, "output_dim": 4, "logit_soft_cap": 2.0},
        (2, 4),
        {"arguments": {"reverse": True}},
    ),
    (layers.Attention, {}, [(2, 3, 4), (2, 5, 4)], {"order": 2}),
    (layers.Attention, {"use_scale": True}, [(2, 3, 4), (2, 5, 2), (2, 5, 4)], {}),
    (layers.Attention, {"use_scale": True, "score_mode": "concat"}, [(2, 3, 4), (2, 5, 4)], {}),
    (layers.AdditiveAttention, {}, [(2, 3, 4), (2, 5, 4)], {}),
    *CONVOLUTIONS,
    *RECURRENT,
]


def _name(case: tuple[type, dict[str, Any], Any, dict[str, Any]]) -> str:
    return f"{case[0].__name__}({', '.join(f'{k}={v}' for k, v in case[1].items())})"


@pytest.mark.parametrize(("cls", "config", "shape", "options"), CASES, ids=map(_name, CASES))
def test_a_layer_keeps_its_promises(
    cls: type, config: dict[str, Any], shape: Any, options: dict[str, Any]
) -> None:
    check_layer(cls(**config), shape, **options)


# Layers of strings, and of other layers, are tested in test_preprocessing.py.
ELSEWHERE = {
    # called with states: test_recurrent.py
    "SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells",
    "InputLayer", "Pipeline", "StringLookup", "TextVectorization", "Hashing", "HashedCrossing",
    # of several inputs: test_attention.py
    "MultiHeadAttention", "GroupQueryAttention",
    # on pictures: test_images.py
    "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear",
    "RandomCrop", "RandomContrast", "RandomBrightness", "RandomHue", "RandomSaturation",
    "RandomColorDegeneration", "RandomSharpness", "RandomPosterization", "RandomInvert",
    "RandomGaussianBlur", "RandomErasing", "RandomPerspective", "RandomElasticTransform",
    "RandomColorJitter", "Solarization", "CutMix", "MixUp", "RandomGrayscale", "CenterCrop",
    "Resizing", "AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization",
    "RandAugment", "AugMix",
}  # fmt: skip


def test_every_layer_is_here() -> None:
    checked = {cls.__name__ for cls, *_ in CASES} - {"Twice"} | {"Wrapper"}
    checked |= ELSEWHERE & set(layers.ALL_OBJECTS)
    assert set(layers.ALL_OBJECTS) == checked


def test_dense_is_a_product_a_sum_and_an_activation() -> None:
    layer = layers.Dense(2, activation="relu")
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    y = layer(x)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, np.maximum(x @ kernel + bias, 0), rtol=1e-6)


def test_dropout_thins_while_training_and_keeps_the_mean() -> None:
    layer = layers.Dropout(0.25, seed=1)
    x = np.ones((400, 50), "float32")
    assert (np.asarray(layer(x)) == 1).all()
    thinned = np.asarray(layer(x, training=True))
    assert set(np.unique(thinned.round(5))) == {0.0, np.float32(1 / 0.75).round(5)}
    assert abs(thinned.mean() - 1) < 0.02
    assert (np.asarray(layer(x, training=True)) != thinned).any()


def test_batch_normalization_learns_the_datas_mean_and_variance() -> None:
    layer = layers.BatchNormalization(momentum=0.5)
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(500, 2)).astype("float32")
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=0), 1, atol=1e-3)
    for _ in range(20):
        layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean, x.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(layer(x), y, atol=1e-2)


def test_a_frozen_batch_normalization_uses_its_moving_averages() -> None:
    layer = layers.BatchNormalization()
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(50, 2)).astype("float32")
    layer(x)
    layer.trainable = False
    np.testing.assert_array_equal(layer(x, training=True), layer(x, training=False))


def test_embedding_refuses_numbers_it_has_no_vector_for() -> None:
    layer = layers.Embedding(4, 2)
    assert layer(np.array([[0, 3]])).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="0 to 3; it got 4"):
        layer(np.array([[0, 4]]))


def test_layers_keep_the_floats_they_are_told_to() -> None:
    x = np.ones((2, 3), "float64")
    assert layers.Dense(2)(x).dtype == np.float32
    assert layers.Dense(2, dtype="float64")(x).dtype == np.float64
    assert layers.Dense(2, dtype="float16")(x).dtype == np.float16


def test_normalizing_what_a_convolution_gave_is_normalizing_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 1.0, (8, 6, 6, 2)).astype("float32")
    images = keras.Input((6, 6, 2))
    convolved = layers.Conv2D(4, 3, bias_initializer="ones", name="conv")(images)
    normalization = layers.BatchNormalization()
    one = keras.Model(images, normalization(convolved))
    one.compile(keras.optimizers.SGD(0.0), "mse")
    y = np.asarray(keras.Model(images, convolved)(x))
    alone = layers.BatchNormalization()
    loss = float(np.mean(np.square(alone(y, training=True) - 1.0)))
    assert one.train_on_batch(x, np.ones((8, 4, 4, 4))) == pytest.approx(loss, rel=1e-4)
    for a, b in zip(normalization.weights, alone.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
