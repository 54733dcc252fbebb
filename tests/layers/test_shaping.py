"""Layers that normalize, reshape and mix: what users rely on, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(2.0, 3.0, size=shape).astype("float32")


def test_layer_normalization_brings_each_sample_to_mean_0_and_variance_1() -> None:
    y = np.asarray(layers.LayerNormalization(axis=[1, 2], epsilon=1e-6)(draw(3, 4, 5)))
    np.testing.assert_allclose(y.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(1, 2)), 1, rtol=1e-4)


def test_one_group_is_the_sample_and_a_group_a_channel_the_instance() -> None:
    x = draw(2, 6, 4)
    whole = np.asarray(layers.GroupNormalization(1, epsilon=1e-6)(x))
    np.testing.assert_allclose(whole.mean(axis=(1, 2)), 0, atol=1e-5)
    layer = layers.GroupNormalization(-1, epsilon=1e-6)
    np.testing.assert_allclose(np.asarray(layer(x)).std(axis=1), 1, rtol=1e-4)
    assert layer.groups == 4


def test_normalizations_of_float16_do_not_overflow() -> None:
    x = np.array([[300.0, 400.0, 0.0, 0.0]], "float16")
    for cls in (layers.LayerNormalization, layers.RMSNormalization, layers.UnitNormalization):
        y = cls(dtype="float16")(x)
        assert y.dtype == np.float16 and np.isfinite(np.asarray(y)).all()
    np.testing.assert_allclose(y, [[0.6, 0.8, 0, 0]], rtol=1e-3)


def test_spectral_normalization_makes_the_largest_singular_value_1() -> None:
    layer = layers.SpectralNormalization(layers.Dense(3))
    x = draw(8, 5)
    plain = np.asarray(layer(x))
    np.testing.assert_array_equal(layer(x), plain)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(x, np.zeros((8, 3)), epochs=40, verbose=0)
    values = np.linalg.svd(layer.layer.kernel.numpy())[1]
    np.testing.assert_allclose(values[0], 1, rtol=1e-3)


def test_spectral_normalization_differentiates_by_the_normalized_kernel() -> None:
    layer = layers.SpectralNormalization(layers.Dense(3))
    x, w = draw(4, 5), draw(4, 3)
    layer(x)
    with keras.GradientTape() as tape:
        loss = ops.sum(layer(x, training=True) * w)
    (gradient,) = tape.gradient(loss, [layer.layer.kernel])
    np.testing.assert_allclose(gradient, x.T @ w, rtol=1e-4)


def test_spectral_normalization_takes_embeddings_and_leaves_zeros() -> None:
    table = layers.SpectralNormalization(layers.Embedding(4, 2, embeddings_initializer="zeros"))
    np.testing.assert_array_equal(table(np.array([[1, 2]]), training=True), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="neither"):
        layers.SpectralNormalization(layers.ReLU())(draw(2, 3))


def test_a_wrapper_of_ones_own_comes_back_from_its_config() -> None:
    class Doubled(layers.Wrapper):
        def call(self, inputs: Any) -> Any:
            return 2.0 * self.layer(inputs)

    made = Doubled(layers.Dense(2, activation="relu"), name="mine")
    again = Doubled.from_config(made.get_config())
    x = draw(3, 4)
    made(x), again(x)
    again.set_weights(made.get_weights())
    np.testing.assert_array_equal(again(x), made(x))
    assert again.get_config() == made.get_config() and len(made.trainable_weights) == 2


def test_what_is_padded_is_cropped_again() -> None:
    x = draw(2, 3, 4, 5)
    widths = ((1, 2), (3, 0))
    for form in ("channels_last", "channels_first"):
        padded = layers.ZeroPadding2D(widths, data_format=form)(x)
        np.testing.assert_array_equal(layers.Cropping2D(widths, data_format=form)(padded), x)


def test_layers_of_shape_keep_whole_numbers() -> None:
    x = np.arange(24, dtype="int32").reshape(1, 4, 6)
    for layer in (layers.Permute((2, 1)), layers.Cropping1D(), layers.UpSampling1D(2)):
        assert layer(x).dtype == np.int32
        assert layer(keras.KerasTensor((None, 4, 6), "int32")).dtype == "int32"


def test_upsampling_in_between_keeps_a_slope() -> None:
    x = np.arange(6, dtype="float32").reshape(1, 1, 6, 1) * np.ones((1, 4, 1, 1), "float32")
    y = np.asarray(layers.UpSampling2D((1, 2), interpolation="bilinear")(x))[0, 0, :, 0]
    np.testing.assert_allclose(y[1:-1], np.arange(0.25, 5, 0.5), rtol=1e-6)


def test_dot_is_a_product_of_matrices_and_normalized_a_cosine() -> None:
    a, b = draw(2, 3, 4), draw(2, 4, 5)
    np.testing.assert_allclose(layers.Dot((2, 1))([a, b]), a @ b, rtol=1e-4)
    x = draw(3, 4)
    np.testing.assert_allclose(layers.dot([x, x], 1, normalize=True), np.ones((3, 1)), rtol=1e-5)


def test_einsum_dense_is_dense_and_starts_as_wide() -> None:
    einsum, dense = layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d"), layers.Dense(5)
    x = draw(2, 3, 4)
    einsum(x), dense(x)
    dense.set_weights(einsum.get_weights())
    np.testing.assert_allclose(einsum(x), dense(x), rtol=1e-5, atol=1e-6)
    heads = layers.EinsumDense("abc,cde->abde", (None, 20, 30))
    heads.build((None, 5, 40))
    limit = np.sqrt(6 / (40 + 600))
    assert 0.99 * limit < np.abs(heads.kernel.numpy()).max() <= limit


def test_reversible_embedding_ends_in_scores_of_its_numbers() -> None:
    layer = layers.ReversibleEmbedding(5, 3, mask_zero=True)
    vectors = layer(np.array([[1, 0]]))
    np.testing.assert_array_equal(vectors._keras_mask, [[True, False]])
    scores = layer(vectors, reverse=True)
    assert scores.shape == (1, 2, 5) and len(layer.weights) == 1
    symbol = layer(keras.KerasTensor((None, 3), "float32"), reverse=True)
    assert symbol.shape == (None, 5)
    with pytest.raises(ValueError, match="vectors of length 3"):
        layer(draw(2, 4), reverse=True)


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: layers.LayerNormalization(axis="a"), TypeError, "axis to be a whole number"),
    (lambda: layers.LayerNormalization(axis=3)(draw(2, 3)), ValueError, "axes of its inputs"),
    (lambda: layers.LayerNormalization(axis=[1, -1])(draw(2, 3)), ValueError, "once"),
    (lambda: layers.LayerNormalization()(keras.Input((None,))), ValueError, "know its size"),
    (lambda: layers.RMSNormalization(axis=1.5), TypeError, "axis"),
    (lambda: layers.GroupNormalization(0), ValueError, "-1 for one a channel"),
    (lambda: layers.GroupNormalization(axis=[1]), TypeError, "axis"),
    (lambda: layers.GroupNormalization(3)(draw(2, 4)), ValueError, "divides 4"),
    (lambda: layers.UnitNormalization(axis=None), TypeError, "axis"),
    (lambda: layers.Wrapper(3), ValueError, "a layer to wrap"),
    (lambda: layers.SpectralNormalization(layers.Dense(1), 0), ValueError, "power_iterations"),
    (lambda: layers.Permute((0, 1)), ValueError, "numbers from 1"),
    (lambda: layers.Permute(1), TypeError, "a tuple of axes"),
    (lambda: layers.Permute((2, 1))(draw(2, 3)), ValueError, "3 axes"),
    (lambda: layers.RepeatVector(1.5), TypeError, "whole number"),
    (lambda: layers.RepeatVector(0), ValueError, "above 0"),
    (lambda: layers.Cropping1D((1, 2, 3)), ValueError, r"a pair \(before, after\)"),
    (lambda: layers.Cropping2D((1, -1)), ValueError, r"cropping\[1\]"),
    (lambda: layers.Cropping2D(2)(draw(1, 4, 5, 1)), ValueError, "nothing would be left"),
    (lambda: layers.Cropping3D(1, data_format="last"), ValueError, "data_format"),
    (lambda: layers.ZeroPadding1D(-1), ValueError, "padding"),
    (lambda: layers.ZeroPadding3D((1, 2)), ValueError, "3 numbers or pairs"),
    (lambda: layers.UpSampling1D((2,)), TypeError, "whole number"),
    (lambda: layers.UpSampling2D((2, 0)), ValueError, "above 0"),
    (lambda: layers.UpSampling2D(interpolation="area"), ValueError, "interpolation"),
    (lambda: layers.Dot("a"), TypeError, "axes"),
    (lambda: layers.Dot((1, 2, 3)), ValueError, "a pair"),
    (lambda: layers.Dot(0)([draw(2, 3), draw(2, 3)]), ValueError, "rows"),
    (lambda: layers.Dot(1)([draw(2, 3), draw(2, 4)]), ValueError, "3 and 4"),
    (lambda: layers.Dot(1)(draw(2, 3)), ValueError, "two inputs"),
    (lambda: layers.EinsumDense("ab->ac", 4)(draw(2, 3)), ValueError, "of the form"),
    (lambda: layers.EinsumDense("ab,bc->ac", 4, bias_axes="z")(draw(2, 3)), ValueError, "letters"),
    (lambda: layers.EinsumDense("abc,cd->abd", 4)(draw(2, 3, 5)), ValueError, "of 2 sizes"),
    (lambda: layers.EinsumDense("ab,bcz->ac", 4)(draw(2, 3)), ValueError, "'z'"),
    (lambda: layers.EinsumDense("ab,bc->ac", 4, lora_rank=2), ValueError, "lora_rank"),
    (lambda: layers.ReversibleEmbedding(0, 2), ValueError, "input_dim"),
]


@pytest.mark.parametrize(("make", "kind", "message"), REFUSED, ids=[m for *_, m in REFUSED])
def test_what_cannot_be_is_refused(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_flatten_knows_two_data_formats() -> None:
    with pytest.raises(ValueError, match="'channels_lost'"):
        layers.Flatten(data_format="channels_lost")
