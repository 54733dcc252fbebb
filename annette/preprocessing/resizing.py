"""Pictures in another size, by the interpolations that Keras names.

A new pixel is a weighted mean of old ones: its middle is looked up among theirs, and a kernel of
the distance gives the weights, whose sum is made 1 at the borders too. The kernel keeps its width
when a picture gets smaller, as in Keras, so that ``"area"`` is smoother then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_Kernel = Callable[[np.ndarray], np.ndarray]


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - x)


def _keys(x: np.ndarray) -> np.ndarray:
    """The cubic of Keys, 1981, with a = -1/2."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _mitchell(x: np.ndarray) -> np.ndarray:
    """The cubic of Mitchell and Netravali, 1988, with B = C = 1/3."""
    near = (7.0 * x - 12.0) * x * x / 6.0 + 8.0 / 9.0
    far = ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _gaussian(x: np.ndarray) -> np.ndarray:
    return np.where(x < 1.5, np.exp(-2.0 * x * x), 0.0)


def _lanczos(radius: float) -> _Kernel:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


_KERNELS: dict[str, _Kernel] = {
    "bilinear": _triangle,
    "bicubic": _keys,
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
    "gaussian": _gaussian,
    "mitchellcubic": _mitchell,
}
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", *list(_KERNELS)[2:])


def check_interpolation(interpolation: Any) -> str:
    """Return the interpolation's name.

    Raises:
        ValueError: if there is none of that name.
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"interpolation must be one of {', '.join(INTERPOLATIONS)}; it got {interpolation!r}."
        )
    return str(interpolation)


def resize(pictures: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """Return pictures in another size.

    Input shape: (..., h, w, c).  Output shape: (..., *size, c), float32; with ``"nearest"`` of the
    input's dtype.
    """
    for axis, length in ((-3, size[0]), (-2, size[1])):
        before = pictures.shape[axis]
        if interpolation == "nearest":
            middles = ((np.arange(length) + 0.5) * before / length).astype(int)
            pictures = np.take(pictures, np.minimum(middles, before - 1), axis)
        elif before != length or interpolation in ("gaussian", "mitchellcubic"):
            weights = _weights(before, length, interpolation)
            pictures = np.moveaxis(np.tensordot(pictures, weights, (axis, 1)), -1, axis)
    return pictures if interpolation == "nearest" else pictures.astype("float32")


def _weights(before: int, after: int, interpolation: str) -> np.ndarray:
    """Return what each old pixel of a line counts in each new one.

    Output shape: (after, before) float64, each row's sum 1.
    """
    scale = before / after
    places = np.arange(before)
    if interpolation == "area":
        low = np.arange(after)[:, None] * scale
        inside = np.minimum(places + 1, low + scale) - np.maximum(places, low)
        found = np.maximum(inside, 0.0)
    else:
        middles = (np.arange(after)[:, None] + 0.5) * scale - 0.5
        found = _KERNELS[interpolation](np.abs(places - middles))
    result: np.ndarray = found / found.sum(axis=1, keepdims=True)
    return result


def cropped(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the largest part from the middle that has the shape of `size`; (..., h, w, c)."""
    height, width = picture.shape[-3:-1]
    high = min(height, math.floor(width * size[0] / size[1]))
    wide = min(width, math.floor(height * size[1] / size[0]))
    top, left = (height - high) // 2, (width - wide) // 2
    return picture[..., top : top + high, left : left + wide, :]


def padded(picture: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """Return the whole picture in another size, with black at two sides instead of stretched.

    Input shape: (h, w, c).  Output shape: (*size, c), as `resize` gives it.
    """
    height, width = picture.shape[:2]
    high, wide = min(size[0], size[1] * height // width), min(size[1], size[0] * width // height)
    inner = max(1, high), max(1, wide)
    top = max(0, (size[0] * width - size[1] * height) // (2 * width))
    left = max(0, (size[1] * height - size[0] * width) // (2 * height))
    content = resize(picture, inner, interpolation)
    result = np.zeros((*size, picture.shape[2]), content.dtype)
    result[top : top + inner[0], left : left + inner[1]] = content
    return result
