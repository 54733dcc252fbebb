"""Operations on pictures: gradients, traces, both formats, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.backends import make_backend
from annette.graph import KerasTensor, trace
from annette.testing import check_gradient

image = ops.image
RNG = np.random.default_rng(7)
X = RNG.uniform(0.1, 0.9, (2, 5, 6, 3))
TURN = np.array([[0.9, 0.2, 0.33, -0.2, 0.9, 0.57, 0.0, 0.0]] * 2)
CORNERS = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 4.0], [5.0, 4.0]])
MOVED = CORNERS + np.array([[0.3, 0.2], [-0.4, 0.1], [0.2, -0.6], [0.1, 0.3]])

# Each operation as a function of pictures and a data format.
CALLS: dict[str, Callable[..., Any]] = {
    "resize": lambda x, f: image.resize(x, (3, 8), "bicubic", antialias=True, data_format=f),
    "resize nearest": lambda x, f: image.resize(x, (3, 8), "nearest", data_format=f),
    "resize crop": lambda x, f: image.resize(x, (3, 3), crop_to_aspect_ratio=True, data_format=f),
    "resize pad": lambda x, f: image.resize(x, (3, 3), pad_to_aspect_ratio=True, data_format=f),
    "affine_transform": lambda x, f: image.affine_transform(
        x, TURN[: 1 if len(x.shape) == 3 or x.shape[0] != 2 else 2], fill_value=0.5, data_format=f
    ),
    "affine_transform wrap": lambda x, f: image.affine_transform(
        x, TURN[0], fill_mode="wrap", data_format=f
    ),
    "perspective_transform": lambda x, f: image.perspective_transform(
        x, CORNERS, MOVED, data_format=f
    ),
    "elastic_transform": lambda x, f: image.elastic_transform(x, 3.0, 1.0, seed=3, data_format=f),
    "extract_patches": lambda x, f: image.extract_patches(x, 2, 1, padding="same", data_format=f),
    "pad_images": lambda x, f: image.pad_images(x, 1, 2, 0, 3, data_format=f),
    "crop_images": lambda x, f: image.crop_images(x, 1, 2, 0, 3, data_format=f),
    "gaussian_blur": lambda x, f: image.gaussian_blur(x, (3, 5), (0.7, 1.1), data_format=f),
    "rgb_to_grayscale": lambda x, f: image.rgb_to_grayscale(x, data_format=f),
    "rgb_to_hsv": lambda x, f: image.rgb_to_hsv(x, data_format=f),
    "hsv_to_rgb": lambda x, f: image.hsv_to_rgb(x, data_format=f),
}
NAMES = sorted(CALLS)


def first(x: Any) -> np.ndarray:
    """The channels before height."""
    return np.ascontiguousarray(np.moveaxis(np.asarray(x), -1, -3))


@pytest.mark.parametrize("name", NAMES)
def test_channels_first_and_one_picture(name: str) -> None:
    """Both formats, and one picture, give the same numbers."""
    both = np.asarray(CALLS[name](X, "channels_last"))
    np.testing.assert_allclose(CALLS[name](first(X), "channels_first"), first(both), atol=1e-12)
    if name != "elastic_transform":  # whose noise is of the batch
        np.testing.assert_allclose(CALLS[name](X[0], "channels_last"), both[0], atol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("name", NAMES)
def test_traced_as_eager(name: str, backend: str) -> None:
    """A trace gives on each backend what is computed at once."""
    x = X.astype("float32")
    graph, _ = trace(lambda v: CALLS[name](v, "channels_last"), [(x.shape, "float32")])
    (got,) = make_backend(backend).compile(graph.check())([x])
    np.testing.assert_allclose(got, CALLS[name](x, "channels_last"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("resize nearest", "hsv_to_rgb")])
def test_gradient(name: str) -> None:
    """Gradients are what central differences say."""
    check_gradient(lambda x: CALLS[name](x, "channels_last"), [X], order=1)


def test_gradient_of_hsv_to_rgb() -> None:
    """The same, where no hue is one of the corners that the formula has."""
    hue = (RNG.integers(0, 6, (4, 5, 1)) + RNG.uniform(0.2, 0.8, (4, 5, 1))) / 6
    x = np.concatenate([hue, RNG.uniform(0.2, 0.8, (4, 5, 2))], -1)
    check_gradient(image.hsv_to_rgb, [x], order=1)


def test_gradient_of_places() -> None:
    """Values in between have a slope along their places too."""
    places = RNG.uniform(0.1, 3.9, (2, 7)) + 0.01
    for mode in ("constant", "nearest", "reflect", "mirror", "wrap"):
        check_gradient(
            lambda x, p, m=mode: image.map_coordinates(x, p, 1, fill_mode=m),
            [X[0, ..., 0], places],
            order=1,
        )


@pytest.mark.parametrize("name", NAMES)
def test_shape_of_an_unknown_batch(name: str) -> None:
    """Symbols tell the shape."""
    spec = CALLS[name](KerasTensor((None, 5, 6, 3)), "channels_last")
    got = np.asarray(CALLS[name](X.astype("float32"), "channels_last"))
    assert spec.shape == (None, *got.shape[1:])
    assert spec.dtype == got.dtype.name


def test_what_must_be_so() -> None:
    """Identities: the same size, no motion, there and back, a picture and itself."""
    np.testing.assert_array_equal(image.resize(X, (5, 6)), X)
    still = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
    np.testing.assert_allclose(image.affine_transform(X, still), X)
    np.testing.assert_allclose(image.perspective_transform(X, CORNERS, CORNERS), X, atol=1e-12)
    np.testing.assert_allclose(image.hsv_to_rgb(image.rgb_to_hsv(X)), X, atol=1e-12)
    np.testing.assert_allclose(image.ssim(X, X, filter_size=3), 1.0)
    np.testing.assert_allclose(image.sobel_edges(np.ones((1, 4, 5, 2))), 0.0)
    ramp = np.arange(6.0)[:, None] * np.ones((1, 5))
    dy = np.asarray(image.sobel_edges(ramp[None, ..., None]))[0, 1:-1, 1:-1, 0]
    np.testing.assert_allclose(dy, np.broadcast_to([8.0, 0.0], (4, 3, 2)))


def test_a_blur_keeps_the_sum_and_its_directions() -> None:
    """An impulse spreads along height by the first sigma and along width by the second."""
    x = np.zeros((21, 21, 1))
    x[10, 10] = 1.0
    y = np.asarray(image.gaussian_blur(x, (15, 15), (2.0, 0.6)))[..., 0]
    np.testing.assert_allclose(y.sum(), 1.0)
    places = np.arange(21) - 10
    assert abs((y.sum(1) * places**2).sum() - 4.0) < 0.05
    assert abs((y.sum(0) * places**2).sum() - 0.36) < 0.01


def test_perspective_brings_points_to_points() -> None:
    """A dot at a start point comes to lie at its end point."""
    x = np.zeros((9, 9, 1))
    x[2, 3] = 1.0
    start = np.array([[3.0, 2.0], [8, 0], [0, 8], [8, 8]])
    end = np.array([[5.0, 4.0], [8, 0], [0, 8], [8, 8]])
    y = np.asarray(image.perspective_transform(x, start, end))[..., 0]
    assert np.unravel_index(y.argmax(), y.shape) == (4, 5)


def test_elastic_pulls_are_as_strong_and_smooth_as_asked() -> None:
    """A ramp tells the pulls: their spread, their likeness nearby, none alike across and down."""
    columns = np.broadcast_to(np.arange(300.0), (300, 300))
    ramps = np.stack([columns, columns.T], -1)
    y = np.asarray(image.elastic_transform(ramps, 2.0, 3.0, fill_mode="nearest", seed=1))
    pulls = (y - ramps)[40:-40, 40:-40]
    assert np.allclose(pulls.std((0, 1)), 2.0 / (2 * np.sqrt(np.pi)), rtol=0.15)
    across = pulls[..., 0]
    alike = (across[:, :-3] * across[:, 3:]).mean() / (across**2).mean()
    assert abs(alike - np.exp(-0.25)) < 0.05
    assert abs(np.corrcoef(across.ravel(), pulls[..., 1].ravel())[0, 1]) < 0.15
    again = image.elastic_transform(ramps, 2.0, 3.0, fill_mode="nearest", seed=1)
    np.testing.assert_array_equal(again, y)


def test_places_that_are_no_numbers_stay_inside() -> None:
    """Infinite places and such without a number read nothing outside the picture."""
    places = np.array([[np.nan, np.inf, -np.inf, 1e30, 2.0]])
    for mode in ("constant", "nearest", "wrap", "reflect", "mirror"):
        y = image.map_coordinates(np.arange(4.0), places.astype("float32"), 0, fill_mode=mode)
        assert np.asarray(y)[4] == 2.0


def test_whole_numbers_are_rounded_and_kept_in_range() -> None:
    """A bicubic overshoot of bytes does not wrap around."""
    x = np.where(RNG.uniform(size=(8, 8, 1)) < 0.5, 0, 255).astype("uint8")
    y = np.asarray(image.resize(x, (20, 20), "bicubic"))
    wide = np.asarray(image.resize(x.astype("float64"), (20, 20), "bicubic"))
    assert wide.max() > 256
    assert wide.min() < -1
    assert np.abs(y - np.clip(wide, 0, 255)).max() <= 0.51


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: image.resize(X, 3), ValueError, "size"),
    (lambda: image.resize(X, (0, 3)), ValueError, "size"),
    (lambda: image.resize(X, (3, 3), "linear"), ValueError, "'bilinear'"),
    (lambda: image.resize(X[0, 0], (3, 3)), ValueError, "4 axes"),
    (lambda: image.resize(X, (3, 3), data_format="last"), ValueError, "channels_first"),
    (
        lambda: image.resize(X, (3, 3), pad_to_aspect_ratio=True, crop_to_aspect_ratio=True),
        ValueError,
        "not both",
    ),
    (lambda: image.affine_transform(X, np.ones(7)), ValueError, "8 numbers"),
    (lambda: image.affine_transform(X, np.ones((3, 8))), ValueError, r"\(2, 8\)"),
    (lambda: image.affine_transform(X, TURN, "bicubic"), ValueError, "interpolation"),
    (lambda: image.affine_transform(X, TURN, fill_mode="edge"), ValueError, "fill_mode"),
    (lambda: image.perspective_transform(X, CORNERS[:3], MOVED[:3]), ValueError, "four|one set"),
    (lambda: image.map_coordinates(X, [[0.5]] * 3, 1), ValueError, "coordinates"),
    (lambda: image.map_coordinates(X, [[0.5]] * 4, 2), ValueError, "order"),
    (lambda: image.elastic_transform(X, sigma=0.0), ValueError, "sigma"),
    (lambda: image.gaussian_blur(X, 3), ValueError, "kernel_size"),
    (lambda: image.gaussian_blur(X, (3, 3), (0.0, 1.0)), ValueError, "sigma"),
    (lambda: image.pad_images(X, 1, 1, 1), ValueError, "two of left_padding"),
    (lambda: image.crop_images(X, 3, 0, 3, 0), ValueError, "target_height would be -1"),
    (lambda: image.extract_patches(X, 9), ValueError, "do not fit"),
    (lambda: image.extract_patches(X, "2"), TypeError, "size"),
    (lambda: image.rgb_to_hsv((X * 255).astype("uint8")), ValueError, "Divide by 255"),
    (lambda: image.rgb_to_grayscale(X[..., :2]), ValueError, "data_format"),
    (lambda: image.sobel_edges(X[0]), ValueError, "4 axes"),
    (lambda: image.ssim(X, X[:1], filter_size=3), ValueError, "one shape"),
    (lambda: image.ssim(X, X), ValueError, "filter_size=11"),
    (
        lambda: image.scale_and_translate(X, (5, 6), [1.0], [0.0], (1,), "linear"),
        ValueError,
        "output_shape",
    ),
    (
        lambda: image.scale_and_translate(X, X.shape, [1.0], [0.0], (1, 2), "linear"),
        ValueError,
        "2 numbers",
    ),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD)
def test_refused(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    """Errors name the argument and what was expected."""
    with pytest.raises(error, match=says):
        call()
