"""Parts of pictures: frames around them, what is inside, and patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.ops import numpy as n
from annette.ops.common import from_python, op, rank
from annette.ops.convolution import (
    as_given,
    channels_last,
    data_format as checked_format,
    no_padding,
    padding_name,
    same_padding,
    spatial,
)
from annette.ops.image.common import Pictures


def _two_of(name: str, words: tuple[str, str, str], values: Any, size: int, sign: int) -> Any:
    """Return (before, after, new size) of an axis, of which two are given.

    `sign` is 1 where the parts before and after are added to the axis, -1 where they are cut off.
    """
    given = [v is not None for v in values]
    told = ", ".join(f"{w}={v}" for w, v in zip(words, values, strict=True))
    if sum(given) != 2:
        raise ValueError(f"{name} takes two of {', '.join(words)}; it got {told}.")
    before, after, new = values
    if new is None:
        new = size + sign * (before + after)
    elif before is None:
        before = sign * (new - size) - after
    else:
        after = sign * (new - size) - before
    for word, value in zip(words, (before, after, new), strict=True):
        least = 1 if word == words[2] and sign < 0 else 0
        if value < least:
            raise ValueError(
                f"{name}: {word} would be {value}, which is below {least}; it got {told} and "
                f"pictures of {size} there."
            )
    return int(before), int(after), int(new)


@op
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Return pictures with zeros around. Two of each three numbers are given.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        top_padding: rows of zeros above.
        left_padding: columns of zeros to the left.
        bottom_padding: rows of zeros below.
        right_padding: columns of zeros to the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of height top + h + bottom and width left + w + right.

    Raises:
        ValueError: if not two of three are given, or one would be below 0.
    """
    pictures = Pictures("pad_images", images, data_format)
    height, width = pictures.size
    words = ("top_padding", "bottom_padding", "target_height")
    given = (top_padding, bottom_padding, target_height)
    top, bottom, _ = _two_of("pad_images", words, given, height, 1)
    words = ("left_padding", "right_padding", "target_width")
    given = (left_padding, right_padding, target_width)
    left, right, _ = _two_of("pad_images", words, given, width, 1)
    return pictures.back(n.pad(pictures.x, ((0, 0), (top, bottom), (left, right), (0, 0))))


@op
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Return a part of pictures. Two of each three numbers are given.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        top_cropping: rows left out above.
        left_cropping: columns left out to the left.
        bottom_cropping: rows left out below.
        right_cropping: columns left out to the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of height h - top - bottom and width w - left - right.

    Raises:
        ValueError: if not two of three are given, or nothing would be left.
    """
    pictures = Pictures("crop_images", images, data_format)
    height, width = pictures.size
    words = ("top_cropping", "bottom_cropping", "target_height")
    given = (top_cropping, bottom_cropping, target_height)
    top, _, rows = _two_of("crop_images", words, given, height, -1)
    words = ("left_cropping", "right_cropping", "target_width")
    given = (left_cropping, right_cropping, target_width)
    left, _, columns = _two_of("crop_images", words, given, width, -1)
    return pictures.back(pictures.x[:, top : top + rows, left : left + columns])


@op
def extract_patches(
    images: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the patches of pictures, each as one row of channels.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first"; volumes with a `size` of three numbers, as for `extract_patches_3d`.
        size: height and width of a patch, or one number for both.
        strides: how far patches lie apart; `size` if None.
        dilation_rate: how far the pixels of a patch lie apart.
        padding: "valid" for none, "same" for zeros around, so that ceil(size / strides) patches
            come out.
        data_format: where the channels are; the configured format if None.

    Returns:
        (rows, patches down, patches across, height * width * channels), the channels of a pixel side
        by side; without rows for one picture; the last axis before the patches with
        "channels_first".

    Raises:
        TypeError: if `size` is neither a number nor several.
        ValueError: if an argument is none of these, or a patch does not fit.
    """
    if isinstance(size, (tuple, list)) and len(size) == 3:
        return _patches("extract_patches", images, size, strides, dilation_rate, padding,
                        data_format, 3)  # fmt: skip
    return _patches(
        "extract_patches", images, size, strides, dilation_rate, padding, data_format, 2
    )


@op
def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the patches of volumes, each as one row of channels.

    Args:
        volumes: (depth, h, w, channels) or (rows, depth, h, w, channels), channels before depth with
            "channels_first".
        size: depth, height and width of a patch, or one number for all.
        strides: how far patches lie apart; `size` if None.
        dilation_rate: how far the places of a patch lie apart.
        padding: "valid" or "same", as for `extract_patches`.
        data_format: where the channels are; the configured format if None.

    Returns:
        (rows, patches, patches, patches, depth * height * width * channels); without rows for one
        volume; the last axis before the patches with "channels_first".

    Raises:
        TypeError: if `size` is neither a number nor several.
        ValueError: if an argument is none of these, or a patch does not fit.
    """
    return _patches(
        "extract_patches_3d", volumes, size, strides, dilation_rate, padding, data_format, 3
    )


def _patches(
    name: str, x: Any, size: Any, strides: Any, dilation: Any, padding: Any, form: Any, axes: int
) -> Any:
    if isinstance(size, bool) or not isinstance(size, (tuple, list, int, np.integer)):
        raise TypeError(f"{name} takes for size a whole number or several; it got {size!r}.")
    taps = spatial(name, "size", size, axes)
    steps = taps if strides is None else spatial(name, "strides", strides, axes)
    gaps = spatial(name, "dilation_rate", dilation, axes)
    form, x = checked_format(name, form), from_python(x)
    if rank(x) not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name} takes arrays of {axes + 1} axes, or of {axes + 2} with rows first; the shape "
            f"is {tuple(x.shape)}."
        )
    single = rank(x) == axes + 1
    x = channels_last(n.expand_dims(x, 0) if single else x, form)
    sizes = tuple(x.shape[1:-1])
    same = padding_name(name, padding) == "same"
    zeros = same_padding(sizes, taps, steps, gaps) if same else no_padding(axes)
    x = n.pad(x, ((0, 0), *zeros, (0, 0))) if any(map(any, zeros)) else x
    y = as_given(_unfolded(name, x, taps, steps, gaps), form)
    return n.squeeze(y, 0) if single else y


def _unfolded(name: str, x: Any, taps: Any, steps: Any, gaps: Any) -> Any:
    """Return patches (rows, *patches, taps and channels) of (rows, *sizes, channels)."""
    axes, sizes = len(taps), tuple(x.shape[1:-1])
    counts = [
        (s - ((k - 1) * d + 1)) // t + 1
        for s, k, d, t in zip(sizes, taps, gaps, steps, strict=True)
    ]
    if min(counts) < 1:
        raise ValueError(
            f"{name}: patches of {tuple(taps)} with dilation_rate {tuple(gaps)} do not fit into "
            f"{sizes}. Use a smaller size, or padding='same'."
        )
    for i in range(axes):
        # Each axis becomes two, (patches, taps), at places 1 + 2 i and 2 + 2 i.
        axis = 1 + 2 * i
        shape = tuple(x.shape)
        if steps[i] == taps[i] and gaps[i] == 1:
            cut = [slice(None)] * len(shape)
            cut[axis] = slice(0, counts[i] * taps[i])
            x = x if shape[axis] == counts[i] * taps[i] else x[tuple(cut)]
            x = n.reshape(x, (*shape[:axis], counts[i], taps[i], *shape[axis + 1 :]))
        else:
            count_constant(counts[i], taps[i])
            places = np.arange(counts[i])[:, None] * steps[i] + np.arange(taps[i]) * gaps[i]
            x = n.take(x, places.astype("int32"), axis=axis)
    order = (0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2), 2 * axes + 1)
    return n.reshape(n.transpose(x, order), (x.shape[0], *counts, -1))
