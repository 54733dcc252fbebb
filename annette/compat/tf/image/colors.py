"""Colours and element types of pictures in TensorFlow's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette import ops
from annette.compat.tf.image.frames import picture
from annette.compat.tf.tensors import constant

__all__ = (
    "adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation "
    "convert_image_dtype grayscale_to_rgb hsv_to_rgb per_image_standardization rgb_to_grayscale "
    "rgb_to_hsv"
).split()


def convert_image_dtype(image: Any, dtype: Any, saturate: Any = False, name: Any = None) -> Any:
    """Return pictures with another element type; floats go from 0 to 1, others over their range.

    Args:
        image: the pictures.
        dtype: float16, float32, float64, or one of whole numbers.
        saturate: whether values outside become the least or the greatest one.
    """
    x = constant(image)
    old = np.dtype(str(x.dtype))
    new = np.dtype(dtype if isinstance(dtype, str) else np.dtype(dtype).name)
    if old == new:
        return x
    if new.kind == "f":
        made = ops.cast(x, new.name)
        return made if old.kind == "f" else made * (1.0 / np.iinfo(old).max)
    most = int(np.iinfo(new).max)
    if old.kind == "f":
        scaled = x * (most + 0.5)
        return ops.saturate_cast(scaled, new.name) if saturate else ops.cast(scaled, new.name)
    largest = int(np.iinfo(old).max)
    if largest > most:
        parts = ops.floor_divide(x, np.array((largest + 1) // (most + 1), old))
        return ops.saturate_cast(parts, new.name) if saturate else ops.cast(parts, new.name)
    wide = ops.saturate_cast(x, new.name) if saturate else ops.cast(x, new.name)
    return wide * np.array((most + 1) // (largest + 1), new)


def as_floats(image: Any, change: Callable[[Any], Any]) -> Any:
    """Return pictures changed as floats from 0 to 1, in the element type that they had."""
    x = constant(image)
    if "float" in str(x.dtype):
        return change(x)
    return convert_image_dtype(change(convert_image_dtype(x, "float32")), str(x.dtype), True)


def adjust_brightness(image: Any, delta: Any) -> Any:
    """Return pictures with `delta` added, which goes from -1 to 1."""
    return as_floats(image, lambda x: x + ops.cast(delta, str(x.dtype)))


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Return pictures with the distances from each channel's mean multiplied."""

    def change(x: Any) -> Any:
        mean = ops.mean(x, axis=(-3, -2), keepdims=True)
        return (x - mean) * ops.cast(contrast_factor, str(x.dtype)) + mean

    return as_floats(picture("adjust_contrast", images), change)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """Return gain x^gamma."""
    return as_floats(image, lambda x: gain * x**gamma)


def adjust_saturation(image: Any, saturation_factor: Any, name: Any = None) -> Any:
    """Return coloured pictures with their saturation multiplied."""

    def change(x: Any) -> Any:
        hue, saturation, value = ops.split(rgb_to_hsv(x), 3, axis=-1)
        saturation = ops.clip(saturation * ops.cast(saturation_factor, str(x.dtype)), 0.0, 1.0)
        return hsv_to_rgb(ops.concatenate([hue, saturation, value], axis=-1))

    return as_floats(picture("adjust_saturation", image), change)


def adjust_hue(image: Any, delta: Any, name: Any = None) -> Any:
    """Return coloured pictures with their hues moved by `delta` of a full turn."""

    def change(x: Any) -> Any:
        hue, saturation, value = ops.split(rgb_to_hsv(x), 3, axis=-1)
        hue = ops.mod(hue + ops.cast(delta, str(x.dtype)), 1.0)
        return hsv_to_rgb(ops.concatenate([hue, saturation, value], axis=-1))

    return as_floats(picture("adjust_hue", image), change)


def rgb_to_grayscale(images: Any, name: Any = None) -> Any:
    """Return grey pictures of one channel: 0.2989 r + 0.587 g + 0.114 b."""
    x = constant(images)
    floats = convert_image_dtype(x, "float32")
    weights = np.array([0.2989, 0.587, 0.114], "float32")
    grey = ops.sum(floats * ops.cast(weights, str(floats.dtype)), axis=-1, keepdims=True)
    return convert_image_dtype(grey, str(x.dtype))


def grayscale_to_rgb(images: Any, name: Any = None) -> Any:
    """Return pictures of three equal channels."""
    return ops.repeat(constant(images), 3, axis=-1)


def rgb_to_hsv(images: Any, name: Any = None) -> Any:
    """Return hue, saturation and value of pictures with values from 0 to 1."""
    return ops.image.rgb_to_hsv(picture("rgb_to_hsv", images), data_format="channels_last")


def hsv_to_rgb(images: Any, name: Any = None) -> Any:
    """Return red, green and blue of hue, saturation and value."""
    return ops.image.hsv_to_rgb(picture("hsv_to_rgb", images), data_format="channels_last")


def per_image_standardization(image: Any) -> Any:
    """Return (x - mean) / max(deviation, 1 / sqrt(n)) over the n values of each picture."""
    x = picture("per_image_standardization", image)
    x = x if "float" in str(x.dtype) else ops.cast(x, "float32")
    axes = (-3, -2, -1)
    least = float(np.prod(x.shape[-3:])) ** -0.5
    spread = ops.maximum(ops.std(x, axis=axes, keepdims=True), least)
    return (x - ops.mean(x, axis=axes, keepdims=True)) / spread
