"""Layers that are active in training only: what they draw, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

NOISY: list[tuple[type, dict[str, Any], tuple[int, ...]]] = [
    (layers.GaussianNoise, {"stddev": 0.4}, (4, 5)),
    (layers.GaussianDropout, {"rate": 0.4}, (4, 5)),
    (layers.AlphaDropout, {"rate": 0.4}, (4, 5)),
    (layers.SpatialDropout1D, {"rate": 0.4}, (4, 3, 9)),
    (layers.SpatialDropout2D, {"rate": 0.4}, (4, 3, 2, 9)),
    (layers.SpatialDropout3D, {"rate": 0.4}, (4, 3, 2, 2, 9)),
]


@pytest.mark.parametrize(
    ("cls", "kwargs", "shape"), NOISY, ids=lambda x: getattr(x, "__name__", "")
)
def test_noise_comes_in_training_only_and_by_the_seed(
    cls: type, kwargs: dict[str, Any], shape: tuple[int, ...]
) -> None:
    x = np.ones(shape, "float32")
    one, same, other = cls(**kwargs, seed=1), cls(**kwargs, seed=1), cls(**kwargs, seed=2)
    np.testing.assert_array_equal(one(x), x)
    np.testing.assert_array_equal(one(x, training=False), x)
    first = np.asarray(one(x, training=True))
    assert (first != x).any() and first.dtype == np.float32
    np.testing.assert_array_equal(same(x, training=True), first)
    assert (np.asarray(other(x, training=True)) != first).any()
    assert (np.asarray(one(x, training=True)) != first).any()


@pytest.mark.parametrize(
    ("cls", "kwargs", "shape"), NOISY, ids=lambda x: getattr(x, "__name__", "")
)
@pytest.mark.parametrize("wrong", [-0.1, 1.5, "a", None])
def test_a_rate_is_from_0_to_1(cls: type, kwargs: Any, shape: Any, wrong: Any) -> None:
    (name,) = kwargs
    with pytest.raises(ValueError, match=f"{cls.__name__} expects {name} to be .* from 0 to 1"):
        cls(wrong)


@pytest.mark.parametrize("cls", [layers.GaussianDropout, layers.AlphaDropout])
def test_a_rate_of_1_has_no_noise(cls: type) -> None:
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(cls(1.0)(x), x)
    with pytest.raises(ValueError, match="below 1"):
        cls(1.0)(x, training=True)


def test_the_noises_have_the_moments_they_promise() -> None:
    x = np.ones((500, 500), "float32")
    noise = np.asarray(layers.GaussianNoise(0.3, seed=1)(x, training=True))
    np.testing.assert_allclose([noise.mean(), noise.std()], [1, 0.3], atol=0.005)
    scaled = np.asarray(layers.GaussianDropout(0.2, seed=1)(x, training=True))
    np.testing.assert_allclose([scaled.mean(), scaled.std()], [1, 0.5], atol=0.005)


def test_spatial_dropout_drops_whole_channels() -> None:
    x = np.ones((40, 5, 6, 7), "float32")
    last = np.asarray(layers.SpatialDropout2D(0.5, seed=1)(x, training=True))
    assert set(np.unique(last)) == {0.0, 2.0}
    assert (last == last[:, :1, :1]).all() and last[:, 0, 0].std() > 0
    first = layers.SpatialDropout2D(0.5, data_format="channels_first", seed=1)
    y = np.asarray(first(x, training=True))
    assert (y == y[:, :, :1, :1]).all() and y[:, :, 0, 0].std() > 0
    steps = np.asarray(layers.SpatialDropout1D(0.5, seed=1)(x[:, 0], training=True))
    assert (steps == steps[:, :1]).all() and steps[:, 0].std() > 0


def test_alpha_dropout_shares_decisions_along_axes_of_size_1() -> None:
    x = np.ones((50, 4), "float32")
    y = np.asarray(layers.AlphaDropout(0.5, noise_shape=(None, 1), seed=1)(x, training=True))
    dropped = y < 0
    assert (dropped.all(axis=1) == dropped.any(axis=1)).all() and 10 < dropped[:, 0].sum() < 40
    with pytest.raises(ValueError, match="noise_shape with a size for each axis"):
        layers.AlphaDropout(0.5, noise_shape=(1,))(x, training=True)


def test_activity_regularization_adds_to_the_loss() -> None:
    layer = layers.ActivityRegularization(l1=0.1, l2=0.2)
    layer(np.full((2, 4), -2.0, "float32"))
    np.testing.assert_allclose(layer.losses, [0.1 * 8 + 0.2 * 16], rtol=1e-6)
    with pytest.raises(ValueError, match="l1"):
        layers.ActivityRegularization(l1=-1)


def test_noise_in_fit_is_not_in_predict() -> None:
    model = keras.Sequential(
        [keras.Input((3,)), layers.GaussianNoise(0.5), layers.AlphaDropout(0.3), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x = np.ones((8, 3), "float32")
    model.fit(x, np.ones((8, 1)), verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))


def test_masks_pass_layers_that_keep_the_places() -> None:
    steps = np.array([[[1.0], [0.0], [2.0]]], "float32")
    masked = layers.Masking()(steps)
    for layer in (
        layers.GaussianNoise(0.1),
        layers.LayerNormalization(),
        layers.UnitNormalization(),
    ):
        np.testing.assert_array_equal(layer(masked)._keras_mask, [[True, False, True]])
    for layer in (layers.Permute((2, 1)), layers.ZeroPadding1D(), layers.UpSampling1D()):
        assert getattr(layer(masked), "_keras_mask", None) is None
    assert ops.shape(masked) == (1, 3, 1)
