"""Convolution and pooling: what users rely on, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.backends import available_backends
from annette.testing import error
from tests.native.running import using


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_an_output_is_the_sum_over_a_window() -> None:
    layer = layers.Conv2D(2, (2, 3), activation="relu", bias_initializer="ones")
    x = draw(1, 4, 5, 3)
    y = np.asarray(layer(x))
    w, b = layer.get_weights()
    want = (x[0, 1:3, 2:5, :, None] * w).sum((0, 1, 2)) + b
    np.testing.assert_allclose(y[0, 1, 2], np.maximum(want, 0), rtol=1e-5)


def test_causal_outputs_see_no_later_step() -> None:
    layer = layers.Conv1D(2, 3, padding="causal", dilation_rate=2)
    x = draw(1, 9, 2)
    before = np.asarray(layer(x))
    x[:, 5:] += 1.0
    after = np.asarray(layer(x))
    np.testing.assert_array_equal(after[:, :5], before[:, :5])
    assert (after[:, 5] != before[:, 5]).all() and after.shape == (1, 9, 2)


def test_a_group_sees_only_its_channels() -> None:
    layer = layers.Conv2D(4, 2, groups=2)
    x = draw(1, 3, 3, 6)
    before = np.asarray(layer(x))
    x[..., 3:] += 1.0
    after = np.asarray(layer(x))
    np.testing.assert_array_equal(after[..., :2], before[..., :2])
    assert (after[..., 2:] != before[..., 2:]).all()


PAIRS: list[tuple[type, dict[str, Any], int]] = [
    (layers.Conv1D, {"filters": 3, "kernel_size": 3, "padding": "causal"}, 1),
    (layers.Conv2D, {"filters": 4, "kernel_size": 3, "strides": 2, "groups": 2}, 2),
    (layers.Conv3D, {"filters": 2, "kernel_size": 2, "padding": "same"}, 3),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2}, 2),
    (layers.DepthwiseConv2D, {"kernel_size": 3, "dilation_rate": 2}, 2),
    (layers.SeparableConv1D, {"filters": 3, "kernel_size": 3}, 1),
    (layers.MaxPooling2D, {"pool_size": 3, "strides": 2, "padding": "same"}, 2),
    (layers.AveragePooling3D, {"pool_size": 2, "padding": "same"}, 3),
    (layers.GlobalMaxPooling2D, {"keepdims": True}, 2),
    (layers.AdaptiveAveragePooling2D, {"output_size": (2, 3)}, 2),
    (layers.UpSampling2D, {"size": (2, 3), "interpolation": "bilinear"}, 2),
    (layers.UpSampling3D, {"size": (1, 2, 3)}, 3),
    (layers.ZeroPadding1D, {"padding": (1, 2)}, 1),
    (layers.ZeroPadding3D, {"padding": (1, 0, 2)}, 3),
    (layers.Cropping3D, {"cropping": ((1, 0), (0, 1), (1, 1))}, 3),
]


@pytest.mark.parametrize(("cls", "kwargs", "axes"), PAIRS, ids=[p[0].__name__ for p in PAIRS])
def test_channels_first_is_channels_last_turned(cls: type, kwargs: Any, axes: int) -> None:
    x = draw(2, *(6, 7, 5)[:axes], 4)
    last, first = cls(**kwargs), cls(**kwargs, data_format="channels_first")
    y = np.asarray(last(x))
    turned = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    first(turned)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(np.moveaxis(first(turned), 1, -1), y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_spatial_dropout_drops_whole_channels_in_both_formats(axes: int) -> None:
    cls = getattr(layers, f"SpatialDropout{axes}D")
    forms: list[dict[str, Any]] = [{}]
    forms += [{"data_format": "channels_first"}] if axes > 1 else []
    for more in forms:
        x = np.ones((3, *(4,) * axes, 50), "float32")
        x = np.moveaxis(x, -1, 1) if more else x
        y = np.asarray(cls(0.5, seed=1, **more)(x, training=True))
        places = tuple(range(2, x.ndim)) if more else tuple(range(1, x.ndim - 1))
        assert (y.min(places) == y.max(places)).all()
        assert 0.3 < (y > 0).mean() < 0.7


def test_the_configured_data_format_is_the_default() -> None:
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        assert layers.Conv2D(5, 3)(draw(2, 4, 6, 6)).shape == (2, 5, 4, 4)
        assert layers.MaxPooling2D()(draw(2, 4, 6, 6)).shape == (2, 4, 3, 3)
        assert ops.conv(draw(2, 4, 6, 6), draw(3, 3, 4, 5)).shape == (2, 5, 4, 4)
    finally:
        keras.config.set_image_data_format(before)


def test_a_transposed_convolution_is_the_gradient_of_one() -> None:
    x, w = draw(2, 7, 8, 3), draw(3, 3, 3, 4)
    with keras.GradientTape() as tape:
        tape.watch(x)
        y = ops.conv(x, w, 2, "same")
        g = draw(*y.shape)
        loss = ops.sum(y * g)
    (gradient,) = tape.gradient(loss, [x])
    back = np.asarray(ops.conv_transpose(g, w, 2, "same", (0, 1)))
    assert back.shape == (2, 7, 8, 3) and error(back, gradient) < 1e-5


def test_a_masked_step_does_not_count_in_the_mean() -> None:
    x = np.array([[[1.0], [3.0], [8.0]], [[2.0], [0.0], [0.0]]], "float32")
    mask = np.array([[True, True, False], [True, False, False]])
    layer = layers.GlobalAveragePooling1D()
    np.testing.assert_allclose(layer(x, mask=mask), [[2.0], [2.0]])
    masked = keras.Sequential([layers.Masking(), layer])
    np.testing.assert_allclose(masked(x * mask[..., None]), [[2.0], [2.0]])
    assert getattr(layer(x, mask=mask), "_keras_mask", None) is None


def test_windows_at_the_border_have_the_mean_of_what_is_there() -> None:
    y = layers.AveragePooling1D(2, padding="same")(np.ones((1, 5, 1), "float32"))
    np.testing.assert_array_equal(y, np.ones((1, 3, 1)))


def test_the_largest_of_a_window_is_below_zero_where_all_are() -> None:
    x = -np.ones((1, 5, 5, 1), "float32")
    np.testing.assert_array_equal(layers.MaxPooling2D(3, padding="same")(x), -np.ones((1, 2, 2, 1)))


def test_largest_numbers_keep_whole_numbers() -> None:
    x = np.arange(16, dtype="int32").reshape(1, 4, 4, 1)
    for layer in (layers.MaxPooling2D(), layers.AdaptiveMaxPooling2D(2), layers.GlobalMaxPool2D()):
        assert layer(x).dtype == np.int32
        assert layer(keras.KerasTensor((None, 4, 4, 1), "int32")).dtype == "int32"
    for layer in (layers.AveragePooling2D(2), layers.GlobalAveragePooling2D()):
        assert layer(x).dtype == np.float32
        assert layer(keras.KerasTensor((None, 4, 4, 1), "int32")).dtype == "float32"


LAYERS: list[Any] = [
    lambda: layers.Conv2D(3, 3), lambda: layers.Conv2DTranspose(3, 3, strides=2),
    lambda: layers.DepthwiseConv2D(3), lambda: layers.SeparableConv2D(3, 3),
    lambda: layers.MaxPooling2D(), lambda: layers.AveragePooling2D(2, padding="same"),
    lambda: layers.GlobalAveragePooling2D(), lambda: layers.GlobalMaxPooling2D(),
    lambda: layers.AdaptiveAveragePooling2D(2), lambda: layers.AdaptiveMaxPooling2D(2),
]  # fmt: skip


@pytest.mark.parametrize("backend", available_backends())
@pytest.mark.parametrize("make", LAYERS, ids=[type(m()).__name__ for m in LAYERS])
def test_no_rows_give_no_rows(make: Any, backend: str) -> None:
    with using(backend):
        model = keras.Sequential([keras.Input((6, 6, 2)), make()])
        (shape,) = {tuple(model(draw(2, 6, 6, 2)).shape)}
        empty = np.zeros((0, 6, 6, 2), "float32")
        for _ in range(3):
            assert tuple(model(empty).shape) == (0, *shape[1:])
        with keras.GradientTape() as tape:
            tape.watch(empty)
            loss = ops.sum(model(empty))
        found = tape.gradient(loss, [empty, *model.trainable_variables])
        assert all(not np.asarray(g).any() for g in found)


@pytest.mark.parametrize("dtype", ["mixed_float16", "float16", "float64"])
@pytest.mark.parametrize("make", LAYERS[:6], ids=[type(m()).__name__ for m in LAYERS[:6]])
def test_other_dtypes(make: Any, dtype: str) -> None:
    narrow = type(make()).from_config({**make().get_config(), "dtype": dtype})
    wide = make()
    x = draw(2, 6, 6, 2)
    wide(x), narrow(x)
    narrow.set_weights(wide.get_weights())
    y = narrow(x)
    assert str(y.dtype) == dtype.removeprefix("mixed_")
    bound = 1e-5 if dtype == "float64" else 4e-3
    assert error(np.asarray(y).astype("float64"), np.asarray(wide(x))) < bound


def test_a_convnet_with_unknown_sizes_takes_all() -> None:
    inputs = keras.Input((None, None, 2))
    x = layers.Conv2D(3, 3, padding="same")(inputs)
    x = layers.Conv2DTranspose(3, 2, strides=2)(layers.MaxPooling2D()(x))
    model = keras.Model(inputs, [x, layers.GlobalAveragePooling2D()(x)])
    assert [t.shape for t in model.outputs] == [(None, None, None, 3), (None, 3)]
    for h, w in ((4, 6), (7, 5)):
        wide, mean = model.predict(draw(2, h, w, 2), verbose=0)
        assert wide.shape == (2, h // 2 * 2, w // 2 * 2, 3) and mean.shape == (2, 3)


def test_a_model_with_convolutions_comes_back_from_its_config() -> None:
    made = keras.Sequential([keras.Input((9, 9, 2)), *(make() for make in LAYERS[:6])])
    again = keras.Sequential.from_config(made.get_config())
    again.set_weights(made.get_weights())
    x = draw(3, 9, 9, 2)
    np.testing.assert_array_equal(again.predict(x, verbose=0), made.predict(x, verbose=0))


def test_other_names_are_the_same_layers() -> None:
    assert layers.Convolution2D is layers.Conv2D
    assert layers.Convolution1DTranspose is layers.Conv1DTranspose
    assert layers.SeparableConvolution2D is layers.SeparableConv2D
    assert layers.MaxPool2D is layers.MaxPooling2D and layers.AvgPool1D is layers.AveragePooling1D
    assert layers.GlobalAvgPool3D is layers.GlobalAveragePooling3D


def built_for_4() -> Any:
    layer = layers.Conv2D(2, 3)
    layer(draw(1, 5, 5, 4))
    return layer


X = draw(2, 8, 8, 4)
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: layers.Conv2D(0, 3), ValueError, "filters to be a whole number above 0"),
    (lambda: layers.Conv2D(2.0, 3), ValueError, "Write 2"),
    (lambda: layers.Conv2D(2, 0), ValueError, "kernel_size to be a whole number above 0, or 2"),
    (lambda: layers.Conv2D(2, (3,)), ValueError, r"or 2 of them; it got \(3,\)"),
    (lambda: layers.Conv1D(2, (3, 3)), ValueError, "kernel_size to be a whole number above 0; it"),
    (lambda: layers.Conv2D(2, "3"), ValueError, "kernel_size .* it got '3'"),
    (lambda: layers.Conv2D(2, 3, strides=0), ValueError, "strides"),
    (lambda: layers.Conv2D(2, 3, dilation_rate=-1), ValueError, "dilation_rate"),
    (lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2), ValueError, "not both"),
    (lambda: layers.Conv1DTranspose(2, 3, 2, dilation_rate=2), ValueError, "not both"),
    (lambda: layers.Conv2D(4, 3, groups=3), ValueError, "filters to be a multiple of groups"),
    (lambda: layers.Conv2D(4, 3, groups=0), ValueError, "groups to be a whole number above 0"),
    (lambda: layers.Conv2D(6, 3, groups=3)(X), ValueError, "a multiple of 3 channels"),
    (lambda: layers.Conv2D(2, 3, padding="causal"), ValueError, "'valid' or 'same'; it got"),
    (lambda: layers.Conv1D(2, 3, padding="full"), ValueError, "or 'causal'; it got 'full'"),
    (lambda: layers.Conv2D(2, 3, data_format="last"), ValueError, "'channels_first'; it got"),
    (lambda: layers.Conv2D(2, 9)(X), ValueError, "windows of 9 places .* inputs have 8"),
    (lambda: layers.Conv2D(2, 9)(keras.Input((8, 8, 4))), ValueError, "windows of 9 places"),
    (lambda: layers.Conv2D(2, 4, dilation_rate=3)(X), ValueError, "windows of 10 places"),
    (lambda: built_for_4()(X[:, :2]), ValueError, "conv has windows of"),
    (lambda: layers.Conv2D(2, 3, padding="same")(X[:, :0]), ValueError, "inputs have 0 there"),
    (lambda: layers.SeparableConv2D(2, 9)(X), ValueError, "windows of 9 places"),
    (lambda: layers.DepthwiseConv2D(9)(X), ValueError, "windows of 9 places"),
    (lambda: layers.Conv2D(2, 3)(X[0]), ValueError, "inputs of 4 axes"),
    (lambda: layers.Conv2D(2, 3)(X[None]), ValueError, "inputs of 4 axes"),
    (lambda: layers.Conv2D(2, 3).build((None, 8, 4)), ValueError, "build got the shape"),
    (lambda: layers.Conv2D(2, 3).compute_output_shape((8, 8, 4)), ValueError, "4 axes"),
    (lambda: built_for_4()(X[..., :2]), ValueError, "last axis is 4; .* make a layer for 2"),
    (lambda: layers.Conv2D(2, 3)(keras.Input((8, 8, None))), ValueError, "number of channels"),
    (lambda: layers.Conv2DTranspose(2, 3)(keras.Input((8, 8, None))), ValueError, "channels, axis -1"),
    (lambda: layers.DepthwiseConv2D(3)(keras.Input((8, 8, None))), ValueError, "number of channels"),
    (lambda: layers.SeparableConv1D(3, 3)(keras.Input((8, None))), ValueError, "number of channels"),
    (lambda: layers.Conv2D(2, 3)(X[..., :0]), ValueError, "a channel or more"),
    (lambda: layers.Conv2DTranspose(2, 3, 2, output_padding=2), ValueError, "smaller than strides"),
    (lambda: layers.Conv2DTranspose(2, 3, 2, output_padding=-1), ValueError, "output_padding"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), ValueError, "depth_multiplier"),
    (lambda: layers.SeparableConv2D(0, 3), ValueError, "filters"),
    (lambda: layers.MaxPooling2D(0), ValueError, "pool_size"),
    (lambda: layers.MaxPooling2D(2, 0), ValueError, "strides"),
    (lambda: layers.MaxPooling2D((2, 2, 2)), ValueError, "or 2 of them"),
    (lambda: layers.MaxPooling2D(padding="causal"), ValueError, "'valid' or 'same'"),
    (lambda: layers.MaxPooling2D()(X[0]), ValueError, "inputs of 4 axes"),
    (lambda: layers.MaxPooling2D(9)(X), ValueError, "max_pool has windows of"),
    (lambda: layers.AveragePooling2D(9)(keras.Input((8, 8, 4))), ValueError, "smaller pool_size"),
    (lambda: layers.AveragePooling2D(2).compute_output_shape((8, 8)), ValueError, "4 axes"),
    (lambda: layers.GlobalAveragePooling2D()(X[0]), ValueError, "inputs of 4 axes"),
    (lambda: layers.GlobalMaxPooling1D()(draw(2, 0, 3)), ValueError, "empty"),
    (lambda: layers.AdaptiveMaxPooling2D("a"), TypeError, "output_size"),
    (lambda: layers.AdaptiveMaxPooling2D((2,)), TypeError, "or 2 of them"),
    (lambda: layers.AdaptiveAveragePooling1D(0), ValueError, "above 0"),
    (lambda: layers.AdaptiveMaxPooling2D(2)(X[:, :0]), ValueError, "places to pool"),
    (lambda: ops.conv(X, draw(3, 3, 3, 2)), ValueError, r"channels \(3\) divide .* \(4\)"),
    (lambda: ops.conv(X, draw(3, 3, 2, 3)), ValueError, "groups"),
    (lambda: ops.conv(X, draw(3, 4, 2)), ValueError, "kernel of as many axes"),
    (lambda: ops.conv(draw(2, 3), draw(3, 3)), ValueError, "spatial axes"),
    (lambda: ops.conv(X, draw(3, 3, 4, 2), (1, 2, 1)), ValueError, "strides"),
    (lambda: ops.conv(X, draw(3, 3, 4, 2), 2, dilation_rate=2), ValueError, "not both"),
    (lambda: ops.conv(X, draw(3, 3, 4, 2), padding="causal"), ValueError, "'valid' or 'same'"),
    (lambda: ops.conv(X, draw(9, 9, 4, 2)), ValueError, r"\(9, 9\).*\(8, 8\)"),
    (lambda: ops.depthwise_conv(X, draw(3, 3, 3, 2)), ValueError, "each of the 4 channels"),
    (lambda: ops.separable_conv(X, draw(3, 3, 4, 1), draw(1, 1, 3, 2)), ValueError, "divide"),
    (lambda: ops.conv_transpose(X, draw(3, 3, 2, 3)), ValueError, r"for 4 channels"),
    (lambda: ops.conv_transpose(X, draw(3, 3, 2, 4), 2, output_padding=2), ValueError, "smaller"),
    (lambda: ops.max_pool(X, 9), ValueError, r"\(9, 9\).*\(8, 8\)"),
    (lambda: ops.average_pool(X, 9), ValueError, "average_pool has windows"),
    (lambda: ops.max_pool(draw(2, 3), 2), ValueError, "spatial axes"),
    (lambda: ops.average_pool(X, 2, padding="full"), ValueError, "'full'"),
    (lambda: ops.adaptive_max_pool(X, (2, 2, 2)), ValueError, "output_size"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "kind", "message"), REFUSED, ids=[m for *_, m in REFUSED])
def test_what_cannot_be_is_refused(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_a_size_that_does_not_fit_while_training_is_refused_on_every_backend() -> None:
    for backend in available_backends():
        with using(backend):
            model = keras.Sequential([layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()])
            model.compile("sgd", "mse")
            model.fit(draw(4, 6, 6, 2), np.zeros((4, 2)), verbose=0)
            with pytest.raises(ValueError, match=r"expects data of shape \(4, 6, 6, 2\)"):
                model.fit(draw(4, 6, 6, 3), np.zeros((4, 2)), verbose=0)
            with pytest.raises(ValueError, match=r"conv has windows|expects data of shape"):
                model.fit(draw(4, 2, 6, 2), np.zeros((4, 2)), verbose=0)
