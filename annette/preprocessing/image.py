"""Pictures: files to arrays and back, with Pillow (``pip install pillow``)."""

from __future__ import annotations

import importlib
import io
import os
from typing import Any

import numpy as np

from annette import config
from annette.graph.dtypes import numpy_dtype
from annette.preprocessing.resizing import check_interpolation, cropped, resize

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_FILTERS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow() -> Any:
    """Return Pillow's module ``PIL.Image``.

    Raises:
        ImportError: if Pillow is not installed; it says how to get it.
    """
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise ImportError(
            "Pictures are read and written with Pillow, which is not installed: "
            "pip install pillow, or pip install 'annette[images]'."
        ) from error


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Return the picture in a file as a `PIL.Image.Image`.

    Args:
        path: the file, or an `io.BytesIO` with its content.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``; grey pictures of 16 or 32 bits stay.
        target_size: height and width to bring it to; None leaves it as it is.
        interpolation: how: ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"hamming"``, ``"box"``
            or ``"lanczos"``.
        keep_aspect_ratio: whether to cut off what does not fit instead of stretching it.

    Raises:
        TypeError: if `path` is neither a path nor a file's content.
        ValueError: if an argument is none that there is.
        ImportError: if Pillow is not installed.
    """
    images = pillow()
    if color_mode not in _MODES:
        raise ValueError(f"color_mode must be one of {', '.join(_MODES)}; it got {color_mode!r}.")
    if isinstance(path, (str, os.PathLike)):
        with open(path, "rb") as file:
            path = io.BytesIO(file.read())
    elif not isinstance(path, io.BytesIO):
        raise TypeError(f"path must be a path or an io.BytesIO; it got {type(path).__name__}.")
    picture = images.open(path)
    keeps = color_mode == "grayscale" and picture.mode in ("I;16", "I")
    if not keeps and picture.mode != _MODES[color_mode]:
        picture = picture.convert(_MODES[color_mode])
    if target_size is None:
        return picture
    height, width = target_size
    if interpolation not in _FILTERS:
        raise ValueError(
            f"interpolation must be one of {', '.join(_FILTERS)}; it got {interpolation!r}."
        )
    if (height, width) == (picture.height, picture.width):
        return picture
    box = _middle(picture.width, picture.height, width, height) if keep_aspect_ratio else None
    return picture.resize((width, height), getattr(images.Resampling, interpolation.upper()), box)


def _middle(width: int, height: int, wanted_width: int, wanted_height: int) -> tuple[int, ...]:
    """Return the left, upper, right and lower end of the part of a picture that is kept."""
    high = min(height, width * wanted_height // wanted_width)
    wide = min(width, height * wanted_width // wanted_height)
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def img_to_array(img: Any, data_format: str | None = None, dtype: str | None = None) -> np.ndarray:
    """Return a picture as an array.

    Args:
        img: a `PIL.Image.Image`, or an array with two or three axes.
        data_format: ``"channels_last"`` or ``"channels_first"``; None for that of `config`.
        dtype: of the array; None for `config.floatx`.

    Output shape: (h, w, c), or (c, h, w).

    Raises:
        ValueError: if there is no such format, or the array is no picture.
    """
    data_format = config.image_data_format() if data_format is None else data_format
    _check_format(data_format)
    x = np.asarray(img, numpy_dtype(dtype or config.floatx()))
    if x.ndim not in (2, 3):
        raise ValueError(f"A picture is expected, with two or three axes; it has shape {x.shape}.")
    first = data_format == "channels_first"
    if x.ndim == 2:
        return x[None] if first else x[..., None]
    return x.transpose(2, 0, 1) if first else x


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: str | None = None
) -> Any:
    """Return an array as a `PIL.Image.Image`.

    Args:
        x: (h, w, c) or (c, h, w), with 1, 3 or 4 channels.
        data_format: ``"channels_last"`` or ``"channels_first"``; None for that of `config`.
        scale: whether to bring the smallest value to 0 and the largest to 255.
        dtype: to compute in; None for `config.floatx`.

    Raises:
        ValueError: if there is no such format, or the array is no picture.
        ImportError: if Pillow is not installed.
    """
    data_format = config.image_data_format() if data_format is None else data_format
    _check_format(data_format)
    images = pillow()
    values = np.asarray(x, numpy_dtype(dtype or config.floatx()))
    if values.ndim != 3:
        raise ValueError(
            f"One picture with three axes is expected; the array has shape {values.shape}."
        )
    if data_format == "channels_first":
        values = values.transpose(1, 2, 0)
    if scale:
        values = values - values.min()
        values = values * (255 / (values.max() or 1.0))
    channels = values.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(f"A picture has 1, 3 or 4 channels; the array has {channels}.")
    if channels > 1:
        return images.fromarray(_bytes(values))
    if values.max() > 255:  # grey in more than 8 bits
        return images.fromarray(values[..., 0].astype("int32"))
    return images.fromarray(_bytes(values[..., 0]))


def _bytes(values: np.ndarray) -> np.ndarray:
    # Over int, so that numbers outside of 0..255 go around everywhere in the same way.
    return values.astype("int64").astype("uint8")


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as a picture.

    Args:
        path: a path, or a file that is open for writing.
        x: as in `array_to_img`.
        data_format: ``"channels_last"`` or ``"channels_first"``; None for that of `config`.
        file_format: such as ``"png"``; None for that of the path's ending.
        scale: whether to bring the smallest value to 0 and the largest to 255.
        **kwargs: for Pillow's ``Image.save``.

    Raises:
        ValueError: if the array is no picture, or the format is not known.
        ImportError: if Pillow is not installed.
    """
    picture = array_to_img(x, data_format, scale)
    ending = os.path.splitext(path)[1][1:] if isinstance(path, (str, os.PathLike)) else ""
    if picture.mode == "RGBA" and (file_format or ending).lower() in ("jpg", "jpeg"):
        picture = picture.convert("RGB")  # a JPEG has no transparency
    if file_format == "jpg":
        file_format = "jpeg"
    picture.save(path, format=file_format, **kwargs)


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> np.ndarray:
    """Return pictures in another size without stretching them: what does not fit is cut off.

    Args:
        x: one picture, (h, w, c), or several, (n, h, w, c); channels first with that format.
        size: height and width.
        interpolation: ``"bilinear"``, ``"nearest"``, ``"bicubic"``, ``"lanczos3"``,
            ``"lanczos5"`` and others of `image_dataset_from_directory`.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: accepted.

    Raises:
        ValueError: if the array has other axes, or an argument is none that there is.
    """
    check_interpolation(interpolation)
    _check_format(data_format)
    size = check_size(size)
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise ValueError(f"Pictures with three or four axes are expected; the shape is {x.shape}.")
    first = data_format == "channels_first"
    found = resize(cropped(np.moveaxis(x, -3, -1) if first else x, size), size, interpolation)
    found = found.astype(x.dtype if x.dtype.kind == "f" else config.floatx())
    return np.moveaxis(found, -1, -3) if first else found


def check_size(size: Any) -> tuple[int, int]:
    """Return height and width as two numbers.

    Raises:
        ValueError: unless they are two of at least 1.
    """
    found = (size, size) if isinstance(size, int) else size
    whole = isinstance(found, (tuple, list)) and all(
        isinstance(n, (int, np.integer)) for n in found
    )
    if not whole or len(found) != 2 or min(found) < 1:
        raise ValueError(f"The size must be (height, width), each at least 1; it got {size!r}.")
    return int(found[0]), int(found[1])


def _check_format(data_format: str) -> None:
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"data_format must be 'channels_last' or 'channels_first'; it got {data_format!r}."
        )
