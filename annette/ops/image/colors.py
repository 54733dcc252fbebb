"""Colours: grey, and hue, saturation and value."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.ops import numpy as n
from annette.ops.common import op, to_dtype
from annette.ops.image.common import Pictures

# How bright red, green and blue seem (ITU-R BT.601).
_BRIGHTNESS = (0.2989, 0.587, 0.114)


def _channels(name: str, images: Any, form: Any, allowed: tuple[int, ...] = (3,)) -> Pictures:
    pictures = Pictures(name, images, form)
    count = pictures.x.shape[-1]
    if count not in allowed:
        wanted = "3 channels" if allowed == (3,) else "3 channels, or 1 that is grey already"
        raise ValueError(
            f"{name} takes pictures with {wanted}; the shape {tuple(pictures.x.shape)} (channels "
            f"last) has {count}. Is data_format={pictures.form!r} right?"
        )
    return pictures


def _floats_only(pictures: Pictures) -> None:
    if "float" not in pictures.dtype:
        raise ValueError(
            f"{pictures.name} takes floats from 0 to 1; it got {pictures.dtype}. Divide by 255 "
            "first."
        )


@op
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    r"""Return pictures in grey, :math:`y = 0.2989 r + 0.587 g + 0.114 b` (ITU-R BT.601).

    Args:
        images: (h, w, 3) or (rows, h, w, 3), channels before height with "channels_first"; with one
            channel they are grey already.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures with one channel, of the same dtype; whole numbers are cut off.

    Raises:
        ValueError: if the number of axes or channels is another.
    """
    pictures = _channels("rgb_to_grayscale", images, data_format, (1, 3))
    x = pictures.x
    if x.shape[-1] == 1:
        return pictures.back(x)
    x = pictures.floats()
    red, green, blue = (x[..., i : i + 1] * w for i, w in enumerate(_BRIGHTNESS))
    return pictures.back(to_dtype(red + green + blue, pictures.dtype))


@op
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    r"""Return pictures as hue, saturation and value (Smith, 1978).

    .. math:: v = \max(r, g, b), \quad d = v - \min(r, g, b), \quad s = d / v

    and the hue, a sixth of :math:`(g - b) / d`, :math:`(b - r) / d + 2` or
    :math:`(r - g) / d + 4`, for what is greatest; 0 for grey.

    Args:
        images: floats from 0 to 1, (h, w, 3) or (rows, h, w, 3), channels before height with
            "channels_first".
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape, from 0 to 1.

    Raises:
        ValueError: if the number of axes or channels is another, or they are no floats.
    """
    pictures = _channels("rgb_to_hsv", images, data_format)
    _floats_only(pictures)
    x = pictures.x
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = n.max(x, axis=-1)
    spread = value - n.min(x, axis=-1)
    grey = n.equal(spread, 0.0)
    saturation = n.where(value > 0.0, spread / n.where(value > 0.0, value, 1.0), 0.0)
    unit = 1.0 / n.where(grey, 1.0, spread) / 6.0
    hue = n.where(
        n.equal(red, value),
        unit * (green - blue),
        n.where(
            n.equal(green, value),
            unit * (blue - red) + 2.0 / 6.0,
            unit * (red - green) + 4.0 / 6.0,
        ),
    )
    hue = n.where(grey, 0.0, hue)
    hue = n.where(hue < 0.0, hue + 1.0, hue)
    return pictures.back(n.stack([hue, saturation, value], axis=-1))


@op
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    r"""Return pictures of hue, saturation and value as red, green and blue (Smith, 1978).

    .. math:: y_i = v\,(1 - s) + v s\, \operatorname{clip}(m_i, 0, 1), \quad
        m = (|6 h - 3| - 1,\; 2 - |6 h - 2|,\; 2 - |6 h - 4|)

    Args:
        images: floats from 0 to 1, (h, w, 3) or (rows, h, w, 3), channels before height with
            "channels_first".
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: if the number of axes or channels is another, or they are no floats.
    """
    pictures = _channels("hsv_to_rgb", images, data_format)
    _floats_only(pictures)
    x = pictures.x
    hue, saturation, value = x[..., 0:1], x[..., 1:2], x[..., 2:3]
    dtype = np.dtype("float64" if pictures.dtype == "float64" else "float32")
    middle, sign, base = (
        np.array(v, dtype) for v in ((3.0, 2.0, 4.0), (1.0, -1.0, -1.0), (-1.0, 2.0, 2.0))
    )
    share = n.clip(n.abs(to_dtype(hue, str(dtype)) * 6.0 - middle) * sign + base, 0.0, 1.0)
    share = to_dtype(share, pictures.dtype)
    return pictures.back((1.0 - saturation) * value + saturation * value * share)
