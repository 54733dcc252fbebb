"""UpSampling2D: longer along height and width, by repeating or in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.graph.context import count_constant
from annette.layers.arguments import data_format as checked_format, factors
from annette.layers.reshaping.up_sampling import UpSampling


def _triangle(t: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - t)


def _cubic(t: np.ndarray) -> np.ndarray:
    """Keys's kernel (1981) with a = -1/2."""
    near = (1.5 * t - 2.5) * t * t + 1.0
    far = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return np.where(t <= 1.0, near, np.where(t < 2.0, far, 0.0))


def _lanczos(lobes: int) -> Any:
    """Lanczos's windowed sinc (Duchon, 1979)."""
    return lambda t: np.where(t < lobes, np.sinc(t) * np.sinc(t / lobes), 0.0)


_KERNELS = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


class UpSampling2D(UpSampling):
    r"""Makes pictures larger by whole factors.

    .. math:: y_i = \sum_j \frac{k(s_i - j)}{\sum_l k(s_i - l)} x_j, \quad
        s_i = \frac{i + 1/2}{f} - \frac12

    along height and then width, with the factor f and the kernel k of the interpolation; "nearest"
    repeats each place f times.

    Args:
        size: the factors: a whole number, or one for height and one for width.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        interpolation: "nearest", "bilinear", "bicubic" (Keys, 1981), "lanczos3" or "lanczos5".

    Input shape: (rows, h, w, channels); (rows, channels, h, w)
        with "channels_first".
    Output shape: the same, with height and width times their factors.

    Raises:
        ValueError: if `size` is none of these, or `data_format` or `interpolation` is not known.
    """

    _fields = ("size", "data_format", "interpolation")
    _spatial = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = factors("UpSampling2D", "size", size, 2)
        self._factors = self.size
        self.data_format = checked_format("UpSampling2D", data_format)
        known = ("nearest", *_KERNELS)
        if interpolation not in known:
            raise ValueError(
                f"UpSampling2D expects interpolation to be one of {', '.join(map(repr, known))}; "
                f"it got {interpolation!r}."
            )
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        """Return the larger pictures."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        y = ops.cast(inputs, self.compute_dtype)
        for axis, factor in enumerate(self._factors, self._first):
            w = _weights(inputs.shape[axis], factor, self.interpolation)
            y = ops.moveaxis(y, axis, -1)
            y = ops.moveaxis(ops.matmul(y, w.astype(self.compute_dtype)), -1, axis)
        return y

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the output as a KerasTensor; what lies in between is no whole number."""
        spec = super().compute_output_spec(inputs)
        if self.interpolation != "nearest":
            spec.dtype = self.compute_dtype
        return spec


def _weights(size: int, factor: int, interpolation: str) -> np.ndarray:
    """Return by how much each of `size` places counts for each new one, (size, size * factor)."""
    count_constant(size, size * factor)
    places = (np.arange(size * factor) + 0.5) / factor - 0.5
    w = _KERNELS[interpolation](np.abs(places - np.arange(size)[:, None]))
    found: np.ndarray = w / w.sum(axis=0)
    return found
