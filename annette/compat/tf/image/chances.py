"""Pictures changed by chance, in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.compat.tf.image import colors, frames
from annette.compat.tf.tensors import constant

__all__ = (
    "random_brightness random_contrast random_crop random_flip_left_right random_flip_up_down "
    "random_hue random_saturation"
).split()


def random_flip_left_right(image: Any, seed: Any = None) -> Any:
    """Return pictures, each with left and right swapped with a chance of one half."""
    return _flipped(frames.picture("random_flip_left_right", image), -2, seed)


def random_flip_up_down(image: Any, seed: Any = None) -> Any:
    """Return pictures, each with top and bottom swapped with a chance of one half."""
    return _flipped(frames.picture("random_flip_up_down", image), -3, seed)


def _flipped(x: Any, axis: int, seed: Any) -> Any:
    shape = (x.shape[0], 1, 1, 1) if len(x.shape) == 4 else ()
    return ops.where(random.uniform(shape, seed=seed) < 0.5, ops.flip(x, axis=axis), x)


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Any:
    """Return pictures with up to `max_delta` added or taken away.

    Raises:
        ValueError: if it is below 0.
    """
    if max_delta < 0:
        raise ValueError(f"max_delta must be 0 or more; it got {max_delta!r}.")
    return colors.adjust_brightness(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """Return pictures with their contrast multiplied by a number from `lower` to `upper`."""
    return colors.adjust_contrast(image, _between(lower, upper, seed))


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """Return pictures with their saturation multiplied by a number from `lower` to `upper`."""
    return colors.adjust_saturation(image, _between(lower, upper, seed))


def _between(lower: float, upper: float, seed: Any) -> Any:
    if not 0 <= lower < upper:
        raise ValueError(
            f"lower must be 0 or more and below upper; it got lower={lower!r}, upper={upper!r}."
        )
    return random.uniform((), lower, upper, seed=seed)


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Any:
    """Return pictures with their hues moved by up to `max_delta` of a full turn, either way.

    Raises:
        ValueError: if it is not from 0 to 0.5.
    """
    if not 0 <= max_delta <= 0.5:
        raise ValueError(f"max_delta must be from 0 to 0.5; it got {max_delta!r}.")
    return colors.adjust_hue(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_crop(value: Any, size: Any, seed: Any = None, name: Any = None) -> Any:
    """Return a part of an array at a place drawn by chance.

    Raises:
        ValueError: if it is larger than the array.
    """
    x = constant(value)
    size = [int(n) for n in size]
    if len(size) != len(x.shape) or any(n > m for n, m in zip(size, x.shape, strict=True)):
        raise ValueError(
            f"random_crop cannot cut a part of shape {tuple(size)} out of {tuple(x.shape)}."
        )
    source = random.SeedGenerator(seed)
    starts = [
        random.randint((), 0, m - n + 1, "int32", source)
        for n, m in zip(size, x.shape, strict=True)
    ]
    return ops.slice(x, ops.stack(starts), tuple(size))
