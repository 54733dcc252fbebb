"""`keras.preprocessing.image`: pictures in memory or files, changed at random while a network learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.compat.preprocessing.images.affine import affine, matrix_of
from annette.compat.preprocessing.images.dataframe import DataFrameIterator
from annette.compat.preprocessing.images.directory import DirectoryIterator
from annette.compat.preprocessing.images.generator import (
    ImageDataGenerator,
    apply_brightness_shift,
    apply_channel_shift,
)
from annette.compat.preprocessing.images.iterator import Iterator, NumpyArrayIterator

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
]


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Return a picture turned, moved (pixels), sheared (degrees) and zoomed about its middle."""
    axes = (row_axis, col_axis, channel_axis)
    image = np.moveaxis(np.asarray(x), axes, (0, 1, 2))
    matrix = matrix_of(theta, tx, ty, shear, zx, zy, *image.shape[:2])
    image = image if matrix is None else affine(image, matrix, fill_mode, cval, order)
    return np.moveaxis(image, (0, 1, 2), axes)


def random_rotation(x: Any, rg: float, *axes: int, **options: Any) -> np.ndarray:
    """Return a picture turned by up to `rg` degrees."""
    return apply_affine_transform(x, theta=np.random.uniform(-rg, rg), **_places(axes, options))


def random_shift(x: Any, wrg: float, hrg: float, *axes: int, **options: Any) -> np.ndarray:
    """Return a picture moved by up to these shares of its width and height."""
    places = _places(axes, options)
    h, w = np.shape(x)[places.get("row_axis", 1)], np.shape(x)[places.get("col_axis", 2)]
    tx, ty = np.random.uniform(-hrg, hrg) * h, np.random.uniform(-wrg, wrg) * w
    return apply_affine_transform(x, tx=tx, ty=ty, **places)


def random_shear(x: Any, intensity: float, *axes: int, **options: Any) -> np.ndarray:
    """Return a picture sheared by up to so many degrees."""
    return apply_affine_transform(
        x, shear=np.random.uniform(-intensity, intensity), **_places(axes, options)
    )


def random_zoom(x: Any, zoom_range: Any, *axes: int, **options: Any) -> np.ndarray:
    """Return a picture zoomed by factors from (least, most)."""
    least, most = zoom_range
    zx, zy = (1, 1) if least == most == 1 else np.random.uniform(least, most, 2)
    return apply_affine_transform(x, zx=zx, zy=zy, **_places(axes, options))


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """Return a picture with up to so much added."""
    shift = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(np.asarray(x), shift, channel_axis)


def random_brightness(x: Any, brightness_range: Any, scale: bool = True) -> np.ndarray:
    """Return a picture made darker or brighter by a factor from (least, most)."""
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)


def _places(axes: tuple[int, ...], options: dict[str, Any]) -> dict[str, Any]:
    names = ("row_axis", "col_axis", "channel_axis", "fill_mode", "cval", "interpolation_order")
    given = {**dict(zip(names, axes, strict=False)), **options}
    if "interpolation_order" in given:
        given["order"] = given.pop("interpolation_order")
    return given
