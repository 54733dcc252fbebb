"""How pictures differ and change, in TensorFlow's spelling."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.compat.tf.image.colors import convert_image_dtype
from annette.compat.tf.image.frames import picture
from annette.compat.tf.tensors import constant

__all__ = ["image_gradients", "psnr", "ssim", "total_variation"]


def psnr(a: Any, b: Any, max_val: Any, name: Any = None) -> Any:
    """Return 10 log10(max_val^2 / mean squared difference) of each picture."""
    a, b, most = _both(a, b, max_val)
    error = ops.mean(ops.square(a - b), axis=(-3, -2, -1))
    return 20.0 * math.log10(most) - 10.0 / math.log(10) * ops.log(error)


def ssim(
    img1: Any, img2: Any, max_val: Any, filter_size: int = 11, filter_sigma: float = 1.5,
    k1: float = 0.01, k2: float = 0.03,
) -> Any:  # fmt: skip
    """Return how like each other pictures are (Wang et al., 2004)."""
    a, b, most = _both(img1, img2, max_val)
    return ops.image.ssim(
        a, b, max_val=most, filter_size=filter_size, filter_sigma=filter_sigma, k1=k1, k2=k2,
        data_format="channels_last",
    )  # fmt: skip


def _both(a: Any, b: Any, max_val: Any) -> tuple[Any, Any, float]:
    a, b = constant(a), constant(b)
    whole = "int" in str(a.dtype)
    most = convert_image_dtype(constant(max_val, str(a.dtype)), "float32") if whole else max_val
    return convert_image_dtype(a, "float32"), convert_image_dtype(b, "float32"), float(most)


def total_variation(images: Any, name: Any = None) -> Any:
    """Return the sum of differences of neighbouring pixels of each picture."""
    x = picture("total_variation", images)
    down, along = x[..., 1:, :, :] - x[..., :-1, :, :], x[..., 1:, :] - x[..., :-1, :]
    axes = (-3, -2, -1)
    return ops.sum(ops.abs(down), axis=axes) + ops.sum(ops.abs(along), axis=axes)


def image_gradients(image: Any) -> tuple[Any, Any]:
    """Return the differences of rows and of columns (n, h, w, c), with zeros at the end."""
    x = picture("image_gradients", image)
    rest = [(0, 0)] * (len(x.shape) - 3)
    down = ops.pad(x[..., 1:, :, :] - x[..., :-1, :, :], [*rest, (0, 1), (0, 0), (0, 0)])
    along = ops.pad(x[..., 1:, :] - x[..., :-1, :], [*rest, (0, 0), (0, 1), (0, 0)])
    return down, along
