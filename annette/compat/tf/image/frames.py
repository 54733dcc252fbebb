"""Sizes, frames and places of pictures in TensorFlow's spelling."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.compat.tf.tensors import constant

__all__ = (
    "ResizeMethod central_crop crop_to_bounding_box extract_patches flip_left_right flip_up_down "
    "pad_to_bounding_box resize resize_with_crop_or_pad resize_with_pad rot90 transpose"
).split()

_METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class ResizeMethod:
    """The methods of `resize`."""

    NEAREST_NEIGHBOR = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"


def picture(name: str, image: Any) -> Any:
    """Return a picture of 3 axes, or several of 4, as an array.

    Raises:
        ValueError: for another number of axes.
    """
    x = constant(image)
    if len(x.shape) not in (3, 4):
        raise ValueError(
            f"tf.image.{name} takes a picture of 3 axes or several of 4; the shape is "
            f"{tuple(x.shape)}."
        )
    return x


def resize(
    images: Any, size: Any, method: Any = "bilinear", preserve_aspect_ratio: Any = False,
    antialias: Any = False, name: Any = None,
) -> Any:  # fmt: skip
    """Return pictures of another size, as float32 unless the method is "nearest".

    Raises:
        ValueError: for a method other than "nearest", "bilinear", "bicubic", "lanczos3" and
            "lanczos5".
    """
    x = picture("resize", images)
    if method not in _METHODS:
        raise ValueError(
            f"tf.image.resize takes method {', '.join(map(repr, _METHODS))} in annette; it got "
            f"{method!r}."
        )
    height, width = (int(n) for n in size)
    if preserve_aspect_ratio:
        h, w = x.shape[-3], x.shape[-2]
        scale = min(height / h, width / w)
        height, width = round(scale * h), round(scale * w)
    if method != "nearest":
        x = ops.cast(x, "float32")
    return ops.image.resize(
        x, (height, width), interpolation=method, antialias=bool(antialias),
        data_format="channels_last",
    )  # fmt: skip


def resize_with_pad(
    image: Any, target_height: int, target_width: int, method: Any = "bilinear",
    antialias: Any = False,
) -> Any:  # fmt: skip
    """Return pictures as large as fits into a size, in the middle of zeros."""
    x = picture("resize_with_pad", image)
    h, w = x.shape[-3], x.shape[-2]
    ratio = max(w / target_width, h / target_height)
    height, width = h / ratio, w / ratio
    x = resize(x, (math.floor(height), math.floor(width)), method, antialias=antialias)
    top, left = (
        max(0, math.floor((target - made) / 2))
        for target, made in ((target_height, height), (target_width, width))
    )
    return pad_to_bounding_box(x, top, left, target_height, target_width)


def resize_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Any:
    """Return the middle of pictures, or pictures in the middle of zeros."""
    x = picture("resize_with_crop_or_pad", image)
    h, w = x.shape[-3], x.shape[-2]
    more = (target_height - h, target_width - w)
    top, left = (max(-m // 2, 0) for m in more)
    x = crop_to_bounding_box(x, top, left, min(target_height, h), min(target_width, w))
    above, before = (max(m // 2, 0) for m in more)
    return pad_to_bounding_box(x, above, before, target_height, target_width)


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Return pictures with zeros around, so many rows above and columns to the left.

    Raises:
        ValueError: if they do not fit.
    """
    x = picture("pad_to_bounding_box", image)
    below = int(target_height) - int(offset_height) - x.shape[-3]
    right = int(target_width) - int(offset_width) - x.shape[-2]
    if min(below, right, offset_height, offset_width) < 0:
        raise ValueError(
            f"A picture of {x.shape[-3]} by {x.shape[-2]} with {offset_height} rows above and "
            f"{offset_width} columns to the left does not fit into {target_height} by "
            f"{target_width}."
        )
    widths = [(int(offset_height), below), (int(offset_width), right), (0, 0)]
    return ops.pad(x, [(0, 0)] * (len(x.shape) - 3) + widths)


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Return a part of pictures.

    Raises:
        ValueError: if it is not inside.
    """
    x = picture("crop_to_bounding_box", image)
    top, left = int(offset_height), int(offset_width)
    bottom, right = top + int(target_height), left + int(target_width)
    if min(top, left) < 0 or bottom > x.shape[-3] or right > x.shape[-2]:
        raise ValueError(
            f"Rows {top} to {bottom} and columns {left} to {right} are not inside a picture of "
            f"{x.shape[-3]} by {x.shape[-2]}."
        )
    return x[..., top:bottom, left:right, :]


def central_crop(image: Any, central_fraction: float) -> Any:
    """Return the middle of pictures, this share of each side.

    Raises:
        ValueError: for a share that is not above 0 and at most 1.
    """
    x = picture("central_crop", image)
    if not 0 < central_fraction <= 1:
        raise ValueError(
            f"central_fraction must be above 0 and at most 1; it got {central_fraction!r}."
        )
    top, left = (int((n - n * float(central_fraction)) / 2) for n in x.shape[-3:-1])
    return crop_to_bounding_box(x, top, left, x.shape[-3] - 2 * top, x.shape[-2] - 2 * left)


def flip_left_right(image: Any) -> Any:
    """Return pictures with left and right swapped."""
    return ops.flip(picture("flip_left_right", image), axis=-2)


def flip_up_down(image: Any) -> Any:
    """Return pictures with top and bottom swapped."""
    return ops.flip(picture("flip_up_down", image), axis=-3)


def transpose(image: Any, name: Any = None) -> Any:
    """Return pictures with rows and columns swapped."""
    return ops.swapaxes(picture("transpose", image), -3, -2)


def rot90(image: Any, k: int = 1, name: Any = None) -> Any:
    """Return pictures turned by `k` quarters against the clock."""
    x = picture("rot90", image)
    return ops.rot90(x, int(k), axes=(len(x.shape) - 3, len(x.shape) - 2))


def extract_patches(
    images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: Any = None
) -> Any:
    """Return windows of pictures (n, h, w, c), their pixels as channels.

    Args:
        sizes, strides, rates: four numbers, the first and the last 1.
    """
    return ops.image.extract_patches(
        picture("extract_patches", images), tuple(sizes[1:3]), strides=tuple(strides[1:3]),
        dilation_rate=tuple(rates[1:3]), padding=padding.lower(), data_format="channels_last",
    )  # fmt: skip
