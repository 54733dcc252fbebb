"""Filters: a blur, edges, and how alike two pictures look."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.ops import numpy as n
from annette.ops.common import dtype_of, floating, from_python, op, rank, to_dtype
from annette.ops.convolution import data_format as checked_format
from annette.ops.image.common import Pictures, two, whole


def bell(size: int, sigma: Any, dtype: str) -> Any:
    """Return `size` weights of a Gaussian, whose sum is 1."""
    count_constant(size)
    places = np.arange(size, dtype=dtype) - np.array((size - 1) / 2, dtype)
    w = n.exp(-0.5 * n.square(places / sigma))
    return to_dtype(w / n.sum(w), dtype)


def blurred(x: Any, kernel: Any, axis: int, valid: bool = False) -> Any:
    """Return `x` with each place along an axis a weighted sum of those around it.

    Beyond the ends are zeros; with `valid` only sums without them are given.
    """
    taps, size = kernel.shape[0], x.shape[axis]
    if not valid:
        before = (taps - 1) // 2
        frame = [(0, 0)] * rank(x)
        frame[axis] = (before, taps - 1 - before)
        x = n.pad(x, frame)
    count = x.shape[axis] - taps + 1 if valid else size
    total: Any = None
    for i in range(taps):
        part = _part(x, axis, i, count) * kernel[i]
        total = part if total is None else total + part
    return total


def _part(x: Any, axis: int, first: int, count: int) -> Any:
    cut = [slice(None)] * rank(x)
    cut[axis] = slice(first, first + count)
    return x[tuple(cut)]


@op
def gaussian_blur(
    images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    r"""Return pictures blurred by a Gaussian.

    .. math:: y_{i,j} = \sum_{k,l} g_k\, h_l\, x_{i+k, j+l}, \quad
        g_k \propto e^{-k^2 / 2 \sigma_h^2}, \; h_l \propto e^{-l^2 / 2 \sigma_w^2}

    Beyond the edge are zeros.

    Args:
        images: floats, (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        kernel_size: how many pixels count, along height and along width.
        sigma: the standard deviations in pixels, along height and along width.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape; whole numbers become floats.

    Raises:
        ValueError: if `kernel_size` or `sigma` is no pair, or one is not above 0.
    """
    name = "gaussian_blur"
    taps = [
        whole(name, "kernel_size", v, 1)
        for v in two(name, "kernel_size", kernel_size, "whole numbers")
    ]
    spreads = from_python(sigma)
    if tuple(spreads.shape) != (2,):
        raise ValueError(f"{name} takes for sigma two numbers, (height, width); it got {sigma!r}.")
    if isinstance(spreads, np.ndarray) and not np.all(spreads > 0):
        raise ValueError(f"{name} takes a sigma above 0; it got {sigma!r}.")
    pictures = Pictures(name, images, data_format)
    x = pictures.floats()
    dtype = "float64" if dtype_of(x) == "float64" else "float32"
    y = to_dtype(x, dtype)
    for axis in (1, 2):
        y = blurred(y, bell(taps[axis - 1], to_dtype(spreads[axis - 1], dtype), dtype), axis)
    return pictures.back(to_dtype(y, dtype_of(x)))


@op
def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """Return by how much pictures change from top to bottom and from left to right (Sobel, 1968).

    The pictures are mirrored at their edges, so that these are no edges themselves.

    Args:
        images: (rows, h, w, channels), or (rows, channels, h, w) with "channels_first".
        data_format: where the channels are; the configured format if None.

    Returns:
        An array of the shape of `images` and one more axis, (dy, dx).

    Raises:
        ValueError: if there are other than four axes.
    """
    form = checked_format("sobel_edges", data_format)
    x = floating(images)
    if rank(x) != 4:
        raise ValueError(
            "sobel_edges takes a batch of pictures of 4 axes; the shape of images is "
            f"{tuple(x.shape)}."
        )
    height, width = (1, 2) if form == "channels_last" else (2, 3)
    if 1 in (x.shape[height], x.shape[width]):
        raise ValueError(
            "sobel_edges takes pictures of 2 pixels or more each way; the shape of images is "
            f"{tuple(x.shape)}."
        )
    frame = [(1, 1) if axis in (height, width) else (0, 0) for axis in range(4)]
    x = n.pad(x, frame, mode="reflect")
    slope, smooth = np.array([-1, 0, 1], dtype_of(x)), np.array([1, 2, 1], dtype_of(x))
    dy = blurred(blurred(x, slope, height, valid=True), smooth, width, valid=True)
    dx = blurred(blurred(x, smooth, height, valid=True), slope, width, valid=True)
    return n.stack([dy, dx], axis=-1)


@op
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    r"""Return how alike pictures look, 1 for equal ones (Wang, Bovik, Sheikh & Simoncelli, 2004).

    .. math:: \frac{(2 \mu_x \mu_y + c_1)(2 \sigma_{xy} + c_2)}
        {(\mu_x^2 + \mu_y^2 + c_1)(\sigma_x^2 + \sigma_y^2 + c_2)}, \quad c_i = (k_i L)^2

    with Gaussian weighted means, variances and covariance around each pixel that has a whole window
    around it; the mean over pixels and channels.

    Args:
        image1: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        image2: of the same shape.
        max_val: L, how far the values range.
        filter_size: of the window, in pixels.
        filter_sigma: the standard deviation of its weights.
        k1: keeps the first quotient from 0 / 0.
        k2: likewise the second.
        data_format: where the channels are; the configured format if None.

    Returns:
        A number for each row, (rows,), or one number for one picture.

    Raises:
        ValueError: if the shapes differ, or the window does not fit.
    """
    first = Pictures("ssim", image1, data_format)
    second = Pictures("ssim", image2, data_format)
    size = whole("ssim", "filter_size", filter_size, 1)
    if tuple(first.x.shape) != tuple(second.x.shape) or first.single != second.single:
        raise ValueError(
            "ssim takes two pictures, or batches of them, of one shape; with channels last and rows "
            f"first they are {tuple(first.x.shape)} and {tuple(second.x.shape)}."
        )
    if size > min(first.size):
        raise ValueError(
            f"ssim: a window of filter_size={size} is larger than the pictures, {first.size}."
        )
    x, y = first.floats(), second.floats()
    kernel = bell(size, filter_sigma, dtype_of(x))

    def mean(values: Any) -> Any:
        return blurred(blurred(values, kernel, 1, valid=True), kernel, 2, valid=True)

    a, b = mean(x), mean(y)
    both = mean(x * y) - a * b
    spread = mean(x * x) - a * a + (mean(y * y) - b * b)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    alike = (2.0 * a * b + c1) * (2.0 * both + c2) / ((a * a + b * b + c1) * (spread + c2))
    found = n.mean(alike, axis=(1, 2, 3))
    return n.squeeze(found, 0) if first.single else found
